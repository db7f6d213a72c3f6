"""Rooms and doorways.

Rooms hewn by halving the board again and again. The cheese lies in another room than the mouse, in
any of them with the same chance: a house to search rather than a corner to run to.
"""

from ...engine import grid, layout, shapes
from ...engine.jit import rule
from ...engine.levels.script import Require, Script
from ..corner import CHEESE, FLOOR, MOUSE, WALL


@rule
def generate(s, p):
    shapes.bsp(s, WALL, FLOOR, 2)
    y, x = layout.free_cell(s, p, 1, 1, s.h - 2, s.w - 2)
    grid.put(s, MOUSE, y, x)
    y, x = shapes.cell_at(s, p, y, x, 6, s.h * s.w)
    if y >= 0:
        s.tiles[y, x] = CHEESE


SCRIPT = Script(
    story=__doc__,
    world="corner",
    generate=generate,
    require=Require(parts=True, distance=(5, 99), distinct="turned"),
)
