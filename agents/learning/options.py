"""Options of a configuration: a default, what it means and what it may be, all at the field.

A configuration is a frozen dataclass whose fields are made by `option`. Its checks, its flags on
the command line and its help are read from there. Nothing here is slow to import.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from ...engine.counts import number, whole
from ...engine.errors import need

T = TypeVar("T")
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    tuple: "pairs",
}


def option(
    default: T,
    help: str,
    limits: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
) -> T:
    """A field: its default, what it means, and the least and most, or the words, that it takes."""
    about = {"help": help, "limits": limits, "choices": choices}
    return dataclasses.field(default=default, metadata=about)


def flag(name: str) -> str:
    """A field as the command line spells it."""
    return "--" + name.replace("_", "-")


def check(config: Any) -> None:
    """Raise UserError, naming the flag, unless every field of a configuration is what it may be.

    Whole numbers become floats where floats belong.
    """
    fields = dataclasses.fields(config)
    for field in fields:
        kind, value = type(field.default), getattr(config, field.name)
        if kind is float and type(value) is int:
            object.__setattr__(config, field.name, float(value))
        else:
            need(type(value) is kind, f"{flag(field.name)} must be {KINDS[kind]}, not {value!r}")
    for field in fields:
        value, choices = getattr(config, field.name), field.metadata["choices"]
        if field.metadata["limits"]:
            low, high = field.metadata["limits"]
            # false for NaN, too
            inside = low <= value <= high
            need(inside, f"{flag(field.name)} must be from {low:,} to {high:,}, not {value}")
        listed = f"{flag(field.name)} must be one of {', '.join(choices)}, not '{value}'"
        need(not choices or value in choices, listed)


def names(kind: type, without: Collection[str] = ()) -> list[str]:
    """The names of a configuration's fields, in order."""
    return [field.name for field in dataclasses.fields(kind) if field.name not in without]


def typed(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a person writes them, as numbers, or as true and false, where the configuration
    `kind` has those.

    Names that it lacks stay as they are. UserError names the value that is none.
    """
    kinds = {field.name: type(field.default) for field in dataclasses.fields(kind)}
    found = dict(given)
    for name, value in given.items():
        wanted = kinds.get(name)
        if wanted in (int, float):
            read = value
            if isinstance(value, str):  # a long whole number has more digits than a float
                read = (wanted is int and whole(value)) or number(value)
            try:
                found[name] = wanted(read)
                sound = found[name] == read  # no NaN, and no 3.7 as 3
            except (TypeError, ValueError, OverflowError):
                sound = False
            need(sound, f"{name}: '{value}' is not {KINDS[wanted]}")
        elif wanted is bool and type(value) is not bool:
            word = str(value).lower()
            need(word in WORDS, f"{name}: '{value}' is not {KINDS[bool]}")
            found[name] = WORDS[word]
    return found
