"""The iso camera: the level as a model on a table, seen from a corner.

Cells are diamonds, twice as wide as high; "up" the board is to the upper right. Solid tiles stand
as textured blocks, things and objects as upright pictures, painted from the back to the front. A
platformer is a slice of a world: it is shown from its side, as a slab with tops and flanks. Like
all cameras a pure function of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..draw import sprites
from . import textures, top
from .top import Stamp, as_stamp, blend

if TYPE_CHECKING:
    from ...world import World

# half the width of a diamond in pixels: at most; at least; when following
LARGEST, FITTING, SCROLLING = 44, 10, 22
RISE = 0.62  # height of a block of height 1, as a share of that
PLINTH = 0.35  # height of what the level stands on
BODY, OBJECT = 1.25, 1.05  # sides of pictures
LIT = (1.06, 0.88, 0.72)  # light on tops, left faces and right ones
DEEP = 0.4  # depth of a platformer's slab in cells
TABLE = (46, 51, 80), (20, 22, 38)  # the background, from top to bottom


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Half the width of a cell in pixels (even) for an h x w level in a pane (height, width)."""
    if top.seen_from_the_side(world):
        return top.scale(world, h, w, size)
    room = h + w
    fits = int(min((size[1] - 8) / room, (size[0] - 8) / (room / 2 + PLINTH + 1.0))) & ~1
    return min(fits, LARGEST) if fits >= FITTING else SCROLLING


def window(
    world: World, record: Any, size: tuple[int, int], y: float, x: float, p: int = 0
) -> top.Window:
    """The window of a pane that follows (y, x), or centres all of the level if that fits."""
    if top.seen_from_the_side(world):
        return top.window(world, record, size, y, x, p)
    h, w = int(record.h), int(record.w)
    p = p or scale(world, h, w, size)
    if (h + w) * p <= size[1] and (h + w) * p // 2 <= size[0]:
        return top.Window(p, h / 2, w / 2)
    return top.Window(p, y + 0.5, x + 0.5)


def draw(
    world: World,
    states: np.recarray,
    i: int = 0,
    size: tuple[int, int] = (480, 640),
    previous: Any = None,
    fraction: float = 1.0,
    at: top.Window | None = None,
    trails: Sequence[top.Trail] = (),
    marks: Sequence[top.Mark] = (),
    ghost: Any = None,
    focus: int = 0,
) -> np.ndarray:
    """A picture of state `i` of a batch: uint8[height, width, 3], a new array. Arguments as for
    `top.draw`.
    """
    now = states[i]
    if previous is None or fraction >= 1.0:
        previous, fraction = now, 1.0
    elif fraction <= 0.0:
        now, previous, fraction = previous, previous, 1.0
    spots = top.positions(previous, now, fraction)
    if at is None:
        at = window(world, now, size, *spots[focus].tolist())
    shown = now if fraction >= 0.5 else previous
    if top.seen_from_the_side(world):
        return _slab(world, shown, now, spots, size, at, trails, marks, ghost)
    return _board(world, shown, now, spots, size, at, trails, marks, ghost)


# -- a level seen from above


