"""The side panel of the window: scores of every goal, overlays with their legend, the editor's
palette, sliders.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.view.camera import top
from ...engine.view.draw import overlays, sprites
from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    RED,
    TEXT,
    box,
    fill,
    icon,
    pill,
    text_width,
    wrap,
    write,
)
from ...engine.view.draw.look import COLOURS, FLAT, SWITCHES, TITLES, Look, Spot
from ...engine.view.film.story import number
from . import keys

CAMERA_WORDS = {"top": "from above", "iso": "as a model", "eyes": "in first person"}
ROW = 25  # pixels of a slider or switch
KEPT = 150  # pixels that are left for sliders


def draw(
    frame: np.ndarray,
    session: Any,
    look: Look,
    y: int,
    x: int,
    bottom: int,
    right: int,
    spots: list[Spot],
) -> None:
    """Draw the panel into a rectangle of the window."""
    fill(frame[y:bottom, x : x + 2], LINE)
    fill(frame[y:bottom, x + 2 : right], PANEL)
    left, right = x + 16, right - 14
    y = _scoreboard(frame, session, y + 10, left, right, bottom)
    if look.edit:
        y = _palette(frame, session, look, y + 8, left, right, bottom, spots)
    else:
        y = _switches(frame, session, look, y + 8, left, right, bottom, spots)
    y = _legend(frame, session, look, y + 2, left, right, bottom)
    kept = KEPT + ROW * bool(session.dials())  # so that alpha is among the sliders that are seen
    y = _mind(frame, session, y + 6, left, right, bottom - kept)
    _sliders(frame, session, look, y + 8, left, right, bottom - 28, spots)
    write(frame, f"{_letters(look)['help']}: all keys", bottom - 24, left, 13, DIM)


def _letters(look: Look) -> dict[str, str]:
    return keys.letters(look.keys or keys.KEYS)


def _title(frame: np.ndarray, words: str, y: int, left: int, right: int) -> int:
    write(frame, words, y, left, 13, DIM, True, width=right - left)
    return y + 22


def _scoreboard(frame: np.ndarray, session: Any, y: int, left: int, right: int, bottom: int) -> int:
    """Every goal's score so far in every pane; what the agents were paid for is marked."""
    world, n = session.world, len(session.panes)
    column = 40 if n > 2 else 52
    y = _title(frame, "SCORES", y, left, right)
    for k in range(n):
        at = right - (n - k) * column + column // 2
        wide = text_width(str(k + 1), 12, True) + 12
        pill(frame, str(k + 1), y - 24, at - wide // 2, 12, COLOURS[k])
    for goal in world.goals:
        if y + 40 > bottom:
            return y
        g = world.goals.index(goal)
        icon(frame, top.INTENDED if goal is world.intended else top.PROXY, y + 1, left, 17)
        room = right - left - n * column - 26
        lines = wrap(goal.wish or goal.name, 14, room, 2)
        for row, line in enumerate(lines):
            write(frame, line, y + 17 * row, left + 24, 14, TEXT)
        tag = "paid in training" if goal is world.paid else "not paid for"
        write(frame, tag, y + 17 * len(lines), left + 24, 12, DIM, width=room)
        for k, pane in enumerate(session.panes):
            score = float(pane.history.notes[pane.history.t][1][g])
            at = right - (n - k) * column + column // 2
            ink = (
                (MARKS[top.INTENDED if not g else top.PROXY] if score > 0 else RED)
                if score
                else DIM
            )
            write(frame, number(score), y, at, 16, ink, score != 0, "middle")
        y += 17 * len(lines) + 20
    happened = [
        (k, names) for k, pane in enumerate(session.panes) if (names := _events(session, pane))
    ]
    for k, names in happened[: max((bottom - y) // 20, 0)]:
        words = ", ".join(world.captions.get(name, name) for name in names)
        write(frame, f"{k + 1}: {words}", y, left, 14, MARKS[top.INTENDED], width=right - left)
        y += 19
    return y


def _events(session: Any, pane: Any) -> list[str]:
    """The events of the step that led here."""
    happened = pane.history.notes[pane.history.t][2].any(0)
    return [name for name, true in zip(session.world.events, happened, strict=True) if true]


def _switches(
    frame: np.ndarray,
    session: Any,
    look: Look,
    y: int,
    left: int,
    right: int,
    bottom: int,
    spots: list[Spot],
) -> int:
    """The overlays: which are shown, with their keys; this is the legend too."""
    if y + 60 > bottom:
        return y
    table = _letters(look)
    y = _title(
        frame, f"SHOWN · seen {CAMERA_WORDS[look.camera]} ({table['camera']})", y, left, right
    )
    width = (right - left) // 2
    for k, name in enumerate(SWITCHES):
        at_y, at_x = y + ROW * (k // 2), left + k % 2 * width
        if at_y + 24 > bottom:
            break
        on, above = name in look.shown, name not in FLAT or look.camera == "top"
        above |= name == "saliency" and session.first_person  # it lies on what the agent sees
        box(frame, at_y, at_x, at_y + 21, at_x + width - 6, LINE if on else DARK, 6)
        overlays.sign(frame, name, at_y + 2, at_x + 5, on)
        words = TITLES[name] if above or not on else f"{TITLES[name]} (from above)"
        write(
            frame, words, at_y + 1, at_x + 28, 13, TEXT if on and above else DIM, width=width - 52
        )
        write(frame, table[name], at_y + 1, at_x + width - 14, 13, DIM, align="right")
        spots.append(Spot(at_y, at_x, at_y + 21, at_x + width - 6, "key", name))
    return y + ROW * -(-len(SWITCHES) // 2)


def _legend(
    frame: np.ndarray, session: Any, look: Look, y: int, left: int, right: int, bottom: int
) -> int:
    """What the colours of value and saliency stand for just now."""
    maps, lines = session.panes[session.focus].maps, []
    waited = [
        name
        for name in ("value", "saliency")
        if name in look.shown and name not in maps.get("asked", ())
    ]
    lines += [f"{name}: ..." for name in waited]
    if "value" in look.shown and "value" not in waited:
        known = maps.get("value")
        lines.append(
            f"value: {np.nanmin(known):.2f} (blue, low bar) to {np.nanmax(known):.2f} (yellow, high)"
            if known is not None and not np.isnan(known).all() else "value: only learned agents have one"
        )  # fmt: skip
    if "saliency" in look.shown and "saliency" not in waited:
        sway = maps.get("saliency")
        if sway is None:
            lines.append("saliency: only of learned agents")
        else:
            moved = sway["cells"] if sway["cells"] is not None else sway["patches"]
            most = float(np.nanmax(np.abs(moved), initial=0.0))
            what = session.world.actions[sway["action"]]
            lines.append(f"saliency of '{what}' ({sway['chance']:.0%}): up to {most:.0%} by a cell")
    for line in lines:
        if y + 18 > bottom:
            break
        write(frame, line, y, left, 13, TEXT, width=right - left)
        y += 17
    return y


def _mind(frame: np.ndarray, session: Any, y: int, left: int, right: int, bottom: int) -> int:
    """What the learned agent in focus is about to do, and what it expects."""
    maps, actions = session.panes[session.focus].maps, session.world.actions
    rows = -(-len(actions) // 2)
    if "chances" not in maps or len(maps["chances"]) != len(actions) or y + 22 + 18 * rows > bottom:
        return y
    y = _title(frame, f"NEXT · value {maps['worth']:.2f}", y, left, right)
    width = (right - left) // 2
    named = min(max(text_width(name, 13) for name in actions), 74)
    for k, name in enumerate(actions):
        at_y, at_x = y + 18 * (k // 2), left + k % 2 * width
        start, stop = at_x + named + 6, at_x + width - 50
        chance = float(maps["chances"][k])
        write(frame, name, at_y, at_x, 13, TEXT, width=named)
        box(frame, at_y + 5, start, at_y + 13, stop, LINE, 3)
        if chance >= 0.005:
            long = max(round((stop - start) * chance), 3)
            box(frame, at_y + 5, start, at_y + 13, start + long, COLOURS[session.focus], 3)
        write(frame, f"{chance:.0%}", at_y, at_x + width - 10, 13, DIM, align="right")
    return y + 18 * rows


def _palette(
    frame: np.ndarray,
    session: Any,
    look: Look,
    y: int,
    left: int,
    right: int,
    bottom: int,
    spots: list[Spot],
) -> int:
    """Editing: the tiles to paint with, and what is known of the level as it is now."""
    if y + 90 > bottom:
        return y
    y = _title(frame, "EDIT · left paints, right erases, drag things", y, left, right)
    art, side = sprites.of(session.world), 34
    per = max((right - left) // (side + 8), 1)
    for k in range(len(session.world.tiles)):
        at_y, at_x = y + k // per * (side + 8), left + k % per * (side + 8)
        if at_y + side > bottom:
            break
        if k == look.brush:
            box(frame, at_y - 3, at_x - 3, at_y + side + 3, at_x + side + 3, TEXT, 4)
        ground = sprites.tile_art(art.tiles[art.ground], side)
        below = np.full((side, side, 3), DARK, np.uint8)
        picture = sprites.over(sprites.tile_art(art.tiles[k], side), sprites.over(ground, below))
        frame[at_y : at_y + side, at_x : at_x + side] = picture
        spots.append(Spot(at_y, at_x, at_y + side, at_x + side, "brush", k))
    y += -(-len(session.world.tiles) // per) * (side + 8) + 2
    write(frame, f"brush: {session.world.tiles[look.brush].name}", y, left, 14, TEXT)
    y += 24
    for name, words in session.facts().items():
        good = words.startswith("yes")
        ink = TEXT if words == "..." else COLOURS[0] if good else COLOURS[1]
        used = write(frame, f"{name}: ", y, left, 14, DIM)
        for line in wrap(words, 14, right - left - used, 4):
            write(frame, line, y, left + used, 14, ink)
            y += 18
        y += 2
    return y


def _sliders(
    frame: np.ndarray,
    session: Any,
    look: Look,
    y: int,
    left: int,
    right: int,
    bottom: int,
    spots: list[Spot],
) -> None:
    """How learned agents act, at once; alpha and the world's parameters, from the next reset on.

    More than there is room for are scrolled, under the heading that they belong to.
    """
    table, dials = _letters(look), session.dials()
    rows: list[Any] = ["LEARNED AGENTS (from this step on)"] if dials else []
    rows += [(name, value, low, high, f"{value:g}") for name, value, _, low, high in dials]
    rows.append(f"THE NEXT LEVEL ({table['again']}: this seed again, {table['next']}: another)")
    rows.append(("alpha", session.alpha, 0.0, 1.0, f"{session.alpha:g}"))
    rows += [
        (name, *three, session.base.say(name, three[0])) for name, *three, _ in session.knobs()
    ]
    room = (bottom - y - 22) // ROW
    if room < 1:
        return
    begin, hidden = y, len(rows) - 1 - room
    first = 1 + min(look.scroll, max(hidden, 0))
    y = _title(
        frame, next(row for row in rows[first - 1 :: -1] if isinstance(row, str)), y, left, right
    )
    for row in rows[first : first + room]:
        if isinstance(row, str):
            y = _title(frame, row, y + 3, left, right)
            continue
        name, value, low, high, said = row
        start, stop = left + 108, right - 74
        write(frame, name, y, left, 14, TEXT, width=96)
        share = (value - low) / (high - low) if high > low else 0.0
        box(frame, y + 7, start, y + 12, stop, LINE, 2)
        at = start + round((stop - start) * min(max(share, 0.0), 1.0))
        box(frame, y + 7, start, y + 12, at, DIM, 2)
        box(frame, y + 2, at - 5, y + 17, at + 5, TEXT, 5)
        write(frame, said, y, right, 14, TEXT, True, "right", width=62)
        spots.append(
            Spot(y - 3, start - 8, y + 22, stop + 8, "slider", (name, start, stop, low, high))
        )
        y += ROW
    if hidden > 0:
        write(frame, f"wheel: {hidden} more", bottom + 4, right, 13, DIM, align="right")
        spots.insert(0, Spot(begin, left - 16, bottom + 28, right + 14, "scroll", hidden))
