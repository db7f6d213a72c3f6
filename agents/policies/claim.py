"""What the score of a goal's expert is worth: is it the most that can be earned?

Only where it is, the difference to an agent's score is a *regret*; elsewhere it is a gap to the
expert, which may be negative.
"""

from __future__ import annotations

from typing import NamedTuple

from ...engine.grid import MOVES
from ...engine.world import Goal, World

EXACT, BOUND, HEURISTIC = "exact", "bound", "heuristic"


class Claim(NamedTuple):
    """What is claimed of the expert of a goal.

    kind: "exact", no policy earns more on any level; "bound", none earns more than `most` anywhere,
    so the expert is exact where it earns that and elsewhere falls short by at most the difference;
    "heuristic", nothing is known. most: what an episode can pay at best, None if that has no limit.
    """

    kind: str
    most: float | None

    @property
    def word(self) -> str:
        """What to call the expert's score minus an agent's."""
        return "regret" if self.kind == EXACT else "gap to the expert"


def claim(world: World, goal_name: str = "intended") -> Claim:
    """The claim of a goal of this world: its own declaration, or else what follows from how its
    expert plans.

    Where one agent walks in all four directions, nothing moves by itself and the goal pays once, a
    flood finds the way if there is one. `lab.exhaustive` checks it.
    """
    goal = world.goal(goal_name)
    most = _most(world, goal)
    if goal.expert:
        return Claim(goal.expert, most)
    floods = goal.plan is None and goal.seek is not None and world.planner == "walk"
    floods = floods and set(MOVES) <= set(world.actions)
    still = world.tick is None and world.bot is None and world.learners == 1
    plain = all(weight > 0 for weight in goal.weights.values())
    if floods and still and plain and most is not None:
        return Claim(EXACT, most)
    return Claim(HEURISTIC if most is None else BOUND, most)


def _most(world: World, goal: Goal) -> float | None:
    """What an episode pays at best: every event that earns points once, if none comes twice."""
    paid = {event: weight for event, weight in goal.weights.items() if weight > 0}
    if goal.once:
        return sum(paid.values())
    if all(event in world.ends_on for event in paid):
        return sum(paid.values())
    return None
