"""Maps: agents trained on several shares of shifted levels, or with several values of another knob,
judged all along their training.

One run gives a point at each of its checkpoints, so a map asks what neither a curve over shares nor
one over steps can: whether it is the *share* of shifted episodes that restores the intended goal,
or their *number*. The learning rate is kept constant, unless the plan says otherwise: where it
falls, a moment of a long run is not the end of a shorter one. A folder holds everything, so a map
resumes where it stopped:

    OUT/KNOB=VALUE/seed-K/        the runs, with their checkpoints; the knob is alpha, the share
    OUT/map.csv  map.svg  map.png
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from ...engine.catalogue import load
from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.files import csv_bytes, make_folder, read_csv, write
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.intervals import Estimate, Weights
from ..judging.measure import Measured
from ..judging.plain import from_plain
from ..judging.references import Ruler, references
from ..judging.rollout import rollout
from ..judging.verdict import CAPABLE
from ..learning.config import TrainConfig, configure
from ..learning.files import Log
from ..learning.options import names
from ..learning.ppo import resolve
from ..learning.run import history
from ..learning.trained import Trained
from ..learning.training import learner_of
from .jobs import Job, Plan, options_of, run_all, train_job
from .knobs import ALPHA, Knob, in_digits
from .knobs import read as read_knob
from .law import Fit, drawn_anew, fit

LEAST = 6  # points that a law is fitted to
HIGHEST = 0.95  # of a floor, as nothing is left to explain above it
TRIALS = 3  # updates that the speed is read from
MANY = 1e15  # steps or episodes: more is no count
AXIS = ("over", "value")  # columns that a map over the share does without
NOT_OVER = ("world", "params", "seed", "threads", "steps", "split", "keep", "save_every")


@dataclass(frozen=True)
class Spot:
    """One agent at one moment of its training.

    `met`, `instead` and `neither` are shares of the judged levels where the goals part; `trained`
    (paid goal on training levels) and `intended` (on judged levels) are normalised returns.
    `shifted`: episodes from outside the training split that it has met. Of a map over another knob
    than the share, `over` is its name and `value` what it was set to.
    """

    alpha: float
    seed: int
    steps: int
    shifted: float
    trained: float
    intended: float
    met: float
    instead: float
    neither: float
    over: str = ALPHA
    value: float = 0.0

    @property
    def at(self) -> float:
        """Where it stands on the map's axis."""
        return self.alpha if self.over == ALPHA else self.value


@dataclass(frozen=True)
class Order:
    """How much of the deviance of the shares met a knob's logarithm explains, that of the steps, and
    both, over competent agents, with intervals over runs.
    """

    points: int
    runs: int
    over: str
    value: Estimate
    steps: Estimate
    both: Estimate

    def __str__(self) -> str:
        return (
            f"deviance explained by {self.over} {self.value}, by the steps {self.steps}, by both"
            f" {self.both} ({counted(self.points, 'point')} of {counted(self.runs, 'run')})"
        )


@dataclass(frozen=True)
class Law:
    """What orders the shares met: how much deviance each explains, with intervals over runs.

    `episodes`, `alpha`, `both` (alpha and steps): of the logarithms. `more`: episodes less alpha.
    `ratio`: the slope over log steps divided by that over log alpha, 1 if only their product
    counts. `floor`: the share met by competent agents that have seen no shifted level (0 if there are
    none); all laws stand on it. `half`: shifted episodes after which half of what it leaves is met,
    if that lies among those seen.
    """

    points: int
    runs: int
    episodes: Estimate
    alpha: Estimate
    both: Estimate
    more: Estimate
    ratio: Estimate
    half: Estimate
    floor: float
    line: Fit

    def __str__(self) -> str:
        what = "half of the levels are met"
        if self.floor:
            what = f"above the {100 * self.floor:.0f} % that need none, half is met"
        half = f"{what} at no number of them that was seen"
        if self.half.value is not None:
            half = f"{what} after {in_thousands(self.half)} shifted episodes"
        return (
            f"deviance explained by the number of shifted episodes {self.episodes}, by their share"
            f" {self.alpha}, difference {self.more}; share and steps apart {self.both}, slope of"
            f" steps over slope of share {self.ratio}; {half}"
            f" ({counted(self.points, 'point')} of {counted(self.runs, 'run')})"
        )


def axis_of(text: str, world: str) -> Knob:
    """The axis that `--over KNOB=V,V,...` asks for: numbers, and none of them below 0. UserError."""
    found = load(world)
    knob = in_digits(read_knob(text, found, names(TrainConfig, without=NOT_OVER)), found)
    need(knob.name != ALPHA, "--over alpha: write --alpha A,A,...")
    try:
        sound = all(float(value) >= 0 for value in knob.values)
    except ValueError:
        sound = False
    need(sound, f"--over {knob.name}: a map goes over numbers of 0 or more, and a curve over words")
    return knob


