"""Do two goals part on levels, and where?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.vector import Vec
from ...engine.world import World
from ...engine.worth import met
from ..policies.expert import optimum
from . import survey
from .survey import NO_WAY, first_proxy


class Agreement(NamedTuple):
    """Do two goals part on n levels, and where?

    parts: either can be got, and the proxy's expert does not get the intended goal. step: when the
    two experts' paths first lead to different cells (-1: never). y, x: the cell where they leave
    each other, the decision square.
    """

    parts: np.ndarray
    step: np.ndarray
    y: np.ndarray
    x: np.ndarray


def agreement(
    world: World, states: np.recarray, proxy: str = "", goal: str = "intended"
) -> Agreement:
    """Where the experts of a goal and of a proxy (default: the world's first) part on `states`."""
    rival = first_proxy(world, proxy)
    plays = [optimum(world, name, states).actions for name in (goal, rival)]
    n = len(states)
    longest = max(len(actions) for actions in plays)
    paths, totals = [], []
    for actions in plays:
        vec = Vec(world, n, autoreset="off")
        vec.start_from(states)
        path = [np.stack([vec.states.y[:, 0], vec.states.x[:, 0]], -1)]
        for t in range(longest):
            vec.step(actions[t] if t < len(actions) else np.zeros((n, world.learners), np.int64))
            path.append(np.stack([vec.states.y[:, 0], vec.states.x[:, 0]], -1))
        paths.append(np.array(path))
        totals.append(world.scores(vec.states.totals)[:, : world.learners].mean(1))
    wanted, other = (world.goals.index(world.goal(name)) for name in (goal, rival))
    best, rivals = totals[0][:, wanted], totals[1][:, other]
    parts = (best > 0) & (rivals > 0) & ~met(totals[1][:, wanted], best)
    apart = (paths[0] != paths[1]).any(-1)
    step = np.where(apart.any(0), apart.argmax(0), NO_WAY)
    last = paths[0][np.maximum(step - 1, 0), np.arange(n)]
    return Agreement(parts, step, last[:, 0], last[:, 1])


def both(
    world: World, rival: str, goal: str, states: np.recarray, looked: survey.Ways
) -> tuple[np.ndarray, np.ndarray]:
    """bool[n] each: does who wants `rival` miss the goal, and do the two set out differently?"""
    other = survey.ways(world, rival, states, goal, effort=False)
    either = (looked.score > 0) & (other.score > 0)
    parts = either & ~met(other.earned, looked.score)
    return parts, either & (looked.ways & other.ways == 0)
