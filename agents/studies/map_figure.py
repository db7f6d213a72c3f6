"""The picture of a map: the same points over the share and over the number of shifted episodes; or
what is met, and met instead, over another knob.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import PercentFormatter

from ...engine.counts import counted
from ...engine.world import World
from .knobs import ALPHA
from .map import Law, Spot
from .picture_files import begin, lettered, save

MARKS = "osD^vP*Xhd"  # a share each


def draw(spots: Sequence[Spot], law: Law | None, world: World, split: str, out: Path) -> None:
    """Write map.svg and map.png: left over the share, a line for each moment; right over the number
    of shifted episodes, with the law's line. A mark each share, a colour each moment. A map over
    another knob shows on the right how often a proxy is met instead.
    """
    begin(titles=12)
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11.0, 5.2), sharey=True, layout="constrained"
    )
    over = spots[0].over
    moments = sorted({s.steps for s in spots})
    colours = pyplot.get_cmap("viridis")(np.linspace(0.92, 0.05, len(moments)))
    over_values(left, spots, "met", colours)
    if over == ALPHA:
        over_numbers(right, spots, law, colours)
        labels = ("share of shifted episodes in training", "number of shifted episodes met so far")
        left.set_ylabel("intended goal met, of the levels where the goals part")
    else:
        over_values(right, spots, "instead", colours)
        labels = (over, over)
        left.set_title("the intended goal met")
        right.set_title("a proxy met instead")
        left.set_ylabel("of the levels where the goals part")
    for axes, label in zip((left, right), labels, strict=True):
        axes.set(xscale="log", xlabel=label, ylim=(-0.03, 1.03))
        axes.grid(alpha=0.25)
        if axes is left or over != ALPHA:
            axes.set_xticks(*ticks(spots))
            axes.set_xticks([], minor=True)
    left.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    for k, value in enumerate(sorted({s.at for s in spots})):
        left.plot([], [], MARKS[k % len(MARKS)], color="#555", label=f"{value:g}")
    title = "share" if over == ALPHA else over.rpartition(".")[2]
    left.legend(title=title, frameon=False, loc="upper left", ncols=2, fontsize=9)
    edges = np.arange(len(moments) + 1)
    shades = ScalarMappable(BoundaryNorm(edges, len(moments)), ListedColormap(colours))
    bar = figure.colorbar(shades, ax=right, ticks=edges[:-1] + 0.5)
    bar.ax.set_yticklabels([f"{steps / 1e6:.3g} M" for steps in moments])
    bar.set_label("steps of training")
    agents = len({(s.at, s.seed) for s in spots})
    judged = f"judged on '{split}', {counted(agents, 'agent')}, each at its checkpoints"
    figure.suptitle(lettered(f"{world.title}: {judged}"))
    save(figure, out / "map", dpi=110)
    pyplot.close(figure)


def ticks(spots: Sequence[Spot]) -> tuple[list[float], list[str]]:
    """Where the axis's values stand, 0 beside the least of the others, and their texts."""
    values = sorted({s.at for s in spots})
    none = min([value for value in values if value > 0], default=1.0) / 4
    return [value or none for value in values], [f"{value:g}" for value in values]


def over_values(axes: Axes, spots: Sequence[Spot], what: str, colours: np.ndarray) -> None:
    """Each agent at each moment over the map's axis, and a line through each moment's means."""
    values = sorted({s.at for s in spots})
    places = dict(zip(values, ticks(spots)[0], strict=True))
    for steps, colour in zip(sorted({s.steps for s in spots}), colours, strict=True):
        now = [s for s in spots if s.steps == steps]
        known = [value for value in values if any(s.at == value for s in now)]
        means = [np.mean([getattr(s, what) for s in now if s.at == value]) for value in known]
        axes.plot([places[value] for value in known], means, color=colour, lw=1.2)
        for s in now:
            axes.plot(places[s.at], getattr(s, what), **look(values.index(s.at), colour))


def over_numbers(axes: Axes, spots: Sequence[Spot], law: Law | None, colours: np.ndarray) -> None:
    """The same agents over the number of shifted episodes that they had met, with the law."""
    values, moments = sorted({s.at for s in spots}), sorted({s.steps for s in spots})
    fewest = min([s.shifted for s in spots if s.shifted > 0], default=1.0) / 3
    for s in sorted(spots, key=lambda spot: spot.steps):
        colour = colours[moments.index(s.steps)]
        axes.plot(s.shifted or fewest, s.met, **look(values.index(s.at), colour))
    if law:
        x = np.linspace(np.log10(fewest), np.log10(max(s.shifted for s in spots)), 200)
        axes.plot(10**x, law.line.at(x[:, None]), color="#d55e00", lw=2, label="logistic law")
        axes.legend(loc="upper left", frameon=False)


def look(k: int, colour: np.ndarray) -> dict[str, Any]:
    """How a point of the k-th value is drawn."""
    mark = MARKS[k % len(MARKS)]
    return {
        "color": colour,
        "marker": mark,
        "ms": 6,
        "alpha": 0.85,
        "ls": "",
        "mec": "white",
        "mew": 0.5,
    }
