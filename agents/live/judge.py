"""What became of each goal in a pane, by the rule of the verdict (`engine.worth`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...engine import state
from ...engine.worth import Outcome, Worth, met, outcome
from ..judging.references import worth_from
from .background import Thinker
from .stage import Pane, Stage

KEPT = 16  # levels whose references are remembered
UNKNOWN: Mapping[str, Worth] = {}


class Judge:
    """Holds the panes of a stage against the experts of their level, which play it in the
    background once somebody has made a step.

    told: what a recording says of its own level, in place of that.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.told: Mapping[str, Worth] | None = None
        self._known: dict[bytes, Mapping[str, Worth]] = {}
        self._of = b""
        self._thinker: Thinker[dict[str, Worth]] = Thinker()

    def clear(self) -> None:
        """Another level begins."""
        self.told = None

    def worth(self, pane: Pane, wait: float = 0.0) -> Mapping[str, Worth] | None:
        """The references of a pane's level; empty if they are unknown, None as long as the experts
        play. An edit on the way leaves a level that nobody began.
        """
        history = pane.history
        if self.told is not None and not history.edited:
            return self.told
        if any(history.edited):
            return UNKNOWN
        start = history.copies[0]
        key = id(self.stage.world).to_bytes(8, "little") + start.tobytes()
        if key not in self._known and not self._thinker.busy and history.ends:
            world, first = self.stage.world, state.copy(start)
            self._of = key
            self._thinker.ask(lambda: worth_from(world, first))
        answer = self._thinker.answer(wait)
        if answer is not None:
            self._thinker.take()
            failed = isinstance(answer, Exception)  # then nobody can say what is met
            self._known[self._of] = UNKNOWN if failed else answer
            for old in list(self._known)[:-KEPT]:
                del self._known[old]
        return self._known.get(key)

    def outcomes(self, pane: Pane, wait: float = 0.0) -> list[Outcome] | None:
        """What every goal has come to at the pane's step; None as long as the experts play."""
        worth = self.worth(pane, wait)
        if worth is None:
            return None
        scores = zip(self.stage.world.goals, pane.history.note.scores.tolist(), strict=True)
        return [outcome(score, worth.get(goal.name)) for goal, score in scores]

    def reached(self, pane: Pane) -> list[int]:
        """The steps that led to the intended goal being met, where it was not before."""
        intended = (self.worth(pane) or UNKNOWN).get(self.stage.world.intended.name)
        if intended is None:
            return []
        scores = np.array([note.scores[0] for note in pane.history.notes])
        now = met(scores, intended.expert)
        return (np.flatnonzero(now[1:] & ~now[:-1]) + 1).tolist()
