"""The painter of vector art (see `strokes`): shapes by their distances, lit and outlined alike.

One light from the top left shades every shape, and one ink outline surrounds every thing, so all
pictures belong to one family. The same text at the same size always gives the same bytes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from .strokes import OUTLINE, Picture, Shape, colour

LIGHT, SHADE = 0.24, 0.26  # how far the light lifts the near corner of a shape and dims the far one
SUPERSAMPLED = 120  # pictures are drawn at least this many pixels wide, then averaged down


def paint(picture: Picture, p: int, rim: str = "ink") -> np.ndarray:
    """Draw `picture` p pixels wide: RGBA uint8[p, p, 4], colours not multiplied by alpha.

    `rim` colours the outline.
    """
    factor = max(2, -(-SUPERSAMPLED // p))
    n = p * factor
    grid = (np.arange(n) + 0.5) * (100.0 / n)
    per_unit = n / 100.0
    # planes of red, green, blue and opacity: colours multiplied by it, 0-1
    under, body, over = (np.zeros((4, n, n)) for _ in range(3))
    near = np.full((n, n), 1e9)  # distance to the body, in units
    started = False
    outlined = bool(picture.outline) and not picture.tile
    for shape in picture.shapes:
        window = _window(shape, n)
        distance = _distance(shape, grid[window[1]][None, :], grid[window[0]][:, None])
        if shape.kind == "glow":
            cover = np.clip(1.0 - distance, 0.0, 1.0) ** 2
        else:
            cover = np.clip(0.5 - distance * per_unit, 0.0, 1.0)
        if not cover.any():
            continue
        free = "free" in shape.words or shape.kind == "glow"
        layer = body
        if "in" in shape.words:
            cover = cover * body[3][window]
        elif free and not picture.tile:
            layer = over if started else under
        else:
            started = True
            if outlined:
                near[window] = np.minimum(near[window], distance)
        _lay(shape, cover, layer[:, window[0], window[1]])
    done = under
    if outlined and started:
        cover = np.clip(0.5 - (near - picture.outline) * per_unit, 0.0, 1.0)
        done *= 1.0 - cover
        done[:3] += (colour(rim)[0] / 255)[:, None, None] * cover
        done[3] += cover
    for layer in (body, over):
        if layer[3].any():
            done = layer + done * (1.0 - layer[3])
    return _averaged(done, factor)


def _averaged(fine: np.ndarray, factor: int) -> np.ndarray:
    """RGBA uint8[p, p, 4], colours no longer multiplied, out of float64[4, n, n] in blocks."""
    p = fine.shape[1] // factor
    # whole numbers from here on: sums of them do not depend on the order in which a processor adds
    rows = np.rint(fine * 65535).reshape(4, p, factor, p * factor).sum(2)
    sums = rows.reshape(4, p, p, factor).sum(3).astype(np.int64)
    alpha = sums[3]
    rgb = np.where(alpha > 0, (sums[:3] * 510 + alpha) // np.maximum(2 * alpha, 1), 0)
    done = np.empty((p, p, 4), np.uint8)
    done[..., :3] = np.moveaxis(np.minimum(rgb, 255), 0, 2)
    done[..., 3] = (alpha * 510 + 65535 * factor**2) // (2 * 65535 * factor**2)
    return done


def _lay(shape: Shape, cover: np.ndarray, layer: np.ndarray) -> None:
    """Lay a shape that covers these pixels (0-1, float64[h, w]) over a layer (planes, [4, h, w])."""
    rows, columns = np.nonzero(cover.any(1))[0], np.nonzero(cover.any(0))[0]
    if not len(rows):
        return
    touched = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    rgb, alpha = _shaded(shape, rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    cover = cover[touched] * alpha
    under = layer[:, touched[0], touched[1]]
    under *= 1.0 - cover
    under[:3] += rgb * cover
    under[3] += cover


def _window(shape: Shape, n: int) -> tuple[slice, slice]:
    """The pixels that shape and outline can touch (rows, columns); all of them once moved."""
    if (
        shape.mirror
        or shape.turn
        or shape.move != (0.0, 0.0)
        or shape.scale != 1.0
        or shape.kind == "oval"
    ):
        return slice(0, n), slice(0, n)
    v: Any = shape.numbers
    if shape.kind in ("disc", "glow", "star"):
        xs, ys, reach = [v[0]], [v[1]], v[2]
    elif shape.kind == "ring":
        xs, ys, reach = [v[1]], [v[2]], v[3] + v[0]
    elif shape.kind == "box":
        xs, ys, reach = [v[0], v[2]], [v[1], v[3]], 0.0
    elif shape.kind == "line":
        xs, ys, reach = v[1::2], v[2::2], v[0]
    else:
        xs, ys, reach = v[0::2], v[1::2], 0.0
    reach += OUTLINE * 2

    def span(values):
        return slice(
            min(n, max(0, int((min(values) - reach) * n / 100))),
            max(0, min(n, int((max(values) + reach) * n / 100) + 1)),
        )

    return span(ys), span(xs)


def _distance(shape: Shape, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance to the shape's edge in units, negative inside (glow: share of its radius)."""
    v: Any = shape.numbers
    x, y = x - 50.0 - shape.move[0], y - 50.0 - shape.move[1]
    for _ in range(shape.turn % 4):
        x, y = y, -x
    x, y = (-x if shape.mirror else x) / shape.scale + 50.0, y / shape.scale + 50.0
    if shape.kind == "disc":
        d = np.sqrt((x - v[0]) ** 2 + (y - v[1]) ** 2) - v[2]
    elif shape.kind == "glow":
        return np.sqrt((x - v[0]) ** 2 + (y - v[1]) ** 2) / v[2]
    elif shape.kind == "ring":
        d = np.abs(np.sqrt((x - v[1]) ** 2 + (y - v[2]) ** 2) - v[3]) - v[0] / 2
    elif shape.kind == "oval":
        x, y = _turned(x - v[0], y - v[1], v[4] if len(v) > 4 else 0.0)
        level = np.sqrt((x / v[2]) ** 2 + (y / v[3]) ** 2)
        slope = np.sqrt((x / v[2] ** 2) ** 2 + (y / v[3] ** 2) ** 2)
        d = level * (level - 1.0) / np.maximum(slope, 1e-6)  # first order, exact on the edge
        d = np.where(level < 0.3, -min(v[2], v[3]) * (1 - level), d)
    elif shape.kind == "box":
        r = min(v[4] if len(v) > 4 else 0.0, (v[2] - v[0]) / 2, (v[3] - v[1]) / 2)
        dx = np.abs(x - (v[0] + v[2]) / 2) - (v[2] - v[0]) / 2 + r
        dy = np.abs(y - (v[1] + v[3]) / 2) - (v[3] - v[1]) / 2 + r
        d = (
            np.sqrt(np.maximum(dx, 0) ** 2 + np.maximum(dy, 0) ** 2)
            + np.minimum(np.maximum(dx, dy), 0)
            - r
        )
    elif shape.kind == "line":
        points = list(zip(v[1::2], v[2::2], strict=True))
        d = np.minimum.reduce([_segment(x, y, a, b) for a, b in pairwise(points)]) - v[0] / 2
    else:
        points = _star(v) if shape.kind == "star" else list(zip(v[0::2], v[1::2], strict=True))
        d = _polygon(x, y, points)
    return d * shape.scale


