"""What the window writes while one watches: pictures, clips, films, replays, levels."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...engine import files
from ...engine.errors import UserError
from ...engine.view.film.encode import encode
from .background import Thinker
from .capture import RATE, Clip, Film
from .compose import recording
from .display import Display

PATIENCE = 30.0  # seconds that closing waits for files that are being written


class Saving:
    """Writes into `folder`; what takes long, in the background. copy: puts a text into the
    clipboard, and is False where there is none.
    """

    def __init__(self, display: Display, folder: Path, copy: Callable[[str], bool]) -> None:
        self.display, self.folder, self.copy = display, folder, copy
        self.clip = Clip()
        self.film: Film | None = None
        self.written: list[Thinker[str]] = []  # what is being written

    def tick(self) -> None:
        """Say what has been written by now."""
        self.written = [entry for entry in self.written if not self._told(entry)]

    def _told(self, entry: Thinker[str]) -> bool:
        done = entry.take()
        if done is not None:
            self.display.say(f"not possible: {done}" if isinstance(done, Exception) else done)
        return done is not None

    def add(self, now: float) -> np.ndarray:
        """Keep the picture of time `now` for clip and film; returns it as it is to be shown."""
        frame = self.display.frame
        self.clip.add(now, frame)
        if self.film is not None and frame.shape != self.film.shape:
            self.film.stop()  # a film has one size
        if self.film is not None and self.film.stopped:
            self.film = None
        if self.film is None:
            return frame
        self.film.add(now, frame)
        shown = frame.copy()
        recording(shown, now - self.film.begun)
        return shown

    def close(self) -> None:
        """Finish what is being written, and let go of what is kept."""
        if self.film is not None:
            self.film.stop()
            self.film = None
        end = time.perf_counter() + PATIENCE
        for entry in self.written:
            entry.answer(max(end - time.perf_counter(), 0.0))
        self.clip.close()

    def _name(self, stem: str, suffix: str) -> Path:
        """A file name that is free: goalshift-corner-001.png."""
        for count in range(1, 10000):
            path = self.folder / f"{stem}-{self.display.session.world.name}-{count:03d}{suffix}"
            if not path.exists():
                return path
        raise UserError(f"'{self.folder}' holds too many files called {stem}-...{suffix}")

    def keep_picture(self) -> None:
        """The window as a picture."""
        from ...engine.view.sheets.gallery import save

        path = self._name("goalshift", ".png")
        save(np.ascontiguousarray(self.display.frame), path)
        self.display.say(f"wrote {path}")

    def keep_clip(self) -> None:
        """The last seconds."""
        frames, path = self.clip.frames(self.display.frame.shape), self._name("goalshift", ".webp")
        if frames is None:
            self.display.say("nothing to keep yet")
            return

        def work() -> str:
            encode(frames, path, RATE)
            return f"wrote {path}"

        self.written.append(Thinker(work))
        self.display.say(f"writing {path}")

    def keep_film(self) -> None:
        """Film from now on; once more, and the film ends."""
        if self.film is not None:
            self.film.stop()
            self.display.say(f"writing {self.film.path}")
            self.film = None
            return
        shape = self.display.frame.shape
        if min(shape[:2]) < 16:
            raise UserError("the window is too small to be filmed")
        self.film = Film(self._name("goalshift", ".mp4"), shape, time.perf_counter())
        self.written.append(Thinker(self.film.write))
        self.display.say(f"filming to {self.film.path}")

    def keep_code(self) -> None:
        """The replay's code, in the clipboard, or in a file where there is none."""
        code = self.display.session.keeping.replay().code()
        if self.copy(code):
            told = f"{len(code)} characters in the clipboard: goalshift replay {code[:12]}..."
            self.display.say(told)
            return
        path = self._name("replay", ".txt")
        files.write(path, code.encode() + b"\n")
        self.display.say(f"no clipboard here; the code is in {path}")

    def keep_command(self) -> None:
        """The command that shows the level again, in the clipboard."""
        command = self.display.session.keeping.command()
        self.display.say(f"copied: {command}" if self.copy(command) else command)

    def keep_level(self) -> None:
        """The level, in the user's own file that it came from, or in a new one."""
        keeping = self.display.session.keeping
        path = keeping.write_back()
        if path is None:
            text = keeping.level_text()
            path = self._name("level", ".toml")
            files.write(path, text.encode())
        self.display.say(f"wrote {path}")
