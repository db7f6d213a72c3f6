"""Drafts: what one paints is kept beside the level's file while it is not saved, and offered when the
file is opened again.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ...engine import files, state
from ...engine.errors import RunError, UserError
from ...engine.levels import level
from ...engine.levels.text import MAX_TEXT
from .display import Display
from .form import Form
from .session import Session

REST = 2.0  # seconds from a look at what has changed to the next


def place(path: Path, at: int) -> Path:
    """Where the draft of level `at` of a file lies: no name that stands for levels."""
    number = f"-{at + 1}" if at else ""
    return path.with_name(f".{path.name}{number}.draft")


class Drafts:
    """The draft of the level that is edited in a window. Nothing is kept of levels that are no
    file of the user's own.
    """

    def __init__(self, display: Display) -> None:
        self.display = display
        self._due, self._kept = 0.0, b""
        self._asked: Path | None = None  # the draft that was asked about last
        self._dead = False  # can nothing be written there, or is a draft to stay there for now?

    @property
    def session(self) -> Session:
        """What is on show: a tour goes on to another."""
        return self.display.session

    @property
    def path(self) -> Path | None:
        """Where the draft of the level on show lies, or would."""
        shelf = self.session.source.shelf
        if shelf is None or not shelf.own or shelf.path.is_dir():
            return None
        return place(shelf.path, shelf.at)

    def tick(self, now: float) -> None:
        """Keep what has changed; offer a draft that was found."""
        path = self.path
        if path is None or now < self._due or self.display.look.form is not None:
            return
        self._due = now + REST
        if path != self._asked:
            self._asked, self._kept = path, b""
            self._dead = self._offer(path)
            if self._dead:
                return
        start = self.session.panes[0].history.copies[0]
        if not self.session.keeping.unsaved:
            self.sweep()
        elif start.tobytes() != self._kept and not self._dead:
            self._kept = start.tobytes()
            try:
                files.write(path, level.show(self.session.world, start).encode())
            except (UserError, RunError, OSError) as fault:
                self._dead = True
                self.display.say(f"no draft can be kept: {fault}")

    def sweep(self) -> None:
        """Take the draft away: the level is saved, or given up."""
        if self.path is not None and self._asked == self.path and not self._dead:
            self._kept = b""
            self.path.unlink(missing_ok=True)

    def _offer(self, path: Path) -> bool:
        """Ask whether a draft is to be taken up; True if one is to stay where it is for now."""
        if not path.is_file():
            return False
        start = self.session.panes[0].history.copies[0]
        try:
            found = level.parse(self.session.world, files.read_text(path, MAX_TEXT), str(path))
        except UserError as fault:
            self.display.say(f"a draft that cannot be read is left where it is: {fault}")
            return True
        if found.tobytes() == start.tobytes():
            return False
        when = time.strftime("%d %B, %H:%M", time.localtime(path.stat().st_mtime))
        self.display.look.form = Form(
            "A draft that was never saved",
            f"Of {when}, beside {path.name.removeprefix('.').removesuffix('.draft')}.",
            lambda _: self._take(found),
            self._throw_away,
            feet="Enter: go on with it · Delete: throw it away · Esc: leave it where it is for now",
        )
        return True

    def _throw_away(self) -> None:
        self._dead = False
        self.sweep()

    def _take(self, found: np.recarray) -> None:
        self._dead = False
        self.session.editor.replace(state.copy(found), "the draft")
