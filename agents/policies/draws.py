"""How an agent that has logits comes to an action: with dice that depend on nothing but the level.

The dice are a hash of a seed, level, episode, step and learner, so a level goes the same way
whatever else is in the batch, and every run of it is the same. That holds for actions at random,
too.
"""

from __future__ import annotations

import numpy as np

from ...engine.errors import RunError
from ...engine.rng import fold_many
from .policy import Sampling, episode_bits


def finite(logits: np.ndarray, name: str) -> np.ndarray:
    """The logits of the agent `name`. Raises RunError for NaN and infinities, which finite weights can
    come to, and of which the first action would be made.
    """
    if not np.isfinite(logits).all():
        raise RunError(
            f"the agent '{name}' gave logits that are not finite: its weights are too large"
        )
    return logits


class Draws:
    """Draws actions from logits. `greedy`: always the likeliest."""

    def __init__(self, seed: int = 0, greedy: bool = False) -> None:
        self.seed, self.greedy = seed, greedy
        self.start()

    def start(self) -> None:
        """Begin anew where there are no states to hash."""
        self._dice = np.random.default_rng(self.seed)

    def choose(
        self, logits: np.ndarray, sampling: Sampling, states: np.recarray | None
    ) -> np.ndarray:
        """Actions int64[N, L] from logits [N, L, actions]."""
        n, learners, actions = logits.shape
        bits = episode_bits(self.seed, states, learners) if states is not None else None
        if self.greedy or not sampling.temperature:
            chosen = logits.argmax(-1)
        else:
            u = self._units(n, learners, bits)
            upto = sampling.softmax(logits).cumsum(-1)
            chosen = np.minimum(
                (u[..., None] * upto[..., -1:] >= upto).sum(-1), actions - 1
            ).astype(np.int64)
        if sampling.epsilon:  # dice of their own, so that all other actions stay what they are
            u, v = (
                self._units(n, learners, fold_many(bits, k) if bits is not None else None)
                for k in (1, 2)
            )
            chosen = np.where(u < sampling.epsilon, (v * actions).astype(np.int64), chosen)
        return chosen

    def _units(self, n: int, learners: int, bits: np.ndarray | None) -> np.ndarray:
        """Numbers from 0 to below 1 out of random bits, or from the dice where there are none:
        float64[n, learners].
        """
        return (
            self._dice.random((n, learners)) if bits is None else (bits >> np.uint64(11)) * 2.0**-53
        )
