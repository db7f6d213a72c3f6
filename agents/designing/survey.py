"""What a level is worth: is there a way, how far and how hard is it, and do two goals part on it?

`survey` asks it of many start states at once. Where experts walk, all of it happens in one compiled
pass: a flood from the agent, and the expert's own episode on a copy of the record. Where they
search, their episodes are played as `expert.optimum` plays them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...engine import state
from ...engine.errors import UserError
from ...engine.grid import DX, DY, distance, inside, solid
from ...engine.jit import PLAIN, bind, mentions, specialise
from ...engine.kernels import kernels
from ...engine.vector import Vec
from ...engine.world import Goal, World
from ..policies import search
from ..policies.expert import DIRECTIONS, flood, optimum, plans
from ..policies.search import chained, nowhere, score_of
from .playing import heading, known_way, play, same_board, total

WAY = np.dtype(
    [(name, np.int64) for name in ("distance", "far", "effort", "ways", "steps")]
    + [("score", np.float64)]
)
NO_WAY = -1
LOOK, BOTH, PLAY = range(3)  # at the start states, play the expert's episodes, or both

# What `specialise` binds for each world.
seek: Any = nowhere
avoid: Any = nowhere
plan: Any = nowhere
MOVE = np.zeros(5, np.int64)


def straight(s, p, goal):
    """Rows plus columns from the first agent to the nearest cell the goal seeks; -1 if it seeks
    none.
    """
    nearest = -1
    for y in range(s.h):
        for x in range(s.w):
            if seek(goal, s, p, 0, y, x):
                away = distance(s.y[0], s.x[0], y, x)
                if nearest < 0 or away < nearest:
                    nearest = away
    return nearest


def route(s, p, goal, caution, queue, far, ways, way):
    """Flood from the first agent to the nearest sought cell; returns whether there is a way.

    Writes into `way` how far it is, and a bit for each action that begins a shortest way. `caution`
    as in `flood`.
    """
    width = s.tiles.shape[1]
    for k in range(s.h * width):
        far[k] = -1
    cell = s.y[0] * width + s.x[0]
    far[cell], ways[cell] = 0, 0
    queue[0] = cell
    head, tail = 0, 1
    way.far = NO_WAY
    way.ways = 0
    if seek(goal, s, p, 0, s.y[0], s.x[0]):
        way.far = 0
        way.ways = 1
    while head < tail and way.far != 0:
        cell = queue[head]
        head += 1
        if way.far > 0 and far[cell] >= way.far:
            break  # all shortest ways are known
        for direction in range(1, 5):
            y, x = cell // width + DY[direction], cell % width + DX[direction]
            if not inside(s, y, x):
                continue
            there = y * width + x
            mine = ways[cell] if far[cell] > 0 else 1 << MOVE[direction]
            if far[there] == far[cell] + 1:
                ways[there] |= mine
                if way.far == far[there] and seek(goal, s, p, 0, y, x):
                    way.ways |= mine
            if far[there] >= 0:
                continue
            avoided = caution > 0 and avoid(goal, s, p, 0, y, x)
            sought = seek(goal, s, p, 0, y, x) and not (avoided and caution > 1)
            if not sought and (avoided or solid(s, p, y, x)):
                continue
            far[there], ways[there] = far[cell] + 1, mine
            queue[tail] = there
            tail += 1
            if sought:
                way.far = far[there]
                way.ways |= mine
    way.effort += tail
    return way.far >= 0


def straight_many(states, table, goal, found):
    """`straight` for every state."""
    for i in range(len(states)):
        found[i].distance = straight(states[i], table[states[i].row], goal)


def ways_many(
    states,
    words,
    table,
    goal,
    wanted,
    what,
    found,
    earned,
    taken,
    spare,
    spare_words,
    acts,
    entry,
    queue,
    first,
    far,
    seen,
    mark,
    board,
):
    """`straight` and `route` of every state, or `play`, or both."""
    for i in range(len(states)):
        s, p, way = states[i], table[states[i].row], found[i]
        if what != PLAY:
            way.distance = straight(s, p, goal)
            way.effort = 0
            planned = plan(goal, s, p, 0)
            if planned >= 0:
                way.far = way.distance
                way.ways = 1 << planned
            else:
                for caution in (2, 1, 0):
                    if route(s, p, goal, caution, queue, far, first, way):
                        break
        if what != LOOK:
            for k in range(words.shape[1]):
                spare_words[0, k] = words[i, k]
            earned[i] = play(
                spare[0], spare_words, p, goal, wanted, acts, entry, queue, first, seen, mark,
                taken[i], way, far, board,
            )  # fmt: skip
            for t in range(way.steps, taken.shape[1]):  # what earned nothing more
                for me in range(taken.shape[2]):
                    taken[i, t, me] = 0


@lru_cache(maxsize=64)
def surveyor(world: World) -> tuple[Any, Any]:
    """The compiled `straight_many` and `ways_many` of a world."""
    moves = [world.actions.index(d) if d in world.actions else 0 for d in DIRECTIONS]
    bindings: dict[str, Any] = {
        "seek": chained([goal.seek for goal in world.goals]),
        "avoid": chained([goal.avoid for goal in world.goals]),
        "plan": plans([goal.plan for goal in world.goals]),
        "act": kernels(world).act,
        "LEARNERS": world.learners,
        "MOVE": np.array(moves),
        "KEPT": looked_at_by(world),
        "STATIC": world.tick is None and world.bot is None,
        "WEIGHTS": world.goal_weights,
        "ONCE": world.goal_once,
    }
    for part in (straight, route, flood, score_of, total, known_way, heading, same_board, play):
        bindings[part.__name__] = bind(part, **bindings)
    return tuple(
        specialise(kernel, world.name, **bindings) for kernel in (straight_many, ways_many)
    )  # type: ignore


def looked_at_by(world: World) -> np.ndarray:
    """int64[goals, n, 2]: the words of a record, from and to, that each goal's rules look at, beside
    what stays for an episode; all -1 if that is where things are, the time or the last step's
    events. Filled up with what is empty.
    """
    names = [
        {name for rule in (goal.seek, goal.avoid) if rule for name in mentions(rule)}
        for goal in world.goals
    ]
    fields = [[*(named & {*(world.dtype.names or ())} - {"h", "w"} | {"tiles"})] for named in names]
    found = np.zeros((len(fields), max(map(len, fields)), 2), np.int64)
    for spans, looked in zip(found, fields, strict=True):
        for span, name in zip(spans, sorted(looked), strict=False):
            first = state.offset(world.dtype, name)
            span[:] = first // 8, -(-(first + world.dtype[name].itemsize) // 8)
        if not {*looked}.isdisjoint({*state.BOOKKEEPING, "y", "x", "events"}):
            spans[:] = -1
    return found


class Ways(NamedTuple):
    """A goal's expert on n levels.

    score: what it earns; steps: until that last changed; distance: rows plus columns to the nearest
    cell it seeks (-1: none); ways: a bit for each action that begins a shortest way (a search knows
    one); actions: uint8[n, T, L], zeros after `steps`; earned: what its episode earns of another
    goal.
    """

    score: np.ndarray
    steps: np.ndarray
    distance: np.ndarray
    ways: np.ndarray
    effort: np.ndarray
    actions: np.ndarray
    earned: np.ndarray

    def take(self, chosen: np.ndarray) -> Ways:
        """The same of the chosen levels alone."""
        return Ways(*(values[chosen] for values in self))


def walks(world: World, goal: Goal) -> bool:
    """Does the expert of this goal walk or follow a plan of the goal's own, rather than search?"""
    return goal.plan is not None or (world.planner == "walk" and goal.seek is not None)


