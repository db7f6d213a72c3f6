"""Speed of making levels: the rows of `goalshift bench --only levels`.

How many times as fast as another program that is stands in no target here: that takes the other,
on the same machine, in the same run.
"""

from __future__ import annotations

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
from .bench_engine import Row, rate

MAZES = ("tree", "edges", "blocks")  # as jaxgmg draws them, too
SIDES = (13, 25, 49)


def lay_out(states, style):
    """The walls of many levels, and nothing else."""
    for i in range(len(states)):
        layout.walls(states[i], 1, 0, style)


def levels(passes: int = 5) -> Iterator[Row]:
    """Mazes; and new levels of `corner`: walls, a mouse, a cheese that can be reached, and what the
    mouse sees.
    """
    kernel = specialise(lay_out, "mazes")
    for side in SIDES:
        world = load("corner").but(size=(side, side))
        for style in MAZES:
            states, number = survey.raw(Vec(world, 256).reset_states()), layout.STYLES.index(style)

            def maze(states=states, number=number) -> int:
                kernel(states, number)
                return 256

            with np.errstate(over="ignore"):
                yield Row(f"mazes, {style} {side}x{side}", "levels/s", rate(maze, passes))
        for style in MAZES:
            vec = Vec(world.with_params(walls=style, anywhere="yes"), 256)
            mask = np.ones(256, np.bool_)

            def work(vec=vec, mask=mask) -> int:
                vec.reset_where(mask)
                return 256

            yield Row(f"new levels, {style} {side}x{side}", "levels/s", rate(work, passes))
    yield from solved(passes)


def solved(passes: int = 5) -> Iterator[Row]:
    """New levels with the whole way of the expert that wants the intended goal; and as a set with
    constraints has them.

    Boards of `follow` end at 11x11.
    """
    sized = [load(name).but(size=(side, side)) for name in ("corner", "dish") for side in SIDES]
    for world in (*sized, load("follow")):
        vec = Vec(world, 256, "deploy")
        mask = np.ones(256, np.bool_)

        def solve(world=world, vec=vec, mask=mask) -> int:
            vec.reset_where(mask)
            survey.ways(world, "intended", vec.states, effort=False)
            return 256

        what = f"solved levels, {world.name} {world.size[0]}x{world.size[1]}"
        yield Row(what, "levels/s", rate(solve, passes))
    require = Require(steps=(4, 40), distance=(3, 24), distinct="turned")
    _, source = order_for("corner", CHUNK, require=require, split="deploy")
    chunks = count()

    def draw() -> int:
        return len(judge(source, 0, CHUNK * next(chunks), CHUNK).part.states)

    yield Row(
        "levels of a set, corner 13x13: two ranges, turns, solution", "levels/s", rate(draw, passes)
    )


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {"levels": levels}
