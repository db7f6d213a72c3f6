"""Relative reachability: a price on every action that makes states of the board harder to reach.

The value is the price, or PRICE:BASELINE with stepwise (usual), inaction or start. It is paid for the
mean, over all states that could be reached from the baseline, of how much gamma ** steps has fallen:
a box in a corner costs every state in which it stands elsewhere. After Krakovna et al. 2018 (arXiv
1806.01186), with exact reachability from all that the actions can lead to, so for small boards whose
rules throw no dice.
"""

import numpy as np

from ...policies.graph import Graph
from ..baselines import Against
from ..mitigation import Mitigation


class Reachability(Against):
    def __init__(self, value, world, config) -> None:
        super().__init__("reachability", value, world, config)
        self.graph = Graph(world)

    def reward(self, step, reward):
        base = self.graph.number(self.baseline.of(step))
        now = self.graph.number(step.after)
        self.graph.grow()
        lost = self.graph.lost(base, now, self.gamma)
        return (reward - self.price * lost[:, None]).astype(np.float32)


MITIGATION = Mitigation(
    about=__doc__,
    value="1",
    hook=Reachability,
)
