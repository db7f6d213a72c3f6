"""Splits by what a person writes: a name, a mixture, or a file of levels of any kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import UserError
from ..world import Split, World
from . import folder, formats, sets


def is_file(text: str) -> bool:
    """Does this name a set that ships, a file of levels or a folder of them, rather than a split of a
    world?
    """
    path = sets.path_of(text)
    return formats.is_kind(path) or folder.is_folder(path)


_named: set[Path] = set()  # files of levels that runs may name, as the user has named them too


def name(*texts: str) -> None:
    """Let runs name these splits, of which the user has said that they may (see `recall`)."""
    _named.update(Path(text).resolve() for text in texts)


def recall(world: World, text: str, where: str | Path) -> Split:
    """The split that a run or a checkpoint names.

    Runs may come from strangers: a file that one names is opened only if the user has named it too
    (`name`). Raises UserError, as `split_of` does.
    """
    theirs = text not in world.split_names and is_file(text) and not sets.is_set(text)
    if theirs and Path(text).resolve() not in _named:
        raise UserError(
            f"'{where}' was trained on the levels in '{text}', and runs open no files by themselves:"
            f" if it is yours, add --trained-on {text}"
        )
    return split_of(world, text)


def split_of(world: World, text: str | Split) -> Split:
    """The split of `world` that `text` names: `train`, `alpha=0.1`, or the levels of a set that
    ships (see `sets`), of a file (of any kind that `level check` reads) or of a folder.

    Raises UserError for an unknown name, or with line and column for a file that is not sound.
    """
    if isinstance(text, Split):
        return text
    if text in world.split_names or not is_file(text):
        return world.split(text)
    path = sets.path_of(text)
    levels = folder.read(path, world) if path.is_dir() else formats.read(path, world)
    states = levels.states
    shares = np.bincount(states.row, minlength=len(world.rows)) / len(states)
    return Split(text, tuple(shares.tolist()), states)
