"""One pane of the window: who plays, the picture with its overlays, what the agent sees, and how it
came out.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ...engine.view.camera import registry
from ...engine.view.camera.gaze import Gaze, gaze_at
from ...engine.view.camera.registry import Camera
from ...engine.view.camera.shot import Shot, Window
from ...engine.view.draw import gauges, letters, overlays, signs, sprites
from ...engine.view.draw.ink import (
    DIM,
    PANEL,
    TEXT,
    box,
    icon,
    in_pixels,
    pill,
    scaled,
    text_width,
    whole_size,
    write,
)
from ...engine.view.draw.marks import INTENDED, Mark, Trail, goal_marks
from ...engine.view.draw.overlays import COLOURS
from ...engine.view.film.story import pale, rim_of
from ...engine.world import World
from ...engine.worth import Outcome
from . import onboard
from .canvas import Canvas, Rect
from .look import ASKED, Area, Look
from .session import Session
from .stage import Pane
from .thoughts import Thoughts

LEAST = 13  # units of a label's letters
BESIDE = "chances"  # asked of a policy for the side panel
BLACK = (0, 0, 0)  # of what lies around a level, in high contrast
PLAN = (244, 241, 232)  # colour of a planned path


def draw(canvas: Canvas, k: int, part: Rect) -> None:
    """Draw pane `k` into a part of the window."""
    session, look = canvas.session, canvas.look
    label = round(30 * _large(canvas)) if part.high >= 120 and part.wide >= 120 else 0
    gap = 6 if min(part.high, part.wide) > 100 else 0
    area = Rect(part.y0 + (label or gap), part.x0 + gap, part.y1 - gap, part.x1 - gap)
    gauged = session.witness.of(session.panes[k], look.shown)
    if gauged is not None and min(part.high - 160, part.wide - 160) > 0:
        area = _gauges(canvas, k, area, gauged)
    if area.high < 2 or area.wide < 2:
        return
    if label:
        _label(canvas, k, Rect(part.y0, area.x0, area.y0, area.x1))
    pane, focus = session.panes[k], k == session.focus
    wanted = look.shown & ASKED | ({BESIDE} if look.panel and focus else set())
    told = session.insight.of(pane, wanted) if wanted else Thoughts()
    with scaled(1.0):  # within the picture all is in pixels
        at = _picture(canvas, k, area, told)
        if isinstance(gauged, gauges.Gauges) and gauged.alarmed(pane.history.t):
            flat, place = registry.camera(look.camera).flat, pane.history.note.places[0]
            gauges.ask(canvas.part(area), at if flat else None, *map(float, place))
    if focus and len(session.panes) > 1:
        _outline(canvas, area, COLOURS[k])
    camera = registry.camera(look.camera)
    canvas.spots.append(
        Area(*area, "pane", k, at.p / canvas.unit if camera.flat else 0, at.y, at.x)
    )
    sway = told.saliency if "saliency" in look.shown else None
    moved = sway.patches if sway is not None else None
    if look.inset or moved is not None:
        _inset(canvas, pane, area, moved)
    if pane.history.over and part.high > 160:
        if camera.first_person:  # the map lies in the lower corner
            half = area.x1 - 8 - area.wide // 2
            _stamped(canvas, pane, Rect(area.y0 + 8, half, area.y1, area.x1 - 8))
        else:
            low = round(46 * _large(canvas))
            _stamped(canvas, pane, Rect(area.y1 - low, area.x0 + 10, area.y1, area.x1 - 10))


def _picture(canvas: Canvas, k: int, area: Rect, told: Thoughts) -> Window:
    """The level with its overlays, drawn into `area`; returns how its cells lie there."""
    session, look, world = canvas.session, canvas.look, canvas.session.world
    history, shown = session.panes[k].history, canvas.look.shown
    into, record = canvas.part(area), history.state[0]
    size = into.shape[0], into.shape[1]
    camera = registry.camera(look.camera)
    learner = min(session.learner, world.learners - 1) if k == session.focus else 0
    places = np.array([note.places for note in history.notes[: history.t + 1]], float)
    trails = []
    if "trail" in shown:
        trails += [Trail(places[:, a], COLOURS[k] if not a else pale(COLOURS[k]))
                   for a in range(world.learners)]  # fmt: skip
    if "plan" in shown and told.plan is not None:
        trails.append(Trail(told.plan, PLAN, faint=True))
    trails += onboard.trails(session, look) if k == session.focus else []
    previous = history.previous
    fraction = session.clock.fraction() if previous is not None and look.motion else 1.0
    before = previous[0] if previous is not None else record
    marks, laid = _marked(session.panes[k], world) if "marks" in shown else ((), ())
    shot = Shot(
        world, record, size, before, fraction, trails=trails, marks=marks,
        ghost=_ghost(session, k) if "ghost" in shown else None, focus=learner,
    )  # fmt: skip
    y_at, x_at = shot.places[learner].tolist()
    at = camera.window(world, record, size, y_at, x_at, zoomed(look, world, record, size))
    under, over = _under(shown, told, at.p) if camera.flat else [], []
    if camera.flat:
        below, over = signs.lying(world, laid, at.p)
        under += below
    if camera.flat and look.contrast:
        over += letters.letters(world, shot.shown, at.p)
    turned = _gaze(canvas, k, learner, fraction)
    moves = fraction < 1.0
    shot = replace(shot, at=at, under=under, over=over, gaze=turned, turn=look.turn, draft=moves,
                   surround=BLACK if look.contrast else None)  # fmt: skip
    picture = camera.draw(shot) if moves or camera.flat else _resting(canvas, k, camera, shot)
    if camera.flat and "visits" in shown:
        overlays.visits(picture, at, places[:, learner])
    if camera.flat and "events" in shown:
        overlays.events(picture, at, world, history.notes[: history.t + 1])
    if look.edit and camera.flat:
        onboard.draw(picture, session, look, at, k == session.focus)
    into[:] = picture
    return at


def _marked(pane: Pane, world: World) -> tuple[tuple[Mark, ...], tuple[signs.Laid, ...]]:
    """The marks of the goals and the signs in a pane's state: looked for once in each."""
    states = pane.history.state
    key = id(world), states.tobytes()
    if pane.marked is None or pane.marked[0] != key:
        pane.marked = key, goal_marks(world, states), signs.signs(world, states)
    return pane.marked[1:]


