"""A claim made again: its command run in a folder of its own, and the figure that came of it."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from ...engine.errors import RunError, UserError
from ...engine.files import PACKAGE, make_folder
from .backends.backend import Done, begin, said, wait
from .claims import Claim, Found, expected, judged, resized
from .evidence import Figure, figure

REPORT = "report.json"  # what the last of a claim's commands said on its standard output
CODES = {"yes": 0, "no": 3, "cannot tell": 4}  # exit codes


@dataclass(frozen=True)
class Again:
    """What came of a claim's command, beside what was claimed and what was expected of its size."""

    claim: str
    command: str
    size: str  # "full" or "reduced"
    new: Figure
    claimed: Figure
    expected: Figure | None
    falls: str  # a key of CODES
    seconds: float

    def __str__(self) -> str:
        where = "within" if self.falls == "yes" else "outside" if self.falls == "no" else "beside"
        told = f"{self.claim}: {self.new}; claimed {self.claimed}"
        if self.expected is not None and self.expected != self.claimed:
            told += f", at this size {self.expected.low} to {self.expected.high} is expected"
        return f"{told}: {self.falls} ({where} what was expected; {self.seconds:.0f} s)"


def make_again(found: Found, folder: Path, small: bool) -> Again:
    """Run the claim's command, or its smaller one, in the folder, and judge the new figure.

    Raises UserError if there is no such command, RunError if it fails or leaves no figure.
    """
    claim = resized(found.claim) if small else found.claim
    if not claim.command:
        raise UserError(f"'{claim.name}' has no command: {claim.weakest}")
    began = time.perf_counter()
    for words in commands(claim):
        done = run(words, make_folder(folder))
        if done.code and not (folder / claim.made).is_file():
            raise RunError(f"'{claim.name}': goalshift {shlex.join(words)}: {done.last_words}")
    try:
        new = figure(folder / claim.made, claim.made_at or claim.at, claim.unit)
    except UserError as fault:
        raise RunError(f"'{claim.name}' was run, but its figure is not there: {fault}") from None
    where = expected(found.claim.small, found) if small and found.claim.small else found.figure
    return Again(
        claim.name,
        claim.command,
        "reduced" if small else "full",
        new,
        found.figure,
        where,
        judged(new, where, found.figure),
        time.perf_counter() - began,
    )


def commands(claim: Claim) -> list[list[str]]:
    """The words of each of its commands; files of the checkout are named where they are."""
    found = []
    for text in claim.command.split("&&"):
        words = [w for w in shlex.split(text) if w != "goalshift"]
        there = [PACKAGE / w for w in words]
        found.append([str(t) if t.is_file() else w for w, t in zip(words, there, strict=True)])
    return found


def run(words: list[str], folder: Path) -> Done:
    """One command in the folder. Whatever interrupts us ends it, too."""
    with (folder / REPORT).open("w+b") as out, (folder / "talk.txt").open("a+b") as err:
        code = wait(begin([*words, "--json"], out, err, str(folder)))
        return Done(code, said(out), said(err))
