"""What instruments say of an agent, drawn: belief as one bar of parts, a detector's score as a strip
of columns, and the question mark of an alarm.

Nothing is told by colour alone: parts of belief bear the marks of their goals, an alarm rises above
the dotted line and has a question mark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..camera.shot import Window
from .ink import DARK, DIM, LINE, MARKS, PANEL, RED, TEXT, box, icon, text_width, write
from .marks import INTENDED, PROXY

GAUGES = ("posterior", "alarm")  # what may be shown, by name
HIGH = 28  # units that a gauge takes
BAR = 20  # of a bar of belief
STRIP = 22  # of a strip
AT = 0.55  # where in a strip the line lies
NOBODY = (92, 98, 130)  # what no goal explains
SPEAKS, ALARM = "what it did speaks for", "alarm"


@dataclass(frozen=True, eq=False)
class Gauges:
    """What instruments say of one episode of T steps; None is what was not asked for.

    belief: float64[T + 1, K], how far what was done up to each step speaks for each of K goals, of
    which the last is "none of them"; marks: the mark of each, "" for that. score: float64[T], what a
    detector called `name` gives every step; above `line` it is an alarm.
    """

    belief: np.ndarray | None = None
    marks: tuple[str, ...] = ()
    score: np.ndarray | None = None
    line: float = 0.0
    name: str = ""

    @property
    def rows(self) -> int:
        """How many gauges there are."""
        return (self.belief is not None) + (self.score is not None)

    def alarmed(self, step: int) -> bool:
        """Is what it is about to do at this step one that the detector would ask about?"""
        return self.score is not None and step < len(self.score) and self.score[step] > self.line


def draw(
    frame: np.ndarray,
    gauges: Gauges,
    step: int,
    steps: int,
    at: tuple[int, int, int, int],
    say: Callable[[str], str] = str,
) -> None:
    """The gauges below each other at a step of so many.

    at: the top, the left end of the words, and the ends of the bars; say: a text in other words.
    """
    y, x, start, stop = at
    if gauges.belief is not None:
        write(frame, say(SPEAKS), y + 3, x, 14, TEXT, width=start - x - 8)
        shares = gauges.belief[min(step, len(gauges.belief) - 1)]
        belief(frame, (y + 3, start, stop), shares, gauges.marks)
        y += HIGH
    if gauges.score is not None:
        words = f"{say(ALARM)}: {gauges.name.replace('_', ' ')}" if start - x > 110 else say(ALARM)
        loud = gauges.alarmed(step)
        write(frame, words, y + 3, x, 14, TEXT, loud, width=start - x - 8 - 24 * loud)
        if loud:
            badge(frame, y + 3, start - 28, 20)
        strip(frame, (y + 2, start, stop), gauges.score[: step + 1], gauges, steps)


def belief(
    frame: np.ndarray, at: tuple[int, int, int], shares: np.ndarray, marks: Sequence[str]
) -> None:
    """One bar whose parts are shares of 1, each with its mark; `at`: its top, and both ends."""
    y, start, stop = at
    box(frame, y, start, y + BAR, stop, PANEL, 5)
    ends = start + np.rint((stop - start) * np.cumsum([0.0, *shares])).astype(int)
    for k, mark in enumerate(marks):
        a, b = int(ends[k]), int(ends[k + 1])
        if b - a < 2:
            continue
        # several proxies are told apart by their shade
        red, green, blue = (
            round(v * 0.85 ** (max(k - 1, 0) * bool(mark))) for v in MARKS.get(mark, NOBODY)
        )
        box(frame, y, a, y + BAR, b - (k < len(marks) - 1), (red, green, blue), 4)
        words = f"{shares[k]:.0%}" if mark else f"none {shares[k]:.0%}"
        room = text_width(words, 14, True) + 10
        if mark and b - a >= 26:
            box(frame, y + 2, a + 4, y + 18, a + 20, DARK, 8)
            icon(frame, mark, y + 4, a + 6, 12)
        if b - a >= room + 22 * bool(mark):
            write(frame, words, y + 1, b - 6, 14, DARK if mark else TEXT, True, "right")


def strip(
    frame: np.ndarray,
    at: tuple[int, int, int],
    scores: np.ndarray,
    gauges: Gauges,
    steps: int,
) -> None:
    """A column for every step so far of so many, red above the dotted line."""
    y, start, stop = at
    box(frame, y, start, y + STRIP, stop, PANEL, 4)
    assert gauges.score is not None
    low = min(float(gauges.score.min(initial=gauges.line)), gauges.line - 1e-9)
    top = max(float(gauges.score.max(initial=gauges.line)), gauges.line + 1e-9)
    per = (stop - start) / max(steps, 1)
    for t, score in enumerate(scores.tolist()):
        loud = score > gauges.line
        share = (score - low) / (gauges.line - low) * AT
        if loud:
            share = AT + max(0.15, (score - gauges.line) / (top - gauges.line) * (1 - AT))
        high = max(1, round(STRIP * min(share, 1.0)))
        a = start + round(per * t)
        b = max(start + round(per * (t + 1)) - (per >= 4), a + 1)
        box(frame, y + STRIP - high, a, y + STRIP, min(b, stop), RED if loud else DIM)
    level = y + STRIP - round(STRIP * AT)
    for x in range(start, stop - 3, 8):
        box(frame, level, x, level + 1, x + 4, TEXT)


def badge(frame: np.ndarray, y: int, x: int, n: int) -> None:
    """A question mark in a disc of `n` units: it would ask."""
    box(frame, y, x, y + n, x + n, DARK, n // 2)
    box(frame, y + 1, x + 1, y + n - 1, x + n - 1, RED, n // 2)
    size = round(n * 0.72)
    write(frame, "?", y + round(n * 0.03), x + n // 2, size, TEXT, True, "middle")


def ask(picture: np.ndarray, at: Window | None, y: float, x: float) -> None:
    """A question mark beside a learner on the cell (y, x), or in a corner where `at` does not tell
    how cells lie; in pixels.
    """
    n = max(26, round(0.8 * at.p)) if at else 40
    row, column = 12, picture.shape[1] - n - 12
    if at is not None:
        row = round((y - at.y) * at.p + picture.shape[0] / 2 - 0.7 * n)
        column = round((x + 1 - at.x) * at.p + picture.shape[1] / 2 - 0.3 * n)
    row, column = max(min(row, picture.shape[0] - n), 0), max(min(column, picture.shape[1] - n), 0)
    badge(picture, row, column, n)


def sign(frame: np.ndarray, overlay: str, y: int, x: int, on: bool) -> None:
    """The sign of a gauge in the legend, 18 units wide."""
    if overlay == "posterior":
        box(frame, y + 4, x, y + 14, x + 11, MARKS[INTENDED] if on else LINE, 3)
        box(frame, y + 4, x + 12, y + 14, x + 18, MARKS[PROXY] if on else LINE, 3)
    elif on:
        badge(frame, y, x, 18)
    else:
        write(frame, "?", y, x + 9, 13, DIM, True, "middle")
