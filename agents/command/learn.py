"""`train`, `bank`, `eval`: agents trained and judged."""

import argparse
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import RunError, UserError, need
from ..learning import preflight
from ..learning.config import TrainConfig, configure
from ..learning.logs.table import log
from ..studies.backends.table import is_place
from ..studies.bank.config import BankConfig
from .common import (
    AGENTS,
    add_judged,
    add_options,
    add_origin,
    add_out,
    add_seed,
    add_trained_on,
    given_options,
    trust,
    trust_code,
)
from .detect import add_monitor, monitor_report
from .many import add_on, goes_on, jobs_shown
from .parser import Parser
from .talk import Report, Talk, in_columns, plain_data
from .there import eval_there, local_jobs
from .values import count
from .verb import Group

if TYPE_CHECKING:
    from ...engine.world import World
    from ..judging.evaluation import Evaluation
    from ..studies.bank.grid import Found

VERBS = Group("learn")
SAVED = 4  # seconds from one agent to the next, while one watches


def train_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="a world, or ./a_file.py")
    parser.add_argument("--resume", metavar="RUN", help="continue a run exactly where it stopped")
    parser.add_argument(
        "--config", metavar="FILE", help="options from a .toml, or the config.json of a run"
    )
    parser.add_argument(
        "--log",
        action="append",
        default=[],
        metavar="NAME",
        help="also log to tensorboard or wandb (log.csv is always written); again for both",
    )
    add_trained_on(parser)
    add_out(parser, "the run (default: runs/WORLD-SEED-...)")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="open a window at once: the newest agent beside the expert after the shift, and the curve"
        " of every goal; closed, the training goes on",
    )
    parser.add_argument(
        "--headless", action="store_true", help="with --watch: without a display (for tests)"
    )
    group = parser.add_argument_group("training (a world may have defaults of its own)")
    add_options(group, TrainConfig)


@VERBS.verb(
    "train",
    "WORLD",
    "train an agent with PPO into a run folder",
    train_flags,
    (
        "goalshift train corner --steps 2M --out runs/a",
        "goalshift train corner --steps 1M --watch",
        "goalshift train coinrun --split alpha=0.05 --seed 3 --device cpu",
        "goalshift train corner --world.region 3 --levels 20",
        "goalshift train corner --mitigate labelled:0.05,weight_decay --curriculum plr",
        "goalshift train corner --reward 'goal.cheese - 0.2*event.corner'",
        "goalshift train --resume runs/a --steps 4M",
        "goalshift train --config runs/a/config.json --seed 1 --log tensorboard",
    ),
    knobs=True,
)
def train_agent(args: argparse.Namespace, talk: Talk) -> Report:
    if args.resume:
        need(not args.watch, "--watch goes with a new run: watch an old one with goalshift watch")
        return resume(args, talk)
    from ..learning import config_file

    told = config_file.read(Path(args.config)) if args.config else {}
    args.world = args.world or told.get("world")
    if not args.world:
        raise UserError("name a world to train in, such as: goalshift train corner")
    need(not args.trained_on, "--trained-on goes with --resume; a new run says --split")
    given = {k: v for k, v in told.items() if k != "world"} | given_options(args, TrainConfig)
    logs = [*map(log, args.log)]
    folder = args.out or preflight.fresh_folder(f"{Path(args.world).stem}-{given.get('seed', 0)}")
    out = preflight.check_folder(folder, args.force)
    from ...engine.catalogue import load
    from ...engine.levels.splits import split_of
    from ..judging.runs import train_run
    from ..learning.files import forget_run

    plain, told = load(args.world), given.get("params", {})
    world = plain.with_params(**told).with_params(**args.knobs)
    preflight.check_training(world, given)
    if args.knobs:
        given["params"] = told | world.numbers(args.knobs)
    config = configure(args.world, **given)
    split_of(world, config.split)
    if args.watch:
        return _watched(args, world, out, talk)
    if args.force:  # last: a mistyped flag must not cost the old run
        forget_run(out)
    talk.say(f"{world.name} · {config.split} · {config.envs} envs · seed {config.seed} · {out}")
    run = train_run(config, out, talk.progress, logs)
    data = {"run": str(run), "config": config.to_json()}
    return Report(data, f"{run}\n\nnext: goalshift eval {run}   goalshift contrast {run}")


