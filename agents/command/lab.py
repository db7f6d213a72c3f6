"""`mitigate`, `worst`: agents put to the test."""

import argparse
from pathlib import Path

from ...engine import extras
from ...engine.errors import UserError, need
from ..learning import preflight
from .common import add_list, listed
from .many import add_study, exit_code, goes_on, jobs_shown, planned, refuse_nothing
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count, count_to
from .verb import Group

VERBS = Group("lab")
MOST_LEVELS = 20_000  # held out: records of them are in memory at once


def mitigate_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="a world, or ./a_file.py")
    parser.add_argument(
        "--with",
        dest="names",
        metavar="A,B,...",
        help="mitigations and curricula, each NAME[:value], ./a_file.py, or several joined by +"
        " (default: all that ship and need no value)",
    )
    add_list(parser)
    parser.add_argument(
        "--together",
        nargs="+",
        metavar="DIR",
        help="instead of a world: finished comparisons, folders or their mitigate.csv, side by side",
    )
    parser.add_argument(
        "--steps", type=count, metavar="N", help="steps of training, instead of the world's own"
    )
    add_study(parser, 256, "mitigate-WORLD", split="")


@VERBS.verb(
    "mitigate",
    "WORLD",
    "what keeps the intended goal: every mitigation against plain PPO; resumes",
    mitigate_flags,
    (
        "goalshift mitigate corner --with labelled:0.02,entropy,penalty,plr --steps 1M",
        "goalshift mitigate coinrun --with ./my_mitigation.py,labelled:0.05+weight_decay",
        "goalshift mitigate corner --list",
        "goalshift mitigate --together runs/mitigate-corner runs/mitigate-coinrun",
    ),
    knobs=True,
)
def compare_mitigations(args: argparse.Namespace, talk: Talk) -> Report:
    from ..learning.curriculum import CURRICULA
    from ..learning.mitigation import MITIGATIONS

    if args.list:
        rows = [(name, MITIGATIONS.load(name).value, *rest) for name, *rest in MITIGATIONS.told()]
        rows += [(name, "", *rest) for name, *rest in CURRICULA.told()]
        return listed(("NAME", "VALUE", "ABOUT", "SOURCE"), rows)
    if args.together:
        return lay_together(args)
    if args.world is None:
        raise UserError("a world is missing, as in: goalshift mitigate corner")
    extras.require("torch")
    from ...engine.catalogue import load
    from ..judging.plain import to_plain
    from ..lab import mitigate
    from ..lab.mitigate_figure import draw
    from ..lab.mitigate_table import FORMAT, HEAD, cells

    out = Path(args.out or f"runs/mitigate-{Path(args.world).stem}")
    preflight.check_writable(out)
    more = {"steps": args.steps} if args.steps else {}
    plan = planned(args, "train", args.split or load(args.world).judged, **more)
    names = [name.strip() for name in (args.names or "").split(",") if name.strip()]
    need(names or args.names is None, "--with names nothing: leave it out for all, or see --list")
    asked, left_out = mitigate.comparison(args.world, names, plan)
    for line in left_out:
        talk.say(line)
    with goes_on(args, out), jobs_shown(talk, "mitigate") as show:
        rows, faults = mitigate.make(asked, out, show)
    refuse_nothing(rows, faults)
    if rows:
        draw(rows, asked, out)
    text = in_columns([HEAD, *map(cells, rows)])
    paths = "  ".join(str(out / f"mitigate.{end}") for end in ("md", "csv", "svg", "png"))
    data = {"format": FORMAT, "out": str(out), "rows": to_plain(rows)}
    data |= {"faults": faults, "left_out": left_out}
    return Report(data, f"{text}\n{paths}", exit_code(faults, talk))


def lay_together(args: argparse.Namespace) -> Report:
    """The comparisons of several worlds as one table and one figure."""
    from ..lab import mitigate_together as together

    if args.world or args.names:
        raise UserError(
            "--together takes finished comparisons alone: leave the world and --with out"
        )
    out = Path(args.out or "runs/mitigate-together")
    preflight.check_writable(out)
    columns = together.joined([together.read(Path(text)) for text in args.together])
    paths = together.draw(columns, out)
    rows = [("MITIGATION", *(one.world for one in columns))]
    rows.append(("plain", *(one.plain.percent() for one in columns)))
    rows += [
        (name, *(together.cell(one, name).replace("**", "") for one in columns))
        for name in together.entries(columns)
    ]
    text = "\n".join([in_columns(rows), together.note(columns), "  ".join(map(str, paths))])
    return Report({"out": str(out), "head": rows[0], "rows": rows[1:]}, text)


def worst_flags(parser: Parser) -> None:
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="FOLDER",
        help="runs, or folders with the seeds of a recipe, such as the points of a curve",
    )
    parser.add_argument(
        "--split",
        default="",
        metavar="NAME",
        help="of which levels (default: where the world is judged, most often deploy)",
    )
    parser.add_argument(
        "--levels",
        type=count_to(MOST_LEVELS),
        default=1000,
        metavar="N",
        help="held-out levels; those that cannot be solved are left out (default: 1000)",
    )
    parser.add_argument("--out", "-o", metavar="DIR", help="default: runs/worst-WORLD")


@VERBS.verb(
    "worst",
    "FOLDER...",
    "what agents miss on the worst share of the levels (CVaR): CSV and figure",
    worst_flags,
    (
        "goalshift worst runs/a runs/b",
        "goalshift worst runs/curve-corner-alpha/alpha=* --levels 2k --out runs/worst",
    ),
)
def tell_worst(args: argparse.Namespace, talk: Talk) -> Report:
    extras.require("torch")
    from ..lab import worst

    with talk.progress("worst") as show:
        world, found = worst.groups([*map(Path, args.folders)], args.split, args.levels, show)
    out = Path(args.out or f"runs/worst-{world.name}")
    preflight.check_writable(out)
    split = args.split or world.judged
    rows, paths = worst.table(found), worst.save(found, world, split, out)
    told = (
        f"share of '{world.intended.name}' missed on '{split}', in per cent; {worst.made_of(found)}"
    )
    text = "\n".join((in_columns(rows), told, "  ".join(map(str, paths))))
    return Report({"out": str(out), "head": rows[0], "rows": rows[1:]}, text)
