"""Which kind an agent from elsewhere is of: one table of what `kinds/` holds.

A new kind is one file there, which ends in `KIND = Kind(...)`; nothing else is edited.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ....engine.errors import UserError
from ..policy import Policy
from .kind import Found, Kind

FOLDER = Path(__file__).resolve().parent / "kinds"


@cache
def table() -> tuple[Kind, ...]:
    """All kinds."""
    names = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    return tuple(importlib.import_module(f".kinds.{n}", __package__).KIND for n in names)


def is_file(text: str) -> bool:
    """Does it end like a file that an agent may be in, or one that is refused?"""
    return any(text.lower().endswith(kind.endings) for kind in table() if kind.endings)


def of_file(path: Path) -> Callable[[], Policy]:
    """What opens the file. Raises UserError for one that is not opened, and says why."""
    kind = next((k for k in table() if k.endings and path.name.lower().endswith(k.endings)), None)
    if kind is None:
        raise UserError(f"'{path}' is no agent: {told()}")
    if not path.exists():
        raise UserError(f"no such file: '{path}'")
    opened = kind.open
    if opened is None:
        raise UserError(f"'{path}' is {kind.what}: {kind.refused}")

    def make() -> Policy:
        found = opened(path)
        return wrap(*found) if isinstance(found, Found) else found

    return make


def told() -> str:
    """Which files agents are in, in words."""
    endings = [end for kind in table() if kind.open for end in kind.endings]
    return f"name a run, its checkpoint, or a file ending in {', '.join(endings)}"


def wrap(agent: Any, obs: str | None = None, name: str = "") -> Policy:
    """The policy that an object of another library is, or a function, or a class with `act(obs)`.

    Raises UserError if it is nothing that acts.
    """
    if isinstance(agent, Policy):
        return agent
    tops = [cls.__module__.partition(".")[0] for cls in type(agent).__mro__]
    makers = [k.wrap for top in tops for k in table() if k.wrap and top in k.libraries]
    makers += [kind.wrap for kind in table() if kind.wrap and not kind.libraries]
    return makers[0](agent, obs, name)
