"""The corner world over the whole range of its parameters."""

import numpy as np
import pytest

from goalshift.engine import layout
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds.corner import CHEESE

CORNER = load("corner")


@pytest.mark.parametrize("region", [1, 2, 5, 10, 11])
@pytest.mark.parametrize("style", range(len(layout.STYLES)), ids=layout.STYLES)
@pytest.mark.parametrize("density", [0.0, 0.25, 1.0])
def test_the_cheese_lies_where_the_parameters_say_and_can_be_reached(region, style, density):
    world = CORNER.with_params(region=region, walls=style, density=density)
    for split in ("train", "deploy"):
        states = Vec(world, 40, split, seed=region).reset_states()
        for i in range(len(states)):
            s, p = states[i], world.table[states.row[i]]
            cells = np.argwhere(s.tiles == CHEESE)
            assert len(cells) == 1
            y, x = cells[0]
            assert layout.reaches(layout.reach(s, p, int(s.y[0]), int(s.x[0])), int(y), int(x))
            assert (y, x) != (s.y[0], s.x[0])
            if split == "train":
                assert 1 <= y <= region and 12 - region <= x <= 11


def test_parameters_beyond_their_range_are_refused():
    for wrong in ({"region": 0}, {"region": 12}, {"walls": 5}, {"density": 1.5}, {"anywhere": 2}):
        with pytest.raises(
            UserError, match=f"parameter '{next(iter(wrong))}' of world 'corner' must be"
        ):
            CORNER.with_params(**wrong)


def test_deployment_moves_the_cheese_and_nothing_else():
    seeds, mask = np.arange(1, 301, dtype=np.uint64), np.ones(300, bool)
    worlds = {}
    for split in ("train", "deploy"):
        vec = Vec(CORNER, 300, split)
        vec.assign(mask, seeds)
        worlds[split] = vec.reset_states()
    train, deploy = worlds["train"], worlds["deploy"]
    bare = [np.where(s.tiles == CHEESE, 0, s.tiles) for s in (train, deploy)]
    assert np.array_equal(*bare)
    assert np.array_equal(train.y, deploy.y) and np.array_equal(train.x, deploy.x)
    moved = (CORNER.fingerprints(train) != CORNER.fingerprints(deploy)).mean()
    assert moved > 0.95
