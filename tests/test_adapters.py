"""The public interfaces over every world: the official suites without a warning, and more."""

import json
import re
import subprocess
import sys
import warnings
from itertools import pairwise

import gymnasium
import numpy as np
import pettingzoo
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import goalshift
from goalshift.engine.api import adapters
from goalshift.engine.api.register import identifiers, title
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.vector import Vec
from goalshift.engine.world import Goal, Thing, Tile, World
from goalshift.worlds import corner

with warnings.catch_warnings():  # the suites themselves use what PettingZoo deprecates
    warnings.simplefilter("ignore")
    from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, render_test
    from pettingzoo.test import seed_test as aec_seed_test
    from pettingzoo.test.seed_test import parallel_seed_test
    from pettingzoo.test.state_test import state_test

WORLDS = names()
SINGLES = [name for name in WORLDS if load(name).learners == 1]
PICTURED = [obs for obs in adapters.ARRAYS if obs != "floats"]  # the others: test_doors.py
DONE, HIT = range(2)


class Params(corner.Params):
    """A row for the world below."""


@rule
def lay(s, p):
    corner.layout.fill(s, 0)
    corner.layout.border(s, 1)
    for me in range(3):
        corner.grid.put(s, me, 3, 1 + me)


@rule
def fight(s, p, me, act):
    """Agent 0 leaves play at the left wall; the right wall ends the episode."""
    x = corner.grid.walk(s, p, me, act)[1]
    if me == 0 and x == 1 and act == 2:
        s.alive[me] = 0
    if x == 5:
        s.events[me, DONE] += 1


def several():
    """Three mice in a box; nothing but the tests know it."""
    return World(
        story="Three mice.",
        size=(7, 7),
        horizon=12,
        tiles=(Tile("floor", "."), Tile("wall", "#", solid=True)),
        things=(Thing("field mouse", "@", agent=True, count=2), Thing("vole", "v", agent=True)),
        actions=corner.MOVES,
        events=("done", "hit"),
        ends_on=("done",),
        params=Params,
        train=Params(),
        deploy=Params(region=3),
        intended=Goal("done", {"done": 1}),
        proxies=(Goal("pain", {"hit": 1}),),
        generate=lay,
        step=fight,
        name="several",
    )


@pytest.fixture(params=[*WORLDS, "several"])
def world(request):
    return several() if request.param == "several" else request.param


# -- the official suites; pytest turns every warning into an error


@pytest.mark.parametrize("obs", PICTURED)
def test_pettingzoos_parallel_suite(world, obs):
    env = adapters.parallel_env(world, obs=obs)
    parallel_api_test(env, 60)
    state_test(adapters.env(world), env)
    env.close()


def test_pettingzoos_aec_suites(world):
    api_test(adapters.env(world), 60)
    aec_seed_test(lambda: adapters.env(world), 40)
    parallel_seed_test(lambda: adapters.parallel_env(world))


def test_pettingzoos_render_suite(world):
    render_test(lambda render_mode=None: adapters.env(world, render_mode=render_mode))


def test_pettingzoos_max_cycles_suite():
    """On worlds that cannot end within its four steps."""
    max_cycles_test(adapters.conventional("follow"))


@pytest.mark.parametrize("obs", PICTURED)
@pytest.mark.parametrize("name", SINGLES)
def test_gymnasiums_suite(name, obs):
    env = gymnasium.make(f"goalshift/{title(name)}-v{load(name).version}", obs=obs)
    check_env(env.unwrapped)
    env.close()


# -- stricter: whole episodes, bytes equal, nothing shared


def episodes(env, seed, steps):
    """Everything a run of several episodes gives, as bytes; and the arrays themselves."""
    generator = np.random.default_rng(seed)
    trace, arrays = [], []
    obs, infos = env.reset(seed=seed)
    for _ in range(steps):
        trace.append({name: view.tobytes() for name, view in obs.items()})
        trace.append(json.dumps(infos))
        arrays += list(obs.values())
        if not env.agents:
            obs, infos = env.reset()
            continue
        actions = {name: generator.integers(0, 5) % env.action_space(name).n for name in env.agents}
        obs, rewards, terminations, truncations, infos = env.step(actions)
        assert all(type(r) is float for r in rewards.values())
        assert all(type(b) is bool for b in (*terminations.values(), *truncations.values()))
        trace.append((rewards, terminations, truncations))
        arrays.append(env.state())
    return trace, arrays


