"""Levels for Tiled (mapeditor.org) and back: .tmj and .tmx, and the tileset picture that lies
beside them.

Tiles fill one layer; things are objects of another, in the order of the record, hidden ones out of
play. What a map of Tiled has no place for stands in its properties. A tileset tells tiles and
things by their class, so a map drawn with another picture works too. Files come from strangers: no
entities, nothing opened outside the folder, no picture at all, and every size is checked before it
is taken.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from .. import files
from ..errors import UserError
from ..view.draw import sprites
from ..world import World
from . import level
from .levelfile import Levels, name_of, strict_json, text_of, world_for

PIXELS, COLUMNS = 32, 8  # of a tile of the picture; tiles in a row of it
MAX_SIDE, MAX_LAYERS, MAX_TILESETS, MAX_OBJECTS = 255, 64, 64, 10_000
GID = 0x0FFFFFFF  # the other bits flip a tile, which changes its looks alone
SEEDS = ("seed", "episode", "version")


def pieces(world: World) -> list[tuple[str, str, int]]:
    """The tiles of the tileset by id: what it is ("tile" or "thing"), its name, its pose."""
    found = [("tile", tile.name, 0) for tile in world.tiles]
    found += [("thing", thing.name, pose) for thing in world.things for pose in range(thing.poses)]
    return found


def picture(world: World) -> np.ndarray:
    """The tileset's picture: uint8[height, width, 4]."""
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
    name = f"{world.name}-tiles.png"
    packed = io.BytesIO()
    Image.fromarray(picture(world)).save(packed, "PNG", optimize=True)
    files.write(folder / name, packed.getvalue())
    return name


# -- writing ---------------------------------------------------------------------------------------


def as_map(levels: Levels, i: int, image: str) -> dict[str, Any]:
    """Level i as Tiled's JSON has it."""
    world, s = levels.world, levels.states[i]
    told = level.describe(world, levels.states, i)
    found = pieces(world)
    properties = {key: told[key] for key in ("world", "split", *SEEDS) if key in told}
    if levels.names[i]:
        properties["name"] = levels.names[i]
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


def write_tmj(levels: Levels, i: int, path: Path) -> None:
    """Level i as .tmj, and the tileset's picture beside it."""
    made = as_map(levels, i, save_picture(levels.world, path.parent))
    files.write(path, (json.dumps(made, indent=1) + "\n").encode())


def write_tmx(levels: Levels, i: int, path: Path) -> None:
    """Level i as .tmx, and the tileset's picture beside it."""
    made = as_map(levels, i, save_picture(levels.world, path.parent))

    def element(
        parent: ElementTree.Element | None, tag: str, data: dict[str, Any], *keys: str
    ) -> ElementTree.Element:
        texts = {
            key: str(int(v) if isinstance(v, bool) else v)
            for key in keys
            if (v := data.get(key)) is not None
        }
        found = (
            ElementTree.Element(tag, texts)
            if parent is None
            else ElementTree.SubElement(parent, tag, texts)
        )
        if data.get("properties"):
            listed = ElementTree.SubElement(found, "properties")
            for one in data["properties"]:
                element(listed, "property", one, "name", "type", "value")
        return found

    sizes = ("width", "height", "tilewidth", "tileheight")
    root = element(
        None, "map", made, "version", "tiledversion", "orientation", "renderorder", *sizes, "infinite", "nextlayerid",
        "nextobjectid",
    )  # fmt: skip
    told = made["tilesets"][0]
    tileset = element(root, "tileset", told, "firstgid", "name", *sizes[2:], "tilecount", "columns")
    size = {"source": told["image"], "width": told["imagewidth"], "height": told["imageheight"]}
    element(tileset, "image", size, "source", "width", "height")
    for tile in told["tiles"]:
        element(tileset, "tile", tile, "id", "type")
    ground, above = made["layers"]
    layer = element(root, "layer", ground, "id", "name", "width", "height")
    cells = element(layer, "data", {"encoding": "csv"}, "encoding")
    width = made["width"]
    rows = [ground["data"][k : k + width] for k in range(0, len(ground["data"]), width)]
    cells.text = "\n" + ",\n".join(",".join(map(str, row)) for row in rows) + "\n"
    group = element(root, "objectgroup", above, "id", "name")
    for one in above["objects"]:
        element(
            group,
            "object",
            one,
            "id",
            "name",
            "type",
            "gid",
            "x",
            "y",
            "width",
            "height",
            "visible",
        )
    ElementTree.indent(root, " ")
    files.write(
        path, b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root) + b"\n"
    )


