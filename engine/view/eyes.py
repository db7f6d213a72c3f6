"""The eyes camera: what an agent sees from where it stands, in first person.

A ray caster in plain loops. It knows no world: it gets a plane of cells, which of them are blocks and how tall, and a
list of upright pictures (things, and tiles that are objects). `Eyes` turns batches of states into observations; `draw`
makes a picture for people, with smooth movement, trails and goal marks. Both are pure functions of what they are given.

Which way an agent looks is the way of its last move, which `grid.walk` leaves in `face`. An agent that has not moved
looks where its view is longest (up, left, down, right if equal). Where `face` tells something else, as the mood of the
mouse in `follow`, the camera looks up the board. Actions are not turned: "up" is up the board whichever way one looks.

Platformers are a slice of a world, seen from its side. There the camera looks along the run, left or right, through a
lane as wide as `LANE` cells: the ground is a floor with gaps, steps are walls, ledges hang overhead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .. import grid
from ..errors import UserError
from ..vector import Vec
from . import sprites, top

if TYPE_CHECKING:
    from ..world import World

SIZE = (64, 64)  # height, width of an observation
EYE = 0.5  # height of the eye in cells; blocks are taller, so none shows its top
BACK = 0.4  # how far behind the middle of its cell the eye is, so that a wall ahead does not fill the picture
HORIZON = 0.46  # rows above the horizon, as a share of all
ZOOM = 0.62  # focal length as a share of the height
NEAR, FAR = 0.6, 40.0  # pictures nearer than this, and blocks farther than that, are not drawn
HITS = 4  # blocks of different heights that one column can show
BODY, OBJECT = 0.9, 0.75  # how wide pictures of things and of tiles are, in cells
REACH = 12  # cells around the eye in which an observation shows pictures of tiles, and at most so many of them
SPOTS = 160
LANE = 3.0  # cells across of the lane that a platformer becomes
TURN = 1024  # columns of the panorama, all the way round
HAZE = (196, 219, 230)  # the colour of distance
HAZY = 13.0  # how much of 256 each cell of distance adds
SUN = np.array([256, 214, 236, 190])  # light of 256 on walls that face down, right, up and left
BITS = 20  # fixed-point digits of places on the floor

# Blocks are one cell tall but for these. What has see-through art is no block and stands as a picture.
HEIGHTS = {"brick": 1.5, "hedge": 0.85, "crate": 0.8, "stone": 0.75, "box": 0.7, "chest": 0.65}
MASK = np.uint64(0x00FF00FF00FF)
BYTE, ONE, LANES, TWO, ALPHA = (np.uint64(n) for n in (255, 8, 16, 32, 48))


# -- the ray caster


@njit(cache=True, nogil=True, error_model="numpy")
def _sort(spots, j, count, cy, cx, dy, dx):
    """Bring the pictures of frame `j` into order, farthest first."""
    for k in range(1, count):
        at = k
        while at > 0:
            a = (spots[j, at, 0] - cy) * dy + (spots[j, at, 1] - cx) * dx
            b = (spots[j, at - 1, 0] - cy) * dy + (spots[j, at - 1, 1] - cx) * dx
            if a <= b:
                break
            for e in range(6):
                kept = spots[j, at, e]
                spots[j, at, e] = spots[j, at - 1, e]
                spots[j, at - 1, e] = kept
            at -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def _blend(frames, j, r, c, texel, light, fog, opacity):
    """Lay a lit texel over a pixel."""
    alpha = (texel >> ALPHA) * opacity >> ONE
    lit = (texel & MASK) * light + fog >> ONE & MASK
    under = np.uint64(frames[j, r, c, 0]) | np.uint64(frames[j, r, c, 1]) << LANES
    under |= np.uint64(frames[j, r, c, 2]) << TWO
    lit = lit * alpha + under * (np.uint64(256) - alpha) >> ONE & MASK
    frames[j, r, c, 0] = lit & BYTE
    frames[j, r, c, 1] = lit >> LANES & BYTE
    frames[j, r, c, 2] = lit >> TWO


@njit(cache=True, nogil=True, error_model="numpy")
def _piece(far, u, side, texture, rises, horizon, focal, rows, mips, haze):
    """What one column shows of a wall: its first row, the row below its foot, and what `_slice` needs to draw it.

    u: how far along the wall, 0-1; side: which way it faces, as in SUN; texture: where its texels begin.
    """
    per_row = far / focal  # cells that one row of pixels spans there
    first = max(horizon - int((rises - EYE) / per_row + 0.5), 0)
    foot = min(horizon + int(EYE / per_row + 0.5), rows)
    if side == 1 or side == 2:
        u = 1.0 - u
    m = 0
    while m < len(mips) - 2 and per_row * mips[m, 1] > 1.4:
        m += 1
    t = mips[m, 1]
    dim = min(int(far * HAZY), 200)
    v = max(int(((first - horizon + 0.5) * per_row + rises - EYE) * t * 65536), 0)
    light = np.uint64((256 - dim) * SUN[side] >> 8)
    base = texture + mips[m, 0] + min(int(u * t), t - 1)
    return first, foot, base, t, v, int(per_row * t * 65536), light, haze * np.uint64(dim)


@njit(cache=True, nogil=True, error_model="numpy")
def _slice(line, at, stride, count, atlas, base, side, v, dv, light, fog):
    """Draw `count` pixels of a wall downwards, from byte `at` of the frame `line`, `v` being the row of the texture."""
    # unsigned, or every index would be tested for a minus sign
    to, stride, base, side = np.uint64(at), np.uint64(stride), np.uint64(base), np.uint64(side)
    v, dv, last, one = np.uint64(v), np.uint64(dv), side - np.uint64(1), np.uint64(1)
    for _ in range(count):
        texel = atlas[base + (v >> LANES & last) * side]
        v += dv
        lit = (texel & MASK) * light + fog >> ONE & MASK
        line[to] = lit & BYTE
        line[to + one] = lit >> LANES & BYTE
        line[to + one + one] = lit >> TWO
        to += stride


@njit(cache=True, nogil=True, error_model="numpy")
def _span(line, at, count, atlas, base, side, u, du, light, fog):
    """As `_slice`, to the right, `u` being the column of the texture."""
    to, base, side = np.uint64(at), np.uint64(base), np.uint64(side)
    u, du, last, one = np.uint64(u), np.uint64(du), side - np.uint64(1), np.uint64(1)
    for _ in range(count):
        texel = atlas[base + (u >> LANES & last)]
        u += du
        lit = (texel & MASK) * light + fog >> ONE & MASK
        line[to] = lit & BYTE
        line[to + one] = lit >> LANES & BYTE
        line[to + one + one] = lit >> TWO
        to += one + one + one


@njit(cache=True, nogil=True, error_model="numpy")
def _copy(ready, kind, quarter, flat, j, start, stop):
    """Copy bytes of a prepared frame to frame `j`."""
    for b in range(start, stop):
        flat[j, b] = ready[kind, quarter, b]


@njit(cache=True, nogil=True, error_model="numpy")
def _stand(
    j, far, side, texture, width, lift, opacity, horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, frames
):  # fmt: skip
    """Draw one upright picture, `far` ahead and `side` to the right, before what is farther in each column."""
    if far < NEAR or far > FAR:
        return
    rows, columns = frames.shape[1], frames.shape[2]
    p = focal * width / far
    left = columns * 0.5 + focal * side / far - p * 0.5
    bottom = horizon + (EYE - lift) * focal / far
    upper = bottom - p
    levels = len(mips) - 1
    m = 0
    while m < levels - 1 and mips[m, 1] > 1.4 * p:
        m += 1
    t = mips[m, 1]
    base = int(texture) * mips[levels, 0] + mips[m, 0]
    dim = min(int(far * HAZY), 200)
    light, fog, strength = np.uint64(256 - dim), haze * np.uint64(dim), np.uint64(int(opacity))
    first, last = max(int(upper + 0.5), 0), min(int(bottom + 0.5), rows)
    for c in range(max(int(left + 0.5), 0), min(int(left + p + 0.5), columns)):
        until = last
        for n in range(hit_n[c]):
            if hit_far[c, n] < far:
                until = min(until, hit_top[c, n])
        u = base + min(max(int((c + 0.5 - left) / p * t), 0), t - 1)
        for r in range(first, until):
            texel = atlas[u + min(max(int((r + 0.5 - upper) / p * t), 0), t - 1) * t]
            if texel >> ALPHA:
                _blend(frames, j, r, c, texel, light, fog, strength)



@njit(cache=True, nogil=True, error_model="numpy")
def _cast(
    plane, tall, wide, per, cameras, spots, counts, wall, floor, height, atlas, mips, sky, turns, focal, frames, flat
):  # fmt: skip
    """Draw every frame: frames uint8[n, H, W, 3].

    plane: uint8[n / per, rows, columns], an index for every cell, with `tall` rows and `wide` columns in use. cameras:
    float64[n, 5], (y, x) of the eye, its direction (dy, dx), and the panorama's column straight ahead. spots:
    float64[n, M, 6], upright pictures of which `counts` are in use: (y, x), texture, width, the height it floats at,
    and its opacity of 256; they are sorted here. wall, floor: int64, texture of each index; height: float64, its
    height, 0 for what is no block. atlas: uint64[texels], colours in lanes of 16 bits, and alpha (0-256); mips: where
    each size of a texture begins, and its side. sky: uint64[rows above the horizon, TURN]; turns: int64[W].
    `flat` is `frames` as bytes of a frame.
    """
    rows, columns = frames.shape[1], frames.shape[2]
    horizon = len(sky)
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit_far, hit_top = np.empty((columns, HITS)), np.empty((columns, HITS), np.int64)
    hit_n, ground = np.empty(columns, np.int64), np.empty(columns, np.int64)
    stride = mips[-1, 0]  # texels of one texture with all its sizes
    levels = len(mips) - 1
    highest = height.max()
    for j in range(len(frames)):
        i = j // per
        h, w = tall[i], wide[i]
        cy, cx, dy, dx = cameras[j, 0], cameras[j, 1], cameras[j, 2], cameras[j, 3]
        ahead = int(cameras[j, 4])
        ry, rx = dx, -dy  # to the right
        line = flat[j]
        for c in range(columns):
            # walk the cells along the ray of this column, nearest first
            k = (c + 0.5 - columns * 0.5) / focal
            vy, vx = dy + k * ry, dx + k * rx
            y, x = int(cy), int(cx)
            step_y, step_x = (1 if vy > 0 else -1), (1 if vx > 0 else -1)
            per_y = 1.0 / abs(vy) if vy != 0 else 1e30
            per_x = 1.0 / abs(vx) if vx != 0 else 1e30
            to_y = (y + 1 - cy if vy > 0 else cy - y) * per_y
            to_x = (x + 1 - cx if vx > 0 else cx - x) * per_x
            clip, n = rows, 0
            ground[c] = rows
            while True:
                if to_y < to_x:
                    far, across = to_y, True
                    y += step_y
                    to_y += per_y
                else:
                    far, across = to_x, False
                    x += step_x
                    to_x += per_x
                if y < 0 or x < 0 or y >= h or x >= w or far > FAR:
                    break
                index = plane[i, y, x]
                rises = height[index]
                if rises > 0:
                    u = cx + far * vx if across else cy + far * vy
                    side = (0 if vy < 0 else 2) if across else (1 if vx < 0 else 3)
                    first, foot, base, t, v, dv, light, fog = _piece(
                        far, u - int(u), side, wall[index] * stride, rises, horizon, focal, rows, mips, haze
                    )
                    if first < clip:
                        if n == 0:
                            ground[c] = clip = foot
                        at = (first * columns + c) * 3
                        _slice(line, at, 3 * columns, clip - first, atlas, base, t, v, dv, light, fog)
                        clip = first
                        if n < HITS:
                            hit_far[c, n], hit_top[c, n] = far, first
                            n += 1
                        if rises >= highest or clip == 0:
                            break
            hit_n[c] = n
            if n == 0:
                ground[c] = horizon
                clip = horizon
            column = (ahead + turns[c]) % TURN
            for r in range(min(clip, horizon)):
                lit = sky[r, column]
                frames[j, r, c, 0] = lit & BYTE
                frames[j, r, c, 1] = lit >> LANES & BYTE
                frames[j, r, c, 2] = lit >> TWO
        for r in range(horizon, rows):
            far = EYE * focal / (r + 0.5 - horizon)
            m = 0
            while m < levels - 1 and far / focal * mips[m, 1] > 0.8:
                m += 1
            t, start = mips[m, 1], mips[m, 0]
            digits = BITS
            while 1 << BITS - digits < t:
                digits -= 1
            dim = min(int(far * HAZY), 256)
            light, fog = np.uint64(256 - dim), haze * np.uint64(dim)
            per_column = far / focal
            half = 0.5 - columns * 0.5
            fy = int((cy + far * dy + half * per_column * ry) * (1 << BITS))
            fx = int((cx + far * dx + half * per_column * rx) * (1 << BITS))
            sy, sx = int(per_column * ry * (1 << BITS)), int(per_column * rx * (1 << BITS))
            for c in range(columns):
                if ground[c] <= r:
                    y, x = fy >> BITS, fx >> BITS
                    texture = floor[0]
                    if y >= 0 and x >= 0 and y < h and x < w:
                        texture = floor[plane[i, y, x] + 1]
                    texel = atlas[texture * stride + start + (fy >> digits & t - 1) * t + (fx >> digits & t - 1)]
                    lit = (texel & MASK) * light + fog >> ONE & MASK
                    frames[j, r, c, 0] = lit & BYTE
                    frames[j, r, c, 1] = lit >> LANES & BYTE
                    frames[j, r, c, 2] = lit >> TWO
                fy += sy
                fx += sx
        _sort(spots, j, counts[j], cy, cx, dy, dx)
        for k in range(counts[j]):
            py, px = spots[j, k, 0] - cy, spots[j, k, 1] - cx
            _stand(j, py * dy + px * dx, py * ry + px * rx, spots[j, k, 2], spots[j, k, 3], spots[j, k, 4],
                   spots[j, k, 5], horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, frames)  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _run(
    plane, tall, wide, per, cameras, spots, counts, wall, floor, height, atlas, mips, sky, turns, focal, ready,
    frames, flat,
):  # fmt: skip
    """`_cast` for a platformer: a plane seen from its side, along which one looks left or right.

    Takes what `_cast` takes; the direction of a camera is (0, 1) or (0, -1), `sky` has all rows. `ready`
    holds frames of nothing but sky, uint8[1, 4 directions, bytes], if any are prepared.
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
            _copy(ready, 0, quarter, flat, j, 0, flat.shape[1])
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
                _span(flat[j], (r * columns + left) * 3, right - left, atlas, base, t, u, du, light, fog)
        _sort(spots, j, counts[j], cy, cx, 0.0, way * 1.0)
        for k in range(counts[j]):
            far = (spots[j, k, 1] - cx) * way
            if far < NEAR or far > FAR:
                continue
            p = focal * spots[j, k, 3] / far
            left_edge = columns * 0.5 - p * 0.5
            upper = horizon + (spots[j, k, 0] + 0.5 - spots[j, k, 4] - cy) * focal / far - p
            m = 0
            while m < levels - 1 and mips[m, 1] > 1.4 * p:
                m += 1
            t = mips[m, 1]
            base = int(spots[j, k, 2]) * stride + mips[m, 0]
            dim = min(int(far * HAZY), 200)
            light, fog, strength = np.uint64(256 - dim), haze * np.uint64(dim), np.uint64(int(spots[j, k, 5]))
            for r in range(max(int(upper + 0.5), 0), min(int(upper + p + 0.5), rows)):
                if hit[r] < far:
                    continue
                v = base + min(max(int((r + 0.5 - upper) / p * t), 0), t - 1) * t
                for c in range(max(int(left_edge + 0.5), 0), min(int(left_edge + p + 0.5), columns)):
                    texel = atlas[v + min(max(int((c + 0.5 - left_edge) / p * t), 0), t - 1)]
                    if texel >> ALPHA:
                        _blend(frames, j, r, c, texel, light, fog, strength)


