"""A logistic law with intervals: how often something is met, against the logarithm of what was seen.

    share met = floor + (1 - floor) / (1 + exp(-(a + b . x)))

with a floor that is measured and not fitted (what is met by those who saw nothing) is fitted to
shares by maximum likelihood (the quasi-binomial of generalised linear models). How much of the
deviance it explains says how well x orders the shares; intervals come from drawing whole runs anew,
as the moments of one run are no independent experiments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..judging.intervals import CONFIDENCE, Estimate

RESAMPLES = 500
ROUNDS = 60  # of Newton's method, damped; it stops at 1e-9
RIDGE = 1e-5  # on the slopes, so that shares that are parted cleanly have a finite fit


class Fit(NamedTuple):
    """The law's numbers: `a`, `b` float64[K], the share of the deviance that it explains, and the
    floor that it stands on.
    """

    a: float
    b: np.ndarray
    explained: float
    floor: float = 0.0

    def at(self, x: np.ndarray) -> np.ndarray:
        """The shares at x float64[n, K]."""
        return self.floor + (1 - self.floor) * _logistic(self.a + x @ self.b)

    @property
    def half(self) -> float:
        """Where one half of what the floor leaves is met, if there is one x."""
        return -self.a / float(self.b[0]) if self.b[0] else float("nan")


def fit(x: np.ndarray, share: np.ndarray, floor: float = 0.0) -> Fit:
    """The law through shares float64[n] at x float64[n, K], above a floor from 0 to below 1."""
    above = np.clip((share - floor) / (1 - floor), 0.0, 1.0)
    middle, spread = x.mean(0), x.std(0)
    spread = np.where(spread > 0, spread, 1.0)
    inputs = np.column_stack([np.ones(len(x)), (x - middle) / spread])
    ridge = np.diag([0.0] + [RIDGE * len(x)] * x.shape[1])
    weights = np.zeros(inputs.shape[1])
    for _ in range(ROUNDS):
        now = _logistic(inputs @ weights)
        slope = inputs.T @ (above - now) - ridge @ weights
        bend = (inputs * (now * (1 - now))[:, None]).T @ inputs + ridge + 1e-9 * np.eye(len(slope))
        move = np.linalg.solve(bend, slope)
        move /= max(1.0, np.abs(move).max() / 2)
        weights += move
        if np.abs(move).max() < 1e-9:
            break
    b = weights[1:] / spread
    nothing = deviance(share, np.full(len(share), share.mean()))
    found = Fit(float(weights[0] - middle @ b), b, 0.0, floor)
    left = deviance(share, found.at(x))
    return found._replace(explained=1 - left / nothing if nothing > 0 else 0.0)


def deviance(share: np.ndarray, told: np.ndarray) -> float:
    """How far shares are from what is told of them: 0 if they are the same."""
    told = np.clip(told, 1e-12, 1 - 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(share > 0, share * np.log(share / told), 0.0)
        no = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - told)), 0.0)
    return float(2 * (yes + no).sum())


def drawn_anew(
    runs: np.ndarray, figures: Callable[[np.ndarray], list[float]], seed: int = 0
) -> list[Estimate]:
    """Figures of all rows, with intervals over runs: `runs` int[n] says whose each row is, and
    `figures` takes the numbers of rows.
    """
    dice = np.random.default_rng(seed)
    names = np.unique(runs)
    rows = [np.flatnonzero(runs == name) for name in names]
    told = np.array(
        [
            figures(np.concatenate([rows[k] for k in dice.integers(len(rows), size=len(rows))]))
            for _ in range(RESAMPLES)
        ]
    )
    return [_estimate(*pair) for pair in zip(figures(np.arange(len(runs))), told.T, strict=True)]


def _estimate(value: float, draws: np.ndarray) -> Estimate:
    """Unknown if it cannot be told for most draws, such as those of runs that are all alike."""
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(draws) < RESAMPLES / 2:
        return Estimate(None, None, None, ())
    edge = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(draws, [edge, 100 - edge])
    return Estimate(float(value), float(min(low, value)), float(max(high, value)), ())


def _logistic(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -40, 40)))
