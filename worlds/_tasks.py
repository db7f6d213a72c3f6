"""What worlds that draw whole tasks share: draws by number, coloured shapes, and a guide."""

import numpy as np

from ..engine import grid, rng
from ..engine.grid import STAY
from ..engine.jit import rule

MARKS = ("tree", "boulder", "bush")
COLOURS = ("red", "yellow", "blue", "green")
SHAPES = ("key", "ball", "ring", "cross")
ART = {
    "key": "tint gold {0}\nuse key",
    "ball": "tint paint {0}\nuse sphere-body",
    "ring": "oval ink@30 50 88 32 6 free flat\nring {0} 17 50 50 28",
    "cross": "oval ink@30 50 92 30 5 free flat\nbox {0} 37 10 63 90 6\nbox {0} 10 37 90 63 6\n"
    "box {0} 40 36 60 64 1 flat in",
}
PAINTS = {"red": "#a02c18", "green": "#46c898"}  # apart also for eyes that see light and dark only


@rule
def pick(key, nth, n):
    """The `nth` draw for a task: 0 to n - 1."""
    return (np.int64(rng.nth(key, np.uint64(nth)) >> np.uint64(33)) * n) >> 31


@rule
def bring_guide(s, p, n):
    """The guide begins close to the first mouse, and goes by the shortest way to thing 0 past all
    others. There are n; the guide is the last agent.
    """
    for y in range(s.h):
        for x in range(s.w):
            s.ways[y, x] = -1
    for k in range(n):
        s.ways[s.spot_y[k], s.spot_x[k]] = -2 if k > 0 else 0
    grid.flood(s, p, s.ways, np.empty(s.h * s.w, np.int64))
    guide = s.totals.shape[0] - 1
    grid.put(s, guide, s.y[0], s.x[0])
    seen = 0
    for y in range(max(s.y[0] - 2, 1), min(s.y[0] + 3, s.h - 1)):
        for x in range(max(s.x[0] - 2, 1), min(s.x[0] + 3, s.w - 1)):
            if s.ways[y, x] > 1 and (y != s.y[0] or x != s.x[0]):
                seen += 1
                if rng.below(s, seen) == 0:
                    s.y[guide] = y
                    s.x[guide] = x


@rule
def bot(s, p, me):
    """The guide walks up to its thing and waits beside it."""
    here = s.ways[s.y[me], s.x[me]]
    for act in range(1, 5):
        y, x = s.y[me] + grid.DY[act], s.x[me] + grid.DX[act]
        if here > 1 and grid.inside(s, y, x) and 0 <= s.ways[y, x] < here:
            return act
    return STAY
