"""Who hears of a training as it goes: loggers, and callbacks of your own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .config import TrainConfig

OnRow = Callable[[dict[str, Any]], None]  # hears every row of the log


class Callback:
    """What hears of a training: `train(..., callbacks=[Mine()])` calls these, in the order of the run.

    The base class does nothing. What a method raises ends the training.
    """

    def begin(self, folder: Path, config: TrainConfig) -> None:
        """Training begins, or goes on, in this run folder."""

    def row(self, row: dict[str, Any]) -> None:
        """An update is done: a row of the log, such as {"step": 65536, "return/cheese": 0.4}."""

    def end(self, folder: Path) -> None:
        """Training is over, or was stopped; the run is saved."""


Callbacks = Callable[[], Sequence[Callback]]  # makes new ones for every run


@contextmanager
def hearing(
    folder: Path, config: TrainConfig, on_row: OnRow | None, callbacks: Sequence[Callback]
) -> Iterator[OnRow]:
    """Begin the callbacks; what is yielded tells them all of a row; end those that have begun."""
    begun: list[Callback] = []
    hears = [callback.row for callback in callbacks] + ([on_row] if on_row else [])

    def tell(row: dict[str, Any]) -> None:
        for hear in hears:
            hear(row)

    try:
        for callback in callbacks:
            callback.begin(folder, config)
            begun.append(callback)
        yield tell
    finally:
        for callback in begun:
            callback.end(folder)
