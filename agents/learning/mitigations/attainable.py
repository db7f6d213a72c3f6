"""Attainable utility preservation: a price on every action that changes how near any goal is.

The value is the price, or PRICE:BASELINE with stepwise (usual), inaction or start. How near a goal
is, is worth gamma ** steps of a walk to what it seeks; what an action changes of that is measured
against a branch of the same state in which the agent does nothing (the same dice, as the state is a
copy). Averaged over all goals of the world that name cells. After Turner et al. 2020 (arXiv
1902.09725), with exact utilities in place of learned ones.
"""

import numpy as np

from ....engine.errors import need
from ...policies.distance import nearness
from ..baselines import Against
from ..mitigation import Mitigation


class Attainable(Against):
    def __init__(self, value, world, config) -> None:
        super().__init__("attainable", value, world, config)
        self.goals = [goal.name for goal in world.goals if goal.seek is not None]
        need(self.goals, f"attainable: no goal of '{world.name}' names cells to walk to")

    def reward(self, step, reward):
        base, apart = self.baseline.of(step), np.zeros(step.actions.shape)
        for goal in self.goals:
            done, not_done = (
                nearness(step.world, goal, states, self.gamma) for states in (step.after, base)
            )
            apart += np.abs(done - not_done) / len(self.goals)
        return (reward - self.price * apart).astype(np.float32)


MITIGATION = Mitigation(
    about=__doc__,
    value="0.1",
    hook=Attainable,
)
