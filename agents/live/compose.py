"""The whole window as one picture: header, panes, side panel, timeline, messages and help; and
where it can be clicked.

It is drawn on the same frames as the films, from a session, which it does not change.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...engine.view.camera import registry, top
from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    RED,
    TEXT,
    box,
    contrasting,
    fill,
    icon,
    in_pixels,
    scaled,
    text_width,
    wrap,
    write,
)
from ...engine.view.draw.marks import INTENDED
from ...engine.view.draw.overlays import COLOURS
from ...engine.view.draw.stamps import Stamp, blend, painted
from . import asking, curves, helping, pane, panel, present
from .canvas import Canvas, Rect
from .look import Look, Spot, Track
from .session import Session

SMALLEST = 64  # pixels a side that anything is drawn for
LARGER = 1.1  # times: so much a level must gain for panes to lie otherwise than usual
USUAL = (720, 1280)  # height and width from which on everything grows


def unit_of(size: tuple[int, int], larger: float = 1.0) -> float:
    """How many pixels a unit of the window is: what can be read at 1280x720 grows with it."""
    return max(min(size[0] / USUAL[0], size[1] / USUAL[1]), 1.0) * larger


def compose(
    session: Session, look: Look, size: tuple[int, int], message: str = ""
) -> tuple[np.ndarray, list[Spot]]:
    """The whole window (size: height, width) as uint8[height, width, 3], and where it can be
    clicked, in units (see `unit_of`).
    """
    height, width = max(size[0], SMALLEST), max(size[1], SMALLEST)
    unit = unit_of((height, width), look.larger)
    canvas = Canvas(np.empty((height, width, 3), np.uint8), session, look, unit)
    with scaled(unit), contrasting(look.contrast):
        fill(canvas.frame, DARK)
        _all(canvas, message)
    return canvas.frame[: size[0], : size[1]], canvas.spots


def _all(canvas: Canvas, message: str) -> None:
    session, look, height, width = canvas.session, canvas.look, canvas.high, canvas.wide
    if look.presents:
        present.draw(canvas, _grid, message)
    else:
        head, foot = (42, 62) if height >= 320 else (0, 0)
        side = 320 if look.panel and width >= 820 and height >= 400 else 0
        inner = Rect(head, 0, height - foot, width - side)
        if head:
            _header(canvas, Rect(0, 0, head, width))
            _footer(canvas, Rect(inner.y1, 0, height, width))
        inner = _taught(canvas, inner)
        for k, part in enumerate(_grid(canvas, inner)):
            pane.draw(canvas, k, part)
        if side:
            panel.draw(canvas, Rect(head, inner.x1, inner.y1, width))
        told = message or _hint(session, look)
        if told and head:
            _message(canvas.frame, told, inner.y1, inner.x1)
    if look.form is not None:
        asking.draw(canvas, look.form)
    if look.help:
        pages = helping.draw(canvas)
        canvas.spots.append(Spot(0, 0, height, width, "help", pages))


def _taught(canvas: Canvas, room: Rect) -> Rect:
    """The curves of a training that is watched, at the foot of `room`; returns what is left."""
    if canvas.look.lesson is None or room.high < 2 * curves.STRIP:
        return room
    curves.draw(canvas, canvas.look.lesson, room._replace(y0=room.y1 - curves.STRIP))
    return room._replace(y1=room.y1 - curves.STRIP)


def _grid(canvas: Canvas, room: Rect) -> list[Rect]:
    """Where the panes lie: beside each other, unless a level that is seen whole is a good deal
    larger otherwise.
    """
    n = len(canvas.session.panes)
    usual = 1 if n == 1 else 2 if n != 3 or room.wide < 3 * 260 else 3
    if n == 2 and room.high > 1.3 * room.wide:
        usual = 1
    sizes = {k: _scale(canvas, room, k) * (LARGER if k == usual else 1) for k in range(1, n + 1)}
    columns = max(sizes, key=lambda k: (sizes[k], k == usual))
    h, w = room.high // -(-n // columns), room.wide // columns
    corners = [(room.y0 + k // columns * h, room.x0 + k % columns * w) for k in range(n)]
    return [Rect(y, x, y + h, x + w) for y, x in corners]


def _scale(canvas: Canvas, room: Rect, columns: int) -> int:
    """Pixels of a cell if the panes lie in so many columns and show all of the level; 0 where it is
    not to be seen whole.
    """
    session, camera = canvas.session, registry.camera(canvas.look.camera)
    record = session.panes[0].history.state[0]
    size = room.high // -(-len(session.panes) // columns) - 40, room.wide // columns - 12
    high, wide = in_pixels(*size)
    fits = min(high // int(record.h), wide // int(record.w))
    turns = camera.first_person or camera.heading is not None
    return 0 if turns or fits < top.FITTING else fits


def _header(canvas: Canvas, part: Rect) -> None:
    """The world, and where the level comes from."""
    session = canvas.session
    mark, origin = session.source.mark(), session.source.origin
    right = f"level {mark} · {origin}" + (" · edited" if session.edited else "")
    title, right = session.world.title.upper(), right if part.wide >= 700 else origin

    def draw(own: Canvas) -> None:
        frame, head, width = own.frame, part.y1, part.wide
        box(frame, 0, 0, head - 2, width, PANEL)
        box(frame, head - 2, 0, head, width, LINE)
        used = write(frame, right, 11, width - 14, 15, DIM, align="right", width=width // 2)
        own.spots.append(Spot(0, width - 14 - used, head, width, "copy"))
        write(frame, title, 8, 14, 19, TEXT, True, width=max(width - used - 50, 20))

    canvas.once(part, ("head", title, right), draw)


def _status(session: Session) -> tuple[str, tuple[int, int, int]]:
    """What time is doing."""
    if session.clock.stopped:
        return "stopped by a fault", RED
    if session.thinking:
        return "thinking", MARKS[INTENDED]
    if session.over:
        return "the episode is over", DIM
    if session.playing:
        return "running", COLOURS[0]
    return ("your move" if session.waits_for_person else "paused"), TEXT


def _footer(canvas: Canvas, part: Rect) -> None:
    """Buttons, what time is doing, and the timeline."""
    session = canvas.session
    lanes = tuple(
        (pane_.history.ends, pane_.history.t, *sorted(pane_.history.edited), "met",
         *session.judge.reached(pane_))
        for pane_ in session.panes
    )  # fmt: skip
    told = (
        "foot", _status(session), session.playing, session.clock.pace, session.t, session.ends,
        int(session.world.table["horizon"].max()), session.clock.parting(), lanes,
    )  # fmt: skip
    canvas.once(part, told, lambda own: _time(own, part.y0))


def _time(canvas: Canvas, y: int) -> None:
    frame, session, width = canvas.frame, canvas.session, canvas.wide
    box(frame, y, 0, y + 2, width, LINE)
    box(frame, y + 2, 0, canvas.high, width, PANEL)
    x = 14
    for name in ("start", "back", "play", "forward"):
        box(frame, y + 14, x, y + 48, x + 36, LINE, 8)
        _symbol(frame, "pause" if name == "play" and session.playing else name, y + 14 + 17, x + 18)
        canvas.spots.append(Spot(y + 14, x, y + 48, x + 36, "key", name))
        x += 42
    words, ink = _status(session)
    room = 150 if width >= 640 else 90
    write(frame, words, y + 9, x + 8, 15, ink, True, width=room)
    write(frame, f"speed {session.clock.pace}", y + 33, x + 8, 13, DIM, width=room)
    left, right = x + room + 22, width - 118
    if right - left >= 40:
        _timeline(canvas, y, left, right)
    write(frame, f"step {session.t}", y + 10, width - 14, 16, TEXT, True, "right")
    limit = int(session.world.table["horizon"].max())
    words = f"of {limit} at most" if width >= 640 else f"/{limit}"
    write(frame, words, y + 33, width - 14, 13, DIM, align="right")


def _timeline(canvas: Canvas, y: int, left: int, right: int) -> None:
    """A lane for each pane: how far it has played, where it is, where it was edited and where it
    met the goal.
    """
    frame, session = canvas.frame, canvas.session
    most = max(session.ends, session.t, 1)
    per = (right - left) / most

    def at(t: int) -> int:
        return left + round(per * t)

    lanes = len(session.panes)
    thick = max(3, min(7, 22 // lanes - 1))
    begin = y + 31 - lanes * (thick + 1) // 2
    for k, pane_ in enumerate(session.panes):
        lane, history = begin + k * (thick + 1), pane_.history
        box(frame, lane, left, lane + thick, right, LINE, thick // 2)
        box(frame, lane, left, lane + thick, at(history.ends), _dim(COLOURS[k]), thick // 2)
        box(frame, lane, left, lane + thick, at(history.t), COLOURS[k], thick // 2)
        for t in sorted(history.edited):
            box(frame, lane - 1, at(t) - 1, lane + thick + 1, at(t) + 1, TEXT)
        for t in session.judge.reached(pane_):
            icon(frame, INTENDED, lane - 5, at(t) - 7, 14)
    parts = session.clock.parting()
    if parts is not None:
        icon(frame, "fork", y + 22, at(parts) - 9, 18)
    here = at(session.t)
    box(frame, y + 14, here - 2, y + 48, here + 2, TEXT, 2)
    where = Rect(y + 6, left - 8, y + 58, right + 8)
    canvas.spots.append(Track(*where, "time", None, left, right, 0, most))


def _dim(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    r, g, b = ((v + 2 * d) // 3 for v, d in zip(rgb, LINE, strict=True))
    return r, g, b


@lru_cache(maxsize=64)
def _symbol_art(name: str, n: int) -> Stamp:
    shapes = {
        "start": "box #f4f1e8 14 20 26 80 flat\npoly #f4f1e8 82 18 34 50 82 82 flat",
        "back": "poly #f4f1e8 64 18 24 50 64 82 flat\nbox #f4f1e8 70 20 80 80 flat",
        "forward": "poly #f4f1e8 36 18 76 50 36 82 flat\nbox #f4f1e8 20 20 30 80 flat",
        "play": "poly #f4f1e8 26 14 84 50 26 86 flat",
        "pause": "box #f4f1e8 24 18 42 82 flat\nbox #f4f1e8 58 18 76 82 flat",
    }
    return painted("outline 0\n" + shapes[name], n)


def _symbol(frame: np.ndarray, name: str, y: int, x: int) -> None:
    y, x, n = in_pixels(y - 10, x - 10, 20)
    blend(frame, _symbol_art(name, n), y, x)


# -- what lies above all


def _hint(session: Session, look: Look) -> str:
    """What to press at the start, and once all episodes are over."""
    table = look.letters()
    if session.waits_for_person and not session.ends and not (look.edit or look.help):
        return f"arrow keys or WASD: move · {table['stay']}: stay · {table['help']}: all keys"
    if look.edit or look.help:
        return ""
    if not (session.ends or session.playing or look.lesson):
        return f"{table['play']}: go on · {table['forward']}: one step · {table['help']}: all keys"
    if not session.over or session.t < session.ends:
        return ""
    return (
        f"{table['play']}: once more · {table['next']}: another level · {table['part']}: where the paths part"
        if len(session.panes) > 1
        else f"{table['play']}: once more · {table['next']}: another level · {table['compare']}: compare"
    )


def _message(frame: np.ndarray, message: str, bottom: int, right: int) -> None:
    size = 15
    lines = wrap(message, size, max(right - 80, 60), 3)
    wide = max(text_width(line, size) for line in lines) + 28 if lines else 0
    high = 20 * len(lines) + 14
    y, x = max(bottom - high - 64, 4), max(right // 2 - wide // 2, 4)
    wrong = message.startswith(("paused:", "not possible", "the old level stays"))
    box(frame, y - 2, x - 2, y + high + 2, x + wide + 2, RED if wrong else COLOURS[0], 10)
    box(frame, y, x, y + high, x + wide, DARK, 8)
    for k, line in enumerate(lines):
        write(frame, line, y + 6 + 20 * k, x + 14, size, TEXT)


def recording(frame: np.ndarray, seconds: float) -> None:
    """A red dot and a clock in the upper middle: the window is being filmed."""
    words = f"filming {int(seconds) // 60}:{int(seconds) % 60:02d}"
    wide, middle = text_width(words, 14, True) + 40, frame.shape[1] // 2
    x = middle - wide // 2
    box(frame, 7, x, 35, x + wide, DARK, 14)
    box(frame, 15, x + 12, 27, x + 24, RED, 6)
    write(frame, words, 11, x + 30, 14, TEXT, True)
