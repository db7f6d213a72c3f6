"""Levels for Tiled (mapeditor.org) and back: .tmj and .tmx, and the tileset picture that lies
beside them.

Tiles fill one layer; things are objects of another, in the order of the record, hidden ones out of
play. What a map of Tiled has no place for stands in its properties. What is read, and how safely,
is told in `tiled_map`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from ... import files
from ...world import World
from .. import level, tiled_map, tiled_xml
from ..kind import Format, Levels
from ..text import MAX_TEXT
from ..tiled_map import SEEDS

PIXELS, COLUMNS = 32, 8  # of a tile of the picture; tiles in a row of it


def pieces(world: World) -> list[tuple[str, str, int]]:
    """The tiles of the tileset by id: what it is ("tile" or "thing"), its name, its pose."""
    found = [("tile", tile.name, 0) for tile in world.tiles]
    found += [("thing", thing.name, pose) for thing in world.things for pose in range(thing.poses)]
    return found


def picture(world: World) -> np.ndarray:
    """The tileset's picture: uint8[height, width, 4]."""
    from ...view.draw import sprites

    art, found = sprites.of(world), pieces(world)
    sheet = np.zeros((-(-len(found) // COLUMNS) * PIXELS, COLUMNS * PIXELS, 4), np.uint8)
    ground = sprites.tile_art(art.tiles[art.ground], PIXELS)
    names = {"tile": [t.name for t in world.tiles], "thing": [t.name for t in world.things]}
    for k, (kind, name, pose) in enumerate(found):
        y, x = k // COLUMNS * PIXELS, k % COLUMNS * PIXELS
        number = names[kind].index(name)
        if kind == "tile":  # on the ground, as there is nothing below it in Tiled
            drawn = sprites.pile(sprites.tile_art(art.tiles[number], PIXELS), ground)
        else:
            drawn = art.things[number].at(PIXELS, pose)
        sheet[y : y + PIXELS, x : x + PIXELS] = drawn
    return sheet


def save_picture(world: World, folder: Path) -> str:
    """Write the tileset's picture into `folder`; returns its name."""
    from PIL import Image

    name = f"{world.name}-tiles.png"
    packed = io.BytesIO()
    Image.fromarray(picture(world)).save(packed, "PNG", optimize=True)
    files.write(folder / name, packed.getvalue())
    return name


def as_map(levels: Levels, image: str) -> dict[str, Any]:
    """The only level as Tiled's JSON has it, with its tileset's picture in the file `image`."""
    world, s = levels.world, levels.states[0]
    told = level.describe(world, levels.states)
    found = pieces(world)
    properties = {key: told[key] for key in ("world", "split", *SEEDS) if key in told}
    if levels.names[0]:
        properties["name"] = levels.names[0]
    properties |= levels.about(0).told()
    if "fields" in told:
        properties["fields"] = json.dumps(told["fields"])
    objects = []
    for k in range(world.entities):
        thing = world.things[world.kinds[k]]
        gid = 1 + found.index(
            ("thing", thing.name, int(s.face[k]) if s.face[k] < thing.poses else 0)
        )
        poses = {"pose": int(s.face[k])} if s.face[k] >= thing.poses else {}
        objects.append(
            {
                "id": k + 1, "name": thing.name, "type": thing.name, "gid": gid, "rotation": 0,
                "x": int(s.x[k]) * PIXELS, "y": (int(s.y[k]) + 1) * PIXELS, "width": PIXELS, "height": PIXELS,
                "visible": bool(s.alive[k]), "properties": _listed(poses),
            }
        )  # fmt: skip
    rows = -(-len(found) // COLUMNS)
    tileset = {
        "firstgid": 1, "name": world.name, "image": image, "imagewidth": COLUMNS * PIXELS, "imageheight": rows * PIXELS,
        "tilewidth": PIXELS, "tileheight": PIXELS, "margin": 0, "spacing": 0, "columns": COLUMNS,
        "tilecount": rows * COLUMNS,
        "tiles": [
            {"id": k, "type": name, "properties": _listed({"pose": pose})} for k, (_, name, pose) in enumerate(found)
        ],
    }  # fmt: skip
    height, width = int(s.h), int(s.w)
    ground = {
        "id": 1, "name": "tiles", "type": "tilelayer", "width": width, "height": height, "x": 0, "y": 0,
        "opacity": 1, "visible": True, "data": [int(tile) + 1 for tile in s.tiles[:height, :width].ravel()],
    }  # fmt: skip
    above = {
        "id": 2, "name": "things", "type": "objectgroup", "draworder": "index", "x": 0, "y": 0, "opacity": 1,
        "visible": True, "objects": objects,
    }  # fmt: skip
    return {
        "type": "map", "version": "1.10", "tiledversion": "1.10.2", "orientation": "orthogonal",
        "renderorder": "right-down", "infinite": False, "width": width, "height": height, "tilewidth": PIXELS,
        "tileheight": PIXELS, "nextlayerid": 3, "nextobjectid": world.entities + 1,
        "properties": _listed(properties), "tilesets": [tileset], "layers": [ground, above],
    }  # fmt: skip


def _listed(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Properties as Tiled lists them; numbers too large for it become text."""
    return [
        {"name": key, "type": "int", "value": value}
        if isinstance(value, int) and value < 2**31
        else {"name": key, "type": "string", "value": str(value)}
        for key, value in properties.items()
    ]


def write(levels: Levels, path: Path) -> None:
    """The only level as .tmj or .tmx, and the tileset's picture beside it."""
    made = as_map(levels, save_picture(levels.world, path.parent))
    if path.suffix.lower() == ".tmj":
        files.write(path, (json.dumps(made, indent=1) + "\n").encode())
    else:
        files.write(path, tiled_xml.write(made))


def read(path: Path, given: World | None) -> Levels:
    """The level in a .tmj or .tmx file."""
    as_json = path.suffix.lower() == ".tmj"
    data = files.read_json(path, MAX_TEXT) if as_json else tiled_xml.read(path)
    return tiled_map.read(path, data, given)


FORMAT = Format("a map of Tiled", (".tmj", ".tmx"), read, write, single=True)
