"""What an agent sees, in words: for programs that read, such as language models.

Told is what the symbols show, and which moves do anything (`moves.py`). No goal is named, no score,
no story. Rows and columns count from 1 at the upper left of what is seen.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from ..observe import VOID
from ..symbols import Symbol
from ..world import World

FEW = 6  # a kind that lies on more cells is not listed: the map shows it
CHARACTERS = string.printable


class Teller:
    """Tells what is seen; `short` gives the map and the moves alone."""

    def __init__(self, world: World, short: bool = False) -> None:
        self.world, self.short = world, short
        self.chars = _characters(world)
        self.names = [_name(world, symbol) for symbol in world.symbols]
        groups = [symbol.group for symbol in world.symbols]
        self.own = np.array([group == "self" for group in groups])

    def __call__(self, planes: np.ndarray, moves: np.ndarray | None) -> list[str]:
        """A text for each of the planes uint8[n, rows, columns].

        moves: int8[n, actions], 1 where an action does anything; None: no move is possible.
        """
        none = np.zeros((len(planes), len(self.world.actions)), np.int8)
        each = none if moves is None else moves
        return [self.tell(plane, may) for plane, may in zip(planes, each, strict=True)]

    def tell(self, plane: np.ndarray, may: np.ndarray) -> str:
        """One text."""
        picture = ["".join(self.chars[k] for k in row) for row in plane.tolist()]
        legal = [name for name, one in zip(self.world.actions, may.tolist(), strict=True) if one]
        moves = ", ".join(legal) or "none, it is over"
        if self.short:
            return "\n".join([*picture, f"moves: {moves}"])
        rows, columns = plane.shape
        where = "You see the cells around you" if self.world.centred else "You see the whole board"
        lines = [f"{where}, {rows} rows of {columns}:", "", *picture, ""]
        known = np.flatnonzero(np.bincount(plane.ravel(), minlength=len(self.names)))
        signs = {self.chars[k]: self.names[k].partition(",")[0] for k in known.tolist()}
        lines += ["Signs: " + "; ".join(f"'{char}' {name}" for char, name in signs.items()) + "."]
        me = np.argwhere(self.own[plane])
        if len(me):
            y, x = me[0].tolist()
            lines += [f"You are {self.names[plane[y, x]]}, in row {y + 1}, column {x + 1}."]
        else:
            lines += ["You are not on the board."]
        for k in known.tolist():
            cells = np.argwhere(plane == k).tolist()
            if k != VOID and not self.own[k] and len(cells) <= FEW:
                places = "; ".join(_place(cell, me) for cell in cells)
                lines += [f"{self.names[k].removeprefix('a ')}: {places}."]
        return "\n".join([*lines, f"Moves that do anything: {moves}."])

    def longest(self) -> int:
        """Characters that no text has more of."""
        rows, columns = self.world.view
        words = sum(len(name) + 8 + FEW * 64 for name in self.names)
        return rows * (columns + 1) + 2 * words + sum(map(len, self.world.actions)) + 400


def _characters(world: World) -> list[str]:
    """A character for each symbol, its own for each kind; poses of a thing share one."""
    taken: dict[tuple[str, int], str] = {("void", 0): " "}
    spare = iter(dict.fromkeys(string.ascii_uppercase + string.ascii_lowercase + string.digits))
    natural = {char for kind in (*world.tiles, *world.things) for char in kind.char}
    for symbol in world.symbols:
        key = (symbol.group, symbol.kind)
        if key in taken:
            continue
        kind = world.tiles[symbol.kind] if symbol.group == "tile" else world.things[symbol.kind]
        char = kind.char
        if char in taken.values() or char not in CHARACTERS or char.isspace():
            char = next(one for one in spare if one not in taken.values() and one not in natural)
        taken[key] = char
    return [taken[symbol.group, symbol.kind] for symbol in world.symbols]


def _name(world: World, symbol: Symbol) -> str:
    """What a symbol stands for: "cheese", "the mouse, state 2 of 0 to 8"."""
    if symbol.group in ("void", "tile"):
        return "outside the board" if symbol.group == "void" else symbol.name.replace("_", " ")
    thing = world.things[symbol.kind]
    state = f", state {symbol.pose} of 0 to {thing.poses - 1}" * (thing.tell and thing.poses > 1)
    own = "the " if symbol.group == "self" else "another " if thing.agent else "a "
    return own + symbol.name.replace("_", " ") + state


def _place(cell: Sequence[int], me: np.ndarray) -> str:
    """ "row 2, column 12 (5 up, 9 right)": where a cell lies, and how far off."""
    y, x = cell
    told = f"row {y + 1}, column {x + 1}"
    if not len(me):
        return told
    dy, dx = y - int(me[0][0]), x - int(me[0][1])
    ways = [f"{abs(dy)} {'up' if dy < 0 else 'down'}"] * bool(dy)
    ways += [f"{abs(dx)} {'left' if dx < 0 else 'right'}"] * bool(dx)
    return f"{told} ({', '.join(ways)})"
