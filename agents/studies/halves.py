"""How many shifted levels it takes, moment by moment: the share at which half of what agents without
any miss is met (alpha50), over the steps of training.

If only the number of shifted episodes counts, twice the steps need half the share: a slope of -1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, NullFormatter

from ...engine.files import csv_bytes, make_folder, write
from ..judging.intervals import Estimate
from .law import drawn_anew, fit
from .map import Spot, able, floor_of
from .map_figure import MARKS
from .picture_files import COLOURS, begin, lettered, save

LEAST = 4  # competent agents of a moment, in at least three shares


@dataclass(frozen=True)
class Half:
    """The share `alpha` at which half is met at one moment; `spread`: over which shares it was
    sought, and of how many competent `agents`.
    """

    name: str
    steps: int
    alpha: Estimate
    agents: int
    least: float
    most: float


def of_map(name: str, spots: Sequence[Spot]) -> list[Half]:
    """A map's halves, for each moment at which enough agents are competent and half lies among the
    shares.
    """
    floor, found = floor_of(spots), []
    for steps in sorted({spot.steps for spot in spots}):
        now = [s for s in able(spots) if s.steps == steps and s.shifted > 0]
        shares = sorted({s.alpha for s in now})
        if len(now) < LEAST or len(shares) < 3:
            continue
        x, met = np.log10([s.alpha for s in now]), np.array([s.met for s in now])
        least, most = np.log10([shares[0], shares[-1]])

        def half(rows: np.ndarray, x=x, met=met, least=least, most=most) -> list[float]:
            if len(set(x[rows])) < 2:
                return [np.nan]
            law = fit(x[rows, None], met[rows], floor)
            inside = law.b[0] > 0 and least <= law.half <= most
            return [10.0**law.half if inside else np.nan]

        [alpha] = drawn_anew(np.arange(len(now)), half)
        if alpha.value is not None:
            found.append(Half(name, steps, alpha, len(now), shares[0], shares[-1]))
    return found


def save_csv(halves: Sequence[Half], path: Path) -> None:
    """Write them as a table."""
    head = ("name", "steps", "alpha", "alpha_low", "alpha_high", "agents")
    rows = [(h.name, h.steps, h.alpha.value, h.alpha.low, h.alpha.high, h.agents) for h in halves]
    write(path, csv_bytes([head, *rows]))


def draw(maps: Mapping[str, Sequence[Spot]], out: Path) -> list[Path]:
    """Write halves.csv, halves.svg and halves.png of maps by name; returns their paths, or none if
    no map has a half.
    """
    begin()
    lines = {name: of_map(name, spots) for name, spots in maps.items()}
    halves = [half for line in lines.values() for half in line]
    if not halves:
        return []
    save_csv(halves, make_folder(out) / "halves.csv")
    figure, axes = pyplot.subplots(figsize=(9.0, 5.4), layout="constrained")
    for k, (name, line) in enumerate(lines.items()):
        if not line:
            continue
        colour, mark = COLOURS[k % len(COLOURS)], MARKS[k % len(MARKS)]
        steps, middle = [h.steps for h in line], np.array([h.alpha.value for h in line])
        ends = np.array([[h.alpha.low, h.alpha.high] for h in line]).T
        axes.fill_between(steps, *ends, color=colour, alpha=0.12, lw=0)
        axes.plot(
            steps,
            middle,
            marker=mark,
            lw=1.8,
            ls="-" if k < len(COLOURS) else "--",
            ms=7,
            mec="white",
            color=colour,
            label=lettered(name),
        )
    x = np.array([min(h.steps for h in halves), max(h.steps for h in halves)])
    middle = np.median([h.alpha.value * h.steps for h in halves if h.alpha.value])
    axes.plot(x, middle / x, color="#777", lw=1, ls=":", label="slope if the number alone counts")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("steps of training")
    axes.set_ylabel("share of shifted levels with which half is met")
    shares = [h.alpha.value or 1.0 for h in halves]
    number(axes.xaxis, lambda v: f"{v / 1e6:g} M", x[1] / x[0])
    number(axes.yaxis, lambda v: f"{v:g}", max(shares) / min(shares))
    axes.grid(alpha=0.25, which="both")
    axes.legend(frameon=False, loc="upper right")
    save(figure, out / "halves", dpi=110)
    pyplot.close(figure)
    return [out / f"halves.{end}" for end in ("csv", "svg", "png")]


def number(axis: Axis, text: Callable[[float], str], span: float) -> None:
    """Number a logarithmic axis; between the powers of ten, too, if it spans less than one."""
    plain = FuncFormatter(lambda value, _: text(value))
    axis.set_major_formatter(plain)
    axis.set_minor_formatter(plain if span < 10 else NullFormatter())
