"""One writer to a run: two processes that train into one folder would mix two runs in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ...engine.counts import whole
from ...engine.errors import UserError
from ...engine.files import make_folder

LOCK, WRITER = ".lock", ".writer"  # the system's lock, which dies with its process; and whose it is
# What a run writes to where it is, or into; all else is replaced, and a link with it.
WRITTEN = (LOCK, WRITER, "log.jsonl", "log.csv", "checkpoints")


@contextlib.contextmanager
def held(lock: Path, taken: Callable[[], str]) -> Iterator[None]:
    """Hold a lock file while inside; raise UserError, with what `taken` says, if another process
    does.
    """
    one = FileLock(lock, timeout=0)
    try:
        one.acquire()
    except Timeout:
        raise UserError(taken()) from None
    try:
        yield
    finally:
        one.release()


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Be the only process that writes to this run (made if need be) while inside.

    Raises UserError that names the process that already is, and for links that lead out of it.
    """
    make_folder(folder)
    for name in WRITTEN:
        if (folder / name).is_symlink():
            raise UserError(
                f"'{folder / name}' is a link: a run writes to no file outside its folder, so delete"
                " the link, or choose another --out"
            )

    def taken() -> str:
        return f"'{folder}' is in use{_by(folder)}: wait for it, or choose another --out"

    with held(folder / LOCK, taken):
        try:
            with contextlib.suppress(OSError):
                (folder / WRITER).write_text(str(os.getpid()))
            yield
        finally:
            with contextlib.suppress(OSError):
                (folder / WRITER).unlink(missing_ok=True)


def _by(folder: Path) -> str:
    try:
        number = (folder / WRITER).read_text()[:20]
    except OSError:
        return ""
    return f" by process {number}" if whole(number) is not None else ""
