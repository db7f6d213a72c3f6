"""What is seen: the symbols of an observation, and the channels a network sees them through.

A symbol is a tile or a thing in one of its poses. Nothing here is given: all follows from what a
world declares of its tiles and things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .errors import UserError

MAX_SYMBOLS = 250


class Symbol(NamedTuple):
    """What one value of a symbolic observation stands for."""

    name: str
    group: str  # "void", "tile", "thing" or "self"
    kind: int  # which tile or thing
    pose: int


class Symbols(NamedTuple):
    """The symbols of a world.

    `known`: Symbol[S]. `first_symbol`, `first_self`: int64[K], the first symbol of each thing as
    others see it, and as itself (0: no learner). `poses`, `told_poses`: int64[K]. `channels`:
    names[C]; `looks`: uint8[S, C], how much of each channel a symbol has; `one_hot`: a channel of
    its own for each.
    """

    known: tuple[Symbol, ...]
    first_symbol: np.ndarray
    first_self: np.ndarray
    poses: np.ndarray
    told_poses: np.ndarray
    channels: tuple[str, ...]
    looks: np.ndarray
    one_hot: bool


class Kind(Protocol):
    """What matters of a tile here, and of a thing."""

    @property
    def name(self) -> str: ...
    @property
    def looks(self) -> Mapping[str, int | str]: ...


class ThingKind(Kind, Protocol):
    """A thing also comes in several, in poses, and may learn."""

    @property
    def agent(self) -> bool: ...
    @property
    def count(self) -> int: ...
    @property
    def poses(self) -> int: ...
    @property
    def tell(self) -> bool: ...


def symbols_of(
    tiles: Sequence[Kind], things: Sequence[ThingKind], kinds: np.ndarray, row: Any
) -> Symbols:
    """All symbols: the void, the tiles, then every thing in each pose that tells something.

    `kinds`: int64[K], which thing each entity is; `row`: the parameters that `looks` may name.
    Raises UserError for more than a byte holds, or for looks that are no numbers.
    """
    symbols = [Symbol("void", "void", 0, 0)]
    symbols += [Symbol(t.name, "tile", i, 0) for i, t in enumerate(tiles)]
    first_thing: dict[str, int] = {}
    first_self: dict[str, int] = {}
    for index, thing in enumerate(things):
        # An agent that is the only one of its kind is only ever seen by itself: one set of symbols
        # is enough.
        groups = ["thing"] * (not thing.agent or thing.count > 1) + ["self"] * thing.agent
        for group in groups:
            (first_thing if group == "thing" else first_self)[thing.name] = len(symbols)
            symbols += [
                Symbol(thing.name, group, index, pose)
                for pose in range(thing.poses if thing.tell else 1)
            ]
    if len(symbols) > MAX_SYMBOLS:
        raise UserError(f"{len(symbols)} symbols, but a byte holds {MAX_SYMBOLS}")
    entities = [things[k] for k in kinds]
    channels, looks = _channels(symbols, tiles, things, row)
    return Symbols(
        known=tuple(symbols),
        first_symbol=np.array([first_thing.get(t.name, first_self.get(t.name)) for t in entities]),
        first_self=np.array([first_self.get(t.name, 0) for t in entities]),
        poses=np.array([t.poses for t in entities]),
        told_poses=np.array([t.poses if t.tell else 1 for t in entities]),
        channels=channels,
        looks=looks,
        one_hot=all(not t.looks for t in (*tiles, *things)),
    )


def _channels(
    symbols: Sequence[Symbol], tiles: Sequence[Kind], things: Sequence[ThingKind], row: Any
) -> tuple[tuple[str, ...], np.ndarray]:
    """The channels' names, and how much of each a symbol has: uint8[symbols, channels]."""
    seen: list[dict[str, int]] = []
    for symbol in symbols:
        kind = {"tile": tiles, "thing": things, "self": things}.get(symbol.group, ())
        declared = kind[symbol.kind].looks if kind else {}
        mine = {} if declared else {_alone(symbol): 1}
        for channel, copies in declared.items():
            number = getattr(row, copies, None) if isinstance(copies, str) else copies
            if not isinstance(number, int) or not 0 <= number <= 64:
                raise UserError(
                    f"channel '{channel}' of '{symbol.name}' is there {copies} times; give"
                    " a number from 0 to 64, or the name of a parameter that holds one"
                )
            mine |= {f"{channel} {k}" if k else channel: 1 for k in range(number)}
        if symbol.group == "self":
            mine |= {"self": 1} if declared else {}
        seen.append(mine)
    channels = tuple(dict.fromkeys(channel for mine in seen for channel in mine))
    looks = np.array([[mine.get(channel, 0) for channel in channels] for mine in seen], np.uint8)
    return channels, looks


def _alone(symbol: Symbol) -> str:
    """The name of a symbol's own channel."""
    return f"{symbol.group} {symbol.name}" + (f" {symbol.pose}" if symbol.pose else "")
