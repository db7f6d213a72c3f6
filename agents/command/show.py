"""`demo`, `contrast`, `record`: films that show what happened."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine import extras
from ...engine.errors import UserError, need
from ..learning import preflight
from .common import AGENTS, add_out, add_seed, add_web, need_web, sized, trust
from .films import (
    KINDS,
    LAYOUTS,
    add_captions_out,
    add_film_looks,
    add_films,
    add_frames,
    add_pick,
    add_steer,
    film_lines,
    film_names,
    film_plan,
    picked,
)
from .parser import Parser
from .talk import Report, Talk, typed
from .values import count, one_of
from .verb import Group
from .watched import SAVED, watched

if TYPE_CHECKING:
    from ...engine.world import World

VERBS = Group("show")


def demo_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="default: coinrun; with --ship: all that ship")
    parser.add_argument("--pretrained", action="store_true", help="skip training: shipped agent")
    parser.add_argument("--steps", type=count, metavar="N", help="environment steps, such as 2M")
    parser.add_argument("--levels", type=count, default=512, metavar="N", help="held-out levels")
    parser.add_argument(
        "--live",
        action="store_true",
        help="in a window, at once: the newest agent beside the expert while it is trained, and the"
        " curve of every goal; closed, the training is saved",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="a film of every world's shipped agent, and one montage of them all",
    )
    add_web(parser, "with --live: serve it")
    parser.add_argument(
        "--headless", action="store_true", help="with --live: without a display (for tests)"
    )
    parser.add_argument(
        "--ship",
        action="store_true",
        help="in a checkout: record anew what shows the shipped agents; goes on where it stopped",
    )
    add_seed(parser)
    add_out(parser, "the run (default: runs/demo-...)")


@VERBS.verb(
    "demo",
    "[WORLD]",
    "train an agent, change the world, film it chasing the wrong goal",
    demo_flags,
    (
        "goalshift demo",
        "goalshift demo --pretrained",
        "goalshift demo corner --steps 1M",
        "goalshift demo corner --live",
        "goalshift demo corner --live --web",
        "goalshift demo --all -o films",
    ),
)
def show_demo(args: argparse.Namespace, talk: Talk) -> Report:
    if args.ship:
        from ..showing.ship import ship_again

        worlds = [args.world] if args.world else []
        done = ship_again(worlds, args.levels, args.force, talk.say)
        return Report({"recorded": done}, f"recorded anew: {', '.join(done) or 'nothing'}")
    need(not (args.live and args.all), "--live trains one agent, --all films those that ship")
    need(args.live or not args.web, "--web goes with --live: films are files")
    extras.require("torch", "pygame" if args.live else "imageio_ffmpeg")
    need_web(args)
    if args.all:
        return film_all(args, talk)
    args.world = args.world or "coinrun"
    folder = args.out or preflight.fresh_folder(f"demo-{Path(args.world).stem}")
    out = preflight.check_folder(folder, args.force)
    from ...engine.catalogue import load
    from ..judging.tables import as_text
    from ..learning.files import forget_run
    from ..learning.shipped import shipped
    from ..showing.demo import demo

    found = load(args.world)
    need(not (args.live and args.pretrained), "--live is a training: leave --pretrained out")
    if args.live:
        return live(args, found, out, talk)
    if args.pretrained:
        shipped(found.name)
    if args.force:  # last: what cannot be shown must not cost the old run
        forget_run(out)

    done = demo(
        out,
        args.world,
        args.pretrained,
        args.steps,
        args.seed,
        args.levels,
        talk.progress,
        talk.say,
    )
    text = [as_text(done["evaluation"]), film_lines(done["contrast"]), ""]
    text += [f"done in {done['seconds']:.0f} s: {done['run']}"]
    text += [f"several seeds give a verdict: {typed('train', done['world'])} --seed 1, then"]
    text += [f"{typed('eval', done['run'])} RUN RUN ..."]
    data = {**done, "evaluation": done["evaluation"].to_json()}
    return Report(data, "\n".join(text))


def live(args: argparse.Namespace, world: "World", out: Path, talk: Talk) -> Report:
    """`demo --live`: the training in a window, and then what one may do next."""
    from ..live.open import Place

    words = ["train", args.world, "--seed", str(args.seed), "--out", str(out), "-q"]
    words += ["--save-every", str(SAVED), *["--force"] * args.force]
    words += ["--steps", str(args.steps)] if args.steps else []
    place = Place(headless=args.headless, web=args.web, say=talk.say)
    points, whole = watched(words, world, out, place, talk.say)
    kept = (out / "checkpoint.safetensors").is_file()
    lines = [
        f"{out}: trained to its end" if whole else f"{out}: stopped, and saved" * kept,
        "",
        "next:",
    ]
    if kept and not whole:
        lines += [f"  {typed('train', '--resume', out)}    goes on where it stopped"]
    if kept:
        lines += [f"  {typed('contrast', out)}          films what it learned beside the expert"]
        lines += [f"  {typed('watch', out)}             the same, live: take over, edit the level"]
        lines += [f"  {typed('eval', out)}              scores of every goal on held-out levels"]
    else:
        lines = [
            "closed before there was an agent",
            "",
            "next:",
            f"  {typed('demo', args.world)} --live",
        ]
    return Report({"run": str(out), "measured": points, "ended": whole}, "\n".join(lines))


def film_all(args: argparse.Namespace, talk: Talk) -> Report:
    """`demo --all`: a film of every world's shipped agent, and one montage."""
    from ..showing.montage import every_world

    out = Path(args.out or preflight.fresh_folder("demo-all"))
    begun = out.is_dir() and all(path.suffix == ".mp4" for path in out.iterdir())
    if not begun:  # a folder of such films is gone on with
        preflight.check_folder(out, args.force)
    only = [args.world] if args.world else []
    made = every_world(out, only, args.levels, args.force, talk.say, talk.progress)
    films = [*(one["film"] for one in made["worlds"]), made["montage"]]
    return Report(made, "\n".join(sized([film for film in films if film])))


