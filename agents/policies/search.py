"""Planning where walking is not enough: best-first search over copies of the record.

A copied record steps by the world's own rules and draws from the dynamics stream it carries, so a
plan foretells enemies and chance exactly: nothing is modelled and nothing is guessed. Nodes are
ordered by points made, then by steps so far plus a flood distance to the nearest cell that
`goal.seek` names. One kernel serves all goals of a world.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ...engine import rng, state
from ...engine.grid import MOVES, flood
from ...engine.jit import bind, plain, rule, specialise
from ...engine.kernels import kernels
from ...engine.state import N_BOOKKEEPING, RUNNING, hash_words
from ...engine.world import World

# What a point is worth in steps: plans go for points first and for short ways second, unless a
# point leaves what the goal seeks as it was, such as one for every step of the way.
WORTH, ROUTINE = 100_000.0, 2.0
DETOUR = 30.0  # what keeping off a cell that the goal avoids is worth in steps
MAPS = 64  # flood maps in one search: every point made may move what the goal seeks
PAUSE = 12  # steps to wait before planning again where no plan led anywhere

NODE = np.dtype(
    [(name, np.int64) for name in ("parent", "action", "depth", "map", "sought")]
    + [(name, np.float64) for name in ("score", "worth", "ahead", "toll")]
)
SLOT = np.dtype([("key", "u8"), ("stamp", "i8"), ("cost", "f8"), ("score", "f8")])

# What `specialise` binds for each world.
act: Any = None
seek: Any = None
avoid: Any = None
ACTIONS = LEARNERS = FIRST_COUNT = LAST_COUNT = 0
ONCE = SEEKING = np.zeros(1)
WEIGHTS = np.zeros((1, 1))


class Memory:
    """Everything a search writes to; made once for a world and used by one search at a time."""

    def __init__(self, world: World, effort: int) -> None:
        self.records = state.blank(world.dtype, effort + 1)
        self.words = state.words(self.records)
        self.nodes = np.zeros(effort + 1, NODE).view(np.recarray)
        self.slots = np.zeros(1 << int(2 * effort).bit_length(), SLOT).view(np.recarray)
        self.maps = np.zeros((MAPS, *world.size), np.int16)
        self.queue = np.zeros(world.size[0] * world.size[1], np.int64)
        self.acts = np.zeros((1, world.learners), np.int64)
        reward = [("reward", np.float32, (world.learners,))]
        self.entry = np.zeros(1, reward).view(np.recarray)
        self.stamp = np.zeros(2, np.int64)  # searches made so far, and records looked at in all

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order kernels take them."""
        return tuple(vars(self).values())


def score_of(s, goal, me):
    """What learner `me` has scored so far."""
    score = 0.0
    for e in range(WEIGHTS.shape[1]):
        count = s.totals[me, e]
        score += WEIGHTS[goal, e] * (min(count, 1) if ONCE[goal] else count)
    return score


def sought(s, p, goal, me):
    """A hash of the cells that the goal seeks; 0 if there are none."""
    h = np.uint64(0)
    for y in range(s.h):
        for x in range(s.w):
            if seek(goal, s, p, me, y, x):
                h ^= rng.nth(np.uint64(y), np.uint64(x + 1))
    return h


def map_ways(s, p, goal, me, far, queue):
    """Write every cell's distance to the nearest sought one into `far` (int16[H, W]); -1: no way.

    A step is taken to move by at most one row and one column.
    """
    for y in range(s.h):
        for x in range(s.w):
            far[y, x] = 0 if seek(goal, s, p, me, y, x) else -1
    flood(s, p, far, queue)


@rule
def distance_to(s, me, far):
    """Steps at least to the nearest sought cell."""
    steps = far[s.y[me], s.x[me]]
    return float(steps) if steps >= 0 else float(s.h + s.w)


def content_hash(words, i):
    """A hash of what the record *is*: without bookkeeping, time and counts of events."""
    h = np.uint64(0)
    for k in range(N_BOOKKEEPING, words.shape[1]):
        if (k < FIRST_COUNT or k >= LAST_COUNT) and words[i, k] != 0:
            h ^= rng.nth(words[i, k], np.uint64(k))
    return h


