"""Python processes of our own: they find this goalshift, and import nothing from where they start.

The folder that a person stands in may hold anybody's `numpy.py`. With `-P` it is not on the path of
a child.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from .files import PACKAGE


def command(module: str, *arguments: str) -> list[str]:
    """The words that run `python -m module arguments` with the interpreter of this process."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(**changes: str) -> dict[str, str]:
    """The environment for it: this process's own, `changes`, and a path on which this goalshift
    is found, also where it is not installed.
    """
    found = {**os.environ, **changes}
    if PACKAGE.name == "goalshift":
        paths = [str(PACKAGE.parent), *filter(None, found.get("PYTHONPATH", "").split(os.pathsep))]
        found["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    return found


LEASH = "GOALSHIFT_LEASH"  # set for children whose standard input is a pipe from their parent


def end_with_parent() -> None:
    """In a child with a `LEASH`: be interrupted as soon as the parent is gone, however it ended.

    Nobody writes to the pipe; it closes when the parent's last handle of it does, which not even
    SIGKILL prevents.
    """
    if os.environ.pop(LEASH, "") != "1":
        return

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
