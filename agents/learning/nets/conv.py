"""Convolutions with residual blocks, as in IMPALA (Espeholt et al. 2018), one block a stage.

Each stage halves the board with one convolution and adds a block of two to what comes of it: the
source pools instead, at three times the cost. Two stages over symbols, three over pictures; a
quarter of `--first` channels in the first, half of it in the others. What it learns of a cell it
knows of every cell.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..encoder import Cells, Encoder, NetKind, Shape, start


def channels(shape: Shape) -> tuple[int, ...]:
    """What goes in, and what comes out of every stage."""
    few, many = max(shape.first // 4, 1), max(shape.first // 2, 1)
    if shape.symbols:
        return shape.channels or shape.symbols, few, many
    return 3, few, many, many


class Stage(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.into, self.one, self.two = (
            nn.Conv2d(c, b, 3, stride, 1) for c, stride in ((a, 2), (b, 1), (b, 1))
        )
        for layer, gain in ((self.into, 2.0), (self.one, 2.0), (self.two, 0.1)):
            start(layer, math.sqrt(gain))

    def forward(self, x: Tensor) -> Tensor:
        x = _apply(self.into, x)
        return x + _apply(self.two, F.relu(_apply(self.one, F.relu(x))))


class Convolutions(Cells):
    """Symbols or pictures -> [B, width]."""

    def __init__(self, shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> None:
        # pictures have colours for channels: three, and none of them is a symbol
        super().__init__(shape, dtype, looks if shape.symbols else np.eye(3, dtype=np.uint8))
        self.pictures, self.dtype = not shape.symbols, dtype
        self.stages = nn.ModuleList(Stage(a, b) for a, b in pairwise(channels(shape)))
        self.width = sizes(shape)[0]

    def floats(self, seen: Tensor) -> Tensor:
        if self.pictures:
            return seen.permute(0, 3, 1, 2).to(self.dtype)
        return super().floats(seen)

    def encode(self, floats: Tensor) -> Tensor:
        x = floats / 255 if self.pictures else floats
        for stage in self.stages:
            x = stage(x)
        return F.relu(x).flatten(1)


def _apply(layer: nn.Conv2d, x: Tensor) -> Tensor:
    assert layer.bias is not None
    return F.conv2d(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype), layer.stride, 1)


def sizes(shape: Shape) -> tuple[int, int]:
    """Its width, and the numbers of its weights."""
    kinds = channels(shape)
    rows, columns = shape.view[:2]
    for _ in kinds[1:]:
        rows, columns = -(-rows // 2), -(-columns // 2)
    weights = sum((9 * a + 1 + 2 * (9 * b + 1)) * b for a, b in pairwise(kinds))
    return rows * columns * kinds[-1], weights


def build(shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> Encoder:
    """For symbols or for pictures."""
    return Convolutions(shape, dtype, looks)


NET = NetKind(about=__doc__, build=build, sizes=sizes)