class _Frame:
    """A picture in the making: where cells lie in it."""

    def __init__(self, size: tuple[int, int], at: top.Window) -> None:
        self.a = at.p
        self.pixels = np.empty((*size, 3), np.uint8)
        ramp = (np.arange(size[0]) / max(size[0] - 1, 1))[:, None]
        self.pixels[:] = np.rint(np.array(TABLE[0]) * (1 - ramp) + np.array(TABLE[1]) * ramp)[
            :, None
        ]
        # whole pixels, and even rows: diamonds then fit without seams
        self.left = round((at.x - at.y) * self.a - size[1] / 2)
        self.top = round((at.x + at.y) * self.a / 2 - size[0] / 2)

    def corner(self, y: float, x: float) -> tuple[int, int]:
        """The pixel (row, column) of the far corner of a cell."""
        return round((x + y) * self.a / 2) - self.top, round((x - y) * self.a) - self.left

    def lay(self, stamp: Stamp, y: float, x: float, up: int = 0) -> None:
        """Lay a stamp as wide as a cell on it, `up` pixels higher."""
        row, column = self.corner(y, x)
        blend(self.pixels, stamp, row - up, column - self.a)

    def stand(self, stamp: Stamp, y: float, x: float, up: int = 0) -> None:
        """Stand an upright picture on the middle of a cell."""
        row, column = self.corner(y, x)
        n = stamp.rgb.shape[0]
        blend(self.pixels, stamp, row + round(self.a * 0.72) - n - up, column - n // 2)


def _board(world, shown, now, spots, size, at, trails, marks, ghost) -> np.ndarray:
    frame, art = _Frame(size, at), sprites.of(world)
    a, h, w = frame.a, int(shown.h), int(shown.w)
    seen = textures.art(world, 16)  # which tiles are blocks and which are objects
    ys, xs = np.mgrid[:h, :w]
    noise = top._scatter(ys, xs)
    upright: list[tuple[float, int, Any]] = []  # depth, rank, what to draw
    for y in range(h):
        for x in range(w):
            row, column = frame.corner(y, x)
            if not (-3 * a < row < size[0] + 2 * a and -2 * a < column < size[1] + 2 * a):
                continue
            tile = int(shown.tiles[y, x])
            look = (
                0
                if noise[y, x] % 8 < 4
                else int(noise[y, x] >> np.uint32(8)) % (_looks(world, tile) + 1)
            )
            rises = seen.height[tile]
            if y == h - 1 or x == w - 1:
                frame.lay(_plinth(a, y == h - 1, x == w - 1), y, x)
            if rises > 0:
                upright.append(
                    (y + x, 0, (_block(world, tile, look, rises, a), y, x, _risen(rises, a)))
                )
                continue
            flat = seen.stand[tile] < 0
            frame.lay(_floor(world, tile if flat else art.ground, look if flat else 0, a), y, x)
            if not flat:
                upright.append((y + x + 0.1, 1, (_object(world, tile, round(a * OBJECT)), y, x)))
    for mark in marks:
        if mark.shape == top.PROXY or len(mark.cells) > top.REGION:
            for y, x in np.asarray(mark.cells).reshape(-1, 2).tolist():
                if seen.height[shown.tiles[y, x]] <= 0:
                    frame.lay(_tint(mark.shape, a), y, x)
    for trail in trails:
        _steps(frame, trail)
    if ghost is not None:
        for k in range(world.learners):
            if ghost.alive[k]:
                stamp = _thing(
                    world, int(world.kinds[k]), int(ghost.face[k]), round(a * BODY), 0.45
                )
                upright.append(
                    (
                        float(ghost.y[k] + ghost.x[k]) + 0.15,
                        2,
                        (stamp, int(ghost.y[k]), int(ghost.x[k])),
                    )
                )
    for k in range(world.entities - 1, -1, -1):
        if shown.alive[k]:
            stamp = _thing(world, int(world.kinds[k]), int(now.face[k]), round(a * BODY), 1.0)
            upright.append((float(spots[k].sum()) + 0.2, 3, (stamp, *spots[k].tolist())))
    for _, rank, what in sorted(upright, key=lambda entry: entry[:2]):
        if rank:
            frame.stand(*what)
        else:
            frame.lay(*what)
    for k in range(world.learners):  # shine through what hides them
        if shown.alive[k]:
            stamp = _thing(world, int(world.kinds[k]), int(now.face[k]), round(a * BODY), 0.35)
            frame.stand(stamp, *spots[k].tolist())
    for mark in marks:
        cells = np.asarray(mark.cells).reshape(-1, 2)
        if len(cells) > top.REGION:
            middle = cells.mean(0)
            cells = cells[np.abs(cells - middle).sum(1).argmin()][None]
        n = max(9, round(a * 0.62))
        for y, x in cells.tolist():
            up = round(a * 0.95) if mark.shape == top.INTENDED else round(a * 0.5)
            frame.stand(top.mark_art(mark.shape, n), y, x, up)
    return frame.pixels


def _looks(world: World, tile: int) -> int:
    return int(top._tables(world)[0][tile])


def _risen(rises: float, a: int) -> int:
    """Height of a block in pixels."""
    return max(1, round(rises * RISE * a))


@lru_cache(maxsize=16)
def _diamond(a: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which pixels of an a x 2a picture belong to a cell, and the places (y, x) on it of 2 x 2
    points in each pixel.

    Every pixel of a plane of diamonds belongs to exactly one.
    """
    rows, columns = (np.arange(2 * a) + 0.5) / 2, (np.arange(4 * a) + 0.5) / 2 - a
    across, down = columns[None, :] / a, 2 * rows[:, None] / a
    y, x = (down - across) / 2, (down + across) / 2
    middle_across, middle_down = (
        (np.arange(2 * a) + 0.5 - a)[None, :] / a,
        2 * (np.arange(a) + 0.5)[:, None] / a,
    )
    my, mx = (middle_down - middle_across) / 2, (middle_down + middle_across) / 2
    inside = (my >= 0) & (my < 1) & (mx >= 0) & (mx < 1)
    return inside, np.clip(y, 0, 0.999), np.clip(x, 0, 0.999)


def _sampled(rgba: np.ndarray, y: np.ndarray, x: np.ndarray, light: float) -> np.ndarray:
    """RGB int[rows, columns, 3]: the average of the art at 2 x 2 places (0-1) for each pixel,
    lit.
    """
    n = len(rgba)
    found = rgba[(y * n).astype(int), (x * n).astype(int), :3].astype(int)
    rows, columns = found.shape[0] // 2, found.shape[1] // 2
    mean = found.reshape(rows, 2, columns, 2, 3).sum((1, 3)) / 4
    return np.minimum(np.rint(mean * light), 255).astype(int)


def _stamp(mask: np.ndarray, rgb: np.ndarray) -> Stamp:
    alpha = np.where(mask, 255, 0)[..., None]
    return as_stamp(np.concatenate([rgb, alpha], -1).astype(np.uint8))


def _solid_art(world: World, tile: int, p: int, look: int, edges: str = "") -> np.ndarray:
    """A tile's art over the ground, without holes."""
    art = sprites.of(world)
    below = np.full((p, p, 4), 255, np.uint8)
    below = sprites.pile(sprites.tile_art(art.tiles[art.ground], p), below)
    return sprites.pile(sprites.tile_art(art.tiles[tile], p, look, edges), below)


@lru_cache(maxsize=512)
def _floor(world: World, tile: int, look: int, a: int) -> Stamp:
    inside, y, x = _diamond(a)
    return _stamp(inside, _sampled(_solid_art(world, tile, 2 * a, look), y, x, 1.0))


@lru_cache(maxsize=512)
def _block(world: World, tile: int, look: int, rises: float, a: int) -> Stamp:
    """A block: its top, and below it the faces towards the lower left and the lower right."""
    high = _risen(rises, a)
    inside, y, x = _diamond(a)
    rgb, mask = np.zeros((a + high, 2 * a, 3), int), np.zeros((a + high, 2 * a), bool)
    rgb[:a], mask[:a] = _sampled(_solid_art(world, tile, 2 * a, look, "ul"), y, x, LIT[0]), inside
    sprite = sprites.of(world).tiles[tile]
    front = sprites.pile(
        textures.face_of(sprite, "front", 2 * a), _solid_art(world, tile, 2 * a, 0)
    )
    columns = np.arange(2 * a) + 0.5 - a
    foot = a - np.abs(columns) / 2  # of the top's near edges
    v = (np.arange(2 * (a + high)) + 0.5)[:, None] / 2 - np.repeat(foot, 2)[None, :]
    fine = (np.arange(4 * a) + 0.5) / 2 - a
    u = np.where(fine < 0, (fine + a) / a, fine / a)[None, :]
    inner = np.clip(v / high, 0, 0.999) * min(rises, 1.0)
    down = (np.arange(a + high) + 0.5)[:, None] - foot[None, :]
    faces = (down >= 0) & (down < high) & ~mask
    light = np.where(columns < 0, LIT[1], LIT[2])[None, :, None]
    lit = np.minimum(np.rint(_sampled(front, inner, u + 0 * inner, 1.0) * light), 255).astype(int)
    rgb[faces] = lit[faces]
    return _stamp(mask | faces, rgb)


@lru_cache(maxsize=64)
def _plinth(a: int, left: bool, right: bool) -> Stamp:
    """What the level stands on, below the edges of the nearest cells."""
    high = max(2, round(PLINTH * a))
    columns = np.arange(2 * a) + 0.5 - a
    down = (np.arange(a + high) + 0.5)[:, None] - (a - np.abs(columns) / 2)[None, :]
    mask = (down >= 0) & (down < high) & np.where(columns < 0, left, right)[None, :]
    wood = np.where(columns < 0, 1.0, 0.78)[None, :, None] * sprites.colour("bark")[0]
    rim = np.where(down < max(2, high // 5), 1.25, 1.0)[..., None]
    return _stamp(mask, np.minimum(np.rint(wood * rim), 255).astype(int))


@lru_cache(maxsize=256)
def _object(world: World, tile: int, n: int) -> Stamp:
    return as_stamp(sprites.tile_art(sprites.of(world).tiles[tile], max(n, 1)))


@lru_cache(maxsize=512)
def _thing(world: World, kind: int, pose: int, n: int, opacity: float) -> Stamp:
    return as_stamp(sprites.of(world).things[kind].at(max(n, 1), pose), opacity)


@lru_cache(maxsize=64)
def _tint(shape: str, a: int) -> Stamp:
    inside, _, _ = _diamond(a)
    fill = sprites.colour("yellow" if shape == top.INTENDED else "pink")[0]
    rgba = np.zeros((a, 2 * a, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = fill, np.where(inside, 105, 0)
    return as_stamp(rgba)


@lru_cache(maxsize=64)
def _footprint(rgb: tuple[int, int, int], a: int, faint: bool) -> Stamp:
    """A trail's dot, lying."""
    n = max(4, round(a * (0.22 if faint else 0.36)))
    fill = "#" + "".join(f"{v:02x}" for v in rgb)
    shapes = f"oval ink@60 50 50 48 26 flat free\noval {fill} 50 50 34 17 flat free"
    return as_stamp(sprites.paint(sprites.parse(shapes), n))


def _steps(frame: _Frame, trail: top.Trail) -> None:
    """Footprints on every cell of a trail and half-way between."""
    cells = np.asarray(trail.cells, float).reshape(-1, 2)
    stamp = _footprint(trail.colour, frame.a, trail.faint)
    n = stamp.rgb.shape[0]
    spots = list(map(tuple, cells.tolist()))
    for before, after in pairwise(cells):
        if np.abs(after - before).max() <= 3:
            spots.append(tuple(((before + after) / 2).tolist()))
    for y, x in dict.fromkeys(spots):
        row, column = frame.corner(y, x)
        blend(frame.pixels, stamp, row + frame.a // 2 - n // 2, column - n // 2)


# -- a platformer, seen from its side


def _slab(world, shown, now, spots, size, at, trails, marks, ghost) -> np.ndarray:
    p, deep = at.p, max(2, round(at.p * DEEP))
    upper, left = round(at.y * p - size[0] / 2), round(at.x * p - size[1] / 2)
    frame, objects = top._tiles(world, sprites.of(world), shown, size, p, upper, left)
    y0, y1 = max(0, upper // p), min(int(shown.h), -(-(upper + size[0]) // p))
    x0, x1 = max(0, left // p), min(int(shown.w), -(-(left + size[1]) // p))
    keys = top.cell_keys(world, shown, y0, y1, x0, x1).tolist() if y0 < y1 and x0 < x1 else []
    blocks = textures.art(world, 16).height > 0
    h, w = int(shown.h), int(shown.w)

    def block(y: int, x: int) -> bool:
        return 0 <= y < h and 0 <= x < w and bool(blocks[shown.tiles[y, x]])

    # tops and flanks first, then the fronts once more: those of nearer cells hide what lies behind
    for r, row in enumerate(keys):
        for c in range(len(row)):
            y, x = y0 + r, x0 + c
            if block(y, x):
                tile = int(shown.tiles[y, x])
                if not block(y - 1, x):
                    blend(frame, _roof(world, tile, p, deep), y * p - upper - deep, x * p - left)
                if not block(y, x + 1):
                    blend(
                        frame,
                        _flank(world, tile, p, deep),
                        y * p - upper - deep,
                        (x + 1) * p - left,
                    )
    for r, row in enumerate(keys):
        for c, key in enumerate(row):
            if block(y0 + r, x0 + c):
                front = _front(world, key, p)
                blend(frame, front, (y0 + r) * p - upper, (x0 + c) * p - left)
    half = deep // 2  # things stand in the middle of the slab
    standing = [
        (stamp, y, x) for stamp, y, x in objects if not block((y + upper) // p, (x + left) // p)
    ]
    for trail in trails:
        top._dots(frame, trail, p, upper + half, left - half)
    for mark in marks:
        if mark.shape == top.PROXY or len(mark.cells) > top.REGION:
            top._region(frame, mark, p, upper + half, left - half)
    for stamp, y, x in standing:
        blend(frame, stamp, y - half, x + half)
    if ghost is not None:
        for k in range(world.learners):
            if ghost.alive[k]:
                stamp = top.thing_art(world, int(world.kinds[k]), int(ghost.face[k]), p, 0.4)
                blend(
                    frame,
                    stamp,
                    int(ghost.y[k]) * p - upper - half,
                    int(ghost.x[k]) * p - left + half,
                )
    for k in range(world.entities - 1, -1, -1):
        if shown.alive[k]:
            stamp = top.thing_art(world, int(world.kinds[k]), int(now.face[k]), p, 1.0)
            y, x = round(spots[k, 0] * p) - upper - half, round(spots[k, 1] * p) - left + half
            blend(frame, stamp, y, x)
    for mark in marks:
        top._badge(frame, mark, p, upper + half, left - half)
    return frame


@lru_cache(maxsize=1024)
def _front(world: World, key: int, p: int) -> Stamp:
    """The front of a block as the top camera draws it, without holes."""
    ground, thing = top.cell_art(world, key, p)
    if ground is not None:
        return ground
    sprite = sprites.of(world).tiles[key // 4 // 16 // 32]
    assert thing is not None
    return as_stamp(
        sprites.pile(textures.face_of(sprite, "front", p), np.full((p, p, 4), 255, np.uint8))
    )


@lru_cache(maxsize=256)
def _roof(world: World, tile: int, p: int, deep: int) -> Stamp:
    """The top of a block, going back to the right."""
    art = sprites.pile(
        textures.face_of(sprites.of(world).tiles[tile], "top", p), np.full((p, p, 4), 255, np.uint8)
    )
    rgba = np.zeros((deep, p + deep, 4), np.uint8)
    for r in range(deep):
        shift = deep - r - 1
        line = art[min(int((r + 0.5) / deep * p), p - 1), :, :3].astype(float) * 1.04
        rgba[r, shift + 1 : shift + 1 + p, :3] = np.minimum(np.rint(line), 255)
        rgba[r, shift + 1 : shift + 1 + p, 3] = 255
    return as_stamp(rgba)


@lru_cache(maxsize=256)
def _flank(world: World, tile: int, p: int, deep: int) -> Stamp:
    """The right side of a block, going back upwards."""
    sprite = sprites.of(world).tiles[tile]
    side = sprites.tile_art(sprite, p)
    if not textures.is_block(side):
        side = textures.face_of(sprite, "front", p)
    art = sprites.pile(side, np.full((p, p, 4), 255, np.uint8))
    rgba = np.zeros((p + deep, deep, 4), np.uint8)
    for c in range(deep):
        shift = deep - c - 1
        line = art[:, min(int((c + 0.5) / deep * p), p - 1), :3].astype(float) * LIT[2]
        rgba[shift : shift + p, c, :3] = np.rint(line)
        rgba[shift : shift + p, c, 3] = 255
    return as_stamp(rgba)
