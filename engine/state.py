"""The state of one environment is one record; a batch is an array of records.

Copy a record to save it, compare bytes to test it, hash it to name it. Bookkeeping comes first,
then what the world itself holds, so a level's fingerprint is a hash of everything after the
bookkeeping. All fields are 64 bits wide but the tiles, which come last: arithmetic then means the
same in compiled and in plain Python, and a record is a whole number of 64-bit words that kernels
copy, clear and hash as such.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def fingerprint(states: np.ndarray) -> np.ndarray:
    """uint64[n]: the name of each start state, whatever seed or hand made it. Equal levels have
    equal fingerprints.
    """
    return _hashes(words(states), N_BOOKKEEPING)


def digest(states: np.ndarray) -> np.ndarray:
    """uint64[n]: a hash of each whole record, bookkeeping included; equal only if the future is
    equal too.
    """
    return _hashes(words(states), 0)
