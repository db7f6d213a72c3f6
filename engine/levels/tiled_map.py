"""A map of Tiled as its JSON has it, from a stranger, read as a level.

Layers that can be seen are laid over each other, also those in groups and of infinite maps. A
tileset tells tiles and things by their class, so a map drawn with another picture works too.
Objects that show no tile, such as notes, are left out with a remark. Nothing is opened but
tilesets, in the map's folder or below, or for a map in the current folder anywhere in that.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import counts, files
from ..errors import Reader, UserError
from ..world import World
from . import level, tiled_xml
from .kind import Levels, about_of, name_of, world_for
from .text import MAX_TEXT, Places

MAX_SIDE, MAX_LAYERS, MAX_TILESETS, MAX_OBJECTS = 255, 64, 64, 10_000
MAX_CHUNKS, MAX_AWAY = 4096, 1 << 20  # of an infinite map: its pieces, and how far out they lie
GID = 0x0FFFFFFF  # the other bits flip a tile, which changes its looks alone
SEEDS = ("seed", "episode", "version")


class Meaning(NamedTuple):
    """What a tile of a tileset stands for: a "tile" or a "thing", which, and its pose."""

    kind: str
    number: int
    pose: int


class Placed(NamedTuple):
    """A thing on a cell, or out of play."""

    name: str
    y: int
    x: int
    pose: int
    present: int


def read(path: Path, data: Any, given: World | None) -> Levels:
    """The level in Tiled's `data`. Raises UserError in one line."""
    places = Places(path)
    places.need(isinstance(data, dict), "no map of Tiled")
    told = properties(places, data)
    world = world_for(told.get("world"), given, path)
    found = Map(path, data, world)
    made: dict[str, Any] = {key: told[key] for key in ("world", "split") if key in told}
    for key in SEEDS:
        if key in told:
            made[key] = counts.whole(str(told[key]), 20)
            sound = made[key] is not None
            places.need(sound, f"the property '{key}' must be a whole number from 0")
    if "fields" in told:
        made["fields"] = files.parse_json(str(told["fields"]), f"{path}: property 'fields'")
    made |= found.contents()
    name = name_of(told["name"], places) if told.get("name") else ""
    try:
        states = level.build(world, made, places)
    except UserError as fault:  # what was left out may be what is missing
        raise UserError("; ".join((str(fault), *found.remarks[:1]))) from None
    about = about_of(told, places)
    return Levels(world, states, [name], {}, found.remarks, [about] if any(about) else [])


def whole(reader: Reader, data: dict[str, Any], key: str, low: int, high: int, what: str) -> int:
    """A whole number of `data`, checked."""
    value: Any = data.get(key)
    sound = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    reader.need(sound, f"{what} must be {low} to {high}, not {str(value)[:30]}")
    return value


def listed(reader: Reader, data: dict[str, Any], key: str, most: int) -> list[dict[str, Any]]:
    """A list of tables of `data`, checked."""
    value = data.get(key, [])
    sound = isinstance(value, list) and all(isinstance(one, dict) for one in value)
    reader.need(sound, f"{key} must be a list")
    reader.need(len(value) <= most, f"{len(value)} {key}; at most {most} are read")
    return value


def properties(reader: Reader, data: dict[str, Any]) -> dict[str, Any]:
    """Properties by name."""
    return {
        str(one.get("name")): one.get("value") for one in listed(reader, data, "properties", 64)
    }


def pose_of(reader: Reader, data: dict[str, Any], name: str, otherwise: int) -> int:
    """The pose that a tile's or an object's properties name."""
    pose = counts.whole(str(properties(reader, data).get("pose", otherwise)), 3)
    sound = pose is not None
    reader.need(sound, f"the pose of '{name[:40]}' must be a whole number from 0")
    return pose or 0


