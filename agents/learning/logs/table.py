"""The logs by name."""

from __future__ import annotations

import importlib
from pathlib import Path

from ....engine import extras
from ....engine.errors import UserError, did_you_mean
from ..callback import Callback


def names() -> tuple[str, ...]:
    """The logs there are."""
    here = Path(__file__).parent
    return tuple(sorted(p.stem for p in here.glob("[!_]*.py") if p.stem != "table"))


def log(name: str) -> Callback:
    """The log of that name; UserError if there is none, or if its library is not installed."""
    if name not in names():
        raise UserError(f"no log '{name}'.{did_you_mean(name, names())}")
    if name in extras.EXTRAS:
        extras.need(name, f"--log {name}")
    return importlib.import_module(f".{name}", __package__).LOG()