def contrast_flags(parser: Parser) -> None:
    parser.add_argument("run", metavar="RUN|AGENT", help=f"a run folder or a checkpoint, {AGENTS}")
    add_pick(parser)
    parser.add_argument("--levels", type=count, metavar="N", help="evaluate anew on N levels")
    add_frames(parser)
    add_seed(parser)
    parser.add_argument(
        "--layout",
        type=one_of("1x2", "2x2", *LAYOUTS),
        default="1x2",
        metavar="HOW",
        help="1x2, or 2x2 with the same seed in training above; vertical (1080x1920) or square"
        " (1080x1080), with larger letters, for phones and slides (default: 1x2)",
    )
    add_film_looks(parser)
    add_captions_out(parser)
    add_films(parser, f"{' '.join(KINDS)} (default: RUN/films/contrast.mp4 and .webp)")


@VERBS.verb(
    "contrast",
    "RUN|AGENT",
    "film an expert that wants the intended goal beside the agent of a run",
    contrast_flags,
    (
        "goalshift contrast runs/a",
        "goalshift contrast runs/a --pick worst -o worst.mp4 -o worst.gif",
        "goalshift contrast runs/a --split alpha=0.5 --size 1920x1080",
        "goalshift contrast runs/a --layout vertical -o phone.mp4",
        "goalshift contrast runs/a --overlay posterior,alarm -o wants.mp4",
        "goalshift contrast runs/a --captions-out words.toml",
    ),
)
def film_contrast(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, args.split)
    run = Path(args.run)
    home = run if run.is_dir() else preflight.fresh_folder(f"contrast-{run.stem}")
    films = film_names(args)
    if home.exists():
        preflight.check_writable(home, "the run's folder")
    from ..judging.runs import evaluate_runs, known_evaluation, open_agents
    from ..learning.files import EVALUATION
    from ..showing.demo import FILMS, FORMATS, film_run

    films = films or [home / FILMS / f"contrast{suffix}" for suffix in FORMATS]
    plan = film_plan(args, films, home)  # bad captions are told before hours of evaluation
    split, pick = args.split or open_agents([run], world=args.world).world.judged, args.pick
    if args.level:
        split, pick = picked(args, run)
    found = None
    if run.is_dir() and not args.levels:
        found = known_evaluation(run, split)
    if found is None:
        ask = ([run], ["train", split], args.levels or 512, args.seed)
        found = evaluate_runs(*ask, bar=talk.progress, world=args.world)
        if run.is_dir() and not args.levels:
            found.save(run / EVALUATION)
    plan = replace(plan, split=split, pick=pick)
    panes = "1x2" if args.layout in LAYOUTS else args.layout
    filmed = film_run(run, found, plan, panes, talk.progress, args.world)
    return Report(filmed, film_lines(filmed))


