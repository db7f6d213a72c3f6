"""Levels as files of text: .toml and .txt for people, .jsonl for programs; and .npz in bulk (see
`bulk`).

A .toml file holds one level (see `level`), or several as `[[level]]` tables, with a `[legend]` if
the maps need one:

    world = "corner"
    [legend]
    "?" = "cheese|floor"          # one of them, by the level's seed; also ["cheese", "floor"]
    [[level]]
    name = "fork"
    map = '''
    ...

A .txt file holds plain maps with a blank line between them; lines `; seed = 7` above a map hold, as
TOML, what it cannot show. A .jsonl file holds a JSON object on each line. Reading is bounded and
runs nothing; faults name line and column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import catalogue, files
from ..errors import UserError, did_you_mean
from ..world import World
from . import level, npz

MAX_FILE = 16 << 20  # bytes of a .txt or .jsonl file
MAX_LEVELS = 100_000  # of one file of text
NAME = r"[\w.-]{1,64}"


@dataclass
class Levels:
    """What a file of levels holds: the world, start states, a name for each ("" without), and facts
    about each.
    """

    world: World
    states: np.recarray
    names: list[str]
    facts: dict[str, np.ndarray] = field(default_factory=dict)


def text_of(path: Path, most: int) -> str:
    """A file's text. Raises UserError if it is too large, no UTF-8, or cannot be read."""
    try:
        size = files.size_of(path)
        if size > most:
            raise UserError(f"{path}: {size:,} bytes; at most {most:,} are read")
        data = path.read_bytes()[:most]
    except OSError as fault:
        raise UserError(f"{path}: {(fault.strerror or 'cannot be read').lower()}") from None
    try:
        return data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        column = fault.start - data.rfind(b"\n", 0, fault.start)
        raise UserError(f"{path}:{line}:{column}: no text in UTF-8") from None


def world_for(told: Any, given: World | None, path: Path) -> World:
    """The world of a file that names it as `told`: `given` if that is the one, else the one that
    ships so named.
    """
    if given is not None:
        if told not in (None, given.name):
            raise UserError(f"{path}: levels of '{told}', not of '{given.name}'")
        return given
    if not isinstance(told, str):
        raise UserError(f"{path}: it does not say of which world it is; add --world NAME")
    if told not in catalogue.names():
        raise UserError(
            f"{path}: no world '{told[:64]}' is shipped; if it is one of yours, add --world FILE.py"
        )
    return catalogue.load(told)


def name_of(name: Any, where: str) -> str:
    """A level's name, checked."""
    if not (isinstance(name, str) and re.fullmatch(NAME, name)):
        raise UserError(f"{where}: a level's name must be 1 to 64 letters, digits, '.', '-' or '_'")
    return name


def joined(found: World, states: list[np.recarray], names: list[str], path: Path) -> Levels:
    """The levels of a file from those of its parts."""
    if not states:
        raise UserError(f"{path}: it holds no level")
    return Levels(found, np.concatenate(states).view(np.recarray), names)


# -- TOML ------------------------------------------------------------------------------------------


def read_toml(path: Path, given: World | None) -> Levels:
    """One level, or the `[[level]]` tables of a file."""
    text = text_of(path, level.MAX_TEXT)
    data = level.toml(text, str(path))
    whole = level.Text(text)
    if "generate" in data:
        raise UserError(
            f"{path}{whole.key('generate')}: a recipe of levels, not levels: goalshift level gen {path}"
        )
    found = world_for(data.get("world"), given, path)
    legend = _legend(found, data.pop("legend", {}), path, whole)
    if "level" not in data:
        name = data.pop("name", "")
        states = level.build(found, data, str(path), whole, legend)
        return Levels(found, states, [name_of(name, f"{path}{whole.key('name')}") if name else ""])
    tables, shared = data.pop("level"), ("world", "version", "split")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UserError(f"{path}{whole.key('level')}: write each level as a table [[level]]")
    for key in data:
        if key not in shared:
            raise UserError(
                f"{path}{whole.key(key)}: unknown key {key!r}.{did_you_mean(key, (*shared, 'legend'))}"
            )
    starts = [
        match.start()
        for match in re.finditer(r"^[ \t]*\[\[[ \t]*level[ \t]*\]\]", text, re.MULTILINE)
    ]
    states, names = [], []
    for k, table in enumerate(tables):
        places = whole
        if len(starts) == len(tables):
            places = level.Text(
                text, starts[k], starts[k + 1] if k + 1 < len(starts) else len(text)
            )
        names.append(
            name_of(table.pop("name"), f"{path}{places.key('name')}") if "name" in table else ""
        )
        states.append(level.build(found, {**data, **table}, str(path), places, legend))
    return joined(found, states, names, path)


