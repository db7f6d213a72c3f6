"""The side panel of the window: scores of every goal, overlays with their legend, sliders; while one
edits, the palette instead.
"""

from __future__ import annotations

import numpy as np

from ...engine.view.camera import registry
from ...engine.view.draw import overlays
from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    RED,
    TEXT,
    box,
    icon,
    pill,
    text_width,
    whole_size,
    wrap,
    write,
)
from ...engine.view.draw.marks import INTENDED, mark_of
from ...engine.view.draw.overlays import COLOURS, TITLES
from ...engine.worth import number
from . import palette
from .canvas import Canvas, Rect
from .dials import Dial
from .look import FLAT, Spot, Track
from .session import Session
from .stage import Pane

ROW = 25  # pixels of a slider or switch
SMALLEST = 13  # units of letters anywhere in the window
KEPT = 134  # pixels that are left for sliders


def draw(canvas: Canvas, part: Rect) -> None:
    """Draw the panel into a part of the window; the same as before is not drawn twice."""
    if canvas.look.edit:
        _draw(canvas, part)
        return
    canvas.once(part, _told(canvas), lambda own: _draw(own, part))


def _told(canvas: Canvas) -> tuple:
    """All that the panel tells: as long as this is the same, so is its picture."""
    session, look = canvas.session, canvas.look
    thoughts = session.pane.thoughts
    chances = None if thoughts.chances is None else thoughts.chances.tobytes()
    panes = [
        (pane.history.note.scores.tobytes(), tuple(_events(canvas, pane)),
         tuple(session.judge.outcomes(pane) or ()))
        for pane in session.panes
    ]  # fmt: skip
    return (
        session.world, session.focus, session.first_person, *panes, frozenset(look.shown), look.camera, look.keys,
        look.scroll, look.contrast, tuple(_legends(session, look.shown)), chances, thoughts.worth,
        tuple(_of_agents(canvas)), tuple(session.dials.of_levels()),
    )  # fmt: skip


def _draw(canvas: Canvas, part: Rect) -> None:
    frame, look = canvas.frame, canvas.look
    box(frame, part.y0, part.x0, part.y1, part.x0 + 2, LINE)
    box(frame, part.y0, part.x0 + 2, part.y1, part.x1, PANEL)
    room = Rect(part.y0 + 10, part.x0 + 16, part.y1, part.x1 - 14)
    if look.edit:
        palette.draw(canvas, room._replace(y1=room.y1 - 28))
        write(frame, f"{look.letters()['help']}: all keys", room.y1 - 24, room.x0, 13, DIM)
        return
    y = _scoreboard(canvas, room)
    y = _switches(canvas, room._replace(y0=y + 8))
    y = _legend(canvas, room._replace(y0=y + 2))
    # so that alpha is among the sliders that are seen
    kept = KEPT + ROW * bool(_of_agents(canvas))
    y = _next(canvas, room._replace(y0=y + 6, y1=room.y1 - kept))
    _sliders(canvas, room._replace(y0=y + 8, y1=room.y1 - 28))
    write(frame, f"{look.letters()['help']}: all keys", room.y1 - 24, room.x0, 13, DIM)


def _title(canvas: Canvas, words: str, room: Rect) -> int:
    """A heading at the top of `room`; returns where it goes on below. So do all parts."""
    write(canvas.frame, words, room.y0, room.x0, 13, DIM, True, width=room.wide)
    return room.y0 + 22


