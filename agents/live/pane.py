"""One pane of the window: who plays, the picture with its overlays, what the agent sees, and how it
came out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.view.camera import registry, top
from ...engine.view.draw import overlays, sprites
from ...engine.view.draw.ink import DIM, MARKS, PANEL, RED, TEXT, box, icon, pill, text_width, write
from ...engine.view.draw.look import ASKED, COLOURS, Area, Look, Spot
from ...engine.view.film.story import pale

BESIDE = "chances"  # asked of a policy for the side panel


def draw(
    frame: np.ndarray,
    session: Any,
    look: Look,
    k: int,
    y: int,
    x: int,
    high: int,
    wide: int,
    spots: list[Spot],
) -> None:
    """Draw pane `k` into a rectangle of the window."""
    pane, world = session.panes[k], session.world
    label = 30 if high >= 120 and wide >= 120 else 0
    gap = 6 if min(high, wide) > 100 else 0
    y0, x0, y1, x1 = y + label + (gap if not label else 0), x + gap, y + high - gap, x + wide - gap
    if y1 - y0 < 2 or x1 - x0 < 2:
        return
    if label:
        _label(frame, session, k, y, x0, x1)
    size = (y1 - y0, x1 - x0)
    record = pane.history.state[0]
    camera = registry.camera(look.camera)
    learner = min(session.learner, world.learners - 1) if k == session.focus else 0
    wanted = look.shown & ASKED | ({BESIDE} if look.panel and k == session.focus else set())
    maps = session.maps(pane, wanted) if wanted else {}
    places = np.array([note[0] for note in pane.history.notes[: pane.history.t + 1]], float)
    trails = []
    if "trail" in look.shown:
        trails += [top.Trail(places[:, a], COLOURS[k] if not a else pale(COLOURS[k]))
                   for a in range(world.learners)]  # fmt: skip
    if "plan" in look.shown and "plan" in maps:
        trails.append(top.Trail(maps["plan"], (244, 241, 232), faint=True))
    previous = pane.history.previous
    fraction = session.fraction() if previous is not None and look.motion else 1.0
    before = previous[0] if previous is not None else record
    y_at, x_at = top.positions(before, record, fraction)[learner].tolist()
    at = camera.window(world, record, size, y_at, x_at, _zoomed(look, camera, world, record, size))
    above = look.camera == "top"
    picture = camera.draw(
        world, pane.history.state, 0, size, before, fraction, at=at, trails=trails,
        marks=top.goal_marks(world, pane.history.state) if "marks" in look.shown else (),
        ghost=_ghost(session, k) if "ghost" in look.shown else None, focus=learner,
        **({"under": overlays.on_cells(look, record, maps, at.p)} if above else {}),
    )  # fmt: skip
    if above and "visits" in look.shown:
        overlays.visits(picture, at, places[:, learner])
    if above and "events" in look.shown:
        overlays.events(picture, at, world, pane.history.notes[: pane.history.t + 1])
    frame[y0:y1, x0:x1] = picture
    if k == session.focus and len(session.panes) > 1:
        for a, b, c, d in (
            (y0, x0, y0 + 2, x1),
            (y1 - 2, x0, y1, x1),
            (y0, x0, y1, x0 + 2),
            (y0, x1 - 2, y1, x1),
        ):
            frame[a:c, b:d] = COLOURS[k]
    spots.append(Area(y0, x0, y1, x1, "pane", k, at.p if above else 0, at.y, at.x))
    moved = maps.get("saliency", {}).get("patches") if "saliency" in look.shown else None
    if look.inset or moved is not None:
        _inset(frame, session, pane, y0, x0, y1, x1, moved)
    if pane.history.over and high > 160:
        if look.camera == "eyes":  # the map lies in the lower corner
            _stamped(frame, session, pane, y0 + 8, x1 - 8 - (x1 - x0) // 2, x1 - 8)
        else:
            _stamped(frame, session, pane, y1 - 46, x0 + 10, x1 - 10)


def _label(frame: np.ndarray, session: Any, k: int, y: int, left: int, right: int) -> None:
    """Who plays."""
    pane, world = session.panes[k], session.world
    used = pill(frame, str(k + 1), y + 4, left, 13, COLOURS[k])
    focus = k == session.focus and len(session.panes) > 1
    who = session.label(pane)
    if world.learners > 1 and k == session.focus:
        who += f" · agent {session.learner + 1} of {world.learners}"
    ink = TEXT if focus or len(session.panes) == 1 else DIM
    write(frame, who, y + 3, left + used + 8, 16, ink, focus, width=right - left - used - 14)


def _zoomed(
    look: Look, camera: registry.Camera, world: Any, record: Any, size: tuple[int, int]
) -> int:
    """Pixels per cell at the zoom that is set, an even number; 0: as the camera would have it."""
    if not look.zoom:
        return 0
    usual = camera.scale(world, int(record.h), int(record.w), size)
    return min(max(round(usual * 1.25**look.zoom), 8), 160) & ~1 if usual else 0


def _ghost(session: Any, k: int) -> Any:
    """The state of another pane, if its learners stand elsewhere."""
    if len(session.panes) < 2:
        return None
    other, mine = (
        session.panes[1 - k if k < 2 else 0].history.state[0],
        session.panes[k].history.state[0],
    )
    n = session.world.learners
    apart = (other.y[:n] != mine.y[:n]).any() or (other.x[:n] != mine.x[:n]).any()
    return other if apart else None


def _inset(
    frame: np.ndarray,
    session: Any,
    pane: Any,
    y0: int,
    x0: int,
    y1: int,
    x1: int,
    moved: np.ndarray | None,
) -> None:
    """What the agent itself observes, in the upper left corner of its pane; `moved`: which parts
    sway it.
    """
    seen = session.seen(pane)
    rows, columns = seen.shape[:2]
    p = max(1, min(min(y1 - y0, x1 - x0) * 2 // 5 // max(rows, columns), 12))
    high, wide = rows * p, columns * p
    if high + 30 > y1 - y0 or wide + 12 > x1 - x0:
        return
    if seen.ndim == 3:  # a picture already
        tiles = np.repeat(np.repeat(seen, p, 0), p, 1)
        if moved is not None:
            overlays.patches(tiles, moved)
    else:
        tiles = (
            sprites.sheet(session.world, p)[seen].transpose(0, 2, 1, 3, 4).reshape(high, wide, 3)
        )
    box(frame, y0 + 5, x0 + 5, y0 + high + 27, x0 + wide + 11, PANEL, 6)
    write(frame, "what it sees", y0 + 6, x0 + 9, 12, DIM, width=wide)
    frame[y0 + 24 : y0 + 24 + high, x0 + 8 : x0 + 8 + wide] = tiles


def _stamped(frame: np.ndarray, session: Any, pane: Any, y: int, x0: int, x1: int) -> None:
    """How the episode of a pane came out, in a box from `y` down between two columns."""
    met = pane.history.notes[pane.history.t][1][0] > 0
    outcome = "met" if met else "missed"
    words = f"{session.world.intended.wish or session.world.intended.name}: {outcome}"
    if text_width(words, 16, True) + 56 > x1 - x0:
        words = outcome
    wide = min(text_width(words, 16, True) + 56, x1 - x0)
    if wide < 60:
        return
    x = (x0 + x1) // 2 - wide // 2
    box(frame, y - 2, x - 2, y + 36, x + wide + 2, MARKS[top.INTENDED] if met else RED, 12)
    box(frame, y, x, y + 34, x + wide, PANEL, 10)
    icon(frame, top.INTENDED, y + 6, x + 8, 22, 1.0 if met else 0.3)
    write(frame, words, y + 6, x + 38, 16, TEXT, True, width=wide - 46)