@pytest.mark.parametrize("obs", PICTURED)
def test_two_instances_give_the_same_bytes_over_many_episodes(world, obs):
    one, arrays = episodes(adapters.parallel_env(world, obs=obs, max_cycles=60), 7, 200)
    two, _ = episodes(adapters.parallel_env(world, obs=obs, max_cycles=60), 7, 200)
    assert one == two
    other, _ = episodes(adapters.parallel_env(world, obs=obs, max_cycles=60), 8, 200)
    assert other != one
    contents = [a.tobytes() for a in arrays]
    for k, array in enumerate(
        arrays
    ):  # no array is another one's memory: writing to one shows nowhere
        array[...] = 1
        assert k + 1 == len(arrays) or arrays[k + 1].tobytes() == contents[k + 1]
    assert not any(np.shares_memory(a, b) for a, b in pairwise(arrays))


@pytest.mark.parametrize("name", SINGLES)
def test_what_agents_see_and_earn_is_what_the_batch_says(name):
    """The parallel environment and Vec tell one story."""
    world = load(name)
    env = adapters.parallel_env(name, split="deploy", infos="full")
    vec = Vec(world, 1, "deploy", pool="train", autoreset="off")
    vec.restart(np.ones(1, bool), np.array([3], np.uint64))
    obs, infos = env.reset(seed=3)
    (agent,) = env.possible_agents
    assert infos[agent]["seed"] == vec.states.seed[0]
    assert infos[agent]["level"] == f"{vec.world.fingerprints(vec.states)[0]:016x}"
    generator = np.random.default_rng(0)
    while env.agents:
        assert np.array_equal(obs[agent], vec.obs[0, 0])
        action = generator.integers(0, len(world.actions))
        obs, rewards, terminations, truncations, infos = env.step({agent: action})
        vec.step(np.array([[action]]))
        assert rewards[agent] == vec.reward[0, 0] and terminations[agent] == vec.terminated[0]
        assert truncations[agent] == (vec.states.t[0] >= world.table.horizon[vec.states.row[0]])
        scores = world.scores(vec.states.totals[0, 0]).tolist()
        assert list(infos[agent]["goals"].values()) == scores
        assert list(infos[agent]["goals"]) == [g.name for g in world.goals]


MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED]


def equal(a, b):
    """Do two infos hold the same, whatever types say so?"""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype == object:
        return len(a) == len(b) and all(
            (x is None and y is None) or np.array_equal(x, y) for x, y in zip(a, b, strict=True)
        )
    return np.array_equal(a, b) and a.dtype == b.dtype


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", SINGLES)
def test_the_native_vector_is_gymnasiums_own_over_singles(name, mode):
    n, options = 4, {"world": name, "max_cycles": 25, "obs": "planes"}
    ours = adapters.VectorEnv(num_envs=n, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: adapters.SingleEnv(**options)] * n, autoreset_mode=mode)
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    a, b = ours.reset(seed=5), theirs.reset(seed=5)
    assert np.array_equal(a[0], b[0]) and equal(a[1], b[1])
    generator, ends, kept = np.random.default_rng(2), 0, []
    for _ in range(120):
        actions = generator.integers(0, ours.single_action_space.n, n)
        a, b = ours.step(actions), theirs.step(actions)
        for x, y in zip(a[:4], b[:4], strict=True):
            assert np.array_equal(x, y) and x.dtype == y.dtype
        assert equal(a[4], b[4])
        done = a[2] | a[3]
        ends += done.sum()
        kept += [a[0], a[1], a[2], a[3]]
        if mode is AutoresetMode.DISABLED and done.any():
            with pytest.raises(UserError, match="an environment is done"):
                ours.step(actions)
            a = ours.reset(options={"reset_mask": done})
            b = theirs.reset(options={"reset_mask": done})
            assert np.array_equal(a[0], b[0]) and equal(a[1], b[1])
    assert ends >= n
    assert len({array.__array_interface__["data"][0] for array in kept}) == len(kept)
    a = ours.reset(seed=[9, None, 3, 3])[0]  # a list of seeds, one for each
    assert np.array_equal(a[2], a[3]) and not np.array_equal(a[0], a[2])


