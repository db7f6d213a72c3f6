"""How far it is: the steps of a walk to the nearest cell that a goal seeks, in every state at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ...engine.grid import DX, DY, inside, solid
from ...engine.jit import bind, specialise
from ...engine.world import World
from .search import chained, nowhere

seek: Any = nowhere  # what `specialise` binds: (goal, s, p, me, y, x) -> bool
LEARNERS = 0


def steps_to(s, p, goal, me, queue, far, seen, mark):
    """The length of a shortest walk to a cell the goal seeks; -1: there is none.

    `queue`, `far` and `seen` (int64[cells]) are scratch; `mark` is a number that `seen` does not
    hold yet.
    """
    width = s.tiles.shape[1]
    if seek(goal, s, p, me, s.y[me], s.x[me]):
        return 0
    queue[0] = s.y[me] * width + s.x[me]
    seen[queue[0]] = mark
    far[queue[0]] = 0
    head, tail = 0, 1
    while head < tail:
        cell = queue[head]
        head += 1
        for direction in range(1, 5):
            y, x = cell // width + DY[direction], cell % width + DX[direction]
            if not inside(s, y, x) or seen[y * width + x] == mark:
                continue
            there = y * width + x
            seen[there] = mark
            far[there] = far[cell] + 1
            if seek(goal, s, p, me, y, x):
                return far[there]  # asked before `solid`: some targets are bumped into
            if not solid(s, p, y, x):
                queue[tail] = there
                tail += 1
    return -1


def steps_many(states, table, goal, out):
    """`steps_to` of every learner of every state, into `out` (int64[N, L])."""
    cells = states[0].tiles.shape[0] * states[0].tiles.shape[1]
    queue, far = np.empty(cells, np.int64), np.empty(cells, np.int64)
    seen = np.zeros(cells, np.int64)
    mark = 0
    for i in range(len(states)):
        for me in range(LEARNERS):
            mark += 1
            out[i, me] = steps_to(states[i], table[states[i].row], goal, me, queue, far, seen, mark)


@lru_cache(maxsize=64)
def _flood(world: World) -> Callable:
    bindings: dict[str, Any] = {
        "seek": chained([goal.seek for goal in world.goals]),
        "LEARNERS": world.learners,
    }
    bindings["steps_to"] = bind(steps_to, **bindings)
    return specialise(steps_many, world.name, **bindings)


def distances(world: World, goal: str, states: np.recarray) -> np.ndarray:
    """Steps of every learner to the nearest cell that the goal seeks: int64[N, L]; -1 where no walk
    leads to one.
    """
    out = np.zeros((len(states), world.learners), np.int64)
    _flood(world)(states, world.table, world.goals.index(world.goal(goal)), out)
    return out


def nearness(world: World, goal: str, states: np.recarray, gamma: float) -> np.ndarray:
    """gamma ** distance, float64[N, L]: what a reward of 1 there would be worth now; 0 without a
    way.
    """
    far = distances(world, goal, states)
    return np.where(far >= 0, gamma ** far.astype(np.float64), 0.0)
