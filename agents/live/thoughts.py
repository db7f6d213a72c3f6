"""What a policy thinks of a state: where it would go, what it expects, and what it heeds.

It is asked from outside: it is shown the same state with the learner on other cells, or with one
cell changed. A policy with a memory keeps it: `memory`, float32[1, L, units], is what it remembers
just then (see `recalling`); None is as if its episode had just begun.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...engine import state
from ...engine.history import History
from ...engine.vector import observed
from ...engine.world import World
from ..policies.policy import LearnedPolicy, Policy, learned
from .recalling import begin

AHEAD = 64  # steps of a planned path
PATCH = 8  # pixels a side of the patches that are hidden from who sees pictures


@dataclass(frozen=True)
class Saliency:
    """How what is seen of each cell moves the chance of the likeliest action (see `saliency`)."""

    action: int
    chance: float
    cells: np.ndarray | None = None
    patches: np.ndarray | None = None


@dataclass(frozen=True)
class Thoughts:
    """What is known of what a policy thinks about one learner; None for what it cannot tell, or was
    not asked for.

    asked: what it was asked for. value: float64[H, W], what it expects from each cell, NaN where
    nobody can stand. arrows: float64[H, W, 2], where it would go from each cell as (dy, dx). plan:
    float64[n, 2], the way it plans. chances: float64[actions], and worth: what it expects here.
    Only learned policies have a value, chances, a worth and a saliency.
    """

    asked: frozenset[str] = frozenset()
    value: np.ndarray | None = None
    arrows: np.ndarray | None = None
    plan: np.ndarray | None = None
    saliency: Saliency | None = None
    chances: np.ndarray | None = None
    worth: float = 0.0


def think(
    world: World,
    policy: Policy,
    states: np.recarray,
    learner: int,
    wanted: set[str],
    memory: np.ndarray | None = None,
) -> Thoughts:
    """What is `wanted` of a policy in the state (a batch of one) about one learner, as far as it
    can tell: names of fields of `Thoughts`. Chances and worth come with any of them.
    """
    value = arrows = chances = sway = None
    worth = 0.0
    if wanted & {"value", "arrows"}:
        value, arrows = fields(world, policy, states, learner, memory)
    if isinstance(policy, LearnedPolicy):
        fresh = begin(policy, 1, world.learners, memory)
        thought = policy.think(observed(world, states), states, fresh)
        chances = policy.sampling.chances(thought.logits)[0, learner]
        worth = float(thought.value[0, learner]) if thought.value is not None else 0.0
        ask = (world, policy, states, learner, memory)
        sway = saliency(*ask) if "saliency" in wanted else None
    way = plan(world, policy, states, learner, memory) if "plan" in wanted else None
    return Thoughts(frozenset(wanted), value, arrows, way, sway, chances, worth)


def fields(
    world: World,
    policy: Policy,
    states: np.recarray,
    learner: int,
    memory: np.ndarray | None = None,
) -> tuple[np.ndarray | None, np.ndarray]:
    """The maps `value` (of learned policies only) and `arrows` of `Thoughts`: the learner is put on
    every cell in turn.
    """
    s = states[0]
    cells = np.argwhere(world.solid[s.tiles[: s.h, : s.w]] == 0)
    many = np.repeat(states, len(cells)).view(np.recarray)
    many["y"][:, learner], many["x"][:, learner] = cells[:, 0], cells[:, 1]
    seen, fresh = observed(world, many), begin(policy, len(many), world.learners, memory)
    worths = None
    if isinstance(policy, LearnedPolicy):
        thought = policy.think(seen, many, fresh)
        chances = policy.sampling.chances(thought.logits)[:, learner]
        if thought.value is not None:
            worths = np.full(world.size, np.nan)
            worths[cells[:, 0], cells[:, 1]] = thought.value[:, learner]
    else:
        chances = np.eye(len(world.actions))[np.asarray(policy.act(seen, many, fresh))[:, learner]]
    arrows = np.full((*world.size, 2), np.nan)
    arrows[cells[:, 0], cells[:, 1]] = chances @ directions(world)
    return worths, arrows


def plan(
    world: World,
    policy: Policy,
    states: np.recarray,
    learner: int,
    memory: np.ndarray | None = None,
) -> np.ndarray:
    """Where the policy would go from here, if all learners were played by it: float64[n, 2]."""
    history = History(world, states)
    fresh = begin(policy, 1, world.learners, memory)
    for _ in range(AHEAD):
        if history.over:
            break
        seen = observed(world, history.state)
        history.act(np.asarray(policy.act(seen, state.copy(history.state), fresh))[0])
        fresh = np.zeros(1, np.bool_)
    return np.array([note.places[learner] for note in history.notes], float)


def saliency(
    world: World,
    policy: Policy,
    states: np.recarray,
    learner: int,
    memory: np.ndarray | None = None,
) -> Saliency:
    """How what is seen of each cell moves the chance of the likeliest action.

    `cells` float64[H, W] of the board is how much likelier the
    action is because of what is seen there: the chance as it is, less the chance if plain floor
    were seen instead (a wall, where there is floor). NaN for cells that are not seen, and the
    learner's own. Who sees pictures has `patches` instead, float64[rows, columns], each hidden
    behind the picture's mean colour.
    """
    asked = learned(policy, "saliency")
    seen = asked.seen(observed(world, states), states).copy()
    picture = seen[0, learner]
    places = _patches(picture) if picture.ndim == 3 else _cells(world, states, learner)
    many = np.repeat(seen, len(places) + 1, 0)
    if picture.ndim == 3:
        mean = picture.reshape(-1, 3).mean(0).round().astype(np.uint8)
        for k, (y, x) in enumerate(places.tolist(), 1):
            many[k, learner, y * PATCH : (y + 1) * PATCH, x * PATCH : (x + 1) * PATCH] = mean
    else:
        floor, wall = _usual(world, states)
        for k, (r, c) in enumerate(places.tolist(), 1):
            many[k, learner, r, c] = wall if picture[r, c] == floor else floor
    fresh = begin(policy, len(many), world.learners, memory)
    thought = asked.think(many, np.repeat(states, len(many)).view(np.recarray), fresh)
    chances = asked.sampling.chances(thought.logits)[:, learner]
    action = int(chances[0].argmax())
    moved, chance = chances[0, action] - chances[1:, action], float(chances[0, action])
    if picture.ndim == 3:
        return Saliency(action, chance, patches=moved.reshape(-(-picture.shape[0] // PATCH), -1))
    cells = np.full(world.size, np.nan)
    y, x = (places + _corner(world, states, learner)).T
    cells[y, x] = moved
    return Saliency(action, chance, cells)


def _corner(world: World, states: np.recarray, learner: int) -> np.ndarray:
    """The cell of the board that the upper left cell of a view shows."""
    s = states[0]
    if not world.centred:
        return np.zeros(2, int)
    return np.array(
        [int(s.y[learner]) - world.view[0] // 2, int(s.x[learner]) - world.view[1] // 2]
    )


def _cells(world: World, states: np.recarray, learner: int) -> np.ndarray:
    """The cells of a view that lie in the level, but for the learner's own: int[n, 2]."""
    s = states[0]
    places = np.argwhere(np.ones(world.view, np.bool_))
    y, x = (places + _corner(world, states, learner)).T
    inside = (y >= 0) & (x >= 0) & (y < s.h) & (x < s.w)
    return places[inside & ((y != s.y[learner]) | (x != s.x[learner]))]


def _patches(picture: np.ndarray) -> np.ndarray:
    return np.argwhere(np.ones([-(-side // PATCH) for side in picture.shape[:2]], np.bool_))


def _usual(world: World, states: np.recarray) -> tuple[int, int]:
    """The symbols of the open and the solid tile that there are most of in a level."""
    s = states[0]
    counts = np.bincount(s.tiles[: s.h, : s.w].ravel(), minlength=len(world.tiles))
    solid = world.solid != 0
    floor, wall = (int(np.where(kind, counts, -1).argmax()) for kind in (~solid, solid))
    return floor + 1, wall + 1


def directions(world: World) -> np.ndarray:
    """Where each action leads, by its name: float64[actions, 2] as (dy, dx)."""
    ways = {"up": (-1, 0), "jump": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
    found = np.zeros((len(world.actions), 2))
    for k, name in enumerate(world.actions):
        for word in name.replace("-", " ").split():
            found[k] += ways.get(word, (0, 0))
    return found
