"""Rooms, tunnels, caves, rivers, arenas."""

from __future__ import annotations

import numpy as np

from .. import rng
from ..grid import DX, DY
from ..jit import rule
from ..layout import blocks, border, box, corridor, fill
from .ways import keep

# symmetries: left = right, top = bottom, half a turn, both mirrors
SIDEWAYS, UPRIGHT, TURNED, BOTH = range(4)
SYMMETRIES = ("sideways", "upright", "turned", "both")


@rule
def link(s, tile, ya, xa, yb, xb):
    """A corridor between two cells whose bend lies at either corner, by chance."""
    if rng.below(s, 2) == 0:
        corridor(s, tile, ya, xa, yb, xb)
    else:
        corridor(s, tile, yb, xb, ya, xa)


@rule
def rooms(s, wall, floor, count, smallest=3, largest=6):
    """Up to `count` rooms, smallest..largest cells a side, a wall apart, each linked to the one
    before.

    Returns how many there was room for, which is at least one.
    """
    fill(s, wall)
    found = np.empty((count, 4), np.int64)
    placed = 0
    for _ in range(12 * count):
        height = min(rng.between(s, smallest, largest), s.h - 2)
        width = min(rng.between(s, smallest, largest), s.w - 2)
        top, left = rng.between(s, 1, s.h - 1 - height), rng.between(s, 1, s.w - 1 - width)
        bottom, right = top + height - 1, left + width - 1
        clear = True
        for k in range(placed):
            apart = top > found[k, 2] + 1 or bottom < found[k, 0] - 1
            clear = clear and (apart or left > found[k, 3] + 1 or right < found[k, 1] - 1)
        if clear:
            found[placed, 0], found[placed, 1], found[placed, 2], found[placed, 3] = (
                top,
                left,
                bottom,
                right,
            )
            placed += 1
            if placed == count:
                break
    for k in range(placed):
        box(s, floor, found[k, 0], found[k, 1], found[k, 2], found[k, 3])
        if k > 0:
            ya, xa = (
                rng.between(s, found[k - 1, 0], found[k - 1, 2]),
                rng.between(s, found[k - 1, 1], found[k - 1, 3]),
            )
            yb, xb = (
                rng.between(s, found[k, 0], found[k, 2]),
                rng.between(s, found[k, 1], found[k, 3]),
            )
            link(s, floor, ya, xa, yb, xb)
    return placed


@rule
def bsp(s, wall, floor, smallest=3):
    """Rooms by halving the board again and again, each half at least `smallest` cells; returns how
    many.
    """
    fill(s, wall)
    open_boxes = np.empty((s.h + s.w, 4), np.int64)  # halves still to do, the last one first
    open_boxes[0, 0], open_boxes[0, 1], open_boxes[0, 2], open_boxes[0, 3] = 1, 1, s.h - 2, s.w - 2
    pending, count, before_y, before_x = 1, 0, 0, 0
    while pending > 0:
        pending -= 1
        top, left, bottom, right = (
            open_boxes[pending, 0], open_boxes[pending, 1], open_boxes[pending, 2], open_boxes[pending, 3]
        )  # fmt: skip
        tall, wide = bottom - top + 1, right - left + 1
        across = tall > wide if tall != wide else rng.below(s, 2) == 0
        if max(tall, wide) > 2 * smallest and across:
            cut = rng.between(s, top + smallest, bottom - smallest)
            open_boxes[pending, 2] = cut - 1
            pending += 1
            open_boxes[pending, 0], open_boxes[pending, 1] = cut + 1, left
            open_boxes[pending, 2], open_boxes[pending, 3] = bottom, right
            pending += 1
        elif max(tall, wide) > 2 * smallest:
            cut = rng.between(s, left + smallest, right - smallest)
            open_boxes[pending, 3] = cut - 1
            pending += 1
            open_boxes[pending, 0], open_boxes[pending, 1] = top, cut + 1
            open_boxes[pending, 2], open_boxes[pending, 3] = bottom, right
            pending += 1
        else:
            high, broad = (
                rng.between(s, min(smallest, tall), tall),
                rng.between(s, min(smallest, wide), wide),
            )
            y, x = rng.between(s, top, bottom + 1 - high), rng.between(s, left, right + 1 - broad)
            box(s, floor, y, x, y + high - 1, x + broad - 1)
            ny, nx = rng.between(s, y, y + high - 1), rng.between(s, x, x + broad - 1)
            if count > 0:
                link(s, floor, before_y, before_x, ny, nx)
            before_y, before_x = ny, nx
            count += 1
    return count


