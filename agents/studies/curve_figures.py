"""The figures of a curve: a column of panels for each value of the second knob.

The same points give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ...engine.world import World
from .curve import INSTEAD, MEASURES, Curve
from .knobs import label
from .picture_files import begin, lettered, save


def draw(rows: Sequence[dict[str, Any]], curve: Curve, out: Path) -> None:
    """Write curve.svg and curve.png: a column for each value of the second knob, equal steps
    between values; above what is normalised, below how often a proxy is met instead.

    Lines join the values of quantities. Values that have labels are no quantities: they stand
    apart, and those that are called alike stand together.
    """
    begin(titles=12)
    world, first, second = curve.world, curve.over, curve.by
    words = world.words(first.name)
    values = list(first.values)
    if callable(words):
        values.sort(key=lambda value: words(int(value)))
    panels = list(second.values) if second else [""]
    width = 1.2 + 6.0 if len(panels) == 1 else 4.6 * len(panels)
    figure, axes = pyplot.subplots(
        2,
        len(panels),
        figsize=(width, 7.0 if callable(words) else 6.4),
        height_ratios=(3, 2),
        squeeze=False,
        sharex="col",
        sharey="row",
        layout="constrained",
    )
    normalised = [name for name in MEASURES if name != INSTEAD]
    for k, panel in enumerate(panels):
        mine = [row for row in rows if row["by_value"] == panel]
        above, below = axes[0][k], axes[1][k]
        _panel(above, mine, first.name, values, world, normalised)
        _panel(below, mine, first.name, values, world, [INSTEAD])
        below.set_xlabel(_axis(first.name))
        if second:
            above.set_title(lettered(f"{second.name} = {label(second.name, panel, world)}"))
    known = [row[name] for row in rows for name in normalised if row[name].low is not None]
    low, high = min([-0.05, *(e.low for e in known)]), max([1.0, *(e.high for e in known)])
    axes[0][0].set_ylim(max(-1.25, low - 0.05), min(2.25, high + 0.06))
    axes[0][0].set_ylabel("random policy 0, expert 1")
    axes[1][0].set_ylim(-0.03, 1.03)
    axes[1][0].set_ylabel("share of levels")
    axes[1][0].yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    title = f"{world.title}: judged on '{curve.split}'\n{made_of(rows)}"
    figure.suptitle(lettered(title), fontsize=12)
    (handles, labels), (more, told) = (place[0].get_legend_handles_labels() for place in axes)
    columns = 2 if len(panels) < 3 else 4
    figure.legend(
        [*handles, *more],
        [*labels, *told],
        loc="outside lower center",
        ncols=columns,
        frameon=False,
    )
    save(figure, out / "curve")
    pyplot.close(figure)


def made_of(rows: Sequence[dict[str, Any]]) -> str:
    """How many agents and levels stand behind each point, and what the band and the dots are."""
    seeds = sorted({int(row["seeds"]) for row in rows})
    levels = sorted({int(row["levels"]) for row in rows})
    agents, held = (" to ".join(map(str, sorted({n[0], n[-1]}))) for n in (seeds, levels))
    dots = ", a dot each" if seeds[-1] > 1 else ""
    each = "agent" if seeds == [1] else "agents"
    return f"{agents} {each} a point{dots}; {held} held-out levels; bands are 95 % intervals"


def _panel(
    axes: Axes,
    rows: Sequence[dict[str, Any]],
    name: str,
    values: list[str],
    world: World,
    measures: Sequence[str],
) -> None:
    """The measures at every value of the knob `name`, with intervals and a dot for each seed."""
    words = world.words(name)
    for nth, measure in enumerate(measures):
        what, colour, mark, line = MEASURES[measure]
        aside = (nth - (len(measures) - 1) / 2) * 0.18 if words else 0.0
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
            if len(singles) > 1:
                axes.plot([at] * len(singles), singles, ".", color=colour, alpha=0.35, ms=4)
    axes.set_xticks(range(len(values)), [lettered(label(name, value, world)) for value in values])
    if callable(words):
        axes.tick_params(axis="x", rotation=90)
    if words:
        for between in range(1, len(values)):
            axes.axvline(between - 0.5, color="#20233f", alpha=0.12, linewidth=0.8)
    axes.set_xlim(-0.5 if words else -0.3, len(values) - (0.5 if words else 0.7))
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
