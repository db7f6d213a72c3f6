"""Sets of levels: drawn from a world's own generator or a script's, kept if they are what is
required, else counted.

Candidate k of a set is the level of a seed that k and the set's own seed name, so the same request
gives the same set, however many processes draw it. Workers judge candidates (`check_level`); what
no worker can know alone is judged here, in the order of k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.counts import counted
from ...engine.errors import RunError, UserError
from ...engine.jit import kernel, rule
from ...engine.levels.script import Require, Script
from ...engine.world import World
from .check_level import Judged, judge
from .levelset import MEASURES, LevelSet, Part
from .order import Order, Source, order_for
from .workers import Alone, Crew

TRIES = 1000  # candidates drawn for one level wanted, before a request counts as impossible
FEWEST = 20_000  # tries at least

Progress = Callable[[int, int, str], None]


class Names:
    """The fingerprints of the levels accepted so far: 64-bit numbers in an open table, 16 to 32
    bytes each.
    """

    def __init__(self) -> None:
        self._table = np.zeros(1 << 12, np.uint64)
        self._count = 0

    def _make_room(self, more: int) -> None:
        while 2 * (self._count + more) > len(self._table):
            old = self._table[self._table != 0]
            self._table = np.zeros(2 * len(self._table), np.uint64)
            _enter(self._table, old)

    def add(self, names: np.ndarray) -> None:
        """Note `names` (uint64[n])."""
        self._make_room(len(names))
        self._count += _enter(self._table, names)

    def sift(
        self, names: np.ndarray, distinct: bool, room: int, bins: np.ndarray, left: np.ndarray
    ) -> np.ndarray:
        """What becomes of candidates that are all else that is required, in order, until `room` are
        kept: int64[n].

        KEPT, a DOUBLE of one that was kept, FULL where no level is `left` of its range (`bins`, -1:
        of none), or LATE. Notes the names of those kept.
        """
        self._make_room(len(names))
        fates = np.full(len(names), LATE)
        added = _sift(self._table, names, distinct, room, bins, left, fates)
        self._count += added
        return fates


KEPT, DOUBLE, FULL, LATE = range(4)


@rule
def _place(table, name):
    """Where `name` stands in the table, or would."""
    last = np.uint64(len(table) - 1)
    at = name & last
    while table[at] != np.uint64(0) and table[at] != name:
        at = (at + np.uint64(1)) & last
    return at


@kernel
def _enter(table, names):
    added = 0
    for k in range(len(names)):
        name = max(names[k], np.uint64(1))  # 0 marks a free place
        at = _place(table, name)
        added += table[at] == np.uint64(0)
        table[at] = name
    return added


@kernel
def _sift(table, names, distinct, room, bins, left, fates):
    kept, added = 0, 0
    for k in range(len(names)):
        if kept == room:
            break
        name = max(names[k], np.uint64(1))
        at = _place(table, name)
        if distinct and table[at] != np.uint64(0):
            fates[k] = DOUBLE
        elif len(left) > 0 and (bins[k] < 0 or left[bins[k]] == 0):
            fates[k] = FULL
        else:
            fates[k] = KEPT
            kept += 1
            if distinct:
                table[at] = name
                added += 1
            if len(left) > 0:
                left[bins[k]] -= 1
    return added


@dataclass
class Cursor:
    """How far a set has been drawn: what a resumed one goes on from."""

    phase: int = 0
    candidate: int = 0
    accepted: int = 0  # in all
    kept: int = 0  # in this phase
    bins: list[int] = field(default_factory=list)  # in this phase
    tried: int = 0
    tally: dict[str, int] = field(default_factory=dict)

    def count(self, reason: str, times: int) -> None:
        """Note so many refusals."""
        if times:
            self.tally[reason] = self.tally.get(reason, 0) + times


def share(n: int, parts: int, k: int) -> int:
    """The k-th of `parts` shares of n, as even as can be."""
    return n // parts + (k < n % parts)


def draw(
    order: Order,
    source: Source,
    cursor: Cursor,
    seen: Names,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """The levels of an order from `cursor` on, in parts; the cursor always stands behind the last
    part given.

    Raises RunError with the tally when the tries run out.
    """
    most = order.tries or max(TRIES * order.n, FEWEST)
    phases = len(source.drawers)
    pool = Crew(order, workers) if workers > 1 else None
    try:
        while cursor.phase < phases:
            door = Door(order, cursor, seen, share(order.n, phases, cursor.phase), most)
            judged = (pool or Alone(source)).judge(cursor.phase, cursor.candidate)
            while cursor.kept < door.wanted:
                if cursor.tried >= most:
                    raise RunError(impossible(order, cursor))
                taken = door.take(next(judged))
                if progress:
                    progress(cursor.accepted, order.n, f"{cursor.tried:,} tried")
                if len(taken.states):
                    yield taken
            cursor.phase, cursor.candidate, cursor.kept, cursor.bins = cursor.phase + 1, 0, 0, []
    finally:
        if pool:
            pool.close()


class Door:
    """Judges in order what no worker could alone, for one phase: doubles, full shares, enough.

    wanted: levels of this phase. most: candidates that may be tried in all.
    """

    def __init__(self, order: Order, cursor: Cursor, seen: Names, wanted: int, most: int) -> None:
        self._order, self._cursor, self._seen, self._most = order, cursor, seen, most
        self.wanted = wanted
        ranges = order.spread[1] if order.spread else ()
        self._quotas = [share(wanted, len(ranges), k) for k in range(len(ranges))]
        cursor.bins = cursor.bins or [0] * len(ranges)

    def take(self, judged: Judged) -> Part:
        """The levels that are kept of those accepted. Moves the cursor."""
        cursor, part = self._cursor, judged.part
        end = min(len(judged.verdicts), self._most - cursor.tried)
        good = np.flatnonzero(judged.verdicts[:end] == 0)
        names, bins = part.facts["name"][: len(good)], _bins(self._order, part.facts)[: len(good)]
        left = np.array(self._quotas, np.int64) - np.array(cursor.bins, np.int64)
        distinct = self._order.require.distinct != "no"
        fates = self._seen.sift(names, distinct, self.wanted - cursor.kept, bins, left)
        chosen = np.flatnonzero(fates == KEPT)
        cursor.bins = [quota - int(rest) for quota, rest in zip(self._quotas, left, strict=True)]
        cursor.kept += len(chosen)
        cursor.accepted += len(chosen)
        if cursor.kept == self.wanted:
            end = int(good[chosen[-1]]) + 1
        for number, reason in enumerate(judged.reasons):
            if number:
                cursor.count(reason, int((judged.verdicts[:end] == number).sum()))
        cursor.count("a double", int((fates == DOUBLE).sum()))
        cursor.count("its share is full", int((fates == FULL).sum()))
        cursor.tried += end
        cursor.candidate += end
        if len(chosen) == len(part.states):
            return part
        kept = np.zeros(len(part.states), np.bool_)
        kept[chosen] = True
        facts = {name: values[chosen] for name, values in part.facts.items()}
        moves = part.moves[np.repeat(kept, part.lengths)]
        return Part(part.states[chosen].view(np.recarray), facts, moves, part.lengths[chosen])


def _bins(order: Order, facts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which range of the spread each level falls into; -1: none."""
    name, ranges = order.spread or ("steps", ())
    bins = np.full(len(facts[name]), -1)
    for k, (low, high) in enumerate(ranges):
        bins[(facts[name] >= low) & (facts[name] <= high) & (bins < 0)] = k
    return bins


