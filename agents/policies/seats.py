"""Several policies in one world: each agent is played by a policy of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .policy import Policy


class Seats(Policy):
    """Agent k acts as `who[k]` would in its place. One policy may sit in several seats."""

    def __init__(self, who: Sequence[Policy], name: str = "seats") -> None:
        self.who, self.name = tuple(who), name
        self.remembers = any(policy.remembers for policy in self.who)

    def start(self, n: int, agents: int) -> None:
        for policy in dict.fromkeys(self.who):
            policy.start(n, agents)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        told = {p: p.act(p.seen(obs, states), states, fresh) for p in dict.fromkeys(self.who)}
        return np.stack([told[policy][:, k] for k, policy in enumerate(self.who)], 1)
