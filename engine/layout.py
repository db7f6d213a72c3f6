"""The vocabulary of level generators: fill, maze, scatter, pick a free cell, ensure that places are
connected.

Every word is a rule on one record and draws only from that record's stream. Mazes keep a border of
wall and put their rooms on odd cells, so they look right on odd sizes and stay sound on even ones.
Generators may allocate small scratch arrays (levels are made rarely; steps, which run always,
allocate nothing).
"""

import numpy as np

from . import rng
from .grid import DX, DY, occupied, solid
from .jit import rule

OPEN, BLOCKS, TREE, EDGES, NOISE = range(5)  # the styles of `walls`
ONE, EVERY_OTHER = np.uint64(1), np.uint64(0xAAAAAAAAAAAAAAAA)
PAIRS, NIBBLES = np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
LANE = 63  # cells to a 64-bit word: the spare bit keeps carries inside
STYLES = ("open", "blocks", "tree", "edges", "noise")


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
    # unsigned: an index that may be negative keeps it from being vectorised
    row, first = np.uint64(y), np.uint64(left)
    other = np.uint8(wall) ^ np.uint8(floor)
    for k in range(min(64, s.w - 1 - left)):
        place = np.uint64(k)
        s.tiles[row, first + place] = np.uint8(floor) ^ np.uint8(bits >> place & ONE) * other


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
def corridor(s, tile, ya, xa, yb, xb):
    """Carve an L-shaped path from one cell to another, first along the row, then along the
    column.
    """
    for x in range(min(xa, xb), max(xa, xb) + 1):
        s.tiles[ya, x] = tile
    for y in range(min(ya, yb), max(ya, yb) + 1):
        s.tiles[y, xb] = tile


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
def replace(s, old, new):
    """Turn every cell that holds `old` into `new`."""
    for y in range(s.h):
        for x in range(s.w):
            if s.tiles[y, x] == old:
                s.tiles[y, x] = new


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


@rule
def turn(s, way):
    """Turn the whole level, present things included: the bits of `way` (0 to 7) flip top and bottom
    (1), left and right (2), and rows and columns (4), in this order. The last needs a world as high
    as wide.
    """
    tall, wide = s.h, s.w
    if way & 1:
        for y in range(tall // 2):
            for x in range(wide):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[tall - 1 - y, x]
                s.tiles[tall - 1 - y, x] = tile
    if way & 2:
        for y in range(tall):
            for x in range(wide // 2):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[y, wide - 1 - x]
                s.tiles[y, wide - 1 - x] = tile
    if way & 4:
        for y in range(max(tall, wide)):
            for x in range(y):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[x, y]
                s.tiles[x, y] = tile
        s.h = wide
        s.w = tall
    for k in range(len(s.y)):
        if s.alive[k]:
            y, x = turned(way, tall, wide, s.y[k], s.x[k])
            s.y[k] = y
            s.x[k] = x


@rule
def turned(way, tall, wide, y, x):
    """Where cell (y, x) of a level of tall x wide cells lies after `turn`, as (y, x)."""
    if way & 1:
        y = tall - 1 - y
    if way & 2:
        x = wide - 1 - x
    if way & 4:
        return x, y
    return y, x


@rule
def unturned(s, way, y, x):
    """Where cell (y, x) of a level lay before it was turned that `way`, as (y, x)."""
    if way & 4:
        return (s.w - 1 - x if way & 1 else x), (s.h - 1 - y if way & 2 else y)
    return (s.h - 1 - y if way & 1 else y), (s.w - 1 - x if way & 2 else x)
