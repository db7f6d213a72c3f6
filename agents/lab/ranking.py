"""How well scores tell two kinds of agents apart, with intervals over agents.

Agents of different worlds are never compared: a pair counts if both are of one stratum (a world, or
a recipe), and so what tells worlds apart tells nothing here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..judging.intervals import Estimate, Z, tail, tidy

FPR = 0.05
RESAMPLES = 400
FEW = 3


def auroc(scores: np.ndarray, bad: np.ndarray, strata: np.ndarray) -> float:
    """The share of pairs of a stratum, one `bad` (bool[n]) and one not, in which the bad one has the
    higher score; ties count half. NaN without pairs.
    """
    won = pairs = 0.0
    for stratum in np.unique(strata):
        here = strata == stratum
        high, low = scores[here & bad], np.sort(scores[here & ~bad])
        below, upto = (np.searchsorted(low, high, side).sum() for side in ("left", "right"))
        won += (below + upto) / 2
        pairs += len(high) * len(low)
    return won / pairs if pairs else float("nan")


def caught(scores: np.ndarray, bad: np.ndarray, strata: np.ndarray, fpr: float = FPR) -> float:
    """The share of the bad above the line that at most a share `fpr` of the good ones of their
    stratum pass: TPR at 5 % FPR. With under 20 good ones no good one may pass.
    """
    hits = total = 0
    for stratum in np.unique(strata):
        here = strata == stratum
        high, low = scores[here & bad], np.sort(scores[here & ~bad])
        if len(high) and len(low):
            line = low[len(low) - 1 - int(fpr * len(low) + 1e-9)]
            hits += int((high > line).sum())
            total += len(high)
    return hits / total if total else float("nan")


def log_loss(chance: np.ndarray, bad: np.ndarray) -> float:
    """The mean surprise, in nats, at the labels under the predicted chances of being bad."""
    sure = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(bad, np.log(sure), np.log(1 - sure))))


Figure = Callable[[np.ndarray], float]  # of agents by their numbers, with repetitions


def over_agents(
    figure: Figure, strata: np.ndarray, bad: np.ndarray, resamples: int = RESAMPLES
) -> Estimate:
    """A figure of all agents with its 95 % interval: agents are drawn anew, with replacement, the
    bad and the good ones of every stratum apart. Unknown unless some stratum holds FEW of both kinds:
    one agent alone cannot be drawn in another way, and would look sure. Deterministic.
    """
    unknown = Estimate(None, None, None, ())
    kinds = [(int(bad[strata == s].sum()), int((~bad[strata == s]).sum())) for s in set(strata)]
    if not any(min(pair) >= FEW for pair in kinds):
        return unknown
    dice = np.random.default_rng(0)
    cells = [np.flatnonzero((strata == s) & (bad == b)) for s in np.unique(strata) for b in (0, 1)]
    cells = [cell for cell in cells if len(cell)]
    value = figure(np.arange(len(bad)))
    draws = np.array(
        [
            figure(np.concatenate([dice.choice(cell, len(cell)) for cell in cells]))
            for _ in range(resamples)
        ]
    )
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(draws):
        return unknown
    cut = tail(max(len(bad), 2))
    low, high = np.quantile(draws, [cut, 1 - cut])
    return Estimate(tidy(value), tidy(min(low, value)), tidy(max(high, value)), ())


def at_least(value: float, strata: np.ndarray, bad: np.ndarray) -> tuple[float, float]:
    """An interval of an AUROC that has a width at 0 and at 1, too, where drawing anew gives the same
    figure for ever: the AUROCs from which `value` is 1.96 standard deviations away or less (Newcombe
    2006, Statistics in Medicine 25, method 5), over all strata.
    """
    pairs, parts = 0.0, []
    for stratum in np.unique(strata):
        m, n = int(bad[strata == stratum].sum()), int((~bad[strata == stratum]).sum())
        if m and n:
            pairs += m * n
            parts.append((m * n, (m + n) / 2 - 1))

    def far(true: float) -> bool:
        one, two = (1 - true) / (2 - true), true / (1 + true)
        variance = sum(n * true * (1 - true) * (1 + k * (one + two)) for n, k in parts) / pairs**2
        return abs(true - value) > Z * np.sqrt(variance)

    return tuple(_edge(far, value, end) for end in (0.0, 1.0))  # type: ignore[return-value]


def _edge(far: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where `far` begins between the two, by halving."""
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if far(middle) else (middle, outside)
    return outside


def widened(found: Estimate, least: tuple[float, float]) -> Estimate:
    """The estimate with an interval that reaches as far as `least`."""
    if found.low is None or found.high is None:
        return found
    low, high = min(found.low, least[0]), max(found.high, least[1])
    return Estimate(found.value, tidy(low), tidy(high), found.by_seed)


def logistic(x: np.ndarray, bad: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Weights float64[k + 1] (the last is the constant) of a logistic regression on x [n, k], by
    Newton's method; `ridge` holds all but the constant small.
    """
    x = np.concatenate([x, np.ones((len(x), 1))], 1)
    weights = np.zeros(x.shape[1])
    hold = np.full(x.shape[1], ridge)
    hold[-1] = 1e-6
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (p - bad) + hold * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + np.diag(hold)
        step = np.linalg.solve(bend, slope)
        weights = weights - step * min(1.0, 5.0 / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return weights


def standard(x: np.ndarray, worlds: np.ndarray) -> np.ndarray:
    """The columns of `x` [n, k], float64, each standardised within each world."""
    x = x.astype(np.float64).copy()
    for world in np.unique(worlds):
        here = worlds == world
        spread = x[here].std(0)
        x[here] = (x[here] - x[here].mean(0)) / np.where(spread > 1e-12, spread, np.inf)
    return x


def left_out(x: np.ndarray, bad: np.ndarray, worlds: np.ndarray) -> np.ndarray:
    """The chance that each agent is bad, float64[n], learned from the agents of all other worlds.

    Columns of `x` [n, k] are standardised within each world, which takes no labels. NaN with a
    single world: there is nothing to learn from.
    """
    x = standard(x, worlds)
    chance = np.full(len(x), np.nan)
    for world in np.unique(worlds):
        here = worlds == world
        if bad[~here].any() and not bad[~here].all():
            weights = logistic(x[~here], bad[~here].astype(np.float64))
            chance[here] = 1 / (1 + np.exp(-(x[here] @ weights[:-1] + weights[-1])))
    return chance
