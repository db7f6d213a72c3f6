"""What can be said of the level as it stands, worked out in the background."""

from __future__ import annotations

import numpy as np

from ...engine import state
from ..designing.likeness import Likeness, solvable
from .background import Thinker
from .stage import Stage

UNKNOWN = {"solvable": "...", "in training": "..."}


class Facts:
    """Whether the intended goal can be met from the state in focus, and whether that is like the
    training levels.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.prover: Thinker[dict[str, str]] = Thinker()
        self.clear()
        self._likeness: Likeness | None = None

    def clear(self) -> None:
        """Forget what is known: another level begins."""
        self._found: dict[str, str] = {}
        self._of = b""  # the state that was asked about last
        self.prover.drop()

    def now(self) -> dict[str, str]:
        """What is known by now, each fact in words; until then they say "..."."""
        states = state.copy(self.stage.pane.history.state)
        key = states["tiles"].tobytes() + states["y"].tobytes() + states["x"].tobytes()
        answer = self.prover.take()
        if answer is not None:
            failed = isinstance(answer, Exception)
            self._found = {"solvable": f"unknown ({answer})"} if failed else answer
        if key != self._of and not self.prover.busy:
            self._of = key
            self.prover.ask(lambda: self._prove(states))
        return self._found or UNKNOWN

    def _prove(self, states: np.recarray) -> dict[str, str]:
        world = self.stage.world
        if self._likeness is None or self._likeness.world is not world:
            self._likeness = Likeness(world)
        return {"solvable": solvable(world, states), "in training": self._likeness.of(states)}
