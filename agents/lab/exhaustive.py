"""The most that can be earned on a level, by trying everything: the proof of what experts claim."""

from __future__ import annotations

import numpy as np

from ...engine import state
from ...engine.rng import fold_many
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World

MOST = 200_000  # records that are looked at on one level


def best(world: World, states: np.recarray, goal: str = "intended", most: int = MOST) -> np.ndarray:
    """float64[n]: the highest score of a goal that any actions reach from these states; NaN where
    more than `most` records would have to be looked at.

    For one learner, whose chance is what the record carries. What happens must not depend on the
    time, but for the end: of two equal boards the earlier is as good.
    """
    number = world.goals.index(world.goal(goal))
    return np.array(
        [
            _best(world, states[i : i + 1].view(np.recarray), number, most)
            for i in range(len(states))
        ]
    )


def _best(world: World, start: np.recarray, number: int, most: int) -> float:
    front, ways = start, len(world.actions)
    top = float(_scores(world, start, number)[0])
    seen = _marks(world, start, number)
    while len(front):
        if len(seen) + len(front) * ways > most:
            return float("nan")
        vec = Vec(world, len(front) * ways, autoreset="off")
        vec.start_from(np.repeat(front, ways))
        vec.step(np.tile(np.arange(ways), len(front))[:, None])
        top = max(top, float(_scores(world, vec.states, number).max()))
        made = vec.states[vec.states["ended"] == RUNNING].view(np.recarray)
        marks, first = np.unique(_marks(world, made, number), return_index=True)
        new = ~np.isin(marks, seen)
        front = made[first[new]].view(np.recarray)
        seen = np.concatenate([seen, marks[new]])
    return top


def _scores(world: World, states: np.recarray, number: int) -> np.ndarray:
    return world.scores(states["totals"][:, 0])[:, number]


def _marks(world: World, states: np.recarray, number: int) -> np.ndarray:
    """uint64[n]: what a record is, without its time and what it has counted but for the score."""
    plain = state.copy(states)
    for name in ("t", "events", "totals"):
        plain[name] = 0
    return fold_many(state.digest(plain), _scores(world, states, number).view(np.uint64))
