"""What learner clients ask of the environments: infos, masks, texts, sizes, and their own checks.

The heavy clients are looked for and skipped where they are not installed; with `-m long` they
learn, too.
"""

import copy
import json
import pickle
import tempfile
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from goalshift.engine import state
from goalshift.engine.api import adapters
from goalshift.engine.api.moves import Moves
from goalshift.engine.api.told import Teller
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pettingzoo.test import parallel_api_test

WORDS = [obs for obs in adapters.OBSERVATIONS if obs not in adapters.ARRAYS]


# -- infos


@pytest.mark.parametrize("name", ["corner", "harvest"])
def test_infos_are_numbers_that_every_client_reads(name):
    env = adapters.parallel_env(name)
    _, infos = env.reset(seed=0)
    for _ in range(20):
        for info in infos.values():
            assert {type(value) for value in info.values()} == {float}
            for goal in env.world.goals:
                assert info[f"met/{goal.name}"] == float(info[f"goal/{goal.name}"] > 0)
        if not env.agents:
            break
        *_, infos = env.step({a: env.action_space(a).sample() for a in env.agents})


def test_full_infos_hold_the_flat_ones_and_what_0_1_had():
    flat, full = (adapters.SingleEnv("corner", infos=i).reset(seed=3)[1] for i in ("flat", "full"))
    assert flat.items() <= full.items()
    assert full.keys() - flat.keys() == {"goals", "level", "seed"}
    assert full["goals"] == {"cheese": full["goal/cheese"], "corner": full["goal/corner"]}
    json.dumps(full)
    with pytest.raises(UserError, match="infos 'nested' is neither 'flat' nor 'full'"):
        adapters.SingleEnv("corner", infos="nested")


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_infos_of_vectors_are_arrays_of_numbers(mode):
    envs = gymnasium.make_vec("goalshift/Corner-v0", num_envs=3, autoreset_mode=mode, max_cycles=4)
    _, infos = envs.reset(seed=0)
    for _ in range(9):
        found = {**infos, **infos.get("final_info", {})}
        for key in ("goal/cheese", "met/corner"):
            assert found[key].dtype == np.float64 and found[f"_{key}"].dtype == np.bool_
        *_, infos = envs.step(envs.action_space.sample())


# -- masks


def test_a_mask_holds_what_does_anything():
    """Held against trying: a step in a copy of the world, for each action."""
    for name in ("corner", "sokoban", "harvest"):
        world = load(name)
        vec = Vec(world, 6, autoreset="off")
        vec.reset(seed=5)
        masks = Moves(world)(vec.states)
        assert masks.dtype == np.int8 and masks[..., 0].all()
        assert 0 < masks.mean() < 1
        for act in range(1, len(world.actions)):
            stay, went = copy.deepcopy(vec), copy.deepcopy(vec)
            actions = np.zeros((6, world.learners), np.int64)
            stay.step(actions)
            actions[:, 0] = act
            went.step(actions)
            same = (stay.states["tiles"] == went.states["tiles"]).all((1, 2))
            for field in ("y", "x", "events", "alive"):
                wide = stay.states[field] == went.states[field]
                same &= wide.reshape(6, -1).all(1)
            own = [f for f in world.shapes if not np.array_equal(stay.states[f], went.states[f])]
            if not own:
                assert np.array_equal(masks[:, 0, act], ~same), (name, act)


def test_masks_are_in_infos_when_asked_for():
    env = adapters.parallel_env("harvest", masks=True)
    _, infos = env.reset(seed=0)
    for name, info in infos.items():
        mask = info["action_mask"]
        assert mask.dtype == np.int8 and env.action_space(name).sample(mask) in np.flatnonzero(mask)
    single = adapters.SingleEnv("corner", masks=True)
    _, info = single.reset(seed=0)
    assert np.array_equal(info["action_mask"], single.action_masks())
    envs = adapters.VectorEnv("corner", 3, masks=True)
    _, infos = envs.reset(seed=0)
    assert np.array_equal(infos["action_mask"], envs.action_masks())


# -- kinds of observations


def test_floats_are_planes_laid_flat():
    planes, floats = (
        adapters.SingleEnv("keys", obs=o).reset(seed=1)[0] for o in ("planes", "floats")
    )
    assert floats.dtype == np.float32 and np.array_equal(floats, planes.reshape(-1))


@pytest.mark.parametrize("obs", ["rgb", "eyes"])
@pytest.mark.parametrize("size", [64, (84, 84), (60, 100)])
def test_pictures_come_in_the_size_asked_for(obs, size):
    env = adapters.SingleEnv("corner", obs=obs, size=size)
    seen, _ = env.reset(seed=1)
    assert seen.shape == (*((size, size) if isinstance(size, int) else size), 3)
    assert seen in env.observation_space and seen.any()


