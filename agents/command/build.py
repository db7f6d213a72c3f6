"""`world`: worlds of one's own."""

import argparse
from pathlib import Path

from ...engine.errors import UserError
from .parser import Parser
from .talk import Report, Talk, typed
from .verb import Group

VERBS = Group("build")


def world_flags(parser: Parser) -> None:
    parser.add_argument("action", metavar="new", help="new: write a world file and its test")
    parser.add_argument("name", metavar="NAME", help="a Python identifier, such as my_world")
    parser.add_argument("--out", "-o", metavar="DIR", help="default: this folder")
    parser.add_argument("--force", action="store_true", help="replace files that exist")


@VERBS.verb(
    "world",
    "new NAME",
    "write a world of your own, ready to run, with its test",
    world_flags,
    ("goalshift world new my_world", "goalshift world new my_world -o experiments"),
)
def world(args: argparse.Namespace, talk: Talk) -> Report:
    if args.action != "new":
        raise UserError(f"no action '{args.action}': goalshift world new NAME")
    from ..designing.new_world import new_world

    made = new_world(args.name, Path(args.out or "."), args.force)
    lines = [f"wrote {path}" for path in made]
    lines += ["", "next:", f"  {typed('worlds', made[0])}", f"  pytest {made[1]}"]
    lines += [f"  {typed('demo', made[0])}"]
    return Report({"files": [str(path) for path in made]}, "\n".join(lines))
