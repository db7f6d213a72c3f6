"""Levels by chance: the control that every other attack has to beat at the same budget."""

from __future__ import annotations

from ..hunting.attack import Attack
from ..hunting.hunt import Hunt

BATCH = 512


def search(hunt: Hunt) -> None:
    """Play one batch after another."""
    while hunt.left:
        hunt.play(hunt.draw(BATCH))


ATTACK = Attack("levels by chance: the control", search)
