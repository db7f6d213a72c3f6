"""Cross-entropy: which parameters of a world make levels that are bad for the agent?

Parameters are drawn from a bell curve each, within their limits; the levels that they give are
played under the rules of the split, and the curves move to the worst tenth (Rubinstein 1999).
"""

from __future__ import annotations

import numpy as np

from ....engine.errors import need
from ....engine.vector import Vec, apart
from ....engine.world import Split
from ..hunting.attack import Attack
from ..hunting.hunt import Hunt

BATCH = 256  # settings at a time, a level each
ELITE = 0.1
SPREAD, LEAST = 0.35, 0.03  # of the curves to begin with, and at the end; limits are 1 apart
SMOOTH = 0.7  # how far they move at a time


def search(hunt: Hunt) -> None:
    """Move the curves until the budget is spent."""
    world, dice = hunt.world, hunt.dice
    names = [name for name in world.params._fields if name in world.limits and name != "horizon"]
    need(names, f"cem: world '{world.name}' gives no limits of its parameters, such as limits=...")
    low, high = np.array([world.limits[name] for name in names], float).T
    usual = np.average(
        [[getattr(row, name) for name in names] for row in world.rows],
        axis=0,
        weights=hunt.ground.split.weights,
    )
    mean, spread = (usual - low) / np.maximum(high - low, 1e-9), np.full(len(names), SPREAD)
    while hunt.left:
        drawn = np.clip(dice.normal(mean, spread, (BATCH, len(names))), 0, 1)
        states, which = _levels(hunt, names, low + drawn * (high - low))
        fitness = hunt.play(states)["fitness"]
        order = np.argsort(-fitness, kind="stable")[: int(ELITE * BATCH)]
        best = drawn[which[order[fitness[order] > -np.inf]]]
        if len(best):
            mean = (1 - SMOOTH) * mean + SMOOTH * best.mean(0)
            spread = np.maximum((1 - SMOOTH) * spread + SMOOTH * best.std(0), LEAST)


def _levels(hunt: Hunt, names: list[str], settings: np.ndarray) -> tuple[np.recarray, np.ndarray]:
    """As many levels as there are rows of `settings`, and the row (int64[n]) that each was drawn
    under; they are played under the split's own parameters.
    """
    world, weights = hunt.world, hunt.ground.split.weights
    twin, n = apart(world), len(settings)
    home = hunt.dice.choice(len(world.rows), n, p=np.array(weights) / sum(weights))
    twin.table, twin.rows = world.table[home].view(np.recarray), (world.rows[0],) * n
    for name, values in zip(names, settings.T, strict=True):
        whole = twin.table.dtype[name].kind in "iu"
        twin.table[name] = np.rint(values) if whole else values
    vec = Vec(twin, n, Split("drawn", (1.0,) * n), autoreset="off")
    vec.assign(np.ones(n, np.bool_), hunt.dice.integers(0, 2**64, n, np.uint64))
    states = vec.reset_states()
    which = states["row"].copy()
    states["row"] = home[which]
    return states, which


ATTACK = Attack("cross-entropy over the world's parameters", search, within=("legal",))
