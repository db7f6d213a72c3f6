"""Logs of Inspect: a sample for each level and agent, whose replay earns the scores beside it."""

import json
from pathlib import Path

import pytest

from goalshift.agents.command.main import main
from goalshift.engine.catalogue import load
from goalshift.engine.replay import Replay

AGENT = "agents/pretrained/coinline.safetensors"


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "coinline.json"
    assert main(["eval", AGENT, "--levels", "6", "--inspect", str(path), "-q"]) == 0
    return path


def test_every_sample_holds_the_replay_that_earned_its_scores(log):
    world, found = load("coinline"), json.loads(log.read_text())
    assert found["eval"]["dataset"]["samples"] == len(found["samples"]) == 12
    for sample in found["samples"]:
        replay = Replay.from_code(sample["input"])
        replay.states(world)  # it raises if they are not those that were recorded
        [scores] = world.scores(list(replay.totals)[: world.learners])
        told = [sample["scores"][goal.name]["value"] for goal in world.goals]
        assert told == pytest.approx(scores) and len(replay.actions) == sample["metadata"]["steps"]


def test_totals_are_those_of_the_evaluation(log, capsys):
    found = json.loads(log.read_text())
    assert main(["eval", AGENT, "--levels", "6", "--json", "-q"]) == 0
    splits = json.loads(capsys.readouterr().out)["splits"]
    for score in found["results"]["scores"][1:]:
        for split, metric in score["metrics"].items():
            goal = splits[split]["policies"]["agent"]["goals"][score["name"]]
            assert metric["value"] == pytest.approx(goal["score"]["value"], abs=1e-5)


def test_the_reader_of_inspect_opens_it(log):
    reader = pytest.importorskip("inspect_ai.log", reason="goalshift[inspect] is not installed")
    found = reader.read_eval_log(str(log))
    assert found.status == "success" and len(found.samples) == 12
    assert {sample.input[:4] for sample in found.samples} == {"GM1."}


@pytest.mark.parametrize(
    ("more", "word"), [(["x.txt"], "name the file"), (["x.json", "--mirrored"], "--mirrored")]
)
def test_what_makes_no_log_is_said_before_anything_is_played(more, word, capsys):
    assert main(["eval", AGENT, "--inspect", *more]) == 2
    assert word in capsys.readouterr().err