def ways(
    world: World,
    goal: str,
    states: np.recarray,
    wanted: str = "",
    what: int = BOTH,
    effort: bool = True,
) -> Ways:
    """How the expert of `goal` fares on `states`, and what its episodes earn of the goal `wanted`.

    Where experts walk, `what` leaves out what can be told from the start states alone (distance,
    ways and effort), or all the rest. Without `effort` no search is made for that alone.
    """
    number, other = (world.goals.index(world.goal(name)) for name in (goal, wanted or goal))
    n, longest = len(states), int(world.table["horizon"].max())
    found = np.zeros(n, WAY).view(np.recarray)
    earned = np.zeros(n)
    flat, whole = surveyor(world)
    if walks(world, world.goals[number]):
        taken = np.zeros((n, 1 if what == LOOK else longest, world.learners), np.uint8)
        cells = world.size[0] * world.size[1]
        spare = state.blank(world.dtype, 1)
        entry = np.zeros(1, [("reward", np.float32, (world.learners,))]).view(np.recarray)
        acts, scratch = np.zeros((1, world.learners), np.int64), np.zeros((4, cells), np.int64)
        with np.errstate(over="ignore"):
            whole(
                raw(states),
                state.words(states),
                raw(world.table),
                number,
                other,
                what,
                raw(found),
                earned,
                taken,
                raw(spare),
                state.words(spare),
                acts,
                raw(entry),
                *scratch,
                np.zeros(1, np.int64),
                np.zeros(world.dtype.itemsize // 8, np.uint64),
            )
    else:
        flat(raw(states), raw(world.table), number, raw(found))
        best = optimum(world, goal, states)
        taken = np.ascontiguousarray(best.actions.swapaxes(0, 1).astype(np.uint8))
        found.score, found.steps = best.score.mean(1), best.steps.max(1)
        found.ways = 1 << best.actions[0, :, 0] if len(best.actions) else np.ones(n, np.int64)
        earned = replay(world, states, best.actions).totals
        earned = world.scores(earned)[:, : world.learners, other].mean(1)
        if effort:
            found.effort = looked_at(world, number, states)
        late = np.arange(taken.shape[1])[None, :, None] >= found.steps[:, None, None]
        taken[np.broadcast_to(late, taken.shape)] = 0
    return Ways(found.score, found.steps, found.distance, found.ways, found.effort, taken, earned)


def raw(records: np.ndarray) -> np.ndarray:
    """Records as kernels take them: bare when compiled, with attributes in plain Python."""
    return records if PLAIN else records.view(np.ndarray)


def looked_at(world: World, goal: int, states: np.recarray) -> np.ndarray:
    """How many records a search looks at for the first plan on each of `states` (int64[n])."""
    memory = search.Memory(world, world.effort)
    kernel = search.searcher(world)
    longest = int(world.table["horizon"].max())
    plan_of, marks = (
        np.zeros((1, world.learners, longest), np.int64),
        np.zeros((1, world.learners, longest), np.uint64),
    )
    cursor, actions = (
        np.zeros((1, world.learners, 3), np.int64),
        np.zeros((1, world.learners), np.int64),
    )
    fresh, counts = np.ones(1, np.bool_), np.zeros(len(states), np.int64)
    for i in range(len(states)):
        one = states[i : i + 1]
        before = memory.stamp[1]
        kernel(
            one,
            world.table,
            goal,
            1.0,
            fresh,
            plan_of,
            marks,
            cursor,
            actions,
            state.words(one),
            *memory.parts,
        )
        counts[i] = memory.stamp[1] - before
    return counts


def replay(world: World, states: np.recarray, actions: np.ndarray) -> np.recarray:
    """The last states of episodes from `states` under `actions` (integers [T, n, L])."""
    vec = Vec(world, len(states), autoreset="off")
    vec.start_from(states)
    for row in actions:
        vec.step(row.astype(np.int64))
    return state.copy(vec.states)


def first_proxy(world: World, name: str = "") -> str:
    """The goal called `name`, or the world's first proxy; UserError if it has none."""
    if name:
        return world.goal(name).name
    if not world.proxies:
        raise UserError(f"world '{world.name}' has no proxy to tell the goal from")
    return world.proxies[0].name


def solve(world: World, states: np.recarray, goal: str = "intended") -> list[np.ndarray | None]:
    """For each start state the actions (uint8[T, L]) by which the goal's expert earns all it earns;
    None: nothing.
    """
    found = ways(world, goal, states, effort=False)
    return [
        actions[:steps].copy() if score > 0 else None
        for actions, steps, score in zip(found.actions, found.steps, found.score, strict=True)
    ]


def difficulty(world: World, states: np.recarray, goal: str = "intended") -> np.ndarray:
    """int64[n]: how many cells or records the goal's expert looks at before it knows its way."""
    return ways(world, goal, states, what=LOOK).effort
