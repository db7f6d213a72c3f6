"""The art of a level's cells: looks, edges and shadows of tiles, and things in their poses."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import sprites
from .kept import kept
from .stamps import Stamp, as_stamp

if TYPE_CHECKING:
    from ...world import World

BACKDROP = (17, 19, 33)  # what lies outside the level


def seen_from_the_side(world: World) -> bool:
    """Is the level a slice of a world with the sky behind it, as a platformer's, rather than a
    floor to walk on?
    """
    return _tables(world)[2]


@lru_cache(maxsize=16)
def _tables(world: World) -> tuple[np.ndarray, np.ndarray, bool]:
    """Per tile its number of looks and its sides with edges; and whether there is a sky."""
    art = sprites.of(world)
    looks = np.array([sprites.looks(t.name) for t in art.tiles])
    edged = np.array([sum(1 << "uldr".index(c) for c in sprites.sides(t.name)) for t in art.tiles])
    return looks, edged, art.tiles[art.ground].name == "sky"


def looks_of(world: World, tiles: np.ndarray, y0: int = 0, x0: int = 0) -> np.ndarray:
    """Which look each of the tiles int[h, w] has whose first is at (y0, x0): a fixed noise."""
    h, w = tiles.shape
    noise = _scatter(np.arange(y0, y0 + h)[:, None], np.arange(x0, x0 + w)[None, :])
    # about half the cells keep the first look
    more = (noise >> np.uint32(8)) % (_tables(world)[0][tiles] + 1).astype(np.uint32)
    return np.where(noise % 8 < 4, 0, more)


def _scatter(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A fixed noise of cells: uint32."""
    h = y.astype(np.uint32) * np.uint32(0x9E3779B1) ^ x.astype(np.uint32) * np.uint32(0x85EBCA77)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    return h ^ (h >> np.uint32(13))


def cell_keys(world: World, record: np.record, y0: int, y1: int, x0: int, x1: int) -> np.ndarray:
    """What `cell_art` draws on these cells of the level: tile, look, edges and shadow, packed in an
    int64 each.
    """
    _, edged, sky = _tables(world)
    h, w = int(record.h), int(record.w)
    padded = np.pad(record.tiles[:h, :w], 1, mode="edge").astype(np.int64)
    tiles = padded[y0 + 1 : y1 + 1, x0 + 1 : x1 + 1]
    above, below = padded[y0:y1, x0 + 1 : x1 + 1], padded[y0 + 2 : y1 + 2, x0 + 1 : x1 + 1]
    before, after = padded[y0 + 1 : y1 + 1, x0:x1], padded[y0 + 1 : y1 + 1, x0 + 2 : x1 + 2]
    edges = (above != tiles) | (before != tiles) * 2 | (below != tiles) * 4 | (after != tiles) * 8
    edges &= edged[tiles]
    shade = np.zeros_like(tiles)
    if not sky:
        shade = ((world.solid[above] > 0) | (world.solid[before] > 0) * 2) * (
            world.solid[tiles] == 0
        )
    return ((tiles * 32 + looks_of(world, tiles, y0, x0)) * 16 + edges) * 4 + shade


@kept
def cell_art(world: World, key: int, p: int) -> tuple[Stamp | None, Stamp | None]:
    """What fills the cell that `key` packs (tile, look, edges, shadow), and what stands in it."""
    key, shade = divmod(key, 4)
    key, edges = divmod(key, 16)
    tile, look = divmod(key, 32)
    art = sprites.of(world)
    names = "".join(side for bit, side in enumerate("uldr") if edges >> bit & 1)
    rgba = sprites.tile_art(art.tiles[tile], p, look, names)
    thing = None
    if _tables(world)[2]:  # the sky is behind everything
        if tile == art.ground:
            return None, None
        return (as_stamp(rgba), None) if (rgba[..., 3] == 255).all() else (None, as_stamp(rgba))
    if (rgba[..., 3] < 255).any():
        thing = as_stamp(rgba)
        rgba = sprites.tile_art(art.tiles[art.ground], p)
    for bit, side in enumerate(("up", "left")):
        if shade >> bit & 1:
            rgba = sprites.pile(sprites.read(f"shade/{side}", "").at(p), rgba)
    return as_stamp(sprites.pile(rgba, np.full_like(rgba, 255))), thing


@kept
def thing_art(world: World, kind: int, pose: int, p: int, opacity: float) -> Stamp:
    """A thing of this kind in one of its poses, p pixels wide."""
    return as_stamp(sprites.of(world).things[kind].at(p, pose), opacity)