# -- reading ---------------------------------------------------------------------------------------


def read_tmj(path: Path, given: World | None) -> Levels:
    """The level in a .tmj file."""
    data = strict_json(text_of(path, level.MAX_TEXT), str(path))
    return Map(path, data).levels(given)


def read_tmx(path: Path, given: World | None) -> Levels:
    """The level in a .tmx file."""
    return Map(path, _plain_map(_xml(path), path)).levels(given)


def _xml(path: Path) -> ElementTree.Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    text = text_of(path, level.MAX_TEXT)
    try:
        return fromstring(text.encode(), forbid_dtd=True)
    except DefusedXmlException:
        raise UserError(f"{path}: entities and document types are not allowed in a map") from None
    except ElementTree.ParseError as fault:
        line, column = fault.position
        raise UserError(f"{path}:{line}:{column + 1}: {str(fault).partition(':')[0]}") from None
    except (ValueError, RecursionError) as fault:
        raise UserError(f"{path}: {' '.join(str(fault).split())[:80]}") from None


def _number(text: Any) -> Any:
    """A number that XML holds as text; anything else as it is."""
    try:
        value = float(text) if isinstance(text, str) and len(text) <= 20 else text
    except ValueError:
        return text
    return (
        int(value)
        if isinstance(value, float) and math.isfinite(value) and value == int(value)
        else value
    )


def _plain_map(root: ElementTree.Element, path: Path) -> dict[str, Any]:
    """XML in the shape of Tiled's JSON."""
    if root.tag not in ("map", "tileset"):
        raise UserError(f"{path}: its root is <{root.tag[:30]}>, not <map>")

    def shallow(one: ElementTree.Element) -> dict[str, Any]:
        found: dict[str, Any] = {
            key: value
            if key in ("name", "type", "class", "source", "value", "encoding", "compression")
            else _number(value)
            for key, value in one.attrib.items()
        }
        for flag in ("infinite", "visible"):
            if flag in found:
                found[flag] = found[flag] not in (0, "false")
        listed = one.find("properties")
        if listed is not None:
            found["properties"] = [
                {**p.attrib, "value": p.get("value", p.text or "")} for p in listed
            ]
        return found

    def tileset(one: ElementTree.Element) -> dict[str, Any]:
        return shallow(one) | {"tiles": [shallow(tile) for tile in one.findall("tile")]}

    if root.tag == "tileset":
        return tileset(root)
    made = shallow(root)
    made["tilesets"] = [tileset(one) for one in root.findall("tileset")]
    made["layers"] = []
    kinds = {
        "layer": "tilelayer",
        "objectgroup": "objectgroup",
        "group": "group",
        "imagelayer": "imagelayer",
    }
    for one in root:
        if one.tag not in kinds:
            continue
        layer = shallow(one) | {"type": kinds[one.tag]}
        cells = one.find("data")
        if cells is not None:
            layer |= {key: cells.get(key) for key in ("encoding", "compression") if cells.get(key)}
            layer["data"] = cells.text or ""
            if cells.find("chunk") is not None:
                made["infinite"] = True
        layer["objects"] = [shallow(thing) for thing in one.findall("object")]
        made["layers"].append(layer)
    return made