def seen_better(slots, stamp, key, cost, score):
    """Was this content met before, as cheap and with as good a score? If not, note it."""
    at = np.int64(key & np.uint64(len(slots) - 1))
    while slots[at].stamp == stamp and slots[at].key != key:
        at = (at + 1) & (len(slots) - 1)
    slot = slots[at]
    if slot.stamp == stamp and slot.score >= score and slot.cost <= cost:
        return True
    slot.key = key
    slot.stamp = stamp
    slot.cost = cost
    slot.score = score
    return False


def search(
    start,
    at,
    table,
    goal,
    me,
    greed,
    plan,
    marks,
    records,
    words,
    nodes,
    slots,
    maps,
    queue,
    acts,
    entry,
    stamp,
):
    """Plan from record `start[at]` (uint64 words); returns the number of actions.

    Writes the actions into `plan`, and into `marks` the digest of the state before each. The plan
    is the first one found to the best score found; with `greed` 1 and a single target, and if the
    records suffice, it is a shortest one (where nothing moves by the clock). A plan that gains
    nothing leads as near to the goal as any does, and may be empty.
    """
    stamp[0] += 1
    for k in range(words.shape[1]):
        words[0, k] = start[at, k]
    root = records[0]
    p = table[root.row]
    already = score_of(root, goal, me)
    most = 0.0
    for e in range(WEIGHTS.shape[1]):
        most += max(WEIGHTS[goal, e], 0.0)
    if root.ended != RUNNING or root.alive[me] == 0 or (ONCE[goal] and already >= most):
        return 0
    floods = 0
    nodes[0].sought = 0
    nodes[0].ahead = 0.0
    if SEEKING[goal]:
        nodes[0].sought = np.int64(sought(root, p, goal, me))
        if nodes[0].sought == 0:
            return 0
        map_ways(root, p, goal, me, maps[0], queue)
        nodes[0].ahead = distance_to(root, me, maps[0])
        floods = 1
    nodes[0].parent = -1
    nodes[0].depth = 0
    nodes[0].map = 0
    nodes[0].score = already
    nodes[0].worth = 0.0
    nodes[0].toll = 0.0
    seen_better(slots, stamp[0], content_hash(words, 0), 0.0, already)
    best = 0
    count = 1
    heap = [(0.0, 0)]
    while len(heap) > 0 and count < len(records):
        _, parent = heappop(heap)
        old = nodes[parent]
        if old.ahead < 0.0:  # nothing left to seek
            best = parent
            break
        for action in range(ACTIONS):
            if count == len(records):
                break
            for k in range(words.shape[1]):
                words[count, k] = words[parent, k]
            s = records[count]
            acts[0, me] = action
            act(s, p, acts, 0, entry[0])
            new = nodes[count]
            new.parent = parent
            new.action = action
            new.depth = old.depth + 1
            new.map = old.map
            new.sought = old.sought
            new.score = score_of(s, goal, me)
            new.toll = old.toll
            if SEEKING[goal] and avoid(goal, s, p, me, s.y[me], s.x[me]):
                new.toll += DETOUR
            cost = new.depth + new.toll
            if seen_better(slots, stamp[0], content_hash(words, count), cost, new.score):
                continue
            gain = new.score - old.score
            if gain != 0.0 and SEEKING[goal]:
                new.sought = np.int64(sought(s, p, goal, me))
                if new.sought != old.sought and new.sought != 0 and floods < MAPS:
                    map_ways(s, p, goal, me, maps[floods], queue)
                    new.map = floods
                    floods += 1
            routine = gain > 0.0 and SEEKING[goal] and new.sought == old.sought
            new.worth = old.worth + gain * (ROUTINE if routine else WORTH)
            new.ahead = distance_to(s, me, maps[new.map]) if SEEKING[goal] else 0.0
            if (ONCE[goal] and new.score >= most) or (SEEKING[goal] and new.sought == 0):
                new.ahead = -1.0
            running = s.ended == RUNNING and s.alive[me] != 0
            nearer = new.score == already and running and new.ahead < nodes[best].ahead
            if new.score > nodes[best].score or (new.score == nodes[best].score and nearer):
                best = count
            if running or new.ahead < 0.0:
                heappush(heap, (cost + greed * max(new.ahead, 0.0) - new.worth, count))
            count += 1
    stamp[1] += count
    length = min(nodes[best].depth, len(plan))
    node = best
    while nodes[node].parent >= 0:
        depth = nodes[node].depth - 1
        node = nodes[node].parent
        if depth < length:
            marks[depth] = hash_words(words, node, 0)
    node = best
    while nodes[node].parent >= 0:
        if nodes[node].depth <= length:
            plan[nodes[node].depth - 1] = nodes[node].action
        node = nodes[node].parent
    return length