def _watched(args: argparse.Namespace, world: "World", out: Path, talk: Talk) -> Report:
    """`train --watch`: the training is a process of its own, the window is this one."""
    from ...engine import child
    from ..live.open import Place, show_lesson

    words = [w for w in shlex.split(args.again)[1:] if w not in ("--watch", "--headless")]
    words += ["--out", str(out), *["--force"] * args.force]
    words += [] if hasattr(args, "save_every") else ["--save-every", str(SAVED)]
    process = subprocess.Popen(
        child.command("goalshift", *words), env=child.environment(**{child.LEASH: "1"}),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        points = show_lesson(world, out, world.judged, Place(headless=args.headless))
        talk.say("the window is closed; the training goes on (Ctrl+C stops and saves it)")
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code:
        raise RunError(f"the training ended with exit code {code}; what it said is above")
    data = {"run": str(out), "measured": points}
    return Report(data, f"{out}\n\nnext: goalshift eval {out}   goalshift contrast {out}")


def resume(args: argparse.Namespace, talk: Talk) -> Report:
    """`train --resume RUN`: everything but the number of steps is the run's own."""
    changed = [name for name in given_options(args, TrainConfig) if name != "steps"]
    changed = [name for name in changed if not trust_code(name, getattr(args, name))]
    if args.world and args.world.endswith(".py"):
        trust(args.world)
    elif args.world:
        changed.append("world")
    trust(None, args.trained_on)
    changed += ["config"] * bool(args.config)
    if changed or args.out or args.knobs:
        flag = "--" + (changed[0] if changed else "out" if args.out else "world").replace("_", "-")
        raise UserError(
            f"--resume continues the run as it was begun: leave out {flag} (--steps may be given)"
        )
    from ..judging.runs import resume_run

    steps, logs = getattr(args, "steps", None), [*map(log, args.log)]
    run = resume_run(Path(args.resume), steps, talk.progress, talk.say, logs)
    return Report({"run": str(run)}, f"{run}\n\nnext: goalshift eval {run}")


def bank_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument(
        "--over",
        action="append",
        metavar="KEY=V,V",
        help="a bank for each value of an option below, of alpha (the share of deploy), or of world.PARAMETER;"
        " again for a grid",
    )
    parser.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="SPLIT",
        help="a split to measure on; again for several (default: all by name)",
    )
    parser.add_argument(
        "--on",
        action="append",
        default=[],
        metavar="PLACE",
        help="where the banks of a grid are trained: local (default), ray[:ADDRESS], slurm[:PARTITION]; the"
        " same banks (before 0.2, splits stood here: they are still understood)",
    )
    parser.add_argument(
        "--threads",
        type=count,
        default=1,
        metavar="N",
        help="groups of nets side by side; default: 1",
    )
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="folder for tables and figures; one begun before goes on"
    )
    add_options(parser.add_argument_group("the bank"), BankConfig)


