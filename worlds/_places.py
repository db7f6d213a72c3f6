"""Where things lie in `drawn`: walls, a cell for each thing that has or lacks what is said of its
place, landmarks beside them, and the guide's ways.
"""

import numpy as np

from ..engine import grid, layout, rng
from ..engine.jit import rule
from . import _grammar as grammar
from ._grammar import CELL, LANDMARK, REGION, WAY, has

FLOOR, WALL, START, LANDMARKS = range(4)  # tiles; LANDMARKS is the first of them
SIZE = 9  # of the board


@rule
def build(s, t):
    """Walls."""
    half = SIZE // 2
    if t.layout == grammar.BLOCKS:
        layout.blocks(s, WALL, FLOOR, t.walls / 100)
    elif t.layout == grammar.MAZE:
        layout.tree(s, WALL, FLOOR)
    elif t.layout == grammar.CORRIDOR:
        layout.fill(s, WALL)
        layout.box(s, FLOOR, half, 1, half, SIZE - 2)
        for x in range(1, SIZE - 1, 2):
            layout.box(s, FLOOR, 1, x, SIZE - 2, x)
    else:
        layout.fill(s, FLOOR)
        layout.border(s, WALL)
        if t.layout == grammar.ROOMS:
            layout.box(s, WALL, half, 1, half, SIZE - 2)
            layout.box(s, WALL, 1, half, SIZE - 2, half)
            for first in (1, half + 1):
                s.tiles[half, rng.between(s, first, first + half - 2)] = FLOOR
                s.tiles[rng.between(s, first, first + half - 2), half] = FLOOR


@rule
def in_region(t, y, x):
    """Does the cell lie in the region of the task? Two cells from the walls the middle begins."""
    row = int(y > 2) + int(y > SIZE - 4)
    column = int(x > 2) + int(x > SIZE - 4)
    return 3 * row + column == t.region


@rule
def at_place(t, y, x):
    """Does a thing here have what is said of its place, if anything is?"""
    if has(t, CELL):
        return y == t.row and x == t.column
    return not has(t, REGION) or in_region(t, y, x)


@rule
def fits(t, leads, marked, y, x, way, edge):
    """May a thing lie `way` steps off on this cell? `leads`: it is to have the cue of the WAY;
    `marked`: that of its place. `edge`: the farthest of those that have the first, or the nearest.
    """
    if way < 1:
        return False
    if (has(t, CELL) or has(t, REGION)) and at_place(t, y, x) != marked:
        return False
    if not has(t, WAY):
        return True
    if leads:
        return way >= 5 if t.far else way <= 4
    return way <= edge - 2 if t.far else way >= edge + 2


@rule
def moves_out(t):
    """Does the marked thing lie elsewhere after the shift, as the cue of its place is gone?"""
    return t.gone in (CELL, REGION)


@rule
def places(t):
    """How many cells are chosen for things: one more if the shift needs it."""
    return t.things + int(t.shift == grammar.DECOY or moves_out(t))


@rule
def from_mouse(s, p):
    """How many steps every cell is away from the mouse, in `s.ways`; -1: it cannot be reached."""
    for y in range(s.h):
        for x in range(s.w):
            s.ways[y, x] = -1
    s.ways[s.y[0], s.x[0]] = 0
    grid.flood(s, p, s.ways, np.empty(s.h * s.w, np.int64))
    return s.ways


@rule
def spread(s, p, t):
    """Choose cells for the things and a landmark beside each, so that each thing is reached past
    all others; did it work out?
    """
    n = places(t)
    ways = from_mouse(s, p)
    edge = 99 if t.far else 0
    for nth in range(n):
        k = nth
        if moves_out(t):  # the two cells of the marked thing come first
            k = n - 1 if nth == 1 else nth - int(nth > 1)
        leads = k == 0 or (moves_out(t) and k == n - 1)
        found = 0
        for y in range(1, s.h - 1):
            for x in range(1, s.w - 1):
                if fits(t, leads, k == 0, y, x, ways[y, x], edge):
                    found += 1
                    if rng.below(s, found) == 0:
                        s.spot_y[k] = y
                        s.spot_x[k] = x
        if found == 0:
            return False
        y, x = s.spot_y[k], s.spot_x[k]
        if leads:
            edge = min(edge, ways[y, x]) if t.far else max(edge, ways[y, x])
        ways[y, x] = -1  # taken
    return reachable(s, p, t, n)


@rule
def reachable(s, p, t, n):
    """Lay the landmarks, if there are any; are all things reached past all others then?"""
    before = s.tiles.copy()
    for k in range(n):
        s.tiles[s.spot_y[k], s.spot_x[k]] = WALL
    sound = True
    if t.goal == LANDMARK or has(t, LANDMARK):
        for k in range(n):
            sound = sound and mark_beside(s, n, k)
    near = layout.reach(s, p, s.y[0], s.x[0])
    for k in range(n):
        touched = False
        for act in range(1, 5):
            y, x = s.spot_y[k] + grid.DY[act], s.spot_x[k] + grid.DX[act]
            touched = touched or layout.reaches(near, y, x)
        sound = sound and touched
    for k in range(n):
        s.tiles[s.spot_y[k], s.spot_x[k]] = FLOOR
    if sound and has(t, WAY):
        sound = leads_on(s, p, t, n)
    if not sound:
        for y in range(s.h):  # `s.tiles[:] = before` takes Numba four seconds more to compile
            for x in range(s.w):
                s.tiles[y, x] = before[y, x]
    return sound


@rule
def leads_on(s, p, t, n):
    """Is what is to have the cue of the WAY still the nearest, or the farthest, now that landmarks
    stand in the way?
    """
    ways = from_mouse(s, p)
    sound = True
    for k in range(n):
        if k > 0 and not (moves_out(t) and k == n - 1):
            way = ways[s.spot_y[k], s.spot_x[k]]
            for lead in range(0, n, n - 1 if moves_out(t) else n):
                far = ways[s.spot_y[lead], s.spot_x[lead]]
                sound = sound and (far > way if t.far else far < way)
    return sound


@rule
def mark_beside(s, n, k):
    """Lay a landmark beside place `k` and no other; is there room?"""
    found, ly, lx = 0, 0, 0
    for act in range(1, 5):
        y, x = s.spot_y[k] + grid.DY[act], s.spot_x[k] + grid.DX[act]
        free = 0 < y < s.h - 1 and 0 < x < s.w - 1 and (y != s.y[0] or x != s.x[0])
        free = free and s.tiles[y, x] < LANDMARKS
        for other in range(n):
            apart = grid.distance(s.spot_y[other], s.spot_x[other], y, x)
            free = free and (other == k or apart > 1)
        if free:
            found += 1
            if rng.below(s, found) == 0:
                ly, lx = y, x
    if found > 0:
        s.tiles[ly, lx] = LANDMARKS
    return found > 0


@rule
def breach(s):
    """Open a random wall, if it is one, so that ways past things are more."""
    s.tiles[rng.between(s, 1, s.h - 2), rng.between(s, 1, s.w - 2)] = FLOOR
