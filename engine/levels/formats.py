"""Levels in any kind of file, by the file's ending: those of `levelfile`, and those that need
pictures.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError, did_you_mean
from ..world import World
from . import levelfile, png, tiled
from .levelfile import Levels

READERS = levelfile.READERS | {
    ".tmj": tiled.read_tmj,
    ".tmx": tiled.read_tmx,
    ".png": png.read_png,
}
# one level to a file
SINGLE = {".tmj": tiled.write_tmj, ".tmx": tiled.write_tmx, ".png": png.write_png}
KINDS = tuple(READERS)


def check_kind(path: Path) -> str:
    """The path's ending, if it is one of a file of levels; UserError otherwise."""
    kind = path.suffix.lower()
    if kind not in READERS:
        hint = did_you_mean(kind, KINDS)
        hint = hint if "Did you mean" in hint else ""  # all of them are named already
        raise UserError(f"'{path}': the name of a file of levels ends in {', '.join(KINDS)}.{hint}")
    return kind


def read(path: Path, world: World | None = None) -> Levels:
    """The levels in a file; `world` is needed only where the file does not name one that ships.

    Raises UserError in one line: file, line and column where there are any, and what is wrong.
    """
    return READERS[check_kind(path)](path, world)


def write(levels: Levels, path: Path) -> list[Path]:
    """Write levels to a file, or, where a file holds one level and there are more, to files named
    after it.

    Returns the files. Each is whole or not there at all.
    """
    kind = check_kind(path)
    if kind not in SINGLE:
        levelfile.write(levels, path)
        return [path]
    if len(levels.names) == 1:
        SINGLE[kind](levels, 0, path)
        return [path]
    made = [
        path.with_name(f"{path.stem}-{i:04}{path.suffix}") for i in range(1, len(levels.names) + 1)
    ]
    for i, one in enumerate(made):
        SINGLE[kind](levels, i, one)
    return made
