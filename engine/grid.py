"""Rules on one record: where things stand, walk, look and touch. Positions are (y, x); y grows
downwards.
"""

import numpy as np

from .jit import rule

MOVES = ("stay", "up", "left", "down", "right")
STAY, UP, LEFT, DOWN, RIGHT = range(5)
DY = np.array([0, -1, 0, 1, 0])
DX = np.array([0, 0, -1, 0, 1])


@rule
def inside(s, y, x):
    """Does the cell lie on the level?"""
    return 0 <= y < s.h and 0 <= x < s.w


@rule
def solid(s, p, y, x):
    """Is the cell outside the level or filled with a solid tile?"""
    if not inside(s, y, x):
        return True
    return p.solid[s.tiles[y, x]] != 0


@rule
def walk(s, p, who, act):
    """Move thing `who` one cell in direction `act`, unless something solid is there; returns its
    cell (y, x).
    """
    y, x = s.y[who] + DY[act], s.x[who] + DX[act]
    if act != STAY:
        s.face[who] = act
        if not solid(s, p, y, x):
            s.y[who] = y
            s.x[who] = x
    return s.y[who], s.x[who]


@rule
def put(s, who, y, x):
    """Place thing `who` on a cell and make it present."""
    s.y[who] = y
    s.x[who] = x
    s.alive[who] = 1


@rule
def thing_at(s, y, x, first, last):
    """The lowest-numbered present thing among first..last-1 on the cell, or -1."""
    for k in range(first, last):
        if s.alive[k] and s.y[k] == y and s.x[k] == x:
            return k
    return -1


@rule
def occupied(s, y, x, first, last):
    """Is a present thing among first..last-1 on the cell? Without a branch, which is quicker than
    `thing_at`.
    """
    found = 0
    for k in range(first, last):
        found |= s.alive[k] & (s.y[k] == y) & (s.x[k] == x)
    return found != 0


@rule
def distance(ya, xa, yb, xb):
    """Steps between two cells on an open board."""
    return abs(ya - yb) + abs(xa - xb)


@rule
def beside(ya, xa, yb, xb):
    """The same cell or one of its eight neighbours?"""
    return abs(ya - yb) <= 1 and abs(xa - xb) <= 1


@rule
def flood(s, p, distances, queue):
    """Breadth-first distances over walkable cells, from every cell whose entry in `distances` is 0.

    `distances` (int64[>= h, >= w]) holds 0 at the sources, -1 elsewhere, and -2 on cells to keep
    off; unreachable cells stay -1. `queue` (int64[>= h * w]) is scratch. Returns the number of
    cells reached, sources included.
    """
    head = tail = 0
    for y in range(s.h):
        for x in range(s.w):
            if distances[y, x] == 0:
                queue[tail] = y * s.w + x
                tail += 1
    while head < tail:
        # a division of 64 bits takes longer than all the rest
        y = np.int64(np.uint32(queue[head]) // np.uint32(s.w))
        x = queue[head] - y * s.w
        head += 1
        for act in range(1, 5):
            ny, nx = y + DY[act], x + DX[act]
            if inside(s, ny, nx) and distances[ny, nx] == -1 and p.solid[s.tiles[ny, nx]] == 0:
                distances[ny, nx] = distances[y, x] + 1
                queue[tail] = ny * s.w + nx
                tail += 1
    return tail
