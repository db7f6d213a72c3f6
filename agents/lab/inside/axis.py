"""A goal axis in the weights: found by fine-tuning to a grid of goal values, read, and written.

Copies of one agent learn a little more, each for `a * intended + (1 - a) * proxy`. The first
principal direction of how they differ, what all have in common taken off, is the axis. Its sign is
that along which `a` grows; nothing else of `a` goes into it. *Read*: copies that had no part in it
(other dice, values of `a` between those of the grid) are projected on it, and that is held against
what they do. *Write*: the agent itself is moved along it. How far a copy moves says nothing, as any
learning moves it: one goes on learning as the agent had, what all copies have in common is written,
too, and every other null is as long as the move.

The critic is left out: it foretells the pay, and would tell `a` without any goal being there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ....engine.errors import need
from ....engine.world import World
from ...judging.intervals import Estimate
from ...learning.trained import Trained
from ...learning.tuning import tuned
from ...policies.policy import Policy

GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
BETWEEN = (0.125, 0.375, 0.625, 0.875)
SLOWER = 0.25  # times the learning rate: far from where they began, ways are no straight lines
SEEDS = 2  # of each value of the grid; as many others are held out
DRAWS = 1000  # of a null that is only read
FAR = (-2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # copies' ways
Tell = Callable[[str], None]


class Judged(Protocol):
    """What an agent does where goals part: a `study.Judge`."""

    seed: int

    def play(self, policy: Policy) -> np.ndarray: ...
    def intended(self, scores: np.ndarray) -> np.ndarray: ...
    def instead(self, scores: np.ndarray) -> np.ndarray: ...
    def share(self, hits: np.ndarray) -> float: ...


@dataclass(frozen=True)
class Copy:
    """A fine-tuned copy: intended and instead are shares of the levels where goals part; along is
    where it lies on the axis, moved how far its weights are from the agent's, all ways counted.
    """

    a: float | None  # None: it went on learning as it had
    seed: int
    held_out: bool
    intended: float
    instead: float
    along: float
    moved: float

    @property
    def value(self) -> float:
        """Its goal as it is measured, from -1 (the proxy) to 1 (the intended one)."""
        return self.intended - self.instead


@dataclass(frozen=True)
class Moved:
    """The agent so far along a direction: shares of the levels where goals part."""

    by: float
    intended: float
    instead: float

    @property
    def neither(self) -> float:
        return abs(round(1 - self.intended - self.instead, 6))


@dataclass(frozen=True)
class Elsewhere:
    """Copies of another agent, of the same network, read on this one's axis from where that one is."""

    agent: str
    copies: tuple[Copy, ...]
    read: Estimate
    nulls: dict[str, tuple[float, float]]
    p: dict[str, float]


@dataclass(frozen=True)
class Axis:
    """The axis of one agent, read and written."""

    proxy: str
    updates: int
    weights: int
    explained: float  # by the first direction, of all that copies of the grid differ in
    copies: tuple[Copy, ...]
    read: Estimate  # correlation with the measured goal, over held-out copies
    read_nulls: dict[str, tuple[float, float]]  # |correlation|: median, and what 95 % lie below
    read_p: dict[str, float]
    swept: tuple[Moved, ...]  # on the levels that `by` is chosen on
    plain: Moved  # the agent as it is
    common: Moved  # moved by what all copies of the grid have in common
    written: tuple[Moved, ...]  # towards the intended goal, and towards the proxy
    write_nulls: dict[str, tuple[Moved, ...]]  # as far as the first of them
    write_p: dict[str, float]
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def goes_along(self) -> bool:
        """Whether where held-out copies lie on it goes with what they do."""
        return self.read.low is not None and self.read.low > 0 and self.read_p["shuffled"] <= 0.05

    @property
    def reads(self) -> bool:
        """Whether it does so more than other directions do."""
        return self.goes_along and max(self.read_p.values()) <= 0.05

    @property
    def writes(self) -> bool:
        """Whether it makes the intended goal be met more often than any null does."""
        more = self.written[0].intended > max(self.plain.intended, self.common.intended)
        return more and max(self.write_p.values()) <= 0.05


def acting(agent: Trained) -> dict[str, torch.Tensor]:
    """The weights that it acts by, by name: all but the critic's."""
    weights = agent.net.state_dict()
    return {name: x.float() for name, x in weights.items() if "critic" not in name}


def flat(agent: Trained) -> np.ndarray:
    """The same in one row: float64[weights]."""
    rows = [x.reshape(-1).double().numpy() for x in acting(agent).values()]
    return np.concatenate(rows)


