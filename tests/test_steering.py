"""A cue's vector as a file, in the window and in films; and what a memory is asked."""

from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab.inside import vectors
from goalshift.agents.lab.inside.cues import cue
from goalshift.agents.lab.inside.steering import CueVector, Steered
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.files import save_arrays
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.trained import Trained
from goalshift.agents.live import open as live
from goalshift.agents.live.cast import STEERED
from goalshift.agents.live.recalling import memory_of
from goalshift.agents.live.thoughts import think
from goalshift.engine import state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import observed

SHIPPED = Path(__file__).parent.parent / "agents" / "pretrained" / "corner.safetensors"


@pytest.fixture(scope="module")
def agent():
    return Trained.load(SHIPPED)


@pytest.fixture(scope="module")
def kept(agent, tmp_path_factory):
    path = tmp_path_factory.mktemp("steering") / "inside-cue.safetensors"
    vectors.found(agent, agent.world, "body", "cheese", -16, "deploy").save(path)
    return path


@pytest.fixture(scope="module")
def remembering():
    """An agent with a memory, whose weights are drawn so that what it remembers matters."""
    import torch

    world = load("corner")
    torch.manual_seed(1)
    net = Net(Shape(world.view, len(world.symbols), len(world.actions), memory=6, depth=1))
    with torch.no_grad():
        for part in (net.memory, net.actor, net.critic):
            for weight in part.parameters():
                weight.mul_(4)
    return Trained(net, world, "remembers")


def test_a_file_of_a_vector_steers_as_what_it_was_found_with(agent, kept):
    found = vectors.read(str(kept))
    assert (found.coefficient, found.cue, found.layer) == (-16, "cheese", "body")
    again = found.of(agent, agent.world)
    by_hand = Steered(agent, "body", CueVector(agent, "body", cue(agent.world, "cheese")), -16)
    one, other, plain = (
        rollout(agent.world, who, "deploy", 16, record=True).actions
        for who in (again, by_hand, agent)
    )
    assert np.array_equal(one, other)
    assert one.shape != plain.shape or not np.array_equal(one, plain)
    nothing = vectors.read(f"{kept}:0").of(agent, agent.world)
    still = rollout(agent.world, nothing, "deploy", 16, record=True).actions
    assert np.array_equal(still, plain)


def test_what_is_no_vector_of_this_agent_is_refused(agent, kept, tmp_path):
    found = vectors.read(str(kept))
    for wrong, words in (
        ({"world": "dish"}, "found in world 'dish'"),
        ({"layer": "head"}, "none of that name"),
        ({"mean": found.mean[:5]}, "5 units"),
        ({"cue": "chees"}, "did you mean 'cheese'"),
    ):
        other = vectors.Steering(**{**vars(found), **wrong})
        with pytest.raises(UserError, match=words):
            other.of(agent, agent.world)
    about = {"kind": "steering", "world": "corner", "layer": "body", "cue": "cheese"}
    bad = {
        "nan.safetensors": ({"units": 2, "coefficient": 1.0}, [np.nan, 0], "not finite"),
        "huge.safetensors": ({"units": 2, "coefficient": 1e9}, [0, 0], "a number from -1024"),
        "units.safetensors": ({"units": 10**9, "coefficient": 1.0}, [0, 0], "how many units"),
        "less.safetensors": ({"units": 3, "coefficient": 1.0}, [0, 0], "has shape"),
        "text.safetensors": ({"units": 2, "coefficient": "x"}, [0, 0], "a number from -1024"),
    }
    for name, (more, mean, words) in bad.items():
        save_arrays(tmp_path / name, {"mean": np.array(mean, np.float32)}, {**about, **more})
        with pytest.raises(UserError, match=words):
            vectors.read(str(tmp_path / name))
    with pytest.raises(UserError, match="not a goalshift steering"):
        vectors.read(str(SHIPPED))
    with pytest.raises(UserError, match="no such file"):
        vectors.read(str(tmp_path / "none.safetensors:3"))


