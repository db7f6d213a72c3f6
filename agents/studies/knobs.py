"""Knobs: what a study varies, as it is written on the command line: `NAME=V,V,...` or `NAME=A..B`.

A knob is the share of shifted levels (`alpha`), an option of the learner (`steps`, `width`, ...), a
parameter of the world in every split (`world.region`), or in one (`world.train.horizon`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...engine.counts import digits, number, whole
from ...engine.errors import UserError, did_you_mean, need
from ...engine.world import World

ALPHA = "alpha"
MOST_VALUES = 10_000


@dataclass(frozen=True)
class Knob:
    """A name and the values it takes, as text: numbers in one form, words as they are written."""

    name: str
    values: tuple[str, ...]

    def given(self, value: str) -> dict[str, Any]:
        """What the learner, or the world ("world.KEY"), is given at one value."""
        return {"split": f"alpha={value}"} if self.name == ALPHA else {self.name: value}


def read(text: str, world: World, options: Collection[str], flag: str = "--over") -> Knob:
    """The knob that `text` writes; `options` are the learner's.

    UserError, with the closest name, if neither the world nor the learner has it, or if its values
    are none or not all different.
    """
    name, equals, listed = text.partition("=")
    name = name.strip().replace("-", "_")
    known = [ALPHA, *options, *(f"world.{p}" for p in (*world.params._fields, "learners", "size"))]
    splits = "|".join(map(re.escape, ("train", "deploy", *world.splits)))
    bare = re.sub(rf"^world\.({splits})\.", "world.", name)
    hint = did_you_mean(bare, known)
    need(bare in known, f"{flag} '{name}': no such knob of '{world.name}'.{hint}")
    span = re.fullmatch(r"([0-9]{1,9})\.\.([0-9]{1,9})", listed.strip())
    if span:
        low, high = int(span[1]), int(span[2])
        need(high - low < MOST_VALUES, f"{flag} '{text}': at most {MOST_VALUES:,} values")
        values = [str(value) for value in range(low, high + 1)]
    else:
        words = [word.strip() for word in listed.split(",")]
        values = [_tidy(word, f"{flag} {name}") for word in words if word]
    example = "alpha=0,1e-3,0.1,1 or world.region=1..11"
    need(equals and values, f"{flag} '{text}': write it like {example}")
    need(len(set(values)) == len(values), f"{flag} '{text}': a value stands there twice")
    return Knob(name, tuple(values))


def read_all(texts: Sequence[str], world: World, options: Collection[str]) -> tuple[Knob, ...]:
    """The knobs of a grid; UserError, too, if one stands there twice."""
    knobs = [read(text, world, options) for text in texts]
    names = [knob.name for knob in knobs]
    for name in names:
        need(names.count(name) == 1, f"--over names '{name}' twice")
    return tuple(knobs)


def in_digits(knob: Knob, world: World) -> Knob:
    """The knob with every label of a world's parameter as the number that it stands for."""
    if not knob.name.startswith("world."):
        return knob
    name = knob.name.removeprefix("world.")
    numbers = [world.numbers({name: value})[name] for value in knob.values]
    values = tuple(_tidy(str(number), knob.name) for number in numbers)
    need(len(set(values)) == len(values), f"{knob.name}: a value stands there twice")
    return replace(knob, values=values)


def _tidy(value: str, where: str) -> str:
    """A value as a flag takes it: counts like 2M become digits, numbers get their shortest form."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kM])", value)
    if match:
        return str(round(float(match[1]) * {"k": 1e3, "M": 1e6}[match[2]]))
    found = number(value)
    if not math.isnan(found):
        return digits(found)
    try:
        float(value)
    except ValueError:
        return value  # a word, such as the name of a split: the learner says if it is a wrong one
    raise UserError(f"{where}: '{value}' is no number to train with")


def label(name: str, value: str, world: World) -> str:
    """A knob's value for people: its label, 20k for 20000, and ∞ for endless levels."""
    if world.words(name):
        return world.say(name, float(value))
    if name == "levels" and value == "0":
        return "∞"
    if len(value) > 3 and (whole(value) or 1) % 100 == 0:
        return f"{int(value) / 1e6:g}M" if len(value) > 6 else f"{int(value) / 1e3:g}k"
    return value
