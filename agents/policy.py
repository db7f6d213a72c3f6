"""The one interface of whoever acts."""

from __future__ import annotations

import numpy as np


class Policy:
    """Maps what N environments show to actions, for all L learners at once."""

    name: str = "policy"

    def start(self, n: int, agents: int) -> None:
        """Get ready to act for `agents` learners in each of `n` environments, forgetting everything before."""

    def act(self, obs: np.ndarray, states: np.recarray, fresh: np.ndarray) -> np.ndarray:
        """int64[N, L] actions for `obs` (uint8[N, L, vh, vw]) and `states` (recarray[N]).

        `fresh` (bool[N]) marks the first observation of an episode.
        """
        raise NotImplementedError
