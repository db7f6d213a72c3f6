"""The network: an encoder of what a learner sees, an optional memory, an actor and a critic.

The encoder is one of `nets/`. Weights are kept in float32; `dtype` is what encoder and body compute
in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .encoder import NETS, Dense, Encoder, Shape, start

Tap = Callable[[str, Tensor], Tensor]  # gets a layer's name and activations, returns them or others


class Each(nn.Module):
    """A module for each of n agents, `of` them: row r goes through that of agent r % n."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.of = nn.ModuleList(parts)

    def forward(self, *rows: Tensor) -> Tensor:
        return self.by(lambda one, *mine: one(*mine), *rows)

    def by(self, do: Callable[..., Tensor], *rows: Tensor) -> Tensor:
        """What `do` makes of every agent's module and its rows, in the order of the rows."""
        n = len(self.of)
        parts = [do(one, *(x[k::n].contiguous() for x in rows)) for k, one in enumerate(self.of)]
        return torch.stack(parts, 1).flatten(0, 1)


class EachEncoder(Encoder):
    """An encoder for each agent. What they compute with is the same for all."""

    def __init__(self, parts: Sequence[Encoder]) -> None:
        super().__init__()
        self.each, self.one, self.width = Each(parts), parts[0], parts[0].width

    def floats(self, seen: Tensor) -> Tensor:
        return self.one.floats(seen)

    def encode(self, floats: Tensor) -> Tensor:
        return self.each.by(lambda one, mine: one.encode(mine), floats)

    def forward(self, seen: Tensor) -> Tensor:
        return self.each(seen)

    def back(self, slope: Tensor) -> Tensor:
        return self.one.back(slope)


class Net(nn.Module):
    """Actor and critic on one body; with `shape.agents`, one for each agent, whose rows take turns.

    `dtype` (float32 or bfloat16) is the arithmetic of encoder and body; memory and heads are always
    float32. `looks`: see `Cells`.
    """

    def __init__(
        self, shape: Shape, dtype: torch.dtype = torch.float32, looks: np.ndarray | None = None
    ) -> None:
        super().__init__()
        self.shape = shape
        if shape.agents:
            one = replace(shape, agents=0)
            self.nets = nn.ModuleList(Net(one, dtype, looks) for _ in range(shape.agents))
            self._side_by_side()
            return
        self.encoder = NETS.recall(shape.net, "the network").build(shape, dtype, looks)
        widths = [self.encoder.width] + [shape.width] * shape.depth
        self.body = nn.ModuleList(Dense(a, b) for a, b in pairwise(widths))
        width = widths[-1]
        if shape.memory:
            self.memory = nn.GRUCell(width, shape.memory)
            nn.init.orthogonal_(self.memory.weight_hh)
            width += (
                shape.memory
            )  # the heads see the body too: what needs no memory is learned past it
        self.actor = nn.Linear(width, shape.actions)
        self.critic = nn.Linear(width, 1)
        for layer in self.body:
            start(layer, math.sqrt(2))
        # Both heads begin near zero. A critic that begins with noise drowns the first rare rewards:
        # on sparse worlds the advantages are then all noise, and the policy settles before it has
        # met its goal once.
        start(self.actor, 0.01)
        start(self.critic, 0.01)

    def _side_by_side(self) -> None:
        """Let the layers of `nets` stand where those of one network do. Past torch, which would keep
        their weights twice.
        """
        every = self.members
        bodies = zip(*(net.body for net in every), strict=True)
        layers: dict[str, object] = {
            "encoder": EachEncoder([net.encoder for net in every]),
            "body": [Each(layers) for layers in bodies],
            "actor": Each([net.actor for net in every]),
            "critic": Each([net.critic for net in every]),
        }
        if self.shape.memory:
            layers["memory"] = Each([net.memory for net in every])
        self.__dict__.update(layers)

    @property
    def members(self) -> list[Net]:
        """Those side by side; none if it is one network for all."""
        return [*self.nets] if self.shape.agents else []  # type: ignore[list-item]

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def blank(self, batch: int) -> Tensor:
        """An empty memory for `batch` learners: float32[batch, memory]."""
        return torch.zeros(batch, self.shape.memory, device=self.device)

    def layers(self) -> dict[str, tuple[int, ...]]:
        """The names and shapes of the activations that a tap meets, in their order.

        "encoder", "body.1" and so on between, "body" (the last before memory and heads), "memory".
        """
        shape = self.shape
        named = {"encoder": (self.encoder.width,)}
        named |= {f"body.{k}": (shape.width,) for k in range(1, shape.depth)}
        named["body"] = (shape.width,) if shape.depth else named["encoder"]
        return named | ({"memory": (shape.memory,)} if shape.memory else {})

    def forward(
        self, seen: Tensor, memory: Tensor, fresh: Tensor, tap: Tap | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """T steps of B learners.

        `seen` uint8[T, B, *view], `memory` float32[B, memory] before the first step, `fresh`
        bool[T, B]: which observations begin an episode and so wipe the memory. `tap` hears every
        layer's activations [T * B, ...] (a memory's step by step, [B, memory]), and what it returns
        goes on. Returns the logits float32[T, B, actions], the values float32[T, B] and the memory
        after the last step.
        """
        rows = seen.shape[0] * seen.shape[1]
        encoded = self.encoder(seen.reshape(rows, *self.shape.view))
        return self.behind(encoded, memory, fresh, tap)

    def behind(
        self, encoded: Tensor, memory: Tensor, fresh: Tensor, tap: Tap | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The same from what the encoder made of it, [T * B, width]."""
        steps, batch = fresh.shape
        x = tap("encoder", encoded) if tap else encoded
        for k, layer in enumerate(self.body, 1):
            x = F.relu(layer(x))
            x = tap(f"body.{k}", x) if tap and k < len(self.body) else x
        x = x.float()
        x = tap("body", x) if tap else x
        if self.shape.memory:
            keep = (~fresh).unsqueeze(-1)
            recalled = []
            for now, kept in zip(x.view(steps, batch, -1), keep, strict=True):
                memory = self.memory(now, memory * kept)
                memory = tap("memory", memory) if tap else memory
                recalled.append(memory)
            x = torch.cat([x, torch.cat(recalled)], 1)
        return self.actor(x).view(steps, batch, -1), self.critic(x).view(steps, batch), memory
