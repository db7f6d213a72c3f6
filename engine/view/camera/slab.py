"""Platformers as a model: a slice of a world, shown from its side as a slab with tops and flanks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..draw import sprites
from ..draw.cells import cell_art
from ..draw.kept import Latest, kept
from ..draw.stamps import Stamp, as_stamp
from . import textures, top
from .shot import Shot

if TYPE_CHECKING:
    from ...world import World

DEEP = 0.4  # depth of the slab in cells
TOP, SIDE = 1.04, 0.72  # light on tops and on flanks
STILL: Latest[top.Laid] = Latest(4)  # one for each pane of a window


def draw(shot: Shot) -> np.ndarray:
    """The picture: uint8[height, width, 3], a new array."""
    board = top.Board(shot)
    pixels, objects = STILL.get(board.key, lambda: _still(board, shot))
    deep = max(2, round(board.p * DEEP))
    # things stand in the middle of the slab
    board.top, board.left = board.top + deep // 2, board.left - deep // 2
    board.pixels, board.objects = pixels.copy(), [*objects]
    board.furnish(shot)
    return board.pixels


def _still(board: top.Board, shot: Shot) -> top.Laid:
    """The slab itself, and what lies in front of it."""
    world, shown = shot.world, shot.shown
    p, deep = board.p, max(2, round(board.p * DEEP))
    tiles = np.asarray(shown.tiles)[: int(shown.h), : int(shown.w)]
    solid = np.pad(textures.art(world, 16).height[tiles] > 0, 1).tolist()
    rows = tiles.tolist()

    def block(y: int, x: int) -> bool:
        return solid[y + 1][x + 1]

    keys = [cell for cell in board.keys(world, shown) if block(*cell[:2])]
    # tops and flanks first, then the fronts once more: those of nearer cells hide what lies behind
    for y, x, _ in keys:
        tile = rows[y][x]
        if not block(y - 1, x):
            board.lay(_roof(world, tile, p, deep), y, x, deep)
        if not block(y, x + 1):
            board.lay(_flank(world, tile, p, deep), y, x + 1, deep)
    for y, x, key in keys:
        board.lay(_front(world, key, p), y, x)
    return board.pixels, [(stamp, y, x) for stamp, y, x in board.objects if not block(y, x)]


@kept
def _front(world: World, key: int, p: int) -> Stamp:
    """The front of a block as the top camera draws it, without holes."""
    ground, thing = cell_art(world, key, p)
    if ground is not None:
        return ground
    sprite = sprites.of(world).tiles[key // 4 // 16 // 32]
    assert thing is not None
    return as_stamp(
        sprites.pile(textures.face_of(sprite, "front", p), np.full((p, p, 4), 255, np.uint8))
    )


@kept
def _roof(world: World, tile: int, p: int, deep: int) -> Stamp:
    """The top of a block, going back to the right."""
    art = sprites.pile(
        textures.face_of(sprites.of(world).tiles[tile], "top", p), np.full((p, p, 4), 255, np.uint8)
    )
    rgba = np.zeros((deep, p + deep, 4), np.uint8)
    for r in range(deep):
        shift = deep - r - 1
        line = art[min(int((r + 0.5) / deep * p), p - 1), :, :3].astype(float) * TOP
        rgba[r, shift + 1 : shift + 1 + p, :3] = np.minimum(np.rint(line), 255)
        rgba[r, shift + 1 : shift + 1 + p, 3] = 255
    return as_stamp(rgba)


@kept
def _flank(world: World, tile: int, p: int, deep: int) -> Stamp:
    """The right side of a block, going back upwards."""
    sprite = sprites.of(world).tiles[tile]
    side = sprites.tile_art(sprite, p)
    if not textures.is_block(side):
        side = textures.face_of(sprite, "front", p)
    art = sprites.pile(side, np.full((p, p, 4), 255, np.uint8))
    rgba = np.zeros((p + deep, deep, 4), np.uint8)
    for c in range(deep):
        shift = deep - c - 1
        line = art[:, min(int((c + 0.5) / deep * p), p - 1), :3].astype(float) * SIDE
        rgba[shift : shift + p, c, :3] = np.rint(line)
        rgba[shift : shift + p, c, 3] = 255
    return as_stamp(rgba)
