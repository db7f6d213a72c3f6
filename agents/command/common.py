"""Flags that several verbs share, and what is read from them."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import extras
from ...engine.errors import UserError, need
from .parser import Parser
from .talk import Report, human_bytes, in_columns
from .values import (
    count,
    count_or_none,
    finite,
    level_name,
    own_net,
    seed,
    web_address,
    window_size,
)

if TYPE_CHECKING:
    from ...engine.world import World


AGENTS = (
    "or, with --world, ./my_agent.py (it is run as code) or an agent.onnx; seeds of one setting"
)

# -- worlds, seeds, folders ------------------------------------------------------------------------


def add_list(parser: Parser) -> None:
    parser.add_argument(
        "--list", action="store_true", help="say what there is to choose from, and do nothing"
    )


def listed(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Report:
    """What `--list` prints: a row for each; no source is named for what was made here or is common."""
    keys = [name.lower().replace(" ", "_") for name in head]
    data = {"there": [dict(zip(keys, row, strict=True)) for row in rows]}
    return Report(data, in_columns([head, *rows]))


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
    kinds = {bool: None, int: count, float: finite, str: str}
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


# -- what is judged --------------------------------------------------------------------------------


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


def add_level(parser: Parser) -> None:
    parser.add_argument(
        "--level", type=level_name, metavar="ID", help="the level of this name, such as 7f3a90c1"
    )


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
