"""Training, watched: the newest agent beside the expert on one level, and under them a curve of
every goal, measured after the shift on levels that are always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...engine.errors import RunError, UserError
from ...engine.view.draw.ink import DIM, LINE, MARKS, PANEL, TEXT, box, icon, write
from ...engine.view.draw.marks import INTENDED, PROXY, mark_of
from ...engine.world import World
from ..judging.references import references
from ..judging.rollout import rollout
from ..policies.policy import Policy
from ..policies.simple import RandomPolicy
from .background import Thinker
from .canvas import Canvas, Rect
from .cast import Agents
from .session import Session
from .source import Source

LEVELS = 32  # that the curves are measured on
AGENT = "in training"  # what the learned agent is called
STRIP = 150  # units of the curves' height


@dataclass(frozen=True)
class Point:
    """What an agent had come to after so many steps of training: float64[goals], 0 as the random
    policy, 1 as the goal's expert; NaN where those are alike.
    """

    step: int
    worth: np.ndarray


class Lesson:
    """A run that is being trained: `points` of its curves, and whether there is a newer agent."""

    def __init__(self, world: World, run: Path, split: str) -> None:
        self.world, self.run, self.split = world, run, split
        self.points: list[Point] = []
        self.fault = ""  # why there is no further point
        self._seen = 0
        self._measures: Thinker[Point] = Thinker()
        self._waits = False  # is there an agent that is not measured yet?

    @property
    def checkpoint(self) -> Path:
        """Where the newest agent lies."""
        return self.run / "checkpoint.safetensors"

    def agents(self) -> Agents:
        """The newest agent by name; until there is one, somebody who moves at random."""
        return {AGENT: self._newest}

    def _newest(self, world: World) -> Policy:
        from ..learning.trained import Trained

        try:
            return Trained.load(self.run, world)
        except (UserError, RunError):  # not begun yet
            return RandomPolicy(world)

    def fresh(self) -> bool:
        """Is there a newer agent since this was asked last? It is measured in the background."""
        done = self._measures.take()
        if isinstance(done, Point):
            self.points.append(done)
            self.fault = ""
        elif isinstance(done, UserError):
            self._waits = True  # it is just being written, or begun anew
        elif done is not None:
            self.fault = " ".join(str(done).split())[:80]
        try:
            now = self.checkpoint.stat().st_mtime_ns
        except OSError:
            return False
        new, self._seen = now != self._seen, now
        self._waits |= new
        if self._waits and not self._measures.busy:
            self._waits = False
            self._measures.ask(self._measure)
        return new

    def _measure(self) -> Point:
        from ..learning.trained import Trained

        agent, split = Trained.load(self.run, self.world), self.world.split(self.split)
        known = references(self.world, split, LEVELS, 0)
        low = np.mean([episodes.scores for episodes in known.random], (0, 1))
        high = np.array([e.scores[:, g].mean() for g, e in enumerate(known.experts)])
        got = rollout(self.world, agent, split, LEVELS, 0).scores.mean(0)
        span = np.where(high > low, high - low, np.nan)
        return Point(int(agent.about["steps"]), (got - low) / span)


def lesson_session(lesson: Lesson, source: Source) -> Session:
    """One level, with the expert of the intended goal and the newest agent."""
    who = [f"expert:{lesson.world.intended.name}", AGENT]
    session = Session(source, who, lesson.agents())
    session.focus = 1
    return session


def draw(canvas: Canvas, lesson: Lesson, room: Rect) -> None:
    """Draw the curves into a part of the window."""
    frame, world, points = canvas.frame, lesson.world, lesson.points
    box(frame, room.y0, room.x0, room.y1, room.x1, PANEL)
    top, foot, left, right = room.y0 + 34, room.y1 - 20, room.x0 + 52, room.x1 - 250
    step = f"{points[-1].step:,} steps" if points else "measuring the first agent ..."
    words = f"AFTER THE SHIFT, WHILE IT TRAINS · {step}"
    write(frame, lesson.fault or words, room.y0 + 8, room.x0 + 14, 15, DIM, True, width=room.wide)
    for share, name in ((0.0, "random"), (1.0, "expert")):
        y = round(foot - (foot - top) * share)
        box(frame, y, left, y + 1, right, LINE)
        write(frame, name, y - 8, left - 4, 11, DIM, align="right")
    most = max([point.step for point in points], default=1) or 1
    last = {}
    for g in range(len(world.goals)):
        mark = mark_of(world, world.goals[g])
        line = [
            (left + (right - left) * p.step / most, foot - (foot - top) * float(np.clip(p.worth[g], -0.1, 1.1)))
            for p in points
            if np.isfinite(p.worth[g])
        ]  # fmt: skip
        _line(canvas, line, MARKS[mark])
        last[g] = line[-1][1] if line else foot
    height = sorted(last, key=lambda g: last[g])
    for row, g in enumerate(height):  # names in the order of the curves' ends
        goal, y = world.goals[g], top - 6 + row * 24
        mark = INTENDED if goal is world.intended else PROXY
        icon(frame, mark, y + 1, right + 12, 18)
        write(
            frame,
            goal.wish or goal.name,
            y,
            right + 36,
            15,
            TEXT,
            goal is world.intended,
            width=room.x1 - right - 44,
        )


def _line(canvas: Canvas, points: list[tuple[float, float]], ink: tuple[int, int, int]) -> None:
    """A line through points (x, y), three units thick, and a dot at its end."""
    for (x0, y0), (x1, y1) in pairwise(points):
        for x in range(round(x0), round(x1) + 1):
            share = (x - x0) / max(x1 - x0, 1e-9)
            y = y0 + (y1 - y0) * min(max(share, 0.0), 1.0)
            box(canvas.frame, round(y) - 1, x, round(y) + 2, x + 1, ink)
    if points:
        x, y = map(round, points[-1])
        box(canvas.frame, y - 5, x - 5, y + 5, x + 5, ink, 5)
