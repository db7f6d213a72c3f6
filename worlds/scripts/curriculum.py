"""From an open field to a maze.

Six lots of levels, equally many, from cheese under the mouse's nose to cheese at the end of a
winding corridor; a finished set is sorted by the steps it takes to get there.
"""

from ...engine import grid, layout, rng, shapes
from ...engine.jit import rule
from ...engine.levels.script import Require, Script
from ..corner import CHEESE, FLOOR, MOUSE, WALL


@rule
def generate(s, p):
    layout.tree(s, WALL, FLOOR)
    opened = rng.below(s, 5)  # quarters of the inner walls that are taken away
    for y in range(1, s.h - 1):
        for x in range(1, s.w - 1):
            if rng.below(s, 4) < opened:
                s.tiles[y, x] = FLOOR
    y, x = layout.free_cell(s, p, 1, 1, s.h - 2, s.w - 2)
    grid.put(s, MOUSE, y, x)
    y, x = shapes.cell_at(s, p, y, x, 1, s.h * s.w)
    if y >= 0:
        s.tiles[y, x] = CHEESE


SCRIPT = Script(
    story=__doc__,
    world="corner",
    generate=generate,
    require=Require(distinct="turned"),
    spread=("steps", ((1, 2), (3, 5), (6, 9), (10, 15), (16, 24), (25, 60))),
    order="steps",
)
