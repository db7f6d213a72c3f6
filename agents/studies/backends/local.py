"""This machine: `--on local:2` runs two jobs at a time, each a process of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from ....engine.counts import whole
from ....engine.errors import need
from .backend import Done, Place, Task, begin, said


@dataclass(eq=False)
class Running:
    """A process under way; what it says goes to files without names."""

    process: subprocess.Popen
    out: IO[bytes]
    err: IO[bytes]

    def close(self) -> None:
        """Let go of what is held for it."""
        self.out.close()
        self.err.close()
        if self.process.stdin:
            self.process.stdin.close()


class Local:
    """Processes of this machine, at most `room` at a time."""

    def __init__(self, room: int = 1) -> None:
        self.room: int | None = room

    def submit(self, tasks: Sequence[Task]) -> list[Running]:
        """Begin all of them."""
        return [self._begin(task) for task in tasks]

    def _begin(self, task: Task) -> Running:
        out = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the process runs
        err = tempfile.TemporaryFile()  # noqa: SIM115
        return Running(begin(task.words(), out, err), out, err)

    def poll(self, handle: Running) -> Done | None:
        """How it ended."""
        code = handle.process.poll()
        if code is None:
            return None
        done = Done(code, said(handle.out), said(handle.err))
        handle.close()
        return done

    def cancel(self, handles: Sequence[Running]) -> None:
        """Terminate them, and wait until they have saved themselves."""
        for one in handles:
            one.process.terminate()
        for one in handles:
            one.process.wait()
            one.close()

    def close(self) -> None:
        """Nothing is held."""


def open_place(place: Place) -> Local:
    """`local` or `local:JOBS`."""
    place.numbers()
    text = place.where or "1"
    jobs = whole(text) or 0
    need(0 < jobs <= 1024, f"--on local:{text}: write it like local:2")
    return Local(jobs)


OPEN = open_place
