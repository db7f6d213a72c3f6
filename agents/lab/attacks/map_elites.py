"""MAP-Elites: the worst level of every kind, by distance to the goal, distance from goal to proxy,
walls and where the goals part (Mouret and Clune 2015, arXiv 1504.04909).

What is found is varied, and stepping stones of one kind lead to another.
"""

from __future__ import annotations

import numpy as np

from ..hunting.attack import Attack
from ..hunting.hunt import Hunt

BINS = 6  # of each trait
FIRST, BATCH = 1024, 256  # levels by chance to begin with, and edits at a time
EDITS = 3


def search(hunt: Hunt) -> None:
    """Fill the cells, then edit what is in them."""
    states = hunt.draw(min(FIRST, max(1, hunt.budget // 4)))
    rows = hunt.play(states)
    counts = rows["fitness"] > -np.inf
    if not counts.any():
        return _by_chance(hunt)
    edges = np.quantile(rows["traits"][counts], np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
    elites: dict[tuple[int, ...], tuple[float, np.record]] = {}

    def enter(states: np.recarray, rows: np.ndarray) -> None:
        cells = (rows["traits"][:, None] > edges).sum(1)
        for i in np.flatnonzero(rows["fitness"] > -np.inf).tolist():
            cell = tuple(cells[i].tolist())
            if cell not in elites or rows["fitness"][i] >= elites[cell][0]:
                elites[cell] = rows["fitness"][i], states[i].copy()

    enter(states, rows)
    while hunt.left:
        filled = list(elites.values())
        chosen = hunt.dice.integers(0, len(filled), BATCH)
        parents = np.array([filled[k][1] for k in chosen], hunt.world.dtype).view(np.recarray)
        tried = hunt.edit(parents, int(hunt.dice.integers(1, EDITS + 1)))
        enter(tried, hunt.play(tried))
    return None


def _by_chance(hunt: Hunt) -> None:
    """Nothing counted so far: go on drawing."""
    while hunt.left:
        hunt.play(hunt.draw(BATCH))


ATTACK = Attack("the worst level of every kind (MAP-Elites)", search)
