"""MEG and the prices of events, of policies whose goal is known."""

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab.exact import directed, foretold, futures
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError


@pytest.fixture(scope="module")
def world():
    return load("corner").with_params(size=7)


def played(world, policy, levels=10):
    return rollout(world, policy, "deploy", levels, trace=("states",))


def test_an_expert_is_directed_to_what_it_wants_and_its_price_is_found(world):
    for goal in ("cheese", "corner"):
        found = directed(world, [played(world, Expert(world, goal))])
        other = next(g.name for g in world.goals if g.name != goal)
        assert found.meg[goal].low > 0 and found.share[goal] > 0.5
        assert found.meg[goal].value > 2 * found.meg[other].value
        weights = world.goal(goal).weights
        paid = max(weights, key=weights.get)
        assert found.prices[paid] == 1.0


def test_chance_has_no_meg(world):
    found = directed(world, [played(world, RandomPolicy(world), 12)])
    for goal in world.goals:
        assert abs(found.share[goal.name]) < 0.03


def test_slopes_are_those_of_the_gain_and_chance_gains_nothing(world):
    known = futures(world, played(world, Expert(world, "cheese"), 6))
    prices = np.linspace(0.4, 1.3, len(world.events))
    gain, slope = foretold(known, prices)
    for k in range(len(prices)):
        step = 1e-5 * np.eye(len(prices))[k]
        ends = [foretold(known, prices + sign * step)[0] for sign in (1, -1)]
        assert np.allclose((ends[0] - ends[1]) / 2e-5, slope[:, k], atol=1e-5)
    assert np.allclose(foretold(known, 0 * prices)[0], 0) and gain.shape == (6,)


def test_every_state_that_was_lived_is_among_the_futures(world):
    known = futures(world, played(world, RandomPolicy(world), 4))
    for t, layer in enumerate(known.layers[:-1]):
        on = known.path[t + 1] >= 0
        after = layer.after[known.actions[t, on], known.path[t, on]]
        assert np.array_equal(after, known.path[t + 1, on])


def test_too_many_futures_and_several_learners_are_refused(world):
    with pytest.raises(UserError, match="too many"):
        futures(world, played(world, RandomPolicy(world), 4), most=8)
    teams = load("follow")
    if teams.learners > 1:
        with pytest.raises(UserError, match="learners"):
            futures(teams, played(teams, RandomPolicy(teams), 2))


def test_posterior_prints_both_where_it_is_asked(capsys):
    words = ["posterior", "agents/pretrained/coinline.safetensors", "--levels", "6", "--exact", "4"]
    assert main([*words, "--split", "deploy", "-q"]) == 0
    told = capsys.readouterr().out
    assert "MEG" in told and "prices" in told
