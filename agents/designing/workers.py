"""Who judges candidates: this process, or others that work ahead of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from ...engine.errors import RunError
from .check_level import Judged, judge
from .order import Order, Source

CHUNK = 4096  # candidates judged at once


class Alone:
    """Judges candidates in this process."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def judge(self, phase: int, first: int) -> Iterator[Judged]:
        """Chunk after chunk, small ones first, without end."""
        count = min(max(64, self._source.order.n), CHUNK)
        while True:
            yield judge(self._source, phase, first, count)
            first += count
            count = min(2 * count, CHUNK)


class Crew:
    """Judges candidates in other processes, a few chunks ahead and in order."""

    def __init__(self, order: Order, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ahead = 2 * workers
        self._pool = ProcessPoolExecutor(workers, context, _begin, (order,))

    def judge(self, phase: int, first: int) -> Iterator[Judged]:
        """Chunk after chunk, without end."""
        waiting: deque[Future[Judged]] = deque()
        try:
            while True:
                while len(waiting) < self._ahead:
                    waiting.append(self._pool.submit(_judge, phase, first))
                    first += CHUNK
                judged: Judged = waiting.popleft().result()
                states = judged.part.states.view(np.recarray)
                yield judged._replace(part=judged.part._replace(states=states))
        except BrokenProcessPool as fault:
            raise RunError("a worker was killed (out of memory?); use fewer --workers") from fault
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the workers."""
        self._pool.shutdown(cancel_futures=True)


_source: Source | None = None  # of this worker


def _begin(order: Order) -> None:
    global _source
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _source = Source(order)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _judge(phase: int, first: int) -> Judged:
    assert _source is not None
    judged = judge(_source, phase, first, CHUNK)
    # bare, as records with attributes take longer to send
    return judged._replace(part=judged.part._replace(states=judged.part.states.view(np.ndarray)))
