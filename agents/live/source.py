"""Where the level comes from: a seed of a split, a file of levels, or a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...engine import state
from ...engine.counts import digits
from ...engine.levels import ids
from ...engine.levels.splits import split_of
from ...engine.vector import level_of
from ...engine.world import World
from ..designing.open_file import Shelf

ALPHAS = {"train": 0.0, "deploy": 1.0}  # splits that are an end of the mixture


class Typed(NamedTuple):
    """How a session was opened: the world, run or file, the world's file if it was named beside
    that, parameters that were changed, the verb, and what else was said.
    """

    what: str
    world: str = ""
    knobs: Mapping[str, Any] = {}
    verb: str = "watch"
    more: tuple[str, ...] = ()

    def words(self, what: str, params: Mapping[str, float]) -> list[str]:
        """The words of a command that opens `what` with these parameters."""
        named = ["--world", self.world] if self.world and self.world != what else []
        named += self.more
        told = {**self.knobs, **{name: digits(value) for name, value in params.items()}}
        knobs = [word for name, value in told.items() for word in (f"--world.{name}", str(value))]
        return ["goalshift", self.verb, what, *named, *knobs]


class Source:
    """Where the level comes from.

    world: as it was opened; seed, split: which level of it. start: the level (a batch of one) if it
    is from no seed; shelf: the file that it came from, if it came from one; typed: how it was
    opened. origin: where the level that is played came from, in short; again: the words of the
    command that shows it again, or none if it was recorded.

    `params` (the world's parameters by name) and `alpha` hold for the next level. `given`: is the
    next one not to be drawn from the seed?
    """

    def __init__(
        self,
        world: World,
        seed: int = 0,
        split: str = "deploy",
        start: np.recarray | None = None,
        shelf: Shelf | None = None,
        typed: Typed | None = None,
    ) -> None:
        self.base, self.seed, self.shelf = world, int(seed) % 2**64, shelf
        self.typed = typed or Typed(world.name)
        self.params: dict[str, float] = {}
        self._tuned = {}, world  # parameters, and the world with them
        self.alpha, self.given = 1.0, start is not None
        self.choose(split)
        self.start = (
            state.copy(start) if start is not None else level_of(world, self.seed, self._set)
        )
        self.begin()

    def choose(self, split: str) -> None:
        """Draw levels from this split from now on."""
        self.split = split
        # kept, as it may be a file of levels, which is long to read
        self._set = split_of(self.base, split)
        self.alpha = ALPHAS.get(split, self.alpha)

    def choose_next(self) -> None:
        """The next split of the world."""
        names = list(self.base.split_names)
        after = names.index(self.split) + 1 if self.split in names else 0
        self.choose(names[after % len(names)])
        self.given = False

    def mix(self, alpha: float) -> None:
        """Levels from a mixture of train and deploy from now on."""
        alpha = round(min(max(float(alpha), 0.0), 1.0), 2)
        self.choose({0.0: "train", 1.0: "deploy"}.get(alpha, f"alpha={alpha:g}"))
        self.alpha, self.given = alpha, False

    def world(self) -> World:
        """The world with its parameters as they are set now.

        The same object as long as they stay the same: pictures and compiled rules are kept by it.
        """
        if self.params != self._tuned[0]:
            self._tuned = dict(self.params), self.base.with_params(**self.params)
        return self._tuned[1]

    def draw(self, world: World) -> None:
        """Begin a level, in `world()`: that of the seed, or the one that was given."""
        if not self.given:
            split = self._set if self._set.starts is not None else self.split
            self.start = level_of(world, self.seed, split)
        self.begin()

    def next(self) -> str:
        """Turn to the next level of the file, or to the next seed; returns what to tell."""
        if self.shelf is not None and self.given and len(self.shelf) > 1:
            self.start = self.shelf.next()
            self.seed = int(self.start.seed[0])
            return self.shelf.title()
        self.seed, self.given = (self.seed + 1) % 2**64, False
        return ""

    def reread(self) -> bool:
        """Turn to the level file as it is now; False if nobody has written it. Raises UserError for
        garbage, and all stays as it was.
        """
        if self.shelf is None or not self.shelf.changed():
            return False
        self.start = self.shelf.reload()
        self.seed, self.given, self.params = int(self.start.seed[0]), True, {}
        self.base = self.shelf.world
        self._tuned = {}, self.base
        return True

    def begin(self) -> None:
        """Note where the level that begins comes from: what is set later holds for the next one."""
        if self.given:
            self.origin, self.again = "recorded", []
            if self.shelf is not None:
                number = ["--seed", str(self.shelf.at)] if self.shelf.at else []
                self.origin = self.shelf.title()
                self.again = [*self.typed.words(str(self.shelf.path), {}), *number]
            return
        what = self.typed.what if self.shelf is None else self.typed.world or self.base.name
        which = ["--seed", str(self.seed), "--split", self.split]
        self.origin = f"seed {self.seed} · {self.split}"
        self.again = [*self.typed.words(what, self.params), *which]

    def mark(self) -> str:
        """Eight characters that tell levels apart."""
        return ids.names(self.base, self.start)[0]
