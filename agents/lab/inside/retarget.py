"""Retargeting: a few units of a layer are given what they would be if the cue lay elsewhere, at every
step. Does the agent go there?

With every unit the layer is that of another board, which is how far this can go; with none it is the
agent as it is. Units are taken in the order of how much the cue moves them, and beside each stands as
many drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....engine.vector import observed
from ...judging.intervals import Estimate, Weights
from ...judging.rollout import rollout
from ...policies.policy import Policy, learned
from .cues import Cue
from .edits import put
from .steering import Steered

SHARES = (0.0, 0.05, 0.2, 1.0)  # of a layer's units
DRAWS = 3  # of as many others


@dataclass(frozen=True)
class Retargeted:
    """How often the agent reaches the cell where the cue is said to lie, by how many units say so."""

    layer: str
    units: tuple[int, ...]
    reached: tuple[Estimate, ...]
    others: tuple[tuple[float, ...], ...]  # as many at random, for each draw


class Elsewhere:
    """What a layer would be with the cue on another cell: the same one all through an episode."""

    def __init__(self, agent: Policy, layer: str, what: Cue, seed: int = 0) -> None:
        self.agent = learned(agent, "retargeting", "features", "hooks")
        self.layer, self.cue, self.seed = layer, what, seed
        self.cells = np.zeros((0, 2), np.int64)

    def begin(self, starts: np.recarray) -> None:
        """Choose the cells, from the states that episodes start in: `cells` int64[N, 2] as (y, x)."""
        moved = self.cue.moved(starts, self.seed)
        self.cells = np.zeros((len(starts), 2), np.int64)
        for k in range(len(starts)):
            if self.cue.tile >= 0:
                self.cells[k] = np.argwhere(moved["tiles"][k] == self.cue.tile)[0]
            else:
                one = self.cue.entities[0]
                self.cells[k] = moved["y"][k, one], moved["x"][k, one]

    def board(self, states: np.recarray) -> np.recarray:
        """The states with the cue there, as they are now."""
        made = self.cue.without(states)
        rows = np.arange(len(made))
        if self.cue.tile >= 0:
            made["tiles"][rows, self.cells[:, 0], self.cells[:, 1]] = self.cue.tile
        else:
            one = self.cue.entities[0]
            made["y"][rows, one], made["x"][rows, one] = self.cells.T
            made["alive"][rows, one] = states["alive"][rows, one]
        return made

    def __call__(
        self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray
    ) -> np.ndarray:
        assert states is not None
        if fresh.all() or len(self.cells) != len(states):
            self.begin(states)
        other = self.board(states)
        seen, layers = observed(self.cue.world, other), (self.layer,)
        return self.agent.think(seen, other, fresh, layers).features[self.layer]


class Overwritten(Steered):
    """The agent with some units of a layer set to what a source says."""

    remembers = True

    def __init__(self, agent: Policy, layer: str, source: Elsewhere, units: np.ndarray) -> None:
        super().__init__(agent, layer, source)
        self.elsewhere, self.units, self.remembers = source, units, True

    def _steered(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray):
        there = self.elsewhere(obs, states, fresh)
        return self.edited.hooked({self.layer: put(there[..., self.units], self.units)})


def retarget(
    agent: Policy,
    what: Cue,
    layer: str,
    order: np.ndarray,
    split: str,
    levels: int = 128,
    seed: int = 0,
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
) -> Retargeted:
    """`order`: all units of the layer, those that the cue moves most first."""
    weights, dice = Weights(1, levels, 1000, seed), np.random.default_rng(seed)

    def reached(units: np.ndarray) -> np.ndarray:
        source = Elsewhere(agent, layer, what, seed)
        policy = Overwritten(agent, layer, source, units)
        trace = rollout(what.world, policy, split, levels, seed, trace=("states",)).trace
        assert trace is not None and trace.states is not None
        y, x = (trace.states[axis][..., 0] for axis in "yx")
        there = (y == source.cells[:, 0]) & (x == source.cells[:, 1]) & trace.running
        return there.any(0)

    counts = [round(share * len(order)) for share in shares]
    found = [reached(order[:n]) for n in counts]
    others = [
        tuple(float(reached(dice.permutation(order)[:n]).mean()) for _ in range(draws))
        if 0 < n < len(order)
        else ()
        for n in counts
    ]
    estimates = tuple(weights.estimate(weights.mean(hits), levels) for hits in found)
    return Retargeted(layer, tuple(counts), estimates, tuple(others))
