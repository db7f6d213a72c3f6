"""How a film is made, whatever it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .encode import FPS

SIZE = (720, 1280)  # height, width; both multiples of `STEP`, as encoders want
STEP = 8
SHAPES = {"vertical": ((1920, 1080), 1.5), "square": ((1080, 1080), 1.25)}  # size, and unit
SYNCS = ("divergence", "step", "event")


def unit_of(size: tuple[int, int]) -> float:
    """Pixels of a unit of a film of this size: what can be read in a usual one grows with it."""
    return max(min(size[0] / SIZE[0], size[1] / SIZE[1]), 1.0)


@dataclass(frozen=True)
class FilmOptions:
    """fps: frames a second; size: height, width; sync: which steps are shown together (see
    `beats`); cameras: their names, the film's own first and further ones for pages; columns: panes
    side by side, 0: as many as look best; pairs: (left, right) takes that are compared, by default
    the two if there are two; unit: pixels of what is a pixel of letters and lines in a usual film:
    larger ones are for phones and slides.
    """

    fps: int = FPS
    size: tuple[int, int] = SIZE
    sync: str = "divergence"
    cameras: Sequence[str] = ("top",)
    columns: int = 0
    pairs: Sequence[tuple[int, int]] | None = None
    unit: float = 1.0


USUAL = FilmOptions()
