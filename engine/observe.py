"""What an agent sees: a plane of symbols, one byte a cell.

A symbol is an index into `world.symbols`: 0 is outside the level, then come the tiles, then every thing in each of its
poses, then the agents' own poses as seen by themselves, so an agent can tell itself from another. Later things cover
earlier ones and the observer covers all. The whole board is copied as 64-bit words; a crop is centred on the agent.
"""

import numpy as np

from .jit import rule

VOID = 0
ONES = np.uint64(0x0101010101010101)  # tile k is symbol k + 1, so eight cells turn into symbols with one addition


@rule
def symbol(s, k, me, first_symbol, first_self, poses):
    """The symbol of thing `k` as `me` sees it."""
    face = s.face[k] if s.face[k] < poses[k] else 0
    return (first_self[k] if k == me else first_symbol[k]) + face


@rule
def whole_board(s, row, me, plane, plane_words, n_cells, first_symbol, first_self, poses, tile_word, height, width):
    """Write the board as `me` sees it into `plane` (uint8[>= h*w], the same memory as `plane_words`)."""
    if s.h == height and s.w == width:
        for k in range(len(plane_words)):
            plane_words[k] = row[tile_word + k] + ONES
    else:
        for k in range(len(plane_words)):
            plane_words[k] = np.uint64(VOID)
        for y in range(s.h):
            for x in range(s.w):
                plane[y * width + x] = s.tiles[y, x] + 1
    for k in range(len(s.y)):
        if s.alive[k] and k != me:
            plane[s.y[k] * width + s.x[k]] = symbol(s, k, me, first_symbol, first_self, poses)
    plane[s.y[me] * width + s.x[me]] = symbol(s, me, me, first_symbol, first_self, poses)


@rule
def crop(s, me, plane, view_height, view_width, first_symbol, first_self, poses):
    """Write the view_height x view_width cells around `me` into `plane` (uint8[>= view_height*view_width])."""
    top, left = s.y[me] - view_height // 2, s.x[me] - view_width // 2
    first, last = max(0, -left), min(view_width, s.w - left)
    for r in range(view_height):
        y, at = top + r, r * view_width
        if 0 <= y < s.h:
            for c in range(first):
                plane[at + c] = VOID
            for c in range(first, last):
                plane[at + c] = s.tiles[y, left + c] + 1
            for c in range(max(last, 0), view_width):
                plane[at + c] = VOID
        else:
            for c in range(view_width):
                plane[at + c] = VOID
    for k in range(len(s.y)):
        r, c = s.y[k] - top, s.x[k] - left
        if s.alive[k] and k != me and 0 <= r < view_height and 0 <= c < view_width:
            plane[r * view_width + c] = symbol(s, k, me, first_symbol, first_self, poses)
    plane[(view_height // 2) * view_width + view_width // 2] = symbol(s, me, me, first_symbol, first_self, poses)
