"""What version 0.1.0 wrote is read, goes on, or is refused in one line, from now on.

`fixtures/0.1.0` was written by that release: a run (`train coinline --steps 2k`, and its `eval`), a
level of corner in every kind of file, a replay of follow.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goalshift import Replay, Trained
from goalshift.agents.judging.evaluation import Evaluation
from goalshift.agents.learning import run
from goalshift.agents.learning.files import Log
from goalshift.engine.catalogue import load
from goalshift.engine.errors import MismatchError
from goalshift.engine.levels import formats
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
