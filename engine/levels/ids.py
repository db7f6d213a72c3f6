"""Levels by name: the eight digits that films, pages, the window, file names and tables show.

A level's name is the beginning of its fingerprint, a hash of what the level holds. It tells levels
apart and cannot make one: who asks for a level by name must know where levels come from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..counts import counted
from ..errors import Reader, UserError, need
from ..state import DIGITS, short
from ..vector import Vec
from ..world import Split, World
from .kind import Levels
from .splits import split_of

ALL_DIGITS = 16
FORM = rf"[0-9a-f]{{{DIGITS},{ALL_DIGITS}}}"
KNOWN = 4096  # levels of each origin that are looked through
MAKES = (
    "a fingerprint tells levels apart and cannot make one; what makes it again: --seed N --split NAME,"
    " a file of levels, or the code of a replay (GM1...)"
)


def names(world: World, states: np.recarray) -> list[str]:
    """The name of each level."""
    return [short(mark) for mark in world.fingerprints(states)]


def is_name(text: object) -> bool:
    """Is this how a level's name is written: 8 to 16 hexadecimal digits?"""
    return isinstance(text, str) and re.fullmatch(FORM, text) is not None


def checked(text: str) -> str:
    """The name; UserError if it is written like none."""
    if not is_name(text):
        raise UserError(
            f"'{text}' is no name of a level: it has {DIGITS} to {ALL_DIGITS} digits 0-9a-f, as films"
            " and the window show it"
        )
    return text


def among(prints: np.ndarray, text: str) -> int | None:
    """The place of the level so named among fingerprints uint64[n]; None if it is not there.

    Raises UserError if several different levels begin so.
    """
    bits = np.uint64(4 * (ALL_DIGITS - len(checked(text))))
    found = np.flatnonzero(prints >> bits == np.uint64(int(text, 16)))
    several = np.unique(prints[found])
    if len(several) > 1:
        told = ", ".join(f"{mark:016x}" for mark in several[:4].tolist())
        raise UserError(
            f"level {text}: {counted(len(several), 'level')} begin so ({told}): give more digits"
        )
    return int(found[0]) if len(found) else None


def place(levels: Levels, text: str, path: Path) -> int:
    """Which level of a file is so named. Raises UserError if none is, or several begin so."""
    with Reader(path).at():
        at = among(levels.world.fingerprints(levels.states), text)
        need(
            at is not None, f"none of its {counted(len(levels.states), 'level')} is {text}; {MAKES}"
        )
    return at or 0


class Origin(NamedTuple):
    """Where a level comes from: its seed (of a file of levels, its number from 0) and its split."""

    seed: int
    split: str


def find(world: World, text: str, split: str | Split, seeds: tuple[int, ...] = (0,)) -> Origin:
    """Where the level so named comes from, among those that `split` and the world's own splits
    hold: of a file all; else seeds 0 to 4095, and the first 4096 training and test levels from each
    of `seeds`.

    Raises UserError, in one line, if it is none of them, or several begin so.
    """
    first = split_of(world, split)
    others = [world.split(name) for name in world.split_names if name != first.name]
    for one in (first, *others):
        numbers, prints = known(world, one, seeds)
        at = among(prints, text)
        if at is not None:
            return Origin(int(numbers[at]), one.name)
    own = f"the levels of '{first.name}'" if first.starts is not None else f"'{first.name}'"
    raise UserError(
        f"no level {text} is known here: it is not among {own} and the first {KNOWN:,} of each split"
        f" of world '{world.name}'; {MAKES}"
    )


def known(world: World, split: Split, seeds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The levels of a split that are known by name: their seeds, or numbers in a file, and their
    fingerprints, uint64[n] each.
    """
    if split.starts is not None:
        return np.arange(len(split.starts)), world.fingerprints(split.starts)
    batches = [Vec(world, KNOWN, split, levels=np.arange(KNOWN, dtype=np.uint64))]
    batches[0].assign(np.ones(KNOWN, np.bool_), np.arange(KNOWN))
    batches += [
        Vec(world, KNOWN, split, seed, pool=pool)
        for seed in dict.fromkeys(seeds)
        for pool in ("test", "train")
    ]
    states = [vec.reset_states() for vec in batches]
    numbers = np.concatenate([one["seed"] for one in states])
    return numbers, np.concatenate([world.fingerprints(one) for one in states])
