"""Flags of the verbs that film, and what is read from them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import extras
from ...engine.errors import UserError, need
from ...engine.view.camera import registry
from ..learning import preflight
from .common import add_level, add_origin, sized
from .parser import Parser
from .values import film_fps, film_pick, film_size, one_of

if TYPE_CHECKING:
    from ..showing.contrast import FilmPlan

SHOWN = 250  # characters of a command that a card has room for
# the kinds of films, as film.FORMATS, which is slow to load
LAYOUTS = ("vertical", "square")  # of films, beside the usual one
BESIDE = (".html", ".srt", ".vtt")  # pages and captions
KINDS = (".mp4", ".webm", ".webp", ".gif", ".png", *BESIDE)


def add_films(parser: Parser, what: str) -> None:
    parser.add_argument(
        "--out", "-o", action="append", metavar="FILE", help=f"{what}; again for several"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def add_pick(parser: Parser) -> None:
    """Which levels are filmed: the world, the split and the pick."""
    add_origin(parser)
    parser.add_argument(
        "--split", metavar="NAME", help="default: the one the world is judged on, most often deploy"
    )
    parser.add_argument(
        "--pick",
        type=film_pick,
        default="median",
        metavar="HOW",
        help="median, first, random, worst, best or seed:N (default: median)",
    )
    add_level(parser)


def picked(args: argparse.Namespace, run: str | Path) -> tuple[str, str]:
    """The split and the pick of the level that --level names, if it is one that the run knows."""
    from ...engine.levels import ids
    from ..judging.runs import open_agents

    cast = open_agents([run], world=args.world)
    world, seeds = cast.world, [one.seed for one in cast.training if one.known]
    split = args.split or world.judged
    found = ids.find(world, args.level, split, (args.seed, *seeds))
    if args.split and found.split != args.split:
        raise UserError(
            f"level {args.level} is of the split '{found.split}': add --split {found.split}"
        )
    return found.split, f"seed:{found.seed}"


def add_frames(parser: Parser) -> None:
    parser.add_argument("--fps", type=film_fps, default=30, metavar="N", help="default: 30")
    parser.add_argument(
        "--size", type=film_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
    )


def add_captions_out(parser: Parser) -> None:
    parser.add_argument(
        "--captions-out",
        metavar="FILE.toml",
        help="write all that the film says, to be translated and given to --captions",
    )


def add_film_looks(parser: Parser) -> None:
    parser.add_argument(
        "--sync",
        type=one_of("divergence", "step", "event"),
        default="divergence",
        metavar="HOW",
        help="divergence (slow where paths part), step, or event (who is first waits); default: divergence",
    )
    parser.add_argument(
        "--camera",
        action="append",
        type=one_of(*registry.names()),
        metavar="NAME",
        help=f"{', '.join(registry.names())}; a page takes several (default: top)",
    )
    add_overlay(parser, "films, not in pages")
    parser.add_argument(
        "--captions",
        metavar="FILE.toml",
        help='what to say when: [[caption]] from, to, text; and in other words: [words] "..." = "..."',
    )


def add_overlay(parser: Parser, where: str) -> None:
    parser.add_argument(
        "--overlay",
        metavar="A,B",
        help="posterior (which goal what it did speaks for, as a bar), alarm or alarm:DETECTOR"
        f" (a detector's score, and '?' where it sounds); in {where}",
    )


def add_steer(parser: Parser, what: str) -> None:
    parser.add_argument(
        "--steer",
        metavar="FILE[:X]",
        help=f"{what}: a cue's vector that `goalshift inside` found, X times instead of as found",
    )


def instruments_of(args: argparse.Namespace) -> tuple[tuple[str, ...], str]:
    """The overlays that --overlay names, and the detector of its alarm."""
    if not args.overlay:
        return (), ""
    from ..lab.instruments import named

    shown, detector = named(overlaid(args))
    return tuple(shown), detector


def overlaid(args: argparse.Namespace) -> tuple[str, ...]:
    """The instruments that --overlay names, read before any work is done."""
    if not args.overlay:
        return ()
    from ..lab.instruments import read

    return read(args.overlay)


def film_plan(args: argparse.Namespace, films: Sequence[Path], home: Path) -> "FilmPlan":
    """What `contrast` and `record` say alike about films, whose replays go into the folder
    `home`.
    """
    from ...engine.view.film.encode import FILMS
    from ...engine.view.film.options import SHAPES, SIZE, FilmOptions, unit_of
    from ..showing.captions import read_captions
    from ..showing.contrast import FilmPlan

    if args.overlay and films and all(film.suffix.lower() in BESIDE for film in films):
        raise UserError(f"--overlay is drawn in films, and '{films[0]}' is none")
    if any(film.suffix.lower() in FILMS for film in films):
        extras.require("imageio_ffmpeg")
    notes, words = read_captions(Path(args.captions)) if args.captions else ((), {})
    size = args.size[1], args.size[0]
    unit = unit_of(size)
    if args.layout in SHAPES:
        need(size == SIZE, f"--layout {args.layout} has a size of its own: leave --size out")
        size, unit = SHAPES[args.layout]
    options = FilmOptions(args.fps, size, args.sync, args.camera or ["top"], unit=unit)
    out = Path(args.captions_out) if args.captions_out else None
    if out is not None:
        need(out.suffix == ".toml", f"--captions-out '{out}' must end in .toml")
        preflight.check_file(out, args.force)
    return FilmPlan(
        films,
        home / "replays",
        args.split or "",
        args.pick,
        args.again if len(args.again) <= SHOWN else "",  # cut, it could not be pasted
        notes=notes,
        words=words,
        captions_out=out,
        overlay=overlaid(args),
        options=options,
    )


def film_names(args: argparse.Namespace) -> list[Path]:
    """Where to film to: every --out, checked before any work is done."""
    films = [Path(name) for name in args.out or ()]
    for film in films:
        if film.suffix.lower() not in KINDS:
            raise UserError(f"--out '{film}' must end in {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        preflight.check_file(film, args.force)
    return films


def film_lines(filmed: dict[str, Any]) -> str:
    """What was filmed, for people."""
    lines = [f"level {filmed['level']} (seed {filmed['seed']}), {filmed['pick']}"]
    if filmed["parts_at"] is not None:
        lines.append(f"paths part at step {filmed['parts_at']}")
    lines += sized(filmed["films"])
    lines += [f"{path}  (goalshift replay shows and verifies it)" for path in filmed["replays"]]
    return "\n".join(lines)
