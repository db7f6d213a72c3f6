"""Many drawn tasks: trained, judged, told, and gone on with."""

import csv
import json
from pathlib import Path

import pytest

from goalshift.agents.command.main import main
from goalshift.agents.studies import tasks
from goalshift.agents.studies.jobs import only_sweep
from goalshift.agents.studies.tasks import Row
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

SMALL = ["--set", "steps=512", "--set", "envs=16", "--set", "rollout=16", "--set", "minibatch=64"]
SMALL += ["--set", "first=4", "--set", "width=4", "--levels", "24", "--seeds", "2", "-q"]


def row(task, instead, cues="guide", redundancy="1", trained=0.9, competence=0.9):
    n = len(instead)
    parts = {"cues": cues, "redundancy": redundancy}
    return Row(task, parts, "", (trained,) * n, (0.1,) * n, (competence,) * n, instead)


def test_tasks_are_trained_judged_written_and_gone_on_with(tmp_path, capsys):
    out = tmp_path / "made"
    assert main(["tasks", "drawn", "--tasks", "3,9", *SMALL, "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    with open(out / "tasks.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["task"] for r in rows] == ["3", "9"] and len(rows[0]["trained"].split()) == 2
    assert rows[0]["cues"] == "colour and shape" and rows[0]["in words"].startswith("Of two things")
    assert [r["task"] for r in told["rows"]] == [3, 9]
    assert (out / "tasks.png").is_file() and not list(out.glob("task-*/seed-*"))
    assert [r.task for r in tasks.read(out / "tasks.csv")] == [3, 9]
    judged = out / "task-3" / "evaluation.json"
    when = judged.stat().st_mtime_ns
    assert main(["tasks", "drawn", "--tasks", "3", *SMALL, "--out", str(out)]) == 0
    assert judged.stat().st_mtime_ns == when  # what is done is not done again
    other = ["--set", "gamma=0.9"]
    assert main(["tasks", "drawn", "--tasks", "3", *SMALL, *other, "--out", str(out)]) == 2
    assert "another recipe" in capsys.readouterr().err


def test_experts_check_tasks_and_say_what_is_wrong_with_which(capsys, monkeypatch):
    assert main(["tasks", "drawn", "--tasks", "0..3", "--check", "-q"]) == 0
    assert "4 tasks of 'drawn': experts refuse 0" in capsys.readouterr().out
    assert main(["tasks", "mystery", "--tasks", "2", "--check", "-q"]) == 0
    monkeypatch.setattr(tasks, "refusals", lambda world: ["train: no"] * (world.train.task == 1))
    assert main(["tasks", "drawn", "--tasks", "0..3", "--check", "-q"]) == 3
    assert "1: train: no (the first is task 1)" in capsys.readouterr().out


def test_a_task_that_experts_refuse_is_not_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tasks, "refusals", lambda world: ["deploy: no"])
    assert main(["tasks", "drawn", "--tasks", "1", *SMALL, "--out", str(tmp_path)]) == 0
    [only] = tasks.read(tmp_path / "tasks.csv")
    assert only.refused == "deploy: no" and not only.trained and only.able == ()


@pytest.mark.parametrize("text", ["", "a", "5..2", "1,1", "0..999999999", "1;2"])
def test_numbers_that_are_none_are_refused(text, capsys):
    assert main(["tasks", "drawn", "--tasks", text, "--check"]) == 2
    assert "--tasks" in capsys.readouterr().err


def test_a_world_without_tasks_is_refused():
    with pytest.raises(UserError, match="'corner' draws no tasks"):
        tasks.parts_of(load("corner"), 0)


def test_only_of_able_agents_is_asked_what_they_want():
    unable = [row(1, (1.0, 1.0), trained=0.5), row(2, (1.0,), competence=0.3)]
    assert tasks.sum_of(unable).instead.value is None
    rows = [*unable, row(3, (0.2, 0.4)), row(4, (0.8,), "time and guide", "2")]
    found = tasks.sum_of(rows)
    assert found.instead.value == pytest.approx((0.3 + 0.8) / 2)
    assert (found.tasks, found.agents, found.able) == (4, 6, 3)
    by_cue = tasks.groups(rows, tasks.CUES)
    assert [r.task for r in by_cue["guide"]] == [1, 2, 3, 4] and len(by_cue["time"]) == 1
    alone = tasks.groups(rows, tasks.ALONE)
    assert [r.task for r in alone["guide"]] == [1, 2, 3] and set(alone) == {"guide"}
    one = next(s for s in tasks.sums(rows) if (s.part, s.value) == ("redundancy", "1"))
    assert (one.tasks, one.able) == (3, 2)
    assert (one.instead.low, one.instead.high) == (
        0,
        1,
    )  # of one task that can be told nothing is sure


def test_goalshift_worlds_tells_a_task_in_words(capsys):
    assert main(["worlds", "drawn", "--world.task", "7"]) == 0
    assert "Of four things in four rooms take the one that is a ball" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--world.task", "5"], "--tasks"),
        (["--split", "deploy"], "--split"),
        (["--jobs", "2"], "--jobs"),
        (["--on", "local:2"], "--on"),
        (["--check", "--set", "steps=9"], "--check"),
        (["--check", "--out", "x"], "--check"),
    ],
)
def test_flags_that_would_change_nothing_are_refused(flags, word, capsys):
    assert main(["tasks", "drawn", "--tasks", "1", *flags]) == 2
    assert word in capsys.readouterr().err


def test_a_mistake_leaves_no_recipe_behind_and_a_recipe_is_the_same_in_other_words(
    tmp_path, capsys
):
    call = ["tasks", "drawn", "--tasks", "1", *SMALL, "--out", str(tmp_path)]
    assert main([*call, "--set", "nosuch=1"]) == 2
    assert not (tmp_path / tasks.RECIPE).exists()
    (tmp_path / "task-1").mkdir()
    (tmp_path / "task-1" / tasks.REFUSED).write_text('["deploy: no"]')
    assert main([*call, "--set", "gamma=0.97", "--world.shift", "swap"]) == 0
    assert main([*call, "--set", "gamma=9.7e-1", "--world.shift", "1"]) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (tasks.REFUSED, "{}"),
        (tasks.REFUSED, "[1]"),
        ("evaluation.json", "{}"),
        ("evaluation.json", None),  # of another world
    ],
)
def test_a_folder_of_tasks_is_checked_whole(name, text, tmp_path, capsys):
    home = tmp_path / "task-1"
    home.mkdir()
    own = Path(__file__).parent / "fixtures" / "0.1.0"
    other = next(path for path in sorted(own.rglob("evaluation.json")))
    (home / name).write_text(other.read_text() if text is None else text)
    assert main(["tasks", "drawn", "--tasks", "1", *SMALL, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert name in said and "internal" not in said


def test_one_process_works_in_a_folder_of_tasks(tmp_path, capsys):
    with only_sweep(tmp_path):
        assert main(["tasks", "drawn", "--tasks", "1", *SMALL, "--out", str(tmp_path)]) == 2
    assert "another sweep" in capsys.readouterr().err
