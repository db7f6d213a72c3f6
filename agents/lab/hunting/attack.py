"""What an attack is, and the attacks by name: those of `agents/lab/attacks`, of installed packages,
and `./my_attack.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....engine.roster import Roster
from .hunt import Hunt


@dataclass(frozen=True)
class Attack:
    """A search for bad levels.

    what: in words. search(hunt): draws or edits levels and has them played until `hunt.left` is 0;
    all its chance comes from `hunt`, which remembers the worst. within: the kinds of limits that it
    can keep to.
    """

    what: str
    search: Callable[[Hunt], None]
    within: tuple[str, ...] = ("train", "edits", "legal")


ATTACKS = Roster("attack", "agents/lab/attacks", "ATTACK", Attack)
