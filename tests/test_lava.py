"""Lava: it burns and does not kill, there is a dry way, and it is all that deployment changes."""

import numpy as np

from goalshift.engine.catalogue import load
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec
from goalshift.worlds.lava import CHEESE, FLOOR, LAVA

WORLD = load("lava")
RIGHT = 4
ROWS = ["#" * 13, "#@ll" + "." * 7 + "c#", *["#" + "." * 11 + "#"] * 10, "#" * 13]
BOARD = (
    "world = 'lava'\nversion = 0\nseed = 1\nsplit = 'deploy'\nmap = '''\n"
    + "\n".join(ROWS)
    + "\n'''\n"
)


def test_every_step_on_lava_costs_one_and_the_cheese_pays_one_and_ends():
    vec = Vec(WORLD, 1, levels=level.parse(WORLD, BOARD), autoreset="off")
    vec.reset()
    scores = []
    for _ in range(10):
        vec.step(np.full((1, 1), RIGHT))
        scores.append(vec.scores()[0, 0].tolist())
    assert scores[1] == [-2, 0] and scores[8] == [-2, 0] and scores[9] == [-1, 1]
    assert vec.terminated[0]


def test_deployment_adds_lava_and_nothing_else():
    seeds, mask = np.arange(1, 301, dtype=np.uint64), np.ones(300, bool)
    states = []
    for split in ("train", "deploy"):
        vec = Vec(WORLD, 300, split)
        vec.assign(mask, seeds)
        states.append(vec.reset_states())
    train, deploy = states
    assert not (train.tiles == LAVA).any()
    turned = train.tiles != deploy.tiles
    assert (train.tiles[turned] == FLOOR).all() and (deploy.tiles[turned] == LAVA).all()
    assert turned.sum() / (train.tiles == FLOOR).sum() > 0.15
    assert np.array_equal(train.y, deploy.y) and np.array_equal(train.x, deploy.x)


def test_there_is_a_dry_way_for_every_mouse_however_high_the_lava_stands():
    for height in (0.3, 0.7, 1.0):
        world = WORLD.with_params(lava=height, learners=2)
        states = Vec(world, 60, "deploy", seed=2).reset_states()
        for s in states:
            for me in range(2):
                seen, frontier = set(), [(int(s.y[me]), int(s.x[me]))]
                while frontier:
                    y, x = frontier.pop()
                    if (
                        (y, x) not in seen
                        and not world.solid[s.tiles[y, x]]
                        and s.tiles[y, x] != LAVA
                    ):
                        seen.add((y, x))
                        frontier += [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                assert any(s.tiles[y, x] == CHEESE for y, x in seen)
