"""The top camera: the level from above, with edges, shadows, smooth movement, trails and goal marks.

A platformer is seen from its side, with the sky behind it. The page's player (`film/player.js`)
draws the same pictures from the same stamps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..draw import cells
from ..draw.kept import Latest, kept
from ..draw.marks import INTENDED, Mark, Trail, dot_art, mark_art, tint_art
from ..draw.scenery import scenery
from ..draw.stamps import Stamp, blend
from .registry import Camera
from .shot import Shot, Window

if TYPE_CHECKING:
    from ...world import World

# pixels per cell: at most; at least when scrolling; at least to show it all
LARGEST, SMALLEST, FITTING = 64, 24, 16
# for large screens: cells of this share of a pane's lesser side, or of its greater, where that is more
FILLING, STRIP = 9, 20
LEAST = 12  # pixels of a goal's mark, at least
BADGE = {"star": 0.5, "diamond": 0.46}  # size of a goal's mark, in cells
GHOST = 0.4  # opacity of somebody who is not there


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Pixels per cell for an h x w level in a pane (height, width): all of it if legible."""
    fits = min(size[0] // h, size[1] // w)
    if fits >= FITTING:
        return min(fits, max(LARGEST, min(size) // FILLING, max(size) // STRIP))
    return min(max(size[0] // h, size[1] // w, SMALLEST), 40)


def window(
    world: World, record: np.record, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """The window of a pane that follows (y, x) but stays inside the level, or centres all of it."""
    h, w = int(record.h), int(record.w)
    p = p or scale(world, h, w, size)

    def kept(at: float, cells: int, pixels: int) -> float:
        half = pixels / (2 * p)
        return cells / 2 if cells <= 2 * half else min(max(at + 0.5, half), cells - half)

    return Window(p, kept(y, h, size[0]), kept(x, w, size[1]))


def draw(shot: Shot) -> np.ndarray:
    """The picture: uint8[height, width, 3], a new array."""
    board = Board(shot)
    for stamp, y, x in shot.under:
        board.lay(stamp, y, x)
    board.furnish(shot)
    return board.pixels


@kept
def _blank(size: tuple[int, int], colour: tuple[int, int, int]) -> np.ndarray:
    """Nothing but what lies outside the level: uint8[height, width, 3]."""
    frame = np.empty((*size, 3), np.uint8)
    frame[:] = colour
    return frame


Laid = tuple[np.ndarray, list[tuple[Stamp, int, int]]]
STILL: Latest[Laid] = Latest(4)  # one for each pane of a window


class Board:
    """A picture of square cells in the making, begun with the tiles of a shot.

    Its first pixel is the level's pixel (`top`, `left`), with `p` pixels a cell. `objects` are the
    tiles that do not fill their cell (a coin, a ledge), as stamps with their cell (y, x), not yet
    laid.
    """

    def __init__(self, shot: Shot) -> None:
        at = shot.at or window(shot.world, shot.now, shot.size, *shot.places[shot.focus].tolist())
        self.size, self.p = shot.size, at.p
        self.top = round(at.y * at.p - self.size[0] / 2)
        self.left = round(at.x * at.p - self.size[1] / 2)
        self.objects: list[tuple[Stamp, int, int]] = []
        tiles = np.ascontiguousarray(shot.shown.tiles[: int(shot.shown.h), : int(shot.shown.w)])
        self.outside = shot.surround or cells.BACKDROP
        lies = self.size, self.p, self.top, self.left, self.outside
        self.key = shot.world, tiles.tobytes(), tiles.shape, *lies
        pixels, objects = STILL.get(self.key, lambda: self._still(shot))
        self.pixels, self.objects = pixels.copy(), [*objects]

    def _still(self, shot: Shot) -> Laid:
        """What does not move: pixels and objects. It is the same as long as `key` is."""
        self.pixels = self._background(shot.world, shot.shown)
        for y, x, key in self.keys(shot.world, shot.shown):
            ground, thing = cells.cell_art(shot.world, key, self.p)
            if ground is not None:
                self.lay(ground, y, x)
            if thing is not None:
                self.objects.append((thing, y, x))
        return self.pixels, self.objects

    def _background(self, world: World, record: np.record) -> np.ndarray:
        """What lies behind and around the level."""
        if not cells.seen_from_the_side(world):
            return _blank(self.size, self.outside).copy()  # twenty times as fast as to fill it
        frame = scenery(self.size, self.left)
        if self._visible(record) is not None:  # the landscape ends where the level does
            bottom, right = int(record.h) * self.p - self.top, int(record.w) * self.p - self.left
            frame[: max(0, -self.top)] = frame[max(0, bottom) :] = self.outside
            frame[:, : max(0, -self.left)] = frame[:, max(0, right) :] = self.outside
        return frame

    def _visible(self, record: np.record) -> tuple[int, int, int, int] | None:
        """The cells in the picture: rows from and to, columns from and to; None if there are
        none.
        """
        p, (height, width) = self.p, self.size
        y0, y1 = max(0, self.top // p), min(int(record.h), -(-(self.top + height) // p))
        x0, x1 = max(0, self.left // p), min(int(record.w), -(-(self.left + width) // p))
        return (y0, y1, x0, x1) if y0 < y1 and x0 < x1 else None

    def keys(self, world: World, record: np.record) -> list[tuple[int, int, int]]:
        """The cells in the picture, as (y, x, what `cell_art` draws there)."""
        seen = self._visible(record)
        if seen is None:
            return []
        found = cells.cell_keys(world, record, *seen).tolist()
        return [
            (y, x, key)
            for y, row in enumerate(found, seen[0])
            for x, key in enumerate(row, seen[2])
        ]

    def lay(self, stamp: Stamp, y: float, x: float, up: int = 0) -> None:
        """Lay a stamp with its upper left corner on that of a cell, or `up` pixels higher."""
        blend(self.pixels, stamp, round(y * self.p) - self.top - up, round(x * self.p) - self.left)

    def furnish(self, shot: Shot) -> None:
        """Lay all that stands and lies on the tiles."""
        world, now = shot.world, shot.now
        for trail in shot.trails:
            self._dots(trail)
        for mark in shot.marks:
            if mark.tinted:
                for y, x in np.asarray(mark.cells).tolist():
                    self.lay(tint_art(mark.shape, self.p), y, x)
        for stamp, y, x in self.objects:  # on the trails, not under them
            self.lay(stamp, y, x)
        if shot.ghost is not None:
            for k in range(world.learners):
                if shot.ghost.alive[k]:
                    kind, pose = int(world.kinds[k]), int(shot.ghost.face[k])
                    stamp = cells.thing_art(world, kind, pose, self.p, GHOST)
                    self.lay(stamp, int(shot.ghost.y[k]), int(shot.ghost.x[k]))
        for k in range(world.entities - 1, -1, -1):  # objects first, agents last: they cover all
            if shot.shown.alive[k]:
                stamp = cells.thing_art(world, int(world.kinds[k]), int(now.face[k]), self.p, 1.0)
                self.lay(stamp, *shot.places[k].tolist())
        for stamp, y, x in shot.over:
            self.lay(stamp, y, x)
        for mark in shot.marks:
            self._badge(mark)

    def _dots(self, trail: Trail) -> None:
        """Footprints on every cell of a trail and half-way between, each spot once."""
        stamp = dot_art(trail.colour, self.p, trail.faint)
        n = stamp.rgb.shape[0]
        spots = np.rint((trail.spots() + 0.5) * self.p - n / 2).astype(int) - (self.top, self.left)
        seen = ((spots > -n) & (spots < self.size)).all(1)
        for y, x in dict.fromkeys(map(tuple, spots[seen].tolist())):
            blend(self.pixels, stamp, y, x)

    def _badge(self, mark: Mark) -> None:
        """The mark on a shoulder of each cell (star right, diamond left), or once in a region."""
        p, n = self.p, max(LEAST, round(self.p * BADGE[mark.shape]))
        stamp = mark_art(mark.shape, n)
        shift = p - n + n // 4 if mark.shape == INTENDED else -(n // 4)
        for y, x in mark.badges():
            blend(self.pixels, stamp, y * p - self.top - n // 4, x * p - self.left + shift)


CAMERA = Camera("from above", draw, scale, window, flat=True)
