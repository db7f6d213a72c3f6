"""Where edited levels come from: the level that was drawn, and the key of every edit since.

An edit follows from a level and a key alone (`mutate`), so a level's forebears need not be kept:
they are made again. Of a longer line the first are forgotten, and it begins with one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ...engine import check, state
from ...engine.errors import need
from ...engine.levels.edit import mutate
from ...engine.world import World

MOST = 64  # generations that a line remembers


def records(world: World, words: np.ndarray) -> np.recarray:
    """uint64[k, W] as k states of the world."""
    return np.ascontiguousarray(words).view(world.dtype).reshape(-1).view(np.recarray)


class Told(Protocol):
    """Lines of levels, as arrays; see `Lines`."""

    @property
    def first(self) -> np.ndarray: ...
    @property
    def keys(self) -> np.ndarray: ...
    @property
    def length(self) -> np.ndarray: ...


class Lines:
    """The line of each of n levels. Arrays [n]: first: uint64[n, W], a start state. keys:
    uint64[n, MOST], of the generations since, the newest last. length: int64[n], how many.
    Without `edits` there is nothing to remember, and nothing is.
    """

    PARTS = ("first", "keys", "length")

    def __init__(self, world: World, n: int, edits: int, still: bool) -> None:
        self.world, self.edits, self.still = world, edits, still
        self.first = np.zeros((n, world.dtype.itemsize // 8 if edits else 0), np.uint64)
        self.keys = np.zeros((n, MOST if edits else 0), np.uint64)
        self.length = np.zeros(n, np.int64)

    def begin(self, where: np.ndarray, words: np.ndarray) -> None:
        """These levels were drawn: a line begins."""
        if self.edits:
            self.first[where], self.length[where] = words, 0

    def copy(self, where: np.ndarray | int, other: Told, places: np.ndarray | int) -> None:
        """The lines at `places` of the other."""
        for name in self.PARTS:
            getattr(self, name)[where] = getattr(other, name)[places]

    def grow(self, where: np.ndarray, keys: np.ndarray) -> None:
        """A generation more, each by its key."""
        full = where[self.length[where] == MOST]
        if len(full):
            self.first[full] = state.words(self._child(self.first[full], self.keys[full, 0]))
        self.keys[where, :-1] = self.keys[where, 1:]
        self.keys[where, -1] = keys
        self.length[where] = np.minimum(self.length[where] + 1, MOST)

    def of(self, at: int) -> np.recarray:
        """The levels of one line, the first one first, as start states."""
        found = [records(self.world, self.first[at])]
        for key in self.keys[at, MOST - self.length[at] :]:
            found.append(self._child(state.words(found[-1]), np.array([key])))
        return np.concatenate(found).view(np.recarray)

    def _child(self, words: np.ndarray, keys: np.ndarray) -> np.recarray:
        return mutate(self.world, records(self.world, words), keys, self.edits, self.still)

    def state(self) -> dict[str, np.ndarray]:
        """What an exact resume needs."""
        return {name: getattr(self, name).copy() for name in self.PARTS}

    def restore(self, found: Mapping[str, np.ndarray], held: int) -> None:
        """Continue where `found` was taken; the first `held` count, and are checked."""
        for name in self.PARTS:
            getattr(self, name)[...] = found[name]
        need(((self.length >= 0) & (self.length <= MOST)).all(), "a level's line has no length")
        if self.edits:
            check.states(self.world, records(self.world, self.first[:held]))
