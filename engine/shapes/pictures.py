"""Prefabs to stamp, cells left to chance, and an example continued."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .. import rng
from ..errors import UserError
from ..grid import DX, DY, inside
from ..jit import rule
from ..layout import fill

KEEP = 255  # a cell of a prefab that leaves the level as it is


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
