"""The vocabulary of level generators: fill, maze, scatter, pick a free cell, ensure that places are connected.

Every word is a rule on one record and draws only from that record's stream. Mazes keep a border of wall and put their
rooms on odd cells, so they look right on odd sizes and stay sound on even ones. Generators may allocate small scratch
arrays (levels are made rarely; steps, which run always, allocate nothing).
"""

import numpy as np

from . import rng
from .grid import DX, DY, flood, inside, solid
from .jit import rule

OPEN, BLOCKS, TREE, EDGES, NOISE = range(5)  # the styles of `walls`
STYLES = ("open", "blocks", "tree", "edges", "noise")


@rule
def fill(s, tile):
    """Every cell becomes `tile`."""
    for y in range(s.h):
        for x in range(s.w):
            s.tiles[y, x] = tile


@rule
def box(s, tile, top, left, bottom, right):
    """The cells top..bottom by left..right, all included, become `tile`; what lies outside the level is left out."""
    for y in range(max(top, 0), min(bottom + 1, s.h)):
        for x in range(max(left, 0), min(right + 1, s.w)):
            s.tiles[y, x] = tile


@rule
def border(s, tile):
    """The outermost ring of cells becomes `tile`."""
    for y in range(s.h):
        s.tiles[y, 0] = s.tiles[y, s.w - 1] = tile
    for x in range(s.w):
        s.tiles[0, x] = s.tiles[s.h - 1, x] = tile


@rule
def blocks(s, wall, floor, density=0.25):
    """Each inner cell is wall with probability `density`, independently; parts may be cut off from each other.

    The mechanic of the minimax-regret mazes (arXiv 2507.03068, appendix F).
    """
    threshold = np.uint64(min(max(density, 0.0), 1.0) * 65536.0)
    fill(s, wall)
    bits, left = np.uint64(0), 0
    for y in range(1, s.h - 1):
        for x in range(1, s.w - 1):
            if left == 0:  # four cells to a draw
                bits, left = rng.draw(s), 4
            if (bits & np.uint64(0xFFFF)) >= threshold:
                s.tiles[y, x] = floor
            bits >>= np.uint64(16)
            left -= 1


