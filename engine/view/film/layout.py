"""The layout of a film: where its panes and their parts lie, and all that never changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import UserError
from ..camera import top
from ..draw import gauges
from ..draw.ink import (
    DARK,
    DIM,
    LINE,
    PANEL,
    TEXT,
    box,
    fit_words,
    icon,
    pill,
    scaled,
    text_width,
    whole_size,
    write,
    write_whole,
)
from ..draw.marks import INTENDED, PROXY, mark_of
from .options import STEP, FilmOptions
from .story import Story

if TYPE_CHECKING:
    from ...world import Goal

LEGIBLE = 8  # pixels per cell in a small pane, at least
ROOMY = 500  # pixels that a pane must be wide to say beside a score what the agent was trained on
MOST = 36  # panes of one film
TITLE = 22, 13  # sizes of the letters of a title
ASIDE = 244  # pixels between two pictures for what they share
SLIM = 800  # units of width below which things stand below each other
LARGER = 1.5  # times: so much larger is a level whose panes lie one above the other
ASIDE_FROM = 1200  # pixels that a film must be wide for it


class Pane(NamedTuple):
    """Where the parts of a pane lie, in units of so many pixels."""

    x: int
    width: int
    heading: int  # top of its heading
    top: int  # of its picture
    height: int  # of its picture
    scores: int  # top of its scoreboard
    p: int  # of a cell, in pixels
    left: int  # of its picture
    wide: int  # of its picture
    words: int = 0  # units that the names of the goals need
    gauges: int = 0  # top of its gauges
    unit: float = 1.0

    @property
    def area(self) -> tuple[slice, slice]:
        """Where its picture lies in a frame, in pixels."""
        ends = (self.top, self.top + self.height), (self.left, self.left + self.wide)
        down, right = (slice(*(round(end * self.unit) for end in pair)) for pair in ends)
        return down, right

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its picture, in pixels."""
        down, right = self.area
        return down.stop - down.start, right.stop - right.start

    @property
    def bar(self) -> tuple[int, int]:
        """Where the bars of its scoreboard begin and end."""
        if self.width < 400:
            return self.x + 28, self.x + self.width - 70
        start = min(max(self.width * 0.46, self.words), self.width * 0.6)
        return self.x + round(start), self.x + round(self.width * 0.69)


def in_units(size: tuple[int, int], unit: float) -> tuple[int, int]:
    """A size in pixels as units, of which the last ones may be cut."""
    return math.ceil(size[0] / unit), math.ceil(size[1] / unit)


