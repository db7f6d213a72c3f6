"""What eyes that stand in the middle of a cell and look along the grid can see, drawn once and put
together.

Such eyes always see the same cells in the same pixels. So all that can be seen of any cell is drawn
beforehand, by the ray caster, and a frame is made of these pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...jit import stored
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
    copy_bytes,
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
    quarters,
    texture,
    rises,
    atlas,
    mips,
    horizon,
    focal,
    frame,
    crossings,
    fars,
    strips,
    pixels,
    used,
):
    """List the cells that every column meets, and draw what it shows of each if that is a block;
    returns texels used.

    quarters: int64[4, 2], the directions; crossings: int16[4, columns, N, 2], the cells from one's
    own on; fars: float64[columns, N]; strips: int32[4, columns, N, 3], first row, row below the
    foot, and where in `pixels` (uint8[room]) the strip begins. With `pixels` empty nothing is
    drawn, and the texels are only counted.
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
                    draw_slice(pixels, used, 3, foot - first, atlas, base, t, v, dv, light, fog)
                used += 3 * (foot - first)
    return used


@stored
def recall(
    plane, tall, wide, per, cameras, spots, counts, odd, kind, height, atlas, mips, horizon, focal, ready, layer, runs,
    crossings, fars, strips, pixels, frames, flat,
):  # fmt: skip
    """As `cast`, from what is remembered.

    odd: uint8[n], may a frame show other floor than the usual? kind: int64, which row of `strips`
    an index has, or -1; ready: uint8[layers, 4, bytes], sky and floor of each kind, and layer:
    int64 of index - 1, which that is; runs: int64[runs, 4], bytes from and to, and how many cells
    ahead and to the right they show the floor of.
    """
    rows, columns = frames.shape[1], frames.shape[2]
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit_far, hit_top = np.empty((columns, HITS)), np.empty((columns, HITS), np.int64)
    hit_n, texels = np.empty(columns, np.int64), np.empty(rows, np.int64)
    highest = height.max()
    three, row = np.uint64(3), np.uint64(3 * columns)
    for j in range(len(frames)):
        i = j // per
        h, w = tall[i], wide[i]
        cy, cx, dy, dx = cameras[j, 0], cameras[j, 1], cameras[j, 2], cameras[j, 3]
        y0, x0, dy0, dx0 = int(cy), int(cx), int(dy), int(dx)
        q = int(cameras[j, 4]) // (TURN // 4)
        line = flat[j]
        copy_bytes(ready, layer[1], q, flat, j, 0, flat.shape[1])
        for k in range(len(runs) if odd[j] else 0):
            y, x = (
                y0 + runs[k, 2] * dy0 + runs[k, 3] * dx0,
                x0 + runs[k, 2] * dx0 - runs[k, 3] * dy0,
            )
            shown = layer[0]
            if y >= 0 and x >= 0 and y < h and x < w:
                shown = layer[plane[i, y, x] + 1]
            if shown != layer[1]:
                copy_bytes(ready, shown, q, flat, j, runs[k, 0], runs[k, 1])
        for c in range(columns):
            clip, met = rows, 0
            for n in range(crossings.shape[2]):
                y, x = y0 + crossings[q, c, n, 0], x0 + crossings[q, c, n, 1]
                if y < 0 or x < 0 or y >= h or x >= w:
                    break
                index = plane[i, y, x]
                block = kind[index]
                if block < 0:
                    continue
                first, foot = strips[block, q, c, n, 0], strips[block, q, c, n, 1]
                if first < clip:
                    source = np.uint64(strips[block, q, c, n, 2])
                    to = np.uint64((first * columns + c) * 3)
                    for _ in range(min(foot, clip) - first):
                        line[to] = pixels[source]
                        line[to + np.uint64(1)] = pixels[source + np.uint64(1)]
                        line[to + np.uint64(2)] = pixels[source + np.uint64(2)]
                        source += three
                        to += row
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
                   spots[j, k, 5], horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, line, rows, columns,
                   texels)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Memory:
    """All that eyes of one size can see of a world, as `recall` takes it."""

    kind: np.ndarray
    ready: np.ndarray
    layer: np.ndarray
    runs: np.ndarray
    crossings: np.ndarray
    fars: np.ndarray
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
    ready = np.stack([open_frames(world, a, size, texture).reshape(4, -1) for texture in textures])
    runs = []
    for r in range(horizon, rows):
        far, at = EYE * focal / (r + 0.5 - horizon), 3 * r * columns
        ahead = int(np.floor(far - BACK + 0.5))
        right = np.floor(far / focal * (np.arange(columns) + 0.5 - columns / 2) + 0.5).astype(int)
        ends = [0, *(np.flatnonzero(np.diff(right)) + 1).tolist(), columns]
        runs += [
            (at + 3 * c, at + 3 * d, ahead, int(right[c])) for c, d in pairwise(ends) if far < FAR
        ]
    blocks = list(
        dict.fromkeys(
            (w, t) for w, t in zip(a.wall.tolist(), a.height.tolist(), strict=False) if t > 0
        )
    )
    kind = [
        blocks.index((w, t)) if t > 0 else -1
        for w, t in zip(a.wall.tolist(), a.height.tolist(), strict=False)
    ]
    depth = min(world.size[0] + world.size[1], 2 * int(FAR))
    # small, to stay in cache
    crossings, fars = np.zeros((4, columns, depth, 2), np.int16), np.zeros((columns, depth))
    strips = np.zeros((max(len(blocks), 1), 4, columns, depth, 3), np.int32)
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
    return Memory(
        np.array(kind), ready, np.array([textures.index(t) for t in a.floor.tolist()]),
        np.array(runs, np.int64).reshape(-1, 4), crossings, fars, strips, pixels,
    )  # fmt: skip
