"""The ray caster: walls, floor, sky and upright pictures in first person, in plain loops.

It knows no world: it gets a plane of cells, which of them are blocks and how tall, and a list of
upright pictures (things, and tiles that are objects). The same functions draw what `recall`
remembers, and platformers (`lane`).
"""

from __future__ import annotations

import numpy as np

from ... import raw
from ...jit import lean, stored

EYE = 0.5  # height of the eye in cells; blocks are taller, so none shows its top
# how far behind the middle of its cell the eye is, so that a wall ahead does not fill the picture
BACK = 0.4
NEAR, FAR = 0.6, 40.0  # pictures nearer than this, and blocks farther than that, are not drawn
HITS = 4  # blocks of different heights that one column can show
TURN = 1024  # columns of the panorama, all the way round
HAZE = (196, 219, 230)  # the colour of distance
HAZY = 13.0  # how much of 256 each cell of distance adds
SUN = np.array([256, 214, 236, 190])  # light of 256 on walls that face down, right, up and left
BITS = 20  # fixed-point digits of places on the floor
MASK = np.uint64(0x00FF00FF00FF)
BYTE, ONE, LANES, TWO, ALPHA, OPAQUE = (np.uint64(n) for n in (255, 8, 16, 32, 48, 256))


@lean
def sort_spots(spots, j, count, cy, cx, dy, dx):
    """Bring the pictures of frame `j` that are in reach ahead to the front, farthest first; returns
    how many.
    """
    n = 0
    for k in range(count):
        y, x, texture = spots[j, k, 0], spots[j, k, 1], spots[j, k, 2]
        width, lift, opacity = spots[j, k, 3], spots[j, k, 4], spots[j, k, 5]
        far = (y - cy) * dy + (x - cx) * dx
        if far < NEAR or far > FAR:
            continue
        for e in range(6):  # none is lost: what is out of reach changes places with it
            spots[j, k, e] = spots[j, n, e]
        at = n
        while at > 0 and far > (spots[j, at - 1, 0] - cy) * dy + (spots[j, at - 1, 1] - cx) * dx:
            for e in range(6):
                spots[j, at, e] = spots[j, at - 1, e]
            at -= 1
        spots[j, at, 0], spots[j, at, 1], spots[j, at, 2] = y, x, texture
        spots[j, at, 3], spots[j, at, 4], spots[j, at, 5] = width, lift, opacity
        n += 1
    return n


@lean
def lay(line, to, lit, share):
    """Lay a colour in lanes over `share` of 256 of the pixel that begins at byte `to` (unsigned)."""
    green, blue = to + np.uint64(1), to + np.uint64(2)
    if share < OPAQUE:
        under = np.uint64(line[to]) | np.uint64(line[green]) << LANES
        under |= np.uint64(line[blue]) << TWO
        lit = lit * share + under * (OPAQUE - share) >> ONE & MASK
    line[to] = lit & BYTE
    line[green] = lit >> LANES & BYTE
    line[blue] = lit >> TWO


@lean
def blend_texel(line, to, texel, light, fog, opacity):
    """Lay a lit texel over the pixel that begins at byte `to` (unsigned) of the frame `line`."""
    lay(line, to, (texel & MASK) * light + fog >> ONE & MASK, (texel >> ALPHA) * opacity >> ONE)


