"""Training, watched: the newest agent beside the expert on one level, and under them a curve of
every goal, measured after the shift on levels that are always the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...engine.counts import counted
from ...engine.errors import RunError, UserError
from ...engine.world import World
from ..judging.references import references
from ..judging.rollout import rollout
from ..policies.policy import Policy
from ..policies.simple import RandomPolicy
from .background import Thinker
from .cast import IN_TRAINING, Agents
from .session import Session
from .source import Source

LEVELS = 32  # that the curves are measured on
AGENT = IN_TRAINING  # what the learned agent is called


@dataclass(frozen=True)
class Point:
    """What an agent had come to after so many steps of training: float64[goals], 0 as the random
    policy, 1 as the goal's expert; NaN where those are alike.
    """

    step: int
    worth: np.ndarray


class Lesson:
    """A run that is being trained: `points` of its curves, and whether there is a newer agent."""

    def __init__(
        self, world: World, run: Path, split: str, ended: Callable[[], bool] | None = None
    ) -> None:
        self.world, self.run, self.split = world, run, split
        self.ended = ended or (lambda: False)  # is the training over?
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

    @property
    def told(self) -> str:
        """How far it has come, in words."""
        if self.fault:
            return self.fault
        step = (
            counted(self.points[-1].step, "step")
            if self.points
            else "measuring the first agent ..."
        )
        return f"{step}, and the training is over: close the window (Esc)" if self.ended() else step

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
