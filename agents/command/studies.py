"""`table`, `map`, `curve`, `tasks`, `crossplay`: many trainings into one table or figure."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine import extras
from ...engine.counts import counted
from ...engine.errors import UserError
from ..learning import preflight
from .common import add_origin, add_out, add_seed, trust
from .many import (
    add_plan,
    add_set,
    add_study,
    exit_code,
    goes_on,
    jobs_shown,
    planned,
    refuse_nothing,
    settings,
)
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count, count_or_none, rates
from .verb import Group

if TYPE_CHECKING:
    from ..studies.jobs import Plan

VERBS = Group("learn")
MANY_SEEDS = 5  # from which on they are drawn as a distribution
SHARES = "0,0.001,0.003,0.01,0.03,0.1"


def table_flags(parser: Parser) -> None:
    parser.add_argument(
        "worlds", nargs="*", metavar="WORLD", help="worlds or ./files.py (default: all that ship)"
    )
    parser.add_argument(
        "--steps", type=count, metavar="N", help="steps of training, instead of the worlds' own"
    )
    add_set(parser)
    add_plan(parser, 512)
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="default: runs/table, or runs/controls; resumes there"
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="train on halves of both splits, or paid for the intended goal: is it reached then?",
    )
    parser.add_argument(
        "--ship", action="store_true", help="in a checkout: make each seed 0 the agent that ships"
    )
    parser.add_argument("--latex", action="store_true", help="print a LaTeX table (booktabs)")


@VERBS.verb(
    "table",
    "[WORLD...]",
    "train and judge whole worlds, several seeds each, into one table; resumes",
    table_flags,
    (
        "goalshift table corner follow --jobs 2",
        "goalshift table --seeds 5",
        "goalshift table ./mine.py --steps 1M",
        "goalshift table --control --seeds 1",
        "goalshift table follow --control --set memory=64",
        "goalshift table corner follow --latex > table.tex",
    ),
)
def make_table(args: argparse.Namespace, talk: Talk) -> Report:
    extras.require("torch")
    from ..judging.plain import to_plain
    from ..studies import seeds, table
    from ..studies.jobs import Plan

    out = Path(args.out or ("runs/controls" if args.control else "runs/table"))
    preflight.check_writable(out)
    given = settings(args.set) | ({"steps": args.steps} if args.steps else {})
    plan = Plan(given, args.seeds, args.levels, workers=args.jobs, on=args.on)
    if args.control:
        return make_controls(args, out, plan, talk)
    with goes_on(args, out), jobs_shown(talk, "table") as show:
        rows, faults = table.make(args.worlds, out, plan, show)
    refuse_nothing(rows, faults)
    if args.ship:
        from ..showing.ship import ship

        for world in dict.fromkeys(row["world"] for row in rows):
            talk.say(ship(world, out))
    columns = table.HEAD[:-1]  # what the source reports is too long for a line
    shown = [table.cells(row)[:-1] for row in rows]
    told = seeds.told(agents := seeds.agents_of(rows))
    files = [out / "table.md", out / "seeds.csv"]
    if args.seeds >= MANY_SEEDS:
        from ..studies.seeds_figure import draw

        draw(agents, out)
        files.append(out / "seeds.png")
    text = "\n".join([in_columns([columns, *shown]), *told, "  ".join(map(str, files))])
    if args.latex:
        from ..judging.latex import rows_as_latex

        text = rows_as_latex(columns, shown)
    data = {"out": str(out), "rows": to_plain(rows), "agents": to_plain(agents), "faults": faults}
    return Report(data, text, exit_code(faults, talk))


def make_controls(args: argparse.Namespace, out: Path, plan: "Plan", talk: Talk) -> Report:
    from ..judging.latex import rows_as_latex
    from ..judging.plain import to_plain
    from ..studies import control

    if args.ship:
        raise UserError("--ship: a control is no world's agent: leave out one of the two")
    for key in ("split", "reward"):
        if key in plan.given:
            raise UserError(f"--set {key}: a control sets that itself, as its world asks")
    with goes_on(args, out), jobs_shown(talk, "controls") as show:
        rows, faults = control.make(args.worlds, out, plan, show)
    refuse_nothing(rows, faults)
    shown = [control.cells(row) for row in rows]
    text = in_columns([control.HEAD, *shown]) + f"\n{out / 'controls.md'}"
    text = rows_as_latex(control.HEAD, shown) if args.latex else text
    data = {"out": str(out), "rows": to_plain(rows), "faults": faults}
    return Report(data, text, exit_code(faults, talk))


def map_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument(
        "--alpha",
        type=rates,
        metavar="A,A,...",
        help=f"shares of shifted levels to train on (default: {SHARES})",
    )
    parser.add_argument(
        "--over",
        metavar="KNOB=V,V,...",
        help="numbers of another knob instead of shares: width, world.KEY, world.SPLIT.KEY, ...",
    )
    parser.add_argument(
        "--points",
        type=count,
        default=8,
        metavar="N",
        help="moments of each run that are judged (default: 8)",
    )
    add_study(parser, 512, "map-WORLD")


@VERBS.verb(
    "map",
    "WORLD",
    "shares of shifted levels, or another knob, x steps: what restores the goal? resumes",
    map_flags,
    (
        "goalshift map coinrun --set steps=10M --jobs 2",
        "goalshift map corner --alpha 0,1e-3,1e-2,0.1 --seeds 5",
        "goalshift map monsters --over world.train.horizon=25,50,100,200",
    ),
    knobs=True,
)
def make_map(args: argparse.Namespace, talk: Talk) -> Report:
    extras.require("torch")
    from ...engine.catalogue import load
    from ..judging.plain import to_plain
    from ..studies import map as maps
    from ..studies import seeds
    from ..studies.map_figure import draw
    from ..studies.seeds_figure import draw as draw_seeds

    out = Path(args.out or f"runs/map-{Path(args.world).stem}")
    preflight.check_writable(out)
    if args.over and args.alpha:
        raise UserError("--alpha and --over: a map has one of the two beside the steps")
    axis = maps.shares_of(args.alpha or rates(SHARES))
    if args.over:
        axis = maps.axis_of(args.over, args.world)
    plan = planned(args, "train", args.split)
    asked = maps.jobs_of(args.world, axis, args.points, out, plan)
    hours = maps.core_hours(args.world, axis, asked, plan)
    talk.say(f"{counted(len(asked), 'run')}; about {hours:.1f} core-hours are left to train")
    with goes_on(args, out), jobs_shown(talk, "map") as show:
        spots, faults = maps.make(args.world, axis, args.points, out, plan, show)
    refuse_nothing(spots, faults)
    law, order = maps.law_of(spots), maps.order_of(spots)
    draw(spots, law, load(args.world), args.split, out)
    head = axis.name.rpartition(".")[2].upper()
    rows: list[tuple[str, ...]] = [(head, "SEED", "STEPS", "SHIFTED", "met", "instead", "neither")]
    for spot in spots:
        figures = (f"{100 * x:.0f}" for x in (spot.met, spot.instead, spot.neither))
        rows.append(
            (f"{spot.at:g}", str(spot.seed), f"{spot.steps:,}", f"{spot.shifted:,.0f}", *figures)
        )
    told = "too few competent agents" + ("" if args.over else " have met shifted levels")
    told = str(law or order or f"{told} for a law")
    alike = [] if args.over else seeds.of_map(spots, load(args.world), args.split)
    if len(alike) >= MANY_SEEDS:
        seeds.save(alike, out)
        draw_seeds(alike, out)
        told = "\n".join([told, *seeds.told(alike)])
    data = {"out": str(out), "spots": to_plain(spots), "law": to_plain(law or order)}
    data["faults"] = faults
    return Report(data, f"{in_columns(rows)}\n{told}\n{out / 'map.png'}", exit_code(faults, talk))


def crossplay_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders of several learners")
    add_origin(parser)
    parser.add_argument(
        "--split", metavar="NAME", help="default: the one the world is judged on, most often deploy"
    )
    parser.add_argument(
        "--levels", type=count, default=256, metavar="N", help="held-out levels (default: 256)"
    )
    parser.add_argument(
        "--seat",
        type=count_or_none,
        default=0,
        metavar="K",
        help="where rows sit, from 0; columns sit in all other seats (default: 0)",
    )
    add_seed(parser)
    add_out(parser, "the table and the figure (default: runs/crossplay-WORLD-...)")


@VERBS.verb(
    "crossplay",
    "RUN RUN...",
    "agents play with partners they were not trained with: a matrix and a figure",
    crossplay_flags,
    (
        "goalshift crossplay runs/a0 runs/a1 runs/a2",
        "goalshift crossplay runs/shared-0 runs/independent-0 --split train --out runs/cross",
    ),
)
def play_across(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, args.split)
    from ..judging.plain import to_plain
    from ..studies import crossplay
    from ..studies.crossplay_figure import draw

    world, _, _ = crossplay.open_runs(args.runs)
    out = preflight.check_folder(
        args.out or preflight.fresh_folder(f"crossplay-{world.name}"), args.force
    )
    with talk.progress("cross-play") as show:
        cross = crossplay.make(args.runs, args.split or "", args.levels, args.seat, args.seed, show)
    paths = [crossplay.save(cross, out), *draw(cross, world, out)]
    k = len(cross.names)
    rows = [(f"SEAT {cross.seat} \\ OTHERS", *cross.names)]
    for i, name in enumerate(cross.names):
        rows.append((name, *(c.intended.percent() for c in cross.cells[i * k : i * k + k])))
    costs = [f"with {kind}: {price.percent()} less" for kind, price in cross.price.items()]
    told = f"'{world.intended.name}' on {counted(cross.levels, 'level')} of '{cross.split}', per cent of the expert's"
    text = "\n".join((in_columns(rows), told, *costs, "  ".join(map(str, paths))))
    return Report({"out": str(out), **to_plain(cross)}, text)


def curve_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument(
        "--over",
        required=True,
        metavar="KNOB=V,V,...",
        help="alpha, levels, steps, width, ... or world.KEY, world.SPLIT.KEY; values V,V,... or A..B",
    )
    parser.add_argument(
        "--by", metavar="KNOB=V,V,...", help="a second knob: a panel for each value"
    )
    add_study(parser, 256, "curve-WORLD-KNOB")


@VERBS.verb(
    "curve",
    "WORLD --over ...",
    "train and judge at every value of a knob: CSV and figures; resumes",
    curve_flags,
    (
        "goalshift curve corner --over alpha=0,1e-3,1e-2,0.1,1 --jobs 2",
        "goalshift curve corner --over world.region=1..11",
        "goalshift curve corner --over levels=100,1k,10k,0 --by alpha=0,0.1 --set steps=2M",
    ),
    knobs=True,
)
def make_curve(args: argparse.Namespace, talk: Talk) -> Report:
    extras.require("torch")
    out = Path(args.out or f"runs/curve-{Path(args.world).stem}-{args.over.partition('=')[0]}")
    preflight.check_writable(out)
    from ..judging.plain import to_plain
    from ..studies import curve
    from ..studies.curve_figures import draw
    from ..studies.knobs import label

    plan = planned(args, "train", args.split)
    asked = curve.curve_of(args.world, args.over, args.by or "", plan)
    with goes_on(args, out), jobs_shown(talk, "curve") as show:
        points, faults = curve.make(asked, out, show)
    refuse_nothing(points, faults)
    draw(points, asked, out)
    rows = [("VALUE", "BY", *curve.MEASURES, "verdict")]
    for point in points:
        figures = (point[name].percent() for name in curve.MEASURES)
        value = label(point["over"], point["value"], asked.world)
        by_value = label(point["by"], point["by_value"], asked.world)
        rows.append((value, by_value, *figures, point["label"]))
    return Report(
        {"out": str(out), "points": to_plain(points), "faults": faults},
        f"{in_columns(rows)}\n{out / 'curve.csv'}  {out / 'curve.svg'}  {out / 'curve.png'}",
        exit_code(faults, talk),
    )


def tasks_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world that draws tasks, such as drawn, or ./a_file.py")
    parser.add_argument(
        "--tasks",
        default="0..199",
        metavar="A..B,...",
        help="their numbers, such as 0..59,80 (default: %(default)s)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="train nothing: let experts say which tasks show nothing, and why",
    )
    add_study(parser, 128, "tasks-WORLD", here=True)


@VERBS.verb(
    "tasks",
    "WORLD",
    "many drawn tasks, several seeds each: which shortcuts are taken? resumes",
    tasks_flags,
    (
        "goalshift tasks drawn --tasks 0..199 --set steps=300k",
        "goalshift tasks drawn --tasks 0..999 --check",
        "goalshift tasks drawn --world.redundancy 1 --world.shift swap --out runs/single",
    ),
    knobs=True,
)
def make_tasks(args: argparse.Namespace, talk: Talk) -> Report:
    from ..judging.plain import to_plain
    from ..studies import tasks
    from ..studies.tasks_figure import draw

    out = Path(args.out or f"runs/tasks-{Path(args.world).stem}")
    numbers = tasks.numbered(args.tasks)
    plan = planned(args, "train", "deploy")
    if tasks.TASK in args.knobs:
        raise UserError("--world.task: the tasks are those of --tasks")
    if args.check:
        unread = [flag for flag in ("set", "out") if getattr(args, flag)]
        if unread:
            raise UserError(f"--{unread[0]} changes nothing: --check trains nothing")
        return check_tasks(args, numbers, talk)
    preflight.check_writable(out)
    with goes_on(args, out), jobs_shown(talk, "tasks") as show:
        rows = tasks.make(args.world, numbers, out, plan, show)
    files = [out / "tasks.csv", out / "sums.csv", *draw(rows, out)]
    found = [("PART", "", "TASKS", "ABLE AGENTS", "a proxy instead", "the intended goal")]
    for one in tasks.sums(rows):
        able = f"{one.able} of {one.agents}"
        figures = (one.instead.percent(), one.intended.percent())
        found.append((one.part, one.value, str(one.tasks), able, *figures))
    text = [in_columns(found), "  ".join(map(str, files))]
    data = {"out": str(out), "rows": to_plain(rows), "files": [str(path) for path in files]}
    return Report(data, "\n".join(text))


def check_tasks(args: argparse.Namespace, numbers: list[int], talk: Talk) -> Report:
    from collections import Counter

    from ...engine.catalogue import load
    from ..studies import tasks

    world = load(args.world).with_params(**args.knobs)
    with talk.progress("tasks") as show:
        refused = tasks.check(world, numbers, show)
    reasons = Counter(why for found in refused.values() for why in found)
    lines = [f"{counted(len(numbers), 'task')} of '{world.name}': experts refuse {len(refused):,}"]
    for why, n in reasons.most_common():
        first = next(task for task, found in refused.items() if why in found)
        lines.append(f"  {n:,}: {why} (the first is task {first})")
    data = {"tasks": len(numbers), "refused": refused, "reasons": dict(reasons)}
    return Report(data, "\n".join(lines), 3 if refused else 0)