def _turned(x, y, degrees):
    """Rotate the axes by a multiple of 15 degrees or any other angle."""
    if not degrees:
        return x, y
    c, s = float(np.cos(np.deg2rad(degrees))), float(np.sin(np.deg2rad(degrees)))
    return x * c + y * s, y * c - x * s


def _star(v) -> list[tuple[float, float]]:
    points = int(v[4]) if len(v) > 4 else 5
    angles = np.arange(2 * points) * (np.pi / points) - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2, v[3], v[2])
    return [
        (v[0] + r * float(np.cos(a)), v[1] + r * float(np.sin(a)))
        for a, r in zip(angles, radii, strict=True)
    ]


def _segment(x, y, a, b):
    """Distance to the segment from a to b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / length, 0.0, 1.0) if length else 0.0
    return np.sqrt((x - a[0] - along * dx) ** 2 + (y - a[1] - along * dy) ** 2)


def _polygon(x, y, points):
    """Signed distance to a closed polygon, by the even-odd rule."""
    inside = np.zeros(np.broadcast(x, y).shape, bool)
    d = np.full(inside.shape, 1e9)
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        d = np.minimum(d, _segment(x, y, a, b))
        if a[1] != b[1]:
            crosses = ((a[1] > y) != (b[1] > y)) & (
                x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
            )
            inside ^= crosses
    return np.where(inside, -d, d)


def _shaded(shape: Shape, height: int, width: int) -> tuple[np.ndarray, float]:
    """Colours 0-1 (float64[3, height, width], or 1 wide), lit from the top left, and opacity of a
    shape that covers so many pixels.
    """
    gx = np.linspace(-1, 1, width) if width > 1 else np.zeros(1)
    gy = np.linspace(-1, 1, height) if height > 1 else np.zeros(1)
    parts = [colour(part) for part in shape.fill.split(">")]
    (top, alpha), (bottom, _) = parts[0], parts[-1]
    rgb = (top[:, None] + (bottom - top)[:, None] * ((gy + 1) / 2))[..., None] / 255
    if "flat" not in shape.words and shape.kind != "glow":
        light = -(gx * 0.45 + gy[:, None] * 0.55)
        bright, dark = np.array([1.0, 0.99, 0.94]), np.array([0.10, 0.09, 0.22])
        lit = (bright[:, None, None] - rgb) * light * LIGHT
        dimmed = (rgb - dark[:, None, None]) * light * SHADE
        rgb = rgb + np.where(light > 0, lit, dimmed)
    return rgb, alpha
