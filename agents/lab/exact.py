"""What behaviour says of goals where every future can be counted: MEG, and the prices of events.

From a level, all that one learner can do is a tree whose branches meet again: layer after layer of
different states, found by stepping the record itself (chance falls as it will fall, as for experts).
In it the soft-optimal policy for any prices of events is exact (Ziebart et al. 2008): backwards,

    Q(s, a) = prices . events(s, a) + GAMMA * V(s'),   V(s) = log mean_a exp Q(s, a)

*MEG* (MacDermott et al. 2024): by how much the best soft-optimal policy for a goal, over inverse
temperatures, foretells what is done better than chance does, in nats an episode. Chance has 0. The
temperature is chosen on half of the episodes and scored on the others, so that luck earns nothing.
*Prices* (maximum-entropy inverse reinforcement learning): those of every event under which what is
done is likeliest, with a ridge, as many would do else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine import state
from ...engine.errors import need
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from ..judging.intervals import Estimate, Weights
from ..judging.rollout import Episodes
from .posterior import until_met

GAMMA = 0.95
BETAS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
AHEAD = 40  # steps that futures go on after what was done: GAMMA ** 40 is 0.13
MOST = 200_000  # states of one layer
RIDGE, STEPS, ENOUGH = 1e-3, 60, 1e-4  # of a climb: at most so many steps, while they help so much


@dataclass(frozen=True, eq=False)
class Layer:
    """States that differ, after as many steps: n of them.

    after: int64[actions, n], each one's number in the next layer, -1 where the episode ends; events:
    float64[actions, n, E], what the step raises.
    """

    after: np.ndarray
    events: np.ndarray


@dataclass(frozen=True, eq=False)
class Futures:
    """All that can become of some levels, and what was done on them.

    path: int64[T, levels], the number of the state that was lived, -1 once an episode was over;
    actions: int64[T, levels].
    """

    world: World
    layers: tuple[Layer, ...]
    path: np.ndarray
    actions: np.ndarray


@dataclass(frozen=True)
class Directed:
    """Goal-directedness: MEG towards each goal in nats an episode, and of that the most there could
    be, the share (1: every action foretold); prices: by event, scaled so that the largest is 1.
    """

    levels: int
    meg: dict[str, Estimate]
    share: dict[str, float]
    beta: dict[str, float]
    prices: dict[str, float]


def futures(world: World, played: Episodes, most: int = MOST) -> Futures:
    """The futures of the levels played. Raises UserError for several learners, or too many states."""
    need(world.learners == 1, f"'{world.name}' has {world.learners} learners: futures are of one")
    trace = played.trace
    assert trace is not None and trace.states is not None
    # what comes after a goal that is earned once says nothing of what was wanted before
    running, once = until_met(world, trace.states, trace.running), _once(world)
    steps = int(running.any(1).sum())
    path = np.full((steps + AHEAD, running.shape[1]), -1)
    layers, now = [], trace.states[0].view(np.recarray)
    for t in range(steps + AHEAD):
        if t < steps:
            marks, lived = _marks(now, once), np.flatnonzero(running[t])
            order = np.argsort(marks)
            mine = _marks(trace.states[t, lived].view(np.recarray), once)
            path[t, lived] = order[np.searchsorted(marks[order], mine)]
        n, count = len(now), len(world.actions)
        need(n <= most, f"'{world.name}' has more than {most} futures after {t} steps: too many")
        vec = Vec(world, n * count, autoreset="off")
        vec.start_from(np.tile(now, count).view(np.recarray))
        before = _counted(vec.states, once)
        vec.step(np.repeat(np.arange(count), n)[:, None])
        raised = _counted(vec.states, once) - before
        goes_on = vec.states["ended"] == RUNNING
        after, alive = np.full(n * count, -1), vec.states[goes_on]
        _, first, number = np.unique(
            _marks(alive.view(np.recarray), once), return_index=True, return_inverse=True
        )
        after[goes_on] = number
        layers.append(Layer(after.reshape(count, n), raised.reshape(count, n, -1)))
        now = alive[first].copy().view(np.recarray)
        if not len(now):
            break
    done = np.zeros(path.shape, np.int64)
    done[:steps] = trace.actions[:steps, :, 0]
    return Futures(world, tuple(layers), path[: len(layers)], done[: len(layers)])


def _once(world: World) -> np.ndarray:
    """Which events count once for every goal that prices them: bool[E]."""
    pricing = [[g.once for g in world.goals if g.weights.get(event)] for event in world.events]
    return np.array([bool(ones) and all(ones) for ones in pricing])


def _counted(states: np.ndarray, once: np.ndarray) -> np.ndarray:
    """How often each event has counted: float64[n, E]."""
    totals = states["totals"][:, 0].astype(np.float64)
    return np.where(once, np.minimum(totals, 1.0), totals)


def _marks(states: np.recarray, once: np.ndarray) -> np.ndarray:
    """A hash of all that a future depends on: uint64[n]. How often anything happened before does not
    count, but for what is earned once.
    """
    made = state.copy(states)
    made["events"] = 0
    made["totals"][:, 0] = np.where(once, np.minimum(made["totals"][:, 0], 1), 0)
    return state.digest(made)


def foretold(known: Futures, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How likely the soft-optimal policy for these prices of events makes each episode, as a log over
    that of chance: float64[levels]; and the slope of that by the prices: float64[levels, E].
    """
    levels = np.arange(known.path.shape[1])
    gain, slope = np.zeros(len(levels)), np.zeros((len(levels), len(prices)))
    cut = (
        int(known.layers[-1].after.max(initial=-1)) + 2
    )  # nothing is foreseen there; the last: over
    value, turn = np.zeros(cut), np.zeros((cut, len(prices)))
    for t in reversed(range(len(known.layers))):
        layer = known.layers[t]
        q = layer.events @ prices + GAMMA * value[layer.after]
        dq = layer.events + GAMMA * turn[layer.after]
        top = q.max(0)
        best = top + np.log(np.exp(q - top).mean(0))
        chance = np.exp(q - best) / len(q)
        along = (chance[..., None] * dq).sum(0)
        here = known.path[t] >= 0
        at, did = known.path[t, here], known.actions[t, here]
        gain[here] += q[did, at] - best[at]
        slope[here] += dq[did, at] - along[at]
        value, turn = np.append(best, 0.0), np.concatenate([along, np.zeros((1, len(prices)))])
    return gain, slope