def shares_of(alphas: Sequence[float]) -> Knob:
    """The axis of shares of shifted levels."""
    return Knob(ALPHA, tuple(f"{alpha:g}" for alpha in alphas))


def jobs_of(world: str, axis: Knob, points: int, out: Path, plan: Plan) -> list[Job]:
    """A training for every value and seed, seeds first, with `points` checkpoints along the way."""
    split = str(plan.given.get("split", "train"))
    fine = split in ("train", "deploy") or split.startswith("alpha=")
    need(fine, f"--set split={split}: a map trains on train, deploy or alpha=SHARE")
    jobs = []
    for seed in range(plan.seeds):
        for value in axis.values:
            own = {"keep": points, "seed": seed}
            given = {"anneal": False, **plan.given, **axis.given(value), **own}
            job = train_job(world, home_of(out, axis, value) / f"seed-{seed}", given)
            job.name = f"{axis.name}={value} seed-{seed}"
            jobs.append(job)
    return jobs


def home_of(out: Path, axis: Knob, value: str) -> Path:
    """The folder of the runs with this value."""
    return out / re.sub(r"[:/\\]", "-", f"{axis.name}={value}")


def core_hours(world: str, axis: Knob, jobs: Sequence[Job], plan: Plan) -> float:
    """What the trainings that are missing will cost, from a few updates made now, at the last of the
    axis's values.
    """
    left = [job for job in jobs if not job.done()]
    if not left:
        return 0.0
    own = {} if axis.name == ALPHA else axis.given(axis.values[-1])
    options, params = options_of({**plan.given, **own})
    config = configure(world, **options, params=params)
    learner = learner_of(load(world), resolve(replace(config, threads=1)))
    learner.update()
    began = time.perf_counter()
    for _ in range(TRIALS):
        learner.update()
    pace = TRIALS * config.envs * config.rollout / (time.perf_counter() - began)
    return len(left) * config.steps / pace / 3600


def make(
    world: str, axis: Knob, points: int, out: Path, plan: Plan, show: Show = silent
) -> tuple[list[Spot], list[str]]:
    """Train what is missing, judge every checkpoint on the last of the plan's splits, and write the
    CSV. Returns the spots, and one line for each run that failed.
    """
    faults = run_all(out, jobs_of(world, axis, points, out, plan), plan.place, show)
    _, params = options_of(plan.given)
    found = load(world).with_params(**params)
    spots: list[Spot] = []
    for value in axis.values:
        homes = [home_of(out, axis, value) / f"seed-{k}" for k in range(plan.seeds)]
        made = [spot for home in homes if home.is_dir() for spot in judge(found, home, plan, show)]
        if axis.name != ALPHA:
            made = [replace(spot, over=axis.name, value=float(value)) for spot in made]
        spots += made
    if spots:
        columns = [name for name in asdict(spots[0]) if axis.name != ALPHA or name not in AXIS]
        rows = [[getattr(spot, name) for name in columns] for spot in spots]
        write(make_folder(out) / "map.csv", csv_bytes([columns, *rows]))
    return spots, faults


def judge(world: World, run: Path, plan: Plan, show: Show = silent) -> list[Spot]:
    """One run at each of its checkpoints but the untrained one, in the world as it had it."""
    config = TrainConfig.from_json(Trained.load(run, world).about["config"])
    world = world.with_params(**dict(config.params))
    alpha = {"train": 0.0, "deploy": 1.0}.get(config.split)
    if alpha is None:
        alpha = float(config.split.removeprefix("alpha="))
    met = episodes_met(Log(run).rows())
    spots = []
    for path in history(run)[1:]:
        agent = Trained.load(path, world)
        steps = int(path.stem)
        home, away = (measured(world, agent, split, plan.levels) for split in plan.splits)
        parts = away.ruler.parts
        spots.append(
            Spot(
                alpha=alpha,
                seed=config.seed,
                steps=steps,
                shifted=met(steps),
                trained=float(home.normalised(home.ruler.paid)[0]),
                intended=float(away.normalised(0)[0]),
                met=float(away.met[0, parts, 0].mean()),
                instead=float(away.astray[0, parts].mean()),
                neither=float(1 - away.any[0, parts].mean()),
            )
        )
    return spots


def measured(world: World, agent: Trained, split: str, levels: int) -> Measured:
    """One agent's episodes on held-out levels of a split, against their references."""
    chosen = split_of(world, split)
    ruler = Ruler(world, references(world, chosen, levels, 0))
    return Measured(ruler, Weights(1, levels, 1, 0), [rollout(world, agent, chosen, levels)])