def test_zero_copy_is_opt_in_and_says_the_same():
    plain = adapters.VectorEnv("follow", num_envs=8, autoreset_mode="SameStep", threads=2)
    quick = adapters.VectorEnv("follow", num_envs=8, autoreset_mode="SameStep", copy=False)
    first = quick.reset(seed=1)[0]
    assert np.array_equal(plain.reset(seed=1)[0], first)
    generator = np.random.default_rng(2)
    for _ in range(130):
        actions = generator.integers(0, 5, 8)
        assert np.array_equal(plain.step(actions)[0], quick.step(actions)[0])
    assert np.shares_memory(first, quick.step(actions)[0])


@pytest.mark.parametrize("make", ["gymnasium", "pettingzoo"])
def test_seeds_name_streams_and_no_seed_means_chance(make):
    def levels(seed):
        if make == "gymnasium":
            env = adapters.SingleEnv("corner", infos="full")
            return [env.reset(seed=seed)[1]["level"], *(env.reset()[1]["level"] for _ in range(5))]
        env = adapters.parallel_env("corner", infos="full")
        return [
            i["mouse_0"]["level"] for i in (env.reset(seed)[1], *(env.reset()[1] for _ in range(5)))
        ]

    assert levels(1) == levels(1) and levels(1) != levels(2)
    assert len(set(levels(1))) == 6
    assert levels(None) != levels(None)


# -- options


def test_a_level_is_found_again_by_the_seed_in_its_info():
    env = adapters.parallel_env("follow", infos="full")
    _, infos = env.reset(seed=4)
    other = adapters.parallel_env("follow", infos="full")
    again, more = other.reset(options={"level": infos["mouse_0"]["seed"]})
    assert more["mouse_0"] == infos["mouse_0"]
    assert again["mouse_0"].tobytes() == env.reset(seed=4)[0]["mouse_0"].tobytes()


def test_the_split_can_be_changed_at_a_reset():
    env = adapters.parallel_env("follow")
    env.reset(seed=1, options={"split": "absent"})
    assert not env._batch.vec.states.alive[0, 1]
    env.reset(seed=1, options={"split": "train"})
    assert env._batch.vec.states.alive[0, 1]
    with pytest.raises(UserError, match="has no split 'absnt'; did you mean 'absent'"):
        env.reset(options={"split": "absnt"})


def test_training_and_test_levels_do_not_meet():
    """Training levels are what everybody gets who does not ask for others."""
    seen = {}
    for pool in ("train", "test"):
        given = {} if pool == "train" else {"pool": pool}
        env = adapters.parallel_env("corner", infos="full", **given)
        env.reset(seed=0)
        seen[pool] = {env.reset()[1]["mouse_0"]["level"] for _ in range(100)}
    assert len(seen["train"]) == len(seen["test"]) == 100 and not seen["train"] & seen["test"]


def test_max_cycles_cuts_everybody_off_and_may_be_changed():
    env = adapters.parallel_env("follow", max_cycles=9)
    lone = load("follow")
    for cycles in (9, 3):
        env.max_cycles = cycles
        env.reset(seed=0)
        for _ in range(cycles):
            *_, terminations, truncations, _ = env.step(dict.fromkeys(env.agents, 0))
        assert truncations == {"mouse_0": True} and terminations == {"mouse_0": False}
        assert env.agents == []
    assert lone.horizon == 120 and (lone.table.horizon == 120).all()  # the world is untouched
    for wrong in (0, -3):
        with pytest.raises(UserError, match="max_cycles must be at least 1"):
            env.max_cycles = wrong


def test_parameters_travel_through():
    env = adapters.parallel_env("corner", params={"region": 5})
    assert env.world.train.region == 5
    with pytest.raises(UserError, match="no parameter 'regio'"):
        adapters.parallel_env("corner", params={"regio": 5})


# -- several agents


