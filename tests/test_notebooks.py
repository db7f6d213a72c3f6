"""Notebooks: worlds, replays, levels, evaluations and agents show themselves, in short lines too."""

import re

import pytest

from goalshift import RandomPolicy, Replay, Vec, batch, evaluate, load
from goalshift.engine.view.sheets import notebook

CORNER = load("corner")


def played() -> Replay:
    import numpy as np

    return Replay.record(CORNER, 3, np.ones((6, 1), int), label="<b>me</b>")


THINGS = {
    "World": lambda: CORNER,
    "Replay": played,
    "LevelSet": lambda: batch("corner", 3),
}


@pytest.mark.parametrize("kind", THINGS)
def test_it_shows_itself_as_a_picture_and_in_a_short_line(kind):
    thing = THINGS[kind]()
    page = thing._repr_html_()
    assert "data:image/png;base64," in page and "<b>me" not in page
    assert len(repr(thing)) < 100 and repr(thing).startswith(f"{kind}(") and "corner" in repr(thing)


def test_a_world_tells_its_goals():
    page = CORNER._repr_html_()
    assert re.findall(r"<tr><td>(\w+)</td><td>([^<]*)", page) == [
        ("cheese", "intended, paid"),
        ("corner", "proxy"),
    ]


def test_an_evaluation_shows_its_tables():
    def act(obs):
        return 1

    found = evaluate([RandomPolicy(load("coinline"))], "coinline", levels=4)
    assert "held-out levels" in found._repr_html_() and len(repr(found)) < 200
    assert repr(found).startswith("Evaluation(coinline, 1 agent, ") and "\n" not in repr(found)
    assert repr(Vec(CORNER, 2)) == "Vec(corner, 2 environments)"


def test_what_cannot_be_drawn_falls_back_to_its_line(monkeypatch):
    gone = played()
    object.__setattr__(gone, "world", "a_world_of_elsewhere")
    assert gone._repr_html_() is None and notebook.html(gone) is None
