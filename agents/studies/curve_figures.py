"""The figures of a curve: a panel for each value of the second knob.

The same points give the same bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot
from matplotlib.axes import Axes

from ...engine.files import write
from ...engine.world import World
from .curve import MEASURES, Curve
from .knobs import label


def draw(rows: Sequence[dict[str, Any]], curve: Curve, out: Path) -> None:
    """Write curve.svg and curve.png: a panel for each value of the second knob, equal steps between
    values.

    Lines join the values of quantities. Values that have labels are no quantities: they stand
    apart, and those that are called alike stand together.
    """
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "goalshift", "font.size": 11, "axes.titlesize": 12})
    world, first, second = curve.world, curve.over, curve.by
    words = world.words(first.name)
    values = list(first.values)
    if callable(words):
        values.sort(key=lambda value: words(int(value)))
    panels = list(second.values) if second else [""]
    across = min(len(panels), 3)
    down = math.ceil(len(panels) / across)
    width = 1.2 + 6.0 * across if across == 1 else 4.6 * across
    size = (width, (5.2 if callable(words) else 4.4) * down)
    figure, axes = pyplot.subplots(
        down, across, figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    for k, panel in enumerate(panels):
        place = axes[k // across][k % across]
        _panel(place, [row for row in rows if row["by_value"] == panel], first.name, values, world)
        if second:
            place.set_title(f"{second.name} = {label(second.name, panel, world)}")
    for k in range(len(panels), across * down):
        axes[k // across][k % across].axis("off")
    shown = [e.low for row in rows for e in (row[m] for m in MEASURES) if e.low is not None]
    axes[0][0].set_ylim(max(-1.25, min([-0.05, *shown]) - 0.05), 1.06)
    for line in axes:
        line[0].set_ylabel("random policy 0, expert 1")
    title = f"{world.title} · trained at each value, judged on '{curve.split}'"
    figure.suptitle(title, fontsize=13)
    handles, labels = axes[0][0].get_legend_handles_labels()
    columns = 2 if across < 3 else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    for suffix in ("svg", "png"):
        picture = io.BytesIO()
        metadata = {"Date": None} if suffix == "svg" else {"Software": None}
        figure.savefig(picture, format=suffix, dpi=120, metadata=metadata)
        write(out / f"curve.{suffix}", picture.getvalue())
    pyplot.close(figure)


def _panel(
    axes: Axes, rows: Sequence[dict[str, Any]], name: str, values: list[str], world: World
) -> None:
    """Every measure at every value of the knob `name`, with its interval and a dot for each
    seed.
    """
    words = world.words(name)
    for nth, (measure, (what, colour, mark, line)) in enumerate(MEASURES.items()):
        aside = (nth - 1.5) * 0.18 if words else 0.0
        known = [
            (values.index(row["value"]) + aside, row[measure])
            for row in rows
            if row[measure].value is not None
        ]
        x = [at for at, _ in known]
        low, value, high = ([getattr(e, key) for _, e in known] for key in ("low", "value", "high"))
        if words:
            axes.vlines(x, low, high, color=colour, alpha=0.5, linewidth=1.6)
        else:
            axes.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0)
        style = "none" if words else line
        axes.plot(x, value, color=colour, linestyle=style, marker=mark, ms=5.5, label=what)
        for at, estimate in known:
            singles = [s for s in estimate.by_seed if s is not None]
            axes.plot([at] * len(singles), singles, ".", color=colour, alpha=0.35, markersize=4)
    axes.set_xticks(range(len(values)), [label(name, value, world) for value in values])
    if callable(words):
        axes.tick_params(axis="x", rotation=90)
    if words:
        for between in range(1, len(values)):
            axes.axvline(between - 0.5, color="#20233f", alpha=0.12, linewidth=0.8)
    axes.set_xlim(-0.5 if words else -0.3, len(values) - (0.5 if words else 0.7))
    axes.set_xlabel(_axis(name))
    axes.axhline(0, color="#20233f", linewidth=0.6)
    axes.grid(axis="y", color="#20233f", alpha=0.12)
    axes.spines[["top", "right"]].set_visible(False)


def _axis(name: str) -> str:
    """A knob as the label of an axis."""
    names = {
        "alpha": "share of training levels that are shifted (alpha)",
        "levels": "levels trained on (∞: new ones for ever)",
        "steps": "steps of training",
        "width": "units of the network's layers",
    }
    return names.get(name, name.removeprefix("world.").replace(".", ": "))
