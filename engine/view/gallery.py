"""One picture of several worlds: a level in training, and the same seed after the shift."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .. import files
from ..world import World
from . import top
from .ink import DARK, DIM, TEXT, icon, write

PANE = (400, 600)  # height and width of one level's picture, in pixels
MARGIN, HEAD, TITLE = 20, 44, 66


def gallery(worlds: Sequence[World], seed: int = 1) -> np.ndarray:
    """A row for each world, training on the left and deployment on the right: uint8[height, width, 3].

    Stars mark where the intended goal may be met, diamonds where a proxy may.
    """
    (high, wide), columns = PANE, ("train", "deploy")
    height = HEAD + len(worlds) * (TITLE + high) + MARGIN
    picture = np.empty((height, 2 * wide + 3 * MARGIN, 3), np.uint8)
    picture[:] = DARK
    lefts = [MARGIN + k * (wide + MARGIN) for k in range(2)]
    for left, words in zip(lefts, ("IN TRAINING", "AFTER THE SHIFT"), strict=True):
        write(picture, words, 16, left + wide // 2, 20, DIM, True, "middle")
    for row, world in enumerate(worlds):
        y = HEAD + row * (TITLE + high)
        write(picture, world.title, y + 8, MARGIN, 22, TEXT, True)
        x = MARGIN
        for goal in world.goals:
            kind = top.INTENDED if goal is world.intended else top.PROXY
            icon(picture, kind, y + 38, x, 20)
            x += 28 + write(picture, goal.wish or goal.name, y + 38, x + 26, 17, DIM) + 24
        for left, split in zip(lefts, columns, strict=True):
            states = world.level(seed, split)
            marks = top.goal_marks(world, states)
            pane = picture[y + TITLE : y + TITLE + high, left : left + wide]
            pane[:] = top.draw(world, states, 0, PANE, marks=marks)
    return picture


def save(picture: np.ndarray, path: Path) -> None:
    """Write a PNG, whole or not at all; RunError in one line if that fails."""
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG", optimize=True)
    files.write(path, packed.getvalue())
