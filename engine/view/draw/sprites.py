"""Sprites: small pictures drawn at any pixel size from text, PNG or, failing both, a letter.

The library is `art.txt` beside this file: a picture is a list of shapes on a square of 100 x 100
units. One light from the top left shades every shape, and one ink outline surrounds every thing, so
all pictures belong to one family. The same text at the same size always gives the same bytes.

A world names its sprites (`Tile("wall", "#", sprite="hedge")`; its own name is tried when none is
given), or brings art of its own as text, in either of two forms, or as the path of a PNG beside the
world's file:

    disc gold 50 50 38                a vector picture: one shape a line, as in art.txt
    star gold-2 50 50 22 10

    k = ink                           or pixels: colours of letters, then rows; "." is see-through
    .kk.
    kkkk

A line `---` separates the poses of a thing. A name nobody knows becomes a coloured tile with its
letter.

Shapes (fill first, then numbers; y grows downwards):

    disc FILL x y r                   oval FILL x y rx ry [degrees]
    box FILL x0 y0 x1 y1 [r]          poly FILL x y x y x y ...
    line FILL width x y x y ...       ring FILL width x y r
    star FILL x y r inner [points]    glow FILL x y r         fades outwards

A fill is a palette name or #rrggbb, lighter or darker by steps of 12 % (`gold+2`, `gold-1`),
see-through (`ink@40`, in per cent), or a gradient from top to bottom (`sand>wood`). Words after the
numbers: `flat` is not shaded by the light, `in` stays inside what is drawn so far, `free` has no
outline. Lines of their own: `tile` fills the whole square and has no outline, `outline N` changes
the width from 5 units, `use NAME [mirror] [turn QUARTERS] [move dx dy] [scale f]` takes the shapes
of another picture, `tint NAME FILL` recolours the fill NAME in later `use` lines.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UserError, did_you_mean
from ...jit import plain

if TYPE_CHECKING:
    from ...world import World

# Base colours after Okabe and Ito, which stay apart for every common kind of colour vision, with
# softer materials.
PALETTE = {
    "ink": "#20233f",
    "white": "#fffaf0",
    "black": "#10121f",
    "orange": "#ee8b1b",
    "sky": "#56b4e9",
    "green": "#1fa37a",
    "yellow": "#f5d33b",
    "blue": "#2b6fc4",
    "red": "#d9502b",
    "pink": "#d884b4",
    "purple": "#7d5bb5",
    "teal": "#2bb3a8",
    "stone": "#8f95ab",
    "slate": "#5b6183",
    "night": "#343860",
    "steel": "#c5cede",
    "floor": "#e6dcc8",
    "sand": "#ecd7a4",
    "wood": "#a9713f",
    "bark": "#7a4d2f",
    "dirt": "#96613e",
    "grass": "#63b64d",
    "leaf": "#3f9d57",
    "water": "#3d97d8",
    "gold": "#f6b92b",
    "cheese": "#fbcb45",
    "fur": "#a7a3b8",
    "paint": "#ffffff",
    "skin": "#f2c39b",
    "lava": "#e8431f",
    "ember": "#ffb12e",
    "air": "#a9def5",
    "cloud": "#f3fbff",
}
OUTLINE = 5.0  # width of the ink outline in units of 1/100 of the picture
STEP = 0.12  # one step of `+` or `-` in a fill
LIGHT, SHADE = 0.24, 0.26  # how far the light lifts the near corner of a shape and dims the far one
SUPERSAMPLED = 120  # pictures are drawn at least this many pixels wide, then averaged down

# least and most numbers after the fill; None: no limit
_SHAPES = {
    "disc": (3, 3),
    "oval": (4, 5),
    "box": (4, 5),
    "poly": (6, None),
    "line": (5, None),
    "ring": (4, 4),
    "star": (4, 5),
    "glow": (3, 3),
}
_WORDS = ("flat", "in", "free")
_FILL = re.compile(r"(#[0-9a-fA-F]{6}|[a-z]+)([+-]\d+)?(?:@(\d+))?$")


@dataclass(frozen=True)
class Shape:
    """One shape: kind, fill, numbers in units, the words after them, and where `use` moved it."""

    kind: str
    fill: str
    numbers: tuple[float, ...]
    words: frozenset[str] = frozenset()
    mirror: bool = False
    turn: int = 0
    move: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


@dataclass(frozen=True)
class Picture:
    """Shapes in drawing order; `tile` pictures fill their square and have no outline."""

    shapes: tuple[Shape, ...]
    tile: bool = False
    outline: float = OUTLINE


# -- reading


def colour(text: str) -> tuple[np.ndarray, float]:
    """The colour (float64[3], 0-255) and opacity (0-1) of a fill such as `gold-1@50`."""
    match = _FILL.match(text)
    if not match:
        raise UserError(
            f"{text!r} is not a colour: write a palette name or #rrggbb, then +2, -1 or @50."
        )
    name, step, alpha = match.groups()
    if name[0] != "#":
        if name not in PALETTE:
            raise UserError(f"there is no colour {name!r}.{did_you_mean(name, PALETTE)}")
        name = PALETTE[name]
    base = np.array([int(name[k : k + 2], 16) for k in (1, 3, 5)], float)
    steps = int(step or 0) * STEP
    target = np.array([255.0, 252.0, 240.0]) if steps > 0 else np.array([24.0, 22.0, 52.0])
    return base + (target - base) * min(abs(steps), 1.0), int(alpha or 100) / 100


def parse(text: str, where: str = "art", library: dict[str, str] | None = None) -> Picture:
    """Read one vector picture; faults name `where` and the line."""
    shapes: list[Shape] = []
    tile, outline, tints = False, OUTLINE, {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#!")[0].split()
        if not words:
            continue
        at = f"{where}, line {number}: {line.strip()!r}"
        head, rest = words[0], words[1:]
        try:
            if head == "tile":
                tile = True
            elif head == "outline":
                outline = float(rest[0])
            elif head == "tint":
                tints[rest[0]] = rest[1]
            elif head == "use":
                shapes += _used(rest, tints, library)
            elif head in _SHAPES:
                tags = [word for word in rest if word in _WORDS]
                values = tuple(float(word) for word in rest[1:] if word not in _WORDS)
                _check_numbers(head, values)
                for fill in rest[0].split(">"):
                    colour(fill)
                shapes.append(Shape(head, rest[0], values, frozenset(tags)))
            else:
                raise UserError(f"unknown shape.{did_you_mean(head, _SHAPES)}")
        except UserError as fault:
            raise UserError(f"{at}: {fault}") from None
        except (IndexError, ValueError, StopIteration):
            raise UserError(f"{at}: a shape is written as NAME FILL numbers.") from None
    return Picture(tuple(shapes), tile, outline)


def _check_numbers(kind: str, values: tuple[float, ...]) -> None:
    least, most = _SHAPES[kind]
    if len(values) < least or (most and len(values) > most):
        upto = "" if most == least else f" to {most}" if most else " or more"
        raise UserError(f"{kind} takes {least}{upto} numbers")
    if not all(abs(value) < 1e4 for value in values):
        raise UserError("a number is too large")
    if kind in ("disc", "oval", "glow", "star") and min(values[2:4]) <= 0:
        raise UserError(f"the size of a {kind} must be positive")


def _used(rest: list[str], tints: dict[str, str], library: dict[str, str] | None) -> list[Shape]:
    """The shapes of another picture, recoloured, then mirrored, turned, scaled and moved."""
    name, words = rest[0], iter(rest[1:])
    mirror, turn, move, scale = False, 0, (0.0, 0.0), 1.0
    for word in words:
        if word == "mirror":
            mirror = True
        elif word == "turn":
            turn = int(next(words))
        elif word == "move":
            move = (float(next(words)), float(next(words)))
        elif word == "scale":
            scale = float(next(words))
        else:
            raise ValueError(word)
    library = library or _library()
    if name not in library:
        raise UserError(f"there is no picture {name!r}.{did_you_mean(name, library)}")
    art = library[name]
    shapes = []
    for shape in parse(art, name, library).shapes:
        if shape.mirror or shape.turn or shape.move != (0.0, 0.0) or shape.scale != 1.0:
            if mirror or turn or move != (0.0, 0.0) or scale != 1.0:
                raise UserError(f"{name!r} is itself moved by `use`: move the original instead.")
            mirror_, turn_, move_, scale_ = shape.mirror, shape.turn, shape.move, shape.scale
        else:
            mirror_, turn_, move_, scale_ = mirror, turn, move, scale
        fill = ">".join(
            re.sub(r"^[a-z]+", lambda found: tints.get(found.group(), found.group()), part)
            for part in shape.fill.split(">")
        )
        shapes.append(
            Shape(shape.kind, fill, shape.numbers, shape.words, mirror_, turn_, move_, scale_)
        )
    return shapes


@cache
def _library() -> dict[str, str]:
    """The sections of `art.txt` by name."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in Path(__file__).with_name("art.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[] \t"), [])
        elif not line.startswith("#"):
            lines.append(line)
    return {name: "\n".join(lines) for name, lines in sections.items()}


