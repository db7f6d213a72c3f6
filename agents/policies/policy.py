"""Whoever acts: one interface for all, and what a learned policy can be asked beside.

A policy is started once for a batch and then asked for actions, step after step. Learned policies
look at the observations, experts at the states; neither sees the reward. Policies never touch the
environments they act in, so the same policy can be trained, evaluated, filmed and watched.
"""

from __future__ import annotations

import numpy as np

from ...engine import rng


class Policy:
    """Base class and interface.

    `name` labels tables and films. `start(n, agents)` is called before the first `act` of a batch
    of `n` environments with `agents` learners each, and forgets everything. `act` gets

    - `obs`: uint8[N, L, vh, vw], the symbols each learner sees,
    - `states`: recarray[N], the true states (for experts; may be None where only pictures exist),
    - `fresh`: bool[N], which observations are the first of an episode (for recurrent memory),

    and returns int64[N, L]. It must not write to its arguments.

    With `remembers` (the default) row i is always the same environment. A policy that keeps nothing
    about its environments says False, and may then be asked about some of them only.
    """

    name = "policy"
    remembers = True

    def start(self, n: int, agents: int) -> None:
        """Forget the past and get ready for `n` environments with `agents` learners each."""

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        """The next action of every learner: int64[N, L]."""
        raise NotImplementedError

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        """What it looks at: `obs`, or pictures it draws of the states. May be given to `act` as
        `obs`.
        """
        return obs

    def loosen(self, temperature: float, epsilon: float) -> None:
        """From now on draw by the softmax at that temperature, and a share `epsilon` of the actions
        at random.

        1 and 0 are as it was trained; temperature 0 is the likeliest action. Only learned policies
        heed it.
        """


_ACT = np.uint64(0xAC7)  # keeps the stream of actions apart from those of layouts and dynamics


def episode_bits(seed: int, states: np.recarray, learners: int) -> np.ndarray:
    """64 random bits for every learner at this step: uint64[N, L].

    A hash of `seed`, the level, the episode, the step and the learner, so a policy that draws from
    it acts the same on a level whatever else is in the batch, and in whatever order.
    """
    base = np.full(len(states), int(seed) & (2**64 - 1), np.uint64)
    for word in (_ACT, states["seed"], states["episode"], states["t"]):
        base = rng.fold_many(base, word)
    return rng.fold_many(base[:, None], np.arange(learners)[None, :])
