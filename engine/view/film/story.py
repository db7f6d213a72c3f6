"""What a film or a page tells: takes with their scores, ways and marks at every step, and what
happened when.

Nothing here draws. Labels, training facts and figures are handed in, and what is not handed in is
not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from ... import state
from ...counts import counted
from ...errors import UserError
from ...worth import Outcome, Worth, outcome
from ..draw.gauges import ALARM, SPEAKS, Gauges
from ..draw.ink import DIM, MARKS, RED, SIDES
from ..draw.marks import INTENDED, Mark, goal_marks
from ..draw.signs import Laid, signs

if TYPE_CHECKING:
    from ...world import Goal, World


@dataclass(frozen=True)
class Take:
    """One pane of the film.

    role: short heading ("INTENDED", "LEARNED"); label: who plays ("expert that wants the cheese");
    states: recarray [T + 1] from the start state to the last one; trained_on: names of the goals
    this agent was paid for, or None for one that was not trained; wants: the name of the goal a
    planner pursues, if it is one; worth: the references of each goal on this level, as far as they
    are known: without them nothing is said to be met; actions: what was done, int64[T, L], if that
    is known; gauges: what instruments say of it; framed: cells (y, x) that are framed, in flat
    cameras.
    """

    role: str
    label: str
    states: np.recarray
    trained_on: tuple[str, ...] | None = None
    wants: str = ""
    worth: Mapping[str, Worth] = field(default_factory=dict)
    actions: np.ndarray | None = None
    gauges: Gauges | None = None
    framed: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Rate:
    """A row of figures on the end card.

    value: a share from 0 to 1; low, high: its interval; mark: "star", "diamond" or none.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    mark: str = ""


@dataclass(frozen=True)
class Card:
    """What the film says around the takes. Everything but `world` may be left out, and is then not
    shown.

    claim: one sentence for the title card; conclusion: one for the end card; facts: lines below the
    claim (how it was trained); split: the split's name; pick: how this level was chosen; rates:
    rows of figures, under `heading`, measured over `sample` ("1000 held-out levels, 5 seeds"); command: what makes
    this film again; versions: one line; captions: event name → what to say when it happens ("ate the cheese"); notes:
    (first step, last step, what to say then) of the author; title: default the world's own; codes:
    the replays as texts; words: what to say in place of a text that the film itself says.
    """

    world: World
    claim: str = ""
    facts: tuple[str, ...] = ()
    split: str = ""
    pick: str = ""
    rates: tuple[Rate, ...] = ()
    sample: str = ""
    heading: str = "OVER MANY LEVELS"
    command: str = ""
    versions: str = ""
    captions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[tuple[int, int, str], ...] = ()
    title: str = ""
    codes: tuple[str, ...] = ()
    conclusion: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str, step: int | None = None) -> str:
        """The text, or what is to be said in its place; with its step."""
        said = self.words.get(text, text)
        return said if step is None else said.replace("{step}", str(step))

    def goal(self, goal: Goal) -> str:
        """What the goal wants."""
        return self.say(goal_words(goal))


PARTING = "Step {step}: here their paths part."
# what a film says of itself, for who would say it otherwise
PHRASES = (
    PARTING, "paths part at step {step}", "step {step}", "Step {step}:", "intended goal", "proxy goal",
    "paid in training", "trained on", "not trained on", "wants this", "same level · same dice",
    "INTENDED GOAL", "MET", "MISSED", "met", "missed", "time is up, and", "it ends, and",
    "the intended goal is missed", "OVER MANY LEVELS", "OVER MANY EPISODES", SPEAKS, ALARM,
)  # fmt: skip


class Marks:
    """The goal marks of every step of a take, each found when it is first asked for; only the last
    few are kept.
    """

    def __init__(self, world: World, states: np.recarray) -> None:
        self.at = lru_cache(maxsize=8)(partial(goal_marks, world, states))

    def __getitem__(self, step: int) -> tuple[Mark, ...]:
        return self.at(step)


class Signs:
    """The signs of every step of a take, as `Marks`."""

    def __init__(self, world: World, states: np.recarray) -> None:
        self.at = lru_cache(maxsize=8)(partial(signs, world, states))

    def __getitem__(self, step: int) -> tuple[Laid, ...]:
        return self.at(step)


