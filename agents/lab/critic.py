"""Whose value is it? What a critic expects, beside what the experts of each goal still earn.

On every level where the goals part, one moment of the agent's own episode is drawn, up to the first
goal met of those that are earned once. From there the experts of the intended goal and of a proxy
play on. What each earns of its own goal, discounted as the agent was trained, is held against the
value by ranks (Spearman), and with the other's ranks held fixed (partial). The critic of an agent
that wants the intended goal follows the first, whatever the second does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...engine.levels.splits import split_of
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from ..judging.intervals import CONFIDENCE, Estimate, tidy
from ..judging.references import Ruler, references
from ..judging.rollout import at_most, rollout
from ..learning.trained import Trained
from ..policies.expert import Expert
from .posterior import until_met

LEAST = 16  # levels
NOTE = (
    "rank correlations; alone: with the ranks of the other held fixed; brackets: 95 % over levels"
)
RESAMPLES = 1000
FIGURES = ("both", "intended", "rival", "intended_alone", "rival_alone")
COLUMNS = (
    "agent",
    "world",
    "split",
    "proxy",
    "levels",
    *(name + end for name in FIGURES for end in ("", "_low", "_high")),
)
HEAD = (
    "AGENT",
    "LEVELS",
    "PROXY",
    "EXPERTS",
    "INTENDED",
    "PROXY'S",
    "INTENDED ALONE",
    "PROXY ALONE",
)


@dataclass(frozen=True)
class Followed:
    """How closely a value follows two experts' returns, with intervals over levels.

    `both`: how far these go together, by themselves. `intended` and `rival`: rank correlations of
    the value with each; `intended_alone` and `rival_alone`: with the other held fixed.
    """

    agent: str
    world: str
    split: str
    proxy: str
    levels: int
    both: Estimate
    intended: Estimate
    rival: Estimate
    intended_alone: Estimate
    rival_alone: Estimate

    def cells(self) -> tuple[str, ...]:
        """A row below `HEAD`."""
        return (self.agent, str(self.levels), self.proxy, *map(str, self.figures))

    def row(self) -> tuple[str | int | float | None, ...]:
        """A row below `COLUMNS`."""
        ends = (x for one in self.figures for x in (one.value, one.low, one.high))
        return (self.agent, self.world, self.split, self.proxy, self.levels, *ends)

    @property
    def figures(self) -> list[Estimate]:
        """In the order of `FIGURES`."""
        return [getattr(self, name) for name in FIGURES]


def followed(
    world: World, agent: Trained, split: str, levels: int, seed: int = 0, called: str = ""
) -> list[Followed]:
    """How closely the agent's value follows the experts, for each proxy that parts from the
    intended goal on at least LEAST levels. `called`: what rows call the agent.
    """
    chosen = split_of(world, split)
    n = at_most(chosen, levels)
    ruler = Ruler(world, references(world, chosen, n, seed))
    states, value = moments(world, agent, split, n, seed)
    gamma = float(agent.about.get("config", {}).get("gamma", world.training.get("gamma", 0.99)))
    meant = to_come(world, 0, states, gamma)
    found = []
    for goal, parts in zip(ruler.rivals, ruler.parts_from, strict=True):
        if parts.sum() >= LEAST:
            other = to_come(world, goal, states, gamma)
            figures = _estimates(np.stack([value, meant, other])[:, parts], seed)
            name = world.goals[goal].name
            about = (called or world.name, world.name, chosen.name, name, int(parts.sum()))
            found.append(Followed(*about, *figures))
    return found


def moments(
    world: World, agent: Trained, split: str, n: int, seed: int = 0
) -> tuple[np.recarray, np.ndarray]:
    """A moment of the agent's own episode on each level: recarray[n], and its value, float64[n]."""
    trace = rollout(world, agent, split, n, seed, trace=("states", "value")).trace
    assert trace is not None and trace.states is not None and trace.value is not None
    usable = until_met(world, trace.states, trace.running)
    dice = np.random.default_rng([seed, n])
    at = (dice.random(n) * usable.sum(0)).astype(np.int64)
    rows = np.arange(n)
    return trace.states[at, rows].view(np.recarray), trace.value[at, rows, 0].astype(np.float64)


def to_come(world: World, goal: int, states: np.recarray, gamma: float) -> np.ndarray:
    """What the goal's expert still earns of it from each state, discounted: float64[n]."""
    expert = Expert(world, world.goals[goal].name)
    vec = Vec(world, len(states), autoreset="off")
    vec.reset()
    obs, fresh = vec.start_from(states), np.ones(len(states), np.bool_)
    expert.start(len(states), world.learners)
    found, weight, before = np.zeros(len(states)), 1.0, _score(vec, goal)
    while (vec.states["ended"] == RUNNING).any():
        obs = vec.step(expert.act(obs, vec.states, fresh))[0]
        fresh = np.zeros(len(states), np.bool_)
        now = _score(vec, goal)
        found += weight * (now - before)
        weight, before = weight * gamma, now
    return found


def _score(vec: Vec, goal: int) -> np.ndarray:
    totals = vec.states["totals"][:, : vec.world.learners]
    return vec.world.scores(totals).mean(1)[:, goal]


def _estimates(series: np.ndarray, seed: int) -> list[Estimate]:
    """The figures of `Followed` from value, intended and rival: float64[3, n]."""
    n = series.shape[1]
    dice = np.random.default_rng([seed, n, 1])
    draws = np.array([_figures(series[:, dice.integers(n, size=n)]) for _ in range(RESAMPLES)])
    edge = (1 - CONFIDENCE) / 2
    found = []
    for value, column in zip(_figures(series), draws.T, strict=True):
        known = column[np.isfinite(column)]
        if not np.isfinite(value) or len(known) < RESAMPLES / 2:
            found.append(Estimate(None, None, None, ()))
            continue
        low, high = np.quantile(known, [edge, 1 - edge])
        found.append(Estimate(tidy(value), tidy(min(low, value)), tidy(max(high, value)), ()))
    return found


def _figures(series: np.ndarray) -> list[float]:
    """Rank correlations of three series, and the partial ones; NaN where one does not vary."""
    ranks = np.stack([_ranks(row) for row in series])
    ranks -= ranks.mean(1, keepdims=True)
    sizes = np.sqrt((ranks**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = ranks @ ranks.T / np.outer(sizes, sizes)
        both, meant, rival = r[1, 2], r[0, 1], r[0, 2]
        alone = (meant - rival * both) / np.sqrt((1 - rival**2) * (1 - both**2))
        other = (rival - meant * both) / np.sqrt((1 - meant**2) * (1 - both**2))
    return [float(x) for x in (both, meant, rival, alone, other)]


def _ranks(row: np.ndarray) -> np.ndarray:
    """Ranks, alike for what is alike: float64[n]."""
    _, place, count = np.unique(row, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]