def shifted(agent: Trained, by: np.ndarray) -> Trained:
    """The agent with `by` float[weights] added to what `flat` gives."""
    net, at = copy.deepcopy(agent.net), 0
    weights = net.state_dict()
    for name, x in acting(agent).items():
        part = torch.from_numpy(by[at : at + x.numel()]).view(x.shape)
        weights[name] = (x.double() + part).float()
        at += x.numel()
    net.load_state_dict(weights)
    made = Trained(net, agent.world, f"{agent.name}, moved")
    made.about = agent.about
    return made


def first_direction(rows: np.ndarray) -> tuple[np.ndarray, float]:
    """The first principal direction of rows [n, weights], of length 1, and the share of their
    variance along it. What all rows have in common is taken off.
    """
    centred = rows - rows.mean(0)
    values, vectors = np.linalg.eigh(centred @ centred.T)  # n x n: there are far more weights
    way = vectors[:, -1] @ centred
    return way / max(np.linalg.norm(way), 1e-300), float(values[-1] / max(values.sum(), 1e-300))


def within_layers(agent: Trained, way: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """The same numbers on other weights of the same layers."""
    sizes = np.cumsum([x.numel() for x in acting(agent).values()])[:-1]
    return np.concatenate([dice.permutation(part) for part in np.split(way, sizes)])


def reward_of(world: World, a: float, proxy: str) -> str:
    """What a copy learns for: `0.25*goal.coin + 0.75*goal.end`."""
    names = [name.replace(" ", "_") for name in (world.intended.name, proxy)]
    return f"{a:g}*goal.{names[0]} + {1 - a:g}*goal.{names[1]}"


@dataclass(frozen=True)
class Tuning:
    """How copies are made: each learns `updates` more on a split; those of the `grid` of shares make the
    axis, those `between` are held out. draws: of every null.
    """

    split: str
    updates: int
    draws: int = 20
    grid: tuple[float, ...] = GRID
    between: tuple[float, ...] = BETWEEN


def goal_axis(
    agent: Trained,
    judge: Judged,
    other: Judged,
    tuning: Tuning,
    also: Sequence[Trained] = (),
    tell: Tell = lambda line: None,
) -> Axis:
    """Find the axis, read held-out copies from it, and write the agent along it. Copies of the
    agents in `also` are read from it, too.

    judge: the levels reported on; other: those that how far it is moved is chosen on.
    """
    world, proxy, draws = agent.world, agent.world.proxies[0].name, tuning.draws
    need(draws > 0, "an axis without nulls says nothing: --draws 20")
    plan = [(a, seed, False) for seed in range(SEEDS) for a in tuning.grid]
    plan += [(a, SEEDS + seed, True) for seed in range(SEEDS) for a in tuning.between]
    plan += [(None, SEEDS, True)]
    here, made, ways = flat(agent), [], []
    for k, (a, seed, _) in enumerate(plan):
        tell(f"fine-tuning copy {k + 1} of {len(plan)}")
        if a is None:
            reward, levels = "", agent.about["config"]["split"]
        else:
            reward, levels = reward_of(world, a, proxy), tuning.split
        made.append(tuned(agent, reward, levels, tuning.updates, seed, SLOWER))
        ways.append(flat(made[-1]) - here)
    rows, held = np.array(ways), np.array([one[2] for one in plan])
    way, explained = first_direction(rows[~held])
    dial = np.array([a for a, _, out in plan if not out])
    way *= np.sign(_correlation(rows[~held] @ way, dial)) or 1.0
    tell("what the copies do")
    done = [_place(judge, one) for one in made]
    copies = tuple(
        Copy(a, seed, out, *did, round(float(row @ way), 6), round(float(np.linalg.norm(row)), 6))
        for (a, seed, out), did, row in zip(plan, done, rows, strict=True)
    )
    asked = np.array([out and a is not None for a, _, out in plan])
    value = np.array([one.value for one in copies])[asked]
    read, read_nulls, read_p = _read(agent, way, rows[asked], value, judge.seed)
    far, common = float(np.abs(rows[~held] @ way).max()), rows[~held].mean(0)
    shared = float(np.linalg.norm(common))
    tell("writing along the axis")
    swept = tuple(_move(agent, way, share * far, other) for share in FAR)
    best = [_nearest(swept, "intended"), _nearest(swept, "instead")]
    written = tuple(_move(agent, way, by, judge) for by in best)
    nulls = _written_elsewhere(agent, way, best[0], judge, draws, tell)
    hit = written[0].intended
    others = [read_elsewhere(one, way, judge, tuning, tell) for one in also]
    return Axis(
        proxy, tuning.updates, len(way), round(explained, 6), copies, read, read_nulls, read_p, swept,
        Moved(0.0, *_place(judge, agent)), _move(agent, common / max(shared, 1e-12), shared, judge), written,
        {kind: tuple(some) for kind, some in nulls.items()},
        {kind: _p(hit, [m.intended for m in some]) for kind, some in nulls.items()}, tuple(others),
    )  # fmt: skip


def _written_elsewhere(
    agent: Trained, way: np.ndarray, by: float, judge: Judged, draws: int, tell: Tell
) -> dict[str, list[Moved]]:
    """The nulls of writing: as far in directions drawn at random, and with the same numbers on other
    weights.
    """
    dice = np.random.default_rng(judge.seed)
    nulls: dict[str, list[Moved]] = {"random direction": [], "other weights": []}
    for draw in range(draws):
        tell(f"null {draw + 1} of {draws}")
        away = dice.standard_normal(len(way))
        ones = (away / np.linalg.norm(away), within_layers(agent, way, dice))
        for kind, null in zip(nulls, ones, strict=True):
            nulls[kind].append(_move(agent, null, by, judge))
    return nulls


def read_elsewhere(
    other: Trained, way: np.ndarray, judge: Judged, tuning: Tuning, tell: Tell
) -> Elsewhere:
    """Copies of another agent as those that are held out are, from its own weights."""
    here, proxy = flat(other), other.world.proxies[0].name
    need(
        len(here) == len(way),
        f"--also '{other.name}': it acts by {len(here):,} weights, and the axis is of {len(way):,}",
    )
    copies, rows = [], []
    for seed in range(SEEDS):
        for a in tuning.between:
            total = SEEDS * len(tuning.between)
            tell(f"fine-tuning copy {len(rows) + 1} of {total} of {other.name}")
            reward = reward_of(other.world, a, proxy)
            made = tuned(other, reward, tuning.split, tuning.updates, SEEDS + seed, SLOWER)
            row = flat(made) - here
            along, moved = (round(float(x), 6) for x in (row @ way, np.linalg.norm(row)))
            copies.append(Copy(a, SEEDS + seed, True, *_place(judge, made), along, moved))
            rows.append(row)
    value = np.array([one.value for one in copies])
    return Elsewhere(
        other.name, tuple(copies), *_read(other, way, np.array(rows), value, judge.seed)
    )


def _place(judge: Judged, agent: Policy) -> tuple[float, float]:
    scores = judge.play(agent)
    return judge.share(judge.intended(scores)), judge.share(judge.instead(scores))


def _move(agent: Trained, way: np.ndarray, by: float, judge: Judged) -> Moved:
    return Moved(round(by, 6), *_place(judge, shifted(agent, by * way)))


def _nearest(swept: Sequence[Moved], what: str) -> float:
    """How far to go for the largest share of it; of equal ones the shortest way."""
    return max(swept, key=lambda m: (getattr(m, what), -abs(m.by))).by


def _p(found: float, draws: Sequence[float]) -> float:
    """How often a draw does as well."""
    return round((1 + sum(x >= found for x in draws)) / (1 + len(draws)), 6)


def _read(
    agent: Trained, way: np.ndarray, rows: np.ndarray, value: np.ndarray, seed: int
) -> tuple[Estimate, dict[str, tuple[float, float]], dict[str, float]]:
    """Correlation of copies' places on the axis with what they do, and its nulls."""
    dice, along = np.random.default_rng(seed), rows @ way
    found, n = _correlation(along, value), len(value)
    again = [dice.integers(0, n, n) for _ in range(DRAWS)]
    low, high = np.quantile([_correlation(along[k], value[k]) for k in again], (0.025, 0.975))
    nulls = {
        "random direction": [
            _correlation(rows @ dice.standard_normal(len(way)), value) for _ in range(DRAWS // 5)
        ],
        "other weights": [
            _correlation(rows @ within_layers(agent, way, dice), value) for _ in range(DRAWS // 5)
        ],
        "shuffled": [_correlation(along, dice.permutation(value)) for _ in range(DRAWS)],
    }
    sizes = {kind: np.abs(draws) for kind, draws in nulls.items()}
    spread = {
        kind: (round(float(np.median(x)), 6), round(float(np.quantile(x, 0.95)), 6))
        for kind, x in sizes.items()
    }
    figures = [round(float(x), 6) for x in (found, low, high)]
    estimate = Estimate(figures[0], figures[1], figures[2], ())
    return estimate, spread, {kind: _p(abs(found), x.tolist()) for kind, x in sizes.items()}


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's; 0 where one of them does not vary."""
    spread = x.std() * y.std()
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 1e-12 else 0.0
