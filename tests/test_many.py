"""Many steps in one call are as many single steps, byte for byte."""

import pickle

import numpy as np
import pytest

from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies import rules
from goalshift.agents.policies.simple import Constant, RandomPolicy, Scripted
from goalshift.engine import state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.many import PolicyRule
from goalshift.engine.vector import Vec
from goalshift.engine.view.camera.sighted import Sighted

STEPS, N = 40, 6


def started(world, **options):
    vec = Vec(world.but(horizon=9), N, "deploy", seed=4, **options)
    vec.reset()
    return vec


def ledger(vec):
    """All but `queue`, which says nothing once a level has begun."""
    return {k: v for k, v in vec.snapshot().items() if k != "obs"}


def same(one, other):
    a, b = ledger(one), ledger(other)
    assert all((a[name] == b[name]).all() for name in a)
    assert (one.obs == other.obs).all() and (one.final_obs == other.final_obs).all()


@pytest.mark.parametrize("name", ["corner", "follow"])
@pytest.mark.parametrize(
    "options",
    [
        {"autoreset": "same"},
        {"autoreset": "next", "pool": "test"},
        {"autoreset": "off"},
        {"autoreset": "same", "threads": 3, "levels": 5},
    ],
    ids=str,
)
def test_many_steps_are_as_many_single_ones(name, options):
    world = load(name)
    one, other = started(world, **options), started(world, **options)
    actions = np.random.default_rng(0).integers(0, len(world.actions), (STEPS, N, world.learners))
    many = one.step_many(actions, observe=True)
    for t in range(STEPS):
        before = other.states["ended"].copy()
        obs, reward, terminated, truncated = other.step(actions[t])
        ended = (terminated | truncated) & (before == state.RUNNING)
        assert (many.obs[t] == obs).all() and (many.reward[t] == reward).all()
        assert (many.terminated[t] == terminated).all() and (many.truncated[t] == truncated).all()
        assert (many.totals[t][ended] == other.final_totals[ended]).all()
        assert (many.totals[t][~ended] == 0).all()
    assert many.totals.any()
    same(one, other)
    blind = started(world, **options)
    assert blind.step_many(actions).obs is None
    same(blind, other)


@rule
def _towards(s, p, me, seen, own):
    return np.int64(seen[own[0]] + s.t) % 5


def test_a_rule_acts_as_the_same_policy_asked_at_every_step(corner):
    for policy in (rules.at_random(7, 5), PolicyRule(_towards, np.array([3]), sees=True)):
        one, other = started(corner), started(corner)
        many = one.run_rule(policy, STEPS)
        asked = RandomPolicy(corner, 7)
        for t in range(STEPS):
            if policy.sees:
                act = (other.obs.reshape(N, 1, -1)[:, :, 3] + other.states.t[:, None]) % 5
            else:
                act = asked.act(other.obs, other.states, other.fresh)
            assert (many.actions[t] == act).all()
            other.step(np.asarray(act, np.int64))
        same(one, other)


def test_rules_with_what_they_know(corner):
    vec = started(corner)
    weights = np.zeros((vec.obs[0, 0].size, len(corner.symbols), 5))
    weights[0, :, 3] = 1.0
    assert (vec.run_rule(rules.linear(corner, weights), 3).actions == 3).all()
    table = np.full(corner.size, 2)
    assert (vec.run_rule(rules.tabular(corner, table), 3).actions == 2).all()


@pytest.mark.parametrize(
    "policy",
    [
        lambda world: RandomPolicy(world, 3),
        lambda world: Constant(world, "left"),
        lambda world: Scripted([1, 2, 3, 4, 1]),
    ],
    ids=["random", "constant", "scripted"],
)
def test_episodes_by_a_rule_are_the_same_episodes(corner, policy):
    def played(ruled):
        one = policy(corner)
        if not ruled:
            one.rule = None
        return rollout(corner, one, levels=20)

    fast, slow = played(True), played(False)
    for name in ("seeds", "rows", "fingerprints", "totals", "length", "terminated"):
        assert (getattr(fast, name) == getattr(slow, name)).all()


def test_no_action_that_the_world_lacks_gets_through(corner):
    vec = started(corner)
    before = state.digest(vec.states).copy()
    actions = np.zeros((STEPS, N, 1), np.int64)
    actions[30, 2, 0] = 5
    with pytest.raises(UserError, match="action 5 is out of range"):
        vec.step_many(actions)
    assert (state.digest(vec.states) == before).all()
    with pytest.raises(UserError, match="shape"):
        vec.step_many(actions[0])
    with pytest.raises(UserError, match="the rule chose the action 9"):
        vec.run_rule(rules.tabular(corner, np.full(corner.size, 9)), 2)
    with pytest.raises(UserError, match=r"reset\(\)"):
        vec.step(actions[0])


@pytest.mark.parametrize("levels", [5, np.array([3, 11, 2**63 + 1], np.uint64)], ids=["5", "seeds"])
def test_a_bank_has_the_same_levels_sooner(corner, levels):
    made, kept = (started(corner, levels=levels, pool="test", bank=bank) for bank in (False, True))
    actions = np.random.default_rng(0).integers(0, 5, (STEPS, N, 1))
    for t in range(STEPS):
        if t == 10:
            made.choose("train")
            kept.choose("train")
        if t == 20:
            kept = pickle.loads(pickle.dumps(kept))
        if t == 30:
            mask, seeds = np.arange(N) % 2 == 0, np.full(N, made.final_seed[1])
            made.assign(mask, seeds)
            kept.assign(mask, seeds)
        for ours, theirs in zip(made.step(actions[t]), kept.step(actions[t]), strict=True):
            assert (ours == theirs).all()
        assert (state.digest(made.states) == state.digest(kept.states)).all()
    assert len(set(made.final_seed.tolist())) > 1
    with pytest.raises(UserError, match="one of the bank"):
        kept.assign(mask, np.full(N, 4))
    with pytest.raises(UserError, match="say which"):
        started(corner, bank=True)


def test_through_a_camera_one_steps_one_at_a_time(corner):
    vec = Sighted(corner, 2)
    vec.reset()
    with pytest.raises(UserError, match="camera"):
        vec.step_many(np.zeros((2, 2, 1), np.int64))
