"""Worlds over one another: how often a proxy is met instead, over how many shifted episodes were
met in training; or the recipes of a curve over one another, over the share of shifted levels.

What is laid over one another are CSV files that other studies wrote: a map's, which counts the
episodes, or a curve's over alpha, which knows their share alone and is told how many there were.
Curves with a second knob, such as `--by curriculum=dr,plr`, are laid over the share itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, PercentFormatter

from ...engine.counts import number
from ...engine.errors import UserError, need
from ...engine.files import csv_bytes, make_folder, read_csv, write
from .knobs import ALPHA
from .map_figure import MARKS
from .picture_files import COLOURS, begin, lettered, save

MOST = 1e15  # steps, and episodes
NONE = 0.3  # where no shifted episode stands, as a share of the fewest


@dataclass(frozen=True)
class Line:
    """One line's points: `shifted` episodes met, or the share of shifted levels (float64[n], sorted),
    and how often a proxy is met `instead`, of the levels where the goals part; `low` and `high`
    where the file has intervals.
    """

    name: str
    shifted: np.ndarray
    instead: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


def read(path: Path, name: str, episodes: float | None = None) -> Line:
    """The line of a map.csv (its agents at the end of their training, averaged over seeds), or of
    the curve.csv over alpha of runs of so many `episodes`. Raises UserError.
    """
    head, table = read_csv(path)
    rows = list(enumerate(table, 1))
    need(bool(rows), f"{path}: it has no rows")
    if {"shifted", "instead", "alpha", "steps"} <= set(head):
        need(episodes is None, f"{path}: a map counts episodes: leave ':N' out")
        over = rows[0][1].get("over", ALPHA)
        need(over == ALPHA, f"{path}: a map over '{over}': those over alpha lie over one another")
        return _of_map(path, rows, name)
    if {"over", "value", "shifted_share"} <= set(head) and all(
        r["over"] == "alpha" for _, r in rows
    ):
        if episodes is None:
            raise UserError(f"{path}: a curve: say how many episodes a run had, {path}:N")
        return _of_curve(path, rows, name, episodes)
    raise UserError(f"{path}: neither a map's CSV nor that of a curve over alpha")


def has_recipes(path: Path) -> bool:
    """Whether a CSV is that of a curve over alpha with a second knob."""
    head, rows = read_csv(path)
    return {"over", "by_value"} <= set(head) and any(
        row["over"] == "alpha" and row["by_value"] for row in rows
    )


def recipes(path: Path) -> list[Line]:
    """The lines of such a file, one for each value of the second knob. Raises UserError."""
    _, table = read_csv(path)
    rows = list(enumerate(table, 1))
    lines = []
    for name in dict.fromkeys(row["by_value"] for _, row in rows):
        mine = [(k, row) for k, row in rows if row["by_value"] == name]
        ends = ("value", "instead", "instead_low", "instead_high")
        points = np.stack([_column(path, mine, end) for end in ends], 1)
        lines.append(Line(name, *np.array(sorted(points.tolist())).T))
    return lines


Row = tuple[int, dict[str, str]]  # with its number, from 1


def _column(path: Path, rows: Sequence[Row], name: str, most: float = 1.0) -> np.ndarray:
    """float64[rows]: a column of numbers from 0 to `most`."""
    found = []
    for k, row in rows:
        found.append(number(row.get(name) or ""))
        sound = 0.0 <= found[-1] <= most
        need(sound, f"{path}, row {k}: `{name}` must be a number from 0 to {most:g}")
    return np.array(found)


def _of_map(path: Path, rows: Sequence[Row], name: str) -> Line:
    steps = _column(path, rows, "steps", MOST)
    last = [row for row, step in zip(rows, steps, strict=True) if step == steps.max()]
    pairs = np.stack([_column(path, last, "shifted", MOST), _column(path, last, "instead")], 1)
    alphas = _column(path, last, "alpha")
    means = sorted(pairs[alphas == alpha].mean(0).tolist() for alpha in np.unique(alphas))
    return Line(name, *np.array(means).T)


def _of_curve(path: Path, rows: Sequence[Row], name: str, episodes: float) -> Line:
    column = "instead" if "instead" in rows[0][1] else "astray"  # as 0.1.0 called it
    shifted = _column(path, rows, "value") < 1  # at 1 it is no shift
    need(bool(shifted.any()), f"{path}: no row has a `value` below 1")
    ends = ("shifted_share", column, f"{column}_low", f"{column}_high")
    table = np.stack([_column(path, rows, end)[shifted] for end in ends], 1)
    table = np.array(sorted(table.tolist()))
    return Line(name, table[:, 0] * episodes, *table[:, 1:].T)


def draw(lines: Sequence[Line], out: Path, shares: bool = False) -> list[Path]:
    """Write overlay.csv, overlay.svg and overlay.png; returns their paths. `shares`: the lines are
    over the share of shifted levels.
    """
    begin()
    some = [x for one in lines for x in one.shifted if x > 0]
    need(bool(some), "no agent of these files has met a shifted episode")
    make_folder(out)
    rows = [
        (one.name, *pair) for one in lines for pair in zip(one.shifted, one.instead, strict=True)
    ]
    write(
        out / "overlay.csv",
        csv_bytes([("name", "alpha" if shares else "shifted", "instead"), *rows]),
    )
    none = NONE * min(some)
    figure, axes = pyplot.subplots(figsize=(9.0, 5.4), layout="constrained")
    for k, one in enumerate(lines):
        x = np.where(one.shifted > 0, one.shifted, none)
        colour, mark = COLOURS[k % len(COLOURS)], MARKS[k % len(MARKS)]
        axes.plot(
            x,
            one.instead,
            marker=mark,
            lw=1.8,
            ls="-" if k < len(COLOURS) else "--",
            ms=7,
            mec="white",
            color=colour,
            label=lettered(one.name),
        )
        if one.low is not None and one.high is not None:
            axes.fill_between(x, one.low, one.high, color=colour, alpha=0.12, lw=0)
    axes.axvline(none, color="#999", lw=0.8, ls=":")
    axes.set(xscale="log", ylim=(-0.03, 1.03))
    what = (
        "share of training levels that are shifted"
        if shares
        else "shifted episodes met in training"
    )
    axes.set_xlabel(what if shares else f"{what} (dotted: none)")
    axes.set_ylabel("a proxy met instead, of the levels where the goals part")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}" if x >= 1 else f"{x:g}"))
    if shares:
        known = sorted(set(some))
        axes.set_xticks([none, *known], ["none", *(f"{x:g}" for x in known)])
        axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="upper right" if shares else "lower left")
    save(figure, out / "overlay", dpi=110)
    pyplot.close(figure)
    return [out / f"overlay.{end}" for end in ("csv", "svg", "png")]
