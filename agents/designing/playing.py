"""The episode of a walking expert, played on a copy of a record in compiled code: see `survey`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.grid import DX, DY
from ...engine.state import RUNNING
from ..policies.expert import flood
from ..policies.search import nowhere, score_of

# What `specialise` binds for each world.
plan: Any = nowhere
act: Any = None
LEARNERS = 0
STATIC = False
MOVE = np.zeros(5, np.int64)
ONCE = np.zeros(1)
KEPT = np.zeros((1, 1, 2), np.int64)  # see `survey.looked_at_by`
WEIGHTS = np.zeros((1, 1))


def total(s, goal):
    """What the learners have scored so far, on average."""
    points = 0.0
    for me in range(LEARNERS):
        points += score_of(s, goal, me)
    return points / LEARNERS


def known_way(came, cell, path):
    """Write the way that `flood` found to `cell` into `path`, its last cell first; returns how many
    steps it has, -1 where there is none.
    """
    steps = -1
    while cell >= 0:
        steps += 1
        path[steps] = cell
        cell = came[cell]
    return steps


def heading(path, left, width):
    """The direction of the next step, `left` before the end; 0 at the end, -1 without a way."""
    for direction in range(1, 5):
        if left > 0 and path[left - 1] - path[left] == DY[direction] * width + DX[direction]:
            return direction
    return min(left, 0)


def same_board(words, board, goal):
    """Is what the goal's rules look at in the record `words` (uint64[1, words]) as it is in `board`?"""
    changed = np.uint64(0)
    for span in range(KEPT.shape[1]):
        for k in range(KEPT[goal, span, 0], KEPT[goal, span, 1]):
            changed |= words[0, k] ^ board[k]
    return changed == np.uint64(0)


def play(
    s, words, p, goal, wanted, acts, entry, queue, first, seen, mark, taken, way, path, board
):  # fmt: skip
    """Play the goal's expert to the end of the episode; returns what that earns of the goal
    `wanted`. `words` is the record `s`.

    Writes its own score, and the steps until that last changed, into `way`, and its actions into
    `taken`. Stops where nothing more can come of it. A single walker keeps to the way that it found
    while nothing changes that its goal looks at (KEPT): of ways as short, a flood takes the one
    whose directions come first, and so it would find the rest of it again.
    """
    width = s.tiles.shape[1]
    most = 0.0
    for e in range(WEIGHTS.shape[1]):
        most += max(WEIGHTS[goal, e], 0.0)
    way.score = total(s, goal)
    way.steps = 0
    t = left = 0
    keeps = False
    while s.ended == RUNNING:
        lost = True
        for me in range(LEARNERS):
            action = plan(goal, s, p, me)
            if action < 0:
                here = s.y[me] * width + s.x[me]
                known = keeps and left > 1 and path[left - 1] == here
                if known and same_board(words, board, goal):
                    left -= 1
                else:
                    left = -1
                    for caution in (2, 1, 0):
                        if left < 0:
                            mark[0] += 1
                            cell = flood(s, p, goal, me, caution, queue, first, seen, mark[0])
                            left = known_way(first, cell, path)
                            # who walks over what is avoided may find a better way on the way
                            keeps = LEARNERS == 1 and KEPT[goal, 0, 0] >= 0 and caution > 0
                    if keeps:
                        for k in range(words.shape[1]):
                            board[k] = words[0, k]
                action = MOVE[max(heading(path, left, width), 0)]
                lost = lost and left < 0
            else:
                lost = False
            acts[0, me] = action
            taken[t, me] = action
        if STATIC and lost:
            break
        act(s, p, acts, 0, entry[0])
        t += 1
        now = total(s, goal)
        if now != way.score:
            way.score = now
            way.steps = t
        if STATIC and ONCE[goal] and now >= most:
            break
    return total(s, wanted)