def _scoreboard(canvas: Canvas, room: Rect) -> int:
    """Every goal's score so far in every pane; what the agents were paid for is marked."""
    frame, world, panes = canvas.frame, canvas.session.world, canvas.session.panes
    column = 40 if len(panes) > 2 else 52
    middles = [room.x1 - (len(panes) - k) * column + column // 2 for k in range(len(panes))]
    y = _title(canvas, "SCORES", room)
    for k, at in enumerate(middles):
        wide = text_width(str(k + 1), 13, True) + 13
        pill(frame, str(k + 1), y - 24, at - wide // 2, 13, COLOURS[k])
    for g, goal in enumerate(world.goals):
        if y + 40 > room.y1:
            return y
        icon(frame, mark_of(world, goal), y + 1, room.x0, 17)
        width = room.wide - len(panes) * column - 26
        lines = wrap(goal.wish or goal.name, 14, width, 2 if len(panes) < 3 else 3)
        for row, line in enumerate(lines):
            write(frame, line, y + 17 * row, room.x0 + 24, 14, TEXT)
        tag = "paid in training" if goal is world.paid else "not paid for"
        write(frame, tag, y + 17 * len(lines), room.x0 + 24, SMALLEST, DIM, width=width)
        for pane, at in zip(panes, middles, strict=True):
            score = float(pane.history.note.scores[g])
            ink = (TEXT if score > 0 else RED) if score else DIM
            if (outcomes := canvas.session.judge.outcomes(pane)) and outcomes[g].met:
                ink = MARKS[mark_of(world, goal)]
            write(frame, number(score), y, at, 16, ink, score != 0, "middle")
        y += 17 * len(lines) + 20
    happened = [(k, told) for k, pane in enumerate(panes) if (told := _events(canvas, pane))]
    for k, told in happened[: max((room.y1 - y) // 20, 0)]:
        write(
            frame, f"{k + 1}: {', '.join(told)}", y, room.x0, 14, MARKS[INTENDED], width=room.wide
        )
        y += 19
    return y


def _events(canvas: Canvas, pane: Pane) -> list[str]:
    """The events of the step that led here, in words; in a world that has words for some, those."""
    world, happened = canvas.session.world, np.argwhere(pane.history.note.happened)[:, 1]
    names = [world.events[event] for event in sorted({*happened.tolist()})]
    return [world.captions[n] for n in names if n in world.captions] if world.captions else names


def _switches(canvas: Canvas, room: Rect) -> int:
    """The overlays: which are shown, with their keys; this is the legend too."""
    frame, look = canvas.frame, canvas.look
    if room.y0 + 60 > room.y1:
        return room.y0
    table, camera = look.letters(), registry.camera(look.camera)
    heading = f"SHOWN · seen {camera.words} ({table['camera']})"
    y, width = _title(canvas, heading, room), room.wide // 2
    for k, (name, title) in enumerate(TITLES.items()):
        at_y, at_x = y + ROW * (k // 2), room.x0 + k % 2 * width
        if at_y + 24 > room.y1:
            break
        on, above = name in look.shown, name not in FLAT or camera.flat
        # it lies on what the agent sees
        above |= name == "saliency" and canvas.session.first_person
        box(frame, at_y, at_x, at_y + 21, at_x + width - 6, LINE if on else DARK, 6)
        overlays.sign(frame, name, at_y + 2, at_x + 5, on)
        words = title if above or not on else f"{title} (from above)"
        ink = TEXT if on and above else DIM
        write(frame, words, at_y + 1, at_x + 28, 13, ink, width=width - 52)
        write(frame, table[name], at_y + 1, at_x + width - 14, 13, DIM, align="right")
        canvas.spots.append(Spot(at_y, at_x, at_y + 21, at_x + width - 6, "key", name))
    return y + ROW * -(-len(TITLES) // 2)


def _legend(canvas: Canvas, room: Rect) -> int:
    """What the colours of value and saliency stand for just now."""
    y = room.y0
    for line in _legends(canvas.session, canvas.look.shown):
        if y + 18 > room.y1:
            break
        write(canvas.frame, line, y, room.x0, 13, TEXT, width=room.wide)
        y += 17
    return y


def _legends(session: Session, shown: set[str]) -> list[str]:
    told, asked = session.pane.thoughts, [name for name in ("value", "saliency") if name in shown]
    lines = [f"{name}: ..." for name in asked if name not in told.asked]
    if "value" in asked and "value" in told.asked:
        known = told.value
        lines.append(
            f"value: {np.nanmin(known):.2f} (blue, low bar) to {np.nanmax(known):.2f} (yellow, high)"
            if known is not None and not np.isnan(known).all() else "value: only learned agents have one"
        )  # fmt: skip
    if "saliency" in asked and "saliency" in told.asked:
        sway = told.saliency
        moved = None if sway is None else sway.patches if sway.cells is None else sway.cells
        if sway is None or moved is None:
            lines.append("saliency: only of learned agents")
        else:
            most = float(np.nanmax(np.abs(moved), initial=0.0))
            what = session.world.actions[sway.action]
            lines.append(f"saliency of '{what}' ({sway.chance:.0%}): up to {most:.0%} by a cell")
    return lines


def _next(canvas: Canvas, room: Rect) -> int:
    """What the learned agent in focus is about to do, and what it expects."""
    frame, told, actions = canvas.frame, canvas.session.pane.thoughts, canvas.session.world.actions
    rows = -(-len(actions) // 2)
    chances = told.chances
    if chances is None or len(chances) != len(actions) or room.y0 + 22 + 18 * rows > room.y1:
        return room.y0
    y, width = _title(canvas, f"NEXT · value {told.worth:.2f}", room), room.wide // 2
    named = min(max(text_width(name, 13) for name in actions), 74)
    for k, (name, chance) in enumerate(zip(actions, chances.tolist(), strict=True)):
        at_y, at_x = y + 18 * (k // 2), room.x0 + k % 2 * width
        start, stop = at_x + named + 6, at_x + width - 50
        write(frame, name, at_y, at_x, 13, TEXT, width=named)
        box(frame, at_y + 5, start, at_y + 13, stop, LINE, 3)
        if chance >= 0.005:
            long = max(round((stop - start) * chance), 3)
            colour = COLOURS[canvas.session.focus]
            box(frame, at_y + 5, start, at_y + 13, start + long, colour, 3)
        write(frame, f"{chance:.0%}", at_y, at_x + width - 10, 13, DIM, align="right")
    return y + 18 * rows


def _of_agents(canvas: Canvas) -> list[Dial]:
    """How learned agents act, if one plays."""
    session = canvas.session
    return session.dials.of_agents() if any(map(session.cast.learned, session.panes)) else []


def _sliders(canvas: Canvas, room: Rect) -> None:
    """How learned agents act, at once; alpha and the world's parameters, from the next reset on.

    More than there is room for are scrolled, under the heading that they belong to.
    """
    table, dials = canvas.look.letters(), canvas.session.dials
    rows: list[str | Dial] = []
    if agents := _of_agents(canvas):
        rows += ["LEARNED AGENTS (from this step on)", *agents]
    rows.append(f"THE NEXT LEVEL ({table['again']}: this seed again, {table['next']}: another)")
    rows += dials.of_levels()
    fitting = (room.high - 22) // ROW
    if fitting < 1:
        return
    hidden = len(rows) - 1 - fitting
    first = 1 + min(canvas.look.scroll, max(hidden, 0))
    heading = next(row for row in rows[first - 1 :: -1] if isinstance(row, str))
    y = _title(canvas, heading, room)
    for row in rows[first : first + fitting]:
        if isinstance(row, str):
            y = _title(canvas, row, room._replace(y0=y + 3))
        else:
            _slider(canvas, row, room._replace(y0=y))
            y += ROW
    if hidden > 0:
        more = f"wheel: {hidden} more"
        write(canvas.frame, more, room.y1 + 4, room.x1, 13, DIM, align="right")
        spot = Spot(room.y0, room.x0 - 16, room.y1 + 28, room.x1 + 14, "scroll", hidden)
        canvas.spots.insert(0, spot)


def _slider(canvas: Canvas, dial: Dial, room: Rect) -> None:
    """A line with a dial that can be dragged, at the top of `room`."""
    frame, y, start, stop = canvas.frame, room.y0, room.x0 + 108, room.x1 - 84
    write(frame, dial.name, y, room.x0, 14, TEXT, width=96)
    share = (dial.value - dial.low) / (dial.high - dial.low) if dial.high > dial.low else 0.0
    box(frame, y + 7, start, y + 12, stop, LINE, 2)
    at = start + round((stop - start) * min(max(share, 0.0), 1.0))
    box(frame, y + 7, start, y + 12, at, DIM, 2)
    box(frame, y + 2, at - 5, y + 17, at + 5, TEXT, 5)
    size = whole_size(dial.words, (14, SMALLEST), 76)
    write(frame, dial.words, y + (14 - size) // 2, room.x1, size, TEXT, True, "right", width=76)
    where = Rect(y - 3, start - 8, y + 22, stop + 8)
    canvas.spots.append(Track(*where, "slider", dial.name, start, stop, dial.low, dial.high))
