"""Experts: planners for any goal of any world, with every state in view.

An expert that wants the intended goal and one that wants a proxy are the two ends of the ruler that
every learned policy is held against. Where walking is enough (`world.planner == "walk"`), an expert
floods the board outwards from itself until it meets a cell that `goal.seek` names and takes the
first step towards it, anew on every step, so targets may move. Elsewhere, and for goals without
`seek`, it searches over copies of the record (`search.py`) and follows its plan while the world
goes as foretold. A goal that brings a `plan` of its own is followed to the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...engine import state
from ...engine.errors import UserError, need
from ...engine.grid import DX, DY, inside, solid
from ...engine.jit import bind, rule, specialise
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from . import search
from .policy import Policy
from .search import chained, nowhere

DIRECTIONS = ("stay", "up", "left", "down", "right")  # what a flood can do, in the order of grid.DY

# What `specialise` binds for each world.
seek: Any = nowhere  # (goal, s, p, me, y, x) -> bool
avoid: Any = nowhere
plan: Any = nowhere  # (goal, s, p, me) -> action, or -1 where the goal has no plan of its own
LEARNERS = 0
MOVE = np.zeros(5, np.int64)  # direction -> action


def flood(s, p, goal, me, caution, queue, came, seen, mark):
    """The nearest cell the goal seeks, as a number, by a flood from the agent; -1: no path.

    `caution` 2 keeps off what the goal avoids altogether, 1 allows it as a destination only, 0
    everywhere. Equal paths are told apart by the order of DIRECTIONS. `queue`, `came` and `seen`
    (int64[cells]) are scratch; `mark` is a number that `seen` does not hold yet. `came` is left
    with the cell before each, on a shortest path from the agent's, which has -1.
    """
    width = s.tiles.shape[1]
    cell = s.y[me] * width + s.x[me]
    came[cell] = -1
    if seek(goal, s, p, me, s.y[me], s.x[me]):
        return cell
    seen[cell] = mark
    queue[0] = cell
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
            came[there] = cell
            avoided = caution > 0 and avoid(goal, s, p, me, y, x)
            if seek(goal, s, p, me, y, x) and not (avoided and caution > 1):
                return there  # asked before `solid`: some targets are bumped into
            if not avoided and not solid(s, p, y, x):
                queue[tail] = there
                tail += 1
    return -1


def first_move(s, p, goal, me, caution, queue, came, seen, mark):
    """The direction of the first step on a shortest path to a cell the goal seeks; -1: no path.

    The arguments are those of `flood`.
    """
    width = s.tiles.shape[1]
    cell = flood(s, p, goal, me, caution, queue, came, seen, mark)
    if cell < 0:
        return -1
    y, x = cell // width, cell % width
    while came[cell] >= 0:
        y, x = cell // width, cell % width
        cell = came[cell]
    for direction in range(1, 5):
        if y == s.y[me] + DY[direction] and x == s.x[me] + DX[direction]:
            return direction
    return 0


def walk_many(states, table, goal, actions):
    """Write the next action of every learner of every state into `actions` (int64[N, L])."""
    cells = states[0].tiles.shape[0] * states[0].tiles.shape[1]
    queue, came = np.empty(cells, np.int64), np.empty(cells, np.int64)
    seen = np.zeros(cells, np.int64)
    mark = 0
    for i in range(len(states)):
        s = states[i]
        for me in range(LEARNERS):
            actions[i, me] = plan(goal, s, table[s.row], me)
            if actions[i, me] >= 0:
                continue
            direction = -1
            for caution in (2, 1, 0):
                if direction < 0:
                    mark += 1
                    direction = first_move(
                        s, table[s.row], goal, me, caution, queue, came, seen, mark
                    )
            actions[i, me] = MOVE[max(direction, 0)]


@rule
def no_plan(goal, s, p, me):
    """The end of a chain."""
    return -1


own: Any = no_plan
rest: Any = no_plan


def _chain(goal, s, p, me):
    if goal == 0:
        return own(s, p, me)
    return rest(goal - 1, s, p, me)


@rule
def improvise(s, p, me):
    """A goal without a plan of its own."""
    return -1


def plans(rules: Sequence[Callable | None]) -> Callable:
    """One rule `(goal, s, p, me)` for all goals by number, so that one kernel serves them."""
    chain = no_plan
    for mine in reversed(rules):
        chain = bind(_chain, own=mine or improvise, rest=chain)
    return chain


@lru_cache(maxsize=64)
def walker(world: World) -> Callable:
    """The compiled `walk_many` of a world (compiled on first use, then cached on disk)."""
    moves = [world.actions.index(d) if d in world.actions else 0 for d in DIRECTIONS]
    bindings: dict[str, Any] = {
        "seek": chained([goal.seek for goal in world.goals]),
        "avoid": chained([goal.avoid for goal in world.goals]),
        "plan": plans([goal.plan for goal in world.goals]),
        "LEARNERS": world.learners,
        "MOVE": np.array(moves),
    }
    for part in (flood, first_move):
        bindings[part.__name__] = bind(part, **bindings)
    return specialise(walk_many, world.name, **bindings)


class Expert(Policy):
    """Plans for the goal called `goal_name` ("intended" and "paid" work too).

    `effort` bounds the records that one search looks at (by default the world's own), and `greed`
    weighs the distance ahead: 1 finds shortest plans, more finds plans sooner. Raises UserError if
    the world has no such goal.
    """

    def __init__(
        self,
        world: World,
        goal_name: str = "intended",
        effort: int | None = None,
        greed: float = 1.0,
    ) -> None:
        self.world = world
        self.goal = world.goal(goal_name)
        self.name = f"expert:{self.goal.name}"
        self.plans = 0  # searches made so far
        self._number = world.goals.index(self.goal)
        self._walks = self.goal.plan is not None or (
            world.planner == "walk" and self.goal.seek is not None
        )
        self.remembers = not self._walks
        self._effort, self._greed = effort or world.effort, greed
        self._memory: search.Memory | None = None
        self._cursor = np.zeros((0, 0, 3), np.int64)

    def start(self, n: int, agents: int) -> None:
        """Forget all plans; get ready for `n` environments of `agents` learners."""
        if self._walks:
            return
        longest = int(self.world.table["horizon"].max())
        self._plans = np.zeros((n, agents, longest), np.int64)
        self._marks = np.zeros((n, agents, longest), np.uint64)
        self._cursor = np.zeros((n, agents, 3), np.int64)
        self._memory = self._memory or search.Memory(self.world, self._effort)

    def act(
        self, obs: np.ndarray | None, states: np.recarray | None, fresh: np.ndarray
    ) -> np.ndarray:
        """int64[N, L]: an action for every learner, from the states alone (`obs` may be None)."""
        if states is None:
            raise UserError("an expert plans from the true states, and there are none")
        actions = np.zeros((len(states), self.world.learners), np.int64)
        if self._walks:
            walker(self.world)(states, self.world.table, self._number, actions)
            return actions
        if self._cursor.shape[:2] != actions.shape:
            self.start(*actions.shape)
        assert self._memory is not None
        self.plans += search.searcher(self.world)(
            states,
            self.world.table,
            self._number,
            self._greed,
            fresh,
            self._plans,
            self._marks,
            self._cursor,
            actions,
            state.words(states),
            *self._memory.parts,
        )
        return actions

    def state(self) -> dict[str, np.ndarray]:
        """What it remembers of the environments: to go on from, exactly."""
        if self._walks:
            return {}
        parts = {"plans": self._plans, "marks": self._marks, "cursor": self._cursor}
        return {name: part.copy() for name, part in parts.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from there, in as many environments. UserError for what cannot be."""
        if self._walks:
            return
        plans, marks, cursor = (state[name] for name in ("plans", "marks", "cursor"))
        sound = all(state[k].shape == own.shape for k, own in self.state().items())
        sound = sound and plans.min() >= 0 and plans.max() < len(self.world.actions)
        sound = sound and cursor.min() >= 0 and cursor[..., 0].max() <= plans.shape[-1]
        need(sound, "an expert's plans are unsound")
        self._plans, self._marks, self._cursor = plans.copy(), marks.copy(), cursor.copy()


class Optimum(NamedTuple):
    """What a goal is worth from given states, as far as its expert can tell.

    `score` (float64[N, L]) at the end of the episode, `steps` (int64[N, L]) until the score changed
    for the last time, and the `actions` (int64[T, N, L]) that earn it; 0 after an episode's end.
    """

    score: np.ndarray
    steps: np.ndarray
    actions: np.ndarray


def optimum(
    world: World, goal_name: str, states: np.recarray, effort: int | None = None
) -> Optimum:
    """Play the goal's expert from copies of `states` to the end of their episodes.

    With one target this is the least number of steps to it: a ruler for regret, and the ghost to
    race. With several targets the expert takes the nearest first, which may fall short of the best.
    """
    n, number = len(states), world.goals.index(world.goal(goal_name))
    expert = Expert(world, goal_name, effort)
    expert.start(n, world.learners)
    vec = Vec(world, n, autoreset="off")
    vec.start_from(states)
    score = vec.scores()[:, : world.learners, number]
    steps = np.zeros(score.shape, np.int64)
    taken = []
    fresh = np.ones(n, np.bool_)
    while (running := vec.states["ended"] == RUNNING).any():
        actions = np.where(running[:, None], expert.act(vec.obs, vec.states, fresh), 0)
        vec.step(actions)
        taken.append(actions)
        fresh = np.zeros(n, np.bool_)
        now = vec.scores()[:, : world.learners, number]
        steps[now != score] = len(taken)
        score = now
    return Optimum(score, steps, np.array(taken, np.int64).reshape(-1, n, world.learners))
