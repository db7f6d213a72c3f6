"""The first layer over symbols, without the multiplications by zero: a sum of table rows, forth and
back.

A one-hot vector times a matrix picks one row for each cell; processors with matrix units multiply
faster than they pick, all others pick several times faster. Cells outside the level (symbol 0) are
most of a view that is centred on its owner: their rows are taken as the base, and only what differs
from it is added. Rows of the batch are independent, sums run in a fixed order, and each thread has
sums of its own that are added up in order: the same threads give the same bits.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...engine.jit import PLAIN, stored

# rows at a time: their sums and the table rows of four cells stay in the first-level cache
BLOCK = 32
ALONE = 256  # fewer rows are not worth a second thread


@stored
def pick(table, seen, first, last, out):
    """out[r] += the sum over cells c of table[c, seen[r, c]], for rows first..last-1.

    table float32[cells, symbols, width] with zeros for symbol 0, seen uint8[rows, cells], out
    float32[rows, width].
    """
    cells, width = table.shape[0], table.shape[2]
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        for c in range(0, cells - 3, 4):
            for r in range(start, stop):
                s, t, u, v = seen[r, c], seen[r, c + 1], seen[r, c + 2], seen[r, c + 3]
                if s | t | u | v == 0:
                    continue
                for j in range(width):
                    out[r, j] += (table[c, s, j] + table[c + 1, t, j]) + (
                        table[c + 2, u, j] + table[c + 3, v, j]
                    )
        for c in range(cells - cells % 4, cells):
            for r in range(start, stop):
                s = seen[r, c]
                for j in range(width):
                    out[r, j] += table[c, s, j]


@stored
def spread(gradient, seen, first, last, table):
    """The way back: table[c, seen[r, c]] += gradient[r], for rows first..last-1, but for symbol
    0.
    """
    cells, width = table.shape[0], table.shape[2]
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        for c in range(cells):
            for r in range(start, stop):
                s = seen[r, c]
                if s != 0:
                    for j in range(width):
                        table[c, s, j] += gradient[r, j]


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _cuts(rows: int) -> list[tuple[int, int]]:
    """The rows of each thread."""
    threads = torch.get_num_threads() if rows >= ALONE else 1
    bounds = np.linspace(0, rows, threads + 1).astype(int).tolist()
    return list(itertools.pairwise(bounds))


def gather(table: Tensor, seen: Tensor) -> Tensor:
    """The sums float32[rows, width] of table float32[cells, symbols, width] over uint8[rows,
    cells], on a CPU.
    """
    base = table[:, :1]
    return Gather.apply(table - base, seen) + base.sum(0)  # type: ignore[return-value]


class Gather(torch.autograd.Function):
    """The sums over a table that holds zeros for symbol 0, and takes no gradient there."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, seen: Tensor) -> Tensor:
        rows, symbols = table.detach().contiguous().numpy(), seen.contiguous().numpy()
        out = torch.zeros(len(seen), table.shape[2])
        cuts = _cuts(len(seen))
        into = out.numpy()
        if len(cuts) == 1:
            pick(rows, symbols, 0, len(seen), into)
        else:
            list(_pool(len(cuts)).map(lambda cut: pick(rows, symbols, cut[0], cut[1], into), cuts))
        ctx.symbols, ctx.shape = symbols, table.shape
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        gradient = gradients[0].contiguous().numpy()
        cuts = _cuts(len(gradient))
        sums = [torch.zeros(ctx.shape) for _ in cuts]

        def part(k: int) -> None:
            spread(gradient, ctx.symbols, *cuts[k], sums[k].numpy())

        if len(cuts) == 1:
            part(0)
        else:
            list(_pool(len(cuts)).map(part, range(len(cuts))))
        total = sums[0]
        for other in sums[1:]:
            total += other
        return total, None


def fits(weight: Tensor, dtype: torch.dtype) -> bool:
    """Is picking the way to go: compiled, on a CPU, in float32?"""
    return not PLAIN and weight.device.type == "cpu" and dtype == torch.float32
