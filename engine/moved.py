"""Old import paths of public names: they work in 0.2 with a warning, and go in 0.3."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

# where a public module was in 0.1 -> where its names are now, both without "goalshift."
MOVED = {
    "engine.adapters": "engine.api.adapters",
    "engine.register": "engine.api.register",
    "engine.script": "engine.levels.script",
    "agents.contrast": "agents.showing.contrast",
    "agents.evaluate": "agents.judging.evaluate",
    "agents.expert": "agents.policies.expert",
    "agents.levelset": "agents.designing.draw",
    "agents.record": "agents.showing.record",
}


def warn(old: str, new: str) -> None:
    """Say where a name is now, to whoever imports it."""
    message = f"'{old}' is '{new}' since goalshift 0.2; the old path goes in 0.3"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


def names(old: str, new: str, *moved: str) -> Callable[[str], Any]:
    """The `__getattr__` of the module `old`, which had the names `moved` that `new` (without
    "goalshift.") has now.
    """

    def find(name: str) -> Any:
        if name not in moved:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        module = importlib.import_module(f"{old.partition('.')[0]}.{new}")
        warn(f"{old}.{name}", f"{module.__name__}.{name}")
        return getattr(module, name)

    return find


class _Moved(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers for the old names alone, with the module that they are now."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.kept: dict[str, importlib.machinery.ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.removeprefix(f"{self.package}.") not in MOVED:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        new = f"{self.package}.{MOVED[spec.name.removeprefix(f'{self.package}.')]}"
        warn(spec.name, new)
        module = importlib.import_module(new)
        self.kept[spec.name] = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run; the module goes on under its own name."""
        spec = module.__spec__
        if spec is not None:
            module.__spec__ = self.kept.pop(spec.name, spec)


def hook(package: str) -> None:
    """Let the old paths lead to the new places; loads none of them."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.append(_Moved(package))
