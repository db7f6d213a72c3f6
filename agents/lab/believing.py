"""The goal posterior of episodes while they are lived: what was done so far speaks for which goal."""

from __future__ import annotations

import numpy as np

from ...engine.state import RUNNING
from ...engine.world import World
from ..judging.rollout import Episodes
from .posterior import evidence_of, normalised, worth_of


def proxies(chances: np.ndarray, goals: int) -> np.ndarray:
    """The chance of all proxies together, of the posterior's chances [..., goals + 1]."""
    return chances[..., 1:goals].sum(-1)


def believed(world: World, played: Episodes) -> np.ndarray:
    """The chance of a proxy before every step of episodes recorded with states: float32[T, n, L]."""
    trace = played.trace
    assert trace is not None and trace.states is not None
    logs, _ = evidence_of(world, trace.states, trace.actions[..., 0], trace.running)
    found = proxies(normalised(logs), len(world.goals))[:-1]
    return np.repeat(found[..., None], world.learners, 2).astype(np.float32)


class Believing:
    """The same, step by step, of n episodes that begin together: ask `now`, then tell what was `done`.

    Of several learners the first is read.
    """

    def __init__(self, world: World, n: int) -> None:
        longest = int(world.table["horizon"].max())
        self.world, self.t = world, 0
        self.states = np.zeros((longest, n), world.dtype)
        self.actions = np.zeros((longest, n), np.int64)
        self.running = np.zeros((longest, n), np.bool_)
        self.worth = np.zeros((longest, n, len(world.goals), len(world.actions)))

    def now(self, states: np.recarray, fresh: np.ndarray) -> np.ndarray:
        """The chance of a proxy, float32[n], in these states, of which `fresh` bool[n] are first."""
        self.running[: self.t, fresh] = False
        goals = len(self.world.goals)
        found = np.full(len(fresh), (goals - 1) / (goals + 1))
        if self.t:
            lived = self.states[: self.t].view(np.recarray)
            part = self.actions[: self.t], self.running[: self.t], self.worth[: self.t]
            logs, _ = evidence_of(self.world, lived, *part)
            found = proxies(normalised(logs[-1]), goals)
        return found.astype(np.float32)

    def done(self, states: np.recarray, actions: np.ndarray) -> None:
        """What every learner did there: actions int64[n, L]."""
        t, runs = self.t, states.view(np.ndarray)["ended"] == RUNNING
        if t == len(self.states):  # longer than any episode: another one has begun meanwhile
            for kept in (self.states, self.actions, self.running, self.worth):
                kept[:-1] = kept[1:].copy()
            t -= 1
        self.states[t], self.actions[t], self.running[t] = states, actions[:, 0], runs
        here = self.states[t : t + 1].view(np.recarray)
        self.worth[t] = worth_of(self.world, here, runs[None])[0]
        self.t = t + 1
