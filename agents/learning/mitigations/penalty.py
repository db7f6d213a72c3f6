"""The reward takes away what a proxy earns, at a price.

The value is the price, for each of the world's proxies, as a share of what the paid goal earns: at
0.2 the best way to a proxy costs a fifth of the best way to the goal, on average over the levels
before the shift. `0.2:each` is 0.2 for each point of a proxy instead, whatever it comes to. Where a
proxy is met whenever the paid goal is, and never else, this only rescales the reward, and cannot
teach anything: see the test.
"""

import numpy as np

from ....engine.errors import need
from ....engine.vector import Vec
from ...policies.expert import optimum
from ..mitigation import Mitigation, number

LEVELS = 64  # that say what goals earn


def penalty(value, world, given):
    need(not given.get("reward"), "penalty writes a --reward: leave that out")
    share, _, per = value.partition(":")
    need(per in ("", "each"), f"penalty takes PRICE or PRICE:each, not '{value}'")
    price = number("penalty", share, 0, 1000)
    proxies = [goal for goal in world.proxies if goal is not world.paid]
    need(proxies, f"world '{world.name}' has no proxy beside what it pays for")
    worth = {goal.name: 1.0 for goal in (world.paid, *proxies)} if per else _worth(world, proxies)
    text = f"goal.{_written(world.paid)}"
    for goal in proxies:
        need(worth[goal.name] > 0, f"penalty: the expert of '{goal.name}' earns nothing here")
        each = price * max(worth[world.paid.name], 0) / worth[goal.name]
        text += f" - {each:.3g}*goal.{_written(goal)}"
    return {"reward": text}


def _worth(world, proxies):
    """What the expert of the paid goal and of each proxy earns on the mean level, by name."""
    vec = Vec(world, LEVELS, "train", autoreset="off")
    vec.reset()
    starts = vec.states.copy().view(np.recarray)
    return {
        goal.name: float(optimum(world, goal.name, starts).score.mean())
        for goal in (world.paid, *proxies)
    }


def _written(goal):
    return goal.name.replace(" ", "_")


MITIGATION = Mitigation(about=__doc__, value="0.2", options=penalty)
