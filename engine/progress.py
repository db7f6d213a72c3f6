"""Progress of long work: one way to tell it, whoever shows it.

Work that takes long gets a `Show` and calls it at will; whoever has several stretches of work to
show gets a `Bar`, which makes a `Show` of a title. The command line draws bars, tests count calls,
and `silent` and `no_bar` do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Show(Protocol):
    """Hears how far the work is: `show(done, total, remark)`; a total of 0 is not known yet."""

    def __call__(self, done: float, total: float, remark: str = "") -> None: ...


Bar = Callable[[str], AbstractContextManager[Show]]


class Steps:
    """Counts parts of long work as they begin: `steps(remark)` shows the next of `total`."""

    def __init__(self, show: Show, total: int) -> None:
        self._show, self._total, self._begun = show, total, 0

    def __call__(self, remark: str) -> None:
        self._show(min(self._begun, self._total), self._total, remark)
        self._begun += 1


def silent(done: float, total: float, remark: str = "") -> None:
    """Shows nothing."""


@contextmanager
def no_bar(title: str) -> Iterator[Show]:
    """A bar that shows nothing."""
    yield silent
