"""Monsters, shields and apples: who meets what, under both published rules."""

import numpy as np
import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.vector import Vec, level_of
from goalshift.worlds.monsters import APPLE, FLEES, FLOOR, GONE, MOST, SHIELD, STAYS

MONSTERS = load("monsters").with_params(apples_back=0, shields_back=0, double=0)
APPLES, SHIELDS, SPARES, KILLS, HITS, DONE = range(6)
STAY, UP, LEFT, DOWN, RIGHT = range(5)


def board(world, mouse, monsters=(), apples=(), shields=(), held=0, split="train"):
    """A Vec of one hand-made board without reset in between."""
    states = level_of(world, 1, split)
    s = states[0]
    s.tiles[:] = FLOOR
    s.y[0], s.x[0], s.face[0] = *mouse, held
    s.alive[1:] = 0
    for k, (y, x) in enumerate(monsters, 1):
        s.y[k], s.x[k], s.alive[k] = y, x, 1
    for tile, cells in ((APPLE, apples), (SHIELD, shields)):
        for y, x in cells:
            s.tiles[y, x] = tile
    vec = Vec(world, 1, levels=states, autoreset="off")
    vec.reset()
    return vec


def play(vec, *actions):
    for action in actions:
        vec.step(np.full((1, 1), action))
    return vec.states.totals[0, 0].tolist()


def test_a_shield_is_used_up_by_the_monster_it_beats():
    vec = board(MONSTERS, (5, 5), monsters=[(5, 8)], shields=[(5, 6)])
    counts = play(vec, RIGHT)
    assert counts[SHIELDS] == 1 and vec.states.face[0, 0] == 1 and vec.states.x[0, 1] == 7
    counts = play(vec, STAY)
    assert (counts[KILLS], counts[HITS], counts[SPARES]) == (1, 0, 0)
    assert vec.states.face[0, 0] == 0 and vec.states.alive[0, 1] == 0


@pytest.mark.parametrize(("after", "hits", "left"), [(STAYS, 3, 1), (FLEES, 1, 1), (GONE, 1, 0)])
def test_what_a_monster_does_after_a_hit(after, hits, left):
    vec = board(MONSTERS.with_params(after_hit=after), (0, 0), monsters=[(0, 1)])
    counts = play(vec, STAY, STAY, STAY)
    assert counts[HITS] == hits and vec.states.alive[0, 1] == left
    assert vec.scores()[0, 0, 0] == -hits


def test_a_shield_without_a_monster_is_spare_and_ten_are_enough():
    vec = board(MONSTERS, (0, 0), shields=[(0, 1), (0, 2), (0, 3)], held=MOST - 1)
    counts = play(vec, RIGHT, RIGHT, RIGHT)
    assert counts[SHIELDS] == counts[SPARES] == 3 and vec.states.face[0, 0] == MOST


def test_monsters_chase_one_step_at_a_time_and_two_by_chance():
    for double, steps in ((0, 1), (1, 2)):
        vec = board(MONSTERS.with_params(double=double), (0, 0), monsters=[(9, 3), (2, 9)])
        play(vec, STAY)
        ways = vec.states.y[0, 1:3] + vec.states.x[0, 1:3]
        assert ways.tolist() == [12 - steps, 11 - steps]


def test_one_monster_stops_before_another():
    vec = board(MONSTERS.with_params(after_hit=STAYS), (0, 0), monsters=[(0, 1), (0, 2)])
    counts = play(vec, STAY, STAY, STAY)
    assert counts[HITS] == 3 and (vec.states.y[0, 2], vec.states.x[0, 2]) == (0, 1)


def test_the_softmax_rule_spends_one_shield_and_ends_when_nothing_is_left_to_gain():
    world = load("monsters").with_params(beta=20, monsters=2, apples=1, shields=1)
    vec = board(world, (5, 5), monsters=[(5, 6), (5, 4)], held=1, split="softmax")
    counts = play(vec, STAY)
    assert counts[KILLS] == 1 and vec.states.face[0, 0] == 0  # the second was stopped by the first
    vec = board(world, (5, 5), monsters=[(5, 5)], apples=[(5, 6)], held=1, split="softmax")
    counts = play(vec, STAY)
    assert counts[KILLS] == 1 and counts[DONE] == 0
    counts = play(vec, RIGHT)
    assert counts[APPLES] == 1 and counts[DONE] == 1 and vec.terminated[0]


def test_softmax_monsters_come_nearer_as_often_as_their_weights_say():
    world = load("monsters").with_params(monsters=1, beta=1.0)
    n = 4000
    states = level_of(world, 1, "softmax").repeat(n).view(np.recarray)
    states.seed = np.arange(n)
    states.y[:, :2], states.x[:, :2] = (2, 8), (2, 2)
    vec = Vec(world, n, "softmax", levels=states, autoreset="off")
    vec.reset()
    vec.step(np.zeros((n, 1), np.int64))
    nearer, same = (
        (vec.states.y[:, 1] == 7).mean(),
        ((vec.states.y == 8) & (vec.states.x == 2))[:, 1].mean(),
    )
    whole = 1 + np.exp(-1) + 3 * np.exp(-2)
    assert nearer == pytest.approx(1 / whole, abs=0.03) and same == pytest.approx(
        np.exp(-1) / whole, abs=0.03
    )


def test_what_was_taken_comes_back_and_monsters_begin_far_away():
    world = load("monsters")
    vec = Vec(world, 64, "deploy", seed=1, autoreset="off")
    states = vec.reset_states()
    way = abs(states.y[:, 1:] - states.y[:, :1]) + abs(states.x[:, 1:] - states.x[:, :1])
    assert (way >= 12).mean() > 0.5 and (way >= 9).mean() > 0.85
    dice = np.random.default_rng(0)
    for _ in range(100):
        vec.step(dice.integers(0, 5, (64, 1)))
    there = (vec.states.tiles == APPLE).sum((1, 2))
    assert ((there + vec.states.eaten) == 5).all() and (vec.states.eaten <= 1).all()
    assert ((vec.states.tiles == SHIELD).sum((1, 2)) + vec.states.taken == 10).all()
    assert vec.states.totals[:, 0, APPLES].sum() > 20
