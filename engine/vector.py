"""Many environments at once: reset, step, observe and start again, in one compiled pass over an
array of records.

`Vec` owns the buffers. All arrays are indexed [environment, agent]. A batch of N equals N batches
of one, in any order and with any number of threads, because every record carries its own random
stream. Levels are split into a training and a test pool by the fingerprint of the start state, so
held-out levels are never met in training, however many levels are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from . import buffers, check, given, machine, many, rng, state
from .buffers import raw
from .counts import counted
from .errors import UserError, natural, need, whole
from .kernels import AUTORESETS, POOLS, kernels, share, start_chains
from .many import Many, PolicyRule, all_legal
from .state import TERMINATED, TRUNCATED
from .threads import Threads
from .value import Value
from .world import Split, World


def apart(world: World) -> World:
    """A copy of the world that shares its kernels; its table may be written to."""
    twin = copy(world)
    share(twin, world)
    return twin


class _Cut(NamedTuple):
    """What the kernels get for the environments of one thread."""

    where: slice
    due: np.ndarray
    moves: tuple
    begins: tuple
    sees: tuple


class Vec(Value):
    """N environments of one world, which step together.

    In shapes, N is the number of environments, L of learners, A of agents (the learners first, then
    scripted ones), E of events and G of goals of the world; vh and vw are the rows and columns that
    a learner sees.

    Parameters
    ----------
    world: what `load` gives. n: N.
    split: name of a split ("train", "deploy", "alpha=0.1", ...) or a `Split`.
    seed: names the stream of levels (any whole number from 0); the same seed gives the same bytes.
    levels: None for an endless stream; an int k for the first k levels of the pool from `seed`, or
        of a split that is a file; an array of level seeds; or an array of start states (a recarray
        of this world).
    pool: "train" or "test" keeps to levels whose fingerprint belongs there; "all" takes every
        level.
    threads: share out the environments; any number gives the same bytes.
    bank: keep the start states of these `levels`, made all at once, instead of making a level anew
        each time that an episode begins on it: the same levels, sooner.
    autoreset: "same" (the observation returned with an end is the next level's first; the last one
        is in `final_obs`), "next" (the next call resets and ignores the action), or "off" (call
        `reset_where`).

    A `Vec` is a value: copies and pickles of it go on exactly where it was, and apart from it.

    Raises UserError for what of this it cannot do, also for want of memory.

    Attributes (buffers, overwritten by every step; copy what you keep)
    ----------
    states: recarray[N], see `state.record_dtype`. obs: uint8[N, L, vh, vw], numbers of
        `world.symbols`. reward: float32[N, L], of the paid goal.
    terminated, truncated: bool[N], whether the last step ended the episode, by an event or at the
        horizon. fresh: bool[N], whether `obs` is the first of an episode.
    final_obs, final_totals (int64[N, A, E], events counted), final_length (int64[N], steps),
        final_seed (uint64[N]), final_row (int64[N], of `world.table`): of the last finished episode
        of each environment, valid where it has just ended.
    """

    def __repr__(self) -> str:
        return f"Vec({self.world.name}, {counted(self.n, 'environment')})"

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
        bank: bool = False,
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
        self.states = buffers.records(world, n)
        self.words = state.words(self.states)
        self._upto = np.zeros(len(world.rows))
        self._obs_words, self._obs_bytes, self.obs = buffers.planes(world, n)
        _, self._final_bytes, self.final_obs = buffers.planes(world, n)
        self.ledger = buffers.ledger(world, n)
        told = self.ledger.view(np.ndarray)
        self.reward, self.final_totals = told["reward"], told["final_totals"]
        self.final_seed, self.final_row = told["final_seed"], told["final_row"]
        self.final_length = told["final_t"]
        self.fresh, self.terminated, self.truncated = (
            told[name].view(np.bool_) for name in ("fresh", "terminated", "truncated")
        )
        self._seeds = np.zeros(0, np.uint64)
        self._starts = np.zeros((0, self.words.shape[1]), np.uint64)
        self.seed = natural(seed, "seed")
        self._shape = (n, world.learners)
        self._begun = False  # whether there is an episode in every environment
        self._workers = Threads(self.threads)
        self.split = self.world.split(split) if isinstance(split, str) else split
        self.bank = bank
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
        self.bank = self.bank and self.split.starts is None
        if self.bank:
            need(len(self._seeds) > 0, "a bank is of some levels: say which, or how many")
            made = Vec(self.world, len(self._seeds), self.split)
            made.assign(np.ones(made.n, np.bool_), self._seeds)
            self._starts = state.words(made.reset_states())

    def _freeze(self) -> None:
        """What every kernel call gets, cut once for each thread: slicing records anew would cost
        more than a step.
        """
        bounds = np.linspace(0, self.n, self.threads + 1).astype(int)
        self._cuts = [self._cut(slice(a, b)) for a, b in pairwise(bounds)]

    def _cut(self, where: slice) -> _Cut:
        moving = raw(self.states[where]), self.words[where]
        table, entries = raw(self.world.table), raw(self.ledger[where])
        seen, due = self._obs_bytes[where], np.zeros(self.n, np.bool_)[where]
        levels = self._upto, entries, self._seeds, self._starts
        return _Cut(
            where,
            due,
            (*moving, table, entries, seen, self._final_bytes[where], due, self.autoreset),
            (*moving, table, *levels, seen, self.pool),
            (*moving, seen),
        )

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
        mask = given.mask_of(mask, self.n)
        self._begin(mask)
        self.ledger["terminated"][mask] = self.ledger["truncated"][mask] = 0
        self._begun = self._begun or bool((self.states["h"] > 0).all())
        return self.obs

    def choose(self, split: str | Split) -> None:
        """Draw the levels of all episodes from the next on from `split`."""
        before = self.split
        self.split = self.world.split(split) if isinstance(split, str) else split
        upto = np.cumsum(self.split.weights)
        self._upto[:] = upto / upto[-1]
        if self.split.starts is not before.starts or (self.bank and self.split is not before):
            self._starts = self._starts[:0]
            self._take(None)
        self._freeze()

    def restart(self, mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Begin new streams of levels where `mask` is set: environment i goes on as `Vec(world,
        1).reset(seeds[i])`.
        """
        mask, chains = given.mask_of(mask, self.n), given.seeds_of(seeds, self.n).copy()
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
        self._see()
        self.ledger["fresh"] = states["t"] == 0
        self.ledger["terminated"] = states["ended"] == TERMINATED
        self.ledger["truncated"] = states["ended"] == TRUNCATED
        self._begun = True
        return self.obs

    def assign(self, mask: np.ndarray, seeds: np.ndarray) -> None:
        """Say which level comes next where `mask` is set: the hook for curricula.

        `seeds` (uint64[N]) are level seeds, or, where the levels are start states, their numbers.
        """
        mask, seeds = given.mask_of(mask, self.n), given.seeds_of(seeds, self.n)
        if self.bank:
            order = np.argsort(self._seeds)
            found = np.searchsorted(self._seeds, seeds, sorter=order) % len(order)
            banked = self._seeds[order[found]] == seeds
            need(bool(banked[mask].all()), "a level that comes next must be one of the bank")
            seeds = order[found].astype(np.uint64)
        self.ledger["queue"][mask] = seeds[mask]
        self.ledger["queued"][mask] = 1

    def put_levels(self, places: np.ndarray, states: np.ndarray) -> None:
        """Put other start states in these places (integers[k]) of those that episodes begin on: for
        curricula.
        """
        check.board(self.world, states)
        need(len(self._starts) > int(np.max(places, initial=-1)), "there is no such place")
        self._starts[places] = state.words(states)

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
            actions = given.actions_of(actions, self._shape)
        legal = self.world.actions
        # A kernel checks its own slice before it moves anything; with threads others would have
        # moved by then.
        wrong = self.threads > 1 and bool(((actions < 0) | (actions >= len(legal))).any())
        if wrong or self._each_cut(self._move, np.ascontiguousarray(actions, np.int64)) < 0:
            raise given.illegal(self.world, actions)
        return self.obs, self.reward, self.terminated, self.truncated

    def step_many(self, actions: np.ndarray, observe: bool = False) -> Many:
        """As many steps as `actions` (integers [T, N, L]) has, in one compiled call.

        Afterwards all is as after T calls of `step`; see `Many` for what is returned. With `observe`
        what is seen after each step is kept, else only the last is drawn. UserError as for `step`.
        """
        need(self._begun, "call reset() before step_many()")
        actions = given.actions_of(actions, (len(np.atleast_1d(actions)), *self._shape))
        if not all_legal(actions.reshape(-1), len(self.world.actions)):
            raise given.illegal(self.world, actions)
        return self._many(None, actions, len(actions), observe)

    def run_rule(self, policy: PolicyRule, steps: int, observe: bool = False) -> Many:
        """As many steps, in one compiled call, with the actions that a rule chooses.

        Raises UserError if it chooses one that the world does not have: then call `reset`.
        """
        need(self._begun, "call reset() before run_rule()")
        return self._many(policy, None, whole(steps, "steps"), observe)

    def _many(
        self, policy: PolicyRule | None, actions: np.ndarray | None, steps: int, observe: bool
    ) -> Many:
        kernel = many.stepper(self.kernels, policy)
        each = 16 * self.world.learners + 8 * self.final_totals[0].size
        each += observe * self._obs_bytes[0].size
        machine.need_memory(steps * self.n, each, "steps in one call")
        out = many.room(self.world, steps, self.n, actions, observe)
        own = np.ascontiguousarray(policy.own) if policy else np.zeros(0)

        def work(at: np.ndarray, cut: _Cut) -> int:
            cut.due[:] = False
            while (due := kernel(*out, at, own, cut.where.start, *cut.moves)) > 0:
                self.kernels.reset_many(cut.due, *cut.begins)
            return due

        if self._each_cut(work, np.zeros(self.n, np.int64)) < 0:
            self._begun = False
            raise given.chose_illegal(self.world, out.actions)
        return many.shown(self.world, out, observe)

    def _each_cut(self, work: Callable[..., int], shared: np.ndarray) -> int:
        """Have every thread do `work` with its share of what is `shared` out; the least of what
        comes back.
        """
        if self.threads == 1:
            return work(shared, self._cuts[0])
        return self._workers.least(lambda cut: work(shared[cut.where], cut), self._cuts)

    def _begin(self, mask: np.ndarray) -> None:
        self._each_cut(lambda mask, cut: self.kernels.reset_many(mask, *cut.begins), mask)

    def _see(self) -> None:
        mask = np.ones(self.n, np.bool_)
        self._each_cut(lambda mask, cut: self.kernels.see_many(mask, *cut.sees), mask)

    def _move(self, actions: np.ndarray, cut: _Cut) -> int:
        """A step of a share of the environments; below 0, with nothing moved, if there is an
        action that the world does not have.
        """
        due = self.kernels.step_many(actions, *cut.moves)
        if due > 0:
            self.kernels.reset_many(cut.due, *cut.begins)
        return due

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
            "ledger": buffers.as_bytes(self.ledger).copy(),
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
        buffers.check_snapshot(self.world, self.ledger, snapshot, trusted)
        self._put(snapshot)
        self._see()

    def _put(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Continue from a sound snapshot; what is seen stays as it is."""
        self.words[...] = snapshot["words"]
        buffers.as_bytes(self.ledger)[...] = snapshot["ledger"]
        self._seeds = np.array(snapshot["seeds"])
        self._starts = np.array(snapshot["starts"])
        self._begun = bool((self.states["h"] > 0).all())
        self._freeze()


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
