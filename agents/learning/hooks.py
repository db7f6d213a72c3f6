"""What may change about a training, in one interface: rewards, what is seen, levels, loss, batches.

A `Hook` overrides what it needs; `Hooks` are those of one run, and an empty one costs nothing. The
learner asks them at the places that `ppo.py` shows. Whatever a hook draws or counts is part of its
`state`, so that an interrupted run goes on bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ...engine.vector import Vec
from ...engine.world import World
from . import fitting
from .net import Net

Arrays = dict[str, np.ndarray]


class Recipe(Protocol):
    """What a hook may ask of a `TrainConfig`."""

    @property
    def seed(self) -> int: ...
    @property
    def gamma(self) -> float: ...
    @property
    def lam(self) -> float: ...
    @property
    def obs(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def levels(self) -> int: ...
    @property
    def envs(self) -> int: ...
    @property
    def memory(self) -> int: ...
    @property
    def reward(self) -> str: ...
    @property
    def mitigate(self) -> str: ...
    @property
    def curriculum(self) -> str: ...


class Optimizer(Protocol):
    """What a hook may ask of the optimizer: the learning rate of this update."""

    lr: float


class Learning(Protocol):
    """What a hook may ask of the `Learner`."""

    @property
    def world(self) -> World: ...
    @property
    def net(self) -> Net: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def optimizer(self) -> Optimizer: ...


class Batch(NamedTuple):
    """What is learned from: T steps of B learners, each [T, B, ...]."""

    seen: Tensor  # uint8
    fresh: Tensor  # bool
    action: Tensor  # int64
    chance: Tensor  # the log-probability that the action had when it was taken
    gain: Tensor  # its advantage
    target: Tensor  # what the critic should have said


class Step(NamedTuple):
    """One step of all environments."""

    world: World
    before: np.recarray  # [N] the states in which it was taken
    actions: np.ndarray  # int64[N, L]
    after: np.recarray  # [N] the states that it led to; of an ended episode its last
    terminated: np.ndarray  # bool[N]
    truncated: np.ndarray  # bool[N]


class Rollout(NamedTuple):
    """What was lived through and what it was worth; B = N * L rows."""

    gain: Tensor  # float32[T, B], advantages
    value: Tensor  # float32[T + 1, B]
    reward: Tensor  # float32[T, B], as it is learned from
    done: Tensor  # bool[T, B]


class Hook:
    """Base class: every method leaves all as it is."""

    def begin(self, learner: Learning) -> None:
        """A training is set up, anew or to be resumed; `restore` may follow."""

    def first(self) -> None:
        """A training begins anew: what only then is read from files is read here."""

    def seen(self, seen: Tensor) -> Tensor:
        """What learners look at while they act and learn, uint8[B, *view], from what they saw."""
        return seen

    def reward(self, step: Step, reward: np.ndarray) -> np.ndarray:
        """What is learned from, float32[N, L], from what the world or the hook before paid."""
        return reward

    def learned(self, rollout: Rollout) -> None:
        """A rollout is over, and is about to be learned from."""

    def keep(self, rollout: Rollout) -> Tensor | None:
        """Which steps are learned from: bool[T, B]; None: all."""
        return None

    def loss(self, batch: Batch, logits: Tensor, value: Tensor) -> Tensor | float:
        """A term that is added to the loss of a minibatch. `logits` [T, B, actions]."""
        return 0.0

    def tap(self, layer: str, x: Tensor) -> Tensor:
        """A layer's activations while gradients are made, or others in their place."""
        return x

    def stepped(self, learner: Learning) -> None:
        """The optimizer has made a step."""

    def row(self) -> dict[str, float | None]:
        """Figures for the log, always the same names."""
        return {}

    def state(self) -> Arrays:
        """What an exact resume needs: arrays of the same names and shapes at all times."""
        return {}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue where `state` was taken."""


class Dice:
    """Random numbers of a hook of its own, so that those of the learner stay what they are."""

    def __init__(self, seed: int, stream: int) -> None:
        self.of = torch.Generator().manual_seed((seed * 0x9E3779B97F4A7C15 + stream) % 2**63)

    def state(self) -> Arrays:
        """To go on from."""
        return {"dice": self.of.get_state().numpy().copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on."""
        self.of.set_state(torch.from_numpy(state["dice"]))


