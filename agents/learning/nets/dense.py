"""One matrix over all that is seen, or one that all patches share; of pictures, three convolutions.

In float32 on a CPU the matrix over symbols is a sum of picked rows (`row_sums`); elsewhere symbols
are turned into one-hot vectors and multiplied, which reads as waste and is the fastest form there
is with matrix units.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import row_sums
from ..encoder import Cells, Dense, Encoder, NetKind, Shape, start

CHANNELS = (3, 16, 32, 64)  # of a picture, after each convolution


class Symbols(Cells):
    """uint8[B, rows, columns] of symbols -> [B, width]."""

    def __init__(
        self, shape: Shape, dtype: torch.dtype = torch.float32, looks: np.ndarray | None = None
    ) -> None:
        super().__init__(shape, dtype, looks)
        self.view = rows, columns = shape.view
        self.patch = shape.patch
        self.padding = (0, 0, 0, 0)
        if self.patch:
            self.down, self.across = -(-rows // self.patch), -(-columns // self.patch)
            self.padding = (0, self.across * self.patch - columns, 0, self.down * self.patch - rows)
        self.width = _width(shape)
        seen = self.patch**2 or rows * columns
        self.inputs = seen * self.channels
        self.plain = np.array_equal(self.one_hot.float().cpu().numpy(), np.eye(len(self.one_hot)))
        self.first = Dense(self.inputs, shape.first)
        # Only one input in `symbols` is ever on, so the fan-in that matters is the number of cells.
        # where only shapes are asked for, torch would import its compiler for this
        if not self.first.weight.is_meta:
            nn.init.normal_(self.first.weight, 0.0, math.sqrt(2 / seen))
        nn.init.zeros_(self.first.bias)
        # Column by column in memory: so each symbol of each cell has one row to be picked.
        self.first.weight.data = self.first.weight.data.t().contiguous().t()

    def cells(self, seen: Tensor) -> Tensor:
        """What is seen as rows for the first layer: uint8[B, cells], or [B * patches, cells]."""
        if self.patch:
            seen = F.pad(seen, self.padding)  # with symbol 0, the void
            seen = seen.view(-1, self.down, self.patch, self.across, self.patch).transpose(2, 3)
        return seen.reshape(-1, self.inputs // self.channels)

    def floats(self, seen: Tensor) -> Tensor:
        return super().floats(F.pad(seen, self.padding) if self.patch else seen)

    def encode(self, floats: Tensor) -> Tensor:
        rows = floats.permute(0, 2, 3, 1)
        if self.patch:
            k = self.patch
            rows = rows.reshape(-1, self.down, k, self.across, k, self.channels).transpose(2, 3)
        return F.relu(self.first(rows.reshape(-1, self.inputs))).view(-1, self.width)

    def forward(self, seen: Tensor) -> Tensor:
        if not row_sums.fits(self.first.weight, self.one_hot.dtype):
            return super().forward(seen)
        table = self.first.weight.t().reshape(-1, self.channels, self.first.out_features)
        if not self.plain:
            table = torch.matmul(self.one_hot, table)
        return F.relu(row_sums.gather(table, self.first.bias, self.cells(seen))).view(
            -1, self.width
        )

    def back(self, slope: Tensor) -> Tensor:
        rows, columns = self.view
        return super().back(slope)[:, :rows, :columns]


class Pixels(Encoder):
    """uint8[B, rows, columns, 3] of colours -> [B, width].

    Three convolutions, each halving the picture.
    """

    def __init__(self, shape: Shape, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(CHANNELS))
        for layer in self.layers:
            start(layer, math.sqrt(2))
        self.width = _width(shape)

    def floats(self, seen: Tensor) -> Tensor:
        return seen.permute(0, 3, 1, 2).to(self.dtype)

    def encode(self, floats: Tensor) -> Tensor:
        x = floats / 255
        for layer in self.layers:
            x = F.relu(F.conv2d(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype), 2, 1))  # type: ignore[union-attr]
        return x.flatten(1)

    def back(self, slope: Tensor) -> Tensor:
        return slope.permute(0, 2, 3, 1).float()


def _width(shape: Shape) -> int:
    rows, columns = shape.view[:2]
    if not shape.symbols:
        return -(-rows // 8) * -(-columns // 8) * CHANNELS[-1]
    k = shape.patch
    return shape.first * (-(-rows // k) * -(-columns // k) if k else 1)


def sizes(shape: Shape) -> tuple[int, int]:
    """Its width, and the numbers of its weights."""
    if not shape.symbols:
        return _width(shape), sum((9 * a + 1) * b for a, b in pairwise(CHANNELS))
    seen = shape.patch**2 or math.prod(shape.view)
    return _width(shape), (seen * (shape.channels or shape.symbols) + 1) * shape.first


def build(shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> Encoder:
    """For symbols or for pictures."""
    return Symbols(shape, dtype, looks) if shape.symbols else Pixels(shape, dtype)


NET = NetKind(about=__doc__, build=build, sizes=sizes)
