"""A goal that nobody declared, scored on what agents did: `--goal "hoard: event.key - event.chest"`.

The text is that of `train --reward` (see `learning.reward`). No expert plans for such a goal, so
its scale runs from the random policy (0) to the best of the world's own experts (1), which may fall
short of the most that can be earned: an agent may have more than 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.replay import Replay
from ...engine.world import World
from ..learning.reward import Reward, parse
from ..policies.policy import Policy
from .intervals import Estimate, Weights
from .references import references
from .rollout import Episodes, at_most, rollout

CANDIDATES = 3  # events that are suggested
LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class Wanted:
    """A goal somebody thinks of: its name, and what it pays."""

    name: str
    text: str
    price: Reward

    @staticmethod
    def read(text: str, world: World) -> Wanted:
        """From "name: expression", or an expression alone. Raises UserError."""
        name, colon, expression = text.partition(":")
        name, expression = (name.strip(), expression.strip()) if colon else (text, text.strip())
        if colon and not name:
            raise UserError(f"--goal '{text}': a name is missing before ':'")
        if len(name) > LONGEST and colon:
            raise UserError(f"--goal: a name has at most {LONGEST} characters, not {len(name)}")
        price = parse(expression, world, "--goal")
        if price.shaped:
            raise UserError(
                f"--goal '{text}': shaped(...) says how a goal is learned, not what it is worth"
            )
        return Wanted(name.strip() or expression, expression, price)

    def scores(self, totals: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Its score for event totals int64[n, L, E] of so many steps [n], mean over the learners:
        float64[n].
        """
        earned = self.price.of(np.zeros_like(totals), totals).mean(-1) - self.price.step
        return earned + self.price.step * steps


@dataclass(frozen=True)
class WantedScore:
    """What such a goal's score came to on one split."""

    goal: str
    text: str
    split: str
    agent: Estimate
    normalised: Estimate  # random policy 0, the best of the known experts 1
    random: float
    experts: dict[str, float]  # by the goal that each wants

    def __str__(self) -> str:
        best = max(self.experts, key=lambda name: self.experts[name])
        return (
            f"{self.goal} on {self.split}: {self.agent} (random {self.random:.2f}, best known expert"
            f" '{best}' {self.experts[best]:.2f}; between them {self.normalised})"
        )


def score_goals(
    agents: Sequence[Policy],
    world: World,
    texts: Sequence[str],
    splits: Sequence[str],
    levels: int,
    seed: int = 0,
    resamples: int = 2000,
) -> tuple[list[WantedScore], dict[str, list[str]]]:
    """The goals on every split, with intervals over agents and levels; and, by split, events that
    the agents raise more than the expert of the intended goal and chance do, as goals to try.

    With no `texts` only the latter. Raises UserError for a text that is no goal.
    """
    goals = [Wanted.read(text, world) for text in texts]
    found, candidates = [], {}
    for name in splits:
        split = split_of(world, name)
        n = at_most(split, levels)
        known = references(world, split, n, seed)
        played = [rollout(world, agent, split, n, seed) for agent in agents]
        weights = Weights(len(agents), n, resamples, seed)
        for goal in goals:
            mine = np.stack([_of(goal, one) for one in played])
            low = np.mean([_of(goal, one) for one in known.random], 0)
            experts = {
                g.name: _of(goal, one) for g, one in zip(world.goals, known.experts, strict=True)
            }
            high = max(experts.values(), key=lambda scores: scores.mean())
            rows, zero, one = (weights.mean(x) for x in (mine, low, high))
            with np.errstate(invalid="ignore", divide="ignore"):
                between = np.where(np.abs(one - zero) > 1e-9, (rows - zero) / (one - zero), np.nan)
            means = {name: round(float(scores.mean()), 6) for name, scores in experts.items()}
            found.append(
                WantedScore(
                    goal.name,
                    goal.text,
                    name,
                    weights.estimate(rows),
                    weights.estimate(between),
                    round(float(low.mean()), 6),
                    means,
                )
            )
        candidates[name] = _candidates(world, played, known.experts[0], known.random)
    return found, candidates


def score_replay(replay: Replay, texts: Sequence[str], world: World) -> dict[str, float]:
    """Every goal's score of one recorded episode, by name."""
    totals = np.array(replay.totals)[None, : world.learners]
    steps = np.array([len(replay.actions)])
    goals = [Wanted.read(text, world) for text in texts]
    return {goal.name: round(float(goal.scores(totals, steps)[0]), 6) for goal in goals}


def _of(goal: Wanted, played: Episodes) -> np.ndarray:
    return goal.scores(played.totals[:, : played.world.learners], played.length)


def _candidates(
    world: World, played: Sequence[Episodes], intended: Episodes, random: Sequence[Episodes]
) -> list[str]:
    """Events that the agents raise most, beyond what the intended goal and chance bring, and how
    often, as words.
    """

    def usual(episodes: Sequence[Episodes]) -> np.ndarray:
        return np.mean([e.totals[:, : world.learners].mean((0, 1)) for e in episodes], 0)

    mine, meant, chance = usual(played), usual([intended]), usual(random)
    beyond = (mine - np.maximum(meant, chance)) / np.sqrt(np.maximum(meant, chance) + 0.1)
    order = [int(k) for k in np.argsort(-beyond) if beyond[k] > 0][:CANDIDATES]
    return [
        f"event.{world.events[k].replace(' ', '_')} ({mine[k]:.2f} an episode; expert of the"
        f" intended goal {meant[k]:.2f}, random {chance[k]:.2f})"
        for k in order
    ]
