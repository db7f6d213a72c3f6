"""A goal axis in the weights: found where it was put, read, written, and its nulls; copies that learn
a little more, and the agent they are copies of.
"""

import numpy as np
import pytest

from goalshift.agents.lab.inside import axis
from goalshift.agents.learning.trained import Trained
from goalshift.agents.learning.tuning import tuned
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec, observed

TUNING = axis.Tuning("deploy", 1)
SHIPPED = "agents/pretrained/coinline.safetensors"


def test_the_first_direction_is_the_one_along_which_rows_differ_and_not_what_they_share():
    dice = np.random.default_rng(0)
    shared, way = dice.standard_normal((2, 300))
    way /= np.linalg.norm(way)
    places = np.linspace(-3, 3, 12)
    rows = 5 * shared + places[:, None] * way + 0.02 * dice.standard_normal((12, 300))
    found, explained = axis.first_direction(rows)
    assert abs(found @ way) > 0.99 and explained > 0.9
    assert np.linalg.norm(found) == pytest.approx(1)


def test_an_agent_moved_by_what_its_copy_learned_acts_as_the_copy():
    agent = Trained.load(SHIPPED)
    before = axis.flat(agent)
    copy = tuned(agent, "goal.coin - goal.end", "deploy", 2, seed=3)
    assert np.array_equal(axis.flat(agent), before)  # the agent stays as it is
    way = axis.flat(copy) - before
    assert np.linalg.norm(way) > 0.05
    moved = axis.shifted(agent, way)
    states = Vec(agent.world, 32, "deploy", 0).reset_states()
    obs, fresh = observed(agent.world, states), np.ones(32, np.bool_)
    asked = [one.think(obs, states, fresh).logits for one in (agent, moved, copy)]
    assert np.allclose(asked[1], asked[2], atol=1e-5) and not np.allclose(asked[0], asked[2])
    again = tuned(agent, "goal.coin - goal.end", "deploy", 2, seed=3)
    assert np.array_equal(axis.flat(again), axis.flat(copy))


def test_the_null_of_other_weights_keeps_every_layers_own_numbers():
    agent = Trained.load(SHIPPED)
    way = np.random.default_rng(1).standard_normal(len(axis.flat(agent)))
    null = axis.within_layers(agent, way, np.random.default_rng(2))
    at = 0
    for weights in axis.acting(agent).values():
        part = slice(at, at := at + weights.numel())
        assert np.array_equal(np.sort(null[part]), np.sort(way[part]))
    assert at == len(way) and not np.array_equal(null, way)
    assert not any("critic" in name for name in axis.acting(agent))


BEGAN = float(axis.flat(Trained.load(SHIPPED))[0])


class Ruled:
    """A judge that sees the intended goal met as far as one weight says."""

    seed = 0

    def play(self, policy):
        share = 1 / (1 + np.exp(-4 * (float(axis.flat(policy)[0]) - BEGAN)))
        return np.arange(100) < 100 * share

    def intended(self, scores):
        return scores

    def instead(self, scores):
        return ~scores

    def share(self, hits):
        return float(hits.mean())


@pytest.fixture
def one_weight(monkeypatch):
    """Fine-tuning that moves one weight as far as the reward says, and all others by chance."""

    def made(agent, reward, split, updates, seed=0, lr=1.0):
        dice = np.random.default_rng([seed, *reward.encode()])
        by = 0.0005 * dice.standard_normal(len(axis.flat(agent)))
        by[0] += float(reward.partition("*")[0]) - 0.5 if reward else 0.0
        return axis.shifted(agent, by)

    monkeypatch.setattr(axis, "tuned", made)


def test_an_axis_that_is_there_is_read_and_written_and_its_nulls_are_not(one_weight):
    agent, judge = Trained.load(SHIPPED), Ruled()
    other = Trained.load(SHIPPED)
    other.name = "another"
    found = axis.goal_axis(agent, judge, judge, TUNING, [other])
    assert found.reads and found.read.value > 0.95 and found.explained > 0.9
    assert found.writes and found.written[0].by > 0 > found.written[1].by
    assert found.written[1].instead > 0.9 > found.plain.instead and found.common.instead < 0.6
    for some in found.write_nulls.values():
        assert all(abs(m.by) == found.written[0].by for m in some)
        assert max(m.intended for m in some) < found.written[0].intended
    (there,) = found.elsewhere  # of copies that differ along the same weight
    assert there.agent == "another" and len(there.copies) == 8 and there.read.low > 0.9
    assert there.p["random direction"] < 0.02
    with pytest.raises(UserError, match=r"acts by [\d,]+ weights, and the axis is of 7"):
        axis.read_elsewhere(other, np.ones(7), judge, TUNING, print)


def test_where_copies_do_not_differ_nothing_is_read_or_written(monkeypatch):
    def same(agent, reward, split, updates, seed=0, lr=1.0):
        dice = np.random.default_rng([seed, *reward.encode()])
        by = 0.0005 * dice.standard_normal(len(axis.flat(agent)))
        by[0] = 0.0
        return axis.shifted(agent, by)

    monkeypatch.setattr(axis, "tuned", same)
    agent, judge = Trained.load(SHIPPED), Ruled()
    found = axis.goal_axis(agent, judge, judge, TUNING)
    assert not found.reads and not found.writes


def test_an_agent_that_does_not_say_how_it_was_trained_is_refused():
    agent = Trained.load(SHIPPED)
    agent.about = {}
    with pytest.raises(UserError, match="does not say how it was trained"):
        tuned(agent, "", "deploy", 1)
