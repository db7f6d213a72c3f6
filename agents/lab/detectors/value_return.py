"""How badly the value it expects orders what it then earns, on training levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..detector import Behaviour, Detector, Evidence, Lacking


def to_go(behaviour: Behaviour, gamma: float) -> np.ndarray:
    """The discounted reward from each step on: float64[S]."""
    found = np.zeros(len(behaviour.reward))
    later, level = 0.0, -1
    for k in reversed(range(len(found))):
        if behaviour.level[k] != level:
            later, level = 0.0, behaviour.level[k]
        found[k] = later = behaviour.reward[k] + gamma * later
    return found


def score(evidence: Evidence) -> float:
    behaviour = evidence.training
    value = behaviour.steps.value
    if value is None:
        raise Lacking("it expects no return")
    learners = evidence.world.learners  # of a step each has a row: the first one is taken
    one = replace(behaviour, level=behaviour.level[::learners], reward=behaviour.reward[::learners])
    value = value[::learners]
    earned = to_go(one, evidence.world.training.get("gamma", 0.99))
    if value.std() < 1e-9 or earned.std() < 1e-9:
        return 0.0
    return -float(np.corrcoef(value, earned)[0, 1])


DETECTOR = Detector("its value orders returns worse", ("training",), score=score)
