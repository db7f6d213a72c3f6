"""What is said to be met: one rule, with references that a replay carries; and true words about it."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.parser import pasted
from goalshift.agents.judging.choose import opening
from goalshift.agents.judging.references import worth_from
from goalshift.agents.judging.verdict import (
    HACKED,
    INCAPABLE,
    LABELS,
    MET,
    MISGENERALIZED,
    ROBUST,
)
from goalshift.agents.learning.shipped import openings
from goalshift.agents.live import open as live
from goalshift.agents.live.source import Source, Typed
from goalshift.agents.showing import words
from goalshift.agents.showing.contrast import take_of
from goalshift.agents.showing.record import record_replays
from goalshift.agents.showing.ship import SIDES, mark_of
from goalshift.engine import worth
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.replay import Replay
from goalshift.engine.vector import level_of
from goalshift.engine.view.draw import ink
from goalshift.engine.view.film import layout, story
from goalshift.engine.view.film.options import FilmOptions
from goalshift.engine.worth import Known, Worth

ROOT = Path(__file__).resolve().parent.parent
OLD = ROOT / "tests" / "fixtures" / "0.1.0" / "follow-learned.gmr"


def shipped(name):
    """The two replays of a world, intended and learned."""
    return [Replay.load(ROOT / "recordings" / f"{name}-{who}.gmr") for who in SIDES]


def outcomes(replay):
    """What a film says became of each goal: met, missed or unknown, by name."""
    world = replay.find_world()
    found = story.side_of(world, take_of(world, replay)).outcomes(world)
    return {goal.name: one.met for goal, one in zip(world.goals, found, strict=True)}


# -- what ships


@pytest.mark.parametrize("name", names())
def test_a_shipped_replay_has_references_and_shows_what_its_label_says(name):
    world, (ideal, learned) = load(name), shipped(name)
    for replay, role in ((ideal, "intended"), (learned, "learned")):
        assert replay.known.role == role and replay.known.split == world.judged
        assert set(replay.known.worth) == {goal.name for goal in world.goals}
    assert ideal.known.worth == learned.known.worth, "one level, one worth"
    assert outcomes(ideal)[world.intended.name] is True
    met, told = outcomes(learned), learned.known
    assert told.label in LABELS and told.seeds >= 1
    if told.label in (MISGENERALIZED, HACKED):
        assert met[world.intended.name] is False and met[told.proxy] is True
        assert (told.proxy == world.paid.name) == (told.label == HACKED)
    if told.label == ROBUST:
        assert met[world.intended.name] is True
    about = json.loads((ROOT / "agents" / "pretrained" / f"{name}.json").read_text())
    assert told.mark == mark_of(about), "goalshift demo --ship records anew what has changed"


@pytest.mark.parametrize("name", ["corner", "rocks"])
def test_references_are_those_of_experts_and_random_moves_on_that_very_level(name):
    world, (ideal, _) = load(name), shipped(name)
    assert worth_from(ideal.tuned(world), ideal.states()[:1].view(np.recarray)) == ideal.known.worth


@pytest.mark.long
@pytest.mark.parametrize("name", names())
def test_all_references_that_ship_are_true(name):
    test_references_are_those_of_experts_and_random_moves_on_that_very_level(name)


@pytest.mark.parametrize("name", names())
def test_the_window_opens_where_the_goals_part(name):
    """On the level of the shipped replay, without playing any."""
    world, (_, learned) = load(name), shipped(name)
    entry = openings()[name]
    assert (entry["split"], entry["seed"]) == (world.judged, learned.seed)
    session = live.open_session(name)
    assert session.source.split == world.judged
    assert session.source.start.tobytes() == learned.states()[:1].tobytes()
    assert [pane.who[0] for pane in session.panes] == [
        f"expert:{world.intended.name}",
        "checkpoint",
    ]
    assert session.focus == 1, "keys are about the learned agent"


def test_elsewhere_an_opening_is_found_by_playing_few(corner):
    changed = corner.with_params(density=0.2)
    seed = opening(changed, "deploy")
    session = live.open_session("corner", knobs={"density": 0.2})
    assert session.source.seed == seed and session.source.start.row[0] == 1
    start = session.source.start
    cheese, place = worth_from(changed, start)["cheese"], worth_from(changed, start)["corner"]
    assert cheese.expert == place.expert == 1
    assert live.open_session("corner", seed=0).source.seed == 0


# -- one rule


def test_the_rule_is_that_of_the_verdict():
    assert MET.value == worth.MET
    scores, best = np.array([8.0, 7.9, 1.0, 0.0, -1.0]), np.array([10.0, 10.0, 1.0, 0.0, -2.0])
    told = [worth.outcome(a, Worth(0.0, b)).met for a, b in zip(scores.tolist(), best, strict=True)]
    assert [one is True for one in told] == worth.met(scores, best).tolist()
    assert told[3:] == [None, None], "where nothing can be had, nothing is missed"


@pytest.mark.parametrize("name", ["tomato", "distshift", "twogoals", "harvest"])
def test_film_and_window_say_the_same(name):
    for replay, who in zip(shipped(name), SIDES, strict=True):
        session = live.open_session(str(ROOT / "recordings" / f"{name}-{who}.gmr"))
        session.go(session.ends)
        seen = session.judge.outcomes(session.pane)
        world, take = session.world, take_of(replay.find_world(), replay)
        assert seen == story.side_of(world, take).outcomes(world)
        steps = session.judge.reached(session.pane)
        assert bool(steps) or not seen[0].met


def test_the_window_asks_the_experts_about_its_own_level(corner):
    session = live.open_session("corner")
    assert session.judge.outcomes(session.pane) is None, "not before somebody has moved"
    while not session.over:
        session.clock.step()
    left, right = (session.judge.outcomes(pane, 60.0) for pane in session.panes)
    assert (left[0].met, right[0].met, right[1].met) == (True, False, True)
    kept = Replay.from_code(session.keeping.replay().code())
    assert kept.known.role == "learned" and kept.known.split == "deploy"
    assert outcomes(kept) == {"cheese": False, "corner": True}
    session.go(2)
    session.editor.paint(*np.argwhere(session.pane.history.state.tiles[0] == 1)[20].tolist(), 0)
    late = session.judge.outcomes(session.pane)
    assert [one.met for one in late] == [None, None], "nobody began that level"


def test_an_old_replay_says_references_unknown_and_gets_no_star(tmp_path):
    replay = Replay.load(OLD)
    assert replay.known is None and set(outcomes(replay).values()) == {None}
    page = tmp_path / "old.html"
    from goalshift.agents.showing.contrast import FilmPlan

    record_replays([(replay, replay.find_world())], FilmPlan([page]))
    assert "references unknown" in page.read_text() and 'class="outcome unknown' in page.read_text()
    session = live.open_session(str(OLD))
    session.go(session.ends)
    assert "references unknown" in session.judge.outcomes(session.pane)[0].words
    assert session.judge.reached(session.pane) == []


# -- the part of a replay's file


def told(**changes):
    return {**Known("deploy", {"order": Worth(-1.0, 5.0)}).plain(), **changes}


def test_what_was_known_comes_back_and_without_it_the_file_is_as_it_was():
    replay = Replay.load(OLD)
    assert json.loads(replay._header())["format"] == 1
    known = Known("deploy", {"order": Worth(-1.5, 5.0)}, role="learned", label=ROBUST, seeds=3)
    again = Replay.from_code(replace(replay, known=known).code())
    assert again.known == known and json.loads(again._header())["format"] == 2
    assert again.states().tobytes() == replay.states().tobytes()


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([], "what was known is not a table"),
        (told(colour=1), "unknown key 'colour' in what was known"),
        (told(split=3), "known split is not a short plain text"),
        (told(pick="x" * 201), "known pick is not a short plain text"),
        (told(agent="\x1b[31m"), "known agent is not a short plain text"),
        (told(role="judge"), "known role is none of intended, learned"),
        (told(seeds=-1), "known seeds is not a whole number"),
        (told(seeds=True), "known seeds is not a whole number"),
        (told(worth=[1]), "known worth is not a table"),
        (told(worth={"a\n": [0, 1]}), "a known goal's name is not sound"),
        (told(worth={"order": [0]}), "'order' is not two scores"),
        (told(worth={"order": [0, "1"]}), "'order' is not two scores"),
        (told(worth={"order": [0, 10**400]}), "'order' is not two scores"),
        (told(worth={str(k): [0, 1] for k in range(65)}), "known worth is not a table"),
    ],
)
def test_a_strangers_references_are_checked_whole(known, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Known.read(known)


# -- words

VERBS = (
    "bring chop collect drink earn eat enter fetch find get go keep open pick press reach run save"
    " see solve stay take turn visit"
)


@pytest.mark.parametrize("name", names())
def test_what_a_goal_wants_follows_to(name):
    """It begins with a bare verb, has no stops inside, and is short enough for a card."""
    for goal in load(name).goals:
        first = goal.aim.split()[0]
        assert first in VERBS.split(), f"{goal.name}: is '{goal.aim}' what one can be paid to do?"
        assert not re.search(r"[,.:;!?]|  | $|can be$", goal.aim) and len(goal.aim) <= 62, goal.aim


def sentences(world):
    """All conclusions that a film of this world can come to."""
    goals, last = world.goals, world.goals[-1].name
    told = {goal.name: False for goal in goals}
    found = [words.conclusion(world, told, INCAPABLE, "")]
    found.append(words.conclusion(world, told | {goals[0].name: True}, ROBUST, ""))
    for goal in goals[1:]:
        label = HACKED if goal is world.paid else MISGENERALIZED
        found.append(words.conclusion(world, told | {goal.name: True}, label, goal.name))
        found.append(words.conclusion(world, told | {goal.name: True}, "", ""))
    assert words.conclusion(world, {}, MISGENERALIZED, last) == "", "unknown: nothing concluded"
    return found


@pytest.mark.parametrize("name", names())
def test_conclusions_are_whole_sentences(name):
    world = load(name)
    for text in (*sentences(world), words.expert(world) + "."):
        assert re.fullmatch(r"[A-Za-z].*[^.,:;]\.", text) and "  " not in text, text
        assert not re.search(r"\bto (to|the|a|be)\b(?! the)", text) or "to the" in text, text
        plural = world.learners > 1
        assert not re.search(r"\b(they (was|does|is)|it (were|do|are))\b", text), text
        assert not (plural and re.search(r"\bit\b (learned|met|was)", text)), text


def test_a_conclusion_tells_what_was_paid_and_what_was_learned():
    world = load("coinrun")
    met = {"coin": False, "end": True, "right": True}
    assert words.conclusion(world, met, MISGENERALIZED, "end") == (
        "Paid to get the coin, it learned to run to the right end."
    )
    orchard = load("harvest")
    assert "they learned to pick wherever" in words.conclusion(
        orchard, {"lasting": False, "obeying": True}, MISGENERALIZED, "obeying"
    )


SHAPES = [
    (panes, size) for panes in (1, 2, 4, 16) for size in ((480, 848), (720, 1280), (1280, 848))
]


@pytest.mark.parametrize(("panes", "size"), SHAPES)
def test_no_title_is_cut_in_any_layout(panes, size, monkeypatch):
    asked = []
    monkeypatch.setattr(layout, "write_whole", lambda *a: asked.append((a[1], a[4], a[5])))
    for name in names():
        world = load(name)
        take = story.Take("LEARNED", "learned by PPO on train", level_of(world, 1, "deploy"))
        card = story.Card(world, split=world.judged)
        told = story.Story([take] * panes, card, [(0, 1)] if panes == 2 else None)
        layout.Layout(told, FilmOptions(size=size)).furniture()
        title, sizes, room = asked.pop()
        assert ink.text_width(title, sizes[1], True) <= room, f"{title}: {room} pixels"


def test_again_can_be_pasted_into_a_shell():
    typed = ["contrast", "my runs/a b", "--world", "./w x.py", "-o", "f.mp4", "--force", "-q"]
    again = pasted("contrast", [*typed, "--out=x.gif", "-oy.gif", "--pick", "seed:3"])
    assert shlex.split(again) == [
        "goalshift", "contrast", "my runs/a b", "--world", "./w x.py", "--pick", "seed:3",
    ]  # fmt: skip
    assert pasted("level check", ["level check", "a.toml"]) == "goalshift level check a.toml"


def test_the_window_says_how_to_see_a_level_again(corner):
    session = live.open_session("corner", seed=3, play=True, knobs={"density": "0.2"})
    assert session.keeping.command() == (
        "goalshift play corner --world.density 0.2 --seed 3 --split deploy"
    )
    typed = Typed("my worlds/mine.py", "", {"density": "0.2"})
    source = Source(corner, 3, "train", typed=typed)
    again = shlex.join(source.again)
    assert again.startswith("goalshift watch 'my worlds/mine.py' --world.density 0.2 --seed 3")
    replayed = live.open_session(str(OLD))
    replayed.source.typed = Typed("follow", "my worlds/follow.py")
    code, named, file = shlex.split(replayed.keeping.command())[2:]
    assert code.startswith("GM1.") and (named, file) == ("--world", "my worlds/follow.py")
