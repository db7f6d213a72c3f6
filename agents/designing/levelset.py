"""Sets of levels: drawn from a world's own generator or a script's, kept if they are what is
required, else counted.

Candidate k of a set is the level of a seed that k and the set's own seed name, so the same request
gives the same set, however many processes draw it. Workers judge candidates; what no worker can
know alone (is it a double, is its share filled?) is judged here, in the order of k.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...engine import check, files, rng, state
from ...engine.catalogue import load, names
from ...engine.errors import RunError, UserError
from ...engine.jit import fingerprint, kernel, plain, rule
from ...engine.levels import level, npz
from ...engine.levels import script as scripts
from ...engine.levels.npz import INDEX
from ...engine.levels.script import Require, Script
from ...engine.vector import Vec
from ...engine.world import World
from ..judging.references import met
from . import survey

CHUNK = 4096  # candidates judged at once
TRIES = 1000  # candidates drawn for one level wanted, before a request counts as impossible
FEWEST = 20_000  # tries at least
SHARD, SHARD_BYTES = 50_000, 12 << 20  # of one file
MEASURES = ("score", "distance", "steps", "effort")

Progress = Callable[[int, int, str], None]


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


class Part(NamedTuple):
    """Levels that were accepted: start states, facts about each, and actions (uint8[T, L] each,
    joined).
    """

    states: np.recarray
    facts: dict[str, np.ndarray]
    moves: np.ndarray
    lengths: np.ndarray


@dataclass(repr=False)
class LevelSet:
    """Levels of one world, why others were refused, and how many were tried.

    facts: `score`, `distance`, `steps` and `effort` of each (see `Require`), and its fingerprint.
    `solution(i)` are the actions of the goal's expert.
    """

    world: World
    states: np.recarray
    facts: dict[str, np.ndarray]
    moves: np.ndarray
    lengths: np.ndarray
    tally: dict[str, int] = field(default_factory=dict)
    tried: int = 0

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        return f"LevelSet({len(self)} levels of {self.world.name})"

    def solution(self, i: int) -> np.ndarray:
        """uint8[T, L]: what the goal's expert does on level i, up to the last point it makes."""
        ends = np.cumsum(self.lengths)
        return self.moves[ends[i] - self.lengths[i] : ends[i]]

    def take(self, chosen: np.ndarray) -> LevelSet:
        """The levels at these places, in this order."""
        moves = [self.solution(int(i)) for i in chosen]
        joined = np.concatenate(moves) if moves else self.moves[:0]
        facts = {name: values[chosen] for name, values in self.facts.items()}
        states = self.states[chosen].view(np.recarray)
        return LevelSet(
            self.world, states, facts, joined, self.lengths[chosen], self.tally, self.tried
        )

    def split(self, share: float = 0.8, up_to: str = "same") -> tuple[LevelSet, LevelSet]:
        """(training, test): about `share` of the levels and the rest, told apart by fingerprint
        alone.

        A level always falls on the same side, whichever set it is in; with `up_to` "turned" so do
        its turned and mirrored images.
        """
        prints = (
            level.turned(self.world, self.states)
            if up_to == "turned"
            else state.fingerprint(self.states)
        )
        training = in_training(prints, share)
        return self.take(np.flatnonzero(training)), self.take(np.flatnonzero(~training))


def in_training(prints: np.ndarray, share: float) -> np.ndarray:
    """Which levels, by fingerprint (uint64[n]), belong to a training share: bool[n]."""
    if not 0.0 <= share <= 1.0:
        raise UserError(f"a share must be a number from 0 to 1, not {share}")
    return (prints >> np.uint64(11)).astype(np.float64) < share * 2.0**53


# -- judging candidates ----------------------------------------------------------------------------


