"""Splits by what a person writes: a name, a mixture, or a file of levels of any kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..world import Split, World
from . import folder, formats


def is_file(text: str) -> bool:
    """Does this name a file of levels, or a folder of them, rather than a split of a world?"""
    return formats.is_kind(Path(text)) or folder.is_folder(Path(text))


def split_of(world: World, text: str | Split) -> Split:
    """The split of `world` that `text` names: `train`, `alpha=0.1`, or the levels in a file (of any
    kind that `level check` reads) or folder.

    Raises UserError for an unknown name, or with line and column for a file that is not sound.
    """
    if isinstance(text, Split):
        return text
    if text in world.split_names or not is_file(text):
        return world.split(text)
    path = Path(text)
    levels = folder.read(path, world) if path.is_dir() else formats.read(path, world)
    states = levels.states
    shares = np.bincount(states.row, minlength=len(world.rows)) / len(states)
    return Split(text, tuple(shares.tolist()), states)
