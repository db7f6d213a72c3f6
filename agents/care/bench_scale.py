"""How far things grow in a straight line: the rows of `goalshift bench --only scale`.

Every row is a rate for one unit of work, so a straight line is the same figure in every row. Where
it falls, the docstrings say what the limit is. A row has seconds rather than passes: what is slow
makes fewer of them, so that all is done in some three minutes on two cores.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

from ...engine import machine
from ...engine.catalogue import load
from ...engine.vector import Vec
from ..judging.rollout import MAX_LEVELS, rollout
from ..learning.config import configure
from ..learning.ppo import Learner, resolve
from ..policies.simple import RandomPolicy
from .bench_engine import Row, rate, stepper

WORLD = "coinrun"
BATCHES = (64, 256, 1024, 4096, 16_384, 65_536)
LEARNERS = (1, 2, 4, 8)
PASS, ROW = 0.3, 3.0  # seconds of a pass and of a row, at least and at most: one call is the least


def _threads() -> list[int]:
    """1, 2, 4 ... as far as there are processors."""
    return [k for k in (1, 2, 4, 8, 16) if k <= machine.processors()]


def paced(work: Callable[[], int], passes: int) -> tuple[float, ...]:
    """`rate` for as many of the passes as a row has time for, one at least."""
    began, figures = time.perf_counter(), []
    work()
    while not figures or (len(figures) < passes and time.perf_counter() - began < ROW):
        figures += rate(work, 1, PASS, warm=False)
    return tuple(figures)


def _training(passes: int, world: str = WORLD, **options) -> tuple[float, ...]:
    """Agent-steps a second of training: every learner of every environment counts."""
    config = resolve(configure(world, **{"threads": 1, "precision": "fp32", **options}))
    learner = Learner(load(world), config)

    def work() -> int:
        learner.update()
        return config.envs * config.rollout * learner.world.learners

    return paced(work, passes)


def cores(passes: int = 5) -> Iterator[Row]:
    """Stepping and training on one thread and on more.

    Stepping waits for memory once a batch has left the second-level cache; in training the small
    operations between the products stay on one thread.
    """
    world = load(WORLD)
    for threads in _threads():
        label = f"{threads} thread{'s' * (threads > 1)}"
        found = paced(stepper(world, 4096, threads=threads, steps=4), passes)
        yield Row(f"scale: step, {WORLD}, batch 4096, {label}", "steps/s", found)
        found = _training(passes, threads=threads)
        yield Row(f"scale: train, {WORLD}, {label}", "steps/s", found)


def batches(passes: int = 5) -> Iterator[Row]:
    """Environments side by side, in stepping and in training, with minibatches of one size.

    Small batches pay for the call from Python (some 10 us a step), large ones for memory: from
    some thousand environments on neither records nor observations fit the second-level cache.
    """
    world = load(WORLD)
    for n in BATCHES:
        found = paced(stepper(world, n, steps=max(16_384 // n, 1)), passes)
        yield Row(f"scale: step, {WORLD}, batch {n:,}", "steps/s", found)
    for n in BATCHES:
        rollout_steps = max(16_384 // n, 1)
        found = _training(passes, envs=n, rollout=rollout_steps)
        yield Row(f"scale: train, {WORLD}, batch {n:,} x {rollout_steps}", "steps/s", found)


def learners(passes: int = 5) -> Iterator[Row]:
    """Agent-steps of training with more learners in one world.

    Each sees for itself, so the network's work grows in a straight line; the world's own step is
    shared.
    """
    for name in ("harvest", "keys"):
        most = load(name).most_learners
        for k in (k for k in LEARNERS if k <= most):
            found = _training(passes, name, params={"learners": k}, envs=64)
            label = f"scale: train, {name}, {k} learner{'s' * (k > 1)}, 64 environments"
            yield Row(label, "agent-steps/s", found)


def memory(passes: int = 1) -> Iterator[Row]:
    """Bytes that one more environment takes: stepped, and trained with a rollout of 32."""
    for name in ("corner", WORLD):
        world, n = load(name), 4096
        tracemalloc.start()
        vec = Vec(world, n)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert vec.n == n
        yield Row(f"scale: memory, {name}, stepped", "bytes/env", (held / n,), None, True)
        learner = Learner(world, resolve(configure(name, envs=256, rollout=32, threads=1)))
        buffers = (learner.seen, learner.fresh, learner.action, learner.chance, learner.reward)
        buffers += (learner.cut, learner.done, learner.value, learner.memory)
        size = sum(b.numel() * b.element_size() for b in buffers) / 256
        yield Row(f"scale: memory, {name}, a rollout of 32", "bytes/env", (size,), None, True)


def levels(passes: int = 5) -> Iterator[Row]:
    """Levels judged a second, from some hundred to as many as one rollout takes, and on in parts.

    A rollout holds all its levels at once and goes on until the last has ended, so it slows down
    once they leave the cache; a million are judged in parts, which is a straight line.
    """
    world = load("corner")
    policy = RandomPolicy(world)
    for n in (512, 4096, MAX_LEVELS):

        def work(n: int = n) -> int:
            return len(rollout(world, policy, "deploy", n).length)

        yield Row(f"scale: judge, corner, {n:,} levels", "levels/s", paced(work, passes))
    done = 0

    def part() -> int:
        nonlocal done
        chosen = np.arange(done, done + 4096, dtype=np.uint64)
        done = (done + 4096) % 1_000_000
        return len(rollout(world, policy, "deploy", chosen).length)

    what = "scale: judge, corner, a million levels in parts, as far as time allows"
    yield Row(what, "levels/s", paced(part, passes))


def scale(passes: int = 5) -> Iterator[Row]:
    """All of them."""
    for part in (cores, batches, learners, memory, levels):
        yield from part(passes)


PARTS = {"scale": scale}
