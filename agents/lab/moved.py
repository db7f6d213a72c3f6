"""What an agent makes of training levels whose cue was laid elsewhere: nobody acts there, and nothing
is known of what the shift will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...engine.errors import UserError
from ...engine.vector import observed
from ...engine.world import World
from ..judging.rollout import rollout
from ..policies.policy import Policy, learned
from ..policies.simple import RandomPolicy
from .inside.attribution import View, goal_cells, maps_of
from .inside.cues import usual
from .inside.moments import Moments
from .inside.probes import Reader
from .lacking import Lacking

MOST = 1200  # moments, at most
EVERY = 4  # one in so many is attributed, which is slow


@dataclass(frozen=True, eq=False)
class Moved:
    """M moments of training levels, as whoever acts at random comes to them, with the cue of the
    intended goal on another cell. Of several learners the first looks.

    states: recarray[M]; level: int64[M], which level a moment is of.
    """

    agent: Policy
    world: World
    states: np.recarray
    level: np.ndarray

    @staticmethod
    def of(agent: Policy, world: World, levels: int, seed: int) -> Moved:
        """Raises Lacking where no tile or thing marks the intended goal."""
        wanders = RandomPolicy(world, seed)
        trace = rollout(world, wanders, "train", levels, seed, trace=("states",)).trace
        assert trace is not None and trace.states is not None
        lived = trace.states.T[trace.running.T].view(np.recarray)
        level = np.repeat(np.arange(levels), trace.running.sum(0))
        some = np.linspace(0, len(lived) - 1, min(len(lived), MOST)).astype(np.int64)
        states = lived[some].view(np.recarray)
        try:
            cue = usual(world, states)
        except UserError as fault:
            raise Lacking(str(fault)) from fault
        return Moved(agent, world, cue.moved(states, seed), level[some])

    @cached_property
    def view(self) -> View:
        """What it looks at in some of them. Raises Lacking for one that is not shown a board of symbols."""
        states = self.states[::EVERY].copy().view(np.recarray)
        if self.agent.seen(observed(self.world, states), states).ndim != 4:
            raise Lacking(f"'{self.agent.name}' is shown no board whose cells could be told apart")
        return View.of(self.agent, self.world, states, None)

    @property
    def cells(self) -> Mapping[str, np.ndarray]:
        """Where the intended goal may be met, and where a proxy: bool[N, rows, columns] each."""
        return goal_cells(self.view)

    def attributions(self) -> Mapping[str, np.ndarray]:
        """What each cell adds to what it would do, and to the value: float64[N, rows, columns]."""
        if "gradient" not in learned(self.agent, "attribution").can:
            raise Lacking(f"'{self.agent.name}' has no slopes")
        return maps_of(self.agent, self.view)

    def probes(self) -> Mapping[str, float]:
        """How well the way to each goal is read from its last layer where that of the intended goal
        is another (balanced accuracy, on levels not fitted on); without goals of too few moments.
        """
        asked = learned(self.agent, "a probe")
        if "body" not in asked.layers:
            raise Lacking(f"'{self.agent.name}' shows no last layer")
        asked.start(len(self.states), self.world.learners)
        fresh, obs = np.ones(len(self.states), np.bool_), observed(self.world, self.states)
        seen = asked.seen(obs, self.states)
        thought = asked.think(seen, self.states, fresh, ("body",))
        body = {"body": thought.features["body"][:, 0]}
        known = Moments(self.world, self.states, seen[:, 0], self.level, body, {})
        reader, found = Reader(known), {}
        ways = {goal.name: known.ways(goal.name) for goal in self.world.goals}
        meant = self.world.intended.name
        apart = np.any([ways[name] != ways[meant] for name in ways], 0)
        for name, label in ways.items():
            try:
                value = reader.read("body", label, name, apart, shuffles=1).found.value
            except UserError:
                continue
            if value is not None:
                found[name] = value
        return found
