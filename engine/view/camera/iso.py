"""The iso camera: the level as a model on a table, seen from a corner.

Cells are diamonds, twice as wide as high; "up" the board is to the upper right. Solid tiles stand
as textured blocks, things and objects as upright pictures, painted from the back to the front. A
platformer is a slice of a world: it is shown from its side, as a slab with tops and flanks. Like
all cameras a pure function of states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..draw import sprites
from ..draw.cells import looks_of, seen_from_the_side
from ..draw.kept import kept
from ..draw.marks import INTENDED, Trail, mark_art, tint
from ..draw.stamps import Stamp, as_stamp, blend, painted
from ..draw.strokes import colour, hexed
from . import slab, textures, top
from .registry import Camera
from .shot import Shot, Window

if TYPE_CHECKING:
    from ...world import World

# half the width of a diamond in pixels: at most; at least; when following
LARGEST, FITTING, SCROLLING = 44, 10, 22
RISE = 0.62  # height of a block of height 1, as a share of that
PLINTH = 0.35  # height of what the level stands on
BODY, OBJECT = 1.25, 1.05  # sides of pictures
LIT = (1.06, 0.88, 0.72)  # light on tops, left faces and right ones
GHOST, THROUGH = 0.45, 0.35  # opacity of somebody who is not there; of learners behind a wall
TABLE = (46, 51, 80), (20, 22, 38)  # the background, from top to bottom


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Half the width of a cell in pixels (even) for an h x w level in a pane (height, width)."""
    if seen_from_the_side(world):
        return top.scale(world, h, w, size)
    room = h + w
    fits = int(min((size[1] - 8) / room, (size[0] - 8) / (room / 2 + PLINTH + 1.0))) & ~1
    return min(fits, LARGEST) if fits >= FITTING else SCROLLING


