"""What is laid: boxes, ground, platforms, walls and mazes in five styles, corridors."""

import numpy as np

from .. import raw, rng
from ..grid import DX, DY
from ..jit import rule

OPEN, BLOCKS, TREE, EDGES, NOISE = range(5)  # the styles of `walls`
STYLES = ("open", "blocks", "tree", "edges", "noise")
ONE, EVERY_OTHER = np.uint64(1), np.uint64(0xAAAAAAAAAAAAAAAA)


@rule
def fill(s, tile):
    """Every cell becomes `tile`."""
    for y in range(s.h):
        for x in range(s.w):
            s.tiles[y, x] = tile


@rule
def box(s, tile, top, left, bottom, right):
    """The cells top..bottom by left..right, all included, become `tile`; what lies outside the
    level is left out.
    """
    for y in range(max(top, 0), min(bottom + 1, s.h)):
        for x in range(max(left, 0), min(right + 1, s.w)):
            s.tiles[y, x] = tile


@rule
def ground(s, tile, left, right, height):
    """The columns left..right become `tile` from the bottom of the level up to `height` cells."""
    box(s, tile, s.h - height, left, s.h - 1, right)


@rule
def platforms(s, tile, left, right, height, highest, leap, shortest, longest):
    """Ground from column `left` to `right` in stretches of shortest..longest cells, for worlds with
    gravity.

    The first stretch is `height` cells high; each next one is at most `leap` cells higher or lower,
    and none is lower than one cell or higher than `highest`. Returns the height of the last one.
    """
    while left <= right:
        end = min(left + rng.between(s, shortest, longest) - 1, right)
        ground(s, tile, left, end, height)
        left = end + 1
        if left <= right:
            height = min(max(height + rng.between(s, -leap, leap), 1), highest)
    return height


@rule
def border(s, tile):
    """The outermost ring of cells becomes `tile`."""
    for y in range(s.h):
        s.tiles[y, 0] = s.tiles[y, s.w - 1] = tile
    for x in range(s.w):
        s.tiles[0, x] = s.tiles[s.h - 1, x] = tile


@rule
def coins(s, density):
    """64 independent bits, each 1 with probability `density` (to a 65536th). See `toss`."""
    share, places = fraction(density)
    return toss(s, share, places)


@rule
def fraction(density):
    """`density` as a binary fraction: an odd number over 2**places, or 0; places up to 16."""
    share, places = np.int64(min(max(density, 0.0), 1.0) * 65536.0 + 0.5), 16
    while places > 0 and share & 1 == 0:
        share, places = share >> 1, places - 1
    return share, places


@rule
def toss(s, share, places):
    """64 independent bits, each 1 with probability share / 2**places: a `fraction`.

    Bit by bit of it, from the lowest up: OR with fair bits where it is 1, AND where it is 0. A
    quarter costs two draws for 64 coins.
    """
    if places == 0:
        return ~np.uint64(0) if share else np.uint64(0)
    bits = np.uint64(0)
    for k in range(places):
        if share >> k & 1:
            bits |= rng.draw(s)
        else:
            bits &= rng.draw(s)
    return bits


@rule
def blocks(s, wall, floor, density=0.25):
    """Each inner cell is wall with probability `density`, independently; parts may be cut off from
    each other.

    The mechanic of the minimax-regret mazes (arXiv 2507.03068, appendix F).
    """
    border(s, wall)
    share, places = fraction(density)
    for y in range(1, s.h - 1):
        for left in range(1, s.w - 1, 64):
            lay(s, y, left, toss(s, share, places), wall, floor)


@rule
def lay(s, y, left, bits, wall, floor):
    """Up to 64 inner cells of row y from column `left` on: wall where `bits` are 1, the lowest
    first, else floor.
    """
    raw.spread(s.tiles, y, left, min(64, s.w - 1 - left), bits, wall, floor)


@rule
def tree(s, wall, floor):
    """A perfect maze by depth-first search: exactly one path between any two rooms, with long
    winding corridors.
    """
    # a visited room holds back + the direction it was entered from, until the search has left it
    back = 200
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
    """Rooms on odd cells, pillars on even ones; each passage between two rooms is walled with
    probability `density`.
    """
    border(s, wall)
    share, places = fraction(density)
    for y in range(1, s.h - 1, 2):
        # always an odd column, so that even ones are the odd bits
        for left in range(1, s.w - 1, 64):
            # the odd bits for the passages of this row, the even ones for the next
            closed = toss(s, share, places)
            lay(s, y, left, closed & EVERY_OTHER, wall, floor)
            if y + 1 < s.h - 1:
                lay(s, y + 1, left, closed | EVERY_OTHER, wall, floor)


@rule
def noise(s, wall, floor, density=0.3, scale=4):
    """Wall where smooth value noise (one random height every `scale` cells) lies below `density`:
    blobs and bays.
    """
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
def corridor(s, tile, ya, xa, yb, xb):
    """Carve an L-shaped path from one cell to another, first along the row, then along the
    column.
    """
    for x in range(min(xa, xb), max(xa, xb) + 1):
        s.tiles[ya, x] = tile
    for y in range(min(ya, yb), max(ya, yb) + 1):
        s.tiles[y, xb] = tile


@rule
def replace(s, old, new):
    """Turn every cell that holds `old` into `new`."""
    for y in range(s.h):
        for x in range(s.w):
            if s.tiles[y, x] == old:
                s.tiles[y, x] = new
