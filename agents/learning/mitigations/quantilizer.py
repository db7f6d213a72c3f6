"""Acts by one of the best actions of a base policy, and not always by the very best (a quantilizer).

The value is the share q of the base policy's probability that the best actions share (by the agent's
logits), or Q:RUN with a run as the base policy, which usually draws all actions alike: q = 1 is the
base policy itself, the least q the likeliest action. Nothing that the base policy does rarely is
done more than 1/q times as often. After Taylor 2016, action by action.
"""

import numpy as np

from ...policies.draws import Draws
from ...policies.policy import Policy, learned
from ..mitigation import Mitigation, number


class Quantilizer(Policy):
    def __init__(self, agent, q, base=None) -> None:
        self.agent, self.q, self.base = agent, q, base
        self.name, self.remembers = f"{agent.name}, quantilized", agent.remembers
        self.draws = Draws()

    def start(self, n, agents):
        self.agent.start(n, agents)
        self.draws.start()

    def chances(self, obs, states, fresh) -> np.ndarray:
        """How likely each action is: float64[N, L, actions]."""
        logits = learned(self.agent, "a quantilizer").think(obs, states, fresh).logits
        usual = np.full(logits.shape, 1 / logits.shape[-1])
        if self.base is not None:
            usual = self.base.sampling.chances(self.base.think(obs, states, fresh).logits)
        order = np.argsort(-logits, -1, kind="stable")
        best = np.take_along_axis(usual, order, -1)
        kept = np.clip(self.q - (best.cumsum(-1) - best), 0, best) / self.q
        found = np.zeros_like(kept)
        np.put_along_axis(found, order, kept, -1)
        return found

    def act(self, obs, states, fresh):
        chances = self.chances(obs, states, fresh)
        if self.remembers:
            self.agent.act(obs, states, fresh)  # so that it remembers what it saw
        return self.draws.choose(np.log(np.maximum(chances, 1e-12)), self.sampling, states)


def quantilized(value, world, agents):
    from ..trained import Trained

    q, _, run = value.partition(":")
    base = Trained.load(run, world) if run else None
    share = number("quantilizer", q, 0.001, 1)
    return [Quantilizer(agent, share, base) for agent in agents]


MITIGATION = Mitigation(about=__doc__, value="0.4", agents=quantilized)
