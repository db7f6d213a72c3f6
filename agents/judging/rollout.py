"""Episodes: one policy, one episode a level, the same levels and dice for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.many import PolicyRule
from ...engine.state import RUNNING, TERMINATED
from ...engine.vector import Vec
from ...engine.world import Split, World
from ..policies.foreign.base import at_home
from ..policies.policy import Policy
from .trace import Trace, Tracer

LEVELS = 512  # held-out levels of each split, unless told otherwise
MAX_LEVELS = 20_000


@dataclass(frozen=True, eq=False)
class Episodes:
    """One episode on each of n levels, by one policy.

    seeds, fingerprints: uint64[n]. rows: int64[n], the parameter row of each level. totals:
    int64[n, A, E], events counted. length: int64[n], steps. terminated: bool[n], False where the
    horizon cut the episode. actions: int64[longest, n, L] if recorded, action 0 after an episode's
    end. strays: levels that had to be taken from outside the pool.
    """

    world: World
    split: Split
    policy: str
    seeds: np.ndarray
    rows: np.ndarray
    fingerprints: np.ndarray
    totals: np.ndarray
    length: np.ndarray
    terminated: np.ndarray
    strays: int
    actions: np.ndarray | None = None
    trace: Trace | None = None

    @property
    def scores(self) -> np.ndarray:
        """Every goal's score, averaged over the learners: float64[n, G], intended first."""
        return self.world.scores(self.totals[:, : self.world.learners]).mean(1)


def rollout(
    world: World,
    policy: Policy,
    split: str | Split = "deploy",
    levels: int | np.ndarray = LEVELS,
    seed: int = 0,
    pool: str = "test",
    record: bool = False,
    trace: Sequence[str] = (),
) -> Episodes:
    """Play one episode on each level: the first `levels` of the pool, or the given seeds (uint64).

    Of a split that is a file of levels the first `levels` of that, or those of the given numbers,
    which are then the episodes' `seeds`. The same arguments give every policy the same levels and
    the same dice. `record` keeps the actions; `trace` names what else is kept, step by step: some of
    `trace.PARTS` and layers of a learned policy (see `Trace`). Raises UserError for a bad count,
    pool, or trace.
    """
    vec, numbers = _on(world, split_of(world, split), levels, seed, pool)
    policy = at_home(policy, world)
    vec.reset()
    prints = world.fingerprints(vec.states)
    policy.start(vec.n, world.learners)
    tracer = Tracer(vec, policy, trace) if trace else None
    if isinstance(policy, Policy) and policy.rule and not record and not trace:
        play_rule(vec, policy.rule)
    taken = _play(vec, policy, record, tracer)
    states = vec.states.view(np.ndarray)
    return Episodes(
        world=world,
        split=vec.split,
        policy=policy.name,
        seeds=states["seed"].copy() if numbers is None else np.asarray(numbers, np.uint64),
        rows=states["row"].copy(),
        fingerprints=prints,
        totals=states["totals"].copy(),
        length=states["t"].copy(),
        terminated=states["ended"] == TERMINATED,
        strays=vec.strays,
        actions=np.stack(taken) if taken else None,
        trace=tracer.trace() if tracer else None,
    )


def _on(
    world: World, split: Split, levels: int | np.ndarray, seed: int, pool: str
) -> tuple[Vec, np.ndarray | None]:
    """The environments, one for each level, before their first reset; and the levels' numbers where
    the split is a file.
    """
    chosen = isinstance(levels, np.ndarray)
    n = len(levels) if chosen else int(levels)
    if not 1 <= n <= MAX_LEVELS:
        raise UserError(f"levels must be 1 to {MAX_LEVELS}, not {n}")
    vec = Vec(world, n, split, seed, pool=pool, autoreset="off")
    starts = vec.split.starts
    if starts is None:
        if chosen:
            vec.assign(np.ones(n, np.bool_), levels)
        return vec, None
    if not chosen and n > len(starts):
        raise UserError(
            f"'{vec.split.name}' holds {counted(len(starts), 'level')}: ask for no more with --levels"
        )
    numbers = levels if chosen else np.arange(n)
    vec.assign(np.ones(n, np.bool_), numbers)
    return vec, numbers


def _play(vec: Vec, policy: Policy, record: bool, tracer: Tracer | None) -> list[np.ndarray]:
    """Play every episode to its end; what was done at each step, if it is kept."""
    obs, fresh, taken = vec.obs, vec.fresh.copy(), []
    states = vec.states.view(np.ndarray)  # a recarray is slow to ask for a field
    while (running := states["ended"] == RUNNING).any():
        whole = policy.remembers or running.all()
        if tracer:
            tracer.before(running, whole, fresh)
        if whole:
            actions = policy.act(obs, vec.states, fresh)
        else:
            actions = np.zeros((vec.n, vec.world.learners), np.int64)
            actions[running] = policy.act(
                obs[running], states[running].view(np.recarray), fresh[running]
            )
        if record or tracer:
            taken.append(np.where(running[:, None], actions, 0))
        obs = vec.step(actions)[0]
        if tracer:
            tracer.after(taken[-1])
        fresh = np.zeros(vec.n, np.bool_)
    return taken


def play_rule(vec: Vec, policy: PolicyRule) -> None:
    """Play all that run to their end, in a few compiled calls."""
    steps = max(1, min(64, (1 << 20) // vec.n))
    while (vec.states["ended"] == RUNNING).any():
        vec.run_rule(policy, steps)


def at_most(split: Split, levels: int) -> int:
    """So many levels, or as many as there are where the split is a file of them."""
    return levels if split.starts is None else min(levels, len(split.starts))