@lean
def piece(far, u, side, texture, rises, horizon, focal, rows, mips, haze):
    """What one column shows of a wall: its first row, the row below its foot, and what `draw_slice`
    needs to draw it.

    u: how far along the wall, 0-1; side: which way it faces, as in SUN; texture: where its texels
    begin.
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


@lean
def draw_slice(line, at, stride, count, atlas, base, side, v, dv, light, fog):
    """Draw `count` pixels of a wall downwards, from byte `at` of the frame `line`, `v` being the
    row of the texture.
    """
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


@lean
def draw_span(line, at, count, atlas, base, side, u, du, light, fog):
    """As `draw_slice`, to the right, `u` being the column of the texture."""
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


@lean
def copy_bytes(ready, kind, quarter, flat, j, start, stop):
    """Copy bytes of a prepared frame to frame `j`."""
    frame = ready.shape[2]
    source = (kind * ready.shape[1] + quarter) * frame + start
    raw.copy(flat, j * flat.shape[1] + start, ready, source, stop - start)


@lean
def stand(
    j, far, side, texture, width, lift, opacity, horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, line,
    across, down, rows, columns, texels,
):  # fmt: skip
    """Draw one upright picture, `far` ahead and `side` to the right, before what is farther in each
    column. From pixel to pixel of `line` it is `across` bytes, or `down`; `texels` (int64[rows]) is
    scratch.
    """
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
    for r in range(first, last):
        texels[r] = min(max(int((r + 0.5 - upper) / p * t), 0), t - 1) * t
    for c in range(max(int(left + 0.5), 0), min(int(left + p + 0.5), columns)):
        until = last
        for n in range(hit_n[c]):
            if hit_far[c, n] < far:
                until = min(until, hit_top[c, n])
        u = base + min(max(int((c + 0.5 - left) / p * t), 0), t - 1)
        to = np.uint64(first * down + c * across)  # unsigned: no index is tested for a minus sign
        for r in range(first, until):
            texel = atlas[np.uint64(u + texels[np.uint64(r)])]
            if texel >> ALPHA:
                blend_texel(line, to, texel, light, fog, strength)
            to += np.uint64(down)


@stored
def cast(
    plane, tall, wide, per, cameras, spots, counts, wall, floor, height, atlas, mips, sky, turns, focal, frames, flat
):  # fmt: skip
    """Draw every frame: frames uint8[n, H, W, 3].

    plane: uint8[n / per, rows, columns], an index for every cell, with `tall` rows and `wide`
    columns in use. cameras: float64[n, 5], (y, x) of the eye, its direction (dy, dx), and the
    panorama's column straight ahead. spots: float64[n, M, 6], upright pictures of which `counts`
    are in use: (y, x), texture, width, the height it floats at, and its opacity of 256; they are
    sorted here. wall, floor: int64, texture of each index; height: float64, its height, 0 for what
    is no block. atlas: uint64[texels], colours in lanes of 16 bits, and alpha (0-256); mips: where
    each size of a texture begins, and its side. sky: uint64[rows above the horizon, TURN]; turns:
    int64[W]. `flat` is `frames` as bytes of a frame.
    """
    rows, columns = frames.shape[1], frames.shape[2]
    horizon = len(sky)
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    hit_far, hit_top = np.empty((columns, HITS)), np.empty((columns, HITS), np.int64)
    hit_n, ground = np.empty(columns, np.int64), np.empty(columns, np.int64)
    texels = np.empty(rows, np.int64)
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
                    first, foot, base, t, v, dv, light, fog = piece(
                        far,
                        u - int(u),
                        side,
                        wall[index] * stride,
                        rises,
                        horizon,
                        focal,
                        rows,
                        mips,
                        haze,
                    )
                    if first < clip:
                        if n == 0:
                            ground[c] = clip = foot
                        at = (first * columns + c) * 3
                        draw_slice(
                            line, at, 3 * columns, clip - first, atlas, base, t, v, dv, light, fog
                        )
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
                    texel = atlas[
                        texture * stride
                        + start
                        + (fy >> digits & t - 1) * t
                        + (fx >> digits & t - 1)
                    ]
                    lit = (texel & MASK) * light + fog >> ONE & MASK
                    frames[j, r, c, 0] = lit & BYTE
                    frames[j, r, c, 1] = lit >> LANES & BYTE
                    frames[j, r, c, 2] = lit >> TWO
                fy += sy
                fx += sx
        for k in range(sort_spots(spots, j, counts[j], cy, cx, dy, dx)):
            py, px = spots[j, k, 0] - cy, spots[j, k, 1] - cx
            stand(j, py * dy + px * dx, py * ry + px * rx, spots[j, k, 2], spots[j, k, 3], spots[j, k, 4],
                   spots[j, k, 5], horizon, hit_far, hit_top, hit_n, atlas, mips, haze, focal, line, 3, 3 * columns,
                   rows, columns, texels)  # fmt: skip
