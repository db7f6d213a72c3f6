"""Which packages have no wheel where: `python .ci/wheels.py [EXTRA...]` (the core and `all`).

Asks pip, for every version of Python and every system, whether there are wheels of what pyproject.toml
asks for and of the compiled packages behind it; installs nothing, prints one line for each. What only
one system needs is not looked up: pip reads such marks as those of the machine it runs on.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
BEHIND = ("llvmlite", "markupsafe", "contourpy", "kiwisolver", "fonttools")
NAME = re.compile(r"[\w.-]+")
LINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
MAC = ("macosx_14_0", "macosx_13_0", "macosx_12_0", "macosx_11_0", "macosx_10_13", "macosx_10_12")
SYSTEMS = {
    "Linux x86-64": [f"{name}_x86_64" for name in LINUX],
    "Linux Arm": [f"{name}_aarch64" for name in LINUX],
    "macOS Arm": [f"{name}_{kind}" for name in MAC for kind in ("arm64", "universal2")],
    "macOS Intel": [f"{name}_{kind}" for name in MAC for kind in ("x86_64", "universal2")],
    "Windows": ["win_amd64"],
}


def asked(extra: str) -> list[str]:
    """What pyproject.toml asks for; "core" is no extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras, found = project["optional-dependencies"], list(project["dependencies"])
    waiting = [] if extra == "core" else list(extras[extra])
    while waiting:
        one = waiting.pop(0)
        if one.startswith("goalshift["):
            for inner in one.removeprefix("goalshift[").removesuffix("]").split(","):
                waiting += extras[inner]
        else:
            found.append(one)
    return found


def lacking(wanted: list[str], python: str, platforms: list[str]) -> list[str]:
    """Those that have no wheel there."""
    words = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    words += ["--only-binary", ":all:", "--no-deps", "--target", "nowhere"]
    words += ["--python-version", python, "--implementation", "cp"]
    words += [word for name in platforms for word in ("--platform", name)]
    gone, left = [], list(wanted)
    while left:
        done = subprocess.run([*words, *left], capture_output=True, text=True)
        if done.returncode == 0:
            break
        found = re.search(
            r"(?:No matching distribution found for|Cannot install) ([\w.-]+)", done.stderr
        )
        without = [one for one in left if not found or NAME.match(one)[0] != found[1]]
        if found is None or len(without) == len(left):
            sys.exit(done.stderr)
        gone, left = [*gone, found[1]], without
    return gone


if __name__ == "__main__":
    for extra in sys.argv[1:] or ("core", "all"):
        for system, platforms in SYSTEMS.items():
            for python in PYTHONS:
                gone = lacking([*asked(extra), *BEHIND], python, platforms)
                said = f"no wheel of {', '.join(gone)}" if gone else "all wheels"
                print(f"{extra:<5} {system:<13} {python}  {said}", flush=True)
