"""The strokes of pictures: a small language of shapes on a square of 100 x 100 units, in text.

The library of pictures is `art.txt` beside this file; `paint` draws them.

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
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ...errors import UserError, did_you_mean

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


def is_vector(line: str) -> bool:
    """Does art that begins with this line consist of shapes?"""
    heads = (*_SHAPES, "tile", "outline", "use", "tint")
    return line.split()[0] in heads and (" " in line or line == "tile")


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
    library = library or pictures()
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
def pictures() -> dict[str, str]:
    """The sections of `art.txt` by name."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in Path(__file__).with_name("art.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[] \t"), [])
        elif not line.startswith("#"):
            lines.append(line)
    return {name: "\n".join(lines) for name, lines in sections.items()}


def hexed(rgb: tuple[int, int, int]) -> str:
    """A colour as a fill: "#rrggbb"."""
    return "#" + "".join(f"{v:02x}" for v in rgb)
