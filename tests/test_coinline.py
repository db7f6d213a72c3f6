"""The coin line: which starts there are, what is seen of them, and what ends an episode."""

import numpy as np
import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.vector import Vec

WORLD = load("coinline")
STAY, LEFT, RIGHT = range(3)


def starts(world, split, n=4000):
    states = Vec(world, n, split, seed=3).reset_states()
    return states, set(zip(states.x[:, 0].tolist(), states.x[:, 1].tolist(), strict=True))


@pytest.mark.parametrize("length", [2, 5, 16])
def test_every_start_and_no_other_comes_up(length):
    world = WORLD.with_params(length=length)
    assert starts(world, "train")[1] == {(p, length) for p in range(length)}
    assert starts(world, "deploy")[1] == {
        (p, c) for p in range(length) for c in range(length) if c != p
    }
    assert starts(world, "probe")[1] == {(-(-length // 2), 0)}
    states, _ = starts(world, "alpha=0.1")
    # the share of levels with the coin elsewhere
    assert 0.08 < (states.x[:, 1] != length).mean() < 0.12


def test_what_grows_beside_the_line_tells_levels_apart_and_is_not_seen():
    vec = Vec(WORLD, 2000, "train", seed=1, pool="test")
    states = vec.reset_states()
    assert vec.strays == 0 and len({s.tobytes() for s in states.tiles}) == 2000
    assert len({view.tobytes() for view in vec.obs}) == WORLD.train.length


@pytest.mark.parametrize(
    ("actions", "events"),
    [
        ([LEFT] * 8, [1, 0, 0]),  # from 8 back to the coin, and on the line goes
        ([RIGHT] * 8, [0, 1, 0]),  # to the end, past no coin
        ([STAY] * 32, [0, 0, 1]),
        ([LEFT] * 8 + [RIGHT] * 16, [1, 1, 0]),
        ([LEFT] * 32, [1, 0, 1]),  # the start is a wall, and the coin pays once
    ],
)
def test_the_probe_played(actions, events):
    vec = Vec(WORLD, 1, "probe", autoreset="off")
    vec.reset()
    for k, action in enumerate(actions):
        assert not (vec.terminated | vec.truncated).any(), k
        vec.step(np.array([[action]]))
    assert vec.states.totals[0, 0].tolist() == events
    assert vec.terminated[0] == bool(events[1] or events[2])


def test_dusk_falls_after_twice_the_length():
    vec = Vec(WORLD.with_params(length=4), 1, "train", autoreset="off")
    vec.reset()
    for k in range(8):
        assert not vec.terminated[0], k
        vec.step(np.array([[LEFT]]))
    assert vec.terminated[0] and vec.states.t[0] == 8
