"""What a network's encoder must be, and how one is found by its name.

An encoder is all that differs between the networks of `nets/`: it makes a vector of what a learner
sees. Behind it every network has the same layers, the same optional memory, and the same two heads
(see `net`), so that `--net` changes one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...engine.errors import UserError
from ...engine.roster import Roster

MAX_PARAMETERS = (
    50_000_000  # a checkpoint that asks for more is refused before anything is allocated
)


class Encoder(nn.Module):
    """What is seen as a vector: `width` numbers of each observation.

    `floats` are what it computes with, `encode` the way from there. Slopes at the floats, written
    back to what was seen by `back`, are what saliency shows.
    """

    width: int

    def floats(self, seen: Tensor) -> Tensor:
        """uint8[B, *view] as numbers that have slopes, in whatever shape."""
        raise NotImplementedError

    def encode(self, floats: Tensor) -> Tensor:
        """Those as [B, width]."""
        raise NotImplementedError

    def forward(self, seen: Tensor) -> Tensor:
        """uint8[B, *view] -> [B, width]."""
        return self.encode(self.floats(seen))

    def back(self, slope: Tensor) -> Tensor:
        """Slopes at the floats as slopes at the cells: float32[B, rows, columns, symbols or 3]."""
        raise NotImplementedError


class Cells(Encoder):
    """One that looks at symbols cell by cell: the floats are [B, channels, rows, columns].

    `looks` (see `World.looks`) are the channels of each symbol; by default each has one of its own.
    """

    one_hot: Tensor

    def __init__(self, shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> None:
        super().__init__()
        if looks is None:
            looks = np.eye(shape.symbols, shape.channels or shape.symbols, dtype=np.uint8)
        self.channels = looks.shape[1]
        self.register_buffer("one_hot", torch.from_numpy(looks).to(dtype), persistent=False)

    def floats(self, seen: Tensor) -> Tensor:
        return self.one_hot[seen.long()].permute(0, 3, 1, 2)

    def back(self, slope: Tensor) -> Tensor:
        return slope.permute(0, 2, 3, 1).float() @ self.one_hot.float().t()


@dataclass(frozen=True)
class NetKind:
    """One file of `nets/` ends in `NET = NetKind(...)`.

    about: its first line says what it is. build(shape, dtype, looks) makes the encoder (see
    `Cells`); sizes(shape) are its width and how many numbers it holds, without building it.
    """

    about: str | None
    build: Callable[[Shape, torch.dtype, np.ndarray | None], Encoder]
    sizes: Callable[[Shape], tuple[int, int]]


NETS = Roster("net", "agents/learning/nets", "NET", NetKind)


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
    net: str = "dense"
    """The encoder by name; see `NETS`."""
    agents: int = 0
    """0: one network for all learners; n: one for each of n, side by side."""

    def __post_init__(self) -> None:
        """Raise UserError unless every size is sane."""
        object.__setattr__(self, "view", tuple(self.view))
        limits = {
            "symbols": (0, 256), "actions": (1, 4096), "first": (1, 8192), "width": (1, 8192),
            "depth": (0, 16), "patch": (0, 64), "memory": (0, 8192), "channels": (0, 4096),
            "agents": (0, 64),
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
        """How many numbers the network holds, without building it."""
        last, total = NETS.recall(self.net, "the network").sizes(self)
        for _ in range(self.depth):
            total += (last + 1) * self.width
            last = self.width
        total += 3 * self.memory * (last + self.memory + 2)
        return (total + (last + self.memory + 1) * (self.actions + 1)) * max(self.agents, 1)


class Dense(nn.Linear):
    """A linear layer that computes in the type of its input; the weights stay in float32."""

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight.to(input.dtype), self.bias.to(input.dtype))


def start(layer: nn.Module, gain: float) -> None:
    """The first weights of a layer: orthogonal, without bias."""
    nn.init.orthogonal_(layer.weight, gain)  # type: ignore[arg-type]
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
