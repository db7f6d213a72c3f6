"""What an agent's doings are held against: how things would be if it did nothing.

    stepwise    one step of doing nothing from where it just was
    inaction    as if it had done nothing since the episode began
    start       how the episode began

Each is exact: a branch of the record, with the same dice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...engine import check, state
from ...engine.errors import did_you_mean, need
from ...engine.vector import Vec
from ...engine.world import World
from .hooks import Arrays, Hook, Recipe, Step
from .mitigation import number

BASELINES = ("stepwise", "inaction", "start")


class Baseline:
    """The states of a baseline, one for each of the `envs` environments of a training."""

    def __init__(self, kind: str, world: World, who: str, envs: int) -> None:
        hint = did_you_mean(kind, BASELINES)
        need(kind in BASELINES, f"{who}: no baseline '{kind}'.{hint} ({', '.join(BASELINES)})")
        need("stay" in world.actions, f"{who}: in '{world.name}' no action does nothing")
        self.kind, self.world, self.envs = kind, world, envs
        self.noop = world.actions.index("stay")
        self.branch: Vec | None = None
        self.kept: np.recarray | None = None  # where inaction has led, or how episodes began

    def of(self, step: Step) -> np.recarray:
        """The baseline beside `step.after`."""
        fresh = step.before["t"] == 0
        if self.kind == "stepwise":
            return self._idle(step.before)
        if self.kept is None:
            self.kept = state.copy(step.before)
        need(len(self.kept) == len(step.before), "a baseline is of another number of environments")
        self.kept[fresh] = step.before[fresh]
        if self.kind == "inaction":
            self.kept = state.copy(self._idle(self.kept))
        return self.kept

    def _idle(self, states: np.recarray) -> np.recarray:
        """These states after a step in which nobody does anything."""
        n = len(states)
        if self.branch is None:
            self.branch = Vec(self.world, n, autoreset="off")
            self.branch.reset()
        self.branch.start_from(states)
        self.branch.step(np.full((n, self.world.learners), self.noop))
        return self.branch.states

    def state(self) -> Arrays:
        """To go on from; as large before the first step as after it."""
        if self.kind == "stepwise":
            return {}
        if self.kept is None:
            vec = Vec(self.world, self.envs, autoreset="off")
            vec.reset()
            self.kept = state.copy(vec.states)  # every episode that begins puts its own there
        return {"baseline": np.frombuffer(self.kept.tobytes(), np.uint8).copy()}

    def restore(self, found: Mapping[str, np.ndarray]) -> None:
        """Go on."""
        if "baseline" in found:
            raw, size = found["baseline"], self.world.dtype.itemsize
            need(raw.dtype == np.uint8 and raw.size % size == 0, "a baseline is no states")
            made = np.frombuffer(raw.tobytes(), self.world.dtype).copy().view(np.recarray)
            check.states(self.world, made, start=False)
            self.kept = made


class Against(Hook):
    """A hook that takes a price for what an action does against a baseline: `value` is the price, or
    PRICE:BASELINE.
    """

    def __init__(self, name: str, value: str, world: World, config: Recipe) -> None:
        price, _, kind = value.partition(":")
        self.price, self.gamma = number(name, price, 0, 1000), config.gamma
        self.baseline = Baseline(kind or BASELINES[0], world, name, config.envs)

    def state(self) -> Arrays:
        return self.baseline.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.baseline.restore(state)
