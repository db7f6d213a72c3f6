"""A level as a landscape, seen in perspective from above its blocks, in plain loops.

Like `raycast` it knows no world: it gets a plane of cells, how tall each rises, and the light that
falls on them. The picture plane is upright (a lens that is shifted, not tilted), so what stands
upright stays upright, and an edge of a block is a column of pixels. Every column is drawn once,
from its foot upwards, nearest cells first; where two surfaces meet within a pixel they are mixed.
"""

from __future__ import annotations

import numpy as np

from ...jit import lean, stored
from .raycast import ALPHA, BYTE, HAZE, LANES, MASK, ONE, OPAQUE, TURN, TWO, blend_texel, lay

FINE = 16  # texels of light across a cell
MARGIN = 2  # cells around the level that its shadows reach
BASE = 0.35  # how far the level stands above what is around it
HAZY, HAZIEST = 7.0, 190.0  # how much of 256 a cell of distance adds, and at most
SUN = np.array([198, 172, 246, 226])  # light of 256 on faces that look down, right, up and left
OPEN = 255  # light of 256 where nothing stands near
RIM = (120, 88, 66)  # the edge of what it stands on
FOOT = 0.1  # how far the foot of a picture is below the middle of its cell, in its heights
KEPT = 40  # tops of blocks that a column remembers, for what stands behind them
# how the light falls: cells to the right and down for each cell of height
SLANT = (0.85, 0.55)


@stored
def bake(rises, light):
    """How light every spot of a level is: light uint8[(h + 2 MARGIN) * FINE, (w + 2 MARGIN) * FINE]
    from rises float64[h, w], the heights of its cells.

    The sun stands to the upper left; a block takes light from the ground near it, too. Blurred, so
    that no shadow has a hard edge.
    """
    h, w = rises.shape
    rows, columns = light.shape
    raw = np.empty((rows, columns))
    for r in range(rows):
        for c in range(columns):
            y, x = (r + 0.5) / FINE - MARGIN, (c + 0.5) / FINE - MARGIN
            cy, cx = int(np.floor(y)), int(np.floor(x))
            inside = 0 <= cy < h and 0 <= cx < w
            mine = rises[cy, cx] if inside else -BASE
            lit = 1.0
            up = 0.08
            while up < 1.6:  # towards the sun
                sy, sx = int(np.floor(y - up * SLANT[0])), int(np.floor(x - up * SLANT[1]))
                top = rises[sy, sx] if 0 <= sy < h and 0 <= sx < w else -BASE
                if top > mine + up:
                    lit = 0.58
                    break
                up += 0.08
            for dy in range(-1, 2):  # near a wall it is dimmer
                for dx in range(-1, 2):
                    ny, nx = cy + dy, cx + dx
                    top = rises[ny, nx] if 0 <= ny < h and 0 <= nx < w else -BASE
                    if top > mine + 0.05:
                        away = max(max(ny - y, y - ny - 1), 0.0) + max(max(nx - x, x - nx - 1), 0.0)
                        lit -= 0.16 * max(0.0, 1 - away / 0.45) / (1 + abs(dy) + abs(dx))
            raw[r, c] = max(lit, 0.4)
    soft = np.empty((rows, columns))
    _blur(raw, rises, soft)
    _blur(soft, rises, raw)
    for r in range(rows):
        for c in range(columns):
            light[r, c] = np.uint8(256 * raw[r, c] - 0.5)


@lean
def _level(rises, r, c):
    """How high the ground is at a texel of light."""
    y, x = r // FINE - MARGIN, c // FINE - MARGIN
    return rises[y, x] if 0 <= y < rises.shape[0] and 0 <= x < rises.shape[1] else -BASE


@lean
def _blur(raw, rises, soft):
    """The mean of what lies near; but the light on a roof is not that beside it."""
    rows, columns = raw.shape
    near = FINE // 5
    for r in range(rows):
        for c in range(columns):
            mine, total, n = _level(rises, r, c), 0.0, 0
            for rr in range(max(r - near, 0), min(r + near + 1, rows)):
                for cc in range(max(c - near, 0), min(c + near + 1, columns)):
                    if _level(rises, rr, cc) == mine:
                        total += raw[rr, cc]
                        n += 1
            soft[r, c] = total / n


