"""Sokoban levels as the world's collections write them (XSB, Boxoban), for the world `sokoban`.

    ; two corridors
    #####
    #@$.#      # wall, @ player, $ box, . goal, * box on a goal, + player on a goal,
    #####      and a blank, - or _ for the floor

Titles stand after `;` or `Title:`, who made a level after `Author:` below it, or above all that
follow; rows may be of any length, and be run lengths such as
`4#|#@$.#`. Around its walls a level is filled up with wall. A goal becomes a flag, which the rover
is to reach itself: the world asks for no box to be brought anywhere, and a remark says so. Written
is what such a file can hold: no coins, no pose, no seed and no split. Files in .txt that are
plainly of this kind are read so too (see `plain`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ... import catalogue, files
from ...errors import UserError
from ...world import World
from .. import level
from ..kind import LONGEST, About, Format, Levels, joined
from ..text import Places

WORLD = "sokoban"
MAX_FILE, MAX_SIDE = 16 << 20, 255  # bytes; cells of a row, and rows
FLOOR = " -_"
ROW = re.compile(r"[#@+$*.\-_ 0-9|]*")
RUN = re.compile(r"(\d{0,3})([#@+$*.\-_ |])")
TITLE = re.compile(r"\s*(?:;|(?i:title)\s*:)\s*(.*)")
AUTHOR = re.compile(r"\s*(?i:author)\s*:\s*(.*)")
REMARK = "goals are read as flags, which the rover is to reach itself"


class Picture(NamedTuple):
    """A level as it stands in a file: its title, its rows unpacked, the line of each, and who made
    it.
    """

    title: str
    rows: list[str]
    lines: list[int]
    author: str = ""


class Rows(Places):
    """Where the cells of a level stand."""

    def __init__(self, name: object, picture: Picture) -> None:
        super().__init__(name)
        self._lines = picture.lines

    def place(self, key: str = "") -> str:
        """The level's first line."""
        return f":{self._lines[0]}:1"

    def cell(self, y: int, x: int) -> str:
        """The place of a cell; of one in a run length the line."""
        packed = len(set(self._lines)) < len(self._lines)
        line = self._lines[min(y, len(self._lines) - 1)]
        return f":{line} row {y + 1} column {x + 1}" if packed else f":{line}:{x + 1}"


def is_row(line: str) -> bool:
    """Could this line be a row, or several, of a level?"""
    return "#" in line and ROW.fullmatch(line.rstrip()) is not None


def is_xsb(text: str) -> bool:
    """Is this text plainly of this kind: maps alone and their titles, with a box in every one?"""
    lines = text.split("\n")
    maps = [line for line in lines if line.strip() and not _said(line)]
    told = any(re.match(r";\s*\w+\s*=", line) for line in lines)  # our own plain maps say so much
    return (
        bool(maps) and not told and all(map(is_row, maps)) and any(set(m) & set("$*") for m in maps)
    )


def _said(line: str) -> re.Match[str] | None:
    return TITLE.fullmatch(line) or AUTHOR.fullmatch(line)


def read(path: Path, given: World | None) -> Levels:
    """The levels of a collection."""
    return parse(path, files.read_text(path, MAX_FILE), given)


def parse(path: Path, text: str, given: World | None) -> Levels:
    """The levels in the text of a collection, which came from `path`."""
    world = given or catalogue.load(WORLD)
    if world.name != WORLD:
        raise UserError(
            f"{path}: levels of Sokoban are for the world '{WORLD}', not '{world.name}'"
        )
    made = joined((_level(path, world, one) for one in pictures(path, text)), path)
    if any(set("".join(one)) & set(".*+") for one in text.split("\n") if is_row(one)):
        made.remarks.append(REMARK)
    return made


def pictures(path: Path, text: str) -> Iterator[Picture]:
    """The levels of a collection, one by one."""
    title, author, everybody, rows, lines = "", "", "", [], []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if is_row(line):
            unpacked = _unpacked(f"{path}:{number}", line.rstrip())
            rows += unpacked
            lines += [number] * len(unpacked)
            if len(rows) > MAX_SIDE:
                raise UserError(f"{path}:{number}: a level of more than {MAX_SIDE} rows")
            continue
        told, by = TITLE.fullmatch(line), AUTHOR.fullmatch(line)
        if by and rows:
            author = by[1]
            continue
        everybody = by[1] if by else everybody
        below = bool(told and rows and not line.lstrip().startswith(";"))
        if told and below:  # "Title: ..." follows its map
            title = title or told[1]
        if rows:
            yield Picture(title, rows, lines, author or everybody)
            title, author, rows, lines = "", "", [], []
        if told and not below:
            title = told[1]


