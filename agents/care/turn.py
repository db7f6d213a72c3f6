"""One turn in a contest (see `peers`): `python -m goalshift.agents.care.turn WORK [SEED]`.

Prints one JSON line, {what: figure}. Run in a process of its own, with the threads that
OMP_NUM_THREADS says.
"""

from __future__ import annotations

import json
import sys

SECONDS = 1.0  # of one work


def steps() -> dict[str, float]:
    """Steps a second of the worlds that jaxgmg has too, on boards of its size, new levels at every
    end.
    """
    from .bench_engine import boards, rate, stepper
    from .peers import BATCH

    return {
        world.name: rate(stepper(world, BATCH, split=split), 1, SECONDS)[0]
        for world, split in boards()
    }


def many() -> dict[str, float]:
    """The same in one call, each environment on levels of a set as large as the batch."""
    from .bench_engine import boards, many, rate
    from .peers import BATCH

    return {
        f"{world.name}, {'each' if observe else 'the last'} seen": rate(
            many(world, BATCH, observe, split=split, levels=BATCH, bank=True), 1, SECONDS
        )[0]
        for world, split in boards()
        for observe in (True, False)
    }


def mazes() -> dict[str, float]:
    """Walls of levels a second."""
    from .bench_engine import rate
    from .bench_levels import MAZES, SIDES, maze

    return {
        f"{style} {side}x{side}": rate(maze(style, side), 1, SECONDS)[0]
        for style in MAZES
        for side in SIDES
    }


def solved() -> dict[str, float]:
    """Levels a second that are made, and played by the expert of the intended goal."""
    from .bench_engine import rate
    from .bench_levels import SOLVED, solver

    return {
        f"{name} {side}x{side}": rate(solver(name, side), 1, SECONDS)[0] for name, side in SOLVED
    }


def train(seed: int) -> dict[str, float]:
    """Seconds until our learner has solved each world."""
    from .bench_learner import WORLDS, our_time

    return {name: our_time(name, seed)[0] for name in WORLDS}


def train_sb3(seed: int) -> dict[str, float]:
    """Seconds until that of Stable-Baselines3 has."""
    from .bench_learner import WORLDS, peer_time

    return {name: peer_time(name, seed)[0] for name in WORLDS}


if __name__ == "__main__":
    work, *seed = sys.argv[1:]
    print(json.dumps(globals()[work](*map(int, seed))))
