"""Levels worth meeting again: a buffer of start states with scores, and how it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...engine import check
from ...engine.errors import need
from ...engine.rng import fold_many
from ...engine.world import World
from .lineage import Lines, Told, records


def units(key: int, first: int, n: int) -> np.ndarray:
    """Numbers from 0 to below 1, float64[n]: those of a stream from its `first` on."""
    keys = np.full(n, key % 2**64, np.uint64)
    bits = fold_many(keys, np.arange(first, first + n))
    return (bits >> np.uint64(11)) * 2.0**-53


@dataclass(frozen=True)
class Priority:
    """How likely each level of a buffer is to be met again (Jiang et al. 2021, arXiv 2010.03934).

    By rank of its score to the power of -1 / temperature, which equal scores share, and a share
    `staleness` of the probability by how long ago it was met.
    """

    temperature: float = 0.3
    staleness: float = 0.3

    def weights(self, score: np.ndarray, since: np.ndarray) -> np.ndarray:
        """Probabilities float64[n] of levels with these scores, last met so long ago."""
        rank = np.empty(len(score))
        rank[np.argsort(-score, kind="stable")] = np.arange(1, len(score) + 1)
        by_score = rank ** (-1.0 / self.temperature)
        _, same = np.unique(score, return_inverse=True)
        by_score = (np.bincount(same, by_score) / np.bincount(same))[same]
        by_score /= by_score.sum()
        if not since.any():
            return by_score
        return (1 - self.staleness) * by_score + self.staleness * since / since.sum()


class Weighing(Protocol):
    """What says how likely each level is to be met again."""

    def weights(self, score: np.ndarray, since: np.ndarray) -> np.ndarray: ...


class Buffer:
    """At most `size` levels, each once. Arrays [size], of which the first `held` count.

    words: start states. prints: their fingerprints. score: as they were met last. last: the clock
    then. best: the highest return on it. visits, solved: how often it was met, and with a return
    above 0. ideal: what experts earn there of every goal, NaN if nobody asked. depth: edits since
    it was drawn. lines: what they came from.
    """

    def __init__(
        self, world: World, size: int, priority: Weighing, edits: int = 0, still: bool = False
    ) -> None:
        self.size, self.priority, self.held, self.clock = size, priority, 0, 0
        self.lines = Lines(world, size, edits, still)
        self.words = np.zeros((size, world.dtype.itemsize // 8), np.uint64)
        self.prints = np.zeros(size, np.uint64)
        self.score, self.best = np.zeros(size), np.zeros(size)
        self.last, self.visits, self.solved, self.depth = np.zeros((4, size), np.int64)
        self.ideal = np.full((size, len(world.goals)), np.nan)
        self.world = world

    @property
    def full(self) -> float:
        """The share of places taken."""
        return self.held / self.size

    @property
    def levels(self) -> np.recarray:
        """The start states held."""
        return records(self.world, self.words[: self.held])

    def weights(self) -> np.ndarray:
        """The probability of each level held: float64[held]."""
        held = slice(self.held)
        return self.priority.weights(self.score[held], (self.clock - self.last[held]).astype(float))

    def find(self, prints: np.ndarray) -> np.ndarray:
        """The places of levels by fingerprint: int64[k], -1 for one that is not held."""
        order = np.argsort(self.prints[: self.held], kind="stable")
        known = self.prints[: self.held][order]
        if not self.held:
            return np.full(len(prints), -1)
        at = np.minimum(np.searchsorted(known, prints), self.held - 1)
        return np.where(known[at] == prints, order[at], -1)

    def draw(self, u: np.ndarray) -> np.ndarray:
        """Places of levels to meet again, for numbers from 0 to 1."""
        upto = np.cumsum(self.weights())
        return np.minimum(np.searchsorted(upto, u * upto[-1], side="right"), self.held - 1)

    def draw_free(self, u: np.ndarray, n: int, prints: np.ndarray) -> np.ndarray:
        """Places of n levels to meet again, each once, and none of those `prints` that are being
        played: else one level of a high rank would be on most environments at once. Where there are
        too few, as `draw`. u: a number from 0 to 1 for each level held.
        """
        free = np.ones(self.held, np.bool_)
        places = self.find(prints)
        free[places[places >= 0]] = False
        if free.sum() < n:
            return self.draw(np.resize(u, n))
        # the n least of exponential waiting times: drawn by weight, without putting back
        wait = -np.log1p(-u) / np.maximum(self.weights(), 1e-300)
        wait[~free] = np.inf
        return np.argsort(wait, kind="stable")[:n]

    def take(self, words: np.ndarray, facts: Mapping[str, np.ndarray], lines: Told) -> None:
        """Levels were met: known ones get their new facts; others a free place, or that of the
        level with the lowest weight if their score is higher.

        `facts` has prints, score, best, solved (0 or 1), ideal, depth, each [k]; `lines` are what
        they came from. Of a level that was met twice at once the first counts in full, the second
        as a visit. The best newcomers go first.
        """
        self.clock += 1
        _, first = np.unique(facts["prints"], return_index=True)
        again = np.setdiff1d(np.arange(len(words)), first)
        newcomers = []
        for k in first:
            at = int(self.find(facts["prints"][k : k + 1])[0])
            if at >= 0:
                self._met(at, k, facts)
            else:
                newcomers.append(k)
        newcomers.sort(key=lambda k: -facts["score"][k])
        weakest = iter(np.argsort(self.weights(), kind="stable")) if self.held else iter(())
        for k in newcomers:
            if self.held < self.size:
                at, self.held = self.held, self.held + 1
            else:
                at = next(weakest, None)
                if at is None or facts["score"][k] <= self.score[at]:
                    break
            self.words[at], self.prints[at] = words[k], facts["prints"][k]
            self.depth[at], self.ideal[at] = facts["depth"][k], facts["ideal"][k]
            self.lines.copy(at, lines, k)
            self.visits[at] = self.solved[at] = 0
            self.best[at] = -np.inf
            self._met(int(at), k, facts)
        for k in again:
            at = int(self.find(facts["prints"][k : k + 1])[0])
            if at >= 0:
                self._met(at, k, facts)

    def _met(self, at: int, k: int, facts: Mapping[str, np.ndarray]) -> None:
        self.score[at], self.last[at] = facts["score"][k], self.clock
        self.best[at] = max(self.best[at], facts["best"][k])
        self.visits[at] += 1
        self.solved[at] += facts["solved"][k]

    def state(self) -> dict[str, np.ndarray]:
        """What an exact resume needs."""
        names = ["words", "prints", "score", "best", "last", "visits", "solved", "depth", "ideal"]
        kept = {name: np.nan_to_num(getattr(self, name), nan=-1e300) if name == "ideal"
                else getattr(self, name).copy() for name in names}  # fmt: skip
        kept |= {f"lines.{name}": array for name, array in self.lines.state().items()}
        return kept | {"counts": np.array([self.held, self.clock])}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue where `state` was taken."""
        held, clock = map(int, state["counts"])
        need(0 <= held <= self.size and clock >= 0, "the buffer of levels does not add up")
        self.held, self.clock = held, clock
        lines = {k.removeprefix("lines."): v for k, v in state.items() if k.startswith("lines.")}
        self.lines.restore(lines, held)
        for name, array in state.items():
            if name != "counts" and not name.startswith("lines."):
                getattr(self, name)[...] = array
        self.ideal[self.ideal == -1e300] = np.nan
        check.states(self.world, self.levels)  # may come from a stranger's file