def test_the_slider_steers_one_pane_from_this_step_on(kept):
    session = live.open_session("corner", 3)
    live.steer(session, str(kept))
    plain, steered = session.panes
    assert plain.who == ["checkpoint"] and steered.who == [STEERED]
    dial = {one.name: one for one in session.dials.of_agents()}["steering"]
    assert (dial.value, dial.low, dial.high) == (-16, -32, 32)
    session.dials.set("steering", 0)
    for _ in range(8):
        session.clock.step()
    walks = [[note.places.tolist() for note in pane.history.notes] for pane in session.panes]
    assert walks[0] == walks[1]
    session.go(3)
    session.dials.set("steering", -16)
    assert steered.history.ends == 3 and plain.history.ends == 8  # only the steered one forgets
    assert "(-16)" in session.cast.label(steered) and "(" not in session.cast.label(plain)
    assert "--steer" in session.source.again  # the command that shows it again


def test_saliency_of_a_steered_agent_holds_the_vector_still(agent, kept):
    steered = vectors.read(f"{kept}:0").of(agent, agent.world)
    states = live.open_session("corner", 3).panes[0].history.state
    wanted = {"saliency", "value"}
    one, other = (think(agent.world, who, states, 0, wanted) for who in (agent, steered))
    assert np.allclose(one.saliency.cells, other.saliency.cells, equal_nan=True, atol=1e-6)
    assert np.allclose(one.value, other.value, equal_nan=True, atol=1e-6)


def test_an_agent_with_a_memory_is_asked_with_what_it_remembers(remembering):
    world = remembering.world
    session = live.open_session("corner", 3)
    pane = session.panes[0]
    for _ in range(5):
        session.clock.step()
    saved, states = pane.history.save(), state.copy(pane.history.state)
    memory = memory_of(remembering, world, saved.copies[0], saved)
    # what it would be given if it had acted all the way
    remembering.start(1, 1)
    for k in range(saved.t):
        then = pane.history.at(k)
        remembering.act(observed(world, then), then, np.array([k == 0]))
    assert np.array_equal(memory, remembering.memory) and np.abs(memory).max() > 0
    direct = remembering.think(observed(world, states), states, np.zeros(1, bool))
    told = think(world, remembering, states, 0, {"value", "saliency", "plan"}, memory)
    assert told.worth == pytest.approx(float(direct.value[0, 0]), abs=1e-5)
    y, x = int(states.y[0, 0]), int(states.x[0, 0])
    assert told.value[y, x] == pytest.approx(float(direct.value[0, 0]), abs=1e-4)
    begun = think(world, remembering, states, 0, {"value"})
    assert abs(begun.worth - told.worth) > 1e-3
    steered = Steered(remembering, "body", CueVector(remembering, "body", cue(world, "cheese")), 0)
    assert np.array_equal(memory_of(steered, world, saved.copies[0], saved), memory)


def test_a_film_of_steering_needs_one_run(kept, tmp_path, capsys):
    for words in (["a.gmr"], [str(SHIPPED), str(SHIPPED)], [str(SHIPPED), "--mosaic", "2"]):
        assert main(["record", *words, "--steer", str(kept), "-o", str(tmp_path / "a.png")]) == 2
        assert "name one run, and no more" in capsys.readouterr().err
    for words in (["corner"], ["maze_gem"]):
        text = f"{kept}:x" if words == ["corner"] else str(kept)
        assert main(["watch", *words, "--steer", text, "--headless"]) == 2
        assert capsys.readouterr().err.count("\n") <= 2


def test_a_film_of_steering_tells_what_is_written_and_how_often_it_works(
    agent, kept, tmp_path, monkeypatch
):
    from goalshift.agents.showing import steered
    from goalshift.agents.showing.contrast import FilmPlan

    told = []
    monkeypatch.setattr(
        FilmPlan, "save", lambda self, takes, card, show: told.append((takes, card))
    )
    plan = FilmPlan([tmp_path / "a.png"], tmp_path, steer=str(kept))
    steered.record_steered(SHIPPED, plan, 48)
    ((takes, card),) = told
    assert [take.role for take in takes] == ["AS IT IS", "STEERED"]
    met = [int(take.states["totals"][-1].sum() > 0) for take in takes]
    plain, wrote, control = (rate.value for rate in card.rates)
    assert wrote > plain and 0 <= control <= 1 and "turns" in card.pick
    assert world_score(agent.world, takes[1]) > world_score(agent.world, takes[0]), (
        f"the level shows what is told: {met}"
    )


def world_score(world, take):
    return float(world.scores(np.asarray(take.states["totals"][-1, : world.learners])).mean(0)[0])
