"""The detectors by name: files of this folder, of installed packages, and ./files.py."""

from __future__ import annotations

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path

from ....engine import plugins
from ....engine.errors import UserError, did_you_mean, need
from .detector import Detector

GROUP = "goalshift.detectors"
FOLDER = Path(__file__).resolve().parent


@cache
def ours() -> dict[str, Detector]:
    """The detectors of this folder by name, in alphabetical order."""
    return {
        path.stem: importlib.import_module(f".{path.stem}", __package__).DETECTOR
        for path in sorted(FOLDER.glob("*.py"))
        if "\nDETECTOR = " in path.read_text(encoding="utf-8")
    }


def names() -> list[str]:
    """All names there are, without files."""
    return [*ours(), *(n for n in plugins.installed(GROUP) if n not in ours())]


def everywhere() -> dict[str, Detector]:
    """All detectors by name, those of installed packages too."""
    return {name: detector(name) for name in names()}


def detector(name: str) -> Detector:
    """The detector of that name, or in that file (which is run: it is code). Raises UserError."""
    if name in ours():
        return ours()[name]
    if name.endswith(".py"):
        return of_file(Path(name))
    if name not in plugins.installed(GROUP):
        raise UserError(f"no detector '{name}'.{did_you_mean(name, names())}")
    found = plugins.load(GROUP, name, "DETECTOR")
    need(isinstance(found, Detector), f"'{name}' of an installed package is no Detector")
    return found


def of_file(path: Path) -> Detector:
    """The detector that a Python file ends in. Raises UserError, naming the file."""
    need(path.is_file(), f"no such file: '{path}'")
    fine = re.fullmatch(plugins.NAME, path.stem)
    need(fine, f"'{path}': name the file in small letters, digits and _, as in my_detector.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as fault:
        raise UserError(f"'{path}' cannot be loaded: {type(fault).__name__}: {fault}") from fault
    found = vars(module).get("DETECTOR")
    need(isinstance(found, Detector), f"'{path}' must end in DETECTOR = Detector(...)")
    assert isinstance(found, Detector)
    return found
