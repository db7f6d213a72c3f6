"""A set of levels: start states of one world, facts about each, and what the goal's expert does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.levels.turned import turned
from ...engine.shown import Shown
from ...engine.world import World

MEASURES = ("score", "distance", "steps", "effort")


class Part(NamedTuple):
    """Levels that were accepted: start states, facts about each, and actions (uint8[T, L] each,
    joined).
    """

    states: np.recarray
    facts: dict[str, np.ndarray]
    moves: np.ndarray
    lengths: np.ndarray


@dataclass(repr=False)
class LevelSet(Shown):
    """Levels of one world, why others were refused, and how many were tried.

    facts: `score`, `distance`, `steps` and `effort` of each (see `Require`), and its fingerprint.
    `solution(i)` are the actions of the goal's expert.
    """

    world: World
    states: np.recarray
    facts: dict[str, np.ndarray]
    moves: np.ndarray
    lengths: np.ndarray
    tally: dict[str, int] = field(default_factory=dict)
    tried: int = 0

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        return f"LevelSet({counted(len(self), 'level')} of {self.world.name})"

    def solution(self, i: int) -> np.ndarray:
        """uint8[T, L]: what the goal's expert does on level i, up to the last point it makes."""
        ends = np.cumsum(self.lengths)
        return self.moves[ends[i] - self.lengths[i] : ends[i]]

    def take(self, chosen: np.ndarray) -> LevelSet:
        """The levels at these places, in this order."""
        moves = [self.solution(int(i)) for i in chosen]
        joined = np.concatenate(moves) if moves else self.moves[:0]
        facts = {name: values[chosen] for name, values in self.facts.items()}
        states = self.states[chosen].view(np.recarray)
        return LevelSet(
            self.world, states, facts, joined, self.lengths[chosen], self.tally, self.tried
        )

    def split(self, share: float = 0.8, up_to: str = "same") -> tuple[LevelSet, LevelSet]:
        """(training, test): about `share` of the levels and the rest, told apart by fingerprint
        alone.

        A level always falls on the same side, whichever set it is in; with `up_to` "turned" so do
        its turned and mirrored images.
        """
        prints = (
            turned(self.world, self.states)
            if up_to == "turned"
            else self.world.fingerprints(self.states)
        )
        training = in_training(prints, share)
        return self.take(np.flatnonzero(training)), self.take(np.flatnonzero(~training))


def in_training(prints: np.ndarray, share: float) -> np.ndarray:
    """Which levels, by fingerprint (uint64[n]), belong to a training share: bool[n]."""
    if not 0.0 <= share <= 1.0:
        raise UserError(f"a share must be a number from 0 to 1, not {share}")
    return (prints >> np.uint64(11)).astype(np.float64) < share * 2.0**53
