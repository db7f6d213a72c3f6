"""A short life of a world in plain Python, before anything of it is compiled.

Compiled rules look at nothing: an index outside the board writes into other memory, a misspelt name
ends in a page of a compiler's words, a loop without end cannot be stopped. Here the same rules run
as they are written, on records that know their bounds, for a few steps on a few levels; what goes
wrong is one line with the place in the file. It runs in a process of its own (`python -m
goalshift.engine.trial FILE`), as plain Python must be chosen before Numba is imported.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import check
from .catalogue import FILE_MODULE, run_file
from .errors import UserError, closest
from .jit import plain
from .vector import Vec
from .world import Goal, World

LEVELS, STEPS = 2, 64  # of each split
SECONDS = 20.0  # for one level or step; plain Python is some hundred times slower than compiled


class Bounded(np.ndarray):
    """An array of a record in which no index is negative; too large ones NumPy refuses itself."""

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_positive(key, self.shape))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_positive(key, self.shape), value)


def _positive(key: Any, shape: tuple[int, ...]) -> Any:
    for index in key if isinstance(key, tuple) else (key,):
        if isinstance(index, (int, np.integer)) and index < 0:
            raise IndexError(f"index {index} of an array of shape {shape} is negative")
    return key


class Record:
    """A record, or a row of parameters, that says which of its fields was meant."""

    def __init__(self, record: Any, what: str) -> None:
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_what", what)

    def _known(self, name: str) -> None:
        names = self._record.dtype.names
        if name not in names:
            near = closest(name, names)
            hint = f"; did you mean '{near}'?" if near else f" (there are {', '.join(names)})"
            raise AttributeError(f"there is no {self._what} '{name}'{hint}")

    def __getattr__(self, name: str) -> Any:
        self._known(name)
        value = self._record[name]
        return value.view(Bounded) if isinstance(value, np.ndarray) else value

    def __setattr__(self, name: str, value: Any) -> None:
        self._known(name)
        self._record[name] = value


def bounded(rule: Callable | None) -> Callable | None:
    """The rule on records that know their bounds."""
    if rule is None:
        return None
    inner = plain(rule)

    def call(s: Any, p: Any, *rest: Any) -> Any:
        s = s if isinstance(s, Record) else Record(s, "field of the state")
        p = p if isinstance(p, Record) else Record(p, "parameter")
        return inner(s, p, *rest)

    call.__module__ = inner.__module__
    return call


class TooLong(Exception):
    """A rule has not come to an end."""


def live(world: World) -> None:
    """Levels of every split, and steps on them by chance. Whatever is wrong is raised."""
    careful = world.but(
        name=world.name,
        **{name: bounded(getattr(world, name)) for name in ("generate", "step", "tick", "bot")},
    )
    dice = np.random.default_rng(0)
    for split in world.split_names:
        for seed in range(LEVELS):
            vec = Vec(careful, 1, split, seed=seed, autoreset="off")
            with _within(SECONDS):
                vec.reset()
            check.states(careful, vec.states)
            for goal in world.goals:
                _ask(careful, goal, vec.states)
            for _ in range(min(STEPS, world.horizon)):
                if vec.states.ended[0]:
                    break
                with _within(SECONDS):
                    vec.step(dice.integers(len(world.actions), size=(1, world.learners)))
                check.states(careful, vec.states, start=False)


def _ask(world: World, goal: Goal, states: np.recarray) -> None:
    """Call the rules of a goal, for every cell of the level."""
    s, p = states[0], world.table[states.row[0]]
    for rule in (goal.seek, goal.avoid):
        if rule is not None:
            for y, x in np.ndindex(int(s.h), int(s.w)):
                bounded(rule)(s, p, 0, y, x)  # type: ignore[misc]


class _within:
    """Raises TooLong in what runs inside, where it is, after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        def stop(number: int, frame: Any) -> None:
            raise TooLong(f"no end after {self.seconds:g} s: is there a loop that does not end?")

        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *fault: object) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def told(fault: Exception, path: Path) -> str:
    """What went wrong in one line: the place in the file, the rule, and how."""
    frames = [f for f in traceback.extract_tb(fault.__traceback__) if f.filename == str(path)]
    where = (
        f"'{path}', line {frames[-1].lineno}, in {frames[-1].name}: " if frames else f"'{path}': "
    )
    message = " ".join(str(fault).split())
    if isinstance(fault, NameError) and fault.name:
        known = sys.modules[FILE_MODULE + path.stem].__dict__
        near = closest(fault.name, [name for name in known if not name.startswith("__")])
        message += f"; did you mean '{near}'?" if near else ""
    elif not isinstance(fault, (UserError, AttributeError, IndexError, TooLong)):
        message = f"{type(fault).__name__}: {message}"
    return where + message


def main(path: Path) -> int:
    """Try the world in a file: 0, or 2 with one line on stdout."""
    try:
        world = run_file(path, "world", FILE_MODULE).WORLD
        live(world)
    except UserError as fault:
        print(told(fault, path) if str(path) not in str(fault) else str(fault))
    except Exception as fault:
        print(told(fault, path))
    else:
        return 0
    return 2


if __name__ == "__main__":
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    sys.exit(main(Path(sys.argv[1]).absolute()))
