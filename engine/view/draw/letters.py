"""Letters on what differs from something else by its colour alone, for whoever cannot tell those apart."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import ink
from .kept import kept
from .signs import Lying
from .stamps import Stamp, as_stamp

if TYPE_CHECKING:
    from ...world import World

COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "orange")
SHARE, LEAST = 0.42, 11  # of a cell's pixels, and pixels at least


@lru_cache(maxsize=64)
def lettered(world: World) -> dict[int, str]:
    """The letter of each tile, by its number, whose name is a colour and a shape ("red line") that
    comes in other colours too.
    """
    shapes: dict[str, list[tuple[int, str]]] = {}
    for number, tile in enumerate(world.tiles):
        colour, _, shape = tile.name.partition(" ")
        if colour in COLOURS and shape:
            shapes.setdefault(shape, []).append((number, colour[0].upper()))
    return {
        number: letter for alike in shapes.values() if len(alike) > 1 for number, letter in alike
    }


def letters(world: World, record: np.record, p: int) -> Lying:
    """The letters on the board as stamps on cells of `p` pixels."""
    known = lettered(world)
    if not known:
        return []
    tiles = np.asarray(record.tiles)[: int(record.h), : int(record.w)]
    cells = np.argwhere(np.isin(tiles, list(known))).tolist()
    return [(_letter(known[int(tiles[y, x])], p), y, x) for y, x in cells]


@kept
def _letter(letter: str, p: int) -> Stamp:
    """A white letter on black in the lower left corner of a cell."""
    n = min(max(round(p * SHARE), LEAST), p)
    rgba = np.zeros((p, p, 4), np.uint8)
    with ink.scaled(1.0):
        plate = np.zeros((n, n, 3), np.uint8)
        ink.write(plate, letter, -n // 8, n // 2 + 1, n, ink.TEXT, True, "middle")
    rgba[p - n :, :n, :3], rgba[p - n :, :n, 3] = plate, 255
    return as_stamp(rgba)
