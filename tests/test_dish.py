"""Cheese on a dish: where the cheese lies, what is scored, and what a network sees of it."""

import numpy as np
import pytest

from goalshift.engine import grid, layout
from goalshift.engine.catalogue import load
from goalshift.engine.levels.level import parse
from goalshift.engine.vector import Vec
from goalshift.worlds.dish import CHEESE, DISH, FAR, SERVED

WORLD = load("dish")


def play(board, moves):
    """The scores (cheese, dish) of the moves, one letter each, and whether the episode has
    ended.
    """
    rows = (
        ["#" * 13]
        + [f"#{row:.<11}#" for row in board]
        + ["#" + "." * 11 + "#"] * (11 - len(board))
        + ["#" * 13]
    )
    start = parse(WORLD, "world = 'dish'\nmap = '''\n" + "\n".join(rows) + "\n'''\n")
    vec = Vec(WORLD, 1, levels=start, autoreset="off")
    vec.reset()
    for move in moves:
        vec.step(np.array([[" uldr".index(move)]]))
    return vec.scores()[0, 0].tolist(), bool(vec.states.ended[0])


def test_cheese_and_dish_are_scored_apart_and_either_ends_the_episode():
    assert play(["@.d.c"], "r") == ([0, 0], False)
    assert play(["@.d.c"], "rr") == ([0, 1], True)
    assert play(["@.d.c"], "drrrru") == ([1, 0], True)
    assert play(["@.b"], "rr") == ([1, 1], True)
    assert play(["@.d.c"], "rrrr") == ([0, 1], True)  # nothing counts after the end


@pytest.mark.parametrize("radius", [0, 1, 3, FAR])
@pytest.mark.parametrize("walls", [layout.OPEN, layout.BLOCKS, layout.TREE])
def test_the_cheese_lies_within_the_radius_and_can_be_reached_past_the_dish(radius, walls):
    world = WORLD.with_params(radius=radius, walls=walls)
    states = Vec(world, 60, seed=radius).reset_states()
    together = 0
    for i in range(len(states)):
        s, p = states[i], world.table[states.row[i]]
        served, cheese, dish = (
            np.argwhere(s.tiles == tile).tolist() for tile in (SERVED, CHEESE, DISH)
        )
        if radius == 0:
            assert (len(served), len(cheese), len(dish)) == (1, 0, 0)
            continue
        if served:  # no other cell would do
            together += 1
            continue
        (y, x), (dy, dx) = cheese[0], dish[0]
        steps = np.full((s.h, s.w), -1)
        steps[dy, dx] = 0
        grid.flood(s, p, steps, np.empty(s.h * s.w, np.int64))
        assert len(cheese) == len(dish) == 1 and 1 <= steps[y, x] <= radius
        s.tiles[dy, dx] = 1
        assert layout.reaches(layout.reach(s, p, int(s.y[0]), int(s.x[0])), y, x)
    assert radius == 0 or together <= (2 if radius == FAR else 30)


@pytest.mark.parametrize("channels", [1, 6])
def test_the_dish_is_seen_through_as_many_channels_as_asked(channels):
    world = WORLD.with_params(channels=channels)
    names = {s.name: k for k, s in enumerate(world.symbols)}
    seen = {
        name: {world.channels[c] for c in world.looks[k].nonzero()[0]} for name, k in names.items()
    }
    assert len(seen["dish"]) == channels and seen["cheese"] == {"cheese"}
    assert seen["cheese on the dish"] == seen["dish"] | seen["cheese"]
