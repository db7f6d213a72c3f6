"""How an agent from elsewhere wants to see: which observation, in which order, as which numbers.

Said by whoever brings the agent (obs="planes"), or read from the space that the agent declares. A
space that nothing in the world fits is refused, and so is one that two observations fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ....engine.counts import counted
from ....engine.errors import UserError, did_you_mean, need
from ....engine.world import World

GRID, FIRST, FLAT = "grid", "channels first", "flat"
WORDS = ("text", "text-short")
PICTURES = ("rgb", "eyes")


class Space(NamedTuple):
    """What an agent declares of its observations. shape: None where any length will do; dtype: of
    NumPy, or None; high: the largest value, or None.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype | None = None
    high: float | None = None

    @classmethod
    def of(cls, space: Any) -> Space:
        """Of a Gymnasium `Box`. Raises UserError for other spaces."""
        shape, dtype = getattr(space, "shape", None), getattr(space, "dtype", None)
        if shape is None or not hasattr(space, "high"):
            raise UserError(f"the agent looks at {space}, and worlds show arrays: a Box")
        return cls(tuple(shape), np.dtype(dtype), float(np.max(space.high)))

    def __str__(self) -> str:
        sides = " x ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.dtype} [{sides}]" if self.dtype is not None else f"[{sides}]"


@dataclass(frozen=True)
class View:
    """One way to show what is seen.

    kind: a kind of observation, as adapters have them; order: of its axes, "grid" as the adapters
    give it, "channels first", or "flat"; dtype: of NumPy; size: of pictures (height, width); small:
    pictures from 0 to 1 instead of 0 to 255.
    """

    kind: str = "symbols"
    order: str = GRID
    dtype: str = "uint8"
    size: tuple[int, int] | None = None
    small: bool = False

    @classmethod
    def named(cls, obs: str) -> View:
        """The observation of that name, just as the adapters give it. Raises UserError."""
        from ....engine.api.observe import OBSERVATIONS

        need(obs in OBSERVATIONS, f"obs {obs!r} is not known.{did_you_mean(obs, OBSERVATIONS)}")
        return cls("planes", FLAT, "float32") if obs == "floats" else cls(obs)

    @property
    def told(self) -> bool:
        """In words?"""
        return self.kind in WORDS

    def shape(self, world: World) -> tuple[int, ...]:
        """Of one observation in a world."""
        rows, columns = world.view
        if self.kind == "symbols":
            return (rows, columns) if self.order == GRID else (rows * columns,)
        if self.kind == "planes":
            grid = (rows, columns, len(world.channels))
        else:
            usual = (64, 64) if self.kind == "eyes" else (8 * rows, 8 * columns)
            grid = (*(self.size or usual), 3)
        if self.order == FLAT:
            return (int(np.prod(grid)),)
        return (grid[2], *grid[:2]) if self.order == FIRST else grid

    def arrange(self, seen: np.ndarray) -> np.ndarray:
        """Observations [n, ...] in the order and numbers that are wanted."""
        if self.small:
            seen = seen.astype(np.float32) / 255
        if self.order == FIRST:
            seen = seen.transpose(0, 3, 1, 2)
        elif self.order == FLAT:
            seen = seen.reshape(len(seen), -1)
        return np.ascontiguousarray(seen, np.dtype(self.dtype))


def fitting(space: Space, world: World, obs: str | None = None) -> View:
    """The view that fits what an agent declares, among those called `obs` if that is said.

    Raises UserError for none, or several.
    """
    if obs in WORDS:
        raise UserError(f"obs='{obs}' are words, and the agent looks at {space}")
    if obs is not None:
        View.named(obs)
    wanted = {"floats": "planes"}.get(obs or "", obs)
    found = [view for view in _candidates(space, world) if wanted in (None, view.kind)]
    if not found:
        rows, columns = world.view
        raise UserError(
            f"the agent looks at {space}, which no observation of world '{world.name}' fits"
            f" ({rows} x {columns} symbols, of {counted(len(world.channels), 'channel')},"
            f" or pictures){f' with obs={obs!r}' if obs else ''}"
        )
    if len(found) > 1:
        kinds = " or ".join(f"obs='{view.kind}'" for view in found)
        raise UserError(f"the agent looks at {space}, which may be several things: say {kinds}")
    return found[0]


def _candidates(space: Space, world: World) -> Iterator[View]:
    """Every view of which the shape and the numbers fit, the plainest of each kind."""
    dtype = "float32" if space.dtype is None else str(space.dtype)
    whole = np.dtype(dtype).kind in "iu"
    high = space.high if space.high is not None and np.isfinite(space.high) else None
    top = len(world.symbols) - 1
    for kind in ("symbols", "planes"):
        limit = top if kind == "symbols" else 1
        if high is not None and high < limit:
            continue  # it could not hold them
        if high is not None and high == 255 and whole and kind == "planes":
            continue  # a picture
        orders = (GRID, FLAT) if kind == "symbols" else (GRID, FIRST, FLAT)
        for order in orders:
            view = View(kind, order, dtype)
            if _fits(space.shape, view.shape(world)):
                yield view
                break
    sides = [side for side in space.shape if side != 3]
    if len(space.shape) == 3 and len(sides) >= 2 and 3 in (space.shape[0], space.shape[2]):
        order = GRID if space.shape[2] == 3 else FIRST
        tall, wide = space.shape[:2] if order == GRID else space.shape[1:]
        if tall is None or wide is None or (high is not None and high not in (1, 255)):
            return
        small = high == 1 if high is not None else not whole
        rows, columns = world.view
        view = View("rgb", order, dtype, (tall, wide), small)
        if tall >= rows and wide >= columns:
            yield view
        if not (tall % rows or wide % columns) and tall // rows == wide // columns:
            return  # whole tiles: from above
        yield replace(view, kind="eyes")


def _fits(asked: tuple[int | None, ...], shape: tuple[int, ...]) -> bool:
    """Do the shapes agree, where any is said?"""
    return len(asked) == len(shape) and all(
        a in (None, b) for a, b in zip(asked, shape, strict=True)
    )
