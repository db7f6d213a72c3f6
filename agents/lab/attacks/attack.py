"""What an attack is, and the attacks by name: those of this folder, of installed packages, and
`./my_attack.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine import catalogue, plugins
from ....engine.errors import UserError, need, or_rather

if TYPE_CHECKING:
    from .hunt import Hunt

GROUP = "goalshift.attacks"  # of entry points


@dataclass(frozen=True)
class Attack:
    """A search for bad levels.

    what: in words. search(hunt): draws or edits levels and has them played until `hunt.left` is 0;
    all its chance comes from `hunt`. The hunt remembers the worst. within: the kinds of limits it
    can keep to.
    """

    what: str
    search: Callable[[Hunt], None]
    within: tuple[str, ...] = ("train", "edits", "legal")


@cache
def shipped() -> tuple[str, ...]:
    """The attacks of this folder, by file name; none is loaded for it."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(p.stem for p in files if "\nATTACK = " in p.read_text(encoding="utf-8"))


def names() -> tuple[str, ...]:
    """The attacks that can be named."""
    return tuple(sorted({*shipped(), *plugins.installed(GROUP)}))


def load(name: str) -> Attack:
    """The attack of that name, or in that file, which is run as code. UserError if there is none."""
    if name.endswith(".py"):
        module = catalogue.run_file(Path(name), "attack", "goalshift_attack_")
        found = getattr(module, "ATTACK", None)
        need(isinstance(found, Attack), f"'{name}' does not end in ATTACK = Attack(...)")
    elif name in shipped():
        found = importlib.import_module(f".{name}", __package__).ATTACK
    elif name in plugins.installed(GROUP):
        found = plugins.load(GROUP, name, "ATTACK")
        need(isinstance(found, Attack), f"the installed attack '{name}' is no Attack")
    else:
        raise UserError(f"no attack '{name}'{or_rather(name, names())} (or a file ending in .py)")
    assert isinstance(found, Attack)
    return found
