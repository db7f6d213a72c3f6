"""The faults a person can cause or meet; the command line makes a line and an exit code of each.

Any other exception is a bug, and is reported as one.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """Bad usage or input: the message names the flag, file or value and the fix. Exit code 2."""

    exit_code = 2


class RunError(RuntimeError):
    """Something failed while running (disk full, broken file, encoder died). Exit code 1."""

    exit_code = 1


class MismatchError(RunError):
    """A verification failed: a replay does not re-simulate to its own checksums. Exit code 3."""

    exit_code = 3


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """ " Did you mean 'corner'?" for a close choice, else " Choose from: a, b.", or "" without any.

    It starts with a space, so that it can follow any sentence.
    """
    by_lower = {choice.lower(): choice for choice in sorted(choices)}
    close = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{by_lower[close[0]]}'?"
    return f" Choose from: {', '.join(by_lower.values())}." if by_lower else ""