def _legend(
    found: World, table: Any, path: Path, places: level.Text
) -> dict[str, list[level.Meaning]]:
    if not isinstance(table, dict):
        raise UserError(f"{path}{places.key('legend')}: legend must be a table")
    legend = {}
    for char, told in table.items():
        where = f"{path}{places.key(char) or places.key('legend')}"
        if len(char) != 1:
            raise UserError(f"{where}: a legend is for single characters, not {char[:20]!r}")
        names = (
            told.split("|") if isinstance(told, str) else told if isinstance(told, list) else [told]
        )
        if not 1 <= len(names) <= 64:
            raise UserError(f"{where}: {char!r} needs a name, or a list of names")
        try:
            legend[char] = [level.meaning(found, name) for name in names]
        except UserError as fault:
            raise UserError(f"{where}: {fault}") from None
    return legend


def write_toml(levels: Levels, path: Path) -> bytes:
    """All levels, one `[[level]]` table each; a single one without a name as its bare text."""
    if len(levels.names) == 1 and not levels.names[0]:
        return level.show(levels.world, levels.states).encode()
    lines = [f'world = "{levels.world.name}"', f"version = {levels.world.version}"]
    for i, name in enumerate(levels.names):
        data = level.describe(levels.world, levels.states, i)
        tables = {key: data.pop(key) for key in ("things", "fields") if key in data}
        lines += ["", "[[level]]"] + ([f'name = "{name}"'] if name else [])
        lines += level.toml_lines(
            {key: value for key, value in data.items() if key not in ("world", "version")}
        )
        for key, table in tables.items():
            lines += [
                f"[level.{key}]",
                *(f"{level.toml_key(k)} = {value}" for k, value in table.items()),
            ]
    return ("\n".join(lines) + "\n").encode()


# -- plain maps ------------------------------------------------------------------------------------


def blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """The blocks of lines between blank ones, each with the number of its first line."""
    held: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line:
            held.append(line)
        elif held:
            yield number - len(held), held
            held = []


class Block(level.Line):
    """Where the parts of a plain map stand: header lines above, then rows."""

    def __init__(self, first: int, header: int) -> None:
        self._first, self._header = first, header

    def key(self, key: str) -> str:
        """The block's first line."""
        return f":{self._first}:1"

    def cell(self, y: int, x: int) -> str:
        """The place of the map's row y and column x."""
        return f":{self._first + self._header + y}:{x + 1}"


def read_txt(path: Path, given: World | None) -> Levels:
    """Plain maps."""
    found, states, names = given, [], []
    for first, lines in blocks(text_of(path, MAX_FILE)):
        header = next((k for k, line in enumerate(lines) if not line.startswith("; ")), len(lines))
        data = level.toml("\n".join(line[2:] for line in lines[:header]), f"{path}:{first}")
        found = world_for(data.get("world", found.name if found else None), found, path)
        place = Block(first, header)
        if header == len(lines):
            raise UserError(f"{path}{place.key('')}: no map below these lines")
        name = name_of(data.pop("name"), f"{path}{place.key('')}") if "name" in data else ""
        data["map"] = "\n".join(lines[header:])
        names.append(name)
        states.append(level.build(found, data, str(path), place))
        if len(states) > MAX_LEVELS:
            raise UserError(f"{path}: more than {MAX_LEVELS:,} levels; use .npz")
    if found is None:
        raise UserError(f"{path}: it holds no level")
    return joined(found, states, names, path)


def write_txt(levels: Levels, path: Path) -> bytes:
    """Maps with what they cannot show in lines above them."""
    lines = []
    for i, name in enumerate(levels.names):
        data = level.describe(levels.world, levels.states, i)
        rows = data.pop("map")
        if rows[0].startswith("; "):
            raise UserError(f"{path}: a map of this world may begin like a remark; use .toml")
        lines += [f'; name = "{name}"'] if name else []
        for key, value in data.items():
            if isinstance(value, dict):
                inner = ", ".join(f"{level.toml_key(k)} = {v}" for k, v in value.items())
                lines.append(f"; {key} = {{ {inner} }}")
            else:
                lines.append(
                    f'; {key} = "{value}"' if isinstance(value, str) else f"; {key} = {value}"
                )
        lines += [*rows, ""]
    return ("\n".join(lines[:-1]) + "\n").encode()


# -- JSON lines ------------------------------------------------------------------------------------


