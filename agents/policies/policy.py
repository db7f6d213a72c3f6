"""Whoever acts: one interface, and the policies that need no training.

A policy is started once for a batch and then asked for actions, step after step. Learned policies
look at the observations, experts at the states; neither sees the reward. Policies never touch the
environments they act in, so the same policy can be trained, evaluated, filmed and watched.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...engine import rng
from ...engine.errors import UserError
from ...engine.world import World


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


class RandomPolicy(Policy):
    """Uniformly random actions: the zero of every normalised score.

    Deterministic: an action depends on `seed`, level, episode, step and learner alone (see
    `episode_bits`). Without states it counts its own steps instead, which is still deterministic
    but depends on the order of the batch.
    """

    def __init__(self, world: World, seed: int = 0) -> None:
        self.name = "random"
        self.remembers = False
        self.actions, self.seed = len(world.actions), int(seed)
        self.start(0, world.learners)

    def start(self, n: int, agents: int) -> None:
        self._steps = 0

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        n, learners = obs.shape[:2]
        if states is not None:
            bits = episode_bits(self.seed, states, learners)
        else:
            key = rng.fold_many(np.array([self.seed & (2**64 - 1)], np.uint64), self._steps)
            bits = rng.fold_many(key, np.arange(n * learners)).reshape(n, learners)
        self._steps += 1
        return ((bits >> np.uint64(33)).astype(np.int64) * self.actions) >> 31


class Constant(Policy):
    """The same action for ever: a number or a name of the world's actions."""

    remembers = False

    def __init__(self, world: World, action: int | str) -> None:
        if isinstance(action, str):
            if action not in world.actions:
                names = ", ".join(world.actions)
                raise UserError(f"world '{world.name}' has no action '{action}' (it has {names})")
            action = world.actions.index(action)
        if not 0 <= action < len(world.actions):
            last = len(world.actions) - 1
            raise UserError(f"action {action} is out of range: '{world.name}' has 0..{last}")
        self.name = f"always {world.actions[action]}"
        self.action = int(action)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        return np.full(obs.shape[:2], self.action, np.int64)


class Scripted(Policy):
    """A fixed list of actions from the start of each episode: int64[T] or int64[T, L].

    After the last it stays (action 0). Each environment counts its own steps, from its own `fresh`.
    """

    name = "scripted"

    def __init__(self, actions: Sequence | np.ndarray) -> None:
        script = np.asarray(actions, np.int64)
        if script.ndim == 1:
            script = script[:, None]
        if script.ndim != 2:
            raise UserError(f"a script is [steps] or [steps, learners], not {script.shape}")
        self.script = script
        self.start(0, script.shape[1])

    def start(self, n: int, agents: int) -> None:
        self._at = np.zeros(n, np.int64)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        n, learners = obs.shape[:2]
        self._at = np.where(fresh, 0, self._at)
        running = self._at < len(self.script)
        actions = np.zeros((n, learners), np.int64)
        actions[running] = self.script[self._at[running]]
        self._at = self._at + 1
        return actions


class Mirrored(Policy):
    """Another policy that sees a mirrored world, while its actions are not: a capability failure.

    `axis` is "x" (left and right swapped) or "y" (up and down swapped). It keeps whatever goal the
    policy has and breaks its skill, so a verdict that calls it goal misgeneralization is wrong.
    Meaningless for experts, which look at states.
    """

    def __init__(self, policy: Policy, axis: str = "x") -> None:
        if axis not in ("x", "y"):
            raise UserError(f"axis '{axis}' is neither 'x' nor 'y'")
        self.policy, self.axis = policy, axis
        self.name = f"{policy.name}, mirrored"
        self.remembers = policy.remembers

    def start(self, n: int, agents: int) -> None:
        self.policy.start(n, agents)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        mirror = np.flip(self.policy.seen(obs, states), 3 if self.axis == "x" else 2)
        return self.policy.act(np.ascontiguousarray(mirror), states, fresh)


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
