"""A run directory: configuration, log, checkpoints, and going on where it stopped.

    config.json               every option, settled; and the world's version
    log.jsonl  log.csv        one row per update
    checkpoint.safetensors    the weights, with all that is needed to use them in its header
                              (checkpoint.json: a copy)
    checkpoints/              some of those on the way, by their step, if they are kept
    resume.safetensors        everything an exact continuation needs (resume.json: its header)

Each file replaces its predecessor in one step, and the resume file before last is kept, so a crash
at any moment leaves something good. Nothing here is ever unpickled: files may come from strangers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.catalogue import load, recall
from ...engine.counts import whole
from ...engine.errors import RunError, UserError, natural, need
from ...engine.files import make_folder
from ...engine.levels import splits
from ...engine.world import World
from . import scores
from .callback import Callback, OnRow, hearing
from .config import TrainConfig, configure
from .curriculum import CURRICULA
from .encoder import NETS
from .files import (
    CHECKPOINT,
    CONFIG,
    FORMAT,
    KEPT,
    PREVIOUS,
    RESUME,
    Log,
    load_arrays,
    read_config,
    save_arrays,
    write_json,
)
from .learner import LEARNERS, split_name
from .lock import only_writer
from .mitigation import MITIGATIONS, named
from .ppo import resolve
from .preflight import check_training
from .trained import interface, later
from .training import Training, learner_of

Row = dict[str, Any]  # of a log


class Interrupted(KeyboardInterrupt):
    """Training was stopped from outside, after saving.

    The message says how to go on. Exit code 130.
    """


def train(
    what: TrainConfig | World | str,
    out: str | Path,
    on_row: OnRow | None = None,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Path:
    """Train from nothing into the new run directory `out`; returns it (see `Trained.load`).

    `what` is a world, or its name, with `options` of `TrainConfig` for what differs from its
    defaults (`train("corner", "runs/a", steps=500_000, seed=1)`); or a whole configuration.
    `on_row` gets every row of the log, `callbacks` hear of begin and end, too. Raises Interrupted
    (after saving) on SIGINT or SIGTERM, UserError if `out` already holds a run or something does
    not fit, RunError if the disk is full or the training diverges.
    """
    if isinstance(what, TrainConfig):
        need(not options, "options change a world's defaults, not a whole configuration")
        config, world = resolve(what), load(what.world)
    else:
        config, world = resolve(configure(what, **options)), load(what)
    with begun(world, config, Path(out), on_row, callbacks) as run:
        go_on([run], alone)
    return run.folder


@contextlib.contextmanager
def begun(
    world: World,
    config: TrainConfig,
    folder: Path,
    on_row: OnRow | None = None,
    callbacks: Sequence[Callback] = (),
) -> Iterator[Run]:
    """A new training, its configuration and first weights written; see `train`."""
    splits.name(config.split)  # by whoever calls
    name_code(config)
    learner = learner_of(world, config)
    learner.hooks.first()
    with only_writer(folder):
        if (folder / CONFIG).exists():
            raise UserError(
                f"'{folder}' already holds a run; continue it with --resume {folder},"
                " or choose another --out"
            )
        about = {"world_version": learner.world.version, "format": FORMAT}
        write_json(folder / CONFIG, {**config.to_json(), **about})
        save(folder, learner, 0.0)  # at once: a crash in the first minutes must not cost the run
        with hearing(folder, config, on_row, callbacks) as told:
            yield Run(folder, learner, told)


def name_code(what: TrainConfig) -> None:
    """Whoever calls has named these files of code: mitigations, curricula, nets and learners by
    path.
    """
    for name, _ in named(what.mitigate):
        MITIGATIONS.load(name)
    NETS.load(what.net)
    LEARNERS.load(split_name(what.learner)[0])
    if what.curriculum:
        CURRICULA.load(what.curriculum.partition(":")[0])
        scores.name_code(what.curriculum)


def resume(
    run: str | Path,
    steps: int | None = None,
    on_row: OnRow | None = None,
    say: Callable[[str], None] = lambda line: None,
    callbacks: Sequence[Callback] = (),
) -> Path:
    """Continue a run exactly where its last good checkpoint stands, to its own number of `steps` or
    to a new one.

    `say` gets one line for people if the newest checkpoint is broken and the one before it is used,
    and one if lines of the log are no rows.
    UserError if there is nothing to continue, or the world has changed since.
    """
    with recalled(Path(run), steps, on_row, say, callbacks) as found:
        go_on([found], alone)
    return found.folder


@contextlib.contextmanager
def recalled(
    folder: Path,
    steps: int | None = None,
    on_row: OnRow | None = None,
    say: Callable[[str], None] = lambda line: None,
    callbacks: Sequence[Callback] = (),
) -> Iterator[Run]:
    """A training as its last good checkpoint left it; see `resume`."""
    if not (folder / CONFIG).exists():
        raise UserError(f"'{folder}' holds no run: there is no {CONFIG} in it")
    with only_writer(folder):
        config, version = read_config(folder / CONFIG)
        world = recall(config.world, folder)
        if world.version != version:
            raise UserError(
                f"'{folder}' was trained on version {version} of world '{world.name}',"
                f" which is now at version {world.version}:"
                f" {'update goalshift' if later(version, world) else 'start a new run'}"
            )
        extended = steps is not None and steps != config.steps
        if extended:
            config = dataclasses.replace(config, steps=steps)
        check_training(world, config.to_json())
        splits.recall(world.with_params(**dict(config.params)), config.split, folder)
        learner = learner_of(world, resolve(config))
        seconds = _restore(folder, learner, say)
        if extended:  # only now is it sure that the run can go on
            write_json(
                folder / CONFIG, {**config.to_json(), "world_version": version, "format": FORMAT}
            )
        Log(folder).rewind(learner.steps, say)
        with hearing(folder, learner.config, on_row, callbacks) as told:
            yield Run(folder, learner, told, seconds)


def looked_at(folder: Path) -> Training:
    """A training as its last good checkpoint left it, to be read and not to go on with."""
    need((folder / CONFIG).exists(), f"'{folder}' holds no run: there is no {CONFIG} in it")
    config, version = read_config(folder / CONFIG)
    world = recall(config.world, folder)
    need(world.version == version, f"'{folder}' was trained on another version of its world")
    splits.recall(world.with_params(**dict(config.params)), config.split, folder)
    learner = learner_of(world, resolve(config))
    _restore(folder, learner, lambda line: None)
    return learner


def _restore(folder: Path, learner: Training, say: Callable[[str], None]) -> float:
    """Bring the learner to the newest good checkpoint of the run.

    Returns the seconds trained until then.
    """
    blank, _ = learner.state()
    shapes = {name: array.shape for name, array in blank.items()}

    faults = []
    for name in (RESUME, PREVIOUS):
        try:
            arrays, about = load_arrays(folder / name, "resume file", lambda about: shapes)
        except UserError as fault:
            faults.append(str(fault))
            continue
        try:
            counters = {key: natural(about.get(key), key) for key in ("steps", "updates")}
            seconds: Any = about.get("seconds")
            need(type(seconds) in (int, float) and 0 <= seconds < 1e12, "seconds is no time")
            for key, array in arrays.items():
                need(array.dtype == blank[key].dtype, f"'{key}' holds {array.dtype}")
                real = array.dtype.kind == "f"
                need(not real or np.isfinite(array).all(), f"'{key}' is not finite")
            learner.restore(arrays, counters)
        except (UserError, RuntimeError) as fault:  # what it holds is unsound: a record, the dice
            faults.append(f"'{folder / name}' is broken: {str(fault).splitlines()[0][:200]}")
            continue
        if faults:
            say(f"{faults[0]}; going on from the checkpoint before it, at step {learner.steps:,}")
        return seconds
    raise UserError(f"'{folder}' cannot be continued: {'; '.join(faults)}")


def alone(learners: Sequence[Training]) -> list[Row]:
    """One update of each, one after the other."""
    return [learner.update() for learner in learners]


def go_on(
    runs: Sequence[Run], update: Callable[[Sequence[Training]], Sequence[Row | RunError]]
) -> None:
    """Update, log and save until the steps of all runs are done or a signal comes.

    `update` makes one update of each of these learners. A fault in place of a row ends that run:
    the others go on, and then it is raised.
    """
    saved, faults = time.perf_counter(), {}
    with stop_signals() as stop:
        for run in runs:
            run.begin()
        while (left := [r for r in runs if not r.done and r not in faults]) and not stop.is_set():
            passed = [run.kept for run in left]
            rows = update([run.learner for run in left])
            for run, before, row in zip(left, passed, rows, strict=True):
                if isinstance(row, RunError):
                    faults[run] = row
                else:
                    run.note(row, before)
            if time.perf_counter() - saved >= left[0].learner.config.save_every:
                for run in left:
                    if run not in faults:
                        run.save()
                saved = time.perf_counter()
        for run in runs:
            if run not in faults:
                run.save()
    if left:
        named = " ".join(shlex.quote(str(run.folder)) for run in left)
        raise Interrupted(
            f"Stopped at step {left[0].learner.steps:,}, saved."
            f" Continue: goalshift train --resume {named}"
        )
    for run, fault in faults.items():
        raise RunError(f"'{run.folder}': {fault}; the others are done") from fault


class Run:
    """A training in memory, and the folder that it is written to.

    `told` hears every row of the log; `seconds` were trained before.
    """

    def __init__(self, folder: Path, learner: Training, told: OnRow, seconds: float = 0.0) -> None:
        self.folder, self.learner, self.told = folder, learner, told
        self.log = Log(folder)
        self.began = time.perf_counter() - seconds

    @property
    def done(self) -> bool:
        """Have all steps been made?"""
        return self.learner.steps >= self.learner.config.steps

    @property
    def kept(self) -> int:
        """How many of the checkpoints to keep are due by now."""
        return self.learner.steps * self.learner.config.keep // self.learner.config.steps

    @property
    def seconds(self) -> float:
        """Spent on it so far."""
        return time.perf_counter() - self.began

    def begin(self) -> None:
        """Keep the untrained weights, if checkpoints are kept."""
        if self.learner.config.keep and not self.learner.steps:
            keep(self.folder, self.learner)

    def note(self, row: Row, kept: int) -> None:
        """Write down an update; `kept` was the count before it."""
        if self.kept > kept:
            keep(self.folder, self.learner)
        row = {"step": row.pop("step"), "seconds": round(self.seconds, 3), **row}
        self.log.add(row)
        self.told(row)

    def save(self) -> None:
        """See `save`."""
        save(self.folder, self.learner, self.seconds)


def keep(folder: Path, learner: Training) -> None:
    """Write the weights as they are now, to stay."""
    home = make_folder(folder / KEPT)
    save_arrays(
        home / f"{learner.steps:012}.safetensors", _weights(learner.state()[0]), describe(learner)
    )


def history(run: str | Path) -> list[Path]:
    """The checkpoints that a run has kept, the earliest first. UserError if there are none."""
    found = [p for p in (Path(run) / KEPT).glob("*.safetensors") if whole(p.stem) is not None]
    if not found:
        raise UserError(
            f"'{run}' has kept no checkpoints along the way: train it with --keep 4, say"
        )
    return sorted(found)


def _weights(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those of the network alone."""
    return {k.removeprefix("net."): v for k, v in arrays.items() if k.startswith("net.")}


def save(folder: Path, learner: Training, seconds: float) -> None:
    """Write weights and resume file; the last resume file becomes the previous one."""
    arrays, counters = learner.state()
    save_arrays(folder / CHECKPOINT, _weights(arrays), describe(learner))
    about = {"kind": "resume file", **counters, "seconds": seconds}
    save_arrays(folder / RESUME, arrays, about, keep=folder / PREVIOUS)


def describe(learner: Training) -> dict[str, Any]:
    """What a checkpoint says about itself.

    The network, the world it belongs to, and how it was made.
    """
    return {
        "kind": "checkpoint",
        "net": {
            k: v
            for k, v in dataclasses.asdict(learner.net.shape).items()
            if k not in ("channels", "agents") or v
        },
        **interface(learner.world),
        "config": learner.config.to_json(),
        "steps": learner.steps,
    }


@contextlib.contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets. A second signal raises KeyboardInterrupt at once.

    Outside the main thread signals cannot be caught; then the event is simply never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
