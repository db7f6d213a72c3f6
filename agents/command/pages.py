"""`report`, `site`: pages about runs and about all worlds."""

import argparse
from pathlib import Path

from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.files import make_folder
from ..learning import preflight
from .common import AGENTS, add_file_out, add_judged, add_origin, add_seed, sized, trust
from .parser import Parser
from .talk import Report, Talk
from .verb import Group

VERBS = Group("show")


def report_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN|AGENT", help=f"run folders, {AGENTS}")
    add_origin(parser)
    add_judged(parser, "deploy", 512)
    parser.add_argument("--title", metavar="WORDS", help="default: the world's, and the split")
    parser.add_argument(
        "--figures", metavar="DIR", help="also write every figure there, as SVG or PNG"
    )
    parser.add_argument(
        "--curve", metavar="FILE.csv", help="show a curve too: the curve.csv of goalshift curve"
    )
    add_seed(parser)
    add_file_out(parser, "FILE.html", "default: report.html in the first run's folder")


@VERBS.verb(
    "report",
    "RUN...",
    "one page with claim, figures, curves, episodes to play, and limits",
    report_flags,
    (
        "goalshift report runs/a",
        "goalshift report runs/a runs/b runs/c -o verdict.html --levels 1k",
    ),
)
def write_report(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, *(args.split or ()))
    first = Path(args.runs[0])
    out = Path(
        args.out or (first if first.is_dir() else preflight.fresh_folder("report")) / "report.html"
    )
    if out.suffix.lower() != ".html":
        raise UserError(f"--out '{out}' must end in .html")
    for path in (out, out.with_suffix(".json")):
        preflight.check_file(path, args.force)
    from ..judging.runs import evaluate_runs, open_agents
    from ..showing.report.figures import read_curve
    from ..showing.report.report import ReportPlan, report

    curve = Path(args.curve) if args.curve else None
    if curve is not None:
        # a bad file is told before hours of evaluation
        read_curve(curve, open_agents(args.runs, world=args.world).world)
    splits = ["train", *(args.split or ["deploy"])]
    ask = (args.runs, splits, args.levels, args.seed)
    found = evaluate_runs(*ask, bar=talk.progress, world=args.world)
    make_folder(out.parent)
    figures = Path(args.figures) if args.figures else None
    plan = ReportPlan(args.again, args.title or "", figures, curve)
    made = report(args.runs, out, found, plan, talk.say, args.world)
    return Report(made, "\n".join([made["claim"], *sized([made["report"], made["data"]])]))


def site_flags(parser: Parser) -> None:
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="default: all that ship")
    parser.add_argument("--out", "-o", default="site", metavar="DIR", help="default: site")
    parser.add_argument("--force", action="store_true", help="write into --out even if it is used")
    parser.add_argument(
        "--recordings",
        metavar="DIR",
        help="table.csv, curves/ and replays NAME-intended.gmr, NAME-learned.gmr (default: a checkout's own)",
    )


@VERBS.verb(
    "site",
    "",
    "one offline website: worlds, films, results, levels, reference",
    site_flags,
    ("goalshift site -o site", "goalshift site corner follow -o two_worlds"),
)
def write_site(args: argparse.Namespace, talk: Talk) -> Report:
    out = preflight.check_folder(args.out, args.force)
    from ...engine.files import PACKAGE
    from ..showing.site import site

    kept = Path(args.recordings) if args.recordings else PACKAGE / "recordings"
    more = {"worlds": args.worlds} if args.worlds else {}
    with talk.progress("site") as show:
        missing = site.make(site.Site(out, kept, help_of_all(), **more), show)
    for line in missing:
        talk.say(line)
    paths = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in paths)
    data = {"out": str(out), "files": len(paths), "bytes": size, "missing": missing}
    text = f"{out / 'index.html'}  {counted(len(paths), 'file')}, {size / 1e6:.1f} MB: open it in a browser"
    return Report(data, text)


def help_of_all() -> list[tuple[str, str]]:
    """Every verb with its help, by name."""
    found = []
    for name, verb in sorted((name, verb) for group in Group.known for name, verb in group.items()):
        parser = Parser(name, verb.summary, verb.examples)
        verb.flags(parser)
        found.append((name, parser.format_help()))
    return found
