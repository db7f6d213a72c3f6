"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from .errors import RunError, UserError


def size_of(path: Path) -> int:
    """Bytes of a file that a stranger may have sent; UserError for what can be read for ever (a
    pipe, a device).
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no file that can be read to its end"
        raise UserError(f"{path}: {what}")
    return found.st_size


def write(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Replace `path` in one step: a reader, or a crash, finds the old file or the new one.

    The old file goes to `keep`, if that is given. Raises RunError if it fails, and leaves the old
    file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
    except OSError as fault:
        raise RunError(f"cannot write '{path}': {fault.strerror or fault}") from fault
    finally:  # also when a second Ctrl-C comes in the middle
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
