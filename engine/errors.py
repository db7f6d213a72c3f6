"""The faults a person can cause or meet; the command line makes a line and an exit code of each.

Any other exception is a bug, and is reported as one.
"""

from __future__ import annotations

import operator
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any


def printable(text: object) -> str:
    """The text with everything that could move a terminal's cursor written out, as in "\\x1b[2J".

    Names in files may come from strangers. Line feeds stay: some messages have several lines.
    """
    if (whole := str(text)).isprintable():
        return whole
    return "".join(
        char if char == "\n" or char.isprintable() else char.encode("unicode_escape").decode()
        for char in whole
    )


LONGEST = 2000  # characters of a message


def _told(message: str) -> str:
    """The message as it can be shown: printable, and its middle left out if it is too long."""
    text = printable(message)
    return text if len(text) <= LONGEST else f"{text[:1200]} ... {text[-600:]}"


class UserError(ValueError):
    """Bad usage or input: the message names the flag, file or value and the fix. Exit code 2.

    Its text is printable and of bounded length, whatever names from files stand in it.
    """

    exit_code = 2

    def __str__(self) -> str:
        return _told(super().__str__())


class RunError(RuntimeError):
    """Something failed while running (disk full, broken file, encoder died). Exit code 1.

    Its text is printable, as a UserError's is.
    """

    exit_code = 1

    def __str__(self) -> str:
        return _told(super().__str__())


class MismatchError(RunError):
    """A verification failed: a replay does not re-simulate to its own checksums. Exit code 3."""

    exit_code = 3


_code: dict[str, str] = {}  # files of code that the user has named, by absolute path: what they are


def runs(path: Path, what: str) -> None:
    """A file of code is about to be run, a "mitigation" say: faults in it are its own (see `blamed`)."""
    _code[str(path.absolute())] = f"{what} file '{path}'"


def nothing_runs() -> None:
    """A command begins, and no file of code is in use yet."""
    _code.clear()


def blamed(fault: BaseException) -> str:
    """What is wrong with a file of code that the user has named, in a line, if the fault came about in
    one: "detector file 'mine.py', line 3: KeyError: 'x'". Else "".
    """
    places = [f for f in traceback.extract_tb(fault.__traceback__) if f.filename in _code]
    if not places:
        return ""
    last = places[-1]
    return f"{_code[last.filename]}, line {last.lineno}: {type(fault).__name__}: {fault}"


def suspects() -> str:
    """The files of code that are in use, for a fault that came about in none of them; or ""."""
    return " or ".join(list(dict.fromkeys(_code.values()))[:3])


def need(true: object, message: str) -> None:
    """Raise UserError with `message` unless it is true."""
    if not true:
        raise UserError(message)


def whole(value: Any, name: str) -> int:
    """A whole number of any integer type, or an array of one, as an int.

    Raises UserError, which says `name`, for all else: floats, text, truth values.
    """
    one = value.item() if getattr(value, "size", None) == 1 else value
    try:
        if isinstance(one, bool):
            raise TypeError
        return operator.index(one)
    except TypeError:
        raise UserError(f"{name} must be a whole number, not {value!r}") from None


def natural(value: Any, name: str) -> int:
    """As `whole`, and not negative: a seed, a count."""
    number = whole(value, name)
    need(number >= 0, f"{name} must not be negative, but is {number}")
    return number


class Reader:
    """What is being read, a file or a thing in words: its faults begin with its name.

    Where it has places inside, faults name the place of a `key` too (see `levels.text`).
    """

    def __init__(self, name: object) -> None:
        self.name = str(name)

    def place(self, key: str = "") -> str:
        """Where `key` stands, as ":line:column"; nothing if that has no place."""
        return ""

    def fault(self, message: object, key: str = "") -> UserError:
        """A UserError as "a.toml:3:1: message"."""
        return UserError(f"{self.name}{self.place(key)}: {message}")

    def need(self, true: object, message: str, key: str = "") -> None:
        """Raise `fault(message, key)` unless it is true."""
        if not true:
            raise self.fault(message, key)

    @contextmanager
    def at(self, key: str = "") -> Iterator[None]:
        """Faults of what is done inside begin with the name, and the place of `key`."""
        try:
            yield
        except UserError as fault:
            raise self.fault(fault, key) from None


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelt most like `word`, whatever its case; None if none is near."""
    by_lower = {choice.lower(): choice for choice in sorted(choices)}
    close = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def or_rather(word: object, choices: Iterable[str]) -> str:
    """ "; did you mean 'corner'?" for a close choice, else nothing: to end a sentence with."""
    near = closest(str(word), choices)
    return f"; did you mean '{near}'?" if near is not None else ""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """ " Did you mean 'corner'?" for a close choice, else " Choose from: a, b.", or "" without any.

    It starts with a space, so that it can follow any sentence.
    """
    known = sorted(choices)
    near = closest(word, known)
    if near is not None:
        return f" Did you mean '{near}'?"
    return f" Choose from: {', '.join(known)}." if known else ""
