"""SLURM: `--on slurm` or `slurm:PARTITION`, with `minutes=N`, `cpus=N`, `gpus=N`, `memory=GB`.

Jobs that are ready together go as one array, on a disk that the nodes share. SIGUSR1, which SLURM
sends before the time is up and schedulers send before they take a node away, lets a training save
itself and puts its job back into the queue, where it goes on. SIGTERM saves too; whether the job
begins again is then SLURM's business (`--requeue`). `cluster=local` instead of a partition runs the
same on this machine, without SLURM (submitit's own executor).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from ....engine import extras
from ....engine.errors import RunError, UserError
from .backend import Done, Place, Task, begin, said

FOLDER = Path(
    ".goalshift-slurm"
)  # where the sweep was begun, a folder for each; emptied of what is done
ASKED_EVERY = 3.0  # seconds between questions to the queue
OVER = (
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "BOOT_FAIL",
    "DEADLINE",
)


class Performed:
    """What SLURM's job runs: the task's command in a process of its own."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.process: subprocess.Popen | None = None

    def __call__(self) -> Done:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            self.process = begin(self.task.words(), out, err)
            signal.signal(signal.SIGTERM, self._terminated)
            code = self.process.wait()
            return Done(code, said(out), said(err))

    def _save(self) -> None:
        """End the command as Ctrl-C does: a training finishes its update and saves.

        The handler of a signal that came while this process waits for the same child, whose lock it
        holds: so the child is waited for past `Popen`. More signals may come, and change nothing.
        """
        for number in (signal.SIGUSR1, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.process.pid, signal.SIGTERM)
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)

    def _terminated(self, number: int, frame: FrameType | None) -> NoReturn:
        """Leave no result behind: a job that begins again is not over."""
        self._save()
        os._exit(128 + signal.SIGTERM)

    def checkpoint(self) -> Any:
        """submitit asks for this on SIGUSR1: save, and say how the job goes on."""
        self._save()
        return importlib.import_module("submitit").helpers.DelayedSubmission(Performed(self.task))


@dataclass(eq=False)
class Queued:
    """A job in the queue."""

    task: Task
    job: Any


class Slurm:
    """Arrays of jobs through submitit."""

    room: int | None = None

    def __init__(self, partition: str, cluster: str | None, asked: dict[str, float]) -> None:
        # submitit reads it when it is imported, here and inside the job
        os.environ.setdefault("SUBMITIT_PREEMPT_SIGNAL", "USR1")
        submitit: Any = importlib.import_module("submitit")
        self._local = cluster == "local"
        self._pickle, self._told = submitit.core.utils.pickle_load, 0.0
        self._states: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._folder = FOLDER.absolute() / f"{time.time_ns():x}-{os.getpid()}"
        self._executor = submitit.AutoExecutor(self._folder, cluster=cluster)
        self._executor.update_parameters(
            name="goalshift", timeout_min=int(asked["minutes"]), cpus_per_task=int(asked["cpus"])
        )
        if self._local:
            return
        more: dict[str, Any] = {"slurm_array_parallelism": int(asked["array"])}
        more |= {"slurm_partition": partition} if partition else {}
        more |= {"gpus_per_node": int(asked["gpus"])} if asked["gpus"] else {}
        more |= {"mem_gb": asked["memory"]} if asked["memory"] else {}
        self._executor.update_parameters(**more)

    def submit(self, tasks: Sequence[Task]) -> list[Queued]:
        """One array of all that are ready."""
        try:
            with self._executor.batch():
                jobs = [self._executor.submit(Performed(task)) for task in tasks]
        except (OSError, RuntimeError) as fault:  # submitit's errors are RuntimeErrors
            raise RunError(f"sbatch refused: {_first(fault)}") from None
        self._waiting |= {job.job_id for job in jobs}
        return [Queued(task, job) for task, job in zip(tasks, jobs, strict=True)]

    def poll(self, handle: Queued) -> Done | None:
        """How it ended, as it says itself, or else as SLURM does."""
        job = handle.job
        if not job.paths.result_pickle.exists():
            state = self._state(job)
            if state not in OVER:
                return None
            time.sleep(0.5)  # a shared disk may be late
            if not job.paths.result_pickle.exists():
                self._waiting.discard(job.job_id)
                return Done(1, err=f"SLURM says {state} (its output is in {self._folder})")
        self._waiting.discard(job.job_id)
        outcome, result = self._pickle(job.paths.result_pickle)
        if outcome != "success":
            return Done(1, err=str(result))
        for path in job.paths.folder.glob(f"{job.job_id}_*"):
            path.unlink(missing_ok=True)
        return result

    def _state(self, job: Any) -> str:
        """What the queue says of a job; it is asked for all at once, and not often."""
        if self._local:
            return "COMPLETED" if job.done() else "RUNNING"
        if time.monotonic() - self._told > ASKED_EVERY:
            self._told = time.monotonic()
            listed = ",".join(sorted(self._waiting))
            ask = ["squeue", "--noheader", "--array", "--states=all", "-o", "%i %T", "-j", listed]
            answer = subprocess.run(ask, capture_output=True, text=True, check=False)
            known = dict(line.split()[:2] for line in answer.stdout.splitlines() if line.strip())
            gone = not answer.returncode or "Invalid job id" in answer.stderr
            for name in self._waiting:
                if gone or name in known:  # else the controller is busy, and says so another time
                    self._states[name] = known.get(name, self._missed(name))
        return self._states.get(job.job_id, "PENDING")

    def _missed(self, name: str) -> str:
        """A job that the queue does not know: not yet, or no longer."""
        return "NODE_FAIL" if name in self._states else "PENDING"

    def cancel(self, handles: Sequence[Queued]) -> None:
        """Cancel them: SLURM sends SIGTERM, and trainings save themselves."""
        for one in handles:
            one.job.cancel()

    def close(self) -> None:
        """Leave the folder only if it holds what failed."""
        if not any(self._folder.glob("*_result.pkl")) and not self._waiting:
            shutil.rmtree(self._folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another sweep's is in it
                FOLDER.rmdir()


def _first(fault: BaseException) -> str:
    """The first line of a fault."""
    return (str(fault).strip() or type(fault).__name__).splitlines()[0]


def open_place(place: Place) -> Slurm:
    """`slurm` or `slurm:PARTITION`, with options."""
    cluster = dict(place.options).get("cluster")
    rest = tuple(pair for pair in place.options if pair[0] != "cluster")
    asked = Place(place.kind, place.where, rest).numbers(
        minutes=240, cpus=1, gpus=0, memory=0, array=256
    )
    if cluster not in (None, "local"):
        raise UserError(f"--on slurm: cluster={cluster}: only cluster=local, or none")
    extras.need("submitit", "--on slurm")
    if cluster is None and shutil.which("sbatch") is None:
        raise UserError(
            "--on slurm: no sbatch here: run it where SLURM's commands are, or try slurm:cluster=local"
        )
    return Slurm(place.where, cluster or "slurm", asked)


OPEN = open_place
