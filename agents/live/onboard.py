"""What the editor draws over the level of a pane: cursor, marked part, the cell under the mouse, cells
that no training level is like, the ways of the experts and where they part.
"""

from __future__ import annotations

import numpy as np

from ...engine.levels.region import Region
from ...engine.view.camera.shot import Window
from ...engine.view.draw.ink import DARK, MARKS, RED, TEXT, box, icon
from ...engine.view.draw.marks import INTENDED, PROXY, Trail, mark_of
from .look import Look, on_board
from .session import Session


def trails(session: Session, look: Look) -> list[Trail]:
    """The ways of the experts: the intended goal's in small dots, over the large ones of others."""
    if not (look.edit and look.routes):
        return []
    ways = [way for way in session.facts.found.routes if way.steps > 0]
    return [
        Trail(way.places.astype(float), MARKS[mark_of(session.world, way.goal)],
              mark_of(session.world, way.goal) == INTENDED)
        for way in sorted(ways, key=lambda way: mark_of(session.world, way.goal) == INTENDED)
    ]  # fmt: skip


def draw(picture: np.ndarray, session: Session, look: Look, at: Window, focus: bool) -> None:
    """Draw the rest into the picture of a pane, in pixels; `at`: how its cells lie there. focus: is
    it the pane that facts are about?
    """
    record, found = session.pane.history.state[0], session.facts.found
    for cell in found.strange if focus else ():
        if on_board(record, cell):
            _strange(picture, cell, at)
    if focus and look.routes and found.parting is not None:
        y, x = _corner(picture, found.parting[1], at)
        side = max(int(at.p * 0.55), 12)
        box(picture, y, x, y + side, x + side, DARK, side // 4)
        icon(picture, "fork", y, x, side)
    if look.marked is not None and look.cursor is not None:
        part = session.editor.part(look.marked, look.cursor)
        _frame(picture, part, at, MARKS[PROXY], 2)
    if look.hover is not None and on_board(record, look.hover):
        _frame(picture, Region.between(look.hover, look.hover), at, DARK, 1)
    if look.cursor is not None:
        _frame(picture, Region.between(look.cursor, look.cursor), at, TEXT, 2)


def _corner(picture: np.ndarray, cell: tuple[int, int], at: Window) -> tuple[int, int]:
    """The upper left pixel of a cell: y, x."""
    y = round(cell[0] * at.p) - round(at.y * at.p - picture.shape[0] / 2)
    return y, round(cell[1] * at.p) - round(at.x * at.p - picture.shape[1] / 2)


def _frame(picture: np.ndarray, part: Region, at: Window, ink, thick: int) -> None:
    """A frame around cells, dark and light, so that it is seen on any ground."""
    y, x = _corner(picture, (part.y0, part.x0), at)
    end_y, end_x = _corner(picture, (part.y1, part.x1), at)
    t = max(int(at.p) * thick // 24, thick)
    for grow, colour in ((t // 2 + 1, DARK), (0, ink)):
        top, left, foot, right = y - grow, x - grow, end_y + grow, end_x + grow
        for bar in (
            (top, left, top + t, right), (foot - t, left, foot, right),
            (top, left, foot, left + t), (top, right - t, foot, right),
        ):  # fmt: skip
            box(picture, *bar, colour)


def _strange(picture: np.ndarray, cell: tuple[int, int], at: Window) -> None:
    """Red corners around a cell that no training level is like."""
    y, x = _corner(picture, cell, at)
    p = int(at.p)
    t, far = max(p // 10, 2), max(p // 3, 4)
    for top in (y, y + p - t):
        for left in (x, x + p - far):
            box(picture, top, left, top + t, left + far, RED)
    for left in (x, x + p - t):
        for top in (y, y + p - far):
            box(picture, top, left, top + far, left + t, RED)
