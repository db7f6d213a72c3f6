"""One picture of several worlds: a level in training, and the same seed after the shift."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ... import files
from ...vector import level_of
from ...world import World
from ..camera import registry
from ..camera.shot import Shot
from ..draw.ink import DARK, DIM, TEXT, icon, png, write
from ..draw.marks import goal_marks, mark_of

MARGIN, HEAD = 20, 44


class Format(NamedTuple):
    """How large a gallery is drawn: sizes in pixels, and how many worlds stand side by side."""

    pane: tuple[int, int]  # height and width of one level's picture
    title: int  # height of the lines above a level
    letters: int  # height of the world's name; wishes are four fifths of it
    across: int


TRIES = 16  # seeds that are looked at for a level which the shift changes

FEW, MANY = Format((400, 600), 66, 22, 1), Format((216, 300), 78, 20, 3)


def gallery(worlds: Sequence[World], seed: int = 1, camera: str = "top") -> np.ndarray:
    """A pair of pictures for each world, in training and after the shift: uint8[height, width, 3].

    `camera` is the name of one. The levels are those of the first seed from `seed` on that the shift
    changes to the eye, where one does. Stars mark where the intended goal may be met, diamonds where
    a proxy may.
    """
    form = FEW if len(worlds) <= 4 else MANY
    (high, wide), across = form.pane, form.across
    block = 2 * wide + 2 * MARGIN
    height = HEAD + -(-len(worlds) // across) * (form.title + high) + MARGIN
    picture = np.empty((height, across * block + MARGIN, 3), np.uint8)
    picture[:] = DARK
    for k in range(2 * across):
        words, left = (
            ("IN TRAINING", "AFTER THE SHIFT")[k % 2],
            MARGIN + k // 2 * block + k % 2 * (wide + MARGIN),
        )
        write(picture, words, 16, left + wide // 2, form.letters - 2, DIM, True, "middle")
    for k, world in enumerate(worlds):
        y, left = HEAD + k // across * (form.title + high), MARGIN + k % across * block
        write(picture, world.title, y + 8, left, form.letters, TEXT, True)
        wishes(
            picture,
            world,
            y + form.letters + 16,
            left,
            left + block - MARGIN,
            form.letters * 4 // 5,
        )
        panes = _pair(world, seed, camera, form.pane)
        for column, pane in enumerate(panes):
            x = left + column * (wide + MARGIN)
            picture[y + form.title : y + form.title + high, x : x + wide] = pane
    return picture


def _pair(world: World, seed: int, camera: str, size: tuple[int, int]) -> list[np.ndarray]:
    """A level in training and after the shift, of the first seed for which they look different."""
    draw, found = registry.camera(camera).draw, []
    for k in range(TRIES):
        found.append(
            [
                draw(Shot(world, states[0], size, marks=goal_marks(world, states)))
                for states in (level_of(world, seed + k, split) for split in ("train", "deploy"))
            ]
        )
        if (found[-1][0] != found[-1][1]).any():
            return found[-1]
    return found[0]


def wishes(picture: np.ndarray, world: World, y: int, left: int, right: int, letters: int) -> None:
    """What each goal wants, with its mark, on one line or on two; what finds no room is left
    out.
    """
    x = left
    for goal in world.goals:
        words = goal.wish or goal.name
        kind = mark_of(world, goal)
        room = letters + 9 + letters * 11 // 20 * len(words)
        if x > left and x + room > right:
            x, y = left, y + letters + 5
            left = right  # no third line
        if x >= right:
            return
        icon(picture, kind, y, x, letters + 3)
        x += letters + 11 + write(picture, words, y, x + letters + 9, letters, DIM) + 24


def save(picture: np.ndarray, path: Path) -> None:
    """Write a PNG, whole or not at all; RunError in one line if that fails."""
    files.write(path, png(picture))
