"""What an agent sees: a plane of symbols, one byte a cell.

A symbol is an index into `world.symbols`: 0 is outside the level, then come the tiles, then every thing in each of its
poses; an agent has symbols of its own for itself, so that it can tell itself from others of its kind. Later things
cover earlier ones and the observer covers all. The whole board is copied as 64-bit words; a crop is centred on the
agent.
Arrays are handed on whole and indexed here: a slice handed to a function costs an atomic reference count each way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .world import World

VOID = 0
ONES = np.uint64(0x0101010101010101)  # tile k is symbol k + 1, so eight cells turn into symbols with one addition


# Bound for each world when its kernels are built.
HEIGHT = WIDTH = VIEW_HEIGHT = VIEW_WIDTH = TILE_WORD = 0
VIEW_WORDS = np.uint64(0)  # unsigned and constant, or the copy would not be vectorised (8 ns instead of 30)
RESIZES = False
FIRST_SYMBOL = FIRST_SELF = POSES = np.zeros(1, np.int64)


def whole_board(s, words, i, me, planes, plane_words):
    """Write the board of environment `i` as `me` sees it into `planes[i, me]` (uint8; the memory of `plane_words`)."""
    for k in range(VIEW_WORDS):
        plane_words[i, me, k] = words[i, TILE_WORD + k] + ONES
    if RESIZES and (s.h < HEIGHT or s.w < WIDTH):
        for y in range(HEIGHT):
            for x in range(s.w if y < s.h else 0, WIDTH):
                planes[i, me, y * WIDTH + x] = VOID
    for k in range(len(s.y)):
        if s.alive[k] and k != me:
            planes[i, me, s.y[k] * WIDTH + s.x[k]] = FIRST_SYMBOL[k] + (s.face[k] if s.face[k] < POSES[k] else 0)
    planes[i, me, s.y[me] * WIDTH + s.x[me]] = FIRST_SELF[me] + (s.face[me] if s.face[me] < POSES[me] else 0)


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
            planes[i, me, r * VIEW_WIDTH + c] = FIRST_SYMBOL[k] + (s.face[k] if s.face[k] < POSES[k] else 0)
    center = (VIEW_HEIGHT // 2) * VIEW_WIDTH + VIEW_WIDTH // 2
    planes[i, me, center] = FIRST_SELF[me] + (s.face[me] if s.face[me] < POSES[me] else 0)


def planes(world: World, states: np.ndarray) -> np.ndarray:
    """What every learner of every state would observe: uint8[N, L, vh, vw], as `Vec.obs`, for states of any making."""
    s, n = states.view(np.ndarray), len(states)
    (height, width), (vh, vw), each = world.size, world.view, np.arange(n)
    outside = (np.arange(height)[None, :, None] >= s["h"][:, None, None]) | (
        np.arange(width)[None, None, :] >= s["w"][:, None, None]
    )
    board = np.where(outside, np.uint8(VOID), s["tiles"] + np.uint8(1))
    seen = np.zeros((n, world.learners, vh, vw), np.uint8)
    for me in range(world.learners):
        mine = board.copy()
        for k in (*range(me), *range(me + 1, world.entities), me):
            face = np.where(s["face"][:, k] < world.told_poses[k], s["face"][:, k], 0)
            first = world.first_self[k] if k == me else world.first_symbol[k]
            there = each if k == me else each[s["alive"][:, k] != 0]
            mine[there, s["y"][there, k], s["x"][there, k]] = (first + face)[there]
        if world.centred:
            padded = np.pad(mine, ((0, 0), (vh, vh), (vw, vw)))
            rows = s["y"][:, me, None] - vh // 2 + np.arange(vh) + vh
            columns = s["x"][:, me, None] - vw // 2 + np.arange(vw) + vw
            mine = padded[each[:, None, None], rows[:, :, None], columns[:, None, :]]
        seen[:, me] = mine
    return seen
