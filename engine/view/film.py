"""The recorder: two takes of one level side by side, with everything needed to judge what is seen.

A film is drawn from recorded states, never from a live environment, so it can always be drawn
again. It knows no agent: labels, training facts and figures are handed in, and what is not handed
in is not shown. Frames are streamed to the encoder; the file appears under its final name only
after it has been read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import state
from ..errors import UserError
from . import sprites, top
from .encode import FPS, encode
from .ink import DARK, DIM, LINE, PANEL, RED, TEXT, box, icon, pill, text_width, wrap, write

if TYPE_CHECKING:
    from ..world import Goal, World

SIZE = (720, 1280)  # height, width; both multiples of 16, as encoders want
STEPS_PER_SECOND = 8.0
LONGEST = 24.0  # seconds that the play may take before it is sped up
TITLE, END = (1.5, 3.0), (3.0, 5.0)  # least and most seconds of the cards: longer with more to read
READING = 60  # characters a second
FREEZE, HOLD = 0.7, 1.2  # seconds of the pause at the fork and of the last picture
SLOW = 3  # steps before and after the fork at half speed
MET = 0.999  # share of a goal's best that counts as met

# left and right: teal and orange differ for every common kind of vision
SIDES = ((43, 179, 168), (238, 139, 27))
MARKS = {top.INTENDED: (245, 211, 59), top.PROXY: (226, 150, 192)}


@dataclass(frozen=True)
class Take:
    """One side of the film.

    role: short heading ("INTENDED", "LEARNED"); label: who plays ("expert that wants the cheese");
    states: recarray [T + 1] from the start state to the last one; trained_on: names of the goals
    this agent was paid for, or None for one that was not trained; wants: the name of the goal a
    planner pursues, if it is one.
    """

    role: str
    label: str
    states: np.recarray
    trained_on: tuple[str, ...] | None = None
    wants: str = ""


@dataclass(frozen=True)
class Rate:
    """A row of figures on the end card.

    value: a share from 0 to 1; low, high: its interval; mark: "star", "diamond" or none.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    mark: str = ""


@dataclass(frozen=True)
class Card:
    """What the film says around the two takes. Everything but `world` may be left out, and is then
    not shown.

    claim: one sentence for the title card; facts: lines below it (how it was trained); split: the
    split's name; pick: how this level was chosen; rates: rows of figures, measured over `sample`
    ("1000 held-out levels, 5 seeds"); command: what makes this film again; versions: one line;
    best: goal name → the highest score there is on this level, to scale the bars (default: the
    better of the two takes); captions: event name → what to say when it happens ("ate the cheese");
    title: default the world's own.
    """

    world: World
    claim: str = ""
    facts: tuple[str, ...] = ()
    split: str = ""
    pick: str = ""
    rates: tuple[Rate, ...] = ()
    sample: str = ""
    command: str = ""
    versions: str = ""
    best: Mapping[str, float] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    title: str = ""


# -- the story of two takes


@dataclass(frozen=True)
class _Side:
    """A take with what the film needs at every step."""

    take: Take
    scores: np.ndarray  # float64[T + 1, G]: the sum over learners
    path: np.ndarray  # float64[T + 1, L, 2]: where the learners are
    centre: np.ndarray  # float64[T + 1, 2]: where the camera looks
    marks: tuple[tuple[top.Mark, ...], ...]  # of each step

    @property
    def last(self) -> int:
        return len(self.take.states) - 1


def _side(world: World, take: Take) -> _Side:
    states = take.states
    if len(states) < 1:
        raise UserError(f"the take '{take.role}' has no states")
    scores = world.scores(states.totals[:, : world.learners]).sum(1)
    path = np.stack([states.y, states.x], 2)[:, : world.learners].astype(float)
    # the camera looks at a moving average of the path, so it neither jerks nor lags
    reach = 4
    padded = np.concatenate(
        [np.repeat(path[:1, 0], reach, 0), path[:, 0], np.repeat(path[-1:, 0], reach, 0)]
    )
    centre = np.mean([padded[k : k + len(path)] for k in range(2 * reach + 1)], axis=0)
    marks = tuple(top.goal_marks(world, states, k) for k in range(len(states)))
    return _Side(take, scores, path, centre, marks)


