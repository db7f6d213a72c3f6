"""The iso camera: the level as a model on a table, seen over one of its corners from far away.

"Up" the board is to the upper right; quarter turns show it from its other corners. The model fills
its pane: a high one sees it from more above. What is too large to be made out follows the agent. A
platformer is shown from its side, as a slab with tops and flanks. Like all cameras a pure function
of states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..draw.cells import seen_from_the_side
from . import slab, top
from .gaze import Gaze
from .landscape import RISE, Stand, landscape
from .registry import Camera
from .relief import BASE
from .shot import Shot, Window

if TYPE_CHECKING:
    from ...world import World

LARGEST, FITTING, SCROLLING = 160, 16, 30  # pixels of a cell: at most; at least; when following
FLAT, STEEP = 0.6, 1.3  # how high the camera stands, as a share of its distance
AWAY = 7.0  # its distance, in diagonals of the level
FILLED = 0.96  # of the pane
BIG = 1.25  # how much larger than life things stand
TABLE = (56, 62, 96)  # the colour of the table
DIAGONAL = 0.5**0.5


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Pixels of a cell of an h x w level in a pane (height, width)."""
    if seen_from_the_side(world):
        return top.scale(world, h, w, size)
    across = (h + w) * DIAGONAL
    fits = FILLED * min(size[1] / across, size[0] / (FLAT * across + BASE + RISE + 0.4))
    return int(min(fits, LARGEST)) if fits >= FITTING else SCROLLING


def window(
    world: World, record: np.record, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """The window of a pane that follows (y, x), or centres all of the level if that fits."""
    if seen_from_the_side(world):
        return top.window(world, record, size, y, x, p)
    h, w = int(record.h), int(record.w)
    fits = scale(world, h, w, size)
    p = p or fits
    across = (h + w) * DIAGONAL
    if p * across <= size[1] and p * (FLAT * across + BASE + RISE) <= size[0]:
        return Window(p, h / 2, w / 2)
    return Window(p, y + 0.5, x + 0.5)


def draw(shot: Shot) -> np.ndarray:
    """The picture: uint8[height, width, 3], a new array."""
    if seen_from_the_side(shot.world):
        return slab.draw(shot)
    at = shot.at or window(shot.world, shot.now, shot.size, *shot.places[shot.focus].tolist())
    return landscape(shot, _stand(shot, at))


def _stand(shot: Shot, at: Window) -> Stand:
    """Where the camera stands so as to see cells `at.p` pixels wide around the middle."""
    rows = shot.size[0]
    across = (int(shot.now.h) + int(shot.now.w)) * DIAGONAL
    y, x = -DIAGONAL, -DIAGONAL
    for _ in range(shot.turn % 4):
        y, x = x, -y
    # as steep as fills the height
    steep = (FILLED * rows / at.p - BASE - RISE - 0.4) / across
    steep = min(max(steep, FLAT), STEEP)
    far, p = AWAY * across, float(at.p)
    middle = rows / 2 - (RISE / 2 - BASE / 2) * 0.5 * p
    return Stand(
        at.y - far * y, at.x - far * x, steep * far, Gaze(y, x, 0.0), p * far,
        middle - steep * far * p, 1e9, shot.surround or TABLE, BIG, max(16.0, 0.4 * p),
    )  # fmt: skip


CAMERA = Camera("as a model", draw, scale, window)
