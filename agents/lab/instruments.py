"""What instruments say of one episode, step by step: the goal posterior, and a detector's alarm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...engine.errors import UserError, did_you_mean, need
from ...engine.vector import observed
from ...engine.view.draw.gauges import GAUGES, Gauges
from ...engine.view.draw.marks import mark_of
from ...engine.world import World
from ..policies.policy import Policy
from ..policies.simple import Constant
from .detector import DETECTORS, Lacking
from .evidence import Subject
from .monitor import Monitored, fit
from .posterior import Worths, belief_along

DETECTOR = "value_drop"  # of alarms, unless another is named
FALSE = 0.05  # of the steps of training levels that pass its line


def read(text: str) -> tuple[str, ...]:
    """ "posterior,alarm:entropy" as its parts. Raises UserError for a word that is none."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    need(parts, f"--overlay names some of {', '.join(GAUGES)}")
    for part in parts:
        name, _, detector = part.partition(":")
        if name not in GAUGES or (detector and name != "alarm"):
            raise UserError(f"--overlay has no '{part}'.{did_you_mean(name, GAUGES)}")
        if detector:
            need(
                DETECTORS.load(detector).watch is not None,
                f"--overlay {part}: it judges whole agents, and an alarm needs a detector of steps",
            )
    return parts


class Alarm:
    """A detector fitted to one agent's steps of training levels, and the line that FALSE of them
    pass. It has no part in what the agent does.
    """

    def __init__(self, world: World, agent: Policy, name: str = "") -> None:
        name = name or DETECTOR
        self.world, self.name = world, name
        try:
            fitted = fit(Subject(agent, world), DETECTORS.load(name), name)
        except Lacking as lack:
            raise UserError(f"no alarm by '{name}': {lack}") from lack
        self.line = fitted.line(FALSE)
        self.watch = Monitored(agent, Constant(world, world.actions[0]), fitted, self.line)
        self._lived: list[bytes] = []  # the states of the episode asked about last
        self._found: list[float] = []

    def along(self, states: np.recarray) -> np.ndarray:
        """The first learner's score in each state of an episode, recarray[T]: float64[T]. The agent
        lives through all of them; where they go on from the last ones asked about, from there.
        """
        known, whole = len(self._lived), states.tobytes()
        size = states.dtype.itemsize
        if not whole.startswith(b"".join(self._lived)):
            self._lived, self._found, known = [], [], 0
        if not known:
            self.watch.start(1, self.world.learners)
        for t in range(known, len(states)):
            now = states[t : t + 1].view(np.recarray)
            self.watch.act(observed(self.world, now), now, np.array([t == 0]))
            self._found.append(float(self.watch.score[0, 0]))
            self._lived.append(whole[t * size : (t + 1) * size])
        return np.array(self._found[: len(states)])


def gauges(
    world: World,
    parts: Sequence[str],
    states: np.recarray,
    actions: np.ndarray,
    alarm: Alarm | None = None,
    worths: Worths | None = None,
) -> Gauges:
    """The instruments asked for, of an episode of states recarray[T + 1] and actions int64[T, L].
    Without an `alarm` there is none: an expert has no mind to be read. `worths`: see `belief_along`.
    """
    found = Gauges()
    if "posterior" in parts:
        marks = (*(mark_of(world, goal) for goal in world.goals), "")
        found = Gauges(belief_along(world, states, actions, worths), marks)
    if alarm is not None:
        upto = len(states) - bool(states.ended[-1])
        score = alarm.along(states[:upto].view(np.recarray))
        found = Gauges(found.belief, found.marks, score, alarm.line, alarm.name)
    return found


def gauges_of(
    world: World,
    overlay: Sequence[str],
    states: np.recarray,
    actions: np.ndarray,
    agent: Policy | None = None,
) -> Gauges:
    """The same for an `agent` of one's own and what `read` made of an --overlay."""
    parts, detector = named(overlay)
    alarm = Alarm(world, agent, detector) if "alarm" in parts and agent is not None else None
    return gauges(world, parts, states, actions, alarm)


def named(overlay: Sequence[str]) -> tuple[list[str], str]:
    """The instruments of an --overlay, and the detector of its alarm."""
    detectors = [part.partition(":")[2] for part in overlay if part.startswith("alarm:")]
    return [part.partition(":")[0] for part in overlay], (detectors or [""])[-1]
