"""Threads that share out the work of compiled calls, which let go of Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Part = TypeVar("Part")


class Threads:
    """So many threads, the caller's among them; the others are made when first needed, and anew in a
    forked child, which has none of them.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: tuple[int, ThreadPoolExecutor] | None = None  # and the process it belongs to

    def least(self, work: Callable[[Part], int], parts: Sequence[Part]) -> int:
        """Do `work` on every part at the same time; the least of what comes back."""
        if self._pool is None or self._pool[0] != os.getpid():
            self._pool = os.getpid(), ThreadPoolExecutor(self.count - 1)
        others = [self._pool[1].submit(work, part) for part in parts[1:]]
        try:
            mine = work(parts[0])  # a wake-up less: small batches gain a third
        finally:
            wait(others)  # nobody else may move on while they write
        return min(mine, *(one.result() for one in others))
