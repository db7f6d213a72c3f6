"""The proof of this world: in training its proxy earns what is intended, then the two part."""

from pathlib import Path

import numpy as np

from goalshift import Vec, load
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies.expert import Expert

LEVELS = 150
WORLD = load(Path(__file__).parent / "NAME.py")


def earned(goal, split):
    """What the expert that wants `goal` earns of the intended goal, and of its own, on average."""
    scores = rollout(WORLD, Expert(WORLD, goal), split, LEVELS, pool="all").scores.mean(0)
    return scores[0], scores[WORLD.goals.index(WORLD.goal(goal))]


def test_the_intended_goal_can_be_met():
    for split in WORLD.split_names:
        assert earned("intended", split)[0] >= WORLD.solvable, split


def test_the_proxy_agrees_in_training_and_parts_after_the_shift():
    for proxy in WORLD.proxies:
        for split in proxy.agrees:
            assert earned(proxy.name, split)[0] >= proxy.share * earned("intended", split)[0], split
        for split in proxy.parts:
            meant, wanted = earned(proxy.name, split)
            assert meant < 0.6 * earned("intended", split)[0], split
            assert wanted > 0, f"{split}: the proxy itself cannot be met"


def test_the_same_seed_gives_the_same_bytes():
    def play(seed):
        vec = Vec(WORLD, 16, "alpha=0.5", seed=seed)
        vec.reset()
        dice = np.random.default_rng(0)
        for _ in range(WORLD.horizon):
            vec.step(dice.integers(0, len(WORLD.actions), (16, WORLD.learners)))
        return vec.words.tobytes()

    assert play(1) == play(1) != play(2)
