"""Forks in the maze.

The mouse stands where the way to the cheese and the way to the corner part at the first step, in
mazes with some of their walls opened: one step tells which of the two it is after.
"""

from ...engine import grid, layout, rng, shapes
from ...engine.jit import rule
from ...engine.levels.script import Require, Script
from ..corner import CHEESE, FLOOR, MOUSE, WALL


@rule
def generate(s, p):
    layout.tree(s, WALL, FLOOR)
    for _ in range(8):  # open some walls between two rooms, so that there are ways round
        y, x = rng.between(s, 1, s.h - 2), rng.between(s, 1, s.w - 2)
        if y % 2 != x % 2:
            s.tiles[y, x] = FLOOR
    y, x = layout.free_cell(s, p, 1, 1, s.h - 2, s.w - 2)
    grid.put(s, MOUSE, y, x)
    y, x = shapes.cell_at(s, p, y, x, 5, 30)
    if y >= 0:
        s.tiles[y, x] = CHEESE


SCRIPT = Script(
    story=__doc__,
    world="corner",
    generate=generate,
    require=Require(decision=True, parts=True, steps=(6, 24), distinct="turned"),
)