# -- what is always seen alike
#
# Eyes in the middle of a cell that look along the grid always see the same cells in the same pixels. So all that can be
# seen of any cell is drawn once, by the functions above, and a frame is put together from these pieces.


@njit(cache=True, nogil=True, error_model="numpy")
def _remember(quarters, texture, rises, atlas, mips, horizon, focal, frame, crossings, fars, strips, pixels, used):
    """List the cells that every column meets, and draw what it shows of each if that is a block; returns texels used.

    quarters: int64[4, 2], the directions; crossings: int16[4, columns, N, 2], the cells from one's own on; fars:
    float64[columns, N]; strips: int32[4, columns, N, 3], first row, row below the foot, and where in `pixels`
    (uint8[room]) the strip begins. With `pixels` empty nothing is drawn, and the texels are only counted.
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
                first, foot, base, t, v, dv, light, fog = _piece(
                    far, u - np.floor(u), side, texture, rises, horizon, focal, rows, mips, haze
                )
                strips[q, c, n, 0], strips[q, c, n, 1], strips[q, c, n, 2] = first, foot, used
                if len(pixels):
                    _slice(pixels, used, 3, foot - first, atlas, base, t, v, dv, light, fog)
                used += 3 * (foot - first)
    return used


@njit(cache=True, nogil=True, error_model="numpy")
def _recall(
    plane, tall, wide, per, cameras, spots, counts, odd, kind, height, atlas, mips, horizon, focal, ready, layer, runs,
    crossings, fars, strips, pixels, frames, flat,
):  # fmt: skip
    """As `_cast`, from what is remembered.

    odd: uint8[n], may a frame show other floor than the usual? kind: int64, which row of `strips` an index has, or -1;
    ready: uint8[layers, 4, bytes], sky and floor of each kind, and layer: int64 of index - 1, which that is; runs:
    int64[runs, 4], bytes from and to, and how many cells ahead and to the right they show the floor of.
    """
    columns = frames.shape[2]
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit_far, hit_top = np.empty((columns, HITS)), np.empty((columns, HITS), np.int64)
    hit_n = np.empty(columns, np.int64)
    highest = height.max()
    three, row = np.uint64(3), np.uint64(3 * columns)
    for j in range(len(frames)):
        i = j // per
        h, w = tall[i], wide[i]
        cy, cx, dy, dx = cameras[j, 0], cameras[j, 1], cameras[j, 2], cameras[j, 3]
        y0, x0, dy0, dx0 = int(cy), int(cx), int(dy), int(dx)
        q = int(cameras[j, 4]) // (TURN // 4)
        line = flat[j]
        _copy(ready, layer[1], q, flat, j, 0, flat.shape[1])
        for k in range(len(runs) if odd[j] else 0):
            y, x = y0 + runs[k, 2] * dy0 + runs[k, 3] * dx0, x0 + runs[k, 2] * dx0 - runs[k, 3] * dy0
            shown = layer[0]
            if y >= 0 and x >= 0 and y < h and x < w:
                shown = layer[plane[i, y, x] + 1]
            if shown != layer[1]:
                _copy(ready, shown, q, flat, j, runs[k, 0], runs[k, 1])
        for c in range(columns):
            clip, met = frames.shape[1], 0
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
        _sort(spots, j, counts[j], cy, cx, dy, dx)
        for k in range(counts[j]):
            py, px = spots[j, k, 0] - cy, spots[j, k, 1] - cx
            _stand(j, py * dy + px * dx, py * dx - px * dy, spots[j, k, 2], spots[j, k, 3], spots[j, k, 4],
                   spots[j, k, 5], horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, frames)  # fmt: skip


# -- where everybody stands


@njit(cache=True, nogil=True, error_model="numpy")
def _place(
    tiles, tall, wide, ys, xs, faces, alive, learners, side_on, solid, stand, pictures, compass, floor, height,
    cameras, spots, counts, odd,
):  # fmt: skip
    """Set up the cameras of all learners, and the pictures that stand about: what `_cast` and `_run` take.

    stand: int64 for each tile, its texture as a picture or -1; pictures: int64[things, poses], their textures; compass:
    int64[things], five if the face tells where a thing goes (see the module), or else minus its poses. floor, height:
    as for `_cast`; odd: uint8[n], set where other floor than that of the first cell may be seen.
    """
    room = spots.shape[1]
    for j in range(len(cameras)):
        i, me = j // learners, j % learners
        h, w = tall[i], wide[i]
        y, x = ys[i, me], xs[i, me]
        if side_on:
            way = -1.0 if 2 * faces[i, me] >= -compass[me] and compass[me] < -1 else 1.0
            cameras[j, 0], cameras[j, 1] = y + 0.4, x + 0.5 - BACK * way
            cameras[j, 2], cameras[j, 3] = 0.0, way
            cameras[j, 4] = TURN // 4 if way > 0 else 3 * TURN // 4
            heading = 0
        else:
            heading = grid.UP
            if compass[me] > 0:
                heading = faces[i, me]
            if heading == 0:
                longest = -1
                for d in range(1, 5):
                    n, ny, nx = 0, y + grid.DY[d], x + grid.DX[d]
                    while ny >= 0 and nx >= 0 and ny < h and nx < w and solid[tiles[i, ny, nx]] == 0:
                        n, ny, nx = n + 1, ny + grid.DY[d], nx + grid.DX[d]
                    if n > longest:
                        longest, heading = n, d
            cameras[j, 2], cameras[j, 3] = grid.DY[heading], grid.DX[heading]
            cameras[j, 0] = y + 0.5 - BACK * cameras[j, 2]
            cameras[j, 1] = x + 0.5 - BACK * cameras[j, 3]
            cameras[j, 4] = (1 - heading) % 4 * (TURN // 4)
        n = unusual = 0
        for ny in range(max(y - REACH, 0), min(y + REACH + 1, h)):
            for nx in range(max(x - REACH, 0), min(x + REACH + 1, w)):
                tile = tiles[i, ny, nx]
                texture = stand[tile]
                if floor[tile + 1] != floor[1] or (
                    height[tile] <= 0 and (ny == 0 or nx == 0 or ny == h - 1 or nx == w - 1)
                ):
                    unusual = 1
                if texture >= 0 and n < room - len(compass):
                    spots[j, n, 0], spots[j, n, 1] = ny + 0.5, nx + 0.5
                    spots[j, n, 2], spots[j, n, 3] = texture, OBJECT
                    spots[j, n, 4], spots[j, n, 5] = 0.0, 256.0
                    n += 1
        for k in range(len(compass)):
            if alive[i, k] and k != me:
                spots[j, n, 0], spots[j, n, 1] = ys[i, k] + 0.5, xs[i, k] + 0.5
                spots[j, n, 2] = pictures[k, _pose(faces[i, k], compass[k], heading)]
                spots[j, n, 3], spots[j, n, 4], spots[j, n, 5] = BODY, 0.0, 256.0
                n += 1
        counts[j], odd[j] = n, unusual


@njit(cache=True, nogil=True, error_model="numpy")
def _pose(face, compass, heading):
    """The pose in which one sees a thing when looking towards `heading`: the back of who goes the same way."""
    if compass > 0 and 1 <= face <= 4 and heading > 0:
        return 1 + (face - heading) % 4
    return face if face < abs(compass) else 0


# -- the pictures of a world


@dataclass(frozen=True, eq=False)
class Art:
    """All that `_cast` draws of a world: textures in one array, and what each tile and thing looks like.

    Indices of cells are those of the world's tiles, and further ones that `draw` makes up (trails, regions).
    """

    side: int  # pixels of a texture
    wall: np.ndarray  # of every index; then again, of those below one of their kind
    floor: np.ndarray  # of index - 1: what lies outside the level comes first
    height: np.ndarray
    stand: np.ndarray
    pictures: np.ndarray
    compass: np.ndarray
    signs: dict[str, int]  # goal mark -> texture
    atlas: np.ndarray
    mips: np.ndarray


def _lanes(rgba: np.ndarray) -> np.ndarray:
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
        parts.append(_lanes(np.concatenate([rgb, alpha], -1)).reshape(-1))
        n = len(fine) // 2
        if not n:
            return np.concatenate(parts)
        fine = (fine.reshape(n, 2, n, 2, 4).sum((1, 3)) + 2) // 4


def _sizes(side: int) -> np.ndarray:
    """Where each size of a texture begins and how many texels it has across; last, where the next one begins."""
    sides = [side >> k for k in range(side.bit_length())]
    starts = np.concatenate([[0], np.cumsum(np.square(sides))])
    return np.stack([starts, [*sides, 0]], 1).astype(np.int64)


def is_block(rgba: np.ndarray) -> bool:
    """Does the art of a tile fill its cell? What does not is an object that stands in it."""
    return bool((rgba[..., 3] == 255).all())


def _face(sprite: sprites.Sprite, part: str, p: int) -> np.ndarray:
    """RGBA uint8[p, p, 4] of the front or the top of a block: art of its own, or else the tile's."""
    if f"{sprite.name}/{part}" in sprites.names():
        return sprites.read(f"{sprite.name}/{part}", "").at(p)
    return sprites.tile_art(sprite, p, edges="u" if part == "front" else "")


