"""Flags that several verbs share, and what is read from them."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import extras
from ...engine.errors import UserError, need
from ...engine.view.camera import registry
from ..learning import preflight
from .parser import Parser
from .talk import human_bytes
from .values import (
    count,
    count_or_none,
    film_fps,
    film_pick,
    film_size,
    level_name,
    one_of,
    own_net,
    seed,
    web_address,
    window_size,
)

if TYPE_CHECKING:
    from ...engine.world import World
    from ..showing.contrast import FilmPlan

SHOWN = 250  # characters of a command that a card has room for
# the kinds of films, as film.FORMATS, which is slow to load
LAYOUTS = ("vertical", "square")  # of films, beside the usual one
BESIDE = (".html", ".srt", ".vtt")  # pages and captions
KINDS = (".mp4", ".webm", ".webp", ".gif", ".png", *BESIDE)


AGENTS = (
    "or, with --world, ./my_agent.py (it is run as code) or an agent.onnx; seeds of one setting"
)

# -- worlds, seeds, folders ------------------------------------------------------------------------


def add_seed(parser: Parser) -> None:
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="default: 0")


def add_out(parser: Parser, what: str) -> None:
    parser.add_argument("--out", "-o", metavar="DIR", help=f"folder for {what}")
    parser.add_argument("--force", action="store_true", help="write into --out even if it is used")


def add_file_out(parser: Parser, letter: str, what: str) -> None:
    parser.add_argument("--out", "-o", metavar=letter, help=what)
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def add_world(parser: Parser) -> None:
    parser.add_argument(
        "--world",
        metavar="NAME|FILE",
        help="the world of an agent from elsewhere; or the world file, if it is one of yours (it is run as code)",
    )


def add_origin(parser: Parser) -> None:
    """What runs name and do not open by themselves, as they may come from strangers."""
    add_world(parser)
    add_trained_on(parser)
    parser.add_argument(
        "--net",
        type=own_net,
        metavar="FILE",
        help="the file of its network, if it is one of yours (it is run as code)",
    )


def add_trained_on(parser: Parser) -> None:
    parser.add_argument(
        "--trained-on", metavar="FILE", help="the file of levels it was trained on, if it is one"
    )


def trust(world: str | None, *levels: str | None) -> None:
    """Load the world file that a run or checkpoint was made with, which is code, and let it open
    the files of levels it was trained on: the user has to name both, the latter as --trained-on or
    as a --split.
    """
    if world:
        from ...engine.catalogue import load

        load(world)
    if any(levels):
        from ...engine.levels.splits import name

        name(*filter(None, levels))


def trust_code(option: str, value: Any) -> bool:
    """Whether a --mitigate, --curriculum, --net or --learner names nothing but files of code, which are then
    loaded: a run that was begun with them may go on with them.
    """
    from ..learning.curriculum import CURRICULA
    from ..learning.encoder import NETS
    from ..learning.learner import LEARNERS
    from ..learning.mitigation import MITIGATIONS, named
    from ..learning.scores import name_code

    rosters = {
        "mitigate": MITIGATIONS,
        "curriculum": CURRICULA,
        "net": NETS,
        "learner": LEARNERS,
    }
    names = [name for name, _ in named(value)] if option in rosters else []
    files = [name for name in names if name.endswith(".py")]
    own_score = option == "curriculum" and name_code(value)
    if not names or (files != names and not own_score):
        return False
    for name in files:
        rosters[option].load(name)
    return True


def refuse_knobs(args: argparse.Namespace, why: str) -> None:
    """Raise UserError if `--world.KEY` was given where it would change nothing."""
    if args.knobs:
        raise UserError(
            f"--world.{next(iter(args.knobs)).replace('_', '-')} changes nothing: {why}"
        )


def changed_world(args: argparse.Namespace) -> "World | None":
    """The world that `--world` names, with what `--world.KEY` changes; None without one."""
    if not args.world:
        refuse_knobs(
            args, "the levels are read as their file has them, unless --world names a world"
        )
        return None
    from ...engine.catalogue import load

    return load(args.world).with_params(**args.knobs)


# -- options of a configuration --------------------------------------------------------------------

NO_FLAGS = ("world", "params")  # of TrainConfig: an argument, and --world.KEY


def add_options(group: argparse._ArgumentGroup, config: type) -> None:
    """A flag for each option of a configuration, absent from what is parsed unless it is given."""
    kinds = {bool: None, int: count, float: float, str: str}
    for field in dataclasses.fields(config):
        if field.name in NO_FLAGS:
            continue
        flag, default, choices = (
            "--" + field.name.replace("_", "-"),
            field.default,
            field.metadata["choices"],
        )
        shown = f"{field.metadata['help']} Default: {default}.".replace("%", "%%")
        given: dict[str, Any] = {
            "default": argparse.SUPPRESS,
            "help": shown,
            "dest": field.name,
        }
        if isinstance(default, bool):
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **given)
            continue
        kind = kinds[type(default)]
        if default == 0 and kind is count:
            kind = seed if field.name == "seed" else count_or_none
        letter = "NAME" if isinstance(default, str) else "N"
        group.add_argument(flag, type=kind, metavar="|".join(choices) or letter, **given)


def given_options(args: argparse.Namespace, config: type) -> dict[str, Any]:
    """The options of a configuration that stood on the command line."""
    known = [field.name for field in dataclasses.fields(config) if field.name not in NO_FLAGS]
    return {name: getattr(args, name) for name in known if hasattr(args, name)}


# -- films -----------------------------------------------------------------------------------------


def add_films(parser: Parser, what: str) -> None:
    parser.add_argument(
        "--out", "-o", action="append", metavar="FILE", help=f"{what}; again for several"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def add_judged(parser: Parser, splits: str, levels: int) -> None:
    """What agents are judged on: splits, by default those said, and how many levels of each."""
    parser.add_argument(
        "--split", action="append", metavar="NAME", help=f"again for several (default: {splits})"
    )
    parser.add_argument(
        "--levels",
        type=count,
        default=levels,
        metavar="N",
        help=f"held-out levels (default: {levels})",
    )


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


def add_level(parser: Parser) -> None:
    parser.add_argument(
        "--level", type=level_name, metavar="ID", help="the level of this name, such as 7f3a90c1"
    )


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


def sized(paths: list[str]) -> list[str]:
    """A line for each file, with its size."""
    return [f"{path}  {human_bytes(path)}" for path in paths]


# -- the window ------------------------------------------------------------------------------------


def add_web(parser: Parser, what: str = "serve it") -> None:
    parser.add_argument(
        "--web",
        type=web_address,
        nargs="?",
        const=("127.0.0.1", 8017),
        metavar="PORT",
        help=f"{what} to a browser instead, by links that are printed: on this machine alone, unless"
        " it is HOST:PORT (default: 8017; 0: one that is free)",
    )


def need_web(args: argparse.Namespace) -> None:
    """What --web needs, where it is given."""
    if args.web:
        words = "a page needs no display, and is served until Ctrl+C"
        need(not args.headless, f"--headless is for the window: leave it out, as {words}")
        extras.need("websockets", "--web")


def add_window(parser: Parser) -> None:
    from ..live.keys import text

    parser.add_argument(
        "--size", type=window_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="other keys and sizes (default: ~/.config/goalshift/window.toml)",
    )
    parser.add_argument(
        "--headless", action="store_true", help="open the window without a display (for tests)"
    )
    assert parser.epilog
    parser.epilog += "\n\nkeys in the window:\n" + text()
