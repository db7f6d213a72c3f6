"""Recipes of level sets: what to draw, and what every level must be, in a .toml file.

    world = "corner"
    [generate]
    script = "forks"  # or none: the world's own generator
    count = 1000
    seed = 7
    [require]
    steps = { min = 8, max = 40 }
    decision_square = true
    distinct = { up_to = "rotation+reflection" }
    split = { train = 0.8 }

A recipe is data. It names worlds and scripts that ship; files of code are named on the command
line, by who trusts them. Everything is checked before anything is drawn, and faults name line and
column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import boards, files
from ..errors import did_you_mean
from ..layout import STYLES
from ..world import World
from . import script
from .kind import world_for
from .script import FARTHEST, RANGES, Require
from .text import MAX_TEXT, Text, parse_toml

MOST = 10**9  # levels of one set
UP_TO = {"nothing": "same", "rotation+reflection": "turned"}


@dataclass(frozen=True)
class Recipe:
    """What a recipe asks for; see `levelset.batch` for its words.

    require: what differs from the script's own requirements. share: of the levels that are for
    training; 0: the set is not split. params: parameters of the world changed while laying out;
    knobs: of the world that the levels are of (its size).
    """

    world: str = ""
    script: str = ""
    count: int = 100
    seed: int = 0
    split: str = ""
    require: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, float] = field(default_factory=dict)
    vary: tuple[str, tuple[float, ...]] | None = None
    spread: tuple[str, tuple[tuple[int, int], ...]] | None = None
    order: str = ""
    tries: int = 0
    share: float = 0.0
    knobs: Mapping[str, float] = field(default_factory=dict)


class Section(Text):
    """A table of a recipe whose values are taken by key and kind; what is wrong is named with its
    place.
    """

    def __init__(
        self, path: Path, text: str, name: str, data: Mapping[str, Any], known: tuple[str, ...]
    ) -> None:
        self._data = data.get(name, {}) if name else data
        heads = [found.start() for found in re.finditer(r"^[ \t]*\[", text, re.MULTILINE)]
        head = re.search(rf"^[ \t]*\[[ \t]*{name}[ \t]*\]", text, re.MULTILINE) if name else None
        start = head.start() if head else 0
        end = next((at for at in heads if at > start), len(text)) if name else len(text)
        super().__init__(path, text, start, end)
        sound = isinstance(self._data, dict)
        Text(path, text).need(sound, f"{name} must be a table [{name}]", name)
        for key in self._data:
            self.need(key in known, f"unknown key {key!r}.{did_you_mean(key, known)}", key)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def value(self, key: str) -> Any:
        """The value as it stands there."""
        return self._data[key]

    def word(self, key: str) -> str:
        """A text, or nothing."""
        told = self._data.get(key, "")
        self.need(isinstance(told, str) and len(told) <= 64, f"{key} must be a text in quotes", key)
        return told

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number."""
        told = self._data.get(key, default)
        sound = isinstance(told, int) and not isinstance(told, bool) and low <= told <= high
        self.need(sound, f"{key} must be a whole number from {low} to {high}", key)
        return told

    def truth(self, key: str) -> bool:
        """true or false."""
        told = self._data[key]
        self.need(isinstance(told, bool), f"{key} must be true or false", key)
        return told

    def numbers(self, key: str, told: Any, most: int = 64) -> tuple[float, ...]:
        """A list of numbers."""
        sound = (
            isinstance(told, list)
            and 1 <= len(told) <= most
            and all(_is_number(one) for one in told)
        )
        self.need(sound, f"{key} must hold 1 to {most} numbers in a list", key)
        return tuple(map(float, told))

    def range(self, key: str, told: Any) -> tuple[int, int]:
        """`[least, most]`, or a table of min and max, of which either may be left out."""
        if isinstance(told, dict):
            told = [told.get("min", 0), told.get("max", FARTHEST)]
        sound = (
            isinstance(told, list)
            and len(told) == 2
            and all(_is_number(one) and one == int(one) for one in told)
        )
        self.need(sound, f"{key} must be {{ min = A, max = B }}, of whole numbers", key)
        self.need(
            0 <= told[0] <= told[1] <= FARTHEST, f"{key} must run from 0 or more to no less", key
        )
        return int(told[0]), int(told[1])

    def named(self, key: str) -> tuple[str, Any]:
        """The only key of a table, and its value."""
        told = self._data[key]
        self.need(
            isinstance(told, dict) and len(told) == 1,
            f"{key} must be {{ name = [...] }}, one name",
            key,
        )
        return next(iter(told.items()))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST


def read(path: Path, given: World | None = None) -> tuple[Recipe, World]:
    """The recipe in a file, and its world: `given`, or the one that ships so named. Raises
    UserError in one line.
    """
    text = files.read_text(path, MAX_TEXT)
    data = parse_toml(text, str(path))
    levels = next((key for key in ("map", "level") if key in data), "")
    message = f"these are levels, not a recipe: goalshift level check {path}"
    Text(path, text).need(not levels, message, levels)
    top = Section(path, text, "", data, ("world", "generate", "require"))
    with top.at("world"):
        found = world_for(data.get("world"), given, path)
    made = _generate(Section(path, text, "generate", data, GENERATE), found)
    section = Section(path, text, "require", data, REQUIRE)
    require, share = _require(section, found), _share(section)
    return Recipe(world=found.name, require=require, share=share, **made), found


GENERATE = (
    "script",
    "count",
    "seed",
    "split",
    "maze",
    "size",
    "params",
    "vary",
    "spread",
    "order",
    "tries",
)
REQUIRE = (
    "solvable",
    "goal",
    "proxy",
    *RANGES,
    "decision_square",
    "parts",
    "distinct",
    "pool",
    "split",
)