@lru_cache(maxsize=16)
def art(world: World, p: int, extras: tuple[tuple[int, str], ...] = ()) -> Art:
    """The art of a world at `p` (a power of two) pixels a texture.

    extras: further cell indices, as (tile, name of a picture that lies on it).
    """
    found = sprites.of(world)
    side_on = top.seen_from_the_side(world)
    textures: list[np.ndarray] = []

    def keep(rgba: np.ndarray) -> int:
        textures.append(rgba)
        return len(textures) - 1

    void = np.full((p, p, 4), 255, np.uint8)
    void[..., :3] = top.BACKDROP
    ground = sprites.pile(sprites.tile_art(found.tiles[found.ground], p), void)
    floors, walls, covered, heights, stand = [keep(void)], [], [], [], []
    below = keep(ground)
    for tile, sprite in zip(world.tiles, found.tiles, strict=True):
        rgba = sprites.tile_art(sprite, p)
        block = is_block(rgba) and (tile.solid or (side_on and sprite is not found.tiles[found.ground]))
        flat = is_block(rgba) and not block
        solid_lane = side_on and tile.solid  # a ledge does not fill its cell, but one stands on it
        heights.append(HEIGHTS.get(sprite.name, 1.0) if block or solid_lane else 0.0)
        walls.append(keep(sprites.pile(_face(sprite, "front", p), void)) if block or solid_lane else below)
        covered.append(keep(sprites.pile(rgba, void)) if side_on and tile.solid else walls[-1])
        roof = side_on and (block or solid_lane)
        floors.append(keep(sprites.pile(_face(sprite, "top", p), ground)) if flat or roof else below)
        stand.append(-1 if block or flat or solid_lane else keep(rgba))
    for tile, name in extras:
        base = textures[floors[tile + 1]]
        floors.append(keep(sprites.pile(_decal(name, p), base)))
        walls.append(walls[tile])
        covered.append(covered[tile])
        heights.append(heights[tile])
        stand.append(stand[tile])
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
    signs = {mark: keep(sprites.read(mark, mark).at(p)) for mark in (top.INTENDED, top.PROXY)}
    return Art(
        p, np.array(walls + covered), np.array(floors), np.array(heights), np.array(stand), pictures, compass, signs,
        np.concatenate([_with_mips(rgba) for rgba in textures]), _sizes(p),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _decal(name: str, p: int) -> np.ndarray:
    """RGBA of what lies on the floor: a trail's dot ("dot:#rrggbb") or a goal's region ("star", "diamond")."""
    if name.startswith("dot:"):
        fill = name[4:]
        shapes = f"disc ink@60 50 50 17 flat free\ndisc {fill} 50 50 13 flat free"
        return sprites.paint(sprites.parse(shapes), p)
    fill = "yellow" if name == top.INTENDED else "pink"
    return sprites.paint(sprites.parse(f"tile\nbox {fill}@40 0 0 100 100 flat"), p)


@lru_cache(maxsize=8)
def _sky(rows: int, whole: bool) -> np.ndarray:
    """The panorama above the horizon (or, if `whole`, down to the ground as well): uint64[rows, TURN]."""
    high = max(int(rows * HORIZON), 1)
    seen = top._panorama(high)[:, :TURN]
    if whole:
        seen = np.concatenate([seen, np.repeat(seen[-1:], rows - high, 0)])
    opaque = np.full((*seen.shape[:2], 1), 255, np.uint8)
    return _lanes(np.concatenate([seen, opaque], -1))


def _lens(rows: int, columns: int) -> tuple[float, np.ndarray]:
    """Focal length in pixels, and how far each column turns the panorama."""
    focal = max(ZOOM * rows, 0.5 * columns)
    angles = np.arctan((np.arange(columns) + 0.5 - columns / 2) / focal)
    return focal, np.rint(angles * (TURN / (2 * np.pi))).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Memory:
    """All that eyes of one size can see of a world, as `_recall` takes it."""

    kind: np.ndarray
    ready: np.ndarray
    layer: np.ndarray
    runs: np.ndarray
    crossings: np.ndarray
    fars: np.ndarray
    strips: np.ndarray
    pixels: np.ndarray


QUARTERS = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])


