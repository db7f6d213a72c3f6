"""The machine that this runs on: its processors, and how much memory is free."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .counts import counted
from .errors import need

ROOMY = 1 << 26  # bytes that are had without asking


def describe() -> str:
    """One line that names the machine and the versions that decide how fast things go."""
    import platform  # these two are slow to load
    from importlib import metadata

    name = field("model name") or platform.processor() or platform.machine()
    packages = ", ".join(f"{p} {metadata.version(p)}" for p in ("numba", "numpy", "torch"))
    return f"{name}, {counted(processors(), 'processor')}, Python {platform.python_version()}, {packages}"


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def instructions() -> set[str]:
    """What the processor can do beyond the common: {"avx2", "amx_bf16", ...}; empty: unknown."""
    return set((field("flags") or field("Features")).split())


def field(name: str) -> str:
    """The first value of a field of /proc/cpuinfo; "" where there is none."""
    try:
        table = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return ""
    found = re.search(rf"^{name}\s*:\s*(.*)$", table, re.MULTILINE)
    return found[1].strip() if found else ""


def free_memory() -> int | None:
    """Bytes that are free, by the kernel's estimate and the container's limit; None: unknown."""
    found = []
    try:
        table = Path("/proc/meminfo").read_text()
        found.append(int(table.partition("MemAvailable:")[2].split()[0]) << 10)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            found.append(max(0, int(limit) - used))
    except (OSError, ValueError, IndexError):
        pass  # another system, or no such limit
    return min(found) if found else None


def need_memory(n: int, each: int, what: str) -> None:
    """Raise UserError if `n` of something of `each` bytes would not fit into the free memory."""
    free = free_memory() if n * each > ROOMY else None
    need(
        free is None or n * each <= free,
        f"{n:,} {what} need {n * each / 1e9:,.1f} GB of memory; {(free or 0) / 1e9:,.1f} GB are free",
    )
