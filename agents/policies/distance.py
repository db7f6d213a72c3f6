"""How far it is: the steps of a walk to the nearest cell that a goal seeks, in every state at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ...engine.jit import bind, specialise
from ...engine.world import World
from .expert import flood
from .search import chained

LEARNERS = 0  # what `specialise` binds


def steps_many(states, table, goal, out):
    """The length of a shortest walk of every learner of every state to a cell the goal seeks, into
    `out` (int64[N, L]); -1: there is none.
    """
    cells = states[0].tiles.shape[0] * states[0].tiles.shape[1]
    queue, came = np.empty(cells, np.int64), np.empty(cells, np.int64)
    seen = np.zeros(cells, np.int64)
    mark = 0
    for i in range(len(states)):
        for me in range(LEARNERS):
            mark += 1
            cell = flood(states[i], table[states[i].row], goal, me, 0, queue, came, seen, mark)
            out[i, me] = -1
            while cell >= 0:
                out[i, me] += 1
                cell = came[cell]


@lru_cache(maxsize=64)
def _walks(world: World) -> Callable:
    seek = chained([goal.seek for goal in world.goals])
    return specialise(steps_many, world.name, LEARNERS=world.learners, flood=bind(flood, seek=seek))


def distances(world: World, goal: str, states: np.recarray) -> np.ndarray:
    """Steps of every learner to the nearest cell that the goal seeks: int64[N, L]; -1 where no walk
    leads to one.
    """
    out = np.zeros((len(states), world.learners), np.int64)
    _walks(world)(states, world.table, world.goals.index(world.goal(goal)), out)
    return out


def nearness(world: World, goal: str, states: np.recarray, gamma: float) -> np.ndarray:
    """gamma ** distance, float64[N, L]: what a reward of 1 there would be worth now; 0 without a
    way.
    """
    far = distances(world, goal, states)
    return np.where(far >= 0, gamma ** far.astype(np.float64), 0.0)