def _resting(canvas: Canvas, k: int, camera: Camera, shot: Shot) -> np.ndarray:
    """A picture in three dimensions in which nothing moves: drawn once, as it costs the most."""
    pane, ghost = canvas.session.panes[k], shot.ghost
    trails = tuple((np.asarray(t.cells).tobytes(), t.colour, t.faint) for t in shot.trails)
    key = (
        camera, id(shot.world), shot.now.tobytes(), shot.size, shot.at, shot.focus, shot.gaze, shot.turn,
        trails, bool(shot.marks), ghost.tobytes() if ghost is not None else b"", canvas.look.contrast,
    )  # fmt: skip
    if pane.resting is None or pane.resting[0] != key:
        pane.resting = key, camera.draw(shot)
    return pane.resting[1]


def _gauges(canvas: Canvas, k: int, area: Rect, told: gauges.Gauges | Exception) -> Rect:
    """What instruments say, at the foot of a pane's area; returns what is left of that."""
    rows = canvas.session.witness.rows(canvas.look.shown)
    top, start = area.y1 - gauges.HIGH * rows, area.x0 + min(190, round(area.wide * 0.34))
    if isinstance(told, Exception):
        write(canvas.frame, str(told), top + 4, area.x0, 13, DIM, width=area.wide)
    else:
        t = canvas.session.panes[k].history.t
        at = top, area.x0 + 2, start, area.x1 - 2
        gauges.draw(canvas.frame, told, t, max(canvas.session.ends, 24), at)
    return area._replace(y1=top)


def _gaze(canvas: Canvas, k: int, learner: int, fraction: float) -> Gaze | None:
    """Where a camera that turns looks, from what the last few steps say."""
    pane, name = canvas.session.panes[k], canvas.look.camera
    history, heading = pane.history, registry.camera(name).heading
    if heading is None:
        return None

    def of(step: int) -> Gaze:
        step = max(step, 0)
        key = name, learner, step
        note, found = pane.gazes.get(key, (None, None))
        if found is None or note is not history.notes[step]:  # lived anew since then
            record = history.at(step)[0] if step != history.t else history.state[0]
            found = heading(canvas.session.world, record, learner)
            pane.gazes[key] = history.notes[step], found
        return found

    return gaze_at(of, history.t, fraction)


def _under(shown: set[str], told: Thoughts, p: int) -> overlays.Lying:
    """What lies on the cells, under all that stands there."""
    lying: overlays.Lying = []
    if "value" in shown and told.value is not None:
        lying += overlays.values(told.value, p)
    if "saliency" in shown and told.saliency is not None and told.saliency.cells is not None:
        lying += overlays.saliency(told.saliency.cells, p)
    if "arrows" in shown and told.arrows is not None:
        lying += overlays.arrows(told.arrows, p)
    return lying


def _outline(canvas: Canvas, area: Rect, colour: tuple[int, int, int]) -> None:
    y0, x0, y1, x1 = area
    for part in (
        (y0, x0, y0 + 2, x1),
        (y1 - 2, x0, y1, x1),
        (y0, x0, y1, x0 + 2),
        (y0, x1 - 2, y1, x1),
    ):
        box(canvas.frame, *part, colour)


