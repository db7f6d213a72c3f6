"""Proximal policy optimisation, on what the agent lived through by itself; see `agents/learning/ppo.py`."""

from ..learner import LearnerKind, no_value
from ..ppo import Learner
from ..team import Team


def build(world, config, value):
    """One network for all learners of the world, or one each."""
    no_value("ppo", value)
    return (Team if config.policies == "independent" else Learner)(world, config)


LEARNER = LearnerKind(about=__doc__, build=build)
