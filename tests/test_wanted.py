"""Goals that nobody declared: read as rewards are, and scored on runs and replays."""

import json

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.references import references
from goalshift.agents.judging.wanted import Wanted, score_goals, score_replay
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import Constant
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.levels.splits import split_of
from goalshift.engine.replay import Replay

AGENT = "agents/pretrained/corner.safetensors"


def test_a_goal_is_the_sum_of_its_prices_over_the_episode():
    world = load("corner")
    goal = Wanted.read("odd: 2*event.corner - once(event.corner) - 0.1", world)
    totals = np.array([[[0, 0]], [[1, 1]], [[0, 5]]])
    assert goal.name == "odd"
    assert np.allclose(goal.scores(totals, np.array([10, 10, 20])), [-1, 0, 7])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: event.chese", "no event 'chese'"),
        ("a: __import__('os')", "has no meaning here"),
        ("a: shaped(goal.cheese)", "how a goal is learned"),
        (": event.cheese", "a name is missing"),
        ("a: 3", "names no goal and no event"),
    ],
)
def test_a_text_that_is_no_goal_is_refused_by_its_flag(text, message):
    with pytest.raises(UserError, match=r"--goal") as fault:
        Wanted.read(text, load("corner"))
    assert message in str(fault.value) and "--reward" not in str(fault.value)


def test_who_wants_it_scores_one_and_the_declared_goal_written_out_is_the_declared_goal():
    world = load("corner")
    (found,), _ = score_goals(
        [Expert(world, "corner")], world, ["c: once(event.corner)"], ["deploy"], 48
    )
    known = references(world, split_of(world, "deploy"), 48, 0)
    assert found.normalised.value == 1.0
    assert found.agent.value == pytest.approx(known.experts[1].scores[:, 1].mean())


def test_events_that_only_the_agent_raises_are_the_goals_to_try():
    world = load("corner")
    _, to_try = score_goals([Expert(world, "corner")], world, [], ["deploy"], 32)
    assert to_try["deploy"][0].startswith("event.corner")
    _, nothing = score_goals([Constant(world, "stay")], world, [], ["deploy"], 32)
    assert nothing["deploy"] == []


def test_a_replay_is_scored_by_its_events(tmp_path, capsys):
    world = load("corner")
    replay = Replay.record(world, 3, np.zeros((7, 1), np.int64), "train")
    assert score_replay(replay, ["n: event.cheese - 1"], world) == {"n": -7.0}
    replay.save(tmp_path / "a.gmr")
    assert main(["eval", str(tmp_path / "a.gmr"), "--goal", "n: event.cheese - 1", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["replays"].values()) == [{"n": -7.0}]


def test_eval_prints_the_goal_beside_the_table(capsys):
    words = ["eval", AGENT, "--levels", "40", "--goal", "hoard: event.corner - event.cheese", "-q"]
    assert main(words) == 0
    assert "hoard on deploy" in capsys.readouterr().out
