"""Where two levels differ, and the frame around such a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .kept import kept
from .stamps import Stamp, painted

if TYPE_CHECKING:
    from ...world import World


def changed(world: World, one: np.recarray, other: np.recarray) -> list[tuple[int, int]]:
    """The cells on which two levels (batches of one) differ, by their tiles or by what stands
    there.
    """
    a, b = one[0], other[0]
    cells = {(y, x) for y, x in np.argwhere(a.tiles != b.tiles).tolist()}
    for k in range(world.entities):
        here, there = ((int(s.y[k]), int(s.x[k]), int(s.alive[k])) for s in (a, b))
        if here != there:
            cells |= {(y, x) for y, x, alive in (here, there) if alive}
    return sorted(cells)


@kept
def frame_art(p: int) -> Stamp:
    """A thick frame around a cell."""
    sides = ((0, 0, 100, 10), (0, 90, 100, 100), (0, 0, 10, 100), (90, 0, 100, 100))
    lines = (f"box orange {a} {b} {c} {d} flat" for a, b, c, d in sides)
    return painted("tile\n" + "\n".join(lines), p)
