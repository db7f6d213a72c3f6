"""The nets of a bank: what they are shown, and how a group of them learns.

A policy is two layers, f(x) = V relu(W x), and the policies of a group are one batched matrix
product. Every net has environments, levels and dice of its own, and learns by the plain policy
gradient: one step of size `eta` along the gradient of its own rollout, with generalised advantages
from a critic of the same shape. Nets share arithmetic and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from ....engine.levels.splits import split_of
from ....engine.rng import fold
from ....engine.state import RUNNING
from ....engine.vector import Vec
from ....engine.world import World
from ...learning.ppo import advantages
from ...policies.simple import RandomPolicy
from .config import BankConfig


class Places:
    """1, and how far down and across the board each thing is, from 0 to 1; -1 for what is out of
    play.

    Coordinates that are always the same while the thing is in play, in every split and under random
    play, are left out: on a line there are no rows.
    """

    def __init__(self, world: World) -> None:
        seen = [
            self._all(states) for split in world.split_names for states in _played(world, split)
        ]
        places = np.concatenate(seen)
        self.keep = np.flatnonzero(places.max(0) > np.where(places < 0, np.inf, places).min(0))
        self.width = self.on = 1 + len(self.keep)

    def __call__(self, vec: Vec) -> Tensor:
        """float32[N, width]."""
        return self.of(vec.states)

    def of(self, states: np.recarray) -> Tensor:
        """float32[N, width] of states [N]."""
        places = self._all(states)[:, self.keep]
        return torch.from_numpy(np.concatenate([np.ones((len(places), 1), np.float32), places], 1))

    @staticmethod
    def _all(states: np.recarray) -> np.ndarray:
        here = states.view(np.ndarray)
        absent = here["alive"] == 0
        sides = [np.maximum(here[side] - 1, 1)[:, None] for side in ("h", "w")]
        found = [
            np.where(absent, -1.0, here[axis] / side)
            for axis, side in zip("yx", sides, strict=True)
        ]
        return np.concatenate(found, 1).astype(np.float32)


class View:
    """The symbols of the learner's view, one input for each channel of each cell."""

    def __init__(self, world: World) -> None:
        self.looks = torch.from_numpy(world.looks).float()
        cells = math.prod(world.view)
        self.width, self.on = cells * self.looks.shape[1], cells

    def __call__(self, vec: Vec) -> Tensor:
        """float32[N, width]."""
        return self.of(vec.obs)

    def of(self, obs: np.ndarray) -> Tensor:
        """float32[N, width] of observations uint8[N, 1, ...]."""
        seen = torch.from_numpy(obs.reshape(-1)).int()
        return self.looks.index_select(0, seen).view(len(obs), self.width)


def _played(world: World, split: str) -> Iterable[np.recarray]:
    """The states of a few episodes of random play."""
    vec = Vec(world, 64, split_of(world, split), seed=0)
    obs, policy = vec.reset(), RandomPolicy(world)
    for _ in range(min(int(world.table["horizon"].max()), 200)):
        yield vec.states.copy().view(np.recarray)
        obs = vec.step(policy.act(obs, vec.states, vec.fresh))[0]


# -- learning --------------------------------------------------------------------------------------


