"""The picture of many tasks: which shortcuts are taken, by what a task is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from .picture_files import begin, lettered, save
from .tasks import ALONE, CUES, PARTS, Row, groups, sum_of

# the order of values where it is not the alphabet's
ORDER = ("cell", "region", "colour", "shape", "dots", "way", "time", "guide", "landmark")
ORDER += ("at once", "later", "on return")
SERIES = {"1": ("#0072b2", "o"), "2": ("#d55e00", "D"), "3": ("#009e73", "^")}
INK, DULL = "#20233f", "#c5cede"


def draw(rows: Sequence[Row], out: Path) -> list[Path]:
    """Write tasks.svg and tasks.png: for each part a row of figures, with what is left out for want
    of skill beside it; cues by how many of them agree.
    """
    begin(10)
    parts = [part for part in PARTS if part != ALONE and rows and part in rows[0].parts]
    heights = [max(len(groups(rows, part)), 2) for part in parts]
    figure, axes = pyplot.subplots(
        len(parts),
        2,
        figsize=(9.0, 1.2 + 0.36 * sum(heights)),
        layout="constrained",
        gridspec_kw={"height_ratios": heights, "width_ratios": (3, 1)},
        squeeze=False,
        sharex="col",
    )
    for (left, right), part in zip(axes, parts, strict=True):
        _part(left, right, rows, part)
    for axis, told in zip(
        axes[-1],
        ("able agents: a proxy met instead, where the goals part", "agents that are able"),
        strict=True,
    ):
        axis.set(xlim=(-0.02, 1.02), xlabel=told)
        axis.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    if "redundancy" in parts:
        for number, (colour, mark) in SERIES.items():
            label = f"{number} cue{'s' * (number != '1')} agree" + "s" * (number == "1")
            axes[0][0].plot([], [], mark, color=colour, label=label)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
    made = save(figure, out / "tasks", dpi=110)
    pyplot.close(figure)
    return made


def _part(left: Axes, right: Axes, rows: Sequence[Row], part: str) -> None:
    """One part of tasks: a line for each of its values."""
    found = groups(rows, part)
    names = sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else 99, name))
    for line, name in enumerate(names):
        here = found[name]
        if part == CUES and "redundancy" in here[0].parts:
            for shift, (number, (colour, mark)) in zip(
                (-0.22, 0, 0.22), SERIES.items(), strict=True
            ):
                some = [row for row in here if row.parts["redundancy"] == number]
                _figure(left, line + shift, some, colour, mark)
        else:
            colour, mark = SERIES.get(name, (INK, "s")) if part == "redundancy" else (INK, "s")
            _figure(left, line, here, colour, mark)
        agents = sum(len(row.trained) for row in here)
        able = sum(len(row.able) for row in here)
        right.barh(line, able / max(agents, 1), color=DULL, height=0.6)
        right.text(0.02, line, f"{able} of {agents}", va="center", fontsize=8, color=INK)
    left.set_yticks(range(len(names)), [lettered(f"{name} ({len(found[name])})") for name in names])
    left.set(ylim=(len(names) - 0.5, -0.5))
    left.set_title(lettered(part), fontsize=10, loc="left", color=INK)
    left.grid(axis="x", alpha=0.25)
    right.set(ylim=(len(names) - 0.5, -0.5), yticks=[])


def _figure(axis: Axes, height: float, rows: Sequence[Row], colour: str, mark: str) -> None:
    """A mean over tasks with its interval; pale without one."""
    figure = sum_of(rows).instead
    if figure.value is None or figure.low is None or figure.high is None:
        return
    sure = sum(bool(row.able) for row in rows) > 1
    if sure:
        axis.plot([figure.low, figure.high], [height, height], color=colour, lw=1.4, alpha=0.7)
    axis.plot([figure.value], [height], mark, color=colour, ms=5, alpha=1 if sure else 0.35)
