"""Levels as tiny pictures: one pixel for each cell, in the colour of the tile or thing that it
shows.

What the pixels cannot say (seed, split, poses, the world's own fields) lies as JSON in the PNG's
text. A picture without that text, painted by hand, is a level of seed 0.
"""

from __future__ import annotations

import io
import json
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from .. import files
from ..errors import UserError
from ..view.draw import sprites
from ..world import World
from . import level
from .levelfile import Levels, name_of, strict_json, world_for

MAX_FILE, MAX_SIDE = 1 << 20, 255
TEXT = "goalshift"


@lru_cache(maxsize=16)
def palette(world: World) -> dict[str, tuple[int, int, int]]:
    """The colour of each character of the world's maps: the mean of its sprite, moved until no
    other has it.
    """
    art = sprites.of(world)
    found: dict[str, tuple[int, int, int]] = {}
    taken: set[tuple[int, int, int]] = set()
    drawn = [(tile.char, sprites.tile_art(art.tiles[k], 16)) for k, tile in enumerate(world.tiles)]
    drawn += [(thing.char, art.things[k].at(16, 0)) for k, thing in enumerate(world.things)]
    for char, rgba in drawn:
        weight = rgba[..., 3:].astype(float)
        mean = (rgba[..., :3] * weight).sum((0, 1)) / max(weight.sum(), 1.0)
        colour: Any = tuple(int(v) for v in np.rint(mean))
        while any(
            sum(abs(a - b) for a, b in zip(colour, other, strict=True)) < 24 for other in taken
        ):
            colour = ((colour[0] + 67) % 256, (colour[1] + 29) % 256, (colour[2] + 101) % 256)
        found[char] = colour
        taken.add(colour)
    return found


def write_png(levels: Levels, i: int, path: Path) -> None:
    """Level i, a pixel for each cell."""
    told = level.describe(levels.world, levels.states, i)
    colours = palette(levels.world)
    pixels = np.array([[colours[char] for char in row] for row in told.pop("map")], np.uint8)
    if levels.names[i]:
        told["name"] = levels.names[i]
    info = PngInfo()
    info.add_text(TEXT, json.dumps(told))
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG", pnginfo=info)
    files.write(path, packed.getvalue())


def read_png(path: Path, given: World | None) -> Levels:
    """The level in a picture of a pixel for each cell."""

    def need(true: bool, message: str) -> None:
        if not true:
            raise UserError(f"{path}: {message}")

    try:
        need(files.size_of(path) <= MAX_FILE, f"larger than {MAX_FILE >> 20} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(path, formats=["PNG"]) as image:
                width, height = image.size
                need(
                    width <= MAX_SIDE and height <= MAX_SIDE,
                    f"{width} x {height} pixels; a pixel is a cell, at most 255",
                )
                pixels = np.asarray(image.convert("RGB"))
                text = image.info.get(TEXT)
    except UserError:
        raise
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Warning,
        UnidentifiedImageError,
    ) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else "no sound PNG"
        raise UserError(
            f"{path}: {reason.lower() if reason != 'no sound PNG' else reason}"
        ) from None
    data = strict_json(text, str(path)) if isinstance(text, str) else {}
    need(isinstance(data, dict), "its text holds no level")
    world = world_for(data.get("world"), given, path)
    chars = {colour: char for char, colour in palette(world).items()}
    rows = []
    for y, row in enumerate(pixels):
        for x, pixel in enumerate(row):
            colour = int(pixel[0]), int(pixel[1]), int(pixel[2])
            if colour not in chars:
                known = ", ".join(
                    f"{char} #{''.join(f'{v:02x}' for v in c)}" for c, char in chars.items()
                )
                mark = "".join(f"{v:02x}" for v in colour)
                raise UserError(
                    f"{path} row {y + 1} column {x + 1}: unknown colour #{mark}; this world has {known}"
                )
        rows.append("".join(chars[int(r), int(g), int(b)] for r, g, b in row))
    name = name_of(data.pop("name"), str(path)) if "name" in data else ""
    data["map"] = "\n".join(rows)
    return Levels(world, level.build(world, data, str(path), level.Line()), [name])
