"""Until when the intended goal could still be met: what an alarm has to come before.

A state is attainable if the goal's expert, playing on from there, meets the goal. Where walking is
enough and the expert cannot do better (`exact`), that is the truth; elsewhere an expert that fails
proves nothing, and the last attainable step found is the earliest that it can be.
"""

from __future__ import annotations

import numpy as np

from ...engine.world import World
from ...engine.worth import met
from ..policies.claim import EXACT, claim
from ..policies.expert import optimum


def exact(world: World) -> bool:
    """Is the intended goal's expert sure to meet it where it can be met?"""
    return claim(world).kind == EXACT


def attainable(world: World, states: np.recarray, best: np.ndarray) -> np.ndarray:
    """bool[n]: does the intended goal's expert meet the goal from these states? `best` float64[n] is
    what it earns from the level's start.
    """
    return met(optimum(world, "intended", states).score.mean(1), best)


def last_attainable(
    world: World, states: np.recarray, length: np.ndarray, best: np.ndarray
) -> np.ndarray:
    """int64[n]: the last step before which the goal was attainable, -1 if it never was.

    `states` recarray[T, n] before each step of episodes of `length` int64[n] steps. What is lost
    stays lost, so it is found by halving.
    """
    n = len(length)
    low, high = np.full(n, -1), length - 1  # the answer is among low..high
    while (low < high).any():
        middle = (low + high + 1) // 2
        ask = np.flatnonzero(low < high)
        here = states[middle[ask], ask].view(np.recarray)
        fine = attainable(world, here, best[ask])
        low[ask] = np.where(fine, middle[ask], low[ask])
        high[ask] = np.where(fine, high[ask], middle[ask] - 1)
    return low
