"""The cameras by name: top (from above), iso (a model on a table) and eyes (in first person).

All draw the same states with the same arguments; `at` says where to look, if the camera leaves a
choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UserError, did_you_mean
from . import eyes, iso, top

if TYPE_CHECKING:
    from ...world import World

NAMES = ("top", "iso", "eyes")


@dataclass(frozen=True)
class Camera:
    """One way to look at a state.

    scale(world, h, w, size): how large a cell is drawn in a pane (height, width); window(world,
    record, size, y, x, scale): where to look so as to follow (y, x); draw(world, states, i, size,
    ...): see `top.draw`.
    """

    name: str
    scale: Callable[..., int]
    window: Callable[..., top.Window]
    draw: Callable[..., np.ndarray]


def _no_scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Eyes see near and far at once."""
    return 0


def _no_window(
    world: World, record: Any, size: tuple[int, int], y: float, x: float, p: int = 0
) -> top.Window:
    """Eyes are where the agent is."""
    return top.Window(0, y, x)


def _through_eyes(
    world: World, states: np.recarray, i: int = 0, *arguments: Any, at: Any = None, **options: Any
):
    return eyes.draw(world, states, i, *arguments, **options)


CAMERAS = {
    "top": Camera("top", top.scale, top.window, top.draw),
    "iso": Camera("iso", iso.scale, iso.window, iso.draw),
    "eyes": Camera("eyes", _no_scale, _no_window, _through_eyes),
}


def camera(name: str) -> Camera:
    """The camera of that name; UserError if there is none."""
    if name not in CAMERAS:
        raise UserError(f"no camera '{name}'.{did_you_mean(name, NAMES)}")
    return CAMERAS[name]
