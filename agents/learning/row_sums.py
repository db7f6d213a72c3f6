"""The first layer over symbols, without the multiplications by zero: a sum of table rows, forth and
back.

A one-hot vector times a matrix picks one row for each cell, and picking is several times faster
than multiplying. Cells outside the level (symbol 0) are most of a view that is centred on its
owner: their rows are taken as the base, and only what differs from it is added. Rows of the batch
are independent, sums run in a fixed order, and each thread has sums of its own that are added up in
order: the same threads give the same bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from torch import Tensor

from ...engine.jit import PLAIN, lean, stored

BLOCK = 8192  # floats at a time: they and the table rows of four cells fit the first-level cache
LARGE = 65_536  # where they are met seldom, and sums of four cells are used again
ALONE = 256  # fewer rows are not worth a second thread
LANES = 16  # floats in one instruction, where the processor has so many
# what four cells show is spread over so many places by its product with a large odd number
BITS = 6
SLOTS, SCATTER = 1 << BITS, np.uint32(2654435769)
NOTHING = np.float32(-0.0)  # what changes no number to which it is added


# -- vectors ---------------------------------------------------------------------------------------

# Left to itself the compiler asks before every short loop over a row whether the arrays overlap.
# Told what to do it takes half the time, for the same bits: each float is summed by itself.


def _places(builder: Any, array: Any, starts: Any, width: Any) -> Iterator[list[Any]]:
    """Write the loops over a row: yields pointers to the same lanes of every row that `starts`."""
    done = ir.Constant(ir.IntType(64), 0)
    for lanes in (LANES, 1):
        kind = ir.VectorType(ir.FloatType(), lanes) if lanes > 1 else ir.FloatType()
        step = ir.Constant(ir.IntType(64), lanes)
        stop = builder.mul(builder.udiv(width, step), step)
        with cgutils.for_range_slice(builder, done, stop, step) as (lane, _):
            yield [
                builder.bitcast(builder.gep(a, [builder.add(s, lane)]), kind.as_pointer())
                for a, s in zip(array, starts, strict=True)
            ]
        done = stop


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(pointer, align=4)


def _arguments(context: Any, builder: Any, signature: Any, values: Any) -> tuple[Any, Any, Any]:
    """The pointers (of `four` and of `one`), the starts of the rows, and the width."""
    data = [context.make_array(signature.args[k])(context, builder, values[k]).data for k in (0, 2)]
    starts = [builder.extract_value(values[1], k) for k in range(4)]
    return [data[0]] * 4 + [data[1]], [*starts, values[3]], values[4]


def _signature(four: Any, at: Any, one: Any) -> Any:
    return types.void(four, types.UniTuple(types.int64, 4), one, types.int64, types.int64)


@intrinsic
def gather_four(typing: Any, four: Any, at: Any, one: Any, to: Any, width: Any) -> Any:
    """one[to : to + width] += the sum of four[a : a + width] for the four numbers in `at`.

    Of arrays of float32 in C order, counted flat.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        for *rows, out in _places(builder, *_arguments(context, builder, signature, values)):
            a, b, c, d = (_load(builder, row) for row in rows)
            total = builder.fadd(builder.fadd(a, b), builder.fadd(c, d))
            builder.store(builder.fadd(_load(builder, out), total), out, align=4)
        return context.get_dummy_value()

    return _signature(four, at, one), generate


@intrinsic
def scatter_four(typing: Any, four: Any, at: Any, one: Any, start: Any, width: Any) -> Any:
    """four[a : a + width] += one[start : start + width] for each of the four numbers in `at`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        for *rows, source in _places(builder, *_arguments(context, builder, signature, values)):
            more = _load(builder, source)
            for row in rows:
                builder.store(builder.fadd(_load(builder, row), more), row, align=4)
        return context.get_dummy_value()

    return _signature(four, at, one), generate


# -- forth and back --------------------------------------------------------------------------------


@lean
def four_rows(seen, r, c, symbols, width):
    """Where in the table, counted flat, the rows of cells c to c + 3 of `seen[r]` begin, and whether
    one of the four shows anything but symbol 0.
    """
    s, t = np.int64(seen[r, c]), np.int64(seen[r, c + 1])
    u, v = np.int64(seen[r, c + 2]), np.int64(seen[r, c + 3])
    each = symbols * width
    at = c * each
    rows = (
        at + s * width,
        at + each + t * width,
        at + 2 * each + u * width,
        at + 3 * each + v * width,
    )
    return rows, s | t | u | v != 0


@intrinsic
def add_four(typing: Any, four: Any, at: Any, one: Any, to: Any, width: Any) -> Any:
    """one[to : to + width] += four[a : a + width] for each of the four numbers in `at`, in order."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        for *rows, out in _places(builder, *_arguments(context, builder, signature, values)):
            total = _load(builder, out)
            for row in rows:
                total = builder.fadd(total, _load(builder, row))
            builder.store(total, out, align=4)
        return context.get_dummy_value()

    return _signature(four, at, one), generate


