"""The frames of a film: panes at their moments, scores, timeline and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...worth import number
from ..camera.gaze import FORESEEN, Gaze, gaze_at
from ..camera.registry import camera
from ..camera.shot import Shot, Window
from ..camera.top import window
from ..draw import gauges
from ..draw.differ import frame_art
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
    scaled,
    text_width,
    whole_size,
    write,
)
from ..draw.marks import INTENDED, PROXY, Trail
from ..draw.signs import lying
from . import pops
from .aside import Aside
from .beats import Moment
from .layout import Layout, in_units
from .options import USUAL, FilmOptions
from .story import PARTING, Card, Story, Take, note, pale, rim_of

TRAIL = 60  # steps that a trail shows, the latest


def shot_of(story: Story, index: int, moment: Moment, size: tuple[int, int], p: int = 0) -> Shot:
    """What a pane shows on the way from step k - 1 to step k: the level with trails and marks, and
    the way not taken.

    With `p` pixels a cell it follows the learner smoothly; else the camera follows as it likes.
    """
    (k, fraction), side, colour = moment, story.sides[index], story.hue(index)
    states, before = side.take.states, max(k - 1, 0)
    shown, walked = (k if fraction >= 0.5 else before), (k if fraction >= 1.0 else before)
    begin = max(0, walked - TRAIL)
    trails = [
        Trail(side.path[begin : walked + 1, agent], colour if not agent else pale(colour))
        for agent in range(story.world.learners)
    ]
    ghost = None
    if index in story.forks and shown > story.forks[index][1]:
        other, parting = story.sides[story.forks[index][0]], story.forks[index][1]
        trails.insert(
            0, Trail(other.path[max(parting, begin) : walked + 1, 0], SIDES[0], faint=True)
        )
        ghost = other.take.states[shown] if shown <= other.last else None
    at = follow(story, index, moment, size, p) if p else None
    under, over = lying(story.world, side.signs[shown], p) if p else ([], [])
    over = [*over, *((frame_art(p), y, x) for y, x in side.take.framed if p)]
    return Shot(
        story.world, states[k], size, states[before], fraction, at, trails, side.marks[shown], ghost,
        under=under, over=over,
    )  # fmt: skip


def follow(story: Story, index: int, moment: Moment, size: tuple[int, int], p: int) -> Window:
    """Where a flat camera of a pane looks, on the way from step k - 1 to step k."""
    (k, fraction), side = moment, story.sides[index]
    before = max(k - 1, 0)
    y, x = side.centre[before] + (side.centre[k] - side.centre[before]) * fraction
    return window(story.world, side.take.states[k], size, y, x, p)


class Stage:
    """All that is needed to draw any frame of a film; static parts are drawn once."""

    def __init__(self, takes: Sequence[Take], card: Card, options: FilmOptions = USUAL) -> None:
        self.story = Story(takes, card, options.pairs)
        self.layout = Layout(self.story, options)
        self.camera = camera(options.cameras[0])
        self.static = self.layout.furniture()
        self.pops = [pops.pops(self.story, side) for side in self.story.sides]
        self.aside = None
        if self.layout.aside:
            top, unit = self.layout.panes[0].top + 6, self.layout.unit
            self.aside = Aside(self.story, self.layout.aside, top, unit)
            self.aside.furnish(self.static)
        self._finished: dict[int, np.ndarray] = {}
        self._gazes: dict[tuple[int, int], Gaze] = {}  # by pane and step

    def play(self, moments: Sequence[Moment] | int, fraction: float = 1.0) -> np.ndarray:
        """The frame in which every pane is at its moment; a step alone stands for all panes."""
        if isinstance(moments, int):
            moments = [(moments, fraction)] * len(self.layout.panes)
        frame = self.static.copy()
        with scaled(self.layout.unit):
            self._draw(frame, moments)
        return frame

    def _draw(self, frame: np.ndarray, moments: Sequence[Moment]) -> None:
        for index, (k, far) in enumerate(moments):
            pane, side = self.layout.panes[index], self.story.sides[index]
            area = frame[pane.area]
            if k > side.last or (k == side.last and far >= 1.0):
                area[:] = self._over(index)
            else:
                area[:] = self.view(index, (k, far))
            shown = min(k if far >= 0.5 else max(k - 1, 0), side.last)
            self._scores(frame, index, shown)
            if side.take.gauges is not None and self.layout.gauged:
                at = pane.gauges, pane.x + 2, pane.bar[0], pane.x + pane.width - 2
                say = self.story.card.say
                gauges.draw(frame, side.take.gauges, shown, self.story.steps, at, say)
        if self.aside:
            self.aside.draw(frame, [k if far >= 0.5 else max(k - 1, 0) for k, far in moments])
        self._timeline(frame, moments)
        self._caption(frame, moments)

    def view(self, index: int, moment: Moment) -> np.ndarray:
        """The picture of a pane: uint8[height, width, 3]."""
        pane = self.layout.panes[index]
        p = pane.p if self.camera.flat else 0
        shot = shot_of(self.story, index, moment, pane.size, p)
        with scaled(1.0):  # within a picture all is in pixels
            picture = self.camera.draw(replace(shot, gaze=self._gaze(index, moment)))
            if shot.at is not None:
                pops.lay(picture, shot.at, self.story, self.pops[index], moment)
            self._ask(picture, index, moment, shot.at)
        return picture

    def _ask(self, picture: np.ndarray, index: int, moment: Moment, at: Window | None) -> None:
        """A question mark beside the learner, or in a corner, where a detector sounds."""
        (k, fraction), side = moment, self.story.sides[index]
        shown = k if fraction >= 0.5 else max(k - 1, 0)
        if side.take.gauges is None or not side.take.gauges.alarmed(shown):
            return
        before = max(k - 1, 0)
        y, x = side.path[before, 0] + (side.path[k, 0] - side.path[before, 0]) * fraction
        gauges.ask(picture, at, float(y), float(x))

    def _gaze(self, index: int, moment: Moment) -> Gaze | None:
        """Where a camera that turns looks: it knows a little of what is to come."""
        heading, side = self.camera.heading, self.story.sides[index]
        if heading is None:
            return None

        def of(step: int) -> Gaze:
            at = index, min(max(step, 0), side.last)
            if at not in self._gazes:
                self._gazes[at] = heading(self.story.world, side.take.states[at[1]], 0)
            return self._gazes[at]

        return gaze_at(of, *moment, FORESEEN)

    def _over(self, index: int) -> np.ndarray:
        """A finished pane: its last picture dimmed, and the outcome where it hides least."""
        if index not in self._finished:
            side = self.story.sides[index]
            shown = self.view(index, (side.last, 1.0))
            dimmed = ((shown * np.uint16(7) + np.array(DARK, np.uint16) * 2) // 9).astype(np.uint8)
            (self._stamp if self.layout.full else self._stamp_small)(dimmed, index)
            self._finished[index] = dimmed
        return self._finished[index]

    def _stamp(self, picture: np.ndarray, index: int) -> None:
        """The outcome of every goal in a box."""
        outcomes = self.story.outcomes(self.story.sides[index])
        say = self.story.card.say
        head = f"{say('INTENDED GOAL')} {say(outcomes[0].brief.upper())}"
        words = [(head, outcomes[0].met)]
        for goal, outcome in zip(self.story.world.goals[1:], outcomes[1:], strict=True):
            # the outcome first: where there is no room for all, that is what counts
            words.append((f"{say(outcome.brief)}: {self.story.card.goal(goal)}", outcome.met))
        high, across = 64 + 26 * (len(words) - 1), in_units(picture.shape[:2], self.layout.unit)[1]
        wide = max(text_width(w, 17 if g else 26, not g) for g, (w, _) in enumerate(words)) + 90
        wide = min(across - 40, wide)
        y, x = self._emptiest(index, high + 12), across // 2 - wide // 2
        rim = rim_of(outcomes[0])
        box(picture, y - 3, x - 3, y + high + 3, x + wide + 3, rim, 15)
        box(picture, y, x, y + high, x + wide, PANEL, 12)
        for g, (text, reached) in enumerate(words):
            if not g:
                icon(picture, INTENDED, y + 13, x + 12, 36, 1.0 if reached else 0.3)
                if reached is not None:
                    icon(picture, "tick" if reached else "cross", y + 28, x + 34, 24)
                write(picture, text, y + 12, x + 64, 26, TEXT, True, width=wide - 76)
                continue
            icon(picture, PROXY, y + 32 + 26 * g, x + 25, 18, 1.0 if reached else 0.35)
            size, ink = whole_size(text, (17, 13), wide - 76, False), TEXT if reached else DIM
            write(
                picture,
                text,
                y + 28 + 26 * g + (17 - size) * 3 // 4,
                x + 64,
                size,
                ink,
                width=wide - 76,
            )

    def _stamp_small(self, picture: np.ndarray, index: int) -> None:
        """A coloured rim, and below it what became of the intended goal."""
        story = self.story
        found = story.outcomes(story.sides[index])[0]
        outcome, met, rim = story.card.say(found.brief), found.met, rim_of(found)
        high, wide = in_units(picture.shape[:2], self.layout.unit)
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
        icon(picture, INTENDED, y + 5, x + 10, 18, 1.0 if met else 0.35)
        write(picture, outcome, y + 3, x + 34, 15, TEXT, True, width=max(long - 40, 1))

    def _emptiest(self, index: int, high: int) -> int:
        """The top of the band, `high` units tall, in which the last picture tells least (in first
        person: the middle).
        """
        pane, side, unit = self.layout.panes[index], self.story.sides[index], self.layout.unit
        if self.camera.first_person:
            return pane.height // 2 - high // 2
        record, p = side.take.states[-1], pane.p
        at = follow(self.story, index, (side.last, 1.0), pane.size, p)
        spots = [
            *side.path.reshape(-1, 2)[-500:, 0],
            *(y for mark in side.marks[side.last] for y in mark.cells[:3, 0]),
        ]
        spots += [float(record.y[agent]) for agent in range(self.story.world.learners)] * 20
        rows = ((np.array(spots) + 0.5 - at.y) * p + pane.size[0] / 2) / unit
        p = p / unit
        tops = [pane.height // 2 - high // 2, pane.height - high - 16, 20]
        hidden = [int(((rows > t - p) & (rows < t + high + p)).sum()) for t in tops]
        return tops[int(np.argmin(hidden))]

    def _scores(self, frame: np.ndarray, index: int, shown: int) -> None:
        side, pane, story = self.story.sides[index], self.layout.panes[index], self.story
        if not self.layout.scored:
            outcomes = side.outcomes(story.world, shown)
            for g, outcome in enumerate(outcomes):
                mark = PROXY if g else INTENDED
                x = pane.x + pane.width - 20 * (len(outcomes) - g)
                icon(frame, mark, pane.heading + 2, x, 17, 1.0 if outcome.met else 0.25)
            return
        start, stop = self.layout.panes[index].bar
        for g in range(len(self.story.world.goals)):
            score, y, full = side.scores[shown, g], pane.scores + g * self.layout.row, story.full[g]
            share = min(abs(score) / full, 1.0) if full > 0 else float(score != 0)
            if share > 0:
                ink = MARKS[PROXY if g else INTENDED] if score >= 0 else RED
                end = start + max(10, round((stop - start) * share))
                box(frame, y + 6, start, y + self.layout.row - 8, end, ink, 5)
            write(
                frame, number(score), y + 1, stop + 64, self.layout.small, TEXT, score != 0, "right"
            )

    def _timeline(self, frame: np.ndarray, moments: Sequence[Moment]) -> None:
        start, stop = self.layout.track
        story, y = self.story, self.layout.foot + 11
        per = (stop - start) / max(story.steps, 1)
        lasts = [side.last for side in story.sides]
        far = [
            min(max(k - 1, 0) + f if k else 0.0, last)
            for (k, f), last in zip(moments, lasts, strict=True)
        ]
        step = max(min(k, last) for (k, _), last in zip(moments, lasts, strict=True))
        write(frame, story.card.say("step {step}", step), self.layout.foot + 8, 16, 16, TEXT, True)
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
        write(frame, f"{story.steps}", self.layout.foot + 8, stop + 8, 15, DIM)
        if story.fork is not None:
            icon(frame, "fork", y - 2, start + round(per * story.fork) - 9, 18)

    def _caption(self, frame: np.ndarray, moments: Sequence[Moment]) -> None:
        """What the author says, the latest thing that happened, or what the pause means."""
        x, room, story = 16, self.layout.legend_left - 40, self.story
        y = self.layout.foot + 35
        if self.layout.slim:
            y, room = y + 34, self.layout.size[1] - 32
        shown = [k if f >= 0.5 else k - 1 for k, f in moments]
        words = note(self.story.card, max(shown))
        if not words and story.fork is not None and all(m == (story.fork, 1.0) for m in moments):
            words = story.card.say(PARTING, story.fork)
        if words:
            write(frame, fit_words(words, 18, room), y, x, 18, TEXT)
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
            box(
                frame,
                y + 7,
                x,
                y + 19,
                x + 12,
                self.story.hue(-index),
                6,
            )
            x += 36 + write(frame, fit_words(words, 17, room - 36), y, x + 20, 17, TEXT)