@dataclass(frozen=True)
class Side:
    """A take with what the film needs at every step."""

    take: Take
    scores: np.ndarray  # float64[T + 1, G]: averaged over the learners
    path: np.ndarray  # float64[T + 1, L, 2]: where the learners are
    centre: np.ndarray  # float64[T + 1, 2]: where the camera looks
    marks: Marks
    signs: Signs

    @property
    def last(self) -> int:
        return len(self.take.states) - 1

    def outcomes(self, world: World, step: int = -1) -> list[Outcome]:
        """What every goal has come to at a step; by default the last."""
        worth = self.take.worth
        return [
            outcome(float(self.scores[step, g]), worth.get(goal.name))
            for g, goal in enumerate(world.goals)
        ]


def side_of(world: World, take: Take) -> Side:
    """The take, ready to be told. Raises UserError if it has no states."""
    states = take.states
    if len(states) < 1:
        raise UserError(f"the take '{take.role}' has no states")
    scores = world.scores(states.totals[:, : world.learners]).mean(1)
    path = np.stack([states.y, states.x], 2)[:, : world.learners].astype(float)
    # the camera looks at a moving average of the path, so it neither jerks nor lags
    reach = 4
    padded = np.concatenate(
        [np.repeat(path[:1, 0], reach, 0), path[:, 0], np.repeat(path[-1:, 0], reach, 0)]
    )
    centre = np.mean([padded[k : k + len(path)] for k in range(2 * reach + 1)], axis=0)
    return Side(take, scores, path, centre, Marks(world, states), Signs(world, states))


def begins(world: World, states: np.recarray) -> np.ndarray:
    """Which events begin at each step: bool[T + 1, L, E].

    What is raised on every step does not, nor, once it has counted, what counts once.
    """
    raised = np.asarray(states.events[:, : world.learners]) > 0
    found = raised.copy()
    found[1:] &= ~raised[:-1]
    found[0] = False
    if len(raised) > 2:
        found &= ~raised[1:].all(0)
    for k, event in enumerate(world.events):
        pricing = [goal.once for goal in world.goals if goal.weights.get(event)]
        if pricing and all(pricing):
            found[1:, :, k] &= ~np.logical_or.accumulate(found[:-1, :, k])
    return found


def fork(left: np.recarray, right: np.recarray, learners: int) -> int | None:
    """The last step before the learners of two takes first stand apart; None if they never do."""
    n = min(len(left), len(right))
    apart = np.zeros(n, bool)
    for name in ("y", "x"):
        apart |= (left[name][:n, :learners] != right[name][:n, :learners]).any(1)
    return int(apart.argmax()) - 1 if apart.any() and not apart[0] else None


def goal_words(goal: Goal) -> str:
    """What the goal wants, or its name."""
    return goal.wish or goal.name


def captions(world: World, side: Side, card: Card) -> dict[int, str]:
    """What to say at each step of a take: events that begin, goals first scored, and its end."""
    said: dict[int, str] = {}
    states = side.take.states
    raised = states.events[:, : world.learners].sum(1) > 0  # [T + 1, E]
    highest = np.maximum.accumulate(side.scores)
    for k in range(1, side.last + 1):
        parts = []
        for j, event in enumerate(world.events):
            if event in card.captions and raised[k, j] and not (k > 1 and raised[k - 1, j]):
                parts.append(card.captions[event])
        for g, goal in enumerate(world.goals):
            once = goal is world.intended or goal.once
            if not card.captions and once and highest[k - 1, g] <= 0 < side.scores[k, g]:
                kind = "intended goal" if goal is world.intended else "proxy"
                parts.append(f'scores on the {kind} "{card.goal(goal)}"')
        if k == side.last and side.outcomes(world)[0].met is False:
            ended = int(states.ended[k])
            how = {state.TRUNCATED: "time is up, and", state.TERMINATED: "it ends, and"}
            words = (how.get(ended, ""), "the intended goal is missed")
            parts.append(" ".join(card.say(text) for text in words if text))
        if parts:
            said[k] = f"{card.say('Step {step}:', k)} {', '.join(parts)}"
    return said


def note(card: Card, step: int) -> str:
    """What the author says at this step; the latest of several that overlap."""
    return next((text for first, last, text in reversed(card.notes) if first <= step <= last), "")


def rim_of(outcome: Outcome) -> tuple[int, int, int]:
    """The colour around an outcome: gold if it is met, red if missed, grey if that is unknown."""
    return DIM if outcome.met is None else MARKS[INTENDED] if outcome.met else RED


