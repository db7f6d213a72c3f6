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
from . import difficulty

# pixels: of a sheet, between levels, of a caption, of the title
WIDE, GAP, LINE, HEAD = 1400, 14, 20, 40
SMALL, LARGE, COLUMNS = 8, 32, 8  # pixels of a cell, at least and most; levels in a row, at most
MOST = 64  # levels on one sheet
CHART = 960  # pixels of the curve on a page, from left to right
Curve = tuple[np.ndarray, np.ndarray, np.ndarray]  # as `difficulty.chart` takes it


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


def sheet(
    world: World,
    states: np.recarray,
    captions: Sequence[str],
    title: str,
    curve: Curve | None = None,
) -> np.ndarray:
    """The levels in rows, each with its caption, below the curve of how hard they are:
    uint8[height, width, 3].
    """
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
    if curve is None:
        return picture
    drawn, gap = difficulty.chart(*curve, picture.shape[1]), picture[:GAP].copy()
    gap[:] = DARK
    return np.concatenate([picture[:HEAD], drawn, gap, picture[HEAD:]])


def page(
    world: World,
    states: np.recarray,
    captions: Sequence[str],
    title: str,
    curve: Curve | None = None,
) -> str:
    """The same as HTML that needs nothing else: the pictures are in it, and it can load nothing."""
    _, p = arranged(states)
    pictures = [image(png(portrait(world, states, i, p)), "png") for i in range(len(captions))]
    figures = list(zip(pictures, captions, strict=True))
    if curve is not None:
        drawn = image(png(difficulty.chart(*curve, CHART)), "png")
        figures.insert(0, (drawn, "how hard they are, in this order"))
    return render("engine/view/sheets/contact.html.j2", title=title, figures=figures)


def save(
    world: World,
    states: np.recarray,
    captions: Sequence[str],
    title: str,
    path: Path,
    curve: Curve | None = None,
) -> None:
    """Write a sheet (.png) or a page (.html), whole or not at all."""
    if path.suffix == ".html":
        files.write(path, page(world, states, captions, title, curve).encode())
        return
    files.write(path, png(sheet(world, states, captions, title, curve)))
