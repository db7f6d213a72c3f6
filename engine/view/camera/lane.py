"""Platformers in first person: a slice of a world, seen from its side, becomes a lane that one
looks along.
"""

from __future__ import annotations

import numpy as np

from ...jit import stored
from .raycast import (
    ALPHA,
    BYTE,
    FAR,
    HAZE,
    HAZY,
    LANES,
    TURN,
    TWO,
    blend_texel,
    copy_bytes,
    draw_span,
    sort_spots,
)
from .textures import HORIZON

LANE = 3.0  # cells across of the lane that a platformer becomes
NEAR, HIGHEST, OVER = (
    4.0,
    4.5,
    0.6,
)  # cells ahead, and above the eye, that people look over, and how far


def lifted(blocks: np.ndarray, y: float, x: float, way: int) -> float:
    """How many rows higher people's eye is than an agent's own at (y, x) that looks `way` (1 or -1), so
    as to see over what rises before it: the nearer that is, the more. A wall too high is seen as a wall.

    blocks: bool[h, w], what one cannot look through.
    """
    w, here, column = blocks.shape[1], min(max(int(y), 0), len(blocks) - 1), int(x)
    lift = 0.0
    for k in range(1, int(NEAR) + 1):
        ahead = column + way * k
        if not 0 <= ahead < w:
            break
        top = here
        while top >= 0 and blocks[top, ahead]:
            top -= 1
        rise = y - (top + 1) + OVER
        if top == here or rise <= 0:
            continue
        if rise > HIGHEST or top < 0:
            break
        away = max(abs(ahead + 0.5 - x) - 0.5, 0.0)
        lift = max(lift, rise * min(max((NEAR - away) / (NEAR - 1), 0.0), 1.0))
    free = here
    while free > 0 and not blocks[free - 1, min(max(column, 0), w - 1)]:
        free -= 1
    return min(lift, y - free) if lift else 0.0


@stored
def run(
    plane, tall, wide, per, cameras, spots, counts, wall, floor, height, atlas, mips, sky, turns, focal, ready,
    frames, flat,
):  # fmt: skip
    """`cast` for a platformer: a plane seen from its side, along which one looks left or right.

    Takes what `cast` takes; the direction of a camera is (0, 1) or (0, -1), `sky` has all rows.
    `ready` holds frames of nothing but sky, uint8[1, 4 directions, bytes], if any are prepared.
    """
    prepared = len(ready) > 0
    rows, columns = frames.shape[1], frames.shape[2]
    horizon = int(rows * HORIZON)
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit = np.empty(rows)
    stride, levels = mips[-1, 0], len(mips) - 1
    for j in range(len(frames)):
        i = j // per
        h, w = tall[i], wide[i]
        cy, cx, way = cameras[j, 0], cameras[j, 1], 1 if cameras[j, 3] > 0 else -1
        ahead = int(cameras[j, 4])
        if prepared:
            quarter = ahead // (TURN // 4)
            copy_bytes(ready, 0, quarter, flat, j, 0, flat.shape[1])
        for r in range(rows):
            slope = (r + 0.5 - horizon) / focal
            y, x = int(cy), int(cx)
            step_y = 1 if slope > 0 else -1
            per_y = 1.0 / abs(slope) if slope != 0 else 1e30
            to_y = (y + 1 - cy if slope > 0 else cy - y) * per_y
            to_x = x + 1 - cx if way > 0 else cx - x
            far, level, index = FAR, False, -1
            while True:
                if to_y < to_x:
                    far, level = to_y, True
                    y += step_y
                    to_y += per_y
                else:
                    far, level = to_x, False
                    x += way
                    to_x += 1.0
                if y < 0 or x < 0 or y >= h or x >= w or far > FAR:
                    far = FAR
                    break
                if height[plane[i, y, x]] > 0:
                    index = plane[i, y, x]
                    break
            hit[r] = far
            per_column = far / focal
            half = LANE * 0.5 / per_column if index >= 0 else 0.0
            left, right = int(columns * 0.5 - half + 0.5), int(columns * 0.5 + half + 0.5)
            left, right = max(left, 0), min(right, columns)
            for c in range(0 if not prepared else columns, columns):
                if left <= c < right:
                    continue
                lit = sky[r, (ahead + turns[c]) % TURN]
                frames[j, r, c, 0] = lit & BYTE
                frames[j, r, c, 1] = lit >> LANES & BYTE
                frames[j, r, c, 2] = lit >> TWO
            if index < 0:
                continue
            m = 0
            stretch = per_column if not level else per_column * max(1.0, 0.5 * abs(1.0 / slope))
            while m < levels - 1 and stretch * mips[m, 1] > 1.4:
                m += 1
            t = mips[m, 1]
            texture = floor[index + 1]
            if not level:
                covered = y > 0 and plane[i, y - 1, x] == index
                texture = wall[index + len(height)] if covered else wall[index]
            v = cx + far * way if level else cy + far * slope
            v -= int(v)
            base = texture * stride + mips[m, 0] + min(int(v * t), t - 1) * t
            dim = min(int(far * HAZY), 200)
            shade = 256 if level and slope > 0 else 150 if level else 214
            light, fog = np.uint64((256 - dim) * shade >> 8), haze * np.uint64(dim)
            u = int(((left + 0.5 - columns * 0.5) * per_column + 16.5) * t * 65536)
            du = int(per_column * t * 65536)
            if right > left:
                draw_span(
                    flat[j],
                    (r * columns + left) * 3,
                    right - left,
                    atlas,
                    base,
                    t,
                    u,
                    du,
                    light,
                    fog,
                )
        for k in range(sort_spots(spots, j, counts[j], cy, cx, 0.0, way * 1.0)):
            far = (spots[j, k, 1] - cx) * way
            p = focal * spots[j, k, 3] / far
            left_edge = columns * 0.5 - p * 0.5
            upper = horizon + (spots[j, k, 0] + 0.5 - spots[j, k, 4] - cy) * focal / far - p
            m = 0
            while m < levels - 1 and mips[m, 1] > 1.4 * p:
                m += 1
            t = mips[m, 1]
            base = int(spots[j, k, 2]) * stride + mips[m, 0]
            dim = min(int(far * HAZY), 200)
            light, fog, strength = (
                np.uint64(256 - dim),
                haze * np.uint64(dim),
                np.uint64(int(spots[j, k, 5])),
            )
            for r in range(max(int(upper + 0.5), 0), min(int(upper + p + 0.5), rows)):
                if hit[r] < far:
                    continue
                v = base + min(max(int((r + 0.5 - upper) / p * t), 0), t - 1) * t
                for c in range(
                    max(int(left_edge + 0.5), 0), min(int(left_edge + p + 0.5), columns)
                ):
                    texel = atlas[v + min(max(int((c + 0.5 - left_edge) / p * t), 0), t - 1)]
                    if texel >> ALPHA:
                        to = np.uint64((r * columns + c) * 3)
                        blend_texel(flat[j], to, texel, light, fog, strength)
