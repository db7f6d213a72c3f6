"""More vocabulary of level generators: rooms, tunnels, caves, rivers, arenas, locks, prefabs,
pictures continued.

As in `layout`, every word is a rule on one record, draws only from that record's stream, keeps a
border of wall, and is sound on every size from 3x3. `wall` and `floor` are numbers of tiles. What a
word digs is connected unless it says otherwise; `join` and `keep` mend what is not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from . import rng
from .errors import UserError
from .grid import DX, DY, flood, inside
from .jit import rule
from .layout import blocks, border, box, corridor, fill, free

KEEP = 255  # a cell of a prefab that leaves the level as it is
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


# -- rooms and tunnels -----------------------------------------------------------------------------


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


# -- caves and rivers ------------------------------------------------------------------------------


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
def mark_from(s, wall, y, x, marks, queue, mark):
    """Write `mark` into `marks` (int64[h, w]) on every cell that can be walked to from (y, x) past
    `wall`.
    """
    marks[y, x] = mark
    queue[0] = y * s.w + x
    head, tail = 0, 1
    while head < tail:
        y, x = queue[head] // s.w, queue[head] % s.w
        head += 1
        for way in range(1, 5):
            ny, nx = y + DY[way], x + DX[way]
            if inside(s, ny, nx) and marks[ny, nx] != mark and s.tiles[ny, nx] != wall:
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


# -- symmetry --------------------------------------------------------------------------------------


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


# -- places ----------------------------------------------------------------------------------------


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
        mark_open(s, wall, door, kinds, y, x, marks, queue, mark)
        here = mark
        for _ in range(24):
            dy, dx = narrow(s, wall, floor, door, kinds, y, x, marks, here)
            if dy < 0:
                break
            s.tiles[dy, dx] = door + k
            mark += 1
            mark_open(s, wall, door, kinds, y, x, marks, queue, mark)
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
            mark_open(s, wall, door, kinds, y, x, marks, queue, mark)
            here = mark
        if not locked:
            return k
    return kinds


@rule
def closed(s, wall, door, kinds, y, x):
    """Is the cell outside, wall, or one of the doors?"""
    return not inside(s, y, x) or s.tiles[y, x] == wall or door <= s.tiles[y, x] < door + kinds


@rule
def mark_open(s, wall, door, kinds, y, x, marks, queue, mark):
    """`mark_from` past walls and doors."""
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


# -- prefabs and chance cells ----------------------------------------------------------------------


def prefab(picture: str, legend: Mapping[str, int]) -> np.ndarray:
    """A picture of characters as uint8[rows, columns] for `stamp`: tiles by `legend`, and " "
    leaves what is there.

    A legend may use numbers from 200 to 254 for chance cells, which `settle` turns into tiles.
    """
    rows = [row for row in picture.splitlines() if row.strip()]
    width = max((len(row) for row in rows), default=0)
    known = {" ": KEEP, **legend}
    for row in rows:
        for char in row:
            if char not in known:
                raise UserError(
                    f"a prefab shows {char!r}, which its legend lacks (it has {' '.join(legend)})"
                )
    return np.array([[known[char] for char in row.ljust(width)] for row in rows], np.uint8).reshape(
        -1, width
    )


@rule
def stamp(s, cells, top, left, turn=0):
    """Lay a prefab with its upper left corner at (top, left); what lies outside the level is left
    out.

    `turn` 0 to 7: its bits flip top and bottom (1), left and right (2), rows and columns (4).
    """
    tall, wide = cells.shape
    for r in range(tall):
        for c in range(wide):
            if cells[r, c] != KEEP:
                y = tall - 1 - r if turn & 1 else r
                x = wide - 1 - c if turn & 2 else c
                if turn & 4:
                    y, x = x, y
                if inside(s, top + y, left + x):
                    s.tiles[top + y, left + x] = cells[r, c]


@rule
def settle(s, mark, tile, otherwise, share=0.5):
    """Every cell that holds `mark` becomes `tile` with probability `share`, else `otherwise`."""
    for y in range(s.h):
        for x in range(s.w):
            if s.tiles[y, x] == mark:
                s.tiles[y, x] = tile if rng.chance(s, share) else otherwise


# -- an example continued --------------------------------------------------------------------------


@rule
def patterns(example, n, found, weights):
    """The different n x n windows of `example`: places (row, column) into `found`, frequencies into
    `weights`.
    """
    count = 0
    for top in range(example.shape[0] - n + 1):
        for left in range(example.shape[1] - n + 1):
            known = -1
            for k in range(count):
                if known < 0 and fits(example, n, found[k, 0], found[k, 1], top, left, 0, 0):
                    known = k
            if known < 0:
                known = count
                found[count, 0], found[count, 1], weights[count] = top, left, 0
                count += 1
            weights[known] += 1
    return count


@rule
def fits(example, n, ay, ax, by, bx, down, right):
    """Does window (by, bx) agree with window (ay, ax) where they overlap, laid `down` and `right`
    of it?
    """
    for r in range(down, n):
        for c in range(right, n):
            if example[ay + r, ax + c] != example[by + r - down, bx + c - right]:
                return False
    return True


@rule
def collapse(s, example, n=2, tries=20):
    """Fill the level so that each of its n x n windows occurs in `example` (uint8[rows, columns]),
    by chance.

    Wave function collapse (Gumin 2016): settle the window with the fewest possibilities, strike out
    what no longer fits around it, and begin anew where nothing fits. Returns False, with the level
    filled by the example's first tile, if it is too small for a window or every try failed.
    """
    fill(s, example[0, 0])
    rows, columns = s.h - n + 1, s.w - n + 1
    most = (example.shape[0] - n + 1) * (example.shape[1] - n + 1)
    if rows < 1 or columns < 1 or example.shape[0] < n or example.shape[1] < n:
        return False
    found, weights = np.empty((most, 2), np.int64), np.empty(most, np.int64)
    count = patterns(example, n, found, weights)
    beside = np.empty((2, count, count), np.uint8)  # may b lie right of a; may it lie below
    for a in range(count):
        for b in range(count):
            beside[0, a, b] = fits(
                example, n, found[a, 0], found[a, 1], found[b, 0], found[b, 1], 0, 1
            )
            beside[1, a, b] = fits(
                example, n, found[a, 0], found[a, 1], found[b, 0], found[b, 1], 1, 0
            )
    wave = np.empty((rows * columns, count), np.uint8)
    left = np.empty(rows * columns, np.int64)
    queue, waiting = np.empty(rows * columns, np.int64), np.empty(rows * columns, np.uint8)
    for _ in range(tries):
        wave[:] = 1
        left[:] = count
        if settle_all(s, rows, columns, count, weights, beside, wave, left, queue, waiting):
            for y in range(s.h):
                for x in range(s.w):
                    top, side = min(y, rows - 1), min(x, columns - 1)
                    k = 0
                    while wave[top * columns + side, k] == 0:
                        k += 1
                    s.tiles[y, x] = example[found[k, 0] + y - top, found[k, 1] + x - side]
            return True
    return False


@rule
def settle_all(s, rows, columns, count, weights, beside, wave, left, queue, waiting):
    """One try of `collapse`: leave one possibility everywhere, or return False where there is
    none.
    """
    while True:
        at, fewest, seen = -1, count + 1, 0
        for k in range(rows * columns):
            if left[k] < 1:
                return False
            if 1 < left[k] <= fewest:
                seen = seen + 1 if left[k] == fewest else 1
                fewest = left[k]
                if rng.below(s, seen) == 0:
                    at = k
        if at < 0:
            return True
        total = 0
        for a in range(count):
            total += weights[a] * wave[at, a]
        nth = rng.below(s, total)
        for a in range(count):
            if wave[at, a]:
                if not 0 <= nth < weights[a]:
                    wave[at, a] = 0
                nth -= weights[a]
        left[at] = 1
        if not strike(rows, columns, count, beside, wave, left, queue, waiting, at):
            return False


@rule
def strike(rows, columns, count, beside, wave, left, queue, waiting, at):
    """Strike out what no longer fits, from window `at` outwards; False if something has nothing
    left.
    """
    waiting[:] = 0
    queue[0], waiting[at] = at, 1
    head, held = 0, 1
    while held > 0:
        here = queue[head]
        head, held = (head + 1) % len(queue), held - 1
        waiting[here] = 0
        for way in range(1, 5):
            y, x = here // columns + DY[way], here % columns + DX[way]
            if not (0 <= y < rows and 0 <= x < columns):
                continue
            there = y * columns + x
            changed = False
            for b in range(count):
                if wave[there, b] == 0:
                    continue
                possible = False
                for a in range(count):
                    if wave[here, a]:
                        first, second = (a, b) if DY[way] + DX[way] > 0 else (b, a)
                        if beside[1 if DY[way] != 0 else 0, first, second]:
                            possible = True
                            break
                if not possible:
                    wave[there, b] = 0
                    left[there] -= 1
                    changed = True
            if left[there] == 0:
                return False
            if changed and waiting[there] == 0:
                queue[(head + held) % len(queue)] = there
                waiting[there] = 1
                held += 1
    return True
