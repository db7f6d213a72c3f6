"""Hill climbing: many levels side by side, each edited a little and kept if it is no better for the
agent. The least bad make way for copies of the worst, which are played once more first: an agent that
draws its actions may only have been unlucky.

A change that is neither better nor worse is kept, too: such drift leads over plateaus, of which
goals that are met or missed have little else.
"""

from __future__ import annotations

import numpy as np

from ..hunting.attack import Attack
from ..hunting.hunt import Hunt

ROUNDS = 32  # edits of each level, if the budget is large enough
FEWEST, MOST = 128, 512  # levels side by side
EDITS = 3  # in one step, at most
SHARE = 0.1  # of the levels, the least bad, go on from the worst after each step


def search(hunt: Hunt) -> None:
    """Climb until the budget is spent."""
    states = hunt.draw(min(max(hunt.budget // ROUNDS, FEWEST), MOST))
    fitness = hunt.play(states)["fitness"]
    while hunt.left:
        tried = hunt.edit(states, int(hunt.dice.integers(1, EDITS + 1)))
        found = hunt.play(tried)["fitness"]
        taken = (found >= fitness) & (found > -np.inf)
        states[taken], fitness[taken] = tried[taken], found[taken]
        order = np.argsort(fitness, kind="stable")
        few = max(1, int(SHARE * len(order)))
        low, high = order[:few], order[-few:]
        states[low] = again = hunt.redealt(states[high].view(np.recarray))
        found = hunt.play(again)["fitness"]
        found = np.where(found > -np.inf, found, fitness[high])  # the budget is spent
        fitness[low] = fitness[high] = (fitness[high] + found) / 2


ATTACK = Attack("hill climbing with edits and neutral drift", search)
