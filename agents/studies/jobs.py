"""Many commands, some of them after others, on a few processes: what tables and curves are made of.

Every job is a goalshift command in a process of its own, so what a sweep does can be typed by hand,
a job that dies takes no other with it, and a job that has been done is not done again.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from ...engine import child
from ...engine.errors import UserError
from ...engine.files import make_folder
from ...engine.levels.splits import is_file
from ...engine.progress import Show, silent
from ..judging.evaluation import Evaluation
from ..learning.config import TrainConfig, configure
from ..learning.files import CHECKPOINT, CONFIG, EVALUATION, RESUME, Log, is_finished, read_config
from ..learning.mitigation import named
from ..learning.options import typed

LOCK = ".sweep.lock"


@dataclass(frozen=True)
class Plan:
    """How each point of a study is made.

    `given`: options of the learner that all runs share, by name, and `world.KEY` for parameters.
    `seeds` agents are trained and judged together on `levels` held-out levels of each of `splits`;
    at most `workers` processes are at work at a time.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 3
    levels: int = 512
    splits: tuple[str, ...] = ("train", "deploy")
    workers: int = 1


@dataclass(eq=False)
class Job:
    """One command: `words` after "goalshift". It begins when `after` are done, and not if one
    failed.

    `done` says whether its result is there already.
    """

    name: str
    words: Callable[[], list[str]]
    done: Callable[[], bool]
    after: list[Job] = field(default_factory=list)


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
        flags = [
            f"--{key if key.startswith('world.') else key.replace('_', '-')}={v}"
            for key, v in given.items()
        ]
        return ["train", world, *flags, "--threads=1", "--out", str(folder), "--force"]

    if (folder / CONFIG).is_file():
        _same_recipe(folder / CONFIG, world, given)
    return Job(f"train {folder.name}", words, lambda: is_finished(folder))


def _trained_on(given: Mapping[str, Any]) -> list[str]:
    """The flag that lets a run's own command open the levels it is trained on, if they are a file."""
    return [f"--trained-on={given['split']}"] if is_file(str(given.get("split", ""))) else []


def _code(given: Mapping[str, Any]) -> list[str]:
    """The flags that let a run go on with its mitigations and curricula that are files of code."""
    found = []
    for option in ("mitigate", "curriculum"):
        names = [name for name, _ in named(str(given.get(option, ""))) if name.endswith(".py")]
        found += [f"--{option}={','.join(names)}"] if names else []
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
        return [
            "eval",
            *map(str, folders),
            *flags,
            f"--levels={plan.levels}",
            "--out",
            str(out),
            "--force",
        ]

    return Job(f"eval {out.name}", words, done, list(runs))


@dataclass
class Running:
    """A job whose process is under way; what it says goes to a file without a name."""

    job: Job
    process: subprocess.Popen
    said: IO[bytes]
    begun: float

    def close(self) -> None:
        """Let go of what is held for it."""
        self.said.close()
        if self.process.stdin:
            self.process.stdin.close()


def run_all(out: Path, jobs: Sequence[Job], workers: int, show: Show = silent) -> list[str]:
    """Do all jobs that are not done, at most `workers` at a time, in their order as far as they
    wait for none.

    Returns one line for each job that failed or could not begin because another did. Ctrl-C is
    passed on: trainings save themselves, and the same sweep goes on from there. Raises UserError
    while another sweep is at work in `out`, which would train into the same folders.
    """
    make_folder(out)
    try:
        with FileLock(out / LOCK, timeout=0):
            return _run_all(jobs, workers, show)
    except Timeout:
        raise UserError(
            f"another sweep is at work in '{out}': wait for it, or name another --out"
        ) from None


def _run_all(jobs: Sequence[Job], workers: int, show: Show) -> list[str]:
    waiting = [job for job in jobs if not job.done()]
    finished = {id(job) for job in jobs} - {id(job) for job in waiting}
    failed: set[int] = set()
    faults: list[str] = []
    running: list[Running] = []
    one_thread = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    environment = child.environment(**one_thread, **{child.LEASH: "1"})
    try:
        while waiting or running:
            for job in [j for j in waiting if any(id(a) in failed for a in j.after)]:
                waiting.remove(job)
                failed.add(id(job))
                faults.append(f"{job.name}: not begun, as what it needs has failed")
            ready = [job for job in waiting if all(id(a) in finished for a in job.after)]
            for job in ready[: workers - len(running)]:
                waiting.remove(job)
                said = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the process runs
                command = child.command("goalshift", *job.words(), "--quiet")
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment
                )
                running.append(Running(job, process, said, time.perf_counter()))
            for one in [r for r in running if r.process.poll() is not None]:
                running.remove(one)
                if one.process.returncode == 0 and one.job.done():
                    finished.add(id(one.job))
                    note = f"{one.job.name}: {time.perf_counter() - one.begun:.0f} s"
                else:
                    failed.add(id(one.job))
                    note = f"{one.job.name}: {last_words(one)}"
                    faults.append(note)
                one.close()
                show(len(jobs) - len(waiting) - len(running), len(jobs), note)
            time.sleep(0.05)
    except KeyboardInterrupt:
        for one in running:
            one.process.terminate()
        for one in running:
            one.process.wait()
            one.close()
        raise
    return faults


def last_words(one: Running) -> str:
    """Why a job failed: the last line it said, or the signal that ended it."""
    one.said.seek(0)
    lines = one.said.read().decode("utf-8", "replace").strip().splitlines()
    code = one.process.returncode
    return lines[-1].removeprefix("error: ") if lines and code > 0 else f"ended with code {code}"


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
