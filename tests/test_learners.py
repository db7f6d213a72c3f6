"""Several learners, in every world that says it can take them."""

import warnings

import numpy as np
import pytest

from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.ppo import Learner, resolve
from goalshift.agents.learning.run import save
from goalshift.agents.learning.trained import Trained
from goalshift.engine import state
from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec

with warnings.catch_warnings():  # the suites themselves use what PettingZoo deprecates
    warnings.simplefilter("ignore")
    from pettingzoo.test import api_test, parallel_api_test
    from pettingzoo.test.seed_test import parallel_seed_test

SHARED = [name for name in names() if load(name).most_learners > 1]
SMALL = dict(envs=8, rollout=8, minibatch=64, first=8, width=8, device="cpu", threads=1, steps=192)


@pytest.fixture(params=SHARED)
def world(request):
    """With as many learners as it takes: the fullest board, and the only one that these tests
    compile.
    """
    return load(request.param).with_params(learners=load(request.param).most_learners)


def digests(world, **options):
    vec = Vec(world, 12, "alpha=0.5", seed=4, **options)
    vec.reset()
    found = []
    for row in np.random.default_rng(0).integers(0, len(world.actions), (50, 12, world.learners)):
        vec.step(row)
        found.append(state.digest(vec.states))
    return np.array(found)


def test_same_seed_same_bytes_and_threads_change_nothing(world):
    once = digests(world)
    assert np.array_equal(once, digests(world)) and np.array_equal(once, digests(world, threads=3))
    assert world.learners == sum(t.count for t in world.things if t.agent)


def test_levels_are_sound_and_all_learners_are_in_play(world):
    for split in world.split_names:
        states = Vec(world, 200, split, seed=6).reset_states()
        assert states.alive[:, : world.learners].all()
        for s in states:
            there = np.flatnonzero(s.alive[: world.agents])
            inside = (s.y[there] < s.h) & (s.x[there] < s.w)
            assert inside.all() and not world.solid[s.tiles[s.y[there], s.x[there]]].any()


def test_every_learner_moves_and_sees_for_itself(world):
    """What one does changes what it sees itself; each is paid for what it did."""
    vec = Vec(world, 64, "train", seed=2, autoreset="off")
    vec.reset()
    generator = np.random.default_rng(1)
    paid = np.zeros((64, world.learners))
    for _ in range(60):
        paid += vec.step(generator.integers(0, len(world.actions), (64, world.learners)))[1]
    goal = world.goals.index(world.paid)
    assert np.allclose(vec.scores()[:, : world.learners, goal], paid, atol=1e-4)
    views = vec.obs.reshape(64, world.learners, -1)
    assert all((views[:, 0] != views[:, k]).any() for k in range(1, world.learners))


def test_pettingzoos_suites_without_a_warning(world):
    parallel_api_test(adapters.parallel_env(world), 40)
    api_test(adapters.env(world), 40)
    parallel_seed_test(lambda: adapters.parallel_env(world))
    env = adapters.parallel_env(world)
    env.reset(seed=1)
    assert len(env.agents) == world.learners


def test_a_replay_lives_again(world, tmp_path):
    actions = np.random.default_rng(3).integers(0, len(world.actions), (30, world.learners))
    made = Replay.record(world, 5, actions)
    path = tmp_path / "several.gmr"
    made.save(path)
    found = Replay.load(path)
    assert found.actions.shape[1] == world.learners
    assert np.array_equal(
        state.digest(found.states(found.find_world())), state.digest(made.states(world))
    )


def test_it_learns_and_the_checkpoint_is_for_so_many_learners(world, tmp_path):
    name, learners = world.name, world.learners
    config = resolve(configure(name, **SMALL, params={"learners": learners}))
    one, two = (Learner(load(name), config) for _ in range(2))
    before = {k: v.copy() for k, v in one.state()[0].items() if k.startswith("net.")}
    for _ in range(3):
        figures = one.update()
        assert two.update()["loss_policy"] == figures["loss_policy"]
    assert any(not np.array_equal(v, one.state()[0][k]) for k, v in before.items())
    save(tmp_path, one, 0.0)
    policy = Trained.load(tmp_path)
    assert policy.world.learners == learners
    assert rollout(policy.world, policy, "train", 3).totals.shape[1] == world.agents
    with pytest.raises(UserError, match=f"number of learners {learners} is now 1"):
        Trained.load(tmp_path, load(name).with_params(learners=1))


def test_too_many_or_too_few_are_refused():
    for name in SHARED:
        most = load(name).most_learners
        for wrong in (0, most + 1, 1.5, "two"):
            with pytest.raises(UserError, match=f"takes 1 to {most} learners, not"):
                load(name).with_params(learners=wrong)
    assert SHARED, "no world takes several learners: these tests test nothing"
