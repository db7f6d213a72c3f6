"""Levels as plain maps: a .txt file holds them with a blank line between two.

Lines `; seed = 7` above a map hold, as TOML, what it cannot show. Reading is bounded and runs
nothing; faults name line and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ... import files
from ...errors import UserError
from ...world import World
from .. import level
from ..kind import About, Format, Levels, about_of, joined, name_of, world_for
from ..text import Block, parse_toml, toml_key, toml_line
from . import xsb

MAX_FILE = 16 << 20  # bytes


def blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """The blocks of lines between blank ones, each with the number of its first line."""
    held: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line:
            held.append(line)
        elif held:
            yield number - len(held), held
            held = []


def read(path: Path, given: World | None) -> Levels:
    """Plain maps; each is of the world that it names, else of that of the map before. Sokoban's own
    way of writing them is told by its looks.
    """
    text = files.read_text(path, MAX_FILE)
    if (given is None or given.name == xsb.WORLD) and xsb.is_xsb(text):
        return xsb.parse(path, text, given)
    return joined(_maps(path, text, given), path)


def _maps(path: Path, text: str, found: World | None) -> Iterator[Levels]:
    about = About()  # as of the map before, as the world is
    for first, lines in blocks(text):
        header = next((k for k, line in enumerate(lines) if not line.startswith("; ")), len(lines))
        data = parse_toml("\n".join(line[2:] for line in lines[:header]), f"{path}:{first}")
        found = world_for(data.get("world", found.name if found else None), found, path)
        places = Block(path, first, header)
        places.need(header < len(lines), "no map below these lines")
        name = name_of(data.pop("name"), places) if "name" in data else ""
        data["map"] = "\n".join(lines[header:])
        about = about_of(data, places, about)
        yield Levels(found, level.build(found, data, places), [name], abouts=[about])


def write(levels: Levels, path: Path) -> None:
    """Maps with what they cannot show in lines above them."""
    lines = []
    for i, name in enumerate(levels.names):
        data = level.describe(levels.world, levels.states, i)
        rows = data.pop("map")
        if rows[0].startswith("; "):
            raise UserError(f"{path}: a map of this world may begin like a remark; use .toml")
        lines += [f'; name = "{name}"'] if name else []
        before = levels.about(i - 1) if i else About()
        said = {key: words for key, words in levels.about(i)._asdict().items()
                if words != getattr(before, key)}  # fmt: skip
        for key, value in (said | data).items():
            if isinstance(value, dict):
                inner = ", ".join(f"{toml_key(k)} = {v}" for k, v in value.items())
                lines.append(f"; {key} = {{ {inner} }}")
            else:
                lines.append(f"; {toml_line(key, value)}")
        lines += [*rows, ""]
    files.write(path, ("\n".join(lines[:-1]) + "\n").encode())


FORMAT = Format("plain maps with a blank line between two", (".txt",), read, write)
