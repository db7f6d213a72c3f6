"""Levels as text for people: a .toml file holds one (see `level`), or several as `[[level]]`
tables, with a `[legend]` if the maps need one.

    world = "corner"
    [legend]
    "?" = "cheese|floor"          # one of them, by the level's seed; also ["cheese", "floor"]
    [[level]]
    name = "fork"
    map = '''
    ...

`title`, `author` and `licence` say whose levels they are: of all above the tables, of one in it.
Reading is bounded and runs nothing; faults name line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ... import files
from ...errors import did_you_mean
from ...world import World
from .. import level
from ..kind import Format, Levels, about_of, joined, name_of, world_for
from ..text import MAX_TEXT, Text, parse_toml, toml_key, toml_lines

SHARED = ("world", "version", "split", *level.SAID)  # what levels of one file may share


def read(path: Path, given: World | None) -> Levels:
    """One level, or the `[[level]]` tables of a file."""
    text = files.read_text(path, MAX_TEXT)
    data = parse_toml(text, str(path))
    whole = Text(path, text)
    message = f"a recipe of levels, not levels: goalshift level gen {path}"
    whole.need("generate" not in data, message, "generate")
    found = world_for(data.get("world"), given, path)
    legend = _legend(found, data.pop("legend", {}), whole)
    if "level" not in data:
        name = data.pop("name", "")
        states = level.build(found, data, whole, legend)
        about = about_of(data, whole)
        names = [name_of(name, whole) if name else ""]
        return Levels(found, states, names, abouts=[about] if any(about) else [])
    tables = data.pop("level")
    sound = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    whole.need(sound, "write each level as a table [[level]]", "level")
    for key in data:
        hint = did_you_mean(key, (*SHARED, "legend"))
        whole.need(key in SHARED, f"unknown key {key!r}.{hint}", key)

    shared = about_of(data, whole)

    def every() -> Iterator[Levels]:
        for table, places in zip(tables, _places(path, text, len(tables)), strict=True):
            name = name_of(table.pop("name"), places) if "name" in table else ""
            made = level.build(found, {**data, **table}, places, legend)
            yield Levels(found, made, [name], abouts=[about_of(table, places, shared)])

    return joined(every(), path)


def _places(path: Path, text: str, count: int) -> list[Text]:
    """The part of the text that each of `count` tables takes up; all of it if they are not to be
    told apart.
    """
    heads = re.finditer(r"^[ \t]*\[\[[ \t]*level[ \t]*\]\]", text, re.MULTILINE)
    starts = [head.start() for head in heads]
    if len(starts) != count:
        return [Text(path, text)] * count
    ends = [*starts[1:], len(text)]
    return [Text(path, text, start, end) for start, end in zip(starts, ends, strict=False)]


def _legend(found: World, table: Any, places: Text) -> level.Legend:
    """What each character of a legend may mean."""
    places.need(isinstance(table, dict), "legend must be a table", "legend")
    legend = {}
    for char, told in table.items():
        key = char if places.place(char) else "legend"
        message = f"a legend is for single characters, not {char[:20]!r}"
        places.need(len(char) == 1, message, key)
        names = (
            told.split("|") if isinstance(told, str) else told if isinstance(told, list) else [told]
        )
        places.need(1 <= len(names) <= 64, f"{char!r} needs a name, or a list of names", key)
        with places.at(key):
            legend[char] = [level.meaning(found, name) for name in names]
    return legend


def write(levels: Levels, path: Path) -> None:
    """All levels, one `[[level]]` table each; a single one without a name as its bare text."""
    if len(levels.names) == 1 and not levels.names[0]:
        said = "\n".join([*toml_lines(levels.shared.told()), ""])
        return files.write(path, (said + level.show(levels.world, levels.states)).encode())
    lines = [f'world = "{levels.world.name}"', f"version = {levels.world.version}"]
    lines += toml_lines(levels.shared.told())
    for i, name in enumerate(levels.names):
        data = level.describe(levels.world, levels.states, i)
        tables = {key: data.pop(key) for key in ("things", "fields") if key in data}
        lines += ["", "[[level]]"] + ([f'name = "{name}"'] if name else [])
        lines += toml_lines(levels.own(i))
        lines += toml_lines({key: data[key] for key in data if key not in ("world", "version")})
        for key, table in tables.items():
            lines += [f"[level.{key}]"]
            lines += [f"{toml_key(inner)} = {value}" for inner, value in table.items()]
    files.write(path, ("\n".join(lines) + "\n").encode())


FORMAT = Format("text for people, one level or more", (".toml",), read, write)
