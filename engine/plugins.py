"""What installed packages add to goalshift: their entry points, by group.

A package says in its pyproject.toml

    [project.entry-points."goalshift.worlds"]
    maze_two = "my_package.maze_two"          # a module that ends in WORLD = World(...)

Nothing is imported until it is asked for by name. What somebody has installed is trusted as any
package is.
"""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache
from pathlib import Path
from typing import Any

from .errors import UserError, need

NAME = r"[a-z][a-z0-9_]*"
WORLDS = "goalshift.worlds"


@cache
def installed(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    """The entry points of a group by name, the first of a name. Names are those of files."""
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for point in importlib.metadata.entry_points(group=group):
        if re.fullmatch(NAME, point.name):
            found.setdefault(point.name, point)
    return dict(sorted(found.items()))


def load(group: str, name: str, declared: str) -> Any:
    """What the entry point of that name leads to: the `declared` name of a module ("WORLD"), or the
    object itself. Raises UserError, naming the package, if that fails.
    """
    point = installed(group)[name]
    package = point.dist.name if point.dist else "a package"
    try:
        found = point.load()
    except Exception as fault:
        raise UserError(
            f"'{name}' of the installed package '{package}' cannot be loaded:"
            f" {type(fault).__name__}: {fault}"
        ) from fault
    found = getattr(found, declared, found)
    ours = getattr(found, "name", name)
    need(ours == name, f"'{package}' enters '{ours}' as '{name}': let the entry bear its name")
    return found


def source(group: str, name: str) -> Path | None:
    """The file of the module that an entry point leads to, found without importing it."""
    point = installed(group)[name]
    inside = point.module.replace(".", "/")
    for tail in (f"{inside}.py", f"{inside}/__init__.py"):
        if point.dist is not None:
            path = Path(str(point.dist.locate_file(tail)))
            if path.is_file():
                return path
    return None
