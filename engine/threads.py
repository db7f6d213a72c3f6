"""Threads that share out the work of compiled calls, which let go of Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")


class Threads:
    """So many threads, made when first needed; in a forked child, which has none of them, anew."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: tuple[int, ThreadPoolExecutor] | None = None  # and the process it belongs to

    def least(self, work: Callable[[Part], int], parts: Sequence[Part]) -> int:
        """Do `work` on every part at the same time; the least of what comes back."""
        if self._pool is None or self._pool[0] != os.getpid():
            self._pool = os.getpid(), ThreadPoolExecutor(self.count)
        return min(self._pool[1].map(work, parts))
