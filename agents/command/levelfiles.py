"""`level check`, `preview`, `stats`, `diff`, `convert`: files of levels read, and what they hold."""

import argparse
from pathlib import Path

from ...engine.counts import counted
from ...engine.errors import MismatchError, UserError
from ..learning import preflight
from .common import add_file_out, add_level, add_world, changed_world, sized, trust, trust_code
from .films import KINDS, add_films, film_names
from .parser import Parser
from .talk import Report, Talk
from .values import count
from .verb import Group

VERBS = Group("build")


def level_check_flags(parser: Parser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="files of levels, or folders of level gen"
    )
    add_world(parser)


@VERBS.verb(
    "level check",
    "FILE...",
    "say what is wrong with files of levels, and whether they can be solved",
    level_check_flags,
    ("goalshift level check corner.toml", "goalshift level check levels/corner *.tmx --json"),
    knobs=True,
)
def level_check(args: argparse.Namespace, talk: Talk) -> Report:
    from ..designing.describe import examine, report

    world = changed_world(args)
    found = [examine(Path(name), world) for name in args.files]
    code = 0
    if not all(one["sound"] for one in found):
        code = UserError.exit_code
    elif any(one["unsolved"] for one in found):
        code = MismatchError.exit_code
    return Report({"files": found}, "\n".join(map(report, found)), code)


def level_preview_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument(
        "--n",
        type=count,
        default=64,
        metavar="N",
        help="levels shown, spread over all (default: 64)",
    )
    add_world(parser)
    add_file_out(parser, "FILE", ".png or .html (default: FILE-preview.png)")


