"""A net of a bank as a policy: what can be asked of any agent can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ....engine.world import World
from ...policies.draws import Draws, finite
from ...policies.policy import Policy, Sampling, Thought
from .nets import Places, View

NAMES = ("w", "v", "w_critic", "v_critic")


class Weights(NamedTuple):
    """Of one net: float32[inputs, width], [width, actions], [inputs, width], [width, 1]."""

    w: np.ndarray
    v: np.ndarray
    w_critic: np.ndarray
    v_critic: np.ndarray


class TinyNet(Policy):
    """Two layers, f(x) = V relu(W x), and a critic of the same shape. A LearnedPolicy."""

    remembers = False

    def __init__(
        self, world: World, see: Places | View, weights: Weights, name: str = "tiny net"
    ) -> None:
        self.world, self.see, self.weights, self.name = world, see, weights, name
        self.draws = Draws()

    @property
    def can(self) -> frozenset[str]:
        return frozenset(("value", "features"))

    @property
    def layers(self) -> Mapping[str, tuple[int, ...]]:
        return {"body": (self.weights.w.shape[1],)}

    def start(self, n: int, agents: int) -> None:
        self.draws.start()

    def loosen(self, temperature: float, epsilon: float) -> None:
        self.sampling = Sampling(temperature, epsilon)

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        """float32[N, 1, inputs]."""
        if obs.dtype == np.float32:
            return obs
        if isinstance(self.see, View):
            return self.see.of(obs)[:, None].numpy()
        assert states is not None
        return self.see.of(states)[:, None].numpy()

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        return self.draws.choose(self.think(obs, states, fresh).logits, self.sampling, states)

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        x = self.seen(obs, states)
        w, v, w_critic, v_critic = self.weights
        with np.errstate(over="ignore", invalid="ignore"):
            body = np.maximum(x @ w, 0)
            value = (np.maximum(x @ w_critic, 0) @ v_critic)[..., 0]
            logits = finite((body @ v).astype(np.float64), self.name)
        return Thought(logits, value, {"body": body} if layers else {})
