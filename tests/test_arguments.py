"""What an environment is told: any whole number is a seed, and nonsense is answered in words."""

import json
from typing import Any

import numpy as np
import pytest

from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.engine.world import Split

FULL = {"infos": "full"}
MAKERS = {
    "parallel": lambda **options: adapters.parallel_env("corner", **FULL, **options),
    "turns": lambda **options: adapters.env("corner", **FULL, **options),
    "single": lambda **options: adapters.SingleEnv("corner", **FULL, **options),
    "vector": lambda **options: adapters.VectorEnv("corner", 2, **FULL, **options),
}
ACTIONS: dict[str, Any] = {
    "parallel": {"mouse_0": 1},
    "turns": 1,
    "single": 1,
    "vector": np.ones(2, int),
}


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


def level(env: Any, kind: str, **given: Any) -> Any:
    """Which level an environment begins on."""
    out = env.reset(**given)
    if kind == "turns":
        return env.infos["mouse_0"]["level"]
    return (out[1]["mouse_0"] if kind == "parallel" else out[1])["level"]


# -- seeds


@pytest.mark.parametrize(
    "seed", [np.int64(3), np.uint8(3), np.array(3), np.array([3])[0]], ids=repr
)
def test_any_integer_is_a_seed(kind, seed):
    env = MAKERS[kind]()
    assert np.all(level(env, kind, seed=seed) == level(env, kind, seed=3))
    assert Vec(load("corner"), 2, seed=seed).reset().tobytes() == (
        Vec(load("corner"), 2, seed=3).reset().tobytes()
    )


def test_seeds_of_any_size_name_streams_of_their_own(kind):
    env = MAKERS[kind]()
    seeds = (0, 1, 2**64, 2**64 + 1, 2**70, 2**200)
    assert len({str(level(env, kind, seed=seed)) for seed in seeds}) == len(seeds)
    assert len({Vec(load("corner"), 1, seed=s).reset().tobytes() for s in seeds}) == len(seeds)


@pytest.mark.parametrize("seed", ["a", 3.7, True, -1, 1j, np.float32(3), b"3"], ids=repr)
def test_what_is_no_seed_is_refused(kind, seed):
    with pytest.raises(UserError, match="seed must"):
        MAKERS[kind]().reset(seed=seed)
    with pytest.raises(UserError, match="seed must"):
        Vec(load("corner"), 2, seed=seed)
    with pytest.raises(UserError, match="seed must"):
        Vec(load("corner"), 2).reset(seed)


@pytest.mark.parametrize("kind", ["parallel", "turns", "single"])
def test_infos_are_json(kind):
    env = MAKERS[kind]()
    out = env.reset(seed=0)
    infos = [env.infos if kind == "turns" else out[1]]
    for _ in range(5):
        out = env.step(ACTIONS[kind])
        infos.append(env.infos if kind == "turns" else out[4])
    assert json.loads(json.dumps(infos)) == infos


# -- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("level", "options must be a dictionary, not 'level'"),
        (["level"], "options must be a dictionary"),
        ({"levl": 3}, "does not know the option 'levl'. Did you mean 'level'?"),
        ({"level": -1}, r"options\['level'\] must not be negative"),
        ({"level": 5.5}, r"options\['level'\] must be a whole number, not 5.5"),
        ({"level": True}, r"options\['level'\] must be a whole number, not True"),
        ({"level": "5"}, r"options\['level'\] must be a level's seed, or the fingerprint"),
        ({"level": "0123456789abcdef"}, "a fingerprint tells levels apart and cannot make one"),
        ({"level": 2**64}, "a level's seed is below"),
        ({"split": 5}, r"options\['split'\] must be a split's name"),
    ],
    ids=str,
)
def test_reset_says_what_it_does_not_understand(kind, options, message):
    env = MAKERS[kind]()
    with pytest.raises(UserError, match=f"(?i){message}"):
        env.reset(seed=0, options=options)


def test_a_level_is_met_again_by_seed_or_by_the_fingerprint_it_has_just_shown():
    env = adapters.parallel_env("corner", infos="full")
    first = env.reset(seed=1)[1]["mouse_0"]
    for name in ("seed", "level"):
        assert env.reset(options={"level": first[name]})[1]["mouse_0"] == first