class Hooks:
    """The hooks of one run, in the order in which they were named, and its curriculum, which keeps
    its state by itself.
    """

    def __init__(self, hooks: Sequence[Hook], curriculum: Hook, world: World, envs: int) -> None:
        self.all = tuple(hooks)
        self.world = world

        def those(method: str) -> list[Hook]:
            every = (*hooks, curriculum)
            return [h for h in every if getattr(type(h), method) is not getattr(Hook, method)]

        self.seeing, self.paying, self.keeping = map(those, ("seen", "reward", "keep"))
        self.losing, self.tapping, self.stepping = map(those, ("loss", "tap", "stepped"))
        self.beginning, self.hearing, self.telling = map(those, ("begin", "learned", "row"))
        self.symbols = 0  # of the network, once that is known
        self.by_autograd = bool(self.losing or self.tapping)
        # what episodes have earned so far of the trained reward; those that ended: count and sum
        self.sums = np.zeros((envs, world.learners))
        self.ended = np.zeros(2)

    def begin(self, learner: Learning) -> None:
        """See `Hook.begin`."""
        self.symbols = learner.net.shape.symbols
        for hook in self.beginning:
            hook.begin(learner)

    def first(self) -> None:
        """See `Hook.first`."""
        for hook in self.all:
            hook.first()

    def stepped(self, learner: Learning) -> None:
        """See `Hook.stepped`."""
        for hook in self.stepping:
            hook.stepped(learner)

    @property
    def tap(self) -> Callable[[str, Tensor], Tensor] | None:
        """All taps as one; None without any."""
        if not self.tapping:
            return None

        def through(layer: str, x: Tensor) -> Tensor:
            for hook in self.tapping:
                x = fitting.tap(hook, layer, hook.tap(layer, x), x)
            return x

        return through

    def seen(self, seen: Tensor) -> None:
        """Change what is seen, in place."""
        for hook in self.seeing:
            seen.copy_(fitting.seen(hook, hook.seen(seen), seen, self.symbols))

    def step(self, vec: Vec, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A step: reward, terminated, truncated.

        Where hooks pay, environments do not begin anew by themselves: the hooks see both states,
        and then the next episodes begin.
        """
        if not self.paying:
            return vec.step(actions)[1:]
        before = vec.states.copy().view(np.recarray)
        _, reward, terminated, truncated = vec.step(actions)
        terminated, truncated = terminated.copy(), truncated.copy()  # a reset clears them
        step = Step(self.world, before, actions, vec.states, terminated, truncated)
        for hook in self.paying:
            reward = fitting.reward(hook, hook.reward(step, reward), reward)
        self.sums += reward
        ended = terminated | truncated
        if ended.any():
            self.ended += ended.sum(), self.sums[ended].mean(1).sum()
            self.sums[ended] = 0
            vec.reset_where(ended)
        return reward, terminated, truncated

    def learned(self, rollout: Rollout) -> None:
        """See `Hook.learned`."""
        for hook in self.hearing:
            hook.learned(rollout)

    def keep(self, rollout: Rollout) -> Tensor | None:
        """The steps that every hook keeps; None: all."""
        made = [fitting.keep(hook, hook.keep(rollout), rollout.gain) for hook in self.keeping]
        masks = [mask for mask in made if mask is not None]
        return torch.stack(masks).all(0) if masks else None

    def loss(self, batch: Batch, logits: Tensor, value: Tensor) -> Tensor | float:
        """The sum of their terms."""
        terms = (fitting.loss(hook, hook.loss(batch, logits, value)) for hook in self.losing)
        return sum(terms, 0.0)

    def row(self) -> dict[str, float | None]:
        """Their figures; `trained`: the mean return of what was paid, if that is not the world's."""
        found: dict[str, float | None] = {}
        if self.paying:
            count, total = self.ended
            found["trained"] = float(total / count) if count else None
            self.ended[:] = 0
        for hook in self.telling:
            found |= fitting.row(hook, hook.row())
        return found

    def state(self) -> Arrays:
        """Theirs, each under its number."""
        states = [fitting.state(hook, hook.state()) for hook in self.all]
        found = {f"{k}.{n}": v for k, one in enumerate(states) for n, v in one.items()}
        return found | ({"sums": self.sums.copy()} if self.paying else {})

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue where `state` was taken."""
        for k, hook in enumerate(self.all):
            own = {n.partition(".")[2]: v for n, v in state.items() if n.startswith(f"{k}.")}
            hook.restore(own)
        if self.paying:
            self.sums[...] = state["sums"]
