"""Steering: an agent with so many times a vector added to a layer, at every step.

`Steered` is one such agent; `Arms` is many of them in one batch, which is much faster.

A `Source` says what is added at this moment. Three of them are nulls, as long as the cue's own
vector at every step: a direction drawn once, the same numbers on other units, the vector of another
level.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import numpy as np

from ....engine.errors import need
from ....engine.vector import observed
from ...policies.policy import Delegate, Editable, Policy, Recurrent, Thought, learned
from .cues import Cue
from .edits import add


class Source(Protocol):
    """What is added to a layer: float32[env, agent, units]."""

    def __call__(
        self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray
    ) -> np.ndarray: ...


class CueVector:
    """What a layer is with the cue less what it is without, in the states as they are now."""

    def __init__(self, agent: Policy, layer: str, what: Cue) -> None:
        self.agent = learned(agent, "a cue vector", "features")
        self.layer, self.cue = layer, what

    def __call__(
        self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray
    ) -> np.ndarray:
        need(states is not None, "a cue vector is taken from states, and there are none")
        assert states is not None
        bare = self.cue.without(states)
        layers = (self.layer,)
        there = self.agent.think(obs, states, fresh, layers).features[self.layer]
        blank = observed(self.cue.world, bare)
        if obs.shape == blank.shape:  # what is seen may have been changed, and stays so
            blank = np.where(observed(self.cue.world, states) == blank, obs, blank)
        return there - self.agent.think(blank, bare, fresh, layers).features[self.layer]


NULLS = ("random direction", "other units", "other level")


def null_of(vector: np.ndarray, kind: str, draw: int) -> np.ndarray:
    """A null of vectors [env, agent, units]: one of NULLS, by the number of the draw."""
    need(kind in NULLS, f"there is no null '{kind}' (there are {', '.join(NULLS)})")
    dice = np.random.default_rng([draw, NULLS.index(kind)])
    if kind == "other level":
        return np.roll(vector, 1 + draw, 0)
    units = vector.shape[-1]
    if kind == "other units":
        return vector[..., dice.permutation(units)]
    way = dice.standard_normal(units).astype(np.float32)
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return length * (way / np.linalg.norm(way))


class Null:
    """A null of a source, as a source."""

    def __init__(self, source: Source, kind: str, draw: int = 0) -> None:
        self.source, self.kind, self.draw = source, kind, draw

    def __call__(
        self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray
    ) -> np.ndarray:
        return null_of(self.source(obs, states, fresh), self.kind, self.draw)


class Arm(NamedTuple):
    """One way of steering: how often the vector is added, or which null of it."""

    coefficient: float
    null: str = ""
    draw: int = 0


class Arms(Policy):
    """The agent steered in several ways side by side: equal parts of the batch, in their order."""

    remembers = True  # so that it is always asked about the whole batch

    def __init__(self, agent: Policy, layer: str, source: Source, arms: Sequence[Arm]) -> None:
        asked = learned(agent, "steering", "hooks")
        assert isinstance(asked, Editable)
        self.agent, self.layer, self.source, self.arms = asked, layer, source, arms
        self.name = f"{agent.name}, {layer} steered in {len(arms)} ways"

    def start(self, n: int, agents: int) -> None:
        self.agent.start(n, agents)

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        return self.agent.seen(obs, states)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        vector = self.source(obs, states, fresh)
        parts = np.split(vector, len(self.arms))
        for arm, part in zip(self.arms, parts, strict=True):
            part[:] = arm.coefficient * (null_of(part, arm.null, arm.draw) if arm.null else part)
        with self.agent.hooked({self.layer: add(vector)}):
            return self.agent.act(obs, states, fresh)


class Steered(Delegate):
    """The agent with `coefficient` times what `source` says added to `layer`; it can be asked too."""

    def __init__(self, agent: Policy, layer: str, source: Source, coefficient: float = 1.0) -> None:
        asked = learned(agent, "steering", "hooks")
        assert isinstance(asked, Editable)
        super().__init__(asked, f"{agent.name}, {layer} {coefficient:+g}")
        self.edited, self.layer, self.source, self.coefficient = asked, layer, source, coefficient

    @property
    def can(self) -> frozenset[str]:
        return super().can | (self.edited.can & {"memory"})

    @property
    def memory(self) -> np.ndarray:
        """What the agent remembers, and may be set."""
        assert isinstance(self.edited, Recurrent)
        return self.edited.memory

    @memory.setter
    def memory(self, memory: np.ndarray) -> None:
        assert isinstance(self.edited, Recurrent)
        self.edited.memory = memory

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        with self._steered(obs, states, fresh):
            return super().act(obs, states, fresh)

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        with self._steered(obs, states, fresh):
            return super().think(obs, states, fresh, layers)

    def _steered(
        self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray
    ) -> AbstractContextManager[None]:
        edit = add(self.source(obs, states, fresh), self.coefficient)
        return self.edited.hooked({self.layer: edit})
