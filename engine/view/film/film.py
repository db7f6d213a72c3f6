"""The recorder: takes side by side, with everything needed to judge what is seen.

A film is drawn from recorded states, never from a live environment, so it can always be drawn
again. It knows no agent: labels, training facts and figures are handed in, and what is not handed
in is not shown. Frames are streamed to the encoder, so memory does not grow with the film; a file
appears under its final name only after it has been read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import UserError, did_you_mean
from ..camera import top
from ..camera.registry import camera as camera_of
from ..draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    RED,
    SIDES,
    TEXT,
    box,
    fit_words,
    icon,
    pill,
    text_width,
    write,
)
from . import cards, page, subtitles
from .encode import FILMS, FPS, encode, strip
from .story import Card, Story, Take, goal_words, note, number, pale

if TYPE_CHECKING:
    from ...world import Goal

SIZE = (720, 1280)  # height, width; both multiples of 16, as encoders want
STEPS_PER_SECOND = 8.0
LONGEST = 24.0  # seconds that the play may take before it is sped up
TITLE, END = (1.5, 3.0), (3.0, 5.0)  # least and most seconds of the cards: longer with more to read
READING = 60  # characters a second
FREEZE, HOLD = 0.7, 1.2  # seconds of the pause at the fork and of the last picture
SLOW = 3  # steps before and after the fork at half speed
SYNCS = ("divergence", "step", "event")
FORMATS = (*FILMS, ".png", ".html", ".srt", ".vtt")
STRIP = 8  # key frames of a picture strip
LEGIBLE = 8  # pixels per cell in a small pane, at least
ROOMY = 500  # pixels that a pane must be wide to say beside a score what the agent was trained on
MOST = 36  # panes of one film

# the step that a pane is on its way to, and how far it has come, in (0, 1]
Moment = tuple[int, float]
Camera = Callable[..., np.ndarray]  # as top.draw


def camera(name: str) -> Camera:
    """The draw function of the camera called `name`; UserError if there is none."""
    return camera_of(name).draw


# -- time


def schedule(steps: int, parting: int | None, fps: int) -> list[Moment]:
    """For each frame of the play: the step it leads to, and how far it has come."""
    return [moments[0] for moments in _beats([[k] for k in range(steps + 1)], parting, fps)]


def beats(story: Story, fps: int, sync: str = "divergence") -> list[tuple[Moment, ...]]:
    """For each frame of the play, the moment of every pane.

    "step": all panes make a step at the same time. "divergence": that, slower around the last fork,
    with a pause in it. "event": whoever is first at a caption waits for the others to reach their
    own of that number.
    """
    if sync not in SYNCS:
        raise UserError(f"no sync '{sync}'.{did_you_mean(sync, SYNCS)}")
    lasts = [side.last for side in story.sides]
    if sync == "event":
        return _beats(_by_events([sorted(said) for said in story.said], lasts), None, fps)
    together = [[k] * len(lasts) for k in range(story.steps + 1)]
    return _beats(together, story.fork if sync == "divergence" else None, fps)


def _by_events(events: list[list[int]], lasts: list[int]) -> list[list[int]]:
    """The step of every pane at every tick, so that their n-th events fall on one tick."""
    ticks, begun = [[0] * len(lasts)], [0] * len(lasts)
    for n in range(max(map(len, events)) + 1):
        until = [
            mine[n] if n < len(mine) else last for mine, last in zip(events, lasts, strict=True)
        ]
        for k in range(1, max(b - a for a, b in zip(begun, until, strict=True)) + 1):
            ticks.append([min(a + k, b) for a, b in zip(begun, until, strict=True)])
        begun = until
    return ticks


def _beats(
    ticks: Sequence[Sequence[int]], parting: int | None, fps: int
) -> list[tuple[Moment, ...]]:
    """Frames between ticks; a pane that stands still is at the end of its step."""
    last = len(ticks) - 1
    rate = max(STEPS_PER_SECOND, last / LONGEST)

    def at(tick: int, fraction: float) -> tuple[Moment, ...]:
        before = ticks[max(tick - 1, 0)]
        return tuple(
            (k, fraction if k != b else 1.0) for k, b in zip(ticks[tick], before, strict=True)
        )

    frames = [at(0, 1.0)] * round(0.6 * fps)
    for k in range(1, last + 1):
        slow = parting is not None and parting - SLOW < k <= parting + SLOW + 1
        n = max(1, round(fps / rate * (2 if slow else 1)))
        frames += [at(k, (j + 1) / n) for j in range(n)]
        if k == parting:
            frames += [at(k, 1.0)] * round(FREEZE * fps)
    if parting == 0:
        frames[:0] = [at(0, 1.0)] * round(FREEZE * fps)
    return frames + [at(last, 1.0)] * round(HOLD * fps)


# -- one pane


def window(
    story: Story, index: int, k: int, fraction: float, size: tuple[int, int], p: int
) -> top.Window:
    """Where the camera of a pane looks, on the way from step k - 1 to step k."""
    side, before = story.sides[index], max(k - 1, 0)
    y, x = side.centre[before] + (side.centre[k] - side.centre[before]) * fraction
    return top.window(story.world, side.take.states[k], size, y, x, p)


def picture(
    story: Story,
    index: int,
    k: int,
    fraction: float,
    size: tuple[int, int],
    p: int,
    draw: Camera = top.draw,
) -> np.ndarray:
    """The level of a pane on the way from step k - 1 to step k, with trails, marks, and the way not
    taken.
    """
    side, colour = story.sides[index], story.hue(index)
    states, before = side.take.states, max(k - 1, 0)
    shown, walked = (k if fraction >= 0.5 else before), (k if fraction >= 1.0 else before)
    trails = [
        top.Trail(side.path[: walked + 1, agent], colour if not agent else pale(colour))
        for agent in range(story.world.learners)
    ]
    ghost = None
    if index in story.forks and shown > story.forks[index][1]:
        other, parting = story.sides[story.forks[index][0]], story.forks[index][1]
        trails.insert(0, top.Trail(other.path[parting : walked + 1, 0], SIDES[0], faint=True))
        ghost = other.take.states[shown] if shown <= other.last else None
    more: dict[str, Any] = (
        {"at": window(story, index, k, fraction, size, p)} if draw is top.draw else {}
    )
    return draw(
        story.world, states, k, size, previous=states[before], fraction=fraction, trails=trails,
        marks=side.marks[shown], ghost=ghost, **more,
    )  # fmt: skip


class Pane(NamedTuple):
    """Where the parts of a pane lie, in pixels."""

    x: int
    width: int
    heading: int  # top of its heading
    top: int  # of its picture
    height: int  # of its picture
    scores: int  # top of its scoreboard


class Stage:
    """The layout of one film: static parts drawn once, the rest per frame.

    One or two panes have room for everything, beside each other or, in an upright film, one above
    the other; among more, scoreboards shrink, and in three rows or more they give way to the marks
    of the goals met.
    """

    def __init__(
        self,
        takes: Sequence[Take],
        card: Card,
        size: tuple[int, int] = SIZE,
        columns: int = 0,
        pairs: Sequence[tuple[int, int]] | None = None,
        draw: Camera = top.draw,
    ) -> None:
        if size[0] % 16 or size[1] % 16:
            raise UserError(f"a film's size must be a multiple of 16, not {size[1]}x{size[0]}")
        if size[0] < 480 or size[1] < 848:
            raise UserError(f"a film needs at least 848x480 pixels, not {size[1]}x{size[0]}")
        if len(takes) > MOST:
            raise UserError(f"a film has at most {MOST} panes, not {len(takes)}")
        self.story = Story(takes, card, pairs)
        self.world, self.card, self.size, self.draw = card.world, card, size, draw
        n = len(takes)
        upright = size[0] > 1.2 * size[1]  # then two panes lie one above the other
        fitting = (
            1 if n == 2 and upright else n if n <= 3 else 2 if n == 4 else int(np.ceil(np.sqrt(n)))
        )
        self.columns = columns or fitting
        self.rows = -(-n // self.columns)
        self.full = n <= 2
        self.foot = size[0] - 70
        self._lay_out()
        self._finished: dict[int, np.ndarray] = {}

    # -- layout

    def _lay_out(self) -> None:
        height, width = self.size
        goals = len(self.world.goals)
        self.row = (26 if goals <= 4 else 20) if self.full else 19
        self.small = self.row - 11 if self.full else 13
        self.scored = self.rows <= 2
        wide = (width - 16 * (self.columns + 1)) // self.columns
        tall = (self.foot - 48) // self.rows
        self.panes: list[Pane] = []
        self.p: list[int] = []
        for k, side in enumerate(self.story.sides):
            row, column = divmod(k, self.columns)
            begin = 48 + row * tall
            heading, first = (begin + 8, begin + 42) if self.full else (begin + 6, begin + 30)
            scores = begin + tall - goals * self.row - 8 if self.scored else begin + tall - 2
            high = scores - 6 - first if self.scored else scores - first
            self.panes.append(Pane(16 + column * (wide + 16), wide, heading, first, high, scores))
            record = side.take.states[0]
            h, w = int(record.h), int(record.w)
            fits = min(max(high // h, wide // w), top.FITTING), min(high // h, wide // w), LEGIBLE
            self.p.append(
                top.scale(self.world, h, w, (high, wide))
                if self.full
                else min(max(fits), top.LARGEST)
            )
        self.static = np.empty((height, width, 3), np.uint8)
        self.static[:] = DARK
        self._header()
        for k in range(len(self.panes)):
            self._heading(k)
        self._legend()

    def _header(self) -> None:
        frame, width, story = self.static, self.size[1], self.story
        frame[:46] = PANEL
        frame[46:48] = LINE
        split = f"split {self.card.split}" if self.card.split else ""
        right = " · ".join(
            filter(None, (f"level {story.names[0]}" if story.same_level else "", split))
        )
        write(frame, right, 13, width - 16, 16, DIM, align="right")
        middle, half = story.together(), 0
        if middle:
            half = text_width(middle, 16) // 2 + 14
            box(frame, 9, width // 2 - half, 38, width // 2 + half, DARK, 14)
            write(frame, middle, 13, width // 2, 16, TEXT, align="middle")
        title = (self.card.title or self.world.title).upper()
        write(frame, title, 9, 16, 22, TEXT, True, width=width // 2 - half - 40)

    def _heading(self, index: int) -> None:
        side, pane = self.story.sides[index], self.panes[index]
        size = 16 if self.full else 13
        used = pill(self.static, side.take.role, pane.heading, pane.x, size, self.story.hue(index))
        if used + 60 < pane.width:
            room = pane.width - used - 12 - (0 if self.scored else 20 * len(self.world.goals))
            write(
                self.static,
                side.take.label,
                pane.heading,
                pane.x + used + 12,
                size + 1,
                TEXT,
                width=max(room, 1),
            )
        if self.scored:
            for k, goal in enumerate(self.world.goals):
                self._score_row(index, k, goal)

    def _score_row(self, index: int, k: int, goal: Goal) -> None:
        """The parts of a scoreboard row that never change: mark, name, tag and the empty bar."""
        pane, side = self.panes[index], self.story.sides[index]
        y, x = pane.scores + k * self.row, pane.x
        intended = goal is self.world.intended
        icon(self.static, top.INTENDED if intended else top.PROXY, y + 2, x + 2, self.row - 6)
        bar = self._bar(index)
        words, room = goal_words(goal), bar[0] - x - 36
        if room > 40:
            sizes = (self.small, self.small - 1, self.small - 2)
            size = next((n for n in sizes if text_width(words, n) <= room), sizes[-1])
            write(self.static, words, y + 1 + self.small - size, x + 28, size, TEXT, width=room)
        box(self.static, y + 6, bar[0], y + self.row - 8, bar[1], PANEL, 5)
        if pane.width >= ROOMY:
            tag = self.story.tag(side.take, goal)
            ink = TEXT if tag == "trained on" else DIM
            write(self.static, tag, y + 2, x + pane.width - 2, self.small - 1, ink, align="right")

    def _bar(self, index: int) -> tuple[int, int]:
        """Where the bars of a pane begin and end."""
        pane = self.panes[index]
        if pane.width < 400:
            return pane.x + 28, pane.x + pane.width - 70
        return pane.x + round(pane.width * 0.46), pane.x + round(pane.width * 0.69)

    def _legend(self) -> None:
        frame, width, parting = self.static, self.size[1], self.story.fork
        frame[self.foot - 2 : self.foot] = LINE
        frame[self.foot :] = PANEL
        x = width - 16
        goals = [(top.PROXY, "proxy goal")] * (len(self.world.goals) > 1) + [
            (top.INTENDED, "intended goal")
        ]
        for mark, words in goals:
            x -= write(frame, words, self.foot + 37, x, 15, DIM, align="right") + 20
            icon(frame, mark, self.foot + 40, x, 16)
            x -= 18
        self.legend_left = x
        self.track = (120, width - 16 - (250 if parting is not None else 60))
        if parting is not None:
            words = f"paths part at step {parting}"
            used = write(frame, words, self.foot + 8, width - 16, 16, align="right")
            icon(frame, "fork", self.foot + 11, width - 16 - used - 20, 16)

    # -- frames

    def play(self, moments: Sequence[Moment] | int, fraction: float = 1.0) -> np.ndarray:
        """The frame in which every pane is at its moment; a step alone stands for all panes."""
        if isinstance(moments, int):
            moments = [(moments, fraction)] * len(self.panes)
        frame = self.static.copy()
        for index, (k, far) in enumerate(moments):
            pane, side = self.panes[index], self.story.sides[index]
            area = frame[pane.top : pane.top + pane.height, pane.x : pane.x + pane.width]
            if k > side.last or (k == side.last and far >= 1.0):
                area[:] = self._over(index)
            else:
                area[:] = self._view(index, k, far)
            shown = min(k if far >= 0.5 else max(k - 1, 0), side.last)
            self._scores(frame, index, shown)
        self._timeline(frame, moments)
        self._caption(frame, moments)
        return frame

    def _view(self, index: int, k: int, fraction: float) -> np.ndarray:
        pane = self.panes[index]
        return picture(
            self.story, index, k, fraction, (pane.height, pane.width), self.p[index], self.draw
        )

    def _over(self, index: int) -> np.ndarray:
        """A finished pane: its last picture dimmed, and the outcome where it hides least."""
        if index not in self._finished:
            side = self.story.sides[index]
            shown = self._view(index, side.last, 1.0)
            dimmed = ((shown * np.uint16(5) + np.array(DARK, np.uint16) * 4) // 9).astype(np.uint8)
            (self._stamp if self.full else self._stamp_small)(dimmed, index)
            self._finished[index] = dimmed
        return self._finished[index]

    def _stamp(self, picture: np.ndarray, index: int) -> None:
        """The outcome of every goal in a box."""
        story, words = self.story, []
        for g, (goal, (outcome, met)) in enumerate(
            zip(self.world.goals, story.outcomes(story.sides[index]), strict=True)
        ):
            colon = ":" if story.best[0] is None else ""
            words.append(
                (
                    f"{goal_words(goal)}: {outcome}"
                    if g
                    else f"INTENDED GOAL{colon} {outcome.upper()}",
                    met,
                )
            )
        high = 64 + 26 * (len(words) - 1)
        wide = max(text_width(w, 17 if g else 26, not g) for g, (w, _) in enumerate(words)) + 90
        wide = min(picture.shape[1] - 40, wide)
        y, x = self._emptiest(index, high + 12), picture.shape[1] // 2 - wide // 2
        rim = MARKS[top.INTENDED] if words[0][1] else RED
        box(picture, y - 3, x - 3, y + high + 3, x + wide + 3, rim, 15)
        box(picture, y, x, y + high, x + wide, PANEL, 12)
        for g, (text, reached) in enumerate(words):
            if not g:
                icon(picture, top.INTENDED, y + 13, x + 16, 36, 1.0 if reached else 0.3)
                write(picture, text, y + 12, x + 64, 26, TEXT, True, width=wide - 76)
                continue
            icon(picture, top.PROXY, y + 32 + 26 * g, x + 25, 18, 1.0 if reached else 0.35)
            write(
                picture,
                text,
                y + 28 + 26 * g,
                x + 64,
                17,
                TEXT if reached else DIM,
                width=wide - 76,
            )

    def _stamp_small(self, picture: np.ndarray, index: int) -> None:
        """A coloured rim, and below it what became of the intended goal."""
        story = self.story
        outcome, met = story.outcomes(story.sides[index])[0]
        rim = MARKS[top.INTENDED] if met else RED
        high, wide = picture.shape[:2]
        for y0, x0, y1, x1 in (
            (0, 0, 3, wide),
            (high - 3, 0, high, wide),
            (0, 0, high, 3),
            (0, wide - 3, high, wide),
        ):
            box(picture, y0, x0, y1, x1, rim)
        long = min(text_width(outcome, 15, True) + 44, wide - 8)
        y, x = min(max(self._emptiest(index, 30), 4), max(high - 32, 0)), (wide - long) // 2
        box(picture, y, x, y + 28, x + long, rim, 14)
        box(picture, y + 2, x + 2, y + 26, x + long - 2, PANEL, 12)
        icon(picture, top.INTENDED, y + 5, x + 10, 18, 1.0 if met else 0.35)
        write(picture, outcome, y + 3, x + 34, 15, TEXT, True, width=max(long - 40, 1))

    def _emptiest(self, index: int, high: int) -> int:
        """The top of the band, `high` pixels tall, in which the last picture tells least (eyes: the
        middle).
        """
        if self.draw is camera("eyes"):
            return self.panes[index].height // 2 - high // 2
        side, record = self.story.sides[index], self.story.sides[index].take.states[-1]
        pane, p = self.panes[index], self.p[index]
        at = window(self.story, index, side.last, 1.0, (pane.height, pane.width), p)
        spots = [
            *side.path.reshape(-1, 2)[-500:, 0],
            *(y for mark in side.marks[side.last] for y in mark.cells[:3, 0]),
        ]
        spots += [float(record.y[agent]) for agent in range(self.world.learners)] * 20
        rows = (np.array(spots) + 0.5 - at.y) * p + pane.height / 2
        tops = [pane.height // 2 - high // 2, pane.height - high - 16, 20]
        hidden = [int(((rows > t - p) & (rows < t + high + p)).sum()) for t in tops]
        return tops[int(np.argmin(hidden))]

    def _scores(self, frame: np.ndarray, index: int, shown: int) -> None:
        side, pane, story = self.story.sides[index], self.panes[index], self.story
        if not self.scored:
            for g, best in enumerate(story.best):
                met = side.scores[shown, g] >= (best if best else 1e-9)
                mark = top.PROXY if g else top.INTENDED
                x = pane.x + pane.width - 20 * (len(story.best) - g)
                icon(frame, mark, pane.heading + 2, x, 17, 1.0 if met else 0.25)
            return
        start, stop = self._bar(index)
        for g in range(len(self.world.goals)):
            score, y, full = side.scores[shown, g], pane.scores + g * self.row, story.full[g]
            share = min(abs(score) / full, 1.0) if full > 0 else float(score != 0)
            if share > 0:
                ink = MARKS[top.PROXY if g else top.INTENDED] if score >= 0 else RED
                end = start + max(10, round((stop - start) * share))
                box(frame, y + 6, start, y + self.row - 8, end, ink, 5)
            write(frame, number(score), y + 1, stop + 64, self.small, TEXT, score != 0, "right")

    def _timeline(self, frame: np.ndarray, moments: Sequence[Moment]) -> None:
        start, stop = self.track
        story, y = self.story, self.foot + 11
        per = (stop - start) / max(story.steps, 1)
        lasts = [side.last for side in story.sides]
        far = [
            min(max(k - 1, 0) + f if k else 0.0, last)
            for (k, f), last in zip(moments, lasts, strict=True)
        ]
        step = max(min(k, last) for (k, _), last in zip(moments, lasts, strict=True))
        write(frame, f"step {step}", self.foot + 8, 16, 16, TEXT, True)
        lanes = list(range(len(far))) if len(far) <= 4 else [int(np.argmax(lasts))]
        thick = {1: 10, 2: 6, 3: 4, 4: 3}[len(lanes)]
        for row, index in enumerate(lanes):
            lane, side = y + (thick + 2) * row, story.sides[index]
            box(frame, lane, start, lane + thick, stop, LINE, 3)
            box(
                frame,
                lane,
                start,
                lane + thick,
                start + round(per * far[index]),
                self.story.hue(index),
                3,
            )
            if side.last < story.steps:
                end = start + round(per * side.last)
                box(frame, lane - 1, end - 1, lane + thick + 1, end + 2, TEXT)
        write(frame, f"{story.steps}", self.foot + 8, stop + 8, 15, DIM)
        if story.fork is not None:
            icon(frame, "fork", y - 2, start + round(per * story.fork) - 9, 18)

    def _caption(self, frame: np.ndarray, moments: Sequence[Moment]) -> None:
        """What the author says, the latest thing that happened, or what the pause means."""
        x, room, story = 16, self.legend_left - 40, self.story
        shown = [k if f >= 0.5 else k - 1 for k, f in moments]
        words = note(self.card, max(shown))
        if not words and story.fork is not None and all(m == (story.fork, 1.0) for m in moments):
            words = f"Step {story.fork}: here their paths part."
        if words:
            write(frame, fit_words(words, 18, room), self.foot + 35, x, 18, TEXT)
            return
        latest = []
        for index, said in enumerate(story.said):
            steps = [step for step in said if step <= shown[index]]
            if steps:
                latest.append((steps[-1], -index, story.spoken(index, steps[-1])))
        # the two newest, in the order of their panes, or the newest alone if there is no room for
        # both
        latest = sorted(latest, reverse=True)[:2]
        if sum(36 + text_width(words, 17) for *_, words in latest) > room:
            del latest[1:]
        for _, index, words in sorted(latest, key=lambda entry: -entry[1]):
            box(frame, self.foot + 42, x, self.foot + 54, x + 12, self.story.hue(-index), 6)
            x += 36 + write(
                frame, fit_words(words, 17, room - 36), self.foot + 35, x + 20, 17, TEXT
            )


# -- the film


def frames(
    takes: Sequence[Take],
    card: Card,
    fps: int = FPS,
    size: tuple[int, int] = SIZE,
    sync: str = "divergence",
    **layout: Any,
) -> tuple[int, Iterator[np.ndarray]]:
    """The number of frames of a film, and the frames themselves; `layout` as `Stage` takes it.

    A frame is uint8[height, width, 3] and must not be written to. Raises UserError for a bad size.
    """
    stage = Stage(takes, card, size, **layout)
    play = beats(stage.story, fps, sync)
    titles, fade, ends = _lengths(card, fps)

    def stream() -> Iterator[np.ndarray]:
        title, first = cards.title(stage.story, size), stage.play(play[0])
        for _ in range(titles):
            yield title
        for j in range(fade):
            share = round(256 * (j + 1) / (fade + 1))
            yield ((title * np.uint32(256 - share) + first * np.uint32(share)) >> 8).astype(
                np.uint8
            )
        last_beat, last = play[0], first
        for beat in play:
            if beat != last_beat:
                last_beat, last = beat, stage.play(beat)
            yield last
        final = cards.end(stage.story, size)
        for _ in range(ends):
            yield final

    return titles + fade + len(play) + ends, stream()


def _lengths(card: Card, fps: int) -> tuple[int, int, int]:
    """Frames of the title card, of the fade after it, and of the end card: longer with more to
    read.
    """
    opening = sum(map(len, (card.title, card.claim, *card.facts)))
    closing = sum(map(len, (*(rate.label for rate in card.rates), card.sample, card.pick))) + 60
    titles = round(min(max(opening / READING, TITLE[0]), TITLE[1]) * fps)
    ends = round(min(max(closing / READING, END[0]), END[1]) * fps)
    return titles, round(0.2 * fps), ends


def poster(
    takes: Sequence[Take], card: Card, size: tuple[int, int] = SIZE, **layout: Any
) -> np.ndarray:
    """One picture of the whole film: the frame in which all have finished."""
    stage = Stage(takes, card, size, **layout)
    return stage.play(stage.story.steps)


def key_steps(story: Story, n: int = STRIP) -> list[int]:
    """The steps that tell most: the first, the fork, what happens, the end; then the widest gaps
    are halved.
    """
    steps = story.steps
    wanted = [0, steps, *([] if story.fork is None else [story.fork])]
    wanted += sorted({k for said in story.said for k in said})
    keys = sorted(dict.fromkeys(wanted[:n]))
    while len(keys) < min(n, steps + 1):
        gap, begin = max((b - a, -a) for a, b in pairwise(keys))
        keys = sorted([*keys, gap // 2 - begin])
    return keys


def save(
    takes: Sequence[Take],
    card: Card,
    path: str | Path | Iterable[str | Path],
    fps: int = FPS,
    size: tuple[int, int] = SIZE,
    sync: str = "divergence",
    cameras: Sequence[str] = ("top",),
    progress: Callable[[int, int], None] | None = None,
    **layout: Any,
) -> None:
    """Film takes into one file or several, each by its ending; frames are composed once.

    .mp4 .webm .webp .gif: the film (of the first of `cameras`; WebP and GIF are scaled down to stay
    below 2 MB). .png: a strip of key frames. .html: a page that plays it, with all `cameras`. .srt
    .vtt: what its captions say, and when. `progress(done, total)` is called after each frame.
    Raises UserError for a bad name or size and RunError if a file cannot be made; then nothing new
    is left at its final name.
    """
    paths = [Path(path)] if isinstance(path, (str, Path)) else [Path(p) for p in path]
    for p in paths:
        if p.suffix.lower() not in FORMATS:
            raise UserError(f"cannot film to '{p}': the name must end in {', '.join(FORMATS)}")
    views = {name: camera(name) for name in cameras}
    layout["draw"] = next(iter(views.values()))
    by_kind: dict[str, list[Path]] = {}
    for p in dict.fromkeys(paths):
        by_kind.setdefault(p.suffix.lower(), []).append(p)
    films = [p for suffix in FILMS for p in by_kind.get(suffix, [])]
    if films:
        total, stream = frames(takes, card, fps, size, sync, **layout)
        encode(stream, films, fps, total, progress)
    if by_kind.get(".png"):
        stage = Stage(takes, card, size, **layout)
        keys = key_steps(stage.story)
        for p in by_kind[".png"]:
            strip((stage.play(k) for k in keys), len(keys), p)
    for p in by_kind.get(".html", []):
        others = {name: draw for name, draw in views.items() if name != "top"}
        page.save(p, takes, card, cameras=others, pairs=layout.get("pairs"))
    for suffix in (".srt", ".vtt"):
        for p in by_kind.get(suffix, []):
            story = Story(takes, card, layout.get("pairs"))
            titles, fade, _ = _lengths(card, fps)
            subtitles.save(p, subtitles.cues(story, beats(story, fps, sync), titles + fade, fps))