def names() -> list[str]:
    """The names in the library; variants and poses follow a slash."""
    return sorted(_library())


# -- drawing


def paint(picture: Picture, p: int, rim: str = "ink") -> np.ndarray:
    """Draw `picture` p pixels wide: RGBA uint8[p, p, 4], colours not multiplied by alpha.

    `rim` colours the outline.
    """
    factor = max(2, -(-SUPERSAMPLED // p))
    n = p * factor
    grid = (np.arange(n) + 0.5) * (100.0 / n)
    per_unit = n / 100.0
    under, body, over = (np.zeros((n, n, 4)) for _ in range(3))  # premultiplied, 0-1
    near = np.full((n, n), 1e9)  # distance to the body, in units
    started = False
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
            cover = cover * body[window][..., 3]
        elif free and not picture.tile:
            layer = over if started else under
        else:
            started = True
            near[window] = np.minimum(near[window], distance)
        rgb, alpha = _shaded(shape, cover)
        cover = (cover * alpha)[..., None]
        layer[window] = np.concatenate([rgb * cover, cover], -1) + layer[window] * (1.0 - cover)
    done = under
    if not picture.tile and started and picture.outline:
        cover = np.clip(0.5 - (near - picture.outline) * per_unit, 0.0, 1.0)[..., None]
        done = np.concatenate([colour(rim)[0] / 255 * cover, cover], -1) + done * (1.0 - cover)
    for layer in (body, over):
        done = layer + done * (1.0 - layer[..., 3:])
    # whole numbers from here on: sums of them do not depend on the order in which a processor adds
    fine = np.rint(done * 65535).astype(np.int64).reshape(p, factor, p, factor, 4).sum((1, 3))
    alpha = fine[..., 3:]
    rgb = np.where(alpha > 0, (fine[..., :3] * 510 + alpha) // np.maximum(2 * alpha, 1), 0)
    alpha = (alpha * 510 + 65535 * factor**2) // (2 * 65535 * factor**2)
    return np.concatenate([np.minimum(rgb, 255), alpha], -1).astype(np.uint8)


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


def _shaded(shape: Shape, cover: np.ndarray) -> tuple[np.ndarray, float]:
    """Colours 0-1 (float64[h, w, 3]), lit from the top left, and opacity of a covered shape."""
    rows, columns = np.nonzero(cover.any(1))[0], np.nonzero(cover.any(0))[0]
    across = np.linspace(-1, 1, columns[-1] - columns[0] + 1) if len(columns) > 1 else np.zeros(1)
    down = np.linspace(-1, 1, rows[-1] - rows[0] + 1) if len(rows) > 1 else np.zeros(1)
    gx, gy = np.zeros(cover.shape[1]), np.zeros(cover.shape[0])
    gx[columns[0] : columns[-1] + 1] = across
    gy[rows[0] : rows[-1] + 1] = down
    parts = [colour(part) for part in shape.fill.split(">")]
    top, bottom = parts[0], parts[-1]
    blend = ((gy + 1) / 2)[:, None, None]
    rgb = np.broadcast_to(top[0] + (bottom[0] - top[0]) * blend, (*cover.shape, 3)) / 255
    if "flat" not in shape.words and shape.kind != "glow":
        light = -(gx[None, :] * 0.45 + gy[:, None] * 0.55)[..., None]
        bright, dark = np.array([1.0, 0.99, 0.94]), np.array([0.10, 0.09, 0.22])
        rgb = rgb + np.where(
            light > 0, (bright - rgb) * light * LIGHT, (rgb - dark) * light * SHADE
        )
    return rgb, top[1]


# -- art of any kind


@dataclass(frozen=True)
class Sprite:
    """The art of one tile or thing: a tuple of poses, each drawn at any size.

    `name` is the library name, which has edges and other looks, or "" for art from elsewhere.
    """

    poses: tuple[Picture | Pixels | Letter, ...]
    name: str = ""

    def at(self, p: int, pose: int = 0, rim: str = "ink") -> np.ndarray:
        """RGBA uint8[p, p, 4] of a pose; poses beyond the last start over. Read only."""
        return _painted(self.poses[pose % len(self.poses)], p, rim)


@dataclass(frozen=True)
class Pixels:
    """Pixel art: RGBA bytes of `height` x `width` pixels, stretched to a square."""

    data: bytes
    height: int
    width: int


@dataclass(frozen=True)
class Letter:
    """What stands in for missing art: a coloured tile, or a disc for a thing, with its letter."""

    char: str
    fill: str
    tile: bool


@lru_cache(maxsize=4096)
def _painted(art: Picture | Pixels | Letter, p: int, rim: str) -> np.ndarray:
    if isinstance(art, Picture):
        rgba = paint(art, p, rim)
    elif isinstance(art, Pixels):
        rgba = _stretched(np.frombuffer(art.data, np.uint8).reshape(art.height, art.width, 4), p)
    else:
        rgba = _lettered(art, p, rim)
    rgba.setflags(write=False)
    return rgba


def _stretched(rgba: np.ndarray, p: int) -> np.ndarray:
    """Area-average pixel art to p x p; whole multiples keep their hard edges."""
    height, width = rgba.shape[:2]
    fine = rgba.astype(np.int64)
    fine[..., :3] *= fine[..., 3:]
    fine = np.repeat(np.repeat(fine, p, 0), p, 1).reshape(p, height, p, width, 4).sum((1, 3))
    alpha = fine[..., 3:]
    rgb = np.where(alpha > 0, (2 * fine[..., :3] + alpha) // np.maximum(2 * alpha, 1), 0)
    return np.concatenate([rgb, (2 * alpha + height * width) // (2 * height * width)], -1).astype(
        np.uint8
    )


def _lettered(art: Letter, p: int, rim: str) -> np.ndarray:
    """A coloured tile or disc with a letter, dark on light colours and light on dark ones."""
    from PIL import Image, ImageDraw, ImageFont

    shape = (
        f"tile\nbox {art.fill} 0 0 100 100\nbox {art.fill}+1 6 6 94 94 8"
        if art.tile
        else f"disc {art.fill} 50 50 42"
    )
    rgba = paint(parse(shape), p, rim)
    n = 16 * p
    mask = Image.new("L", (n, n))
    font = ImageFont.load_default(n * 0.72)
    ImageDraw.Draw(mask).text((n / 2, n / 2), art.char, 255, font, "mm", stroke_width=n // 40)
    cover = np.asarray(mask, np.int64).reshape(p, 16, p, 16).sum((1, 3)) / (255 * 256)
    light = colour(art.fill)[0].sum() > 330
    pen = colour("ink" if light else "white")[0]
    rgba[..., :3] = np.rint(rgba[..., :3] * (1 - cover[..., None]) + pen * cover[..., None]).astype(
        np.uint8
    )
    return rgba


def read(
    text: str, name: str, char: str = "?", tile: bool = True, folder: Path | None = None
) -> Sprite:
    """The sprite that `text` means: a library name, art in text, a PNG in `folder`; empty: the
    library's `name`.

    Raises UserError for art that cannot be read. An unknown name gives a letter, which is art too.
    """
    text = text.strip("\n")
    library = _library()
    if "\n" not in text and not text.strip().partition(" ")[2]:
        word = text.strip() or name
        if word.endswith(".png"):
            return Sprite((_png(word, name, folder),))
        if word in library:
            keys = [word]
            while f"{word}.{len(keys)}" in library:
                keys.append(f"{word}.{len(keys)}")
            return Sprite(tuple(parse(library[key], key) for key in keys), word)
        fills = [
            fill
            for fill in PALETTE
            if fill not in ("ink", "black", "night", "paint", "air", "floor")
        ]
        fill = fills[sum(ord(letter) * (k + 7) for k, letter in enumerate(name)) % len(fills)]
        return Sprite((Letter(char, fill, tile),))
    poses = re.split(r"^---\s*$", text, flags=re.MULTILINE)
    where = f"the sprite of '{name}'"
    return Sprite(tuple(_text_art(pose, where) for pose in poses))


def _text_art(text: str, where: str) -> Picture | Pixels:
    """Vector shapes or pixel rows, told apart by the first word."""
    lines = [line.strip() for line in text.strip("\n").splitlines() if line.strip()]
    heads = (*_SHAPES, "tile", "outline", "use", "tint")
    if lines and lines[0].split()[0] in heads and (" " in lines[0] or lines[0] == "tile"):
        return parse(text, where)
    colours: dict[str, tuple[int, ...]] = {".": (0, 0, 0, 0)}
    rows = []
    for line in lines:
        match = re.fullmatch(r"(\S)\s*=\s*(\S+)", line)
        if match:
            rgb, alpha = colour(match[2])
            colours[match[1]] = (*(int(v + 0.5) for v in rgb), int(alpha * 255 + 0.5))
        else:
            rows.append(line)
    if not rows or len({len(row) for row in rows}) != 1:
        raise UserError(f"{where}: pixel rows must all have the same length.")
    for letter in sorted(set("".join(rows)) - set(colours)):
        raise UserError(
            f"{where}: no colour is given for {letter!r}; add a line such as '{letter} = gold'."
        )
    data = bytes(value for row in rows for letter in row for value in colours[letter])
    return Pixels(data, len(rows), len(rows[0]))


def _png(word: str, name: str, folder: Path | None) -> Pixels:
    from PIL import Image

    path = (folder or Path()) / word
    try:
        with Image.open(path) as image:
            if image.width > 1024 or image.height > 1024:
                raise UserError(
                    f"the sprite of '{name}': {path} is larger than 1024 x 1024 pixels."
                )
            rgba = np.asarray(image.convert("RGBA"))
    except OSError as fault:
        raise UserError(f"the sprite of '{name}': cannot read {path} ({fault}).") from None
    return Pixels(rgba.tobytes(), *rgba.shape[:2])


# -- sheets of a world


@dataclass(frozen=True)
class Sprites:
    """The art of a whole world; `ground` is the index of the tile drawn below the others."""

    tiles: tuple[Sprite, ...]
    things: tuple[Sprite, ...]
    ground: int


@lru_cache(maxsize=32)
def of(world: World) -> Sprites:
    """The sprites of a world. Raises UserError for art that cannot be read."""
    file = getattr(sys.modules.get(plain(world.generate).__module__), "__file__", None)
    folder = Path(file).parent if file else None
    tiles = tuple(read(t.sprite, t.name, t.char, True, folder) for t in world.tiles)
    things = tuple(read(t.sprite, t.name, t.char, False, folder) for t in world.things)
    ground = next((k for k, tile in enumerate(world.tiles) if not tile.solid), 0)
    return Sprites(tiles, things, ground)


def over(rgba: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Compose RGBA (uint8[..., 4]) over opaque RGB (uint8[..., 3])."""
    alpha = rgba[..., 3:].astype(np.int64)
    return ((rgba[..., :3] * alpha + rgb * (255 - alpha) + 127) // 255).astype(np.uint8)


def pile(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Compose RGBA over RGBA (both uint8[p, p, 4])."""
    a, b = top[..., 3:].astype(np.int64), bottom[..., 3:].astype(np.int64)
    alpha = a * 255 + b * (255 - a)  # times 255
    rgb = (top[..., :3] * a * 255 + bottom[..., :3] * b * (255 - a) + alpha // 2) // np.maximum(
        alpha, 1
    )
    return np.concatenate([rgb, (alpha + 127) // 255], -1).astype(np.uint8)


def tile_art(sprite: Sprite, p: int, look: int = 0, edges: str = "") -> np.ndarray:
    """RGBA uint8[p, p, 4] of a tile in one of its looks, with edge art on sides (of "uldr")."""
    library, name = _library(), sprite.name
    if look and f"{name}~{look}" in library:
        rgba = _painted(parse(library[f"{name}~{look}"], name), p, "ink")
    else:
        rgba = sprite.at(p)
    for letter, side in (("l", "left"), ("r", "right"), ("u", "up"), ("d", "down")):
        if letter in edges and f"{name}/{side}" in library:
            rgba = pile(_painted(parse(library[f"{name}/{side}"], name), p, "ink"), rgba)
    return rgba


@cache
def looks(name: str) -> int:
    """How many looks a library tile has beside its first."""
    return next(k for k in range(1, 100) if f"{name}~{k}" not in _library()) - 1


@cache
def sides(name: str) -> str:
    """The sides (of "uldr") on which a library tile has edge art."""
    return "".join(
        side[0] for side in ("up", "left", "down", "right") if f"{name}/{side}" in _library()
    )


@lru_cache(maxsize=64)
def sheet(world: World, p: int) -> np.ndarray:
    """Every symbol of a world at p pixels, over its ground tile: uint8[symbols, p, p, 3], read
    only.

    In worlds of several learners an agent sees itself with a white rim instead of the ink outline.
    """
    art = of(world)
    void = paint(parse(_library()["void"]), p)[..., :3]
    ground = over(tile_art(art.tiles[art.ground], p), void)
    rows = []
    for symbol in world.symbols:
        if symbol.group == "void":
            rows.append(void)
        elif symbol.group == "tile":
            rows.append(over(tile_art(art.tiles[symbol.kind], p, edges="u"), ground))
        else:
            rim = "white" if symbol.group == "self" and world.learners > 1 else "ink"
            rows.append(over(art.things[symbol.kind].at(p, symbol.pose, rim), ground))
    done = np.ascontiguousarray(np.stack(rows))
    done.setflags(write=False)
    return done
