"""What is on show: a level in up to four panes, each with an episode of its own, and who is in
focus. All parts of a session share it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...engine.history import History, Note
from ...engine.view.camera.gaze import Gaze
from ...engine.view.draw.gauges import Gauges
from ...engine.view.draw.marks import Mark
from ...engine.view.draw.signs import Laid
from ...engine.world import World
from ..policies.policy import Policy, Sampling
from .background import Thinker
from .thoughts import Thoughts

HUMAN, RECORDED = "human", "recorded"  # players that are no policies


@dataclass
class Pane:
    """One of the panes: a history, and who plays each learner of it.

    Policies are kept twice by their names: those that act, and others that are asked what they
    think meanwhile.
    """

    history: History
    who: list[str]
    # learner -> who played before a person took over
    before: dict[int, str] = field(default_factory=dict)
    thinker: Thinker[np.ndarray] = field(default_factory=Thinker[np.ndarray])
    policies: dict[str, Policy] = field(default_factory=dict)
    # name -> the step a policy was last asked about
    asked: dict[str, int] = field(default_factory=dict)
    mapper: Thinker[Thoughts] = field(default_factory=Thinker[Thoughts])
    mapping: dict[str, Policy] = field(default_factory=dict)
    thoughts: Thoughts = field(default_factory=Thoughts)
    thoughts_of: tuple = ()  # what was asked for last
    witness: Thinker[Gauges] = field(default_factory=Thinker[Gauges])
    gauged: Gauges | Exception | None = None
    gauged_of: tuple = ()
    # (camera, learner, step) -> where it looked, and the note of the step that it was lived in
    gazes: dict[tuple[str, int, int], tuple[Note, Gaze]] = field(default_factory=dict)
    # a state, and the goals' marks and the signs in it
    marked: tuple[tuple, tuple[Mark, ...], tuple[Laid, ...]] | None = None
    # what the last picture in three dimensions was drawn from, and the picture
    resting: tuple[tuple, np.ndarray] | None = None

    def ask_anew(self) -> None:
        """Forget what policies are being asked: the state, or who plays, is another now."""
        self.thinker.drop()
        self.thoughts_of = ()


@dataclass
class Stage:
    """A world, and the panes in which one level of it is played.

    focus, learner: the pane and the agent of it that keys are about. playing: does time run?
    moved: when the last step was made, by `time.perf_counter`. message: what is to be told to
    whoever watches. detector: whose alarm is shown ("": the usual
    one). steering: how many times a vector is written into who is steered.
    """

    world: World
    panes: list[Pane] = field(default_factory=list)
    focus: int = 0
    learner: int = 0
    playing: bool = False
    moved: float = 0.0
    message: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    detector: str = ""
    steering: float = 0.0

    @property
    def pane(self) -> Pane:
        """The pane in focus."""
        return self.panes[self.focus]

    @property
    def t(self) -> int:
        """The step of the pane that is farthest."""
        return max(pane.history.t for pane in self.panes)

    @property
    def ends(self) -> int:
        """The last step that any pane has played."""
        return max(pane.history.ends for pane in self.panes)

    @property
    def over(self) -> bool:
        """Have all panes ended?"""
        return all(pane.history.over for pane in self.panes)

    @property
    def edited(self) -> bool:
        """Is anything not as the level was made?"""
        return any(pane.history.edited for pane in self.panes)

    @property
    def thinking(self) -> bool:
        """Is a policy being waited for?"""
        return any(pane.thinker.busy for pane in self.panes)

    @property
    def waits_for_person(self) -> bool:
        """Does somebody have to press a key before time goes on?"""
        return any(HUMAN in pane.who and not pane.history.over for pane in self.panes)

    @property
    def by_hand(self) -> bool:
        """Does a person play the learner in focus?"""
        return self.pane.who[self.learner] == HUMAN

    def go(self, t: int) -> None:
        """All panes to step `t`, as far as they have played."""
        for pane in self.panes:
            pane.thinker.drop()
            pane.history.go(t)
        self.moved = 0.0

    def next_focus(self) -> None:
        """The next learner; after a pane's last one, the next pane."""
        self.learner += 1
        if self.learner >= self.world.learners:
            self.learner, self.focus = 0, (self.focus + 1) % len(self.panes)