@lean
def put(line, to, texel, bright, dim, haze, share):
    """Lay a texel, `bright` of 256, with `dim` of 256 haze, over `share` of 256 of a pixel."""
    lit = (texel & MASK) * (bright * (OPAQUE - dim) >> ONE) + haze * dim >> ONE & MASK
    lay(line, to, lit, share)


@lean
def size_of(mips, per):
    """Which of the sizes of a texture suits `per` cells a pixel."""
    m = 0
    while m < len(mips) - 2 and per * mips[m, 1] > 1.2:
        m += 1
    return m


@lean
def _share(clip, rows):
    """How much of 256 of the pixel in which something nearer ends shows what comes behind it."""
    return OPAQUE if int(clip) >= rows else np.uint64(int((clip - int(clip)) * 256))


@lean
def _around(line, c, columns, clip, edge, near, until, eye, ray, per_height, light, look, haze):
    """Draw what lies around the level, between `near` and `until` cells away."""
    rows = len(per_height)
    share, to = _share(clip, rows), np.uint64((min(int(clip), rows - 1) * columns + c) * 3)
    colour = np.uint64(look[1]) | np.uint64(look[2]) << LANES | np.uint64(look[3]) << TWO
    for r in range(min(int(clip), rows - 1), int(edge) - 1, -1):
        far = min(max((eye[2] + BASE) * per_height[r], near), until)
        py, px = eye[0] + far * ray[0] + MARGIN, eye[1] + far * ray[1] + MARGIN
        bright = np.uint64(OPEN)
        ly, lx = int(py * FINE), int(px * FINE)
        if min(py, px) > 0 and ly < light.shape[0] and lx < light.shape[1]:
            bright = np.uint64(light[ly, lx])
        dim = np.uint64(int(min(max(far - look[0], 0.0) * HAZY, 225.0)))
        put(line, to, colour, bright, dim, haze, share)
        share = OPAQUE
        to -= np.uint64(3 * columns)


@lean
def _floor(
    line, c, columns, clip, edge, near, until, top, eye, ray, per_height, light, clear, texture, atlas, mips, focal,
    haze,
):  # fmt: skip
    """Draw what lies flat at height `top`, in a cell that reaches from `near` to `until`."""
    rows, drop = len(per_height), eye[2] - top
    m = size_of(mips, until / focal * np.sqrt(max(until / drop, 1.0)))
    side, mask, across = float(mips[m, 1]), np.uint64(mips[m, 1] - 1), np.uint64(mips[m, 1])
    base = np.uint64(texture * mips[-1, 0] + mips[m, 0])
    middle = (max(near, clear) + until) * 0.5
    dim = np.uint64(int(min(max(middle - clear, 0.0) * HAZY, HAZIEST)))
    share, to = _share(clip, rows), np.uint64((min(int(clip), rows - 1) * columns + c) * 3)
    flat, wide = light.reshape(-1), np.uint64(light.shape[1])
    for r in range(min(int(clip), rows - 1), int(edge) - 1, -1):
        far = min(max(drop * per_height[r], near), until)
        py, px = eye[0] + far * ray[0] + MARGIN, eye[1] + far * ray[1] + MARGIN
        v, u = np.uint64(np.int64(py * side)) & mask, np.uint64(np.int64(px * side)) & mask
        spot = np.uint64(np.int64(py * FINE)) * wide + np.uint64(np.int64(px * FINE))
        put(line, to, atlas[base + v * across + u], np.uint64(flat[spot]), dim, haze, share)
        share = OPAQUE
        to -= np.uint64(3 * columns)


@lean
def _front(
    line, c, columns, clip, edge, far, top, height_of_eye, along, side, rows, horizon, clear, texture, atlas, mips,
    focal, haze,
):  # fmt: skip
    """Draw the front of what rises to `top`, `far` away, at the place `along` it (0-1)."""
    rim = np.uint64(RIM[0]) | np.uint64(RIM[1]) << LANES | np.uint64(RIM[2]) << TWO
    u = min(max(1.0 - along if side == 1 or side == 2 else along, 0.0), 0.9999)
    m = size_of(mips, far / focal)
    tall = mips[m, 1]
    base = np.uint64(texture * mips[-1, 0] + mips[m, 0] + int(u * tall))
    across, mask = np.uint64(tall), np.uint64(tall - 1)
    dim = np.uint64(int(min(max(far - clear, 0.0) * HAZY, HAZIEST)))
    shade, share = float(SUN[side]), _share(clip, rows)
    to = np.uint64((min(int(clip), rows - 1) * columns + c) * 3)
    for r in range(min(int(clip), rows - 1), int(edge) - 1, -1):
        z = height_of_eye - (r + 0.5 - horizon) * far / focal
        texel, bright = rim, shade
        if z >= 0 and top > 0:
            v = np.uint64(np.int64(max(top - z, 0.0) * tall)) & mask
            texel = atlas[base + v * across]
            bright = shade * (0.8 + 0.5 * min(z, 0.4))  # darker at its foot
        put(line, to, texel, np.uint64(np.int64(bright)), dim, haze, share)
        share = OPAQUE
        to -= np.uint64(3 * columns)


