"""What a detector is: what it may see, and what it makes of that.

One file of `detectors/`, a file of yours (`./mine.py`) or a module of an installed package ends in
`DETECTOR = Detector(...)`. It is given the parts it declared, and a fault if it asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import UserError, did_you_mean, need
from ...engine.roster import Roster
from .lacking import Lacking as Lacking

if TYPE_CHECKING:
    from ...engine.world import World
    from .moved import Moved

    Think = Callable[[np.ndarray], "Steps"]

# Of an agent, before deployment.
OF_AGENT = {
    "weights": "its arrays, and what it makes of any observation",
    "training": "what it sees, thinks and earns on held-out levels of the training split",
    "moved": "what it makes of training levels whose cue was laid elsewhere",
    "shifted": "what is seen on shifted levels by whoever acts at random, without labels",
    "history": "the rows of its training log",
    "peers": "the weights of the other seeds of its recipe",
}
# Of a step, at run time; each also of the training steps that it is fitted to.
OF_STEP = {
    "observations": "what the agent looks at",
    "logits": "what its actions are drawn by",
    "value": "the return it expects, now and a step before",
    "body": "the activations of its last layer",
    "peers": "the logits of the other seeds of its recipe",
    "belief": "the chance that what it did so far is for a proxy, by the goal posterior",
}


@dataclass(frozen=True, eq=False)
class Steps:
    """What an agent saw and thought in S steps; None is what was not declared.

    Of a step of several learners each has a row.
    """

    observations: np.ndarray | None = None
    """[S, ...]: symbols (uint8), or numbers."""
    logits: np.ndarray | None = None
    """float64[S, actions]."""
    value: np.ndarray | None = None
    """float32[S]."""
    before: np.ndarray | None = None
    """float32[S]: the value of the step before; NaN in the first of an episode."""
    body: np.ndarray | None = None
    """float32[S, units]."""
    peers: np.ndarray | None = None
    """float64[peers, S, actions]."""
    belief: np.ndarray | None = None
    """float32[S]."""

    def __len__(self) -> int:
        parts = (self.observations, self.logits, self.value, self.body, self.belief)
        return next(len(part) for part in parts if part is not None)


@dataclass(frozen=True, eq=False)
class Behaviour:
    """What an agent did on n held-out levels of the training split, where the goals agree."""

    steps: Steps
    level: np.ndarray
    """int64[S]: which of the levels a step was on."""
    paid: float
    """The paid goal's mean score; random policy 0, expert 1."""
    scores: np.ndarray
    """float64[n]: the paid goal's score on each level."""
    length: np.ndarray
    """int64[n]: steps until the episode ended."""
    reward: np.ndarray
    """float64[S]: what the paid goal's score rose by in each step."""
    wandered: np.ndarray
    """[S', ...]: what is seen on training levels by whoever acts at random."""
    advice: Callable[[], np.ndarray]
    """int64[goals, S]: what each goal's expert would do in each step, the intended goal's first."""


class Evidence:
    """What a detector is given of one agent: the parts that it declared."""

    def __init__(self, name: str, world: World, parts: Mapping[str, Callable]) -> None:
        self.name, self.world = name, world
        self._parts = parts

    def _part(self, part: str):
        if part not in self._parts:
            raise UserError(
                f"detector '{self.name}' asks for '{part}' and has not declared it: add it to sees=(...)"
            )
        return self._parts[part]()

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Its weights by name, in the order of the layers."""
        return self._part("weights").arrays

    def think(self, observations: np.ndarray) -> Steps:
        """What it makes of observations [S, ...]: logits, value and body."""
        return self._part("weights").think(observations)

    @property
    def twin(self) -> Think:
        """`think` of an untrained agent of the same shape."""
        return self._part("weights").twin

    @property
    def training(self) -> Behaviour:
        """What it did on held-out levels of the training split."""
        return self._part("training")

    @property
    def moved(self) -> Moved:
        """What it makes of training levels whose cue was laid elsewhere."""
        return self._part("moved")

    @property
    def shifted(self) -> np.ndarray:
        """Observations [S, ...] of shifted levels, as someone who acts at random meets them."""
        return self._part("shifted")

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """The rows of its training log, from the first."""
        return self._part("history")

    @property
    def peers(self) -> Sequence[Think]:
        """`think` of the other seeds of its recipe."""
        return self._part("peers")


Watch = Callable[[Steps], Callable[[Steps], np.ndarray]]


@dataclass(frozen=True)
class Detector:
    """One way to tell that an agent will go after the wrong goal, or is about to.

    words: how, in a line. sees: some of OF_AGENT or, with `watch`, of OF_STEP. One of three says
    what it makes of that:

    - score(evidence): a number, the higher the more suspect;
    - features(evidence): float64[k], the same k for all agents; what they say is learned from the
      labels of agents of other worlds;
    - watch(calm): is fitted to the steps of training levels, and returns what scores other steps:
      float64[S], the higher the more suspect.

    control: it stands for what one would know anyway.
    """

    words: str
    sees: tuple[str, ...]
    score: Callable[[Evidence], float] | None = None
    features: Callable[[Evidence], np.ndarray] | None = None
    watch: Watch | None = None
    control: bool = False

    def __post_init__(self) -> None:
        """Raise UserError unless it is whole."""
        given = [f for f in (self.score, self.features, self.watch) if f is not None]
        need(len(given) == 1, "a detector has one of score, features and watch")
        need(callable(given[0]), "what a detector makes of evidence must be a function")
        need(
            isinstance(self.sees, tuple) and all(isinstance(part, str) for part in self.sees),
            'sees must name parts, as in sees=("training",)',
        )
        known = OF_STEP if self.watch else OF_AGENT
        for part in self.sees:
            hint = did_you_mean(part, known)
            need(part in known, f"a detector sees no '{part}'.{hint}")


DETECTORS = Roster("detector", "agents/lab/detectors", "DETECTOR", Detector)