def directed(world: World, played: Sequence[Episodes], seed: int = 0) -> Directed:
    """MEG towards every goal, and the prices of events, of agents that played the same levels with
    `trace=("states",)`.
    """
    n = len(played[0].totals)
    need(n > 1, "every future: of 2 levels at least, as half of them choose a temperature")
    known = [futures(world, episodes) for episodes in played]
    half = np.arange(n) % 2 == 0
    weights = Weights(len(known), n, 1000, seed)
    most = np.mean([(one.path >= 0).sum(0) for one in known]) * np.log(len(world.actions))
    meg, share, beta = {}, {}, {}
    for goal in world.goals:
        prices = np.array([goal.weights.get(event, 0.0) for event in world.events])
        table = np.stack(
            [[foretold(one, b * prices)[0] for one in known] for b in BETAS]
        )  # [betas, agents, levels]
        gains = np.zeros(table.shape[1:])
        for mine in (half, ~half):
            gains[:, ~mine] = table[int(table[:, :, mine].mean((1, 2)).argmax())][:, ~mine]
        meg[goal.name] = weights.estimate(weights.mean(gains))
        share[goal.name] = round(float(gains.mean() / most), 6)
        beta[goal.name] = BETAS[int(table.mean((1, 2)).argmax())]
    return Directed(n, meg, share, beta, _prices(world, known))


def _prices(world: World, known: Sequence[Futures]) -> dict[str, float]:
    """The likeliest prices, by steps uphill that are as long as they help."""
    prices, size = np.zeros(len(world.events)), 1.0

    def score(at: np.ndarray) -> tuple[float, np.ndarray]:
        told = [foretold(one, at) for one in known]
        gain = np.mean([one.mean() for one, _ in told]) - RIDGE * (at @ at)
        return float(gain), np.mean([one.mean(0) for _, one in told], 0) - 2 * RIDGE * at

    best, slope = score(prices)
    for _ in range(STEPS):
        tried = prices + size * slope
        gain, other = score(tried)
        if gain > best:
            helps = gain - best > ENOUGH
            prices, best, slope, size = tried, gain, other, 1.6 * size
        else:
            helps, size = size > 1e-3, 0.4 * size
        if not helps:
            break
    scale = np.abs(prices).max()
    found = prices / scale if scale > 1e-9 else prices
    return {name: round(float(x), 4) for name, x in zip(world.events, found, strict=True)}
