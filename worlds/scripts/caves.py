"""Caves that look like one another.

Caves continued from a small drawing by wave function collapse: every two by two cells occur in the
drawing, but for the rim and the corridors that link what was cut off. The cheese lies where it
takes some way to walk.
"""

from ...engine import grid, layout, shapes
from ...engine.jit import rule
from ...engine.levels.script import Require, Script
from ..corner import CHEESE, FLOOR, MOUSE, WALL

DRAWING = shapes.prefab(
    """
###########
####....###
###......##
##...##...#
##..####..#
#...####..#
##...##..##
##......###
####...####
###########
""",
    {"#": WALL, ".": FLOOR},
)


@rule
def generate(s, p):
    if not shapes.collapse(s, DRAWING, 2, 20):
        shapes.drunkard(s, WALL, FLOOR, 0.5)
    layout.border(s, WALL)
    shapes.join(s, WALL, FLOOR)
    y, x = layout.free_cell(s, p, 1, 1, s.h - 2, s.w - 2)
    if y < 0:
        y, x = 1, 1
        s.tiles[y, x] = FLOOR
    grid.put(s, MOUSE, y, x)
    y, x = shapes.cell_at(s, p, y, x, 4, s.h * s.w)
    if y >= 0:
        s.tiles[y, x] = CHEESE


SCRIPT = Script(
    story=__doc__,
    world="corner",
    generate=generate,
    require=Require(parts=True, steps=(6, 40), distinct="turned"),
)
