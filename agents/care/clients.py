"""Clients, each in a process of its own: the rows of `goalshift bench --only clients`.

What a client does stands in `peer_scripts/clients.py`, which the interpreter runs that the client is
installed in: the one named for it, this one, or any other that was named. One that is nowhere is said
to be missing; one that fails is a row of its last word, and the others go on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...engine import child
from ...engine.counts import counted
from ...engine.errors import RunError
from .bench_engine import Row
from .peer_scripts.clients import CLIENTS
from .peers import Place, alone, run

LONGEST = 90  # seconds for one client, its start included: one that hangs must not hold the rest

HAS = """
import importlib.util, sys
def has(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
print(*(name for name in sys.argv[1:] if has(name)), sep="\\n")
"""


def libraries(python: str) -> set[str]:
    """Which of the libraries an interpreter has; none if it does not answer."""
    words = [python, "-P", "-c", HAS, *{library for _, library in CLIENTS.values()}]
    try:
        asked = subprocess.run(words, capture_output=True, text=True, env=alone(), timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return set()
    return set(asked.stdout.split())


def here(where: Mapping[str, Place]) -> tuple[dict[str, str], dict[str, str]]:
    """The interpreter of each client that is installed, and why the others are not measured."""
    pythons = list(dict.fromkeys([sys.executable, *(place.python for place in where.values())]))
    has = {python: libraries(python) for python in pythons}
    able, missing = {}, {}
    for name, (_, library) in CLIENTS.items():
        asked = [where[name].python] if name in where else pythons
        found = next((python for python in asked if library in has[python]), None)
        if found:
            able[name] = found
        else:
            missing[name] = f"{', '.join(map(_short, asked))} has no {library}"
    return able, missing


def _short(python: str) -> str:
    return "this Python" if python == sys.executable else str(Path(python))


def rows(passes: int, able: Mapping[str, str]) -> Iterator[Row]:
    """A row for each: what it does, with how many lines and warnings, and steps a second."""
    for name, python in able.items():
        yield row(name, python, passes)


def row(name: str, python: str, passes: int) -> Row:
    """The row of one client."""
    loop = (CLIENTS[name][0].__doc__ or "").strip()
    script = "goalshift.agents.care.peer_scripts.clients"
    words = [python, *child.command(script, name, str(passes))[1:]]
    try:
        found = json.loads(run(words, alone(), LONGEST))
    except RunError as fault:
        return Row(f"{name}: does not work: {fault}", "steps/s", (0.0,))
    warned = len(found["warnings"])
    told = f"{warned} warning{'s' * (warned != 1)}"
    what = f"{name} {found['version']}: {loop}; {counted(found['lines'], 'line')}, {told}"
    return Row(what, "steps/s", tuple(found["figures"]), remarks=tuple(found["warnings"]))
