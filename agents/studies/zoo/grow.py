"""Growing a zoo: runs of PPO as jobs, and banks of tiny nets; what is there is not made again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.catalogue import load
from ....engine.counts import whole
from ....engine.errors import UserError, did_you_mean, need
from ....engine.files import make_folder
from ....engine.levels.splits import name as name_levels
from ....engine.levels.splits import split_of
from ....engine.progress import Show, silent
from ....engine.world import World
from ...learning.config import TrainConfig, configure
from ...learning.encoder import Shape
from ...learning.files import CONFIG, KEPT, save_arrays
from ...learning.options import names, typed
from ..bank import measure
from ..bank.config import BankConfig
from ..bank.nets import Group
from ..bank.tiny import NAMES
from ..jobs import Job, Plan, options_of, train_job
from ..knobs import Knob, in_digits, read_all
from .nets import KIND, MOST, NETS

ALPHAS = "alpha=0,0.1,1"  # mostly misled, in between, and taught better
TOGETHER = 4  # seeds of a recipe that one process trains side by side: fewer starts, same bytes
OPTIONS = names(TrainConfig, without=("world", "params", "seed", "threads"))


@dataclass(frozen=True)
class Point:
    """One recipe: a world, the values of the knobs, and what learner and world are given."""

    text: str
    stratum: str
    name: str
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is asked for: `worlds` as texts, each at every value of the knobs that `over` writes."""

    worlds: Sequence[str]
    over: Sequence[str] = (ALPHAS,)
    plan: Plan = field(default_factory=Plan)

    def points(self, options: Sequence[str] = OPTIONS) -> list[Point]:
        """Every recipe; a value of a world's parameter makes it another world. Raises UserError."""
        found = []
        for text in self.worlds:
            world = load(text)
            knobs = [in_digits(knob, world) for knob in read_all(self.over, world, options)]
            values = itertools.product(*(knob.values for knob in knobs))
            found += [self._point(text, world, knobs, these) for these in values]
        agents = len(found) * self.plan.seeds
        need(agents <= MOST, f"these would be {agents:,} agents; at most {MOST:,} make a zoo")
        return found

    def _point(
        self, text: str, world: World, knobs: Sequence[Knob], values: tuple[str, ...]
    ) -> Point:
        given = dict(self.plan.given)
        inside, outside = [world.name], []
        for knob, value in zip(knobs, values, strict=True):
            given |= knob.given(value)
            about = inside if knob.name.startswith("world.") else outside
            about.append(f"{knob.name.removeprefix('world.')}={value}")
        return Point(text, ",".join(inside), ",".join(outside) or "plain", given)


def jobs_of(wanted: Wanted, out: Path) -> list[Job]:
    """The trainings, the first seeds of every recipe first, so that a zoo is balanced at any time.

    Raises UserError, before anything runs, if a recipe makes no sense.
    """
    points, jobs = wanted.points(), []
    for point in points:
        options, params = options_of(point.given)
        config = configure(point.text, **options)
        world = load(point.text).with_params(**params)
        split_of(world, config.split)
        name_levels(config.split)  # by whoever asks
        sizes = (config.first, config.width, config.depth, config.patch, config.memory)
        Shape(world.view, len(world.symbols), len(world.actions), *sizes)
    for first in range(0, wanted.plan.seeds, TOGETHER):
        seeds = range(first, min(first + TOGETHER, wanted.plan.seeds))
        for point in points:
            jobs += _jobs(point, out / point.stratum / point.name, seeds)
    return jobs


def _jobs(point: Point, home: Path, seeds: range) -> list[Job]:
    """These seeds of a recipe: one job where none has begun, else a job for each."""
    folders = [home / f"seed-{seed}" for seed in seeds]
    alone = [
        train_job(point.text, folder, {**point.given, "seed": seed})
        for seed, folder in zip(seeds, folders, strict=True)
    ]
    inside = f"{point.stratum}/{point.name}/seed-"
    for seed, job in zip(seeds, alone, strict=True):
        job.name = f"train {inside}{seed}"
    if len(alone) == 1 or any((folder / CONFIG).exists() for folder in folders):
        return alone
    first = alone[0]

    def words() -> list[str]:
        *plain, _, force = first.words()  # ... --out FOLDER --force
        return [*plain, str(home / "seed"), force, f"--seeds={len(seeds)}"]

    return [
        Job(
            f"train {inside}{seeds[0]} to {seeds[-1]}",
            words,
            lambda: all(job.done() for job in alone),
            reads=(*folders, *first.reads[1:]),
            writes=tuple(folders),
        )
    ]


