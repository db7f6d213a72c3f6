"""Which actions do anything in a state: tried on copies, with the dice that are to come.

For clients that mask actions, and for texts. A mask is knowledge of the rules that what is seen
does not always hold: an agent that gets one is not to be compared with one that does not.
"""

from __future__ import annotations

import numpy as np

from ..vector import Vec
from ..world import World


class Moves:
    """Masks for states of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._vec: Vec | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_vec": None}

    def __call__(self, states: np.recarray) -> np.ndarray:
        """int8[n, L, A]: 1 where the action makes another state than staying (action 0) does, the
        other learners staying. Staying itself is always 1; where an episode is over all is 0.
        """
        n, learners, actions = len(states), self.world.learners, len(self.world.actions)
        tried = [(a, act) for a in range(learners) for act in range(1, actions)]
        copies = 1 + len(tried)
        if self._vec is None or self._vec.n != n * copies:
            self._vec = Vec(self.world, n * copies, "train", autoreset="off")
        self._vec.start_from(np.repeat(states, copies).view(np.recarray))
        chosen = np.zeros((n, copies, learners), np.int64)
        for k, (a, act) in enumerate(tried, 1):
            chosen[:, k, a] = act
        self._vec.step(chosen.reshape(-1, learners))
        after = self._vec.states.copy()
        after["face"][:, self.world.told_poses == 1] = 0  # it turns in pictures alone
        after["draws"] = 0
        raw = after.view(np.ndarray).view(np.uint8).reshape(n, copies, -1)
        moved = (raw[:, 1:] != raw[:, :1]).any(-1).reshape(n, learners, actions - 1)
        masks = np.ones((n, learners, actions), np.int8)
        masks[:, :, 1:] = moved
        masks[states["ended"] != 0] = 0
        return masks
