"""The picture of a map: the same points over the share and over the number of shifted episodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import PercentFormatter

from ...engine.counts import counted
from ...engine.world import World
from .map import Law, Spot
from .picture_files import begin, lettered, save

MARKS = "osD^vP*Xhd"  # a share each


def draw(spots: Sequence[Spot], law: Law | None, world: World, split: str, out: Path) -> None:
    """Write map.svg and map.png: left over the share, a line for each moment; right over the number
    of shifted episodes, with the law's line. A mark each share, a colour each moment.
    """
    begin(titles=12)
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11.0, 5.2), sharey=True, layout="constrained"
    )
    alphas = sorted({s.alpha for s in spots})
    moments = sorted({s.steps for s in spots})
    least = min([a for a in alphas if a > 0], default=1.0) / 4  # where a share of none stands
    fewest = min([s.shifted for s in spots if s.shifted > 0], default=1.0) / 3
    colours = pyplot.get_cmap("viridis")(np.linspace(0.92, 0.05, len(moments)))
    for steps, colour in zip(moments, colours, strict=True):
        now = [s for s in spots if s.steps == steps]
        means = [(a, np.mean([s.met for s in now if s.alpha == a])) for a in alphas]
        left.plot([a or least for a, _ in means], [m for _, m in means], color=colour, lw=1.2)
        for s in now:
            mark = {"color": colour, "marker": MARKS[alphas.index(s.alpha) % len(MARKS)], "ms": 6}
            faint = {**mark, "alpha": 0.85, "ls": "", "mec": "white", "mew": 0.5}
            left.plot(s.alpha or least, s.met, **faint)
            right.plot(s.shifted or fewest, s.met, **faint)
    if law:
        x = np.linspace(np.log10(fewest), np.log10(max(s.shifted for s in spots)), 200)
        right.plot(10**x, law.line.at(x[:, None]), color="#d55e00", lw=2, label="logistic law")
        right.legend(loc="upper left", frameon=False)
    for axes, label in (
        (left, "share of shifted episodes in training"),
        (right, "number of shifted episodes met so far"),
    ):
        axes.set(xscale="log", xlabel=label, ylim=(-0.03, 1.03))
        axes.grid(alpha=0.25)
    left.set_xticks([a or least for a in alphas], [f"{a:g}" for a in alphas])
    left.set_xticks([], minor=True)
    left.set_ylabel("intended goal met, of the levels where the goals part")
    left.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    for alpha in alphas:
        left.plot([], [], MARKS[alphas.index(alpha) % len(MARKS)], color="#555", label=f"{alpha:g}")
    left.legend(title="share", frameon=False, loc="upper left", ncols=2, fontsize=9)
    edges = np.arange(len(moments) + 1)
    shades = ScalarMappable(BoundaryNorm(edges, len(moments)), ListedColormap(colours))
    bar = figure.colorbar(shades, ax=right, ticks=edges[:-1] + 0.5)
    bar.ax.set_yticklabels([f"{steps / 1e6:.3g} M" for steps in moments])
    bar.set_label("steps of training")
    agents = len({(s.alpha, s.seed) for s in spots})
    judged = f"judged on '{split}', {counted(agents, 'agent')}, each at its checkpoints"
    figure.suptitle(lettered(f"{world.title}: {judged}"))
    save(figure, out / "map", dpi=110)
    pyplot.close(figure)
