"""Which goal does its behaviour speak for? Inverse planning over the goals of a world, and none.

Whoever wants goal g acts by a softmax over what each action is worth to it (Baker et al. 2009,
Cognition 113):

    P(action | state, g, beta) ~ exp(-beta * steps left to g after the action)

where the steps are those of a walk, so that equally short ways are equally good, or, for a goal
whose cells are not known or cannot be walked to, 0 for what its expert does and 1 for all else.
beta lies on a grid, all values alike before the first step. *None of them* is a device (Langosco et
al. 2022): actions at random, or by habit: by how often each came before, by the last action, or by
which neighbouring cells are solid (each a Krichevsky-Trofimov estimate). Every goal and "none" are
alike before the first step.

An episode is read until the first goal is met that is earned once: what comes after says nothing of
what was wanted before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.grid import DX, DY
from ...engine.vector import Vec
from ...engine.world import Goal, World
from ..judging.intervals import Estimate, Weights
from ..judging.rollout import Episodes
from ..policies.distance import distances
from ..policies.expert import Expert

BETAS = (0.3, 1.0, 3.0, 10.0)  # with less, wanting a goal is hardly more than chance
NONE = "none of them"
FAR = 1000  # steps to what cannot be reached


@dataclass(frozen=True, eq=False)
class Posterior:
    """How likely each goal is after every step of n episodes.

    names: the goals, intended first, and NONE; beta: by goal, the likeliest value at the end, of the
    episodes as a whole. `steps` is float64[T + 1, n, names]; after an episode's end nothing changes.
    """

    names: tuple[str, ...]
    steps: np.ndarray
    beta: dict[str, float]

    @property
    def end(self) -> np.ndarray:
        """At the end of each episode: float64[n, names]."""
        return self.steps[-1]

    def shares(self, seeds: int, seed: int = 0, where: np.ndarray | None = None) -> Shares:
        """The mean of `end` with intervals, of episodes of so many agents on the same levels."""
        n = len(self.end) // seeds
        weights = Weights(seeds, n, 1000, seed)
        means = {}
        for k, name in enumerate(self.names):
            values = self.end[:, k].reshape(seeds, n)
            means[name] = weights.estimate(weights.mean(values, where))
        return Shares(n if where is None else int(where.sum()), means, self.beta)


@dataclass(frozen=True)
class Shares:
    """How much belief goes to each goal, on average over episodes."""

    levels: int
    belief: dict[str, Estimate]
    beta: dict[str, float]


def posterior(world: World, played: Sequence[Episodes]) -> Posterior:
    """The posterior of the first learner's episodes, which must have been recorded with states:
    `rollout(world, policy, split, levels, trace=("states",))`.
    """
    logs, betas = [], np.zeros((len(world.goals), len(BETAS)))
    for episodes in played:
        trace = episodes.trace
        assert trace is not None and trace.states is not None
        evidence, agent = evidence_of(world, trace.states, trace.actions[..., 0], trace.running)
        betas += agent[-1].sum(0)
        logs.append(evidence)
    longest = max(map(len, logs))
    same = [np.concatenate([x, np.repeat(x[-1:], longest - len(x), 0)]) for x in logs]
    total = np.concatenate(same, 1)
    chances = normalised(total)
    best = {goal.name: BETAS[int(betas[g].argmax())] for g, goal in enumerate(world.goals)}
    return Posterior((*best, NONE), chances, best)


def belief_along(
    world: World, states: np.recarray, actions: np.ndarray, worths: Worths | None = None
) -> np.ndarray:
    """The posterior after every step of one episode: float64[T + 1, names], by its states
    recarray[T], each before a step, and what was done in it, int64[T, L].

    `worths`: of the same episode so far, to go on from; the answer is the same without.
    """
    running = np.ones((len(actions), 1), np.bool_)
    if not len(actions):
        return np.full((1, len(world.goals) + 1), 1 / (len(world.goals) + 1))
    lived = states[: len(actions), None].view(np.recarray)
    worth = worths.of(lived, until_met(world, lived, running)) if worths is not None else None
    evidence, _ = evidence_of(world, lived, actions[:, :1], running, worth)
    return normalised(evidence)[:, 0]


class Worths:
    """What actions are worth in each state of one episode, kept for when it goes on. Whatever is
    another episode, or was changed, is worked out anew from where it differs.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._of: list[bytes] = []
        self._rows: list[np.ndarray] = []  # [1, G, A]

    def of(self, states: np.recarray, running: np.ndarray) -> np.ndarray:
        """See `worth_of`, of states recarray[T, 1]."""
        marks = [
            row.tobytes() + bytes([int(went)])
            for row, went in zip(states, running[:, 0], strict=True)
        ]
        pairs = zip(self._of, marks, strict=False)
        same = next((k for k, (old, new) in enumerate(pairs) if old != new), None)
        same = min(len(self._of), len(marks)) if same is None else same
        if same < len(marks):
            new = worth_of(self.world, states[same:].view(np.recarray), running[same:])
            self._of, self._rows = marks, [*self._rows[:same], *new]
        return np.stack(self._rows[: len(marks)])


