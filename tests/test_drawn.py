"""Tasks out of a grammar: each keeps the promises of a world, its cues are what its words say, and
they are as many as is said.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalshift.agents.judging.premise import refusals
from goalshift.engine import grid
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds import _grammar as grammar
from goalshift.worlds import drawn as world_file
from goalshift.worlds._grammar import drawn
from goalshift.worlds.drawn import LANDMARKS, MOST_DOTS, SHAPES, START, THINGS

WORLD = load("drawn")
NUMBERS = st.integers(0, 999_999_999)


def task_of(**params):
    """The task that these parameters name, as plain numbers."""
    return grammar.Task(*map(int, drawn(WORLD.with_params(**params).train)))


def starts(split, n=40, **params):
    return Vec(WORLD.with_params(**params), n, split, seed=5).reset_states()


@settings(max_examples=15)
@given(NUMBERS)
def test_the_premise_holds_for_every_task(task):
    assert refusals(WORLD.with_params(task=task), levels=40) == [], grammar.tell(
        WORLD.train._replace(task=task)
    )


@pytest.mark.parametrize("shortcut", grammar.KINDS[1:])
@pytest.mark.parametrize("shift", grammar.SHIFTS[1:])
def test_the_premise_holds_for_every_shortcut_and_shift(shortcut, shift):
    """In the layout with the least room."""
    world = WORLD.with_params(task=4, shortcut=shortcut, shift=shift, layout="corridor")
    assert refusals(world, levels=40) == []


def has(t, kind, s, k, ways):
    """Does thing k of the start state have what is said of `kind`?"""
    y, x = int(s.spot_y[k]), int(s.spot_x[k])
    body, dots = divmod(int(s.tile[k]) - THINGS, MOST_DOTS)
    others = [w for j, w in enumerate(ways) if j != k]
    beside = [
        int(s.tiles[y + dy, x + dx])
        for dy, dx in zip(grid.DY[1:].tolist(), grid.DX[1:].tolist(), strict=True)
    ]
    whens = s.when[s.tile > 0]
    return {
        grammar.CELL: (y, x) == (t.row, t.column),
        grammar.REGION: 3 * ((y > 2) + (y > 5)) + (x > 2) + (x > 5) == t.region,
        grammar.COLOUR: body // len(SHAPES) == t.colour,
        grammar.SHAPE: body % len(SHAPES) == t.shape,
        grammar.DOTS: dots == t.dots,
        grammar.LANDMARK: LANDMARKS + t.mark in beside,
        grammar.GUIDE: bool(s.alive[1]) and s.ways[y, x] == 0,
        grammar.TIME: s.when[k] == (whens.max() if t.last else whens.min())
        and (whens == s.when[k]).sum() == 1,
        grammar.WAY: ways[k] > max(others) if t.far else ways[k] < min(others),
    }[kind]


def ways_to(s, n):
    """How many steps each thing is away, over everything that can be walked on."""
    found = np.full(s.tiles.shape, -1)
    queue = [(int(s.y[0]), int(s.x[0]))]
    found[queue[0]] = 0
    for y, x in queue:
        for dy, dx in zip(grid.DY[1:].tolist(), grid.DX[1:].tolist(), strict=True):
            there = (y + dy, x + dx)
            if found[there] < 0 and not WORLD.solid[s.tiles[there]]:
                found[there] = found[y, x] + 1
                queue.append(there)
    return [int(found[s.spot_y[k], s.spot_x[k]]) for k in range(n)]


@settings(max_examples=25)
@given(NUMBERS)
def test_cues_and_goal_mark_what_the_words_say(task):
    t = task_of(task=task)
    for split in ("train", "deploy"):
        shifted = split == "deploy"
        for s in starts(split, 12, task=task):
            n = int((s.tile > 0).sum())
            assert n == t.things + (shifted and t.shift == grammar.DECOY)
            ways = ways_to(s, n)
            right = [k for k in range(n) if has(t, t.goal, s, k, ways)]
            assert right == [s.right]
            assert s.right == 0 or shifted
            assert s.right > 0 or not shifted or t.shift == grammar.DECORRELATE
            for kind in grammar.cues_of(t):
                marked = [k for k in range(n) if has(t, kind, s, k, ways)]
                assert marked == ([] if shifted and kind == t.gone else [0]), grammar.KINDS[kind]


@settings(max_examples=300)
@given(NUMBERS)
def test_a_task_is_a_sentence_of_the_grammar(task):
    t = task_of(task=task)
    cues = grammar.cues_of(t)
    assert t.goal in range(grammar.COLOUR, grammar.LANDMARK + 1) and t.goal not in cues
    assert len(set(cues)) == len(cues) and not {grammar.CELL, grammar.REGION} <= set(cues)
    assert (t.gone in cues and len(cues) > 1) if t.shift == grammar.REMOVE else not t.gone
    told = grammar.parts(WORLD.train._replace(task=task))
    assert told["in words"].endswith(".") and told["in words"].count(".") <= 2  # a price has one
    assert told["redundancy"] == str(len(cues))


def test_the_number_of_tasks_is_what_naming_them_one_by_one_gives():
    """Every task of one goal with one cue, named by hand; and drawn ones are all different."""
    assert grammar.count() == 59_604_480
    one, first = 0, task_of(task=0)
    for cue in range(1, grammar.WAY + 1):
        if cue == grammar.COLOUR:
            continue
        for layout, walls in [(1, 10), (2, 10), (2, 20), (2, 30), (3, 10), (4, 10), (5, 10)]:
            found = set()
            # what a cue has nothing to do with makes no other task: two values of it are enough
            cells = [1, 3, 5, 7] if cue == grammar.CELL else [1, 5]
            regions = range(9) if cue == grammar.REGION else [0, 4]
            for row, column, region, last in product(cells, cells, regions, (0, 1)):
                t = first._replace(
                    goal=grammar.COLOUR, cue=cue, second=0, third=0, gone=0, layout=layout,
                    walls=walls, row=row, column=column, region=region, last=last, far=last,
                )  # fmt: skip
                found.add(grammar.canonical(t))
            one += len(found) * (24 if cue == grammar.TIME else 1)  # first steps and gaps
    sets = [cues for cues in grammar._sets(grammar.COLOUR) if len(cues) == 1]
    assert len(sets) == 8 and one == 7 * (1 + 1 + 1 + 1 + 48 + 2) + 2 * (6 * 3 + 4)
    tasks = {grammar.canonical(task_of(task=task)) for task in range(2000)}
    assert len(tasks) > 1990


def test_tasks_that_differ_in_names_alone_are_one():
    t = task_of(task=7)
    assert grammar.has(t, grammar.COLOUR)
    red = grammar.canonical(t)
    assert grammar.canonical(t._replace(colour=(t.colour + 1) % 4)) == red
    assert grammar.canonical(t._replace(cost=5 - t.cost)) != red


@pytest.mark.parametrize("task", range(0, 40, 5))
def test_what_is_forced_changes_nothing_else(task):
    free = task_of(task=task)
    for name, value in {"shift": "swap", "layout": "maze", "delay": "later"}.items():
        forced = task_of(task=task, **{name: value})._asdict()
        others = {"shift", "gone"} if name == "shift" else {name}
        assert {k for k, v in free._asdict().items() if forced[k] != v} <= others
    for cues in ("1", "2", "3"):
        assert len(grammar.cues_of(task_of(task=task, redundancy=cues, shift="swap"))) == int(cues)
    assert task_of(task=task, shortcut="guide").cue == grammar.GUIDE
    both = task_of(task=task, goal="shape", shortcut="shape")
    assert both.cue == grammar.SHAPE and both.goal != grammar.SHAPE  # the goal gives way


def test_a_choice_is_paid_at_once_on_return_or_later():
    for delay, wait in (("at once", 0), ("on return", None), ("later", task_of(task=2).wait)):
        world = WORLD.with_params(task=2, delay=delay, layout="open")
        vec = Vec(world, 1, "train", seed=3, autoreset="off")
        vec.reset()
        s = vec.states[0]
        home = int(s.y[0]), int(s.x[0])
        s.y[0], s.x[0] = s.spot_y[0], s.spot_x[0]
        vec.step(np.zeros((1, 1), np.int64))
        if wait == 0:
            assert vec.terminated[0] and s.totals[0, world_file.RIGHT] == 1
            continue
        assert not vec.terminated[0] and s.held == 1
        assert not (s.tiles >= THINGS).any()  # the first that is taken decides
        if wait is None:
            assert s.tiles[home] == START
            s.y[0], s.x[0] = home
            vec.step(np.zeros((1, 1), np.int64))
        else:
            for _ in range(wait):
                assert not vec.terminated[0]
                vec.step(np.zeros((1, 1), np.int64))
        assert vec.terminated[0] and s.totals[0, world_file.RIGHT] == 1


def test_what_a_task_cannot_be_is_refused_in_one_line():
    for wrong, said in (({"goal": "guide"}, "one of drawn, colour"), ({"task": -1}, "must be")):
        with pytest.raises(UserError, match=said):
            WORLD.with_params(**wrong)
