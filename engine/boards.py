"""Boards of other sizes: how a size is written, and which ones a world takes.

A world says with `smallest` that its generator fills whatever board it is given; `--world.size`
then changes the board. A hand-made level may be smaller than the board of any world.
"""

from __future__ import annotations

import re
from typing import Any

from .declaration import Declaration
from .errors import UserError

Size = tuple[int, int]  # height, width
SIDE = 255  # the longest
WIDE = 1000  # of a size as one number: height * WIDE + width


def size_of(value: Any) -> Size | None:
    """The size that 25x31 (height x width), 25 (a square), or `as_number` writes; None for all
    else.
    """
    if isinstance(value, tuple | list) and len(value) == 2:
        value = f"{value[0]}x{value[1]}"
    text = f"{value:g}" if isinstance(value, float) else str(value).strip().lower()
    text = text.removesuffix(".0")  # a sweep hands numbers on as text
    found = re.fullmatch(r"([0-9]{1,3})x([0-9]{1,3})", text)
    if found:
        return int(found[1]), int(found[2])
    if not re.fullmatch(r"[0-9]{1,6}", text):
        return None
    number = int(text)
    return divmod(number, WIDE) if number > WIDE else (number, number)


def as_number(size: Size) -> float:
    """A size as one number, as configurations and curves hold values: 25 for a square, else 25031
    for 25x31.
    """
    height, width = size
    return float(height if height == width else height * WIDE + width)


def say(size: Size) -> str:
    """A size for people."""
    return f"{size[0]}x{size[1]}"


def wanted(world: Declaration, value: Any) -> Size:
    """The size `value` of a board of this world. Raises UserError, in one line, if it is none, or
    the world takes no other than its own.
    """
    size = size_of(value)
    name, own = world.name, say(world.size)
    if size is None:
        raise UserError(f"the size of a board is height x width, such as 25x25, not '{value}'")
    if size == world.size:
        return size
    if world.smallest is None and world.resizes:
        raise UserError(
            f"world '{name}' draws the size of every level itself, up to {own}, and takes no"
            f" --world.size; only hand-made levels may be of any size up to {own}"
        )
    if world.smallest is None:
        raise UserError(
            f"the rules of world '{name}' are for boards of {own} (it declares no smallest=...);"
            " only hand-made levels may be smaller"
        )
    (low, narrow), (height, width) = world.smallest, size
    if not (low <= height <= SIDE and narrow <= width <= SIDE):
        raise UserError(
            f"boards of world '{name}' are from {say(world.smallest)} to {SIDE}x{SIDE},"
            f" not {say(size)}"
        )
    return size


def longer(world: Declaration, size: Size) -> int:
    """The horizon on a board of this size: a larger one has longer ways."""
    return max(world.horizon, round(world.horizon * sum(size) / sum(world.size)))