def _unpacked(where: str, line: str) -> list[str]:
    """The rows in a line: itself, or run lengths written out."""
    if not re.search(r"[0-9|]", line):
        rows = [line]
    else:
        runs = RUN.findall(line)
        if "".join(count + char for count, char in runs) != line:
            raise UserError(f"{where}: a run length must be a number of up to 3 digits and a cell")
        if sum(int(count or 1) for count, _ in runs) > MAX_SIDE * MAX_SIDE:
            raise UserError(f"{where}: run lengths of more cells than are read")
        rows = "".join(char * int(count or 1) for count, char in runs).split("|")
    if max(map(len, rows)) > MAX_SIDE:
        raise UserError(f"{where}: a row of more than {MAX_SIDE} cells")
    return [row for row in rows if row.strip()]


def _level(path: Path, world: World, picture: Picture) -> Levels:
    """A picture as a level of the world."""
    places = Rows(path, picture)
    wide = max(map(len, picture.rows))
    rows = [list(row.ljust(wide)) for row in picture.rows]
    _fill_around(rows, places)
    chars = {tile.name: tile.char for tile in world.tiles}
    found: dict[str, list[list[int]]] = {thing.name: [] for thing in world.things}
    for y, row in enumerate(rows):
        for x, char in enumerate(row):
            thing = "rover" if char in "@+" else "box" if char in "$*" else ""
            if thing:
                count = next(one.count for one in world.things if one.name == thing)
                if len(found[thing]) == count:
                    message = f"one {thing} too many: world '{world.name}' has {count}"
                    raise places.cell_fault(y, x, message)
                found[thing].append([y, x, 0, 1])
            tile = "wall" if char == "#" else "flag" if char in ".+*" else "floor"
            row[x] = chars[tile]
    for one in world.things:
        missing = one.count - len(found[one.name])
        message = f"the map shows {len(found[one.name])} of {one.count} {one.name} (@)"
        places.need(not (one.agent and missing), message)
        found[one.name] += [[0, 0, 0, 0]] * missing
    data = {"map": "\n".join(map("".join, rows)), "things": found}
    name = re.sub(r"[^\w.-]+", "-", picture.title.strip()).strip("-")[:64]
    said = (_line(picture.title) if picture.title.strip() != name else "", _line(picture.author))
    return Levels(world, level.build(world, data, places), [name], abouts=[About(*said)])


def _line(text: str) -> str:
    """What a stranger wrote, as one line that can be said about a level."""
    return "".join(char for char in text.strip() if char.isprintable())[:LONGEST]


def write(levels: Levels, path: Path) -> None:
    """All levels, their titles and who made them; UserError for what such a file cannot hold."""
    if levels.world.name != WORLD:
        raise UserError(
            f"{path}: only levels of '{WORLD}' are written so, not of '{levels.world.name}'"
        )
    lines = []
    for i, name in enumerate(levels.names):
        about = levels.about(i)
        title = about.title or name
        lines += [f"; {title}"] * bool(title) + _rows(levels, i, path)
        lines += [f"Author: {about.author}"] * bool(about.author) + [""]
    text = "\n".join(lines)
    again = parse(path, text, levels.world).states
    for i, (one, other) in enumerate(zip(levels.states, again, strict=True), 1):
        if (one.h, one.w) != (other.h, other.w) or (one.tiles != other.tiles).any():
            raise UserError(
                f"{path}: level {i} is not closed in by walls, as XSB has it; use .toml"
            )
    files.write(path, text.encode())


def _rows(levels: Levels, i: int, path: Path) -> list[str]:
    """The rows of a level."""
    world, s = levels.world, levels.states[i]
    chars = {"wall": "#", "flag": ".", "floor": " "}
    names = [[world.tiles[tile].name for tile in row] for row in s.tiles[: s.h, : s.w]]
    lost = {name for row in names for name in row} - {*chars}
    lost |= {"pose"} if s.face[s.alive > 0].any() else {*()}
    if lost:
        raise UserError(
            f"{path}: level {i + 1} has a {min(lost)}, which XSB has no place for; use .toml"
        )
    rows = [[chars[name] for name in row] for row in names]
    for k in np.flatnonzero(s.alive):
        on, of = ("+*", "@$")
        number = int(world.kinds[k] > 0)
        y, x = int(s.y[k]), int(s.x[k])
        rows[y][x] = (on if rows[y][x] == "." else of)[number]
    return ["".join(row).rstrip() for row in rows]


def _fill_around(rows: list[list[str]], places: Places) -> None:
    """Make wall of all floor that can be come to from outside; nothing else may be."""
    tall, wide = len(rows), len(rows[0])
    rim = [(y, x) for y in range(tall) for x in (0, wide - 1)]
    queue = rim + [(y, x) for x in range(wide) for y in (0, tall - 1)]
    while queue:
        y, x = queue.pop()
        if not (0 <= y < tall and 0 <= x < wide) or rows[y][x] == "#":
            continue
        if rows[y][x] not in FLOOR:
            raise places.cell_fault(y, x, "the walls around this cell are not closed")
        rows[y][x] = "#"
        queue += [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]


FORMAT = Format("Sokoban levels as collections write them", (".sok", ".xsb"), read, write, of=WORLD)
