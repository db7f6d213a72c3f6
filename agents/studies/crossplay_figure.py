"""The picture of a cross-play: a matrix, and what a partner from elsewhere costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.patches import Rectangle

from ...engine.counts import counted
from ...engine.world import World
from .crossplay import Cross
from .picture_files import begin, lettered, save


def draw(cross: Cross, world: World, out: Path) -> list[Path]:
    """Write crossplay.svg and crossplay.png; returns their paths. Per cent of the expert's
    intended return, with the 95 % interval over levels.
    """
    begin(titles=12)
    k, names = len(cross.names), [*map(lettered, cross.names)]
    values = np.array([c.intended.value for c in cross.cells], np.float64).reshape(k, k)
    side = 2.6 + 1.15 * k
    figure, axes = pyplot.subplots(figsize=(side + 1.2, side), layout="constrained")
    shown = axes.imshow(100 * values, cmap="cividis", vmin=0, vmax=100)
    for place, cell in enumerate(cross.cells):
        i, j = divmod(place, k)
        figures = cell.intended
        value, low, high = (x or 0.0 for x in (figures.value, figures.low, figures.high))
        ink = "white" if value < 0.55 else "black"
        axes.text(j, i - 0.08, f"{100 * value:.0f}", ha="center", va="center", color=ink, size=15)
        around = f"[{100 * low:.0f}, {100 * high:.0f}]"
        axes.text(j, i + 0.27, around, ha="center", va="center", color=ink, size=8)
        if i == j:
            edge = {"fill": False, "ec": "#d55e00", "lw": 2.5}
            axes.add_patch(Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, **edge))
    axes.set_xticks(range(k), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(k), names)
    axes.set_xlabel("who sits in all other seats")
    axes.set_ylabel(f"who sits in seat {cross.seat}")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(shown, ax=axes, shrink=0.8)
    bar.set_label(f"return of '{world.intended.name}', per cent of the expert's")
    title = f"{world.title}: cross-play on '{cross.split}', {counted(cross.levels, 'level')}"
    figure.suptitle(lettered(title))
    costs = "; ".join(f"with {kind} {price.percent()} less" for kind, price in cross.price.items())
    axes.set_title(f"on the diagonal with itself; {costs}", fontsize=9)
    paths = save(figure, out / "crossplay", dpi=110)
    pyplot.close(figure)
    return paths
