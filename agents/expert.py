"""Experts: planners for any goal of any world, with every state in view.

An expert that wants the intended goal and one that wants a proxy are the two ends of the ruler every learned policy is
held against. Where walking is enough (`world.planner == "walk"`), an expert floods the board outwards from itself until
it meets a cell that `goal.seek` names and takes the first step towards it, anew on every step, so targets may move.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..engine import state
from ..engine.grid import DX, DY, inside, solid
from ..engine.jit import bind, rule, specialise
from ..engine.world import World
from .policy import Policy

DIRECTIONS = ("stay", "up", "left", "down", "right")  # the actions that a flood can take, in the order of grid.DY

# What `specialise` binds for each world.
seek: Any  # (goal, s, p, me, y, x) -> bool
avoid: Any
LEARNERS = 0
MOVE = np.zeros(5, np.int64)  # direction -> action


@rule
def nowhere(goal, s, p, me, y, x):
    """The cells of a goal that names none."""
    return False


def either(goal, s, p, me, y, x):
    """The rule of goal number `goal`, with the rules chained like a list: this one, then the rest."""
    if goal == 0:
        return bool(here(s, p, me, y, x))
    return rest(goal - 1, s, p, me, y, x)


here: Any
rest: Any


def either_of(rules: list[Callable | None]) -> Callable:
    """One rule `(goal, s, p, me, y, x)` that dispatches on the number of the goal, so one kernel serves them all."""
    chain = nowhere
    for here in reversed(rules):
        chain = bind(either, here=here or never, rest=chain)
    return chain


@rule
def never(s, p, me, y, x):
    """A goal without this rule."""
    return False


# -- walking -------------------------------------------------------------------------------------------------------


def first_move(s, p, goal, me, caution, queue, first, seen, mark):
    """The direction of the first step on a shortest path to a cell that the goal seeks, or -1 if no path leads there.

    `caution` 2 keeps off what the goal avoids altogether, 1 allows it as a destination only, 0 everywhere. Equal paths
    are told apart by the order of DIRECTIONS. `queue`, `first` and `seen` (int64[cells]) are scratch; `mark` is a
    number that `seen` does not hold yet.
    """
    width = s.tiles.shape[1]
    if seek(goal, s, p, me, s.y[me], s.x[me]):
        return 0
    cell = s.y[me] * width + s.x[me]
    seen[cell] = mark
    queue[0] = cell
    first[cell] = 0
    head, tail = 0, 1
    while head < tail:
        cell = queue[head]
        head += 1
        for direction in range(1, 5):
            y, x = cell // width + DY[direction], cell % width + DX[direction]
            if not inside(s, y, x) or seen[y * width + x] == mark:
                continue
            there = y * width + x
            seen[there] = mark
            first[there] = first[cell] if first[cell] > 0 else direction
            avoided = caution > 0 and avoid(goal, s, p, me, y, x)
            if seek(goal, s, p, me, y, x) and not (avoided and caution > 1):
                return first[there]  # before asking whether it is solid: some targets are bumped into
            if not avoided and not solid(s, p, y, x):
                queue[tail] = there
                tail += 1
    return -1


def walk_many(states, table, goal, actions):
    """Write the next action of every learner of every state into `actions` (int64[N, L])."""
    cells = states[0].tiles.shape[0] * states[0].tiles.shape[1]
    queue, first, seen = np.empty(cells, np.int64), np.empty(cells, np.int64), np.zeros(cells, np.int64)
    mark = 0
    for i in range(len(states)):
        s = states[i]
        for me in range(LEARNERS):
            direction = -1
            for caution in (2, 1, 0):
                if direction < 0:
                    mark += 1
                    direction = first_move(s, table[s.row], goal, me, caution, queue, first, seen, mark)
            actions[i, me] = MOVE[max(direction, 0)]


@lru_cache(maxsize=64)
def walker(world: World) -> Callable:
    """The compiled `walk_many` of a world (compiled on first use, then cached on disk)."""
    bindings = {
        "seek": either_of([goal.seek for goal in world.goals]),
        "avoid": either_of([goal.avoid for goal in world.goals]),
        "LEARNERS": world.learners,
        "MOVE": np.array([world.actions.index(d) if d in world.actions else 0 for d in DIRECTIONS]),
    }
    return specialise(walk_many, world.name, first_move=bind(first_move, **bindings), **bindings)


# -- the policy ----------------------------------------------------------------------------------------------------


class Expert(Policy):
    """Plans for the goal called `goal_name` ("intended" and "paid" work too); raises UserError if there is none."""

    def __init__(self, world: World, goal_name: str = "intended") -> None:
        self.world = world
        self.goal = world.goal(goal_name)
        self.name = f"expert:{self.goal.name}"
        self._number = world.goals.index(self.goal)

    def start(self, n: int, agents: int) -> None:
        """Get ready to act in `n` environments."""

    def act(self, obs: np.ndarray, states: np.recarray, fresh: np.ndarray) -> np.ndarray:
        """int64[N, L]: an action for every learner, from the states alone (`obs` may be None)."""
        actions = np.zeros((len(states), self.world.learners), np.int64)
        walker(self.world)(states, self.world.table, self._number, actions)
        return actions
