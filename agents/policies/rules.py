"""Policies that are rules, so that a whole batch plays them in one compiled call: `Vec.run_rule`."""

from __future__ import annotations

import numpy as np

from ...engine import rng
from ...engine.errors import need
from ...engine.jit import rule
from ...engine.many import PolicyRule
from ...engine.world import World

ACT = np.uint64(0xAC7)  # keeps the stream of actions apart from those of layouts and dynamics


@rule
def _at_random(s, p, me, seen, own):
    bits = rng.fold(rng.fold(own[0], ACT), s.seed)
    bits = rng.fold(rng.fold(bits, np.uint64(s.episode)), np.uint64(s.t))
    return (np.int64(rng.fold(bits, np.uint64(me)) >> np.uint64(33)) * np.int64(own[1])) >> 31


def at_random(seed: int, actions: int) -> PolicyRule:
    """Uniformly random actions; each depends on seed, level, episode, step and learner alone."""
    return PolicyRule(_at_random, np.array([seed & (2**64 - 1), actions], np.uint64))


@rule
def _scripted(s, p, me, seen, own):
    return own[s.t, min(me, own.shape[1] - 1)] if s.t < len(own) else 0


def scripted(script: np.ndarray) -> PolicyRule:
    """The actions int64[T, L] (or [T, 1] for all learners) from the start of an episode, then 0."""
    return PolicyRule(_scripted, np.asarray(script, np.int64))


@rule
def _tabular(s, p, me, seen, own):
    return own[s.y[me], s.x[me]]


def tabular(world: World, table: np.ndarray) -> PolicyRule:
    """An action for every cell of the world where a learner can stand: int64[H, W]."""
    table = np.asarray(table, np.int64)
    need(table.shape == world.size, f"the table is {table.shape}, not {world.size}")
    return PolicyRule(_tabular, table)


@rule
def _linear(s, p, me, seen, own):
    best, most = 0, -np.inf
    for action in range(own.shape[2]):
        total = 0.0
        for k in range(len(seen)):
            total += own[k, seen[k], action]
        if total > most:
            best, most = action, total
    return best


def linear(world: World, weights: np.ndarray) -> PolicyRule:
    """The action with the largest sum of `weights` (float64[cells, symbols, actions]) over what is
    seen, the first of equal ones.
    """
    weights = np.asarray(weights, np.float64)
    shape = world.view[0] * world.view[1], len(world.symbols), len(world.actions)
    need(weights.shape == shape, f"the weights are {weights.shape}, not {shape}")
    return PolicyRule(_linear, weights, sees=True)