class Group:
    """`size` nets in training: the tensors [size, inputs, width] and [size, width, actions], and
    their critics'.
    """

    def __init__(
        self, world: World, config: BankConfig, see: Places | View, number: int, size: int
    ) -> None:
        self.world, self.config, self.see, self.size = world, config, see, size
        self.key = int(fold(np.uint64(config.seed), np.uint64(number)))
        self.dice = torch.Generator().manual_seed(self.key % 2**63)
        scale = config.sigma * math.sqrt(2 / see.on), config.sigma * math.sqrt(2 / config.width)
        shapes = (
            (see.width, config.width),
            (config.width, len(world.actions)),
            (see.width, config.width),
        )
        self.weights = [
            (torch.randn(size, *shape, generator=self.dice) * spread).requires_grad_()
            for shape, spread in zip((*shapes, (config.width, 1)), (*scale, *scale), strict=True)
        ]
        self.vec = Vec(
            world, size * config.envs, config.split, self.key, pool="train", autoreset="off"
        )
        self.vec.reset()

    def act(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [size, B, actions] and values [size, B] for what each net sees, float32[size, B,
        inputs].
        """
        w, v, w_critic, v_critic = self.weights
        value = torch.bmm(torch.relu(torch.bmm(x, w_critic)), v_critic)[..., 0]
        return torch.bmm(torch.relu(torch.bmm(x, w)), v), value

    @torch.no_grad()
    def choose(self, logits: Tensor) -> Tensor:
        """Actions drawn by their probabilities: the largest of logit plus Gumbel noise is a fair
        draw.
        """
        noise = torch.empty(logits.shape).exponential_(generator=self.dice).log_()
        return (logits - noise).argmax(-1)

    def update(self) -> None:
        """One rollout, and one step of every net along its own gradient."""
        config, vec = self.config, self.vec
        steps, n = config.rollout, vec.n
        x = torch.empty(self.size, steps, config.envs, self.see.width)
        action = torch.empty(self.size, steps, config.envs, dtype=torch.int64)
        reward, value = torch.zeros(steps, n), torch.zeros(steps + 1, n)
        done, cut = torch.zeros(steps, n, dtype=torch.bool), torch.zeros(steps, n)
        with torch.no_grad():
            seen = self.look()
            for t in range(steps):
                logits, judged = self.act(seen)
                x[:, t], value[t] = seen, judged.reshape(n)
                action[:, t] = self.choose(logits)
                _, paid, terminated, truncated = vec.step(action[:, t].reshape(n, 1).numpy())
                ended = terminated | truncated
                reward[t], done[t] = torch.from_numpy(paid[:, 0]), torch.from_numpy(ended)
                # a time limit is no end: what was cut off is worth what the critic says
                if truncated.any():
                    cut[t] = torch.where(
                        torch.from_numpy(truncated), self.act(self.look())[1].reshape(n), 0.0
                    )
                if ended.any():
                    vec.reset_where(ended)
                seen = self.look()
            value[steps] = self.act(seen)[1].reshape(n)
            gain = advantages(reward, value, done, cut, config.gamma, config.lam)
            gain, target = (
                part.view(steps, self.size, config.envs).transpose(0, 1).reshape(self.size, -1)
                for part in (gain, gain + value[:-1])
            )
            gain = (gain - gain.mean(1, keepdim=True)) / (gain.std(1, keepdim=True) + 1e-8)
        logits, judged = self.act(x.view(self.size, -1, self.see.width))
        chances = logits.log_softmax(-1)
        taken = chances.gather(-1, action.view(self.size, -1, 1))[..., 0]
        surprise = -(chances.exp() * chances).sum(-1)
        loss = -(taken * gain) - config.entropy * surprise + 0.5 * (judged - target) ** 2
        # no weight is in two nets' losses, so every net gets the gradient of its own
        loss = loss.mean(1).sum()
        gradients = torch.autograd.grad(loss, self.weights)
        with torch.no_grad():
            # policy and critic; a gradient longer than 1 is cut to 1
            for pair in (slice(0, 2), slice(2, 4)):
                norm = sum(g.square().sum((1, 2)) for g in gradients[pair]).sqrt()  # type: ignore[union-attr]
                step = (config.eta / norm.clamp_min(1.0)).view(-1, 1, 1)
                for weight, gradient in zip(self.weights[pair], gradients[pair], strict=True):
                    weight -= step * gradient

    def look(self) -> Tensor:
        """What every net sees in every environment of its own: float32[size, envs, inputs]."""
        return self.see(self.vec).view(self.size, -1, self.see.width)

    @torch.no_grad()
    def play(self, split: str, seeds: np.ndarray, number: int) -> np.ndarray:
        """Every net's scores for every goal on the levels `seeds` (uint64[n]): float64[size, n, G].

        The dice are set by `number`, and those of the training are left alone: measuring changes
        nothing.
        """
        n = self.size * len(seeds)
        vec = Vec(self.world, n, split_of(self.world, split), autoreset="off")
        vec.assign(np.ones(n, np.bool_), np.tile(seeds, self.size))
        vec.reset()
        kept, self.dice = (
            self.dice,
            torch.Generator().manual_seed((self.key ^ (number << 40)) % 2**63),
        )
        while (vec.states["ended"] == RUNNING).any():
            x = self.see(vec).view(self.size, -1, self.see.width)
            vec.step(self.choose(self.act(x)[0]).view(n, 1).numpy())
        self.dice = kept
        return vec.scores()[:, 0].reshape(self.size, len(seeds), -1)
