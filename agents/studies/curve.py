"""Curves: one recipe trained anew at every value of a knob, several seeds each, and what came of
it.

A second knob draws a panel for each of its values. A folder holds everything, so a curve resumes
where it stopped:

    OUT/KNOB=VALUE[,KNOB=VALUE]/seed-K/        the runs; evaluation.json beside them
    OUT/curve.csv  curve.svg  curve.png
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...engine.catalogue import load
from ...engine.errors import need
from ...engine.files import csv_bytes, make_folder, write
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.evaluation import Evaluation
from ..judging.intervals import Estimate
from ..learning.config import TrainConfig, configure
from ..learning.files import EVALUATION
from ..learning.options import names
from .jobs import Plan, mean_shifted, options_of, run_all, seeds_of
from .knobs import Knob, in_digits, read

OPTIONS = names(TrainConfig, without=("world", "params", "seed", "threads"))
MOST_POINTS = 400
# In the order they are drawn: what, in words, colour (Okabe and Ito's), mark, line. All are
# normalised (random policy 0, expert 1) but `INSTEAD`, a share of the levels where the goals part.
INSTEAD = "instead"
MEASURES = {
    "trained": ("paid goal, held-out training levels", "#5b6183", "s", ":"),
    "intended": ("intended goal after the shift", "#0072b2", "o", "-"),
    "competence": ("competence: any goal met where they part", "#009e73", "^", "--"),
    INSTEAD: ("a proxy met instead of the intended goal", "#d55e00", "D", "-"),
}


@dataclass(frozen=True)
class Point:
    """One value of the first knob, one of the second ("" without one), and the folder of its
    runs.
    """

    value: str
    by_value: str
    home: Path


@dataclass(frozen=True)
class Curve:
    """What is trained and judged: a world, the knobs, and how every point is made.

    `text` names the world; the last of the plan's splits is where agents are judged.
    """

    text: str
    world: World
    over: Knob
    by: Knob | None
    plan: Plan

    @property
    def split(self) -> str:
        """Where agents are judged."""
        return self.plan.splits[-1]

    def points(self, out: Path) -> list[Point]:
        """Every point, panel after panel. UserError if they are too many."""
        pairs = [(a, b) for b in (self.by.values if self.by else ("",)) for a in self.over.values]
        n, seeds = len(pairs), self.plan.seeds
        need(
            n <= MOST_POINTS and n * seeds <= MOST_POINTS * 10,
            f"{n} points of {seeds} seeds are too many for a curve: at most {MOST_POINTS} points",
        )
        found = []
        for a, b in pairs:
            name = f"{self.over.name}={a}" + (f",{self.by.name}={b}" if self.by else "")
            found.append(Point(a, b, out / re.sub(r"[:/\\]", "-", name)))
        return found

    def recipe(self, point: Point) -> dict[str, Any]:
        """What is given to the learner, and to the world, at one point."""
        second = self.by.given(point.by_value) if self.by else {}
        return {**self.plan.given, **self.over.given(point.value), **second}


def curve_of(text: str, over: str, by: str, plan: Plan) -> Curve:
    """The curve that `over` and `by` ("": none) ask for, see `knobs.read`, in the world `text`.

    UserError if one of them makes no sense, or the plan gives the world what it lacks.
    """
    world = load(text)
    _, params = options_of(plan.given)
    numbers = {f"world.{name}": value for name, value in world.numbers(params).items()}
    first = in_digits(read(over, world, OPTIONS), world)
    second = in_digits(read(by, world, OPTIONS, "--by"), world) if by else None
    return Curve(text, world, first, second, replace(plan, given={**plan.given, **numbers}))


def make(curve: Curve, out: Path, show: Show = silent) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and evaluate what is missing in `out`, then write curve.csv of all that is there.

    Returns the points (plain data, see `figures_of`; `curve_figures` draws them) and a line for
    each failed job.
    """
    points, jobs = curve.points(out), []
    for point in points:
        recipe = curve.recipe(point)
        _check(curve, recipe)
        jobs += seeds_of(curve.text, point.home, replace(curve.plan, given=recipe))
    faults = run_all(out, jobs, curve.plan.place, show)
    rows = [figures_of(curve, point) for point in points if (point.home / EVALUATION).is_file()]
    if rows:
        save(rows, out)
    return rows, faults


def _check(curve: Curve, recipe: dict[str, Any]) -> None:
    """Raise UserError now rather than in the middle of the night if a point cannot be trained."""
    from ..learning.encoder import Shape

    options, params = options_of(recipe)
    world = curve.world
    split_of(world.with_params(**params), str(recipe.get("split", "train")))
    config = configure(curve.text, **options)
    sizes = (config.first, config.width, config.depth, config.patch, config.memory)
    Shape(world.view, len(world.symbols), len(world.actions), *sizes, net=config.net)


def figures_of(curve: Curve, point: Point) -> dict[str, Any]:
    """One point: the knobs, and every measure as an `Estimate`."""
    world, split = curve.world, curve.split
    evaluation = Evaluation.load(point.home / EVALUATION)
    agent = evaluation.splits[split].agent
    home_agent = evaluation.splits[evaluation.home].agent
    verdict = evaluation.verdicts.get(split)
    return {
        "world": world.name,
        "over": curve.over.name,
        "value": point.value,
        "by": curve.by.name if curve.by else "",
        "by_value": point.by_value,
        "shifted": mean_shifted([point.home / f"seed-{k}" for k in range(curve.plan.seeds)]),
        "trained": home_agent.goals[world.paid.name].normalised,
        "intended": agent.goals[world.intended.name].normalised,
        "competence": verdict.criteria["capable"] if verdict else agent.competence,
        INSTEAD: agent.where_parting.astray,
        "label": verdict.label if verdict else "",
        "seeds": len(evaluation.agents),
        "levels": evaluation.splits[split].levels,
    }


def save(rows: Sequence[dict[str, Any]], out: Path) -> None:
    """Write curve.csv into `out`."""
    knobs = ("world", "over", "value", "by", "by_value", "shifted")
    head = [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high", "_by_seed")]
    lines = [(*knobs[:-1], "shifted_share", *head, "verdict", "seeds", "levels")]
    for row in rows:
        figures: list[Any] = []
        for name in MEASURES:
            estimate: Estimate = row[name]
            singles = " ".join("" if x is None else f"{x:g}" for x in estimate.by_seed)
            figures += [estimate.value, estimate.low, estimate.high, singles]
        verdict = (row["label"], row["seeds"], row["levels"])
        lines.append((*(row[key] for key in knobs), *figures, *verdict))
    make_folder(out)
    write(out / "curve.csv", csv_bytes(lines))
