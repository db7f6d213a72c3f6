"""Running one command: find the verb, read its flags, call it, print its report or its fault.

Data goes to stdout, talk to stderr; with --json the report, or the fault, is one JSON object on
stdout.

Exit codes: 0 done, 1 failed, 2 bad usage or input or an extra that is not installed, 3 a check that
failed, 4 undecided, 130 interrupted.
"""

import argparse
import errno
import io
import json
import os
import sys
import traceback
from contextlib import suppress

from ...engine import extras
from ...engine.child import end_with_parent
from ...engine.errors import RunError, UserError, blamed, did_you_mean, nothing_runs, suspects
from ...engine.files import reason
from ...engine.version import __version__
from . import (
    attack,
    build,
    care,
    completion,
    detect,
    inside,
    judge,
    lab,
    learn,
    levelfiles,
    levels,
    look,
    overlays,
    pages,
    reproduce,
    serve,
    sets,
    show,
    studies,
)
from .parser import MANNERS, Parser, add_manners, pasted, take_world_flags
from .signals import INTERRUPTED, heeded, lost
from .talk import Report, Talk, in_columns, plain_data, shown
from .verb import Verb

GROUPS = (
    show,
    pages,
    learn,
    judge,
    serve,
    studies,
    overlays,
    reproduce,
    lab,
    attack,
    detect,
    inside,
    look,
    build,
    levels,
    levelfiles,
    sets,
    care,
    completion,
)  # in the order of --help
VERBS = {name: verb for group in GROUPS for name, verb in group.VERBS.items()}


def overview() -> str:
    """The page of `goalshift --help`."""
    lines = [
        f"goalshift {__version__} - train an agent, change the world, watch it chase the wrong goal"
    ]
    lines += ["", "usage: goalshift VERB ..."]
    group = ""
    for verb in VERBS.values():
        head = "" if verb.group == group else verb.group
        lines += ([""] if head else []) + [f"  {head:6} {verb.usage:24} {verb.summary}"]
        group = verb.group
    lines += ["", "every verb: --help (with examples)  --json  -q/-v  --no-color"]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised, and faults are one line each."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an ASCII console prints "?" rather than failing
    as_json = "--json" in argv
    nothing_runs()
    talk = Talk(
        "-q" in argv or "--quiet" in argv,
        "-v" in argv or "--verbose" in argv,
        "--no-color" not in argv,
    )
    try:
        with heeded(talk.fault):
            end_with_parent()
            report = run(argv, talk)
            print_report(report, as_json)
        return report.code
    except BrokenPipeError:
        # The reader (`| head`) has gone: no fault. Python would complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BaseException as fault:
        if isinstance(fault, SystemExit) and not blamed(fault):  # argparse has printed --help
            return int(fault.code or 0)
        if lost.is_set() and not isinstance(fault, (UserError, RunError)):
            fault = KeyboardInterrupt()  # what it broke off is no fault of its own
        code, message = explain(fault)
        message = " ".join(message.split())
        if talk.verbose:
            traceback.print_exc()
        with suppress(OSError):  # where nothing can be said, the code says it
            talk.fault(message)
        if as_json:
            with suppress(OSError):
                said = {"ok": False, "exit_code": code, "error": message}
                print(json.dumps(said), flush=True)
        return code


def run(argv: list[str], talk: Talk) -> Report:
    """Find the verb, read its flags, call it."""
    argv = joined(argv)
    name = next((word for word in argv if word not in MANNERS), "--help")
    if name in ("-h", "--help", "help"):
        data = {"version": __version__, "verbs": {n: v.summary for n, v in VERBS.items()}}
        return Report(data, overview())
    if name == "--version":
        return Report({"version": __version__}, f"goalshift {__version__}")
    family = {n: v.summary for n, v in VERBS.items() if n.startswith(f"{name} ")}
    if family:
        return Report(
            {"verbs": family},
            in_columns([(VERBS[n].usage, text) for n, text in family.items()], "  "),
        )
    verb, args = parse(name, argv)
    return verb.run(args, talk)


def joined(argv: list[str]) -> list[str]:
    """The words with those of a two-word verb as one: "level gen"."""
    at = next((k for k, word in enumerate(argv) if word not in MANNERS), len(argv))
    first, second = [*argv[at : at + 2], "", ""][:2]
    if second[:1].isalpha() and any(name.startswith(f"{first} ") for name in VERBS):
        return [*argv[:at], f"{first} {second}", *argv[at + 2 :]]
    return argv


def parse(name: str, argv: list[str]) -> tuple[Verb, argparse.Namespace]:
    """The verb called `name` and its flags; raises UserError with the closest match."""
    if name not in VERBS:
        flag = name.startswith("-")
        hint = did_you_mean(name, [*MANNERS, "--version", "--help"] if flag else VERBS)
        raise UserError(f"no {'flag' if flag else 'command'} '{name}'.{hint}")
    verb = VERBS[name]
    words = list(argv)
    words.remove(name)
    words, knobs = take_world_flags(words) if verb.knobs else (words, {})
    parser = Parser(name, verb.summary, verb.examples)
    verb.flags(parser)
    if verb.knobs:
        # never parsed here (see take_world_flags); declared so that --help shows it
        parser.add_argument(
            "--world.KEY", metavar="VALUE", help="change a parameter: a number, or its label"
        )
    add_manners(parser)
    args = parser.read(words)
    args.knobs = knobs
    args.again = pasted(name, argv)
    return verb, args


def print_report(report: Report, as_json: bool) -> None:
    """The data on stdout: text, or one JSON object with `ok` and `exit_code` first."""
    text = shown(report.text)
    if as_json:
        found = {"ok": report.code == 0, "exit_code": report.code, **plain_data(report.data)}
        text = json.dumps(found, allow_nan=False)
    try:
        if text:
            print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise RunError(f"cannot write to standard output: {reason(fault)}") from fault


def explain(fault: BaseException) -> tuple[int, str]:
    """The exit code of a fault and its one line."""
    if isinstance(fault, (UserError, RunError)):
        return fault.exit_code, str(fault)
    if isinstance(fault, KeyboardInterrupt):
        return INTERRUPTED, str(fault) or "interrupted"
    if isinstance(fault, ImportError) and fault.name and not fault.name.startswith("goalshift"):
        if extra := extras.missing(fault.name):
            return 2, extra
        package = fault.name.partition(".")[0].replace("_", "-")
        other = f"cannot import '{fault.name}'; run: pip install {package}"
        return 1, f"{other} (goalshift doctor checks everything)"
    if theirs := blamed(fault):
        return 1, theirs
    if isinstance(fault, MemoryError):
        return 1, "out of memory; use fewer --envs, or a smaller --size for films"
    if isinstance(fault, OSError) and fault.errno is not None:
        where = f" while writing '{fault.filename}'" if fault.filename else ""
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return 1, f"the disk is full{where}; free some space, or write elsewhere with --out"
        if fault.errno == errno.ENAMETOOLONG:  # whatever was named, it was named by the user
            return 2, f"'{str(fault.filename)[:60]}...': {reason(fault)}"
        named = f"'{fault.filename}': " if fault.filename else ""
        return 1, f"{named}{reason(fault)}"
    said, where = f"{type(fault).__name__}: {fault}", "add -v for the traceback"
    if files := suspects():
        return 1, f"{said}; {files} does not give what it should, or this is a bug ({where})"
    return 1, f"internal error, {said} ({where}, and please report it)"
