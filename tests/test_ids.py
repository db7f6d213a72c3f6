"""One name for a level: the same digits wherever it is shown, and taken wherever one is asked for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.designing.describe import captions
from goalshift.agents.live.open import open_session
from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.levels import formats, ids
from goalshift.engine.levels.kind import Levels
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.film import story

CORNER = load("corner")
START = level_of(CORNER, 4, "deploy")
(NAME,) = ids.names(CORNER, START)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Look through few levels: it is quick in plain Python, too."""
    monkeypatch.setattr(ids, "KNOWN", 64)


@pytest.fixture
def levels(tmp_path, monkeypatch):
    """Three levels in a file, as strings of its path and their names."""
    monkeypatch.chdir(tmp_path)
    states = Vec(CORNER, 3, "deploy", seed=2).reset_states()
    formats.write(Levels(CORNER, states, ["a", "b", "c"]), tmp_path / "three.toml")
    return "three.toml", ids.names(CORNER, states)


def test_film_window_captions_and_infos_show_the_same_digits():
    assert re.fullmatch("[0-9a-f]{8}", NAME)
    take = story.Take("INTENDED", "nobody", START)
    assert story.Story([take], story.Card(CORNER)).names == [NAME]
    assert open_session("corner", 4, "deploy").source.mark() == NAME
    assert captions(Levels(CORNER, START, [""]), [0])[0].endswith(NAME)
    env = adapters.SingleEnv("corner", "deploy")
    env.reset(seed=0)
    info = env.reset(options={"level": 4})[1]
    assert info["level"].startswith(NAME)


def test_a_level_is_found_again_by_its_name_wherever_it_is_asked_for(levels, capsys):
    file, (_, second, _) = levels
    source = open_session("corner", level=NAME).source
    assert (source.seed, source.split, source.mark()) == (4, "deploy", NAME)
    assert open_session(file, level=second).source.mark() == second
    env = adapters.SingleEnv("corner", "deploy")
    env.reset(seed=0)
    assert env.reset(options={"level": NAME})[1]["seed"] == 4
    assert main(["level", "new", "corner", "--level", NAME, "-o", "found.toml"]) == 0
    assert ids.names(CORNER, formats.read(Path("found.toml")).states) == [NAME]
    assert main(["level", "convert", file, "one.tmx", "--level", second]) == 0
    assert ids.names(CORNER, formats.read(Path("one.tmx")).states) == [second]
    capsys.readouterr()


def test_held_out_levels_are_known_too():
    """The levels that films show are drawn from streams, whose seeds nobody types."""
    for pool in ("test", "train"):
        states = Vec(CORNER, 40, "deploy", seed=7, pool=pool).reset_states()
        (name,) = ids.names(CORNER, states[39:].view(np.recarray))
        assert ids.find(CORNER, name, "deploy", (7,)) == (states.seed[39], "deploy")
        with pytest.raises(UserError, match=f"no level {name} is known here"):
            ids.find(CORNER, name, "deploy")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["watch", "corner", "--level", "123"], "no name of a level"),
        (["watch", "corner", "--level", "0" * 17], "no name of a level"),
        (["watch", "corner", "--level", "0" * 16], "cannot make one; what makes it again: --seed"),
        (["watch", "three.toml", "--level", "0" * 8], "none of its 3 levels is 00000000"),
        (["watch", "corner", "--level", NAME, "--seed", "3"], "both name the level"),
        (["play", "x.gmr", "--level", NAME], "a replay is of one level"),
        (["level", "edit", "three.toml", "--level", "0" * 8], "none of its 3 levels"),
        (["record", "x.gmr", "--level", NAME], "picks one level of a run"),
    ],
    ids=lambda words: " ".join(words)[:40] if isinstance(words, list) else "",
)
def test_a_level_that_nobody_knows_is_said_in_one_line(levels, words, message, capsys):
    assert main([*words, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert message in told and "\n" not in told


def test_a_name_that_is_short_for_two_levels_asks_for_more():
    prints = np.array([0x1234567800000001, 0x1234567800000002, 0x9999999900000000], np.uint64)
    with pytest.raises(UserError, match=r"12345678: 2 levels begin so .*: give more digits"):
        ids.among(prints, "12345678")
    assert ids.among(prints, "1234567800000002") == 1
    assert ids.among(prints, "99999999") == 2 and ids.among(prints, "00000000") is None
