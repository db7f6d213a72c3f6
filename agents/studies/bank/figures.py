"""Pictures of a bank: what every net came to want, how that grew, and how it varies over a grid of
banks.

matplotlib draws them, without a window and without its global state. The same figures give the same
SVG.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ...judging.verdict import MISGENERALIZED, ROBUST
from .. import picture_files
from .grid import Found, Grid
from .measure import LABELS, UNTRAINED

COLOURS = {ROBUST: "#1fa37a", MISGENERALIZED: "#d9502b", UNTRAINED: "#c5cede"}
OTHERS = ("#7d5bb5", "#2b6fc4", "#ee8b1b", "#8f95ab")
INK = "#20233f"


def colour(label: str) -> str:
    """The colour of a label."""
    return COLOURS.get(label) or OTHERS[LABELS.index(label) % len(OTHERS)]


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write STEM.svg and STEM.png; returns their paths."""
    with matplotlib.rc_context({"font.size": 10}):
        return picture_files.save(figure, stem, dpi=150, bbox_inches="tight")


def bank(
    title: str,
    rows: Sequence[dict[str, Any]],
    summed: Sequence[dict[str, Any]],
    splits: Sequence[str],
) -> Figure:
    """For every split a scatter of the nets (intended goal against proxy), and how their labels
    grew with training.
    """
    figure = Figure(figsize=(4.2 * len(splits), 7.6), layout="constrained")
    figure.suptitle(picture_files.lettered(title), color=INK)
    axes = figure.subplots(2, len(splits), squeeze=False)
    last = [row for row in rows if row["updates"] == summed[-1]["updates"]]
    for (above, below), split in zip(axes.T, splits, strict=True):
        _scatter(above, last, split)
        _growth(below, summed, split)
    return figure


def _scatter(axes: Axes, rows: Sequence[dict[str, Any]], split: str) -> None:
    """Every net, by how often it met the intended goal and a proxy where the goals part."""
    # many nets lie on one point
    jitter = np.random.default_rng(0).uniform(-0.015, 0.015, (len(rows), 2))
    for label in LABELS:
        mine = [k for k, row in enumerate(rows) if row[f"{split}.label"] == label]
        if mine:
            met = np.array([[rows[k][f"{split}.kept"], rows[k][f"{split}.astray"]] for k in mine])
            x, y = (met + jitter[mine]).T
            named = f"{label} ({len(mine)})"
            axes.scatter(x, y, s=9, alpha=0.5, color=colour(label), label=named, linewidths=0)
    axes.set(xlabel="intended goal met where goals part", ylabel="proxy met instead")
    axes.set_title(picture_files.lettered(split))
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
    axes.legend(fontsize=7, loc="center", framealpha=0.8)


def _growth(axes: Axes, summed: Sequence[dict[str, Any]], split: str) -> None:
    """The share of every label, and of missed goals, at each time of measuring."""
    times = [entry["updates"] for entry in summed]
    for label in LABELS:
        shares = [entry["splits"][split]["labels"][label] for entry in summed]
        if any(s["value"] for s in shares):
            low, value, high = ([s[key] for s in shares] for key in ("low", "value", "high"))
            axes.plot(times, value, color=colour(label), marker="o", ms=3, label=label)
            axes.fill_between(times, low, high, color=colour(label), alpha=0.15, linewidth=0)
    missed = [entry["splits"][split]["missed"]["value"] for entry in summed]
    known = [np.nan if m is None else m for m in missed]
    axes.plot(times, known, color=INK, ls=":", label="intended missed (q)")
    axes.set(xlabel="updates", ylabel="share of the nets", ylim=(-0.03, 1.03), xscale="log")
    axes.legend(fontsize=7)


def grid(title: str, grid: Grid, found: Found, split: str) -> Figure:
    """How often the intended goal is missed on `split` over a grid of banks.

    The last two knobs go across and down, with a panel for each setting of the others. A cell is
    crossed out where under half of its nets were trained.
    """
    axes = grid.axes
    *outer, down, across = ["", "", *axes][-max(len(axes), 2) :]
    rows, columns = axes.get(down, [""]), axes.get(across, [""])
    panels = list(itertools.product(*(axes[key] for key in outer)))
    wide = min(len(panels), max(len(axes[outer[-1]]) if outer else 1, 1), 8)
    high = -(-len(panels) // wide)
    size = (1.4 + wide * (0.9 + 0.55 * len(columns)), 1.2 + high * (0.8 + 0.42 * len(rows)))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(picture_files.lettered(title), color=INK)
    shown = None
    places = figure.subplots(high, wide, squeeze=False).ravel()
    for place, panel in itertools.zip_longest(places, panels):
        if panel is None:
            place.axis("off")
            continue
        missed, trained = (np.full((len(rows), len(columns)), np.nan) for _ in range(2))
        for cell, summed in found:
            if tuple(cell.at[key] for key in outer) == panel:
                at = rows.index(cell.at.get(down, "")), columns.index(cell.at.get(across, ""))
                value = summed[-1]["splits"][split]["missed"]["value"]
                missed[at] = np.nan if value is None else value
                trained[at] = summed[-1]["trained"]["value"]
        shown = _panel(place, missed, trained)
        place.set_xticks(range(len(columns)), columns, fontsize=7)
        place.set_yticks(range(len(rows)), rows, fontsize=7)
        place.set(xlabel=across, ylabel=down)
        named = ", ".join(f"{key} {value}" for key, value in zip(outer, panel, strict=True))
        place.set_title(named, fontsize=8)
    if shown is not None:
        words = f"intended goal missed on '{split}'"
        figure.colorbar(shown, ax=places.tolist(), label=words, shrink=0.7)
    return figure


def _panel(axes: Axes, missed: np.ndarray, trained: np.ndarray) -> AxesImage:
    """Figures in coloured cells, crossed out where too few nets were trained."""
    shown = axes.imshow(missed, vmin=0, vmax=1, cmap="cividis", aspect="auto")
    for (r, c), value in np.ndenumerate(missed):
        if np.isfinite(value):
            ink = "k" if value > 0.6 else "w"
            axes.text(c, r, f"{value:.2f}", ha="center", va="center", size=6, color=ink)
        if trained[r, c] < 0.5:
            axes.plot([c - 0.5, c + 0.5], [r - 0.5, r + 0.5], color="#d9502b", lw=1)
    return shown
