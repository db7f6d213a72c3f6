"""What is laid over a pane's picture: value, policy arrows, saliency, visits and events, and the
signs of their legend.

Nothing is told by colour alone: value has a bar that grows, saliency a plus or a minus.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...history import Note
from ...world import World
from ..camera.shot import Window
from . import gauges
from .ink import DARK, DIM, LINE, MARKS, SIDES, TEXT, box, icon, in_pixels, text_width, write
from .kept import kept
from .marks import INTENDED, PROXY, dot_art, mark_of
from .signs import Lying
from .stamps import Stamp, blend, painted
from .strokes import hexed

COLOURS = SIDES[:4]  # of the panes, as of the takes of a film; each has a number too
LEVELS = 8  # shades of value
STEPS = 4  # strengths of saliency, and lengths of arrows
TURNS = 16  # directions of arrows
FAINT = 0.02  # chances that move less than this are not marked
EVENTS = 8  # events that are shown, the latest
FOR, AGAINST = COLOURS[0], COLOURS[1]


def values(value: np.ndarray, p: int) -> Lying:
    """What is expected from each cell (float[h, w], NaN where nobody can stand), on cells of `p`
    pixels.
    """
    low, high, lying = np.nanmin(value), np.nanmax(value), []
    for y, x in np.argwhere(~np.isnan(value)).tolist():
        share = float((value[y, x] - low) / (high - low)) if high > low else 0.5
        lying.append((value_tile(round(LEVELS * share), p), y, x))
    return lying


def saliency(moved: np.ndarray, p: int) -> Lying:
    """How much what is seen of each cell moves a chance (float[h, w]), on cells of `p` pixels."""
    return [(sway_tile(sway, p), y, x) for y, x, sway in swayed(moved)]


def arrows(ways: np.ndarray, p: int) -> Lying:
    """Where one would go from each cell (float[h, w, 2] as dy, dx, NaN where nobody can stand), on
    cells of `p` pixels.
    """
    lying = []
    for y, x in np.argwhere(~np.isnan(ways[..., 0])).tolist():
        dy, dx = ways[y, x]
        strength = min(float(np.hypot(dy, dx)), 1.0)
        turn = round(math.atan2(dy, dx) / (2 * math.pi) * TURNS) % TURNS
        art = arrow(turn, max(1, round(strength * STEPS)), p) if strength >= 0.08 else rest(p)
        lying.append((art, y, x))
    return lying


def swayed(moved: np.ndarray) -> list[tuple[int, int, int]]:
    """Where chances are moved, and by how many steps of the most that any cell moves them: (row,
    column, -4 to 4).
    """
    most = np.nanmax(np.abs(moved), initial=0.0)
    if not most >= FAINT:
        return []
    steps = np.nan_to_num(np.rint(moved / most * STEPS)).astype(int)
    steps[np.nan_to_num(np.abs(moved)) < FAINT] = 0
    return [(y, x, int(steps[y, x])) for y, x in np.argwhere(steps != 0).tolist()]


def visits(frame: np.ndarray, at: Window, places: np.ndarray) -> None:
    """How often each cell was visited, in its lower right corner."""
    cells, counts = np.unique(places.astype(int), axis=0, return_counts=True)
    for (y, x), n in zip(cells.tolist(), counts.tolist(), strict=True):
        size = max(9, at.p // 3)
        wide = text_width(str(n), size, True)
        upper, left = _corner(frame, at, y, x)
        _tag(frame, str(n), upper + at.p - size - 4, left + at.p - wide - 2, size, TEXT)


def events(frame: np.ndarray, at: Window, world: World, notes: Sequence[Note]) -> None:
    """What happened up to now, where and at which step: a word above its cell. What goes on and on
    is told once.

    Tags do not cover each other: a later one stays, and an earlier one makes way or is left out.
    """
    told: list[tuple[int, int, int, str]] = []
    before: set[tuple[int, str]] = set()
    for t, note in enumerate(notes):
        now = {(k, world.events[e]) for k, e in np.argwhere(note.happened).tolist()}
        told += [(t, *note.places[k].tolist(), name) for k, name in sorted(now - before)]
        before = now
    size = max(10, min(at.p // 3, 15))
    high, taken = round(size * 1.4) + 2, list[tuple[int, int, int]]()
    for t, y, x, name in told[::-1][:EVENTS]:
        words = f"{name} {t}"
        wide = text_width(words, size, True) + 2
        upper, left = _corner(frame, at, y, x)
        column = min(max(left, 2), max(frame.shape[1] - wide - 2, 2))
        for row in (upper - high, upper - 2 * high, upper + at.p, upper + at.p + high):
            if all(abs(row - r) >= high or column + wide < a or b < column for r, a, b in taken):
                _tag(frame, words, row, column, size, _tone(world, name))
                taken.append((row, column, column + wide))
                break


def _tone(world: World, event: str) -> tuple[int, int, int]:
    """The colour of an event: that of the goal it earns points for."""
    for goal in world.goals:
        if goal.weights.get(event, 0) > 0:
            return MARKS[mark_of(world, goal)]
    return TEXT


def _corner(frame: np.ndarray, at: Window, y: int, x: int) -> tuple[int, int]:
    """The upper left pixel of a cell."""
    return y * at.p - round(at.y * at.p - frame.shape[0] / 2), x * at.p - round(
        at.x * at.p - frame.shape[1] / 2
    )


def _tag(
    frame: np.ndarray, words: str, row: int, column: int, size: int, ink: tuple[int, int, int]
) -> None:
    wide = text_width(words, size, True)
    if 0 <= row < frame.shape[0] - round(size * 1.5) and 1 <= column < frame.shape[1] - wide - 1:
        box(frame, row, column - 1, row + round(size * 1.4), column + wide + 1, DARK, 3)
        write(frame, words, row, column, size, ink, True)


def patches(picture: np.ndarray, moved: np.ndarray) -> None:
    """Saliency on what an agent sees in pictures: the frames of `sway_tile` on its patches."""
    p = picture.shape[0] // moved.shape[0]
    for y, x, sway in swayed(moved):
        blend(picture, sway_tile(sway, p), y * p, x * p)


# -- art, of some sizes of cells at a time


@kept
def value_tile(level: int, p: int) -> Stamp:
    """A tint from dark blue (low) to bright yellow (high), with a bar that grows."""
    low, high = np.array((38, 52, 130)), np.array((250, 225, 70))
    fill = "#" + "".join(f"{int(v):02x}" for v in np.rint(low + (high - low) * level / LEVELS))
    bar = 100 - 11 * level
    art = f"tile\nbox {fill}@58 0 0 100 100 flat\nbox {fill} 0 {bar} 9 100 flat"
    return painted(art, p)


@kept
def sway_tile(sway: int, p: int) -> Stamp:
    """A frame around a cell, thicker the more it moves a chance, with a plus (likelier) or a minus
    (less likely).
    """
    fill = hexed(FOR if sway > 0 else AGAINST)
    n, tint = 3 + 4 * abs(sway), 12 + 10 * abs(sway)
    shapes = [f"box {fill}@{tint} 0 0 100 100 flat"]
    shapes += [f"box {fill} {a} {b} {c} {d} flat" for a, b, c, d in (
        (0, 0, 100, n), (0, 100 - n, 100, 100), (0, 0, n, 100), (100 - n, 0, 100, 100)
    )]  # fmt: skip
    shapes.append("box ink 58 58 98 98 flat")
    shapes.append("box white 64 74 92 82 flat")
    if sway > 0:
        shapes.append("box white 74 64 82 92 flat")
    return painted("tile\n" + "\n".join(shapes), p)


@kept
def arrow(turn: int, length: int, p: int) -> Stamp:
    """An arrow in one of `TURNS` directions, of one of `STEPS` lengths, in the middle of a cell."""
    angle = turn * 2 * math.pi / TURNS
    c, s = math.cos(angle), math.sin(angle)
    reach = 14 + 6.5 * length
    points = [
        (-reach, -5),
        (reach - 16, -5),
        (reach - 16, -15),
        (reach, 0),
        (reach - 16, 15),
        (reach - 16, 5),
    ]
    points.append((-reach, 5))
    turned = " ".join(f"{50 + a * c - b * s:.2f} {50 + a * s + b * c:.2f}" for a, b in points)
    return painted(f"poly white {turned} flat", p)


@kept
def rest(p: int) -> Stamp:
    """A dot: it would stay."""
    return painted("disc white 50 50 7 flat", p)


TITLES = {
    "trail": "trails", "plan": "planned path", "value": "value", "arrows": "policy arrows", "visits": "visits",
    "marks": "goals", "ghost": "other's ghost", "saliency": "saliency", "events": "events",
    "posterior": "goal posterior", "alarm": "alarm",
}  # fmt: skip


def sign(frame: np.ndarray, overlay: str, y: int, x: int, on: bool) -> None:
    """The sign of an overlay in the legend, 18 pixels wide."""
    strength = 1.0 if on else 0.4
    if overlay in ("posterior", "alarm"):
        gauges.sign(frame, overlay, y, x, on)
    elif overlay == "marks":
        icon(frame, INTENDED, y, x - 2, 12, strength)
        icon(frame, PROXY, y + 5, x + 7, 12, strength)
    elif overlay == "ghost":
        box(frame, y + 2, x + 2, y + 16, x + 16, DIM if on else LINE, 7)
        box(frame, y + 5, x + 5, y + 8, x + 7, DARK)
        box(frame, y + 5, x + 11, y + 8, x + 13, DARK)
    elif overlay == "visits":
        write(frame, "3", y - 1, x + 5, 14, TEXT if on else DIM, True)
    elif overlay == "events":
        box(frame, y + 3, x, y + 15, x + 18, MARKS[INTENDED] if on else LINE, 3)
        write(frame, "14", y + 1, x + 2, 13, DARK, True)
    else:
        y, x, dot, tile, long, big = in_pixels(y + 9, x + 9, 40, 16, 14, 18)
        stamp = {
            "trail": dot_art(COLOURS[0], dot, False),
            "plan": dot_art((244, 241, 232), dot, True),
            "value": value_tile(6, tile),
            "arrows": arrow(long, 4, big),
            "saliency": sway_tile(3, tile),
        }[overlay]
        n = stamp.rgb.shape[0]
        blend(frame, stamp, y - n // 2, x - n // 2)