def test_names_spaces_and_flags_of_several_agents():
    env = adapters.parallel_env(several(), infos="full")
    assert env.possible_agents == ["fieldmouse_0", "fieldmouse_1", "vole_0"]
    assert all(re.fullmatch(r"[a-z]+_[0-9]+", name) for name in env.possible_agents)
    other = adapters.parallel_env(several())
    spaces = [e.action_space(a) for e in (env, other) for a in env.possible_agents]
    spaces += [e.observation_space(a) for e in (env, other) for a in env.possible_agents]
    assert len({id(space) for space in spaces}) == 12  # each its own,
    assert env.action_space("vole_0") is env.action_space("vole_0")  # the same every time
    obs, _ = env.reset(seed=0)
    me = {name: env.world.symbols[view[3, 1 + k]] for k, (name, view) in enumerate(obs.items())}
    assert all(symbol.group == "self" for symbol in me.values())
    env.step({"fieldmouse_0": 0, "fieldmouse_1": 0, "vole_0": 4})
    _, rewards, terminations, truncations, infos = env.step(
        {"fieldmouse_0": 0, "fieldmouse_1": 0, "vole_0": 4}
    )
    assert rewards == {"fieldmouse_0": 0.0, "fieldmouse_1": 0.0, "vole_0": 1.0}
    assert set(terminations.values()) == {True} and set(truncations.values()) == {False}
    assert infos["vole_0"]["goals"] == {"done": 1.0, "pain": 0.0}
    assert infos["fieldmouse_0"]["goals"] == {"done": 0.0, "pain": 0.0}
    assert env.agents == [] and env.step({}) == ({}, {}, {}, {}, {})


@pytest.mark.parametrize("on_done", ["wait", "leave"])
def test_an_agent_out_of_play_waits_or_leaves(on_done):
    env = adapters.parallel_env(several(), on_done=on_done)
    env.reset(seed=0)
    out = env.step({"fieldmouse_0": 2, "fieldmouse_1": 0, "vole_0": 0})
    left = on_done == "leave"
    assert out[2]["fieldmouse_0"] is left and out[2]["vole_0"] is False
    assert env.agents == (env.possible_agents[1:] if left else env.possible_agents)
    steps = 1
    while env.agents:
        obs, rewards, _, truncations, _ = env.step(dict.fromkeys(env.possible_agents, 0))
        assert set(obs) == set(rewards) == set(env.possible_agents[left:])
        steps += 1
    assert steps == 12 and set(truncations.values()) == {True}


def test_gymnasium_is_for_one_agent():
    for make in (adapters.SingleEnv, adapters.VectorEnv):
        with pytest.raises(UserError, match="3 agents that learn; Gymnasium is for one"):
            make(several())


# -- faults


def test_faults_are_named():
    env = adapters.parallel_env("corner")
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step({"mouse_0": 0})
    env.reset(seed=0)
    with pytest.raises(UserError, match="no action for the agent 'mouse_0'"):
        env.step({})
    for wrong in (5, -1, 10**12):
        with pytest.raises(UserError, match=r"action -?\d+ is out of range"):
            env.step({"mouse_0": wrong})
    with pytest.raises(UserError, match="out of range"):
        env.step({"mouse_0": 10**30})
    for wrong in (1.5, "up", None, np.array([1, 2])):
        with pytest.raises(UserError, match="must be a whole number"):
            env.step({"mouse_0": wrong})
    for right in (1, np.int64(1), np.array(1), np.array([1], np.int32)):
        env.reset(seed=0)
        env.step({"mouse_0": right})
    env.close()
    env.close()
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step({"mouse_0": 0})
    for options, message in (
        ({"obs": "symbol"}, "Did you mean 'symbols'"),
        ({"render_mode": "rgb_aray"}, "Did you mean 'rgb_array'"),
        ({"obs": "rgb", "pixels": 0}, "pixels must be 1 to 64"),
        ({"on_done": "stay"}, "neither 'wait' nor 'leave'"),
        ({"world": "cornr"}, "did you mean 'corner'"),
    ):
        with pytest.raises(UserError, match=message):
            adapters.parallel_env(**{"world": "corner", **options})
    vector = adapters.VectorEnv("corner", num_envs=3)
    with pytest.raises(UserError, match=r"call reset\(\)"):
        vector.step(np.zeros(3, int))
    vector.reset(seed=0)
    for wrong in (np.zeros(2, int), np.zeros((3, 1), int), np.zeros(3), np.full(3, 9)):
        with pytest.raises(UserError):
            vector.step(wrong)
    for wrong in ([1, 2], [1, 2, 3, 4]):
        with pytest.raises(UserError, match="seeds for 3 environments"):
            vector.reset(seed=wrong)
    for wrong in (np.zeros(3, bool), np.ones(2, bool), [True] * 3, np.ones(3)):
        with pytest.raises(UserError, match="reset_mask"):
            vector.reset(options={"reset_mask": wrong})


# -- pictures