class Source:
    """What an order needs to draw and judge levels: the world they are for, and generators of
    them.
    """

    def __init__(
        self, order: Order, world: World | None = None, script: Script | None = None
    ) -> None:
        self.order = order
        base = world or load(order.world)
        self.world = base.with_params(**dict(order.knobs))
        self.script = script or (scripts.load(order.script) if order.script else scripts.own(base))
        if self.script.world != base.name:
            raise UserError(
                f"script '{self.script.name}' is for world '{self.script.world}', not '{base.name}'"
            )
        self.row = self._row(self.world)
        require = order.require
        self.goal = self.world.goal(require.goal).name
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

    def judge(self, phase: int, first: int, count: int) -> tuple[np.ndarray, list[str], Part]:
        """Candidates first..first + count - 1 of a phase: a verdict on each, 0 is accepted, and
        what the others say.
        """
        order, require = self.order, self.order.require
        drawer = self.drawers[phase]
        vec = Vec(drawer, count, order.split, autoreset="off")
        vec.assign(np.ones(count, np.bool_), candidate_seeds(order.seed, phase, first, count))
        try:
            states = vec.reset_states()
            states.row = self.row
            check.states(self.world, states)
        except UserError as fault:
            raise UserError(f"script '{self.script.name}' made an unsound level: {fault}") from None
        verdicts = np.zeros(count, np.uint8)
        reasons = [""]

        def refuse(bad: np.ndarray, where: np.ndarray, reason: str) -> np.ndarray:
            """Note a verdict on the candidates `where`; returns those that pass."""
            reasons.append(reason)
            verdicts[where[bad]] = len(reasons) - 1
            return where[~bad]

        left = np.arange(count)
        if require.pool != "all":
            for_test = state.fingerprint(states) & np.uint64(3) == 0  # as `vector.in_pool` says
            left = refuse(
                for_test[left] != (require.pool == "test"), left, f"not in the {require.pool} pool"
            )
        # What can be told from the start alone comes first: playing costs the most.
        looked = survey.ways(
            self.world, self.goal, states[left].view(np.recarray), playing=False, effort=False
        )
        walks = survey.walks(self.world, self.world.goal(self.goal))
        passing = np.ones(len(left), np.bool_)
        if require.distance:
            passing = self._within(looked.distance, require.distance, left, refuse, "distance")
        left, looked = left[passing], _of(looked, passing)
        if walks and require.effort:
            passing = self._within(looked.effort, require.effort, left, refuse, "effort")
            left, looked = left[passing], _of(looked, passing)
        if require.decision:
            rival = survey.ways(
                self.world, self.proxy, states[left].view(np.recarray), playing=False, effort=False
            )
            one_way = (looked.ways & rival.ways != 0) | (looked.ways == 0) | (rival.ways == 0)
            refuse(one_way, left, f"'{self.goal}' and '{self.proxy}' set out alike")
            left = left[~one_way]
        spread_effort = order.spread is not None and order.spread[0] == "effort"
        here = states[left].view(np.recarray)
        found = survey.ways(
            self.world, self.goal, here, effort=walks or bool(require.effort) or spread_effort
        )
        if require.solvable:
            left, found = self._sift(
                found.score > 0, left, found, refuse, f"no way to '{self.goal}'"
            )
        for name, values in (("steps", "steps"), ("effort", "effort")):
            span = getattr(require, name)
            if span and not (walks and name == "effort"):
                passing = self._within(getattr(found, values), span, left, refuse, name)
                left, found = left[passing], _of(found, passing)
        if require.parts:
            here = states[left].view(np.recarray)
            rival = survey.ways(self.world, self.proxy, here, self.goal, effort=False)
            parting = (found.score > 0) & (rival.score > 0) & ~met(rival.earned, found.score)
            left, found = self._sift(
                parting, left, found, refuse, f"'{self.proxy}' gets '{self.goal}' too"
            )
        return verdicts, reasons, self._part(states[left].view(np.recarray), found)

    @staticmethod
    def _within(
        values: np.ndarray, span: tuple[int, int], left: np.ndarray, refuse: Callable, name: str
    ) -> np.ndarray:
        low, high = span
        refuse(values < low, left, f"{name} < {low}")
        refuse(values > high, left, f"{name} > {high}")
        return (values >= low) & (values <= high)

    @staticmethod
    def _sift(
        good: np.ndarray, left: np.ndarray, found: Any, refuse: Callable, reason: str
    ) -> tuple[np.ndarray, Any]:
        return refuse(~good, left, reason), _of(found, good)

    def _part(self, states: np.recarray, found: survey.Ways) -> Part:
        require = self.order.require
        facts = {name: getattr(found, name) for name in MEASURES}
        facts["fingerprint"] = state.fingerprint(states)
        facts["name"] = (
            level.turned(self.world, states)
            if require.distinct == "turned"
            else facts["fingerprint"]
        )
        kept = np.arange(found.actions.shape[1])[None, :] < found.steps[:, None]
        return Part(states, facts, found.actions[kept], found.steps)


def _of(found: survey.Ways, chosen: np.ndarray) -> survey.Ways:
    return survey.Ways(*(values[chosen] for values in found))


def candidate_seeds(seed: int, phase: int, first: int, count: int) -> np.ndarray:
    """uint64[count]: the level seeds of candidates from `first` on."""
    seeds = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        _number(np.uint64(seed % 2**64), np.uint64(phase), np.uint64(first), seeds)
    return seeds


