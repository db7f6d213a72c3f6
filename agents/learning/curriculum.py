"""Which level comes next: an endless stream, a fixed set, or a mixture of training and deployment
levels.

A curriculum builds the environments and counts which parameter row each finished episode came from,
because the share of deployment levels that a learner really met is the figure that matters, not the
one it was promised. A curriculum that reacts to scores overrides `finished` and `learned` too: see
`replay`. All are hooks of the learner (`hooks`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from ...engine.errors import UserError, need
from ...engine.levels.splits import split_of
from ...engine.roster import Roster, first_sentence
from ...engine.vector import Vec
from ...engine.world import World
from .hooks import Hook, Recipe

MAX_LEVELS = 10_000_000


class Curriculum(Hook):
    """Levels of one split ("train", "deploy", "alpha=0.05", a name) from the training pool.

    `levels` = 0 draws new levels for ever; k > 0 keeps to the same k levels.
    """

    def __init__(self, world: World, split: str = "train", levels: int = 0) -> None:
        if not 0 <= levels <= MAX_LEVELS:
            raise UserError(f"levels must be from 0 (endless) to {MAX_LEVELS:,}, not {levels}")
        self.world, self.split, self.levels = world, split_of(world, split), levels
        train = np.array(split_of(world, "train").weights)
        self._shifted = train == 0  # the rows that the training split never draws from
        self.counts = np.zeros(2, np.int64)

    def environments(
        self,
        n: int,
        seed: int,
        threads: int = 1,
        obs: str = "symbols",
        ends_stay: bool = False,
        levels: np.ndarray | None = None,
    ) -> Vec:
        """`n` environments of this curriculum, reset and ready to step. obs: one of config.SIGHTS.

        With `ends_stay` ended episodes wait to be reset. `levels`: start states in place of what
        the curriculum draws from.
        """
        given = self.world, n, self.split, seed, self.levels or None if levels is None else levels
        how = {"pool": "train", "threads": threads, "autoreset": "off" if ends_stay else "same"}
        if obs == "symbols":
            vec = Vec(*given, **how)
        else:
            from ...engine.view.camera.sighted import Sighted

            vec = Sighted(*given, **how, sight=obs)
        vec.reset()
        return vec

    def finished(self, vec: Vec, ended: np.ndarray) -> None:
        """Episodes have just ended where `ended` (bool[N]) is set.

        Called after every step in which one did.
        """
        shifted = self._shifted[vec.final_row[ended]].sum()
        self.counts += len(vec.final_row[ended]) - shifted, shifted

    @property
    def shifted(self) -> float:
        """The share of episodes so far that came from outside the training split."""
        return float(self.counts[1] / max(self.counts.sum(), 1))

    def state(self) -> dict[str, np.ndarray]:
        """What an exact resume needs, beside the environments."""
        return {"counts": self.counts.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue where `state` was taken."""
        self.counts[...] = state["counts"]


CURRICULA = Roster("curriculum", "agents/learning/curricula", "CURRICULUM", type)


def about(name: str) -> str:
    """What the curriculum of that name does: the first sentence of its file."""
    return first_sentence(sys.modules[CURRICULA.load(name).__module__].__doc__)


def curriculum_of(world: World, config: Recipe) -> Curriculum:
    """The curriculum that a configuration asks for: "NAME[:score]", or none but the split."""
    name, _, value = config.curriculum.partition(":")
    if not name:
        return Curriculum(world, config.split, config.levels)
    kind = CURRICULA.recall(name, f"--curriculum {config.curriculum}")
    base: type = Curriculum  # whose subclasses are built otherwise than it is
    ours = isinstance(kind, type) and issubclass(kind, base)
    need(ours, f"--curriculum {name}: CURRICULUM must be a subclass of Curriculum")
    return kind(world, config, value)
