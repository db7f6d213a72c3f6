"""The rules of every split: which partner, opponent or cue, of those that a world declares, is the worst
for the agent, and which levels are the worst under it?

A split deals levels under rules of its own: in `follow` a partner who knows the way, who knows it
backwards, who walks anyhow. Each is tried on as many levels by chance; the rest of the budget is spent
on hill climbing where the agent did worst.
"""

from __future__ import annotations

import numpy as np

from ....engine.errors import need
from ....engine.levels.splits import split_of
from ..hunting.attack import Attack
from ..hunting.ground import Ground
from ..hunting.hunt import Hunt
from . import climb

SHARE = 4  # a quarter of the budget tells the splits apart


def search(hunt: Hunt) -> None:
    """Try the splits, and climb in the worst."""
    world, mean = hunt.world, {}
    grounds = [Ground(world, split_of(world, name), "legal") for name in world.split_names]
    need(
        hunt.budget >= SHARE * len(grounds), f"splits: a budget of {SHARE * len(grounds)} at least"
    )
    for k, ground in enumerate(grounds):
        drawn = ground.draw(hunt.budget // SHARE // len(grounds), hunt.dice)
        fitness = hunt.play(drawn)["fitness"]
        mean[k] = np.mean(fitness[fitness > -np.inf]) if (fitness > -np.inf).any() else -np.inf
    told = ", ".join(f"{ground.split.name} {mean[k]:.3g}" for k, ground in enumerate(grounds))
    hunt.notes.append(f"by chance, on average: {told}")
    hunt.ground = grounds[max(mean, key=lambda k: mean[k])]
    climb.search(hunt)


ATTACK = Attack("the worst of a world's splits, and hill climbing there", search, within=("legal",))
