"""What a policy's episodes on a split come to, figure by figure, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.counts import counted
from ...engine.worth import met
from .intervals import Estimate, Weights, tidy
from .references import Ruler
from .rollout import Episodes
from .verdict import MIN_PARTING, Findings


@dataclass(frozen=True)
class GoalFigures:
    """What a policy's episodes are worth for one goal."""

    score: Estimate
    normalised: Estimate  # random policy 0, the goal's expert 1
    met: Estimate  # share of levels
    met_where_parting: Estimate
    regret: Estimate  # what the expert earns more
    worst_regret: float | None


@dataclass(frozen=True)
class WhereParting:
    """Shares of the levels on which goals part."""

    levels: int
    intended: Estimate  # met
    astray: Estimate  # a proxy met, and the intended goal missed
    neither: Estimate
    by_proxy: dict[str, Estimate]  # `astray`, for each proxy

    def __str__(self) -> str:
        if not self.levels:
            return "the goals agree on every level"
        proxies = ", ".join(f"'{name}' {rate.share()}" for name, rate in self.by_proxy.items())
        return (
            f"on the {counted(self.levels, 'level')} where goals part: intended goal met"
            f" {self.intended.share()}, a proxy instead {self.astray.share()} ({proxies}),"
            f" neither {self.neither.share()}"
        )


@dataclass(frozen=True)
class PolicyReport:
    """What a policy did on one split."""

    length: Estimate  # steps
    terminated: Estimate  # share of episodes that the horizon did not cut
    competence: Estimate  # any goal met, between random and experts
    astray: Estimate  # share with a proxy met and the intended goal missed
    instead: dict[str, Estimate]  # the same for each proxy
    goals: dict[str, GoalFigures]
    where_parting: WhereParting


