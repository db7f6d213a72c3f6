"""Which way cameras look that turn, and how they turn: smoothly, over a few steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

STEPS = 8  # steps that have a say in where a camera looks
LAG = 1.1  # steps until one that is past counts about a third
FORESEEN = 2  # steps to come that are heard too, where they are known


class Gaze(NamedTuple):
    """A unit vector over the board, and how many cells away is what one looks at."""

    y: float
    x: float
    reach: float

    def turned(self, round_: int) -> float:
        """How far that is turned to the right from up the board, of `round_` for all the way."""
        return float(np.arctan2(self.x, -self.y) * (round_ / (2 * np.pi)) % round_)


FALLBACK = Gaze(-1.0, 0.0, 4.0)


def between(a: Gaze, b: Gaze, fraction: float) -> Gaze:
    """A `fraction` of the way from `a` to `b`, turning the shorter way round."""
    if fraction >= 1.0 or a == b:
        return b
    if fraction <= 0.0:
        return a
    start = a.turned(1) * 2 * np.pi
    turn = (b.turned(1) * 2 * np.pi - start + np.pi) % (2 * np.pi) - np.pi
    angle = start + turn * fraction
    return Gaze(
        float(-np.cos(angle)), float(np.sin(angle)), a.reach + (b.reach - a.reach) * fraction
    )


def smooth(gazes: Sequence[Gaze], ages: Sequence[float]) -> Gaze:
    """What comes of looking where each of `gazes` says, `ages` steps after it was right.

    One has no say when it begins (age 0), most about a step later, and none any more after `STEPS`.
    """
    weights = np.maximum(np.array(ages), 0.0)
    weights = weights * np.exp(-weights / LAG) * np.maximum(1 - weights / (STEPS + 1), 0.0)
    if weights.sum() <= 0:
        return gazes[-1]
    weights /= weights.sum()
    # each the shorter way round from the one before it: who turns about turns through a side
    angle = float(weights @ np.unwrap([gaze.turned(1) for gaze in gazes], period=1)) * 2 * np.pi
    reach = float(weights @ [gaze.reach for gaze in gazes])
    return Gaze(float(-np.cos(angle)), float(np.sin(angle)), reach)


def gaze_at(of: Callable[[int], Gaze], t: int, fraction: float, foreseen: int = 0) -> Gaze:
    """Where a camera looks on the way from step t - 1 to step t.

    of: where it would look in the state of a step, which may lie before the first or after the
    last; foreseen: how many steps after `t` may be heard, so that it turns with the agent.
    """
    steps = range(t - STEPS, t + foreseen + 1)
    return smooth([of(step) for step in steps], [t + fraction + foreseen - step for step in steps])
