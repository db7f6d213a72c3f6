"""What can be said of a level as it stands: can the intended goal be met, and could it have been
trained on?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.counts import counted
from ...engine.vector import Vec
from ...engine.world import Goal, World
from ..policies.expert import optimum

SAMPLE = 1000  # training levels that a level is compared with


class Route(NamedTuple):
    """The way that a goal's expert goes: where the first learner is at each step, int64[n, 2] as y
    and x, up to the step that brings the last of it; steps: how many those are, or -1 where it
    brings nothing more than there was.
    """

    goal: Goal
    places: np.ndarray
    steps: int


def route(world: World, goal: Goal, states: np.recarray) -> Route:
    """The way of the goal's expert from here (a batch of one)."""
    best, number = optimum(world, goal.name, states), world.goals.index(goal)
    before = world.scores(states.totals[:, : world.learners])[0, :, number]
    steps = int(best.steps.max()) if (best.score[0] > before).any() else -1
    vec = Vec(world, 1, autoreset="off")
    vec.start_from(states)
    places = [(int(vec.states.y[0, 0]), int(vec.states.x[0, 0]))]
    for actions in best.actions[: max(steps, 0)]:
        vec.step(actions)
        places.append((int(vec.states.y[0, 0]), int(vec.states.x[0, 0])))
    return Route(goal, np.array(places), steps)


def solvable(way: Route) -> str:
    """Can the goal of this way be met? In words that begin with "yes" if so."""
    return f"yes, in {counted(way.steps, 'step')}" if way.steps >= 0 else "no way found"


def part(world: World, routes: Sequence[Route]) -> tuple[int, tuple[int, int]] | None:
    """The last step at which the experts of the intended goal and of the first other one that gets
    anywhere stand together, and where that is; None if they never part, or one stays.
    """
    going = [way for way in routes if way.steps > 0]
    wanted = [way for way in going if way.goal is world.intended]
    rivals = [way for way in going if way.goal in world.proxies]
    if not (wanted and rivals):
        return None
    one, other = wanted[0].places, rivals[0].places
    for t in range(1, min(len(one), len(other))):
        if (one[t] != other[t]).any():
            return t - 1, (int(one[t - 1, 0]), int(one[t - 1, 1]))
    if len(one) == len(other):
        return None
    t = min(len(one), len(other)) - 1  # one goes on from where the other is done
    return t, (int(one[t, 0]), int(one[t, 1]))


class Likeness:
    """Where in a sample of training levels each tile lies, and where each thing starts."""

    def __init__(self, world: World) -> None:
        self.world = world
        drawn = Vec(world, SAMPLE, "train").reset_states()
        self.seen = np.stack([(drawn["tiles"] == tile).sum(0) for tile in range(len(world.tiles))])
        self.stood = np.zeros((len(world.things), *world.size), int)
        for k in range(world.entities):
            alive = drawn["alive"][:, k] > 0
            np.add.at(self.stood[world.kinds[k]], (drawn["y"][alive, k], drawn["x"][alive, k]), 1)

    def of(self, states: np.recarray) -> str:
        """Could a training level look like this? In words that begin with "yes" or "no".

        Every cell is compared with what lies there in the sample; at the start of an episode things
        are as well. How things lie to each other is not compared.
        """
        lacking = self._never(states)
        if lacking:
            first, y, x = lacking[0]
            more = f"; {len(lacking)} parts like that" if len(lacking) > 1 else ""
            return f"no: never {first} at ({y}, {x}) in {SAMPLE} levels{more}"
        rarest, words = SAMPLE + 1, ""
        for times, name, y, x in self._parts(states[0]):
            if times < rarest:
                rarest, words = times, f"{name} at ({y}, {x})"
        return f"yes: each part is in {SAMPLE} levels; rarest, {words}: in {rarest}"

    def strange(self, states: np.recarray) -> list[tuple[int, int]]:
        """The cells (y, x) where no level of the sample has what this one has."""
        return list(dict.fromkeys((y, x) for _, y, x in self._never(states)))

    def _never(self, states: np.recarray) -> list[tuple[str, int, int]]:
        return [(name, y, x) for times, name, y, x in self._parts(states[0]) if not times]

    def _parts(self, s: Any):
        """How often each part of a level is in the sample: times, what it is, and where."""
        for y in range(int(s.h)):
            for x in range(int(s.w)):
                yield (
                    int(self.seen[s.tiles[y, x], y, x]),
                    self.world.tiles[s.tiles[y, x]].name,
                    y,
                    x,
                )
        for k in range(self.world.entities if s.t == 0 else 0):
            if s.alive[k]:
                y, x, kind = int(s.y[k]), int(s.x[k]), self.world.kinds[k]
                yield int(self.stood[kind, y, x]), f"a {self.world.things[kind].name}", y, x