def fork(left: np.recarray, right: np.recarray, learners: int) -> int | None:
    """The last step before the learners of two takes first stand apart; None if they never do."""
    n = min(len(left), len(right))
    apart = np.zeros(n, bool)
    for name in ("y", "x"):
        apart |= (left[name][:n, :learners] != right[name][:n, :learners]).any(1)
    return int(apart.argmax()) - 1 if apart.any() and not apart[0] else None


def schedule(steps: int, parting: int | None, fps: int) -> list[tuple[int, float]]:
    """For each frame of the play: the step it leads to, and how far it has come, in (0, 1]."""
    rate = max(STEPS_PER_SECOND, steps / LONGEST)
    frames = [(0, 1.0)] * round(0.6 * fps)
    for k in range(1, steps + 1):
        slow = parting is not None and parting - SLOW < k <= parting + SLOW + 1
        n = max(1, round(fps / rate * (2 if slow else 1)))
        frames += [(k, (j + 1) / n) for j in range(n)]
        if k == parting:
            frames += [(k, 1.0)] * round(FREEZE * fps)
    if parting == 0:
        frames[:0] = [(0, 1.0)] * round(FREEZE * fps)
    return frames + [(steps, 1.0)] * round(HOLD * fps)


def _goal_words(goal: Goal) -> str:
    return goal.wish or goal.name


def _captions(world: World, side: _Side, card: Card) -> dict[int, str]:
    """What to say at each step of a take: events that begin, goals first scored, and its end."""
    said: dict[int, str] = {}
    states = side.take.states
    raised = states.events[:, : world.learners].sum(1) > 0  # [T + 1, E]
    for k in range(1, side.last + 1):
        parts = []
        for j, event in enumerate(world.events):
            if event in card.captions and raised[k, j] and not (k > 1 and raised[k - 1, j]):
                parts.append(card.captions[event])
        for g, goal in enumerate(world.goals):
            once = goal is world.intended or known_best(world, goal, card) is not None
            if not card.captions and once and side.scores[:k, g].max() <= 0 < side.scores[k, g]:
                kind = "intended goal" if goal is world.intended else "proxy"
                parts.append(f'scores on the {kind} "{_goal_words(goal)}"')
        if k == side.last and side.scores[k, 0] <= 0:
            ended = int(states.ended[k])
            how = {state.TRUNCATED: "time is up", state.TERMINATED: "it ends"}.get(
                ended, "the recording ends"
            )
            parts.append(f'{how} without "{_goal_words(world.intended)}"')
        if parts:
            said[k] = f"Step {k}: " + ", ".join(parts)
    return said


