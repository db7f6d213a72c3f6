"""What every test runs under: no display, no colour, no run folder of the user's."""

import importlib
import importlib.util
import itertools
import os
import random
import sys
import zlib
from pathlib import Path

import hypothesis
import pytest

# Before anything imports pygame: drawing works without a screen, and no sound device is opened.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.pop("FORCE_COLOR", None)
# The suite runs in several processes: one thread each, or they fight for the processors.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of tests start Python anew, and every worker reads all tests. Where bytecode is not kept
# (as in many images), each of them would compile the whole package: 11 of 18 seconds of a worker's
# start, 0.1 to 0.15 s of every child. The kernels' caches lie in the same folders.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples in every run, and none that fails for being slow: what is red is red for all.
# `--hypothesis-profile=default` looks for others.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same")

# Every world meets its contract, its premise and the official suites each time. These tests do
# more, at more cost, and no two worlds would fail them for different reasons: each time they meet
# the worlds listed, and all of them with `pytest -m long`.
FEW = {
    "test_demo_of_a_shipped_checkpoint": {"coinline"},
    "test_every_start_state_of_every_world_comes_back_byte_for_byte": {
        "coinrun",
        "corner",
        "follow",
        "harvest",
        "keys",
        "mystery",
    },
    "test_learners": {"keys"},
}


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        few = FEW.get(item.originalname) or FEW.get(item.path.stem)
        world = getattr(item, "callspec", None) and item.callspec.params.get("world")
        if few and world and world not in few:
            item.add_marker("long")
    result = yield  # what is not asked for has been taken away
    items[:] = shared_out(items, getattr(config, "workerinput", {}).get("workercount", 1))
    return result


def shared_out(items, workers):
    """The tests in an order in which every worker begins with worlds of its own, and has its share
    of the slow ones behind it before it takes over what others have left.

    Workers begin with equal runs of the list (`--dist worksteal`). From an empty cache of kernels
    they would else all compile the same worlds at the same time, each for itself; and a slow test
    at the end is waited for by all.
    """
    worlds, slow, others = {}, [], []
    for item in items:
        world = compiled_by(item)
        if world:
            worlds.setdefault(world, []).append(item)
        else:
            (slow if item.get_closest_marker("slow") else others).append(item)
    left, ordered = iter(others), []
    for k in range(workers):
        run = [item for group in list(worlds.values())[k::workers] for item in group]
        run += slow[k::workers]
        room = (len(items) - len(ordered)) // (workers - k) - len(run)
        ordered += run + list(itertools.islice(left, max(room, 0)))
    return ordered


def compiled_by(item):
    """The world whose kernels, or its experts', a test is the one to compile; None for others."""
    compiles = item.originalname == "test_same_seed_same_bytes_and_another_seed_differs"
    if not (compiles or item.path.stem == "test_premise") or not hasattr(item, "callspec"):
        return None
    return item.callspec.params.get("world") or item.callspec.params["name"]


class Ended:
    """How a command ended: exit code, stdout, stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __iter__(self):
        return iter((self.code, self.out, self.err))

    @property
    def line(self) -> str:
        """The one line of a fault, which must be all there is on stderr, with nothing on stdout."""
        assert self.out == ""
        assert self.err.startswith("error: ") and self.err.count("\n") == 1, self.err
        return self.err.strip()


@pytest.fixture(autouse=True)
def same_dice(request):
    """Each test throws dice of its own, the same in every run and in every order of the tests.

    Torch is seeded where it is loaded only: the tests that forbid it would load it by this.
    """
    seed = zlib.crc32(request.node.nodeid.encode())
    random.seed(seed)
    if "torch" in sys.modules:  # perhaps just being loaded in the background: this waits for it
        importlib.import_module("torch").manual_seed(seed)


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder: call("worlds", "corner") -> Ended."""
    from goalshift.agents.command import main as cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*argv) -> Ended:
        code = cli.main([str(word) for word in argv])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


@pytest.fixture
def ray_home(tmp_path_factory, monkeypatch):
    """A home for Ray's token, the same for all tests of a process: Ray reads it once."""
    home = tmp_path_factory.getbasetemp() / "ray_home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(scope="session")
def corner():
    from goalshift.engine.catalogue import load

    return load("corner")


@pytest.fixture(scope="session")
def chromium():
    """A window of headless Chromium (see browser.py); the tests that want it are skipped where
    there is none.
    """
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
    assert spec and spec.loader
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    if not (browser.CHROMIUM and browser.DRIVER):
        pytest.skip(browser.MISSING)
    with browser.Browser() as window:
        yield window
