"""The network: an encoder of what a learner sees, an optional memory, an actor and a critic.

In float32 on a CPU the first layer over symbols is a sum of picked rows (`row_sums`); elsewhere
symbols are turned into one-hot vectors and multiplied by a dense matrix, which reads as waste and
is the fastest form there is with matrix units. Weights are kept in float32; `dtype` is what the
encoder and body compute in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...engine.errors import UserError
from . import row_sums

MAX_PARAMETERS = (
    50_000_000  # a checkpoint that asks for more is refused before anything is allocated
)


Tap = Callable[[str, Tensor], Tensor]  # gets a layer's name and activations, returns them or others


@dataclass(frozen=True)
class Shape:
    """All that a network's size depends on: enough to build it again from a checkpoint."""

    view: tuple[int, ...]
    """Shape of one observation: (rows, columns) of symbols, or (rows, columns, 3) of colours."""
    symbols: int
    """How many symbols there are; 0 for colours."""
    actions: int
    """How many actions there are."""
    first: int = 64
    """Units of the first layer (for every patch, if the view is cut into patches)."""
    width: int = 128
    """Units of each later layer."""
    depth: int = 1
    """Layers between the first one and the heads."""
    patch: int = 0
    """0: one matrix for the whole view. k: cut it into k x k patches that share their weights."""
    memory: int = 0
    """Units of recurrent memory; 0 for none."""
    channels: int = 0
    """Channels that symbols are seen through; 0: each through one of its own."""

    def __post_init__(self) -> None:
        """Raise UserError unless every size is sane."""
        object.__setattr__(self, "view", tuple(self.view))
        limits = {
            "symbols": (0, 256), "actions": (1, 4096), "first": (1, 8192), "width": (1, 8192),
            "depth": (0, 16), "patch": (0, 64), "memory": (0, 8192), "channels": (0, 4096),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise UserError(
                    f"network: {name} must be a whole number from {low} to {high}, not {value!r}"
                )
        sides = self.view[:2]
        if len(self.view) != (2 if self.symbols else 3) or not all(
            type(v) is int and 1 <= v <= 512 for v in self.view
        ):
            raise UserError(
                f"network: a view of shape {self.view} does not fit {self.symbols} symbols"
            )
        if not self.symbols and min(sides) < 8:
            raise UserError(
                f"network: pictures need at least 8 x 8 pixels, not {sides[0]} x {sides[1]}"
            )
        if self.parameters() > MAX_PARAMETERS:
            raise UserError(
                f"network: {self.parameters():,} parameters; at most {MAX_PARAMETERS:,} are allowed"
            )

    def parameters(self) -> int:
        """How many numbers the network holds (an estimate for pictures), without building it."""
        cells = math.prod(self.view[:2])
        if not self.symbols:
            wide = cells // 64 * 64
        elif self.patch:
            patches = -(-self.view[0] // self.patch) * -(-self.view[1] // self.patch)
            wide = patches * self.first
            cells = self.patch**2
        else:
            wide = self.first
        total = (cells * (self.channels or self.symbols) + 1) * self.first + (wide + 1) * self.width
        total += max(self.depth - 1, 0) * (self.width + 1) * self.width
        return (
            total
            + 3 * self.memory * (self.width + self.memory + 2)
            + (self.width + self.memory) * (self.actions + 1)
        )


class Dense(nn.Linear):
    """A linear layer that computes in the type of its input; the weights stay in float32."""

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight.to(input.dtype), self.bias.to(input.dtype))


class Symbols(nn.Module):
    """uint8[B, rows, columns] of symbols -> [B, width].

    `looks` (see `World.looks`) are the channels of each symbol; by default each has one of its own.
    """

    one_hot: Tensor

    def __init__(self, shape: Shape, dtype: torch.dtype, looks: np.ndarray | None = None) -> None:
        super().__init__()
        self.view = rows, columns = shape.view
        self.patch = shape.patch
        if self.patch:
            self.down, self.across = -(-rows // self.patch), -(-columns // self.patch)
            self.padding = (0, self.across * self.patch - columns, 0, self.down * self.patch - rows)
            seen, self.width = self.patch**2, self.down * self.across * shape.first
        else:
            seen, self.width = rows * columns, shape.first
        if looks is None:
            looks = np.eye(shape.symbols, shape.channels or shape.symbols, dtype=np.uint8)
        self.inputs = seen * looks.shape[1]
        self.plain = np.array_equal(looks, np.eye(len(looks)))
        self.first = Dense(self.inputs, shape.first)
        # Only one input in `symbols` is ever on, so the fan-in that matters is the number of cells.
        # where only shapes are asked for, torch would import its compiler for this
        if not self.first.weight.is_meta:
            nn.init.normal_(self.first.weight, 0.0, math.sqrt(2 / seen))
        nn.init.zeros_(self.first.bias)
        # Column by column in memory: so each symbol of each cell has one row to be picked.
        self.first.weight.data = self.first.weight.data.t().contiguous().t()
        self.register_buffer("one_hot", torch.from_numpy(looks).to(dtype), persistent=False)

    def cells(self, seen: Tensor) -> Tensor:
        """What is seen as rows for the first layer: uint8[B, cells], or [B * patches, cells]."""
        if self.patch:
            seen = F.pad(seen, self.padding)  # with symbol 0, the void
            seen = seen.view(-1, self.down, self.patch, self.across, self.patch).transpose(2, 3)
        return seen.reshape(-1, self.inputs // self.one_hot.shape[1])

    def forward(self, seen: Tensor) -> Tensor:
        cells = self.cells(seen)
        if row_sums.fits(self.first.weight, self.one_hot.dtype):
            channels = self.one_hot.shape[1]
            table = self.first.weight.t().reshape(-1, channels, self.first.out_features)
            if not self.plain:
                table = torch.matmul(self.one_hot, table)
            return F.relu(row_sums.gather(table, self.first.bias, cells)).view(-1, self.width)
        rows = self.one_hot.index_select(0, cells.reshape(-1).int())
        return F.relu(self.first(rows.view(-1, self.inputs))).view(-1, self.width)

    def back(self, out: Tensor, slope: Tensor) -> Tensor:
        """What a slope at the output [B, width] is at the input: float32[B, rows, columns, symbols].

        `out` is what `forward` gave.
        """
        slope = (slope * (out > 0)).float().view(-1, self.first.out_features)
        slope = slope @ self.first.weight  # [B * patches, cells * channels]
        channels = self.one_hot.shape[1]
        if self.patch:
            k = self.patch
            slope = slope.view(-1, self.down, self.across, k, k, channels).transpose(2, 3)
            slope = slope.reshape(-1, self.down * k, self.across * k, channels)
        else:
            slope = slope.view(-1, *self.view, channels)
        rows, columns = self.view
        return slope[:, :rows, :columns] @ self.one_hot.float().t()


class Pixels(nn.Module):
    """uint8[B, rows, columns, 3] of colours -> [B, width].

    Three convolutions, each halving the picture.
    """

    def __init__(self, shape: Shape, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        channels = (3, 16, 32, 64)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(channels))
        for layer in self.layers:
            nn.init.orthogonal_(layer.weight, math.sqrt(2))  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        rows, columns = (-(-side // 8) for side in shape.view[:2])
        self.width = rows * columns * channels[-1]

    def forward(self, seen: Tensor) -> Tensor:
        x = seen.permute(0, 3, 1, 2).to(self.dtype) / 255
        for layer in self.layers:
            x = F.relu(F.conv2d(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype), 2, 1))  # type: ignore[union-attr]
        return x.flatten(1)


class Net(nn.Module):
    """Actor and critic on one body.

    `dtype` (float32 or bfloat16) is the arithmetic of encoder and body; memory and heads are always
    float32. `looks`: see `Symbols`.
    """

    def __init__(
        self, shape: Shape, dtype: torch.dtype = torch.float32, looks: np.ndarray | None = None
    ) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Symbols(shape, dtype, looks) if shape.symbols else Pixels(shape, dtype)
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
            _start(layer, math.sqrt(2))
        # Both heads begin near zero. A critic that begins with noise drowns the first rare rewards:
        # on sparse worlds the advantages are then all noise, and the policy settles before it has
        # met its goal once.
        _start(self.actor, 0.01)
        _start(self.critic, 0.01)

    def blank(self, batch: int) -> Tensor:
        """An empty memory for `batch` learners: float32[batch, memory]."""
        return torch.zeros(batch, self.shape.memory, device=self.actor.weight.device)

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
        steps, batch = seen.shape[:2]
        x = self.encoder(seen.reshape(steps * batch, *self.shape.view))
        x = tap("encoder", x) if tap else x
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


def _start(layer: nn.Module, gain: float) -> None:
    """The first weights of a dense layer: orthogonal, without bias."""
    nn.init.orthogonal_(layer.weight, gain)  # type: ignore[arg-type]
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
