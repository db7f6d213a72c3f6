"""`train`, `bank`: agents trained."""

import argparse
import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import extras
from ...engine.counts import counted
from ...engine.errors import RunError, UserError, need
from ..learning import preflight
from ..learning.config import TrainConfig, configure
from ..learning.logs.table import log
from ..studies.backends.table import is_place
from ..studies.bank.config import BankConfig
from .common import add_options, add_out, add_trained_on, given_options, trust, trust_code
from .many import goes_on, jobs_shown
from .parser import Parser
from .talk import Report, Talk, in_columns, plain_data, typed
from .there import local_jobs
from .values import count
from .verb import Group
from .watched import SAVED, watched

MOST_SEEDS = 1000  # agents of one process

if TYPE_CHECKING:
    from ...engine.world import World
    from ..learning.callback import Callbacks
    from ..studies.bank.grid import Found

VERBS = Group("learn")


def train_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="a world, or ./a_file.py")
    parser.add_argument(
        "--resume",
        nargs="+",
        metavar="RUN",
        help="continue a run exactly where it stopped; of several, all at once",
    )
    parser.add_argument(
        "--seeds",
        type=count,
        default=0,
        metavar="N",
        help="train N agents in one process, from --seed upwards, each into a run folder of its own,"
        " OUT-SEED. On a CPU they go side by side, the same bytes as each alone with the same --threads"
        " (default: its share of the cores): as fast as as many processes, less all starts but one;"
        " on CUDA as one batch",
    )
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
    "train an agent into a run folder, with PPO or another learner",
    train_flags,
    (
        "goalshift train corner --steps 2M --out runs/a",
        "goalshift train corner --steps 1M --watch",
        "goalshift train coinrun --split alpha=0.05 --seed 3 --device cpu",
        "goalshift train corner --world.region 3 --levels 20",
        "goalshift train corner --mitigate labelled:0.05,weight_decay --curriculum plr",
        "goalshift train corner --learner bc:corner",
        "goalshift train harvest --world.learners 2 --policies independent",
        "goalshift train corner --reward 'goal.cheese - 0.2*event.corner'",
        "goalshift train corner --seeds 8 --out runs/b",
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
    logs = _logs(args)
    outs = [preflight.check_folder(out, args.force) for out in _folders(args, given.get("seed", 0))]
    from ...engine.catalogue import load
    from ...engine.levels.splits import split_of
    from ..judging.runs import train_run, train_runs
    from ..learning.files import forget_run
    from ..learning.learner import kind_of
    from ..learning.options import flag as option_flag

    plain, told = load(args.world), given.get("params", {})
    world = plain.with_params(**told).with_params(**args.knobs)
    preflight.check_training(world, given, len(outs))
    if args.knobs:
        given["params"] = told | world.numbers(args.knobs)
    config = configure(args.world, **given)
    split_of(world, config.split)
    unread = [option_flag(name) for name in kind_of(config.learner).unread if hasattr(args, name)]
    if unread:
        talk.say(f"{config.learner} does not read {', '.join(unread)}")
    if args.watch:
        need(not args.seeds, "--watch shows one agent: leave out --seeds")
        return _watched(args, world, outs[0], talk)
    if args.force:  # last: a mistyped flag must not cost the old run
        for out in outs:
            forget_run(out)
    told = f"{world.name} · {config.split} · {config.envs} envs"
    if not args.seeds:
        talk.say(f"{told} · seed {config.seed} · {outs[0]}")
        run = train_run(config, outs[0], talk.progress, logs())
        data = {"run": str(run), "config": config.to_json()}
        return Report(data, f"{run}\n\nnext: {typed('eval', run)}   {typed('contrast', run)}")
    configs = [dataclasses.replace(config, seed=config.seed + k) for k in range(args.seeds)]
    talk.say(f"{told} · seeds {config.seed} to {configs[-1].seed} · {outs[0]} to {outs[-1]}")
    train_runs(configs, outs, talk.progress, logs)
    return _several(outs, {"config": config.to_json()})


def _folders(args: argparse.Namespace, seed: int) -> list[Path]:
    """Where the agents go: --out, or a folder for every seed beside it."""
    name = Path(args.world).stem
    if not args.seeds:
        return [Path(args.out or preflight.fresh_folder(f"{name}-{seed}"))]
    need(args.seeds <= MOST_SEEDS, f"--seeds must be from 1 to {MOST_SEEDS:,}")
    stem = args.out or preflight.fresh_folder(name)
    return [Path(f"{stem}-{seed + k}") for k in range(args.seeds)]


def _several(runs: list[Path], more: dict[str, Any]) -> Report:
    """What is said of runs that are done."""
    data = {"runs": [str(run) for run in runs], **more}
    return Report(data, "\n".join([*map(str, runs), "", f"next: {typed('eval', *runs)}"]))


def _watched(args: argparse.Namespace, world: "World", out: Path, talk: Talk) -> Report:
    """`train --watch`: closed, the training goes on."""
    from ..live.open import Place

    words = [w for w in shlex.split(args.again)[1:] if w not in ("--watch", "--headless")]
    words += ["--out", str(out), *["--force"] * args.force]
    words += [] if hasattr(args, "save_every") else ["--save-every", str(SAVED)]
    goes_on = "the window is closed; the training goes on (Ctrl+C stops and saves it)"
    place = Place(headless=args.headless)
    points, _ = watched(words, world, out, place, talk.say, goes_on)
    data = {"run": str(out), "measured": points}
    return Report(data, f"{out}\n\nnext: {typed('eval', out)}   {typed('contrast', out)}")


def _logs(args: argparse.Namespace) -> "Callbacks":
    """What makes the callbacks of a run; UserError at once if a log is not to be had."""
    several = args.seeds > 1 or len(args.resume or ()) > 1
    need(
        not (several and "wandb" in args.log),
        "--log wandb logs one agent to a process: leave it out, or train them one by one",
    )
    first = [*map(log, args.log)]
    return lambda: [type(one)() for one in first]


def resume(args: argparse.Namespace, talk: Talk) -> Report:
    """`train --resume RUN...`: everything but the number of steps is the run's own."""
    codes = [name for name in args.resume if name.endswith(".py")]  # a world, named after the runs
    need(len(codes) + bool(args.world) < 2, "--resume continues runs of one world")
    args.resume = [name for name in args.resume if name not in codes]
    args.world = args.world or (codes[0] if codes else None)
    need(bool(args.resume), "--resume wants a run")
    need(not args.seeds, "--resume continues runs by name: leave out --seeds")
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
    from ..judging.runs import resume_run, resume_runs

    steps, logs, runs = getattr(args, "steps", None), _logs(args), [*map(Path, args.resume)]
    if len(runs) > 1:
        resume_runs(runs, steps, talk.progress, talk.say, logs)
        return _several(runs, {})
    run = resume_run(runs[0], steps, talk.progress, talk.say, logs())
    return Report({"run": str(run)}, f"{run}\n\nnext: {typed('eval', run)}")


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
    extras.require("torch")
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
    title = f"{world.title}: {counted(config.nets, 'net')}"
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