@VERBS.verb(
    "bank",
    "WORLD",
    "train thousands of tiny networks at once and see what each comes to want",
    bank_flags,
    (
        "goalshift bank coinline",
        "goalshift bank coinline --split alpha=0.05 --nets 2k --width 64 --out runs/bank",
        "goalshift bank coinline --over world.length=4,8,16 --over alpha=0,0.01,0.1 --nets 200 --out runs/atlas",
    ),
    knobs=True,
)
def train_bank(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.catalogue import load
    from ...engine.files import json_bytes, write
    from ..learning.options import names
    from ..studies.bank import figures, grid, measure
    from ..studies.knobs import read_all

    out = Path(args.out or preflight.fresh_folder(f"bank-{Path(args.world).stem}"))
    if not (out / "config.json").is_file():  # else it goes on where it stopped
        preflight.check_folder(out)
    world = load(args.world).with_params(**args.knobs)
    gamma = {"gamma": world.training.get("gamma", 0.95)}
    config = BankConfig(**(gamma | given_options(args, BankConfig)))
    knobs = read_all(args.over or (), world, names(BankConfig))
    there = [word for word in args.on if is_place(word)]
    need(len(there) < 2, "--on names one place")
    measured = [*args.measure, *(word for word in args.on if word not in there)]
    splits = measured or list(world.split_names)
    asked = grid.Grid(world, config, splits, knobs, world.numbers(args.knobs))
    here = local_jobs(there[0] if there else None)
    if not here:
        from ..studies.bank import elsewhere

        with goes_on(args, out), jobs_shown(talk, "bank") as show:
            faults = elsewhere.make(asked, args.world, out, there[0], show)
        if faults:
            raise RunError(
                f"{len(faults)} of {len(asked.cells)} banks failed, the first {faults[0]}"
            )
    with goes_on(args, out), talk.progress("bank") as show:
        found = grid.run(asked, out, max(args.threads, here), show)
    data = {
        **asked.about,
        "config": vars(config),
        "over": asked.axes,
        "columns": measure.fields(world, splits),
        "banks": [{"name": cell.name, "at": cell.at, "measured": summed} for cell, summed in found],
    }
    write(out / "summary.json", json_bytes(plain_data(data)))
    title = f"{world.title}: {config.nets:,} nets"
    if knobs:
        drawn = figures.grid(f"{title} to a cell", asked, found, splits[-1])
    else:
        [(cell, summed)] = found
        rows = grid.read_csv(out / "cells" / f"{cell.name}.csv", measure.fields(world, splits))
        drawn = figures.bank(title, rows, summed, measure.parting(summed))
    paths = figures.save(drawn, out / "bank")
    text = bank_table(found, list(asked.axes), splits)
    return Report({"out": str(out), **data}, "\n".join((text, "", *map(str, paths))))


def bank_table(found: "Found", axes: list[str], splits: list[str]) -> str:
    """A row for each bank of a grid, or for each time that a single bank was measured; shares in
    per cent.
    """

    def percent(figure: dict[str, float | None]) -> str:
        low, value, high = (figure[k] for k in ("low", "value", "high"))
        if value is None or low is None or high is None:
            return "-"
        return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"

    rows = [(*(axes or ("updates",)), "trained", *(f"missed on {split}" for split in splits))]
    for cell, summed in found:
        for entry in summed[-1:] if axes else summed:
            missed = [percent(entry["splits"][split]["missed"]) for split in splits]
            place = list(cell.at.values()) if axes else [str(entry["updates"])]
            rows.append((*place, percent(entry["trained"]), *missed))
    text = in_columns([tuple(cell.upper() for cell in rows[0]), *rows[1:]])
    if not axes:
        text += "\n"
        for split, known in found[0][1][-1]["splits"].items():
            if known["astray"]["value"] is None:
                continue  # the goals part nowhere: there is nothing to judge
            labels = {label: figure for label, figure in known["labels"].items() if figure["value"]}
            text += f"\n{split}: " + ", ".join(
                f"{label} {percent(figure)}" for label, figure in labels.items()
            )
    return text


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
        "--goal",
        action="append",
        metavar="NAME: TEXT",
        help="also score a goal that nobody declared, such as 'hoard: event.key - event.chest';"
        " again for several; with it RUN may be .gmr files or codes of replays",
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
        "goalshift eval runs/a --goal 'only the corner: event.corner - event.cheese'",
    ),
    knobs=True,
)
def judge_runs(args: argparse.Namespace, talk: Talk) -> Report:
    if args.monitor:
        return monitor_report(args, talk, args.split or ["train", "deploy"])
    need(
        not args.false_alarms and args.threshold is None,
        "--false-alarms and --threshold: --monitor",
    )
    trust(args.world, args.trained_on, *(args.split or ()))
    from ..judging.named import is_run

    if args.goal and all(run.startswith("GM1.") or run.endswith(".gmr") for run in args.runs):
        from .goals import score_replays

        return score_replays(args)
    if args.controls and not all(map(is_run, args.runs)):
        raise UserError("--controls trains agents like the runs: for runs of goalshift alone")
    if args.csv:
        preflight.check_file(Path(args.csv), args.force)
    if args.out:
        folder = preflight.check_folder(args.out, args.force)
    else:
        folder = Path(args.runs[0]) if len(args.runs) == 1 and not args.mirrored else None
        if folder is not None and folder.is_dir():
            preflight.check_writable(folder, "the run's folder")
        elif args.controls and not Path(args.runs[0]).is_dir():
            raise UserError("--controls trains agents of its own: say with --out in which folder")
    from ..judging.runs import evaluate_runs
    from ..judging.tables import as_text
    from ..learning.files import EVALUATION

    if args.goal:
        from .goals import check_goals

        check_goals(args)
    splits = args.split or ["train", "deploy"]
    ask = (args.runs, splits, args.levels, args.seed, args.knobs, args.mirrored, talk.progress)
    if local_jobs(args.on):
        found = evaluate_runs(*ask, world=args.world)
    else:
        from ..judging.evaluation import Evaluation

        found = Evaluation.from_json(eval_there(args, splits, talk))
    text = as_text(found)
    if args.latex:
        from ..judging.latex import as_latex

        text = as_latex(found) + "\n"
    if args.csv:
        from ...engine.files import write
        from ..showing.report.sheets import figures_csv

        write(Path(args.csv), figures_csv(found))
    if args.controls:
        found, lines = eval_controls(args, splits, folder, found, talk)
        text += "\n" + lines
    if folder is not None and (args.out or folder.is_dir()) and not args.knobs:
        talk.say(f"wrote {found.save(folder / EVALUATION)}")
    data = found.to_json()
    if args.against:
        data, lines = eval_against(args, splits, data)
        text += "\n" + lines
    from .goals import eval_goals

    data, lines = eval_goals(args, splits, found, data)
    return Report(data, text + lines)


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
