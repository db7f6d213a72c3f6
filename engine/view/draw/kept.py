"""Pictures that are kept, to be drawn once: all of them together within one budget of bytes.

A count would bound nothing: the same cell is 1 KB at 16 pixels and 480 KB at 400.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from threading import Lock
from typing import Generic, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")

BUDGET = 96 << 20  # bytes of all pictures that are kept
ENTRY = 512  # bytes of keeping one, however small

_lock = Lock()  # films are drawn in the background
_store: OrderedDict[tuple, tuple[object, int]] = OrderedDict()  # value and bytes, the oldest first
_total = 0


class Latest(Generic[T]):
    """Of what is large and soon another, the few values that were asked for last, by their keys."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._store: OrderedDict[object, T] = OrderedDict()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of a key, which `make` makes if it is not there."""
        with self._lock:
            if key in self._store:
                self._store.move_to_end(key)
                return self._store[key]
        value = make()
        with self._lock:
            self._store[key] = value
            while len(self._store) > self._most:
                self._store.popitem(last=False)
        return value


def kept(make: Callable[P, T]) -> Callable[P, T]:
    """`make`, whose results are kept by its arguments; what was not asked for longest goes first."""

    @wraps(make)
    def found(*args: P.args, **named: P.kwargs) -> T:
        key = (make, args, *named.items())
        with _lock:
            entry = _store.get(key)
            if entry is not None:
                _store.move_to_end(key)
                return entry[0]  # type: ignore[return-value]
        value = make(*args, **named)
        _add(key, value)
        return value

    return found


def _add(key: tuple, value: object) -> None:
    global _total
    size = weight(value)
    if size > BUDGET // 2:
        return  # it would drive all others out
    with _lock:
        if key not in _store:
            _store[key] = value, size
            _total += size
        while _total > BUDGET:
            _, (_, gone) = _store.popitem(last=False)
            _total -= gone


def weight(value: object) -> int:
    """The bytes that keeping a picture takes, or arrays of pictures, however they are wrapped."""
    if isinstance(value, np.ndarray):
        return ENTRY + value.nbytes
    if isinstance(value, (tuple, list)):
        return ENTRY + sum(map(weight, value))
    if is_dataclass(value):
        return ENTRY + sum(weight(getattr(value, field.name)) for field in fields(value))
    return ENTRY


def total() -> int:
    """The bytes of all that is kept now."""
    return _total


def forget() -> None:
    """Keep nothing of what was drawn so far."""
    global _total
    with _lock:
        _store.clear()
        _total = 0
