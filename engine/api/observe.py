"""What an adapter shows of a state: its spaces, and the four kinds of observations.

obs="symbols"   uint8[rows, columns]: indices into `world.symbols`
obs="planes"    uint8[rows, columns, channels]: `world.looks` of them, of 0 and 1 (one-hot in most
                worlds)
obs="rgb"       uint8[rows * pixels, columns * pixels, 3], from above
obs="eyes"      uint8[8 * pixels, 8 * pixels, 3], in first person (`engine/view/camera/eyes.py`)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Box

from .. import machine
from ..errors import did_you_mean, need, whole
from ..vector import Vec
from ..view.camera.registry import sights
from ..world import Split, World

if TYPE_CHECKING:
    from ..view.camera.frames import Frames

OBSERVATIONS = ("symbols", "planes", "rgb", *sights())


class Lens:
    """Turns what a `Vec` observes into the kind of observation that was asked for."""

    def __init__(self, world: World, obs: str = "symbols", pixels: int = 8) -> None:
        need(obs in OBSERVATIONS, f"obs {obs!r} is not known.{did_you_mean(obs, OBSERVATIONS)}")
        pixels = whole(pixels, "pixels")
        fits = 1 <= pixels <= 64 or obs in ("symbols", "planes")
        need(fits, f"pixels must be 1 to 64 for each tile, not {pixels}")
        self.world, self.kind, self.pixels = world, obs, pixels
        self.eyes = (8 * pixels, 8 * pixels) if obs in sights() else None
        self.shape = (*self.eyes, 3) if self.eyes else world.view  # of what `vec` observes
        self._frames: dict[int, Frames] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_frames": {}}

    def vec(self, n: int, split: Split, **options: Any) -> Vec:
        """The environments to look at through this lens; options as for `Vec`."""
        size = math.prod(self.space().shape)
        machine.need_memory(n, size * self.world.learners, f"observations ({self.kind})")
        if self.eyes is None:
            return Vec(self.world, n, split, **options)
        from ..view.camera.sighted import Sighted

        return Sighted(self.world, n, split, sight=self.kind, size=self.eyes, **options)

    def space(self) -> Box:
        """The space of one observation; a new object each time."""
        rows, columns = self.world.view
        top = len(self.world.symbols) - 1
        if self.kind == "symbols":
            return Box(0, top, (rows, columns), np.uint8)
        if self.kind == "planes":
            return Box(0, 1, (rows, columns, len(self.world.channels)), np.uint8)
        if self.eyes:
            return Box(0, 255, self.shape, np.uint8)
        return Box(0, 255, (rows * self.pixels, columns * self.pixels, 3), np.uint8)

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """New observations [n, ...] for symbols uint8[n, rows, columns], or for what eyes saw."""
        if self.kind == "symbols" or self.eyes:
            return planes.copy()
        if self.kind == "planes":
            return self.world.looks[planes]
        if len(planes) not in self._frames:
            from ..view.camera.frames import Frames

            self._frames[len(planes)] = Frames(self.world, len(planes), self.pixels)
        return self._frames[len(planes)].fresh(planes)


def board(world: World, states: np.recarray, i: int = 0) -> np.ndarray:
    """The whole board of state `i` as symbols uint8[H, W], with no agent marked as the observer."""
    s = states[i]
    cells = np.zeros(world.size, np.uint8)
    cells[: s.h, : s.w] = s.tiles[: s.h, : s.w] + np.uint8(1)
    for k in range(world.entities):
        if s.alive[k]:
            pose = s.face[k] if s.face[k] < world.told_poses[k] else 0
            cells[s.y[k], s.x[k]] = world.first_symbol[k] + pose
    return cells