@rule
def tunnels(s, wall, floor, count, longest=6):
    """`count` straight tunnels of 1..longest cells, each beginning where the last one ended, at a
    right angle.
    """
    fill(s, wall)
    y, x = rng.between(s, 1, s.h - 2), rng.between(s, 1, s.w - 2)
    s.tiles[y, x] = floor
    upright = rng.below(s, 2)
    for _ in range(count):
        step, length = 2 * rng.below(s, 2) - 1, rng.between(s, 1, longest)
        for _ in range(length):
            if upright:
                y = min(max(y + step, 1), s.h - 2)
            else:
                x = min(max(x + step, 1), s.w - 2)
            s.tiles[y, x] = floor
        upright = 1 - upright


@rule
def drunkard(s, wall, floor, share=0.5):
    """Dig by a random walk from the middle until `share` of the inner cells is floor; returns how
    many are.
    """
    fill(s, wall)
    y, x = s.h // 2, s.w // 2
    cells = (s.h - 2) * (s.w - 2)
    dug = 0
    for _ in range(60 * cells):  # a walk of that length has nearly always seen everything
        if s.tiles[y, x] == wall:
            s.tiles[y, x] = floor
            dug += 1
        if dug >= share * cells:
            break
        way = 1 + rng.below(s, 4)
        y, x = min(max(y + DY[way], 1), s.h - 2), min(max(x + DX[way], 1), s.w - 2)
    return dug


@rule
def caves(s, wall, floor, density=0.45, rounds=4):
    """Caves by a cellular automaton: noise of `density`, then every cell becomes what most of its
    3x3 cells are.

    Parts may be cut off from each other. The middle is always floor.
    """
    blocks(s, wall, floor, density)
    before = np.empty((s.h, s.w), np.uint8)
    for _ in range(rounds):
        for y in range(s.h):
            for x in range(s.w):
                before[y, x] = s.tiles[y, x] == wall
        for y in range(1, s.h - 1):
            for x in range(1, s.w - 1):
                walls = 0
                for ny in range(y - 1, y + 2):
                    for nx in range(x - 1, x + 2):
                        walls += before[ny, nx]
                s.tiles[y, x] = wall if walls >= 5 else floor
    s.tiles[s.h // 2, s.w // 2] = floor


@rule
def river(s, water, bridge, width=1, bridges=1, across=0):
    """A winding band of `water` through the inner cells from top to bottom, or with `across` from
    left to right.

    On `bridges` of its rows it is `bridge` instead. Who walks along rows and columns cannot slip
    through elsewhere.
    """
    length, breadth = (s.w - 2, s.h - 2) if across else (s.h - 2, s.w - 2)
    wide = min(width, breadth)
    at = rng.between(s, 1, breadth + 1 - wide)
    left = min(bridges, length)
    for k in range(length):
        tile = water
        if rng.below(s, length - k) < left:
            tile = bridge
            left -= 1
        if across:
            box(s, tile, at, 1 + k, at + wide - 1, 1 + k)
        else:
            box(s, tile, 1 + k, at, 1 + k, at + wide - 1)
        at = min(max(at + rng.between(s, -1, 1), 1), breadth + 1 - wide)


@rule
def mirror(s, symmetry):
    """Copy one half of the tiles onto the other so that the level has the symmetry."""
    for y in range(s.h):
        for x in range(s.w):
            oy, ox = s.h - 1 - y, s.w - 1 - x
            if symmetry == SIDEWAYS:
                oy = y
            elif symmetry == UPRIGHT:
                ox = x
            elif symmetry == BOTH:
                oy, ox = min(y, oy), min(x, ox)
            if oy * s.w + ox < y * s.w + x:
                s.tiles[y, x] = s.tiles[oy, ox]


@rule
def arena(s, wall, floor, density=0.25, symmetry=BOTH):
    """A symmetric battlefield of random blocks around an open middle, all of it connected."""
    blocks(s, wall, floor, density)
    mirror(s, symmetry)
    y, x = (s.h - 1) // 2, (s.w - 1) // 2
    box(s, floor, y, x, s.h // 2, s.w // 2)  # the middle of an even side is two cells
    border(s, wall)
    s.tiles[y, x] = floor
    keep(s, wall, y, x)


@rule
def scatter_apart(s, tile, onto, count, gap):
    """As `scatter`, but any two of the new tiles are at least `gap` steps apart (on an open
    board).
    """
    barred = np.zeros((s.h, s.w), np.uint8)
    for placed in range(count):
        room = 0
        for y in range(s.h):
            for x in range(s.w):
                room += s.tiles[y, x] == onto and barred[y, x] == 0
        if room == 0:
            return placed
        nth = rng.below(s, room)
        for y in range(s.h):
            for x in range(s.w):
                if s.tiles[y, x] == onto and barred[y, x] == 0:
                    if nth == 0:
                        s.tiles[y, x] = tile
                        for ny in range(max(y - gap + 1, 0), min(y + gap, s.h)):
                            for nx in range(max(x - gap + 1, 0), min(x + gap, s.w)):
                                if abs(ny - y) + abs(nx - x) < gap:
                                    barred[ny, nx] = 1
                    nth -= 1
    return count
