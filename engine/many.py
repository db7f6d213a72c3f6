"""Many steps in one compiled call, by actions that are given or by a policy that is itself a rule.

Python is asked at the end of episodes and not at every step, each environment goes its own way
while its record is at hand, and what nobody looks at is not drawn. What comes of it is what as many
single steps give, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .jit import bind, direct, kernel, plain, rule, specialise
from .kernels import Kernels
from .state import RUNNING
from .world import World


@dataclass(frozen=True, eq=False)
class PolicyRule:
    """A policy that compiled code can ask.

    act: a rule `(s, p, me, seen, own) -> action` that reads the record `s` and its parameters `p`,
        what learner `me` sees as `seen` (uint8[rows * columns]), and `own`, and writes to none of
        them. Chance comes from `rng.fold` over what it reads: drawing from `s` would change what
        happens.
    own: what it knows besides, an array of any kind: weights, a table, a seed.
    sees: does it look at `seen`? If not, that is not drawn.
    """

    act: Callable
    own: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sees: bool = False


class Many(NamedTuple):
    """What came of T steps of N environments, step by step.

    actions: int64[T, N, L]; reward: float32[T, N, L]; terminated, truncated: bool[T, N]; totals:
    int64[T, N, A, E], the events of an episode at the step that ended it, else zeros; obs:
    uint8[T, N, L, vh, vw], as `Vec.obs` after each step, if it was asked for.
    """

    actions: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    totals: np.ndarray
    obs: np.ndarray | None


@rule
def given(s, p, me, seen, own):
    """In place of a policy, where actions are given."""
    return 0


# What `specialise` binds for each world.
policy: Any = given
advance: Any = None
ACTIONS = LEARNERS = AGENTS = EVENTS = CELLS = 0
RULED = SEES = False


@kernel
def all_legal(actions, count):
    """Is every action (int64[..., flat]) one of 0..count-1?"""
    wrong = False
    for k in range(len(actions)):
        wrong |= actions[k] < 0 or actions[k] >= count
    return not wrong


def many_steps(
    actions, reward, terminated, truncated, totals, kept, at, own, first, states, words, table, ledger, obs, final_obs,
    due, autoreset,
):  # fmt: skip
    """Steps of these environments from step `at` (int64[n]) of each on, until all are made or the
    next episode is `due`; returns in how many it is.

    Writes into the first six arrays, see `Many`, in which these environments begin with the
    `first`. `kept` is uint8[T, N, L, PLANE], or empty. Returns -1 if the rule gave an action that
    the world does not have: then environments have been left at different steps.
    """
    steps, waiting = len(actions), 0
    for i in range(len(states)):
        s, entry, n, t = states[i], ledger[i], first + i, at[i]
        if due[i]:
            due[i] = False  # it has begun since, and what it sees now belongs to the step before
            if len(kept) > 0:
                keep(kept, t - 1, n, obs, i)
        while t < steps and not due[i]:
            runs, mine = s.ended == RUNNING, actions[t, first:]
            if RULED and runs:
                for me in range(LEARNERS):
                    action = policy(s, table[np.uint64(s.row)], me, obs[i, me, :CELLS], own)
                    mine[i, me] = action
                    if action < 0 or action >= ACTIONS:
                        return -1
            seen = SEES or t == steps - 1 or len(kept) > 0
            due[i] = advance(s, words, i, table, entry, mine, obs, final_obs, autoreset, seen)
            for me in range(LEARNERS):
                reward[t, n, me] = entry.reward[me]
            terminated[t, n] = entry.terminated
            truncated[t, n] = entry.truncated
            if runs and s.ended != RUNNING:
                for a in range(AGENTS):
                    for e in range(EVENTS):
                        totals[t, n, a, e] = s.totals[a, e]
            if len(kept) > 0:
                keep(kept, t, n, obs, i)
            t += 1
        at[i] = t
        waiting += due[i]
    return waiting


def keep(kept, t, n, obs, i):
    """Note what environment `i` sees."""
    for me in range(LEARNERS):
        for k in range(np.uint64(obs.shape[2])):
            kept[t, n, me, k] = obs[i, me, k]


def stepper(kernels: Kernels, policy: PolicyRule | None) -> Callable:
    """`many_steps` of a world, by a rule or by given actions; built once for each kind of what the
    rule owns.
    """
    key = (plain(policy.act), policy.sees, policy.own.dtype, policy.own.ndim) if policy else ()
    if key not in kernels.many:
        name, bindings = kernels.name, dict(kernels.parts)
        bindings["keep"] = bind(keep, lean=True, LEARNERS=bindings["LEARNERS"])
        if policy:
            name += f"_{policy.act.__name__}"
            bindings |= {"policy": policy.act, "RULED": True, "SEES": policy.sees}
        kernels.many[key] = direct(specialise(many_steps, name, lean=True, **bindings))
    return kernels.many[key]


def room(world: World, steps: int, n: int, actions: np.ndarray | None, observe: bool) -> Many:
    """Where many steps are written; its `obs` as the kernels take it."""
    cells = world.view[0] * world.view[1]
    shape = steps, n, world.learners
    return Many(
        np.zeros(shape, np.int64) if actions is None else actions,
        np.zeros(shape, np.float32),
        np.zeros(shape[:2], np.bool_),
        np.zeros(shape[:2], np.bool_),
        np.zeros((steps, n, world.agents, len(world.events)), np.int64),
        np.zeros((steps if observe else 0, *shape[1:], -(-cells // 8) * 8), np.uint8),
    )


def shown(world: World, many: Many, observe: bool) -> Many:
    """The same as a caller gets it."""
    if not observe or many.obs is None:
        return many._replace(obs=None)
    cells = world.view[0] * world.view[1]
    return many._replace(obs=many.obs[..., :cells].reshape(*many.reward.shape, *world.view))