def _generate(section: Section, world: World) -> dict[str, Any]:
    """The table [generate] as arguments of a Recipe."""
    name = section.word("script")
    message = f"'{name}' is code: if you trust it, add --script {name}"
    section.need(not name.endswith(".py"), message, "script")
    with section.at("script"):
        own = script.load(name) if name else script.own(world)
    message = f"script '{name}' is for world '{own.world}', not '{world.name}'"
    section.need(own.world == world.name, message, "script")
    size: dict[str, float] = {}
    if "size" in section:
        with section.at("size"):
            size = {"size": boards.as_number(boards.wanted(world, section.value("size")))}
            world = world.with_params(**size)
    params = _params(section, world)
    split = section.word("split")
    with section.at("split"):
        world.split(split or own.split)
    vary, spread = _vary(section, world), _spread(section)
    order = section.word("order")
    message = f"no measure {order!r}.{did_you_mean(order, RANGES)}"
    section.need(not order or order in RANGES, message, "order")
    count = section.whole("count", 1, MOST, Recipe.count)
    seed = section.whole("seed", 0, 2**63 - 1, Recipe.seed)
    tries = section.whole("tries", 1, 10**15, 0) if "tries" in section else Recipe.tries
    return {
        "script": name,
        "count": count,
        "seed": seed,
        "split": split,
        "params": params,
        "vary": vary,
        "spread": spread,
        "order": order,
        "tries": tries,
        "knobs": size,
    }


def _params(section: Section, world: World) -> dict[str, float]:
    """The parameters of the world that are changed while laying out, a style of mazes among
    them.
    """
    params: dict[str, Any] = {}
    if "params" in section:
        told = section.value("params")
        message = "params must be a table of parameters of the world"
        section.need(isinstance(told, dict), message, "params")
        params |= told
    if "maze" in section:
        style = section.word("maze")
        message = f"no style {style!r}.{did_you_mean(style, STYLES)}"
        section.need(style in STYLES, message, "maze")
        message = f"world '{world.name}' lays out no mazes of a style"
        section.need("walls" in world.params._fields, message, "maze")
        params["walls"] = STYLES.index(style)
    with section.at("params"):
        return world.numbers(params)


def _vary(section: Section, world: World) -> tuple[str, tuple[float, ...]] | None:
    """A parameter, and the values of which each gets an equal share."""
    if "vary" not in section:
        return None
    name, told = section.named("vary")
    values = section.numbers("vary", told)
    with section.at("vary"):
        for value in values:
            world.with_params(**{name: value})
    return name, values


def _spread(section: Section) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """A measure, and the ranges of which each gets an equal share."""
    if "spread" not in section:
        return None
    measure, ranges = section.named("spread")
    message = f"no measure {measure!r}.{did_you_mean(measure, RANGES)}"
    section.need(measure in RANGES, message, "spread")
    sound = isinstance(ranges, list) and 1 <= len(ranges) <= 64
    section.need(sound, "spread needs 1 to 64 ranges", "spread")
    return measure, tuple(section.range("spread", one) for one in ranges)


def _require(section: Section, world: World) -> dict[str, Any]:
    """The table [require] as changes to a Require."""
    made: dict[str, Any] = {}
    for key in ("goal", "proxy"):
        if key in section:
            made[key] = section.word(key)
            with section.at(key):
                world.goal(made[key])
    for key, name in (
        ("solvable", "solvable"),
        ("decision_square", "decision"),
        ("parts", "parts"),
    ):
        if key in section:
            made[name] = section.truth(key)
            parts = name != "solvable"
            section.need(
                not parts or bool(world.proxies),
                f"world '{world.name}' has no proxy to part from",
                key,
            )
    for key in RANGES:
        if key in section:
            made[key] = section.range(key, section.value(key))
            if isinstance(section.value(key), dict):
                _ends(section, key, section.value(key), world, made)
    if "distinct" in section:
        told = section.value("distinct")
        told = UP_TO.get(str(told.get("up_to")), "") if isinstance(told, dict) else told
        choices = (*script.DISTINCT, *UP_TO)
        section.need(
            told in script.DISTINCT, f"distinct is one of {', '.join(choices)}", "distinct"
        )
        made["distinct"] = told
    if "pool" in section:
        made["pool"] = section.word("pool")
        with section.at("pool"):
            Require(pool=made["pool"])
    return made


def _ends(
    section: Section, key: str, told: Mapping[str, Any], world: World, made: dict[str, Any]
) -> None:
    """`from` and `to` of a range: the first agent, and the goal; no other way is measured."""
    for name in told:
        section.need(name in ("from", "to", "min", "max"), f"unknown key {name!r} in {key}", key)
    start = told.get("from", "agent_0")
    first = world.things[0].name
    section.need(
        start in ("agent_0", first),
        f"{key} is measured from the first agent, '{first}', alone",
        key,
    )
    if "to" in told:
        goal = str(told["to"]).removeprefix("goal:")
        with section.at(key):
            world.goal(goal)
        made.setdefault("goal", goal)
        section.need(
            made["goal"] == goal,
            f"{key} is measured to the goal '{made['goal']}', not to '{goal}'",
            key,
        )


def _share(section: Section) -> float:
    """The share of levels for training, told apart by fingerprint; 0: the set is not split."""
    if "split" not in section:
        return 0.0
    told = section.value("split")
    sound = (
        isinstance(told, dict)
        and set(told) <= {"train", "by"}
        and told.get("by", "fingerprint") == "fingerprint"
    )
    share: Any = told.get("train") if sound else None
    section.need(
        _is_number(share) and 0 < share < 1,
        "split must be { train = A }, A between 0 and 1",
        "split",
    )
    return float(share)
