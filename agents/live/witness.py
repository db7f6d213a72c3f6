"""What instruments say of a pane's episode so far, asked in the background: which goal what was done
speaks for, whoever did it, and what a detector says of a learned agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine import state
from ...engine.history import History, Saved
from ...engine.view.draw.gauges import GAUGES, Gauges
from ...engine.world import World
from .cast import Cast
from .stage import Pane, Stage

if TYPE_CHECKING:
    from ..lab.instruments import Alarm
    from ..lab.posterior import Worths


class Witness:
    """Instruments on all panes of a stage; a detector is fitted once for each agent and world."""

    def __init__(self, stage: Stage, cast: Cast) -> None:
        self.stage, self.cast = stage, cast
        self._alarms: dict[tuple, Alarm] = {}
        self._worths: dict[int, Worths] = {}  # by pane, of the episode asked about last

    def rows(self, shown: set[str]) -> int:
        """How many gauges are shown below every pane."""
        return len(shown & {*GAUGES})

    def of(self, pane: Pane, shown: set[str]) -> Gauges | Exception | None:
        """The newest that is known, and ask for what is shown; None until there is an answer."""
        parts = tuple(name for name in GAUGES if name in shown)
        if not parts:
            return None
        answer = pane.witness.take()
        if answer is not None:
            pane.gauged = answer
        who = pane.who[0]
        key = who, parts, pane.history.t, pane.history.state.tobytes(), self.stage.detector
        if key != pane.gauged_of and not pane.witness.busy:
            pane.gauged_of = key
            world, saved, start = self.stage.world, pane.history.save(), pane.history.copies[0]
            learned, detector = who in self.cast.agents, self.stage.detector

            def work() -> Gauges:
                from ..lab.instruments import Alarm, gauges  # which load torch
                from ..lab.posterior import Worths

                states, actions = lived(world, start, saved)
                alarm = None
                if "alarm" in parts and learned:
                    name = who, detector, world.name, world.rows
                    if name not in self._alarms:
                        self._alarms[name] = Alarm(world, self.cast.policy(who), detector)
                    alarm = self._alarms[name]
                known = self._worths.get(id(pane))
                if known is None or known.world is not world:
                    known = self._worths[id(pane)] = Worths(world)
                return gauges(world, parts, states, actions, alarm, known)

            pane.witness.ask(work)
        return pane.gauged


def lived(world: World, start: np.recarray, saved: Saved) -> tuple[np.recarray, np.ndarray]:
    """The states and actions of an episode up to where one is: recarray[T + 1], int64[T, L]."""
    past = History(world, start)
    past.restore(saved)
    states = []
    for k in range(saved.t + 1):
        past.go(k)
        states.append(state.copy(past.state))
    actions = np.array(saved.actions[: saved.t], np.int64).reshape(saved.t, world.learners)
    return np.concatenate(states).view(np.recarray), actions
