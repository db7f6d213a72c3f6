"""The figure of a goal axis: copies read from it, the agent written along it, and the nulls of both.

The same axis gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from ...studies.picture_files import begin, lettered, save
from .axis import Axis

INTENDED, PROXY, NEITHER, NULL = "#0072b2", "#d55e00", "#8a8fa3", "#7d5bb5"  # Okabe and Ito's


def draw(axis: Axis, goals: tuple[str, str], title: str, out: Path) -> None:
    """Write out.svg and out.png. goals: the intended one, and the proxy."""
    begin(titles=11)
    figure, (read, write, null) = pyplot.subplots(1, 3, figsize=(13.0, 4.0), layout="constrained")
    _read(read, axis, goals)
    _write(write, axis, goals)
    _nulls(null, axis, goals)
    for panel in (read, write, null):
        panel.grid(color="#20233f", alpha=0.12)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(lettered(title), fontsize=11)
    save(figure, out, dpi=110)
    pyplot.close(figure)


def _read(panel: Axes, axis: Axis, goals: tuple[str, str]) -> None:
    """Where copies lie, and what they do."""
    kinds = (
        ("made the axis", "none", [c for c in axis.copies if not c.held_out]),
        ("held out", INTENDED, [c for c in axis.copies if c.held_out and c.a is not None]),
        ("went on as before", NULL, [c for c in axis.copies if c.a is None]),
    )
    for label, face, some in kinds:
        edge = NULL if face == NULL else INTENDED
        places = [c.along for c in some], [c.value for c in some]
        panel.scatter(*places, s=46, facecolor=face, edgecolor=edge, label=label, zorder=3)
    panel.set_xlabel("place on the axis (read from the weights)")
    panel.set_ylabel(f"'{goals[0]}' met, less '{goals[1]}' instead")
    panel.set_ylim(-1.08, 1.08)
    panel.legend(frameon=False, fontsize=9, loc="lower right")
    panel.set_title(f"read: r = {axis.read} over held-out copies", loc="left")


def _write(panel: Axes, axis: Axis, goals: tuple[str, str]) -> None:
    """What the agent does so far along it."""
    x = [m.by for m in axis.swept]
    for words, colour, y in (
        (f"'{goals[0]}' met", INTENDED, [m.intended for m in axis.swept]),
        (f"'{goals[1]}' instead", PROXY, [m.instead for m in axis.swept]),
        ("neither", NEITHER, [m.neither for m in axis.swept]),
    ):
        panel.plot(x, y, "o-", color=colour, label=words, ms=4)
    panel.set_xlabel("moved so far along it")
    panel.set_ylabel("share of levels where goals part")
    panel.set_ylim(-0.04, 1.04)
    panel.legend(frameon=False, fontsize=9)
    panel.set_title("write: the agent itself, on the levels of the choice", loc="left")


def _nulls(panel: Axes, axis: Axis, goals: tuple[str, str]) -> None:
    """The chosen move on other levels, and as long ones elsewhere."""
    rows = [("as it is", [axis.plain], "o"), ("what copies share", [axis.common], "o")]
    ways = ("along it, to intended", "along it, to proxy")
    rows += [(words, [m], "o") for words, m in zip(ways, axis.written, strict=True)]
    rows += [(f"{kind}, {len(some)}", list(some), ".") for kind, some in axis.write_nulls.items()]
    dice = np.random.default_rng(0)
    for k, (_, some, mark) in enumerate(rows):
        aside = dice.uniform(-0.16, 0.16, len(some)) if len(some) > 1 else np.zeros(1)
        size = 8 if mark == "o" else 6
        for colour, y in ((INTENDED, "intended"), (PROXY, "instead")):
            shares = [getattr(m, y) for m in some]
            panel.plot(shares, k + aside, mark, color=colour, ms=size, alpha=0.8)
    panel.set_yticks(range(len(rows)), [words for words, _, _ in rows])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(-0.04, 1.04)
    panel.set_xlabel(f"'{goals[0]}' met (blue), '{goals[1]}' instead (orange)")
    panel.set_title("and as far in other directions", loc="left")
