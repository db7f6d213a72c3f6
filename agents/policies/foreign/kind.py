"""A kind of agent from elsewhere: which objects and files are of it, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..policy import Policy
from .base import Foreign


class Found(NamedTuple):
    """What a file holds, of whatever kind that is; obs: what it looks at, if the file says so."""

    agent: Any
    obs: str | None
    name: str


@dataclass(frozen=True)
class Kind:
    """One file of `kinds/` ends in `KIND = Kind(...)`.

    what: in words. libraries: of whose classes its objects are, none: whatever else acts; wrap:
    makes a policy of one. endings: of its files; open: makes a policy of one, or finds it there.
    refused: why its files are not opened, and what to do instead.
    """

    what: str
    libraries: tuple[str, ...] = ()
    wrap: Callable[[Any, str | None, str], Foreign] | None = None  # object, obs, name
    endings: tuple[str, ...] = ()
    open: Callable[[Path], Policy | Found] | None = None
    refused: str = ""