@stored
def look_down(
    plane, eye, way, lens, wall, roof, height, atlas, mips, light, sky, turns, ahead, look, line, columns, hit_far,
    hit_top, hit_n,
):  # fmt: skip
    """Draw a frame: `line` uint8[H * W * 3].

    plane: int64[h, w], an index for every cell; eye: float64[3], (y, x) and height, above all
    blocks; way: float64[2], the unit vector (dy, dx) ahead; lens: float64[2], the focal length and
    the row of the horizon. wall, roof: int64, textures of each index; height: float64; atlas, mips:
    as for `cast`; light: of `bake`; sky: uint64[rows, TURN], above the horizon; turns: int64[W];
    ahead: the panorama's column straight ahead; look: float64[4], cells to where haze begins, and
    the colour of what lies around the level. hit_far, hit_top (float64[W, KEPT]), hit_n: filled
    with where the tops of blocks end in each column, for `stand_upright`.
    """
    h, w = plane.shape
    rows = len(line) // (3 * columns)
    focal, horizon, clear = lens[0], lens[1], look[0]
    first = max(int(np.ceil(horizon)), 0)
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    per_height = np.empty(rows)  # how far away a row shows what lies one cell below the eye
    for r in range(rows):
        per_height[r] = focal / max(r + 0.5 - horizon, 0.02)
    ray = np.empty(2)
    for c in range(columns):
        k = (c + 0.5 - columns * 0.5) / focal
        # to the right of (dy, dx) lies (dx, -dy)
        ray[0], ray[1] = vy, vx = way[0] + k * way[1], way[1] - k * way[0]
        per_y = 1.0 / abs(vy) if vy != 0 else 1e30
        per_x = 1.0 / abs(vx) if vx != 0 else 1e30
        # where the ray enters the level, and leaves it
        in_y, out_y = ((-eye[0]) if vy > 0 else eye[0] - h) * per_y, 0.0
        in_x, out_x = ((-eye[1]) if vx > 0 else eye[1] - w) * per_x, 0.0
        out_y, out_x = in_y + h * per_y, in_x + w * per_x
        t, out, clip, n = max(in_y, in_x, 0.0), min(out_y, out_x), float(rows), 0
        if t < out:
            if t > 0:
                edge = max(horizon + focal * (eye[2] + BASE) / t, float(first))
                if edge < clip:
                    _around(
                        line,
                        c,
                        columns,
                        clip,
                        edge,
                        0.0,
                        t,
                        eye,
                        ray,
                        per_height,
                        light,
                        look,
                        haze,
                    )
                    clip = edge
            y = min(max(int(eye[0] + t * vy), 0), h - 1)
            x = min(max(int(eye[1] + t * vx), 0), w - 1)
            to_y = (y + 1 - eye[0] if vy > 0 else eye[0] - y) * per_y
            to_x = (x + 1 - eye[1] if vx > 0 else eye[1] - x) * per_x
            across, before = in_y > in_x, -BASE
            while clip > first and y >= 0 and x >= 0 and y < h and x < w:
                index = plane[y, x]
                top = height[index]
                if top > before and t > 0:
                    edge = max(horizon + focal * (eye[2] - top) / t, float(first))
                    if edge < clip:
                        side = (0 if vy < 0 else 2) if across else (1 if vx < 0 else 3)
                        along = eye[1] + t * vx - x if across else eye[0] + t * vy - y
                        _front(line, c, columns, clip, edge, t, top, eye[2], along, side, rows, horizon, clear,
                               wall[index], atlas, mips, focal, haze)  # fmt: skip
                        clip = edge
                until = max(min(to_y, to_x), t + 1e-9)
                edge = max(horizon + focal * (eye[2] - top) / until, float(first))
                if edge < clip:
                    _floor(line, c, columns, clip, edge, t, until, top, eye, ray, per_height, light, clear,
                           roof[index], atlas, mips, focal, haze)  # fmt: skip
                    clip = edge
                    if top > 0 and n < KEPT:
                        hit_far[c, n], hit_top[c, n] = until, edge
                        n += 1
                t, before, across = until, top, to_y < to_x
                if across:
                    y += 1 if vy > 0 else -1
                    to_y += per_y
                else:
                    x += 1 if vx > 0 else -1
                    to_x += per_x
        else:
            t = 0.0
        if clip > first:
            _around(line, c, columns, clip, first, t, 1e9, eye, ray, per_height, light, look, haze)
        hit_n[c] = n
        column = (ahead + turns[c]) % TURN
        for r in range(min(first, rows)):
            lit = sky[r, column]
            at = np.uint64((r * columns + c) * 3)
            line[at] = lit & BYTE
            line[at + np.uint64(1)] = lit >> LANES & BYTE
            line[at + np.uint64(2)] = lit >> TWO


