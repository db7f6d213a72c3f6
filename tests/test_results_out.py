"""Results in the forms that papers and other programs take, and recipes that come from a file."""

import csv
import json

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.compare import compare
from goalshift.agents.judging.evaluation import Evaluation
from goalshift.agents.judging.latex import as_latex, escaped, rows_as_latex
from goalshift.agents.learning.callback import Callback
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.run import train
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.engine.catalogue import load

SMALL = {"envs": 8, "rollout": 8, "minibatch": 64, "first": 8, "width": 8, "threads": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(configure("corner", steps=64, **SMALL), tmp_path_factory.mktemp("runs") / "a")


def test_two_sets_of_agents_are_as_far_apart_as_their_scores():
    corner = load("corner")
    cheese, corners = Expert(corner, "cheese"), Expert(corner, "corner")
    apart = compare([cheese] * 3, [corners] * 3, corner, ["train", "deploy"], levels=64)
    found = {(one.split, one.goal): one for one in apart}
    alike = found["train", "cheese"].difference
    assert (alike.value, alike.low, alike.high) == (0.0, 0.0, 0.0)
    gap = found["deploy", "cheese"]
    assert gap.difference.low <= gap.difference.value == gap.ours.value - gap.theirs.value
    assert gap.difference.low > 0.8, "one goes for the cheese and the other for the corner"
    swapped = compare([corners] * 3, [cheese] * 3, corner, ["deploy"], levels=64)
    assert swapped[0].difference.value == -gap.difference.value


def test_the_interval_of_a_difference_covers_what_is_no_difference():
    corner = load("corner")
    sets = [[RandomPolicy(corner, seed) for seed in seeds] for seeds in ((1, 2, 3), (4, 5, 6))]
    one = compare(*sets, corner, ["deploy"], levels=64)[0]
    assert one.difference.low <= 0.0 <= one.difference.high and not one.one_each
    assert compare(sets[0][:1], sets[1], corner, ["deploy"], levels=16)[0].one_each


def test_latex_and_csv_say_what_the_evaluation_says(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["eval", str(run), "--levels", "32", "--out", "o", "--csv", "f.csv", "--latex", "-q"]
    assert main(words) == 0
    told = capsys.readouterr().out
    made = json.loads((tmp_path / "o/evaluation.json").read_text())
    assert told.count(r"\begin{tabular}") == told.count(r"\end{tabular}") == 1
    assert r"expert:cheese" in told and told.count(r"\\") > 8
    with open("f.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    agent = made["splits"]["deploy"]["policies"]["agent"]["goals"]["cheese"]["normalised"]
    assert any(
        row["split"] == "deploy" and row["policy"] == "agent"
        and np.isclose(float(row["value"]), agent["value"])
        for row in rows if row["value"]
    )  # fmt: skip
    assert escaped("50 % of a_b & {c}") == r"50 \% of a\_b \& \{c\}"
    assert told.strip().startswith(as_latex(Evaluation.load("o/evaluation.json")))
    assert agent["value"] is not None and f"{100 * agent['value']:.0f} [" in told


def test_a_recipe_comes_from_a_file_and_a_runs_own_file_is_one(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text("\n".join(f"{k} = {v}" for k, v in SMALL.items()))
    assert main(["train", "corner", "--steps", "64", "--config", "r.toml", "-q", "--out", "b"]) == 0
    assert (tmp_path / "b/checkpoint.safetensors").read_bytes() == (
        run / "checkpoint.safetensors"
    ).read_bytes()
    assert main(["train", "corner", "--config", str(run / "config.json"), "-q", "--out", "c"]) == 0
    assert (tmp_path / "c/checkpoint.safetensors").read_bytes() == (
        run / "checkpoint.safetensors"
    ).read_bytes()
    capsys.readouterr()
    for text, told in (("stpes = 3", "stpes"), ("steps = 'x'", "steps"), ("[", "bad.toml:1:2: ")):
        (tmp_path / "bad.toml").write_text(text)
        assert main(["train", "corner", "--config", "bad.toml", "-q", "--out", "d"]) == 2
        assert told in capsys.readouterr().err


def test_a_callback_sees_the_rows_that_the_log_keeps(tmp_path):
    class Watcher(Callback):
        def __init__(self):
            self.seen = []

        def begin(self, folder, config):
            self.seen.append(("begin", config.world))

        def row(self, row):
            self.seen.append(("row", row["step"]))

        def end(self, folder):
            self.seen.append(("end", folder.name))

    watcher = Watcher()
    made = train(configure("corner", steps=128, **SMALL), tmp_path / "run", callbacks=[watcher])
    steps = [json.loads(line)["step"] for line in (made / "log.jsonl").read_text().splitlines()]
    assert watcher.seen == [
        ("begin", "corner"), *(("row", step) for step in steps), ("end", "run")
    ]  # fmt: skip


def test_a_log_that_is_not_there_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["train", "corner", "--steps", "64", "--log", "wandb", "-q", "--out", "x"]) == 2
    assert "[wandb]'" in capsys.readouterr().err


def test_rows_as_latex_are_cells_that_print_as_they_are():
    made = rows_as_latex(["world", "met"], [["maze_gem", "50 % [4, 9]"], ["a & b", "-"]])
    assert made.splitlines() == [
        r"\begin{tabular}{ll}",
        r"\toprule",
        r"world & met \\",
        r"\midrule",
        r"maze\_gem & 50 \% [4, 9] \\",
        r"a \& b & - \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