def strict_json(text: str, where: str) -> Any:
    """JSON without NaN, doubled keys, and depths or numbers that nobody needs; UserError with its
    place otherwise.
    """

    def constant(name: str) -> None:
        raise ValueError(f"{name} is no number here")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a key is given twice")
        return found

    def number(digits: str) -> int:
        if len(digits) > 20:
            raise ValueError("a number of more than 20 digits")
        return int(digits)

    try:
        return json.loads(text, parse_constant=constant, object_pairs_hook=once, parse_int=number)
    except json.JSONDecodeError as fault:
        place = f":{fault.lineno}" * (fault.lineno > 1 or ":" not in where)
        raise UserError(
            f"{where}{place}:{fault.colno}: {fault.msg[0].lower() + fault.msg[1:]}"
        ) from None
    except RecursionError:
        raise UserError(f"{where}: nested too deeply") from None
    except ValueError as fault:
        raise UserError(f"{where}: {fault}") from None


def read_jsonl(path: Path, given: World | None) -> Levels:
    """A JSON object on each line."""
    found, states, names = given, [], []
    for number, line in enumerate(text_of(path, MAX_FILE).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        if len(line) > level.MAX_TEXT:
            raise UserError(
                f"{where}: a level of {len(line):,} characters; at most {level.MAX_TEXT:,} are read"
            )
        data = strict_json(line, where)
        if not isinstance(data, dict):
            raise UserError(f"{where}: a level must be an object {{...}}")
        found = world_for(data.get("world", found.name if found else None), found, path)
        rows = data.get("map")
        if not (
            isinstance(rows, list) and all(isinstance(row, str) and "\n" not in row for row in rows)
        ):
            raise UserError(f"{where}: map must be a list of rows, each a text")
        names.append(name_of(data.pop("name"), where) if "name" in data else "")
        states.append(
            level.build(found, {**data, "map": "\n".join(rows)}, str(path), level.Line(number))
        )
        if len(states) > MAX_LEVELS:
            raise UserError(f"{path}: more than {MAX_LEVELS:,} levels; use .npz")
    if found is None:
        raise UserError(f"{path}: it holds no level")
    return joined(found, states, names, path)


def write_jsonl(levels: Levels, path: Path) -> bytes:
    """A line for each level."""
    lines = []
    for i, name in enumerate(levels.names):
        data = ({"name": name} if name else {}) | level.describe(levels.world, levels.states, i)
        lines.append(json.dumps(data, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()


# -- all of them -----------------------------------------------------------------------------------


def read_npz(path: Path, given: World | None) -> Levels:
    """Levels in bulk."""
    found = world_for(npz.about(npz.arrays_of(path), path)["world"], given, path)
    states, facts = npz.load(path, found)
    return Levels(found, states, [""] * len(states), facts)


def read_folder(folder: Path, given: World | None, most: int = 0) -> Levels:
    """The levels in a folder that `level gen` made; at most `most`, if that is given."""
    found = given
    states: list[np.recarray] = []
    facts: list[dict[str, np.ndarray]] = []
    for shard in npz.index_of(folder)["shards"]:
        if most and sum(map(len, states)) >= most:
            break
        path = folder / shard["file"]
        found = found or world_for(npz.about(npz.arrays_of(path), path)["world"], None, path)
        loaded, extra = npz.load(path, found)
        states.append(loaded)
        facts.append({name: values for name, values in extra.items() if len(values) == len(loaded)})
    if found is None or not states:
        raise UserError(f"'{folder}' holds no levels yet ({npz.INDEX} lists none)")
    end = most or None
    joined_facts = {name: np.concatenate([one[name] for one in facts])[:end] for name in facts[0]}
    all_states = np.concatenate(states)[:end].view(np.recarray)
    return Levels(found, all_states, [""] * len(all_states), joined_facts)


READERS: dict[str, Callable[[Path, World | None], Levels]] = {
    ".toml": read_toml, ".txt": read_txt, ".jsonl": read_jsonl, ".npz": read_npz,
}  # fmt: skip
WRITERS: dict[str, Callable[[Levels, Path], bytes]] = {
    ".toml": write_toml, ".txt": write_txt, ".jsonl": write_jsonl,
}  # fmt: skip


def named(states: np.recarray, stem: str = "") -> list[str]:
    """Names for levels that have none: `stem-0001` and so on, or empty without a stem."""
    return [f"{stem}-{i:04}" if stem else "" for i in range(1, len(states) + 1)]


def write(levels: Levels, path: Path) -> None:
    """Write levels to a file of one of the kinds above, by its ending; whole or not at all."""
    if path.suffix == ".npz":
        npz.save(path, levels.world, levels.states, levels.facts)
    else:
        files.write(path, WRITERS[path.suffix](levels, path))
