"""The cameras by name. One is one file in this folder that ends in `CAMERA = Camera(...)`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...errors import UserError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from ...world import World
    from .gaze import Gaze
    from .shot import Shot, Window

SIZE = (64, 64)  # height and width of what agents see
# what one looks through next, first of all: the usual camera, and the usual one in three dimensions
FIRST = ("chase", "top")


class Sight(Protocol):
    """What agents see through a camera, in a buffer that every call reuses."""

    pixels: np.ndarray  # uint8[n, learners, height, width, 3]

    def draw(self, states: np.recarray) -> np.ndarray:
        """What every learner of every state (recarray [n]) sees; returns `pixels`."""
        ...


def no_scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """It shows near and far at once."""
    return 0


def no_window(
    world: World, record: np.record, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """It is where the agent is."""
    from .shot import Window

    return Window(0, y, x)


@dataclass(frozen=True)
class Camera:
    """One way to look at a state: a pure function of what it is given.

    words: how that is, in words ("from above"); draw(shot): a picture for people, uint8[height,
    width, 3], a new array; scale(world, h, w, size): pixels of a cell of an h x w level in a pane
    (height, width), 0 if there is no such number; window(world, record, size, y, x, p): where to
    look so as to follow (y, x), at `p` pixels a cell or, if that is 0, at `scale`'s.

    flat: cells are squares that lie as `Window` says, so they can be drawn on and pointed at;
    first_person: one stands where the agent is, with a map in the lower right corner;
    heading(world, record, learner): where a camera that turns looks in a state;
    sight(world, n, size): what agents see through it, if they can.
    """

    words: str
    draw: Callable[[Shot], np.ndarray]
    scale: Callable[[World, int, int, tuple[int, int]], int] = no_scale
    window: Callable[[World, np.record, tuple[int, int], float, float, int], Window] = no_window
    flat: bool = False
    first_person: bool = False
    heading: Callable[[World, np.record, int], Gaze] | None = None
    sight: Callable[[World, int, tuple[int, int]], Sight] | None = None


@cache
def _declared() -> dict[str, str]:
    """The cameras by file name, with their declarations as text; none is loaded for it."""
    found = {}
    paths = sorted(
        Path(__file__).parent.glob("*.py"),
        key=lambda path: (path.stem in FIRST and FIRST.index(path.stem) + 1, path.stem),
        reverse=True,
    )
    for path in paths:
        _, head, declaration = path.read_text(encoding="utf-8").partition("\nCAMERA = ")
        if head:
            found[path.stem] = declaration
    return found


def names() -> tuple[str, ...]:
    """The cameras there are."""
    return tuple(_declared())


def sights() -> tuple[str, ...]:
    """The cameras that agents can see through."""
    return tuple(name for name, declaration in _declared().items() if "sight=" in declaration)


@cache
def camera(name: str) -> Camera:
    """The camera of that name; UserError if there is none."""
    if name not in names():
        raise UserError(f"no camera '{name}'.{did_you_mean(name, names())}")
    return importlib.import_module(f".{name}", __package__).CAMERA
