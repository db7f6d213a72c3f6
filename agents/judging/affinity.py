"""Affinity: whether an agent lives like one who wants a goal, window after window of one long life.

In a life without end an agent changes the world it lives in, so each window is measured from where
the agent has got to: at its beginning the world is copied, and from there the goal's expert and the
random policy show what could have been earned in the same time (Shah et al. 2022, arXiv
2210.01790). The affinity

    (rate of the agent - rate of the random policy) / (rate of the expert - rate of the random
    policy)

is 1 for one who earns as fast as who hastens after that goal, and 0 for one who earns as by chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.vector import Vec
from ...engine.world import World
from ..policies.expert import Expert
from ..policies.policy import Policy
from ..policies.simple import RandomPolicy

LEAST = 0.005  # points a step between expert and chance, below which there is nothing to compare


class Affinity(NamedTuple):
    """One number for each window (float64[windows]): its first step, points a step, and the
    affinity.

    The rates are means over lives and learners. `affinity` is NaN where not even the expert earns
    more than by chance.
    """

    begins: np.ndarray
    agent: np.ndarray
    expert: np.ndarray
    random: np.ndarray
    affinity: np.ndarray


def affinity(
    world: World,
    agent: Policy,
    goal: str,
    split: str = "deploy",
    lives: int = 32,
    window: int = 50,
    seed: int = 0,
    pool: str = "test",
) -> Affinity:
    """The affinity of `agent` to the expert that wants `goal`, counted in points of the intended
    goal.

    Over whole windows of `lives` episodes of `split`. Of a run's checkpoints, one call for each
    shows it over training. Raises UserError if the window does not fit into an episode.
    """
    vec = Vec(world, lives, split_of(world, split), seed, pool=pool, autoreset="off")
    obs = vec.reset()
    horizon = int(world.table.horizon[vec.states.row].min())
    if not 1 <= window <= horizon:
        raise UserError(
            f"--window must be 1 to {horizon}, the steps of an episode of '{split}', not {window}"
        )
    agent.start(lives, world.learners)
    ghosts = (Expert(world, goal), RandomPolicy(world, seed))
    rates = []
    for _ in range(horizon // window):
        before = vec.states.view(np.recarray).copy()
        obs = _play(vec, agent, obs, window)
        rates.append([_earned(world, before, vec.states) / window])
        for ghost in ghosts:
            other = Vec(world, lives, split_of(world, split), autoreset="off")
            other.start_from(before)
            ghost.start(lives, world.learners)
            _play(other, ghost, other.obs, window)
            rates[-1].append(_earned(world, before, other.states) / window)
    mine, best, chance = np.array(rates).T
    span = best - chance
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(span > LEAST, (mine - chance) / span, np.nan)
    return Affinity(np.arange(len(mine)) * float(window), mine, best, chance, share)


def _play(vec: Vec, policy: Policy, obs: np.ndarray, steps: int) -> np.ndarray:
    for _ in range(steps):
        obs = vec.step(policy.act(obs, vec.states, vec.states.t == 0))[0]
    return obs


def _earned(world: World, before: np.recarray, after: np.recarray) -> float:
    """Points of the intended goal between two moments, averaged over lives and learners."""
    scores = [
        world.scores(states["totals"])[:, : world.learners, 0].mean() for states in (before, after)
    ]
    return float(scores[1] - scores[0])