class Layout:
    """Where everything lies in the frames of a story.

    One or two panes have room for everything, beside each other or, in an upright film or where a
    level is seen whole and a good deal larger so, one above the other; among more, scoreboards shrink, and in three
    rows or more they give way to the marks of the goals met.
    """

    def __init__(self, story: Story, options: FilmOptions) -> None:
        size, n = options.size, len(story.sides)
        if size[0] % STEP or size[1] % STEP:
            raise UserError(f"a film's size must be a multiple of {STEP}, not {size[1]}x{size[0]}")
        if size[0] < 480 or size[1] < 848:
            raise UserError(f"a film needs at least 848x480 pixels, not {size[1]}x{size[0]}")
        if n > MOST:
            raise UserError(f"a film has at most {MOST} panes, not {n}")
        self.story, self.pixels, self.unit = story, size, options.unit
        self.size = size = in_units(size, options.unit)
        upright = size[0] > 1.2 * size[1]  # then two panes lie one above the other
        fitting = (
            1 if n == 2 and upright else n if n <= 3 else 2 if n == 4 else int(np.ceil(np.sqrt(n)))
        )
        self.full = n <= 2
        goals = len(story.world.goals)
        self.row = (26 if goals <= 4 else 20) if self.full else 19  # height of a score
        self.small = self.row - 11 if self.full else 13  # of its letters
        self.slim = size[1] < SLIM  # then a caption has a line of its own
        self.foot = size[0] - (104 if self.slim else 70)  # where timeline and captions begin
        self.track = (120, size[1] - 16 - (250 if story.fork is not None else 60))  # the timeline
        self.legend_left = size[1]
        self._lay(options.columns or fitting)
        if n == fitting == 2 and not options.columns:  # a strip is larger above another
            beside = self.panes[0].p
            self._lay(1)
            if self.panes[0].p < LARGER * beside or not self._whole():
                self._lay(2)

    def _lay(self, columns: int) -> None:
        """Let the panes lie in so many columns."""
        n, width = len(self.story.sides), self.size[1]
        self.columns, self.rows = columns, -(-n // columns)
        self.scored = self.rows <= 2
        known = [side.take.gauges for side in self.story.sides]
        self.gauged = max(one.rows if one else 0 for one in known) if self.scored else 0
        narrow = n != 2 or columns != 2 or width < ASIDE_FROM
        middle = width // 2
        self.aside = None if narrow else (middle - ASIDE // 2, middle + ASIDE // 2)
        self.panes = [self._pane(k) for k in range(n)]

    def _whole(self) -> bool:
        """Is all of the first level seen in its pane, and not a window that follows an agent?"""
        record, pane = self.story.sides[0].take.states[0], self.panes[0]
        return all(
            int(n) * pane.p <= most for n, most in zip((record.h, record.w), pane.size, strict=True)
        )

    def _pane(self, k: int) -> Pane:
        height, width = self.foot - 48, self.size[1]
        row, column = divmod(k, self.columns)
        wide, tall = (width - 16 * (self.columns + 1)) // self.columns, height // self.rows
        begin = 48 + row * tall
        heading, first = (begin + 8, begin + 42) if self.full else (begin + 6, begin + 30)
        rows = len(self.story.world.goals) * self.row
        scores = begin + tall - rows - 8 if self.scored else begin + tall - 2
        gauged = gauges.HIGH * self.gauged
        high = scores - gauged - 6 - first if self.scored else scores - first
        left, broad = 16 + column * (wide + 16), wide
        if self.aside:
            broad = self.aside[0] - 12 - 16
            left = 16 if column == 0 else self.aside[1] + 12
        record = self.story.sides[k].take.states[0]
        h, w = int(record.h), int(record.w)
        tall_px, broad_px, wide_px = (int(part * self.unit) for part in (high, broad, wide))
        if self.full:
            p = top.scale(self.story.world, h, w, (tall_px, broad_px))
        else:
            fits = min(tall_px // h, wide_px // w), LEGIBLE
            p = min(max(min(max(tall_px // h, wide_px // w), top.FITTING), *fits), top.LARGEST)
        named = (
            text_width(self.story.card.goal(g), self.small - 2) for g in self.story.world.goals
        )
        x = 16 + column * (wide + 16)
        words = max(named) + 44
        below = scores - gauged - 2
        return Pane(x, wide, heading, first, high, scores, p, left, broad, words, below, self.unit)

    def furniture(self) -> np.ndarray:
        """A frame with all that never changes: uint8[height, width, 3], a new array."""
        frame = np.empty((*self.pixels, 3), np.uint8)
        frame[:] = DARK
        with scaled(self.unit):
            self._header(frame)
            for k in range(len(self.panes)):
                self._heading(frame, k)
            self._legend(frame)
        return frame

    def _header(self, frame: np.ndarray) -> None:
        width, story, card = self.size[1], self.story, self.story.card
        box(frame, 0, 0, 46, width, PANEL)
        box(frame, 46, 0, 48, width, LINE)
        split = f"split {card.split}" if card.split else ""
        right = " · ".join(
            filter(None, (f"level {story.names[0]}" if story.same_level else "", split))
        )
        used = text_width(right, 16)
        middle = story.together()
        half = text_width(middle, 16) // 2 + 14 if middle else 0
        title, sizes = story.title, TITLE
        beside = width // 2 - half - 40 if middle else width - used - 60
        centred = max(half, 0) and width // 2 + half + 16 < width - 16 - used
        if not centred or text_width(title, sizes[1], True) > beside:
            # what the takes share goes to the right too, or gives way to the title
            middle, beside = "", width - used - 60
            if text_width(title, sizes[1], True) > beside:
                right, beside = "", width - 32
        write(frame, right, 13, width - 16, 16, DIM, align="right")
        if middle:
            box(frame, 9, width // 2 - half, 38, width // 2 + half, DARK, 14)
            write(frame, middle, 13, width // 2, 16, TEXT, align="middle")
        write_whole(frame, title, 9, 16, sizes, beside)

    def _heading(self, frame: np.ndarray, index: int) -> None:
        side, pane = self.story.sides[index], self.panes[index]
        size = 16 if self.full else 13
        used = pill(frame, side.take.role, pane.heading, pane.left, size, self.story.hue(index))
        if used + 60 < pane.wide:
            room = pane.wide - used - 12 - (0 if self.scored else 20 * len(self.story.world.goals))
            label, at = side.take.label, pane.left + used + 12
            least = 13 if self.full else 11
            if text_width(label, least) > room:  # who that is says the pill before it
                label = label.replace("expert that wants to ", "wants to ").replace(
                    "experts that want to ", "want to "
                )
            small = whole_size(label, (size + 1, least), room, False)
            top = pane.heading + (size + 1 - small) * 3 // 4
            write(frame, fit_words(label, small, max(room, 1)), top, at, small, TEXT)
        if self.scored:
            for k, goal in enumerate(self.story.world.goals):
                self._score_row(frame, index, k, goal)

    def _score_row(self, frame: np.ndarray, index: int, k: int, goal: Goal) -> None:
        """The parts of a scoreboard row that never change: mark, name, tag and the empty bar."""
        pane, side = self.panes[index], self.story.sides[index]
        y, x = pane.scores + k * self.row, pane.x
        icon(frame, mark_of(self.story.world, goal), y + 2, x + 2, self.row - 6)
        bar = pane.bar
        words, room = self.story.card.goal(goal), bar[0] - x - 36
        if room > 40:
            sizes = (self.small, self.small - 1, self.small - 2)
            size = next((n for n in sizes if text_width(words, n) <= room), sizes[-1])
            write(frame, words, y + 1 + self.small - size, x + 28, size, TEXT, width=room)
        box(frame, y + 6, bar[0], y + self.row - 8, bar[1], PANEL, 5)
        if pane.width >= ROOMY:
            tag = self.story.tag(side.take, goal)
            ink = TEXT if tag == self.story.card.say("trained on") else DIM
            write(frame, tag, y + 2, x + pane.width - 2, self.small - 1, ink, align="right")

    def _legend(self, frame: np.ndarray) -> None:
        width, parting = self.size[1], self.story.fork
        box(frame, self.foot - 2, 0, self.foot, width, LINE)
        box(frame, self.foot, 0, self.size[0], width, PANEL)
        x = width - 16
        goals = [(PROXY, "proxy goal")] * (len(self.story.world.goals) > 1) + [
            (INTENDED, "intended goal")
        ]
        for mark, words in goals:
            words = self.story.card.say(words)
            x -= write(frame, words, self.foot + 37, x, 15, DIM, align="right") + 20
            icon(frame, mark, self.foot + 40, x, 16)
            x -= 18
        self.legend_left = x
        if parting is not None:
            words = self.story.card.say("paths part at step {step}", parting)
            used = write(frame, words, self.foot + 8, width - 16, 16, align="right")
            icon(frame, "fork", self.foot + 11, width - 16 - used - 20, 16)
