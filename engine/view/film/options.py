"""How a film is made, whatever it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .encode import FPS

SIZE = (720, 1280)  # height, width; both multiples of 16, as encoders want
SYNCS = ("divergence", "step", "event")


@dataclass(frozen=True)
class FilmOptions:
    """fps: frames a second; size: height, width; sync: which steps are shown together (see
    `beats`); cameras: their names, the film's own first and further ones for pages; columns: panes
    side by side, 0: as many as look best; pairs: (left, right) takes that are compared, by default
    the two if there are two.
    """

    fps: int = FPS
    size: tuple[int, int] = SIZE
    sync: str = "divergence"
    cameras: Sequence[str] = ("top",)
    columns: int = 0
    pairs: Sequence[tuple[int, int]] | None = None


USUAL = FilmOptions()
