"""Attention: eight questions are put to all cells, and eight more that depend on the answers.

As in the Perceiver (Jaegle et al. 2021), small: each cell says what stands there and where, in
half of `--first` numbers, as a key and a value; a question takes the values of the cells whose keys fit.
Learned questions first; then each question is made anew of its own answer.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ....engine.errors import need
from ..encoder import Cells, Dense, Encoder, NetKind, Shape, start

QUESTIONS, ROUNDS = 8, 2


class Attention(Cells):
    """uint8[B, rows, columns] of symbols -> [B, width]."""

    def __init__(self, shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> None:
        super().__init__(shape, dtype, looks)
        units = max(shape.first // 2, 1)
        self.width = QUESTIONS * units
        self.what = nn.ModuleList(Dense(self.channels, units) for _ in range(2))
        self.where = nn.Parameter(torch.empty(2, math.prod(shape.view), units))
        self.asked = nn.Parameter(torch.empty(QUESTIONS, units))
        self.next = Dense(units, units)
        for layer in (self.next, *self.what):
            start(layer, 1.0)
        for weight in (self.where, self.asked):
            nn.init.orthogonal_(weight, 1.0)

    def encode(self, floats: Tensor) -> Tensor:
        kind = floats.dtype
        cells = floats.permute(0, 2, 3, 1).flatten(1, 2)
        keys, values = (
            what(cells) + where.to(kind) for what, where in zip(self.what, self.where, strict=True)
        )
        question = answer = self.asked.to(kind).expand(len(floats), -1, -1)
        for _ in range(ROUNDS):
            fit = question @ keys.transpose(1, 2) / math.sqrt(keys.shape[-1])
            answer = fit.softmax(-1) @ values
            question = question + self.next(F.relu(answer))
        return F.relu(answer).flatten(1)


def sizes(shape: Shape) -> tuple[int, int]:
    """Its width, and the numbers of its weights."""
    need(bool(shape.symbols), "--net attention looks at symbols; for pictures take conv or dense")
    cells, kinds = math.prod(shape.view), shape.channels or shape.symbols
    units = max(shape.first // 2, 1)
    return QUESTIONS * units, 2 * units * (kinds + 1 + cells) + (QUESTIONS + units + 1) * units


def build(shape: Shape, dtype: torch.dtype, looks: np.ndarray | None) -> Encoder:
    """For symbols."""
    return Attention(shape, dtype, looks)


NET = NetKind(about=__doc__, build=build, sizes=sizes)
