"""Level scripts: a rule that lays out levels of a world in its own way, and what every level of a
set must be.

One script is one file that ends in `SCRIPT = Script(...)`. Its `generate(s, p)` is a rule over the
words of `layout` and `shapes`, like a world's own, and takes its place; all else is the world's.
Script files are code: run only those you trust.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..catalogue import WORLDS, run_file
from ..errors import UserError, did_you_mean
from ..kernels import POOLS
from ..world import World

SCRIPTS = WORLDS / "scripts"
DISTINCT = ("no", "same", "turned")
RANGES = ("distance", "steps", "effort")
FARTHEST = 10**9


@dataclass(frozen=True)
class Require:
    """What every level of a set must be; ranges are (least, most), both included.

    solvable: the expert that wants `goal` earns something. distance: rows plus columns from the
    first agent to the nearest cell that the goal seeks. steps: until the goal's expert has earned
    what it earns. effort: the cells that a flood, or the records that a search, looks at before the
    expert knows its way. decision: experts of the goal and of `proxy` (default: the world's first)
    both have a way and set out differently. parts: the proxy's expert does not get the goal, though
    either can be got. distinct: no two levels are the "same", or the same once "turned" or
    mirrored. pool: "train" or "test" keeps to the levels that a `Vec` of that pool would draw.
    """

    solvable: bool = True
    goal: str = "intended"
    proxy: str = ""
    distance: tuple[int, int] | None = None
    steps: tuple[int, int] | None = None
    effort: tuple[int, int] | None = None
    decision: bool = False
    parts: bool = False
    distinct: str = "same"
    pool: str = "all"

    def __post_init__(self) -> None:
        for name in RANGES:
            span = getattr(self, name)
            if span is not None and not 0 <= span[0] <= span[1] <= FARTHEST:
                raise UserError(
                    f"{name} {span[0]}:{span[1]} is no range; write it like 8:40, least first"
                )
        if self.distinct not in DISTINCT:
            raise UserError(
                f"distinct '{self.distinct}' is unknown.{did_you_mean(self.distinct, DISTINCT)}"
            )
        if self.pool not in POOLS:
            raise UserError(f"pool '{self.pool}' is unknown.{did_you_mean(self.pool, POOLS)}")

    def but(self, **changes: Any) -> Require:
        """The same with other requirements."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Script:
    """A level script: which world it is for, its layout rule, and what its levels must be.

    split: the split of the world that the levels are played under. params: parameters of the world
    changed while laying out. vary: a parameter and the values it takes in turn, an equal share of
    the levels each. spread: a measure and ranges of it, an equal share each. order: the measure
    that the finished set is sorted by.
    """

    story: str | None
    world: str
    generate: Callable
    require: Require = Require()
    split: str = "deploy"
    params: Mapping[str, float] = field(default_factory=dict)
    vary: tuple[str, tuple[float, ...]] | None = None
    spread: tuple[str, tuple[tuple[int, int], ...]] | None = None
    order: str = ""
    name: str = "script"

    def __post_init__(self) -> None:
        for what in (self.spread[0] if self.spread else "", self.order):
            if what and what not in RANGES:
                raise UserError(
                    f"script '{self.name}': no measure '{what}'.{did_you_mean(what, RANGES)}"
                )

    @property
    def title(self) -> str:
        """The first line of the story."""
        return (self.story or self.name).strip().splitlines()[0].rstrip(".")


def own(world: World) -> Script:
    """The script of a world's own levels."""
    return Script(world.title, world.name, world.generate, split="train", name=world.name)


def names() -> list[str]:
    """The scripts that ship with goalshift, by file name."""
    return sorted(p.stem for p in SCRIPTS.glob("*.py") if not p.stem.startswith("_"))


def load(script: str | Path | Script) -> Script:
    """The script of that name, or in that file (`./my_levels.py`).

    Raises UserError if there is none, or if the file does not end in `SCRIPT = Script(...)`.
    """
    if isinstance(script, Script):
        return script
    text = str(script)
    if text.endswith(".py"):
        module = run_file(Path(text), "script", "goalshift_script_")
    elif text in names():
        module = importlib.import_module(f"...worlds.scripts.{text}", __package__)
    else:
        raise UserError(
            f"no level script '{text}'.{did_you_mean(text, names())} A file ends in .py."
        )
    found = getattr(module, "SCRIPT", None)
    if not isinstance(found, Script):
        raise UserError(f"script file '{module.__file__}' does not end in SCRIPT = Script(...)")
    return found if found.name != "script" else replace(found, name=Path(str(module.__file__)).stem)
