"""Keys and chests: both published rules, keys that show, and ends that come when nothing more can
be opened.
"""

import numpy as np
import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec
from goalshift.worlds.keys import CHEST, FLOOR, KEY, WALL

KEYS = load("keys")

BOARD = """
split = 'train'
world = 'keys'
version = 0
seed = 1
map = '''
#######
#@k.ck#
#.c..c#
#######
'''
"""


def play(world, board, moves, **other):
    """Play a drawn board with a string of moves; returns the Vec."""
    letters = {"u": 1, "l": 2, "d": 3, "r": 4, ".": 0}
    vec = Vec(world, 1, levels=level.parse(world, board), autoreset="off")
    vec.reset()
    for letter in moves:
        vec.step(np.full((1, world.learners), letters[letter]))
    return vec


def test_a_chest_takes_a_key_and_the_episode_ends_when_no_more_can_be_opened():
    vec = play(KEYS, BOARD, "rrr")
    chests, keys = vec.scores()[0, 0]
    assert (chests, keys) == (1, 1) and vec.states.face[0, 0] == 0
    vec = play(KEYS, BOARD, "drrr")  # the chest is walked over without a key
    assert vec.scores()[0, 0].tolist() == [0, 0] and vec.states.tiles[0, 2, 2] == CHEST
    # a key, a chest, a key, a chest: none is left in hand or on the board
    vec = play(KEYS, BOARD, "rrrrd")
    assert vec.scores()[0, 0].tolist() == [2, 2]
    assert vec.terminated[0] and not vec.truncated[0]


def test_held_keys_are_seen():
    seen = [play(KEYS, BOARD, moves).obs[0, 0, 6, 6] for moves in (".", "r", "rrr")]
    assert seen[0] == seen[2] != seen[1]
    assert KEYS.symbols[seen[1]].name == "mouse" and KEYS.symbols[seen[1]].pose == 1


def test_keys_and_steps_cost_what_the_parameters_say():
    vec = play(KEYS.with_params(key_penalty=3, step_penalty=2), BOARD, "rrr.")
    assert vec.scores()[0, 0, 0] == pytest.approx(1 - 0.3 - 4 * 0.002)


def things(split, count=400, **params):
    return Vec(KEYS.with_params(**params), count, split, seed=3).reset_states()


@pytest.mark.parametrize(("split", "keys", "chests"), [("train", 3, 10), ("deploy", 10, 3)])
@pytest.mark.parametrize("density", [0.0, 0.25, 1.0])
def test_the_grid_rule_has_the_published_counts_on_boards_of_any_density(
    split, keys, chests, density
):
    states = things(split, density=density)
    assert ((states.tiles == KEY).sum((1, 2)) == keys).all()
    assert ((states.tiles == CHEST).sum((1, 2)) == chests).all()


def test_the_heist_rule_has_twice_as_many_of_the_one_and_as_many_as_the_maze_is_hard():
    for split, many, few in (("heist", CHEST, KEY), ("heist-keys", KEY, CHEST)):
        states = things(split)
        n = (states.tiles == few).sum((1, 2))
        assert ((states.tiles == many).sum((1, 2)) == 2 * n).all()
        difficulty = (states.h - 7) // 2
        assert (states.h == states.w).all() and set(difficulty.tolist()) == {0, 1, 2, 3, 4}
        assert set((n - difficulty).tolist()) == {1, 2}
        for s in states[:50]:
            for y, x in np.argwhere((s.tiles == KEY) | (s.tiles == CHEST)):
                around = [
                    s.tiles[y - 1, x],
                    s.tiles[y + 1, x],
                    s.tiles[y, x - 1],
                    s.tiles[y, x + 1],
                ]
                assert sum(tile != WALL for tile in around) >= 2


def test_deployment_turns_chests_into_keys_and_nothing_else():
    seeds, mask = np.arange(1, 301, dtype=np.uint64), np.ones(300, bool)
    tiles = []
    for split in ("train", "deploy"):
        vec = Vec(KEYS, 300, split)
        vec.assign(mask, seeds)
        tiles.append(vec.reset_states().tiles)
    turned = tiles[0] != tiles[1]
    assert (turned.sum((1, 2)) == 7).all()
    assert (tiles[0][turned] == CHEST).all() and (tiles[1][turned] == KEY).all()


def test_four_mice_share_the_board_and_end_together():
    world = KEYS.with_params(learners=4)
    vec = Vec(world, 64, "train", seed=2, autoreset="off")
    vec.reset()
    dice = np.random.default_rng(0)
    for _ in range(60):
        vec.step(dice.integers(0, 5, (64, 4)))
    assert (vec.states.totals[:, :, 0].sum(1) <= 3).all()
    held = vec.states.face[:, :4].sum(1)
    opened = vec.states.totals[:, :, 1].sum(1)
    assert np.array_equal(held + opened, vec.states.totals[:, :, 0].sum(1))
    assert opened.any() and vec.states.totals[:, :, 0].any(0).all()
    assert FLOOR in vec.states.tiles
