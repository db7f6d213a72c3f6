"""A counterfactual as one picture: two levels side by side, what differs, and where the agent goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....engine import state
from ....engine.state import RUNNING
from ....engine.vector import Vec
from ....engine.view.camera import top
from ....engine.view.camera.shot import Shot, Window
from ....engine.view.draw.ink import DARK, SIDES, icon
from ....engine.view.draw.marks import Trail, frame_art, goal_marks
from ....engine.world import World
from ...policies.policy import Policy

WIDE, GAP, HEAD = 560, 28, 76  # pixels: of a board, around it, and of the sign above it
SIGNS = ("tick", "cross")


def picture(world: World, agent: Policy, right: np.recarray, wrong: np.recarray) -> np.ndarray:
    """The level on which the agent is right and the one on which it is wrong: uint8[height, width,
    3].

    Cells that differ are framed. A trail of dots leads to where the agent ended, drawn faintly.
    """
    p = WIDE // max(int(right.w[0]), int(wrong.w[0]))
    cells = changed(world, right, wrong)
    boards = [board(world, *walked(world, agent, one), one, cells, p) for one in (right, wrong)]
    tall = max(drawn.shape[0] for drawn in boards)
    frame = np.empty((HEAD + tall + GAP, GAP + sum(b.shape[1] + GAP for b in boards), 3), np.uint8)
    frame[:] = DARK
    x = GAP
    for drawn, sign in zip(boards, SIGNS, strict=True):
        frame[HEAD : HEAD + drawn.shape[0], x : x + drawn.shape[1]] = drawn
        icon(frame, sign, 10, x + drawn.shape[1] // 2 - (HEAD - 20) // 2, HEAD - 20)
        x += drawn.shape[1] + GAP
    return frame


def changed(world: World, one: np.recarray, other: np.recarray) -> list[tuple[int, int]]:
    """The cells on which two levels (batches of one) differ, by their tiles or by what stands
    there.
    """
    a, b = one[0], other[0]
    cells = {(y, x) for y, x in np.argwhere(a.tiles != b.tiles).tolist()}
    for k in range(world.entities):
        here, there = ((int(s.y[k]), int(s.x[k]), int(s.alive[k])) for s in (a, b))
        if here != there:
            cells |= {(y, x) for y, x, alive in (here, there) if alive}
    return sorted(cells)


def board(
    world: World,
    path: np.ndarray,
    end: np.recarray,
    level: np.recarray,
    cells: Sequence[tuple[int, int]],
    p: int,
) -> np.ndarray:
    """The level at `p` pixels a cell, with these cells framed, and what was `walked` there."""
    h, w = int(level.h[0]), int(level.w[0])
    trails = [Trail(path[:, k], SIDES[k % len(SIDES)], faint=False) for k in range(world.learners)]
    shot = Shot(
        world,
        level[0],
        (h * p, w * p),
        at=Window(p, h / 2, w / 2),
        trails=trails,
        marks=goal_marks(world, level),
        ghost=end[0],
        over=[(frame_art(p), y, x) for y, x in cells],
    )
    return top.draw(shot)


def walked(world: World, agent: Policy, level: np.recarray) -> tuple[np.ndarray, np.recarray]:
    """Where each learner went in one episode, int64[T, L, 2], and the last state."""
    vec = Vec(world, 1, autoreset="off")
    obs, fresh = vec.start_from(level), np.ones(1, np.bool_)
    agent.start(1, world.learners)
    path = []
    while True:
        path.append(np.stack([vec.states.y[0], vec.states.x[0]], -1)[: world.learners])
        if vec.states["ended"][0] != RUNNING:
            return np.array(path), state.copy(vec.states)
        obs = vec.step(agent.act(obs, vec.states, fresh))[0]
        fresh = np.zeros(1, np.bool_)
