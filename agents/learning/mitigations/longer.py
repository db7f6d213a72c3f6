"""Longer training on the same distribution.

The value is how many times the steps.
"""

from ..config import TrainConfig
from ..mitigation import Mitigation, number


def longer(value, world, given):
    usual = world.training.get("steps", TrainConfig.steps)
    return {"steps": round(given.get("steps", usual) * number("longer", value, 0.01, 1000))}


MITIGATION = Mitigation(about=__doc__, value="2", options=longer)
