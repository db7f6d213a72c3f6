"""What an agent sees: a plane of symbols, one byte a cell.

A symbol is an index into `world.symbols`: 0 is outside the level, then come the tiles, then every
thing in each of its poses; an agent has symbols of its own for itself, so that it can tell itself
from others of its kind. Later things cover earlier ones and the observer covers all. The whole
board is copied as 64-bit words; a crop is centred on the agent. Arrays are handed on whole and
indexed here: a slice handed to a function costs an atomic reference count each way.
"""

import numpy as np

VOID = 0
# tile k is symbol k + 1, so eight cells turn into symbols with one addition
ONES = np.uint64(0x0101010101010101)


# Bound for each world when its kernels are built.
HEIGHT = WIDTH = VIEW_HEIGHT = VIEW_WIDTH = TILE_WORD = 0
# unsigned and constant, or the copy would not be vectorised (8 ns instead of 30)
VIEW_WORDS = np.uint64(0)
FIRST_SYMBOL = FIRST_SELF = POSES = np.zeros(1, np.int64)


def whole_board(s, words, i, me, planes, plane_words):
    """Write the board of environment `i` as `me` sees it into `planes[i, me]` (uint8; the memory of
    `plane_words`).
    """
    for k in range(VIEW_WORDS):
        plane_words[i, me, k] = words[i, TILE_WORD + k] + ONES
    if s.h < HEIGHT or s.w < WIDTH:
        for y in range(HEIGHT):
            for x in range(s.w if y < s.h else 0, WIDTH):
                planes[i, me, y * WIDTH + x] = VOID
    for k in range(len(s.y)):
        if s.alive[k] and k != me:
            planes[i, me, s.y[k] * WIDTH + s.x[k]] = FIRST_SYMBOL[k] + (
                s.face[k] if s.face[k] < POSES[k] else 0
            )
    planes[i, me, s.y[me] * WIDTH + s.x[me]] = FIRST_SELF[me] + (
        s.face[me] if s.face[me] < POSES[me] else 0
    )


def crop(s, i, me, planes):
    """Write the VIEW_HEIGHT x VIEW_WIDTH cells around `me` into `planes[i, me]` (uint8)."""
    top, left = s.y[me] - VIEW_HEIGHT // 2, s.x[me] - VIEW_WIDTH // 2
    for r in range(VIEW_HEIGHT):
        y, at = top + r, r * VIEW_WIDTH
        if 0 <= y < s.h:
            for c in range(VIEW_WIDTH):
                x = left + c
                tile = s.tiles[y, min(max(x, 0), WIDTH - 1)]
                planes[i, me, at + c] = tile + 1 if 0 <= x < s.w else VOID
        else:
            for c in range(VIEW_WIDTH):
                planes[i, me, at + c] = VOID
    for k in range(len(s.y)):
        r, c = s.y[k] - top, s.x[k] - left
        if s.alive[k] and k != me and 0 <= r < VIEW_HEIGHT and 0 <= c < VIEW_WIDTH:
            planes[i, me, r * VIEW_WIDTH + c] = FIRST_SYMBOL[k] + (
                s.face[k] if s.face[k] < POSES[k] else 0
            )
    center = (VIEW_HEIGHT // 2) * VIEW_WIDTH + VIEW_WIDTH // 2
    planes[i, me, center] = FIRST_SELF[me] + (s.face[me] if s.face[me] < POSES[me] else 0)