def test_what_has_no_size_says_so():
    for obs, size, message in (
        ("rgb", 20, "too small for 25 x 25 tiles"),
        ("planes", 64, "size is for pictures"),
        ("rgb", (1, 2, 3), r"size must be \(height, width\)"),
        ("eyes", 10**6, "size: 1 to 1024"),
    ):
        with pytest.raises(UserError, match=message):
            adapters.SingleEnv("corner", obs=obs, size=size)


@pytest.mark.parametrize("name", ["corner", "harvest", "coinrun", "follow"])
@pytest.mark.parametrize("obs", [*WORDS, "floats"])
def test_the_official_suites_take_the_further_kinds(name, obs):
    parallel_api_test(adapters.parallel_env(name, obs=obs), 20)
    if load(name).learners == 1:
        check_env(adapters.SingleEnv(name, obs=obs), skip_render_check=True)


@pytest.mark.parametrize("name", names())
def test_a_text_tells_what_is_seen_and_names_no_goal(name):
    world = load(name)
    env = adapters.parallel_env(name, obs="text", split="deploy")
    obs, _ = env.reset(seed=2)
    brief = adapters.parallel_env(name, obs="text-short", split="deploy")
    short, _ = brief.reset(seed=2)
    planes = env._batch.vec.obs[0]
    for k, agent in enumerate(env.agents):
        text, lines = obs[agent], short[agent].splitlines()
        assert text in env.observation_space(agent) and short[agent] in brief.observation_space(
            agent
        )
        assert len(lines) == world.view[0] + 1 and {len(line) for line in lines[:-1]} == {
            world.view[1]
        }
        assert "\n".join(lines[:-1]) in text
        moves = text.rsplit(": ", 1)[1].rstrip(".").split(", ")
        legal = Moves(world)(env._batch.vec.states)[0, k]
        assert moves == [a for a, may in zip(world.actions, legal, strict=True) if may]
        y, x = np.argwhere(Teller(world).own[planes[k]])[0] + 1
        assert f"in row {y}, column {x}." in text
        hidden = [world.title, *(goal.wish for goal in world.goals if goal.wish)]
        assert not any(words in text for words in hidden)


def test_every_kind_of_thing_has_a_sign_of_its_own():
    for name in names():
        world = load(name)
        signs = {}
        for symbol, char in zip(world.symbols, Teller(world).chars, strict=True):
            assert signs.setdefault(char, (symbol.group, symbol.kind)) == (
                symbol.group,
                symbol.kind,
            )


def test_texts_go_through_vectors():
    envs = gymnasium.make_vec(
        "goalshift/Corner-v0", num_envs=2, obs="text-short", autoreset_mode="SameStep", max_cycles=2
    )
    obs, _ = envs.reset(seed=0)
    assert obs in envs.observation_space and len(obs) == 2
    for _ in range(2):
        obs, *_, infos = envs.step(np.zeros(2, int))
    assert all("none, it is over" in text for text in infos["final_obs"])
    assert all(isinstance(text, str) for text in obs)


# -- Gymnasium's own


def test_wrappers_that_tell_the_time_find_the_limit():
    env = gymnasium.make("goalshift/Corner-v0", obs="floats", max_cycles=7)
    timed = gymnasium.wrappers.TimeAwareObservation(env)
    assert timed.max_timesteps == 7
    obs, _ = timed.reset(seed=0)
    steps = 0
    while True:
        obs, _, ended, cut, _ = timed.step(0)
        steps += 1
        if ended or cut:
            break
    assert steps == 7 and cut and obs[-1] == 7


def test_vectors_answer_as_gymnasiums_own_do():
    envs = gymnasium.make_vec("goalshift/Corner-v0", num_envs=3)
    envs.reset(seed=0)
    assert envs.get_attr("max_cycles") == (100,) * 3
    assert envs.get_attr("action_space") == (envs.single_action_space,) * 3
    assert np.array_equal(envs.call("action_masks"), envs.action_masks())
    envs.set_attr("max_cycles", 5)
    assert envs.get_attr("max_cycles") == (5,) * 3
    with pytest.raises(AttributeError, match="no attribute 'speed'"):
        envs.get_attr("speed")
    with pytest.raises(UserError, match="'world' cannot be set"):
        envs.set_attr("world", 3)
    with pytest.raises(UserError, match="'step' cannot be called in one environment"):
        envs.call("step", 0)


# -- Stable-Baselines3


def test_stable_baselines3_takes_it_as_it_is():
    pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env as sb3_check
    from stable_baselines3.common.vec_env import VecMonitor

    for given in ({"obs": "floats"}, {"obs": "rgb", "size": 64}):
        sb3_check(adapters.SingleEnv("corner", **given), skip_render_check=True)
    vec = pickle.loads(pickle.dumps(adapters.SB3Vec("harvest", 2, seed=1, max_cycles=5)))
    monitored = VecMonitor(vec)
    monitored.reset()
    for _ in range(5):
        *_, infos = monitored.step(np.zeros(4, int))
    assert all(
        "episode" in info and info["goal/lasting"] == info["goals"]["lasting"] for info in infos
    )
    assert adapters.sb3_vec is adapters.SB3Vec


