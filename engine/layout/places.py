"""Cells to choose: free ones, ones that can be reached, random ones of a kind; and ways dug to them."""

import numpy as np

from .. import rng
from ..grid import occupied, solid
from ..jit import rule
from .laying import EVERY_OTHER, ONE, box, corridor

PAIRS, NIBBLES = np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
LANE = 63  # cells to a 64-bit word: the spare bit keeps carries inside


@rule
def free(s, p, y, x):
    """A walkable cell on which no thing stands?"""
    return not solid(s, p, y, x) and not occupied(s, y, x, 0, len(s.y))


@rule
def free_cell(s, p, top, left, bottom, right):
    """A uniformly random free cell of top..bottom by left..right as (y, x), or (-1, -1) when there
    is none.
    """
    height, width = bottom - top + 1, right - left + 1
    if height < 1 or width < 1:
        return -1, -1
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
def clear_cell(s, p, floor):
    """A random free cell within the border as (y, x); where all is taken, the first one that was
    wall becomes `floor`.

    (-1, -1) if things stand on every cell.
    """
    y, x = free_cell(s, p, 1, 1, s.h - 2, s.w - 2)
    if y >= 0:
        return y, x
    for y in range(1, s.h - 1):
        for x in range(1, s.w - 1):
            if solid(s, p, y, x):
                s.tiles[y, x] = floor
                return y, x
    return -1, -1


@rule
def spread(seeds, open_cells):
    """Flood one row: all runs of 1 in `open_cells` that hold a bit of `seeds` (both uint64, below
    bit 63).
    """
    # carries run to the upper end of each run
    up = (seeds | ((seeds + open_cells) ^ open_cells)) & open_cells
    way = open_cells
    for k in range(6):
        up |= way & (up >> np.uint64(1 << k))
        way &= way >> np.uint64(1 << k)
    return up


