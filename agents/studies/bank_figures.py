"""Pictures of a bank: what every net came to want, how that grew, and how it varies over a grid of
banks.

matplotlib draws them, without a window and without its global state. The same figures give the same
SVG.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ...engine.files import write
from ..judging.verdict import MISGENERALIZED, ROBUST
from .bank import LABELS, UNTRAINED, Cell

COLOURS = {ROBUST: "#1fa37a", MISGENERALIZED: "#d9502b", UNTRAINED: "#c5cede"}
OTHERS = ("#7d5bb5", "#2b6fc4", "#ee8b1b", "#8f95ab")
INK = "#20233f"


def colour(label: str) -> str:
    """The colour of a label."""
    return COLOURS.get(label) or OTHERS[LABELS.index(label) % len(OTHERS)]


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write STEM.svg and STEM.png, each whole or not at all; returns their paths."""
    found = []
    for kind in ("svg", "png"):
        packed = io.BytesIO()
        # matplotlib would name SVG parts at random and date the file
        with matplotlib.rc_context({"svg.hashsalt": "goalshift", "font.size": 10}):
            dated = {"Date": None} if kind == "svg" else {}
            figure.savefig(packed, format=kind, dpi=150, metadata=dated, bbox_inches="tight")
        path = stem.with_suffix(f".{kind}")
        write(path, packed.getvalue())
        found.append(path)
    return found


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
    figure.suptitle(title, color=INK)
    axes = figure.subplots(2, len(splits), squeeze=False)
    last = [row for row in rows if row["updates"] == summed[-1]["updates"]]
    times = [entry["updates"] for entry in summed]
    for (above, below), split in zip(axes.T, splits, strict=True):
        # many nets lie on one point
        jitter = np.random.default_rng(0).uniform(-0.015, 0.015, (len(last), 2))
        for label in LABELS:
            mine = [k for k, row in enumerate(last) if row[f"{split}.label"] == label]
            if mine:
                met = np.array(
                    [[last[k][f"{split}.kept"], last[k][f"{split}.astray"]] for k in mine]
                )
                x, y = (met + jitter[mine]).T
                above.scatter(
                    x,
                    y,
                    s=9,
                    alpha=0.5,
                    color=colour(label),
                    label=f"{label} ({len(mine)})",
                    linewidths=0,
                )
        above.set(
            xlabel="intended goal met where goals part", ylabel="proxy met instead", title=split
        )
        above.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
        above.legend(fontsize=7, loc="center", framealpha=0.8)
        for label in LABELS:
            shares = [entry["splits"][split]["labels"][label] for entry in summed]
            if any(s["value"] for s in shares):
                below.plot(
                    times,
                    [s["value"] for s in shares],
                    color=colour(label),
                    marker="o",
                    ms=3,
                    label=label,
                )
                below.fill_between(
                    times,
                    [s["low"] for s in shares],
                    [s["high"] for s in shares],
                    color=colour(label),
                    alpha=0.15,
                    linewidth=0,
                )
        missed = [entry["splits"][split]["missed"]["value"] for entry in summed]
        below.plot(
            times,
            [np.nan if m is None else m for m in missed],
            color=INK,
            ls=":",
            label="intended missed (q)",
        )
        below.set(xlabel="updates", ylabel="share of the nets", ylim=(-0.03, 1.03), xscale="log")
        below.legend(fontsize=7)
    return figure


def grid(
    title: str,
    found: Sequence[tuple[Cell, list[dict[str, Any]]]],
    axes: dict[str, list[str]],
    split: str,
) -> Figure:
    """How often the intended goal is missed on `split` over a grid of banks.

    The last two axes go across and down, with a panel for each setting of the others. A cell is
    crossed out where under half of its nets were trained.
    """
    *outer, down, across = ["", "", *axes][-max(len(axes), 2) :]
    rows, columns = axes.get(down, [""]), axes.get(across, [""])
    panels = list(itertools.product(*(axes[key] for key in outer)))
    wide = min(len(panels), max(len(axes[outer[-1]]) if outer else 1, 1), 8)
    high = -(-len(panels) // wide)
    size = (1.4 + wide * (0.9 + 0.55 * len(columns)), 1.2 + high * (0.8 + 0.42 * len(rows)))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, color=INK)
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
                missed[at], trained[at] = (
                    np.nan if value is None else value,
                    summed[-1]["trained"]["value"],
                )
        shown = place.imshow(missed, vmin=0, vmax=1, cmap="cividis", aspect="auto")
        for (r, c), value in np.ndenumerate(missed):
            if np.isfinite(value):
                place.text(
                    c,
                    r,
                    f"{value:.2f}",
                    ha="center",
                    va="center",
                    size=6,
                    color="k" if value > 0.6 else "w",
                )
            if trained[r, c] < 0.5:
                place.plot([c - 0.5, c + 0.5], [r - 0.5, r + 0.5], color="#d9502b", lw=1)
        place.set_xticks(range(len(columns)), columns, fontsize=7)
        place.set_yticks(range(len(rows)), rows, fontsize=7)
        place.set(xlabel=across, ylabel=down)
        named = ", ".join(f"{key} {value}" for key, value in zip(outer, panel, strict=True))
        place.set_title(named, fontsize=8)
    if shown is not None:
        figure.colorbar(
            shown, ax=places.tolist(), label=f"intended goal missed on '{split}'", shrink=0.7
        )
    return figure