def episodes_met(rows: Iterable[dict]) -> Callable[[int], float]:
    """How many shifted episodes a run had met after so many steps, from its log."""
    steps, shifted, episodes = [0], [0.0], 0
    for row in rows:
        episodes += row["episodes"]
        steps.append(row["step"])
        shifted.append(episodes * row["shifted"])
    return lambda step: float(np.interp(step, steps, shifted))


def read(path: Path) -> list[Spot]:
    """The spots of a map.csv. Raises UserError."""
    whole = ("seed", "steps")
    try:
        head, rows = read_csv(path)
        kept = [f.name for f in fields(Spot) if f.name not in AXIS or set(AXIS) <= set(head)]
        as_is: dict[str, Callable[[str], object]] = {"over": str, **dict.fromkeys(whole, int)}
        spots = [from_plain(Spot, {n: as_is.get(n, float)(row[n]) for n in kept}) for row in rows]
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path}: no map (goalshift map writes one)") from None
    for number, spot in enumerate(spots, 1):
        shares = (spot.alpha, spot.met, spot.instead, spot.neither)
        sound = all(0 <= share <= 1 for share in shares) and 0 <= spot.shifted < MANY
        sound = sound and 0 < spot.steps < MANY and (spot.alpha > 0 or spot.shifted == 0)
        sound = sound and 0 <= spot.value < np.inf
        need(sound, f"{path}, row {number}: shares go from 0 to 1, and counts are finite")
    return spots


def able(spots: Sequence[Spot]) -> list[Spot]:
    """Those of competent agents, by the line of a verdict."""
    return [s for s in spots if 1 - s.neither >= CAPABLE.value]


def floor_of(spots: Sequence[Spot]) -> float:
    """The share met by competent agents that have seen no shifted level; 0 if there are none."""
    without = [s.met for s in able(spots) if s.shifted == 0]
    return min(float(np.mean(without)), HIGHEST) if without else 0.0


def law_of(spots: Sequence[Spot]) -> Law | None:
    """The law through the spots of competent agents that have met shifted levels; None if these are
    too few, or if all have met the same share or number of them.
    """
    used = [s for s in able(spots) if s.shifted > 0 and s.over == ALPHA]
    if len(used) < LEAST or len({s.alpha for s in used}) < 2:
        return None
    share = np.array([s.met for s in used])
    floor = floor_of(spots)
    alpha, steps, met = (
        np.log10([getattr(s, name) for s in used]) for name in ("alpha", "steps", "shifted")
    )
    runs = np.array([f"{s.alpha:g}/{s.seed}" for s in used])

    def figures(rows: np.ndarray) -> list[float]:
        by_number, by_share, apart = (
            fit(np.column_stack(x)[rows], share[rows], floor)
            for x in ((met,), (alpha,), (alpha, steps))
        )
        explained = [law.explained for law in (by_number, by_share, apart)]
        ratio = apart.b[1] / apart.b[0] if abs(apart.b[0]) > 1e-9 else np.nan
        half = by_number.half if met[rows].min() <= by_number.half <= met[rows].max() else np.nan
        return [*explained, explained[0] - explained[1], ratio, 10.0**half]

    episodes, by_share, both, more, ratio, half = drawn_anew(runs, figures)
    line = fit(met[:, None], share, floor)
    return Law(len(used), len(set(runs)), episodes, by_share, both, more, ratio, half, floor, line)


def order_of(spots: Sequence[Spot]) -> Order | None:
    """What orders the competent agents of a map over another knob than the share; None if they are
    too few, or all had the same value or steps.
    """
    used = [s for s in able(spots) if s.over != ALPHA and s.value > 0]
    if len(used) < LEAST or min(len({s.value for s in used}), len({s.steps for s in used})) < 2:
        return None
    share = np.array([s.met for s in used])
    value, steps = np.log10([s.value for s in used]), np.log10([s.steps for s in used])
    runs = np.array([f"{s.value:g}/{s.seed}" for s in used])

    def figures(rows: np.ndarray) -> list[float]:
        each = ((value,), (steps,), (value, steps))
        return [fit(np.column_stack(x)[rows], share[rows]).explained for x in each]

    explained = drawn_anew(runs, figures)
    return Order(len(used), len(set(runs)), used[0].over, *explained)


def in_thousands(estimate: Estimate) -> str:
    """ "2.1 k [1.5, 3.0]"."""
    assert estimate.value is not None and estimate.low is not None and estimate.high is not None
    value, low, high = (x / 1000 for x in (estimate.value, estimate.low, estimate.high))
    return f"{value:.2g} k [{low:.2g}, {high:.2g}]"
