"""What an adapter shows of a state: its spaces, and the kinds of observations.

obs="symbols"     uint8[rows, columns]: indices into `world.symbols`
obs="planes"      uint8[rows, columns, channels]: `world.looks` of them, of 0 and 1 (one-hot in most
                  worlds)
obs="floats"      float32[rows * columns * channels]: the same, flat, as any plain network takes it
obs="rgb"         uint8[height, width, 3], from above: `pixels` a tile, or of the `size` asked for
obs="eyes"        uint8[height, width, 3], in first person (`engine/view/camera/eyes.py`)
obs="text"        what is seen, in words (`told.py`); "text-short": the map and the moves alone
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Box, Space, Text

from .. import machine
from ..errors import did_you_mean, need, whole
from ..vector import Vec
from ..view.camera.registry import sights
from ..world import Split, World
from .told import CHARACTERS, Teller

if TYPE_CHECKING:
    from ..view.camera.frames import Frames

WORDS = ("text", "text-short")
ARRAYS = ("symbols", "planes", "floats", "rgb", *sights())
OBSERVATIONS = (*ARRAYS, *WORDS)
LONGEST = 1024  # pixels a side of pictures, at most


class Lens:
    """Turns what a `Vec` observes into the kind of observation that was asked for.

    pixels: a tile's side in pictures. size: height and width of pictures instead, or one number for
    both; from above they are then letterboxed, with the tiles as large as fits. readonly: pictures
    from above, unless of a `size`, are arrays that cannot be written to, of which only what changed
    is drawn.
    """

    def __init__(
        self,
        world: World,
        obs: str = "symbols",
        pixels: int = 8,
        size: int | tuple[int, int] | None = None,
        readonly: bool = False,
    ) -> None:
        need(obs in OBSERVATIONS, f"obs {obs!r} is not known.{did_you_mean(obs, OBSERVATIONS)}")
        pixels = whole(pixels, "pixels")
        pictures = obs == "rgb" or obs in sights()
        fits = 1 <= pixels <= 64 or not pictures
        need(fits, f"pixels must be 1 to 64 for each tile, not {pixels}")
        need(size is None or pictures, f"size is for pictures, and obs is {obs!r}")
        self.world, self.kind, self.readonly = world, obs, readonly
        self.size = None if size is None else _size(size)
        self.pixels = pixels if self.size is None else self._fitting(self.size)
        self.eyes = (self.size or (8 * pixels, 8 * pixels)) if obs in sights() else None
        self.shape = (*self.eyes, 3) if self.eyes else world.view  # of what `vec` observes
        self.words = Teller(world, obs == "text-short") if obs in WORDS else None
        self._frames: Frames | None = None

    def _fitting(self, size: tuple[int, int]) -> int:
        """Pixels of a tile, for the whole view to fit into a picture from above."""
        rows, columns = self.world.view
        pixels = min(size[0] // rows, size[1] // columns, 64)
        need(
            pixels or self.kind != "rgb",
            f"size {size[0]} x {size[1]} is too small for {rows} x {columns} tiles",
        )
        return pixels

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_frames": None}

    def vec(self, n: int, split: Split, **options: Any) -> Vec:
        """The environments to look at through this lens; options as for `Vec`."""
        space = self.space()
        each = 4 * space.max_length if isinstance(space, Text) else math.prod(space.shape or ())
        bytes_each = each * (4 if self.kind == "floats" else 1)
        machine.need_memory(n, bytes_each * self.world.learners, f"observations ({self.kind})")
        if self.eyes is None:
            return Vec(self.world, n, split, **options)
        from ..view.camera.sighted import Sighted

        return Sighted(self.world, n, split, sight=self.kind, size=self.eyes, **options)

    def space(self) -> Space[Any]:
        """The space of one observation; a new object each time."""
        rows, columns = self.world.view
        channels = len(self.world.channels)
        if self.words is not None:
            return Text(self.words.longest(), min_length=1, charset=CHARACTERS)
        if self.kind == "symbols":
            return Box(0, len(self.world.symbols) - 1, (rows, columns), np.uint8)
        if self.kind == "planes":
            return Box(0, 1, (rows, columns, channels), np.uint8)
        if self.kind == "floats":
            return Box(0, 1, (rows * columns * channels,), np.float32)
        size = self.eyes or self.size or (rows * self.pixels, columns * self.pixels)
        return Box(0, 255, (*size, 3), np.uint8)

    def __call__(self, planes: np.ndarray, moves: np.ndarray | None = None) -> Any:
        """New observations [n, ...] for symbols uint8[n, rows, columns], or for what eyes saw;
        texts as a list. `moves` are for texts: int8[n, actions] (see `Moves`).
        """
        if self.words is not None:
            return self.words(planes, moves)
        if self.kind == "symbols" or self.eyes:
            return planes.copy()
        if self.kind == "planes":
            return self.world.looks[planes]
        if self.kind == "floats":
            return self.world.looks[planes].reshape(len(planes), -1).astype(np.float32)
        drawn = self._drawn(planes)
        if self.size is None:
            return drawn
        tall, wide = drawn.shape[1:3]
        whole = np.zeros((len(planes), *self.size, 3), np.uint8)
        top, left = (self.size[0] - tall) // 2, (self.size[1] - wide) // 2
        whole[:, top : top + tall, left : left + wide] = drawn
        return whole

    def _drawn(self, planes: np.ndarray) -> np.ndarray:
        """Pictures from above of symbols, in an array that nobody else holds."""
        from ..view.camera.frames import Frames

        # for as many as were ever asked for at once: the last pictures of those that end are fewer
        if self._frames is None or len(self._frames.pixels) < len(planes):
            self._frames = Frames(self.world, len(planes), self.pixels)
        return self._frames.fresh(planes, self.readonly and self.size is None)


def _size(size: Any) -> tuple[int, int]:
    """Height and width of pictures, checked."""
    both = size if isinstance(size, list | tuple) else (size, size)
    need(len(both) == 2, f"size must be (height, width), not {size!r}")
    height, width = (whole(side, "size") for side in both)
    need(min(height, width) >= 1 and max(height, width) <= LONGEST, f"size: 1 to {LONGEST} pixels")
    return height, width


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
