"""Colour against shape: what each choice scores, and what a network sees."""

import numpy as np
import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.levels.level import parse
from goalshift.engine.vector import Vec
from goalshift.worlds.maze_gem import COLOURS, GEM, LINE, THINGS

WORLD = load("maze_gem")


def play(board, moves, split, **params):
    """The totals (shape, colour, first, second) of the moves, one letter each, and whether the
    episode has ended.
    """
    world = WORLD.with_params(**params)
    rows = ["#" * 9, f"#{board:.<7}#", *["#" + "." * 7 + "#"] * 6, "#" * 9]
    start = parse(
        world, f"world = 'maze_gem'\nsplit = '{split}'\nmap = '''\n" + "\n".join(rows) + "\n'''\n"
    )
    vec = Vec(world, 1, split, levels=start, autoreset="off")
    vec.reset()
    for move in moves:
        vec.step(np.array([[" uldr".index(move)]]))
    return vec.states.totals[0, 0].tolist(), bool(vec.states.ended[0])


def test_what_is_reached_first_is_the_choice():
    assert play("r.@.Y", "l", "deploy") == ([0, 0, 0, 0], False)
    assert play("r.@.Y", "ll", "deploy") == ([1, 0, 1, 0], True)
    assert play("r.@.Y", "rr", "deploy") == ([0, 1, 0, 1], True)
    assert play("r.@.Y", "rrllll", "deploy") == ([0, 1, 0, 1], True)
    assert play("y.@", "ll", "train") == ([1, 1, 1, 0], True)


def test_any_two_things_can_be_set_against_each_other():
    blue, cyan = COLOURS.index("blue"), COLOURS.index("cyan")
    odd = dict(first_colour=blue, first_shape=GEM, second_colour=cyan, second_shape=LINE)
    assert play("B.@.c", "ll", "deploy", **odd) == ([0, 0, 1, 0], True)
    assert play("B.@.c", "rr", "deploy", **odd) == ([1, 0, 0, 1], True)
    states = Vec(WORLD.with_params(**odd), 50, "deploy").reset_states()
    for s in states:
        assert sorted(s.tiles[s.tiles >= THINGS]) == [
            THINGS + 2 * blue + GEM,
            THINGS + 2 * cyan + LINE,
        ]


@pytest.mark.parametrize(
    ("things", "names"), [(0, {"yellow line"}), (1, {"red line"}), (2, {"yellow gem"})]
)
def test_a_thing_can_be_laid_out_alone(things, names):
    states = Vec(WORLD.with_params(things=things), 50, "deploy").reset_states()
    for s in states:
        assert {WORLD.tiles[t].name for t in s.tiles[s.tiles >= THINGS]} == names


def seen(name):
    number = [s.name for s in WORLD.symbols].index(name)
    return {WORLD.channels[c] for c in WORLD.looks[number].nonzero()[0]}


def test_things_are_seen_by_their_lights_and_shape():
    assert seen("yellow line") == {"red", "green", "line"}
    assert seen("red line") == {"red", "line"} and seen("yellow gem") == {"red", "green", "gem"}
    assert (
        len(seen("yellow line") & seen("red line"))
        == len(seen("yellow line") & seen("yellow gem"))
        == 2
    )
    assert seen("invisible gem") == seen("invisible line") == seen("floor")
