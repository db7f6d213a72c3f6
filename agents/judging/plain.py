"""Dataclasses as plain data for JSON, and back: the fields are the format.

A field that holds its default is left out, and a key that is missing is its default.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(found: Any) -> Any:
    """Dictionaries, lists and numbers, from dataclasses within dictionaries and tuples."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        values = [(field, getattr(found, field.name)) for field in dataclasses.fields(found)]
        kept = [
            (field.name, value)
            for field, value in values
            if field.default is dataclasses.MISSING or value != field.default
        ]
        return {name: to_plain(value) for name, value in kept}
    if isinstance(found, Mapping):
        return {name: to_plain(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [to_plain(value) for value in found]
    return found


def from_plain(kind: type[T], data: Any) -> T:
    """The dataclass that `to_plain` took apart. Raises ValueError, with the place, if it is none."""
    return _read(kind, data, "")


def _read(kind: Any, data: Any, at: str) -> Any:
    make: Any = kind
    origin, inside = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        _must(isinstance(data, dict), "an object", data, at)
        found = {}
        for field in dataclasses.fields(kind):
            if field.name in data:
                place = f"{at}.{field.name}".lstrip(".")
                found[field.name] = _read(_hints(kind)[field.name], data[field.name], place)
            elif field.default is field.default_factory is dataclasses.MISSING:
                raise ValueError(f"'{field.name}' is missing{f' in {at}' if at else ''}")
        try:
            return make(**found)
        except ValueError as fault:
            raise ValueError(f"{fault} ({at or 'the whole'})") from None
    if origin in (Union, types.UnionType):
        other = next(one for one in inside if one is not type(None))
        return None if data is None else _read(other, data, at)
    if origin is dict:
        _must(isinstance(data, dict), "an object", data, at)
        return {name: _read(inside[1], value, f"{at}.{name}") for name, value in data.items()}
    if origin is tuple:
        _must(isinstance(data, list), "a list", data, at)
        return tuple(_read(inside[0], value, f"{at}[{k}]") for k, value in enumerate(data))
    right = type(data) in (int, float) if kind is float else type(data) is kind
    _must(right, f"of type {kind.__name__}", data, at)
    return data


def _must(true: bool, what: str, data: Any, at: str) -> None:
    if not true:
        raise ValueError(f"{at or 'it'} must be {what}, not {str(data)[:40]!r}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
