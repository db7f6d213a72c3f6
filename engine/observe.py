"""What an agent sees: a plane of symbols, one byte a cell.

A symbol is an index into `world.symbols`: 0 is outside the level, then come the tiles, then every
thing in each of its poses; an agent has symbols of its own for itself, so that it can tell itself
from others of its kind. Later things cover earlier ones and the observer covers all. A crop is
centred on the agent.
"""

import numpy as np

from . import raw

VOID = 0
AT_ONCE = 1024  # cells of a board that are copied in one go; larger boards go row by row

# Bound for each world when its kernels are built.
HEIGHT = WIDTH = VIEW_HEIGHT = VIEW_WIDTH = CELLS = PLANE = RECORD = TILES = 0
REACH = 0  # see `reach`
FIRST_SYMBOL = FIRST_SELF = POSES = np.zeros(1, np.int64)


def reach(height, width, plane):
    """How many cells a row of a crop is written as: a power of two, one wide move, where what is
    too much falls into the next row, written after it, or behind the last one into the plane.
    """
    wide = 1 << (width - 1).bit_length()
    return wide if (height - 1) * width + wide <= plane else width


def whole_board(s, words, i, me, planes):
    """Write the board of environment `i` as `me` sees it into `planes[i, me]` (uint8).

    A tile is one less than its symbol. `words` has a record to spare before the first and after the
    last: rows of tiles are read with what lies beside them.
    """
    to, tiles = (i * planes.shape[1] + me) * PLANE, i * RECORD + TILES
    if CELLS > AT_ONCE or s.h < HEIGHT or s.w < WIDTH:
        for y in range(HEIGHT):
            wide = s.w if y < s.h else 0
            raw.lift(planes, to + y * WIDTH, words, tiles + y * WIDTH, 0, wide, WIDTH)
    else:
        raw.lift(planes, to, words, tiles, 0, CELLS, CELLS)
    here = s.y[me] * WIDTH + s.x[me]
    for k in range(len(s.y)):
        # who is absent is drawn under the observer: no branch that cannot be foreseen
        at = s.y[k] * WIDTH + s.x[k] if s.alive[k] else here
        planes[i, me, np.uint64(at)] = FIRST_SYMBOL[k] + (s.face[k] if s.face[k] < POSES[k] else 0)
    planes[i, me, np.uint64(here)] = FIRST_SELF[me] + (s.face[me] if s.face[me] < POSES[me] else 0)


def crop(s, words, i, me, planes):
    """Write the VIEW_HEIGHT x VIEW_WIDTH cells around `me` into `planes[i, me]` (uint8); `words` as
    for `whole_board`.
    """
    to, tiles = (i * planes.shape[1] + me) * PLANE, i * RECORD + TILES
    top, left = s.y[me] - VIEW_HEIGHT // 2, s.x[me] - VIEW_WIDTH // 2
    low, high = max(-left, 0), min(VIEW_WIDTH, s.w - left)
    for r in range(VIEW_HEIGHT):
        y = top + r
        inside = 0 <= y < s.h
        start = tiles + (y * WIDTH if inside else 0) + left
        raw.lift(planes, to + r * VIEW_WIDTH, words, start, low, high if inside else 0, REACH)
    center = VIEW_HEIGHT // 2 * VIEW_WIDTH + VIEW_WIDTH // 2
    for k in range(len(s.y)):
        r, c = s.y[k] - top, s.x[k] - left
        near = s.alive[k] and 0 <= r < VIEW_HEIGHT and 0 <= c < VIEW_WIDTH
        at = r * VIEW_WIDTH + c if near else center
        planes[i, me, np.uint64(at)] = FIRST_SYMBOL[k] + (s.face[k] if s.face[k] < POSES[k] else 0)
    planes[i, me, center] = FIRST_SELF[me] + (s.face[me] if s.face[me] < POSES[me] else 0)
