"""The memory of a batch of environments: records, what is seen, and the ledger of episodes.

Everything is allocated once; kernels write into it, and a caller reads views of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from . import check, machine, state
from .errors import need
from .jit import PLAIN
from .world import World


class Planes(NamedTuple):
    """What every learner of n environments sees, three views of one memory: words uint64[n, L, W],
    bytes uint8[n, L, 8 W], cells uint8[n, L, vh, vw].
    """

    words: np.ndarray
    bytes: np.ndarray
    cells: np.ndarray


def planes(world: World, n: int) -> Planes:
    (vh, vw), learners = world.view, world.learners
    words = np.zeros((n, learners, _row_words(world)), np.uint64)
    flat = words.view(np.uint8)
    return Planes(words, flat, flat[:, :, : vh * vw].reshape(n, learners, vh, vw))


def records(world: World, n: int) -> np.recarray:
    """Blank states: recarray[n]. Raises UserError if there is no memory for a batch of as many."""
    each = world.dtype.itemsize + 16 * world.learners * _row_words(world)
    machine.need_memory(n, each, f"environments of world '{world.name}'")
    # kernels read on beside the tiles of a record
    return state.blank(world.dtype, n + 2)[1:-1].view(np.recarray)


def ledger(world: World, n: int) -> np.recarray:
    """What is kept of each environment's episodes beside its record: its chain of level seeds, the
    level queued next, what the last step paid, and how the last episode ended.
    """
    kept = np.dtype(
        [("chain", np.uint64), ("queue", np.uint64), ("final_seed", np.uint64)]
        + [
            (f, np.int64)
            for f in ("queued", "episode", "strays", "final_t", "final_row", "final_end")
        ]
        + [("final_totals", np.int64, (world.agents, len(world.events)))]
        + [("reward", np.float32, (world.learners,))]
        + [(f, np.uint8) for f in ("fresh", "terminated", "truncated")],
        align=True,
    )
    return np.zeros(n, kept).view(np.recarray)


def as_bytes(ledger: np.recarray) -> np.ndarray:
    """A ledger as uint8[n, bytes]: the same memory."""
    return ledger.view(np.ndarray).view(np.uint8).reshape(len(ledger), -1)


def raw(records: np.ndarray) -> np.ndarray:
    """Records as the kernels take them: bare when compiled (quicker to pass), with attributes in
    plain Python.
    """
    return records if PLAIN else records.view(np.ndarray)


def check_snapshot(
    world: World, ledger: np.recarray, snapshot: Mapping[str, np.ndarray], trusted: bool
) -> None:
    """Raise UserError unless a batch that has this ledger can go on from the snapshot (see
    `Vec.restore`).
    """
    n, words = len(ledger), state.words(state.blank(world.dtype, 1)).shape[1]
    shapes = {
        "words": ((n, words), np.uint64),
        "ledger": (as_bytes(ledger).shape, np.uint8),
        "seeds": ((len(snapshot.get("seeds", ())),), np.uint64),
        "starts": ((len(snapshot.get("starts", ())), words), np.uint64),
    }
    for name, (shape, kind) in shapes.items():
        part = snapshot.get(name)
        sound = isinstance(part, np.ndarray) and part.shape == shape and part.dtype == kind
        need(sound, f"'{name}' of the environments is not {np.dtype(kind)} of shape {shape}")
    for name, start in (("words", False), ("starts", True)):
        found = np.ascontiguousarray(snapshot[name]).view(world.dtype).reshape(-1)
        if trusted:
            check.board(world, found[found["h"] > 0])
        else:
            check.states(world, found, start)


def _row_words(world: World) -> int:
    """The words in which one learner's view fits."""
    return -(-world.view[0] * world.view[1] // 8)
