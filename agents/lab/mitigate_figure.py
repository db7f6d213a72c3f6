"""The figure of a comparison of mitigations: a row for each, three panels beside one another.

The same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot

from ...engine.counts import counted
from ..studies.picture_files import begin, lettered, save
from .mitigate import Comparison
from .mitigate_table import made_of

# what, in words, colour (Okabe and Ito's), mark
PANELS = (
    (("intended", "intended goal after the shift", "#0072b2", "o"),
     ("paid", "paid goal in training", "#5b6183", "s")),
    (("instead", "a proxy met instead, where they part", "#d55e00", "D"),
     ("competence", "competence: any goal met there", "#009e73", "^")),
    (("intended_apart", "intended goal, less plain PPO", "#0072b2", "o"),),
)  # fmt: skip


def cost(row: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    """What an entry costs beside plain training, as a second line; "" if nothing."""
    told = []
    if row["labelled"]:
        told.append(counted(row["labelled"], "labelled level"))
    if abs(row["steps"] - plain["steps"]) > 0.01 * plain["steps"]:
        told.append(f"{row['steps'] / plain['steps']:.3g} times the steps")
    return "\n" + ", ".join(told) if told else ""


def draw(rows: Sequence[dict[str, Any]], asked: Comparison, out: Path) -> None:
    """Write mitigate.svg and mitigate.png into `out`."""
    begin(titles=11)
    names = [f"{row['entry']}{cost(row, rows[0])}" for row in rows]
    figure, axes = pyplot.subplots(
        1, 3, figsize=(13.0, 1.9 + 0.5 * len(rows)), sharey=True, layout="constrained"
    )
    for panel, marks in zip(axes, PANELS, strict=True):
        for nth, (key, what, colour, mark) in enumerate(marks):
            aside = (nth - (len(marks) - 1) / 2) * 0.24
            shown = [(k + aside, row[key]) for k, row in enumerate(rows) if row[key] is not None]
            shown = [(at, figure) for at, figure in shown if figure.value is not None]
            for at, estimate in shown:
                panel.hlines(at, estimate.low, estimate.high, color=colour, alpha=0.55, lw=2.2)
            x, y = [estimate.value for _, estimate in shown], [at for at, _ in shown]
            panel.plot(x, y, mark, color=colour, ms=6, label=what)
        panel.axvline(0, color="#20233f", linewidth=0.8)
        panel.grid(axis="x", color="#20233f", alpha=0.12)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=10)
    axes[0].set_yticks(range(len(rows)), [*map(lettered, names)])
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    axes[0].set_xlabel("random policy 0, expert 1")
    axes[1].set_xlabel("share of levels; random 0, expert 1")
    axes[2].set_xlabel("difference")
    axes[1].set_xlim(min(axes[1].get_xlim()[0], -0.03), 1.03)  # competence may be below chance
    axes[0].get_yticklabels()[0].set_fontweight("bold")
    title = f"{asked.world.title}: judged on '{asked.plan.splits[-1]}'"
    figure.suptitle(lettered(f"{title}\n{made_of(rows)}"), fontsize=11)
    save(figure, out / "mitigate", dpi=110)
    pyplot.close(figure)
