"""What a set of levels must be: the order for it, and what is needed to fill the order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...engine import catalogue
from ...engine.errors import UserError
from ...engine.jit import plain, rule
from ...engine.levels.script import RANGES, Require, Script, load, own
from ...engine.world import World
from . import survey

MOST = 10**9  # levels of one set


@dataclass(frozen=True)
class Order:
    """A request for a set: everything that decides which levels it holds. Worlds and scripts go by
    name or file.
    """

    world: str
    script: str
    n: int
    seed: int
    split: str
    require: Require
    knobs: tuple[tuple[str, float], ...] = ()
    params: tuple[tuple[str, float], ...] = ()
    vary: tuple[str, tuple[float, ...]] | None = None
    spread: tuple[str, tuple[tuple[int, int], ...]] | None = None
    tries: int = 0


class Source:
    """What an order needs to draw and judge levels: the world they are for, and generators of
    them.
    """

    def __init__(
        self, order: Order, world: World | None = None, script: Script | None = None
    ) -> None:
        self.order = order
        base = world or catalogue.load(order.world)
        self.world = base.with_params(**dict(order.knobs))
        self.script = script or (load(order.script) if order.script else own(base))
        if self.script.world != base.name:
            raise UserError(
                f"script '{self.script.name}' is for world '{self.script.world}', not '{base.name}'"
            )
        self.row = self._row(self.world)
        require = order.require
        self.goal = self.world.goal(require.goal).name
        self.walks = survey.walks(self.world, self.world.goal(self.goal))  # its expert, that is
        asks = require.decision or require.parts
        self.proxy = survey.first_proxy(self.world, require.proxy) if asks or require.proxy else ""
        params = {**self.script.params, **dict(order.params)}
        # Under a name of its own, or script and world would throw each other's compiled rules out
        # of the cache.
        called = (
            re.sub(r"\W", "_", f"{base.name}_{self.script.name}")
            if self.script.name != base.name
            else base.name
        )
        drawn = self.world.but(generate=self.script.generate, name=called).with_params(**params)
        name, values = order.vary or ("", (0.0,))
        self.drawers = [drawn.with_params(**{name: value}) if name else drawn for value in values]

    def _row(self, world: World) -> int:
        weights = world.split(self.order.split).weights
        if max(weights) != 1.0:
            raise UserError(
                f"a set is drawn from one split, not from the mixture '{self.order.split}'"
            )
        return weights.index(1.0)


def order_for(
    world: World | str,
    n: int,
    seed: int = 0,
    script: Script | str | Callable | None = None,
    require: Require | None = None,
    split: str = "",
    vary: tuple[str, tuple[float, ...]] | None = None,
    spread: tuple[str, tuple[tuple[int, int], ...]] | None = None,
    knobs: Mapping[str, float] | None = None,
    params: Mapping[str, float] | None = None,
    tries: int = 0,
) -> tuple[Order, Source]:
    """The order of these arguments, as `batch` explains them, and its source; checked."""
    if not 1 <= n <= MOST:
        raise UserError(f"a set has 1 to 1,000,000,000 levels, not {n}")
    found = catalogue.load(world)
    if script is None:
        made = own(found)
    elif isinstance(script, (Script, str, Path)):
        made = load(script)
    else:
        made = Script(plain(script).__doc__ or "", found.name, as_rule(script), split="deploy")
    by_name = isinstance(world, str) or (
        found.name in catalogue.names() and catalogue.load(found.name) is found
    )
    order = Order(
        world=str(world) if isinstance(world, str) else found.name if by_name else "",
        script=str(script) if isinstance(script, (str, Path)) else "" if script is None else "?",
        n=n,
        seed=seed,
        split=split or made.split,
        require=require or made.require,
        knobs=tuple(sorted((knobs or {}).items())),
        params=tuple(sorted((params or {}).items())),
        vary=vary or made.vary,
        spread=spread or made.spread,
        tries=tries,
    )
    if order.spread:
        measure, ranges = order.spread
        if measure not in RANGES or not ranges or any(not 0 <= low <= high for low, high in ranges):
            raise UserError(
                "a spread is one of distance, steps and effort, and ranges such as 1:5,6:10"
            )
    if order.vary and not order.vary[1]:
        raise UserError(f"no values to vary '{order.vary[0]}' over")
    return order, Source(order, found, made)


def as_rule(function: Callable) -> Callable:
    """A level script as a rule, if it is a plain function still."""
    return (
        function
        if hasattr(function, "py_func") or plain(function) is not function
        else rule(function)
    )
