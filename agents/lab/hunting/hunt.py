"""One search: its budget, its dice, what it found, and a journal that it goes on from."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

import numpy as np

from ....engine import files, state
from ....engine.errors import need
from ....engine.progress import Show, silent
from .arena import Arena, episode
from .ground import Ground

KEPT = 256  # of the worst levels


class Hunt:
    """What an attack is given: `draw`, `edit` and `play`, until `left` is 0.

    Every level handed to `play` costs one of the budget, also those that do not count. `dice` is
    the only chance an attack may use: the same seed then finds the same levels, and a search that
    was interrupted goes on from its journal, which gives the answers that are known already.
    """

    def __init__(
        self,
        name: str,
        arena: Arena,
        ground: Ground,
        budget: int,
        seed: int = 0,
        journal: Path | None = None,
        show: Show = silent,
    ) -> None:
        self.name, self.arena, self.ground = name, arena, ground
        self.world, self.budget, self.left = arena.world, budget, budget
        self.dice = np.random.default_rng([seed, zlib.crc32(name.encode())])
        self.states = state.blank(arena.world.dtype, 0)
        self.rows = np.zeros(0, arena.dtype)  # the worst levels, worst first
        self.notes: list[str] = []  # lines that an attack wants told
        self.refused = self.failed = self.steps = 0  # steps: of all levels that count
        self.judged, self.seconds = (
            0,
            0.0,
        )  # levels that no journal knew, and processor time for them
        self._show, self._journal = show, journal
        self._known = _read(journal, arena.dtype, budget) if journal else self.rows

    def draw(self, n: int) -> np.recarray:
        """n levels by chance (start states) within the limits."""
        return self.ground.draw(n, self.dice)

    def edit(self, states: np.recarray, edits: int = 1) -> np.recarray:
        """Each level after `edits` small changes. They may lead out of the limits."""
        return self.ground.edit(states, self.dice, edits)

    def redealt(self, states: np.recarray) -> np.recarray:
        """The same levels with other dice, for an agent that draws its actions."""
        return episode(states, states["episode"] + 1)

    def play(self, states: np.recarray) -> np.ndarray:
        """Have the agent play these levels; a row for each (see `Arena`), of which `fitness` says
        how bad the level is for it: -inf where it does not count, or the budget is spent.
        """
        n = min(len(states), self.left)
        rows = np.zeros(len(states), self.arena.dtype)
        rows["fitness"] = -np.inf
        if n:
            rows[:n] = self._judged(states[:n].view(np.recarray))
            self._keep(states[:n].view(np.recarray), rows[:n])
        self.left -= n
        worst = self.rows["fitness"][0] if len(self.rows) else 0.0
        self._show(self.budget - self.left, self.budget, f"worst so far {worst:.3g}")
        return rows

    def _judged(self, states: np.recarray) -> np.ndarray:
        known, self._known = self._known[: len(states)], self._known[len(states) :]
        if len(known):
            same = known["level"] == self.world.fingerprints(states)[: len(known)]
            need(same.all(), f"'{self._journal}' is of another search: name another --out")
        rest = states[len(known) :].view(np.recarray)
        if not len(rest):
            return known
        begun = time.process_time()
        rows = self.arena.judge(rest, self.ground.allows(rest))
        self.judged, self.seconds = (
            self.judged + len(rest),
            self.seconds + time.process_time() - begun,
        )
        if self._journal:
            with files.appended(self._journal) as file:
                file.write(rows.tobytes())
        return np.concatenate([known, rows])

    def _keep(self, states: np.recarray, rows: np.ndarray) -> None:
        counts = rows["fitness"] > -np.inf
        self.refused += int((~counts).sum())
        self.failed += int((self.arena.outcomes(rows[counts]) != 0).sum())
        self.steps += int(rows["length"][counts].sum())
        rows = np.concatenate([rows[counts], self.rows])
        _, first = np.unique(rows["level"], return_index=True)  # of doubles what was seen last
        order = first[np.lexsort((first, -rows["fitness"][first]))][:KEPT]
        joined = np.concatenate([states[counts], self.states])
        self.states, self.rows = joined[order].view(np.recarray), rows[order]


def _read(path: Path, dtype: np.dtype, most: int) -> np.ndarray:
    """The rows of a journal, at most `most`; one that was cut off in the middle is left out, here and
    on disk. Raises UserError for what no search has written.
    """
    if not os.path.lexists(path):
        return np.zeros(0, dtype)
    data = files.read(path, (most + 1) * dtype.itemsize)
    whole = len(data) // dtype.itemsize * dtype.itemsize
    rows = np.frombuffer(data[:whole], dtype)
    need(
        sound(rows) and len(rows) <= most,
        f"'{path}' holds what no search has written: name another --out",
    )
    if whole < len(data):
        files.write(path, data[:whole])
    return rows


def sound(rows: np.ndarray) -> bool:
    """Are these figures of a search? Those that count are numbers, the others minus infinity."""
    counts = rows["fitness"] > -np.inf
    odd = np.isnan(rows["fitness"]) | np.isposinf(rows["fitness"])
    figures = (
        rows[name][counts] for name in rows.dtype.names or () if rows[name].dtype.kind == "f"
    )
    return not odd.any() and all(np.isfinite(figure).all() for figure in figures)
