"""What every place that runs jobs offers, and how a job is begun there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from ....engine import child
from ....engine.counts import number
from ....engine.errors import need

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}  # a job has one processor
LONGEST = 1 << 20  # characters kept of what a job says


@dataclass(frozen=True)
class Task:
    """One command for one processor.

    `words()` come after "goalshift"; they are asked for where and when the job begins, so that one
    that begins again goes on with what was saved. `reads` and `writes` are the files and folders it
    opens and makes, as its words name them: a place without our disk is given what `reads` hold, and
    gives back what `writes` hold then.
    """

    name: str
    words: Callable[[], list[str]]
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Done:
    """How a job ended: its exit code (negative: the signal), and what it said."""

    code: int
    out: str = ""  # stdout, its data
    err: str = ""  # stderr, its talk

    @property
    def last_words(self) -> str:
        """Why it failed: the last line it said, or the signal that ended it."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        if lines and self.code > 0:
            return lines[-1].removeprefix("error: ")
        return f"ended with code {self.code}"


class Backend(Protocol):
    """A place that runs jobs. Handles are its own; nobody else looks into them.

    `room` is how many jobs it takes at a time; None: it keeps a queue of its own.
    """

    room: int | None

    def submit(self, tasks: Sequence[Task]) -> list[Any]:
        """Begin these jobs, or queue them: a handle for each."""
        ...

    def poll(self, handle: Any) -> Done | None:
        """How the job ended; None while it runs. What it wrote is there by then."""
        ...

    def cancel(self, handles: Sequence[Any]) -> None:
        """End these jobs. Where files are ours, trainings save themselves first."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True)
class Place:
    """What stands behind `--on`: "slurm:gpu,minutes=30" is ("slurm", "gpu", {"minutes": "30"})."""

    kind: str
    where: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def numbers(self, **defaults: float) -> dict[str, float]:
        """The options as numbers, with these defaults. UserError for others, and for no number."""
        found = dict(defaults)
        for name, text in self.options:
            known = ", ".join(f"{key}=N" for key in defaults) or "no options"
            need(name in defaults, f"--on {self.kind}: no option '{name}'; it takes {known}")
            found[name] = number(text)
            need(found[name] == found[name], f"--on {self.kind}: {name}={text} is no number")
            need(0 <= found[name] < 1e6, f"--on {self.kind}: {name}={text} makes no sense")
        return found


def begin(
    words: Sequence[str], out: IO[bytes], err: IO[bytes], cwd: str | None = None
) -> subprocess.Popen:
    """Start a goalshift command that ends when this process does, however that ends."""
    environment = child.environment(**ONE_THREAD, **{child.LEASH: "1"})
    command = child.command("goalshift", *words, "--quiet")
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=out, stderr=err, env=environment, cwd=cwd
    )


def wait(process: subprocess.Popen) -> int:
    """The exit code of a command of `begin`; whatever interrupts us ends it, too."""
    try:
        return process.wait()
    except BaseException:  # cancelled: let it come to an end
        process.terminate()
        process.wait()
        raise
    finally:
        if process.stdin:
            process.stdin.close()


def said(file: IO[bytes]) -> str:
    """The end of what was written into a file of `begin`."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LONGEST))
    return file.read().decode("utf-8", "replace")
