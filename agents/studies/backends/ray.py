"""A cluster of Ray: `--on ray`, `ray:auto` or `ray:HOST:PORT`, with `cpus=N` and `gpus=N` for a job.

Files go there and come back by value, so nodes need no disk in common, only this version of
goalshift. A job whose node is lost begins anew on another.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ....engine import extras
from ....engine.errors import UserError
from ....engine.files import PACKAGE
from .backend import Done, Place, Task
from .carry import Answer, pack, path_of_this_goalshift, perform, unpack

RETRIES = 5  # of a job whose node or worker was lost


@dataclass(eq=False)
class Sent:
    """A job on its way."""

    task: Task
    ref: Any


class Ray:
    """Tasks of Ray, with the processors they declare; Ray queues what has no room yet."""

    room: int | None = None

    def __init__(self, address: str, cpus: float, gpus: float) -> None:
        ray: Any = importlib.import_module("ray")  # an extra: type checkers may not find it
        self._ray = ray
        self._begun = not ray.is_initialized()
        # nodes have goalshift installed; one in a checkout is found where it is
        installed = PACKAGE.parent.name in ("site-packages", "dist-packages")
        env = {} if installed else {"env_vars": {"PYTHONPATH": path_of_this_goalshift()}}
        if self._begun:
            try:
                ray.init(
                    address=address or None,
                    runtime_env=env or None,
                    log_to_driver=False,
                    logging_level="CRITICAL",
                    include_dashboard=False if not address else None,
                )
            except (ConnectionError, RuntimeError, ValueError) as fault:
                first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
                raise UserError(f"--on ray:{address}: {first}") from None
        make = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES, max_calls=0)
        self._perform = make(perform)

    def submit(self, tasks: Sequence[Task]) -> list[Sent]:
        """Queue all of them."""
        return [Sent(task, self._perform.remote(pack(task))) for task in tasks]

    def poll(self, handle: Sent) -> Done | None:
        """How it ended; what it made is then written here."""
        ready, _ = self._ray.wait([handle.ref], timeout=0)
        if not ready:
            return None
        try:
            answer: Answer = self._ray.get(handle.ref)
        except self._ray.exceptions.RayError as fault:
            lines = [line for line in str(fault).strip().splitlines() if line.strip()]
            return Done(1, err=lines[-1] if lines else type(fault).__name__)
        return unpack(answer, handle.task)

    def cancel(self, handles: Sequence[Sent]) -> None:
        """Cancel them; what they had made there is lost."""
        for one in handles:
            self._ray.cancel(one.ref)

    def close(self) -> None:
        """Leave the cluster, if we came to it."""
        if self._begun:
            self._ray.shutdown()


def open_place(place: Place) -> Ray:
    """`ray`, `ray:auto`, `ray:HOST:PORT`, each with cpus=N and gpus=N."""
    asked = place.numbers(cpus=1, gpus=0)
    extras.need("ray", "--on ray")
    return Ray(place.where, asked["cpus"], asked["gpus"])


OPEN = open_place
