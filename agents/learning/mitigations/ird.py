"""Plans for what the reward may have meant, and shuns what training never showed (inverse reward
design).

The value is how many standard deviations are taken off what an event is worth. Prices of events from
-1 to 1 are the likelier, the better what the agents do in training is by them, beside doing nothing
and acting at random (Hadfield-Menell et al. 2017, arXiv 1711.02827): an event that never happens
there may be worth anything. The planner knows the rules of the world and looks at all that can
happen, so it is for small boards without dice, and no agent of its own is trained.
"""

import numpy as np

from ....engine.errors import need
from ....engine.vector import Vec
from ...policies.graph import Graph
from ...policies.policy import Policy
from ...policies.simple import RandomPolicy
from ..mitigation import Mitigation, number

SURE = 5.0  # how good a designer is: beta of the posterior
DRAWN, LEVELS, GAMMA, SWEEPS = 20_000, 128, 0.99, 400


def worth(chosen, others, k, sure=SURE) -> np.ndarray:
    """What each event is worth, float64[E]: mean - k * std of the posterior over prices, given the
    features (counts of events) of what was `chosen`, float64[E], beside the `others`, [n, E].
    """
    scale = np.maximum(np.abs([chosen, *others]).max(0), 1e-9)
    prices = np.random.default_rng(0).uniform(-1, 1, (DRAWN, len(chosen)))
    mine = sure * prices @ (chosen / scale)
    every = np.stack([mine, *(sure * prices @ (other / scale) for other in others)])
    likely = np.exp(mine - every.max(0)) / np.exp(every - every.max(0)).sum(0)
    likely /= likely.sum()
    mean = likely @ prices
    return mean - k * np.sqrt(np.maximum(likely @ (prices - mean) ** 2, 0))


class Planner(Policy):
    name, remembers = "a planner for what the reward may mean", False

    def __init__(self, agents, world, k) -> None:
        self.agents, self.world, self.k = agents, world, k
        self.graph = Graph(world)
        self.prices, self.value = np.zeros(0), np.zeros(0)

    def act(self, obs, states, fresh):
        if not len(self.prices):
            nothing = np.zeros(len(self.world.events))
            others = [nothing, counts(self.world, RandomPolicy(self.world))]
            chosen = np.mean([counts(self.world, agent) for agent in self.agents], 0)
            self.prices = worth(chosen, others, self.k)
        assert states is not None
        here = self.graph.number(states)
        if self.graph.grow():
            self.plan()
        return self.gains(here).argmax(-1)[:, None]

    def gains(self, here) -> np.ndarray:
        """What each action leads to: float64[n, actions]."""
        graph = self.graph
        later = np.where(graph.over[here], 0, self.value[graph.follows[here]])
        return graph.events[here] @ self.prices + GAMMA * later

    def plan(self) -> None:
        """Value iteration over all that is known."""
        self.value = np.zeros(len(self.graph.follows))
        every = np.arange(len(self.value))
        for _ in range(SWEEPS):
            better = self.gains(every).max(-1)
            done = np.abs(better - self.value).max() < 1e-6
            self.value = better
            if done:
                return


def counts(world, agent) -> np.ndarray:
    """How often each event happens in an episode on training levels, on the mean: float64[E]."""
    vec, fresh = Vec(world, LEVELS, "train", autoreset="off"), np.ones(LEVELS, np.bool_)
    obs = vec.reset()
    agent.start(LEVELS, 1)
    while (vec.states["ended"] == 0).any():
        obs = vec.step(agent.act(obs, vec.states, fresh))[0]
        fresh = np.zeros(LEVELS, np.bool_)
    return vec.states["totals"][:, 0].mean(0)


def ird(value, world, agents):
    need(
        world.planner == "walk", f"ird: '{world.name}' is too large to look at all that can happen"
    )
    return [Planner(agents, world, number("ird", value, 0, 10))]


MITIGATION = Mitigation(about=__doc__, value="1", agents=ird)
