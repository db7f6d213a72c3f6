"""What the parts of the window are drawn on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .look import Look, Spot
from .session import Session


class Rect(NamedTuple):
    """A part of the window: pixels from row y0 to before y1, and from column x0 to before x1."""

    y0: int
    x0: int
    y1: int
    x1: int

    @property
    def high(self) -> int:
        """Pixels from top to bottom."""
        return self.y1 - self.y0

    @property
    def wide(self) -> int:
        """Pixels from left to right."""
        return self.x1 - self.x0


@dataclass(frozen=True)
class Canvas:
    """A session, how it is looked at, the picture it is drawn into (uint8[height, width, 3]), and
    where that can be clicked.
    """

    frame: np.ndarray
    session: Session
    look: Look
    spots: list[Spot] = field(default_factory=list)