def pale(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """A lighter shade, for the second learner of a side."""
    return tuple((v + 255) // 2 for v in rgb)  # type: ignore[return-value]


class Story:
    """Takes told together: what they share, where their ways part, and what a full score is.

    `pairs` are panes to compare, as (left, right); by default the two there are. Two takes of
    different levels never part, they were never together. `forks`: right pane → (left pane, the
    last step they stand together).
    """

    def __init__(
        self, takes: Sequence[Take], card: Card, pairs: Sequence[tuple[int, int]] | None = None
    ) -> None:
        if not takes:
            raise UserError("a film needs at least one take")
        world = card.world
        self.world, self.card = world, card
        self.sides = tuple(side_of(world, take) for take in takes)
        starts = [take.states[:1].copy().view(np.recarray) for take in takes]
        prints = [int(world.fingerprints(start)[0]) for start in starts]
        self.names = [state.short(mark) for mark in prints]  # of the levels
        self.same_level = len(set(prints)) == 1
        self.steps = max(side.last for side in self.sides)
        if pairs is None:
            pairs = [(0, 1)] if len(takes) == 2 else []
        self.paired = len(pairs) > 1
        digests = [int(state.digest(start)[0]) for start in starts]
        self.same = len(set(digests)) == 1
        self.alike = bool(pairs) and all(digests[a] == digests[b] for a, b in pairs)
        found = {
            b: (a, fork(takes[a].states, takes[b].states, world.learners))
            for a, b in pairs
            if prints[a] == prints[b]
        }
        self.forks = {b: (a, step) for b, (a, step) in found.items() if step is not None}
        self.fork = list(self.forks.values())[-1][1] if self.forks else None
        # a full bar is what the experts earn, or else the most that is seen
        best = [
            [
                side.take.worth[g.name].expert if g.name in side.take.worth else -np.inf
                for side in self.sides
            ]
            for g in world.goals
        ]
        most = np.max([side.scores.max(0) for side in self.sides], 0)
        self.full = [
            float(max(bests)) if max(bests) > 0 else float(m)
            for bests, m in zip(best, most, strict=True)
        ]
        self.said = tuple(captions(world, side, card) for side in self.sides)

    @property
    def title(self) -> str:
        """The title of the film, as it is written large."""
        return (self.card.title or self.world.title).upper()

    def hue(self, index: int) -> tuple[int, int, int]:
        """The colour of a take: of compared pairs the left and the right one alike, else its own;
        a learned one alone has the colour that it has beside the intended one.
        """
        if len(self.sides) == 1 and self.sides[0].take.role == "LEARNED":
            return SIDES[1]
        return SIDES[index % (2 if self.paired else len(SIDES))]

    def spoken(self, index: int, step: int) -> str:
        """What is said of a take at a step; among many, with its name."""
        words = self.said[index][step]
        return words if len(self.sides) <= 2 else f"{self.sides[index].take.role}: {words}"

    @property
    def told(self) -> int:
        """The last step at which something begins, in any take: after it all goes on as it did."""
        world, last = self.world, self.fork or 0
        matters = [
            any(goal.weights.get(event) for goal in world.goals) or event in self.card.captions
            for event in world.events
        ]
        for side in self.sides:
            steps = np.flatnonzero(begins(world, side.take.states)[..., matters].any((1, 2)))
            last = max(last, int(steps[-1]) if len(steps) else 0)
        return last

    def together(self) -> str:
        """What the takes share, in words; nothing for one alone."""
        if len(self.sides) == 1:
            return ""
        if self.same:
            return self.card.say("same level · same dice")
        if self.same_level:
            return "same level"
        if self.alike:
            return "side by side: same level · same dice"
        return (
            "different levels" if len(self.sides) == 2 else counted(len(set(self.names)), "level")
        )

    def outcomes(self, side: Side) -> list[Outcome]:
        """What became of every goal by the end of a take."""
        return side.outcomes(self.world)

    def tag(self, take: Take, goal: Goal) -> str:
        """What the taken one had to do with a goal: "trained on", "not trained on", "wants this" or
        nothing.
        """
        if take.trained_on is not None:
            trained = goal.name in take.trained_on
            return self.card.say("trained on" if trained else "not trained on")
        return self.card.say("wants this") if take.wants and goal.name == take.wants else ""
