"""Bytes moved as wide as the machine can.

A loop over the bytes of two arrays is tested for overlap again and again, or moves one byte at a
time. These say that there is none, and are a handful of wide moves where the count is constant.
The arrays are contiguous, places in them are counted in bytes, and nothing is checked when compiled.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import PLAIN

WIDEST = 64  # bytes to a vector of the widest processors; narrower ones take two or four for it


def _copy_plain(to, at, source, start, count):
    """Copy `count` bytes, from byte `start` of the array `source` to byte `at` of the array `to`."""
    into, out = to.reshape(-1).view(np.uint8), source.reshape(-1).view(np.uint8)
    into[at : at + count] = out[start : start + count]


def _lift_plain(to, at, source, start, low, high, count):
    """Write `count` bytes (a constant up to 1024) at byte `at` of `to`: one more than those from
    byte `start` of `source` where their place is in low..high-1 (both at most 255), else 0.

    Compiled code also reads what it does not use: `count` bytes from `start` on.
    """
    into, out = to.reshape(-1).view(np.uint8), source.reshape(-1).view(np.uint8)
    into[at : at + count] = 0
    if high > low:
        into[at + low : at + high] = out[start + low : start + high] + np.uint8(1)


def _equal_plain(tiles, y, tile):
    """The cells of row `y` of a record's tiles that hold `tile`: bit x of a word (uint64) for cell x,
    of the first 64.
    """
    found = np.uint64(0)
    for x in np.flatnonzero(tiles[y, :64] == tile):
        found |= np.uint64(1) << np.uint64(x)
    return found


def _spread_plain(tiles, y, left, count, bits, one, other):
    """The `count` (1 to 64) cells of row `y` of a record's tiles from column `left` on become `one`
    where `bits` (uint64, the lowest first) are 1, else `other`.
    """
    for k in range(count):
        tiles[y, left + k] = one if int(bits) >> k & 1 else other


def _turn_plain(to, at, pitch, source, start, length):
    """Turn 16 columns of 16 pixels of 4 bytes, the first at byte `start` of `source` and `length`
    bytes apart, into rows of 3 bytes a pixel, the first at byte `at` of `to` and `pitch` apart.
    """
    into, out = to.reshape(-1).view(np.uint8), source.reshape(-1).view(np.uint8)
    columns = np.stack([out[k : k + 64] for k in range(start, start + 16 * length, length)])
    rows = columns.reshape(16, 16, 4)[..., :3].transpose(1, 0, 2).reshape(16, 48)
    for k in range(16):
        into[at + k * pitch : at + k * pitch + 48] = rows[k]


BYTE = ir.IntType(8)


def _place(context, builder, kind, array, at):
    """Where byte `at` of an array is."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(builder.bitcast(data, BYTE.as_pointer()), [at])


@intrinsic
def _copy_compiled(typing_context, to, at, source, start, count):
    def build(context, builder, signature, given):
        into = _place(context, builder, signature.args[0], *given[0:2])
        out = _place(context, builder, signature.args[2], *given[2:4])
        cgutils.raw_memcpy(builder, into, out, given[4], 1)
        return context.get_dummy_value()

    return types.void(to, types.int64, source, types.int64, types.int64), build


@intrinsic(prefer_literal=True)
def _lift_compiled(typing_context, to, at, source, start, low, high, count):
    if not isinstance(count, types.IntegerLiteral):
        return None
    total = count.literal_value
    lanes = min(1 << total.bit_length() - 1, WIDEST)
    whole = (low, high) == (types.literal(0), types.literal(total))

    def build(context, builder, signature, given):
        into = _place(context, builder, signature.args[0], *given[0:2])
        out = _place(context, builder, signature.args[2], *given[2:4])
        vector = ir.VectorType(BYTE, lanes)

        def spread(value):
            one = builder.insert_element(
                ir.Constant(vector, ir.Undefined),
                builder.trunc(value, BYTE),
                cgutils.int32_t(0),
            )
            lane = ir.Constant(ir.VectorType(cgutils.int32_t, lanes), [0] * lanes)
            return builder.shuffle_vector(one, one, lane)

        # vectors side by side, the last of them over part of the one before
        for first in sorted({*range(0, total - lanes + 1, lanes), total - lanes}):
            here = [
                builder.bitcast(builder.gep(p, [cgutils.intp_t(first)]), vector.as_pointer())
                for p in (into, out)
            ]
            value = builder.add(builder.load(here[1], align=1), ir.Constant(vector, [1] * lanes))
            if not whole:
                places = ir.Constant(vector, [first + k for k in range(lanes)])
                inside = builder.and_(
                    builder.icmp_unsigned(">=", places, spread(given[4])),
                    builder.icmp_unsigned("<", places, spread(given[5])),
                )
                value = builder.select(inside, value, ir.Constant(vector, [0] * lanes))
            builder.store(value, here[0], align=1)
        return context.get_dummy_value()

    integers = types.int64, types.int64, count
    return types.void(to, types.int64, source, types.int64, *integers), build


