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

import numpy as np

from ... import files
from ...errors import Reader, UserError
from ...world import World
from .. import level
from ..kind import Format, Levels, about_of, name_of, world_for
from ..text import Places

MAX_FILE, MAX_SIDE = 1 << 20, 255
TEXT = "goalshift"


@lru_cache(maxsize=16)
def palette(world: World) -> dict[str, tuple[int, int, int]]:
    """The colour of each character of the world's maps: the mean of its sprite, moved until no
    other has it.
    """
    from ...view.draw import sprites

    art = sprites.of(world)
    found: dict[str, tuple[int, int, int]] = {}
    taken: set[tuple[int, int, int]] = set()
    drawn = [(tile.char, sprites.tile_art(art.tiles[k], 16)) for k, tile in enumerate(world.tiles)]
    drawn += [(thing.char, art.things[k].at(16, 0)) for k, thing in enumerate(world.things)]
    for char, rgba in drawn:
        weight = rgba[..., 3:].astype(float)
        mean = (rgba[..., :3] * weight).sum((0, 1)) / max(weight.sum(), 1.0)
        red, green, blue = (int(value) for value in np.rint(mean))
        colour = red, green, blue
        while any(
            sum(abs(a - b) for a, b in zip(colour, other, strict=True)) < 24 for other in taken
        ):
            colour = ((colour[0] + 67) % 256, (colour[1] + 29) % 256, (colour[2] + 101) % 256)
        found[char] = colour
        taken.add(colour)
    return found


def write(levels: Levels, path: Path) -> None:
    """The only level, a pixel for each cell."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    told = level.describe(levels.world, levels.states)
    colours = palette(levels.world)
    pixels = np.array([[colours[char] for char in row] for row in told.pop("map")], np.uint8)
    told |= levels.about(0).told()
    if levels.names[0]:
        told["name"] = levels.names[0]
    info = PngInfo()
    info.add_text(TEXT, json.dumps(told))
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG", pnginfo=info)
    files.write(path, packed.getvalue())


def read(path: Path, given: World | None) -> Levels:
    """The level in a picture of a pixel for each cell."""
    places = Places(path)
    pixels, text = _pixels(files.read(path, MAX_FILE), places)
    data = files.parse_json(text, str(path)) if text else {}
    places.need(isinstance(data, dict), "its text holds no level")
    world = world_for(data.get("world"), given, path)
    chars = {colour: char for char, colour in palette(world).items()}
    rows = []
    for y, row in enumerate(pixels.tolist()):
        line = ""
        for x, pixel in enumerate(row):
            colour = tuple(pixel)
            if colour not in chars:
                known = ", ".join(f"{char} {_hex(c)}" for c, char in chars.items())
                message = f"unknown colour {_hex(colour)}; this world has {known}"
                raise places.cell_fault(y, x, message)
            line += chars[colour]
        rows.append(line)
    name = name_of(data.pop("name"), places) if "name" in data else ""
    data["map"] = "\n".join(rows)
    about = about_of(data, places)
    return Levels(
        world, level.build(world, data, places), [name], abouts=[about] if any(about) else []
    )


def _pixels(data: bytes, reader: Reader) -> tuple[np.ndarray, str]:
    """The pixels of a PNG, uint8[height, width, 3], and our text in it, or none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                width, height = image.size
                message = f"{width} x {height} pixels; a pixel is a cell, at most {MAX_SIDE}"
                reader.need(width <= MAX_SIDE and height <= MAX_SIDE, message)
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
    ):
        raise reader.fault("no sound PNG") from None
    return pixels, text if isinstance(text, str) else ""


def _hex(colour: tuple[int, ...]) -> str:
    return "#" + "".join(f"{value:02x}" for value in colour)


FORMAT = Format("a picture with a pixel for each cell", (".png",), read, write, single=True)