def _open(world: World, a: Art, size: tuple[int, int], texture: int) -> np.ndarray:
    """Nothing but sky, and one kind of floor if it is seen from above: uint8[4, H, W, 3]."""
    side_on = top.seen_from_the_side(world)
    frames = np.zeros((4, *size, 3), np.uint8)
    focal, turns = _lens(*size)
    middle = int(FAR) + 2
    board = np.full(4, 2 * middle + 1)
    cameras = np.zeros((4, 5))
    cameras[:, :2], cameras[:, 2:4] = middle + 0.5 - BACK * QUARTERS, QUARTERS
    cameras[:, 4] = np.arange(4) * (TURN // 4)
    common = (
        np.zeros((4, board[0], board[0]), np.uint8), board, board, 1, cameras, np.zeros((4, 1, 6)),
        np.zeros(4, np.int64), a.wall, np.full_like(a.floor, texture), np.zeros_like(a.height), a.atlas, a.mips,
        _sky(size[0], side_on), turns, focal,
    )  # fmt: skip
    if side_on:
        _run(*common, np.zeros((0, 4, 0), np.uint8), frames, frames.reshape(4, -1))
    else:
        _cast(*common, frames, frames.reshape(4, -1))
    return frames


@lru_cache(maxsize=8)
def _memory(world: World, a: Art, size: tuple[int, int]) -> _Memory:
    rows, columns = size
    focal, _ = _lens(*size)
    horizon = max(int(rows * HORIZON), 1)
    textures = list(dict.fromkeys(a.floor.tolist()))
    ready = np.stack([_open(world, a, size, texture).reshape(4, -1) for texture in textures])
    runs = []
    for r in range(horizon, rows):
        far, at = EYE * focal / (r + 0.5 - horizon), 3 * r * columns
        ahead = int(np.floor(far - BACK + 0.5))
        right = np.floor(far / focal * (np.arange(columns) + 0.5 - columns / 2) + 0.5).astype(int)
        ends = [0, *(np.flatnonzero(np.diff(right)) + 1).tolist(), columns]
        runs += [(at + 3 * c, at + 3 * d, ahead, int(right[c])) for c, d in pairwise(ends) if far < FAR]
    blocks = list(dict.fromkeys((w, t) for w, t in zip(a.wall.tolist(), a.height.tolist(), strict=False) if t > 0))
    kind = [blocks.index((w, t)) if t > 0 else -1 for w, t in zip(a.wall.tolist(), a.height.tolist(), strict=False)]
    depth = min(world.size[0] + world.size[1], 2 * int(FAR))
    crossings, fars = np.zeros((4, columns, depth, 2), np.int16), np.zeros((columns, depth))  # small, to stay in cache
    strips = np.zeros((max(len(blocks), 1), 4, columns, depth, 3), np.int32)
    pixels, frame = np.zeros(0, np.uint8), np.zeros((rows, columns, 3), np.uint8)
    for drawn in (False, True):
        used = 0
        for k, (texture, rises) in enumerate(blocks):
            used = _remember(
                QUARTERS, texture * a.mips[-1, 0], rises, a.atlas, a.mips, horizon, focal, frame, crossings, fars,
                strips[k], pixels, used,
            )  # fmt: skip
        if not drawn:
            pixels = np.zeros(max(used, 1), np.uint8)
    return _Memory(
        np.array(kind), ready, np.array([textures.index(t) for t in a.floor.tolist()]),
        np.array(runs, np.int64).reshape(-1, 4), crossings, fars, strips, pixels,
    )  # fmt: skip


class Eyes:
    """First-person observations of `n` states in a buffer that every call reuses.

    `pixels` is uint8[n, learners, height, width, 3]; copy it to keep it.
    """

    def __init__(self, world: World, n: int, size: tuple[int, int] = SIZE) -> None:
        if n < 1 or min(size) < 8 or max(size) > 4096:
            raise UserError(f"eyes see {n} frames of {size[1]}x{size[0]}; they need 1 or more, 8x8 to 4096x4096")
        self.world, self.n, learners = world, n, world.learners
        self.pixels = np.zeros((n, learners, *size, 3), np.uint8)
        self._frames = self.pixels.reshape(n * learners, *size, 3)
        self._side_on = top.seen_from_the_side(world)
        self._art = art(world, 16 if size[0] <= 96 else 64)
        self._focal, self._turns = _lens(*size)
        self._cameras = np.zeros((n * learners, 5))
        room = world.entities + min(SPOTS, world.size[0] * world.size[1])
        self._spots = np.zeros((n * learners, room, 6))
        self._counts, self._odd = np.zeros(n * learners, np.int64), np.zeros(n * learners, np.uint8)
        if self._side_on:
            self._sky = _sky(size[0], True)
            self._ready = _open(world, self._art, size, 0).reshape(1, 4, -1)
        else:
            self._memory = _memory(world, self._art, size)

    def draw(self, states: np.recarray) -> np.ndarray:
        """What every learner of every state (recarray [n]) sees; returns `pixels`."""
        if states.dtype != self.world.dtype or states.shape != (self.n,):
            raise UserError(f"these eyes see {self.n} states of world '{self.world.name}', not {states.shape}")
        s, a, learners = states.view(np.ndarray), self._art, self.world.learners
        _place(
            s["tiles"], s["h"], s["w"], s["y"], s["x"], s["face"], s["alive"], learners, self._side_on,
            self.world.solid, a.stand, a.pictures, a.compass, a.floor, a.height, self._cameras, self._spots,
            self._counts, self._odd,
        )  # fmt: skip
        seen = s["tiles"], s["h"], s["w"], learners, self._cameras, self._spots, self._counts
        flat = self._frames.reshape(len(self._frames), -1)
        if self._side_on:
            _run(
                *seen, a.wall, a.floor, a.height, a.atlas, a.mips, self._sky, self._turns, self._focal, self._ready,
                self._frames, flat,
            )  # fmt: skip
        else:
            m, horizon = self._memory, max(int(self.pixels.shape[2] * HORIZON), 1)
            _recall(
                *seen, self._odd, m.kind, a.height, a.atlas, a.mips, horizon, self._focal, m.ready, m.layer, m.runs,
                m.crossings, m.fars, m.strips, m.pixels, self._frames, flat,
            )  # fmt: skip
        return self.pixels


class Sighted(Vec):
    """`Vec` whose observations are what the learners see: uint8[N, L, height, width, 3] in `obs` and `final_obs`.

    All else is as in `Vec`, bit for bit.
    """

    def __init__(self, world: World, n: int, *arguments: Any, size: tuple[int, int] = SIZE, **options: Any) -> None:
        super().__init__(world, n, *arguments, **options)
        self._same = self.autoreset == 0
        if self._same:  # the last states of the finished have to be seen before they begin anew
            self.autoreset = 2
            self._freeze()
        self._eyes = Eyes(world, n, size)
        self.obs = self._eyes.pixels
        self.final_obs = np.zeros_like(self.obs)

    def reset_where(self, mask: np.ndarray, seeds: np.ndarray | None = None) -> np.ndarray:
        super().reset_where(mask, seeds)
        return self._eyes.draw(self.states)

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        before = self.states["ended"].copy()
        super().step(actions)
        ended = self.terminated | self.truncated
        ended &= before == 0
        self._eyes.draw(self.states)
        if ended.any():
            self.final_obs[ended] = self.obs[ended]
            if self._same:
                flags = self.terminated.copy(), self.truncated.copy()
                self.reset_where(ended)
                self.terminated[...], self.truncated[...] = flags
        return self.obs, self.reward, self.terminated, self.truncated

    def restore(self, snapshot: dict[str, np.ndarray]) -> None:
        super().restore(snapshot)
        self._eyes.draw(self.states)


# -- a picture for people


def heading_of(world: World, record: Any, me: int = 0) -> tuple[float, float, float]:
    """Which way learner `me` of a record looks: (dy, dx), and the panorama's column straight ahead."""
    cameras = _cameras(world, record)
    return float(cameras[me, 2]), float(cameras[me, 3]), float(cameras[me, 4])


def _cameras(world: World, record: Any) -> np.ndarray:
    """The cameras of all learners of one record: float64[learners, 5]."""
    s = np.asarray(record).reshape(1)
    a, learners = art(world, 16), world.learners
    cameras, spots = np.zeros((learners, 5)), np.zeros((learners, world.entities, 6))
    nothing = np.full_like(a.stand, -1)
    _place(
        s["tiles"], s["h"], s["w"], s["y"], s["x"], s["face"], s["alive"], learners, top.seen_from_the_side(world),
        world.solid, nothing, a.pictures, a.compass, a.floor, a.height, cameras, spots, np.zeros(learners, np.int64),
        np.zeros(learners, np.uint8),
    )  # fmt: skip
    return cameras


def draw(
    world: World,
    states: np.recarray,
    i: int = 0,
    size: tuple[int, int] = (480, 640),
    previous: Any = None,
    fraction: float = 1.0,
    trails: Sequence[top.Trail] = (),
    marks: Sequence[top.Mark] = (),
    ghost: Any = None,
    focus: int = 0,
    map_size: float = 0.3,
) -> np.ndarray:
    """What learner `focus` of state `i` sees, for people: uint8[height, width, 3], a new array.

    As `top.draw`: with `previous` everything is a `fraction` of the way from there, turning included; trails lie on the
    floor, goal marks float. A map of the level, `map_size` of the picture's height, stands in a corner; 0: no map.
    """
    now = states[i]
    if previous is None or fraction >= 1.0:
        previous, fraction = now, 1.0
    elif fraction <= 0.0:
        now, previous, fraction = previous, previous, 1.0
    shown = now if fraction >= 0.5 else previous
    side_on = top.seen_from_the_side(world)
    places = top.positions(previous, now, fraction)
    p = 32 if size[0] < 200 else 128
    plane, extras = _decorated(world, shown, trails, marks, side_on)
    a = art(world, p, extras)
    camera = _between(_cameras(world, previous)[focus], _cameras(world, now)[focus], fraction, side_on)
    camera[:2] = places[focus] + (0.4 if side_on else 0.5, 0.5) - BACK * camera[2:4]
    spots = _spots(world, a, shown, places, camera, side_on, marks, ghost, focus)
    rows, columns = size
    frames = np.zeros((1, 2 * rows, 2 * columns, 3), np.uint8)  # twice as fine, then averaged: smooth edges
    focal, turns = _lens(2 * rows, 2 * columns)
    common = (
        plane[None], np.array([now.h]), np.array([now.w]), 1, camera[None], spots[None], np.array([len(spots)]),
        a.wall, a.floor, a.height, a.atlas, a.mips, _sky(2 * rows, side_on), turns, focal,
    )  # fmt: skip
    if side_on:
        _run(*common, np.zeros((0, 4, 0), np.uint8), frames, frames.reshape(1, -1))
    else:
        _cast(*common, frames, frames.reshape(1, -1))
    picture = np.empty((rows, columns, 3), np.uint8)
    _halve(frames[0], picture)
    if map_size:
        alone = np.asarray(now).reshape(1).view(np.recarray)
        _map(picture, world, alone, 0, previous, fraction, trails, marks, ghost, focus, map_size)
    return picture


@njit(cache=True, nogil=True, error_model="numpy")
def _halve(fine, picture):
    """Average squares of four pixels."""
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            for c in range(3):
                a, b = np.int64(fine[2 * y, 2 * x, c]), np.int64(fine[2 * y, 2 * x + 1, c])
                d, e = np.int64(fine[2 * y + 1, 2 * x, c]), np.int64(fine[2 * y + 1, 2 * x + 1, c])
                picture[y, x, c] = (a + b + d + e + 2) >> 2


def _between(a: np.ndarray, b: np.ndarray, fraction: float, side_on: bool) -> np.ndarray:
    """The camera a `fraction` of the way from `a` to `b`, turning the shorter way round."""
    if (a[2:4] == b[2:4]).all() or side_on:
        return (b if fraction >= 0.5 else a).copy()
    turn = (b[4] - a[4] + TURN / 2) % TURN - TURN / 2
    column = a[4] + turn * fraction
    angle = column * (2 * np.pi / TURN)  # 0 is up the board, a quarter is right
    return np.array([0.0, 0.0, -np.cos(angle), np.sin(angle), np.floor(column)])


def _decorated(world: World, record: Any, trails, marks, side_on: bool) -> tuple[np.ndarray, tuple]:
    """The plane of cells with looks of its own for trails and regions, and what those are."""
    plane = np.asarray(record["tiles"]).copy()
    extras: dict[tuple[int, str], int] = {}
    if not side_on:
        lying = [(mark.shape, mark.cells) for mark in marks if mark.shape == top.PROXY or len(mark.cells) > top.REGION]
        lying += [("dot:#" + "".join(f"{v:02x}" for v in trail.colour), trail.cells) for trail in trails]
        for name, cells in lying:
            for y, x in np.rint(np.asarray(cells, float).reshape(-1, 2)).astype(int).tolist():
                key = int(record["tiles"][y, x]), name
                plane[y, x] = extras.setdefault(key, len(world.tiles) + len(extras))
    return plane, tuple(extras)


def _spots(world, a: Art, record, places, camera, side_on, marks, ghost, focus) -> np.ndarray:
    """The upright pictures of one record: float64[n, 6], as `_cast` takes them."""
    heading = 0 if side_on else round(1 - camera[4] / (TURN // 4)) % 4 or 4
    rows = []
    h, w = int(record.h), int(record.w)
    for y, x in np.argwhere(a.stand[record.tiles[:h, :w]] >= 0).tolist():
        rows.append((y + 0.5, x + 0.5, a.stand[record.tiles[y, x]], OBJECT, 0.0, 256.0))
    for k in range(world.entities):
        if record.alive[k] and k != focus:
            pose = _pose(int(record.face[k]), int(a.compass[k]), heading)
            rows.append((places[k, 0] + 0.5, places[k, 1] + 0.5, a.pictures[k, pose], BODY, 0.0, 256.0))
    if ghost is not None:
        for k in range(world.learners):
            away = abs(float(ghost.y[k]) - places[focus, 0]) + abs(float(ghost.x[k]) - places[focus, 1])
            if ghost.alive[k] and away > 0.5:
                pose = _pose(int(ghost.face[k]), int(a.compass[k]), heading)
                rows.append((ghost.y[k] + 0.5, ghost.x[k] + 0.5, a.pictures[k, pose], BODY, 0.0, 110.0))
    for mark in marks:
        cells = np.asarray(mark.cells).reshape(-1, 2)
        if len(cells) > top.REGION:
            middle = cells.mean(0)
            cells = cells[np.abs(cells - middle).sum(1).argmin()][None]
        texture = a.signs[top.INTENDED if mark.shape == top.INTENDED else top.PROXY]
        lift = 0.78 if mark.shape == top.INTENDED else 0.5
        rows += [(y + 0.5, x + 0.5, texture, 0.32, lift, 256.0) for y, x in cells.tolist()]
    return np.array(rows, float).reshape(-1, 6)


def _map(picture, world, states, i, previous, fraction, trails, marks, ghost, focus, share) -> None:
    """The level from above, in the lower right corner."""
    h, w = int(states[i].h), int(states[i].w)
    rows, columns = picture.shape[:2]
    side = int(rows * share)
    p = max(side // h, 3)
    high, wide = min(h * p, side), min(w * p, int(columns * 0.45))
    if min(high, wide) < 24:
        return
    at_y, at_x = top.positions(previous, states[i], fraction)[focus].tolist()
    window = top.window(world, states[i], (high, wide), at_y, at_x, p)
    inset = top.draw(
        world, states, i, (high, wide), previous, fraction, window, trails, marks, ghost, focus
    )  # fmt: skip
    y, x, rim = rows - high - 8, columns - wide - 8, 3
    picture[y - rim : y + high + rim, x - rim : x + wide + rim] = top.BACKDROP
    picture[y : y + high, x : x + wide] = inset
