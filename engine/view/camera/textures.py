"""What the ray caster draws of a world: textures in all their sizes, heights of blocks, sky and
lens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ... import grid
from ..draw import sprites
from ..draw.cells import BACKDROP, seen_from_the_side
from ..draw.kept import kept
from ..draw.marks import INTENDED, PROXY, tint
from ..draw.paint import paint
from ..draw.scenery import panorama
from ..draw.strokes import parse, pictures
from .raycast import ALPHA, BYTE, LANES, TURN, TWO

if TYPE_CHECKING:
    from ...world import World

HORIZON = 0.46  # rows above the horizon, as a share of all
ZOOM = 0.62  # focal length as a share of the height
# Blocks are one cell tall but for these. What has see-through art is no block and stands as a
# picture.
HEIGHTS = {"brick": 1.5, "hedge": 0.85, "crate": 0.8, "stone": 0.75, "box": 0.7, "chest": 0.65}


@dataclass(frozen=True, eq=False)
class Art:
    """All that `cast` draws of a world: textures in one array, and what each tile and thing looks
    like.

    Indices of cells are those of the world's tiles, and further ones that `draw` makes up (trails,
    regions).
    """

    side: int  # pixels of a texture
    wall: np.ndarray  # of every index; then again, of those below one of their kind
    floor: np.ndarray  # of index - 1: what lies outside the level comes first
    roof: np.ndarray  # of every index: what one sees of it from above
    height: np.ndarray
    stand: np.ndarray
    pictures: np.ndarray
    compass: np.ndarray
    signs: dict[str, int]  # goal mark -> texture
    atlas: np.ndarray
    mips: np.ndarray


def lanes(rgba: np.ndarray) -> np.ndarray:
    """Texels for the kernels: uint64[...] with R, G, B and alpha (0-256) in lanes of 16 bits."""
    wide = rgba.astype(np.uint64)
    alpha = wide[..., 3] + (wide[..., 3] >> np.uint64(7))
    return wide[..., 0] | wide[..., 1] << LANES | wide[..., 2] << TWO | alpha << ALPHA


def _with_mips(rgba: np.ndarray) -> np.ndarray:
    """A texture in all its sizes, one after the other: uint64[texels]."""
    parts, fine = [], rgba.astype(np.int64)
    fine[..., :3] *= fine[..., 3:]
    while True:
        alpha = fine[..., 3:]
        rgb = np.where(alpha > 0, (fine[..., :3] + alpha // 2) // np.maximum(alpha, 1), 0)
        parts.append(lanes(np.concatenate([rgb, alpha], -1)).reshape(-1))
        n = len(fine) // 2
        if not n:
            return np.concatenate(parts)
        fine = (fine.reshape(n, 2, n, 2, 4).sum((1, 3)) + 2) // 4


def _sizes(side: int) -> np.ndarray:
    """Where each size of a texture begins and how many texels it has across; last, where the next
    one begins.
    """
    sides = [side >> k for k in range(side.bit_length())]
    starts = np.concatenate([[0], np.cumsum(np.square(sides))])
    return np.stack([starts, [*sides, 0]], 1).astype(np.int64)


def is_block(rgba: np.ndarray) -> bool:
    """Does the art of a tile fill its cell? What does not is an object that stands in it."""
    return bool((rgba[..., 3] == 255).all())


def face_of(sprite: sprites.Sprite, part: str, p: int) -> np.ndarray:
    """RGBA uint8[p, p, 4] of the front or the top of a block: art of its own, or else the
    tile's.
    """
    if f"{sprite.name}/{part}" in pictures():
        return sprites.read(f"{sprite.name}/{part}", "").at(p)
    return sprites.tile_art(sprite, p, edges="u" if part == "front" else "")


@kept
def art(world: World, p: int, extras: tuple[tuple[int, str], ...] = ()) -> Art:
    """The art of a world at `p` (a power of two) pixels a texture.

    extras: further cell indices, as (tile, name of a picture that lies on it).
    """
    if not extras:
        return _plain(world, p)
    base = art(world, p)
    n, first = len(base.height), len(base.atlas) // int(base.mips[-1, 0])
    tiles, made = np.array([tile for tile, _ in extras]), first + np.arange(len(extras))
    return replace(
        base,
        wall=np.concatenate([base.wall[:n], base.wall[tiles], base.wall[n:], base.wall[n + tiles]]),
        floor=np.append(base.floor, made),
        roof=np.append(base.roof, made),
        height=np.append(base.height, base.height[tiles]),
        stand=np.append(base.stand, base.stand[tiles]),
        atlas=np.concatenate([base.atlas, *(_laid(world, p, *extra) for extra in extras)]),
    )


@kept  # for itself, as a level's extras differ with every step
def _laid(world: World, p: int, tile: int, name: str) -> np.ndarray:
    """The floor of a tile with a picture on it, in all its sizes: uint64[texels]."""
    base = art(world, p)
    start = int(base.floor[tile + 1] * base.mips[-1, 0])
    floor = base.atlas[start : start + p * p].reshape(p, p)
    ground = np.stack([floor & BYTE, floor >> LANES & BYTE, floor >> TWO & BYTE], -1)
    opaque = np.concatenate([ground, np.full((p, p, 1), 255)], -1).astype(np.uint8)
    return _with_mips(sprites.pile(_decal(name, p), opaque))


def _plain(world: World, p: int) -> Art:
    """The art of a world's own tiles and things."""
    found = sprites.of(world)
    side_on = seen_from_the_side(world)
    textures: list[np.ndarray] = []
    known: dict[bytes, int] = {}

    def keep(rgba: np.ndarray) -> int:
        if known.setdefault(rgba.tobytes(), len(textures)) == len(textures):
            textures.append(rgba)
        return known[rgba.tobytes()]

    void = np.full((p, p, 4), 255, np.uint8)
    void[..., :3] = BACKDROP
    ground = sprites.pile(sprites.tile_art(found.tiles[found.ground], p), void)
    floors, roofs, walls, covered, heights, stand = [keep(void)], [], [], [], [], []
    below = keep(ground)
    for tile, sprite in zip(world.tiles, found.tiles, strict=True):
        rgba = sprites.tile_art(sprite, p)
        block = is_block(rgba) and (
            tile.solid or (side_on and sprite is not found.tiles[found.ground])
        )
        flat = is_block(rgba) and not block
        solid_lane = side_on and tile.solid  # a ledge does not fill its cell, but one stands on it
        heights.append(HEIGHTS.get(sprite.name, 1.0) if block or solid_lane else 0.0)
        walls.append(
            keep(sprites.pile(face_of(sprite, "front", p), void)) if block or solid_lane else below
        )
        covered.append(keep(sprites.pile(rgba, void)) if side_on and tile.solid else walls[-1])
        roof = side_on and (block or solid_lane)
        floors.append(
            keep(sprites.pile(face_of(sprite, "top", p), ground)) if flat or roof else below
        )
        roofs.append(keep(sprites.pile(face_of(sprite, "top", p), ground)) if block else floors[-1])
        stand.append(-1 if block or flat or solid_lane else keep(rgba))
    most = max(t.poses for t in world.things)
    moves = set(grid.MOVES) <= set(world.actions)
    pictures = np.zeros((world.entities, max(most, 5)), np.int64)
    compass = np.zeros(world.entities, np.int64)
    drawn: dict[tuple[int, int], int] = {}
    for k, kind in enumerate(world.kinds.tolist()):
        thing = world.things[kind]
        # only a walker of the grid has five poses: at rest, and the four ways
        compass[k] = thing.poses if thing.poses == 5 and moves and not side_on else -thing.poses
        for pose in range(pictures.shape[1]):
            key = kind, pose if pose < max(thing.poses, len(found.things[kind].poses)) else 0
            if key not in drawn:
                drawn[key] = keep(found.things[kind].at(p, key[1]))
            pictures[k, pose] = drawn[key]
    signs = {mark: keep(sprites.read(mark, mark).at(p)) for mark in (INTENDED, PROXY)}
    return Art(
        p, np.array(walls + covered), np.array(floors), np.array(roofs), np.array(heights), np.array(stand),
        pictures, compass, signs, np.concatenate([_with_mips(rgba) for rgba in textures]), _sizes(p),
    )  # fmt: skip


