"""References played ahead: in a process of their own, while this one opens agents or trains them.

`python -m goalshift.agents.judging.ahead WORLD LEVELS SEED SPLIT...` plays them and writes for each
split how many bytes follow (8, the least first) and an .npz. They are the same, whoever plays them.
"""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import IO

import numpy as np

from ...engine import child, machine
from ...engine.catalogue import load, shipped
from ...engine.levels.splits import split_of
from ...engine.world import World
from .references import References, expect, references
from .rollout import Episodes

FEWEST = 256  # levels: fewer are played sooner than a process begins
ARRAYS = ("seeds", "rows", "fingerprints", "totals", "length", "terminated")


@contextmanager
def ahead(world: World, splits: Sequence[str], levels: int, seed: int = 0) -> Iterator[None]:
    """While this lasts, the references of these splits are on their way, and whoever asks for them
    waits for them.

    Nothing is done for fewer than `FEWEST` levels, on one processor, or for a world of a file. If
    the other process fails, whoever asks plays them, and meets the fault.
    """
    ships = world.name in shipped() and load(world.name) is world
    if levels < FEWEST or machine.processors() < 2 or not ships:
        yield
        return
    words = child.command(__name__, world.name, str(levels), str(seed), *splits)
    leash = child.environment(**{child.LEASH: "1"})
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        player = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=nowhere, env=leash)
    except OSError:  # no room for another process
        yield
        return
    with player:
        assert player.stdout
        output, there = player.stdout, dict[str, np.ndarray]()

        def take(name: str) -> References | None:
            while f"{name}/policy" not in there and (arrays := _read(output)):
                there.update(arrays)
            return unpacked(world, name, there)

        try:
            for name in splits:
                expect(world, split_of(world, name), levels, seed, partial(take, name))
            yield
        finally:
            for name in splits:
                expect(world, split_of(world, name), levels, seed, None)
            player.kill()


def _read(output: IO[bytes]) -> Mapping[str, np.ndarray]:
    """The next arrays that somebody writes; none where there is an end, or they are broken."""
    size = int.from_bytes(output.read(8), "little")
    try:
        return dict(np.load(io.BytesIO(output.read(size)), allow_pickle=False))
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        return {}


def packed(name: str, known: References) -> dict[str, np.ndarray]:
    """The references of a split as arrays, by its name."""
    played = (*known.experts, *known.random)
    arrays = {f"{name}/{a}": np.stack([getattr(e, a) for e in played]) for a in ARRAYS}
    arrays[f"{name}/strays"] = np.array([e.strays for e in played])
    arrays[f"{name}/policy"] = np.array([e.policy for e in played])
    return arrays


def unpacked(world: World, name: str, arrays: Mapping[str, np.ndarray]) -> References | None:
    """The references of a split from `arrays`; None if they are not there."""
    if f"{name}/policy" not in arrays:
        return None
    played = [
        Episodes(
            world,
            split_of(world, name),
            str(arrays[f"{name}/policy"][k]),
            strays=int(arrays[f"{name}/strays"][k]),
            **{a: arrays[f"{name}/{a}"][k] for a in ARRAYS},
        )
        for k in range(len(arrays[f"{name}/policy"]))
    ]
    goals = len(world.goals)
    return References(tuple(played[:goals]), tuple(played[goals:]))


def main(world: str, levels: str, seed: str, *splits: str) -> None:
    """Play them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    child.end_with_parent()
    found = load(world)
    for name in splits:
        known, made = references(found, split_of(found, name), int(levels), int(seed)), io.BytesIO()
        np.savez(made, **packed(name, known))  # pyright: ignore[reportArgumentType]
        size = len(made.getbuffer()).to_bytes(8, "little")
        sys.stdout.buffer.write(size + made.getvalue())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
