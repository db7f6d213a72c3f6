"""The state of one environment is one record; a batch is an array of records.

Copy a record to save it, compare bytes to test it, hash it to name it. Bookkeeping comes first,
then what the world itself holds. All fields are 64 bits wide but the tiles, which come last:
arithmetic then means the same in compiled and in plain Python, and a record is a whole number of
64-bit words that kernels copy, clear and hash as such.

A level's fingerprint is a hash of what is on the board, not of how a record stores it: the world's
name, the live cells, the things that are there by kind and number, and the world's own fields by
name and place. What is zero counts for nothing, so that more room (a larger board, more things, a
longer field) moves no level from training to test. Parameters are not part of a level: one board
under two rules is one level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from . import rng
from .jit import kernel, rule

# Who and when: not part of what a level *is*.
BOOKKEEPING = ("key", "draws", "seed", "episode", "row", "t", "ended")
N_BOOKKEEPING = len(BOOKKEEPING)
Shape = tuple[int, ...]
RUNNING, TERMINATED, TRUNCATED = range(3)  # the values of `ended`


def record_dtype(
    size: tuple[int, int], entities: int, counts: tuple[int, int], own: Mapping[str, Shape]
) -> np.dtype:
    """The structured dtype of one environment; a whole number of 64-bit words without hidden
    padding.

    `size`: the board's (H, W). `entities`: K, how many things there are. `counts`: (agents A,
    events E). `own`: the world's own fields, name -> shape.

    Fields: `key, draws, seed` (uint64); `episode, row, t, ended, h, w` (int64); `y, x, face, alive`
    (int64[K], one entry per thing, agents first); `events, totals` (int64[A, E], this step and this
    episode); the world's own fields; `tiles` (uint8[H, W]).
    """
    height, width = size
    fields = [
        (name, np.uint64 if name in ("key", "draws", "seed") else np.int64) for name in BOOKKEEPING
    ]
    fields += [("h", np.int64), ("w", np.int64)]
    fields += [(name, np.int64, (entities,)) for name in ("y", "x", "face", "alive")]
    fields += [("events", np.int64, counts), ("totals", np.int64, counts)]
    fields += [
        (name, np.int64, shape) if shape else (name, np.int64) for name, shape in own.items()
    ]
    fields += [
        ("tiles", np.uint8, (height, width)),
        ("padding", np.uint8, (-height * width % 8 + 8,)),
    ]
    return np.dtype(fields)


def offset(dtype: np.dtype, field: str) -> int:
    """Where a field of a record begins, in bytes."""
    assert dtype.fields is not None
    return dtype.fields[field][1]  # pyright: ignore[reportArgumentType]


def blank(dtype: np.dtype, n: int) -> np.recarray:
    """`n` records of zeros."""
    return np.zeros(n, dtype).view(np.recarray)


def copy(states: np.recarray) -> np.recarray:
    """An independent copy, byte for byte."""
    return states.copy().view(np.recarray)


def words(states: np.ndarray) -> np.ndarray:
    """The same memory as uint64[n, words per record]; writing to one writes to the other."""
    return states.view(np.ndarray).view(np.uint64).reshape(len(states), states.dtype.itemsize // 8)


@rule
def hash_words(words, i, start):
    """A 64-bit hash of `words[i, start:]`."""
    h = np.uint64(start)
    for k in range(start, words.shape[1]):
        h = rng.nth(h ^ words[i, k], np.uint64(1))
    return h


NOTHING = np.uint64(0)


class Naming(NamedTuple):
    """How the words of a world's records are hashed to the names of levels.

    world, things (uint64[K]), fields (uint64[words of the world's own fields]): keys of what stands
    there, by name; 0 for what is no part of a level. first: the word at which those fields begin;
    tiles: that of the tiles; width: of a row of them in bytes.
    """

    world: np.uint64
    things: np.ndarray
    fields: np.ndarray
    first: int
    tiles: int
    width: int


def naming(
    world: str,
    things: Sequence[str],
    dtype: np.dtype,
    shapes: Mapping[str, Shape],
    scratch: Sequence[str] = (),
) -> Naming:
    """The naming of a world: what it is called, what each of its K `things` is called, its records,
    and the shapes of its own fields, those of `scratch` left out.
    """
    counted = [things[:k].count(name) for k, name in enumerate(things)]
    fields = [
        NOTHING if name in scratch else _key("field", name, *at)
        for name in shapes
        for at in np.ndindex(*shapes[name])
    ]
    return Naming(
        _key("world", world),
        np.array([_key("thing", *one) for one in zip(things, counted, strict=True)], np.uint64),
        np.array(fields or [0], np.uint64)[: len(fields)],
        offset(dtype, next(iter(shapes), "tiles")) // 8,
        offset(dtype, "tiles") // 8,
        dtype["tiles"].shape[1],
    )


def _key(*parts: str | int) -> np.uint64:
    """A key (uint64) for a name and places."""
    text = " ".join(map(str, parts)).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))


@rule
def hash_level(words, i, world, things, fields, first, tiles, width):
    """The fingerprint (uint64) of the level in `words[i]`: see `Naming`.

    Terms are joined by exclusive or, so that none waits for the one before. Cells are taken eight
    at a time, wherever in a word a row begins.
    """
    one = np.uint64(1)
    found = world ^ rng.nth(
        words[i, N_BOOKKEEPING] * np.uint64(256) + words[i, N_BOOKKEEPING + 1], np.uint64(2)
    )
    at, count = N_BOOKKEEPING + 2, len(things)
    for k in range(count):
        place = words[i, at + k] ^ (words[i, at + count + k] << np.uint64(16))
        look = (words[i, at + 2 * count + k] << np.uint64(1)) ^ words[i, at + 3 * count + k]
        if place != 0 or look != 0:
            found ^= rng.nth(things[k] ^ place ^ (look << np.uint64(32)), one)
    for k in range(len(fields)):
        if words[i, first + k] != 0 and fields[k] != 0:
            found ^= rng.nth(fields[k] ^ words[i, first + k], one)
    tall, wide = np.int64(words[i, N_BOOKKEEPING]), np.int64(words[i, N_BOOKKEEPING + 1])
    across = (wide + 7) // 8
    rest = ~np.uint64(0) >> np.uint64(8 * (8 * across - wide))  # the cells of a row's last word
    for y in range(tall):
        start = np.uint64(y * width)
        word = np.uint64(tiles) + (
            start >> np.uint64(3)
        )  # unsigned: no index is then asked for its sign
        shift = (start & np.uint64(7)) << np.uint64(3)
        for k in range(across):
            spot = word + np.uint64(k)
            cells = words[i, spot] >> shift
            cells |= words[i, spot + one] << one << (np.uint64(63) - shift)
            if k == across - 1:
                cells &= rest
            found ^= rng.nth(cells, np.uint64(32 * y + k + 3))
    return rng.nth(found, one)


@kernel
def _fingerprints(words, world, things, fields, first, tiles, width):
    marks = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        marks[i] = hash_level(words, i, world, things, fields, first, tiles, width)
    return marks


@kernel
def _hashes(words, start):
    hashes = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        hashes[i] = hash_words(words, i, start)
    return hashes


DIGITS = 8  # of a level's name


def short(mark: int | np.integer) -> str:
    """The name of the level with this fingerprint, as people see it."""
    return f"{int(mark):016x}"[:DIGITS]


def fingerprint(states: np.ndarray, how: Naming) -> np.ndarray:
    """uint64[n]: the name of each start state, whatever seed or hand made it. Equal levels have
    equal fingerprints.
    """
    return _fingerprints(words(states), *how)


def digest(states: np.ndarray) -> np.ndarray:
    """uint64[n]: a hash of each whole record, bookkeeping included; equal only if the future is
    equal too.
    """
    return _hashes(words(states), 0)