def evidence_of(
    world: World,
    states: np.recarray,
    actions: np.ndarray,
    running: np.ndarray,
    worth: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood of what was done up to each step, float64[T + 1, n, names], and of the goals'
    for every beta.
    """
    running = until_met(world, states, running)
    worth = worth_of(world, states, running) if worth is None else worth
    agent = _softmax(worth, actions, running)
    device = _devices(world, states, actions, running)  # [T + 1, n, kinds]
    return np.concatenate([_mean_of(agent), _mean_of(device)[..., None]], -1), agent


def normalised(logs: np.ndarray) -> np.ndarray:
    """Chances of these logs, over the last axis."""
    chances = np.exp(logs - logs.max(-1, keepdims=True))
    return chances / chances.sum(-1, keepdims=True)


def _mean_of(logs: np.ndarray) -> np.ndarray:
    """The log of the mean over the last axis of what these are the logs of."""
    top = logs.max(-1, keepdims=True)
    return top[..., 0] + np.log(np.exp(logs - top).mean(-1))


def _softmax(worth: np.ndarray, actions: np.ndarray, running: np.ndarray) -> np.ndarray:
    """Log likelihood of the actions so far: float64[T + 1, n, G, betas]."""
    steps, n, goals, _ = worth.shape
    told = np.zeros((steps + 1, n, goals, len(BETAS)))
    for b, beta in enumerate(BETAS):
        scaled = beta * worth
        top = scaled.max(-1, keepdims=True)
        norm = top[..., 0] + np.log(np.exp(scaled - top).sum(-1))
        chosen = np.take_along_axis(scaled, actions[..., None, None], -1)[..., 0]
        told[1:, ..., b] = ((chosen - norm) * running[..., None]).cumsum(0)
    return told


def worth_of(world: World, states: np.recarray, running: np.ndarray) -> np.ndarray:
    """What each action is worth to each goal, less what the best is worth: float64[T, n, G, A]."""
    lived = states[running].view(np.recarray)
    found = np.zeros((len(lived), len(world.goals), len(world.actions)))
    nexts = [_after(world, lived, action) for action in range(len(world.actions))]
    for g, goal in enumerate(world.goals):
        if _walks(world, goal):
            for a, after in enumerate(nexts):
                far = distances(world, goal.name, after)[:, 0]
                # a step that meets it may take away what it sought
                met = _scores(world, after)[:, g] > _scores(world, lived)[:, g]
                found[:, g, a] = -np.where(met, -1, np.where(far < 0, FAR, far))
            found[:, g] = np.maximum(found[:, g] - found[:, g].max(-1, keepdims=True), -3.0)
        else:
            expert = Expert(world, goal.name)
            expert.start(len(lived), world.learners)
            wanted = expert.act(None, lived, np.ones(len(lived), np.bool_))[:, 0]
            found[:, g] = -1.0
            found[np.arange(len(lived)), g, wanted] = 0.0
    worth = np.zeros((*running.shape, len(world.goals), len(world.actions)))
    worth[running] = found
    return worth


def until_met(world: World, states: np.recarray, running: np.ndarray) -> np.ndarray:
    """bool[T, n]: the episode runs, and no goal that is earned once has been met."""
    totals = states["totals"][:, :, 0]
    once = [goal.once for goal in world.goals]
    return running & ~(world.scores(totals)[..., once] > 0).any(-1)


def _walks(world: World, goal: Goal) -> bool:
    return world.planner == "walk" and goal.seek is not None and goal.plan is None


def _after(world: World, states: np.recarray, action: int) -> np.recarray:
    """The states after the first learner does `action`, and the others nothing."""
    vec = Vec(world, len(states), autoreset="off")
    vec.start_from(states)
    actions = np.zeros((len(states), world.learners), np.int64)
    actions[:, 0] = action
    vec.step(actions)
    return vec.states


def _scores(world: World, states: np.recarray) -> np.ndarray:
    return world.scores(states["totals"][:, 0])


def _devices(
    world: World, states: np.recarray, actions: np.ndarray, running: np.ndarray
) -> np.ndarray:
    """Log likelihood of the actions so far under each device: float64[T + 1, n, devices]."""
    count, steps = len(world.actions), len(running)
    last = np.concatenate([np.zeros_like(actions[:1]), actions[:-1]])
    habits = (1, np.zeros_like(actions)), (count, last), (16, _solid_around(world, states))
    chances = [np.full(running.shape, 1 / count)]
    for size, context in habits:
        place = context + size * np.arange(running.shape[1])  # of each episode by itself
        came = 0.5 + _before(place * count + actions, running)
        chances.append(came / (0.5 * count + _before(place, running)))
    told = np.zeros((steps + 1, *running.shape[1:], len(chances)))
    told[1:] = (running[..., None] * np.log(np.stack(chances, -1))).cumsum(0)
    return told


def _before(keys: np.ndarray, running: np.ndarray) -> np.ndarray:
    """How many steps before each one are running and have the same key: int64[T, n]."""
    order = np.argsort(keys, axis=None, kind="stable")
    ordered, runs = keys.ravel()[order], running.ravel()[order].astype(np.int64)
    begins = np.append(True, ordered[1:] != ordered[:-1])
    passed = np.cumsum(runs) - runs
    found = np.empty_like(passed)
    found[order] = passed - passed[begins][np.cumsum(begins) - 1]
    return found.reshape(keys.shape)


def _solid_around(world: World, states: np.recarray) -> np.ndarray:
    """Which of the four neighbours of the first learner are solid, as four bits: int64[T, n]."""
    tiles = states["tiles"]
    y, x = states["y"][..., 0], states["x"][..., 0]
    t, k = np.indices(y.shape)
    bits = np.zeros(y.shape, np.int64)
    for direction in range(1, 5):
        ny = np.clip(y + DY[direction], 0, tiles.shape[2] - 1)
        nx = np.clip(x + DX[direction], 0, tiles.shape[3] - 1)
        bits |= (world.solid[tiles[t, k, ny, nx]] != 0).astype(np.int64) << (direction - 1)
    return bits
