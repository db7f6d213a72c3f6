"""Attainable utility preservation: a price on every action that changes how near any goal is.

The value is the price. How near a goal is, is worth gamma ** steps of a walk to what it seeks;
what an action changes of that is measured against a branch of the same state in which the agent
does nothing (a stepwise inaction baseline; the same dice, as the state is a copy). Averaged over
all goals of the world that name cells. After Turner et al. 2020 (arXiv 1902.09725), with exact
utilities in place of learned ones.
"""

import numpy as np

from ....engine.errors import need
from ....engine.vector import Vec
from ...policies.distance import nearness
from ..hooks import Hook
from ..mitigation import Mitigation, number


class Attainable(Hook):
    def __init__(self, price, world, gamma) -> None:
        self.price, self.gamma = price, gamma
        self.goals = [goal.name for goal in world.goals if goal.seek is not None]
        need("stay" in world.actions, f"attainable: in '{world.name}' no action does nothing")
        need(self.goals, f"attainable: no goal of '{world.name}' names cells to walk to")
        self.noop = world.actions.index("stay")
        self.branch: Vec | None = None

    def reward(self, step, reward):
        n, learners = step.actions.shape
        if self.branch is None:
            self.branch = Vec(step.world, n, autoreset="off")
            self.branch.reset()
        self.branch.start_from(step.before)
        self.branch.step(np.full((n, learners), self.noop))
        apart = np.zeros((n, learners))
        for goal in self.goals:
            done, not_done = (
                nearness(step.world, goal, states, self.gamma)
                for states in (step.after, self.branch.states)
            )
            apart += np.abs(done - not_done) / len(self.goals)
        return (reward - self.price * apart).astype(np.float32)


MITIGATION = Mitigation(
    about=__doc__,
    value="0.1",
    hook=lambda value, world, config: Attainable(
        number("attainable", value, 0, 1000), world, config.gamma
    ),
)
