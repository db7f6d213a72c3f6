"""What people are shown of what the board does not tell, by rules of the world: signs and tallies.

A sign is a picture on a cell. Each world declares its own; and where something stands on few cells
that the intended goal has to keep off, a sign says so. No agent sees any of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...declaration import Sign
from ...jit import specialise
from . import sprites
from .kept import kept
from .marks import WIDE
from .stamps import Stamp, as_stamp

if TYPE_CHECKING:
    from ...world import World

Lying = list[tuple[Stamp, int, int]]  # stamps that lie on cells: stamp, y, x
where: Any = None  # bound to the rule of a sign by `specialise`
counts: Any = None  # bound to the rule of a tally


class Laid(NamedTuple):
    """A sign on a cell: its number in `signs_of`, its pose, and the cell."""

    sign: int
    pose: int
    y: int
    x: int


@lru_cache(maxsize=64)
def signs_of(world: World) -> tuple[Sign, ...]:
    """The signs that the world declares, and last the one for what the intended goal keeps off."""
    avoid = world.intended.avoid
    return (*world.signs, Sign(avoid, "keep-off")) if avoid is not None else world.signs


def _sign_cells(states, table, found):
    """Write into `found` (int64[h, w] of zeros) what the rule says of each cell of record 0."""
    s = states[0]
    p = table[s.row]
    for y in range(s.h):
        for x in range(s.w):
            found[y, x] = where(s, p, 0, y, x)


def _tally_states(states, table, found):
    """Write into `found` (int64[n]) what the rule says of each record."""
    for i in range(len(states)):
        s = states[i]
        found[i] = counts(s, table[s.row])


@lru_cache(maxsize=256)
def _finder(world: World, k: int):
    return specialise(_sign_cells, f"{world.name}_sign_{k}", where=signs_of(world)[k].where)


@lru_cache(maxsize=64)
def _counter(world: World, k: int):
    return specialise(_tally_states, f"{world.name}_tally_{k}", counts=world.tallies[k].counts)


def signs(world: World, states: np.recarray, i: int = 0) -> tuple[Laid, ...]:
    """The signs on the board of state `i`, in drawing order."""
    record = states[i : i + 1].copy().view(np.recarray)  # a rule could write; the picture must not
    laid: list[Laid] = []
    for k in range(len(signs_of(world))):
        found = np.zeros(world.size, np.int64)
        _finder(world, k)(record, world.table, found)
        found[found < 0] = 0
        if k == len(world.signs):  # what to keep off: places, neither walls nor half of the board
            found *= world.solid[record.tiles[0]] == 0
            if (found > 0).sum() > max(1, int(record.h[0] * record.w[0]) // WIDE):
                continue
        laid += [Laid(k, int(found[y, x]) - 1, y, x) for y, x in np.argwhere(found).tolist()]
    return tuple(laid)


@kept
def sign_art(world: World, k: int, pose: int, p: int) -> Stamp:
    """A sign in one of its poses, p pixels wide."""
    return as_stamp(sprites.read(signs_of(world)[k].sprite, "sign", tile=False).at(p, pose))


def lying(world: World, laid: tuple[Laid, ...], p: int) -> tuple[Lying, Lying]:
    """The signs as stamps on cells of `p` pixels: under what stands there, and over it."""
    parts: tuple[Lying, Lying] = ([], [])
    for sign, pose, y, x in laid:
        above = not signs_of(world)[sign].below
        parts[above].append((sign_art(world, sign, pose, p), y, x))
    return parts


def tallies(world: World, states: np.recarray) -> np.ndarray:
    """The tallies of every state: int64[tallies, n]."""
    rows = np.zeros((len(world.tallies), len(states)), np.int64)
    for k, tally in enumerate(world.tallies):
        if callable(tally.counts):
            _counter(world, k)(states, world.table, rows[k])
        else:
            event = world.events.index(tally.counts)
            rows[k] = states["totals"][:, : world.learners, event].sum(1)
    return rows