@kernel
def _number(seed, phase, first, seeds):
    key = rng.fold(rng.fold(seed, rng.PICK), phase)
    for k in range(len(seeds)):
        seeds[k] = rng.nth(key, first + np.uint64(k + 1))


# -- drawing a set ---------------------------------------------------------------------------------


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

    Raises UserError with the tally when the tries run out.
    """
    most = order.tries or max(TRIES * order.n, FEWEST)
    phases = len(source.drawers)
    pool = Crew(order, workers) if workers > 1 else None
    try:
        while cursor.phase < phases:
            wanted = share(order.n, phases, cursor.phase)
            ranges = order.spread[1] if order.spread else ()
            quotas = [share(wanted, len(ranges), k) for k in range(len(ranges))]
            cursor.bins = cursor.bins or [0] * len(ranges)
            judged = (pool or Alone(source)).judge(cursor.phase, cursor.candidate)
            while cursor.kept < wanted:
                if cursor.tried >= most:
                    raise UserError(impossible(order, cursor))
                verdicts, reasons, part = next(judged)
                taken = _accept(order, cursor, seen, verdicts, reasons, part, wanted, quotas, most)
                if progress:
                    progress(cursor.accepted, order.n, f"{cursor.tried:,} tried")
                if len(taken.states):
                    yield taken
            cursor.phase, cursor.candidate, cursor.kept, cursor.bins = cursor.phase + 1, 0, 0, []
    finally:
        if pool:
            pool.close()


def _accept(
    order: Order,
    cursor: Cursor,
    seen: Names,
    verdicts: np.ndarray,
    reasons: list[str],
    part: Part,
    wanted: int,
    quotas: list[int],
    most: int,
) -> Part:
    """Judge in order what one worker could not: doubles, full shares, enough. Moves the cursor."""
    end = min(len(verdicts), most - cursor.tried)
    good = np.flatnonzero(verdicts[:end] == 0)
    bins = _bins(order, part.facts)[: len(good)]
    left = np.array(quotas, np.int64) - np.array(cursor.bins, np.int64)
    fates = seen.sift(
        part.facts["name"][: len(good)],
        order.require.distinct != "no",
        wanted - cursor.kept,
        bins,
        left,
    )
    chosen = np.flatnonzero(fates == KEPT)
    cursor.bins = [quota - int(rest) for quota, rest in zip(quotas, left, strict=True)]
    cursor.kept += len(chosen)
    cursor.accepted += len(chosen)
    if cursor.kept == wanted:
        end = int(good[chosen[-1]]) + 1
    for number, reason in enumerate(reasons):
        if number:
            cursor.count(reason, int((verdicts[:end] == number).sum()))
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
    return f"only {cursor.accepted:,} of {order.n:,} levels found ({text}); ask for less, or give more --tries"


class Alone:
    """Judges candidates in this process."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def judge(self, phase: int, first: int) -> Iterator[tuple[np.ndarray, list[str], Part]]:
        """Chunk after chunk, small ones first, without end."""
        count = min(max(64, self._source.order.n), CHUNK)
        while True:
            yield self._source.judge(phase, first, count)
            first += count
            count = min(2 * count, CHUNK)


