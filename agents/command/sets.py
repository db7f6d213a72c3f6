"""`level publish`, `level play`, `level rate`: sets of levels shared, played, and their films judged by
people.
"""

import argparse
from pathlib import Path

from ...engine.counts import counted
from ...engine.errors import MismatchError, UserError, need
from ..learning import preflight
from .common import add_file_out, add_seed, add_window, add_world, changed_world
from .parser import Parser
from .talk import Report, Talk, in_columns, typed
from .verb import Group

VERBS = Group("build")
FILMS = (".mp4", ".webm", ".gif")


def level_publish_flags(parser: Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of levels, of one world")
    for name, words in (
        ("title", "what the set is called"),
        ("author", "who made it"),
        ("licence", "under which it may be used, such as CC0-1.0"),
    ):
        parser.add_argument(f"--{name}", metavar="WORDS", default="", help=words)
    add_world(parser)
    add_file_out(parser, "FILE", "the set: .toml, .txt, .jsonl or .npz (default: set.toml)")


@VERBS.verb(
    "level publish",
    "FILE...",
    "check levels and write them as one set with title, author and licence",
    level_publish_flags,
    (
        "goalshift level publish fork.toml bend.toml --title Forks --author 'Ann' --licence CC0-1.0",
        "goalshift level publish levels/*.tmx --title Forks -o forks.toml",
    ),
    knobs=True,
)
def level_publish(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.errors import Reader
    from ...engine.levels import formats
    from ...engine.levels.kind import About, about_of
    from ..designing import publish

    path = preflight.check_file(args.out or "set.toml", args.force)
    kind = formats.check_kind(path)
    need(not kind.single, f"'{path}': {kind.what}, holds one level; a set is a .toml, say")
    about = About()
    for name in ("title", "author", "licence"):
        if words := getattr(args, name):
            about = about_of({name: words}, Reader(f"--{name}"), about)
    levels, bad = publish.signed(
        publish.gathered([*map(Path, args.files)], changed_world(args)), about
    )
    if bad:
        raise MismatchError(f"not published: {'; '.join(bad[:5])}" + "; ..." * (len(bad) > 5))
    shared = levels.shared
    for name in ("title", "author", "licence"):
        each = all(levels.about(i).told().get(name) for i in range(len(levels.names)))
        need(each, f"nobody said the {name}: add --{name}, or say it in the editor (U)")
    formats.write(levels, path)
    lines = [f"wrote {path}: {counted(len(levels.names), 'level')} of {levels.world.name}"]
    lines += [f"  {name}: {words}" for name, words in shared.told().items()]
    lines += ["", f"next: {typed('eval', 'RUN', '--split', path)}   {typed('level play', path)}"]
    return Report(
        {"file": str(path), "levels": len(levels.names), **shared.told()}, "\n".join(lines)
    )


def level_play_flags(parser: Parser) -> None:
    parser.add_argument(
        "set",
        metavar="SET",
        help="a file of levels, a folder of level gen, or a set that ships: corner-ladder",
    )
    add_world(parser)
    add_window(parser)


@VERBS.verb(
    "level play",
    "SET",
    "play a set yourself, level after level, with a score",
    level_play_flags,
    ("goalshift level play forks.toml", "goalshift level play corner-ladder"),
    knobs=True,
)
def level_play(args: argparse.Namespace, talk: Talk) -> Report:
    from ..designing.open_file import Shelf
    from ..live.course import show_course
    from ..live.open import Place
    from ..live.window import need_display

    shelf = Shelf(Path(args.set), changed_world(args))
    need_display(args.headless)
    played = show_course(shelf, Place(args.size, headless=args.headless, settings=args.settings))
    met = sum(one.met is True for one in played)
    words = {True: "met", False: "missed", None: "unknown"}
    rows = [("LEVEL", "INTENDED GOAL", "STEPS")]
    rows += [(one.name, words[one.met], str(one.steps)) for one in played]
    data = {"levels": [one.__dict__ for one in played], "of": len(shelf), "met": met}
    text = f"{in_columns(rows)}\n\n{met} of {len(played)} met; {counted(len(shelf), 'level')} in {args.set}"
    return Report(data, text)


def level_rate_flags(parser: Parser) -> None:
    parser.add_argument("films", nargs="+", metavar="FILM", help=f"two or more: {' '.join(FILMS)}")
    add_seed(parser)
    add_window(parser)
    add_file_out(parser, "FILE.csv", "the answers (default: ratings.csv)")


@VERBS.verb(
    "level rate",
    "FILM FILM...",
    "show every two films side by side, ask which is clearer, write the answers",
    level_rate_flags,
    (
        "goalshift level rate a.mp4 b.mp4 -o ratings.csv",
        "goalshift level rate films/*.mp4 --seed 3",
    ),
)
def level_rate(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.files import reason
    from ..live.open import Place
    from ..live.rating import Answers, pairs, rate

    need(args.settings is None, "--settings: the keys of this window are those that it shows")
    path = preflight.check_file(args.out or "ratings.csv", args.force)
    need(path.suffix == ".csv", f"--out '{path}' must end in .csv")
    films = [Path(name) for name in args.films]
    need(len(films) > 1, "two films at least: goalshift level rate a.mp4 b.mp4")
    for film in films:
        need(film.suffix.lower() in FILMS, f"'{film}' is no film: {', '.join(FILMS)}")
        try:
            film.stat()
        except OSError as fault:
            raise UserError(f"cannot read '{film}': {reason(fault)}") from None
    answers = Answers(path)
    count = rate(films, answers, args.seed, Place(args.size, headless=args.headless))
    told = f"{count} of {len(pairs(films, args.seed))} answered"
    text = f"{told}: {path}" if count else f"{told}; nothing is written"
    return Report({"answered": count, "file": str(path) if count else ""}, text)
