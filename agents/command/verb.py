"""Verbs: what the command line can do. Each is declared where its function stands.

A verb reads its flags, calls the library and returns a Report. Heavy libraries are imported inside
the function, so that --help is instant and works on a broken installation.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from .parser import Parser
from .talk import Report, Talk

Run = Callable[[argparse.Namespace, Talk], Report]


class Verb(NamedTuple):
    """One verb: its place in the overview, what it does, its flags, and what runs it."""

    group: str
    usage: str
    summary: str
    flags: Callable[[Parser], None]
    run: Run
    examples: tuple[str, ...]
    knobs: bool = False  # whether it takes --world.KEY VALUE


def no_flags(parser: Parser) -> None:
    """A verb without flags of its own."""


class Group(dict[str, Verb]):
    """The verbs of one file, by name; all stand under one title in `goalshift --help`."""

    known: ClassVar[list[Group]] = []  # all of them, as their files are imported

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        Group.known.append(self)

    def verb(
        self,
        name: str,
        arguments: str,
        summary: str,
        flags: Callable[[Parser], None] = no_flags,
        examples: tuple[str, ...] = (),
        knobs: bool = False,
    ) -> Callable[[Run], Run]:
        """Declare the function below as what runs `goalshift NAME ARGUMENTS`."""

        def enter(run: Run) -> Run:
            usage = f"{name} {arguments}".rstrip()
            self[name] = Verb(self.title, usage, summary, flags, run, examples, knobs)
            return run

        return enter