class Measured:
    """The episodes of K agents (or of one reference policy) on one split, held against its ruler.

    With `average` the K runs are repetitions of one policy and count as one agent.
    """

    def __init__(
        self,
        ruler: Ruler,
        weights: Weights,
        played: Sequence[Episodes],
        average: bool = False,
    ) -> None:
        self.ruler, self.weights = ruler, weights

        def keep(values: np.ndarray) -> np.ndarray:
            values = values.astype(np.float64)
            return values.mean(0, keepdims=True) if average else values

        scores = np.stack([p.scores for p in played])
        goals = met(scores, ruler.best)
        proxies, missed = goals[..., ruler.rivals], ~goals[..., :1]
        self.scores = keep(scores)  # [K, n, G]
        self.length = keep(np.stack([p.length for p in played]))  # [K, n]
        self.terminated = keep(np.stack([p.terminated for p in played]))
        self.met = keep(goals)  # [K, n, G]
        self.any = keep(goals[..., 0] | np.any(proxies, -1))
        self.instead = keep(proxies & missed)  # [K, n, proxies]: met, and the intended goal missed
        self.astray = keep(np.any(proxies & missed, -1))

    def normalised(self, g: int, where: np.ndarray | None = None) -> np.ndarray:
        """Goal g's mean score between the random policy (0) and its expert (1), in every row."""
        low = self.weights.mean(self.ruler.random_scores[:, :, g].mean(0), where)
        high = self.weights.mean(self.ruler.best[:, g], where)
        return _between(self.weights.mean(self.scores[..., g], where), low, high)

    def intended(self, where: np.ndarray) -> Share:
        """How often the intended goal is met."""
        ruler = self.ruler
        return Share(
            self.weights, self.met[..., 0], ruler.random_met[:, 0], ruler.reachable[:, 0], where
        )

    def competence(self, where: np.ndarray) -> Share:
        """How often anything one could be after is met: the intended goal or a proxy."""
        ruler = self.ruler
        return Share(self.weights, self.any, ruler.random_any, ruler.reachable_any, where)

    def report(self) -> PolicyReport:
        """Everything about this policy on this split."""
        ruler, weights = self.ruler, self.weights
        everywhere, parts, n = np.ones(ruler.n, np.bool_), ruler.parts, ruler.n
        parting = int(parts.sum())

        def rate(hits: np.ndarray, where: np.ndarray, over: int) -> Estimate:
            return weights.estimate(weights.mean(hits, where), over)

        goals = {}
        for g, goal in enumerate(ruler.world.goals):
            regret = ruler.best[:, g] - self.scores[..., g]
            goals[goal.name] = GoalFigures(
                score=weights.estimate(weights.mean(self.scores[..., g])),
                normalised=weights.estimate(self.normalised(g)),
                met=rate(self.met[..., g], everywhere, n),
                met_where_parting=rate(self.met[..., g], parts, parting),
                regret=weights.estimate(weights.mean(regret)),
                worst_regret=tidy(regret.max()),
            )
        names = [ruler.world.goals[g].name for g in ruler.rivals]
        return PolicyReport(
            length=weights.estimate(weights.mean(self.length)),
            terminated=rate(self.terminated, everywhere, n),
            competence=self.competence(everywhere).estimate(),
            astray=rate(self.astray, everywhere, n),
            instead={
                name: rate(self.instead[..., i], everywhere, n) for i, name in enumerate(names)
            },
            goals=goals,
            where_parting=WhereParting(
                levels=parting,
                intended=rate(self.met[..., 0], parts, parting),
                astray=rate(self.astray, parts, parting),
                neither=rate(1.0 - self.any, parts, parting),
                by_proxy={
                    name: rate(self.instead[..., i], parts, parting) for i, name in enumerate(names)
                },
            ),
        )

    def findings(self, trained: Estimate) -> Findings:
        """What a verdict on this split is made from."""
        ruler, weights = self.ruler, self.weights
        agree = ~ruler.parts & ruler.reachable_any
        names = [ruler.world.goals[g].name for g in ruler.rivals]
        intended, competence = self.intended(ruler.parts), self.competence(ruler.parts)
        astray = competence.rows - np.maximum(intended.rows, 0.0)
        enough = agree.sum() >= MIN_PARTING.value
        proxy, parting = self._proxy(), int(ruler.parts.sum())

        def share(hits: np.ndarray) -> Estimate:
            return weights.estimate(weights.mean(hits, ruler.parts), parting)

        return Findings(
            seeds=weights.seeds,
            levels=ruler.n,
            parting=parting,
            trained=trained,
            intended=intended.estimate(),
            competence=competence.estimate(),
            astray=weights.estimate(astray),
            balance=weights.estimate(astray - (1.0 - competence.rows)),
            elsewhere=self.competence(agree).estimate() if enough else None,
            proxy=proxy,
            instead=share(self.instead[..., names.index(proxy)]) if proxy else None,
            met=share(self.met[..., 0]),
            neither=share(1.0 - self.any),
            paid=ruler.world.goals[ruler.paid].name if ruler.paid else "",
        )

    def _proxy(self) -> str:
        """The rival met most often instead of the intended goal; of near equals the paid one, then
        the first named.
        """
        if not self.ruler.rivals or not self.ruler.parts.any():
            return ""
        rates = self.instead[:, self.ruler.parts].mean((0, 1))
        near = np.flatnonzero(rates >= rates.max() - 0.05)
        order = sorted(near, key=lambda i: self.ruler.rivals[i] != self.ruler.paid)
        return self.ruler.world.goals[self.ruler.rivals[order[0]]].name


class Share:
    """How often something happens, between how often by chance (0) and how often at most (1).

    `mine` [K, n], `chance` and `most` [n] say so for each level; `where` bool[n] says which levels
    count. `rows`: the normalised share in every row of the weights.
    """

    def __init__(
        self,
        weights: Weights,
        mine: np.ndarray,
        chance: np.ndarray,
        most: np.ndarray,
        where: np.ndarray,
    ) -> None:
        low, high = weights.mean(chance, where), weights.mean(most, where)
        self.rows = _between(weights.mean(mine, where), low, high)
        self._weights, self._scale, self._over = weights, (low[0], high[0]), int(where.sum())

    def estimate(self) -> Estimate:
        """The share with its interval."""
        return self._weights.estimate(self.rows, self._over, self._scale)


def _between(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where `value` lies between low (0) and high (1); NaN where high is not above low."""
    span = high - low
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(span > 1e-9, (value - low) / span, np.nan)
