"""`train`, `bank`, `eval`: agents trained and judged."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import UserError, need
from ..learning import preflight
from ..learning.config import TrainConfig, configure
from ..studies.bank.config import BankConfig
from .common import (
    add_options,
    add_origin,
    add_out,
    add_seed,
    add_trained_on,
    given_options,
    goes_on,
    trust,
)
from .parser import Parser
from .talk import Report, Talk, in_columns, plain_data
from .values import count
from .verb import Group

if TYPE_CHECKING:
    from ..judging.evaluation import Evaluation
    from ..studies.bank.grid import Found

VERBS = Group("learn")


def train_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="a world, or ./a_file.py")
    parser.add_argument("--resume", metavar="RUN", help="continue a run exactly where it stopped")
    add_trained_on(parser)
    add_out(parser, "the run (default: runs/WORLD-SEED-...)")
    group = parser.add_argument_group("training (a world may have defaults of its own)")
    add_options(group, TrainConfig)


@VERBS.verb(
    "train",
    "WORLD",
    "train an agent with PPO into a run folder",
    train_flags,
    (
        "goalshift train corner --steps 2M --out runs/a",
        "goalshift train coinrun --split alpha=0.05 --seed 3 --device cpu",
        "goalshift train corner --world.region 3 --levels 20",
        "goalshift train --resume runs/a --steps 4M",
    ),
    knobs=True,
)
def train_agent(args: argparse.Namespace, talk: Talk) -> Report:
    if args.resume:
        return resume(args, talk)
    if not args.world:
        raise UserError("name a world to train in, such as: goalshift train corner")
    need(not args.trained_on, "--trained-on goes with --resume; a new run says --split")
    given = given_options(args, TrainConfig)
    folder = args.out or preflight.fresh_folder(f"{Path(args.world).stem}-{given.get('seed', 0)}")
    out = preflight.check_folder(folder, args.force)
    from ...engine.catalogue import load
    from ...engine.levels.splits import split_of
    from ..judging.runs import train_run
    from ..learning.files import forget_run

    world = load(args.world).with_params(**args.knobs)
    preflight.check_training(world, given)
    if args.knobs:
        given["params"] = world.numbers(args.knobs)
    config = configure(args.world, **given)
    split_of(world, config.split)
    if args.force:  # last: a mistyped flag must not cost the old run
        forget_run(out)
    talk.say(f"{world.name} · {config.split} · {config.envs} envs · seed {config.seed} · {out}")
    run = train_run(config, out, talk.progress)
    data = {"run": str(run), "config": config.to_json()}
    return Report(data, f"{run}\n\nnext: goalshift eval {run}   goalshift contrast {run}")


def resume(args: argparse.Namespace, talk: Talk) -> Report:
    """`train --resume RUN`: everything but the number of steps is the run's own."""
    changed = [name for name in given_options(args, TrainConfig) if name != "steps"]
    if args.world and args.world.endswith(".py"):
        trust(args.world)
    elif args.world:
        changed.append("world")
    trust(None, args.trained_on)
    if changed or args.out or args.knobs:
        flag = "--" + (changed[0] if changed else "out" if args.out else "world").replace("_", "-")
        raise UserError(
            f"--resume continues the run as it was begun: leave out {flag} (--steps may be given)"
        )
    from ..judging.runs import resume_run

    run = resume_run(Path(args.resume), getattr(args, "steps", None), talk.progress, talk.say)
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
        "--on", action="append", metavar="NAME", help="a split to measure on (default: all by name)"
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
    splits = args.on or list(world.split_names)
    asked = grid.Grid(world, config, splits, knobs, world.numbers(args.knobs))
    with goes_on(args, out), talk.progress("bank") as show:
        found = grid.run(asked, out, args.threads, show)
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
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; seeds of one setting")
    add_origin(parser)
    parser.add_argument(
        "--split", action="append", metavar="NAME", help="again for several (default: train deploy)"
    )
    parser.add_argument("--levels", type=count, default=512, metavar="N", help="held-out levels")
    parser.add_argument(
        "--mirrored", action="store_true", help="control: mirror what is seen after the shift"
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also judge untrained, few-levels (trained now) and mirrored agents",
    )
    add_seed(parser)
    add_out(parser, "evaluation.json (default: the run's own, if it is one)")


@VERBS.verb(
    "eval",
    "RUN...",
    "score runs for every goal on held-out levels; several seeds give a verdict",
    eval_flags,
    (
        "goalshift eval runs/a",
        "goalshift eval runs/a runs/b runs/c --levels 1k --out runs/verdict",
        "goalshift eval runs/a --split train --split alpha=0.5 --json",
    ),
    knobs=True,
)
def judge_runs(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, *(args.split or ()))
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

    splits = args.split or ["train", "deploy"]
    found = evaluate_runs(
        args.runs, splits, args.levels, args.seed, args.knobs, args.mirrored, talk.progress
    )
    text = as_text(found)
    if args.controls:
        found, lines = eval_controls(args, splits, folder, found, talk)
        text += "\n" + lines
    if folder is not None and (args.out or folder.is_dir()) and not args.knobs:
        talk.say(f"wrote {found.save(folder / EVALUATION)}")
    return Report(found.to_json(), text)


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
