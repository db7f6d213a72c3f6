"""The platformer: how the robot moves, what kills it, and where the coin lies."""

import numpy as np
import pytest

from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies.expert import Expert, optimum
from goalshift.engine import state
from goalshift.engine.catalogue import load
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec, level_of
from goalshift.worlds import coinrun
from goalshift.worlds.coinrun import CRATE, GROUND, LAVA, LEDGE, SAW, SKY, WALL

WORLD = load("coinrun")
ACT = {name: i for i, name in enumerate(WORLD.actions)}


def ground(gap=0, height=3):
    """A level without dangers: the robot in column 5, a hole of `gap` cells to its right."""
    s = state.copy(level_of(WORLD, 0))
    s.tiles[:] = SKY
    s.tiles[0, -height:, :20] = GROUND
    s.tiles[0, -height:, 6 : 6 + gap] = SKY
    s.tiles[0, :, 20:22] = WALL
    s.w, s.best, s.alive[0, 1:] = 22, 5, 0
    s.y[0, 0], s.x[0, 0] = 15 - height, 5
    return s


def play(s, actions):
    """The states after each action, by name."""
    vec = Vec(WORLD, 1, autoreset="off")
    vec.reset()
    vec.words[...] = state.words(s)
    path = []
    for action in actions:
        vec.step(np.array([[ACT[action]]]))
        path.append(state.copy(vec.states))
    return path


def heights(path, floor=12):
    return [int(floor - s.y[0, 0]) for s in path]


def test_a_jump_rises_a_cell_a_step_and_falls_again():
    path = play(ground(), ["jump"] + ["stay"] * 7)
    assert heights(path) == [1, 2, 3, 2, 1, 0, 0, 0]


def test_holding_the_jump_does_not_jump_higher_but_jumps_again():
    assert heights(play(ground(), ["jump"] * 8)) == [1, 2, 3, 2, 1, 0, 1, 2]


def test_a_ceiling_ends_the_rise():
    s = ground()
    s.tiles[0, 10, 5] = CRATE
    assert heights(play(s, ["jump"] + ["stay"] * 3)) == [1, 1, 0, 0]


def test_the_robot_steers_in_the_air():
    path = play(ground(), ["jump right", "right", "left", "left", "stay"])
    assert [int(s.x[0, 0]) for s in path] == [6, 7, 6, 5, 5]


@pytest.mark.parametrize(("gap", "clears"), [(1, True), (5, True), (6, False)])
def test_a_running_jump_clears_five_cells(gap, clears):
    end = play(ground(gap), ["jump right"] * 6 + ["stay"] * 6)[-1]
    assert (end.y[0, 0] == 12) == clears


@pytest.mark.parametrize(("step", "climbs"), [(3, True), (4, False)])
def test_steps_up_to_the_leap_can_be_climbed(step, climbs):
    s = ground()
    s.tiles[0, 13 - step : 13, 6:20] = GROUND
    assert (play(s, ["jump right"] * 12)[-1].x[0, 0] > 6) == climbs


@pytest.mark.parametrize(("tile", "event"), [(LAVA, "lava"), (SAW, "saw")])
def test_lava_and_saws_end_the_episode(tile, event):
    s = ground()
    s.tiles[0, 12, 6] = tile
    end = play(s, ["right"])[-1]
    assert end.ended[0] == state.TERMINATED
    assert end.totals[0, 0, WORLD.events.index(event)] == 1


@pytest.mark.parametrize("act", ["right", "stay"])
def test_walkers_walk_to_and_fro_and_catch_whom_they_meet(act):
    s = ground()
    s.alive[0, 1], s.y[0, 1], s.x[0, 1], s.face[0, 1] = 1, 12, 6, 1
    s.tiles[0, 12, 8] = CRATE
    end = play(s, [act])[-1]
    assert end.totals[0, 0, WORLD.events.index("walker")] == 1
    path = play(s, ["jump left", "left", "left"] + ["stay"] * 9)
    assert len({int(e.x[0, 1]) for e in path if e.ended[0] == 0}) > 2


def test_the_end_is_reached_once_and_the_run_goes_on():
    path = play(ground(), ["right"] * 14 + ["left", "right", "stay"])
    end = path[-1]
    assert end.x[0, 0] == 19 and end.ended[0] == state.RUNNING
    counts = dict(zip(WORLD.events, end.totals[0, 0].tolist(), strict=True))
    assert counts == {"coin": 0, "end": 1, "right": 14, "lava": 0, "saw": 0, "walker": 0}


def test_one_seed_is_one_run_wherever_the_coin_lies():
    seeds = np.arange(300, dtype=np.uint64)
    levels = {}
    for split in WORLD.split_names:
        vec = Vec(WORLD, 300, split, autoreset="off")
        vec.assign(np.ones(300, bool), seeds)
        vec.reset()
        levels[split] = state.copy(vec.states)
    bare = {}
    for split, s in levels.items():
        coins = s.tiles == coinrun.COIN
        assert (coins.sum((1, 2)) == 1).all()
        _, y, x = np.nonzero(coins)
        at_end = x == s.w - 3
        below = s.tiles[np.arange(300), y + 1, x]
        if split == "train":
            assert at_end.all()
        else:
            assert not at_end.any()
        if split == "ledge":
            assert (below == LEDGE).all()
        if split == "deploy":
            assert 0.4 < (below == LEDGE).mean() < 0.6
            assert np.isin(below, (LEDGE, GROUND)).all()
        bare[split] = np.where(coins, SKY, s.tiles)
    assert np.array_equal(bare["train"], bare["deploy"])
    assert np.array_equal(bare["train"], bare["ledge"])


@pytest.mark.parametrize("split", WORLD.split_names)
@pytest.mark.parametrize("goal", ["coin", "end"])
def test_every_run_can_be_won(split, goal):
    played = rollout(WORLD, Expert(WORLD, goal), split, 400, seed=21, pool="all")
    index = [g.name for g in WORLD.goals].index(goal)
    assert played.scores[:, index].mean() >= 0.99


def test_the_robot_shows_which_way_it_moves():
    faces = [int(s.face[0, 0]) for s in play(ground(), ["jump right", "left", "stay", "stay"])]
    left = coinrun.LEFTWARDS
    assert faces == [coinrun.RISE, left + coinrun.RISE, left + coinrun.RISE, left + coinrun.FALL]


BY_HAND = """
map = '''
....................HH
....................HH
....................HH
..............o.....HH
..............==....HH
....................HH
.@...w..*...xx......HH
#########..#####~~##HH
'''
"""


def test_a_run_drawn_by_hand_can_be_played():
    start = level.parse(WORLD, BY_HAND)
    found = {g.name: optimum(WORLD, g.name, start) for g in WORLD.goals}
    assert {name: float(o.score[0, 0]) for name, o in found.items()} == {
        "coin": 1,
        "end": 1,
        "right": 19 - 1,
    }
    assert found["coin"].steps[0, 0] == 13  # thirteen columns, and no step lost on the way up