def banks(wanted: Wanted, out: Path, threads: int = 1, show: Show = silent) -> list[Path]:
    """Train a bank of `wanted.plan.seeds` nets at every point; returns their files.

    A bank that is there is left as it is. Raises UserError if a recipe makes no sense.
    """
    points, found = wanted.points(names(BankConfig)), []
    asked = [_bank(point, wanted.plan.seeds) for point in points]
    for k, (point, bank) in enumerate(zip(points, asked, strict=True)):
        path = out / point.stratum / point.name / NETS
        found.append(path)
        if not path.exists():
            bank.train(path.parent, threads, _within(show, k, len(points), point))
        show(k + 1, len(points), f"{point.stratum}/{point.name}")
    return found


def _within(show: Show, k: int, parts: int, point: Point) -> Show:
    """Progress of the k-th of `parts`."""

    def within(done: float, total: float, remark: str = "") -> None:
        show(k + done / max(total, 1), parts, f"{point.stratum}/{point.name}")

    return within


def _bank(point: Point, nets: int) -> Bank:
    params = {
        name.removeprefix("world."): value
        for name, value in point.given.items()
        if name.startswith("world.")
    }
    options = {name: v for name, v in point.given.items() if not name.startswith("world.")}
    keep, known = options.pop("keep", 0), names(BankConfig)
    for name in options:
        need(name in known, f"a bank has no option '{name}'.{did_you_mean(name, known)}")
    plain = load(point.text)
    world, numbers = plain.with_params(**params), plain.numbers(params)
    config = BankConfig(
        **{
            "gamma": world.training.get("gamma", 0.95),
            **typed(BankConfig, options),
            "nets": nets,
            "measures": 1,
        }
    )
    split_of(world, config.split)
    most = min(config.updates, 1000)
    kept = whole(str(keep))
    if kept is None or kept > most:
        raise UserError(f"--set keep={keep}: from 0 to {most:,} checkpoints are kept")
    return Bank(world, config, numbers, kept)


@dataclass(frozen=True)
class Bank:
    """A bank to be trained; `keep`: how many checkpoints stay, evenly spaced, besides the untrained."""

    world: World
    config: BankConfig
    params: Mapping[str, float]
    keep: int

    def times(self) -> list[int]:
        """After how many updates weights are kept; the last is the end."""
        if not self.keep:
            return [self.config.updates]
        marks = np.linspace(0, self.config.updates, self.keep + 1)
        return [int(mark) for mark in np.unique(marks.round())]

    def train(self, home: Path, threads: int, show: Show) -> None:
        """Train it, and write the weights of all its nets; those of the end last, for where they
        are the bank is done.
        """
        times = self.times()
        groups: dict[tuple[int, int], list[np.ndarray]] = {}

        def keep(number: int, update: int, group: Group) -> None:
            if update in times:
                weights = [weight.detach().numpy().copy() for weight in group.weights]
                groups[update, number] = weights

        measure.train(self.world, self.config, (), threads, show, on_the_way=keep)
        for update in times if self.keep else ():
            self._save(home / KEPT / f"{update:06}", groups, update)
        self._save(home, groups, self.config.updates)

    def _save(
        self, home: Path, groups: Mapping[tuple[int, int], list[np.ndarray]], update: int
    ) -> None:
        mine = [groups[key] for key in sorted(groups) if key[0] == update]
        arrays = {
            name: np.concatenate([weights[i] for weights in mine])[: self.config.nets]
            for i, name in enumerate(NAMES)
        }
        n, inputs, width = arrays["w"].shape
        about = {
            "kind": KIND,
            "world": self.world.name,
            "params": dict(self.params),
            "config": vars(self.config),
            "nets": n,
            "inputs": inputs,
            "width": width,
            "actions": len(self.world.actions),
        }
        make_folder(home)
        save_arrays(home / NETS, arrays, about)
