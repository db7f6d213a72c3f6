"""What the parts of the window are drawn on."""

from __future__ import annotations

import math
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
    where that can be clicked. All places are in units of so many pixels (`unit`).
    """

    frame: np.ndarray
    session: Session
    look: Look
    unit: float = 1.0
    spots: list[Spot] = field(default_factory=list)

    @property
    def high(self) -> int:
        """Units from top to bottom."""
        return math.ceil(self.frame.shape[0] / self.unit)

    @property
    def wide(self) -> int:
        """Units from left to right."""
        return math.ceil(self.frame.shape[1] / self.unit)

    def part(self, rect: Rect) -> np.ndarray:
        """The pixels of a part."""
        y0, x0, y1, x1 = (round(at * self.unit) for at in rect)
        return self.frame[y0:y1, x0:x1]
