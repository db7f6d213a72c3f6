"""What a picture is asked for, whichever camera takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..draw.marks import Mark, Trail
from ..draw.stamps import Stamp

if TYPE_CHECKING:
    from ...world import World
    from .gaze import Gaze


@dataclass(frozen=True)
class Window:
    """What the camera shows: `p` pixels per cell, centred on (y, x) in cells.

    (0.5, 0.5) is the middle of cell (0, 0).
    """

    p: int
    y: float
    x: float


@dataclass(frozen=True)
class Shot:
    """A state of a world, and all that shall be seen with it.

    record: the state (such as `states[i]`); size: height and width of the picture. With `previous`,
    a record too, things are drawn a `fraction` of the way from there: 0 gives the picture of
    `previous`, 1 that of the state. `at` is where to look; by default the camera follows agent
    `focus`. `trails` lie below the things, goal `marks` above; `ghost` is a record (say, another
    policy's state) whose learners are drawn faintly; `under` are stamps that lie on cells (stamp,
    y, x) under all that stands there, and `over` over it (but under the marks): only flat
    cameras draw them. `gaze`: where a camera that turns looks; by default it turns as the two
    states say. `turn`: quarter turns of a model. `draft`: edges may be rough, for a moment on a screen.
    `surround`: the colour of what lies outside a level that is seen from above or as a model, if not the usual one.
    """

    world: World
    record: np.record
    size: tuple[int, int] = (480, 640)
    previous: np.record | None = None
    fraction: float = 1.0
    at: Window | None = None
    trails: Sequence[Trail] = ()
    marks: Sequence[Mark] = ()
    ghost: np.record | None = None
    focus: int = 0
    under: Sequence[tuple[Stamp, int, int]] = ()
    over: Sequence[tuple[Stamp, int, int]] = ()
    gaze: Gaze | None = None
    turn: int = 0
    draft: bool = False
    surround: tuple[int, int, int] | None = None

    @cached_property
    def ends(self) -> tuple[np.record, np.record, float]:
        """The records before and after this moment, and how far it is between them."""
        if self.previous is None or self.fraction >= 1.0:
            return self.record, self.record, 1.0
        if self.fraction <= 0.0:
            return self.previous, self.previous, 1.0
        return self.previous, self.record, self.fraction

    @property
    def now(self) -> np.record:
        """The record that things are on their way to."""
        return self.ends[1]

    @property
    def shown(self) -> np.record:
        """The nearer record: whose tiles are drawn, and who is alive."""
        before, now, fraction = self.ends
        return now if fraction >= 0.5 else before

    @cached_property
    def places(self) -> np.ndarray:
        """Where every thing is: float64[K, 2] as (y, x)."""
        return positions(*self.ends)


def positions(previous: np.record, now: np.record, fraction: float) -> np.ndarray:
    """Where every thing is between two records: float64[K, 2] as (y, x).

    Things that jump far do not slide.
    """
    then = np.stack([previous.y, previous.x], 1).astype(float)
    here = np.stack([now.y, now.x], 1).astype(float)
    slides = (np.abs(here - then).max(1, keepdims=True) <= 3) & (now.alive * previous.alive > 0)[
        :, None
    ]
    return np.where(slides, then + (here - then) * fraction, here if fraction >= 0.5 else then)