def test_levels_of_a_set_have_numbers_and_fingerprints():
    world = load("corner")
    starts = Vec(world, 4).reset_states()
    marks = [f"{mark:016x}" for mark in world.fingerprints(starts)]
    fixed = Split("four", (1.0,) + (0.0,) * (len(world.rows) - 1), starts)
    env = adapters.SingleEnv("corner", infos="full")
    env.reset(seed=0)
    env.reset(options={"split": fixed, "level": 0})
    for number, mark in enumerate(marks):
        assert env.reset(options={"level": number})[1]["level"] == mark
        assert env.reset(options={"level": mark})[1]["level"] == mark
    with pytest.raises(UserError, match="'four' has the levels 0 to 3"):
        env.reset(options={"level": 4})
    assert {env.reset()[1]["level"] for _ in range(60)} == set(marks)
    env.reset(options={"split": "train"})
    assert env.reset()[1]["level"] not in marks


# -- steps


def test_steps_wait_for_a_reset_and_end_with_a_close(kind):
    env = MAKERS[kind]()
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step(ACTIONS[kind])
    env.reset(seed=0)
    env.close()
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step(ACTIONS[kind])
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        Vec(load("corner"), 2).step(np.zeros((2, 1), int))


def test_a_truth_value_is_no_action(kind):
    env = MAKERS[kind]()
    env.reset(seed=0)
    wrong = {"parallel": {"mouse_0": True}, "vector": np.ones(2, bool)}.get(kind, True)
    with pytest.raises(UserError, match="action"):
        env.step(wrong)


def test_actions_of_strangers_are_refused():
    env = adapters.parallel_env("corner")
    env.reset(seed=0)
    with pytest.raises(
        UserError, match=r"actions: there is no agent 'mouse_1'. Did you mean 'mous"
    ):
        env.step({"mouse_0": 0, "mouse_1": 0})
    with pytest.raises(UserError, match="actions must be a dictionary, not 3"):
        env.step(3)


# -- sizes and shapes


@pytest.mark.parametrize(
    "make",
    [
        lambda n: Vec(load("corner"), n),
        lambda n: adapters.VectorEnv("corner", n),
        lambda n: adapters.VectorEnv("corner", n, obs="rgb"),
        lambda n: adapters.VectorEnv("corner", n, obs="eyes"),
    ],
)
def test_a_batch_beyond_the_memory_is_refused_before_it_is_made(make):
    with pytest.raises(UserError, match=r"1,000,000,000 \w.* need [\d,.]+ GB of memory"):
        make(10**9)
    for wrong in (0, -1, 2.0, "3", True):
        with pytest.raises(UserError, match=r"environment|num_envs"):
            make(wrong)


def test_masks_and_shapes_are_checked():
    vec = Vec(load("corner"), 4)
    vec.reset()
    before = vec.states.tobytes()
    every, seeds = np.ones(4, bool), np.arange(4)
    for mask in (np.ones(3, bool), np.ones(5, bool), np.ones((4, 1), bool), np.ones(4, int), True):
        for call in (
            vec.reset_where,
            lambda m: vec.restart(m, seeds),
            lambda m: vec.assign(m, seeds),
        ):
            with pytest.raises(UserError, match="mask must be bool of shape"):
                call(mask)
    for wrong in (np.arange(3), np.arange(5), np.arange(4.0), 7, np.ones(4, bool), -np.arange(4)):
        for call in (vec.reset_where, vec.restart, vec.assign):
            with pytest.raises(UserError, match="seeds must"):
                call(every, wrong)
    for states in (vec.states[:3], Vec(load("follow"), 4).states, np.zeros(4), None):
        with pytest.raises(UserError, match="states must be 4 records of world 'corner'"):
            vec.start_from(states)
    assert vec.states.tobytes() == before


# -- the window


@pytest.mark.parametrize("kind", ["parallel", "turns", "single"])
def test_a_human_window_is_drawn_by_reset_and_step_until_it_is_closed(kind, monkeypatch):
    import pygame

    env = MAKERS[kind](render_mode="human")
    frames = []
    flip = pygame.display.flip
    monkeypatch.setattr(pygame.display, "flip", lambda: frames.append(flip()))
    env.reset(seed=0)
    assert len(frames) == 1
    env.step(ACTIONS[kind])
    assert len(frames) == 2
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    env.step(ACTIONS[kind])
    assert len(frames) == 2 and not pygame.display.get_init()
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step(ACTIONS[kind])
    env.reset(seed=0)
    assert len(frames) == 3
    env.close()


def test_ctrl_c_closes_a_human_window(monkeypatch):
    import pygame

    def interrupt():
        raise KeyboardInterrupt

    env = adapters.SingleEnv("corner", render_mode="human")
    env.reset(seed=0)
    monkeypatch.setattr(pygame.display, "flip", interrupt)
    with pytest.raises(KeyboardInterrupt):
        env.step(0)
    assert not pygame.display.get_init()
    with pytest.raises(UserError, match=r"call reset\(\) before step"):
        env.step(0)
