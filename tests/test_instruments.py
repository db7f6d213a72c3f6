"""Instruments of one episode: belief and alarms, in numbers, in films and in the window."""

from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab import instruments
from goalshift.agents.lab import posterior as posterior_module
from goalshift.agents.lab.posterior import Worths, belief_along, posterior
from goalshift.agents.learning.trained import Trained
from goalshift.agents.live import open as live
from goalshift.agents.live.witness import lived
from goalshift.agents.policies.expert import Expert
from goalshift.engine.catalogue import load
from goalshift.engine.view.draw.gauges import Gauges
from goalshift.engine.view.film import story
from goalshift.engine.view.film.options import FilmOptions
from goalshift.engine.view.film.stage import Stage

SHIPPED = Path(__file__).parent.parent / "agents" / "pretrained" / "corner.safetensors"


@pytest.fixture(scope="module")
def alarm():
    agent = Trained.load(SHIPPED)
    return instruments.Alarm(agent.world, agent, "max_softmax")


def episode(world, who, level=0):
    """States recarray[T + 1] and actions int64[T, L] of one episode, and the posterior of it."""
    played = rollout(world, who, "deploy", level + 1, trace=("states",))
    n = int(played.length[level])
    states = played.trace.states[:n, level]
    steps = np.concatenate([states, states[-1:]]).view(np.recarray)
    return steps, played.trace.actions[:n, level], posterior(world, [played]).steps[: n + 1, level]


def test_belief_along_an_episode_is_the_posterior_of_that_episode():
    world = load("corner")
    states, actions, known = episode(world, Expert(world, "cheese"), 3)
    found = instruments.gauges(world, ["posterior"], states, actions)
    assert np.allclose(found.belief, known) and found.marks == ("star", "diamond", "")
    early = instruments.gauges(world, ["posterior"], states[:3], actions[:2])
    assert np.allclose(early.belief, known[:3])  # what comes later changes nothing
    start = instruments.gauges(world, ["posterior"], states[:1], actions[:0])
    assert np.allclose(start.belief, 1 / 3)


def test_belief_that_goes_on_is_bit_for_bit_what_is_found_anew():
    world = load("corner")
    one, other = (episode(world, Expert(world, goal), 3)[:2] for goal in ("cheese", "corner"))
    worths = Worths(world)
    for states, actions in (one, other, one):  # another episode, and back
        for upto in (0, 1, 2, 5, 3, len(actions)):  # on, and back in time
            ask = world, states[: upto + 1].view(np.recarray), actions[:upto]
            assert np.array_equal(belief_along(*ask, worths), belief_along(*ask))
    asked = []
    original = posterior_module.worth_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            posterior_module, "worth_of", lambda w, s, r: asked.append(len(s)) or original(w, s, r)
        )
        worths = Worths(world)
        for upto in range(1, len(actions)):
            belief_along(world, states[: upto + 1].view(np.recarray), actions[:upto], worths)
    assert set(asked) == {1}  # only the new step is worked out


def test_an_alarm_that_goes_on_says_what_one_asked_anew_says(alarm):
    world, agent = alarm.world, Trained.load(SHIPPED)
    states, _, _ = episode(world, agent, 2)
    whole = alarm.along(states)
    other, _, _ = episode(world, agent, 3)
    alarm.along(other)
    parts = [alarm.along(states[: k + 1].view(np.recarray)) for k in range(len(states))]
    assert np.array_equal(parts[-1], whole) and len(parts[3]) == 4
    assert np.array_equal(alarm.along(states[:5].view(np.recarray)), whole[:5])
    # the score is what the detector declares: low where the likeliest action is likely
    thought = agent.think(*_seen(world, states))
    chances = agent.sampling.chances(thought.logits)[:, 0].max(-1)
    assert np.allclose(whole, -chances, atol=1e-6)


def _seen(world, states):
    from goalshift.engine.vector import observed

    return observed(world, states), states, np.ones(len(states), np.bool_)


def test_a_film_with_gauges_shows_them_and_its_parts_stay_apart():
    world = load("corner")
    steps = [episode(world, Expert(world, goal), 3) for goal in ("cheese", "corner")]
    shown = [
        Gauges(belief, ("star", "diamond", ""), np.linspace(0, 1, len(acts)), 0.5, "entropy")
        for _, acts, belief in steps
    ]
    plain = [story.Take("A", "", states, actions=acts) for states, acts, _ in steps]
    takes = [
        story.Take("A", "", states, actions=acts, gauges=told)
        for (states, acts, _), told in zip(steps, shown, strict=True)
    ]
    for options in (FilmOptions(), FilmOptions(size=(1920, 1080), unit=1.5)):
        stage, bare = (
            Stage(takes, story.Card(world), options),
            Stage(plain, story.Card(world), options),
        )
        for pane, wider in zip(stage.layout.panes, bare.layout.panes, strict=True):
            assert pane.top + pane.height <= pane.gauges < pane.gauges + 56 <= pane.scores + 2
            assert pane.height == wider.height - 56
        calm, loud = stage.play(1), stage.play(len(steps[1][1]) - 1)
        pane = stage.layout.panes[1]
        band = np.s_[
            round(pane.gauges * pane.unit) : round(pane.scores * pane.unit),
            round(pane.bar[0] * pane.unit) :,
        ]
        assert (calm[band] != loud[band]).any()
        last = len(steps[1][1]) - 1
        assert shown[1].alarmed(last) and not shown[1].alarmed(0)
        asks = (
            stage.view(1, (last, 1.0)) != bare.view(1, (last, 1.0))[: pane.size[0], : pane.size[1]]
        )
        assert asks.any()


def test_a_pane_is_read_up_to_where_one_is():
    session = live.open_session("corner", 3)
    for _ in range(6):
        session.clock.step()
    session.go(4)
    pane = session.panes[1]
    states, actions = lived(session.world, pane.history.copies[0], pane.history.save())
    assert len(states) == 5 and actions.shape == (4, 1)
    assert (states[-1:].tobytes()) == pane.history.state.tobytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--overlay", "posteriors"], "Did you mean 'posterior'?"),
        (["--overlay", "posterior:entropy"], "has no 'posterior:entropy'"),
        (["--overlay", "alarm:entropi"], "entropy"),
        (["--overlay", "alarm:weights"], "judges whole agents"),
        (["--overlay", ","], "names some of posterior, alarm"),
    ],
)
def test_overlays_that_are_none_are_refused_in_one_line(words, said, capsys):
    assert main(["contrast", str(SHIPPED), "--levels", "4", "-o", "never.mp4", *words]) == 2
    assert said in capsys.readouterr().err


def test_what_has_no_room_or_no_mind_is_refused(capsys):
    for words in (["record", str(SHIPPED), "--mosaic", "2"], ["record", "a.gmr"]):
        assert main([*words, "--overlay", "alarm", "-o", "never.mp4"]) == 2
    told = capsys.readouterr().err
    assert "a mosaic has none" in told and "a replay has none" in told
