"""`bench`, `doctor`: this machine, its speed, and what is wrong with it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .parser import Parser
from .signals import INTERRUPTED
from .talk import Report, Talk, in_columns
from .values import count
from .verb import Group

if TYPE_CHECKING:
    from ..care.bench_engine import Row

VERBS = Group("care")


def bench_flags(parser: Parser) -> None:
    parser.add_argument(
        "--only",
        action="append",
        metavar="PART",
        help="steps, pixels, films, levels, judging, start, fingerprints, training, attack; or, which"
        " take minutes, demo, learning, scale, peers, clients; again for several (default: all that take"
        " seconds)",
    )
    parser.add_argument("--passes", type=count, default=7, metavar="N", help="default: 7")
    parser.add_argument(
        "--peer-python",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the Python that a peer (jaxgmg, sb3) or a client (rllib, torchrl, ...) is installed in;"
        " again for several, and further clients are looked for in all of them",
    )
    parser.add_argument("--jaxgmg", metavar="FOLDER", help="where the source of jaxgmg is")


@VERBS.verb(
    "bench",
    "",
    "measure the speed of stepping, drawing, generating and training",
    bench_flags,
    (
        "goalshift bench",
        "goalshift bench --only steps --passes 3",
        "goalshift bench --only scale",
        "goalshift bench --only peers --passes 3 --peer-python sb3=sb3-venv/bin/python",
        "goalshift bench --only clients --passes 3 --peer-python rllib=rllib-venv/bin/python",
    ),
)
def bench(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine import machine
    from ..care import (
        bench_attack,
        bench_demo,
        bench_engine,
        bench_learner,
        bench_levels,
        bench_scale,
        clients,
        peers,
    )

    able, installed, missing = [], {}, {}
    slow = {"demo", "learning", "scale", "peers", "clients"}
    only = args.only or []
    where = peers.places(args.peer_python, args.jaxgmg, clients.CLIENTS)
    if "peers" in only:
        able, missing = peers.here(where)
    if "clients" in only:
        installed, absent = clients.here(where)
        missing |= absent
    parts = {
        **bench_engine.PARTS,
        **bench_levels.PARTS,
        **bench_learner.PARTS,
        **bench_attack.PARTS,
        **bench_scale.PARTS,
        **bench_demo.PARTS,
        "peers": lambda passes: peers.rows(passes, able),
        "clients": lambda passes: clients.rows(passes, installed),
    }
    measured = bench_engine.rows(
        args.passes, only or [part for part in parts if part not in slow], parts
    )
    here = machine.describe()
    talk.say(here)
    absent = [f"{name}: not measured, and nothing is claimed: {missing[name]}" for name in missing]
    for line in absent:
        talk.say(line)
    found, rows, broken = [], [], False
    try:
        for row in measured:
            found.append(_cells(row))
            talk.say("  ".join(filter(None, found[-1])))
            for remark in row.remarks:
                talk.say(f"  {remark}")
            rows.append({**vars(row), "middle": row.middle, "met": row.met})
    except KeyboardInterrupt:
        if not rows:
            raise
        broken = True
        absent.append("interrupted: these rows are whole, and those after them were not measured")
    head = ("WORK", "MEDIAN", "SLOWEST", "FASTEST", "UNIT", "TARGET")
    text = "\n".join([here, *absent, in_columns([head, *found])])
    data = {"machine": here, "rows": rows, "missing": missing, "interrupted": broken}
    return Report(data, text, INTERRUPTED if broken else 0)


def _cells(row: Row) -> tuple[str, ...]:
    low, high = sorted((min(row.figures), max(row.figures)), reverse=row.lower_is_better)
    target = "" if row.target is None else f"{short(row.target)}{'' if row.met else ' missed'}"
    return row.name, short(row.middle), short(low), short(high), row.unit, target


def short(number: float) -> str:
    """Three digits: 23.4M, 812k, 0.31."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


@VERBS.verb(
    "doctor",
    "",
    "look for what is missing or broken on this machine, and how to fix it",
    examples=("goalshift doctor", "goalshift doctor --json > doctor.json"),
)
def doctor(args: argparse.Namespace, talk: Talk) -> Report:
    from ..care.doctor import as_data, as_text, examine

    with talk.progress("looking at this machine") as show:
        findings = examine(show)
    data = as_data(findings)
    return Report(data, as_text(findings), 0 if data["healthy"] else 1)
