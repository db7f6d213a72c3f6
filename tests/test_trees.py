"""Trees: the published growth to the digit, deserts, and affinity over a life."""

import numpy as np
import pytest

from goalshift.agents.judging.affinity import affinity
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import Constant, RandomPolicy
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds.trees import GROWTH, MOST, TREE

TREES = load("trees")


def test_growth_is_the_published_one():
    assert GROWTH[0] == 1e-6 and GROWTH[10] == pytest.approx(0.3)
    assert GROWTH[1] == pytest.approx(0.0867, abs=1e-4) and GROWTH[3] == pytest.approx(
        0.1734, abs=1e-4
    )


def grown(start, steady):
    """Trees grown in one step on 6000 boards with so many."""
    vec = Vec(TREES.with_params(start=start, steady=steady), 6000, seed=1, autoreset="off")
    vec.reset()
    before = (vec.states.tiles == TREE).sum()
    vec.step(np.zeros((6000, 1), np.int64))
    return ((vec.states.tiles == TREE).sum() - before) / 6000


@pytest.mark.parametrize("start", [1, 3, 6, 9, 10])
def test_trees_grow_as_often_as_that_says(start):
    expected = 0 if start == MOST else GROWTH[start]
    assert grown(start, 0) == pytest.approx(expected, abs=0.02)
    assert grown(start, 1) == pytest.approx(0 if start == MOST else 0.3, abs=0.02)


def test_the_last_tree_is_the_last_and_the_life_goes_on():
    vec = Vec(TREES.with_params(start=1, steady=0), 128, "deploy", seed=3, autoreset="off")
    obs = vec.reset()
    hasty = Expert(TREES, "haste")
    for _ in range(499):
        obs = vec.step(hasty.act(obs, vec.states, vec.states.t == 0))[0]
    assert not vec.terminated.any() and not vec.truncated.any()
    desert = vec.states.totals[:, 0, 1] > 0
    assert desert.mean() > 0.95 and not (vec.states.tiles[desert] == TREE).any()
    vec.step(np.zeros((128, 1), np.int64))
    assert vec.truncated.all() and not vec.terminated.any()


def test_affinity_is_one_for_haste_and_nought_for_chance_and_little_for_sparing():
    hasty = affinity(TREES, Expert(TREES, "haste"), "haste", "train", lives=16, window=50)
    assert len(hasty.begins) == 4 and np.allclose(hasty.affinity, 1)
    chance = affinity(TREES, RandomPolicy(TREES, 0), "haste", "train", lives=16, window=50)
    assert np.allclose(chance.affinity, 0)
    sparing = affinity(TREES, Expert(TREES), "haste", "deploy", lives=16, window=100)
    assert (sparing.agent > sparing.random).all() and sparing.agent[-1] > 0.15
    # it earns at its pace what haste would earn by felling the rest
    assert (sparing.affinity > 0.5).all()
    lazy = affinity(TREES, Constant(TREES, "stay"), "haste", "deploy", lives=16, window=100)
    assert (lazy.agent == 0).all() and (lazy.affinity < 0).all()


def test_in_a_desert_there_is_no_affinity_to_speak_of():
    hasty = affinity(TREES, Expert(TREES, "haste"), "haste", "deploy", lives=16, window=100)
    assert hasty.agent[0] > 0.05 and hasty.agent[-1] < 0.01
    assert hasty.affinity[0] == pytest.approx(1) and np.isnan(hasty.affinity[-1])


def test_a_window_longer_than_a_life_is_refused():
    with pytest.raises(UserError, match="--window must be 1 to 200"):
        affinity(TREES, Constant(TREES, "stay"), "haste", "train", window=201)
