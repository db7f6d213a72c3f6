"""Runs that are written by two, killed at any moment, or sent by strangers."""

import json
import os
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load, save

from goalshift.agents.learning import files, lock, run
from goalshift.agents.learning.config import TrainConfig, configure
from goalshift.engine.catalogue import load as load_world
from goalshift.engine.errors import UserError

SMALL = {"envs": 16, "rollout": 8, "minibatch": 64, "first": 8, "width": 8, "threads": 1}


def train(folder, world="coinline", steps=256, **options):
    return run.train(TrainConfig(world=world, steps=steps, **{**SMALL, **options}), folder)


HOLD = """
import sys, time
from pathlib import Path
from goalshift.agents.learning.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that writes to the run in `tmp_path / "a"`."""
    writer = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "a")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout and writer.stdout.readline() == "held\n"
    yield writer
    writer.communicate()


def test_a_run_has_one_writer(tmp_path, other):
    for begin in (
        lambda: train(tmp_path / "a"),
        lambda: lock.only_writer(tmp_path / "a").__enter__(),
    ):
        with pytest.raises(UserError, match=f"in use by process {other.pid}: wait for it"):
            begin()


def test_a_finished_run_is_not_resumed_while_another_writes_it(tmp_path):
    folder = train(tmp_path / "a")
    with lock.only_writer(folder), pytest.raises(UserError, match="in use by process"):
        run.resume(folder, 512)


def test_the_lock_of_a_killed_writer_is_free(tmp_path, other):
    other.kill()
    other.wait()
    train(tmp_path / "a")
    assert not (tmp_path / "a" / lock.WRITER).exists()


def test_a_run_is_saved_at_once(tmp_path):
    """Killed before its first update, it goes on, and ends like one that was never killed."""
    words = ["train", "coinline", "--steps", "1G", "--seed", "3", "--out", "a", "--threads", "1"]
    words += ["--envs", "16", "--rollout", "8", "--minibatch", "64", "--first", "8", "--width", "8"]
    killed = subprocess.Popen([sys.executable, "-m", "goalshift", *words, "-q"], cwd=tmp_path)
    end = time.monotonic() + 120
    while not (tmp_path / "a" / "resume.safetensors").is_file():
        assert time.monotonic() < end and killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    run.resume(tmp_path / "a", 1024)
    whole = run.train(configure("coinline", steps=1024, seed=3, **SMALL), tmp_path / "b")
    name = "checkpoint.safetensors"
    mine, other = (load((folder / name).read_bytes()) for folder in (tmp_path / "a", whole))
    assert all(np.array_equal(mine[key], other[key]) for key in other)


def resealed(path, change):
    """The resume file with `change(records)` made to its environments, and its digest anew."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["goalshift"])
    arrays = {name: array.copy() for name, array in load(data).items()}
    change(arrays)
    about["digest"] = files._digest(arrays)
    path.write_bytes(save(arrays, {"goalshift": json.dumps(about)}))


def far(field, value):
    def change(arrays):
        records = arrays["vec.words"].view(load_world("friendfoe").dtype).reshape(-1)
        records[field][...] = value

    return change


def cut_ledger(arrays):
    arrays["vec.ledger"] = arrays["vec.ledger"][:, :-8].copy()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (far("chests", 10**13), "the field 'chests' must be 0 to 80"),
        (far("y", -5), "outside the map"),
        (far("tiles", 200), "a tile that the world lacks"),
        (far("row", 99), "row of parameters"),
        (far("t", -1), "'t' is out of range"),
        (cut_ledger, "ledger"),
    ],
    ids=["field", "place", "tile", "row", "time", "shape"],
)
def test_records_from_files_are_checked_whole(tmp_path, change, message):
    folder = train(tmp_path / "a", "friendfoe")
    for path in folder.glob("resume*.safetensors"):
        resealed(path, change)
    with pytest.raises(UserError, match=message):
        run.resume(folder, 512)


def test_the_other_records_of_a_resume_file_go_on(tmp_path):
    """The check does not refuse what training itself has written."""
    folder = train(tmp_path / "a", "friendfoe")
    assert run.resume(folder, 512) == folder
    assert os.path.getsize(folder / "log.jsonl") > 0
