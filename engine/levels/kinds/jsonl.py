"""Levels for programs: a .jsonl file holds a JSON object on each line.

Reading is bounded and runs nothing; faults name the line, and the cell of the map.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ... import files
from ...world import World
from .. import level
from ..kind import Format, Levels, about_of, joined, name_of, world_for
from ..text import MAX_TEXT, Line

MAX_FILE = 16 << 20  # bytes


def read(path: Path, given: World | None) -> Levels:
    """A level on each line that is not blank."""
    return joined(_lines(path, files.read_text(path, MAX_FILE), given), path)


def _lines(path: Path, text: str, found: World | None) -> Iterator[Levels]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        places = Line(path, number)
        message = f"a level of {len(line):,} characters; at most {MAX_TEXT:,} are read"
        places.need(len(line) <= MAX_TEXT, message)
        data = files.parse_json(line, f"{path}:{number}")
        places.need(isinstance(data, dict), "a level must be an object {...}")
        found = world_for(data.get("world", found.name if found else None), found, path)
        rows = data.get("map")
        sound = isinstance(rows, list) and all(
            isinstance(row, str) and "\n" not in row for row in rows
        )
        places.need(sound, "map must be a list of rows, each a text")
        name = name_of(data.pop("name"), places) if "name" in data else ""
        made = level.build(found, {**data, "map": "\n".join(rows)}, places)
        yield Levels(found, made, [name], abouts=[about_of(data, places)])


def write(levels: Levels, path: Path) -> None:
    """A line for each level."""
    lines = []
    for i, name in enumerate(levels.names):
        data = ({"name": name} if name else {}) | levels.about(i).told()
        data |= level.describe(levels.world, levels.states, i)
        lines.append(json.dumps(data, ensure_ascii=False))
    files.write(path, ("\n".join(lines) + "\n").encode())


FORMAT = Format("a line of JSON for each level, for programs", (".jsonl",), read, write)
