"""Cross-play: who gets on with whom? Agents of several runs play together that never met.

A row sits in one seat of the world, a column in all the others, and the diagonal is a run with
itself, as it was trained. A partner of another seed, split or learner is a shift that no level
shows: the social one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...engine.errors import need
from ...engine.files import csv_bytes, make_folder, write
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.intervals import Estimate, Weights
from ..judging.measure import Measured
from ..judging.named import run
from ..judging.references import Ruler, references
from ..judging.rollout import at_most, rollout
from ..judging.runs import MAY_DIFFER, refuse_doubles
from ..learning.config import TrainConfig
from ..learning.trained import Trained
from ..policies.seats import Seats

MOST = 32  # runs: their squares are played
SELF, SEED, RECIPE = "itself", "another seed", "another recipe"  # what a partner is


@dataclass(frozen=True)
class Cell:
    """One run in the seat and another in the others. All figures are over held-out levels."""

    row: str
    column: str
    partner: str  # SELF, SEED or RECIPE
    intended: Estimate  # normalised, averaged over the agents
    own: Estimate  # the same of the row's agent alone
    met: Estimate  # the intended goal, share of levels
    instead: Estimate  # a proxy met, and the intended goal not: share of levels


@dataclass(frozen=True)
class Cross:
    """The whole matrix, row after row, and the price of a partner that was not trained with: the
    normalised intended return with itself less that with others (both ways), for each kind of other.
    """

    names: tuple[str, ...]
    split: str
    levels: int
    seat: int
    cells: tuple[Cell, ...]
    price: dict[str, Estimate]


def open_runs(runs: Sequence[str | Path]) -> tuple[World, list[Trained], list[str]]:
    """The world, the agents, and a name for each run that tells it apart.

    UserError unless all were trained in one world of several learners.
    """
    need(2 <= len(runs) <= MOST, f"cross-play takes 2 to {MOST} runs")
    refuse_doubles(runs)
    agents = [run(one) for one in runs]
    worlds = [a.world.with_params(**dict(config_of(a).params)) for a in agents]
    home = worlds[0]
    for one, world in zip(runs, worlds, strict=True):
        parts = ("name", "rows", "learners", "size")
        alike = all(getattr(world, part) == getattr(home, part) for part in parts)
        need(alike, f"'{one}' was trained in another world than '{runs[0]}', or with other params")
    need(
        home.learners > 1,
        f"in '{home.name}' these agents are alone: train with --world.learners 2, say",
    )
    for agent in agents:
        agent.world = home
    paths = [Path(one) for one in runs]
    short = [path.name for path in paths]
    names = short if len(set(short)) == len(short) else [f"{p.parent.name}/{p.name}" for p in paths]
    return home, agents, names if len(set(names)) == len(names) else [str(p) for p in paths]


def config_of(agent: Trained) -> TrainConfig:
    """How it was trained."""
    return TrainConfig.from_json(agent.about["config"])


def partner(one: Trained, other: Trained) -> str:
    """What the other is to the one."""
    if one is other:
        return SELF
    mine, theirs = config_of(one).to_json(), config_of(other).to_json()
    unlike = [k for k in {*mine, *theirs} - {*MAY_DIFFER} if mine.get(k) != theirs.get(k)]
    return RECIPE if unlike else SEED


def make(
    runs: Sequence[str | Path],
    split: str = "",
    levels: int = 256,
    seat: int = 0,
    seed: int = 0,
    show: Show = silent,
) -> Cross:
    """Play every run with every run on held-out levels of `split` (by default the judged one).

    UserError for runs that do not belong together, and a seat that there is not.
    """
    world, agents, names = open_runs(runs)
    need(0 <= seat < world.learners, f"--seat must be 0 to {world.learners - 1}, not {seat}")
    chosen = split_of(world, split or world.judged)
    n, k = at_most(chosen, levels), len(agents)
    ruler = Ruler(world, references(world, chosen, n, seed))
    one = Weights(1, n, 1000, seed)
    span = float((ruler.best[:, 0] - ruler.random_scores[..., 0].mean(0)).mean())
    need(span > 0, f"on '{chosen.name}' nothing can be earned of '{world.intended.name}'")
    cells, scores = [], np.zeros((k, k, n))
    for i, row in enumerate(agents):
        for j, column in enumerate(agents):
            show(k * i + j, k * k, f"{names[i]} with {names[j]}")
            who = [row if place == seat else column for place in range(world.learners)]
            played = rollout(world, Seats(who), chosen, n, seed)
            scores[i, j] = played.scores[:, 0]
            mine = Measured(ruler, one, [played])
            own = world.scores(played.totals[:, seat : seat + 1])[:, 0, 0]
            low = ruler.random_scores[..., 0].mean()
            cells.append(
                Cell(
                    row=names[i],
                    column=names[j],
                    partner=partner(row, column),
                    intended=one.estimate(mine.normalised(0)),
                    own=one.estimate((one.mean(own) - low) / span),
                    met=one.estimate(one.mean(mine.met[..., 0]), n),
                    instead=one.estimate(one.mean(mine.astray), n),
                )
            )
    kinds = np.array([cell.partner for cell in cells]).reshape(k, k)
    price = {
        kind: found
        for kind in (SEED, RECIPE)
        if (found := price_of(scores / span, kinds == kind, seed)) is not None
    }
    return Cross(tuple(names), chosen.name, n, seat, tuple(cells), price)


def price_of(scores: np.ndarray, others: np.ndarray, seed: int = 0) -> Estimate | None:
    """How much less is earned with these others than with oneself, over runs and levels.

    scores: float64[k, k, n]; others: bool[k, k], symmetric. None if no run has any.
    """
    with_any = np.flatnonzero(others.any(1))
    if not len(with_any):
        return None
    lost = []
    for i in with_any:
        both = (scores[i] + scores[:, i]) / 2  # in the seat, and in the others
        lost.append(scores[i, i] - both[others[i]].mean(0))
    weights = Weights(len(lost), scores.shape[-1], 1000, seed)
    return weights.estimate(weights.mean(np.array(lost)))


def save(cross: Cross, out: Path) -> Path:
    """Write crossplay.csv, a row for each cell; returns its path."""
    figures = ("intended", "own", "met", "instead")
    head = [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]
    lines: list[tuple[object, ...]] = [
        ("row", "column", "partner", "split", "levels", "seat", *head)
    ]
    for cell in cross.cells:
        found = [getattr(cell, name) for name in figures]
        place = (cell.row, cell.column, cell.partner, cross.split, cross.levels, cross.seat)
        lines.append((*place, *(x for e in found for x in (e.value, e.low, e.high))))
    path = make_folder(out) / "crossplay.csv"
    write(path, csv_bytes(lines))
    return path
