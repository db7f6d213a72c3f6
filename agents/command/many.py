"""Flags and manners of the verbs that make many trainings and evaluations."""

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from ...engine.errors import RunError, UserError
from ...engine.progress import Show
from .parser import Parser
from .talk import Talk
from .values import count, place

if TYPE_CHECKING:
    from ..studies.jobs import Plan


# Options that a study sets by itself, and what to say instead.
TAKEN = {
    "world": "a study's world is the word after its name",
    "params": "write each of them, as in --set world.region=3",
    "seed": "seeds are 0, 1, 2 and so on, and --seeds says how many",
    "threads": "every job has one thread, and --jobs says how many run at a time",
}


def add_size(parser: Parser, levels: int) -> None:
    parser.add_argument(
        "--seeds", type=count, default=3, metavar="N", help="agents trained for each (default: 3)"
    )
    parser.add_argument(
        "--levels", type=count, default=levels, metavar="N", help=f"held out (default: {levels})"
    )


def add_set(parser: Parser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a training option of all runs, such as steps=2M; repeatable",
    )


def add_plan(parser: Parser, levels: int) -> None:
    add_size(parser, levels)
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help="processes at a time (default: 1)"
    )
    add_on(parser)


def add_study(
    parser: Parser, levels: int, folder: str, split: str = "deploy", here: bool = False
) -> None:
    """A plan, and what goes with all its runs; `folder` is the default for --out. here: all of it is
    done in this process, and judged on the splits that it says itself.
    """
    add_set(parser)
    if here:
        add_size(parser, levels)
        parser.set_defaults(jobs=1, on="local")
    else:
        where = split or "where the world is, most often deploy"
        parser.add_argument(
            "--split",
            default=split or None,
            metavar="NAME",
            help=f"where agents are judged (default: {where})",
        )
        add_plan(parser, levels)
    parser.add_argument(
        "--out", "-o", metavar="DIR", help=f"default: runs/{folder}; it resumes there"
    )


def planned(args: argparse.Namespace, *splits: str, **more: Any) -> "Plan":
    """The plan that `add_study` and `--world.KEY` ask for; `more` are further options of all runs."""
    from ..studies.jobs import Plan

    given = {f"world.{name}": value for name, value in args.knobs.items()}
    given |= settings(args.set) | more
    return Plan(given, args.seeds, args.levels, splits, args.jobs, args.on)


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """The training options of `--set KEY=VALUE`, with counts like 2M as numbers."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--set '{pair}': write it like --set steps=2M")
        if name in TAKEN:
            raise UserError(f"--set {name}: {TAKEN[name]}")
        is_count = re.fullmatch(r"[0-9.]+[kMG]", value)
        found[name.replace("-", "_")] = count(value) if is_count else value
    return found


def add_on(parser: Parser, more: str = "") -> None:
    """Where jobs run."""
    parser.add_argument(
        "--on",
        type=place,
        default="local",
        metavar="PLACE",
        help="local[:JOBS] (default), ray[:ADDRESS][,cpus=N,gpus=N], or"
        f" slurm[:PARTITION][,minutes=N,cpus=N,gpus=N,memory=GB]; results are the same{more}",
    )


@contextmanager
def jobs_shown(talk: Talk, title: str) -> Iterator[Show]:
    """A bar for jobs: every finished one is a line as well."""
    with talk.progress(title) as bar:

        def show(done: float, total: float, remark: str = "") -> None:
            bar(done, total)
            talk.say(f"[{done:.0f}/{total:.0f}] {remark}")

        yield show


def refuse_nothing(rows: Sequence[Any], faults: list[str]) -> None:
    """Raise RunError, in one line, if a study came to nothing at all."""
    if faults and not rows:
        raise RunError(
            f"nothing could be made: {counted(len(faults), 'job')} failed, the first {faults[0]}"
        )


@contextmanager
def goes_on(args: argparse.Namespace, out: Path) -> Iterator[None]:
    """Whoever interrupts what is inside hears the command that goes on with it in `out`."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            f"{stop if str(stop) else 'interrupted'}; what is done is kept in '{out}', and"
            f" this goes on: {args.again} --out {shlex.quote(str(out))}"
        ) from None


def exit_code(faults: list[str], talk: Talk) -> int:
    """1, after a line for each fault, if a study had any."""
    for fault in faults:
        talk.fault(fault)
    if faults:
        talk.say("the rest is done; the same command tries again")
    return 1 if faults else 0
