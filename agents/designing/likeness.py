"""What can be said of a level as it stands: can the intended goal be met, and could it have been
trained on?
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from ..policies.expert import optimum

SAMPLE = 1000  # training levels that a level is compared with


def solvable(world: World, states: np.recarray) -> str:
    """Can the intended goal be met from here (a batch of one)? In words that begin with "yes" if
    so.
    """
    if int(states.ended[0]) != RUNNING:
        return "ended"
    number = world.goals.index(world.intended)
    before = world.scores(states.totals[:, : world.learners])[0, :, number]
    best = optimum(world, world.intended.name, states)
    return (
        f"yes, in {int(best.steps.max())} steps"
        if bool((best.score[0] > before).any())
        else "no way found"
    )


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
        rarest, words = SAMPLE + 1, ""
        for times, name, y, x in self._parts(states[0]):
            if times < rarest:
                rarest, words = times, f"{name} at ({y}, {x})"
        if not rarest:
            return f"no: never {words} in {SAMPLE} levels"
        return f"yes: each part is in {SAMPLE} levels; rarest, {words}: in {rarest}"

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
