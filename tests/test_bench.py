"""The bench beside others: measured in turns, and refused where a peer cannot be."""

import json
import sys

import pytest

from goalshift.agents.care import peers
from goalshift.engine.errors import RunError


def says(figures):
    """The words of a process that prints these figures as its last line."""
    return [sys.executable, "-c", f"print('noise'); print({json.dumps(figures)!r})"]


def peer(theirs, **more):
    given = {"name": "other", "work": "add", "unit": "sums/s", "target": 2.0, "library": "json"}
    given |= {"ours": lambda turn: says({"a": 30.0 + turn}), "theirs": theirs}
    return peers.Peer(**{**given, **more})


def test_ratios_are_of_each_turn():
    rival = peer(lambda place, turn: says({"a": 10.0}))
    ratio, mine, theirs = peers.contest(rival, peers.Place(), 2)
    assert ratio.figures == (3.0, 3.1) and ratio.met and "other" in ratio.name
    assert mine.figures == (30.0, 31.0) and theirs.figures == (10.0, 10.0)
    slower = peer(lambda place, turn: says({"a": 90.0}), lower_is_better=True)
    assert next(iter(peers.contest(slower, peers.Place(), 1))).figures == (3.0,)


def test_a_turn_that_fails_is_said_with_its_last_word():
    broken = peer(lambda place, turn: [sys.executable, "-c", "raise SystemExit('no figures')"])
    with pytest.raises(RunError, match="no figures"):
        list(peers.contest(broken, peers.Place(), 1))


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--peer-python", "sb3"], "NAME=PATH"),
        (["--peer-python", "sb4=python"], "Did you mean 'sb3'?"),
        (["--jaxgmg", "."], "no folder 'jaxgmg'"),
    ],
)
def test_a_place_that_cannot_be_is_refused(call, flags, word):
    ended = call("bench", "--only", "peers", *flags)
    assert ended.code == 2 and word in ended.line
