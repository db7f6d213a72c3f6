"""Splits by what a person writes: a name, a mixture, or a file of levels of any kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..world import Split, World
from . import formats, levelfile
from .npz import INDEX


def is_file(text: str) -> bool:
    """Does this name a file of levels, or a folder of them, rather than a split of a world?"""
    return Path(text).suffix in formats.READERS or (Path(text) / INDEX).is_file()


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
    read = levelfile.read_folder if path.is_dir() else formats.READERS[path.suffix]
    states = read(path, world).states
    shares = np.bincount(states.row, minlength=len(world.rows)) / len(states)
    return Split(text, tuple(shares.tolist()), states)
