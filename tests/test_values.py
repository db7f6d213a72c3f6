"""Environments are values: copies, pickles and snapshots go on exactly, apart from the original."""

import copy
import os
import pickle
import signal
import subprocess
import sys
from typing import Any

import cloudpickle
import gymnasium
import numpy as np
import pytest

from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.files import PACKAGE
from goalshift.engine.vector import Vec
from goalshift.engine.view.camera.sighted import Sighted

from .waiting import PATIENCE

WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
}
VECS = {
    "mixture": lambda: Vec(load("follow"), 5, "alpha=0.5", seed=3, threads=2),
    "few levels": lambda: Vec(load("corner"), 4, levels=7, autoreset="next"),
    "eyes": lambda: Sighted(load("corner"), 3, size=(16, 16)),
}


def sb3(**options):
    pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed")
    return adapters.sb3_vec("corner", 3, **options)


ADAPTERS = {
    "parallel": lambda: adapters.parallel_env("follow", max_cycles=40, split="alpha=0.5"),
    "turns": lambda: adapters.env("corner", max_cycles=40),
    "single": lambda: adapters.SingleEnv("corner", max_cycles=30, obs="planes"),
    "wrapped": lambda: gymnasium.make("goalshift/Corner-v0", max_cycles=30, obs="rgb"),
    "vector": lambda: adapters.VectorEnv("corner", 4, max_cycles=30, threads=2),
    "same step": lambda: adapters.VectorEnv(
        "corner", 4, max_cycles=30, autoreset_mode="SameStep", obs="eyes", pixels=2
    ),
    "sb3": lambda: sb3(max_cycles=30),
}