@rule
def reach(s, p, y, x):
    """The cells that can be walked to from (y, x), itself included: uint64[h, lanes], bit x % 63 of
    lane x // 63.

    Flooded a row at a time, with carries and shifts.
    """
    lanes = 1 + (s.w - 1) // LANE
    near, open_cells = np.zeros((s.h, lanes), np.uint64), np.zeros((s.h, lanes), np.uint64)
    # all in one word where there are few kinds of tiles: quicker than looking each up
    kinds, few = np.uint64(0), len(p.solid) <= 64
    for tile in range(min(len(p.solid), 64)):
        kinds |= np.uint64(p.solid[tile] == 0) << np.uint64(tile)
    for r in range(s.h):
        for lane in range(lanes):
            bits = np.uint64(0)
            for c in range(min(LANE, s.w - lane * LANE)):
                tile = s.tiles[r, lane * LANE + c]
                walks = kinds >> np.uint64(tile) & ONE if few else np.uint64(p.solid[tile] == 0)
                bits |= walks << np.uint64(c)
            open_cells[r, lane] = bits
    near[y, x // LANE] = ONE << np.uint64(x % LANE) & open_cells[y, x // LANE]
    if lanes > 1:
        flood_wide(near, open_cells, y)
        return near
    near[y, 0] = spread(near[y, 0], open_cells[y, 0])
    growing = True
    while growing:
        growing = False
        for sweep in range(2):
            for k in range(1, s.h):
                r = k if sweep == 0 else s.h - 1 - k
                seeds = near[r, 0] | (near[r - 1 if sweep == 0 else r + 1, 0] & open_cells[r, 0])
                if seeds != near[r, 0]:
                    near[r, 0] = spread(seeds, open_cells[r, 0])
                    growing = True
    return near


@rule
def flood_wide(near, open_cells, start):
    """Flood `near` from the cells that it has in row `start`, where a row takes several lanes.

    All in one rule: to hand on arrays for every row would take longer than the rest.
    """
    last = near.shape[1] - 1
    edge = np.uint64(LANE - 1)
    top = bottom = start  # rows beyond them have nothing yet
    sweep, growing = 0, 3  # down, up, ... until neither finds anything
    while growing > 0:
        growing -= 1
        first, end, step = (top, len(near), 1) if sweep == 0 else (bottom, -1, -1)
        sweep = 1 - sweep
        for r in range(first, end, step):
            other = r - step
            gains = np.uint64(r == start and growing == 2)
            for lane in range(last + 1):
                if 0 <= other < len(near):
                    seeds = near[other, lane] & open_cells[r, lane] & ~near[r, lane]
                    near[r, lane] |= seeds
                    gains |= seeds
            if gains == np.uint64(0):
                if not top <= r <= bottom:
                    break
                continue
            growing = 2
            top, bottom = min(top, r), max(bottom, r)
            for lane in range(last + 1):  # a run may go on to the right ...
                if lane > 0:
                    near[r, lane] |= near[r, lane - 1] >> edge & open_cells[r, lane] & ONE
                near[r, lane] = spread(near[r, lane], open_cells[r, lane])
            for lane in range(last - 1, -1, -1):  # ... or to the left
                seed = (near[r, lane + 1] & ONE) << edge & open_cells[r, lane]
                if seed & ~near[r, lane] != np.uint64(0):
                    near[r, lane] = spread(near[r, lane] | seed, open_cells[r, lane])


@rule
def reaches(near, y, x):
    """Is the cell in `near`?"""
    return near[y, x // LANE] >> np.uint64(x % LANE) & ONE != np.uint64(0)


@rule
def count_bits(bits):
    """How many bits of a word are 1."""
    bits = bits - (bits >> ONE & EVERY_OTHER >> ONE)
    bits = (bits & PAIRS) + (bits >> np.uint64(2) & PAIRS)
    bits = bits + (bits >> np.uint64(4)) & NIBBLES
    bits = bits + (bits >> np.uint64(8))
    bits = bits + (bits >> np.uint64(16))
    return np.int64(bits + (bits >> np.uint64(32)) & np.uint64(127))


@rule
def choose(s, near, top, left, bottom, right):
    """A uniformly random cell of `near` within the box and without a thing on it, as (y, x), or
    (-1, -1).

    Takes out of `near` the cells that things stand on.
    """
    for k in range(len(s.y)):
        if s.alive[k]:
            near[s.y[k], s.x[k] // LANE] &= ~(ONE << np.uint64(s.x[k] % LANE))
    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, s.h - 1), min(right, s.w - 1)
    found, seen = -1, 0
    for y in range(top, bottom + 1):
        for lane in range(left // LANE, right // LANE + 1):
            low, high = max(left - lane * LANE, 0), min(right - lane * LANE, LANE - 1)
            bits = near[y, lane] & ((ONE << np.uint64(high + 1)) - (ONE << np.uint64(low)))
            if bits == np.uint64(0):
                continue
            count = count_bits(bits)
            seen += count
            drawn = rng.below(s, seen)  # reservoir of one, a row at a time
            if drawn < count:
                for _ in range(drawn):
                    bits &= bits - ONE
                found = y * s.w + lane * LANE + count_bits(~bits & (bits - ONE))
    if found < 0:
        return -1, -1
    return found // s.w, found % s.w


@rule
def listed(s, near, cells):
    """Write the cells of `near` without a thing into `cells` (int64[>= h * w]), as y * w + x;
    returns how many.
    """
    count = 0
    for y in range(s.h):
        for x in range(s.w):
            if reaches(near, y, x):
                cells[count] = y * s.w + x
                count += 1
    for k in range(len(s.y)):
        if s.alive[k]:
            for i in range(count):
                if cells[i] == s.y[k] * s.w + s.x[k]:
                    count -= 1
                    cells[i] = cells[count]
                    break
    return count


@rule
def deal(s, cells, left):
    """A uniformly random one of the first `left` cells as (y, x); it is swapped behind the others.

    With `listed` the quick way to place many things: call it with one less each time.
    """
    k = rng.below(s, left)
    cell = cells[k]
    cells[k] = cells[left - 1]
    cells[left - 1] = cell
    return cell // s.w, cell % s.w


@rule
def pair(s, p, wall, floor, y, x):
    """Two random free cells (ya, xa, yb, xb), each of which can be walked to from (y, x) without
    crossing the other.

    Where walls allow no such pair (rare but in the densest levels), they are cleared away within
    the border.
    """
    for attempt in range(9):
        if attempt == 8:
            box(s, floor, 1, 1, s.h - 2, s.w - 2)
        ya, xa = choose(s, reach(s, p, y, x), 1, 1, s.h - 2, s.w - 2)
        if ya >= 0:
            under = s.tiles[ya, xa]
            s.tiles[ya, xa] = wall
            yb, xb = choose(s, reach(s, p, y, x), 1, 1, s.h - 2, s.w - 2)
            s.tiles[ya, xa] = under
            if yb >= 0:
                under = s.tiles[yb, xb]
                s.tiles[yb, xb] = wall
                both = reaches(reach(s, p, y, x), ya, xa)
                s.tiles[yb, xb] = under
                if both:
                    return ya, xa, yb, xb
    return -1, -1, -1, -1


@rule
def connect(s, p, tile, ya, xa, yb, xb):
    """`reach` from (ya, xa), after a corridor of `tile` to (yb, xb) has been carved if no path led
    there.
    """
    near = reach(s, p, ya, xa)
    if not reaches(near, yb, xb):
        corridor(s, tile, ya, xa, yb, xb)
        near = reach(s, p, ya, xa)
    return near


@rule
def scatter(s, tile, onto, count):
    """Turn up to `count` random cells that hold `onto` into `tile`; returns how many there were
    room for.
    """
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


@rule
def strew(s, p, tile, onto, count, left, right):
    """Turn `count` random free cells of the columns left..right, within the border, that hold `onto`
    into `tile`; there must be room.
    """
    while count > 0:
        y, x = free_cell(s, p, 1, left, s.h - 2, right)
        if s.tiles[y, x] == onto:
            s.tiles[y, x] = tile
            count -= 1