@VERBS.verb(
    "level preview",
    "FILE",
    "draw a contact sheet of levels, and how hard they are, as a picture or a page",
    level_preview_flags,
    (
        "goalshift level preview forks.npz",
        "goalshift level preview levels/corner --n 200 -o corner.html",
    ),
    knobs=True,
)
def level_preview(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.view.sheets import contact
    from ...engine.view.sheets.difficulty import FEWEST
    from ..designing.describe import captions, open_levels
    from ..designing.ladder import curve

    path = Path(args.out or f"{Path(args.file).stem}-preview.png")
    if path.suffix not in (".png", ".html"):
        raise UserError(f"--out '{path}' must end in .png or .html")
    preflight.check_file(path, args.force)
    world = changed_world(args)
    found = open_levels(args.file, world)
    total = len(found.states)
    chosen = [k * total // min(args.n, total) for k in range(min(args.n, total))]
    title = (
        f"{Path(args.file).name}: {len(chosen)} of {counted(total, 'level')} of {found.world.name}"
    )
    states = found.states[chosen].view(type(found.states))
    hard = curve(found.world, states) if len(chosen) >= FEWEST else None
    contact.save(found.world, states, captions(found, chosen), title, path, hard)
    return Report({"picture": str(path), "levels": total, "shown": len(chosen)}, f"wrote {path}")


def level_stats_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument("--goal", default="intended", metavar="NAME", help="default: intended")
    parser.add_argument("--proxy", default="", metavar="NAME", help="default: the world's first")
    add_world(parser)
    add_file_out(parser, "FILE.csv", "also a table with a row for each level")


@VERBS.verb(
    "level stats",
    "FILE",
    "count: distances, steps, effort, where goals part, doubles",
    level_stats_flags,
    (
        "goalshift level stats forks.npz -o forks.csv",
        "goalshift level stats levels/corner --json",
    ),
    knobs=True,
)
def level_stats(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.files import write
    from ..designing import describe

    path = preflight.check_file(args.out, args.force) if args.out else None
    if path and path.suffix != ".csv":
        raise UserError(f"--out '{path}' must end in .csv")
    world = changed_world(args)
    found = describe.open_levels(args.file, world)
    told, text = describe.statistics(found, args.goal, args.proxy), ""
    if path:
        with talk.progress("levels") as show:
            write(path, describe.rows(found, args.goal, args.proxy, show).encode())
        told["table"], text = str(path), f"\n\nwrote {path}"
    return Report(told, describe.table(told) + text)


def level_diff_flags(parser: Parser) -> None:
    parser.add_argument("one", metavar="FILE")
    parser.add_argument("other", metavar="FILE")
    parser.add_argument(
        "--at",
        type=count,
        default=1,
        metavar="N",
        help="compare the N-th level of each (default: 1)",
    )
    add_world(parser)


@VERBS.verb(
    "level diff",
    "FILE FILE",
    "say how two levels, or two sets of levels, differ",
    level_diff_flags,
    ("goalshift level diff a.toml b.toml", "goalshift level diff train.npz test.npz"),
    knobs=True,
)
def level_diff(args: argparse.Namespace, talk: Talk) -> Report:
    from ..designing.describe import difference, open_levels

    world = changed_world(args)
    one = open_levels(args.one, world)
    told, text = difference(one, open_levels(args.other, one.world), args.at)
    return Report(told, text)


def level_convert_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument(
        "out",
        metavar="TO",
        help="ends in .toml, .txt, .jsonl, .npz, .tmj, .tmx or .png; of sokoban also .xsb",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_level(parser)
    add_world(parser)


@VERBS.verb(
    "level convert",
    "FILE TO",
    "write levels as another kind of file, such as one for Tiled",
    level_convert_flags,
    (
        "goalshift level convert corner.toml corner.tmx",
        "goalshift level convert forks.npz forks.jsonl",
    ),
    knobs=True,
)
def level_convert(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.levels import formats, ids
    from ..designing.describe import open_levels

    path = preflight.check_file(args.out, args.force)
    kind = formats.check_kind(path)
    found = open_levels(args.file, changed_world(args))
    if args.level:
        found = found.only(ids.place(found, args.level, Path(args.file)))
    count = len(found.names)
    if kind.single and count > 1:
        preflight.check_folder(path.with_suffix(""), args.force)
    made = formats.write(found, path)
    text = f"wrote {made[0]}"
    if count > 1 and kind.single:
        text = f"wrote {counted(count, 'file')} into {made[0].parent}: {kind.what}, hold one each"
    return Report({"files": made, "levels": len(found.states)}, text)


def level_ancestry_flags(parser: Parser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run that was trained with --curriculum accel")
    parser.add_argument(
        "--at",
        type=count,
        default=1,
        metavar="N",
        help="the N-th level of its buffer, the longest line first (default: 1)",
    )
    parser.add_argument("--curriculum", metavar="FILE", help="its curriculum, if that is of yours")
    add_world(parser)
    add_films(parser, f"{' '.join(KINDS)} (default: RUN/films/ancestry.mp4 and .webp)")


@VERBS.verb(
    "level ancestry",
    "RUN",
    "film the edits that a level of a curriculum comes from, and what the agent does on each",
    level_ancestry_flags,
    (
        "goalshift level ancestry runs/accel-0",
        "goalshift level ancestry runs/accel-0 --at 5 -o line.html",
    ),
)
def level_ancestry(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world)
    if args.curriculum:
        trust_code("curriculum", args.curriculum)
    run = Path(args.run)
    films = film_names(args) or [run / "films" / f"ancestry{end}" for end in (".mp4", ".webp")]
    from ..showing.ancestry import ancestry, line_of
    from ..showing.contrast import FilmPlan

    line = line_of(run, args.at, args.world)
    sheet = films[0].with_suffix(".png")
    preflight.check_writable(sheet.parent)
    plan = FilmPlan(films, command=args.again)
    with talk.progress("filming") as show:
        made = ancestry(line, plan, sheet, show)
    pairs = zip(made["edits"], made["met"], strict=True)
    lines = [f"after {n} edits: {', '.join(met) or 'no goal'} met" for n, met in pairs]
    return Report(made, "\n".join([*lines, "", *sized([made["sheet"], *made["films"]])]))