@rule
def tree(s, wall, floor):
    """A perfect maze by depth-first search: exactly one path between any two rooms, with long winding corridors."""
    back = 200  # a visited room holds back + the direction it was entered from, until the search has left it
    fill(s, wall)
    rows, columns = max((s.h - 1) // 2, 1), max((s.w - 1) // 2, 1)
    y, x = 1 + 2 * rng.below(s, rows), 1 + 2 * rng.below(s, columns)
    s.tiles[y, x] = back
    while True:
        way, ways = 0, 0
        bits = rng.draw(s)
        for act in range(1, 5):
            ny, nx = y + 2 * DY[act], x + 2 * DX[act]
            if 0 < ny < s.h - 1 and 0 < nx < s.w - 1 and s.tiles[ny, nx] == wall:
                ways += 1  # reservoir of one: each open way is equally likely
                if np.int64(bits & np.uint64(0xFFFF)) * ways < 65536:
                    way = act
                bits >>= np.uint64(16)
        if way > 0:
            s.tiles[y + DY[way], x + DX[way]] = floor
            y, x = y + 2 * DY[way], x + 2 * DX[way]
            s.tiles[y, x] = back + way
        else:
            came = np.int64(s.tiles[y, x]) - back
            s.tiles[y, x] = floor
            if came == 0:
                return
            y, x = y - 2 * DY[came], x - 2 * DX[came]


@rule
def edges(s, wall, floor, density=0.75):
    """Rooms on odd cells, pillars on even ones; each passage between two rooms is walled with probability `density`."""
    fill(s, wall)
    for y in range(1, s.h - 1):
        for x in range(1, s.w - 1):
            room = y % 2 == 1 and x % 2 == 1
            passage = y % 2 != x % 2
            if room or (passage and not rng.chance(s, density)):
                s.tiles[y, x] = floor


@rule
def noise(s, wall, floor, density=0.3, scale=4):
    """Wall where smooth value noise (one random height every `scale` cells) lies below `density`: blobs and bays."""
    rows, columns = s.h // scale + 2, s.w // scale + 2
    heights = np.empty((rows, columns))
    for r in range(rows):
        for c in range(columns):
            heights[r, c] = rng.uniform(s)
    fill(s, wall)
    for y in range(1, s.h - 1):
        for x in range(1, s.w - 1):
            r, c = y // scale, x // scale
            v, u = (y % scale) / scale, (x % scale) / scale
            v, u = v * v * (3.0 - 2.0 * v), u * u * (3.0 - 2.0 * u)
            above = heights[r, c] * (1.0 - u) + heights[r, c + 1] * u
            below = heights[r + 1, c] * (1.0 - u) + heights[r + 1, c + 1] * u
            if above * (1.0 - v) + below * v >= density:
                s.tiles[y, x] = floor


@rule
def walls(s, wall, floor, style, density=0.25):
    """Lay out the whole level in one of the `STYLES`; `density` counts for `blocks` and `noise`."""
    if style == BLOCKS:
        blocks(s, wall, floor, density)
    elif style == TREE:
        tree(s, wall, floor)
    elif style == EDGES:
        edges(s, wall, floor)
    elif style == NOISE:
        noise(s, wall, floor, density)
    else:
        fill(s, floor)
        border(s, wall)


@rule
def free(s, p, y, x):
    """A walkable cell on which no thing stands?"""
    if solid(s, p, y, x):
        return False
    for k in range(len(s.y)):
        if s.alive[k] and s.y[k] == y and s.x[k] == x:
            return False
    return True


@rule
def free_cell(s, p, top, left, bottom, right):
    """A uniformly random free cell of top..bottom by left..right as (y, x), or (-1, -1) when there is none."""
    height, width = bottom - top + 1, right - left + 1
    for _ in range(16):  # nearly always enough, and cheaper than counting
        cell = rng.below(s, height * width)
        y, x = top + cell // width, left + cell % width
        if free(s, p, y, x):
            return y, x
    count = 0
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            count += free(s, p, y, x)
    if count == 0:
        return -1, -1
    nth = rng.below(s, count)
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            if free(s, p, y, x):
                if nth == 0:
                    return y, x
                nth -= 1
    return -1, -1


@rule
def reach(s, p, y, x):
    """Walking distances from one cell as int64[h, w]: -1 where no path leads."""
    distances = np.full((s.h, s.w), -1)
    queue = np.empty(s.h * s.w, np.int64)
    distances[y, x] = 0
    flood(s, p, distances, queue)
    return distances


@rule
def choose(s, p, distances, nearest, top, left, bottom, right):
    """A uniformly random free cell of the box with `distances >= nearest`, as (y, x), or (-1, -1).

    With `distances = reach(...)` and `nearest >= 0` the cell can be walked to.
    """
    found, seen = -1, 0
    for y in range(max(top, 0), min(bottom + 1, s.h)):
        for x in range(max(left, 0), min(right + 1, s.w)):
            if distances[y, x] >= nearest and free(s, p, y, x):
                seen += 1
                if rng.below(s, seen) == 0:
                    found = y * s.w + x
    if found < 0:
        return -1, -1
    return found // s.w, found % s.w


@rule
def corridor(s, tile, ya, xa, yb, xb):
    """Carve an L-shaped path from one cell to another, first along the row, then along the column."""
    for x in range(min(xa, xb), max(xa, xb) + 1):
        s.tiles[ya, x] = tile
    for y in range(min(ya, yb), max(ya, yb) + 1):
        s.tiles[y, xb] = tile


@rule
def connect(s, p, tile, ya, xa, yb, xb):
    """Ensure that one cell can be walked to from the other: carve a corridor of `tile` only if no path leads."""
    if inside(s, ya, xa) and inside(s, yb, xb) and reach(s, p, ya, xa)[yb, xb] < 0:
        corridor(s, tile, ya, xa, yb, xb)


@rule
def scatter(s, tile, onto, count):
    """Turn up to `count` random cells that hold `onto` into `tile`; returns how many there were room for."""
    room = 0
    for y in range(s.h):
        for x in range(s.w):
            room += s.tiles[y, x] == onto
    wanted = min(count, room)
    placed = 0
    for y in range(s.h):  # selection sampling: one pass, every subset equally likely
        for x in range(s.w):
            if s.tiles[y, x] == onto:
                if rng.below(s, room) < wanted - placed:
                    s.tiles[y, x] = tile
                    placed += 1
                room -= 1
    return placed
