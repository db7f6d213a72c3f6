"""Many commands, some of them after others, wherever there is room: what tables and curves are made
of.

Every job is a goalshift command in a process of its own, so what a sweep does can be typed by hand,
a job that dies takes no other with it, and a job that has been done is not done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...engine.errors import UserError, need
from ...engine.files import make_folder
from ...engine.levels.splits import is_file
from ...engine.progress import Show, silent
from ..judging.evaluation import Evaluation
from ..judging.rollout import MAX_LEVELS
from ..learning.config import TrainConfig, configure
from ..learning.files import CHECKPOINT, CONFIG, EVALUATION, RESUME, Log, is_finished, read_config
from ..learning.lock import held
from ..learning.mitigation import named
from ..learning.options import typed
from .backends.backend import Backend, Done, Task
from .backends.table import LOCAL, open_backend

LOCK = ".sweep.lock"
MOST_SEEDS = 100_000  # agents of a recipe
MOST_JOBS = 1024  # processes at a time


@dataclass(frozen=True)
class Plan:
    """How each point of a study is made.

    `given`: options of the learner that all runs share, by name, and `world.KEY` for parameters.
    `seeds` agents are trained and judged together on `levels` held-out levels of each of `splits`;
    at most `workers` processes are at work at a time, or all there is room for in another place
    than this machine: `on` is what `--on` says.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 3
    levels: int = 512
    splits: tuple[str, ...] = ("train", "deploy")
    workers: int = 1
    on: str = LOCAL

    def __post_init__(self) -> None:
        """Raise UserError for what would fail after all the training, or fill the memory before."""
        at_most = f"--levels must be from 1 to {MAX_LEVELS:,}, not {self.levels:,}"
        need(1 <= self.levels <= MAX_LEVELS, at_most)
        need(1 <= self.seeds <= MOST_SEEDS, f"--seeds must be from 1 to {MOST_SEEDS:,}")
        need(1 <= self.workers <= MOST_JOBS, f"--jobs must be from 1 to {MOST_JOBS:,}")

    @property
    def place(self) -> str:
        """Where its jobs run, with how many at a time."""
        return f"{LOCAL}:{self.workers}" if self.on == LOCAL else self.on


@dataclass(eq=False)
class Job:
    """One command: `words` after "goalshift". It begins when `after` are done, and not if one
    failed.

    `done` says whether its result is there already. `reads` and `writes` are the files and folders
    that it opens and makes, which other machines are given and give back.
    """

    name: str
    words: Callable[[], list[str]]
    done: Callable[[], bool]
    after: list[Job] = field(default_factory=list)
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()


def train_job(world: str, folder: Path, given: Mapping[str, Any]) -> Job:
    """Train into `folder` with one thread, or go on where a run there stopped.

    `given` is as a plan has it. Raises UserError, before anything runs, if the folder holds another
    run.
    """

    def words() -> list[str]:
        if (folder / RESUME).is_file():
            return [
                "train",
                "--resume",
                str(folder),
                *(["--world", world] if world.endswith(".py") else []),
                *_trained_on(given),
                *_code(given),
            ]
        plain, _ = options_of(given)
        flags = [_flag(key, plain.get(key, value)) for key, value in given.items()]
        return ["train", world, *flags, "--threads=1", "--out", str(folder), "--force"]

    if (folder / CONFIG).is_file():
        _same_recipe(folder / CONFIG, world, given)
    return Job(
        f"train {folder.name}",
        words,
        lambda: is_finished(folder),
        reads=(folder, *_opened(world, given)),
        writes=(folder,),
    )


def _opened(world: str, given: Mapping[str, Any]) -> tuple[Path, ...]:
    """The files that the world and the levels are in, if they are of the user's own."""
    return carried(world if world.endswith(".py") else "", given.get("split", ""))


def _flag(key: str, value: Any) -> str:
    """An option as `train` takes it."""
    name = key if key.startswith("world.") else key.replace("_", "-")
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name}={value}"


