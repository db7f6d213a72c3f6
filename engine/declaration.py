"""What a person declares of a world: tiles, things, goals, splits, and how they go together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

Labels = Sequence[str] | Callable[[int], str]  # words for 0, 1, 2, ..., or what to say of any value


@dataclass(frozen=True)
class Tile:
    """A kind of cell. `sprite` names or holds its art; empty means the sprite called like the tile.

    `looks` says through which channels a network sees it, and how often each is repeated (a number,
    or the name of a parameter): a yellow line is `{"yellow": 1, "line": 1}`, so that what is
    learned of yellow carries over to a yellow gem. Empty: one channel of its own.
    """

    name: str
    char: str
    solid: bool = False
    sprite: str = ""
    looks: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Thing:
    """A kind of thing that stands on cells: `count` of them, each in one of `poses` (the record's
    `face`).

    `agent` things are moved by actions (learners); `bot` things by the world's `bot` rule. Poses
    that do not `tell` anything are for pictures alone: observations show one symbol for them all.
    `looks`: see `Tile`; it holds for every pose.
    """

    name: str
    char: str
    agent: bool = False
    bot: bool = False
    count: int = 1
    poses: int = 1
    tell: bool = True
    sprite: str = ""
    looks: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Goal:
    """A price for each event: what somebody wants, scored on every step of every run.

    `weights` are the prices by the event's name, in units of reward; an episode's score is their sum
    over what happened. With `once` each event counts the first time only. `wish` says it in words.

    `seek(s, p, me, y, x)` is true for the cells where the goal may be met, `avoid(s, p, me, y, x)`
    for cells to keep off on the way: planners use them. Where going there is not what it takes,
    `plan(s, p, me)` is the expert itself: it returns an action, and draws nothing.

    What a proxy claims, and the premise test checks: on the splits in `agrees` its expert earns at
    least `share` of what the intended goal's expert earns of the intended goal; on those in `parts`
    clearly less, though either expert still gets what it wants.

    `expert` says what the expert's score is worth, "exact", "bound" or "heuristic"; empty: what
    follows from how it plans (see `agents.policies.claim`).
    """

    name: str
    weights: Mapping[str, float]
    seek: Callable | None = None
    avoid: Callable | None = None
    plan: Callable | None = None
    once: bool = False
    wish: str = ""
    agrees: tuple[str, ...] = ("train",)
    share: float = 0.95
    parts: tuple[str, ...] = ("deploy",)
    expert: str = ""

    @property
    def aim(self) -> str:
        """What it wants, in words that follow "to": "eat the cheese"."""
        return self.wish or f"score on '{self.name}'"


@dataclass(frozen=True)
class Sign:
    """What people are shown of what the board does not tell: pictures on its cells.

    `where(s, p, me, y, x)` is 0 for the cells without one, else 1 for the first pose of `sprite`
    (the name of a picture, or art), 2 for the second, and so on. `below`: under all that stands
    there. Films and the window show it; no agent ever sees it.
    """

    where: Callable
    sprite: str
    below: bool = False


@dataclass(frozen=True)
class Tally:
    """A number that films show beside the board, with a picture: how often the learners raised the
    event `counts`, or what the rule `counts(s, p)` says of the state.
    """

    sprite: str
    counts: str | Callable


@dataclass(frozen=True)
class Split:
    """A distribution over levels: a weight for each row of the world's parameter table.

    With `starts` the levels are these start states alone.
    """

    name: str
    weights: tuple[float, ...]
    starts: np.recarray | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> tuple[tuple[float, ...], str]:
        """What tells splits apart, whatever they are called: the shares of the rows, and the file
        of the levels.
        """
        return self.weights, self.name if self.starts is not None else ""


@dataclass(eq=False)
class Declaration:
    """The parts of a world, as they are written in its file. Fields below `step` are optional."""

    story: str | None
    size: tuple[int, int]
    horizon: int
    tiles: tuple[Tile, ...]
    things: tuple[Thing, ...]
    actions: tuple[str, ...]
    events: tuple[str, ...]
    params: type
    train: Any
    deploy: Any
    intended: Goal
    generate: Callable
    step: Callable
    proxies: tuple[Goal, ...] = ()
    paid: Goal = None  # type: ignore[assignment]  # the intended goal unless the reward is meant to be wrong
    ends_on: tuple[str, ...] = ()
    # what a film says when an event begins
    captions: Mapping[str, str] = field(default_factory=dict)
    signs: tuple[Sign, ...] = ()  # what films show on the board of what it hides
    tallies: tuple[Tally, ...] = ()  # and what they count beside it
    tick: Callable | None = None
    bot: Callable | None = None
    # own state: name -> shape; see `shapes`
    fields: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    scratch: tuple[str, ...] = ()  # own fields that rules work in: no part of what a level is
    # least and most of parameters and fields
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    # for parameters that are no quantities; see `words`
    labels: Mapping[str, Labels] = field(default_factory=dict)
    # what a row of the parameters makes of the world, part by part: where that is a whole task.
    # "in words" is all of it, in a sentence
    tells: Callable[[Any], Mapping[str, str]] | None = None
    resizes: bool = False  # may `generate` set s.h and s.w to less than `size`?
    # the smallest board that `generate` can fill, for `--world.size`; None: it knows its own alone
    smallest: tuple[int, int] | None = None
    view: tuple[int, int] = None  # type: ignore[assignment]  # cells seen around the agent; None: the whole board
    splits: dict[str, Any] = field(default_factory=dict)  # further named parameter rows
    # how experts plan: "walk" floods the board, "search" tries actions on copies
    planner: str = "walk"
    # on at least this share of the levels of every split the intended goal can be met
    solvable: float = 0.95
    effort: int = 20_000  # records a searching expert may look at for one plan
    training: dict[str, Any] = field(default_factory=dict)  # defaults of the learner for this world
    most_learners: int = 1  # up to so many agents may learn: `with_params(learners=2)`
    version: int = 0  # raised when levels, steps or scores change
    # raised when only what rules note for themselves changes; older replays live again all the same
    record: int = 0
    name: str = ""
    source: str = ""  # where the mechanic comes from
    reported: str = ""  # what the source reports, with its figures, in one sentence

    @cached_property
    def goals(self) -> tuple[Goal, ...]:
        """Every goal once: intended, proxies, and what is paid for."""
        return tuple(dict.fromkeys((self.intended, *self.proxies, self.paid or self.intended)))

    @property
    def judged(self) -> str:
        """The split that the world is judged on first: where the reward itself is wrong, the
        split trained on.
        """
        paid = self.paid or self.intended
        wrong = paid is not self.intended and "train" not in paid.agrees
        return "train" if wrong else "deploy"
