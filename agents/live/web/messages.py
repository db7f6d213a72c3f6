"""What a browser says, checked whole before anything is done with it."""

from __future__ import annotations

import json
from typing import Any

LONGEST = 1000  # characters of a message
SMALLEST, LARGEST = (320, 240), (2560, 1440)  # pictures that can be asked for: width, height
FAR = 10_000  # pixels from a corner

# what may be said, and what each word of it is; "text" and "flags" of the keyboard
KINDS: dict[str, dict[str, type]] = {
    "token": {"token": str},
    "seen": {"seen": int},  # the picture that is on the screen now
    "size": {"size": list},  # of the picture: width, height
    "key": {"key": str, "text": str, "ctrl": bool, "shift": bool},
    "up": {"up": str},
    "press": {"press": list, "button": int, "ctrl": bool, "shift": bool},
    "move": {"move": list},
    "drop": {"drop": list},
    "wheel": {"wheel": int},
    "away": {"away": bool},  # keys and mouse are elsewhere
}


class NotSaid(ValueError):
    """A message that nobody may send; in words."""


def read(text: str | bytes) -> tuple[str, dict[str, Any]]:
    """What kind of message it is, and its words. Raises NotSaid for anything else."""
    if isinstance(text, bytes) or len(text) > LONGEST:
        raise NotSaid("messages are short texts")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise NotSaid("messages are JSON") from None
    kind = next(iter(said), "") if isinstance(said, dict) else ""
    words = KINDS.get(kind)
    if words is None or said.keys() != words.keys():
        raise NotSaid("there is no such message")
    for name, value in said.items():
        if type(value) is not words[name]:
            raise NotSaid(f"{name} is a {words[name].__name__}")
        if words[name] is list:
            said[name] = _pair(value)
    if kind == "key" and len(said["key"]) + len(said["text"]) > 40:
        raise NotSaid("no key is called so")
    return kind, said


def _pair(value: list[Any]) -> tuple[int, int]:
    if len(value) != 2 or not all(type(v) is int and -FAR <= v <= FAR for v in value):
        raise NotSaid("a place is two whole numbers")
    return value[0], value[1]


def fitting(size: tuple[int, int]) -> tuple[int, int]:
    """The picture (height, width) for a browser with so much room (width, height)."""
    wide, high = (
        min(max(n, low), most) for n, low, most in zip(size, SMALLEST, LARGEST, strict=True)
    )
    return high, wide