def visible(reader: Reader, data: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """The layers that can be seen, from below, those in groups among them."""
    reader.need(depth <= tiled_xml.MAX_DEPTH, "its groups are nested too deeply")
    for layer in listed(reader, data, "layers", MAX_LAYERS):
        if layer.get("visible", True) is False:
            continue
        if layer.get("type") == "group":
            yield from visible(reader, layer, depth + 1)
        else:
            yield layer


class Map:
    """What lies on a map: tiles, and things in the order of its layers."""

    def __init__(self, path: Path, data: dict[str, Any], world: World) -> None:
        self.path, self.data, self.world = path, data, world
        self.reader, self.remarks = Reader(path), list[str]()
        need = self.reader.need
        need(data.get("orientation") == "orthogonal", "only orthogonal maps are read")
        self.infinite = bool(data.get("infinite"))
        self.height = whole(self.reader, data, "height", 1, MAX_SIDE, "the map's height")
        self.width = whole(self.reader, data, "width", 1, MAX_SIDE, "the map's width")
        self.layers = list(visible(self.reader, data))
        need(len(self.layers) <= MAX_LAYERS, f"at most {MAX_LAYERS} layers are read")
        self.kinds = self.tilesets()
        self.top = self.left = 0
        self.grids = [
            (str(layer.get("name", ""))[:40], grid)
            for layer, grid in zip(self.layers, self._grids(), strict=True)
        ]

    def contents(self) -> dict[str, Any]:
        """The map and the things, as `level.build` takes them."""
        world = self.world
        cells = np.zeros((self.height, self.width), np.int64)
        things: dict[str, list[list[int]]] = {thing.name: [] for thing in world.things}
        for placed in self._placed(cells):
            count = next(thing.count for thing in world.things if thing.name == placed.name)
            message = f"one {placed.name} too many: this world has {count}"
            self.reader.need(len(things[placed.name]) < count, message)
            things[placed.name].append(list(placed[1:]))
        chars = [tile.char for tile in world.tiles]
        for thing in world.things:
            rows = things[thing.name]
            rows += [[0, 0, 0, 0]] * (thing.count - len(rows))
        return {
            "map": "\n".join("".join(chars[tile] for tile in row) for row in cells),
            "things": things,
        }

    def _placed(self, cells: np.ndarray) -> Iterator[Placed]:
        """The things of all layers, while their tiles are written into `cells`."""
        for layer, (name, grid) in zip(self.layers, self.grids, strict=True):
            if grid is not None:
                for y, x in np.argwhere(grid):
                    gid = int(grid[y, x]) & GID
                    known = self.kinds.get(gid)
                    if known is None:
                        place = f"layer '{name}', row {y + 1} column {x + 1}"
                        raise self.reader.fault(f"{place}: no tileset has the tile {gid}")
                    if known.kind == "tile":
                        cells[y, x] = known.number
                    else:
                        thing = self.world.things[known.number].name
                        yield Placed(thing, int(y), int(x), known.pose, 1)
            elif layer.get("type") == "objectgroup":
                for one in listed(self.reader, layer, "objects", MAX_OBJECTS):
                    if one.get("gid") is None and "template" not in one:
                        called = str(one.get("name") or one.get("type") or "without a name")[:40]
                        remark = f"layer '{name}': the object '{called}' shows no tile: left out"
                        self.remarks.append(remark)
                    else:
                        yield self._thing(one)

    # -- tiles -------------------------------------------------------------------------------------

    def _grids(self) -> list[np.ndarray | None]:
        """The gids of each layer, int64[height, width]; None for those that are of no tiles."""
        tiled = [layer.get("type") == "tilelayer" for layer in self.layers]
        if not self.infinite:
            return [
                self._cells(layer, layer, self.height, self.width) if tiles else None
                for layer, tiles in zip(self.layers, tiled, strict=True)
            ]
        pieces = [
            list(self._pieces(layer)) if tiles else []
            for layer, tiles in zip(self.layers, tiled, strict=True)
        ]
        corners = [
            (top + ys.min(), left + xs.min(), top + ys.max() + 1, left + xs.max() + 1)
            for piece in pieces
            for top, left, grid in piece
            for ys, xs in [np.nonzero(grid)]
            if len(ys)
        ]
        self.reader.need(corners, "an infinite map without a tile")
        least, most = np.min(corners, 0), np.max(corners, 0)
        self.top, self.left = int(least[0]), int(least[1])
        self.height, self.width = int(most[2]) - self.top, int(most[3]) - self.left
        message = f"its tiles take up {self.height} x {self.width} cells; at most {MAX_SIDE} a side"
        self.reader.need(max(self.height, self.width) <= MAX_SIDE, message)
        return [self._joined(piece) if piece else None for piece in pieces]

    def _pieces(self, layer: dict[str, Any]) -> Iterator[tuple[int, int, np.ndarray]]:
        """The chunks of a layer of an infinite map: top, left, gids."""
        room = 4 * MAX_SIDE * MAX_SIDE
        for chunk in listed(self.reader, layer, "chunks", MAX_CHUNKS):
            height = whole(self.reader, chunk, "height", 1, MAX_SIDE, "a chunk's height")
            width = whole(self.reader, chunk, "width", 1, MAX_SIDE, "a chunk's width")
            top = whole(self.reader, chunk, "y", -MAX_AWAY, MAX_AWAY, "a chunk's y")
            left = whole(self.reader, chunk, "x", -MAX_AWAY, MAX_AWAY, "a chunk's x")
            room -= height * width
            self.reader.need(room >= 0, "its chunks hold more cells than are read")
            yield top, left, self._cells(layer, chunk, height, width)

    def _joined(self, pieces: list[tuple[int, int, np.ndarray]]) -> np.ndarray:
        """Chunks on one grid."""
        grid = np.zeros((self.height, self.width), np.int64)
        for top, left, piece in pieces:
            for y, x in np.argwhere(piece):
                grid[top + y - self.top, left + x - self.left] = piece[y, x]
        return grid

    def _cells(
        self, layer: dict[str, Any], part: dict[str, Any], height: int, width: int
    ) -> np.ndarray:
        """The gids of a layer, or of a chunk of it: int64[height, width]."""
        name, data = str(layer.get("name", ""))[:40], part.get("data")
        encoding, size = layer.get("encoding", "csv"), height * width
        need = self.reader.need
        if isinstance(data, str) and encoding == "base64":
            packed = self._unpacked(name, data, str(layer.get("compression") or ""), size)
            need(
                len(packed) == 4 * size,
                f"the layer '{name}' does not have {width} x {height} cells",
            )
            gids = np.frombuffer(packed, "<u4").astype(np.int64)
            return gids.reshape(height, width)
        if isinstance(data, str) and encoding == "csv":
            data = data.split(",") if data.strip() else []
            if len(data) == size:
                data = [counts.whole(part.strip(), 10) for part in data]
                need(None not in data, f"the layer '{name}' holds what is no tile")
        need(isinstance(data, list), f"the layer '{name}' has no data as csv or base64")
        numbers: list[Any] = data if isinstance(data, list) else []
        message = f"the layer '{name}' has {len(numbers)} cells, not {width} x {height}"
        need(len(numbers) == size, message)
        sound = all(type(gid) is int and 0 <= gid < 2**32 for gid in numbers)
        need(sound, f"the layer '{name}' holds what is no tile")
        return np.array(numbers, np.int64).reshape(height, width)

    def _unpacked(self, name: str, data: str, compression: str, size: int) -> bytes:
        """The bytes of `size` cells in base64, at most one more."""
        message = f"the layer '{name}' is longer than {size} cells can be"
        self.reader.need(len(data) <= 16 * size + 4096, message)
        message = f"the layer '{name}' is packed by {compression[:20]}; use zlib or none"
        self.reader.need(compression in ("", "zlib", "gzip"), message)
        try:
            packed = base64.b64decode("".join(data.split()), validate=True)
            if compression:
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: either header
                packed = unpacker.decompress(packed, 4 * size + 1)
        except (binascii.Error, zlib.error, ValueError):
            raise self.reader.fault(f"the layer '{name}' cannot be unpacked") from None
        return packed

    # -- things ------------------------------------------------------------------------------------

    def _thing(self, one: dict[str, Any]) -> Placed:
        """The thing that an object shows."""
        called = str(one.get("name"))[:40]
        need = self.reader.need
        need("template" not in one, f"the object '{called}' is of a template; detach it in Tiled")
        gid = whole(self.reader, one, "gid", 1, 2**32 - 1, "an object is no tile; its gid") & GID
        known = self.kinds.get(gid)
        if known is None or known.kind != "thing":
            raise self.reader.fault(f"the object '{called}' shows no thing of this world")
        tall = whole(self.reader, self.data, "tileheight", 1, 4096, "tileheight")
        wide = whole(self.reader, self.data, "tilewidth", 1, 4096, "tilewidth")
        down, right = one.get("y"), one.get("x")
        farthest = (MAX_SIDE + 1 + MAX_AWAY * self.infinite) * 4096
        sound = all(isinstance(v, (int, float)) and abs(v) <= farthest for v in (down, right))
        need(sound, "an object's x and y must be numbers within the map")
        # Tiled counts from the lower left corner
        y = round(float(down or 0) / tall) - 1 - self.top
        x = round(float(right or 0) / wide) - self.left
        name = self.world.things[known.number].name
        inside = 0 <= y < self.height and 0 <= x < self.width
        need(inside, f"{name} stands outside the map, at row {y + 1} column {x + 1}")
        pose = pose_of(self.reader, one, name, known.pose)
        return Placed(name, y, x, pose, int(one.get("visible", True) is not False))

    # -- what tiles mean ---------------------------------------------------------------------------

    def tilesets(self) -> dict[int, Meaning]:
        """What each gid means."""
        kinds: dict[int, Meaning] = {}
        for one in listed(self.reader, self.data, "tilesets", MAX_TILESETS):
            first = whole(self.reader, one, "firstgid", 1, GID, "firstgid")
            if "source" in one:
                one = self.outside(str(one["source"]))
            for tile in listed(self.reader, one, "tiles", 4096):
                number = whole(self.reader, tile, "id", 0, 1 << 16, "the id of a tile")
                name = str(tile.get("type") or tile.get("class") or "")
                if not name:
                    continue
                with Reader(f"{self.path}: tileset '{str(one.get('name'))[:40]}'").at():
                    kind, index = level.meaning(self.world, name)
                pose = pose_of(self.reader, tile, name, 0)
                kinds[first + number] = Meaning(kind, index, pose if kind == "thing" else 0)
        message = (
            "no tileset tells what its tiles are: give them the names of tiles and things as class"
        )
        self.reader.need(kinds, message)
        return kinds

    def outside(self, source: str) -> dict[str, Any]:
        """A tileset in a file of its own."""
        told, need = source[:60], self.reader.need
        try:
            here, home = Path.cwd(), self.path.resolve().parent
            path = (home / source).resolve()
        except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL in the name
            raise self.reader.fault(f"the tileset '{told}' is no file") from None
        near = path.is_relative_to(home) or (
            home.is_relative_to(here) and path.is_relative_to(here) and here.parent != here
        )
        need(near, f"the tileset '{told}' lies outside the map's folder")
        if path.suffix == ".tsx":
            found: Any = tiled_xml.read(path)
        elif path.suffix in (".tsj", ".json"):
            found = files.read_json(path, MAX_TEXT)
        else:
            raise self.reader.fault(f"the tileset '{told}' is neither .tsx nor .tsj")
        need(isinstance(found, dict), f"the tileset '{told}' is none")
        return found
