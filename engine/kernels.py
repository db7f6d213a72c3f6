"""The compiled passes over an array of records: reset, step, observe and start again.

They are written once, as plain loops over names that mean nothing here: `specialise` binds them to
the rules of a world and to its sizes. `vector.Vec` owns the arrays that they work on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from . import observe as look
from . import rng, state
from .jit import bind, direct, fingerprint, inline, kernel, rule, specialise
from .state import RUNNING, TERMINATED, TRUNCATED, hash_level
from .world import World

ALL, TRAIN, TEST = range(3)
POOLS = ("all", "train", "test")
SAME, NEXT, OFF = range(3)
AUTORESETS = ("same", "next", "off")
# levels drawn before a pool counts as empty: one in four is a test level, so this never happens by
# chance
TRIES = 200


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
draw: Any = None  # `observe.crop` or `observe.whole_board`
tick: Any = nothing
bot: Any = idle
ACTIONS = LEARNERS = AGENTS = EVENTS = HEIGHT = WIDTH = 0
FIRST_FIELD = FIRST_TILE = 0
KEY = np.uint64(0)
THING_KEYS = FIELD_KEYS = np.zeros(0, np.uint64)
ENDS = PAID = PAID_ONCE = np.zeros(1, np.int64)


@rule
def in_pool(mark, pool):
    """Does the level with this fingerprint belong to the pool? One level in four is for tests."""
    return (mark & np.uint64(3) == np.uint64(0)) == (pool == TEST)


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
        if pool == ALL or in_pool(
            hash_level(words, i, KEY, THING_KEYS, FIELD_KEYS, FIRST_FIELD, FIRST_TILE, WIDTH), pool
        ):
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


def see(s, words, i, planes):
    """Write what every learner of environment `i` sees."""
    for me in range(LEARNERS):
        draw(s, words, i, me, planes)


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
    mask, states, words, table, upto, ledger, seeds, starts, obs, pool
):  # fmt: skip
    """Start a new episode wherever `mask` is set; returns how many."""
    begun = 0
    for i in range(len(mask)):
        if mask[i]:
            begin(states[i], words, i, table, upto, ledger[i], seeds, starts, pool)
            see(states[i], words, i, obs)
            ledger[i].fresh = 1
            begun += 1
    return begun


def see_many(mask, states, words, obs):
    """Write what the learners see wherever `mask` is set; returns how many environments."""
    seen = 0
    for i in range(len(mask)):
        if mask[i]:
            see(states[i], words, i, obs)
            seen += 1
    return seen


def advance(s, words, i, table, entry, actions, obs, final_obs, autoreset, seen):
    """One step of environment `i`; returns whether its next episode is to begin.

    That is left to a pass of its own, or generation would slow every step. What is not to be `seen`
    is drawn at the end of an episode only.
    """
    entry.fresh = 0
    if s.ended != RUNNING:  # only without same-step reset
        for a in range(LEARNERS):
            entry.reward[a] = 0.0
        if autoreset == NEXT:
            entry.terminated = 0
            entry.truncated = 0
        return autoreset == NEXT
    act(s, table[np.uint64(s.row)], actions, i, entry)
    if seen or s.ended != RUNNING:
        see(s, words, i, obs)
    entry.terminated = s.ended == TERMINATED
    entry.truncated = s.ended == TRUNCATED
    if s.ended == RUNNING:
        return False
    entry.final_t = s.t
    entry.final_seed = s.seed
    entry.final_row = s.row
    entry.final_end = s.ended
    for a in range(AGENTS):
        for e in range(EVENTS):
            entry.final_totals[a, e] = s.totals[a, e]
    for a in range(LEARNERS):
        for k in range(np.uint64(obs.shape[2])):
            final_obs[i, a, k] = obs[i, a, k]
    return autoreset == SAME


def step_many(
    actions, states, words, table, ledger, obs, final_obs, due, autoreset
):  # fmt: skip
    """One step of every environment; `due` says where the next episode is to begin.

    Returns how many are due, or -1, with nothing moved, if an action is out of range.
    """
    wrong = False
    for i in range(len(actions)):
        for a in range(LEARNERS):
            wrong |= actions[i, a] < 0 or actions[i, a] >= ACTIONS
    if wrong:
        return -1
    waiting = 0
    for i in range(len(actions)):
        due[i] = advance(
            states[i], words, i, table, ledger[i], actions, obs, final_obs, autoreset, True
        )  # fmt: skip
        waiting += due[i]
    return waiting


def world_rules():
    """All rules that a world brings, so that one name stands for them."""
    return step, generate, tick, bot, draw


def _told(world: World) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What kernels take from a world: its sizes, what is seen of it, and its rules."""
    height, width = world.view
    how, plane = world.naming, -(-height * width // 8) * 8
    constants: dict[str, Any] = {
        "ACTIONS": len(world.actions), "LEARNERS": world.learners, "AGENTS": world.agents,
        "EVENTS": len(world.events), "HEIGHT": world.size[0], "WIDTH": world.size[1],
        "CELLS": height * width,
        "KEY": how.world, "THING_KEYS": how.things, "FIELD_KEYS": how.fields,
        "FIRST_FIELD": how.first, "FIRST_TILE": how.tiles,
        "ENDS": np.array([e in world.ends_on for e in world.events], np.int64),
        "PAID": np.array([world.paid.weights.get(e, 0.0) for e in world.events]),
        "PAID_ONCE": world.paid.once,
    }  # fmt: skip
    seen: dict[str, Any] = {
        **constants,
        "FIRST_SYMBOL": world.first_symbol, "FIRST_SELF": world.first_self, "POSES": world.told_poses,
        "VIEW_HEIGHT": height, "VIEW_WIDTH": width, "PLANE": plane,
        "REACH": look.reach(height, width, plane),
        "TILES": state.offset(world.dtype, "tiles"), "RECORD": world.dtype.itemsize,
    }  # fmt: skip
    rules = {
        "step": world.step, "generate": world.generate,
        "tick": world.tick or nothing, "bot": world.bot or idle,
        "draw": look.crop if world.centred else look.whole_board,
    }  # fmt: skip
    return constants, seen, rules


class Kernels:
    """The compiled kernels of one world. Worlds with the same rules and sizes share them, whatever
    their parameters.
    """

    def __init__(self, name: str, constants: dict, seen: dict, rules: dict) -> None:
        moving: dict[str, Any] = {
            "step": inline(rules["step"]), "generate": rules["generate"],
            "tick": inline(rules["tick"]), "bot": inline(rules["bot"]),
        }  # fmt: skip
        moving["act"] = bind(act, lean=True, **constants, **moving)
        moving["make_level"] = bind(make_level, **constants, **moving)
        moving["begin"] = bind(begin, **constants, **moving)
        draw = bind(rules["draw"], lean=True, **seen)
        parts: dict[str, Any] = {"see": bind(see, lean=True, **constants, draw=draw), **moving}
        parts["advance"] = bind(advance, lean=True, **constants, **parts)
        # one step of one record, for planners to bind into kernels of their own
        self.act = parts["act"]
        # names the rules that make and move states, as the cache of compiled kernels knows them
        self.mark = fingerprint(bind(moves, **moving))[:8]

        self.name, self.parts = name, {**constants, **parts}
        self.many: dict[tuple, Callable] = {}  # see `many.stepper`

        def built(kernel: Callable, lean: bool) -> Callable:
            return direct(specialise(kernel, name, lean, **self.parts))

        self.reset_many = built(reset_many, lean=False)
        self.see_many = built(see_many, lean=True)
        self.step_many = built(step_many, lean=True)


_kernels: WeakKeyDictionary[World, Kernels] = WeakKeyDictionary()
_alike: WeakValueDictionary[tuple[str, ...], Kernels] = WeakValueDictionary()


def kernels(world: World) -> Kernels:
    """The compiled reset and step of a world: built once, compiled on first use, cached on disk."""
    if world not in _kernels:
        constants, seen, rules = _told(world)
        records = world.dtype, world.table.dtype
        mark = (*map(str, records), world.name, bind(world_rules, **seen, **rules).__qualname__)
        same = _alike.get(mark) or Kernels(world.name, constants, seen, rules)
        _kernels[world] = _alike[mark] = same
    return _kernels[world]


def share(twin: World, world: World) -> None:
    """Let a copy of a world have its kernels: the rules and sizes are the same."""
    _kernels.setdefault(twin, kernels(world))
