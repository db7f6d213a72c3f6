"""Text that people write: TOML in and out, and where in a text the parts of a level stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from ..errors import Reader, UserError

MAX_TEXT = 1_000_000  # characters of one level, and bytes of a file that is read as a whole


class Places(Reader):
    """A Reader that also knows the cells of the level's map."""

    def cell(self, y: int, x: int) -> str:
        """The place of the map's row y and column x, to follow the name."""
        return f" row {y + 1} column {x + 1}"

    def cell_fault(self, y: int, x: int, message: str) -> UserError:
        """A UserError that names the place of a cell."""
        return UserError(f"{self.name}{self.cell(y, x)}: {message}")


class Text(Places):
    """Where in a text of TOML the parts of a level stand; the level is all of it from start to
    end.
    """

    def __init__(self, name: object, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(name)
        self._text, self._start = text[: len(text) if end is None else end], start

    def place(self, key: str = "") -> str:
        """The place of the line that sets `key`."""
        word = re.escape(key)
        pattern = re.compile(
            rf"^[ \t]*[\"']?{word}[\"']?[ \t]*=|^[ \t]*\[(?:level\.)?{word}\]", re.MULTILINE
        )
        found = pattern.search(self._text, self._start) if key else None
        if not found:
            return ""
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        line, column = line_column(self._text, start)
        return f":{line}:{column}"

    def cell(self, y: int, x: int) -> str:
        """The place of the map's row y and column x."""
        pattern = re.compile(
            r"^[ \t]*[\"']?map[\"']?[ \t]*=[ \t]*(\"{3}\n?|'{3}\n?|\"|')", re.MULTILINE
        )
        found = pattern.search(self._text, self._start)
        line, column = line_column(self._text, found.end() if found else 0)
        return f":{line + y}:{x + (column if y == 0 else 1)}"


class Line(Places):
    """A level that is one line of a file."""

    def __init__(self, name: object, number: int) -> None:
        super().__init__(name)
        self._place = f":{number}"

    def place(self, key: str = "") -> str:
        """The line."""
        return self._place

    def cell(self, y: int, x: int) -> str:
        """The line, and the cell of the map."""
        return f"{self._place} row {y + 1} column {x + 1}"


class Block(Places):
    """A plain map in a file of several: header lines above, then a line for each row."""

    def __init__(self, name: object, first: int, header: int) -> None:
        super().__init__(name)
        self._first, self._header = first, header

    def place(self, key: str = "") -> str:
        """The block's first line."""
        return f":{self._first}:1"

    def cell(self, y: int, x: int) -> str:
        """The place of the map's row y and column x."""
        return f":{self._first + self._header + y}:{x + 1}"


_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
DOTTED, MOST_DOTS = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:\.[ \t]*+{_PART})++"), 32
LONGEST_ROW = 128  # dots between letters in a row of a map, which is no key


def line_column(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The data in a text of TOML; UserError with the place of what is wrong in it."""
    for found in DOTTED.finditer(text):  # tomllib takes time in the square of a key's parts
        dots, ends = found[0].count("."), text[found.end() : found.end() + 1]
        if dots > LONGEST_ROW or (dots > MOST_DOTS and ends in ("=", "]")):
            line, column = line_column(text, found.start())
            raise UserError(f"{where}:{line}:{column}: a key of more than {MOST_DOTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{where}: nested too deeply") from None
    except ValueError as fault:  # tomllib's own faults, and numbers of thousands of digits
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(fault))
        reason = str(fault)[: found.start()] if found else str(fault).split(";")[0]
        place = ""
        huge = re.search(r"[0-9_]{1000,}", text) if "digits" in reason else None
        if huge:
            line, column = line_column(text, huge.start())
            place, reason = f":{line}:{column}", "a number of thousands of digits"
        if found:
            line, column = found.groups() if found[1] else line_column(text, len(text))
            place = f":{line}:{column}"
        raise UserError(f"{where}{place}: {reason}") from None


def toml_lines(data: Mapping[str, Any]) -> list[str]:
    """World, version, seed, split and map as lines of TOML."""
    lines = []
    for key, value in data.items():
        if key == "map":
            picture, quotes = "\n".join(value), "'''"
            if quotes in picture:
                picture, quotes = picture.replace("\\", "\\\\").replace('"', '\\"'), '"""'
            lines.append(f"map = {quotes}\n{picture}\n{quotes}")
        else:
            lines.append(toml_line(key, value))
    return lines


def toml_line(key: str, value: str | int) -> str:
    """A text or a number as a line of TOML."""
    if not isinstance(value, str):
        return f"{key} = {value}"
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key} = "{quoted}"'


def toml_key(name: str) -> str:
    """A key as TOML wants it: bare if it may be, else in quotes."""
    return name if re.fullmatch(r"[A-Za-z0-9_]+", name) and name.isascii() else f'"{name}"'
