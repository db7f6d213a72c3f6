"""How many of a thing there are, in words that fit the number; and numbers that read back.

Texts are read more narrowly than Python does, which takes "1_", " 7", "٣" and "infinity" as numbers.
"""

import math
import re

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def counted(n: int, one: str, many: str = "") -> str:
    """The words "1 level", "2,000 levels". `many` is the plural where it is not the singular and an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def digits(number: float) -> str:
    """A number in the fewest digits that read back as it: "17", "1234567", "0.05"."""
    if number == number // 1 and abs(number) < 1e15:
        return str(int(number))
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def number(text: str) -> float:
    """The number that a text is: "17", "-0.5", "1e-3"; NaN for all else, and for what is too large."""
    found = float(text) if len(text) <= 400 and NUMBER.fullmatch(text) else math.nan
    return found + 0.0 if math.isfinite(found) else math.nan  # and no -0


def whole(text: str, most_digits: int = 19) -> int | None:
    """The whole number that a text is, in digits from 0 to 9 and without a sign; None for all else."""
    plain = text.isascii() and text.isdecimal() and len(text) <= most_digits
    return int(text) if plain else None
