"""Flags that would change nothing are refused, with what to do, before any work is done."""

import shutil

import pytest

from goalshift.agents.command.main import main
from goalshift.agents.studies.zoo import members
from goalshift.engine.errors import UserError
from goalshift.engine.files import PACKAGE

AGENT = str(PACKAGE / "agents" / "pretrained" / "coinline.safetensors")
REPLAY = str(PACKAGE / "recordings" / "coinline-learned.gmr")
WATCHED = ["eval", AGENT, "--levels", "16", "--monitor", "entropy"]
SCORED = ["eval", REPLAY, "--goal", "coins: event.coin"]


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["eval", AGENT, "--ask", "random"], "--ask"),
        (["eval", AGENT, "--threshold", "0"], "--threshold"),
        ([*WATCHED, "--threshold", "nan"], "--threshold"),
        ([*WATCHED, "--threshold", "inf"], "--threshold"),
        ([*WATCHED, "--inspect", "a.json"], "--inspect"),
        ([*WATCHED, "--out", "a"], "--out"),
        ([*WATCHED, "--on", "local:2"], "--on"),
        ([*SCORED, "--split", "train"], "--split"),
        ([*SCORED, "--csv", "a.csv"], "--csv"),
        (["zoo", "coinline", "--tiny", "--on", "local:2"], "--on"),
        (["zoo", "coinline", "--tiny", "--set", "nets=3"], "--set nets"),
        (["record", AGENT, "--overlay", "posterior", "-o", "a.html"], "--overlay"),
        (["level", "rate", "a.mp4", "b.mp4", "--settings", "x"], "--settings"),
    ],
)
def test_a_flag_that_would_change_nothing_is_refused(words, flag, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert flag in capsys.readouterr().err and not list(tmp_path.glob("*.*"))


def test_every_future_of_one_level_is_refused_and_of_two_told(capsys):
    call = ["posterior", AGENT, "--levels", "8", "--split", "train", "--exact"]
    assert main([*call, "1"]) == 2
    assert "2 levels at least" in capsys.readouterr().err
    assert main([*call, "2"]) == 0
    assert "MEG in nats an episode, 2 levels" in capsys.readouterr().out


def test_a_copied_bank_does_not_count_twice(tmp_path, capsys):
    call = [
        "zoo",
        "coinline",
        "--tiny",
        "--seeds",
        "2",
        "--over",
        "alpha=0",
        "--levels",
        "16",
        "-q",
    ]
    call += ["--set", "updates=2", "--out", str(tmp_path)]
    assert main(call) == 0
    assert len(members.members(tmp_path)) == 2
    shutil.copytree(tmp_path / "coinline" / "alpha=0", tmp_path / "coinline" / "again")
    with pytest.raises(UserError, match="same weights"):
        members.members(tmp_path)
