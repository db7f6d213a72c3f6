"""What a kind of file that holds levels is, and what such a file holds once it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import catalogue
from ..errors import Reader, UserError
from ..world import World

MAX_LEVELS = 100_000  # of one file of text
NAME = r"[\w.-]{1,64}"
LONGEST = 200  # characters of a title, and of the rest that is said about a level


class About(NamedTuple):
    """What is said about a level, one line each: by whom it is, under which licence it may be used,
    and what was found when it was checked before it was published.
    """

    title: str = ""
    author: str = ""
    licence: str = ""
    checked: str = ""

    def told(self) -> dict[str, str]:
        """What is said, by name."""
        return {name: words for name, words in self._asdict().items() if words}


@dataclass
class Levels:
    """What a file of levels holds: the world, start states, a name for each ("" without), and facts
    about each.

    remarks: what the file says that a level has no place for, in words, and is left out; abouts:
    what is said about each (none: nothing is, about any).
    """

    world: World
    states: np.recarray
    names: list[str]
    facts: dict[str, np.ndarray] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    abouts: list[About] = field(default_factory=list)

    def about(self, i: int) -> About:
        """What is said about level i."""
        return self.abouts[i] if self.abouts else About()

    @property
    def shared(self) -> About:
        """What is said about all of them alike, a part at a time."""
        each = self.abouts or [About()]
        same = [words[0] if len({*words}) == 1 else "" for words in zip(*each, strict=True)]
        return About(*same)

    def own(self, i: int) -> dict[str, str]:
        """What is said about level i and not about all, by name."""
        shared = self.shared.told()
        return {name: words for name, words in self.about(i).told().items() if name not in shared}

    def only(self, i: int) -> Levels:
        """Level i alone, without facts."""
        one = self.states[i : i + 1].view(np.recarray)
        return Levels(self.world, one, self.names[i : i + 1], abouts=[self.about(i)])


@dataclass(frozen=True)
class Format:
    """A kind of file that holds levels.

    what: in words. endings: of the files' names, in small letters; read takes in any of them.
    read: the levels of a file, of the given world or the one that the file names; UserError in one
    line. write: levels into a file, whole or not at all; None: this kind is only read.
    single: a file holds one level. of: the only world whose levels it holds ("": of any).
    """

    what: str
    endings: tuple[str, ...]
    read: Callable[[Path, World | None], Levels]
    write: Callable[[Levels, Path], None] | None
    single: bool = False
    of: str = ""


def world_for(told: Any, given: World | None, path: Path) -> World:
    """The world of a file that names it as `told`: `given` if that is the one, else the one that
    ships so named.
    """
    if given is not None:
        if told not in (None, given.name):
            raise UserError(f"{path}: levels of '{told}', not of '{given.name}'")
        return given
    if not isinstance(told, str):
        raise UserError(f"{path}: it does not say of which world it is; add --world NAME")
    if told not in catalogue.names():
        raise UserError(
            f"{path}: no world '{told[:64]}' is shipped; if it is one of yours, add --world FILE.py"
        )
    return catalogue.load(told)


def name_of(name: Any, places: Reader) -> str:
    """A level's name, checked."""
    sound = isinstance(name, str) and re.fullmatch(NAME, name)
    message = "a level's name must be 1 to 64 letters, digits, '.', '-' or '_'"
    places.need(sound, message, "name")
    return str(name)


def about_of(data: Mapping[str, Any], places: Reader, shared: About | None = None) -> About:
    """What `data` says about a level, checked; what it leaves out is as `shared`."""
    found = (shared or About())._asdict()
    for name in set(About._fields) & set(data):
        words = data[name]
        sound = isinstance(words, str) and len(words) <= LONGEST and words.isprintable()
        message = f"{name} must be a text of one line, of at most {LONGEST} characters"
        places.need(sound, message, name)
        found[name] = words
    return About(**found)


def named(states: np.recarray, stem: str = "") -> list[str]:
    """Names for levels that have none: `stem-0001` and so on, or empty without a stem."""
    return [f"{stem}-{i:04}" if stem else "" for i in range(1, len(states) + 1)]


def joined(parts: Iterable[Levels], path: Path) -> Levels:
    """The levels of a file from those of its parts; UserError for none, or too many."""
    read: list[Levels] = []
    for part in parts:
        read.append(part)
        if len(read) > MAX_LEVELS:
            raise UserError(f"{path}: more than {MAX_LEVELS:,} levels; use .npz")
    if not read:
        raise UserError(f"{path}: it holds no level")
    states = np.concatenate([part.states for part in read]).view(np.recarray)
    names = [name for part in read for name in part.names]
    abouts = [about for part in read for about in part.abouts]
    return Levels(read[0].world, states, names, abouts=abouts if any(map(any, abouts)) else [])