def follow_many(
    states,
    table,
    goal,
    greed,
    fresh,
    plans,
    marks,
    cursor,
    actions,
    start,
    records,
    words,
    nodes,
    slots,
    maps,
    queue,
    acts,
    entry,
    stamp,
):
    """Write the next action of every learner into `actions`; returns how many plans were made.

    Learners follow their plans while the world goes as foretold, and plan anew where it does not.
    `plans` and `marks` are [N, L, T]; `cursor` (int64[N, L, 3]) holds a plan's length, the place in
    it, and the step before which not to plan again. While one learner plans, others are taken to
    stay.
    """
    made = 0
    for i in range(len(states)):
        for me in range(LEARNERS):
            here = cursor[i, me]
            if fresh[i]:
                here[:] = 0
            on_plan = here[1] < here[0] and marks[i, me, here[1]] == hash_words(start, i, 0)
            if not on_plan:
                here[0] = here[1] = 0
                if states[i].t >= here[2]:
                    acts[0, :] = 0
                    here[0] = search(
                        start,
                        i,
                        table,
                        goal,
                        me,
                        greed,
                        plans[i, me],
                        marks[i, me],
                        records,
                        words,
                        nodes,
                        slots,
                        maps,
                        queue,
                        acts,
                        entry,
                        stamp,
                    )
                    made += 1
                    here[2] = states[i].t + PAUSE if here[0] == 0 else 0
            actions[i, me] = plans[i, me, here[1]] if here[1] < here[0] else 0
            here[1] += 1
    return made


def chained(rules: Sequence[Callable | None]) -> Callable:
    """One rule `(goal, s, p, me, y, x)` for all goals by number, so that one kernel serves them."""
    chain = nowhere
    for here in reversed(rules):
        chain = bind(_chain, here=here or never, rest=chain)
    return chain


@rule
def never(s, p, me, y, x):
    """A goal without this rule."""
    return False


@rule
def nowhere(goal, s, p, me, y, x):
    """The end of a chain."""
    return False


here: Any = nowhere
rest: Any = nowhere


def _chain(goal, s, p, me, y, x):
    if goal == 0:
        return bool(here(s, p, me, y, x))
    return rest(goal - 1, s, p, me, y, x)


@lru_cache(maxsize=64)
def searcher(world: World) -> Callable:
    """The compiled `follow_many` of a world (compiled on first use, then cached on disk)."""
    places = world.dtype.fields or {}
    counts = [places[name][1] // 8 for name in ("events", "totals")]
    straight = set(world.actions) <= set(MOVES)
    bindings: dict[str, Any] = {
        "act": kernels(world).act,
        "seek": chained([goal.seek for goal in world.goals]),
        "avoid": chained([goal.avoid for goal in world.goals]),
        "ACTIONS": len(world.actions),
        "LEARNERS": world.learners,
        # a jump may go up and sideways in one step
        "flood": bind(plain(flood), WAYS=4 if straight else 8),
        "FIRST_COUNT": min(counts),
        "LAST_COUNT": max(counts) + world.agents * len(world.events),
        "WEIGHTS": world.goal_weights,
        "ONCE": world.goal_once,
        "SEEKING": np.array([goal.seek is not None for goal in world.goals]),
    }
    for part in (score_of, sought, map_ways, content_hash, seen_better, search):
        bindings[part.__name__] = bind(part, **bindings)
    return specialise(follow_many, world.name, **bindings)
