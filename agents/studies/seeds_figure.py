"""The picture of seeds as a distribution: a dot for every agent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot
from matplotlib.ticker import PercentFormatter

from .picture_files import begin, lettered, save
from .seeds import MOST, Agent, groups

WIDE = 0.012  # of a dot, in shares
KINDS = (
    ("met", "#0072b2", "o", "intended goal met"),
    ("instead", "#d55e00", "D", "a proxy instead"),
)


def draw(agents: Sequence[Agent], out: Path) -> None:
    """Write seeds.svg and seeds.png: for every world and split, two rows of dots over the share of
    the levels where the goals part.
    """
    begin()
    found = groups(agents)
    figure, axes = pyplot.subplots(figsize=(9.0, 1.3 + 0.75 * len(found)), layout="constrained")
    for row, here in enumerate(found.values()):
        for place, (name, colour, mark, _) in zip((0.16, -0.16), KINDS, strict=True):
            shares = sorted(getattr(a, name) for a in here)
            heights = [row + place + up for up in _stacked(shares)]
            axes.plot(shares, heights, mark, color=colour, ms=5.5, mec="white", mew=0.6, alpha=0.9)
    for _, colour, mark, label in KINDS:
        axes.plot([], [], mark, color=colour, label=label)
    axes.axvline(MOST, color="#777", lw=1, ls=":")
    names = [f"{w} ({s}), {len(here)}" for (w, s), here in found.items()]
    axes.set_yticks(range(len(names)), [*map(lettered, names)])
    axes.set(xlim=(-0.03, 1.03), ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel("share of the levels where the goals part; a dot is an agent")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="x", alpha=0.25)
    figure.legend(loc="outside upper right", ncols=2, frameon=False)
    save(figure, out / "seeds", dpi=110)
    pyplot.close(figure)


def _stacked(shares: Sequence[float]) -> list[float]:
    """Heights of dots, in rows: those that would hide one another stand in a stack."""
    bins = [round(share / WIDE) for share in shares]
    heights = []
    for k, here in enumerate(bins):
        n = bins.count(here)
        heights.append((k - bins.index(here) - (n - 1) / 2) * min(0.04, 0.28 / n))
    return heights