def _pale(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """A lighter shade, for the second learner of a side."""
    return tuple((v + 255) // 2 for v in rgb)  # type: ignore[return-value]


def _number(score: float) -> str:
    """A score with at most two decimals."""
    return f"{round(float(score), 2) + 0.0:g}"


def known_best(world: World, goal: Goal, card: Card) -> float | None:
    """The highest score of a goal: handed in, or plain from the rules; None if it is not known.

    It is plain where every event counts once or ends the episode.
    """
    if goal.name in card.best:
        return float(card.best[goal.name])
    gains = {event: weight for event, weight in goal.weights.items() if weight > 0}
    if world.learners == 1 and goal.once:
        return sum(gains.values())
    if world.learners == 1 and gains and set(gains) <= set(world.ends_on):
        return max(gains.values())
    return None


def _verdict(score: float, best: float | None) -> tuple[str, bool]:
    """A goal's outcome in words, and whether it shall shine."""
    if best is None or best <= 0:
        return f"score {_number(score)}", score > 0
    if score >= MET * best:
        return "met", True
    if score <= 0:
        return "missed", False
    return f"{100 * score / best:.0f} % of the best", False


class _Stage:
    """The layout of one contrast film: static parts drawn once, the rest per frame."""

    def __init__(self, left: Take, right: Take, card: Card, size: tuple[int, int]) -> None:
        self.world, self.card, self.size = card.world, card, size
        if size[0] % 16 or size[1] % 16:
            raise UserError(f"a film's size must be a multiple of 16, not {size[1]}x{size[0]}")
        if size[0] < 480 or size[1] < 848:
            raise UserError(f"a film needs at least 848x480 pixels, not {size[1]}x{size[0]}")
        world = self.world
        self.sides = (_side(world, left), _side(world, right))
        start = [take.states[:1].copy().view(np.recarray) for take in (left, right)]
        self.same = bool(state.digest(start[0])[0] == state.digest(start[1])[0])
        self.same_level = bool(state.fingerprint(start[0])[0] == state.fingerprint(start[1])[0])
        self.name = f"{int(state.fingerprint(start[0])[0]):016x}"[:8]
        self.steps = max(side.last for side in self.sides)
        self.fork = fork(left.states, right.states, world.learners) if self.same_level else None
        self.best = [known_best(world, goal, card) for goal in world.goals]
        most = np.maximum(self.sides[0].scores.max(0), self.sides[1].scores.max(0))
        self.full = [
            most[g] if best is None else best for g, best in enumerate(self.best)
        ]  # a full bar
        self.said = tuple(_captions(world, side, card) for side in self.sides)
        self._lay_out()
        self._finished: dict[int, np.ndarray] = {}

    # -- layout

    def _lay_out(self) -> None:
        height, width = self.size
        rows = len(self.world.goals)
        self.row = 26 if rows <= 4 else 20
        self.pane_top, self.foot = 90, height - 70
        self.score_top = self.foot - rows * self.row - 8
        self.pane_height = self.score_top - self.pane_top - 6
        self.pane_width = (width - 48) // 2
        self.lefts = (16, width - 16 - self.pane_width)
        record = self.sides[0].take.states[0]
        self.p = top.scale(
            self.world, int(record.h), int(record.w), (self.pane_height, self.pane_width)
        )
        self.static = np.empty((height, width, 3), np.uint8)
        self.static[:] = DARK
        self._header()
        for side, x in zip(self.sides, self.lefts, strict=True):
            self._heading(side, x)
        self._legend()

    def _header(self) -> None:
        frame, width = self.static, self.size[1]
        frame[:46] = PANEL
        frame[46:48] = LINE
        right = f"level {self.name}" + (f" · split {self.card.split}" if self.card.split else "")
        if not self.same_level:
            right = f"split {self.card.split}" if self.card.split else ""
        used = write(frame, right, 13, width - 16, 16, DIM, align="right")
        middle = (
            "same level · same dice"
            if self.same
            else "same level"
            if self.same_level
            else "different levels"
        )
        half = text_width(middle, 16) // 2 + 14
        box(frame, 9, width // 2 - half, 38, width // 2 + half, DARK, 14)
        write(frame, middle, 13, width // 2, 16, TEXT, align="middle")
        title = (self.card.title or self.world.title).upper()
        write(frame, title, 9, 16, 22, TEXT, True, width=width // 2 - half - 40)
        assert used < width

    def _heading(self, side: _Side, x: int) -> None:
        accent = SIDES[self.lefts.index(x)]
        used = pill(self.static, side.take.role, 56, x, 16, accent)
        write(
            self.static,
            side.take.label,
            56,
            x + used + 12,
            17,
            TEXT,
            width=self.pane_width - used - 12,
        )
        for k, goal in enumerate(self.world.goals):
            self._score_row(side, x, k, goal)

    def _score_row(self, side: _Side, x: int, k: int, goal: Goal) -> None:
        """The parts of a scoreboard row that never change: mark, name, tag and the empty bar."""
        y, small = self.score_top + k * self.row, 15 if self.row > 22 else 13
        intended = goal is self.world.intended
        icon(self.static, top.INTENDED if intended else top.PROXY, y + 2, x + 2, self.row - 6)
        bar = self._bar(x)
        words, room = _goal_words(goal), bar[0] - x - 36
        size = next(
            (n for n in (small, small - 1, small - 2) if text_width(words, n) <= room), small - 2
        )
        write(self.static, words, y + 1 + small - size, x + 28, size, TEXT, width=room)
        box(self.static, y + 6, bar[0], y + self.row - 8, bar[1], PANEL, 5)
        take = side.take
        tag, ink = "", DIM
        if take.trained_on is not None:
            trained = goal.name in take.trained_on
            tag, ink = ("trained on", TEXT) if trained else ("not trained on", DIM)
        elif take.wants:
            tag, ink = ("wants this", TEXT) if goal.name == take.wants else ("", DIM)
        write(self.static, tag, y + 2, x + self.pane_width - 2, small - 1, ink, align="right")

    def _bar(self, x: int) -> tuple[int, int]:
        """Where the bars of a pane begin and end."""
        return x + round(self.pane_width * 0.46), x + round(self.pane_width * 0.69)

    def _legend(self) -> None:
        frame, width = self.static, self.size[1]
        frame[self.foot - 2 : self.foot] = LINE
        frame[self.foot :] = PANEL
        x = width - 16
        for mark, words in ((top.PROXY, "proxy goal"), (top.INTENDED, "intended goal")):
            x -= write(frame, words, self.foot + 37, x, 15, DIM, align="right") + 20
            icon(frame, mark, self.foot + 40, x, 16)
            x -= 18
        self.legend_left = x
        self.track = (120, width - 16 - (250 if self.fork is not None else 60))
        if self.fork is not None:
            used = write(
                frame,
                f"paths part at step {self.fork}",
                self.foot + 8,
                width - 16,
                16,
                align="right",
            )
            icon(frame, "fork", self.foot + 11, width - 16 - used - 20, 16)

    # -- frames

    def play(self, k: int, fraction: float) -> np.ndarray:
        """The frame on the way from step k - 1 to step k."""
        frame = self.static.copy()
        for side, x in zip(self.sides, self.lefts, strict=True):
            index = self.lefts.index(x)
            pane = frame[self.pane_top : self.pane_top + self.pane_height, x : x + self.pane_width]
            pane[:] = self._pane(index, k, fraction)
            self._scores(frame, side, x, k, fraction)
        self._timeline(frame, k, fraction)
        return frame

    def _pane(self, index: int, k: int, fraction: float) -> np.ndarray:
        side = self.sides[index]
        if k > side.last or (k == side.last and fraction >= 1.0):
            if index not in self._finished:
                self._finished[index] = self._stamped(index)
            return self._finished[index]
        return self._view(index, k, fraction)

    def _window(self, index: int, k: int, fraction: float) -> top.Window:
        """Where the camera of a side looks, on the way from step k - 1 to step k."""
        side, before = self.sides[index], max(k - 1, 0)
        y, x = side.centre[before] + (side.centre[k] - side.centre[before]) * fraction
        size = (self.pane_height, self.pane_width)
        return top.window(self.world, side.take.states[k], size, y, x, self.p)

    def _view(self, index: int, k: int, fraction: float) -> np.ndarray:
        """The level of a side on the way from step k - 1 to step k."""
        side, other = self.sides[index], self.sides[1 - index]
        states, before = side.take.states, max(k - 1, 0)
        shown, walked = (k if fraction >= 0.5 else before), (k if fraction >= 1.0 else before)
        trails = [
            top.Trail(
                side.path[: walked + 1, agent], SIDES[index] if not agent else _pale(SIDES[index])
            )
            for agent in range(self.world.learners)
        ]
        ghost = None
        if index == 1 and self.fork is not None and shown > self.fork:  # the way that was not taken
            trails.insert(0, top.Trail(other.path[self.fork : walked + 1, 0], SIDES[0], faint=True))
            ghost = other.take.states[shown] if shown <= other.last else None
        return top.draw(
            self.world,
            states,
            k,
            (self.pane_height, self.pane_width),
            previous=states[before],
            fraction=fraction,
            at=self._window(index, k, fraction),
            trails=trails,
            marks=side.marks[shown],
            ghost=ghost,
        )

    def _stamped(self, index: int) -> np.ndarray:
        """A finished side: its last picture dimmed, and the outcome where it hides least."""
        side, picture = self.sides[index], self._view(index, self.sides[index].last, 1.0)
        ground = np.array(DARK, np.uint16)
        picture = ((picture * np.uint16(5) + ground * 4) // 9).astype(np.uint8)
        words = []
        for g, goal in enumerate(self.world.goals):
            verdict, met = _verdict(side.scores[-1, g], self.best[g])
            words.append(
                (
                    f"INTENDED GOAL{':' if self.best[0] is None else ''} {verdict.upper()}"
                    if not g
                    else f"{_goal_words(goal)}: {verdict}",
                    met,
                )
            )
        high = 64 + 26 * (len(words) - 1)
        wide = max(text_width(w, 17 if g else 26, not g) for g, (w, _) in enumerate(words)) + 90
        wide = min(picture.shape[1] - 40, wide)
        y, x = self._emptiest(index, high + 12), picture.shape[1] // 2 - wide // 2
        met = words[0][1]
        box(
            picture,
            y - 3,
            x - 3,
            y + high + 3,
            x + wide + 3,
            MARKS[top.INTENDED] if met else RED,
            15,
        )
        box(picture, y, x, y + high, x + wide, PANEL, 12)
        for g, (text, reached) in enumerate(words):
            if not g:
                icon(picture, top.INTENDED, y + 13, x + 16, 36, 1.0 if reached else 0.3)
                write(picture, text, y + 12, x + 64, 26, TEXT, True, width=wide - 76)
            else:
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
        return picture

    def _emptiest(self, index: int, high: int) -> int:
        """The top of the band, `high` pixels tall, in which the last picture tells least."""
        side, record = self.sides[index], self.sides[index].take.states[-1]
        at = self._window(index, side.last, 1.0)
        spots = [
            *side.path.reshape(-1, 2)[:, 0],
            *(y for mark in side.marks[-1] for y in mark.cells[:3, 0]),
        ]
        spots += [float(record.y[agent]) for agent in range(self.world.learners)] * 20
        rows = (np.array(spots) + 0.5 - at.y) * at.p + self.pane_height / 2
        tops = [self.pane_height // 2 - high // 2, self.pane_height - high - 16, 20]
        hidden = [int(((rows > t - at.p) & (rows < t + high + at.p)).sum()) for t in tops]
        return tops[int(np.argmin(hidden))]

    def _scores(self, frame: np.ndarray, side: _Side, x: int, k: int, fraction: float) -> None:
        shown = min(k if fraction >= 0.5 else max(k - 1, 0), side.last)
        start, stop = self._bar(x)
        for g, goal in enumerate(self.world.goals):
            score, y = side.scores[shown, g], self.score_top + g * self.row
            share = min(abs(score) / self.full[g], 1.0) if self.full[g] > 0 else float(score != 0)
            ink = (
                MARKS[top.INTENDED if goal is self.world.intended else top.PROXY]
                if score >= 0
                else RED
            )
            if share > 0:
                box(
                    frame,
                    y + 6,
                    start,
                    y + self.row - 8,
                    start + max(10, round((stop - start) * share)),
                    ink,
                    5,
                )
            write(
                frame,
                _number(score),
                y + 1,
                stop + 64,
                15 if self.row > 22 else 13,
                TEXT,
                score != 0,
                "right",
            )

    def _timeline(self, frame: np.ndarray, k: int, fraction: float) -> None:
        start, stop = self.track
        y, per = self.foot + 11, (stop - start) / max(self.steps, 1)
        write(frame, f"step {k}", self.foot + 8, 16, 16, TEXT, True)
        for index, side in enumerate(self.sides):
            lane = y + 8 * index
            box(frame, lane, start, lane + 6, stop, LINE, 3)
            done = min(max(k - 1, 0) + fraction if k else 0.0, side.last)
            box(frame, lane, start, lane + 6, start + round(per * done), SIDES[index], 3)
            end = start + round(per * side.last)
            if side.last < self.steps:
                box(frame, lane - 1, end - 1, lane + 7, end + 2, TEXT)
        write(frame, f"{self.steps}", self.foot + 8, stop + 8, 15, DIM)
        if self.fork is not None:
            icon(frame, "fork", y - 2, start + round(per * self.fork) - 9, 18)
        self._caption(frame, k, fraction)

    def _caption(self, frame: np.ndarray, k: int, fraction: float) -> None:
        """The latest thing that happened on each side, or what the pause means."""
        x, room = 16, self.legend_left - 40
        if self.fork is not None and k == self.fork and fraction >= 1.0:
            write(
                frame, f"Step {k}: here their paths part.", self.foot + 35, x, 18, TEXT, width=room
            )
            return
        shown = k if fraction >= 0.5 else k - 1
        latest = []
        for index, said in enumerate(self.said):
            steps = [step for step in said if step <= shown]
            if steps:
                latest.append((steps[-1], index, said[steps[-1]]))
        # the newest is said in full and the older one as far as there is room
        wanted = {index: 36 + text_width(words, 17) for _, index, words in latest}
        if sum(wanted.values()) > room:
            newest = max(latest)[1]
            wanted = {
                index: min(wide, room - (160 if len(latest) > 1 else 0))
                for index, wide in wanted.items()
            }
            wanted = {
                index: wide if index == newest else room - wanted[newest]
                for index, wide in wanted.items()
            }
        for _, index, words in latest:
            box(frame, self.foot + 42, x, self.foot + 54, x + 12, SIDES[index], 6)
            x += 36 + write(
                frame, words, self.foot + 35, x + 20, 17, TEXT, width=max(1, wanted[index] - 36)
            )

    # -- cards

    def title(self) -> np.ndarray:
        """The title card: what this is, the claim, how it was trained."""
        frame, width = self._blank(), self.size[1]
        world, x = self.world, 288
        claim = wrap(self.card.claim, 27, width - x - 90, 3)
        facts = [line for fact in self.card.facts[:4] for line in wrap(fact, 19, width - x - 90, 2)]
        tall = 70 + 40 * len(claim) + 30 + 38 * len(world.goals) + 30 + 30 * len(facts)
        y = max(40, (self.size[0] - tall) // 2 - 10)
        self._portrait(frame, y + 8, 90, 150)
        write(
            frame,
            (self.card.title or world.title).upper(),
            y,
            x,
            46,
            TEXT,
            True,
            width=width - x - 40,
        )
        y += 74
        for line in claim:
            write(frame, line, y, x, 27, TEXT)
            y += 40
        y += 30
        for goal in world.goals:
            mark = top.INTENDED if goal is world.intended else top.PROXY
            icon(frame, mark, y, x, 26)
            kind = "intended goal" if goal is world.intended else "proxy goal"
            write(frame, kind, y, x + 40, 20, MARKS[mark], True)
            paid = "   (paid in training)" if goal is world.paid else ""
            write(frame, _goal_words(goal) + paid, y, x + 200, 20, TEXT, width=width - x - 240)
            y += 38
        y += 30
        for line in facts:
            write(frame, line, y, x, 19, DIM)
            y += 30
        return frame

    def _portrait(self, frame: np.ndarray, y: int, x: int, size: int) -> None:
        """The learner on its ground, framed."""
        art = sprites.of(self.world)
        tile = np.full((size, size, 4), 255, np.uint8)
        tile[..., :3] = sprites.over(sprites.tile_art(art.tiles[art.ground], size), tile[..., :3])
        hero = art.things[int(self.world.kinds[0])].at(size * 4 // 5)
        edge = size // 10
        tile[edge : edge + len(hero), edge : edge + len(hero)] = sprites.pile(
            hero, tile[edge : edge + len(hero), edge : edge + len(hero)]
        )
        box(frame, y - 5, x - 5, y + size + 5, x + size + 5, LINE, 26)
        area = frame[y : y + size, x : x + size]
        mask = np.zeros((size, size, 3), np.uint8)
        box(mask, 0, 0, size, size, (255, 255, 255), 22)
        area[:] = (
            tile[..., :3] * mask.astype(np.uint16) + area * (255 - mask.astype(np.uint16)) + 127
        ) // 255

    def end(self) -> np.ndarray:
        """The end card: what each side did here, figures over many levels, how to see it again."""
        frame, (height, width) = self._blank(), self.size
        foot = [
            (
                "level",
                f"{self.name} · {self.card.pick}"
                if self.card.pick and self.same_level
                else self.card.pick,
            ),
            ("again", self.card.command),
            ("made with", self.card.versions),
        ]
        foot = [row for row in foot if row[1]]
        write(
            frame,
            (self.card.title or self.world.title).upper(),
            26,
            64,
            26,
            TEXT,
            True,
            width=width - 128,
        )
        below = height - 28 * len(foot) - 20
        wanted = 40 + 30 * min(len(self.card.rates), 8) if self.card.rates else 0
        y = max(
            self._outcome(
                frame, index, 78, 64 + index * (width - 96) // 2, below - 78 - wanted - 20
            )
            for index in range(2)
        )
        if self.card.rates:
            self._rates(frame, y + 18, (below - y - 18 - 40) // 30)
        for row, (words, text) in enumerate(foot):
            write(frame, words, below + 28 * row, 64, 16, DIM, True)
            write(frame, text, below + 28 * row, 170, 16, TEXT, width=width - 234)
        return frame

    def _outcome(self, frame: np.ndarray, index: int, y: int, x: int, room: int) -> int:
        """One side's whole level with its way, and the outcome of every goal; returns its end."""
        side, wide = self.sides[index], (self.size[1] - 96) // 2 - 32
        record = side.take.states[-1]
        h, w = int(record.h), int(record.w)
        text = 34 + 26 * len(self.world.goals)
        beside = max(1, min(room // h, 300 // w))
        under = max(1, min((room - text) // h, wide // w))
        p = min(max(beside, under), 32)
        picture = top.draw(
            self.world,
            side.take.states,
            side.last,
            (h * p, w * p),
            at=top.Window(p, h / 2, w / 2),
            trails=[
                top.Trail(side.path[:, agent], SIDES[index]) for agent in range(self.world.learners)
            ],
            marks=side.marks[-1],
        )[: max(room, p), :wide]
        high = picture.shape[0]
        box(frame, y - 3, x - 3, y + high + 3, x + picture.shape[1] + 3, SIDES[index], 4)
        frame[y : y + high, x : x + picture.shape[1]] = picture
        if under > beside:
            y, width = y + high + 12, wide
            used = pill(frame, side.take.role, y, x, 16, SIDES[index]) + 10
            write(frame, side.take.label, y, x + used, 16, DIM, width=width - used)
        else:
            end, x, width = y + high, x + picture.shape[1] + 20, wide - picture.shape[1] - 20
            pill(frame, side.take.role, y, x, 16, SIDES[index])
            for line in wrap(side.take.label, 16, width, 2):
                y += 24
                write(frame, line, y + 6, x, 16, DIM)
        y += 34
        for g, goal in enumerate(self.world.goals):
            verdict, met = _verdict(side.scores[-1, g], self.best[g])
            icon(frame, top.PROXY if g else top.INTENDED, y + 2, x, 20, 1.0 if met else 0.35)
            for line in wrap(
                f"{_goal_words(goal)}: {verdict}", 16, width - 28, 1 if under > beside else 2
            ):
                write(frame, line, y, x + 28, 16, TEXT if met else DIM)
                y += 24
            y += 2
        return y if under > beside else max(y, end)

    def _rates(self, frame: np.ndarray, y: int, rows: int) -> None:
        """At most `rows` bars with their intervals."""
        width = self.size[1]
        used = write(frame, "OVER MANY LEVELS", y, 64, 15, TEXT, True)
        write(frame, self.card.sample, y, 80 + used, 15, DIM, width=width - 160 - used)
        y += 30
        start, stop = 64 + 420, width - 64 - 190
        for rate in self.card.rates[: max(rows, 0)]:
            if rate.mark:
                icon(frame, rate.mark, y + 2, 64, 20)
            write(frame, rate.label, y, 92, 17, TEXT, width=start - 108)
            box(frame, y + 4, start, y + 20, stop, PANEL, 6)
            ink = MARKS.get(rate.mark, (120, 170, 220))
            if rate.value > 0:
                box(
                    frame,
                    y + 4,
                    start,
                    y + 20,
                    start + max(12, round((stop - start) * min(rate.value, 1))),
                    ink,
                    6,
                )
            words = f"{100 * rate.value:.0f} %"
            if rate.low is not None and rate.high is not None:
                low, high = (
                    start + round((stop - start) * min(max(v, 0), 1)) for v in (rate.low, rate.high)
                )
                for grown, whisker in (
                    (1, DARK),
                    (0, TEXT),
                ):  # white with a dark rim shows on any bar
                    for y0, x0, y1, x1 in (
                        (y + 11, low, y + 13, high + 1),
                        (y + 7, low - 1, y + 17, low + 1),
                        (y + 7, high - 1, y + 17, high + 1),
                    ):
                        box(frame, y0 - grown, x0 - grown, y1 + grown, x1 + grown, whisker)
                words += f"  [{100 * rate.low:.0f} - {100 * rate.high:.0f}]"
            write(frame, words, y, stop + 14, 17, TEXT, True)
            y += 30

    def _blank(self) -> np.ndarray:
        """An empty card with the two sides' colours at its foot."""
        frame = np.empty((*self.size, 3), np.uint8)
        frame[:] = DARK
        frame[-6:, : self.size[1] // 2] = SIDES[0]
        frame[-6:, self.size[1] // 2 :] = SIDES[1]
        return frame


def frames(
    left: Take, right: Take, card: Card, fps: int = FPS, size: tuple[int, int] = SIZE
) -> tuple[int, Iterator[np.ndarray]]:
    """The number of frames of a contrast film, and the frames themselves.

    A frame is uint8[height, width, 3] and must not be written to. Raises UserError for a bad size.
    """
    stage = _Stage(left, right, card, size)
    play = schedule(stage.steps, stage.fork, fps)
    opening = sum(map(len, (card.title, card.claim, *card.facts)))
    closing = sum(map(len, (*(rate.label for rate in card.rates), card.sample, card.pick))) + 60
    titles = round(min(max(opening / READING, TITLE[0]), TITLE[1]) * fps)
    ends = round(min(max(closing / READING, END[0]), END[1]) * fps)
    fade = round(0.2 * fps)

    def stream() -> Iterator[np.ndarray]:
        title, first = stage.title(), stage.play(0, 1.0)
        for _ in range(titles):
            yield title
        for j in range(fade):
            share = round(256 * (j + 1) / (fade + 1))
            yield ((title * np.uint32(256 - share) + first * np.uint32(share)) >> 8).astype(
                np.uint8
            )
        last_step, last = (-1, 0.0), first
        for step in play:
            if step != last_step:
                last_step, last = step, stage.play(*step)
            yield last
        final = stage.end()
        for _ in range(ends):
            yield final

    return titles + fade + len(play) + ends, stream()


def poster(left: Take, right: Take, card: Card, size: tuple[int, int] = SIZE) -> np.ndarray:
    """One picture of the whole contrast: the frame in which both sides have finished."""
    stage = _Stage(left, right, card, size)
    return stage.play(stage.steps, 1.0)


def contrast(
    left: Take,
    right: Take,
    card: Card,
    path: str | Path | Iterable[str | Path],
    fps: int = FPS,
    size: tuple[int, int] = SIZE,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Film two takes side by side into one file or several (.mp4, .webp, .gif), composed once.

    `progress(done, total)` is called after each frame. WebP and GIF are scaled down to stay below 2
    MB. Raises UserError for a bad name or size and RunError if a file cannot be made; then nothing
    is left at the final names.
    """
    total, stream = frames(left, right, card, fps, size)
    encode(stream, path, fps, total, progress)