class Map:
    """A map of Tiled as its JSON has it, from a stranger."""

    def __init__(self, path: Path, data: Any) -> None:
        self.path, self.data = path, data
        self.need(isinstance(data, dict), "no map of Tiled")

    def need(self, true: bool, message: str) -> None:
        """Raise UserError with the file's name unless `true`."""
        if not true:
            raise UserError(f"{self.path}: {message}")

    def whole(self, data: dict[str, Any], key: str, low: int, high: int, what: str) -> int:
        """A whole number of `data`, checked."""
        value = data.get(key)
        sound = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        self.need(sound, f"{what} must be {low} to {high}, not {str(value)[:30]}")
        return value  # type: ignore[return-value]

    def listed(self, data: dict[str, Any], key: str, most: int) -> list[dict[str, Any]]:
        """A list of tables of `data`, checked."""
        value = data.get(key, [])
        sound = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        self.need(sound, f"{key} must be a list")
        self.need(len(value) <= most, f"{len(value)} {key}; at most {most} are read")
        return value

    def properties(self, data: dict[str, Any]) -> dict[str, Any]:
        """Properties by name."""
        return {
            str(one.get("name")): one.get("value") for one in self.listed(data, "properties", 64)
        }

    def levels(self, given: World | None) -> Levels:
        """The level, checked."""
        data = self.data
        told = self.properties(data)
        world = world_for(told.get("world"), given, self.path)
        self.need(data.get("orientation") == "orthogonal", "only orthogonal maps are read")
        self.need(not data.get("infinite"), "an infinite map; set it to a fixed size in Tiled")
        height = self.whole(data, "height", 1, MAX_SIDE, "the map's height")
        width = self.whole(data, "width", 1, MAX_SIDE, "the map's width")
        layers = self.listed(data, "layers", MAX_LAYERS)
        found = pieces(world)
        kinds = self.tilesets(world, found)
        cells = np.zeros((height, width), np.int64)
        things: dict[str, list[list[int]]] = {thing.name: [] for thing in world.things}

        def place(name: str, y: int, x: int, pose: int, present: int) -> None:
            thing = next(one for one in world.things if one.name == name)
            self.need(
                len(things[name]) < thing.count,
                f"one {name} too many: this world has {thing.count}",
            )
            things[name].append([y, x, pose, present])

        for layer in layers:
            kind, name = layer.get("type"), str(layer.get("name", ""))[:40]
            self.need(kind != "group", f"the layer '{name}' is a group; take its layers out of it")
            if kind == "tilelayer":
                grid = self.cells(layer, height, width, name)
                for y, x in np.argwhere(grid):
                    known = kinds.get(int(grid[y, x]) & GID)
                    where = f"layer '{name}', row {y + 1} column {x + 1}"
                    self.need(
                        known is not None,
                        f"{where}: no tileset has the tile {int(grid[y, x]) & GID}",
                    )
                    what, index, pose = known  # type: ignore[misc]
                    if what == "tile":
                        cells[y, x] = index
                    else:
                        place(world.things[index].name, int(y), int(x), pose, 1)
            elif kind == "objectgroup":
                for one in self.listed(layer, "objects", MAX_OBJECTS):
                    place(*self.thing(one, world, kinds, height, width))
        level_data: dict[str, Any] = {key: told[key] for key in ("world", "split") if key in told}
        for key in SEEDS:
            if key in told:
                text = str(told[key])
                self.need(
                    text.isdecimal() and len(text) <= 20,
                    f"the property '{key}' must be a whole number from 0",
                )
                level_data[key] = int(text)
        if "fields" in told:
            level_data["fields"] = strict_json(
                str(told["fields"]), f"{self.path}: property 'fields'"
            )
        chars = [tile.char for tile in world.tiles]
        level_data["map"] = "\n".join("".join(chars[tile] for tile in row) for row in cells)
        level_data["things"] = {
            thing.name: things[thing.name]
            + [[0, 0, 0, 0]] * (thing.count - len(things[thing.name]))
            for thing in world.things
        }
        name = name_of(told["name"], str(self.path)) if told.get("name") else ""
        return Levels(world, level.build(world, level_data, str(self.path), level.Line()), [name])

    def tilesets(
        self, world: World, found: list[tuple[str, str, int]]
    ) -> dict[int, tuple[str, int, int]]:
        """What each gid means: ("tile", number, 0) or ("thing", number, pose)."""
        kinds: dict[int, tuple[str, int, int]] = {}
        for one in self.listed(self.data, "tilesets", MAX_TILESETS):
            first = self.whole(one, "firstgid", 1, GID, "firstgid")
            if "source" in one:
                one = self.outside(str(one["source"]))
            for tile in self.listed(one, "tiles", 4096):
                number = self.whole(tile, "id", 0, 1 << 16, "the id of a tile")
                name = str(tile.get("type") or tile.get("class") or "")
                if not name:
                    continue
                try:
                    kind, index = level.meaning(world, name)
                except UserError as fault:
                    raise UserError(
                        f"{self.path}: tileset '{str(one.get('name'))[:40]}': {fault}"
                    ) from None
                pose = str(self.properties(tile).get("pose", 0))
                self.need(
                    pose.isdecimal() and len(pose) <= 3,
                    f"the pose of '{name}' must be a whole number from 0",
                )
                kinds[first + number] = (kind, index, int(pose) if kind == "thing" else 0)
        self.need(
            bool(kinds),
            "no tileset tells what its tiles are: give them the names of tiles and things as class",
        )
        return kinds

    def outside(self, source: str) -> dict[str, Any]:
        """A tileset in a file of its own, in the map's folder or below."""
        home = self.path.resolve().parent
        path = (home / source).resolve()
        self.need(
            path.is_relative_to(home), f"the tileset '{source[:60]}' lies outside the map's folder"
        )
        if path.suffix == ".tsx":
            found: Any = _plain_map(_xml(path), path)
        elif path.suffix in (".tsj", ".json"):
            found = strict_json(text_of(path, level.MAX_TEXT), str(path))
        else:
            raise UserError(f"{self.path}: the tileset '{source[:60]}' is neither .tsx nor .tsj")
        self.need(isinstance(found, dict), f"the tileset '{source[:60]}' is none")
        return found

    def cells(self, layer: dict[str, Any], height: int, width: int, name: str) -> np.ndarray:
        """The gids of a tile layer: int64[height, width]."""
        data, encoding = layer.get("data"), layer.get("encoding", "csv")
        compression = layer.get("compression") or ""
        size = height * width
        gids: Any
        if isinstance(data, str) and encoding == "base64":
            self.need(
                len(data) <= 16 * size + 4096,
                f"the layer '{name}' is longer than {size} cells can be",
            )
            try:
                packed = base64.b64decode("".join(data.split()), validate=True)
                if compression in ("zlib", "gzip"):
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: either header
                    packed = unpacker.decompress(packed, 4 * size + 1)
                elif compression:
                    raise UserError(
                        f"{self.path}: the layer '{name}' is packed by {compression[:20]}; use zlib or none"
                    )
            except (binascii.Error, zlib.error, ValueError) as fault:
                if isinstance(fault, UserError):
                    raise
                raise UserError(f"{self.path}: the layer '{name}' cannot be unpacked") from None
            self.need(
                len(packed) == 4 * size,
                f"the layer '{name}' does not have {width} x {height} cells",
            )
            gids = np.frombuffer(packed, "<u4").astype(np.int64)
        elif isinstance(data, str) and encoding == "csv":
            parts = data.split(",") if data.strip() else []
            self.need(
                len(parts) == size,
                f"the layer '{name}' has {len(parts)} cells, not {width} x {height}",
            )
            digits = [part.strip() for part in parts]
            self.need(
                all(d.isdecimal() and len(d) <= 10 for d in digits),
                f"the layer '{name}' holds what is no tile",
            )
            gids = np.array([int(d) for d in digits], np.int64)
        else:
            self.need(isinstance(data, list), f"the layer '{name}' has no data as csv or base64")
            assert isinstance(data, list)
            self.need(
                len(data) == size,
                f"the layer '{name}' has {len(data)} cells, not {width} x {height}",
            )
            sound = all(type(gid) is int and 0 <= gid < 2**32 for gid in data)
            self.need(sound, f"the layer '{name}' holds what is no tile")
            gids = np.array(data, np.int64)
        return gids.reshape(height, width)

    def thing(
        self,
        one: dict[str, Any],
        world: World,
        kinds: dict[int, tuple[str, int, int]],
        height: int,
        width: int,
    ) -> tuple[str, int, int, int, int]:
        """Name, cell, pose and presence of an object."""
        gid = self.whole(one, "gid", 1, 2**32 - 1, "an object is no tile; its gid") & GID
        kind, index, pose = kinds.get(gid, ("", 0, 0))
        self.need(
            kind == "thing",
            f"the object '{str(one.get('name'))[:40]}' shows no thing of this world",
        )
        tall = self.whole(self.data, "tileheight", 1, 4096, "tileheight")
        wide = self.whole(self.data, "tilewidth", 1, 4096, "tilewidth")
        places = [one.get("y"), one.get("x")]
        sound = all(isinstance(v, (int, float)) and abs(v) <= 255 * 4096 + 4096 for v in places)
        self.need(sound, "an object's x and y must be numbers within the map")
        down, right = float(places[0] or 0), float(places[1] or 0)
        # Tiled counts from the lower left corner
        y, x = round(down / tall) - 1, round(right / wide)
        name = world.things[index].name
        self.need(
            0 <= y < height and 0 <= x < width,
            f"{name} stands outside the map, at row {y + 1} column {x + 1}",
        )
        told = str(self.properties(one).get("pose", pose))
        self.need(
            told.isdecimal() and len(told) <= 3,
            f"the pose of '{name}' must be a whole number from 0",
        )
        return name, y, x, int(told), int(one.get("visible", True) is not False)
