"""The places by name, and what `--on` means."""

from __future__ import annotations

import importlib
from pathlib import Path

from ....engine.errors import did_you_mean, need
from .backend import Backend, Place

NOT_PLACES = ("backend", "table", "carry")
LOCAL = "local"


def names() -> tuple[str, ...]:
    """The kinds of places there are."""
    found = (path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(sorted(name for name in found if name not in NOT_PLACES))


def is_place(text: str) -> bool:
    """Does it name a place, as "ray:auto" does?"""
    return text.partition(":")[0] in names()


def read(text: str) -> Place:
    """What `--on` says: KIND, KIND:WHERE or KIND:WHERE,option=N. UserError if there is no such
    kind.
    """
    kind, _, rest = text.partition(":")
    need(kind in names(), f"no place '{kind}'.{did_you_mean(kind, names())}")
    words = [word for word in rest.split(",") if word]
    where = words.pop(0) if words and "=" not in words[0] else ""
    pairs = [word.partition("=") for word in words]
    need(all(equals for _, equals, _ in pairs), f"'{text}': write options as name=N")
    return Place(kind, where, tuple((name, value) for name, _, value in pairs))


def open_backend(text: str) -> Backend:
    """The place that `--on` names. UserError if what it needs is not installed, with the remedy."""
    place = read(text)
    return importlib.import_module(f".{place.kind}", __package__).OPEN(place)
