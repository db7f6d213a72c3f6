"""Parts of a level, for who draws one: copied and pasted, mirrored, turned; and boards made larger or
smaller.

All of it changes a record in place. Poses and the world's own fields stay as they are: what they
mean is the world's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import UserError
from ..world import World

Cell = tuple[int, int]  # y, x


class Region(NamedTuple):
    """Cells from row y0 to before y1, and from column x0 to before x1."""

    y0: int
    x0: int
    y1: int
    x1: int

    @classmethod
    def between(cls, one: Cell, other: Cell) -> Region:
        """The rectangle that has these cells in its corners."""
        (top, bottom), (left, right) = (sorted(pair) for pair in zip(one, other, strict=True))
        return cls(top, left, bottom + 1, right + 1)

    def cells(self) -> list[Cell]:
        """All of them, in reading order."""
        return [(y, x) for y in range(self.y0, self.y1) for x in range(self.x0, self.x1)]

    def holds(self, y: int, x: int) -> bool:
        """Is the cell one of them?"""
        return self.y0 <= y < self.y1 and self.x0 <= x < self.x1


class Piece(NamedTuple):
    """What was copied: tiles uint8[h, w], and of each thing its kind, y and x within, and pose."""

    tiles: np.ndarray
    things: tuple[tuple[int, int, int, int], ...]


def line(one: Cell, other: Cell) -> list[Cell]:
    """The cells of a straight line, both ends among them."""
    (y, x), (end_y, end_x) = one, other
    steps = max(abs(end_y - y), abs(end_x - x), 1)
    places = np.linspace((y, x), (end_y, end_x), steps + 1)
    return list(dict.fromkeys((round(a + 1e-9), round(b + 1e-9)) for a, b in places.tolist()))


def whole(s: np.record) -> Region:
    """All of a level."""
    return Region(0, 0, int(s.h), int(s.w))


def copy(world: World, s: np.record, part: Region) -> Piece:
    """What lies and stands in a part."""
    here = [k for k in np.flatnonzero(s.alive) if part.holds(int(s.y[k]), int(s.x[k]))]
    things = [
        (int(world.kinds[k]), int(s.y[k]) - part.y0, int(s.x[k]) - part.x0, int(s.face[k]))
        for k in here
    ]
    return Piece(s.tiles[part.y0 : part.y1, part.x0 : part.x1].copy(), tuple(things))


def paste(world: World, s: np.record, piece: Piece, y: int, x: int) -> int:
    """Lay what was copied down, its upper left cell on (y, x); what reaches over the edge is cut
    off.

    Things are put there as far as the world has more of them than are in play; returns how many
    were left out.
    """
    high, wide = min(piece.tiles.shape[0], s.h - y), min(piece.tiles.shape[1], s.w - x)
    s.tiles[y : y + high, x : x + wide] = piece.tiles[:high, :wide]
    left = 0
    for kind, down, right, face in piece.things:
        if down >= high or right >= wide or taken(s, y + down, x + right):
            continue
        spare = np.flatnonzero((world.kinds == kind) & (s.alive == 0))
        if not len(spare):
            left += 1
            continue
        k = spare[0]
        s.y[k], s.x[k], s.face[k], s.alive[k] = y + down, x + right, face, 1
    return left


def taken(s: np.record, y: int, x: int) -> bool:
    """Does a thing stand there?"""
    return bool(((s.y == y) & (s.x == x) & (s.alive > 0)).any())


def mirror(s: np.record, part: Region) -> None:
    """Left and right of a part change places, with all that stands there."""
    tiles = s.tiles[part.y0 : part.y1, part.x0 : part.x1]
    tiles[:] = tiles[:, ::-1].copy()
    for k in _within(s, part):
        s.x[k] = part.x0 + part.x1 - 1 - s.x[k]


def turn(world: World, s: np.record, part: Region) -> None:
    """A quarter turn of a part clockwise, with all that stands there. A whole level may change its
    size with it; UserError where there is no room for that, or a part is no square.
    """
    high, wide = part.y1 - part.y0, part.x1 - part.x0
    if high != wide:
        if part != whole(s):
            raise UserError(f"a part of {high} x {wide} cells is no square, so it cannot be turned")
        fits(world, wide, high)
    here = _within(s, part)
    turned = np.rot90(s.tiles[part.y0 : part.y1, part.x0 : part.x1].copy(), -1)
    if high != wide:
        s.tiles[:] = 0
        s.h, s.w = wide, high
    s.tiles[part.y0 : part.y0 + wide, part.x0 : part.x0 + high] = turned
    for k in here:
        down, right = s.y[k] - part.y0, s.x[k] - part.x0
        s.y[k], s.x[k] = part.y0 + right, part.x0 + high - 1 - down


def _within(s: np.record, part: Region) -> list[int]:
    present = np.flatnonzero(s.alive).tolist()
    return [k for k in present if part.holds(int(s.y[k]), int(s.x[k]))]


def fits(world: World, h: int, w: int) -> None:
    """UserError unless the world has room for a board of h x w."""
    height, width = world.size
    if not (1 <= h <= height and 1 <= w <= width):
        more = f"; larger: --world {world.name} --world.size {h}x{w}" if world.smallest else ""
        raise UserError(
            f"boards of '{world.name}' are from 1 x 1 to {height} x {width} cells{more}"
        )


def resize(world: World, s: np.record, rows: int, columns: int, ground: int) -> None:
    """So many rows more (or fewer) at the foot, and columns at the right, within the rim of walls
    that may be there. UserError if there is no room, or something stands where cells would go.
    """
    for by, axis in ((rows, 0), (columns, 1)):
        for _ in range(abs(by)):
            _resize(world, s, axis, 1 if by > 0 else -1, ground)


def _resize(world: World, s: np.record, axis: int, by: int, ground: int) -> None:
    """One row (axis 0) or column (1) more or fewer."""
    size, places = [int(s.h), int(s.w)], (s.y, s.x)[axis]
    new = [size[0] + by * (axis == 0), size[1] + by * (axis == 1)]
    fits(world, *new)
    board = s.tiles[: size[0], : size[1]].copy()
    lines = board if axis == 0 else board.T  # the last of them is the rim, if there is one
    last = lines[-1]
    rim = bool(len(lines) > 1 and (last == last[0]).all() and world.solid[last[0]])
    inner = len(lines) - rim  # where the new line comes; the one before it is what goes
    if by > 0:
        fresh = np.full(len(last), ground, np.uint8)
        if rim:
            fresh[[0, -1]] = last[0]
        lines = np.insert(lines, inner, fresh, 0)
        moved = places >= inner
    else:
        if ((places == inner - 1) & (s.alive > 0)).any():
            raise UserError("something stands there: move it first")
        lines = np.delete(lines, inner - 1, 0)
        moved = places >= inner
    places[moved & (s.alive > 0)] += by
    s.tiles[:] = 0
    s.h, s.w = new
    s.tiles[: new[0], : new[1]] = lines if axis == 0 else lines.T
