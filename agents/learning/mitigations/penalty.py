"""The reward takes away what a proxy earns, at a price.

The value is that price, for each of the world's proxies. Where a proxy is met whenever the paid
goal is, and never else, this only rescales the reward, and cannot teach anything: see the test.
"""

from ....engine.errors import need
from ..mitigation import Mitigation, number


def penalty(value, world, given):
    need(not given.get("reward"), "penalty writes a --reward: leave that out")
    price = number("penalty", value, 0, 1000)
    proxies = [goal.name.replace(" ", "_") for goal in world.proxies if goal is not world.paid]
    need(proxies, f"world '{world.name}' has no proxy beside what it pays for")
    paid = world.paid.name.replace(" ", "_")
    return {"reward": f"goal.{paid}" + "".join(f" - {price:g}*goal.{name}" for name in proxies)}


MITIGATION = Mitigation(about=__doc__, value="0.2", options=penalty)