def tally_text(accepted: int, tried: int, tally: Mapping[str, int]) -> str:
    """How many were drawn and why others were not: '412 of 1,000 drawn; 588 refused: 401 steps < 8,
    187 a double'.
    """
    refused = sorted(tally.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{count:,} {reason}" for reason, count in refused)
    return f"{accepted:,} of {tried:,} drawn" + (
        f"; {sum(tally.values()):,} refused: {listed}" if listed else ""
    )


def impossible(order: Order, cursor: Cursor) -> str:
    """The fault of a request that the tries ran out on."""
    text = tally_text(cursor.accepted, cursor.tried, cursor.tally)
    return f"only {cursor.accepted:,} of {counted(order.n, 'level')} found ({text}); ask for less, or give more --tries"


def batch(
    world: World | str,
    n: int,
    seed: int = 0,
    script: Script | str | Callable | None = None,
    require: Require | None = None,
    workers: int = 1,
    order_by: str = "",
    progress: Progress | None = None,
    **options: Any,
) -> LevelSet:
    """`n` levels of `world` that are what is required.

    script: lays them out in place of the world's own generator: a `Script`, its name or file, or a
    plain function `(s, p)` over the words of `layout` and `shapes`. require: see `Require`.
    workers: how many processes draw; the set is the same. order_by: a measure to sort by, easiest
    first. options: split; vary=("density", (0.1, 0.3)) draws an equal share with each value of a
    parameter; spread=("steps", ((1, 5), (6, 10))) an equal share in each range; knobs={"region": 3}
    changes the world itself, params={"density": 0.4} only what is laid out; tries bounds the
    candidates.

    Raises RunError with the tally if so many levels cannot be found.
    """
    order, source = order_for(world, n, seed, script, require, **options)
    if workers > 1 and (not order.world or order.script == "?"):
        raise UserError("several workers need the world and the script by name or file")
    made = collect(order, source, workers, progress)
    by = order_by or source.script.order
    return made.take(np.argsort(made.facts[by], kind="stable")) if by else made


def collect(
    order: Order, source: Source, workers: int = 1, progress: Progress | None = None,
    less: bool = False,
) -> LevelSet:  # fmt: skip
    """All levels of an order; with `less` as many as the tries yield, if that is any at all."""
    cursor, seen, parts = Cursor(), Names(), list[Part]()
    warm(source, workers)
    try:
        for part in draw(order, source, cursor, seen, workers, progress):
            parts.append(part)
    except RunError:
        if not (less and parts):
            raise
    joined = {
        name: np.concatenate([p.facts[name] for p in parts]) for name in (*MEASURES, "fingerprint")
    }
    return LevelSet(
        source.world,
        np.concatenate([p.states for p in parts]).view(np.recarray),
        joined,
        np.concatenate([p.moves for p in parts]),
        np.concatenate([p.lengths for p in parts]),
        cursor.tally,
        cursor.tried,
    )


def warm(source: Source, workers: int) -> None:
    """Compile here first, so that workers find everything in the cache."""
    if workers > 1:
        for phase in range(len(source.drawers)):
            judge(source, phase, 0, 2)
