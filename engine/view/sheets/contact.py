"""Contact sheets: many levels on one picture, or on one page of HTML, each with a line below it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import files
from ...world import World
from ..camera import top
from ..camera.shot import Shot, Window
from ..draw.ink import DARK, DIM, TEXT, png, write
from ..draw.marks import goal_marks
from ..html import image, render

# pixels: of a sheet, between levels, of a caption, of the title
WIDE, GAP, LINE, HEAD = 1400, 14, 20, 40
SMALL, LARGE, COLUMNS = 8, 32, 8  # pixels of a cell, at least and most; levels in a row, at most
MOST = 64  # levels on one sheet


def portrait(world: World, states: np.recarray, i: int, p: int) -> np.ndarray:
    """All of level i at `p` pixels a cell, with its goal marks."""
    h, w = int(states[i].h), int(states[i].w)
    marks = goal_marks(world, states, i)
    return top.draw(Shot(world, states[i], (h * p, w * p), at=Window(p, h / 2, w / 2), marks=marks))


def arranged(states: np.recarray) -> tuple[int, int]:
    """Levels in a row, and pixels a cell, for a sheet of these levels."""
    widest = int(states.w.max())
    columns = min(max(WIDE // (widest * SMALL + GAP), 1), COLUMNS, len(states))
    fitting = min((WIDE - GAP) // columns - GAP, 600) // widest
    return columns, min(max(fitting, 1), LARGE)


def sheet(world: World, states: np.recarray, captions: Sequence[str], title: str) -> np.ndarray:
    """The levels in rows, each with its caption: uint8[height, width, 3]."""
    columns, p = arranged(states)
    tall, wide = int(states.h.max()) * p, int(states.w.max()) * p
    rows = -(-len(states) // columns)
    width = GAP + columns * (wide + GAP)
    picture = np.empty((HEAD + rows * (tall + LINE + GAP) + GAP, max(width, 480), 3), np.uint8)
    picture[:] = DARK
    write(picture, title, 10, GAP, 18, TEXT, True, width=picture.shape[1] - 2 * GAP)
    for i, caption in enumerate(captions):
        y, x = HEAD + i // columns * (tall + LINE + GAP), GAP + i % columns * (wide + GAP)
        drawn = portrait(world, states, i, p)
        picture[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
        write(picture, caption, y + tall + 3, x, 12, DIM, width=wide)
    return picture


def page(world: World, states: np.recarray, captions: Sequence[str], title: str) -> str:
    """The same as HTML that needs nothing else: the pictures are in it, and it can load nothing."""
    _, p = arranged(states)
    pictures = [image(png(portrait(world, states, i, p)), "png") for i in range(len(captions))]
    return render(
        "engine/view/sheets/contact.html.j2",
        title=title,
        figures=list(zip(pictures, captions, strict=True)),
    )


def save(
    world: World, states: np.recarray, captions: Sequence[str], title: str, path: Path
) -> None:
    """Write a sheet (.png) or a page (.html), whole or not at all."""
    if path.suffix == ".html":
        files.write(path, page(world, states, captions, title).encode())
        return
    files.write(path, png(sheet(world, states, captions, title)))
