"""Policies that need no training: the zero of every score, plain scripts, and a mirror to look through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...engine import rng
from ...engine.errors import UserError
from ...engine.world import World
from . import rules
from .policy import Policy, episode_bits


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
        self.rule = rules.at_random(self.seed, self.actions)
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
        self.rule = rules.tabular(world, np.full(world.size, self.action))

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
        self.rule = rules.scripted(script)
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
