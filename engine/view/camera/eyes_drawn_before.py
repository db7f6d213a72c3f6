"""What eyes that stand in the middle of a cell and look along the grid can see, drawn once and put
together.

Such eyes always see the same cells in the same pixels. So all that can be seen of any cell is drawn
beforehand, by the ray caster, and a frame is made of these pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ... import raw
from ...jit import lean, stored
from ..draw.cells import seen_from_the_side
from .lane import run
from .raycast import (
    BACK,
    EYE,
    FAR,
    HAZE,
    HITS,
    LANES,
    TURN,
    TWO,
    cast,
    draw_slice,
    piece,
    sort_spots,
    stand,
)
from .textures import HORIZON, Art, lens, sky

if TYPE_CHECKING:
    from ...world import World


@stored
def remember(
    quarters, texture, rises, atlas, mips, horizon, focal, frame, crossings, fars, strips, pixels, used
):  # fmt: skip
    """List the cells that every column meets, and draw what it shows of each if that is a block;
    returns bytes used.

    quarters: int64[4, 2], the directions; crossings: int16[4, columns, N, 2], the cells from one's
    own on; fars: float64[columns, N]; strips: int32[4, columns, N, 3], first row, row below the
    foot, and where in `pixels` (uint8[room]) the strip begins, 4 bytes to a pixel. With `pixels`
    empty nothing is drawn, and the bytes are only counted.
    """
    rows, columns = frame.shape[0], frame.shape[1]
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    for q in range(4):
        dy, dx = quarters[q, 0], quarters[q, 1]
        ry, rx = dx, -dy
        for c in range(columns):
            k = (c + 0.5 - columns * 0.5) / focal
            vy, vx = dy + k * ry, dx + k * rx
            cy, cx = 0.5 - BACK * dy, 0.5 - BACK * dx
            y = x = 0
            per_y = 1.0 / abs(vy) if vy != 0 else 1e30
            per_x = 1.0 / abs(vx) if vx != 0 else 1e30
            to_y = (1 - cy if vy > 0 else cy) * per_y
            to_x = (1 - cx if vx > 0 else cx) * per_x
            for n in range(crossings.shape[2]):
                across = to_y < to_x
                if across:
                    far = to_y
                    y += 1 if vy > 0 else -1
                    to_y += per_y
                else:
                    far = to_x
                    x += 1 if vx > 0 else -1
                    to_x += per_x
                crossings[q, c, n, 0], crossings[q, c, n, 1] = y, x
                fars[c, n] = far
                u = cx + far * vx if across else cy + far * vy
                side = (0 if vy < 0 else 2) if across else (1 if vx < 0 else 3)
                first, foot, base, t, v, dv, light, fog = piece(
                    far, u - np.floor(u), side, texture, rises, horizon, focal, rows, mips, haze
                )
                strips[q, c, n, 0], strips[q, c, n, 1], strips[q, c, n, 2] = first, foot, used
                if len(pixels):
                    draw_slice(pixels, used, 4, foot - first, atlas, base, t, v, dv, light, fog)
                used += 4 * (foot - first)
    return used


@stored
def recall(
    plane, tall, wide, per, cameras, spots, counts, kind, height, atlas, mips, horizon, focal, ready, layer,
    crossings, fars, ground, strips, pixels, square, frames, flat,
):  # fmt: skip
    """As `cast`, from what is remembered.

    A frame is put together in `square` (uint8[columns, bytes], 4 to a pixel) and then turned. ready:
    uint8[kinds of floor, 4, bytes], sky and floor as in `square`; layer: int64 of index + 1, which
    of them (what lies outside the level comes first). kind: int64 of index, which row of `strips`
    it has, or -1. ground: int16[columns, N + 2], the row below the floor of each cell that
    a column meets, one's own being the first; last, where the farthest floor begins.
    """
    rows, columns = frames.shape[1], frames.shape[2]
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit_far, hit_top = np.empty((columns, HITS)), np.empty((columns, HITS), np.int64)
    hit_n, texels = np.empty(columns, np.int64), np.empty(rows, np.int64)
    highest, down = height.max(), square.shape[1]
    line = square.reshape(-1)
    for j in range(len(frames)):
        i = j // per
        h, w = tall[i], wide[i]
        cy, cx, dy, dx = cameras[j, 0], cameras[j, 1], cameras[j, 2], cameras[j, 3]
        y0, x0 = int(cy), int(cx)
        q = int(cameras[j, 4]) // (TURN // 4)
        usual = layer[plane[i, y0, x0] + 1]  # the floor of one's own cell, and of most around it
        raw.copy(square, 0, ready, (usual * 4 + q) * square.size, square.size)
        for c in range(columns):
            clip, met, at = rows, 0, c * down
            for n in range(crossings.shape[2]):
                y, x = y0 + crossings[q, c, n, 0], x0 + crossings[q, c, n, 1]
                if y < 0 or x < 0 or y >= h or x >= w:
                    if layer[0] != usual and met == 0:
                        last = ground.shape[1] - 1
                        lay_floor(square, ready, layer[0], q, at, ground[c, last], ground[c, n + 1])
                    break
                index = plane[i, y, x]
                block, floor = kind[index], layer[index + 1]
                if floor != usual and met == 0:  # a block's own may be seen, too, by a pixel
                    lay_floor(square, ready, floor, q, at, ground[c, n + 2], ground[c, n + 1])
                if block < 0:
                    continue
                first, foot = strips[block, q, c, n, 0], strips[block, q, c, n, 1]
                if first < clip:
                    count = 4 * (min(foot, clip) - first)
                    raw.copy(square, at + 4 * first, pixels, strips[block, q, c, n, 2], count)
                    clip = first
                    if met < HITS:
                        hit_far[c, met], hit_top[c, met] = fars[c, n], first
                        met += 1
                    if clip == 0 or height[index] >= highest:
                        break
            hit_n[c] = met
        for k in range(sort_spots(spots, j, counts[j], cy, cx, dy, dx)):
            py, px = spots[j, k, 0] - cy, spots[j, k, 1] - cx
            stand(j, py * dy + px * dx, py * dx - px * dy, spots[j, k, 2], spots[j, k, 3], spots[j, k, 4],
                   spots[j, k, 5], horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, line, down, 4, rows,
                   columns, texels)  # fmt: skip
        turn(square, frames, flat, j)


@lean
def lay_floor(square, ready, layer, q, at, first, last):
    """Copy a floor into rows first..last-1 of the column that begins at byte `at`."""
    source = (layer * 4 + q) * square.size + at
    raw.copy(square, at + 4 * first, ready, source + 4 * first, 4 * (last - first))


@lean
def turn(square, frames, flat, j):
    """Write the columns of `square` as the rows of frame `j`."""
    rows, columns, down = frames.shape[1], frames.shape[2], square.shape[1]
    tall, wide = rows // 16 * 16, columns // 16 * 16
    for r in range(0, tall, 16):
        for c in range(0, wide, 16):
            at = j * flat.shape[1] + 3 * (r * columns + c)
            raw.turn(flat, at, 3 * columns, square, c * down + 4 * r, down)
    for r in range(rows):
        for c in range(wide if r < tall else 0, columns):
            for k in range(3):
                frames[j, r, c, k] = square[c, 4 * r + k]


@dataclass(frozen=True, eq=False)
class Memory:
    """All that eyes of one size can see of a world, as `recall` takes it."""

    kind: np.ndarray
    ready: np.ndarray
    layer: np.ndarray
    crossings: np.ndarray
    fars: np.ndarray
    ground: np.ndarray
    strips: np.ndarray
    pixels: np.ndarray


QUARTERS = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])


def open_frames(world: World, a: Art, size: tuple[int, int], texture: int) -> np.ndarray:
    """Nothing but sky, and one kind of floor if it is seen from above: uint8[4, H, W, 3]."""
    side_on = seen_from_the_side(world)
    frames = np.zeros((4, *size, 3), np.uint8)
    focal, turns = lens(*size)
    middle = int(FAR) + 2
    board = np.full(4, 2 * middle + 1)
    cameras = np.zeros((4, 5))
    cameras[:, :2], cameras[:, 2:4] = middle + 0.5 - BACK * QUARTERS, QUARTERS
    cameras[:, 4] = np.arange(4) * (TURN // 4)
    common = (
        np.zeros((4, board[0], board[0]), np.uint8), board, board, 1, cameras, np.zeros((4, 1, 6)),
        np.zeros(4, np.int64), a.wall, np.full_like(a.floor, texture), np.zeros_like(a.height), a.atlas, a.mips,
        sky(size[0], side_on), turns, focal,
    )  # fmt: skip
    if side_on:
        run(*common, np.zeros((0, 4, 0), np.uint8), frames, frames.reshape(4, -1))
    else:
        cast(*common, frames, frames.reshape(4, -1))
    return frames


@lru_cache(maxsize=8)
def memory_of(world: World, a: Art, size: tuple[int, int]) -> Memory:
    rows, columns = size
    focal, _ = lens(*size)
    horizon = max(int(rows * HORIZON), 1)
    textures = list(dict.fromkeys(a.floor.tolist()))
    ready = np.zeros((len(textures), 4, columns, rows, 4), np.uint8)
    for k, texture in enumerate(textures):
        ready[k, ..., :3] = open_frames(world, a, size, texture).transpose(0, 2, 1, 3)
    layer = [textures.index(t) for t in a.floor.tolist()]
    kinds = list(zip(a.wall.tolist(), a.height.tolist(), strict=False))
    blocks = list(dict.fromkeys((w, t) for w, t in kinds if t > 0)) or [(0, 1.0)]
    kind = [blocks.index((w, t)) if t > 0 else -1 for w, t in kinds]
    depth = min(world.size[0] + world.size[1], 2 * int(FAR))
    # small, to stay in cache
    crossings, fars = np.zeros((4, columns, depth, 2), np.int16), np.zeros((columns, depth))
    strips = np.zeros((len(blocks), 4, columns, depth, 3), np.int32)
    pixels, frame = np.zeros(0, np.uint8), np.zeros((rows, columns, 3), np.uint8)
    for drawn in (False, True):
        used = 0
        for k, (texture, rises) in enumerate(blocks):
            used = remember(
                QUARTERS, texture * a.mips[-1, 0], rises, a.atlas, a.mips, horizon, focal, frame, crossings, fars,
                strips[k], pixels, used,
            )  # fmt: skip
        if not drawn:
            pixels = np.zeros(max(used, 1), np.uint8)
    ground = grounds(crossings[0], size, horizon, focal)
    return Memory(
        np.array(kind), ready.reshape(len(textures), 4, -1), np.array(layer), crossings, fars, ground, strips, pixels
    )  # fmt: skip


def grounds(met: np.ndarray, size: tuple[int, int], horizon: int, focal: float) -> np.ndarray:
    """How far up each column shows the floor of one's own cell and of those that are `met`
    (int16[columns, N, 2]) looking up the board: int16[columns, N + 2], see `recall`.
    """
    rows, columns = size
    below = np.arange(horizon, rows)
    far = EYE * focal / (below + 0.5 - horizon)
    below, far = below[far < FAR], far[far < FAR]
    ahead = np.floor(far - BACK + 0.5).astype(int)
    top = below[0] if len(below) else rows
    found = np.full((columns, met.shape[1] + 2), rows, np.int16)
    for c in range(columns):
        right = np.floor(far / focal * (c + 0.5 - columns / 2) + 0.5).astype(int)
        cells = {(0, 0): 0, **{(-y, x): n for n, (y, x) in enumerate(met[c].tolist(), 1)}}
        at = np.array(
            [
                cells.get(cell, len(cells))
                for cell in zip(ahead.tolist(), right.tolist(), strict=True)
            ]
        )
        for n in range(found.shape[1] - 1):
            nearer = below[at < n]
            found[c, n] = nearer[0] if len(nearer) else rows
        found[c, -1] = top
    return found
