"""The faults a person can cause or meet; the command line makes a line and an exit code of each.

Any other exception is a bug, and is reported as one.
"""

import operator
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class UserError(ValueError):
    """Bad usage or input: the message names the flag, file or value and the fix. Exit code 2."""

    exit_code = 2


class RunError(RuntimeError):
    """Something failed while running (disk full, broken file, encoder died). Exit code 1."""

    exit_code = 1


class MismatchError(RunError):
    """A verification failed: a replay does not re-simulate to its own checksums. Exit code 3."""

    exit_code = 3


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


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelt most like `word`, whatever its case; None if none is near."""
    by_lower = {choice.lower(): choice for choice in sorted(choices)}
    close = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """ " Did you mean 'corner'?" for a close choice, else " Choose from: a, b.", or "" without any.

    It starts with a space, so that it can follow any sentence.
    """
    known = sorted(choices)
    near = closest(word, known)
    if near is not None:
        return f" Did you mean '{near}'?"
    return f" Choose from: {', '.join(known)}." if known else ""
