"""Several policies that act as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...engine.errors import UserError
from .policy import Policy


class Ensemble(Policy):
    """The action most members vote for; the earliest member among the tied decides."""

    def __init__(self, members: Sequence[Policy]) -> None:
        if not members:
            raise UserError("an ensemble needs at least one member")
        self.members = list(members)
        self.name = f"ensemble of {len(self.members)}"
        self.remembers = any(member.remembers for member in self.members)

    def start(self, n: int, agents: int) -> None:
        for member in self.members:
            member.start(n, agents)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        votes = np.stack([member.act(obs, states, fresh) for member in self.members])  # [M, N, L]
        backing = (votes[:, None] == votes[None, :]).sum(0)  # how many agree with member m
        return np.take_along_axis(votes, backing.argmax(0)[None], 0)[0]
