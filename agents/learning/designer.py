"""An adversary that makes levels: a small network that chooses edits, one after another, and is paid
in the end.

It learns by clipped policy gradients with a critic, as PPO does. Levels come from those of a split,
so that it need not find out how to build a world that can be played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ...engine.errors import need
from ...engine.levels.edit import choices, chosen
from ...engine.world import World
from .adam import Adam
from .hooks import Arrays, Dice

WIDTH, RATE, EPOCHS, CLIP = 64, 1e-3, 4, 0.2


class Designer:
    """Makes a level of another in so many `edits`. `entropy`: what it is paid to keep trying."""

    def __init__(self, world: World, edits: int, seed: int, entropy: float = 0.05) -> None:
        self.world, self.edits, self.entropy = world, edits, entropy
        self.kinds = choices(world)
        cells = world.size[0] * world.size[1]
        seen = (len(world.tiles) + len(world.things)) * cells + 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.body = nn.Sequential(nn.Linear(seen, WIDTH), nn.ReLU())
            self.heads = nn.Linear(WIDTH, self.kinds + 1)
        with torch.no_grad():
            self.heads.weight.mul_(0.1)
        self.weights = [*self.body.parameters(), *self.heads.parameters()]
        self.optimizer, self.dice = Adam(self.weights, RATE), Dice(seed, 0x9A1)

    def seen(self, states: np.recarray, step: int) -> Tensor:
        """What it sees of levels, float32[n, F]: what lies and who is on every cell, and how many
        edits were made.
        """
        n, (tall, wide) = len(states), self.world.size
        planes = np.zeros(
            (n, len(self.world.tiles) + len(self.world.things), tall, wide), np.float32
        )
        for tile in range(len(self.world.tiles)):
            planes[:, tile] = states.tiles[:, :tall, :wide] == tile
        for k, kind in enumerate(self.world.kinds):
            here = np.flatnonzero(states.alive[:, k] != 0)
            planes[here, len(self.world.tiles) + kind, states.y[here, k], states.x[here, k]] = 1
        far = np.full((n, 1), step / self.edits, np.float32)
        return torch.from_numpy(np.concatenate([planes.reshape(n, -1), far], 1))

    def judge(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of edits [n, choices], and what it expects to be paid [n]."""
        out = self.heads(self.body(seen))
        return out[:, :-1].log_softmax(-1), out[:, -1]

    @torch.no_grad()
    def design(self, states: np.recarray) -> tuple[np.recarray, np.ndarray]:
        """Levels made of these, and the edits int64[edits, n]."""
        made = []
        for step in range(self.edits):
            chances = self.judge(self.seen(states, step))[0].exp()
            made.append(torch.multinomial(chances, 1, generator=self.dice.of)[:, 0].numpy())
            states = chosen(self.world, states, made[-1])
        return states, np.array(made)

    def again(self, states: np.recarray, edits: np.ndarray) -> Iterator[np.recarray]:
        """The levels before each of the edits, and those in the end."""
        for one in edits:
            yield states
            states = chosen(self.world, states, np.ascontiguousarray(one))
        yield states

    def learn(self, states: np.recarray, edits: np.ndarray, paid: np.ndarray) -> None:
        """What came of `edits` [edits, n] of these levels: float64[n]."""
        steps = list(self.again(states, edits))[:-1]
        seen = torch.cat([self.seen(one, k) for k, one in enumerate(steps)])
        taken = torch.from_numpy(edits.reshape(-1, 1))
        target = torch.from_numpy(np.tile(paid, len(edits))).float()
        with torch.no_grad():
            chances, value = self.judge(seen)
            before, gain = chances.gather(1, taken)[:, 0], target - value
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        for _ in range(EPOCHS):
            chances, value = self.judge(seen)
            ratio = (chances.gather(1, taken)[:, 0] - before).exp()
            policy = -torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            entropy = -(chances.exp() * chances).sum(-1).mean()
            loss = policy + 0.5 * (value - target).square().mean() - self.entropy * entropy
            for weight, slope in zip(
                self.weights, torch.autograd.grad(loss, self.weights), strict=True
            ):
                weight.grad = slope
            self.optimizer.step()

    def state(self) -> Arrays:
        """What an exact resume needs."""
        found = {f"weight.{k}": w.detach().numpy().copy() for k, w in enumerate(self.weights)}
        found |= {f"adam.{k}": t.numpy().copy() for k, t in self.optimizer.state().items()}
        return found | self.dice.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue where `state` was taken."""
        need(all(np.isfinite(array).all() for array in state.values()), "a designer is no network")
        with torch.no_grad():
            for k, weight in enumerate(self.weights):
                weight.copy_(torch.from_numpy(state[f"weight.{k}"]))
        self.optimizer.restore(
            {k: torch.from_numpy(state[f"adam.{k}"]) for k in self.optimizer.state()}
        )
        self.dice.restore(state)
