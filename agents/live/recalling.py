"""What a policy remembers of an episode that it did not act in: it lives through it again."""

from __future__ import annotations

import numpy as np

from ...engine import state
from ...engine.history import History, Saved
from ...engine.vector import observed
from ...engine.world import World
from ..policies.expert import Expert
from ..policies.policy import LearnedPolicy, Policy, Recurrent


def recalls(policy: Policy) -> bool:
    """Does it remember what it saw? An expert's plans are made anew."""
    return policy.remembers and not isinstance(policy, Expert)


def relive(policy: Policy, world: World, start: np.recarray, saved: Saved) -> None:
    """Ask a policy again about all steps that came before `saved.t`, in order."""
    past = History(world, start)
    past.restore(saved)
    for k in range(saved.t):
        past.go(k)
        then = state.copy(past.state)
        policy.act(observed(world, then), then, np.array([k == 0]))


def memory_of(policy: Policy, world: World, start: np.recarray, saved: Saved) -> np.ndarray | None:
    """What it remembers before step `saved.t`, float32[1, L, units]; None where it remembers nothing
    or does not show it.
    """
    shows = isinstance(policy, LearnedPolicy) and "memory" in policy.can
    if not shows or not saved.t:
        return None
    assert isinstance(policy, Recurrent)
    policy.start(1, world.learners)
    relive(policy, world, start, saved)
    return policy.memory.copy()


def begin(policy: Policy, n: int, learners: int, memory: np.ndarray | None) -> np.ndarray:
    """Start `n` environments, all of them with this memory (None: as an episode begins); returns
    which are fresh: bool[n].
    """
    policy.start(n, learners)
    if memory is not None:
        assert isinstance(policy, Recurrent)
        policy.memory = np.repeat(memory, n, 0)
    return np.full(n, memory is None)
