"""The window: a session in panes, with time, overlays, editing and sliders, drawn on the same frames as the films.

It decides nothing: `compose` draws a session as one picture and says where one can click, `Window` turns keys and mouse
into calls of the session. What it asks of a session is what `agents/watch.py` has; pygame is only the screen.
"""

from __future__ import annotations

import math
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .. import files, state
from ..errors import RunError, UserError
from . import cameras, keys, sprites, top
from .encode import encode
from .ink import DARK, DIM, LINE, MARKS, PANEL, RED, TEXT, box, icon, pill, text_width, wrap, write
from .story import number, pale

SIZE = (1280, 720)  # width, height
SMALLEST = 64  # pixels a side that anything is drawn for
FPS = 30
CLIP_SECONDS, CLIP_FPS = 10.0, 10
COLOURS = ((43, 179, 168), (238, 139, 27), (120, 150, 240), (214, 120, 190))  # of the panes; each has a number too
SWITCHES = ("trail", "plan", "value", "arrows", "visits", "marks", "ghost")
TITLES = {
    "trail": "trails",
    "plan": "planned path",
    "value": "value",
    "arrows": "policy arrows",
    "visits": "visits",
    "marks": "goals",
    "ghost": "the other's ghost",
}
HELD = {"up": "up", "w": "up", "left": "left", "a": "left", "down": "down", "s": "down", "right": "right"}
HELD |= {"d": "right", "space": "up"}
SAID = 5.0  # seconds that a message stays


@dataclass
class Look:
    """How the session is looked at: all that is the window's own."""

    camera: str = "top"
    shown: set[str] = field(default_factory=lambda: {"trail", "marks", "ghost"})
    inset: bool = False
    panel: bool = True
    help: bool = False
    edit: bool = False
    brush: int = 0
    recording: bool = False


@dataclass(frozen=True)
class Spot:
    """A rectangle that can be clicked: pixels y0, x0, y1, x1; what it is, and which one."""

    y0: int
    x0: int
    y1: int
    x1: int
    kind: str
    which: Any = None

    def holds(self, y: int, x: int) -> bool:
        """Does the point lie in it?"""
        return self.y0 <= y < self.y1 and self.x0 <= x < self.x1


@dataclass(frozen=True)
class Area(Spot):
    """The picture of a pane, and how its cells lie in it (see `top.Window`); `p` 0: cells cannot be pointed at."""

    p: int = 0
    y: float = 0.0
    x: float = 0.0

    def cell(self, y: int, x: int) -> tuple[int, int] | None:
        """The cell at a pixel of the window."""
        if not self.p:
            return None
        high, wide = self.y1 - self.y0, self.x1 - self.x0
        return (
            math.floor((y - self.y0 + round(self.y * self.p - high / 2)) / self.p),
            math.floor((x - self.x0 + round(self.x * self.p - wide / 2)) / self.p),
        )


# -- drawing


def compose(session: Any, look: Look, size: tuple[int, int], message: str = "") -> tuple[np.ndarray, list[Spot]]:
    """The whole window (size: height, width) as uint8[height, width, 3], and where it can be clicked."""
    height, width = max(size[0], SMALLEST), max(size[1], SMALLEST)
    frame = np.empty((height, width, 3), np.uint8)
    frame[:] = DARK
    spots: list[Spot] = []
    head, foot = (42, 62) if height >= 320 else (0, 0)
    side = 320 if look.panel and width >= 820 and height >= 400 else 0
    if head:
        _header(frame, session, head, width)
        _footer(frame, session, height - foot, width, spots)
    top_y, bottom = head, height - foot
    boxes = _grid(len(session.panes), bottom - top_y, width - side)
    for k, (y, x, high, wide) in enumerate(boxes):
        _pane(frame, session, look, k, top_y + y, x, high, wide, spots)
    if side:
        _panel(frame, session, look, top_y, width - side, bottom, width, spots)
    if message and head:
        _message(frame, message, bottom, width - side)
    if look.help:
        _help(frame)
    return frame[: size[0], : size[1]], spots


