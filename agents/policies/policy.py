"""Whoever acts: one interface for all, and what a learned policy can be asked beside.

A policy is started once for a batch and then asked for actions, step after step. Learned policies
look at the observations, experts at the states; neither sees the reward. Policies never touch the
environments they act in, so the same policy can be trained, evaluated, filmed and watched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from ...engine import rng
from ...engine.errors import UserError
from ...engine.many import PolicyRule
from .rules import ACT


class Sampling(NamedTuple):
    """How actions are drawn from logits; as trained, until it is set."""

    temperature: float = 1.0  # of the softmax; 0 is the likeliest action
    epsilon: float = 0.0  # share of actions at random

    def chances(self, logits: np.ndarray) -> np.ndarray:
        """How likely each action is, float64 in the shape of the logits [..., actions]."""
        likely = self.softmax(logits)
        likely /= likely.sum(-1, keepdims=True)
        return (1 - self.epsilon) * likely + self.epsilon / logits.shape[-1]

    def softmax(self, logits: np.ndarray) -> np.ndarray:
        """The same without actions at random, not yet normalised."""
        if not self.temperature:
            return np.eye(logits.shape[-1])[logits.argmax(-1)]
        return np.exp((logits - logits.max(-1, keepdims=True)) / self.temperature)


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
    sampling = Sampling()
    rule: PolicyRule | None = None
    """The same policy as a rule, if it is one from the start of an episode: for `Vec.run_rule`."""

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


# -- what a learned policy can be asked ------------------------------------------------------------

ABILITIES = ("value", "features", "gradient", "hooks", "memory")
Edit = Callable[[np.ndarray], np.ndarray]  # of a layer's activations, float32[N, L, *shape]


class Thought(NamedTuple):
    """What a learned policy makes of observations, without acting."""

    logits: np.ndarray  # float64[N, L, actions]
    value: np.ndarray | None = None  # float[N, L], the return it expects
    features: Mapping[str, np.ndarray] = {}  # the layers asked for: float32[N, L, *shape]


@runtime_checkable
class LearnedPolicy(Protocol):
    """A policy whose mind can be read, in NumPy arrays [env, agent], whatever it is made with.

    Whoever has logits can be one: a network of ours, of Stable-Baselines3, in ONNX, a function.
    `can` says which of ABILITIES it has besides. `layers` are the names and shapes of its
    activations, empty without "features". "gradient", "hooks" and "memory" come with the methods
    of `Differentiable`, `Editable` and `Recurrent`. The other members are those of `Policy`.
    """

    name: str
    remembers: bool
    sampling: Sampling

    @property
    def can(self) -> frozenset[str]: ...

    @property
    def layers(self) -> Mapping[str, tuple[int, ...]]: ...

    def start(self, n: int, agents: int) -> None: ...

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray: ...

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray: ...

    def loosen(self, temperature: float, epsilon: float) -> None: ...

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        """What it makes of what `act` would be given now; a memory stays as it is."""
        ...


@runtime_checkable
class Differentiable(LearnedPolicy, Protocol):
    """One that has "gradient"."""

    def gradient(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        weights: np.ndarray,
    ) -> np.ndarray:
        """How the sum of `weights` [N, L, actions] times logits changes with what is seen.

        float32[N, L, rows, columns, symbols or 3]: with each symbol in each cell, or each colour.
        """
        ...


@runtime_checkable
class Editable(LearnedPolicy, Protocol):
    """One that has "hooks"."""

    def hooked(self, edits: Mapping[str, Edit]) -> AbstractContextManager[None]:
        """While this is open, activations of the layers named are what `edits` make of them."""
        ...


@runtime_checkable
class Recurrent(LearnedPolicy, Protocol):
    """One that has "memory"."""

    memory: np.ndarray
    """float32[N, L, units], after the last `act`; may be set."""


def learned(policy: Policy, purpose: str, *abilities: str) -> LearnedPolicy:
    """The policy, if it is a learned one with these abilities. UserError says what is missing.

    `purpose` names who asks: "a map of values".
    """
    if not isinstance(policy, LearnedPolicy):
        raise UserError(f"{purpose} needs a learned policy, and '{policy.name}' is none")
    lacks = [ability for ability in abilities if ability not in policy.can]
    if lacks:
        raise UserError(
            f"{purpose} needs {' and '.join(lacks)}, and '{policy.name}' offers"
            f" {', '.join(['logits', *sorted(policy.can)])}"
        )
    return policy


class Delegate(Policy):
    """Answers as a learned policy does; whoever stands before one overrides what differs."""

    def __init__(self, agent: LearnedPolicy, name: str) -> None:
        self.agent, self.name = agent, name
        self.remembers, self.sampling = agent.remembers, agent.sampling

    @property
    def can(self) -> frozenset[str]:
        """No more than what is delegated here."""
        return self.agent.can & {"value", "features"}

    @property
    def layers(self) -> Mapping[str, tuple[int, ...]]:
        return self.agent.layers

    def start(self, n: int, agents: int) -> None:
        self.agent.start(n, agents)

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        return self.agent.seen(obs, states)

    def loosen(self, temperature: float, epsilon: float) -> None:
        self.agent.loosen(temperature, epsilon)
        self.sampling = self.agent.sampling

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        return self.agent.act(obs, states, fresh)

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        return self.agent.think(obs, states, fresh, layers)


# -- dice ------------------------------------------------------------------------------------------


def episode_bits(seed: int, states: np.recarray, learners: int) -> np.ndarray:
    """64 random bits for every learner at this step: uint64[N, L].

    A hash of `seed`, the level, the episode, the step and the learner, so a policy that draws from
    it acts the same on a level whatever else is in the batch, and in whatever order.
    """
    base = np.full(len(states), int(seed) & (2**64 - 1), np.uint64)
    plain = states.view(np.ndarray)  # quicker to ask for a field
    for word in (ACT, plain["seed"], plain["episode"], plain["t"]):
        base = rng.fold_many(base, word)
    return rng.fold_many(base[:, None], np.arange(learners)[None, :])
