"""Moments of an agent's life: states, what was seen, and what its layers were, level by level.

The agent lives them itself, so that a memory holds what it would hold; a share of its actions is
random, so that it sees more than its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....engine.world import Split, World
from ...judging.rollout import rollout
from ...policies.expert import Expert
from ...policies.policy import Delegate, LearnedPolicy, Policy, learned

WANDER = 0.5  # share of random actions
EACH = 12  # moments kept of one level


@dataclass(frozen=True, eq=False)
class Moments:
    """M moments of one agent: the first learner of each state.

    states: recarray[M]; seen: uint8[M, ...], what it looked at; level: int64[M], the episode that a
    moment is of; layers: name -> float32[M, units]; `twin` the same of an agent that looked on; memory: what a
    recurrent agent remembered.
    """

    world: World
    states: np.recarray
    seen: np.ndarray
    level: np.ndarray
    layers: Mapping[str, np.ndarray]
    twin: Mapping[str, np.ndarray]
    memory: np.ndarray | None = None  # before each moment, float32[M, units]

    def __len__(self) -> int:
        return len(self.level)

    def ways(self, goal: str) -> np.ndarray:
        """What the expert of a goal would do in each moment: int64[M]."""
        expert = Expert(self.world, goal)
        expert.start(len(self), self.world.learners)
        return expert.act(None, self.states, np.ones(len(self), np.bool_))[:, 0]


class Onlooker(Delegate):
    """Acts as one agent does while another looks on, whose layers can be asked for."""

    def __init__(self, actor: Policy, looker: LearnedPolicy) -> None:
        super().__init__(looker, looker.name)
        self.actor, self.remembers = actor, True

    def start(self, n: int, agents: int) -> None:
        self.actor.start(n, agents)
        super().start(n, agents)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        super().act(obs, states, fresh)
        return self.actor.act(obs, states, fresh)


def moments(
    agent: Policy,
    twin: Policy,
    world: World,
    split: str | Split = "deploy",
    levels: int = 256,
    seed: int = 0,
    each: int = EACH,
) -> Moments:
    """Moments of the agent, and what `twin` (the same network, untrained) makes of the same ones.

    Raises UserError if the agent does not offer its layers.
    """
    asked = learned(agent, "looking inside", "features")
    before = asked.sampling
    asked.loosen(before.temperature, WANDER)
    try:
        names = tuple(asked.layers)
        parts = ("states", "observations", *names)
        mine = rollout(world, agent, split, levels, seed, trace=parts).trace
        beside = Onlooker(agent, learned(twin, "the untrained control", "features"))
        other = rollout(world, beside, split, levels, seed, trace=tuple(beside.layers))
    finally:
        asked.loosen(before.temperature, before.epsilon)
    assert mine is not None and other.trace is not None
    assert mine.states is not None and mine.observations is not None
    dice = np.random.default_rng(seed)
    step, level = [], []
    for k in range(mine.running.shape[1]):
        lived = np.flatnonzero(mine.running[:, k])
        step.append(np.sort(dice.permutation(lived)[:each]))
        level.append(np.full(len(step[-1]), k))
    at = np.concatenate(step), np.concatenate(level)
    before = None
    if "memory" in asked.can and "memory" in names:
        was = mine.activations["memory"][np.maximum(at[0] - 1, 0), at[1]][:, 0]
        before = np.where(at[0][:, None] > 0, was, 0).astype(np.float32)
    return Moments(
        world,
        mine.states[at].view(np.recarray),
        mine.observations[at][:, 0],
        at[1],
        {name: mine.activations[name][at][:, 0] for name in names},
        {name: other.trace.activations[name][at][:, 0] for name in beside.layers},
        before,
    )
