"""A file of levels that is open: which of them is played, what changes in the file meanwhile, and
writing one back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...engine import files, state
from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.levels import formats, ids, sets
from ...engine.levels.kind import About, Levels
from ...engine.levels.text import MAX_TEXT
from ...engine.vector import level_of
from ...engine.world import World
from .describe import open_levels

MOST = 10_000  # levels of a folder that are opened


class Shelf:
    """The levels of `path`, of which number `at` is played.

    With `own` the file is the user's to write to; else levels are kept in new files. Raises
    UserError, in one line, if the file is no file of levels.
    """

    def __init__(
        self, path: Path, world: World | None = None, at: int = 0, own: bool = False
    ) -> None:
        self.path, self.own = sets.path_of(path), own
        self._stamp = self._look()
        self.levels = open_levels(self.path, world, MOST)
        if not 0 <= at < len(self.levels.states):
            raise UserError(
                f"'{path}' holds {counted(len(self.levels.states), 'level')}, so there is no number {at + 1}"
            )
        self.at = at

    @classmethod
    def new(cls, path: Path, world: World, seed: int = 0) -> Shelf:
        """A shelf for a file that is still to be written, with a training level on it."""
        formats.check_kind(path)
        shelf = cls.__new__(cls)
        shelf.path, shelf.own, shelf.at, shelf._stamp = path, True, 0, ()
        shelf.levels = Levels(world, level_of(world, seed, "train"), [""])
        return shelf

    def __len__(self) -> int:
        return len(self.levels.states)

    @property
    def world(self) -> World:
        """The levels' world."""
        return self.levels.world

    def place(self, name: str) -> int:
        """Which level is called so by its fingerprint (see `ids`). Raises UserError if none is."""
        return ids.place(self.levels, name, self.path)

    def start(self) -> np.recarray:
        """The level that is played, a batch of one."""
        return state.copy(self.levels.states[self.at : self.at + 1].view(np.recarray))

    def next(self) -> np.recarray:
        """The next level; after the last one, the first."""
        self.at = (self.at + 1) % len(self)
        return self.start()

    @property
    def about(self) -> About:
        """What is said about the level that is played."""
        return self.levels.about(self.at)

    def say(self, about: About) -> None:
        """Say this about the level that is played, once it is written."""
        self.levels.abouts = [self.levels.about(i) for i in range(len(self))]
        self.levels.abouts[self.at] = about

    def title(self) -> str:
        """The file and, if it holds several, which level this is."""
        name = self.levels.names[self.at] if self.at < len(self.levels.names) else ""
        number = f" {self.at + 1} of {len(self)}" if len(self) > 1 else ""
        return f"{self.path.name}{number}{f' ({name})' if name else ''}"

    def _look(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:  # an editor may be about to put another file in its place
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def changed(self) -> bool:
        """Has somebody else written the file since this was last asked?"""
        now = self._look()
        new, self._stamp = bool(now) and now != self._stamp, now or self._stamp
        return new

    def reload(self) -> np.recarray:
        """The level as the file has it now. If it is no longer a file of levels: UserError, and all
        stays as it was.
        """
        found = open_levels(self.path, self.world, MOST)
        self.levels, self.at = found, min(self.at, len(found.states) - 1)
        return self.start()

    def keep(self, states: np.recarray) -> Path:
        """Write this state in the place of the level that is played; the file is whole at all
        times.
        """
        if self.path.is_dir():
            raise UserError(
                f"'{self.path}' is a folder of levels: save this one as a file of its own"
            )
        kind, there = self.path.suffix.lower(), self.path.exists()
        if kind == ".toml" and there and "[legend]" in files.read_text(self.path, MAX_TEXT):
            raise UserError(
                f"'{self.path}' has a [legend], which would be lost: edit its text instead"
            )
        changed = self.levels.states.copy().view(np.recarray)
        changed[self.at] = states[0]
        kept = Levels(self.world, changed, list(self.levels.names), abouts=self.levels.abouts)
        formats.write(kept, self.path)
        self.levels, self._stamp = kept, self._look()
        return self.path
