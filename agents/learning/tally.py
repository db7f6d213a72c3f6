"""What the episodes that ended during a rollout came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ...engine.world import World


class Ended(Protocol):
    """What is asked of the environments; see `Vec`."""

    @property
    def final_totals(self) -> np.ndarray: ...
    @property
    def final_length(self) -> np.ndarray: ...


class Tally:
    """Counts episodes, their lengths, and what they scored for every goal."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.episodes = self.length = 0
        self.scores = np.zeros(len(world.goals))

    def add(self, vec: Ended, ended: np.ndarray) -> None:
        """The episodes that have just ended in `vec`, where `ended` (bool[N])."""
        totals = vec.final_totals[ended][:, : self.world.learners]
        self.scores += self.world.scores(totals).mean(1).sum(0)
        self.length += int(vec.final_length[ended].sum())
        self.episodes += len(totals)

    def row(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Figures by name, `more` among them; None where no episode has ended."""

        def mean(total: float) -> float | None:
            return total / self.episodes if self.episodes else None

        goals = zip(self.world.goals, self.scores, strict=True)
        return {
            "episodes": self.episodes,
            "length": mean(self.length),
            **more,
            **{f"return/{goal.name}": mean(score) for goal, score in goals},
        }
