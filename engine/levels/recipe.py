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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError, did_you_mean
from ..layout import STYLES
from ..world import World
from . import level, levelfile, script
from .script import FARTHEST, RANGES, Require

MOST = 10**9  # levels of one set
UP_TO = {"nothing": "same", "rotation+reflection": "turned"}


@dataclass(frozen=True)
class Recipe:
    """What a recipe asks for; see `levelset.batch` for its words.

    require: what differs from the script's own requirements. share: of the levels that are for
    training; 0: the set is not split. params: parameters of the world changed while laying out.
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


class Section:
    """A table of a recipe whose values are taken by key and kind; what is wrong is named with its
    place.
    """

    def __init__(
        self, path: Path, text: str, name: str, data: Mapping[str, Any], known: tuple[str, ...]
    ) -> None:
        self._path, self._data = path, data.get(name, {}) if name else data
        heads = [found.start() for found in re.finditer(r"^[ \t]*\[", text, re.MULTILINE)]
        head = re.search(rf"^[ \t]*\[[ \t]*{name}[ \t]*\]", text, re.MULTILINE) if name else None
        start = head.start() if head else 0
        end = next((at for at in heads if at > start), len(text)) if name else len(text)
        self._places = level.Text(text, start, end)
        if not isinstance(self._data, dict):
            raise UserError(f"{path}{level.Text(text).key(name)}: {name} must be a table [{name}]")
        for key in self._data:
            self.need(key, key in known, f"unknown key {key!r}.{did_you_mean(key, known)}")

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def need(self, key: str, true: bool, message: str) -> None:
        """Raise UserError at the place of `key` unless `true`."""
        if not true:
            raise UserError(f"{self._path}{self._places.key(key)}: {message}")

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Faults of what is done with the value of `key` name its place."""
        try:
            yield
        except UserError as fault:
            raise UserError(f"{self._path}{self._places.key(key)}: {fault}") from None

    def value(self, key: str) -> Any:
        """The value as it stands there."""
        return self._data[key]

    def word(self, key: str) -> str:
        """A text, or nothing."""
        told = self._data.get(key, "")
        self.need(key, isinstance(told, str) and len(told) <= 64, f"{key} must be a text in quotes")
        return told

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number."""
        told = self._data.get(key, default)
        sound = isinstance(told, int) and not isinstance(told, bool) and low <= told <= high
        self.need(key, sound, f"{key} must be a whole number from {low} to {high}")
        return told

    def truth(self, key: str) -> bool:
        """true or false."""
        told = self._data[key]
        self.need(key, isinstance(told, bool), f"{key} must be true or false")
        return told

    def numbers(self, key: str, told: Any, most: int = 64) -> tuple[float, ...]:
        """A list of numbers."""
        sound = (
            isinstance(told, list)
            and 1 <= len(told) <= most
            and all(_is_number(one) for one in told)
        )
        self.need(key, sound, f"{key} must hold 1 to {most} numbers in a list")
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
        self.need(key, sound, f"{key} must be {{ min = A, max = B }}, of whole numbers")
        self.need(
            key, 0 <= told[0] <= told[1] <= FARTHEST, f"{key} must run from 0 or more to no less"
        )
        return int(told[0]), int(told[1])

    def named(self, key: str) -> tuple[str, Any]:
        """The only key of a table, and its value."""
        told = self._data[key]
        self.need(
            key,
            isinstance(told, dict) and len(told) == 1,
            f"{key} must be {{ name = [...] }}, one name",
        )
        return next(iter(told.items()))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST


def read(path: Path, given: World | None = None) -> tuple[Recipe, World]:
    """The recipe in a file, and its world: `given`, or the one that ships so named. Raises
    UserError in one line.
    """
    text = levelfile.text_of(path, level.MAX_TEXT)
    data = level.toml(text, str(path))
    whole = level.Text(text)
    levels = next((key for key in ("map", "level") if key in data), "")
    if levels:
        raise UserError(
            f"{path}{whole.key(levels)}: these are levels, not a recipe: goalshift level check {path}"
        )
    top = Section(path, text, "", data, ("world", "generate", "require"))
    with top.at("world"):
        found = levelfile.world_for(data.get("world"), given, path)
    made = _generate(Section(path, text, "generate", data, GENERATE), found)
    section = Section(path, text, "require", data, REQUIRE)
    return Recipe(
        world=found.name, require=_require(section, found), share=_share(section), **made
    ), found


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
    section.need(
        "script",
        not name.endswith(".py"),
        f"'{name}' is code: if you trust it, add --script {name}",
    )
    with section.at("script"):
        own = script.load(name) if name else script.own(world)
    section.need(
        "script",
        own.world == world.name,
        f"script '{name}' is for world '{own.world}', not '{world.name}'",
    )
    params: dict[str, float] = {}
    if "params" in section:
        told = section.value("params")
        section.need(
            "params", isinstance(told, dict), "params must be a table of parameters of the world"
        )
        params |= told
    if "maze" in section:
        style = section.word("maze")
        section.need("maze", style in STYLES, f"no style {style!r}.{did_you_mean(style, STYLES)}")
        section.need(
            "maze",
            "walls" in world.params._fields,
            f"world '{world.name}' lays out no mazes of a style",
        )
        params["walls"] = STYLES.index(style)
    with section.at("params"):
        world.with_params(**params)
    if "size" in section:
        told = section.value("size")
        section.need(
            "size",
            told == list(world.size),
            f"levels of '{world.name}' have the size {list(world.size)}",
        )
    split = section.word("split")
    with section.at("split"):
        world.split(split or own.split)
    vary = spread = None
    if "vary" in section:
        name, values = section.named("vary")
        vary = name, section.numbers("vary", values)
        with section.at("vary"):
            for value in vary[1]:
                world.with_params(**{name: value})
    if "spread" in section:
        measure, ranges = section.named("spread")
        section.need(
            "spread", measure in RANGES, f"no measure {measure!r}.{did_you_mean(measure, RANGES)}"
        )
        section.need(
            "spread",
            isinstance(ranges, list) and 1 <= len(ranges) <= 64,
            "spread needs 1 to 64 ranges",
        )
        spread = measure, tuple(section.range("spread", one) for one in ranges)
    order = section.word("order")
    section.need(
        "order", not order or order in RANGES, f"no measure {order!r}.{did_you_mean(order, RANGES)}"
    )
    return {
        "script": section.word("script"),
        "count": section.whole("count", 1, MOST, Recipe.count),
        "seed": section.whole("seed", 0, 2**63 - 1, Recipe.seed),
        "split": split,
        "params": {name: float(value) for name, value in params.items()},
        "vary": vary,
        "spread": spread,
        "order": order,
        "tries": section.whole("tries", 1, 10**15, Recipe.tries)
        if "tries" in section
        else Recipe.tries,
    }


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
                key,
                not parts or bool(world.proxies),
                f"world '{world.name}' has no proxy to part from",
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
            "distinct", told in script.DISTINCT, f"distinct is one of {', '.join(choices)}"
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
        section.need(key, name in ("from", "to", "min", "max"), f"unknown key {name!r} in {key}")
    start = told.get("from", "agent_0")
    first = world.things[0].name
    section.need(
        key,
        start in ("agent_0", first),
        f"{key} is measured from the first agent, '{first}', alone",
    )
    if "to" in told:
        goal = str(told["to"]).removeprefix("goal:")
        with section.at(key):
            world.goal(goal)
        made.setdefault("goal", goal)
        section.need(
            key,
            made["goal"] == goal,
            f"{key} is measured to the goal '{made['goal']}', not to '{goal}'",
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
        "split",
        _is_number(share) and 0 < share < 1,
        "split must be { train = A }, A between 0 and 1",
    )
    return float(share)
