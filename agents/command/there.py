"""One command done in another place, as `--on` asks: its files are taken there and back."""

import argparse
import json
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...engine.counts import whole
from ...engine.errors import RunError, UserError
from ...engine.files import make_folder
from .talk import Talk


def local_jobs(place: str | None) -> int:
    """How many jobs at a time `--on local:JOBS` allows; 1 without `--on`, 0: it is elsewhere."""
    kind, _, jobs = (place or "local").partition(":")
    if kind != "local":
        return 0
    found = whole(jobs or "1") or 0
    if not 0 < found <= 1024:
        raise UserError(f"--on local:{jobs}: write it like local:2")
    return found


def done_there(
    place: str, words: Sequence[str], reads: Sequence[Path], writes: Sequence[Path], talk: Talk
) -> dict[str, Any]:
    """Do a command there: what it says with --json. Its faults are faults here."""
    from ..studies.backends.backend import Task
    from ..studies.jobs import run_one

    task = Task(words[0], lambda: [*words, "--json"], tuple(reads), tuple(writes))
    with talk.progress(f"{words[0]} on {place.partition(':')[0]}"):
        done = run_one(place, task)
    if done.code:
        raise (UserError if done.code == 2 else RunError)(f"--on {place}: {done.last_words}")
    told = json.loads(done.out)
    return {name: value for name, value in told.items() if name not in ("ok", "exit_code")}


def eval_there(args: argparse.Namespace, splits: Sequence[str], talk: Talk) -> dict[str, Any]:
    """The evaluation of `goalshift eval` as plain data, worked out there."""
    from ..studies.jobs import carried

    flags = [f"--split={split}" for split in splits]
    flags += [f"--levels={args.levels}", f"--seed={args.seed}"]
    flags += [f"--world={args.world}"] * bool(args.world) + ["--mirrored"] * args.mirrored
    flags += [f"--trained-on={args.trained_on}"] * bool(args.trained_on)
    flags += [f"--world.{name}={value}" for name, value in args.knobs.items()]
    opened = carried(args.world or "", args.trained_on or "", *splits)
    reads = [*map(Path, args.runs), *opened]
    return done_there(args.on, ["eval", *args.runs, *flags], reads, (), talk)


def levels_there(args: argparse.Namespace, out: Path, talk: Talk) -> dict[str, Any]:
    """What `goalshift level gen` drew there: its files are then at `out`."""
    words = iter(shlex.split(args.again)[1:])
    kept = []
    for word in words:
        if word == "--on":
            next(words)
        elif not word.startswith("--on="):
            kept.append(word)
    named = (args.world or "", args.script or "", args.world_file or "")
    reads = [Path(name) for name in named if name.endswith((".py", ".toml"))]
    if not out.suffix:
        reads += [out] * (out.is_dir() and not args.force)
        return done_there(args.on, [*kept, "--out", str(out)], reads, (out,), talk)
    stage = out.parent / f".{out.stem}-{args.on.partition(':')[0]}"
    try:
        told = done_there(args.on, [*kept, "--out", str(stage / out.name)], reads, (stage,), talk)
        make_folder(out.parent)
        for path in stage.iterdir():
            path.replace(out.parent / path.name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return told | {"files": [str(out.parent / Path(name).name) for name in told["files"]]}