def test_pictures():
    env = adapters.parallel_env("corner", render_mode="rgb_array")
    with pytest.raises(UserError, match="before render"):
        env.render()
    env.reset(seed=0)
    one, two = env.render(), env.render()
    assert one.dtype == np.uint8 and one.shape == (13 * 32, 13 * 32, 3)
    assert np.array_equal(one, two) and not np.shares_memory(one, two)
    env.step({"mouse_0": 1})
    env.step({"mouse_0": 2})
    assert not np.array_equal(env.render(), one)
    text = adapters.SingleEnv("corner", render_mode="ansi")
    text.reset(seed=0)
    rows = text.render().splitlines()
    assert len(rows) == 13 and rows[0] == "#" * 13 and sum(r.count("@") for r in rows) == 1
    many = adapters.VectorEnv("corner", num_envs=3, render_mode="ansi")
    many.reset(seed=0)
    assert len(many.render()) == 3
    with pytest.raises(UserError, match="many environments have no window"):
        adapters.VectorEnv("corner", num_envs=3, render_mode="human")


def test_pixels_and_planes_say_what_symbols_say():
    views = {}
    for obs in adapters.OBSERVATIONS:
        env = adapters.parallel_env("follow", obs=obs, pixels=4)
        views[obs] = env.reset(seed=2)[0]["mouse_0"]
        assert env.observation_space("mouse_0").contains(views[obs])
    assert np.array_equal(views["planes"].argmax(-1), views["symbols"])
    assert (views["planes"].sum(-1) == 1).all()
    assert views["rgb"].shape == (44, 44, 3)
    top = len(load("follow").symbols) - 1
    assert adapters.parallel_env("follow").observation_space("mouse_0").high.max() == top


# -- registration


def test_registered_names_carry_the_worlds_versions():
    assert identifiers() == {name: load(name).version for name in WORLDS}
    for name in WORLDS:
        env = pettingzoo.make("parallel", f"goalshift/{name}-v{load(name).version}", max_cycles=7)
        assert env.max_cycles == 7 and env.metadata["name"] == f"{name}_v{load(name).version}"
        pettingzoo.make("aec", f"goalshift/{name}").reset(seed=1)
    for name in SINGLES:
        spec = gymnasium.spec(f"goalshift/{title(name)}-v{load(name).version}")
        assert json.loads(spec.to_json())["kwargs"] == {"world": name}
        assert spec.max_episode_steps is None
    envs = gymnasium.make_vec("goalshift/Corner-v0", num_envs=3, autoreset_mode="SameStep")
    assert isinstance(envs, adapters.VectorEnv)
    assert envs.metadata["autoreset_mode"] is envs.autoreset_mode is AutoresetMode.SAME_STEP
    goalshift.register()  # once more: no warning about overriding


@pytest.mark.parametrize(
    "code",
    [
        "import goalshift, gymnasium; gymnasium.spec('goalshift/Corner-v0')",
        "import gymnasium, goalshift; gymnasium.spec('goalshift/Corner-v0')",
        "import goalshift, pettingzoo; pettingzoo.spec('parallel', 'goalshift/corner-v0')",
        "import pettingzoo, goalshift; pettingzoo.spec('aec', 'goalshift/corner-v0')",
        "import gymnasium; gymnasium.make('goalshift:goalshift/Corner-v0').reset(seed=0)",
        "import goalshift, gymnasium, importlib; importlib.reload(gymnasium)",
    ],
)
def test_registration_works_in_any_order(code):
    out = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code], capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr


# -- Stable-Baselines3


def test_stable_baselines_takes_the_batch():
    pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed")
    vec = adapters.sb3_vec("goalshift/Follow-v0", num_envs=3, seed=4, max_cycles=20)
    obs = vec.reset()
    assert obs.shape == (3, *vec.observation_space.shape) and vec.observation_space.contains(obs[0])
    for t in range(20):
        obs, rewards, done, infos = vec.step(np.full(3, t % 5))
    assert done.all() and rewards.dtype == np.float32
    assert all(i["TimeLimit.truncated"] and "goals" in i for i in infos)
    assert not np.array_equal(infos[0]["terminal_observation"], obs[0])
    rows = adapters.sb3_vec(several(), num_envs=2, obs="symbols", seed=0)
    assert rows.num_envs == 6 and rows.reset().shape == (6, 7, 7)
    with pytest.raises(UserError, match=r"no option 'splt'. Did you mean 'split'"):
        adapters.sb3_vec("corner", splt="deploy")
