"""The chase camera: behind an agent and above it, with what it ought to reach in front.

It stands on the far side of the agent from the intended goal, so that both are in the picture, and
farther away the farther that is; where there is no such place, behind the agent's back. It leans to
the middle of the board, and the sooner the board ends ahead, the steeper it looks down and the
closer, so that the picture is of the board and not of what lies around it. Shadows are baked once
for each arrangement of blocks. Like all cameras a pure function of what it is given; agents never
see through it. A platformer is shown from its side (`slab`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..draw.cells import seen_from_the_side
from ..draw.marks import INTENDED, goal_marks
from . import slab, top
from .eyes import look_of
from .gaze import FALLBACK, Gaze, between
from .landscape import Stand, landscape
from .registry import Camera
from .shot import Shot, Window

if TYPE_CHECKING:
    from ...world import World

NEAREST, PULLED, FARTHEST = 4.0, 0.2, 14.0  # cells behind the agent, and more for each to the goal
STEEP = 1.15  # height of the eye above the floor, as a share of that, at least
# How much more of the picture the board may fill, and what of that a steeper look does.
MOST, SHARED = 2.1, 0.6
AGENT, SKY = 0.8, 0.1  # rows of the agent's foot and, at least, of the horizon, as shares
EDGE = 0.2  # the row of the board's far edge: how steep the eye looks hangs on it
ASIDE = np.array([-0.45, 0.0, 0.45])  # radians from straight ahead, where that edge is looked for
NARROW = 1.25  # a pane higher than this times its width sees no nearer
LEAN = 0.45  # how much the way the agent looks counts beside the way to its goal
INWARD = 0.6  # and the way to the middle of the board, at its edge; twice that if there is no goal
AHEAD = 4.0  # cells to the goal if there is none
AROUND = (98, 138, 150)  # the colour of what lies around the level
SIGN = 0.034  # width of a goal's mark, at least, as a share of the height
USUAL = 64  # pixels a cell, in name: what a zoom is measured by


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Pixels of a cell: for what is no platformer a number that stands for the usual distance."""
    return top.scale(world, h, w, size) if seen_from_the_side(world) else USUAL


def window(
    world: World, record: np.record, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """The window of a pane that follows (y, x)."""
    if seen_from_the_side(world):
        return top.window(world, record, size, y, x, p)
    return Window(p or USUAL, y, x)


def draw(shot: Shot) -> np.ndarray:
    """The picture: uint8[height, width, 3], a new array."""
    world, (before, now, fraction) = shot.world, shot.ends
    if seen_from_the_side(world):
        return slab.draw(shot)
    gaze = shot.gaze or between(
        heading(world, before, shot.focus), heading(world, now, shot.focus), fraction
    )
    rows, columns = shot.size
    back = min(NEAREST + PULLED * gaze.reach, FARTHEST)
    if shot.at is not None:
        back *= USUAL / shot.at.p
    tall = min(rows, NARROW * columns)
    focal, foot = (AGENT - SKY) * tall / STEEP, shot.places[shot.focus] + 0.5
    ahead = _ahead(foot, gaze, (int(now.h), int(now.w)))
    # the edge is seen (1 - back / (back + ahead)) of the way from the agent's foot to the horizon
    more = (AGENT - EDGE) / (AGENT - SKY) * (back + ahead) / max(ahead, 0.1)
    more = min(max(more, 1.0), MOST)
    steep, focal = STEEP * more**SHARED, focal * more ** (1 - SHARED)
    y, x = (foot - back * np.array(gaze[:2])).tolist()
    return landscape(
        shot,
        Stand(
            y, x, steep * back, gaze, focal, AGENT * rows - steep * focal, back + 1.0, AROUND, 1.0,
            SIGN * tall,
        ),
    )  # fmt: skip


def _ahead(foot: np.ndarray, gaze: Gaze, board: tuple[int, int]) -> float:
    """Cells from `foot` to where the board ends ahead, the mean of some ways there."""
    turned = np.arctan2(gaze.y, gaze.x) + ASIDE
    ways = np.stack([np.sin(turned), np.cos(turned)], 1)
    room = np.where(ways > 0, np.array(board) - foot, foot)
    return float(np.mean(np.min(room / np.maximum(np.abs(ways), 1e-6), 1)))


def heading(world: World, record: np.record, me: int) -> Gaze:
    """Which way the camera looks in a state: to where the intended goal may be met, the nearer
    place the more, leaning to where the agent looks and to the middle of the board; and how many
    cells away that is.
    """
    if seen_from_the_side(world):
        return FALLBACK
    ahead = look_of(world, record, me)
    here = np.array([record.y[me], record.x[me]], float)
    half = np.array([record.h, record.w], float) / 2
    inward = (INWARD * (half - here - 0.5) / half.max()).tolist()
    cells = [
        mark.cells
        for mark in goal_marks(world, np.asarray(record).reshape(1).view(np.recarray))
        if mark.shape == INTENDED
    ]
    away = np.zeros((0, 2))
    if cells:
        away = np.concatenate(cells).astype(float) - here
        away = away[(away != 0).any(1)]
    if not len(away):
        return _unit(ahead.y + 2 * inward[0], ahead.x + 2 * inward[1], AHEAD, ahead)
    near = 1.0 / (0.5 + np.hypot(away[:, 0], away[:, 1])) ** 3
    y, x = ((away * near[:, None]).sum(0) / near.sum()).tolist()
    reach = float(np.hypot(y, x))
    # close by, the way to it swings: there the agent's own counts more
    share, scale = LEAN + max(0.0, 1.5 - reach), max(reach, 1e-9)
    y, x = y / scale + share * ahead.y, x / scale + share * ahead.x
    return _unit(y + inward[0], x + inward[1], reach, ahead)


def _unit(y: float, x: float, reach: float, ahead: Gaze) -> Gaze:
    """That way, or ahead where it is none."""
    long = float(np.hypot(y, x))
    return Gaze(ahead.y, ahead.x, reach) if long < 1e-3 else Gaze(y / long, x / long, reach)


CAMERA = Camera("from behind and above", draw, scale, window, heading=heading)
