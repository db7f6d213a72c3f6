"""`zoo`, `detect`, and `eval --monitor`: populations of agents, and who tells which go astray."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.counts import counted, number
from ...engine.errors import need
from ..learning import preflight
from .common import add_list, add_origin, listed, trust
from .many import add_plan, exit_code, goes_on, jobs_shown, refuse_nothing, settings
from .parser import Parser
from .talk import Report, Talk, in_columns, plain_data, typed
from .values import count, count_or_none, finite, one_of
from .verb import Group

if TYPE_CHECKING:
    from ..lab.monitor import Row

VERBS = Group("lab")
HOME = "runs/zoo"
LAST_MOMENT = (
    "oracle and shield: the goal's expert may miss what could be met, so they may act too early",
    "oracle and shield: exact, as the goal's expert meets whatever can be met",
)
ASK = ("expert", "takeover", "random", "stop")


def zoo_flags(parser: Parser) -> None:
    parser.add_argument(
        "worlds",
        nargs="*",
        metavar="WORLD",
        help="worlds or ./files.py (default: label what is there)",
    )
    parser.add_argument(
        "--over",
        action="append",
        metavar="KNOB=V,V",
        help="agents at every value of alpha, steps, width, ... or world.KEY; again for a grid"
        " (default: alpha=0,0.1,1)",
    )
    parser.add_argument(
        "--set",
        action="append",
        metavar="KEY=VALUE",
        help="a training option of all (keep=8: checkpoints that stay, also with --tiny); repeatable",
    )
    parser.add_argument(
        "--tiny",
        action="store_true",
        help="tiny nets trained side by side, as by bank: --seeds of them for each value",
    )
    add_plan(parser, 256)
    add_origin(parser)
    parser.add_argument(
        "--out", "-o", default=HOME, metavar="DIR", help=f"default: {HOME}; it goes on there"
    )


@VERBS.verb(
    "zoo",
    "[WORLD...]",
    "train a population of agents and label what each does after the shift; resumes",
    zoo_flags,
    (
        "goalshift zoo corner maze_gem --set steps=400k --seeds 3 --jobs 2",
        "goalshift zoo coinline --tiny --seeds 128 --over world.length=8,12 --over alpha=0,0.3,1",
        "goalshift zoo --out runs/zoo",
    ),
)
def grow_zoo(args: argparse.Namespace, talk: Talk) -> Report:
    from ..studies.jobs import Plan, run_all
    from ..studies.zoo import grow, labels, manifest, members

    out = Path(args.out)
    preflight.check_writable(out)
    trust(args.world, args.trained_on)
    given = settings(args.set or ())
    if not args.worlds:
        need(
            not (args.over or args.set or args.tiny),
            "name the worlds to train in: goalshift zoo WORLD",
        )
    else:
        given |= {} if args.tiny or "keep" in given else {"keep": 6}
        need(not args.tiny or args.on == "local", "--on: a bank (--tiny) is trained here")
        for name in ("nets", "measures") if args.tiny else ():
            need(
                name not in given,
                f"--set {name}: with --tiny, --seeds says how many nets there are",
            )
    plan = Plan(given, args.seeds, args.levels, workers=args.jobs, on=args.on)
    wanted = grow.Wanted(args.worlds, tuple(args.over or (grow.ALPHAS,)), plan)
    faults: list[str] = []
    with goes_on(args, out):
        if args.tiny:
            with talk.progress("zoo") as show:
                grow.banks(wanted, out, args.jobs, show)
        elif args.worlds:
            with jobs_shown(talk, "zoo") as show:
                faults = run_all(out, grow.jobs_of(wanted, out), plan.place, show)
        if faults and not any(out.glob("*/*/*")):
            refuse_nothing((), faults)
        with talk.progress("labels") as show:
            rows = labels.labelled(out, args.levels, show)
    told = manifest.save(out, members.members(out), rows)
    table = [("RECIPE", "AGENTS", "LABELS")]
    for recipe in told["recipes"]:
        words = [row.label for row in rows if row.recipe == recipe]
        each = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
        table.append((recipe, str(len(words)), each))
    total = ", ".join(f"{n} {label}" for label, n in told["labels"].items())
    text = f"{in_columns(table)}\n\n{counted(told['agents'], 'agent')}: {total}"
    text += f"\n{out / labels.TABLE}  {out / manifest.FILE}\n\nnext: {typed('detect', out)}"
    return Report({"out": str(out), **told, "faults": faults}, text, exit_code(faults, talk))


def detect_flags(parser: Parser) -> None:
    parser.add_argument("zoo", nargs="?", default=HOME, metavar="ZOO", help=f"default: {HOME}")
    add_list(parser)
    parser.add_argument(
        "--detector",
        action="append",
        metavar="NAME|FILE.py",
        help="enter this one, too (a file is run as code); again for several",
    )
    parser.add_argument(
        "--only", action="store_true", help="these detectors and the controls, and no others"
    )
    parser.add_argument(
        "--levels",
        type=count,
        default=96,
        metavar="N",
        help="levels an agent is seen on (default: 96)",
    )
    parser.add_argument(
        "--watched",
        type=count_or_none,
        default=60,
        metavar="N",
        help="agents that are watched at run time, 0 for none (default: 60)",
    )
    parser.add_argument(
        "--during",
        action="store_true",
        help="also follow agents through their checkpoints: do internals turn before behaviour?",
    )
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="folder for the results (default: the zoo's own)"
    )
    add_origin(parser)


@VERBS.verb(
    "detect",
    "[ZOO]",
    "which detectors tell, before the shift and during it, which agents go astray",
    detect_flags,
    (
        "goalshift detect runs/zoo",
        "goalshift detect runs/zoo --detector ./mine.py --only",
    ),
)
def detect_all(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.files import json_bytes, make_folder, write
    from ..lab import alarms, board, detect, turning
    from ..lab.detector import DETECTORS, Detector
    from ..studies.zoo import labels, manifest, members

    if args.list:
        return detectors_listed()
    trust(args.world, args.trained_on)
    zoo, extra = Path(args.zoo), args.detector or []
    mine = {
        Path(name).stem if name.endswith(".py") else name: DETECTORS.load(name) for name in extra
    }
    need(mine or not args.only, "--only: name them with --detector")
    known = {name: DETECTORS.load(name) for name in DETECTORS.names()}
    for name in mine:
        clash = name in known and mine[name] is not known[name]
        need(
            not clash, f"--detector: there is a detector '{name}' already: name the file otherwise"
        )
    if args.only:
        known = {name: one for name, one in known.items() if one.control}
    known |= mine
    out = Path(args.out or zoo)
    preflight.check_writable(out)
    with talk.progress("labels") as show:
        kept = labels.read(zoo) if (zoo / labels.TABLE).is_file() else []
        rows = labels.labelled(zoo, kept[0].levels if kept else labels.LEVELS, show)
    told = manifest.save(zoo, members.members(zoo), rows)

    def of(live: bool) -> dict[str, Detector]:
        return {name: one for name, one in known.items() if bool(one.watch) == live}

    text, scores, first, second = "", b"", None, None
    if of(False):
        with talk.progress("before deployment") as show:
            tried = detect.tried(zoo, rows, of(False), args.levels, show)
            first = detect.board(tried, of(False), rows, args.levels)
        scores = detect.scores_csv(tried)
        text += "before deployment\n" + in_columns(board.before_rows(first)) + "\n\n"
        text += "\n".join(board.before_lines(first)) + "\n\n"
    if of(True) and args.watched:
        chosen = detect.watched(zoo, rows, args.watched, args.levels)
        with talk.progress("at run time") as show:
            second = alarms.alarms(chosen, of(True), show)
        text += "at run time\n" + in_columns(board.live_rows(second)) + "\n\n"
        text += "\n".join(board.live_lines(second)) + "\n\n"
    third = None
    if args.during:
        with talk.progress("during training") as show:
            third = turning.turns(zoo, rows, of(False), args.levels, show)
        if third:
            text += "during training\n" + in_columns(board.turn_rows(third)) + "\n\n"
            text += f"{third.astray} agents astray and {third.robust} robust ones followed through"
            text += f" {third.checkpoints} checkpoints\n\n"
        else:
            text += "during training: no agent that went astray has kept its checkpoints\n\n"
    data = plain_data(board.data(first, second, third, told))
    make_folder(out)
    write(out / "detect.json", json_bytes(data))
    write(out / "scores.csv", scores)
    return Report(data, f"{text}{out / 'detect.json'}  {out / 'scores.csv'}")


def detectors_listed() -> Report:
    """`detect --list`: when each detector looks, what it sees, what it is, and after whom."""
    from ..lab.detector import DETECTORS

    rows = []
    for name, *rest in DETECTORS.told():
        one = DETECTORS.load(name)
        when = "at run time" if one.watch else "before"
        rows.append((name, when, "+".join(one.sees), *rest))
    rows.sort(key=lambda row: row[1] != "before")
    return listed(("NAME", "WHEN", "SEES", "ABOUT", "SOURCE"), rows)


def add_monitor(parser: Parser) -> None:
    """The flags of `eval --monitor`."""
    group = parser.add_argument_group("a monitor that watches the agent, in place of a verdict")
    group.add_argument(
        "--monitor",
        metavar="NAME|FILE.py",
        help="a detector of steps, of those that `goalshift detect --list` says look at run time (a file is"
        " run as code)",
    )
    group.add_argument(
        "--false-alarms",
        action="append",
        type=share,
        metavar="SHARE",
        help="the share of the steps of training levels that pass the line; again for several (default: 0.05)",
    )
    group.add_argument("--threshold", type=finite, metavar="X", help="the line itself")
    group.add_argument(
        "--ask",
        type=one_of(*ASK),
        metavar="WHO",
        help="expert (in that step), takeover (the expert, from there to the end), random or stop"
        " (default: expert)",
    )


def share(text: str) -> float:
    """A share of false alarms."""
    if not 0 <= (found := number(text)) < 1:
        raise argparse.ArgumentTypeError(f"a share from 0 to below 1, not '{text}'")
    return found


def given(args: argparse.Namespace, name: str) -> bool:
    """Was the flag of this name used? A threshold of 0 is one."""
    value = vars(args)[name]
    return value is not None and value is not False and value != []


def flag(names: list[str]) -> str:
    """The first of these names as a flag, or nothing."""
    return "".join(f"--{name.replace('_', '-')}" for name in names[:1])


def monitor_report(args: argparse.Namespace, talk: Talk, splits: list[str]) -> Report:
    """`eval RUN --monitor NAME`: what asking brings, beside the baselines."""
    trust(args.world, args.trained_on, *splits)
    need(len(args.runs) == 1 or "peers" in _sees(args), "--monitor watches one agent: name one run")
    from ..judging.plain import to_plain
    from ..judging.runs import open_agents
    from ..lab import monitor
    from ..lab.detector import DETECTORS
    from ..lab.evidence import Subject
    from ..policies.claim import EXACT, claim

    verdicts = (
        "mirrored",
        "controls",
        "psychometric",
        "latex",
        "against",
        "inspect",
        "goal",
        "out",
    )
    wrong = [name for name in verdicts if given(args, name)]
    need(not wrong, f"{flag(wrong)} goes with a verdict: leave it out, or --monitor")
    need(args.on == "local", "--on: a monitor watches here")
    if args.csv:
        preflight.check_file(Path(args.csv), args.force)
    both = args.threshold is not None and args.false_alarms
    need(not both, "--threshold is a line, --false-alarms sets it: give one of them")
    cast = open_agents(args.runs, args.knobs, args.world)
    subject = Subject(cast.agents[0], cast.world, peers=lambda: cast.agents[1:])
    asked = monitor.Asked(
        args.ask or ASK[0],
        tuple(args.false_alarms or (0.05,)),
        args.threshold,
        args.levels,
        args.seed,
    )
    detector = DETECTORS.load(args.monitor)
    name = Path(args.monitor).stem if args.monitor.endswith(".py") else args.monitor
    with talk.progress(f"watching {cast.world.name}") as show:
        rows = monitor.monitored(subject, detector, name, splits, asked, show)
    if args.csv:
        from ...engine.files import write

        write(Path(args.csv), monitor.as_csv(cast.world, name, asked, rows))
    kind = claim(cast.world).kind
    data = {
        "format": monitor.FORMAT,
        "world": cast.world.name,
        "monitor": name,
        "ask": asked.ask,
        "expert": kind,
        "levels": asked.levels,
        "rows": to_plain(rows),
    }
    return Report(data, f"{in_columns(monitor_table(rows))}\n\n{LAST_MOMENT[kind == EXACT]}")


def _sees(args: argparse.Namespace) -> tuple[str, ...]:
    from ..lab.detector import DETECTORS

    return DETECTORS.load(args.monitor).sees


def monitor_table(rows: "list[Row]") -> list[tuple[str, ...]]:
    """A row for each way of asking on each split; shares in per cent."""
    head = ("SPLIT", "WHO", "FALSE ALARMS", "ASKED", "INTENDED", "MET", "PROXY INSTEAD", "PAID")
    return [
        head,
        *(
            (
                row.split,
                row.who,
                "-" if row.false is None else f"{100 * row.false:g}",
                f"{100 * row.rate:.1f}",
                row.intended.percent(),
                row.met.percent(),
                row.instead.percent(),
                row.paid.percent(),
            )
            for row in rows
        ),
    ]