def test_maskable_ppo_gets_its_masks():
    pytest.importorskip("sb3_contrib")
    from sb3_contrib import MaskablePPO
    from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported

    vec = adapters.SB3Vec("harvest", 2, seed=1)
    vec.reset()
    assert is_masking_supported(vec)
    assert np.array_equal(get_action_masks(vec), vec.action_masks())
    assert not np.array_equal(vec.action_masks()[0], np.ones(6))
    MaskablePPO("MlpPolicy", vec, n_steps=8, batch_size=8, n_epochs=1, device="cpu").learn(16)


# -- TorchRL


@pytest.mark.filterwarnings("ignore:PettingZoo in TorchRL:UserWarning")  # its own, of any version
def test_torchrl_checks_every_form():
    torchrl = pytest.importorskip("torchrl.envs")
    two = {"learners": 2}
    masked = {"obs": "floats", "masks": True}
    for env in (
        torchrl.PettingZooWrapper(adapters.parallel_env("corner")),
        torchrl.PettingZooWrapper(adapters.parallel_env("harvest", **masked), use_mask=True),
        torchrl.PettingZooWrapper(
            adapters.parallel_env("follow", obs="floats", params=two, on_done="leave"),
            use_mask=True,
        ),
        torchrl.GymWrapper(gymnasium.make("goalshift/Corner-v0", obs="floats")),
        *(
            torchrl.GymWrapper(
                gymnasium.make_vec("goalshift/Corner-v0", num_envs=3, autoreset_mode=mode)
            )
            for mode in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
        ),
    ):
        torchrl.check_env_specs(env, seed=0)


# -- RLlib


@pytest.mark.parametrize("on_done", ["wait", "leave"])
def test_rllib_hears_the_end_of_every_episode(on_done):
    pytest.importorskip("ray.rllib")
    env = adapters.rllib("follow", params={"learners": 2}, on_done=on_done, max_cycles=9)
    obs, _ = env.reset(seed=0)
    assert set(obs) == set(env.possible_agents) == set(env.observation_spaces)
    for step in range(1, 10):
        assert all(view in env.observation_spaces[a] for a, view in obs.items())
        obs, _, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 0))
        over = terminated["__all__"] or truncated["__all__"]
        assert over == (not env.agents) and over == (step == 9)
    assert truncated["__all__"] and not terminated["__all__"]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_rllib_learns_with_one_agent_and_with_two(ray_home):
    ray = pytest.importorskip("ray")
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    short = tempfile.TemporaryDirectory(prefix="ray")  # its sockets bear no long path
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=short.name)
    try:
        register_env("two", lambda given: adapters.rllib("follow", params={"learners": 2}))
        one = PPOConfig().environment("goalshift:goalshift/Corner-v0", env_config={"obs": "floats"})
        two = PPOConfig().environment("two")
        two = two.multi_agent(policies={"shared"}, policy_mapping_fn=lambda *a, **k: "shared")
        for config in (one, two):
            config = config.env_runners(num_env_runners=0)
            config = config.training(train_batch_size=256, minibatch_size=64, num_epochs=1)
            algorithm = config.build_algo()
            assert algorithm.train()["env_runners"]["num_episodes"] > 0
            algorithm.stop()
    finally:
        ray.shutdown()
        short.cleanup()


# -- others


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`:UserWarning:minari")  # what its datasets could also say
@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")  # its own folder
def test_minari_collects_episodes(tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    pytest.importorskip("jax", reason="minari writes with jax alone")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    env = minari.DataCollector(
        gymnasium.make("goalshift/Corner-v0", max_cycles=20), data_format="hdf5"
    )
    for seed in range(2):
        env.reset(seed=seed)
        while True:
            _, _, ended, cut, _ = env.step(env.action_space.sample())
            if ended or cut:
                break
    data = env.create_dataset(
        "goalshift/corner/test-v0",
        algorithm_name="random",
        author="goalshift",
        author_email="none@example.org",
        code_permalink="none",
        description="a test",
    )
    env.close()
    assert data.total_episodes == 2


@pytest.mark.long
def test_supersuit_makes_vectors_of_it():
    supersuit = pytest.importorskip("supersuit")
    env = adapters.parallel_env("harvest", obs="floats")
    vec = supersuit.pettingzoo_env_to_vec_env_v1(supersuit.black_death_v3(env))
    vec.reset(seed=0)
    obs, *_ = vec.step(np.zeros(2, int))
    assert obs.shape == (2, *env.observation_space("gatherer_0").shape)


def test_states_are_not_touched_by_looking():
    world = load("corner")
    vec = Vec(world, 3, autoreset="off")
    vec.reset(seed=1)
    before = state.copy(vec.states).tobytes()
    Moves(world)(vec.states)
    assert vec.states.tobytes() == before
