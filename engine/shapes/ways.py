"""What can be walked: parts linked or walled up, cells so many steps away, doors and their keys."""

from __future__ import annotations

import numpy as np

from .. import rng
from ..grid import DX, DY, flood, inside
from ..jit import rule
from ..layout import free


@rule
def closed(s, wall, door, kinds, y, x):
    """Is the cell outside, wall, or one of the doors?"""
    return not inside(s, y, x) or s.tiles[y, x] == wall or door <= s.tiles[y, x] < door + kinds


@rule
def mark_from(s, wall, y, x, marks, queue, mark, door=0, kinds=0):
    """Write `mark` into `marks` (int64[h, w]) on every cell that can be walked to from (y, x) past
    `wall` and the doors `door`.. `door` + `kinds`; returns how many those are.
    """
    marks[y, x] = mark
    queue[0] = y * s.w + x
    head, tail = 0, 1
    while head < tail:
        y, x = queue[head] // s.w, queue[head] % s.w
        head += 1
        for way in range(1, 5):
            ny, nx = y + DY[way], x + DX[way]
            if not closed(s, wall, door, kinds, ny, nx) and marks[ny, nx] != mark:
                marks[ny, nx] = mark
                queue[tail] = ny * s.w + nx
                tail += 1
    return tail


@rule
def join(s, wall, floor):
    """Link every part of the level that `wall` cuts off to the nearest cell of what is connected
    already.

    Returns how many parts there were.
    """
    marks, queue = np.zeros((s.h, s.w), np.int64), np.empty(s.h * s.w, np.int64)
    parts = 0
    for y in range(s.h):
        for x in range(s.w):
            if s.tiles[y, x] == wall or marks[y, x]:
                continue
            best, by, bx = s.h + s.w, -1, -1
            for ny in range(s.h):
                for nx in range(s.w):
                    if marks[ny, nx] and abs(ny - y) + abs(nx - x) < best:
                        best, by, bx = abs(ny - y) + abs(nx - x), ny, nx
            if by >= 0:
                if rng.below(s, 2):
                    dig(s, wall, floor, y, x, by, bx)
                else:
                    dig(s, wall, floor, by, bx, y, x)
            mark_from(s, wall, y, x, marks, queue, 1)
            parts += 1
    return parts


@rule
def dig(s, wall, floor, ya, xa, yb, xb):
    """A corridor that turns only `wall` into `floor` and leaves what else lies on its way."""
    for x in range(min(xa, xb), max(xa, xb) + 1):
        if s.tiles[ya, x] == wall:
            s.tiles[ya, x] = floor
    for y in range(min(ya, yb), max(ya, yb) + 1):
        if s.tiles[y, xb] == wall:
            s.tiles[y, xb] = floor


@rule
def keep(s, wall, y, x):
    """Every cell that cannot be walked to from (y, x) past `wall` becomes wall; returns how many
    cells are left.
    """
    marks = np.zeros((s.h, s.w), np.int64)
    count = mark_from(s, wall, y, x, marks, np.empty(s.h * s.w, np.int64), 1)
    for r in range(s.h):
        for c in range(s.w):
            if marks[r, c] == 0:
                s.tiles[r, c] = wall
    return count


@rule
def cell_at(s, p, y, x, least, most):
    """A random free cell least..most steps from (y, x), as one has to walk, or (-1, -1) when there
    is none.
    """
    far = np.full((s.h, s.w), -1)
    far[y, x] = 0
    flood(s, p, far, np.empty(s.h * s.w, np.int64))
    fy, fx, seen = -1, -1, 0
    for r in range(s.h):
        for c in range(s.w):
            if least <= far[r, c] <= most and far[r, c] >= 0 and free(s, p, r, c):
                seen += 1
                if rng.below(s, seen) == 0:
                    fy, fx = r, c
    return fy, fx


@rule
def locks(s, wall, floor, door, key, kinds, y, x):
    """Lock up to `kinds` doors between (y, x) and the rest of the level; returns how many.

    Door number k is the tile door + k, its key the tile key + k. Doors stand in narrow places, each
    key on the near side of its own door and of all doors locked before it: whoever starts at (y, x)
    and spends no key on another door can open them all, the last one first.
    """
    marks, queue = np.zeros((s.h, s.w), np.int64), np.empty(s.h * s.w, np.int64)
    mark = 0
    for k in range(kinds):
        locked = False
        mark += 1
        mark_from(s, wall, y, x, marks, queue, mark, door, kinds)
        here = mark
        for _ in range(24):
            dy, dx = narrow(s, wall, floor, door, kinds, y, x, marks, here)
            if dy < 0:
                break
            s.tiles[dy, dx] = door + k
            mark += 1
            mark_from(s, wall, y, x, marks, queue, mark, door, kinds)
            room, beyond = 0, 0
            for r in range(s.h):
                for c in range(s.w):
                    if s.tiles[r, c] == floor and (r != y or c != x):
                        room += marks[r, c] == mark
                        beyond += marks[r, c] == here
            if room > 0 and beyond > 0:
                nth = rng.below(s, room)
                for r in range(s.h):
                    for c in range(s.w):
                        if s.tiles[r, c] == floor and (r != y or c != x) and marks[r, c] == mark:
                            if nth == 0:
                                s.tiles[r, c] = key + k
                            nth -= 1
                locked = True
                break
            s.tiles[dy, dx] = floor
            mark += 1  # what was cut off belongs to this side again
            mark_from(s, wall, y, x, marks, queue, mark, door, kinds)
            here = mark
        if not locked:
            return k
    return kinds


@rule
def narrow(s, wall, floor, door, kinds, y, x, marks, mark):
    """A random cell of floor with `mark`, not (y, x), that is passed straight ahead only, or (-1,
    -1).
    """
    fy, fx, seen = -1, -1, 0
    for r in range(1, s.h - 1):
        for c in range(1, s.w - 1):
            if s.tiles[r, c] != floor or marks[r, c] != mark or (r == y and c == x):
                continue
            up, down = (
                closed(s, wall, door, kinds, r - 1, c),
                closed(s, wall, door, kinds, r + 1, c),
            )
            left, right = (
                closed(s, wall, door, kinds, r, c - 1),
                closed(s, wall, door, kinds, r, c + 1),
            )
            if up == down and left == right and up != left:
                seen += 1
                if rng.below(s, seen) == 0:
                    fy, fx = r, c
    return fy, fx
