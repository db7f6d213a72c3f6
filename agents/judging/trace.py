"""A trace: what was seen, thought and done in a batch of episodes, step by step.

What overlays, reports, detectors and probes read. Ask `rollout` for one: `rollout(world, agent,
trace=("logits", "body"))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...engine.errors import did_you_mean, need
from ...engine.vector import Vec
from ..policies.policy import LearnedPolicy, Policy, learned

PARTS = ("states", "observations", "logits", "value", "events", "scores")
MAX_BYTES = 2 << 30  # of one trace


@dataclass(frozen=True, eq=False)
class Trace:
    """A batch of n episodes, step by step; None is what was not asked for.

    Arrays are [T, n, ...] for the T steps of the longest episode; after an episode's end they hold
    zeros, and `running` is False.
    """

    running: np.ndarray
    """bool[T, n]: the episode has not ended before this step."""
    actions: np.ndarray
    """int64[T, n, learners]."""
    states: np.recarray | None = None
    """recarray[T, n], before the step."""
    observations: np.ndarray | None = None
    """uint8[T, n, learners, ...], what the policy looked at: symbols, or pictures."""
    logits: np.ndarray | None = None
    """float64[T, n, learners, actions]."""
    value: np.ndarray | None = None
    """float32[T, n, learners], the return that the policy expected."""
    events: np.ndarray | None = None
    """int64[T, n, agents, events], how often each was raised in the step."""
    scores: np.ndarray | None = None
    """float64[T, n, goals] after the step, averaged over the learners, the intended goal first."""
    activations: dict[str, np.ndarray] = field(default_factory=dict)
    """Layer name -> float32[T, n, learners, units]."""

    def __len__(self) -> int:
        return len(self.running)


class Tracer:
    """Writes a trace while episodes are played: `before` and `after` every step.

    `parts` are some of PARTS, and names of layers. Raises UserError for parts that the policy does
    not have, and before more than MAX_BYTES are written: that many steps of so many levels.
    """

    def __init__(self, vec: Vec, policy: Policy, parts: Sequence[str]) -> None:
        self.vec, self.parts = vec, dict.fromkeys(parts)
        self.layers = tuple(part for part in self.parts if part not in PARTS)
        self.learned: LearnedPolicy | None = None
        if self.layers or {"logits", "value"} & self.parts.keys():
            needs = ["value"] * ("value" in self.parts) + ["features"] * bool(self.layers)
            self.learned = learned(policy, f"a trace of {', '.join(self.parts)}", *needs)
        known = {*PARTS, *(self.learned.layers if self.learned else ())}
        for part in self.parts:
            need(part in known, f"a trace has no part '{part}'.{did_you_mean(part, known)}")
        self.policy = policy
        self.longest = int(vec.world.table["horizon"].max())
        self.kept: dict[str, np.ndarray] = {}
        self.steps = 0

    def before(self, running: np.ndarray, whole: bool, fresh: np.ndarray) -> None:
        """What the policy is about to look at where episodes are `running` (bool[n]), and makes of it.

        `whole`: it is asked about all environments, as one that remembers must be.
        """
        vec = self.vec
        asked = np.ones(vec.n, np.bool_) if whole else running
        kept = running[asked]
        states, obs = vec.states[asked].view(np.recarray), vec.obs[asked]
        self._keep("running", running, np.ones(kept.sum(), np.bool_))
        if "states" in self.parts:
            self._keep("states", running, states[kept].view(np.ndarray))
        if "observations" in self.parts:
            self._keep("observations", running, self.policy.seen(obs, states)[kept])
        if self.learned is not None:
            thought = self.learned.think(obs, states, fresh[asked], self.layers)
            if "logits" in self.parts:
                self._keep("logits", running, thought.logits[kept])
            if "value" in self.parts and thought.value is not None:
                self._keep("value", running, thought.value[kept])
            for layer in self.layers:
                self._keep(layer, running, thought.features[layer][kept])
        self._running, self._totals = running, vec.states["totals"].copy()

    def after(self, actions: np.ndarray) -> None:
        """What was done, and what came of it; ends the step."""
        rows = self._running
        totals = self.vec.states["totals"]
        self._keep("actions", rows, actions[rows])
        if "events" in self.parts:
            self._keep("events", rows, (totals - self._totals)[rows])
        if "scores" in self.parts:
            world = self.vec.world
            self._keep("scores", rows, world.scores(totals[rows, : world.learners]).mean(1))
        self.steps += 1

    def trace(self) -> Trace:
        """All that was written."""
        found = {name: array[: self.steps] for name, array in self.kept.items()}
        states = found.pop("states", None)
        activations = {layer: found.pop(layer) for layer in self.layers}
        return Trace(
            **found,
            states=states.view(np.recarray) if states is not None else None,
            activations=activations,
        )

    def _keep(self, name: str, rows: np.ndarray, values: np.ndarray) -> None:
        if name not in self.kept:
            shape = (self.longest, self.vec.n, *values.shape[1:])
            bytes = int(np.prod(shape)) * values.dtype.itemsize
            total = bytes + sum(array.nbytes for array in self.kept.values())
            need(
                total <= MAX_BYTES,
                f"a trace of {', '.join(self.parts)} over {self.longest:,} steps on"
                f" {self.vec.n:,} levels takes more than {MAX_BYTES >> 30} GiB:"
                " play fewer levels, or trace less",
            )
            self.kept[name] = np.zeros(shape, values.dtype)
        self.kept[name][self.steps, rows] = values
