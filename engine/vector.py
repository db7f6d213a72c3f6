"""Many environments at once: reset, step, observe and start again, in one compiled pass over an
array of records.

`Vec` owns the buffers. All arrays are indexed [environment, agent]. A batch of N equals N batches
of one, in any order and with any number of threads, because every record carries its own random
stream. Levels are split into a training and a test pool by the fingerprint of the start state, so
held-out levels are never met in training, however many levels are drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from . import check, machine, rng, state
from . import observe as look
from .errors import UserError, natural, need, whole
from .jit import PLAIN, bind, direct, fingerprint, kernel, rule, specialise
from .state import N_BOOKKEEPING, RUNNING, TERMINATED, TRUNCATED, hash_words
from .world import Split, World

ALL, TRAIN, TEST = range(3)
POOLS = ("all", "train", "test")
SAME, NEXT, OFF = range(3)
AUTORESETS = ("same", "next", "off")
# levels drawn before a pool counts as empty: one in four is a test level, so this never happens by
# chance
TRIES = 200
ROOMY = 1 << 26  # bytes that are had without asking


@rule
def nothing(s, p):
    """The tick of a world without one."""


@rule
def idle(s, p, me):
    """The bot of a world without scripted agents."""
    return 0


# What `specialise` binds for each world: the world's own rules, and its sizes as compile-time
# constants.
step: Any = None
generate: Any = None
crop: Any = None
whole_board: Any = None
tick: Any = nothing
bot: Any = idle
ACTIONS = LEARNERS = AGENTS = EVENTS = HEIGHT = WIDTH = VIEW_HEIGHT = VIEW_WIDTH = TILE_WORD = 0
CENTRED = False
ENDS = PAID = PAID_ONCE = FIRST_SYMBOL = FIRST_SELF = POSES = np.zeros(1, np.int64)


@rule
def in_pool(words, i, pool):
    """Does start state `i` belong to the pool? One level in four is for tests."""
    if pool == ALL:
        return True
    for_test = hash_words(words, i, N_BOOKKEEPING) & np.uint64(3) == np.uint64(0)
    return for_test == (pool == TEST)


@kernel
def start_chains(chains, apart):
    """Turn stream seeds into chains of level seeds: `apart` keeps environments of one seed from
    running alike.
    """
    for i in range(len(chains)):
        chains[i] = rng.fold(rng.fold(chains[i], rng.NEXT), np.uint64(i * apart))


def make_level(s, words, i, table, upto, seed, pool):
    """Generate the first level of the pool at or after `seed`; returns whether one was found."""
    for _ in range(TRIES):
        for k in range(words.shape[1]):
            words[i, k] = np.uint64(0)
        s.seed = seed
        s.key = rng.fold(seed, rng.LAYOUT)
        s.h = HEIGHT
        s.w = WIDTH
        u = rng.unit(rng.fold(seed, rng.ROW))
        s.row = 0
        while s.row < len(upto) - 1 and u >= upto[s.row]:
            s.row += 1
        generate(s, table[s.row])
        if in_pool(words, i, pool):
            return True
        seed = rng.fold(seed, rng.NEXT)
    return False


def begin(s, words, i, table, upto, entry, seeds, starts, pool):
    """Start the next episode of one environment: a queued level, one of a fixed set, or the next of
    its stream.
    """
    entry.chain = rng.nth(entry.chain, np.uint64(1))
    if len(starts) > 0:
        pick = np.int64(
            (entry.queue if entry.queued else rng.fold(entry.chain, rng.PICK))
            % np.uint64(len(starts))
        )
        for k in range(words.shape[1]):
            words[i, k] = starts[pick, k]
    else:  # one call: all of `generate` is compiled into each
        seed = entry.chain
        if entry.queued:
            seed, pool = entry.queue, ALL
        elif len(seeds) > 0:
            seed, pool = (
                seeds[np.int64(rng.fold(entry.chain, rng.PICK) % np.uint64(len(seeds)))],
                ALL,
            )
        if not make_level(s, words, i, table, upto, seed, pool):
            entry.strays += 1
    entry.queued = 0
    s.episode = entry.episode
    s.key = rng.dynamics(s.seed, np.uint64(s.episode))
    s.draws = np.uint64(0)
    entry.episode += 1


def see(s, words, i, planes, plane_words):
    """Write what every learner of environment `i` sees."""
    for me in range(LEARNERS):
        if CENTRED:
            crop(s, i, me, planes)
        else:
            whole_board(s, words, i, me, planes, plane_words)


def act(s, p, actions, i, entry):
    """One step of one environment: agents in index order, then the world; then count events and
    pay.
    """
    for a in range(AGENTS):
        for e in range(EVENTS):
            s.events[a, e] = 0
    for me in range(LEARNERS):
        if s.alive[me]:
            step(s, p, me, actions[i, me])
    for me in range(LEARNERS, AGENTS):
        if s.alive[me]:
            step(s, p, me, bot(s, p, me))
    tick(s, p)
    s.t += 1
    ended = False
    for a in range(AGENTS):
        pay = 0.0
        for e in range(EVENTS):
            count = s.events[a, e]
            if count != 0:
                ended |= ENDS[e] != 0
                if PAID_ONCE:
                    count = 1 if s.totals[a, e] == 0 else 0
                pay += PAID[e] * count
                s.totals[a, e] += s.events[a, e]
        if a < LEARNERS:
            entry.reward[a] = pay
    if ended:
        s.ended = TERMINATED
    elif s.t >= p.horizon:
        s.ended = TRUNCATED


def moves(s, words, i, table, upto, entry, seeds, starts, actions, pool):
    """All that decides which states there are: what is observed of them is not part of it."""
    begin(s, words, i, table, upto, entry, seeds, starts, pool)
    act(s, table[s.row], actions, i, entry)


def reset_many(
    mask, states, words, table, upto, ledger, seeds, starts, obs, obs_words, final_words, autoreset, pool
):  # fmt: skip
    """Start a new episode wherever `mask` is set; returns how many."""
    begun = 0
    for i in range(len(states)):
        if mask[i]:
            begin(states[i], words, i, table, upto, ledger[i], seeds, starts, pool)
            see(states[i], words, i, obs, obs_words)
            ledger[i].fresh = 1
            ledger[i].terminated = 0
            ledger[i].truncated = 0
            begun += 1
    return begun


def see_many(
    mask, states, words, table, upto, ledger, seeds, starts, obs, obs_words, final_words, autoreset, pool
):  # fmt: skip
    """Write what the learners see wherever `mask` is set; returns how many environments."""
    seen = 0
    for i in range(len(states)):
        if mask[i]:
            see(states[i], words, i, obs, obs_words)
            seen += 1
    return seen


def step_many(
    actions, states, words, table, upto, ledger, seeds, starts, obs, obs_words, final_words, autoreset, pool
):  # fmt: skip
    """One step of every environment; finished ones begin anew as `autoreset` says.

    Returns how many finished, or -1, with nothing moved, if an action is out of range.
    """
    finished = 0
    for i in range(len(actions)):
        for a in range(LEARNERS):
            finished |= actions[i, a] < 0 or actions[i, a] >= ACTIONS
    if finished:
        return -1
    for i in range(len(states)):
        s = states[i]
        entry = ledger[i]
        entry.fresh = 0
        if s.ended != RUNNING:  # only without same-step reset
            for a in range(LEARNERS):
                entry.reward[a] = 0.0
            if autoreset == NEXT:
                begin(s, words, i, table, upto, entry, seeds, starts, pool)
                see(s, words, i, obs, obs_words)
                entry.fresh = 1
                entry.terminated = 0
                entry.truncated = 0
            continue
        act(s, table[s.row], actions, i, entry)
        see(s, words, i, obs, obs_words)
        entry.terminated = s.ended == TERMINATED
        entry.truncated = s.ended == TRUNCATED
        finished += s.ended != RUNNING
    if finished == 0:
        return finished
    # a pass of its own: level generation inside the loop above would slow every step
    for i in range(len(states)):
        s = states[i]
        entry = ledger[i]
        if s.ended != RUNNING:
            entry.final_t = s.t
            entry.final_seed = s.seed
            entry.final_row = s.row
            entry.final_end = s.ended
            for a in range(AGENTS):
                for e in range(EVENTS):
                    entry.final_totals[a, e] = s.totals[a, e]
            for a in range(LEARNERS):
                for k in range(obs_words.shape[2]):
                    final_words[i, a, k] = obs_words[i, a, k]
            if autoreset == SAME:
                begin(s, words, i, table, upto, entry, seeds, starts, pool)
                see(s, words, i, obs, obs_words)
                entry.fresh = 1
    return finished


class Kernels:
    """The compiled kernels of one world. Worlds with the same rules and sizes share them, whatever
    their parameters.
    """

    def __init__(self, world: World) -> None:
        view = world.view
        constants = {
            "ACTIONS": len(world.actions), "LEARNERS": world.learners, "AGENTS": world.agents,
            "EVENTS": len(world.events),
            "HEIGHT": world.size[0], "WIDTH": world.size[1], "VIEW_HEIGHT": view[0], "VIEW_WIDTH": view[1],
            "VIEW_WORDS": np.uint64(-(-view[0] * view[1] // 8)), "RESIZES": world.resizes,
            "CENTRED": world.centred, "TILE_WORD": np.uint64(state.offset(world.dtype, "tiles") // 8),
            "ENDS": np.array([e in world.ends_on for e in world.events], np.int64),
            "PAID": np.array([world.paid.weights.get(e, 0.0) for e in world.events]),
            "PAID_ONCE": world.paid.once,
            "FIRST_SYMBOL": world.first_symbol, "FIRST_SELF": world.first_self, "POSES": world.told_poses,
        }  # fmt: skip
        rules = {"step": world.step, "generate": world.generate}
        rules |= {"tick": world.tick or nothing, "bot": world.bot or idle}
        own = (make_level, act, look.crop, look.whole_board)
        parts = {part.__name__: bind(part, **constants, **rules) for part in own}
        for part in (begin, see):
            parts[part.__name__] = bind(part, **constants, **parts)
        # one step of one record, for planners to bind into kernels of their own
        self.act = parts["act"]
        # names the rules that make and move states, as the cache of compiled kernels knows them
        self.mark = fingerprint(bind(moves, **parts))[:8]
        self.reset_many = direct(specialise(reset_many, world.name, **constants, **parts))
        self.see_many = direct(specialise(see_many, world.name, **constants, **parts))
        self.step_many = direct(specialise(step_many, world.name, **constants, **parts))


_kernels: WeakKeyDictionary[World, Kernels] = WeakKeyDictionary()


def kernels(world: World) -> Kernels:
    """The compiled reset and step of a world: built once, compiled on first use, cached on disk."""
    if world not in _kernels:
        _kernels[world] = Kernels(world)
    return _kernels[world]


def apart(world: World) -> World:
    """A copy of the world that shares its kernels; its table may be written to."""
    twin = copy(world)
    _kernels[twin] = kernels(world)
    return twin


def need_memory(n: int, each: int, what: str) -> None:
    """Raise UserError if `n` of something of `each` bytes would not fit into the free memory."""
    free = machine.free_memory() if n * each > ROOMY else None
    need(
        free is None or n * each <= free,
        f"{n:,} {what} need {n * each / 1e9:,.1f} GB of memory; {(free or 0) / 1e9:,.1f} GB are free",
    )


def _raw(records: np.ndarray) -> np.ndarray:
    """Records as the kernels take them: bare when compiled (quicker to pass), with attributes in
    plain Python.
    """
    return records if PLAIN else records.view(np.ndarray)


class Vec:
    """N environments of one world.

    Parameters
    ----------
    split: name of a split ("train", "deploy", "alpha=0.1", ...) or a `Split`.
    seed: names the stream of levels (any whole number from 0); the same seed gives the same bytes.
    levels: None for an endless stream; an int k for the first k levels of the pool from `seed`, or
        of a split that is a file; an array of level seeds; or an array of start states (a recarray
        of this world).
    pool: "train" or "test" keeps to levels whose fingerprint belongs there; "all" takes every
        level.
    autoreset: "same" (the observation returned with an end is the next level's first; the last one
        is in `final_obs`), "next" (the next call resets and ignores the action), or "off" (call
        `reset_where`).

    A `Vec` is a value: copies and pickles of it go on exactly where it was, and apart from it.

    Attributes (buffers, overwritten by every step; copy what you keep)
    ----------
    states: recarray[N]. obs: uint8[N, L, vh, vw]. reward: float32[N, L].
    terminated, truncated, fresh: bool[N].
    final_obs, final_totals (int64[N, A, E]), final_length, final_seed, final_row: of the last
        finished episode of each environment, valid where it has just ended.
    """

    def __init__(
        self,
        world: World,
        n: int,
        split: str | Split = "train",
        seed: int = 0,
        levels: int | np.ndarray | None = None,
        pool: str = "all",
        threads: int = 1,
        autoreset: str = "same",
    ) -> None:
        n = whole(n, "the number of environments")
        need(n >= 1, f"a batch needs at least one environment, not {n}")
        if pool not in POOLS:
            raise UserError(f"pool '{pool}' is none of {', '.join(POOLS)}")
        if autoreset not in AUTORESETS:
            raise UserError(f"autoreset '{autoreset}' is none of {', '.join(AUTORESETS)}")
        self.world, self.n, self.threads = world, n, max(1, min(whole(threads, "threads"), n))
        self.pool, self.autoreset = POOLS.index(pool), AUTORESETS.index(autoreset)
        self.kernels = kernels(world)
        vh, vw = world.view
        row_words = -(-vh * vw // 8)
        each = world.dtype.itemsize + 16 * world.learners * row_words
        need_memory(n, each, f"environments of world '{world.name}'")
        self.states = state.blank(world.dtype, n)
        self.words = state.words(self.states)
        self._upto = np.zeros(len(world.rows))

        def planes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            whole = np.zeros((n, world.learners, row_words), np.uint64)
            flat = whole.view(np.uint8)
            return whole, flat, flat[:, :, : vh * vw].reshape(n, world.learners, vh, vw)

        self._obs_words, self._obs_bytes, self.obs = planes()
        self._final_words, _, self.final_obs = planes()
        ledger = np.dtype(
            [("chain", np.uint64), ("queue", np.uint64), ("final_seed", np.uint64)]
            + [
                (f, np.int64)
                for f in ("queued", "episode", "strays", "final_t", "final_row", "final_end")
            ]
            + [("final_totals", np.int64, (world.agents, len(world.events)))]
            + [("reward", np.float32, (world.learners,))]
            + [(f, np.uint8) for f in ("fresh", "terminated", "truncated")],
            align=True,
        )
        self.ledger = np.zeros(n, ledger).view(np.recarray)
        for name in ("reward", "final_totals", "final_seed", "final_row"):
            setattr(self, name, self.ledger[name].view(np.ndarray))
        self.final_length = self.ledger["final_t"].view(np.ndarray)
        for name in ("fresh", "terminated", "truncated"):
            setattr(self, name, self.ledger[name].view(np.ndarray).view(np.bool_))

        self._seeds = np.zeros(0, np.uint64)
        self._starts = np.zeros((0, self.words.shape[1]), np.uint64)
        self.seed = natural(seed, "seed")
        self._shape = (n, world.learners)
        self._begun = False  # whether there is an episode in every environment
        self._pool: tuple[int, ThreadPoolExecutor] | None = None  # and the process it belongs to
        self.split = self.world.split(split) if isinstance(split, str) else split
        self._take(levels)
        self.choose(self.split)

    def _take(self, levels: int | np.ndarray | None) -> None:
        """Make `levels` those that episodes begin on; see the class."""
        if self.split.starts is not None and not isinstance(levels, np.ndarray):
            levels = self.split.starts[:levels]
        if isinstance(levels, np.ndarray) and levels.dtype == self.world.dtype:
            check.board(self.world, levels)
            self._starts = state.words(levels).copy()
        elif isinstance(levels, np.ndarray):
            need(levels.dtype.kind in "iu" and levels.ndim == 1, "level seeds are whole numbers")
            self._seeds = levels.astype(np.uint64)
        elif levels is not None:
            drawn = Vec(
                self.world,
                whole(levels, "levels"),
                self.split,
                self.seed,
                pool=POOLS[self.pool],
            )
            self._seeds = drawn.reset_states().seed.copy()

    def __getstate__(self) -> dict[str, Any]:
        """What makes this very batch again: `arguments` of its class, and what goes on."""
        return {
            "arguments": self._arguments(),
            "snapshot": self.snapshot(),
            "obs": self.obs.copy(),
            "final_obs": self.final_obs.copy(),
        }

    def _arguments(self) -> dict[str, Any]:
        return {
            "world": self.world,
            "n": self.n,
            "split": self.split,
            "seed": self.seed,
            "pool": POOLS[self.pool],
            "threads": self.threads,
            "autoreset": AUTORESETS[self.autoreset],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state["arguments"])
        self._put(state["snapshot"])
        self.obs[...] = state["obs"]
        self.final_obs[...] = state["final_obs"]

    def __deepcopy__(self, memo: dict[int, Any]) -> Vec:
        """An independent copy; its world shares the kernels."""
        twin = memo[id(self)] = object.__new__(type(self))
        own = self.__getstate__()
        own["arguments"]["world"] = world = deepcopy(self.world, memo)
        _kernels.setdefault(world, self.kernels)
        twin.__setstate__(own)
        return twin

    def __copy__(self) -> Vec:
        return deepcopy(self, {id(self.world): self.world})

    def _freeze(self) -> None:
        """What every kernel call gets, cut once for each thread: slicing records anew would cost
        more than a step.
        """
        bounds = np.linspace(0, self.n, self.threads + 1).astype(int)
        self._cuts = []
        for a, b in pairwise(bounds):
            cut = slice(a, b)
            self._cuts.append(
                (cut, (_raw(self.states[cut]), self.words[cut], _raw(self.world.table), self._upto,
                       _raw(self.ledger[cut]), self._seeds, self._starts, self._obs_bytes[cut], self._obs_words[cut],
                       self._final_words[cut], self.autoreset, self.pool))
            )  # fmt: skip

    states: np.recarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    fresh: np.ndarray
    final_totals: np.ndarray
    final_seed: np.ndarray
    final_row: np.ndarray

    def reset(self, seed: int | None = None) -> np.ndarray:
        """Begin anew in every environment; `seed` restarts the stream of levels. Returns `obs`."""
        if seed is not None:
            self.seed = natural(seed, "seed")
        chains = np.full(self.n, rng.narrow(self.seed), np.uint64)
        start_chains(chains, 1)
        self.ledger["chain"] = chains
        self.ledger["episode"] = 0
        self.ledger["strays"] = 0
        self.reset_where(np.ones(self.n, np.bool_))
        height, width = self.world.size
        if not self.world.resizes and ((self.states.h != height) | (self.states.w != width)).any():
            raise UserError(
                f"world '{self.world.name}' changes the size of its levels: declare resizes=True"
            )
        check.board(self.world, self.states)
        return self.obs

    def reset_states(self) -> np.recarray:
        """Reset, and return the start states (a copy)."""
        self.reset()
        return state.copy(self.states)

    def reset_where(self, mask: np.ndarray, seeds: np.ndarray | None = None) -> np.ndarray:
        """Begin a new episode where `mask` (bool[N]) is set, on the level `seeds` (uint64[N]) if
        given.
        """
        if seeds is not None:
            self.assign(mask, seeds)
        self._run(self.kernels.reset_many, self._mask(mask))
        self._begun = self._begun or bool((self.states["h"] > 0).all())
        return self.obs

    def choose(self, split: str | Split) -> None:
        """Draw the levels of all episodes from the next on from `split`."""
        before = self.split
        self.split = self.world.split(split) if isinstance(split, str) else split
        upto = np.cumsum(self.split.weights)
        self._upto[:] = upto / upto[-1]
        if self.split.starts is not before.starts:
            self._starts = self._starts[:0]
            self._take(None)
        self._freeze()

    def restart(self, mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Begin new streams of levels where `mask` is set: environment i goes on as `Vec(world,
        1).reset(seeds[i])`.
        """
        mask, chains = self._mask(mask), self._each(seeds).copy()
        start_chains(chains, 0)
        self.ledger["chain"][mask] = chains[mask]
        self.ledger["episode"][mask] = 0
        return self.reset_where(mask)

    def start_from(self, states: np.ndarray) -> np.ndarray:
        """Put these states (recarray[N] of this world) in place of the running ones: episodes go on
        from there. Returns `obs`.

        Raises UserError if the engine would not stay in bounds on them.
        """
        sound = isinstance(states, np.ndarray) and states.dtype == self.world.dtype
        need(
            sound and states.shape == (self.n,),
            f"states must be {self.n} records of world '{self.world.name}'",
        )
        check.board(self.world, states)
        self.words[...] = state.words(states)
        self._run(self.kernels.see_many, np.ones(self.n, np.bool_))
        self.ledger["fresh"] = states["t"] == 0
        self.ledger["terminated"] = states["ended"] == TERMINATED
        self.ledger["truncated"] = states["ended"] == TRUNCATED
        self._begun = True
        return self.obs

    def assign(self, mask: np.ndarray, seeds: np.ndarray) -> None:
        """Say which level comes next where `mask` is set: the hook for curricula.

        `seeds` (uint64[N]) are level seeds, or, where the levels are start states, their numbers.
        """
        mask = self._mask(mask)
        self.ledger["queue"][mask] = self._each(seeds)[mask]
        self.ledger["queued"][mask] = 1

    def _mask(self, mask: np.ndarray) -> np.ndarray:
        """bool[N], which kernels index without a check; UserError for all else."""
        mask = np.ascontiguousarray(mask)
        need(
            mask.shape == (self.n,) and mask.dtype == np.bool_,
            f"mask must be bool of shape ({self.n},), not {mask.dtype} of shape {mask.shape}",
        )
        return mask

    def _each(self, seeds: np.ndarray) -> np.ndarray:
        """Seeds of levels or streams as uint64[N]; UserError for all else."""
        seeds = np.asarray(seeds)
        need(
            seeds.shape == (self.n,) and seeds.dtype.kind in "iu",
            f"seeds must be integers of shape ({self.n},), not {seeds.dtype} of shape {seeds.shape}",
        )
        need(seeds.dtype.kind == "u" or not (seeds < 0).any(), "seeds must not be negative")
        return seeds.astype(np.uint64, copy=False)

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """One step of every environment with `actions` (integers [N, L]).

        Returns `(obs, reward, terminated, truncated)`: the buffers, overwritten by the next call.
        Actions are checked before any compiled code sees them: out of range raises UserError and
        nothing moves.
        """
        need(self._begun, "call reset() before step()")
        if (
            type(actions) is not np.ndarray
            or actions.shape != self._shape
            or actions.dtype != np.int64
        ):
            actions = np.asarray(actions)
            if actions.shape != self._shape or actions.dtype.kind not in "iu":
                raise UserError(
                    f"actions must be integers of shape {self._shape}, not {actions.dtype} of shape {actions.shape}"
                )
        legal = self.world.actions
        # A kernel checks its own slice before it moves anything; with threads others would have
        # moved by then.
        wrong = self.threads > 1 and bool(((actions < 0) | (actions >= len(legal))).any())
        if wrong or self._run(self.kernels.step_many, np.ascontiguousarray(actions, np.int64)) < 0:
            bad = actions[(actions < 0) | (actions >= len(legal))][0]
            raise UserError(
                f"action {bad} is out of range: world '{self.world.name}' has the actions"
                f" 0..{len(legal) - 1} ({', '.join(legal)})"
            )
        return self.obs, self.reward, self.terminated, self.truncated

    def _run(self, kernel: Any, given: np.ndarray) -> int:
        if self.threads > 1:
            return min(self._workers().map(lambda cut: kernel(given[cut[0]], *cut[1]), self._cuts))
        if PLAIN:
            with np.errstate(over="ignore"):
                return kernel(given, *self._cuts[0][1])
        return kernel(given, *self._cuts[0][1])

    def _workers(self) -> ThreadPoolExecutor:
        """The threads, made when first needed; in a forked child, which has none of them, anew."""
        if self._pool is None or self._pool[0] != os.getpid():
            self._pool = os.getpid(), ThreadPoolExecutor(self.threads)
        return self._pool[1]

    @property
    def strays(self) -> int:
        """How many levels had to be taken from outside the pool because the world has too few
        distinct ones.
        """
        return int(self.ledger["strays"].sum())

    def scores(self, final: bool = False) -> np.ndarray:
        """Every goal's score so far (or of the last finished episode) as float64[N, A, G]."""
        return self.world.scores(self.final_totals if final else self.states["totals"])

    def snapshot(self) -> dict[str, np.ndarray]:
        """Everything the future depends on, as plain arrays."""
        return {
            "words": self.words.copy(),
            "ledger": self._ledger_bytes().copy(),
            "obs": self._obs_words.copy(),  # kept for files of 0.1; `restore` draws it anew
            "seeds": self._seeds.copy(),
            "starts": self._starts.copy(),
        }

    def restore(self, snapshot: Mapping[str, np.ndarray], trusted: bool = False) -> None:
        """Continue exactly where `snapshot` was taken (same world, same N, same split).

        What is seen is drawn anew. Raises UserError, with nothing changed, if a part of it is
        missing or misshapen, or a record of it unsound: snapshots are also read from files. Of one
        that is `trusted`, as it comes from this program, the fields are not looked at that only the
        world's own rules read.
        """
        words = self.words.shape[1]
        shapes = {
            "words": ((self.n, words), np.uint64),
            "ledger": (self._ledger_bytes().shape, np.uint8),
            "seeds": ((len(snapshot.get("seeds", ())),), np.uint64),
            "starts": ((len(snapshot.get("starts", ())), words), np.uint64),
        }
        for name, (shape, kind) in shapes.items():
            part = snapshot.get(name)
            sound = isinstance(part, np.ndarray) and part.shape == shape and part.dtype == kind
            need(sound, f"'{name}' of the environments is not {np.dtype(kind)} of shape {shape}")
        for name, start in (("words", False), ("starts", True)):
            records = np.ascontiguousarray(snapshot[name]).view(self.world.dtype).reshape(-1)
            if trusted:
                begun = records[records["h"] > 0]
                check.board(self.world, begun)
            else:
                check.states(self.world, records, start)
        self._put(snapshot)
        self._run(self.kernels.see_many, np.ones(self.n, np.bool_))

    def _put(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Continue from a sound snapshot; what is seen stays as it is."""
        self.words[...] = snapshot["words"]
        self._ledger_bytes()[...] = snapshot["ledger"]
        self._seeds = np.array(snapshot["seeds"])
        self._starts = np.array(snapshot["starts"])
        self._begun = bool((self.states["h"] > 0).all())
        self._freeze()

    def _ledger_bytes(self) -> np.ndarray:
        """The ledger as uint8[N, bytes]: the same memory."""
        return self.ledger.view(np.ndarray).view(np.uint8).reshape(self.n, -1)


def level_of(world: World, seed: int, split: str | Split = "train") -> np.recarray:
    """The start state of level `seed` (of a split that is a file, its level of that number): a
    batch of one.
    """
    found = world.split(split) if isinstance(split, str) else split
    one = np.array([int(seed) % 2**64], np.uint64)
    vec = Vec(world, 1, found, levels=one if found.starts is None else None)
    if found.starts is not None:
        vec.assign(np.ones(1, np.bool_), one)
    return vec.reset_states()


def observed(world: World, states: np.recarray) -> np.ndarray:
    """What every learner of every state sees: uint8[N, L, vh, vw], as `Vec.obs`, for states of any
    making.
    """
    vec = Vec(world, len(states), levels=states, autoreset="off")
    vec.assign(np.ones(vec.n, np.bool_), np.arange(vec.n))
    return vec.reset()
