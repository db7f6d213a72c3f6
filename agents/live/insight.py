"""What the learner in focus thinks, asked in the background, and what it observes."""

from __future__ import annotations

import numpy as np

from ...engine import state
from ...engine.vector import observed
from ..policies.policy import Policy
from .cast import Cast
from .recalling import memory_of
from .stage import HUMAN, RECORDED, Pane, Stage
from .thoughts import Thoughts, think


class Insight:
    """Looks into the learners of a stage."""

    def __init__(self, stage: Stage, cast: Cast) -> None:
        self.stage, self.cast = stage, cast

    def of(self, pane: Pane, wanted: set[str]) -> Thoughts:
        """The newest that is known of the learner in focus, and ask for what is wanted of it."""
        answer = pane.mapper.take()
        if isinstance(answer, Thoughts):
            pane.thoughts = answer
        stage = self.stage
        name = pane.who[min(stage.learner, len(pane.who) - 1)]
        if name in (HUMAN, RECORDED) or not wanted:
            return Thoughts()
        learner, tuned = stage.learner, (stage.sampling, stage.steering)
        key = name, learner, tuned, frozenset(wanted), pane.history.state.tobytes()
        if key != pane.thoughts_of and not pane.mapper.busy:
            pane.thoughts_of = key
            states, saved = state.copy(pane.history.state), pane.history.save()

            def work() -> Thoughts:
                policy = self._policy(pane, name)
                memory = memory_of(policy, stage.world, saved.copies[0], saved)
                return think(stage.world, policy, states, learner, wanted, memory)

            pane.mapper.ask(work)
        return pane.thoughts

    def _policy(self, pane: Pane, name: str) -> Policy:
        """Another copy of a policy than the one that acts: both are asked at the same time."""
        if name not in pane.mapping:
            pane.mapping[name] = self.cast.policy(name)
        self.cast.tune(pane.mapping[name])
        return pane.mapping[name]

    def seen(self, pane: Pane) -> np.ndarray:
        """What the learner in focus observes: uint8[rows, columns] of symbols, or a picture if it
        sees pictures.
        """
        world, states = self.stage.world, pane.history.state
        me = min(self.stage.learner, world.learners - 1)
        seen, policy = observed(world, states), pane.policies.get(pane.who[me])
        return (policy.seen(seen, states) if policy else seen)[0, me]