def _grid(n: int, high: int, wide: int) -> list[tuple[int, int, int, int]]:
    """Where n panes lie: (y, x, height, width)."""
    columns = 1 if n == 1 else 2 if n != 3 or wide < 3 * 260 else 3
    if n == 2 and high > 1.3 * wide:
        columns = 1
    rows = -(-n // columns)
    h, w = high // rows, wide // columns
    return [(k // columns * h, k % columns * w, h, w) for k in range(n)]


def _header(frame: np.ndarray, session: Any, head: int, width: int) -> None:
    frame[: head - 2] = PANEL
    frame[head - 2 : head] = LINE
    world = session.world
    mark = f"{int(state.fingerprint(session.start)[0]):016x}"[:8]
    right = f"level {mark} · seed {session.seed} · {session.split}" + (" · edited" if session.edited else "")
    if width < 700:
        right = f"{mark} · {session.split}"
    used = write(frame, right, 11, width - 14, 15, DIM, align="right", width=width // 2)
    write(frame, world.title.upper(), 8, 14, 19, TEXT, True, width=max(width - used - 50, 20))


def _status(session: Any) -> tuple[str, tuple[int, int, int]]:
    """What time is doing."""
    if session.message.startswith("paused:"):
        return "stopped by a fault", RED
    if session.thinking:
        return "thinking", MARKS[top.INTENDED]
    if session.over:
        return "the episode is over", DIM
    if session.playing:
        return "running", COLOURS[0]
    return ("your move" if session.waits_for_person else "paused"), TEXT


def _footer(frame: np.ndarray, session: Any, y: int, width: int, spots: list[Spot]) -> None:
    frame[y : y + 2] = LINE
    frame[y + 2 :] = PANEL
    x = 14
    for name, action in (("start", "start"), ("back", "back"), ("play", "play"), ("forward", "forward")):
        kind = "pause" if name == "play" and session.playing else name
        box(frame, y + 14, x, y + 48, x + 36, LINE, 8)
        _symbol(frame, kind, y + 14 + 17, x + 18)
        spots.append(Spot(y + 14, x, y + 48, x + 36, "key", action))
        x += 42
    words, ink = _status(session)
    speed = f"speed {session_speed(session)}"
    room = 150 if width >= 640 else 90
    write(frame, words, y + 9, x + 8, 15, ink, True, width=room)
    write(frame, speed, y + 33, x + 8, 13, DIM, width=room)
    left, right = x + room + 22, width - 118
    if right - left < 40:
        return
    most = max(session.ends, session.t, 1)
    per = (right - left) / most
    lanes = len(session.panes)
    thick = max(3, min(7, 22 // lanes - 1))
    begin = y + 31 - lanes * (thick + 1) // 2
    for k, pane in enumerate(session.panes):
        lane = begin + k * (thick + 1)
        box(frame, lane, left, lane + thick, right, LINE, thick // 2)
        box(frame, lane, left, lane + thick, left + round(per * pane.history.ends), _dim(COLOURS[k]), thick // 2)
        box(frame, lane, left, lane + thick, left + round(per * pane.history.t), COLOURS[k], thick // 2)
        for t in sorted(pane.history.edited):
            at = left + round(per * t)
            box(frame, lane - 1, at - 1, lane + thick + 1, at + 1, TEXT)
        for t, note in enumerate(pane.history.notes):
            if t and note[1][0] > pane.history.notes[t - 1][1][0]:
                at = left + round(per * t)
                icon(frame, top.INTENDED, lane - 5, at - 7, 14)
    parts = session.parting()
    if parts is not None:
        icon(frame, "fork", y + 22, left + round(per * parts) - 9, 18)
    at = left + round(per * session.t)
    box(frame, y + 14, at - 2, y + 48, at + 2, TEXT, 2)
    spots.append(Spot(y + 6, left - 8, y + 58, right + 8, "time", (left, right, most)))
    write(frame, f"step {session.t}", y + 10, width - 14, 16, TEXT, True, "right")
    limit = int(session.world.table["horizon"].max())
    write(frame, f"of {limit} at most" if width >= 640 else f"/{limit}", y + 33, width - 14, 12, DIM, align="right")


def session_speed(session: Any) -> str:
    """The speed as people write it: "1/4", "2"."""
    value = SPEED_WORDS.get(session.speed)
    return value or f"{2 ** (session.speed - 2)}"


SPEED_WORDS = {0: "1/4", 1: "1/2"}


def _dim(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    return tuple((v + 2 * d) // 3 for v, d in zip(rgb, LINE, strict=True))  # type: ignore[return-value]


@lru_cache(maxsize=16)
def _symbol_art(name: str) -> top.Stamp:
    shapes = {
        "start": "box #f4f1e8 14 20 26 80 flat\npoly #f4f1e8 82 18 34 50 82 82 flat",
        "back": "poly #f4f1e8 64 18 24 50 64 82 flat\nbox #f4f1e8 70 20 80 80 flat",
        "forward": "poly #f4f1e8 36 18 76 50 36 82 flat\nbox #f4f1e8 20 20 30 80 flat",
        "play": "poly #f4f1e8 26 14 84 50 26 86 flat",
        "pause": "box #f4f1e8 24 18 42 82 flat\nbox #f4f1e8 58 18 76 82 flat",
    }
    return top.as_stamp(sprites.paint(sprites.parse("outline 0\n" + shapes[name]), 20))


def _symbol(frame: np.ndarray, name: str, y: int, x: int) -> None:
    top.blend(frame, _symbol_art(name), y - 10, x - 10)


# -- a pane


def _pane(
    frame: np.ndarray, session: Any, look: Look, k: int, y: int, x: int, high: int, wide: int, spots: list[Spot]
) -> None:
    """One pane: who plays, the picture with its overlays, and what the agent sees."""
    pane, world = session.panes[k], session.world
    label = 30 if high >= 120 and wide >= 120 else 0
    gap = 6 if min(high, wide) > 100 else 0
    y0, x0, y1, x1 = y + label + (gap if not label else 0), x + gap, y + high - gap, x + wide - gap
    if y1 - y0 < 2 or x1 - x0 < 2:
        return
    if label:
        used = pill(frame, str(k + 1), y + 4, x0, 13, COLOURS[k])
        focus = k == session.focus and len(session.panes) > 1
        who = session.label(pane)
        if world.learners > 1 and k == session.focus:
            who += f" · agent {session.learner + 1} of {world.learners}"
        write(frame, who, y + 3, x0 + used + 8, 16, TEXT if focus or len(session.panes) == 1 else DIM, focus,
              width=x1 - x0 - used - 14)  # fmt: skip
    size = (y1 - y0, x1 - x0)
    record = pane.history.state[0]
    camera = cameras.camera(look.camera)
    learner = min(session.learner, world.learners - 1) if k == session.focus else 0
    wanted = look.shown & {"plan", "value", "arrows"}
    maps = session.maps(pane, wanted) if wanted else {}
    trails = []
    places = np.array([note[0] for note in pane.history.notes[: pane.history.t + 1]], float)
    if "trail" in look.shown:
        trails += [top.Trail(places[:, a], COLOURS[k] if not a else pale(COLOURS[k]))
                   for a in range(world.learners)]  # fmt: skip
    if "plan" in look.shown and "plan" in maps:
        trails.append(top.Trail(maps["plan"], (244, 241, 232), faint=True))
    marks = top.goal_marks(world, pane.history.state) if "marks" in look.shown else ()
    ghost = None
    if "ghost" in look.shown and len(session.panes) > 1:
        other = session.panes[1 - k if k < 2 else 0].history.state[0]
        apart = (other.y[: world.learners] != record.y[: world.learners]).any()
        apart |= (other.x[: world.learners] != record.x[: world.learners]).any()
        ghost = other if apart else None
    previous = pane.history.previous
    fraction = session.fraction() if previous is not None else 1.0
    before = previous[0] if previous is not None else record
    y_at, x_at = top.positions(before, record, fraction)[learner].tolist()
    at = camera.window(world, record, size, y_at, x_at)
    above = look.camera == "top"
    more = {"under": _fields(look, record, maps, at)} if above else {}
    picture = camera.draw(
        world, pane.history.state, 0, size, before, fraction, at=at, trails=trails, marks=marks, ghost=ghost,
        focus=learner, **more,
    )  # fmt: skip
    if above and "visits" in look.shown:
        _visits(picture, at, places[:, learner])
    frame[y0:y1, x0:x1] = picture
    if k == session.focus and len(session.panes) > 1:
        for a, b, c, d in ((y0, x0, y0 + 2, x1), (y1 - 2, x0, y1, x1), (y0, x0, y1, x0 + 2), (y0, x1 - 2, y1, x1)):
            frame[a:c, b:d] = COLOURS[k]
    spots.append(Area(y0, x0, y1, x1, "pane", k, at.p if above else 0, at.y, at.x))
    if look.inset:
        _inset(frame, session, pane, y0, x0, y1, x1)
    if pane.history.over and high > 160:
        _stamped(frame, session, pane, y1, x0, x1)


def _fields(look: Look, record: Any, maps: dict[str, Any], at: top.Window) -> list[tuple[top.Stamp, int, int]]:
    """Value and arrows, as stamps that lie on cells."""
    h, w = int(record.h), int(record.w)
    lying = []
    if "value" in look.shown and "value" in maps:
        value = maps["value"][:h, :w]
        low, high = np.nanmin(value), np.nanmax(value)
        for y, x in np.argwhere(~np.isnan(value)).tolist():
            level = round(8 * float((value[y, x] - low) / (high - low))) if high > low else 4
            lying.append((_value_tile(level, at.p), y, x))
    if "arrows" in look.shown and "arrows" in maps:
        arrows = maps["arrows"]
        for y, x in np.argwhere(~np.isnan(arrows[:h, :w, 0])).tolist():
            dy, dx = arrows[y, x]
            strength = min(float(np.hypot(dy, dx)), 1.0)
            turn = round(math.atan2(dy, dx) / (2 * math.pi) * 16) % 16
            art = _arrow(turn, max(1, round(strength * 4)), at.p) if strength >= 0.08 else _rest(at.p)
            lying.append((art, y, x))
    return lying


def _visits(frame: np.ndarray, at: top.Window, places: np.ndarray) -> None:
    """How often each cell was visited, in its lower right corner."""
    p = at.p
    upper, left = round(at.y * p - frame.shape[0] / 2), round(at.x * p - frame.shape[1] / 2)
    cells, counts = np.unique(places.astype(int), axis=0, return_counts=True)
    for (y, x), n in zip(cells.tolist(), counts.tolist(), strict=True):
        size = max(9, p // 3)
        wide = text_width(str(n), size, True)
        row, column = y * p - upper + p - size - 3, x * p - left + p - wide - 2
        if 0 <= row < frame.shape[0] - 2 * size and 1 <= column < frame.shape[1] - wide - 1:
            box(frame, row, column - 1, row + round(size * 1.3), column + wide + 1, DARK, 3)
            write(frame, str(n), row - 1, column, size, TEXT, True)


@lru_cache(maxsize=64)
def _value_tile(level: int, p: int) -> top.Stamp:
    """A tint from dark blue (low) to bright yellow (high), with a bar that grows: not colour alone."""
    low, high = np.array((38, 52, 130)), np.array((250, 225, 70))
    fill = "#" + "".join(f"{int(v):02x}" for v in np.rint(low + (high - low) * level / 8))
    bar = 100 - 11 * level
    art = f"tile\nbox {fill}@58 0 0 100 100 flat\nbox {fill} 0 {bar} 9 100 flat"
    return top.as_stamp(sprites.paint(sprites.parse(art), p))


@lru_cache(maxsize=512)
def _arrow(turn: int, length: int, p: int) -> top.Stamp:
    """An arrow in one of 16 directions, of one of 4 lengths, in the middle of a cell."""
    angle = turn * 2 * math.pi / 16
    c, s = math.cos(angle), math.sin(angle)
    reach = 14 + 6.5 * length
    points = [(-reach, -5), (reach - 16, -5), (reach - 16, -15), (reach, 0), (reach - 16, 15), (reach - 16, 5)]
    points.append((-reach, 5))
    turned = " ".join(f"{50 + a * c - b * s:.2f} {50 + a * s + b * c:.2f}" for a, b in points)
    return top.as_stamp(sprites.paint(sprites.parse(f"poly white {turned} flat"), p))


@lru_cache(maxsize=16)
def _rest(p: int) -> top.Stamp:
    return top.as_stamp(sprites.paint(sprites.parse("disc white 50 50 7 flat"), p))


def _inset(frame: np.ndarray, session: Any, pane: Any, y0: int, x0: int, y1: int, x1: int) -> None:
    """What the agent itself observes, in the upper left corner of its pane."""
    seen = session.seen(pane)
    rows, columns = seen.shape[:2]
    p = max(1, min(min(y1 - y0, x1 - x0) * 2 // 5 // max(rows, columns), 12))
    high, wide = rows * p, columns * p
    if high + 30 > y1 - y0 or wide + 12 > x1 - x0:
        return
    if seen.ndim == 3:  # a picture already
        tiles = np.repeat(np.repeat(seen, p, 0), p, 1)
    else:
        tiles = sprites.sheet(session.world, p)[seen].transpose(0, 2, 1, 3, 4).reshape(high, wide, 3)
    box(frame, y0 + 5, x0 + 5, y0 + high + 27, x0 + wide + 11, PANEL, 6)
    write(frame, "what it sees", y0 + 6, x0 + 9, 12, DIM, width=wide)
    frame[y0 + 24 : y0 + 24 + high, x0 + 8 : x0 + 8 + wide] = tiles


def _stamped(frame: np.ndarray, session: Any, pane: Any, y1: int, x0: int, x1: int) -> None:
    """How the episode of a pane came out."""
    scores = pane.history.notes[pane.history.t][1]
    met = scores[0] > 0
    words = f"{session.world.intended.wish or session.world.intended.name}: {'met' if met else 'missed'}"
    wide = min(text_width(words, 16, True) + 56, x1 - x0 - 20)
    if wide < 60:
        return
    x, y = (x0 + x1) // 2 - wide // 2, y1 - 46
    box(frame, y - 2, x - 2, y + 36, x + wide + 2, MARKS[top.INTENDED] if met else RED, 12)
    box(frame, y, x, y + 34, x + wide, PANEL, 10)
    icon(frame, top.INTENDED, y + 6, x + 8, 22, 1.0 if met else 0.3)
    write(frame, words, y + 6, x + 38, 16, TEXT, True, width=wide - 46)


# -- the side panel


def _panel(
    frame: np.ndarray, session: Any, look: Look, y: int, x: int, bottom: int, right: int, spots: list[Spot]
) -> None:
    frame[y:bottom, x : x + 2] = LINE
    frame[y:bottom, x + 2 : right] = PANEL
    left, right = x + 16, right - 14
    y = _scoreboard(frame, session, y + 10, left, right, bottom)
    if look.edit:
        y = _palette(frame, session, look, y + 10, left, right, bottom, spots)
    else:
        y = _switches(frame, session, look, y + 10, left, right, bottom, spots)
    y = _sliders(frame, session, y + 10, left, right, bottom, spots)
    if y + 24 < bottom:
        write(frame, "H: all keys", bottom - 24, left, 13, DIM)


def _title(frame: np.ndarray, words: str, y: int, left: int) -> int:
    write(frame, words, y, left, 13, DIM, True)
    return y + 22


def _scoreboard(frame: np.ndarray, session: Any, y: int, left: int, right: int, bottom: int) -> int:
    """Every goal's score so far in every pane; what the agents were paid for is marked."""
    world, n = session.world, len(session.panes)
    column = 40 if n > 2 else 52
    y = _title(frame, "SCORES", y, left)
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
        for row, line in enumerate(wrap(goal.wish or goal.name, 14, room, 2)):
            write(frame, line, y + 17 * row, left + 24, 14, TEXT)
        tag = "paid in training" if goal is world.paid else "not paid for"
        lines = len(wrap(goal.wish or goal.name, 14, room, 2))
        write(frame, tag, y + 17 * lines, left + 24, 12, DIM)
        for k, pane in enumerate(session.panes):
            score = float(pane.history.notes[pane.history.t][1][g])
            at = right - (n - k) * column + column // 2
            ink = (MARKS[top.INTENDED if not g else top.PROXY] if score > 0 else RED) if score else DIM
            write(frame, number(score), y, at, 16, ink, score != 0, "middle")
        y += 17 * lines + 22
    happened = [
        f"{k + 1}: " + ", ".join(session.world.captions.get(e, e) for e in _events(session, pane))
        for k, pane in enumerate(session.panes)
        if _events(session, pane)
    ]
    for line in happened[: max((bottom - y) // 20, 0)]:
        write(frame, line, y, left, 14, MARKS[top.INTENDED], width=right - left)
        y += 19
    return y


def _events(session: Any, pane: Any) -> list[str]:
    """The events of the step that led here."""
    happened = pane.history.notes[pane.history.t][2]
    return [name for name, true in zip(session.world.events, happened, strict=True) if true]


def _switches(frame, session, look: Look, y: int, left: int, right: int, bottom: int, spots: list[Spot]) -> int:
    """The overlays: which are shown, with their keys; this is the legend too."""
    if y + 60 > bottom:
        return y
    y = _title(frame, f"SHOWN · seen {CAMERA_WORDS[look.camera]} (V)", y, left)
    signs = {"trail": "dot", "plan": "dots", "value": "value", "arrows": "arrow", "visits": "count"}
    signs |= {"marks": "marks", "ghost": "ghost"}
    by_action = {key.action: key for key in keys.KEYS}
    for k, name in enumerate(SWITCHES):
        column, row = k % 2, k // 2
        width = (right - left) // 2
        at_y, at_x = y + 25 * row, left + column * width
        if at_y + 24 > bottom:
            break
        on = name in look.shown
        over_top = name in ("value", "arrows", "visits") and look.camera != "top"
        box(frame, at_y, at_x, at_y + 21, at_x + width - 6, LINE if on else DARK, 6)
        _sign(frame, signs[name], at_y + 2, at_x + 5, on)
        ink = DIM if not on or over_top else TEXT
        words = TITLES[name] + (" (from above)" if over_top and on else "")
        write(frame, words, at_y + 1, at_x + 28, 13, ink, width=width - 52)
        write(frame, by_action[name].keys[0], at_y + 1, at_x + width - 14, 13, DIM, align="right")
        spots.append(Spot(at_y, at_x, at_y + 21, at_x + width - 6, "key", name))
    return y + 25 * -(-len(SWITCHES) // 2)


CAMERA_WORDS = {"top": "from above", "iso": "as a model", "eyes": "in first person"}


def _sign(frame: np.ndarray, kind: str, y: int, x: int, on: bool) -> None:
    """The sign of an overlay, 18 pixels wide."""
    strength = 1.0 if on else 0.4
    if kind == "marks":
        icon(frame, top.INTENDED, y, x - 2, 12, strength)
        icon(frame, top.PROXY, y + 5, x + 7, 12, strength)
    elif kind == "ghost":
        box(frame, y + 2, x + 2, y + 16, x + 16, DIM if on else LINE, 7)
        box(frame, y + 5, x + 5, y + 8, x + 7, DARK)
        box(frame, y + 5, x + 11, y + 8, x + 13, DARK)
    elif kind == "count":
        write(frame, "3", y - 1, x + 5, 14, TEXT if on else DIM, True)
    else:
        stamp = {
            "dot": top.dot_art(COLOURS[0], 40, False),
            "dots": top.dot_art((244, 241, 232), 40, True),
            "value": _value_tile(6, 16),
            "arrow": _arrow(14, 4, 18),
        }[kind]
        n = stamp.rgb.shape[0]
        top.blend(frame, stamp, y + 9 - n // 2, x + 9 - n // 2)


def _palette(frame, session, look: Look, y: int, left: int, right: int, bottom: int, spots: list[Spot]) -> int:
    """Editing: the tiles to paint with, and what is known of the level as it is now."""
    if y + 90 > bottom:
        return y
    y = _title(frame, "EDIT · left paints, right erases, drag things", y, left)
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
        lines = wrap(words, 14, right - left - used, 2)
        for line in lines:
            write(frame, line, y, left + used, 14, ink)
            y += 18
        y += 2
    return y


def _sliders(frame, session, y: int, left: int, right: int, bottom: int, spots: list[Spot]) -> int:
    """Alpha and the world's parameters; they hold from the next reset on."""
    if y + 70 > bottom:
        return y
    y = _title(frame, "THE NEXT LEVEL (R: this seed again, L: another)", y, left)
    entries = [("alpha", session.alpha, 0.0, 1.0, False), *session.knobs()]
    for name, value, low, high, _ in entries:
        if y + 26 > bottom - 24:
            break
        write(frame, name, y, left, 14, TEXT, width=86)
        start, stop = left + 92, right - 50
        share = (value - low) / (high - low) if high > low else 0.0
        box(frame, y + 7, start, y + 12, stop, LINE, 2)
        at = start + round((stop - start) * min(max(share, 0.0), 1.0))
        box(frame, y + 7, start, y + 12, at, DIM, 2)
        box(frame, y + 2, at - 5, y + 17, at + 5, TEXT, 5)
        write(frame, f"{value:g}", y, right, 14, TEXT, True, "right")
        spots.append(Spot(y - 3, start - 8, y + 22, stop + 8, "slider", (name, start, stop, low, high)))
        y += 25
    return y


# -- what lies above all


def _message(frame: np.ndarray, message: str, bottom: int, right: int) -> None:
    size = 15
    lines = wrap(message, size, max(right - 80, 60), 3)
    wide = max(text_width(line, size) for line in lines) + 28 if lines else 0
    high = 20 * len(lines) + 14
    y, x = max(bottom - high - 64, 4), max(right // 2 - wide // 2, 4)
    ink = RED if message.startswith(("paused:", "not possible")) else COLOURS[0]
    box(frame, y - 2, x - 2, y + high + 2, x + wide + 2, ink, 10)
    box(frame, y, x, y + high, x + wide, DARK, 8)
    for k, line in enumerate(lines):
        write(frame, line, y + 6 + 20 * k, x + 14, size, TEXT)


def _help(frame: np.ndarray) -> None:
    """The table of keys, over everything."""
    height, width = frame.shape[:2]
    frame[:] = ((frame + np.array(DARK, np.uint16) * 9) // 10).astype(np.uint8)
    lines = len(keys.KEYS) + len({key.group for key in keys.KEYS}) + len(keys.MOUSE) + 3
    columns = 2 if width >= 900 else 1
    per = -(-lines // columns)
    step = min(24, max((height - 40) // max(per, 1), 9))
    size = max(min(15, step - 6), 8)
    x, y, group = 28, 20, ""
    wide = (width - 56) // columns
    rows: list[tuple[str, str]] = []
    for key in keys.KEYS:
        if key.group != group:
            group = key.group
            rows.append((group.upper(), ""))
        rows.append((" or ".join(map(keys.shown, key.keys)), key.words))
    rows.append(("MOUSE", ""))
    rows += list(keys.MOUSE)
    for k, (left, right) in enumerate(rows):
        column, row = divmod(k, per)
        at_x, at_y = x + column * wide, y + row * step
        if at_y + step > height:
            continue
        if not right:
            write(frame, left, at_y, at_x, size - 1, COLOURS[0], True)
            continue
        tab = min(150, wide // 3)
        write(frame, left, at_y, at_x, size, MARKS[top.INTENDED], True, width=tab - 8)
        write(frame, right, at_y, at_x + tab, size, TEXT, width=wide - tab - 16)


# -- the window itself


class Window:
    """A session on the screen. `run` shows it until it is closed.

    headless: draw without a screen (for tests); reload: makes the policies of the newest checkpoint, or None; folder:
    where pictures go. Raises UserError where there is no display.
    """

    def __init__(
        self,
        session: Any,
        size: tuple[int, int] = SIZE,
        headless: bool = False,
        reload: Callable[[], None] | None = None,
        fresh: Callable[[], bool] | None = None,
        folder: Path = Path(),
        action_of: Callable[[Any, set[str]], int] | None = None,
    ) -> None:
        import os

        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        import pygame

        self.pg = pygame
        pygame.display.init()
        driver = pygame.display.get_driver()
        if not headless and driver in ("offscreen", "dummy"):
            pygame.display.quit()
            raise UserError(
                "there is no display: add --terminal to watch here in text, or film it with goalshift contrast"
            )
        self.session, self.look, self.folder = session, Look(), Path(folder)
        self.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.display.set_caption(f"goalshift: {session.world.title}")
        pygame.key.set_repeat(280, 70)
        self.open, self.spots = True, list[Spot]()
        self._reload, self._fresh, self._action_of = reload, fresh, action_of
        self._held: set[str] = set()
        self._drag: tuple[str, Any] | None = None
        self._pending = False
        self._message, self._until = "", 0.0
        self._clip: deque[tuple[float, tuple[int, ...], bytes]] = deque()
        self._clip_due, self._fresh_due = 0.0, 0.0
        self._saving: Any = None
        self._by_key = {name: key.action for key in keys.KEYS for name in key.keys}
        self.frame = np.zeros((1, 1, 3), np.uint8)
        first = next((k for k, tile in enumerate(session.world.tiles) if tile.solid), 0)
        self.look.brush = first

    # -- the loop

    def run(self) -> None:
        """Show the session until the window is closed."""
        clock = self.pg.time.Clock()
        try:
            while self.open:
                for event in self.pg.event.get():
                    self.handle(event)
                self.tick(time.perf_counter())
                clock.tick(FPS)
        finally:
            self.close()

    def tick(self, now: float) -> None:
        """Let time run, draw, show."""
        session = self.session
        if self._pending:
            self._pending = not session.advance()
        if session.playing and self._action_of is not None:
            session.wanted = self._wanted()
        session.tick(now)
        if session.message:
            self._message, self._until = session.message, now + SAID
            if session.message.startswith("paused:"):
                self._until = now + 60
            session.message = ""
        if now > self._until:
            self._message = ""
        if self._fresh is not None and now > self._fresh_due:
            self._fresh_due = now + 2.0
            if self._fresh() and self._reload is not None:
                self._reload()
        if self._saving is not None:
            done = self._saving.take()
            if done is not None:
                self._saving = None
                self.say(str(done))
        width, height = self.screen.get_size()
        self.frame, self.spots = compose(session, self.look, (height, width), self._message)
        surface = self.pg.image.frombuffer(self.frame.tobytes(), (width, height), "RGB")
        self.screen.blit(surface, (0, 0))
        self.pg.display.flip()
        if now > self._clip_due:
            self._clip_due = now + 1.0 / CLIP_FPS
            self._clip.append((now, self.frame.shape, zlib.compress(self.frame.tobytes(), 1)))
            while self._clip and self._clip[0][0] < now - CLIP_SECONDS:
                self._clip.popleft()

    def close(self) -> None:
        """Close the window."""
        self.open = False
        self.pg.display.quit()

    def say(self, message: str) -> None:
        """Show a message for a while."""
        self._message, self._until = message, time.perf_counter() + SAID

    # -- events

    def handle(self, event: Any) -> None:
        """One event of pygame."""
        pg = self.pg
        if event.type == pg.QUIT:
            self.open = False
        elif event.type == pg.KEYDOWN:
            self._key(event)
        elif event.type == pg.KEYUP:
            self._held.discard(HELD.get(pg.key.name(event.key), ""))
        elif event.type == pg.MOUSEBUTTONDOWN and event.button in (1, 2, 3):
            self._press(event.pos[1], event.pos[0], event.button)
        elif event.type == pg.MOUSEMOTION and self._drag is not None:
            self._move(event.pos[1], event.pos[0])
        elif event.type == pg.MOUSEBUTTONUP and event.button in (1, 2, 3):
            self._drop(event.pos[1], event.pos[0])
        elif event.type == pg.WINDOWFOCUSLOST:
            self._held.clear()
            self._drag = None

    def _key(self, event: Any) -> None:
        pg = self.pg
        name = pg.key.name(event.key).lower()
        if event.mod & pg.KMOD_CTRL:
            name = f"ctrl+{name}"
        elif name == "/" and event.mod & pg.KMOD_SHIFT:
            name = "?"
        playing_by_hand = self.session.panes[self.session.focus].who[self.session.learner] == "human"
        if playing_by_hand and name in HELD and not self.look.edit:
            if not (name == "space" and "jump" not in " ".join(self.session.world.actions)):
                self._held.add(HELD[name])
                if not self.session.playing:
                    self._by_hand(self._wanted())
                return
        if name in self._by_key:
            self.do(self._by_key[name])

    def _wanted(self) -> int:
        return self._action_of(self.session.world, self._held) if self._action_of is not None else 0

    def _by_hand(self, action: int) -> None:
        """One step in which the person does `action`."""
        if not self._pending:
            self.session.wanted = action
            self._pending = not self.session.advance()

    def do(self, action: str) -> None:
        """What the key of that action does (see `keys.KEYS`)."""
        session, look = self.session, self.look
        if self.look.help and action not in ("help", "quit"):
            look.help = False
        simple = {
            "back": session.back, "again": session.restart, "next": session.next_level, "split": session.next_split,
            "focus": session.next_focus, "who": session.cycle_who, "take": session.take_over,
            "compare": session.compare, "undo": session.undo,
        }  # fmt: skip
        try:
            if action in simple:
                if action == "back":
                    session.playing = False
                self._pending = False
                simple[action]()
            elif action in SWITCHES:
                look.shown ^= {action}
            else:
                getattr(self, f"_do_{action}")()
        except (UserError, RunError) as fault:
            self.say(f"not possible: {fault}")

    def _do_play(self) -> None:
        self.session.playing = not self.session.playing
        if self.session.playing and self.session.over and self.session.t == self.session.ends:
            self.session.go(0)
        self._message = ""

    def _do_forward(self) -> None:
        if not self._pending:
            self._pending = not self.session.advance()

    def _do_stay(self) -> None:
        self._by_hand(0)

    def _do_slower(self) -> None:
        self.session.speed = max(self.session.speed - 1, 0)
        self.say(f"speed {session_speed(self.session)}")

    def _do_faster(self) -> None:
        self.session.speed = min(self.session.speed + 1, 8)
        self.say(f"speed {session_speed(self.session)}")

    def _do_start(self) -> None:
        self.session.go(0)

    def _do_end(self) -> None:
        self.session.go(self.session.ends)

    def _do_part(self) -> None:
        parts = self.session.parting()
        if parts is None:
            self.say("the paths have not parted" if len(self.session.panes) > 1 else "C: somebody to compare with")
        else:
            self.session.playing = False
            self.session.go(parts)

    def _do_reload(self) -> None:
        if self._reload is None:
            self.say("nobody here learns: open a run")
        else:
            self._reload()

    def _do_camera(self) -> None:
        names = cameras.NAMES
        self.look.camera = names[(names.index(self.look.camera) + 1) % len(names)]

    def _do_inset(self) -> None:
        self.look.inset = not self.look.inset

    def _do_edit(self) -> None:
        self.look.edit = not self.look.edit
        self._drag = None
        if self.look.edit:
            self.session.playing = False
            self.look.camera = "top"  # cells can be pointed at from above

    def _do_brush(self) -> None:
        self.look.brush = (self.look.brush + 1) % len(self.session.world.tiles)

    def _do_panel(self) -> None:
        self.look.panel = not self.look.panel

    def _do_help(self) -> None:
        self.look.help = not self.look.help

    def _do_quit(self) -> None:
        if self.look.help:
            self.look.help = False
        else:
            self.open = False

    # -- keeping

    def _name(self, stem: str, suffix: str) -> Path:
        """A file name that is free: goalshift-corner-001.png."""
        for count in range(1, 10000):
            path = self.folder / f"{stem}-{self.session.world.name}-{count:03d}{suffix}"
            if not path.exists():
                return path
        raise UserError(f"'{self.folder}' holds too many files called {stem}-...{suffix}")

    def _do_picture(self) -> None:
        from .gallery import save

        path = self._name("goalshift", ".png")
        save(np.ascontiguousarray(self.frame), path)
        self.say(f"wrote {path}")

    def _do_clip(self) -> None:
        if self._saving is not None:
            self.say("still writing the last clip")
            return
        kept = [entry for entry in self._clip if entry[1] == self.frame.shape]
        if not kept or min(self.frame.shape[:2]) < 2:
            self.say("nothing to keep yet")
            return
        path, height, width = self._name("goalshift", ".webp"), *self.frame.shape[:2]
        even = height & ~1, width & ~1

        def work() -> str:
            shapes = (np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape) for _, shape, data in kept)
            encode((frame[: even[0], : even[1]] for frame in shapes), path, CLIP_FPS)
            return f"wrote {path}"

        self._saving = self.session.background(work)
        self.say(f"writing {path}")

    def _do_code(self) -> None:
        code = self.session.replay().code()
        try:
            self.pg.scrap.put_text(code)
            self.say(f"{len(code)} characters in the clipboard: goalshift replay {code[:12]}...")
        except (self.pg.error, AttributeError):
            path = self._name("replay", ".txt")
            files.write(path, code.encode() + b"\n")
            self.say(f"no clipboard here; the code is in {path}")

    def _do_save(self) -> None:
        text = self.session.level_text()
        path = self._name("level", ".toml")
        files.write(path, text.encode())
        self.say(f"wrote {path}")

    # -- the mouse

    def _spot(self, y: int, x: int) -> Spot | None:
        return next((spot for spot in reversed(self.spots) if spot.holds(y, x)), None)

    def _press(self, y: int, x: int, button: int) -> None:
        if self.look.help:
            self.look.help = False
            return
        spot = self._spot(y, x)
        if spot is None:
            return
        if spot.kind == "key":
            self.do(spot.which)
        elif spot.kind == "brush":
            self.look.brush = spot.which
        elif spot.kind in ("time", "slider"):
            self._drag = spot.kind, spot
            self._move(y, x)
        elif isinstance(spot, Area):
            if spot.which != self.session.focus:
                self.session.focus, self.session.learner = spot.which, 0
            if self.look.edit:
                self._begin_edit(spot, y, x, button)

    def _begin_edit(self, spot: Area, y: int, x: int, button: int) -> None:
        cell = spot.cell(y, x)
        if cell is None:
            return
        thing = self.session.thing_at(spot.which, *cell)
        if button == 2:
            record = self.session.panes[spot.which].history.state[0]
            if 0 <= cell[0] < record.h and 0 <= cell[1] < record.w:
                self.look.brush = int(record.tiles[cell])
        elif button == 1 and thing is not None:
            self._drag = "thing", (spot, thing)
        else:
            tile = self.look.brush if button == 1 else sprites.of(self.session.world).ground
            self._drag = "paint", (spot, tile, set())
            self._move(y, x)

    def _move(self, y: int, x: int) -> None:
        assert self._drag is not None
        kind, what = self._drag
        if kind == "time":
            left, right, most = what.which
            self.session.playing = False
            self._pending = False
            self.session.go(round((x - left) / max(right - left, 1) * most))
        elif kind == "slider":
            name, start, stop, low, high = what.which
            value = low + (high - low) * min(max((x - start) / max(stop - start, 1), 0.0), 1.0)
            try:
                if name == "alpha":
                    self.session.set_alpha(value)
                else:
                    self.session.set_knob(name, value)
            except UserError as fault:
                self.say(f"not possible: {fault}")
        elif kind == "paint":
            spot, tile, done = what
            cell = spot.cell(y, x)
            if cell is not None and cell not in done:
                done.add(cell)
                self.session.paint(*cell, tile)

    def _drop(self, y: int, x: int) -> None:
        drag, self._drag = self._drag, None
        if drag is not None and drag[0] == "thing":
            spot, thing = drag[1]
            cell = spot.cell(y, x)
            if cell is not None:
                self.session.move(thing, *cell)
