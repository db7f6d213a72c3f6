"""Runs that are written by two, killed at any moment, or sent by strangers."""

import itertools
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from goalshift.agents.learning import files, lock, run
from goalshift.agents.learning.config import TrainConfig, configure
from goalshift.agents.learning.trained import Trained
from goalshift.engine import files as disk
from goalshift.engine import machine
from goalshift.engine.catalogue import load as load_world
from goalshift.engine.errors import UserError

from .waiting import wait

OLD = Path(__file__).parent / "fixtures" / "0.1.0"

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
    saved = tmp_path / "a" / "resume.safetensors"
    wait(lambda: saved.is_file() or killed.poll() is not None)
    assert killed.poll() is None
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


# -- sizes before reading, bad rows, leftovers


def small_run(folder):
    """A copy of a run that is small and done."""
    return Path(shutil.copytree(OLD / "run", folder))


@pytest.mark.parametrize("name", ["config.json", "log.jsonl", "resume.safetensors"])
def test_what_has_no_end_is_not_read(tmp_path, name):
    """A pipe would wait for ever, a device would never end: only regular files are opened."""
    folder = small_run(tmp_path / "a")
    for old in folder.glob("resume.*safetensors") if "resume" in name else [folder / name]:
        old.unlink()
    os.mkfifo(folder / name)
    with pytest.raises(UserError, match="no file that can be read to its end"):
        run.resume(folder, 3000)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"no file that can be read to its end|is a link"):
        run.resume(folder, 3000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": 10_000_000, "world": "keys"}, "--levels 10,000,000 needs about"),
        ({"envs": 65_536, "rollout": 4096}, "--envs 65,536 needs about"),
    ],
    ids=["levels", "envs"],
)
def test_a_config_from_a_stranger_meets_the_preflight_of_train(
    tmp_path, monkeypatch, change, message
):
    monkeypatch.setattr(machine, "free_memory", lambda: 8 << 30)
    folder = small_run(tmp_path / "a")
    config = json.loads((folder / "config.json").read_text()) | change
    config["world_version"] = load_world(config["world"]).version
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=message):
        run.resume(folder, 3000)


def test_a_long_log_is_streamed(tmp_path):
    """6 MB of rows and a line of 8 MB, in less memory than either takes."""
    folder = small_run(tmp_path / "a")
    row = (folder / "log.jsonl").read_bytes().splitlines()[0]
    with open(folder / "log.jsonl", "wb") as log:
        for _ in range(6):
            log.write((row + b"\n") * ((1 << 20) // len(row)))
        log.write(b"9" * (8 << 20) + b"\n" + row)
    said = []
    tracemalloc.start()
    try:
        count = sum(1 for _ in files.Log(folder).rows(said.append))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 6 * ((1 << 20) // len(row)) + 1 and most < 4 << 20
    assert said == [f"{folder / 'log.jsonl'}: line {count:,} is no row; left out"]


def test_a_log_that_is_drawn_is_thinned(tmp_path):
    kept = files.Log(tmp_path)
    kept.lines.write_text("".join(f'{{"step": {k}}}\n' for k in range(1000)))
    drawn = [row["step"] for row in kept.thinned(100)]
    assert 50 <= len(drawn) <= 101 and drawn[0] == 0 and drawn[-1] == 999
    assert len({b - a for a, b in itertools.pairwise(drawn[:-1])}) == 1, "evenly spread"
    assert kept.last() == {"step": 999}


@pytest.mark.parametrize(
    "row",
    [b"\xff\xfe", b"{", b"[1]", b"7", b'{"step": "3"}', b'{"step": -1}', b'{"step": 1, "x": NaN}',
     b'{"step": 1, "x": [1]}', b'{"step": true}', b"9" * 5000, b"[" * 60_000, b'{"step": 1, "x": 1e999}'],
)  # fmt: skip
def test_a_bad_row_is_a_bad_row(tmp_path, row):
    """It is left out and said, and the run goes on to the same end."""
    folder, said = small_run(tmp_path / "a"), []
    lines = (folder / "log.jsonl").read_bytes().splitlines()
    (folder / "log.jsonl").write_bytes(b"\n".join([*lines[:2], row, *lines[2:]]) + b"\n")
    run.resume(folder, 2176, say=said.append)
    steps = [row["step"] for row in files.Log(folder).rows()]
    assert len(steps) == len(lines) + 1 and steps == sorted(set(steps))
    assert said == [f"{folder / 'log.jsonl'}: line 3 is no row; left out"]
    table = (folder / "log.csv").read_text().splitlines()
    assert len(table) == len(steps) + 1


def test_what_the_dead_left_unfinished_is_swept_at_the_next_start(tmp_path):
    folder = small_run(tmp_path / "a")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = [
        folder / f".{name}.{dead.pid}.tmp{end}" for name, end in (("log.csv", ""), ("a", ".mp4"))
    ]
    stay = [
        folder / f".log.csv.{os.getppid()}.tmp",
        folder / ".mine.tmp",
        folder / f"a.{dead.pid}.tmp",
    ]
    for path in (*gone, *stay):
        path.touch()
    run.resume(folder, 2176)
    assert not any(path.exists() for path in gone) and all(path.exists() for path in stay)


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_for_good(tmp_path):
    code = (
        "import sys, os, signal; from pathlib import Path; from goalshift.engine import files\n"
        "with files.replaced(Path(sys.argv[1])) as file: os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "a.json"
    path.write_text("old")
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2 and path.read_text() == "old"
    disk.write(tmp_path / "b.json", b"new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.json"]


# -- what a run names


def naming(folder, split):
    """A small run whose checkpoint says that it was trained on `split`."""
    path = folder / "checkpoint.safetensors"
    arrays, about = files.load_arrays(path, "checkpoint")
    about["config"]["split"] = split
    files.save_arrays(path, arrays, about)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"split": split}))
    return folder


def test_a_checkpoint_opens_no_other_file(tmp_path, call):
    """Not until the user has named that file too."""
    folder = naming(small_run(tmp_path / "a"), str(tmp_path / "secret.toml"))
    os.mkfifo(tmp_path / "secret.toml")  # opening it would wait for ever
    for words in (["eval", folder], ["train", "--resume", folder, "--steps", "3k"]):
        done = call(*words, "--quiet")
        assert done.code == 2 and "runs open no files by themselves" in done.line
        assert "--trained-on" in done.line
    done = call("eval", folder, "--trained-on", tmp_path / "secret.toml")
    assert done.code == 2 and "no file that can be read to its end" in done.line


def test_a_run_on_the_user_s_own_levels_is_judged_and_goes_on(tmp_path, call):
    levels = tmp_path / "mine.jsonl"
    assert call("level", "gen", "coinline", "--n", "8", "-o", levels, "-q").code == 0
    words = [f"--{name}={value}" for name, value in SMALL.items()]
    trained = ["train", "coinline", *words, "--steps=256", "--split", levels, "--out", "a", "-q"]
    assert call(*trained).code == 0
    named = ("--trained-on", levels, "-q")
    assert call("train", "--resume", "a", "--steps=512", *named).code == 0
    assert call("eval", "a", "--levels", "8", *named).code == 0


def test_a_checkpoint_in_half_precision_is_called_so(tmp_path):
    folder = small_run(tmp_path / "a")
    path = folder / "checkpoint.safetensors"
    arrays, about = files.load_arrays(path, "checkpoint")
    files.save_arrays(path, {n: a.astype(np.float16) for n, a in arrays.items()}, about)
    with pytest.raises(UserError, match="as float16: weights must be float32"):
        Trained.load(folder)
