"""Two sets of agents on the same levels: how far apart they are, and how sure that is.

Levels are shared, so they are resampled for both at once; agents are independent, so each set's
are resampled by themselves. The interval of a difference is as wide as its smaller set asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.levels.splits import split_of
from ...engine.world import World
from ..policies.policy import Policy
from .intervals import Estimate, Weights, tail, tidy
from .measure import Measured
from .references import Ruler, references
from .rollout import LEVELS, at_most, rollout

OTHER_SEEDS = 0x5EED  # keeps the resampling of one set's agents apart from the other's


@dataclass(frozen=True)
class Difference:
    """What one set earns of a goal on a split, normalised, the other, and the difference."""

    split: str
    goal: str
    ours: Estimate
    theirs: Estimate
    difference: Estimate  # ours less theirs
    one_each: bool  # a set of one agent: nothing is known of how much agents differ

    def __str__(self) -> str:
        sign = "" if self.difference.value is None or self.difference.value < 0 else "+"
        return (
            f"{self.split}, {self.goal}: {self.ours} against {self.theirs}:"
            f" {sign}{self.difference}" + " (illustration: one agent)" * self.one_each
        )


def weights_of(agents: int, levels: int, resamples: int, seed: int, other: bool) -> Weights:
    """How the agents of one set are resampled; `other`: of the set that is compared with."""
    weights = Weights(agents, levels, resamples, seed)
    if other:
        weights.by_seed = Weights(agents, levels, resamples, seed + OTHER_SEEDS).by_seed
    return weights


def difference(weights: Sequence[Weights], rows: Sequence[np.ndarray]) -> Estimate:
    """How much more the first of two sets has of a figure, given its value in every row of each
    set's weights.
    """
    ours, theirs = (row[1 + w.seeds :] for w, row in zip(weights, rows, strict=True))
    draws, value = ours - theirs, float(rows[0][0] - rows[1][0])
    draws = draws[np.isfinite(draws)]
    few = min(w.seeds for w in weights)
    cut = tail(few if few > 1 else weights[0].levels)
    low, high = np.quantile(draws, [cut, 1 - cut]) if len(draws) else (np.nan, np.nan)
    return Estimate(tidy(value), tidy(min(low, value)), tidy(max(high, value)), ())


def compare(
    ours: Sequence[Policy],
    theirs: Sequence[Policy],
    world: World,
    splits: Sequence[str],
    levels: int = LEVELS,
    seed: int = 0,
    resamples: int = 2000,
) -> list[Difference]:
    """The difference of every goal's normalised return on every split, with 95 % intervals."""
    found = []
    for name in splits:
        split = split_of(world, name)
        n = at_most(split, levels)
        ruler = Ruler(world, references(world, split, n, seed))
        weights = [
            weights_of(len(agents), n, resamples, seed, other)
            for agents, other in ((ours, False), (theirs, True))
        ]
        sets = [
            Measured(ruler, w, [rollout(world, agent, split, n, seed) for agent in agents])
            for w, agents in zip(weights, (ours, theirs), strict=True)
        ]
        for k, goal in enumerate(world.goals):
            rows = [measured.normalised(k) for measured in sets]
            each = [w.estimate(row) for w, row in zip(weights, rows, strict=True)]
            apart = difference(weights, rows)
            few = min(len(ours), len(theirs))
            found.append(Difference(name, goal.name, each[0], each[1], apart, few == 1))
    return found
