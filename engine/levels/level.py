"""A level in and out as text: a start state that a person can read, draw and change.

The text is TOML. The map holds a character for every cell: a tile, or a thing standing on the
world's first tile. Whatever the map cannot say (a pose, two things on one cell, a thing on another
tile, a thing out of play) stands in `[things]`, as one row `[y, x, pose, present]` for each thing
of the kind, which the map then leaves out. The world's own fields stand in `[fields]`; those that
are zero are left out.

    world = "corner"
    seed = 7
    map = '''
    #####
    #@.c#
    #####
    '''

Nothing in a level is run, and everything is checked before a compiled rule may see it, so levels
from strangers are safe to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import check, rng, state
from ..check import FARTHEST
from ..counts import counted
from ..errors import UserError, did_you_mean
from .text import MAX_TEXT, Places, Text, parse_toml, toml_key, toml_lines

if TYPE_CHECKING:
    from ..world import World

Meaning = tuple[str, int]  # "tile" or "thing", and which
Legend = Mapping[
    str, Sequence[Meaning]
]  # of a character of the map: one, or several to choose from
KEYS = ("world", "version", "seed", "episode", "split", "map", "things", "fields")  # of one level
SAID = ("title", "author", "licence", "checked")  # about it, which is no part of it: see `kind`


def describe(world: World, states: np.recarray, i: int = 0) -> dict[str, Any]:
    """The start state `states[i]` as plain data under `KEYS`, the map as a list of rows; `build`
    gives it back.

    Raises UserError if the state is not the start of an episode.
    """
    s = states[i]
    if s.t or s.ended or s.totals.any() or s.events.any():
        raise UserError(f"a level is a start state, and this one is at step {s.t}")
    drawn = [k for k in range(world.entities) if s.alive[k]]
    cells = {(int(s.y[k]), int(s.x[k])) for k in drawn}
    listed = set()
    for index in range(len(world.things)):
        mine = np.flatnonzero(world.kinds == index)
        here = [k for k in mine if s.alive[k]]
        at = [(int(s.y[k]), int(s.x[k])) for k in here]
        plain = (
            list(mine[: len(here)]) == here  # the missing ones are the last,
            and at == sorted(at)  # the rest are in reading order,
            and not any(s.tiles[y, x] for y, x in at)  # on the first tile,
            and not s.face[mine].any()
            and not (s.y[mine[len(here) :]].any() or s.x[mine[len(here) :]].any())
        )
        if not plain:
            listed.add(index)
    if len(cells) < len(drawn):  # things share a cell: the map can show one thing on it at most
        listed |= {int(world.kinds[k]) for k in drawn if sum(_same(s, k, j) for j in drawn) > 1}

    rows = [[world.tiles[s.tiles[y, x]].char for x in range(s.w)] for y in range(s.h)]
    for k in drawn:
        if world.kinds[k] not in listed:
            rows[s.y[k]][s.x[k]] = world.things[world.kinds[k]].char
    named = [name for name in world.split_names if world.split(name).weights[s.row] == 1.0]
    data: dict[str, Any] = {"world": world.name, "version": world.version, "seed": int(s.seed)}
    if s.episode:
        data["episode"] = int(s.episode)
    data |= {"split": named[0], "map": ["".join(row) for row in rows]}
    if listed:
        data["things"] = {
            world.things[index].name: [
                [int(s.y[k]), int(s.x[k]), int(s.face[k]), int(s.alive[k])]
                for k in np.flatnonzero(world.kinds == index)
            ]
            for index in sorted(listed)
        }
    own = [name for name in world.shapes if np.any(s[name])]
    if own:
        data["fields"] = {name: np.asarray(s[name]).tolist() for name in own}
    return data


def show(world: World, states: np.recarray, i: int = 0) -> str:
    """The start state `states[i]` as text; `parse` gives back the same bytes.

    Raises UserError if the state is not the start of an episode.
    """
    data = describe(world, states, i)
    tables = {name: data.pop(name) for name in ("things", "fields") if name in data}
    lines = toml_lines(data)
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{toml_key(key)} = {value}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _same(s: Any, k: int, j: int) -> bool:
    return s.y[k] == s.y[j] and s.x[k] == s.x[j]


def sketch(world: World, states: np.recarray, i: int = 0) -> str:
    """What a person would see of state `i`: a character for each cell, agents that learn on top."""
    s = states[i]
    rows = [[world.tiles[s.tiles[y, x]].char for x in range(s.w)] for y in range(s.h)]
    for k in (*range(world.learners, world.entities), *range(world.learners)):
        if s.alive[k]:
            rows[s.y[k]][s.x[k]] = world.things[world.kinds[k]].char
    return "\n".join("".join(row) for row in rows)


def parse(world: World, text: str, where: str = "level") -> np.recarray:
    """The start state (a batch of one record) that `text` describes.

    Raises UserError as "where:line:column: what is wrong" (if the fault has a place in the text).
    """
    if len(text) > MAX_TEXT:
        raise UserError(f"{where}: a level of {len(text)} characters; at most {MAX_TEXT} are read")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return build(world, parse_toml(text, where), Text(where, text))


def build(
    world: World, data: Mapping[str, Any], places: Places, legend: Legend | None = None
) -> np.recarray:
    """The start state (a batch of one record) in `data`, which came from a stranger: see `KEYS` and
    `describe`; the map is one text.

    `legend` gives further characters of the map a `meaning`, or several to choose from by the
    level's seed. Raises UserError, with the place of the fault by `places`.
    """
    _check_keys(world, data, places)
    states = state.blank(world.dtype, 1)
    s = states[0]
    s.seed, s.episode = np.uint64(data.get("seed", 0)), data.get("episode", 0)
    s.key = rng.folded(int(s.seed), int(rng.DYNAMICS), int(s.episode))
    s.row = world.split(data.get("split", "train")).weights.index(1.0)
    things, fields = data.get("things", {}), data.get("fields", {})
    rows = _rows(world, data["map"], places)
    s.h, s.w = len(rows), len(rows[0])
    _read_map(world, s, rows, things, places, legend or {})
    for index, thing in enumerate(world.things):
        if thing.name not in things:
            continue
        listed = things[thing.name]
        message = f"{thing.name} needs {counted(thing.count, 'row')} [y, x, pose, present (0 or 1)]"
        places.need(_shaped(listed, (thing.count, 4)), message, thing.name)
        for k, row in zip(np.flatnonzero(world.kinds == index), listed, strict=True):
            s.y[k], s.x[k], s.face[k], s.alive[k] = row
    for name, value in fields.items():
        shape = world.shapes[name]
        message = f"{name} must be whole numbers of shape {list(shape)}"
        places.need(_shaped(value, shape), message, name)
        s[name] = value
    with places.at():
        check.states(world, states)
    return states


KINDS = {"world": str, "split": str, "map": str, "things": dict, "fields": dict}
_NAMES = {str: "a text in quotes", dict: "a table"}


def _check_keys(world: World, data: Mapping[str, Any], places: Places) -> None:
    """Is everything in `data` of its kind, and does it speak of what the world has?"""
    need = places.need
    for key in data:
        hint = did_you_mean(key, (*KEYS, *SAID))
        need(key in (*KEYS, *SAID), f"unknown key {key!r}.{hint}", key)
    for key, kind in KINDS.items():
        need(isinstance(data.get(key, kind()), kind), f"{key} must be {_NAMES[kind]}", key)
    for key in ("version", "seed", "episode"):
        top = 2**64 if key == "seed" else FARTHEST
        need(_whole(data.get(key, 0), 0, top - 1), f"{key} must be a whole number from 0", key)
    name, version = data.get("world", world.name), data.get("version", world.version)
    need(name == world.name, f"this is a level of '{name}', not of '{world.name}'", "world")
    message = f"made for version {version} of '{name}'; this is version {world.version}"
    need(version == world.version, message, "version")
    need("map" in data, "no map: write map = ''' and then a line for each row")
    split, splits = data.get("split", "train"), world.split_names
    need(split in splits, f"no split {split!r}.{did_you_mean(split, splits)}", "split")
    known = [t.name for t in world.things]
    for key in data.get("things", {}):
        need(key in known, f"no thing {key!r}.{did_you_mean(key, known)}", key)
    for key in data.get("fields", {}):
        need(key in world.shapes, f"no field {key!r}.{did_you_mean(key, world.shapes)}", key)


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _shaped(value: Any, shape: tuple[int, ...]) -> bool:
    if not shape:
        return _whole(value, -FARTHEST, FARTHEST)
    return (
        isinstance(value, list)
        and len(value) == shape[0]
        and all(_shaped(v, shape[1:]) for v in value)
    )


def _rows(world: World, picture: str, places: Places) -> list[str]:
    """The rows of a map, all of one length, that fit the world."""
    rows = picture.removesuffix("\n").split("\n")
    height, width = world.size
    board = f"the board of world '{world.name}' has {height} x {width}"
    if world.smallest:
        size = f"{max(height, len(rows))}x{max(width, len(rows[0]))}"
        board += f"; for more add --world {world.name} --world.size {size}"
    if len(rows) > height:
        raise places.cell_fault(height, 0, f"the map has {counted(len(rows), 'row')}; {board}")
    for y, row in enumerate(rows):
        if len(row) != len(rows[0]):
            message = f"this row has {counted(len(row), 'cell')}, the first has {len(rows[0])}"
            raise places.cell_fault(y, min(len(row), len(rows[0])), message)
        if not 1 <= len(row) <= width:
            raise places.cell_fault(
                y, min(len(row), width), f"this row has {counted(len(row), 'cell')}; {board}"
            )
    return rows


def _read_map(
    world: World,
    s: Any,
    rows: list[str],
    listed: Mapping[str, Any],
    places: Places,
    legend: Legend,
) -> None:
    """Fill in tiles and the things that are drawn; faults name their line and column."""
    fault = places.cell_fault
    meanings: dict[str, Sequence[Meaning]] = {
        **{tile.char: [("tile", k)] for k, tile in enumerate(world.tiles)},
        **{thing.char: [("thing", k)] for k, thing in enumerate(world.things)},
        **legend,
    }
    missing = [list(np.flatnonzero(world.kinds == k)) for k in range(len(world.things))]
    for y, row in enumerate(rows):
        for x, char in enumerate(row):
            if char not in meanings:
                known = " ".join(meanings)
                raise fault(y, x, f"unknown character {char!r}; this world has {known}")
            kind, index = _one_of(meanings[char], s.seed, y, x)
            if kind == "tile":
                s.tiles[y, x] = index
                continue
            thing = world.things[index]
            if thing.name in listed:
                raise fault(y, x, f"{thing.name} stands in [things]; leave it out of the map")
            if not missing[index]:
                raise fault(y, x, f"one {thing.name} too many: this world has {thing.count}")
            k = missing[index].pop(0)
            s.y[k], s.x[k], s.alive[k] = y, x, 1
    for index, thing in enumerate(world.things):
        if thing.agent and thing.name not in listed and missing[index]:
            drawn = thing.count - len(missing[index])
            message = f"the map shows {drawn} of {thing.count} {thing.name} ({thing.char})"
            raise fault(0, 0, message)


def _one_of(choices: Sequence[Meaning], seed: np.uint64, y: int, x: int) -> Meaning:
    """One of several meanings by chance, always the same for a cell of a seed."""
    if len(choices) == 1:
        return choices[0]
    key = rng.folded(int(seed), int(rng.LAYOUT))
    return choices[int(rng.nth_plain(key, y * 256 + x + 1)) % len(choices)]


def meaning(world: World, name: Any) -> Meaning:
    """What a legend means by `name`: ("tile", k) or ("thing", k). Raises UserError if nothing is
    called that.

    "agent_0" is the first agent, and "goal:cheese" the same as "cheese".
    """
    if name == "agent_0":
        return "thing", 0
    name = str(name).removeprefix("goal:")
    for kind, all_of in (("tile", world.tiles), ("thing", world.things)):
        for index, one in enumerate(all_of):
            if one.name == name:
                return kind, index
    known = [one.name for one in (*world.tiles, *world.things)]
    raise UserError(f"no tile or thing {name[:64]!r}.{did_you_mean(name[:64], known)}")
