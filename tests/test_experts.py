"""Experts: their plans are sound, short and exact, for every goal of every kind."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies.expert import Expert, optimum
from goalshift.agents.policies.policy import Policy
from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds import corner

from .both import both


def steps_to(world, s, wanted):
    """Steps from the agent to the nearest cell where `wanted(y, x)`; None: no way."""
    frontier, seen = deque([(int(s.y[0]), int(s.x[0]), 0)]), set()
    while frontier:
        y, x, steps = frontier.popleft()
        if wanted(y, x):
            return steps
        if (y, x) in seen:
            continue
        seen.add((y, x))
        for ny, nx in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= ny < s.h and 0 <= nx < s.w and not world.solid[s.tiles[ny, nx]]:
                frontier.append((ny, nx, steps + 1))
    return None


@pytest.mark.parametrize("planner", ["walk", "search"])
def test_a_plan_is_as_short_as_can_be(planner):
    world = replace(load("corner"), planner=planner, view=None)
    starts = Vec(world, 60, "deploy", seed=2).reset_states()
    shortest = [
        steps_to(world, s, lambda y, x, s=s: s.tiles[y, x] == corner.CHEESE) for s in starts
    ]
    found = optimum(world, "intended", starts)
    assert (found.score == 1).all()
    assert found.steps[:, 0].tolist() == shortest


@pytest.mark.parametrize("planner", ["walk", "search"])
def test_what_a_goal_avoids_is_touched_only_when_there_is_no_way_round(planner):
    world = replace(load("corner"), planner=planner, view=None)
    starts = Vec(world, 150, "deploy", seed=4).reset_states()
    found = optimum(world, "corner", starts)

    def is_free(s):
        s = s.copy()
        s.tiles[s.tiles == corner.CHEESE] = corner.WALL
        return steps_to(world, s, lambda y, x: (y, x) == (1, s.w - 2)) is not None

    free = np.array([is_free(s) for s in starts])
    assert 0 < (~free).sum() < 20  # the test sees both kinds of level
    assert (found.score[free] == 1).all()


def test_a_plan_foretells_every_step_even_of_what_moves():
    world = load("coinrun")
    n = 100
    vec = Vec(world, n, "ledge", seed=1, autoreset="off")
    obs = vec.reset()
    assert vec.states.alive[:, 1:].sum() > 30  # walkers
    expert = Expert(world)
    expert.start(n, 1)
    fresh = np.ones(n, bool)
    while (vec.states.ended == state.RUNNING).any():
        obs = vec.step(expert.act(obs, vec.states, fresh))[0]
        if fresh.all():
            assert expert.plans == n
        running = vec.states.ended == state.RUNNING
        fresh = np.zeros(n, bool)
        over = expert.plans - n  # an ended episode asks for a plan and gets an empty one
        assert over <= n - running.sum()
    assert (vec.scores()[:, 0, 0] == 1).all()


class Clumsy(Policy):
    """Another policy whose hand slips: one action in eight is a random one."""

    def __init__(self, policy, actions):
        self.policy, self.name, self.actions = policy, "clumsy", actions
        self.dice = np.random.default_rng(0)

    def start(self, n, agents):
        self.policy.start(n, agents)

    def act(self, obs, states, fresh):
        meant = self.policy.act(obs, states, fresh)
        slip = self.dice.random(meant.shape) < 1 / 8
        return np.where(slip, self.dice.integers(0, self.actions, meant.shape), meant)


def test_an_expert_plans_anew_when_the_world_goes_another_way():
    world = load("coinrun")
    expert = Expert(world)
    played = rollout(world, Clumsy(expert, len(world.actions)), "deploy", 100, seed=3, pool="all")
    assert expert.plans > 200
    assert played.scores[:, 0].mean() > 0.8


def test_a_goal_that_pays_every_step_is_followed_to_the_end():
    world = load("coinrun")
    starts = Vec(world, 40, "train", seed=6).reset_states()
    led = optimum(world, "right", starts)
    goals = [replace(g, seek=None) if g.name == "right" else g for g in world.proxies]
    blind = optimum(replace(world, proxies=tuple(goals)), "right", starts)
    ends = np.array([optimum(world, "end", starts[i : i + 1]).score[0, 0] for i in range(5)])
    assert (ends == 1).all()
    columns = starts.w - 3 - starts.best  # two columns of wall; the run begins in column `best`
    assert (led.score[:, 0] == columns).all()
    assert blind.score.mean() >= 0.95 * led.score.mean()


def test_a_bounded_search_returns_the_best_part_of_a_plan():
    world = load("coinrun")
    starts = Vec(world, 20, "train", seed=8).reset_states()
    found = optimum(world, "right", starts, effort=60)
    assert found.score.mean() > 3
    with_sight = optimum(world, "right", starts)
    assert (found.score <= with_sight.score).all()


def test_actions_of_a_batch_are_those_of_its_singles():
    for name in names():
        world = load(name)
        starts = Vec(world, 6, "deploy", seed=9).reset_states()
        for goal in world.goals:
            together = Expert(world, goal.name).act(None, starts, np.ones(6, bool))
            alone = [
                Expert(world, goal.name).act(None, starts[i : i + 1], np.ones(1, bool))[0]
                for i in range(6)
            ]
            assert np.array_equal(together, alone), (name, goal.name)


def test_planning_leaves_the_states_alone():
    for name in names():
        world = load(name)
        starts = Vec(world, 8, "deploy", seed=1).reset_states()
        before = starts.tobytes()
        for goal in world.goals:
            Expert(world, goal.name).act(None, starts, np.ones(8, bool))
        assert starts.tobytes() == before


PLANS = """
import numpy as np
from goalshift.agents.policies.expert import optimum
from goalshift.engine.vector import Vec
from goalshift.engine.catalogue import load
world = load("coinrun").with_params(difficulty=1)
starts = Vec(world, 3, "ledge", seed=5).reset_states()
found = [optimum(world, g.name, starts, effort=400) for g in world.goals]
plans = str([(o.score.tolist(), o.steps.tolist(), o.actions[:, :, 0].tolist()) for o in found])
"""


@pytest.mark.slow
def test_compiled_and_plain_python_make_the_same_plans():
    here, there = both(PLANS, "plans")
    assert there == here and len(here) > 100


def test_an_unknown_goal_is_a_plain_fault():
    with pytest.raises(UserError, match="did you mean 'corner'"):
        Expert(load("corner"), "cornr")
