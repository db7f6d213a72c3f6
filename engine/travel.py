"""How worlds and rules travel: what `pickle` and `cloudpickle` make of them.

A world that any process can import, because it ships with goalshift or is installed, travels by the
name of its module and its version, with what `but` and `with_params` changed. A world of a path or
of a notebook cell travels by value: its rules as plain functions, compiled where they arrive.

Unpickling is code: unpickle only what you trust.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import pickle
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, ClassVar, Protocol

import numpy as np
from numba import cloudpickle

from .errors import need


class World(Protocol):
    """What is asked of a world here, below the floor where worlds are made."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: str
    version: int
    view: tuple[int, int]
    centred: bool
    table: np.recarray
    step: Callable

    def but(self, **changes: Any) -> World: ...


def importable(name: str) -> bool:
    """Can any process import this module? Not that of a world file, a notebook or a test."""
    if name == "__main__":
        return False
    path, full = None, ""
    for part in name.split("."):
        full = f"{full}.{part}".lstrip(".")
        specs = (finder.find_spec(full, path) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return True


def has_name(value: Any) -> bool:
    """Do its module and its name lead to this very function in any process?"""
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value and importable(value.__module__)


class _Pickler(cloudpickle.CloudPickler):
    """Takes functions and classes by value where no other process could import them; `modules` are
    those that they were in.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, FunctionType | type):
            module = sys.modules.get(obj.__module__)
            if module is not None and not importable(module.__name__):
                cloudpickle.register_pickle_by_value(module)
                self.modules.add(module.__name__)
        return super().reducer_override(obj)


def _dumps(value: Any) -> bytes:
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(value)
    return pickle.dumps((sorted(pickler.modules), file.getvalue()))


def _loads(value: bytes) -> Any:
    modules, inner = pickle.loads(value)
    for name in modules:  # Numba looks it up when it loads a build from the cache
        sys.modules.setdefault(name, ModuleType(name))
    return pickle.loads(inner)


def _given(world: World) -> dict[str, Any]:
    """What the world was built from, by field."""
    given = {field.name: getattr(world, field.name) for field in dataclasses.fields(world)}
    return {**given, "view": world.view if world.centred else None}


def _home(world: World, function: Callable) -> str | None:
    """The module whose `WORLD` bears this world's name, if any process can import it."""
    name = function.__module__
    origin = getattr(sys.modules.get(name), "WORLD", None)
    same = isinstance(origin, type(world)) and origin.name == world.name
    return name if same and importable(name) else None


def pack(world: World) -> tuple[Callable[..., World], tuple[str | None, int, bytes]]:
    """The world as `pickle` wants it: how to make it again, and from what."""
    home, given, table = _home(world, world.step), _given(world), world.table
    if home is None:
        return unpack, (None, world.version, _dumps((type(world), given, table)))
    origin: World = sys.modules[home].WORLD
    base = _given(origin)
    changed = {k: v for k, v in given.items() if v is not base[k] and v != base[k]}
    if not changed and np.array_equal(table, origin.table):
        return unpack, (home, origin.version, b"")
    return unpack, (home, origin.version, _dumps((type(world), changed, table)))


def unpack(home: str | None, version: int, value: bytes) -> World:
    """The world that `pack` described. Raises UserError if it has another version here."""
    contents: tuple[Any, ...] = _loads(value) if value else (None, {}, None)
    kind, given, table = contents
    if home is None:
        world = kind(**given)
    else:
        origin: World = importlib.import_module(home).WORLD
        need(
            origin.version == version,
            f"world '{origin.name}' was pickled at version {version}; here it has version"
            f" {origin.version}",
        )
        if not value:
            return origin
        world = origin.but(**given)
    world.table[...] = table
    return world
