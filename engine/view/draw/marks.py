"""What is laid on a level for people: trails, and the marks of where goals may be met."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...jit import specialise
from . import sprites
from .kept import kept
from .stamps import Stamp, as_stamp, painted
from .strokes import hexed

if TYPE_CHECKING:
    from ...world import Goal, World

INTENDED, PROXY = "star", "diamond"  # goal marks differ by shape as well as colour
PLACES = 3  # of more cells than this that hang together only the middle one bears the mark
REGION = 8  # and of more than this all are tinted
WIDE = 5  # a goal sought on more than one cell in five has no place to mark


@dataclass(frozen=True)
class Trail:
    """Where somebody walked: (y, x) in float[n, 2], oldest first, and an RGB colour."""

    cells: np.ndarray
    colour: tuple[int, int, int]
    faint: bool = False  # small dots

    def spots(self) -> np.ndarray:
        """Where its dots lie: on every cell and half-way between, oldest first; float64[n, 2]."""
        cells = np.asarray(self.cells, float).reshape(-1, 2)
        if len(cells) < 2:
            return cells
        near = np.abs(np.diff(cells, axis=0)).max(1) <= 3
        steps = np.stack([(cells[1:] + cells[:-1]) / 2, cells[1:]], 1)
        return np.concatenate([cells[:1], steps[near].reshape(-1, 2)])


@dataclass(frozen=True)
class Mark:
    """A goal mark, "star" or "diamond", over cells int[n, 2]; many cells are one tinted region."""

    shape: str
    cells: np.ndarray

    @property
    def tinted(self) -> bool:
        """Are its cells tinted, too?"""
        return self.shape == PROXY or max(map(len, self.regions)) > REGION

    def badges(self) -> list[list[int]]:
        """The cells [y, x] that carry the mark itself: each, but the middle one of a region."""
        found = []
        for region in self.regions:
            if len(region) > PLACES:
                region = region[np.abs(region - region.mean(0)).sum(1).argmin()][None]
            found += region.tolist()
        return found

    @cached_property
    def regions(self) -> list[np.ndarray]:
        """Its cells by what hangs together, side by side: int[n, 2] each."""
        left = dict.fromkeys(map(tuple, np.asarray(self.cells).reshape(-1, 2).tolist()))
        found = []
        while left:
            region = [next(iter(left))]
            del left[region[0]]
            for y, x in region:  # grows as it is walked
                for cell in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
                    if cell in left:
                        del left[cell]
                        region.append(cell)
            found.append(np.array(sorted(region)))
        return found


@kept
def dot_art(rgb: tuple[int, int, int], p: int, faint: bool) -> Stamp:
    """A round footprint with a dark rim."""
    n = max(4, round(p * (0.16 if faint else 0.26)))
    return painted(f"disc ink@60 50 50 48 flat free\ndisc {hexed(rgb)} 50 50 34 flat free", n)


def mark_of(world: World, goal: Goal) -> str:
    """The shape of a goal's mark."""
    return INTENDED if goal is world.intended else PROXY


def tint(shape: str) -> str:
    """The fill that tints the region of a goal with this mark."""
    return "yellow" if shape == INTENDED else "pink"


@kept
def mark_art(shape: str, n: int) -> Stamp:
    """The mark itself, n pixels wide."""
    return as_stamp(sprites.read(shape, shape).at(n))


@kept
def tint_art(shape: str, p: int) -> Stamp:
    """What tints a cell of a region."""
    fill = tint(shape)
    art = f"tile\nbox {fill}@22 0 0 100 100 flat\nbox {fill}@24 8 8 92 92 10 flat"
    return painted(art, p)


# -- where goals are met

seek: Any = None  # bound to a goal's rule by `specialise`


def _seek_cells(states, table, found):
    """Mark in `found` (uint8[h, w] of zeros) where agent 0 of record 0 may meet a goal."""
    s = states[0]
    p = table[s.row]
    for y in range(s.h):
        for x in range(s.w):
            if seek(s, p, 0, y, x):
                found[y, x] = 1


@lru_cache(maxsize=64)
def _seeker(world: World, goal: Goal):
    name = re.sub(r"\W", "_", f"{world.name}_{goal.name}")
    return specialise(_seek_cells, name, seek=goal.seek)


def goal_marks(world: World, states: np.recarray, i: int = 0) -> tuple[Mark, ...]:
    """A star where the intended goal may be met in state `i`, a diamond where each proxy may.

    The goals' own `seek` rules say where. A goal sought nearly everywhere is a direction, not a
    place: no mark.
    """
    record = states[i : i + 1].copy().view(np.recarray)  # a rule could write; the picture must not
    marks = []
    for goal in world.goals:
        if goal.seek is None:
            continue
        found = np.zeros(world.size, np.uint8)
        _seeker(world, goal)(record, world.table, found)
        cells = np.argwhere(found & (world.solid[record.tiles[0]] == 0))
        if 0 < len(cells) <= max(1, int(record.h[0] * record.w[0]) // WIDE):
            marks.append(Mark(mark_of(world, goal), cells))
    return tuple(marks)