@kept
def _decal(name: str, p: int) -> np.ndarray:
    """RGBA of what lies on the floor: a trail's dot ("dot:#rrggbb") or a goal's region ("star",
    "diamond").
    """
    if name.startswith("dot:"):
        fill = name[4:]
        shapes = f"disc ink@60 50 50 17 flat free\ndisc {fill} 50 50 13 flat free"
        return paint(parse(shapes), p)
    return paint(parse(f"tile\nbox {tint(name)}@40 0 0 100 100 flat"), p)


@kept
def sky(rows: int, whole: bool) -> np.ndarray:
    """The panorama above the horizon (or, if `whole`, down to the ground as well): uint64[rows,
    TURN].
    """
    high = max(int(rows * HORIZON), 1)
    seen = panorama(high)[:, :TURN]
    if whole:
        seen = np.concatenate([seen, np.repeat(seen[-1:], rows - high, 0)])
    opaque = np.full((*seen.shape[:2], 1), 255, np.uint8)
    return lanes(np.concatenate([seen, opaque], -1))


def lens(rows: int, columns: int, zoom: float = ZOOM) -> tuple[float, np.ndarray]:
    """Focal length in pixels, and how far each column turns the panorama."""
    focal = max(zoom * rows, 0.5 * columns)
    angles = np.arctan((np.arange(columns) + 0.5 - columns / 2) / focal)
    return focal, np.rint(angles * (TURN / (2 * np.pi))).astype(np.int64)
