"""Relative reachability: a price on every action that makes states of the board harder to reach.

The value is the price, or PRICE:BASELINE with stepwise (usual), inaction or start. It is paid for the
mean, over all states that could be reached from the baseline, of how much gamma ** steps has fallen:
a box in a corner costs every state in which it stands elsewhere. After Krakovna et al. 2018 (arXiv
1806.01186), with exact reachability from all that the actions can lead to, so for small boards whose
rules throw no dice. What is known of boards that were left long ago is forgotten when it grows too large.
"""

import numpy as np

from ....engine.errors import need
from ....engine.vector import Vec
from ...policies.graph import Graph
from ..baselines import Against
from ..mitigation import Mitigation

SAMPLE = 8  # levels that tell how many states a level has


class Reachability(Against):
    def __init__(self, value, world, config) -> None:
        super().__init__("reachability", value, world, config)
        self.world, self.envs = world, config.envs
        self.graph = Graph(world)

    def first(self):
        """Refuse what would be refused in the middle of the training."""
        vec, looked, most = Vec(self.world, SAMPLE, "train"), 0, self.graph.most // 2
        vec.reset()
        while looked < SAMPLE and len(self.graph.known) <= most // SAMPLE:
            self.graph.number(vec.states[looked : looked + 1].view(np.recarray))
            self.graph.grow()
            looked += 1
        each = max(1, len(self.graph.known) // looked)
        need(
            each * self.envs <= most,
            f"reachability: '{self.world.name}' has some {each:,} states a level, and {self.envs}"
            f" environments at once would have more than {most:,}: try --envs {max(most // each, 1)}",
        )

    def reward(self, step, reward):
        if len(self.graph.known) > self.graph.most // 2:
            self.graph = Graph(self.world, self.graph.most)
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
