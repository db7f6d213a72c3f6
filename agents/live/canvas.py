"""What the parts of the window are drawn on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ...engine.view.draw.kept import Latest
from .look import Look, Spot
from .session import Session

# parts of windows as they were drawn last, with what can be clicked there
DRAWN: Latest[tuple[np.ndarray, list[Spot]]] = Latest(8)


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

    def once(self, rect: Rect, told: tuple, draw: Callable[[Canvas], None]) -> None:
        """Let `draw` fill a part from what is `told` there; if it told the same before, as it was then.

        Most pictures of a window differ only within its panes: sixty a second leave no time to write
        the same words anew.
        """

        def anew() -> tuple[np.ndarray, list[Spot]]:
            own = replace(self, spots=[])
            draw(own)
            return self.part(rect).copy(), own.spots

        key = rect, self.unit, self.frame.shape, self.look.contrast, told
        pixels, spots = DRAWN.get(key, anew)
        self.part(rect)[:] = pixels
        self.spots.extend(spots)
