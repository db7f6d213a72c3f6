"""Jobs wherever there is room: this machine, a cluster of Ray, SLURM; the results are the same."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from goalshift.__main__ import main
from goalshift.agents.studies import jobs
from goalshift.agents.studies.backends import carry, table
from goalshift.agents.studies.backends.backend import Task
from goalshift.agents.studies.backends.local import Local
from goalshift.engine.errors import UserError

from .waiting import PATIENCE

TINY = ["--steps", "4k", "--seeds", "2", "--levels", "16", "-q"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder: Path) -> dict[str, bytes]:
    """What a table is made of: agents, what they scored, and the table itself."""
    kept = ("checkpoint.safetensors", "evaluation.json", "table.csv", "table.md")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name in kept
    }


def swept(place: str) -> dict[str, bytes]:
    """A small table made there."""
    out = place.replace(":", "-").replace(",", "-")
    assert main(["table", "coinline", *TINY, "--on", place, "--out", out]) == 0
    return made(Path(out))


@pytest.mark.long
def test_one_process_or_two_make_the_same_table(here):
    alone = swept("local:1")
    assert len(alone) == 5 and alone == swept("local:2")


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_of_ray_makes_the_same_table(here):
    assert swept("ray:local,cpus=1") == swept("local:1")


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("submitit") is None, reason="no submitit here")
def test_submitit_makes_the_same_table(here):
    assert swept("slurm:cluster=local") == swept("local:1")
    assert not Path(".goalshift-slurm").exists()  # nothing failed, nothing is left


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rey", "no place 'rey'. Did you mean 'ray'?"),
        ("local:many", "--on local:many: write it like local:2"),
        ("local:0", "--on local:0: write it like local:2"),
        ("ray:auto,cpus=two", "--on ray: cpus=two is no number"),
        ("slurm:gpu,hours=2", "no option 'hours'; it takes minutes=N, cpus=N"),
        ("slurm:gpu,fast", "write options as name=N"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused_in_one_line(here, capsys, text, told):
    assert main(["table", "coinline", *TINY, "--on", text]) == 2
    said = capsys.readouterr().err
    assert told in said and len(said.splitlines()) == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize(("place", "module"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_library_that_is_missing_is_named_with_its_extra(
    here, capsys, monkeypatch, place, module
):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == module else find(name)
    )
    assert main(["table", "coinline", *TINY, "--on", place]) == 2
    assert f"[{place}]'" in capsys.readouterr().err


@pytest.mark.long
def test_a_job_is_carried_to_a_folder_of_its_own_and_back(here):
    """As a machine without our disk does it; names of folders stay, as agents bear them."""
    train = ["train", "coinline", "--steps", "2k", "--threads=1", "--out", "sub/run", "--force"]
    task = Task("train", lambda: train, (), (Path("sub/run"),))
    parcel = carry.pack(task)
    assert not Path("sub").exists()
    done = carry.unpack(carry.perform(parcel), task)
    assert done.code == 0 and "sub/run" in done.out  # and paths are told as they are here
    assert {"config.json", "checkpoint.safetensors"} <= {
        path.name for path in Path("sub/run").iterdir()
    }
    assert str(here) not in json.dumps([path.name for path in here.rglob("*")])


def in_a_folder_of_its_own(place, task):
    """As a cluster whose nodes share no disk does it, in this process."""
    return carry.unpack(carry.perform(carry.pack(task)), task)


@pytest.mark.parametrize("out", ["levels.jsonl", "levels"])
def test_levels_drawn_elsewhere_are_the_same(here, monkeypatch, out):
    monkeypatch.setattr(jobs, "run_one", in_a_folder_of_its_own)
    draw = ["level", "gen", "coinline", "--n", "20", "--seed", "3", "-q"]
    assert main([*draw, "--out", f"a/{out}"]) == main([*draw, "--on=ray", "--out", f"b/{out}"]) == 0
    ours, theirs = (sorted(Path(folder).rglob("levels*.*")) for folder in "ab")
    assert [p.read_bytes() for p in ours] == [p.read_bytes() for p in theirs] and ours
    assert sorted(path.name for path in here.iterdir()) == ["a", "b"]


def test_agents_are_judged_elsewhere_as_they_are_here(here, monkeypatch, capsys):
    monkeypatch.setattr(jobs, "run_one", in_a_folder_of_its_own)
    Path("agent.py").write_text("def act(obs):\n    return 1\n")
    judge = ["eval", "./agent.py", "--world", "coinline", "--levels", "16", "--json", "-q"]
    said = []
    for place in ("local", "ray"):
        assert main([*judge, "--on", place]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    Path("agent.py").write_text("nonsense\n")
    assert main([*judge, "--on", "ray"]) == 2
    said = capsys.readouterr().err
    assert "agent.py" in said and "goalshift-" not in said  # the file as the person named it


@pytest.mark.long
def test_banks_as_jobs_are_the_same_banks(here, monkeypatch):
    """And `--on SPLIT`, as it was written before 0.2, is still understood."""
    bank = ["bank", "coinline", "--nets=8", "--updates=2", "--over=alpha=0,1", "--seed=1", "-q"]
    assert main([*bank, "--on", "deploy", "--out", "a"]) == 0
    monkeypatch.setattr(jobs, "open_backend", lambda place: Local(2))
    assert main([*bank, "--measure", "deploy", "--on", "ray", "--out", "b"]) == 0
    ours, theirs = (sorted(Path(folder, "cells").iterdir()) for folder in "ab")
    assert [p.read_bytes() for p in ours] == [p.read_bytes() for p in theirs] and len(ours) == 2
    assert not Path("b", "parts").exists()


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("submitit") is None, reason="no submitit here")
def test_a_job_that_is_told_to_save_saves_and_says_how_it_goes_on(here):
    """As SLURM tells it, in mid-training, and again while it saves."""
    code = """
import os, signal, sys, threading, time
from pathlib import Path
from goalshift.agents.studies.backends.backend import Task
from goalshift.agents.studies.backends.slurm import Performed
words = ["train", "coinline", "--steps", "1G", "--threads", "1", "--out", "run"]
work = Performed(Task("long", lambda: words))
def told(number, frame):
    work.checkpoint()
    os._exit(7)
signal.signal(signal.SIGUSR1, told)
def tell():
    while not (log := Path("run/log.jsonl")).is_file() or not log.stat().st_size:
        time.sleep(0.1)
    for _ in range(3):
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
threading.Thread(target=tell, daemon=True).start()
work()
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=PATIENCE).returncode == 7
    assert Path("run/resume.safetensors").is_file()


def test_what_comes_back_is_written_nowhere_else(here):
    with pytest.raises(UserError, match="outside"):
        carry.spread({"../elsewhere": b""}, here / "run")
    assert not (here / "elsewhere").exists()


def test_every_kind_of_place_opens(here):
    assert table.names() == ("local", "ray", "slurm")
    assert table.open_backend("local:3").room == 3
    assert table.is_place("ray:auto") and not table.is_place("train")
