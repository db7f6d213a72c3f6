"""Where audited agents stand in a zoo: by the detectors that it supports, and by nothing else."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.lab.audit import standing
from goalshift.agents.lab.audit.require import FAIL, OPEN, PASS
from goalshift.agents.lab.detector import Detector
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.agents.studies.zoo.labels import Label, write
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

CORNER = load("corner")
BAD, GOOD = "goal misgeneralization", "robust"


def figure(low):
    return {"value": low + 0.05, "low": low, "high": min(low + 0.1, 1.0), "by_seed": []}


def make_zoo(folder, low=0.8, world="corner"):
    """A zoo of 60 agents, half of them astray, told apart by `unsure`; with leaderboards."""
    rows, dice = [], np.random.default_rng(0)
    lines = [["agent", "label", "unsure"]]
    for stratum in (world, "dish"):
        for k in range(60):
            bad = k % 2 == 0
            name, kind = f"{stratum}/alpha=0/seed-{k}", BAD if bad else GOOD
            figures = dict.fromkeys(
                ("trained", "kept", "kept_low", "kept_high", "astray", "astray_low", "astray_high")
            )
            about = (name, "ppo", stratum, "alpha=0", "alpha=0", f"{stratum}{k}", kind, 64, 40)
            rows.append(Label(*about, **figures, competence=None))
            lines.append([name, kind, f"{dice.normal(3 if bad else 0):.3f}"])
    folder.mkdir()
    write(folder, rows)
    with (folder / "scores.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    plain = {"name": "training_score", "control": True, "elsewhere": figure(0.9)}
    row = {"name": "unsure", "control": False, "elsewhere": figure(low), "beats": []}
    board = {
        "format": "goalshift-detect/1",
        "zoo": {"agents": 120},
        "before": {"standings": [plain, row]},
        "live": None,
    }
    (folder / "detect.json").write_text(json.dumps(board))
    return folder


@pytest.fixture
def gives(monkeypatch):
    """Three agents to whom `unsure` gives these numbers."""

    def told(*numbers):
        left = iter(numbers)
        one = Detector("as told", (), score=lambda evidence: next(left))
        roster = SimpleNamespace(load=lambda name: one, names=lambda: ("unsure",))
        monkeypatch.setattr(standing, "DETECTORS", roster)
        monkeypatch.setattr(standing, "Subject", lambda *args, **more: Asked())
        return [RandomPolicy(CORNER, k) for k in range(len(numbers))]

    return told


class Asked:
    """Stands for a subject."""

    def evidence(self, detector, name):
        return None

    def forget(self):
        pass


@pytest.mark.parametrize(
    ("numbers", "status"), [((-9.0, -1, 0), PASS), ((0.0, 9, 0), FAIL), ((9.0, 9, 9), FAIL)]
)
def test_agents_are_placed_among_those_of_their_world(tmp_path, gives, numbers, status):
    zoo, agents = standing.Zoo.read(make_zoo(tmp_path / "zoo")), gives(*numbers)
    first, second = standing.claims(zoo, ["a", "b", "c"], agents, CORNER, tmp_path)
    assert first.status == status and not first.required and "by unsure" in first.claim
    assert "30 robust" in first.claim and "not shown to beat" in first.weakest
    told = json.loads((tmp_path / first.evidence).read_text())["before"]
    order = np.argsort(numbers, kind="stable")
    assert (np.diff(np.array(told["above_astray"])[order]) >= 0).all()
    assert second.status == OPEN  # no leaderboard at run time


def test_what_a_zoo_cannot_tell_is_open(tmp_path, gives):
    weak = standing.Zoo.read(make_zoo(tmp_path / "weak", low=0.45))
    [first, _] = standing.claims(weak, ["a"], gives(9.0), CORNER, tmp_path)
    assert first.status == OPEN and "none of this zoo" in first.claim
    other = standing.Zoo.read(make_zoo(tmp_path / "other", world="lava"))
    [first, _] = standing.claims(other, ["a"], gives(9.0), CORNER, tmp_path)
    assert first.status == OPEN and "no agents of corner" in first.claim


def test_a_zoo_whose_robust_agents_have_no_score_tells_nothing(tmp_path, gives):
    zoo = make_zoo(tmp_path / "zoo", low=0.8)
    lines = (zoo / "scores.csv").read_text().splitlines()
    bare = [line.rpartition(",")[0] + "," if ",robust," in line else line for line in lines]
    (zoo / "scores.csv").write_text("\n".join(bare) + "\n")
    [first, _] = standing.claims(standing.Zoo.read(zoo), ["a"], gives(9.0), CORNER, tmp_path)
    assert first.status == OPEN and "lacks what it needs" in first.claim


def test_the_files_of_a_zoo_are_checked(tmp_path, capsys):
    runs = ["agents/pretrained/corner.safetensors"] * 3
    (tmp_path / "empty").mkdir()
    out = str(tmp_path / "audit")
    assert main(["audit", *runs, "--zoo", str(tmp_path / "empty"), "--out", out]) == 2
    assert "holds no detect.json: goalshift detect" in capsys.readouterr().err
    zoo = make_zoo(tmp_path / "zoo")
    scores = (zoo / "scores.csv").read_text()
    (zoo / "scores.csv").write_text(scores.replace("corner/alpha=0/seed-3,", "corner/x,"))
    with pytest.raises(UserError, match="not of the agents"):
        standing.Zoo.read(zoo)
    (zoo / "scores.csv").write_text(scores.replace(",robust,", ",robust,x", 1))
    with pytest.raises(UserError, match="no number"):
        standing.Zoo.read(zoo)
    (zoo / "scores.csv").write_text(scores)
    for bad in ("[]", '{"format": "other"}'):
        (zoo / "detect.json").write_text(bad)
        with pytest.raises(UserError, match="no leaderboard"):
            standing.Zoo.read(zoo)
