"""Tiled's XML (.tmx, .tsx) in the shape of its JSON, and back: what both say is then said once.

Files come from strangers: no entities, no document types.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..counts import number
from ..errors import Reader
from .text import MAX_TEXT

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# attributes that are text, whatever they look like
WORDS = ("name", "type", "class", "source", "value", "encoding", "compression", "template")
LAYERS = {
    "layer": "tilelayer",
    "objectgroup": "objectgroup",
    "group": "group",
    "imagelayer": "imagelayer",
}
MAX_DEPTH = 64  # of groups within groups


def read(path: Path) -> dict[str, Any]:
    """The map or tileset in a file of XML as Tiled's JSON would have it. Raises UserError."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    text, reader = files.read_text(path, MAX_TEXT), Reader(path)
    try:
        root = fromstring(text.encode(), forbid_dtd=True)
    except DefusedXmlException:
        raise reader.fault("entities and document types are not allowed in a map") from None
    except ParseError as fault:
        line, column = fault.position
        place = f"{path}:{line}:{column + 1}"
        raise Reader(place).fault(str(fault).partition(":")[0]) from None
    except (ValueError, LookupError, RecursionError) as fault:  # such as an unknown encoding
        raise reader.fault(" ".join(str(fault).split())[:80]) from None
    reader.need(root.tag in ("map", "tileset"), f"its root is <{root.tag[:30]}>, not <map>")
    if root.tag == "tileset":
        return _tileset(root)
    made = _shallow(root)
    made["tilesets"] = [_tileset(one) for one in root.findall("tileset")]
    made["layers"] = _layers(root, reader)
    return made


def _number(text: str) -> Any:
    """A number that XML holds as text; anything else as it is."""
    value = number(text) if len(text) <= 20 else math.nan
    if math.isnan(value):
        return text
    return int(value) if value == int(value) else value


def _shallow(one: Element) -> dict[str, Any]:
    """An element's attributes and properties."""
    found: dict[str, Any] = {
        key: value if key in WORDS else _number(value) for key, value in one.attrib.items()
    }
    for flag in ("infinite", "visible"):
        if flag in found:
            found[flag] = found[flag] not in (0, "false")
    listed = one.find("properties")
    if listed is not None:
        found["properties"] = [{**p.attrib, "value": p.get("value", p.text or "")} for p in listed]
    return found


def _tileset(one: Element) -> dict[str, Any]:
    return _shallow(one) | {"tiles": [_shallow(tile) for tile in one.findall("tile")]}


def _layers(parent: Element, reader: Reader, depth: int = 0) -> list[dict[str, Any]]:
    reader.need(depth <= MAX_DEPTH, "its groups are nested too deeply")
    found = []
    for one in parent:
        if one.tag not in LAYERS:
            continue
        layer = _shallow(one) | {"type": LAYERS[one.tag]}
        if one.tag == "group":
            layer["layers"] = _layers(one, reader, depth + 1)
        data = one.find("data")
        if data is not None:
            layer |= {key: data.get(key) for key in ("encoding", "compression") if data.get(key)}
            chunks = data.findall("chunk")
            if chunks:
                layer["chunks"] = [_shallow(chunk) | {"data": _cells(chunk)} for chunk in chunks]
            else:
                layer["data"] = _cells(data)
        layer["objects"] = [_thing(thing) for thing in one.findall("object")]
        found.append(layer)
    return found


def _cells(one: Element) -> Any:
    """What a layer or a chunk holds: text, or a list of numbers where each tile is an element."""
    tiles = one.findall("tile")
    return [_number(tile.get("gid", "0")) for tile in tiles] if tiles else one.text or ""


def _thing(one: Element) -> dict[str, Any]:
    text = one.find("text")
    return _shallow(one) | ({} if text is None else {"text": {"text": text.text or ""}})


def write(made: dict[str, Any]) -> bytes:
    """A map in the shape of Tiled's JSON, with one tileset, one layer of tiles and one of objects,
    as XML.
    """
    from xml.etree import ElementTree

    sizes = ("width", "height", "tilewidth", "tileheight")
    keys = ("version", "tiledversion", "orientation", "renderorder", *sizes)
    root = _element(None, "map", made, *keys, "infinite", "nextlayerid", "nextobjectid")
    told = made["tilesets"][0]
    counts = ("tilecount", "columns")
    tileset = _element(root, "tileset", told, "firstgid", "name", *sizes[2:], *counts)
    size = {"source": told["image"], "width": told["imagewidth"], "height": told["imageheight"]}
    _element(tileset, "image", size, "source", "width", "height")
    for tile in told["tiles"]:
        _element(tileset, "tile", tile, "id", "type")
    ground, above = made["layers"]
    layer = _element(root, "layer", ground, "id", "name", "width", "height")
    cells = _element(layer, "data", {"encoding": "csv"}, "encoding")
    width = made["width"]
    rows = [ground["data"][k : k + width] for k in range(0, len(ground["data"]), width)]
    cells.text = "\n" + ",\n".join(",".join(map(str, row)) for row in rows) + "\n"
    group = _element(root, "objectgroup", above, "id", "name")
    keys = ("id", "name", "type", "gid", "x", "y", "width", "height", "visible")
    for one in above["objects"]:
        _element(group, "object", one, *keys)
    ElementTree.indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root) + b"\n"


def _element(parent: Element | None, tag: str, data: dict[str, Any], *keys: str) -> Element:
    """An element with these keys of `data` as attributes, and its properties."""
    from xml.etree import ElementTree

    texts = {
        key: str(int(value) if isinstance(value, bool) else value)
        for key in keys
        if (value := data.get(key)) is not None
    }
    found = (
        ElementTree.Element(tag, texts)
        if parent is None
        else ElementTree.SubElement(parent, tag, texts)
    )
    if data.get("properties"):
        listed = ElementTree.SubElement(found, "properties")
        for one in data["properties"]:
            _element(listed, "property", one, "name", "type", "value")
    return found