def _trained_on(given: Mapping[str, Any]) -> list[str]:
    """The flag that lets a run's own command open the levels it is trained on, if they are a file."""
    return [f"--trained-on={given['split']}"] if is_file(str(given.get("split", ""))) else []


def _code(given: Mapping[str, Any]) -> list[str]:
    """The flags that let a run go on with its mitigations and curricula that are files of code."""
    found = []
    for option in ("mitigate", "curriculum", "net"):
        names = [name for name, _ in named(str(given.get(option, ""))) if name.endswith(".py")]
        found += [f"--{option}={','.join(names)}"] if names else []
    curriculum = str(given.get("curriculum", ""))
    if curriculum.partition(":")[2].endswith(".py"):  # a score of one's own
        found.append(f"--curriculum={curriculum}")
    return found


def options_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The learner's options in `given`, as numbers where it takes numbers, and the world's
    parameters. UserError names a value that is no number.
    """
    world = "world."
    options = {name: value for name, value in given.items() if not name.startswith(world)}
    params = {name.removeprefix(world): given[name] for name in given if name.startswith(world)}
    return typed(TrainConfig, options), params


def _same_recipe(config: Path, world: str, given: Mapping[str, Any]) -> None:
    """Raise UserError if the run of this config.json was not begun with these options."""
    made = read_config(config)[0].to_json()
    options, params = options_of(given)
    params = {name: float(value) for name, value in params.items()}
    wanted = configure(world, **options, params=params).to_json()
    settled = ("device", "precision", "threads", "save_every")
    unlike = [key for key, value in wanted.items() if key not in settled and made[key] != value]
    if unlike:
        raise UserError(
            f"'{config.parent}' holds a run with other options ({', '.join(unlike)}): name another --out"
        )


def eval_job(
    world: str, runs: Sequence[Job], folders: Sequence[Path], out: Path, plan: Plan
) -> Job:
    """Evaluate the seeds of one recipe together, once all of them are trained."""

    def done() -> bool:
        file = out / EVALUATION
        made = [folder / CHECKPOINT for folder in folders]
        if not file.is_file() or not all(path.is_file() for path in made):
            return False
        if any(path.stat().st_mtime > file.stat().st_mtime for path in made):
            return False
        found = Evaluation.load(file)
        asked = set(plan.splits) <= set(found.splits) and all(
            s.levels == plan.levels for s in found.splits.values()
        )
        return asked and found.agents == tuple(folder.name for folder in folders)

    def words() -> list[str]:
        flags = [f"--split={split}" for split in plan.splits]
        flags += ["--world", world] if world.endswith(".py") else []
        flags += _trained_on(plan.given)
        net = str(plan.given.get("net", ""))
        flags += [f"--net={net}"] if net.endswith(".py") else []
        return [
            "eval",
            *map(str, folders),
            *flags,
            f"--levels={plan.levels}",
            "--out",
            str(out),
            "--force",
        ]

    opened = (*_opened(world, plan.given), *carried(*plan.splits))
    reads = (*folders, *opened)
    return Job(f"eval {out.name}", words, done, list(runs), reads, (out,))


def carried(*names: object) -> tuple[Path, ...]:
    """Those of the names that are files of levels or worlds."""
    texts = dict.fromkeys(str(name) for name in names)
    return tuple(Path(text) for text in texts if text.endswith(".py") or (text and is_file(text)))


@contextmanager
def only_sweep(out: Path) -> Iterator[None]:
    """Be the only sweep at work in a folder (made if need be). Raises UserError if there is one."""
    make_folder(out)
    need(not (out / LOCK).is_symlink(), f"'{out / LOCK}' is a link: delete it")
    taken = f"another sweep is at work in '{out}': wait for it, or name another --out"
    with held(out / LOCK, lambda: taken):
        yield


def run_all(
    out: Path, jobs: Sequence[Job], place: int | str = LOCAL, show: Show = silent
) -> list[str]:
    """Do all jobs that are not done, in their order as far as they wait for none.

    `place` is what `--on` says, or a number of processes on this machine. Returns one line for each
    job that failed or could not begin because another did. Ctrl-C is passed on: trainings save
    themselves, and the same sweep goes on from there. Raises UserError while another sweep is at
    work in `out`, which would train into the same folders.
    """
    if all(job.done() for job in jobs):
        return []
    where = f"{LOCAL}:{place}" if isinstance(place, int) else place
    with closing(open_backend(where)) as backend, only_sweep(out):
        waiting = [job for job in jobs if not job.done()]
        return _Sweep(jobs, waiting, backend, show).run() if waiting else []


def run_one(place: str, task: Task) -> Done:
    """Do a single job there, and wait for it."""
    backend = open_backend(place)
    try:
        [handle] = backend.submit([task])
        try:
            while (done := backend.poll(handle)) is None:
                time.sleep(0.02)
        except KeyboardInterrupt:
            backend.cancel([handle])
            raise
        return done
    finally:
        backend.close()


class _Sweep:
    """Jobs on their way: which wait, which run, which are done or have failed."""

    def __init__(
        self, jobs: Sequence[Job], waiting: list[Job], backend: Backend, show: Show
    ) -> None:
        self._all, self._waiting, self._backend, self._show = len(jobs), waiting, backend, show
        self._finished = {id(job) for job in jobs} - {id(job) for job in waiting}
        self._failed: set[int] = set()
        self._running: list[tuple[Job, Any, float]] = []  # job, handle, when it was submitted
        self._faults: list[str] = []

    def run(self) -> list[str]:
        """A line for each job that failed."""
        try:
            while self._waiting or self._running:
                self._give_up()
                self._begin()
                for one in list(self._running):
                    done = self._backend.poll(one[1])
                    if done is not None:
                        self._running.remove(one)
                        self._end(one[0], done, time.perf_counter() - one[2])
                time.sleep(0.02)
        except KeyboardInterrupt:
            self._backend.cancel([handle for _, handle, _ in self._running])
            raise
        return self._faults

    def _give_up(self) -> None:
        """Take away what needs a job that failed."""
        for job in [j for j in self._waiting if any(id(a) in self._failed for a in j.after)]:
            self._waiting.remove(job)
            self._failed.add(id(job))
            self._faults.append(f"{job.name}: not begun, as what it needs has failed")

    def _begin(self) -> None:
        """Submit together what is ready, as far as there is room."""
        ready = [j for j in self._waiting if all(id(a) in self._finished for a in j.after)]
        room = self._backend.room
        ready = ready if room is None else ready[: room - len(self._running)]
        if not ready:
            return
        tasks = [Task(job.name, job.words, job.reads, job.writes) for job in ready]
        now = time.perf_counter()
        for job, handle in zip(ready, self._backend.submit(tasks), strict=True):
            self._waiting.remove(job)
            self._running.append((job, handle, now))

    def _end(self, job: Job, done: Done, seconds: float) -> None:
        """Note how a job ended, and say so."""
        if done.code == 0 and job.done():
            self._finished.add(id(job))
            note = f"{job.name}: {seconds:.0f} s"
        else:
            self._failed.add(id(job))
            note = f"{job.name}: {done.last_words}"
            self._faults.append(note)
        self._show(self._all - len(self._waiting) - len(self._running), self._all, note)


def seeds_of(world: str, home: Path, plan: Plan) -> list[Job]:
    """The jobs of one point: a training for each seed into `home`/seed-K, then their evaluation
    into `home`.
    """
    folders = [home / f"seed-{k}" for k in range(plan.seeds)]
    runs = [train_job(world, folder, {**plan.given, "seed": k}) for k, folder in enumerate(folders)]
    for job in runs:
        job.name = f"{home.name} {job.name.removeprefix('train ')}"
    return [*runs, eval_job(world, runs, folders, home, plan)]


def mean_shifted(folders: Sequence[Path]) -> float | None:
    """The share of episodes that really came from outside the training split, over the runs; None
    if unknown.
    """
    last = [Log(folder).last().get("shifted") for folder in folders]
    known = [share for share in last if share is not None]
    return sum(known) / len(known) if known else None
