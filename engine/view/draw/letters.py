"""Letters on what differs from something else by its colour alone, for whoever cannot tell those apart."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import ink, sprites
from .kept import kept
from .signs import Lying
from .stamps import Stamp, as_stamp

if TYPE_CHECKING:
    from ...world import World

COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "orange")
SHARE, LEAST = 0.42, 11  # of a cell's pixels, and pixels at least
# of what is seen in linear light, as eyes without red cones see it (Machado et al. 2009)
BLIND = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
NEAR, LOST = (
    12.5,
    0.65,
)  # so little, of 255, tiles differ for them, and so small a share of what they do for others
SIDE, MOST = 32, 64  # pixels of a tile and tiles of a world that are compared


@lru_cache(maxsize=64)
def lettered(world: World) -> dict[int, str]:
    """The letter of each tile, by its number, that something else on the board is only told from by
    its colour: whose name is a colour and a shape ("red line") that comes in other colours too, or
    that looks almost like another to eyes without red cones. It is the first of its name.
    """
    shapes: dict[str, list[int]] = {}
    for number, tile in enumerate(world.tiles):
        colour, _, shape = tile.name.partition(" ")
        if colour in COLOURS and shape:
            shapes.setdefault(shape, []).append(number)
    told = {number for alike in shapes.values() if len(alike) > 1 for number in alike}
    return {k: world.tiles[k].name[0].upper() for k in sorted(told | _alike(world))}


def _alike(world: World) -> set[int]:
    """Tiles of which another differs for eyes without red cones far less than for others."""
    art = sprites.of(world)
    if len(art.tiles) > MOST:
        return set()
    ground = np.full((SIDE, SIDE, 3), 220, np.uint8)
    ground = sprites.over(sprites.tile_art(art.tiles[art.ground], SIDE), ground)
    seen = np.array([sprites.over(sprites.tile_art(one, SIDE), ground) for one in art.tiles]) / 255
    light = np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ BLIND.T, 0, 1)
    blind = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    found = set()
    for k in range(1, len(seen)):
        usual, theirs = (255 * np.abs(x[:k] - x[k]).mean((1, 2, 3)) for x in (seen, blind))
        near = np.flatnonzero((theirs < NEAR) & (theirs < LOST * usual))
        found |= {k, *near.tolist()} if len(near) else set()
    return found


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
