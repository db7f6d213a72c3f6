"""What the values of flags may be: counts, seeds, sizes, ranges, and words out of a few."""

import argparse
import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from ...engine.counts import number
from ...engine.errors import UserError, did_you_mean
from ..studies.backends import table as places

DIGITS = "[0-9]+(?:_[0-9]{3})*"  # 250000 or 250_000


def count(text: str) -> int:
    """A positive whole number: 250000, 250_000, 250k, 2M or 1e6."""
    wanted = f"'{text}' is not a count; write it like 250000, 250_000, 250k, 2M or 1e6"
    form = rf"({DIGITS}(?:\.[0-9]+)?(?:e\+?[0-9]{{1,4}})?)([kmg]?)"
    match = re.fullmatch(form, text.lower())
    if not match:
        raise argparse.ArgumentTypeError(wanted)
    found = Decimal(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2]]
    if found > 10**15:
        raise argparse.ArgumentTypeError(f"'{text}' is too large; the most is 1e15")
    if found == 0:
        raise argparse.ArgumentTypeError(f"'{text}' must be at least 1")
    if found != int(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(found)


def count_to(most: int) -> Callable[[str], int]:
    """A count that is at most so much."""

    def read(text: str) -> int:
        if (found := count(text)) > most:
            raise argparse.ArgumentTypeError(f"'{text}' is too large; the most is {most:,}")
        return found

    return read


def count_or_none(text: str) -> int:
    """A count, or 0 where that has a meaning of its own."""
    return 0 if re.fullmatch("0+", text) else count(text)


def seed(text: str) -> int:
    """A whole number from 0 to 2**63 - 1."""
    if re.fullmatch(DIGITS, text) and int(text[:40]) < 2**63 and len(text) < 40:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"'{text[:40]}' is not a seed; write a whole number from 0 to 2**63 - 1 = {2**63 - 1:,}"
    )


def one_of(*choices: str) -> Callable[[str], str]:
    """A flag value out of a few words."""

    def choose(text: str) -> str:
        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"no choice '{text}'.{did_you_mean(text, choices)}")

    return choose


def place(text: str) -> str:
    """Where jobs run: local:2, ray:auto, slurm:PARTITION,minutes=30."""
    try:
        places.read(text)
    except UserError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None
    return text


def film_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels, multiples of 8, or a name: vertical, square."""
    text = {"vertical": "1080x1920", "square": "1080x1080"}.get(text, text)
    match = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text.lower())
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size; write it like 1280x720")
    width, height = int(match[1]), int(match[2])
    if width % 8 or height % 8 or not 848 <= width <= 7680 or not 480 <= height <= 4320:
        raise argparse.ArgumentTypeError(
            f"'{text}': width and height must be multiples of 8, from 848x480 to 7680x4320"
        )
    return width, height


def film_pick(text: str) -> str:
    """Which level to film."""
    if re.fullmatch(r"seed:[0-9]{1,20}", text) and int(text[5:]) < 2**64:
        return text
    return one_of("median", "first", "random", "worst", "best", "seed:N")(text)


def level_name(text: str) -> str:
    """A level by the first 8 to 16 digits of its fingerprint."""
    if re.fullmatch(r"[0-9a-f]{8,16}", text.lower()):
        return text.lower()
    if Path(text).exists():
        raise argparse.ArgumentTypeError(
            f"'{text}' is a file: its levels are taken with --split {text}"
        )
    raise argparse.ArgumentTypeError(
        f"'{text}' is no name of a level; films and the window show it as 8 digits, such as 7f3a90c1"
    )


def film_fps(text: str) -> int:
    """Frames a second."""
    if re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= 120:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a rate; write a whole number from 1 to 120")


def own_net(text: str) -> str:
    """A file of a network, which is code and is loaded here and now, as the user has named it."""
    from ..learning.encoder import NETS

    if not text.endswith(".py"):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no file of a network: those that ship need no flag"
        )
    NETS.load(text)
    return text


def span(text: str) -> tuple[int, int]:
    """A range of whole numbers: 8:40, 8: or :40, or 8 alone."""
    match = re.fullmatch(r"([0-9]{0,9})(:?)([0-9]{0,9})", text)
    if not match or text in ("", ":"):
        raise argparse.ArgumentTypeError(f"'{text}' is no range; write it like 8:40, 8: or :40")
    low = int(match[1] or 0)
    high = int(match[3]) if match[3] else 10**9 if match[2] else low
    if high < low:
        raise argparse.ArgumentTypeError(f"'{text}' ends before it begins")
    return low, high


def times(text: str) -> float:
    """How many times something is added: from -1000 to 1000."""
    if not -1000 <= (found := number(text)) <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from -1000 to 1000")
    return found


def finite(text: str) -> float:
    """A number that is one."""
    if math.isnan(found := number(text)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return found


def part(text: str) -> float:
    """A share between 0 and 1."""
    if re.fullmatch(r"0?\.[0-9]{1,9}", text) and float(text):
        return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no share between 0 and 1; write it like 0.8")


def rates(text: str) -> tuple[float, ...]:
    """ "0,1e-3,0.1": shares from 0 to 1, each named once."""
    found = tuple(number(word) for word in text.split(","))
    if not all(0 <= rate <= 1 for rate in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no list of different shares from 0 to 1; write it like 0,0.01,0.1"
        )
    return found


def varied(text: str) -> tuple[str, tuple[float, ...]]:
    """A parameter and the values it takes in turn: density=0.1,0.3."""
    name, equals, values = text.partition("=")
    numbers = tuple(number(value) for value in values.split(","))
    if not (name and equals) or not all(abs(value) <= 1e9 for value in numbers):
        raise argparse.ArgumentTypeError(f"'{text}' names no values; write it like density=0.1,0.3")
    return name.replace("-", "_"), numbers


def shares(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A measure and ranges that get an equal share each: steps=1:5,6:10."""
    name, equals, ranges = text.partition("=")
    if not (name and equals and ranges):
        raise argparse.ArgumentTypeError(f"'{text}' names no ranges; write it like steps=1:5,6:10")
    return name, tuple(span(part) for part in ranges.split(","))


def window_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT of a window."""
    match = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text.lower())
    if not match or not (64 <= int(match[1]) <= 7680 and 64 <= int(match[2]) <= 4320):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size from 64x64 to 7680x4320; write it like 1280x720"
        )
    return int(match[1]), int(match[2])


def web_address(text: str) -> tuple[str, int]:
    """PORT, or HOST:PORT, that browsers are served at."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not re.fullmatch("[0-9]+", port):  # such as the world in: watch --web corner
        raise argparse.ArgumentTypeError(
            f"'{text}' is no port; name what to watch before it, such as: watch corner --web 8017"
        )
    if len(port) > 5 or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}': ports go from 0 to 65535")
    if not re.fullmatch(r"[\w.:-]{1,64}", host):
        raise argparse.ArgumentTypeError(f"'{host}' is no address; write it like 127.0.0.1:8017")
    return host, int(port)