class Crew:
    """Judges candidates in other processes, a few chunks ahead and in order."""

    def __init__(self, order: Order, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ahead = 2 * workers
        self._pool = ProcessPoolExecutor(workers, context, _begin, (order,))

    def judge(self, phase: int, first: int) -> Iterator[tuple[np.ndarray, list[str], Part]]:
        """Chunk after chunk, without end."""
        waiting: deque[Future] = deque()
        try:
            while True:
                while len(waiting) < self._ahead:
                    waiting.append(self._pool.submit(_judge, phase, first))
                    first += CHUNK
                verdicts, reasons, part = waiting.popleft().result()
                yield verdicts, reasons, part._replace(states=part.states.view(np.recarray))
        except BrokenProcessPool as fault:
            raise RunError("a worker was killed (out of memory?); use fewer --workers") from fault
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the workers."""
        self._pool.shutdown(cancel_futures=True)


_source: Source | None = None  # of this worker


def _begin(order: Order) -> None:
    global _source
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _source = Source(order)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _judge(phase: int, first: int) -> tuple[np.ndarray, list[str], Part]:
    assert _source is not None
    verdicts, reasons, part = _source.judge(phase, first, CHUNK)
    return verdicts, reasons, part._replace(states=part.states.view(np.ndarray))


# -- what is asked for -----------------------------------------------------------------------------


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
    if not 1 <= n <= 10**9:
        raise UserError(f"a set has 1 to 1,000,000,000 levels, not {n}")
    found = load(world)
    if script is None:
        made = scripts.own(found)
    elif isinstance(script, (Script, str, Path)):
        made = scripts.load(script)
    else:
        made = Script(plain(script).__doc__ or "", found.name, as_rule(script), split="deploy")
    by_name = isinstance(world, str) or (found.name in names() and load(found.name) is found)
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
        if (
            measure not in scripts.RANGES
            or not ranges
            or any(not 0 <= low <= high for low, high in ranges)
        ):
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

    Raises UserError with the tally if so many levels cannot be found.
    """
    order, source = order_for(world, n, seed, script, require, **options)
    if workers > 1 and (not order.world or order.script == "?"):
        raise UserError("several workers need the world and the script by name or file")
    cursor, seen = Cursor(), Names()
    _warm(source, workers)
    parts = list(draw(order, source, cursor, seen, workers, progress))
    joined = {
        name: np.concatenate([p.facts[name] for p in parts]) for name in (*MEASURES, "fingerprint")
    }
    made = LevelSet(
        source.world,
        np.concatenate([p.states for p in parts]).view(np.recarray),
        joined,
        np.concatenate([p.moves for p in parts]),
        np.concatenate([p.lengths for p in parts]),
        cursor.tally,
        cursor.tried,
    )
    by = order_by or source.script.order
    return made.take(np.argsort(made.facts[by], kind="stable")) if by else made


def _warm(source: Source, workers: int) -> None:
    """Compile here first, so that workers find everything in the cache."""
    if workers > 1:
        for phase in range(len(source.drawers)):
            source.judge(phase, 0, 2)


# -- large sets on disk ----------------------------------------------------------------------------


def gather(
    folder: Path, order: Order, source: Source, workers: int = 1, progress: Progress | None = None
) -> dict[str, Any]:
    """Draw an order into `folder`: files of up to 50,000 levels, and an index that a broken-off set
    goes on from.

    Returns the index. Memory does not grow with the set but for 16 to 32 bytes a level, its name.
    Raises UserError if the folder holds another set.
    """
    mark = json.loads(json.dumps(asdict(order))) | {"code": fingerprint(source.script.generate)}
    cursor, seen, shards = Cursor(), Names(), []
    index = folder / INDEX
    if index.exists():
        told = read_index(folder)
        if told["order"] != mark:
            raise UserError(
                f"'{folder}' holds another set of levels; name another folder, or add --force"
            )
        cursor, shards = Cursor(**told["cursor"]), told["shards"]
        for shard in shards:
            seen.add(npz.arrays_of(folder / shard["file"])["name"])
    folder.mkdir(parents=True, exist_ok=True)
    size = max(1, min(SHARD, SHARD_BYTES // source.world.dtype.itemsize))
    held: list[Part] = []

    def write(done: bool) -> None:
        if held:
            name = f"levels-{len(shards):05}.npz"
            count = sum(len(part.states) for part in held)
            _write_shard(folder / name, source.world, held)
            shards.append({"file": name, "levels": count})
            held.clear()
        told = {
            "format": npz.SET_FORMAT,
            "order": mark,
            "cursor": asdict(cursor),
            "shards": shards,
            "done": done,
        }
        files.write(index, json.dumps(told, indent=1).encode())

    try:
        if cursor.accepted < order.n:
            _warm(source, workers)
            for part in draw(order, source, cursor, seen, workers, progress):
                held.append(part)
                if sum(len(part.states) for part in held) >= size:
                    write(False)
        write(True)
    except RunError as fault:
        safe = sum(shard["levels"] for shard in shards)
        raise RunError(
            f"{fault}; {safe:,} levels are safe in '{folder}', and the same command goes on"
        ) from fault
    return read_index(folder)


def clear(folder: Path) -> None:
    """Delete the set of levels in `folder`, and nothing else."""
    if (folder / INDEX).exists():
        for path in folder.glob("levels-[0-9]*.npz"):
            path.unlink()
        (folder / INDEX).unlink()


def _write_shard(path: Path, world: World, parts: list[Part]) -> None:
    facts = {name: np.concatenate([p.facts[name] for p in parts]) for name in parts[0].facts}
    facts |= {name: facts[name].astype(np.int32) for name in ("distance", "steps", "effort")}
    extra = {"moves": np.concatenate([p.moves for p in parts]), "lengths": facts["steps"], **facts}
    npz.save(path, world, np.concatenate([p.states for p in parts]).view(np.recarray), extra)


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a set on disk, with the cursor to go on from; UserError if there is none, or it
    is broken.
    """
    told = npz.index_of(folder)
    try:
        Cursor(**told["cursor"])
    except (KeyError, TypeError):
        raise UserError(f"{folder / INDEX}: no sound index of a set of levels") from None
    return told