def told(value: Any) -> Any:
    """Whatever an environment returns, so that == compares all of it."""
    if isinstance(value, dict):
        return {name: told(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [told(part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return told(value.tolist())
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return value


def drive(env: Any, seed: int, steps: int = 100) -> list[Any]:
    """What a hundred steps give, over several episodes, whatever kind of environment it is."""
    generator, out = np.random.default_rng(seed), []
    for _ in range(steps):
        if isinstance(env, Vec):
            env.step(generator.integers(0, 5, env.obs.shape[:2]))
            out.append(told([env.obs, env.final_obs, env.ledger, env.states]))
        elif isinstance(env, adapters.TurnEnv):
            if not env.agents:
                env.reset()
            seen = told((*env.last(), env.state()))
            out.append(seen)
            over = env.terminations[env.agent_selection] or env.truncations[env.agent_selection]
            env.step(None if over else generator.integers(5))
        elif isinstance(env, adapters.ParallelEnv):
            acts = {name: generator.integers(5) for name in env.agents}
            out.append(told(env.step(acts) if acts else env.reset()))
        elif hasattr(env, "num_envs"):
            out.append(told(env.step(generator.integers(0, 5, env.num_envs))))
        else:
            given = env.step(generator.integers(5))
            out.append(told([given, env.reset() if given[2] or given[3] else None]))
    return out


def begun(env: Any) -> Any:
    """The environment in the middle of things."""
    if isinstance(env, Vec) or hasattr(env, "step_wait"):
        env.reset()
    else:
        env.reset(seed=4)
    drive(env, 0, 50)
    return env


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", VECS | ADAPTERS)
def test_a_copy_goes_on_exactly_and_apart(kind, way):
    env = begun((VECS | ADAPTERS)[kind]())
    twin = WAYS[way](env)
    assert drive(twin, 1) == drive(env, 1)
    third, more = WAYS[way](env), drive(env, 2)  # the original goes ahead ...
    assert drive(third, 2) == more  # ... and has not moved the copy


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", VECS | ADAPTERS)
def test_a_copy_before_the_first_reset_can_begin(kind, way):
    made = (VECS | ADAPTERS)[kind]()
    if kind != "sb3":  # whose first seed is by chance
        assert drive(begun(WAYS[way](made)), 1) == drive(begun(made), 1)
    else:
        begun(WAYS[way](made))


@pytest.mark.parametrize("kind", ADAPTERS)
def test_a_snapshot_brings_back_the_past_here_and_elsewhere(kind):
    env = begun(ADAPTERS[kind]())
    kept = pickle.loads(pickle.dumps((env.unwrapped if kind == "wrapped" else env).snapshot()))
    future = drive(env, 1)
    other = ADAPTERS[kind]()
    if kind == "wrapped":  # its wrappers ask for a reset of their own
        other.reset()
    for one in (env, other):
        (one.unwrapped if kind == "wrapped" else one).restore(kept)
        assert drive(one, 1) == future


def test_a_snapshot_of_something_else_is_refused():
    env = adapters.parallel_env("corner")
    other = adapters.parallel_env("follow")
    other.reset(seed=0)
    with pytest.raises(UserError, match=r"the snapshot is of .*'follow'.*, and this is .*'corner'"):
        env.restore(other.snapshot())
    with pytest.raises(UserError, match="no snapshot of a ParallelEnv"):
        env.restore(adapters.SingleEnv("corner").snapshot())


def test_a_shallow_copy_of_a_batch_is_a_whole_one():
    vec = begun(VECS["mixture"]())
    twin = copy.copy(vec)
    assert drive(twin, 1) == drive(vec, 1) and twin.world is vec.world


# -- worlds


@pytest.mark.parametrize("way", ["pickle", "cloudpickle"])
def test_a_world_that_ships_travels_by_name_with_its_changes(way):
    corner = load("corner")
    assert WAYS[way](corner) is corner and len(pickle.dumps(corner)) < 200
    other = WAYS[way](corner.with_params(region=3).but(horizon=7))
    assert other.train.region == 3 and other.horizon == 7 and other.step is corner.step
    assert Vec(other, 1).kernels.mark == Vec(corner, 1).kernels.mark


def test_a_world_of_another_version_is_not_taken_for_this_one(monkeypatch):
    corner = load("corner")
    packed = pickle.dumps(corner)
    monkeypatch.setattr(corner, "version", corner.version + 1)
    with pytest.raises(UserError, match="'corner' was pickled at version 0; here it has version 1"):
        pickle.loads(packed)


def test_a_copied_world_has_tables_of_its_own():
    corner = load("corner")
    for twin in (copy.copy(corner), copy.deepcopy(corner)):
        twin.table.horizon = 3
        assert twin.step is corner.step and (corner.table.horizon != 3).all()


READ = """
import pickle, sys
from goalshift import Vec
value = pickle.loads(open(sys.argv[1], "rb").read())
vec = value if isinstance(value, Vec) else Vec(value, 3)
print(vec.world.name, vec.reset(5).tobytes().hex())
"""
CELL = """
import sys, {pickle}
source = open({path!r}).read().replace("from ..engine", "from goalshift.engine")
exec(source.replace("WORLD = World(", "WORLD = World(name='cell',"))
open(sys.argv[1], "wb").write({pickle}.dumps(WORLD))
"""


def run(code: str, *argv: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


@pytest.mark.parametrize("what", ["world", "vec"])
def test_a_world_of_a_path_travels_by_value(what, tmp_path):
    text = (PACKAGE / "worlds" / "corner.py").read_text()
    path = tmp_path / "mine.py"
    path.write_text(text.replace("from ..engine", "from goalshift.engine"))
    world = load(path)
    (tmp_path / "value").write_bytes(pickle.dumps(world if what == "world" else Vec(world, 3)))
    path.unlink()  # the value is all there is
    name, seen = run(READ, tmp_path / "value").split()
    assert name == "mine" and bytes.fromhex(seen) == Vec(load("corner"), 3).reset(5).tobytes()


@pytest.mark.parametrize("by", ["pickle", "cloudpickle"])
def test_a_world_of_a_notebook_cell_travels_by_value(by, tmp_path):
    run(CELL.format(path=str(PACKAGE / "worlds" / "corner.py"), pickle=by), tmp_path / "value")
    name, seen = run(READ, tmp_path / "value").split()
    assert name == "cell" and bytes.fromhex(seen) == Vec(load("corner"), 3).reset(5).tobytes()


# -- processes


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # threads and fork: the point
def test_a_forked_child_steps_a_batch_with_threads():
    vec = begun(VECS["mixture"]())
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        vec.step(np.zeros(vec.obs.shape[:2], int))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    drive(vec, 1, 1)


WATCH = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored from birth
from goalshift import adapters
env = getattr(adapters, sys.argv[1])("corner", render_mode="human")
env.reset(seed=0)
act = {"mouse_0": 0} if sys.argv[1] == "parallel_env" else 0
try:
    print("ready", flush=True)
    while True:
        env.step(act)
        if getattr(env, "agents", True) == []:
            env.reset()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("make", ["parallel_env", "SingleEnv"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "ctrl-c"])
def test_signals_end_a_program_with_a_human_window(make, number):
    child = subprocess.Popen(
        [sys.executable, "-c", WATCH, make],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    child.send_signal(number)
    try:
        out, _ = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
    if number == signal.SIGTERM:
        assert child.returncode == -signal.SIGTERM
    else:
        assert child.returncode == 0 and out == "interrupted\n"
