"""Drawn tasks: each of them keeps the promises of a world, and its shortcut is what the words
say.
"""

import numpy as np
import pytest

from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies.expert import Expert
from goalshift.engine import grid
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds import mystery
from goalshift.worlds.mystery import KINDS, PARTNER, THINGS, TIME, drawn, tell

WORLD = load("mystery")
TASKS = range(30)
SPLITS = ("train", "deploy", "any")


@pytest.mark.parametrize("task", TASKS)
def test_the_premise_holds_for_every_task(task):
    world = WORLD.with_params(task=task)

    def scores(split, goal):
        return rollout(world, Expert(world, goal), split, 60, seed=3, pool="all").scores

    for split in ("train", "deploy"):
        meant, mistaken = scores(split, "intended"), scores(split, "shortcut")
        assert (meant[:, 0] > 0).mean() >= 0.95 and (mistaken[:, 1] > 0).mean() >= 0.95, tell(task)
        share = mistaken[:, 0].mean() / meant[:, 0].mean()
        assert share >= 0.95 if split == "train" else share < 0.1, tell(task)


def test_tasks_are_many_and_of_every_kind():
    assert len({tell(task) for task in range(300)}) == 300
    kinds = [drawn(task, 0).kind for task in range(300)]
    assert all(30 <= kinds.count(kind) <= 70 for kind in range(1, len(KINDS)))


def test_a_forced_kind_changes_nothing_else():
    for task in range(20):
        free, forced = drawn(task, 0), drawn(task, TIME)
        assert forced.kind == TIME
        same = [name for name in free._fields if getattr(free, name) == getattr(forced, name)]
        assert set(free._fields) - set(same) <= {"kind", "by_colour", "mark"}


@pytest.mark.parametrize("kind", range(1, len(KINDS)))
@pytest.mark.parametrize("task", [0, 1, 2])
def test_the_shortcut_is_what_the_words_say(task, kind):
    t, world = drawn(task, kind), WORLD.with_params(task=task, kind=kind)
    assert f"({KINDS[kind]})" in tell(task, kind)
    said = {
        mystery.COLOUR: mystery.COLOURS,
        mystery.SHAPE: mystery.SHAPES,
        mystery.OBJECT: mystery.MARKS,
    }
    assert kind not in said or said[kind][t.mark] in tell(task, kind)
    for split in SPLITS:
        states = Vec(world, 60, split, seed=task).reset_states()
        assert {"train": {0}, "deploy": set(range(1, t.things)), "any": set(range(t.things))}[
            split
        ] == set(states.right.tolist())
        for s in states:
            spots = list(zip(s.spot_y, s.spot_x, strict=True))[: t.things]
            tiles = s.tile[: t.things] - THINGS
            sought = tiles // 4 if t.by_colour else tiles % 4
            # one thing is right, and it can be seen
            assert np.flatnonzero(sought == t.sought).tolist() == [s.right]
            marked = {
                mystery.POSITION: [spot == (t.row, t.column) for spot in spots],
                mystery.COLOUR: tiles // 4 == t.mark,
                mystery.SHAPE: tiles % 4 == t.mark,
                mystery.OBJECT: [any(s.tiles[y + dy, x + dx] == mystery.LANDMARKS + t.mark
                             for dy, dx in zip(grid.DY[1:], grid.DX[1:], strict=True)) for y, x in spots],
                PARTNER: [s.ways[spot] == 0 for spot in spots],
                TIME: s.when[: t.things] == t.first,
            }[kind]  # fmt: skip
            assert list(marked) == [True] + [False] * (t.things - 1)
            shown = [s.tiles[spot] for spot in spots]
            assert shown == ([0] * t.things if kind == TIME else s.tile[: t.things].tolist())


def test_things_appear_when_their_time_has_come():
    t, world = drawn(3, TIME), WORLD.with_params(task=3, kind=TIME)
    vec = Vec(world, 30, "deploy", seed=1, autoreset="off")
    vec.reset()
    for steps in range(1, t.first + t.gap + 1):
        vec.step(np.zeros((30, 1), np.int64))
        running = vec.states.ended == 0  # a thing that appears where the mouse stands is taken
        lying = (vec.states.tiles >= THINGS).sum((1, 2))[running]
        assert set(lying.tolist()) <= {
            0 if steps < t.first else 1 if steps < t.first + t.gap else t.things
        }
        assert running.sum() > 20


def test_the_guide_walks_up_to_its_thing_and_waits():
    world = WORLD.with_params(task=5, kind=PARTNER)
    for split in ("train", "deploy"):
        vec = Vec(world, 40, split, seed=2, autoreset="off")
        vec.reset()
        assert vec.states.alive[:, 1].all()
        for _ in range(30):
            vec.step(np.zeros((40, 1), np.int64))
        steps = abs(vec.states.y[:, 1] - vec.states.spot_y[:, 0]) + abs(
            vec.states.x[:, 1] - vec.states.spot_x[:, 0]
        )
        assert (steps <= 1).all() and not vec.states.ended.any()


def test_the_number_of_a_task_has_its_bounds():
    for wrong in ({"task": -1}, {"task": 0.5}, {"kind": 7}):
        with pytest.raises(
            UserError, match=f"parameter '{next(iter(wrong))}' of world 'mystery' must be"
        ):
            WORLD.with_params(**wrong)
