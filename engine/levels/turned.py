"""Names of levels that stay the same when a level is turned or mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import rng
from ..jit import kernel

if TYPE_CHECKING:
    from ..world import World


@kernel
def _turned_hashes(tiles, tall, wide, ys, xs, alive, kinds, hashes):
    one = np.uint64(1)
    for i in range(len(hashes)):
        h, w = tall[i], wide[i]
        least = ~np.uint64(0)
        for turn in range(8):  # flip top and bottom (1), left and right (2), rows and columns (4)
            across = h if turn & 4 else w
            total = rng.nth(np.uint64(across), np.uint64(h * w))
            for y in range(h):
                for x in range(w):
                    if tiles[i, y, x] != 0:
                        r, c = h - 1 - y if turn & 1 else y, w - 1 - x if turn & 2 else x
                        at = c * across + r if turn & 4 else r * across + c
                        total += rng.nth(np.uint64(at * 512 + tiles[i, y, x]), one)
            for k in range(len(kinds)):
                if alive[i, k] != 0:
                    y, x = ys[i, k], xs[i, k]
                    r, c = h - 1 - y if turn & 1 else y, w - 1 - x if turn & 2 else x
                    at = c * across + r if turn & 4 else r * across + c
                    total += rng.nth(np.uint64(at * 512 + 256 + kinds[k]), one)
            least = min(least, total)
        hashes[i] = rng.nth(least, one)  # mixed again: the least of eight numbers is a small one


def turned(world: World, states: np.ndarray) -> np.ndarray:
    """uint64[n]: a name of each level that stays the same when the level is turned or mirrored.

    Size, tiles and the places of present things count; poses and the world's own fields do not.
    """
    hashes = np.zeros(len(states), np.uint64)
    tiles, tall, wide, ys, xs, alive = (
        np.asarray(states[name]) for name in ("tiles", "h", "w", "y", "x", "alive")
    )
    with np.errstate(over="ignore"):
        _turned_hashes(tiles, tall, wide, ys, xs, alive, world.kinds, hashes)
    return hashes