@stored
def stand_upright(
    spots, lens, height_of_eye, clear, atlas, mips, line, columns, hit_far, hit_top, hit_n, texels
):
    """Draw upright pictures, the farthest first, each with the shadow at its foot.

    spots: float64[n, 7], sorted: how far ahead and to the right, texture, width, the height it
    floats at, opacity of 256, and 1 if blocks do not hide it.
    """
    rows = len(line) // (3 * columns)
    focal, horizon = lens[0], lens[1]
    haze = np.uint64(HAZE[0]) | np.uint64(HAZE[1]) << LANES | np.uint64(HAZE[2]) << TWO
    stride = mips[-1, 0]
    for k in range(len(spots)):
        far, side, width, lift = spots[k, 0], spots[k, 1], spots[k, 3], spots[k, 4]
        if far < 0.5:
            continue
        p = focal * width / far
        middle = columns * 0.5 + focal * side / far
        bottom = horizon + (height_of_eye - lift) * focal / far
        if lift == 0:  # it stands a little before the middle of its cell
            bottom += FOOT * p
        upper, left = bottom - p, middle - p * 0.5
        through = spots[k, 6] > 0
        if lift == 0 and not through:  # the shadow: an ellipse that lies on the floor
            ry = focal * height_of_eye * 0.5 * (1 / max(far - 0.3, 0.2) - 1 / (far + 0.3))
            rx, at_row = 0.36 * p / width, bottom - 0.08 * p
            for c in range(max(int(middle - rx), 0), min(int(middle + rx + 1), columns)):
                until = rows
                for n in range(hit_n[c]):
                    if hit_far[c, n] < far:
                        until = min(until, int(hit_top[c, n]))
                for r in range(max(int(at_row - ry), 0), min(int(at_row + ry + 1), until)):
                    a, b = (c + 0.5 - middle) / rx, (r + 0.5 - at_row) / ry
                    away = a * a + b * b
                    if away < 1.0:
                        strong = int(256 - 120 * (1 - away) * spots[k, 5] / 256)
                        at = (r * columns + c) * 3
                        for e in range(3):
                            line[at + e] = line[at + e] * strong >> 8
        m = size_of(mips, width / max(p, 1.0))
        t = mips[m, 1]
        base = int(spots[k, 2]) * stride + mips[m, 0]
        dim = min(max(far - clear, 0.0) * HAZY, HAZIEST)
        bright, fog = np.uint64(int(256 - dim)), haze * np.uint64(int(dim))
        strength = np.uint64(int(spots[k, 5]))
        first, last = max(int(upper + 0.5), 0), min(int(bottom + 0.5), rows)
        for r in range(first, last):
            texels[r] = min(max(int((r + 0.5 - upper) / p * t), 0), t - 1) * t
        for c in range(max(int(left + 0.5), 0), min(int(left + p + 0.5), columns)):
            until = last
            for n in range(0 if through else hit_n[c]):
                if hit_far[c, n] < far:
                    until = min(until, int(hit_top[c, n]))
            u = base + min(max(int((c + 0.5 - left) / p * t), 0), t - 1)
            to = np.uint64((first * columns + c) * 3)
            for r in range(first, until):
                texel = atlas[u + texels[r]]
                if texel >> ALPHA:
                    blend_texel(line, to, texel, bright, fog, strength)
                to += np.uint64(3 * columns)
