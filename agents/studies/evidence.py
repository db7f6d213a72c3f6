"""Figures read out of files of results, so that nobody types them again.

A way through a file is a sequence of steps. "alpha=0.01 & seed=0" keeps the rows of a table, or of a
list, that are so; any other step names a column, or a key. The last one leads to a figure: a
number, one with its interval (`x`, `x_low`, `x_high` in a CSV), or, where several rows are kept,
their mean with the least and the most. In a CSV of a map the step "law" goes on to the law
through it. In a page (.md) the one step is its own words, with `{value}`, and `{low}` and `{high}`
if it gives them: "fell from {value} %". JSON of an `Estimate` is a figure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...engine.counts import whole
from ...engine.errors import UserError
from ...engine.files import read_csv, read_json, read_text
from ..judging.plain import to_plain
from .map import law_of
from .map import read as read_map

MOST = 4 << 20  # bytes of a page
NUMBER = r"([+-]?[0-9][0-9,]*(?:\.[0-9]+)?)"
# Of a unit: times what, and how many digits.
SCALES = {"percent": (100, 0), "points": (100, 0), "auroc": (1, 2), "ratio": (1, 2)}
SCALES |= {"number": (1, 0), "thousands": (1e-3, 0), "tenths": (100, 1)}


@dataclass(frozen=True)
class Figure:
    """A figure in its file's own scale; as text in its `unit`.

    `low` and `high` are a 95 % interval, or with `spread` the least and the most of several rows.
    """

    number: float
    least: float | None = None
    most: float | None = None
    spread: bool = False
    unit: str = "percent"

    @property
    def value(self) -> str:
        """ "73"."""
        return self._text(self.number)

    @property
    def low(self) -> str:
        return "" if self.least is None else self._text(self.least)

    @property
    def high(self) -> str:
        return "" if self.most is None else self._text(self.most)

    def __str__(self) -> str:
        """ "73 [50, 98]", "44 (38 to 47)", or "73"."""
        if self.least is None:
            return self.value
        inside = f"({self.low} to {self.high})" if self.spread else f"[{self.low}, {self.high}]"
        return f"{self.value} {inside}"

    def holds(self, number: float) -> bool:
        """Whether the number lies between low and high, to the digits that are shown."""
        if self.least is None or self.most is None:
            return self._text(number) == self.value
        half = 0.5 / SCALES[self.unit][0] / 10 ** SCALES[self.unit][1]
        return self.least - half <= number <= self.most + half

    def _text(self, number: float) -> str:
        scale, digits = SCALES[self.unit]
        return f"{round(scale * number, digits) + 0.0:,.{digits}f}"  # never "-0"


def figure(path: Path, at: Sequence[str], unit: str = "percent") -> Figure:
    """The figure at the end of a way through a file. Raises UserError, with file and way."""
    found = look(path, at, unit)
    if isinstance(found, Figure):
        return found
    raise UserError(f"{path}: {' / '.join(at)} is '{str(found)[:40]}', and no figure")


def look(path: Path, at: Sequence[str], unit: str = "percent") -> Figure | str:
    """The same, or a text where the way ends at one."""
    if path.suffix == ".md":
        return _told(path, " ".join(at), unit)
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    here: Any = _read(path, changed)
    for k, step in enumerate(at):
        here = _law(path, changed) if step == "law" and not k else _enter(here, step)
        if here is None:
            raise UserError(f"{path}: no '{step}' at {' / '.join(at[:k]) or 'the top'}")
    found = _as_figure(here, unit)
    if found is None:
        raise UserError(f"{path}: {' / '.join(at)} ends at no single figure")
    return found


def words_of(text: str) -> str:
    """A text with single spaces, as pages break their lines anywhere."""
    return " ".join(text.split())


def read_page(path: Path) -> str:
    """A page's words."""
    return words_of(read_text(path, MOST))


def _told(path: Path, template: str, unit: str) -> Figure:
    """The figure that a page tells in these words."""
    pattern = re.escape(words_of(template))
    for name in ("value", "low", "high"):
        pattern = pattern.replace(rf"\{{{name}\}}", f"(?P<{name}>{NUMBER[1:-1]})")
    hits = list(re.finditer(pattern, read_page(path)))
    if len(hits) != 1:
        raise UserError(f"{path}: '{template[:60]}' stands there {len(hits)} times, and not once")
    got = {name: float(text.replace(",", "")) for name, text in hits[0].groupdict().items()}
    scale = SCALES[unit][0]
    low, high = (got[name] / scale if name in got else None for name in ("low", "high"))
    return Figure(got["value"] / scale, low, high, unit=unit)


@cache
def _read(path: Path, changed: int) -> Any:
    """The rows of a CSV, or what a JSON file holds, as it is since it `changed`."""
    return read_csv(path)[1] if path.suffix == ".csv" else read_json(path)


@cache
def _law(path: Path, changed: int) -> Any:
    """The law through a map's CSV, as plain data; None without one."""
    return to_plain(law_of(read_map(path)))


def _enter(here: Any, step: str) -> Any:
    """One step on; None if it leads nowhere."""
    rows = here if isinstance(here, list) else [here]
    if "=" in step:
        rows = [row for row in rows if isinstance(row, dict)]
        wanted = [part.strip().partition("=") for part in step.split("&")]
        rows = [row for row in rows if all(_alike(row.get(a), b) for a, _, b in wanted)]
        return (rows[0] if len(rows) == 1 else rows) or None
    if isinstance(here, dict):
        ends = ("_value", "_low", "_high")
        if step not in here and f"{step}_value" in here:
            here = {**here, step: here[f"{step}_value"]}
        keys = (step, *(f"{step}{end}" for end in ends[1:]))
        if here.keys() >= set(keys):
            return dict(zip(("value", "low", "high"), (here[key] for key in keys), strict=True))
        return here.get(step)
    if isinstance(here, list) and (place := whole(step)) is not None:
        return here[place] if place < len(here) else None
    found = [_enter(row, step) for row in here] if isinstance(here, list) else []
    return found if found and None not in found else None


def _alike(a: Any, b: str) -> bool:
    try:
        return float(a) == float(b)
    except (TypeError, ValueError):
        return str(a) == b


def _as_figure(here: Any, unit: str) -> Figure | str | None:
    """What a way ended at, as a figure or a text; None if it is neither."""
    if isinstance(here, list):
        alone = [_as_figure(one, unit) for one in here]
        numbers = [one.number for one in alone if isinstance(one, Figure)]
        if not numbers or len(numbers) < len(here):
            return None
        mean = math.fsum(numbers) / len(numbers)
        return Figure(mean, min(numbers), max(numbers), True, unit)
    if isinstance(here, dict):
        if not {"value", "low", "high"} <= here.keys():
            return None
        value, low, high = (_as_figure(here[key], unit) for key in ("value", "low", "high"))
        if isinstance(value, Figure) and isinstance(low, Figure) and isinstance(high, Figure):
            return Figure(value.number, low.number, high.number, unit=unit)
        return None
    try:
        number = float(here)
    except (TypeError, ValueError):
        return here if isinstance(here, str) else None
    return Figure(number, unit=unit) if math.isfinite(number) else None
