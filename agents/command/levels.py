"""`level new`, `level edit`, `level gen`: levels made."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...engine.errors import need
from ..learning import preflight
from .common import (
    add_file_out,
    add_level,
    add_seed,
    add_web,
    add_window,
    add_world,
    need_web,
    trust,
)
from .many import add_on, goes_on
from .parser import Parser
from .talk import Report, Talk, typed
from .there import levels_there, local_jobs
from .values import count, part, seed, shares, span, varied
from .verb import Group

if TYPE_CHECKING:
    from ...engine.levels.script import Require
    from ..designing.levelset import LevelSet

LADDER = 24  # levels of a ladder, unless one asks for more
VERBS = Group("build")
REQUIRED = ("goal", "proxy", "distance", "steps", "effort", "decision", "parts", "distinct", "pool")


def level_new_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument("--split", default="train", metavar="NAME", help="default: train")
    add_seed(parser)
    add_level(parser)
    add_file_out(parser, "FILE", "default: WORLD.toml")


@VERBS.verb(
    "level new",
    "WORLD",
    "write a level of a world as a file to edit",
    level_new_flags,
    ("goalshift level new corner", "goalshift level new follow --seed 7 -o follow.tmx"),
    knobs=True,
)
def level_new(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.catalogue import load
    from ...engine.levels import formats, ids
    from ...engine.levels.kind import Levels
    from ...engine.vector import level_of

    path = preflight.check_file(args.out or f"{Path(args.world).stem}.toml", args.force)
    formats.check_kind(path)
    world = load(args.world).with_params(**args.knobs)
    origin = ids.Origin(args.seed, args.split)
    if args.level:
        origin = ids.find(world, args.level, args.split)
    made = formats.write(Levels(world, level_of(world, *origin), [""]), path)
    files = ", ".join(map(str, made))
    text = f"wrote {files}\n\nnext: edit it, then {typed('level check', path)}"
    return Report({"files": made}, text)


def level_edit_flags(parser: Parser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a file of levels; with --world it may be a new one"
    )
    add_world(parser)
    parser.add_argument(
        "--at", type=count, default=1, metavar="N", help="edit the N-th level (default: 1)"
    )
    add_level(parser)
    add_seed(parser)
    add_web(parser)
    add_window(parser)


@VERBS.verb(
    "level edit",
    "FILE",
    "paint a level in the window, with an agent in it; Ctrl+S writes the file",
    level_edit_flags,
    ("goalshift level edit fork.toml", "goalshift level edit new.tmx --world corner"),
)
def level_edit(args: argparse.Namespace, talk: Talk) -> Report:
    """Open the editor on a file of levels, and stay until it is closed."""
    trust(args.world)
    from ..live.open import Place, edit_session, show_session

    need_web(args)
    session = edit_session(Path(args.file), args.world, args.at, args.seed, args.level)
    place = Place(
        args.size, headless=args.headless, settings=args.settings, edit=True, web=args.web,
        say=talk.say,
    )  # fmt: skip
    show_session(session, place)
    return Report({"file": args.file, "world": session.world.name}, "")


def level_gen_flags(parser: Parser) -> None:
    what = (
        "a world, ./a_file.py, or a recipe.toml that says all of this (default: the script's world)"
    )
    parser.add_argument("world", nargs="?", metavar="WORLD|RECIPE", help=what)
    parser.add_argument(
        "--script",
        metavar="NAME",
        help="lays the levels out: a shipped script, or ./a_file.py (code)",
    )
    parser.add_argument("--n", type=count, metavar="N", help="how many (default: 100)")
    parser.add_argument(
        "--split", default="", metavar="NAME", help="default: the script's, or train"
    )
    parser.add_argument(
        "--workers", type=count, default=1, metavar="N", help="processes; the set is the same"
    )
    add_on(parser)
    parser.add_argument(
        "--tries",
        type=count,
        default=0,
        metavar="N",
        help="candidates at most (default: 1k a level)",
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="default: 0")
    parser.add_argument(
        "--world",
        dest="world_file",
        metavar="FILE",
        help="the recipe's world, if it is one of yours",
    )
    add_file_out(parser, "PATH", "a file, or a folder for many (default: levels/WORLD-...)")
    required_flags(parser)
    share_flags(parser)


def required_flags(parser: Parser) -> None:
    group = parser.add_argument_group("what every level must be")
    group.add_argument("--goal", default="", metavar="NAME", help="can be got (default: intended)")
    group.add_argument("--steps", type=span, metavar="A:B", help="of the goal's expert")
    group.add_argument(
        "--distance", type=span, metavar="A:B", help="rows plus columns to the nearest target"
    )
    group.add_argument(
        "--effort", type=span, metavar="A:B", help="cells or records that the expert looks at"
    )
    group.add_argument(
        "--decision", action="store_true", help="goal and proxy set out in different directions"
    )
    group.add_argument(
        "--parts", action="store_true", help="who wants the proxy does not get the goal"
    )
    group.add_argument("--proxy", default="", metavar="NAME", help="default: the world's first")
    group.add_argument(
        "--distinct", default="", metavar="HOW", help="no, same or turned (default: same)"
    )
    group.add_argument(
        "--pool", default="", metavar="NAME", help="train or test, as training tells them apart"
    )


def share_flags(parser: Parser) -> None:
    group = parser.add_argument_group("equal shares, and order")
    group.add_argument(
        "--vary",
        type=varied,
        metavar="NAME=V,V",
        help="over values of a parameter: density=0.1,0.3",
    )
    group.add_argument(
        "--spread",
        type=shares,
        metavar="M=A:B,A:B",
        help="over ranges of a measure: steps=1:5,6:10",
    )
    group.add_argument(
        "--order", default="", metavar="MEASURE", help="distance, steps or effort, least first"
    )
    group.add_argument(
        "--ladder",
        action="store_true",
        help="from the easiest to the hardest, steps evenly apart, where the goals part if they do;"
        " of twenty times as many (default --n: 24)",
    )
    group.add_argument(
        "--share",
        type=part,
        metavar="A",
        help="two files, PATH-train and -test, told apart for good",
    )


@VERBS.verb(
    "level gen",
    "WORLD|RECIPE",
    "draw a set of levels that are what you ask for",
    level_gen_flags,
    (
        "goalshift level gen corner --n 1k --split deploy --decision --steps 8:40 -o forks.npz",
        "goalshift level gen --script curriculum -o easy_to_hard.toml",
        "goalshift level gen keys --ladder -o ladder.toml",
        "goalshift level gen my_recipe.toml --workers 2",
        "goalshift level gen corner --n 1M --distinct turned --workers 2 -o levels/corner",
    ),
    knobs=True,
)
def level_gen(args: argparse.Namespace, talk: Talk) -> Report:
    from ..designing import draw, ladder, order, store

    asked = read_order(args)
    kind = Path(args.out).suffix if args.out else ""
    out = Path(args.out) if args.out else preflight.fresh_folder(asked.stem, "levels")
    flag = "--order" if asked.order else "--ladder" if args.ladder else "--share"
    need(
        kind or not (asked.order or asked.share or args.ladder),
        f"{flag} needs all levels at once: name a file with --out, such as levels.npz",
    )
    here, drawn = local_jobs(args.on), None
    need(here or not args.ladder, "a ladder is drawn on this machine: leave --on out")
    args.workers = max(args.workers, here)
    if not here:
        told = levels_there(args, out, talk)
        files, count, tried, tally = (told[key] for key in ("files", "levels", "tried", "refused"))
    elif kind:
        files, drawn = draw_file(args, asked, out, talk)
        count, tried, tally = len(drawn), drawn.tried, drawn.tally
    else:
        files = [preflight.check_folder(out, True)]
        ordered, source = order.order_for(*asked.what, **asked.how)
        if args.force:
            store.clear(out)
        with goes_on(args, out), talk.progress("levels") as show:
            told = store.gather(out, ordered, source, args.workers, show)["cursor"]
        count, tried, tally = told["accepted"], told["tried"], told["tally"]
    data = {"out": str(out), "files": files, "levels": count, "tried": tried, "refused": tally}
    lines = [draw.tally_text(count, tried, tally), *map(str, files)]
    if args.ladder and drawn is not None:
        data["steps"] = drawn.facts["steps"].tolist()
        lines.insert(1, ladder.brief(drawn.facts["steps"]))
    lines += ["", f"next: {typed('level preview', files[0])}"]
    return Report(data, "\n".join(lines))


class Asked(NamedTuple):
    """What `level gen` is asked for, by its flags and its recipe."""

    what: tuple[str, int, int, str | None, "Require"]  # world, n, seed, script, requirements
    how: dict[str, Any]  # the rest of what `order.order_for` takes
    order: str  # a measure to sort by
    share: float  # of the levels that are for training; 0: one file
    stem: str  # what a folder is called after


def read_order(args: argparse.Namespace) -> Asked:
    """The flags, else the recipe, else the script, else the defaults."""
    from ...engine.catalogue import load
    from ...engine.levels import recipe, script

    asked, world = recipe.Recipe(), args.world
    if world and world.endswith(".toml"):
        asked, found = recipe.read(Path(world), load(args.world_file) if args.world_file else None)
        world = args.world_file or found.name
    name = args.script or asked.script
    hint = "such as: goalshift level gen corner --n 1k"
    need(world or name, f"name a world, or a script with --script, {hint}")
    made = script.load(name) if name else None
    world = world or (made.world if made else "")
    given = {field: getattr(args, field) for field in REQUIRED if getattr(args, field)}
    require = (made.require if made else script.Require()).but(**{**asked.require, **given})
    seed = asked.seed if args.seed is None else args.seed
    both = ("split", "vary", "spread", "tries")
    if args.ladder and not (args.split or asked.split or made):
        args.split = load(world).judged  # where the goals part
    return Asked(
        (world, args.n or (LADDER if args.ladder else asked.count), seed, name or None, require),
        {name: getattr(args, name) or getattr(asked, name) for name in both}
        | {"knobs": {**asked.knobs, **args.knobs}, "params": asked.params},
        args.order or asked.order,
        args.share or asked.share,
        Path(args.world if asked.world else name or world).stem,
    )


def draw_file(
    args: argparse.Namespace, asked: Asked, out: Path, talk: Talk
) -> tuple[list[Path], "LevelSet"]:
    """Draw all levels at once into one file, or two that share them."""
    from ...engine.files import make_folder
    from ...engine.levels import formats
    from ...engine.levels.kind import Levels, named
    from ..designing import ladder
    from ..designing.draw import batch
    from ..designing.order import order_for

    formats.check_kind(out)
    tails = ("-train", "-test") if asked.share else ("",)
    files = [preflight.check_file(out.with_stem(out.stem + tail), args.force) for tail in tails]
    world, n, number, script, require = asked.what
    with talk.progress("levels") as show:
        if args.ladder:
            wanted = n * ladder.DRAWN
            how = dict(asked.how)
            how["tries"] = how["tries"] or n * ladder.TRIED
            ordered, source = order_for(world, wanted, number, script, require, **how)
            drawn = ladder.ladder(ordered, source, n, args.workers, show)
        else:
            drawn = batch(*asked.what, args.workers, asked.order, show, **asked.how)
    sets = [drawn]
    if asked.share:
        told_apart = "turned" if require.distinct == "turned" else "same"
        sets = drawn.split(asked.share, told_apart)
        need(
            all(map(len, sets)),
            f"all {n:,} levels fall to one side of {asked.share:g}: draw more",
        )
    make_folder(out.parent)
    for one, file in zip(sets, files, strict=True):
        levels = Levels(one.world, one.states, named(one.states, script or ""), one.facts)
        formats.write(levels, file)
    return files, drawn
