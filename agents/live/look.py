"""How a session is looked at: what the window adds to it, and the parts of a picture that can be
clicked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import keys

if TYPE_CHECKING:
    from .form import Form
    from .lesson import Lesson

ASKED = {"plan", "value", "arrows", "saliency"}  # overlays that a policy has to be asked for
# overlays that lie on cells, seen from above
FLAT = {"value", "arrows", "visits", "saliency", "events"}
ZOOMS = (-4, 8)  # steps of zoom, each a quarter more


@dataclass
class Look:
    """How the session is looked at: all that is the window's own."""

    camera: str = "top"
    shown: set[str] = field(default_factory=lambda: {"trail", "marks", "ghost"})
    larger: float = 1.0  # how much larger than usual everything is drawn
    presents: bool = False  # for a hall: the panes, and what is to be said of them
    inset: bool = False
    panel: bool = True
    help: bool = False
    page: int = 0  # of the help, where the window is too small for one
    auto: bool = False  # on to the next level once one is over
    again: bool = False  # then the same one once more
    lesson: Lesson | None = None  # a training that is watched
    edit: bool = False
    brush: int = 0  # a tile, or after them a kind of thing
    cursor: tuple[int, int] | None = None  # the cell that is edited by keys
    marked: tuple[int, int] | None = None  # the other corner of a part of the board
    hover: tuple[int, int] | None = None  # the cell under the mouse
    routes: bool = True  # are the experts' ways drawn while one edits?
    form: Form | None = None  # what is asked
    zoom: int = 0
    turn: int = 0  # quarter turns of a model
    scroll: int = 0  # sliders that are scrolled away
    motion: bool = True  # things slide from cell to cell
    contrast: bool = False  # words white, grounds black
    editor: tuple[keys.Key, ...] = keys.EDITOR
    keys: tuple[keys.Key, ...] = keys.KEYS

    def letters(self) -> Mapping[str, str]:
        """What to press for each action."""
        return keys.letters(self.keys)


@dataclass(frozen=True)
class Spot:
    """A rectangle that can be clicked: pixels y0, x0, y1, x1; what it is, and which one (the name of
    an action, the number of a tile).
    """

    y0: int
    x0: int
    y1: int
    x1: int
    kind: str
    which: Any = None

    def holds(self, y: int, x: int) -> bool:
        """Does the point lie in it?"""
        return self.y0 <= y < self.y1 and self.x0 <= x < self.x1


@dataclass(frozen=True)
class Track(Spot):
    """A slider, or the timeline: from pixel `left` to `right` values go from `low` to `high`."""

    left: int = 0
    right: int = 1
    low: float = 0.0
    high: float = 1.0

    def value(self, x: int) -> float:
        """The value at a column of the window."""
        share = (x - self.left) / max(self.right - self.left, 1)
        return self.low + (self.high - self.low) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Area(Spot):
    """The picture of a pane, and how its cells lie in it (see `Window`); `p` 0: cells cannot be
    pointed at.
    """

    p: float = 0
    y: float = 0.0
    x: float = 0.0

    def cell(self, y: int, x: int) -> tuple[int, int] | None:
        """The cell at a pixel of the window."""
        if not self.p:
            return None
        high, wide = self.y1 - self.y0, self.x1 - self.x0
        return (
            math.floor((y - self.y0 + round(self.y * self.p - high / 2)) / self.p),
            math.floor((x - self.x0 + round(self.x * self.p - wide / 2)) / self.p),
        )


def on_board(record: np.record, cell: tuple[int, int]) -> bool:
    """Whether a cell (y, x) is one of the level's."""
    return 0 <= cell[0] < record.h and 0 <= cell[1] < record.w
