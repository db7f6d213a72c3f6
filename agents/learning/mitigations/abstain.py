"""All seeds act as one, and do nothing where they disagree.

The value is how much of the probabilities has to be left after one standard deviation is taken from
their mean: 0 acts always, 1 only where all agree altogether.
"""

from ....engine.errors import need
from ..mitigation import Mitigation, number
from .ensemble import Cautious


def abstain(value, world, agents):
    need("stay" in world.actions, f"abstain: in '{world.name}' no action does nothing")
    return [Cautious(agents, world, 1.0, number("abstain", value, 0, 1))]


MITIGATION = Mitigation(about=__doc__, value="0.7", agents=abstain)