@intrinsic
def _equal_compiled(typing_context, tiles, y, tile):
    if not isinstance(tiles, types.NestedArray):
        return None
    width = tiles.shape[1]
    count = min(width, 64)

    def build(context, builder, signature, given):
        at = builder.mul(given[1], cgutils.intp_t(width))
        row = ir.VectorType(BYTE, count)
        here = builder.bitcast(
            _place(context, builder, signature.args[0], given[0], at), row.as_pointer()
        )
        one = builder.insert_element(
            ir.Constant(row, ir.Undefined), builder.trunc(given[2], BYTE), cgutils.int32_t(0)
        )
        lane = ir.Constant(ir.VectorType(cgutils.int32_t, count), [0] * count)
        same = builder.icmp_unsigned(
            "==", builder.load(here, align=1), builder.shuffle_vector(one, one, lane)
        )
        bits = builder.bitcast(same, ir.IntType(count))
        return builder.zext(bits, ir.IntType(64)) if count < 64 else bits

    return types.uint64(tiles, types.int64, types.int64), build


@intrinsic
def _spread_compiled(typing_context, tiles, y, left, count, bits, one, other):
    if not isinstance(tiles, types.NestedArray):
        return None
    width = tiles.shape[1]
    whole = min(width, 64)  # cells of a row that are looked at: never any beside it
    lanes = 1 << whole.bit_length() - 1

    def build(context, builder, signature, given):
        y, left, count, bits, one, other = given[1:]
        word, vector = ir.IntType(64), ir.VectorType(BYTE, lanes)
        beyond = builder.sub(left, cgutils.intp_t(width - whole))
        none = cgutils.intp_t(0)
        shift = builder.select(builder.icmp_signed(">", beyond, none), beyond, none)
        if width <= 64:
            shift = left
        live = builder.lshr(ir.Constant(word, -1), builder.sub(cgutils.intp_t(64), count))
        live, bits = builder.shl(live, shift), builder.shl(bits, shift)
        at = builder.add(builder.mul(y, cgutils.intp_t(width)), builder.sub(left, shift))
        row = _place(context, builder, signature.args[0], given[0], at)

        def spread(value):
            start = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(start, builder.trunc(value, BYTE), cgutils.int32_t(0))
            lane = ir.Constant(ir.VectorType(cgutils.int32_t, lanes), [0] * lanes)
            return builder.shuffle_vector(first, first, lane)

        def told(value, first):
            part = builder.trunc(builder.lshr(value, word(first)), ir.IntType(lanes))
            return builder.bitcast(part, ir.VectorType(ir.IntType(1), lanes))

        parts = sorted({*range(0, whole - lanes + 1, lanes), whole - lanes})
        here = [
            builder.bitcast(builder.gep(row, [cgutils.intp_t(k)]), vector.as_pointer())
            for k in parts
        ]
        old = [builder.load(place, align=1) for place in here]  # all of them first: they overlap
        for first, place, was in zip(parts, here, old, strict=True):
            new = builder.select(told(bits, first), spread(one), spread(other))
            builder.store(builder.select(told(live, first), new, was), place, align=1)
        return context.get_dummy_value()

    integers = types.int64, types.int64, types.int64, types.uint64, types.int64, types.int64
    return types.void(tiles, *integers), build


@intrinsic
def _turn_compiled(typing_context, to, at, pitch, source, start, length):
    def build(context, builder, signature, given):
        into = _place(context, builder, signature.args[0], *given[0:2])
        out = _place(context, builder, signature.args[3], *given[3:5])
        vector = ir.VectorType(cgutils.int32_t, 16)

        def line(data, k, apart, kind):
            at = builder.mul(apart, cgutils.intp_t(k))
            return builder.bitcast(builder.gep(data, [at]), kind.as_pointer())

        def pick(a, b, lanes):
            kind = ir.VectorType(cgutils.int32_t, len(lanes))
            return builder.shuffle_vector(a, b, ir.Constant(kind, lanes))

        pixels = [builder.load(line(out, k, given[5], vector), align=1) for k in range(16)]
        for s in (1, 2, 4, 8):  # squares of s pixels change places across the diagonal
            for k in (k for k in range(16) if not k & s):
                a, b = pixels[k], pixels[k + s]
                pixels[k] = pick(a, b, [16 + (e ^ s) if e & s else e for e in range(16)])
                pixels[k + s] = pick(a, b, [16 + e if e & s else e ^ s for e in range(16)])
        wide, narrow = ir.VectorType(BYTE, 64), ir.VectorType(BYTE, 48)
        three = [e for e in range(64) if e & 3 < 3]
        for k, row in enumerate(pixels):
            value = builder.bitcast(row, wide)
            builder.store(pick(value, value, three), line(into, k, given[2], narrow), align=1)
        return context.get_dummy_value()

    integers = types.int64, types.int64
    return types.void(to, *integers, source, *integers), build


_fast: Any = (
    _copy_compiled,
    _lift_compiled,
    _equal_compiled,
    _spread_compiled,
    _turn_compiled,
)
_slow = (_copy_plain, _lift_plain, _equal_plain, _spread_plain, _turn_plain)
for _compiled, _plain in zip(_fast, _slow, strict=True):
    _compiled.stands_for = _plain  # one meaning, so one fingerprint of all that moves bytes
copy, lift, equal, spread, turn = _slow if PLAIN else _fast
