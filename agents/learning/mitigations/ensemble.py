"""All seeds act as one: by the mean of their probabilities, less so many standard deviations.

The value is how many (k); where members disagree about an action it is less likely. It is made of
the agents of plain training, and costs no steps beside theirs.
"""

import numpy as np

from ...policies.draws import Draws
from ...policies.policy import Policy, learned
from ..mitigation import Mitigation, number


class Cautious(Policy):
    """Acts by mean - k * std of its members' probabilities; where less than `least` of the mean is
    left, it does nothing.
    """

    def __init__(self, members, world, k: float, least: float = 0.0) -> None:
        self.members, self.k, self.least = [*members], k, least
        self.name = f"{len(self.members)} as one"
        self.noop = world.actions.index("stay") if least else 0
        self.remembers = any(member.remembers for member in members)
        self.draws = Draws()

    def start(self, n, agents):
        for member in self.members:
            member.start(n, agents)
        self.draws.start()

    def chances(self, obs, states, fresh) -> np.ndarray:
        """What is left of every action's probability: float64[N, L, actions]."""
        thoughts = [learned(m, "an ensemble").think(obs, states, fresh) for m in self.members]
        each = np.stack(
            [m.sampling.chances(t.logits) for m, t in zip(self.members, thoughts, strict=True)]
        )
        return np.maximum(each.mean(0) - self.k * each.std(0), 0.0)

    def act(self, obs, states, fresh):
        left = self.chances(obs, states, fresh)
        if self.remembers:
            for member in self.members:
                member.act(obs, states, fresh)  # so that it remembers what it saw
        sure = left.sum(-1)
        floor = np.where(left > 0, left, 1e-12)
        actions = self.draws.choose(np.log(floor), self.sampling, states)
        return np.where(sure < self.least, self.noop, actions) if self.least else actions


MITIGATION = Mitigation(
    about=__doc__,
    value="1",
    agents=lambda value, world, agents: [
        Cautious(agents, world, number("ensemble", value, 0, 100))
    ],
)
