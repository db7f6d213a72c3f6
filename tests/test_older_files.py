"""What version 0.1.0 wrote is read, goes on, or is refused in one line, from now on.

`fixtures/0.1.0` was written by that release: a run (`train coinline --steps 2k`, and its `eval`), a
level of corner in every kind of file, a replay of follow.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from goalshift import Replay, Trained
from goalshift.agents.judging.evaluation import Evaluation
from goalshift.agents.lab.audit.audit import _earlier
from goalshift.agents.learning import run
from goalshift.agents.learning.files import Log, load_arrays, read_config
from goalshift.engine.catalogue import load
from goalshift.engine.errors import MismatchError, UserError
from goalshift.engine.levels import formats
from goalshift.engine.levels.folder import index_of
from goalshift.engine.vector import level_of

OLD = Path(__file__).parent / "fixtures" / "0.1.0"
LEVELS = ("toml", "txt", "jsonl", "npz", "tmj", "tmx", "png")


@pytest.mark.parametrize("kind", LEVELS)
def test_a_level_is_the_same_level(kind):
    world = load("corner")
    read = formats.read(OLD / f"corner.{kind}", world)
    made = level_of(world, 3, "deploy")
    for name in ("tiles", "y", "x", "alive", "h", "w"):
        assert np.array_equal(read.states[name], made[name])


def test_a_replay_lives_again_and_is_held_against_what_happened():
    """Though the world writes its states differently now: see `World.record`."""
    replay = Replay.load(OLD / "follow-learned.gmr")
    assert replay.written == 0 != load("follow").record
    assert len(replay.states(load("follow"))) == len(replay.actions) + 1
    other = replace(replay, actions=np.zeros_like(replay.actions))
    with pytest.raises(MismatchError, match="its event totals are wrong"):
        other.states(load("follow"))


def test_a_run_goes_on_exactly(tmp_path):
    """In two parts as in one, from where the older release stopped."""
    for name in ("a", "b"):
        shutil.copytree(OLD / "run", tmp_path / name)
    run.resume(tmp_path / "a", 2304)
    run.resume(tmp_path / "a", 2560)
    run.resume(tmp_path / "b", 2560)
    mine, other = (Trained.load(tmp_path / name) for name in ("a", "b"))
    pairs = zip(mine.net.parameters(), other.net.parameters(), strict=True)
    assert all(bool((x == y).all()) for x, y in pairs)
    assert [row["step"] for row in Log(tmp_path / "a").rows()][-1] == 2560


def test_an_evaluation_is_read():
    found = Evaluation.load(OLD / "run" / "evaluation.json")
    assert set(found.splits) >= {"train", "deploy"}


def later(text, found, newer):
    """The same text with a format of a release to come."""
    assert text.count(found) == 1
    return text.replace(found, newer)


def write_newer(home: Path, kind: str) -> tuple[Path, Callable[[Path], Any]]:
    """A file as a newer release might write it, and what reads it."""
    world, path = load("corner"), home / "x"
    if kind == "replay":
        data = (OLD / "follow-learned.gmr").read_bytes()
        path.write_bytes(later(data, b'"format":1,', b'"format":9,'))
        return path, Replay.load
    if kind == "evaluation":
        text = (OLD / "run" / "evaluation.json").read_text()
        path.write_text(later(text, "goalshift-evaluation/1", "goalshift-evaluation/2"))
        return path, Evaluation.load
    if kind == "configuration":
        path.write_text(
            json.dumps({**json.loads((OLD / "run/config.json").read_text()), "format": 2})
        )
        return path, read_config
    if kind == "checkpoint":
        about = {"kind": "checkpoint", "format": 2}
        save_file({"a": np.zeros(1, np.float32)}, path, {"goalshift": json.dumps(about)})
        return path, lambda path: load_arrays(path, "checkpoint")
    if kind == "levels":
        with np.load(OLD / "corner.npz") as held:
            arrays = dict(held)
        told = later(arrays["about"].tobytes(), b"goalshift-levels/1", b"goalshift-levels/2")
        path = path.with_suffix(".npz")
        np.savez(path, **(arrays | {"about": np.frombuffer(told, np.uint8)}))
        return path, lambda path: formats.read(path, world)
    if kind == "set":
        (path / "levels.json").parent.mkdir()
        (path / "levels.json").write_text('{"format": "goalshift-level-set/2"}')
        return path, index_of
    path.write_text('{"format": "goalshift-audit/2"}')
    return path, _earlier


KINDS = ("replay", "evaluation", "configuration", "checkpoint", "levels", "set", "audit")


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_newer_release_wrote_says_so(kind, tmp_path):
    path, read = write_newer(tmp_path, kind)
    with pytest.raises(UserError, match=r"x.*format \d is newer than this goalshift .*update it"):
        read(path)