def _large(canvas: Canvas) -> float:
    """How much larger words are in a hall."""
    return 1.7 if canvas.look.presents else 1.0


def _label(canvas: Canvas, k: int, line: Rect) -> None:
    """Who plays."""
    session = canvas.session
    large = _large(canvas)
    used = pill(canvas.frame, str(k + 1), line.y0 + 4, line.x0, round(13 * large), COLOURS[k])
    focus = k == session.focus and len(session.panes) > 1
    who = session.cast.label(session.panes[k])
    if canvas.look.presents and {*session.panes[k].who} == {
        f"expert:{session.world.intended.name}"
    }:
        who = "expert that wants it"  # which the sentence below says
    if session.world.learners > 1 and k == session.focus:
        who += f" · agent {session.learner + 1} of {session.world.learners}"
    ink = TEXT if focus or len(session.panes) == 1 else DIM
    room = line.wide - used - 14
    usual = round(16 * large)
    size = whole_size(who, (usual, round(LEAST * large)), room, focus)
    write(
        canvas.frame,
        who,
        line.y0 + 3 + (usual - size) * 3 // 4,
        line.x0 + used + 8,
        size,
        ink,
        focus,
        width=room,
    )


def zoomed(look: Look, world: World, record: np.record, size: tuple[int, int]) -> int:
    """Pixels per cell at the zoom that is set, an even number, as cells of the camera iso fit each
    other only then; 0: as the camera would have it.
    """
    if not look.zoom:
        return 0
    usual = registry.camera(look.camera).scale(world, int(record.h), int(record.w), size)
    return min(max(round(usual * 1.25**look.zoom), 8), 160) & ~1 if usual else 0


def _ghost(session: Session, k: int) -> np.record | None:
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


def _inset(canvas: Canvas, pane: Pane, area: Rect, moved: np.ndarray | None) -> None:
    """What the agent itself observes, in the upper left corner of its pane; `moved`: which parts
    sway it.
    """
    frame, session, (y0, x0, _, _) = canvas.frame, canvas.session, area
    seen, unit = session.insight.seen(pane), canvas.unit
    rows, columns = seen.shape[:2]
    p = int(max(1, min(min(area.high, area.wide) * 2 // 5 / max(rows, columns), 12) * unit))
    high, wide = math.ceil(rows * p / unit), math.ceil(columns * p / unit)
    if high + 30 > area.high or wide + 12 > area.wide:
        return
    if seen.ndim == 3:  # a picture already
        tiles = np.repeat(np.repeat(seen, p, 0), p, 1)
        if moved is not None:
            overlays.patches(tiles, moved)
    else:
        sheet = sprites.sheet(session.world, p)[seen]
        tiles = sheet.transpose(0, 2, 1, 3, 4).reshape(rows * p, columns * p, 3)
    box(frame, y0 + 5, x0 + 5, y0 + high + 27, x0 + wide + 11, PANEL, 6)
    write(frame, "what it sees", y0 + 5, x0 + 9, 13, DIM, width=wide)
    top, left = in_pixels(y0 + 24, x0 + 8)
    into = frame[top : top + rows * p, left : left + columns * p]
    into[:] = tiles[: into.shape[0], : into.shape[1]]


def _stamped(canvas: Canvas, pane: Pane, room: Rect) -> None:
    """How the episode of a pane came out, in a box at the top of `room`."""
    frame, goal = canvas.frame, canvas.session.world.intended
    outcomes = canvas.session.judge.outcomes(pane)
    found = Outcome(None, "being judged ...") if outcomes is None else outcomes[0]
    met, outcome = found.met, found.brief if found.met is not None else found.words
    words = f"{goal.aim}: {outcome}"
    other = [k for k, one in enumerate(outcomes or ()) if k and one.met]
    told = [words, outcome] + [found.brief] * (found.met is None)
    if other and not met:
        told.insert(0, f"{words} · {canvas.session.world.goals[other[0]].aim}: met")
    size, high = round(16 * _large(canvas)), round(34 * _large(canvas))
    widths = [text_width(line, size, True) + high + 22 for line in told]
    fits = next((k for k, wide in enumerate(widths) if wide <= room.wide), len(told) - 1)
    words, wide = told[fits], min(widths[fits], room.wide)
    if wide < 60:
        return
    y, x = room.y0, (room.x0 + room.x1) // 2 - wide // 2
    box(frame, y - 2, x - 2, y + high + 2, x + wide + 2, rim_of(found), 12)
    box(frame, y, x, y + high, x + wide, PANEL, 10)
    icon(frame, INTENDED, y + high // 6, x + 8, high * 2 // 3, 1.0 if met else 0.3)
    write(frame, words, y + high // 6, x + high + 4, size, TEXT, True, width=wide - high - 12)
