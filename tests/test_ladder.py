"""Ladders: levels from the easiest to the hardest, and the curve that a preview draws of them."""

import json

import numpy as np
import pytest

from goalshift.agents.designing import ladder, survey
from goalshift.agents.designing.describe import open_levels
from goalshift.agents.designing.open_file import Shelf
from goalshift.agents.designing.order import order_for
from goalshift.agents.live.open import open_session
from goalshift.engine.catalogue import load, names
from goalshift.engine.levels import sets, splits
from goalshift.engine.levels.splits import split_of
from goalshift.engine.view.draw.overlays import COLOURS
from goalshift.engine.view.sheets import difficulty


def drawn(name, n):
    world = load(name)
    order, source = order_for(
        world, n * ladder.DRAWN, 0, split=world.judged, tries=n * ladder.TRIED
    )
    return world, ladder.ladder(order, source, n)


@pytest.mark.parametrize("steps", [[3, 3, 3, 9], [1, 2, 3, 50, 51, 99], [7], list(range(40))])
@pytest.mark.parametrize("n", [1, 3, 50])
def test_rungs_rise_from_the_least_to_the_most(steps, n):
    values = np.array(steps)[::-1].copy()
    found = ladder.rungs(values, n)
    assert len(found) == len(set(found.tolist())) == min(n, len(steps))
    chosen = values[found]
    assert (np.diff(chosen) >= 0).all() and chosen[0] == min(steps)
    assert len(found) == 1 or chosen[-1] == max(steps)
    if n == 3 and len(steps) == 40:
        assert abs(int(chosen[1]) - 19.5) <= 1


@pytest.mark.parametrize(
    "name", [pytest.param(w, marks=pytest.mark.long) if w not in ("corner", "switch") else w for w in names()]
)  # fmt: skip
def test_every_world_has_a_ladder(name):
    """Solvable, no two the same, easiest first, and the same every time."""
    world, found = drawn(name, 4)
    assert 1 <= len(found) <= 4 and (found.facts["score"] > 0).all()
    assert (np.diff(found.facts["steps"]) >= 0).all()
    assert len(np.unique(world.fingerprints(found.states))) == len(found)
    again = drawn(name, 4)[1]
    assert again.states.tobytes() == found.states.tobytes()


def test_a_ladder_is_a_command_and_its_preview_shows_the_curve(call, tmp_path):
    done = call("level", "gen", "corner", "--ladder", "--n", "5", "-o", "five.toml", "--json")
    told = json.loads(done.out)
    assert done.code == 0 and told["levels"] == 5 and told["steps"] == sorted(told["steps"])
    found = open_levels("five.toml")
    assert survey.ways(found.world, "intended", found.states).steps.tolist() == told["steps"]
    one, two = (call("level", "preview", "five.toml", "-o", f"a.{end}") for end in ("png", "html"))
    assert one.code == two.code == 0
    assert (tmp_path / "a.html").read_text().count("<figure>") == 6
    for words in (["corner", "--ladder"], ["corner", "--ladder", "--on", "slurm", "-o", "x.toml"]):
        assert call("level", "gen", *words).code == 2


def test_bars_are_as_high_as_the_steps_and_a_level_without_a_way_has_none():
    steps, parting = np.array([5, 10, -1]), np.array([-1, 3, -1])
    frame = difficulty.chart(steps, parting, np.full(3, 0.5), 400)
    bars = (frame == COLOURS[0]).all(-1)[: difficulty.HIGH - difficulty.FOOT]
    per = (400 - 12 - difficulty.LEFT) / 3
    high = [int(bars[:, difficulty.LEFT + round(per * k) + 3].sum()) for k in range(3)]
    assert abs(high[1] - 2 * high[0]) <= 4 and high[2] == 0


def test_the_curve_knows_where_goals_part(corner):
    found = drawn("corner", 4)[1]
    curve = ladder.curve(corner, found.states)
    assert curve.steps.tolist() == found.facts["steps"].tolist()
    assert ((curve.parting >= -1) & (curve.parting <= curve.steps.max())).all()
    assert ((curve.walls > 0) & (curve.walls < 1)).all()


@pytest.mark.parametrize("name", sets.names())
def test_a_set_that_ships_is_sound_signed_and_small(name):
    """Of the world as it is now, no two levels alike, with what was found and whose it is."""
    found = open_levels(name)
    told = found.shared.told()
    assert name == f"{found.world.name}-ladder" and found.names[0] == "rung-01"
    assert {"title", "author", "licence", "checked"} == told.keys()
    assert f"{len(found.states)} of {len(found.states)} can be solved" in told["checked"]
    assert "the shipped agent meets the goal on" in told["checked"]
    assert len(np.unique(found.world.fingerprints(found.states))) == len(found.states) >= 8
    assert sets.path_of(name).stat().st_size < 30_000


def test_a_set_that_ships_goes_by_its_name_wherever_levels_do(call, corner):
    steps = survey.ways(corner, "intended", open_levels("corner-ladder").states).steps
    assert (np.diff(steps) > 0).all()
    assert (
        len(Shelf("corner-ladder")) == len(split_of(corner, "corner-ladder").starts) == len(steps)
    )
    assert splits.recall(corner, "corner-ladder", "a run of somebody").starts is not None
    session = open_session("corner", split="corner-ladder")
    assert session.world.fingerprints(session.source.start)[0] in corner.fingerprints(
        split_of(corner, "corner-ladder").starts
    )
    told = call("level", "stats", "corner-ladder", "--json")
    assert told.code == 0 and json.loads(told.out)["levels"] == len(steps)
    wrong = call("level", "stats", "corner-lader")
    assert wrong.code == 2 and "Did you mean 'corner-ladder'?" in wrong.err
