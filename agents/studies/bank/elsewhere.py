"""Banks of a grid as jobs: each is a command of its own, wherever there is room for it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from ....engine.files import write
from ....engine.progress import Show, silent
from ..jobs import Job, carried, run_all
from .grid import Cell, Grid, begin, table_of

PARTS = "parts"  # folder of what jobs write, until it is where it belongs


def make(grid: Grid, text: str, out: Path, place: str, show: Show = silent) -> list[str]:
    """Train the banks that are missing in `out` there, in the world that `text` names.

    Returns a line for each that failed; `grid.run` then finds all others done.
    """
    begin(grid, out)
    jobs = [_job(grid, text, cell, out) for cell in grid.cells]
    faults = run_all(out, jobs, place, show)
    if not faults:
        shutil.rmtree(out / PARTS, ignore_errors=True)
    return faults


def _job(grid: Grid, text: str, cell: Cell, out: Path) -> Job:
    """One bank; done when its table is among the others."""
    folder = out / PARTS / cell.name

    def words() -> list[str]:
        given = dataclasses.asdict(grid.config).items()
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in given]
        flags += [f"--world.{name}={value}" for name, value in grid.params.items()]
        flags += [f"--over={name}={value}" for name, value in cell.at.items()]
        flags += [f"--measure={split}" for split in grid.splits]
        return ["bank", text, *flags, "--out", str(folder)]

    def done() -> bool:
        made = table_of(folder, cell)
        if made.is_file():
            write(table_of(out, cell), made.read_bytes())
            shutil.rmtree(folder)
        return table_of(out, cell).is_file()

    opened = carried(text, grid.config.split, *grid.splits)
    return Job(f"bank {cell.name}", words, done, reads=opened, writes=(folder,))
