"""Grids of banks: one at every value of some knobs, each a table of its nets in a file of its own.

`cells/NAME.csv` has a row for each net at each time it was measured; `measure.fields` says what the
columns mean.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ....engine import files
from ....engine.counts import number, whole
from ....engine.errors import UserError, need
from ....engine.files import csv_bytes, json_bytes, make_folder, read_json, write
from ....engine.levels.splits import split_of
from ....engine.progress import Show, silent
from ....engine.world import World
from ...learning.options import typed
from ..knobs import Knob
from .config import BankConfig
from .measure import LABELS, fields, summary, train

FORMAT = "goalshift-bank/1"
MAX_CELLS = 10_000
MAX_TABLE = 64 << 20  # bytes of one bank's table


@dataclass(frozen=True)
class Cell:
    """One bank of a grid: its name as a file, the values of the knobs, and what they make."""

    name: str
    at: dict[str, str]
    world: World
    config: BankConfig


@dataclass(frozen=True)
class Grid:
    """Banks to be trained: one for each combination of the knobs' values, or one without knobs.

    `params` are the world's parameters that the user has changed, `splits` where nets are measured.
    UserError, before anything is trained, if a bank of it makes no sense.
    """

    world: World
    config: BankConfig
    splits: list[str]
    knobs: tuple[Knob, ...] = ()
    params: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for split in self.splits:
            split_of(self.world, split)
        n = math.prod(len(knob.values) for knob in self.knobs)
        need(n <= MAX_CELLS, f"--over asks for more than {MAX_CELLS:,} banks")
        _ = self.cells

    @property
    def axes(self) -> dict[str, list[str]]:
        """The values of each knob, by its name."""
        return {knob.name: list(knob.values) for knob in self.knobs}

    @property
    def about(self) -> dict[str, Any]:
        """What all banks share beside their configuration, as plain data."""
        world = self.world
        return {
            "world": world.name,
            "version": world.version,
            "params": self.params,
            "on": self.splits,
        }

    @cached_property
    def cells(self) -> list[Cell]:
        """Every bank."""
        return [self._cell(values) for values in itertools.product(*self.axes.values())]

    def _cell(self, values: tuple[str, ...]) -> Cell:
        world, changed = self.world, {}
        for knob, value in zip(self.knobs, values, strict=True):
            if knob.name.startswith("world."):
                world = world.with_params(**{knob.name.removeprefix("world."): value})
            else:
                changed |= knob.given(value)
        config = dataclasses.replace(self.config, **typed(BankConfig, changed))
        split_of(world, config.split)
        at = dict(zip(self.axes, values, strict=True))
        name = "_".join(f"{key}={value}" for key, value in at.items()) or "bank"
        return Cell(re.sub(r"[^\w.=+-]", "-", name), at, world, config)


Found = list[tuple[Cell, list[dict[str, Any]]]]  # each bank with its `measure.summary`


def run(grid: Grid, out: Path, threads: int = 1, show: Show = silent) -> Found:
    """Train every bank of a grid into `out`, or what is still missing there.

    A finished bank is a file `cells/NAME.csv`, whole or absent, so a grid that was stopped goes on
    where it was. UserError if `out` holds a grid of another kind.
    """
    begin(grid, out)
    found, n = [], len(grid.cells)
    columns = list(fields(grid.world, grid.splits))
    for k, cell in enumerate(grid.cells):
        file = table_of(out, cell)
        if not file.exists():

            def within(
                done: float, total: float, remark: str = "", k: int = k, name: str = cell.name
            ):
                show(k + done / total, n, name)

            rows = train(cell.world, cell.config, grid.splits, threads, within)
            write(file, as_csv(rows, columns))
        found.append((cell, summary(read_csv(file, columns), grid.splits)))
        show(k + 1, n, cell.name)
    return found


def begin(grid: Grid, out: Path) -> None:
    """Say in `out` what is made there. UserError if it holds a grid of another kind."""
    path = out / "config.json"
    asked = {"format": FORMAT, **grid.about, **dataclasses.asdict(grid.config), "over": grid.axes}
    held = read_json(path) if path.exists() else asked
    if isinstance(held, dict):
        files.refuse_newer(path, held.get("format"), FORMAT)
    if held != asked:
        raise UserError(f"'{out}' holds a bank of another configuration; name another --out")
    make_folder(out / "cells")
    write(path, json_bytes(asked))


def table_of(out: Path, cell: Cell) -> Path:
    """Where the table of a bank stands in `out`."""
    return out / "cells" / f"{cell.name}.csv"


def as_csv(rows: Sequence[dict[str, Any]], columns: Iterable[str]) -> bytes:
    """Rows as CSV, with figures to six decimals and nothing where there is none."""
    columns = list(columns)
    return csv_bytes([columns, *([_text(row[name]) for name in columns] for row in rows)])


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return str(value)


def read_csv(path: Path, columns: Iterable[str]) -> list[dict[str, Any]]:
    """What `as_csv` wrote with these columns, as numbers and labels.

    UserError, naming file and line, if it is something else.
    """
    head, rows = files.read_csv(path, MAX_TABLE)
    remedy = "delete it, and it is made anew"
    need(rows and head == list(columns), f"{path}: no table of such a bank: {remedy}")
    found = []
    for line, row in enumerate(rows, 2):
        try:
            one = {key: _cell(key, text) for key, text in row.items()}
        except ValueError as fault:
            raise UserError(f"{path}:{line}: {fault}: {remedy}") from None
        found.append(one)
    return found


def _cell(column: str, text: str) -> Any:
    """A cell as what its column holds; ValueError if it is none."""
    if column.endswith(".label"):
        if text not in LABELS:
            raise ValueError(f"'{text[:40]}' is no label")
        return text
    if column in ("net", "updates"):
        if (count := whole(text, 12)) is None:
            raise ValueError(f"{column} '{text[:40]}' is no count")
        return count
    found = number(text)
    if text and math.isnan(found):
        raise ValueError(f"'{text[:40]}' is no number")
    return found