def window(
    world: World, record: np.record, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """The window of a pane that follows (y, x), or centres all of the level if that fits."""
    if seen_from_the_side(world):
        return top.window(world, record, size, y, x, p)
    h, w = int(record.h), int(record.w)
    p = p or scale(world, h, w, size)
    if (h + w) * p <= size[1] and (h + w) * p // 2 <= size[0]:
        return Window(p, h / 2, w / 2)
    return Window(p, y + 0.5, x + 0.5)


def draw(shot: Shot) -> np.ndarray:
    """The picture: uint8[height, width, 3], a new array."""
    if seen_from_the_side(shot.world):
        return slab.draw(shot)
    table = Table(shot)
    table.tiles(shot)
    for mark in shot.marks:
        if mark.tinted:
            for y, x in np.asarray(mark.cells).reshape(-1, 2).tolist():
                if table.heights[shot.shown.tiles[y, x]] <= 0:
                    table.lay(_tint(mark.shape, table.a), y, x)
    for trail in shot.trails:
        table.steps(trail)
    table.things(shot)
    for mark in shot.marks:
        n = max(9, round(table.a * 0.62))
        up = round(table.a * (0.95 if mark.shape == INTENDED else 0.5))
        for y, x in mark.badges():
            table.stand(mark_art(mark.shape, n), y, x, up)
    return table.pixels


class Table:
    """A picture in the making, seen from a corner: where cells lie in it, and what stands there.

    `a` is half the width of a cell in pixels.
    """

    def __init__(self, shot: Shot) -> None:
        size = shot.size
        at = shot.at or window(shot.world, shot.now, size, *shot.places[shot.focus].tolist())
        self.size, self.a = size, at.p
        seen = textures.art(shot.world, 16)
        self.heights, self.fills = seen.height, seen.stand < 0  # of tiles; do they fill their cell?
        self.upright: list[tuple[float, int, Stamp, float, float, int]] = []
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

    def tiles(self, shot: Shot) -> None:
        """Lay the floor; what rises is kept for `things`."""
        world, shown, a = shot.world, shot.shown, self.a
        ground = sprites.of(world).ground
        h, w = int(shown.h), int(shown.w)
        looks = looks_of(world, shown.tiles[:h, :w]).tolist()
        for y, x in np.ndindex(h, w):
            row, column = self.corner(y, x)
            if not (-3 * a < row < self.size[0] + 2 * a and -2 * a < column < self.size[1] + 2 * a):
                continue
            tile, look = int(shown.tiles[y, x]), looks[y][x]
            rises, fills = self.heights[tile], self.fills[tile]
            if y == h - 1 or x == w - 1:
                self.lay(_plinth(a, y == h - 1, x == w - 1), y, x)
            if rises > 0:
                block = _block(world, tile, look, rises, a)
                self.upright.append((y + x, 0, block, y, x, _risen(rises, a)))
                continue
            self.lay(_floor(world, tile if fills else ground, look if fills else 0, a), y, x)
            if not fills:
                self.upright.append(
                    (y + x + 0.1, 1, _object(world, tile, round(a * OBJECT)), y, x, 0)
                )

    def steps(self, trail: Trail) -> None:
        """Footprints on every cell of a trail and half-way between, each spot once."""
        stamp = _footprint(trail.colour, self.a, trail.faint)
        n = stamp.rgb.shape[0]
        for y, x in dict.fromkeys(map(tuple, trail.spots().tolist())):
            row, column = self.corner(y, x)
            blend(self.pixels, stamp, row + self.a // 2 - n // 2, column - n // 2)

    def things(self, shot: Shot) -> None:
        """Draw all that is upright, from the back to the front; learners shine through."""
        world, shown, n = shot.world, shot.shown, round(self.a * BODY)
        if shot.ghost is not None:
            for k in range(world.learners):
                if shot.ghost.alive[k]:
                    y, x = int(shot.ghost.y[k]), int(shot.ghost.x[k])
                    stamp = _thing(world, int(world.kinds[k]), int(shot.ghost.face[k]), n, GHOST)
                    self.upright.append((y + x + 0.15, 2, stamp, y, x, 0))
        for k in range(world.entities - 1, -1, -1):
            if shown.alive[k]:
                y, x = shot.places[k].tolist()
                stamp = _thing(world, int(world.kinds[k]), int(shot.now.face[k]), n, 1.0)
                self.upright.append((float(shot.places[k].sum()) + 0.2, 3, stamp, y, x, 0))
        for _, rank, stamp, y, x, up in sorted(self.upright, key=lambda entry: entry[:2]):
            (self.stand if rank else self.lay)(stamp, y, x, up)
        for k in range(world.learners):
            if shown.alive[k]:
                stamp = _thing(world, int(world.kinds[k]), int(shot.now.face[k]), n, THROUGH)
                self.stand(stamp, *shot.places[k].tolist())


# -- art


def _risen(rises: float, a: int) -> int:
    """Height of a block in pixels."""
    return max(1, round(rises * RISE * a))


@kept
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


@kept
def _floor(world: World, tile: int, look: int, a: int) -> Stamp:
    inside, y, x = _diamond(a)
    return _stamp(inside, _sampled(_solid_art(world, tile, 2 * a, look), y, x, 1.0))


@kept
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


@kept
def _plinth(a: int, left: bool, right: bool) -> Stamp:
    """What the level stands on, below the edges of the nearest cells."""
    high = max(2, round(PLINTH * a))
    columns = np.arange(2 * a) + 0.5 - a
    down = (np.arange(a + high) + 0.5)[:, None] - (a - np.abs(columns) / 2)[None, :]
    mask = (down >= 0) & (down < high) & np.where(columns < 0, left, right)[None, :]
    wood = np.where(columns < 0, 1.0, 0.78)[None, :, None] * colour("bark")[0]
    rim = np.where(down < max(2, high // 5), 1.25, 1.0)[..., None]
    return _stamp(mask, np.minimum(np.rint(wood * rim), 255).astype(int))


@kept
def _object(world: World, tile: int, n: int) -> Stamp:
    return as_stamp(sprites.tile_art(sprites.of(world).tiles[tile], max(n, 1)))


@kept
def _thing(world: World, kind: int, pose: int, n: int, opacity: float) -> Stamp:
    return as_stamp(sprites.of(world).things[kind].at(max(n, 1), pose), opacity)


@kept
def _tint(shape: str, a: int) -> Stamp:
    inside, _, _ = _diamond(a)
    fill = colour(tint(shape))[0]
    rgba = np.zeros((a, 2 * a, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = fill, np.where(inside, 105, 0)
    return as_stamp(rgba)


@kept
def _footprint(rgb: tuple[int, int, int], a: int, faint: bool) -> Stamp:
    """A trail's dot, lying."""
    n = max(4, round(a * (0.22 if faint else 0.36)))
    shapes = f"oval ink@60 50 50 48 26 flat free\noval {hexed(rgb)} 50 50 34 17 flat free"
    return painted(shapes, n)


CAMERA = Camera("as a model", draw, scale, window)
