"""Python processes of our own: they find this goalshift, and import nothing from where they start.

The folder that a person stands in may hold anybody's `numpy.py`. With `-P` it is not on the path of
a child.
"""

from __future__ import annotations

import os
import sys

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
