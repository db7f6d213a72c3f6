"""What was tested, pinned: `python .ci/lock.py > .ci/requirements.lock`, in the tested environment.

Every requirement of pyproject.toml (those for tests too), and all that these require in turn, as
name==version. To install just that: `pip install -r .ci/requirements.lock`.
"""

from __future__ import annotations

import platform
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def asked() -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found, waiting = {}, project["dependencies"] + extras["test"]
    while waiting:
        one = Requirement(waiting.pop(0))
        if one.name == "goalshift":  # extras that name others of ours
            waiting += [text for extra in sorted(one.extras) for text in extras[extra]]
        else:
            found[one.name] = one
    return list(found.values())


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """The installed versions of these and all that they require, by name."""
    found: dict[str, str] = {}
    waiting = [(one.name, one.extras) for one in wanted]
    while waiting:
        name, extras = waiting.pop()
        name = canonicalize_name(name)
        if name in found:
            continue
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue  # for another system or version of Python
        for text in requires(name) or ():
            one = Requirement(text)
            marks = [{"extra": extra} for extra in ("", *extras)]
            if one.marker is None or any(one.marker.evaluate(mark) for mark in marks):
                waiting.append((one.name, one.extras))
    return dict(sorted(found.items()))


if __name__ == "__main__":
    print(f"# Python {platform.python_version()}, {platform.system()}; made by .ci/lock.py")
    for name, number in closure(asked()).items():
        print(f"{name}=={number}")