@intrinsic
def word_at(typing: Any, seen: Any, at: Any) -> Any:
    """What four cells show, from byte `at` of an array on, in one word."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        word = builder.bitcast(builder.gep(data, [values[1]]), cgutils.int32_t.as_pointer())
        return builder.load(word, align=1)

    return types.uint32(seen, types.int64), generate


@lean
def known(table, word, c, symbols, width, words, sums, k):
    """Where in `sums`, counted flat, the rows of what cells c to c + 3 show are added up already;
    if they are not, they are now. What comes of nothing but void is at the end.
    """
    slot = np.uint64(word * SCATTER >> np.uint32(32 - BITS) & np.uint32(SLOTS - 1))
    at = (k * SLOTS + np.int64(slot)) * width
    if (words[k, slot] != word) & (word != 0):
        words[k, slot] = word
        each, first = symbols * width, c * symbols * width
        rows = (
            first + np.int64(word & np.uint32(255)) * width,
            first + each + np.int64(word >> np.uint32(8) & np.uint32(255)) * width,
            first + 2 * each + np.int64(word >> np.uint32(16) & np.uint32(255)) * width,
            first + 3 * each + np.int64(word >> np.uint32(24)) * width,
        )
        for j in range(width):
            sums[at + j] = NOTHING
        gather_four(table, rows, sums, at, width)  # pyright: ignore
    return at if word else 4 * SLOTS * width


@stored
def pick(table, seen, first, last, out):
    """out[r] += the sum over cells c of table[c, seen[r, c]], for rows first..last-1.

    table float32[cells, symbols, width] with zeros for symbol 0, seen uint8[rows, cells], out
    float32[rows, width], all in C order. Four cells are added up, then that to `out`; what they
    show, they show again soon in another row, so the sums of four are kept.
    """
    cells, symbols, width = table.shape
    block, upto, none = max(LARGE // width, 1), cells // 4 * 4, np.uint32(0)
    words, sums = np.zeros((4, SLOTS), np.uint32), np.zeros((4 * SLOTS + 1) * width, np.float32)
    sums[4 * SLOTS * width :] = NOTHING
    for start in range(first, last, block):
        stop = min(start + block, last)
        for c in range(0, upto, 16):
            words[:] = 0
            for r in range(start, stop):
                at = r * cells + c
                a = word_at(seen, at)  # pyright: ignore
                b = word_at(seen, at + 4) if c + 4 < upto else none  # pyright: ignore
                d = word_at(seen, at + 8) if c + 8 < upto else none  # pyright: ignore
                e = word_at(seen, at + 12) if c + 12 < upto else none  # pyright: ignore
                if a | b | d | e == 0:
                    continue
                rows = (
                    known(table, a, c, symbols, width, words, sums, 0),
                    known(table, b, c + 4, symbols, width, words, sums, 1),
                    known(table, d, c + 8, symbols, width, words, sums, 2),
                    known(table, e, c + 12, symbols, width, words, sums, 3),
                )
                add_four(sums, rows, out, r * width, width)  # pyright: ignore
        for c in range(cells - cells % 4, cells):
            for r in range(start, stop):
                s = seen[r, c]
                for j in range(width):
                    out[r, j] += table[c, s, j]


@stored
def spread(gradient, seen, first, last, table):
    """The way back: table[c, seen[r, c]] += gradient[r], for rows first..last-1.

    What it leaves in the rows of symbol 0 means nothing.
    """
    cells, symbols, width = table.shape
    block = max(BLOCK // width, 1)
    for start in range(first, last, block):
        stop = min(start + block, last)
        for c in range(0, cells - 3, 4):
            for r in range(start, stop):
                rows, any_there = four_rows(seen, r, c, symbols, width)
                if any_there:
                    scatter_four(table, rows, gradient, r * width, width)  # pyright: ignore
        for c in range(cells - cells % 4, cells):
            for r in range(start, stop):
                s = seen[r, c]
                for j in range(width):
                    table[c, s, j] += gradient[r, j]


@stored
def lift(table, bias, above, base):
    """above[c, s] = table[c, s] - table[c, 0], and base = `bias` + the sum over cells of
    table[c, 0].
    """
    cells, symbols, width = table.shape
    base[:] = bias
    for c in range(cells):
        for j in range(width):
            base[j] += table[c, 0, j]
        for s in range(symbols):
            for j in range(width):
                above[c, s, j] = table[c, s, j] - table[c, 0, j]


@stored
def settle(total, table):
    """table[c, 0] = `total` - the sum of table[c, s] over all other symbols s."""
    cells, symbols, width = table.shape
    for c in range(cells):
        for j in range(width):
            table[c, 0, j] = total[j]
        for s in range(1, symbols):
            for j in range(width):
                table[c, 0, j] -= table[c, s, j]


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _threads(rows: int) -> int:
    """How many threads so many rows are worth."""
    return torch.get_num_threads() if rows >= ALONE else 1


def _each_part(rows: int, work: Callable[[int, int, int], None]) -> None:
    """`work(number, first, last)` for the rows of every thread."""
    threads = _threads(rows)
    if threads == 1:
        work(0, 0, rows)
        return
    bounds = np.linspace(0, rows, threads + 1).astype(int).tolist()
    parts = [(k, *cut) for k, cut in enumerate(itertools.pairwise(bounds))]
    list(_pool(threads).map(lambda part: work(*part), parts))


class Table:
    """The first layer, read: its rows above that of the void in each cell, and what a view of
    nothing but void comes to.
    """

    def __init__(self, cells: int, symbols: int, width: int) -> None:
        self.above, self.base = torch.empty(cells, symbols, width), torch.empty(width)

    def read(self, table: Tensor, bias: Tensor) -> Table:
        """Take on table float32[cells, symbols, width] and bias float32[width]; returns itself."""
        arrays = (table, bias, self.above, self.base)
        lift(*(array.detach().contiguous().numpy() for array in arrays))
        return self

    def sums(self, seen: Tensor, out: Tensor) -> Tensor:
        """Write the sums of the rows that are `seen` uint8[rows, cells] into `out` float32[rows,
        width], and return it.
        """
        out.copy_(self.base.expand_as(out))
        above, symbols, into = self.above.numpy(), seen.numpy(), out.numpy()
        _each_part(len(seen), lambda _, first, last: pick(above, symbols, first, last, into))
        return out


def spread_back(gradient: Tensor, seen: Tensor, total: Tensor, table: Tensor) -> None:
    """Write into `table` float32[cells, symbols, width] what a gradient float32[rows, width] of the
    sums is at the table's rows; `total` is its sum over the rows.
    """
    # Threads cannot share sums: each but the first gets some of its own.
    sums = [table.zero_(), *(torch.zeros_like(table) for _ in range(_threads(len(seen)) - 1))]
    slope, symbols = gradient.numpy(), seen.numpy()
    _each_part(
        len(seen),
        lambda k, first, last: spread(slope, symbols, first, last, sums[k].numpy()),
    )
    for other in sums[1:]:
        table += other
    # Every cell of every row holds one symbol: what the others did not get is the void's.
    settle(total.numpy(), table.numpy())


class Gather(torch.autograd.Function):
    """For autograd: the sums float32[rows, width] over table float32[cells, symbols, width] and
    bias float32[width], for uint8[rows, cells] seen, on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, bias: Tensor, seen: Tensor) -> Tensor:
        ctx.seen, ctx.shape = seen.contiguous(), table.shape
        out = torch.empty(len(seen), len(bias))
        return Table(*table.shape).read(table, bias).sums(ctx.seen, out)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        gradient, table = gradients[0].contiguous(), torch.empty(ctx.shape)
        total = gradient.sum(0)
        spread_back(gradient, ctx.seen, total, table)
        return table, total, None


def gather(table: Tensor, bias: Tensor, seen: Tensor) -> Tensor:
    """See `Gather`."""
    return Gather.apply(table, bias, seen)  # type: ignore[return-value]


def fits(weight: Tensor, dtype: torch.dtype) -> bool:
    """Is picking the way to go: compiled, on a CPU, in float32?"""
    return not PLAIN and weight.device.type == "cpu" and dtype == torch.float32
