"""Goal posteriors and psychometric curves, of policies whose goal is known."""

import json

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.intervals import Weights
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab.posterior import NONE, posterior
from goalshift.agents.lab.psychometric import _fits, psychometric
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import Constant, RandomPolicy
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

WORLDS = ("corner", "twogoals")


def belief(world, policy, split="deploy", levels=24):
    found = posterior(world, [rollout(world, policy, split, levels, trace=("states",))])
    return dict(zip(found.names, found.end.mean(0), strict=True)), found


@pytest.mark.parametrize("name", WORLDS)
def test_an_expert_is_taken_for_what_it_wants_and_chance_for_none(name):
    world = load(name)
    for goal in (world.intended, world.proxies[0]):
        beliefs, _ = belief(world, Expert(world, goal.name))
        assert max(beliefs, key=beliefs.get) == goal.name and beliefs[goal.name] > 0.75
    for policy in (RandomPolicy(world), Constant(world, "stay")):
        beliefs, _ = belief(world, policy)
        assert max(beliefs, key=beliefs.get) == NONE


def test_where_goals_agree_behaviour_tells_them_apart_in_no_episode():
    world = load("corner")
    _, found = belief(world, Expert(world, "cheese"), "train")
    assert np.allclose(found.end[:, 0], found.end[:, 1], atol=1e-6)


def test_a_posterior_sums_to_one_starts_alike_and_stands_still_after_the_end():
    world = load("corner")
    played = rollout(world, Expert(world, "cheese"), "deploy", 24, trace=("states",))
    found = posterior(world, [played])
    assert np.allclose(found.steps.sum(-1), 1)
    assert np.allclose(found.steps[0], 1 / len(found.names))
    over = ~played.trace.running
    assert over.any() and np.allclose(found.steps[1:][over], found.steps[:-1][over])
    assert not np.allclose(found.steps[0], found.steps[-1])


def test_two_agents_together_are_the_two_apart():
    world = load("corner")
    played = [
        rollout(world, Expert(world, g), "deploy", 8, trace=("states",))
        for g in ("cheese", "corner")
    ]
    both = posterior(world, played).end
    apart = np.concatenate([posterior(world, [one]).end for one in played])
    assert np.allclose(both, apart)


def test_experts_have_no_indifference_point_but_always_take_their_own():
    world = load("twogoals")
    for goal, share in (("value", 1.0), ("mark", 0.0)):
        curve = psychometric([Expert(world, goal)], world, levels=64)
        assert curve.always == goal and curve.indifference.value is None
        assert {one.taken for one in curve.bins} == {share}


class Nearest(Expert):
    """Takes the nearer of two targets, the intended one up to `extra` steps further away."""

    def __init__(self, world, extra):
        super().__init__(world, world.intended.name)
        self.other, self.extra = Expert(world, world.proxies[0].name), extra
        self.remembers = True

    def start(self, n, agents):
        super().start(n, agents)
        self.wants = None

    def act(self, obs, states, fresh):
        from goalshift.agents.policies.distance import distances

        if self.wants is None:
            far = [
                distances(self.world, goal.name, states)[:, 0]
                for goal in (self.world.intended, self.world.proxies[0])
            ]
            self.wants = far[0] - far[1] <= self.extra
        mine, theirs = super().act(obs, states, fresh), self.other.act(obs, states, fresh)
        return np.where(self.wants[:, None], mine, theirs)


@pytest.mark.parametrize("extra", [-3, 2])
def test_the_indifference_point_is_where_it_was_put(extra):
    world = load("twogoals")
    curve = psychometric([Nearest(world, extra)], world, levels=192)
    assert abs(curve.indifference.value - (extra + 0.5)) < 1.0
    assert curve.slope.high < 0


def test_a_logistic_curve_finds_what_made_the_choices():
    dice = np.random.default_rng(0)
    extra = dice.integers(-10, 11, 4000)
    took = dice.random(4000) < 1 / (1 + np.exp(-(1.2 - 0.4 * extra)))
    fits = _fits(extra, took[None].astype(float), np.ones((1, 4000), bool), Weights(1, 4000, 10))
    assert np.allclose(fits[0], [1.2, -0.4], atol=0.15)


def test_a_world_without_two_places_has_no_curve_and_posterior_says_so(capsys):
    with pytest.raises(UserError, match="two targets to walk to"):
        psychometric([RandomPolicy(load("boat"))], load("boat"), levels=8)
    words = ["posterior", "agents/pretrained/boat.safetensors", "--levels", "4", "-q"]
    assert main(words) == 0
    assert "no curve: " in capsys.readouterr().out


def test_posterior_of_a_run_has_every_goal_and_none(capsys):
    words = [
        "posterior",
        "agents/pretrained/twogoals.safetensors",
        "--levels",
        "48",
        "--json",
        "-q",
    ]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["splits"]["deploy"]["belief"]) == {"value", "mark", NONE}
    assert told["psychometric"]["proxy"] == "mark"


def test_eval_tells_what_is_paid_for_a_goal_in_steps(capsys):
    words = ["eval", "agents/pretrained/twogoals.safetensors", "--psychometric", "--json", "-q"]
    assert main([*words, "--levels", "48", "--split", "deploy"]) == 0
    curve = json.loads(capsys.readouterr().out)["psychometric"]
    assert curve["proxy"] == "mark" and curve["choices"] > 20 and curve["bins"]
