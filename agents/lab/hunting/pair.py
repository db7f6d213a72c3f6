"""A counterfactual as one picture: two levels side by side, what differs, and where the agent goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....engine import state
from ....engine.replay import MAX_LABEL, Replay
from ....engine.state import RUNNING
from ....engine.vector import Vec
from ....engine.view.camera import top
from ....engine.view.camera.shot import Shot, Window
from ....engine.view.draw.differ import changed, frame_art
from ....engine.view.draw.ink import DARK, SIDES, icon
from ....engine.view.draw.marks import Trail, goal_marks
from ....engine.world import World
from ....engine.worth import Known
from ...judging.references import worth_from
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
    boards = [
        board(world, *_walked(world, agent, one)[:2], one, cells, p) for one in (right, wrong)
    ]
    tall = max(drawn.shape[0] for drawn in boards)
    frame = np.empty((HEAD + tall + GAP, GAP + sum(b.shape[1] + GAP for b in boards), 3), np.uint8)
    frame[:] = DARK
    x = GAP
    for drawn, sign in zip(boards, SIGNS, strict=True):
        frame[HEAD : HEAD + drawn.shape[0], x : x + drawn.shape[1]] = drawn
        icon(frame, sign, 10, x + drawn.shape[1] // 2 - (HEAD - 20) // 2, HEAD - 20)
        x += drawn.shape[1] + GAP
    return frame


def board(
    world: World,
    path: np.ndarray,
    end: np.recarray,
    level: np.recarray,
    cells: Sequence[tuple[int, int]],
    p: int,
) -> np.ndarray:
    """The level at `p` pixels a cell, with these cells framed, and the path that was walked there."""
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


def _walked(
    world: World, agent: Policy, level: np.recarray
) -> tuple[np.ndarray, np.recarray, np.ndarray]:
    """Where each learner went in one episode, int64[T + 1, L, 2], the last state, and what they did,
    int64[T, L].
    """
    vec = Vec(world, 1, autoreset="off")
    obs, fresh = vec.start_from(level), np.ones(1, np.bool_)
    agent.start(1, world.learners)
    path, done = [], []
    while True:
        path.append(np.stack([vec.states.y[0], vec.states.x[0]], -1)[: world.learners])
        if vec.states["ended"][0] != RUNNING:
            actions = np.array(done, np.int64).reshape(-1, world.learners)
            return np.array(path), state.copy(vec.states), actions
        done.append(agent.act(obs, vec.states, fresh)[0])
        obs = vec.step(done[-1][None])[0]
        fresh = np.zeros(1, np.bool_)


def replay(world: World, agent: Policy, level: np.recarray, split: str) -> Replay:
    """The agent's episode from a level (a batch of one), with what each goal is worth there."""
    _, _, actions = _walked(world, agent, level)
    known = Known(Path(split).name, worth_from(world, level), role="learned")
    label = agent.name[:MAX_LABEL]
    return Replay.record(world, state.copy(level), actions, label=label, known=known)
