"""Speed of making levels and of judging on them: `goalshift bench --only levels --only judging`.

How many times as fast as another program that is stands in no target here: that takes the other,
on the same machine, in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from ...engine import layout
from ...engine.catalogue import load
from ...engine.jit import specialise
from ...engine.levels.script import Require
from ...engine.vector import Vec
from ..designing import survey
from ..designing.check_level import judge
from ..designing.order import order_for
from ..designing.workers import CHUNK
from ..judging.references import references
from .bench_engine import Row, rate

MAZES = ("tree", "edges", "blocks")  # as jaxgmg draws them, too
SIDES = (13, 25, 49)
JUDGED = 512  # levels of a split, as `eval` has them unless told otherwise
# what is solved: boards of `follow` end at 11x11, and `monsters` has no walls to get lost among
SOLVED = (*(("corner", side) for side in SIDES), ("dish", 13), ("dish", 49), ("follow", 11))


def lay_out(states, style):
    """The walls of many levels, and nothing else."""
    for i in range(len(states)):
        layout.walls(states[i], 1, 0, style)


def maze(style: str, side: int) -> Callable[[], int]:
    """Work for `rate`: the walls of 256 levels."""
    kernel, number = specialise(lay_out, "mazes"), layout.STYLES.index(style)
    states = survey.raw(Vec(load("corner").but(size=(side, side)), 256).reset_states())

    def work() -> int:
        with np.errstate(over="ignore"):
            kernel(states, number)
        return 256

    return work


def solver(name: str, side: int) -> Callable[[], int]:
    """Work for `rate`: 256 new levels, each with the whole way of the expert that wants the intended
    goal.
    """
    world = load(name).but(size=(side, side))
    vec, mask = Vec(world, 256, "deploy"), np.ones(256, np.bool_)

    def work() -> int:
        vec.reset_where(mask)
        survey.ways(world, "intended", vec.states, effort=False)
        return 256

    return work


def levels(passes: int = 5) -> Iterator[Row]:
    """Mazes; and new levels of `corner`: walls, a mouse, a cheese that can be reached, and what the
    mouse sees.
    """
    for side in SIDES:
        world = load("corner").but(size=(side, side))
        for style in MAZES:
            yield Row(f"mazes, {style} {side}x{side}", "levels/s", rate(maze(style, side), passes))
        for style in MAZES:
            vec = Vec(world.with_params(walls=style, anywhere="yes"), 256)
            mask = np.ones(256, np.bool_)

            def work(vec=vec, mask=mask) -> int:
                vec.reset_where(mask)
                return 256

            yield Row(f"new levels, {style} {side}x{side}", "levels/s", rate(work, passes))
    yield from solved(passes)


def solved(passes: int = 5) -> Iterator[Row]:
    """Solved levels, and as a set with constraints has them."""
    for name, side in SOLVED:
        what = f"solved levels, {name} {side}x{side}"
        yield Row(what, "levels/s", rate(solver(name, side), passes))
    require = Require(steps=(4, 40), distance=(3, 24), distinct="turned")
    _, source = order_for("corner", CHUNK, require=require, split="deploy")
    chunks = count()

    def draw() -> int:
        return len(judge(source, 0, CHUNK * next(chunks), CHUNK).part.states)

    yield Row(
        "levels of a set, corner 13x13: two ranges, turns, solution", "levels/s", rate(draw, passes)
    )


def judging(passes: int = 5) -> Iterator[Row]:
    """What an evaluation plays besides the agent: random moves and the expert of every goal, on both
    splits; other levels in every pass.
    """
    for name in ("corner", "coinrun", "follow"):
        world, figures = load(name), []
        for seed in range(passes + 1):
            began = time.perf_counter()
            for split in ("train", "deploy"):
                references(world, world.split(split), JUDGED, seed)
            figures.append(time.perf_counter() - began)
        what = f"judge: random moves and all experts, {name}, {JUDGED} levels x 2 splits"
        yield Row(what, "s", tuple(figures[1:]), 3.0, lower_is_better=True)


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {"levels": levels, "judging": judging}
