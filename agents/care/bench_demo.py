"""The demo, as a newcomer waits for it: in processes of its own, by the clock."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

from ...engine import child
from .bench_engine import Row


def demo(passes: int = 3) -> Iterator[Row]:
    """From the shipped agent, and from nothing: once with warm caches, once with empty ones (about a
    minute each).
    """
    _seconds("--pretrained")  # warms the caches
    shipped = tuple(_seconds("--pretrained") for _ in range(passes))
    yield Row("demo from the shipped agent, warm caches", "s", shipped, 12, lower_is_better=True)
    yield Row("demo from nothing, warm caches", "s", (_seconds(),), lower_is_better=True)
    with tempfile.TemporaryDirectory() as empty:
        cold = (_seconds(NUMBA_CACHE_DIR=empty),)
    yield Row("demo from nothing, empty caches", "s", cold, 60, lower_is_better=True)


def _seconds(*flags: str, **changes: str) -> float:
    """What `goalshift demo` takes with these flags and changes of the environment."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run")
        words = child.command("goalshift", "demo", *flags, "-q", "--out", out)
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, env=child.environment(**changes))
        return time.perf_counter() - began


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {"demo": demo}
