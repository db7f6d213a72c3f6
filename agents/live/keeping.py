"""What outlives a session: replays, levels, and the command that shows a level again."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from ...engine.errors import UserError
from ...engine.levels import level
from ...engine.replay import Replay
from ...engine.worth import Known
from .cast import Cast
from .judge import Judge
from .source import Source
from .stage import Pane, Stage


class Keeping:
    """Keeps what is on a stage."""

    def __init__(self, stage: Stage, cast: Cast, source: Source, judge: Judge) -> None:
        self.stage, self.cast, self.source, self.judge = stage, cast, source, judge
        self.retitled = False  # is something else said about the level than its file says?

    def replay(self) -> Replay:
        """The pane in focus as a replay: from the start, or from the last edit on."""
        world, pane = self.stage.world, self.stage.pane
        history = pane.history
        first = max([0, *(t for t in history.edited if t <= history.t)])
        start = history.at(first)
        actions = np.array(history.actions[first : history.ends], np.int64)
        return Replay.record(
            world,
            start,
            actions.reshape(-1, world.learners),
            label=self.cast.label(pane)[:100],
            known=self._known(pane) if first == 0 else None,
        )

    def _known(self, pane: Pane) -> Known | None:
        """What the replay can say of itself; None as long as the experts have not played."""
        worth, split = self.judge.worth(pane), Path(self.source.split).name
        if not worth:
            return None
        expert = f"expert:{self.stage.world.intended.name}"
        role = "intended" if set(pane.who) == {expert} else "learned" * self.cast.learned(pane)
        drawn = not self.source.given and not pane.history.edited
        return Known(split if drawn and split.isprintable() else "", worth, role=role)

    def command(self) -> str:
        """What to type to see this level again."""
        again = [] if self.stage.edited or self.unsaved else self.source.again
        return shlex.join(again or self._code())

    def _code(self) -> list[str]:
        """The words of a command that shows the pane in focus as a recording."""
        world = self.source.typed.world
        named = ["--world", world] if world else []
        return ["goalshift", "watch", self.replay().code(), *named]

    def level_text(self) -> str:
        """The level as text, if time stands at the start."""
        return level.show(self.stage.world, self._start())

    @property
    def unsaved(self) -> bool:
        """Has the level of the user's own file been edited since it was read or written?"""
        shelf = self.source.shelf
        if shelf is None or not shelf.own:
            return False
        edited = self.stage.panes[0].history.copies[0].tobytes() != shelf.start().tobytes()
        return edited or self.retitled

    def write_back(self) -> Path | None:
        """Write the level, as edited, into the user's own file that it came from; None if it came
        from none.
        """
        shelf = self.source.shelf
        if shelf is None or not shelf.own:
            return None
        path, self.retitled = shelf.keep(self._start()), False
        return path

    def _start(self) -> np.recarray:
        states = self.stage.pane.history.state
        if int(states.t[0]):
            raise UserError("a level is a start: go to step 0 first (Home)")
        return states
