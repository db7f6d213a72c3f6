"""Checks before the work starts: is the folder free to write to, does the machine have the memory?

Every check costs milliseconds, leaves nothing on disk, and raises UserError or RunError with one
line. What it catches would otherwise end a long run at its last step.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine import machine
from ...engine.errors import RunError, UserError
from ...engine.files import reason

if TYPE_CHECKING:
    from ...engine.world import World

SPARE_DISK = 20 << 20  # bytes a run wants at least: log, checkpoint, a film


def fresh_folder(name: str, parent: str = "runs") -> Path:
    """A default for --out: `runs/NAME-20260131-154500`, with -2, -3, … while that exists."""
    stem = Path(parent) / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder, tries = stem, 1
    while folder.exists():
        tries += 1
        folder = stem.with_name(f"{stem.name}-{tries}")
    return folder


def check_folder(out: str | os.PathLike, force: bool = False, flag: str = "--out") -> Path:
    """`out` as a Path, if a run may write into it; the run makes it, with its missing parents.

    Raises UserError if it is a file, cannot be written to, or holds something and `force` is false;
    RunError if the disk is full.
    """
    folder = Path(out)
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{flag} '{folder}' is a file; name a folder")
        if folder.is_dir() and any(folder.iterdir()) and not force:
            raise UserError(
                f"{flag} '{folder}' is not empty; name another folder,"
                " or add --force to write into it"
            )
    except OSError as fault:
        raise UserError(f"{flag} '{folder}': {reason(fault)}") from fault
    check_writable(folder, flag)
    return folder


def check_file(path: str | os.PathLike, force: bool = False, flag: str = "--out") -> Path:
    """`path` as a Path if a film may be written there. Raises like `check_folder`."""
    file = Path(path)
    try:
        if file.is_dir():
            raise UserError(f"{flag} '{file}' is a folder; name a file in it")
        if file.exists() and not force:
            raise UserError(
                f"{flag} '{file}' exists; name another file, or add --force to replace it"
            )
    except OSError as fault:
        raise UserError(f"{flag} '{file}': {reason(fault)}") from fault
    check_writable(file.parent, flag)
    return file


def check_writable(folder: Path, flag: str = "--out") -> None:
    """Try to write in `folder`, or in the nearest folder above it that exists; leave no trace."""
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise UserError(f"{flag} '{folder}': '{above}' is a file, not a folder")
    try:
        for part in folder.parts:
            if len(os.fsencode(part)) > 255:
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        with tempfile.TemporaryFile(dir=above) as probe:
            probe.write(bytes(1 << 16))
            probe.flush()
        free = shutil.disk_usage(above).free
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunError(
                f"the disk is full at '{above}'; free some space or name another {flag}"
            ) from fault
        raise UserError(f"{flag} '{folder}' cannot be written: {reason(fault)}") from fault
    if free < SPARE_DISK:
        raise RunError(
            f"the disk is almost full: {free >> 20} MB left at '{above}', and a run wants"
            f" {SPARE_DISK >> 20} MB; free some space or name another {flag}"
        )


def check_training(world: World, given: dict, runs: int = 1) -> None:
    """Raise UserError if the environments and the rollouts of `runs` trainings do not fit in memory.

    `given` holds what was asked for of `config.TrainConfig`; the rest is the world's or the default.
    """
    wanted = {"envs": 512, "rollout": 32, "levels": 0, "obs": "symbols"} | world.training | given
    envs, rollout = wanted["envs"], wanted["rollout"]
    height, width = world.view  # type: ignore[misc]
    cells = height * width if wanted["obs"] == "symbols" else 64 * 64 * 3
    # What is seen, done and judged at every step of a rollout: in the buffers and once shuffled.
    per_step = 2 * world.learners * (cells + 40)
    needed = runs * envs * (rollout * per_step + 2 * world.dtype.itemsize)
    flag = f"--envs {envs:,}" + f" for {runs} agents at once" * (runs > 1)
    check_memory(needed, flag, "use fewer, such as --envs 512")
    # A fixed set of levels is drawn all at once, and copied; only the seeds are kept.
    once = wanted["levels"] * (2 * world.dtype.itemsize + 4 * world.learners * cells)
    check_memory(once, f"--levels {wanted['levels']:,}", "use fewer, or 0 for new levels for ever")


def check_memory(needed: int, flag: str, remedy: str) -> None:
    """Raise UserError naming `flag` if `needed` bytes are more than the machine has free."""
    free = machine.free_memory()
    if free is not None and needed > free:
        raise UserError(
            f"{flag} needs about {needed / 1e9:,.1f} GB of memory,"
            f" and {free / 1e9:,.1f} GB are free; {remedy}"
        )
