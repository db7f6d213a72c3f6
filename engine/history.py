"""An episode that can be gone through in both directions: copies of the state every so often, and
all actions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import state
from .state import RUNNING
from .vector import Vec
from .world import World

EVERY = 64  # steps from one copy of the state to the next


class Note(NamedTuple):
    """What is remembered of a step: where the learners stand (int64[L, 2] as y, x), the score of
    each goal so far (float64[G], averaged over the learners), and which events the step led to (bool[L, events]).
    """

    places: np.ndarray
    scores: np.ndarray
    happened: np.ndarray


class Saved(NamedTuple):
    """All that a history is restored from: its step, actions, copies of the state, edited steps
    and notes.
    """

    t: int
    actions: list[np.ndarray]
    copies: dict[int, np.recarray]
    edited: set[int]
    notes: list[Note]


class History:
    """One episode that can be gone through in both directions.

    t: where one is; state: the state there, a batch of one; ends: how many steps were played;
    notes: of each step, the start among them.
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

    @property
    def note(self) -> Note:
        """The note of the step where one is."""
        return self.notes[self.t]

    def _note(self) -> Note:
        s, learners = self._vec.states[0], self.world.learners
        places = np.stack([s.y[:learners], s.x[:learners]], 1)
        scores = self.world.scores(s.totals[:learners]).mean(0)
        return Note(places, scores, s.events[:learners] > 0)

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

    def save(self) -> Saved:
        """All of it, for `restore`."""
        return Saved(
            self.t, list(self.actions), dict(self.copies), set(self.edited), list(self.notes)
        )

    def restore(self, saved: Saved) -> None:
        """Back to what `save` gave."""
        self.actions, self.copies = list(saved.actions), dict(saved.copies)
        self.edited, self.notes = set(saved.edited), list(saved.notes)
        self.t = 0
        self._load(self.copies[0])
        self.go(saved.t)