def record_flags(parser: Parser) -> None:
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="RUN|REPLAY|AGENT",
        help=f"runs, checkpoints, .gmr files or codes, {AGENTS}",
    )
    add_pick(parser)
    parser.add_argument(
        "--levels", type=count, default=256, metavar="N", help="held-out levels to pick from"
    )
    add_steer(parser, "one run as it is, and beside it steered")
    parser.add_argument("--mosaic", type=count, metavar="N", help="N x N held-out levels at once")
    parser.add_argument(
        "--history", action="store_true", help="every checkpoint kept in training (train --keep N)"
    )
    add_frames(parser)
    add_seed(parser)
    parser.add_argument(
        "--layout",
        type=one_of("wide", *LAYOUTS),
        default="wide",
        metavar="HOW",
        help="vertical (1080x1920) or square (1080x1080), for phones and slides (default: wide)",
    )
    add_film_looks(parser)
    add_captions_out(parser)
    add_films(parser, f"{' '.join(KINDS)} (default: RUN/films/record.mp4 and .webp)")


@VERBS.verb(
    "record",
    "RUN|REPLAY",
    "film one agent, several side by side, its training, or a mosaic of levels",
    record_flags,
    (
        "goalshift record runs/a",
        "goalshift record runs/a --history -o training.mp4",
        "goalshift record runs/a --mosaic 4 -o mosaic.webm",
        "goalshift record runs/a --steer runs/a/inside-cue.safetensors --overlay posterior",
        "goalshift record a.gmr b.gmr -o both.html --camera top --camera eyes",
    ),
)
def film_record(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, args.split)
    films = film_names(args)
    are_replays = [source.startswith("GM1.") or source.endswith(".gmr") for source in args.sources]
    if any(are_replays) and not all(are_replays):
        raise UserError("name either replays or runs, not both")
    if args.level and (args.mosaic or any(are_replays)):
        raise UserError("--level picks one level of a run; a replay is of one, a mosaic of many")
    if args.overlay and args.mosaic:
        raise UserError("--overlay needs room beside a pane, and a mosaic has none")
    if args.overlay and any(are_replays) and "alarm" in args.overlay:
        raise UserError(
            "an alarm is read from an agent's mind, and a replay has none: name the run"
        )
    if args.steer and (any(are_replays) or len(args.sources) > 1 or args.mosaic or args.history):
        raise UserError("--steer films one run beside itself: name one run, and no more")
    if args.mosaic and (any(are_replays) or len(args.sources) > 1):
        raise UserError("--mosaic films one run on many levels: name one run")
    home = Path(args.sources[0])
    if any(are_replays) or not home.is_dir():
        home = preflight.fresh_folder("record")
    films = films or [home / "films" / f"record{suffix}" for suffix in (".mp4", ".webp")]
    preflight.check_writable(films[0].parent)
    plan = film_plan(args, films, home)
    from ...engine.catalogue import load
    from ..showing import record

    with talk.progress("filming") as show:
        if all(are_replays):
            world = load(args.world) if args.world else None
            episodes = [record.open_replay(source, world) for source in args.sources]
            made = record.record_replays(episodes, plan, show)
        elif args.mosaic:
            run = home if home.is_dir() else args.sources[0]
            made = record.mosaic(run, plan, args.mosaic, args.seed, show, args.world)
        else:
            if args.level:
                split, pick = picked(args, args.sources[-1])
                plan = replace(plan, split=split, pick=pick)
            plan = replace(plan, steer=args.steer or "")
            sources, ask = checkpoints(args), (plan, args.levels, args.seed, show, args.world)
            if args.steer:
                from ..showing.steered import record_steered

                made = record_steered(sources[0], *ask)
            else:
                made = record.record_runs(sources, *ask)
    lines = [made["pick"]] if "pick" in made else []
    return Report(made, "\n".join([*lines, *sized([*made["films"], *made.get("replays", [])])]))


def checkpoints(args: argparse.Namespace) -> list[str]:
    """The runs or checkpoints to film: with --history, all that a run has kept along the way."""
    if not args.history:
        return args.sources
    from ..learning.run import history

    return [str(path) for source in args.sources for path in history(source)]
