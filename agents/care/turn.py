"""One turn in a contest (see `peers`): `python -m goalshift.agents.care.turn WORK [SEED]`.

Prints one JSON line, {what: figure}. Run in a process of its own, with the threads that
OMP_NUM_THREADS says.
"""

from __future__ import annotations

import json
import sys


def steps() -> dict[str, float]:
    """Steps a second of the worlds that jaxgmg has too, on boards of its size, new levels at every
    end.
    """
    from .bench_engine import BOARDS, rate, stepper
    from .peers import BATCH

    found = {}
    for name, split, changes, side in BOARDS:
        from ...engine.catalogue import load

        world = load(name).with_params(**changes).but(size=(side, side), view=None)
        found[name] = rate(stepper(world, BATCH, split=split), passes=1, seconds=2.0)[0]
    return found


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
