"""`eval`: agents judged."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import UserError, need
from ..learning import preflight
from .common import AGENTS, add_judged, add_origin, add_out, add_seed, trust
from .detect import add_monitor, flag, given, monitor_report
from .many import add_on
from .parser import Parser
from .talk import Report, Talk
from .there import eval_there, local_jobs
from .verb import Group

if TYPE_CHECKING:
    from ..judging.evaluation import Evaluation

VERBS = Group("learn")
# flags that say how agents are judged, and say nothing of replays
OF_AGENTS = (
    *("split", "mirrored", "against", "latex", "csv", "inspect", "controls", "out"),
    "psychometric",
)


def eval_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN|AGENT", help=f"run folders, {AGENTS}")
    add_origin(parser)
    add_judged(parser, "train deploy", 512)
    parser.add_argument(
        "--mirrored", action="store_true", help="control: mirror what is seen after the shift"
    )
    parser.add_argument(
        "--against",
        nargs="+",
        metavar="RUN|AGENT",
        help="also how far these are from the others, with an interval of the difference",
    )
    parser.add_argument("--latex", action="store_true", help="print a LaTeX table (booktabs)")
    parser.add_argument("--csv", metavar="FILE.csv", help="every figure as a row of tidy CSV")
    parser.add_argument(
        "--inspect",
        metavar="FILE.json",
        help="also a log of Inspect (inspect view, inspect_ai.log): a sample for each level, its replay"
        " code as input, a score for each goal",
    )
    parser.add_argument(
        "--goal",
        action="append",
        metavar="NAME: TEXT",
        help="also score a goal that nobody declared, such as 'hoard: event.key - event.chest';"
        " again for several; with it RUN may be .gmr files or codes of replays",
    )
    parser.add_argument(
        "--psychometric",
        action="store_true",
        help="also the intended goal or the proxy, by how many steps farther it is: a curve, where both"
        " are walked to",
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also judge untrained, few-levels (trained now) and mirrored agents",
    )
    add_on(parser, " (--controls and --against are worked out here)")
    add_seed(parser)
    add_out(parser, "evaluation.json (default: the run's own, if it is one)")
    add_monitor(parser)


@VERBS.verb(
    "eval",
    "RUN|AGENT...",
    "score agents for every goal on held-out levels; several seeds give a verdict",
    eval_flags,
    (
        "goalshift eval runs/a",
        "goalshift eval ./my_agent.py --world corner",
        "goalshift eval runs/a runs/b runs/c --levels 1k --out runs/verdict",
        "goalshift eval runs/a --split train --split alpha=0.5 --json",
        "goalshift eval runs/a0 runs/a1 --against runs/b0 runs/b1 --latex --csv figures.csv",
        "goalshift eval runs/a --monitor knn_body --ask takeover",
        "goalshift eval runs/a --levels 64 --inspect logs/a.json",
        "goalshift eval runs/a --psychometric",
        "goalshift eval runs/a --goal 'only the corner: event.corner - event.cheese'",
    ),
    knobs=True,
)
def judge_runs(args: argparse.Namespace, talk: Talk) -> Report:
    if args.monitor:
        return monitor_report(args, talk, args.split or ["train", "deploy"])
    unwatched = [name for name in ("false_alarms", "threshold", "ask") if given(args, name)]
    need(not unwatched, f"{flag(unwatched)} goes with --monitor, which names a detector")
    trust(args.world, args.trained_on, *(args.split or ()))
    if args.goal and all(run.startswith("GM1.") or run.endswith(".gmr") for run in args.runs):
        from .goals import score_replays

        unread = [name for name in OF_AGENTS if given(args, name)]
        need(not unread, f"{flag(unread)}: replays are scored as they are, so leave it out")
        return score_replays(args)
    folder = checked(args)
    from ..judging.latex import as_latex
    from ..judging.tables import as_text
    from ..learning.files import EVALUATION

    if args.goal:
        from .goals import check_goals

        check_goals(args)
    splits = args.split or ["train", "deploy"]
    found = evaluated(args, splits, talk)
    text = as_latex(found) + "\n" if args.latex else as_text(found)
    if args.csv:
        from ...engine.files import write
        from ..showing.report.sheets import figures_csv

        write(Path(args.csv), figures_csv(found))
    if args.inspect:
        write_inspect(args, found, talk)
    if args.controls:
        found, lines = eval_controls(args, splits, folder, found, talk)
        text += "\n" + lines
    if folder is not None and (args.out or folder.is_dir()) and not args.knobs:
        talk.say(f"wrote {found.save(folder / EVALUATION)}")
    if "size" in args.knobs:
        say_view(args, talk)
    data = found.to_json()
    if args.against:
        data, lines = eval_against(args, splits, data)
        text += "\n" + lines
    from .goals import eval_goals

    data, lines = eval_goals(args, splits, found, data)
    if args.psychometric:
        from ..judging.runs import open_agents
        from .inside import curve_told

        cast = open_agents(args.runs, args.knobs, args.world)
        curve, told = curve_told(cast.agents, cast.world, "", args.levels, args.seed)
        data, lines = data | {"psychometric": curve}, "\n".join([lines, *told])
    return Report(data, text + lines)


def checked(args: argparse.Namespace) -> Path | None:
    """The folder that the evaluation is kept in, if any; UserError, before anything is played, for
    flags that do not go together and for places that cannot be written to.
    """
    from ..judging.named import is_run

    if args.controls and not all(map(is_run, args.runs)):
        raise UserError("--controls trains agents like the runs: for runs of goalshift alone")
    if args.csv:
        preflight.check_file(Path(args.csv), args.force)
    if args.inspect:
        need(args.inspect.endswith(".json"), "--inspect writes JSON: name the file logs/a.json")
        need(not args.mirrored, "--inspect is of what agents do as they are: leave out --mirrored")
        preflight.check_file(Path(args.inspect), args.force)
    if args.out:
        return preflight.check_folder(args.out, args.force)
    folder = Path(args.runs[0]) if len(args.runs) == 1 and not args.mirrored else None
    if folder is not None and folder.is_dir():
        preflight.check_writable(folder, "the run's folder")
    elif args.controls and not Path(args.runs[0]).is_dir():
        raise UserError("--controls trains agents of its own: say with --out in which folder")
    return folder


def evaluated(args: argparse.Namespace, splits: list[str], talk: Talk) -> "Evaluation":
    """The evaluation, made here or where `--on` says."""
    if not local_jobs(args.on):
        from ..judging.evaluation import Evaluation

        return Evaluation.from_json(eval_there(args, splits, talk))
    from ..judging.runs import evaluate_runs

    ask = (args.runs, splits, args.levels, args.seed, args.knobs, args.mirrored, talk.progress)
    return evaluate_runs(*ask, world=args.world)


def say_view(args: argparse.Namespace, talk: Talk) -> None:
    """Say how far agents see, if that is not all of a board whose size was chosen."""
    from ..judging.runs import open_agents

    world = open_agents(args.runs, args.knobs, args.world).world
    if not world.all_seen:
        tall, wide = world.view or world.size
        talk.say(f"agents see {tall} x {wide} cells around them, which is not all of this board")


def write_inspect(args: argparse.Namespace, found: "Evaluation", talk: Talk) -> None:
    """Write the log of Inspect."""
    from ...engine.files import json_bytes, write
    from ..judging.inspect_log import inspect_log
    from ..judging.runs import open_agents

    cast = open_agents(args.runs, args.knobs, args.world)
    write(Path(args.inspect), json_bytes(inspect_log(found, cast.agents, cast.world)))
    talk.say(f"wrote {args.inspect}")


def eval_against(
    args: argparse.Namespace, splits: list[str], data: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The data with how far the runs are from those of `--against`, and the same in lines."""
    from ..judging.compare import compare
    from ..judging.plain import to_plain
    from ..judging.runs import open_agents

    sets = [open_agents(runs, args.knobs, args.world) for runs in (args.runs, args.against)]
    home, other = (cast.world for cast in sets)
    if (home.name, home.rows) != (other.name, other.rows):
        raise UserError("--against: these were trained in another world, or with other parameters")
    apart = compare(sets[0].agents, sets[1].agents, home, splits, args.levels, args.seed)
    against = {"agents": [agent.name for agent in sets[1].agents], "differences": to_plain(apart)}
    return data | {"against": against}, "\n".join(map(str, apart))


def eval_controls(
    args: argparse.Namespace,
    splits: list[str],
    folder: Path | None,
    found: "Evaluation",
    talk: Talk,
) -> tuple["Evaluation", str]:
    """Evaluate the controls and keep them beside the evaluation; `found` with their verdicts."""
    from ..judging.controls import as_lines, controls

    home = (folder or Path(args.runs[0])) / "controls"
    made = controls(args.runs, home, splits, args.levels, args.seed, bar=talk.progress)
    for name, evaluation in made.items():
        evaluation.save(home / f"{name.replace(' ', '-')}.json")
    verdicts = {name: evaluation.verdicts for name, evaluation in made.items()}
    return replace(found, controls=verdicts), "\n".join(as_lines(made)) + "\n"
