"""What makes a level worth training on: one number for each finished episode, higher is sooner.

    pvl          positive value loss: the mean of max(advantage, 0) (Jiang et al. 2021)
    mna          maximised negative advantage: how far the episode fell short of what the critic
                 promised, 0 on levels that were never won (Mead et al. 2026, arXiv 2601.14957)
    maxmc        the best return ever on the level, less the mean value of the states met
    maxmc_start  the same, less the value of the state it begins with: values late in an episode are
                 of what is left of it, and cannot be held against a whole return
    latest       the best return ever on the level, less this return
    oracle       what the paid goal's expert earns there, less this return: regret, where the
                 expert is exact
    learnability p (1 - p), p = (solved + 1) / (visits + 2)   (after Rutherford et al. 2024)
    shaped:ETA   the intended goal's regret less ETA times that of the best-met proxy: high where
                 the agent misses what is meant and still earns the proxy

A file of one's own that ends in `SCORE = Score(...)` stands where these names do (`plr:./mine.py`).

Returns are not discounted, and are the world's own, whatever the reward. Experts plan with every
state in view; where they are not exact, regret is a gap to the expert, and may be negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...engine.errors import UserError, need, or_rather
from ...engine.jit import kernel
from ...engine.roster import Roster
from ...engine.world import World
from ..policies.expert import optimum
from .mitigation import number


@dataclass(frozen=True)
class Lived:
    """Finished episodes, [k] each. scores, ideal: [k, G], of every goal; ideal is NaN unless the
    score asks for experts. best: the highest paid return on the level, with this one. visits,
    solved: with this one.
    """

    scores: np.ndarray
    ideal: np.ndarray
    positive: np.ndarray  # the mean of max(advantage, 0)
    short: np.ndarray  # the mean of `shortfall`, NaN unless the score asks for it
    value: np.ndarray  # the mean value of the states met
    opening: np.ndarray  # the value of the first of them
    best: np.ndarray
    visits: np.ndarray
    solved: np.ndarray
    paid: int  # the number of the paid goal

    @property
    def latest(self) -> np.ndarray:
        """The paid return."""
        return self.scores[:, self.paid]


@dataclass(frozen=True)
class Score:
    """How levels are scored; `experts`, `short`: whether `Lived.ideal` and `.short` are needed."""

    of: Callable[[Lived], np.ndarray]
    experts: bool = False
    short: bool = False

    def told(self, lived: Lived) -> np.ndarray:
        """float64[k]. UserError for anything else, as a file of one's own may give it."""
        found = np.asarray(self.of(lived))
        sound = found.shape == lived.best.shape and found.dtype.kind in "biuf"
        need(
            sound and np.isfinite(found).all(),
            "--curriculum: a score must give a finite number for each of the episodes",
        )
        return found.astype(np.float64)


@kernel
def shortfall(surprise, steps, gamma, lam, out):
    """Into out[k]: how far episode k fell short of the critic's word, averaged over its steps.

    surprise: float64[k, longest], temporal differences, of which the first steps[k] count. From
    each step on they are summed, discounted, and the running sum is cut at 0 from above; of those
    sums the lambda-average is taken, as generalised advantage estimation does.
    """
    for k in range(len(steps)):
        out[k] = 0.0
        for start in range(steps[k]):
            total, weight, discount, mean = 0.0, 1.0, 1.0, 0.0
            for t in range(start, steps[k]):
                total = min(total + discount * surprise[k, t], 0.0)
                mean += (1.0 - lam) * weight * total
                weight *= lam
                discount *= gamma
            out[k] -= (mean + weight * total) / steps[k]


def shaped(eta: float) -> Score:
    """Intended regret minus eta times proxy regret, of the proxy that was met best."""

    def of(e: Lived) -> np.ndarray:
        regret = e.ideal - e.scores
        proxy = regret[:, 1:].min(1) if regret.shape[1] > 1 else 0.0
        return regret[:, 0] - eta * proxy

    return Score(of, experts=True)


def learnability(e: Lived) -> np.ndarray:
    """p (1 - p) of what is believed of the rate of success."""
    p = (e.solved + 1) / (e.visits + 2)
    return p * (1 - p)


SCORES = {
    "pvl": Score(lambda e: e.positive),
    "mna": Score(lambda e: e.short * (e.best > 0), short=True),
    "maxmc": Score(lambda e: e.best - e.value),
    "maxmc_start": Score(lambda e: e.best - e.opening),
    "latest": Score(lambda e: e.best - e.latest),
    "oracle": Score(lambda e: e.ideal[:, e.paid] - e.latest, experts=True),
    "learnability": Score(learnability),
}


OWN = Roster("score", "agents/learning/scores", "SCORE", Score)  # none of which ships


def score_of(text: str) -> Score:
    """The score of that name, or in that file if the user has named it; UserError, with the closest
    name, if there is none.
    """
    name, _, value = text.partition(":")
    if name.endswith(".py") or name in OWN.names():
        return OWN.recall(name, f"--curriculum ...:{name}")
    if name == "shaped":
        return shaped(number("shaped", value or "1", 0, 100))
    if name not in SCORES:
        known = [*SCORES, "shaped", *OWN.names()]
        hint = or_rather(name, known) or f" (there are {', '.join(known)}; a file ends in .py)"
        raise UserError(f"--curriculum: no score '{name}'{hint}")
    return SCORES[name]


def name_code(curriculum: str) -> bool:
    """The user has named NAME:FILE as a curriculum: load the file, if it is one."""
    score = curriculum.partition(":")[2]
    if score.endswith(".py"):
        OWN.load(score)
    return score.endswith(".py")


def ideals(world: World, states: np.recarray) -> np.ndarray:
    """What each goal's expert earns of it from these starts: float64[k, G]."""
    if not len(states):
        return np.zeros((0, len(world.goals)))
    found = [optimum(world, goal.name, states).score.mean(1) for goal in world.goals]
    return np.stack(found, 1)
