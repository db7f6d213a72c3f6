"""The figure of critics: whose return each follows, a row for every agent and proxy.

The same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot

from ..judging.intervals import Estimate
from ..studies.picture_files import begin, lettered, save
from .critic import Followed

# what, in words, colour (Okabe and Ito's), mark, how far from the middle of its row
KINDS = (
    ("intended_alone", "the intended goal's expert, the proxy's held fixed", "#0072b2", "o", -0.14),
    ("rival_alone", "the proxy's expert, the intended one's held fixed", "#d55e00", "D", 0.14),
)


def draw(rows: Sequence[Followed], out: Path) -> list[Path]:
    """Write critic.svg and critic.png into `out`; returns their paths."""
    begin()
    rows = sorted(rows, key=_lead)
    figure, axes = pyplot.subplots(figsize=(9.0, 1.4 + 0.34 * len(rows)), layout="constrained")
    for name, label, colour, mark, down in KINDS:
        some = [(k, getattr(row, name)) for k, row in enumerate(rows)]
        some = [(k, one) for k, one in some if one.value is not None]
        y = [k + down for k, _ in some]
        axes.hlines(y, [e.low for _, e in some], [e.high for _, e in some], color=colour, lw=1.6)
        axes.plot([e.value for _, e in some], y, mark, color=colour, ms=6, mec="white", label=label)
    axes.axvline(0, color="#777", lw=1)
    names = [lettered(f"{row.agent}: {row.proxy}") for row in rows]
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(-1.03, 1.03), ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel(
        "rank correlation with the value, where the goals part; lines: 95 % over levels"
    )
    axes.grid(axis="x", alpha=0.25)
    figure.legend(loc="outside upper center", ncols=1, frameon=False)
    paths = save(figure, out / "critic", dpi=110)
    pyplot.close(figure)
    return paths


def _lead(row: Followed) -> float:
    """How much more closely the intended goal is followed; rows of proxies come first."""
    return _known(row.intended_alone) - _known(row.rival_alone)


def _known(one: Estimate) -> float:
    return one.value or 0.0
