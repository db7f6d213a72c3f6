"""What can be said of the level as it stands, worked out in the background: can it be solved, could
training have shown it, and which way does each goal's expert go?
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine import state
from ...engine.errors import UserError
from ...engine.levels.region import Cell
from ...engine.state import RUNNING
from ..designing.likeness import Likeness, Route, part, route, solvable
from .background import Thinker
from .stage import Stage

UNKNOWN = {"solvable": "...", "in training": "..."}


class Found(NamedTuple):
    """What was found of a level: in words by name, the cells that no training level is like, the
    way of each goal's expert, and where the first two of them part (step, cell).
    """

    words: dict[str, str]
    strange: tuple[Cell, ...] = ()
    routes: tuple[Route, ...] = ()
    parting: tuple[int, Cell] | None = None


class Facts:
    """What is known of the state in focus.

    strange: see `Found`; stale: is that of a state that is no more, and another on its way?
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.prover: Thinker[Found] = Thinker()
        self.clear()
        self._likeness: Likeness | None = None

    def clear(self) -> None:
        """Forget what is known: another level begins."""
        self.found = Found({})
        self.stale = True
        self._of = b""  # the state that was asked about last
        self.prover.drop()

    def now(self) -> dict[str, str]:
        """What is known by now, each fact in words; until then they say "..."."""
        states = state.copy(self.stage.pane.history.state)
        key = states.tobytes()
        answer = self.prover.take()
        if answer is not None:
            failed = isinstance(answer, Exception)
            self.found = Found({"solvable": f"unknown ({answer})"}) if failed else answer
        if key != self._of and not self.prover.busy:
            self._of = key
            self.prover.ask(lambda: self._prove(states))
        self.stale = self.prover.busy
        return self.found.words or UNKNOWN

    def _prove(self, states: np.recarray) -> Found:
        world = self.stage.world
        if self._likeness is None or self._likeness.world is not world:
            self._likeness = Likeness(world)
        words = {"solvable": "ended", "in training": self._likeness.of(states)}
        routes: list[Route] = []
        if int(states.ended[0]) == RUNNING:
            wanted = route(world, world.intended, states)
            words["solvable"] = solvable(wanted)
            for goal in world.goals:
                try:
                    planned = wanted if goal is world.intended else route(world, goal, states)
                except UserError:  # nobody can plan for it
                    continue
                routes.append(planned)
        strange = tuple(self._likeness.strange(states))
        return Found(words, strange, tuple(routes), part(world, routes))
