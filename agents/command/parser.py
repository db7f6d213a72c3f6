"""Reading the command line: argparse with better manners, and the flags that every verb takes."""

import argparse
import re
import shlex
from typing import NoReturn

from ...engine.errors import UserError, closest

MANNERS = ("--json", "-q", "--quiet", "-v", "--verbose", "--no-color")


def pasted(name: str, argv: list[str]) -> str:
    """A command as it can be pasted into a shell; where it wrote to, and manners, are left out."""
    kept, words = ["goalshift"], iter(argv)
    for word in words:
        if word in ("--out", "-o"):
            next(words, None)
        elif word == name:
            kept += name.split()
        elif word not in (*MANNERS, "--force") and not re.match(r"--out=|-o.", word):
            kept.append(word)
    return shlex.join(kept)


class Parser(argparse.ArgumentParser):
    """argparse that raises UserError, offers the closest flag and guesses no abbreviation."""

    def __init__(self, verb: str, summary: str, examples: tuple[str, ...] = ()) -> None:
        super().__init__(
            prog=f"goalshift {verb}".strip(),
            description=summary,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^argument (\S+?)(/\S+)?: ", r"\1: ", message)
        raise UserError(f"{message} (see {self.prog} --help)")

    def read(self, argv: list[str]) -> argparse.Namespace:
        """Parse everything in `argv`, or raise UserError with the closest flag."""
        args, unknown = self.parse_known_args(argv)
        if unknown and unknown[0].startswith("-") and unknown[0] != "--":
            flag = unknown[0].partition("=")[0]
            known = [name for action in self._actions for name in action.option_strings]
            near = closest(flag, known)
            hint = f" Did you mean '{near}'?" if near else ""
            if flag == "--alpha" and "--split" in known:  # a mixture is a split
                value = unknown[0].partition("=")[2] or next(iter(unknown[1:]), "0.1")
                hint = f" Did you mean '--split alpha={value}'?"
            raise UserError(f"{self.prog} has no flag '{flag}'.{hint} (see {self.prog} --help)")
        if unknown:
            raise UserError(f"unexpected argument '{unknown[0]}' (see {self.prog} --help)")
        for action in self._actions:  # a variable of the shell that was empty, as a rule
            value = vars(args).get(action.dest)
            if value != action.default and "" in (value if isinstance(value, list) else [value]):
                name = action.option_strings[0] if action.option_strings else action.metavar
                raise UserError(f"{name} is empty (see {self.prog} --help)")
        return args


def add_manners(parser: argparse.ArgumentParser) -> None:
    """The flags that every verb takes."""
    group = parser.add_argument_group("every verb")
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress, no remarks")
    group.add_argument("-v", "--verbose", action="store_true", help="a traceback with a fault")
    group.add_argument("--no-color", action="store_true", help="no colour (as with NO_COLOR set)")


def take_world_flags(argv: list[str]) -> tuple[list[str], dict[str, str]]:
    """Split `--world.KEY VALUE` and `--world.KEY=VALUE` off the other arguments."""
    rest, found, words = [], {}, iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.startswith("--world."):
            key, equals, value = word.removeprefix("--world.").partition("=")
            if not equals:
                value = next(words, "")
            if not key or not value or (not equals and value.startswith("--")):
                raise UserError(f"'{word}' needs a value, as in --world.region 3")
            found[key.replace("-", "_")] = value
        else:
            rest.append(word)
    return rest, found
