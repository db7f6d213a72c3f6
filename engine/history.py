"""An episode that can be gone through in both directions: copies of the state every so often, and
all actions.
"""

from __future__ import annotations

import numpy as np

from . import state
from .state import RUNNING
from .vector import Vec
from .world import World

EVERY = 64  # steps from one copy of the state to the next


class History:
    """One episode that can be gone through in both directions.

    t: where one is; state: the state there, a batch of one; ends: how many steps were played.
    positions: int64[L, 2] of each step; scores: float64[G]; happened: bool[L, events].
    """

    def __init__(self, world: World, start: np.recarray) -> None:
        self.world = world
        self._vec = Vec(world, 1, autoreset="off")
        self._vec.reset()
        self.actions: list[np.ndarray] = []
        self.copies: dict[int, np.recarray] = {0: state.copy(start)}
        self.edited: set[int] = set()
        self.t = 0
        # the state one step before, if one came here by a step
        self.previous: np.recarray | None = None
        self._load(start)
        self.notes = [self._note()]

    def _load(self, states: np.recarray) -> None:
        self._vec.start_from(states)

    @property
    def state(self) -> np.recarray:
        """The state at `t`; not to be written to."""
        return self._vec.states

    @property
    def ends(self) -> int:
        """The last step that was played."""
        return len(self.actions)

    @property
    def over(self) -> bool:
        """Has the episode ended here?"""
        return int(self._vec.states.ended[0]) != RUNNING

    def _note(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        s, learners = self._vec.states[0], self.world.learners
        places = np.stack([s.y[:learners], s.x[:learners]], 1).copy()
        scores = self.world.scores(s.totals[:learners]).sum(0)
        return places, scores, s.events[:learners] > 0

    def act(self, actions: np.ndarray) -> None:
        """Live one step on from here; what was played after here before is forgotten."""
        if self.over:
            return
        self.forget()
        self.actions.append(np.array(actions, np.int64).reshape(self.world.learners))
        self._forward()
        self.notes.append(self._note())

    def forget(self) -> None:
        """Forget everything after `t`."""
        del self.actions[self.t :]
        del self.notes[self.t + 1 :]
        self.copies = {t: kept for t, kept in self.copies.items() if t <= self.t}
        self.edited = {t for t in self.edited if t <= self.t}

    def _forward(self) -> None:
        self.previous = state.copy(self._vec.states)
        self._vec.step(self.actions[self.t][None])
        self.t += 1
        if self.t in self.copies:
            self._load(self.copies[self.t])
        elif self.t % EVERY == 0:
            self.copies[self.t] = state.copy(self._vec.states)

    def go(self, t: int) -> None:
        """Go to step `t` of those that were played."""
        t = min(max(t, 0), self.ends)
        near = max(k for k in self.copies if k <= t)
        if not near <= self.t <= t:
            self._load(self.copies[near])
            self.t = near
        if self.t == t:
            self.previous = None
        while self.t < t:
            self._forward()

    def at(self, t: int) -> np.recarray:
        """The state at step `t`, a copy; one stays where one is."""
        here = self.t
        self.go(t)
        found = state.copy(self.state)
        self.go(here)
        return found

    def edit(self, states: np.recarray) -> None:
        """Put another state in the place of this one; the future is open again."""
        self.forget()
        self.previous = None
        self.copies[self.t] = state.copy(states)
        self.edited.add(self.t)
        self._load(states)
        self.notes[self.t] = self._note()

    def save(self) -> tuple:
        """All of it, for `restore`."""
        return self.t, list(self.actions), dict(self.copies), set(self.edited), list(self.notes)

    def restore(self, saved: tuple) -> None:
        """Back to what `save` gave."""
        t, actions, copies, edited, notes = saved
        self.actions, self.copies = list(actions), dict(copies)
        self.edited, self.notes = set(edited), list(notes)
        self.t = 0
        self._load(self.copies[0])
        self.go(t)
