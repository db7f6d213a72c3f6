"""A training in memory is a value: a copy goes on as the original does, and apart from it."""

import copy
import pickle

import numpy as np
import pytest

from goalshift import load
from goalshift.agents.learning.config import TrainConfig
from goalshift.agents.learning.ppo import resolve
from goalshift.agents.learning.training import learner_of

SMALL = {"envs": 8, "rollout": 8, "minibatch": 64, "width": 8, "first": 8, "steps": 1024}
KINDS = {
    "plain": {},
    "memory": {"memory": 8},
    "dropout": {"mitigate": "dropout"},
    "plr": {"curriculum": "plr"},
    "accel": {"curriculum": "accel"},
    "dqn": {"learner": "dqn"},
    "team": {"world": "lookout", "policies": "independent"},
}
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


def begun(**options):
    given = {"world": "coinline", "threads": 1, "device": "cpu", **SMALL, **options}
    made = learner_of(load(given["world"]), resolve(TrainConfig(**given)))
    made.update()
    return made


def same(a, b):
    one, other = a.state()[0], b.state()[0]
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_goes_on_exactly_and_apart(kind, way):
    one = begun(**KINDS[kind])
    twin = WAYS[way](one)
    assert type(twin) is type(one) and same(one, twin)
    for _ in range(2):
        one.update()
    assert not same(one, twin)
    for _ in range(2):
        twin.update()
    assert same(one, twin)
