"""A world is a value: its rules, what its events are called, the goals over those events, and the
shift.

One world is one file that ends in `WORLD = World(...)`. Rules raise events and never a reward; a
goal prices events. `train` and `deploy` are weighted rows of one parameter record, and `mix(alpha)`
lies between them. A world is checked when it is built, in plain words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np

from . import moved, state, symbols, travel
from .errors import UserError
from .jit import plain

MAX_CELLS = 255 * 255
Labels = Sequence[str] | Callable[[int], str]  # words for 0, 1, 2, ..., or what to say of any value
FILE_MODULE = "goalshift_world_"  # world files become modules under their name with this before it


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

    `seek(s, p, me, y, x)` is true for the cells where the goal may be met, `avoid(s, p, me, y, x)`
    for cells to keep off on the way: planners use them. Where going there is not what it takes,
    `plan(s, p, me)` is the expert itself: it returns an action, and draws nothing. With `once` each
    event counts the first time only. `wish` says it in words.

    What a proxy claims, and the premise test checks: on the splits in `agrees` its expert earns at
    least `share` of what the intended goal's expert earns of the intended goal; on those in `parts`
    clearly less, though either expert still gets what it wants.
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
class World:
    """Everything about one world. Fields below `step` are optional; see `worlds/corner.py` for a
    whole one.

    Raises UserError, in one line, if the parts do not fit together.
    """

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
    tick: Callable | None = None
    bot: Callable | None = None
    # own state: name -> shape; see `shapes`
    fields: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    # least and most of parameters and fields
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    # for parameters that are no quantities; see `words`
    labels: Mapping[str, Labels] = field(default_factory=dict)
    resizes: bool = False  # may `generate` set s.h and s.w to less than `size`?
    view: tuple[int, int] = None  # type: ignore[assignment]  # cells seen around the agent; None: the whole board
    splits: dict[str, Any] = field(default_factory=dict)  # further named parameter rows
    # how experts plan: "walk" floods the board, "search" tries actions on copies
    planner: str = "walk"
    # on at least this share of the levels of every split the intended goal can be met
    solvable: float = 0.95
    effort: int = 20_000  # records a searching expert may look at for one plan
    training: dict[str, Any] = field(default_factory=dict)  # defaults of the learner for this world
    most_learners: int = 1  # up to so many agents may learn: `with_params(learners=2)`
    version: int = 0
    name: str = ""
    source: str = ""  # where the mechanic comes from
    reported: str = ""  # what the source reports, with its figures, in one sentence

    def __post_init__(self) -> None:
        self.name = self.name or plain(self.generate).__module__.rpartition(".")[2].removeprefix(
            FILE_MODULE
        )
        self.title = (self.story or self.name).strip().splitlines()[0].rstrip(".")
        self.paid = self.paid or self.intended
        self.goals = tuple(dict.fromkeys((self.intended, *self.proxies, self.paid)))
        self._check()
        self.learners = sum(t.count for t in self.things if t.agent)
        self.agents = self.learners + sum(t.count for t in self.things if t.bot)
        self.entities = sum(t.count for t in self.things)
        sizes = {"learners": self.learners, "agents": self.agents, "entities": self.entities}
        self.shapes = {  # of the world's own fields, with "agents" and the like as numbers
            name: tuple(sizes[side] if isinstance(side, str) else side for side in shape)
            for name, shape in self.fields.items()
        }
        self.kinds = np.repeat(np.arange(len(self.things)), [t.count for t in self.things])
        self.centred = self.view is not None
        self.view = self.view or self.size
        self.solid = np.array([t.solid for t in self.tiles], np.uint8)
        seen = self._symbols()
        self.symbols, self.channels, self.looks = seen.known, seen.channels, seen.looks
        self.first_symbol, self.first_self = seen.first_symbol, seen.first_self
        self.poses, self.told_poses, self.one_hot = seen.poses, seen.told_poses, seen.one_hot
        counts = (self.agents, len(self.events))
        self.dtype = state.record_dtype(self.size, self.entities, counts, self.shapes)
        self._tabulate()
        self.goal_weights = np.array(
            [[g.weights.get(e, 0.0) for e in self.events] for g in self.goals]
        )
        self.goal_once = np.array([g.once for g in self.goals])

    # -- copying: see `travel` ---------------------------------------------------------------------

    def __copy__(self) -> World:
        """The same world with tables of its own; the rules are shared."""
        twin = object.__new__(type(self))
        for name, value in vars(self).items():
            setattr(twin, name, copy(value) if isinstance(value, dict | np.ndarray) else value)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> World:
        return copy(self)

    def __reduce__(self) -> tuple[Callable, tuple]:
        return travel.pack(self)

    # -- building ----------------------------------------------------------------------------------

    def _check(self) -> None:
        def need(true: bool, message: str) -> None:
            if not true:
                raise UserError(f"world '{self.name}': {message}")

        need(
            re.fullmatch(r"[A-Za-z]\w*", self.name) is not None,
            "its name must be a Python identifier",
        )
        height, width = self.size
        sound = height >= 1 and width >= 1 and height * width <= MAX_CELLS
        need(sound, f"size {self.size} is not between 1x1 and 255x255")
        need(self.horizon >= 1, f"horizon {self.horizon} is not positive")
        for what, names in (
            ("tile", [t.name for t in self.tiles]),
            ("thing", [t.name for t in self.things]),
            ("event", self.events),
            ("action", self.actions),
            ("goal", [g.name for g in self.goals]),
            ("character", [t.char for t in (*self.tiles, *self.things)]),
        ):
            twice = {n for n in names if list(names).count(n) > 1}
            need(not twice, f"{what} '{next(iter(twice), '')}' is declared twice")
        need(
            all(len(t.char) == 1 for t in (*self.tiles, *self.things)),
            "every tile and thing needs one character",
        )
        need(bool(self.actions) and self.actions[0] == "stay", "the first action must be 'stay'")
        order = [0 if t.agent else 1 if t.bot else 2 for t in self.things]
        need(order == sorted(order), "things must be in the order agents, bots, others")
        need(0 in order, "no thing is an agent: set agent=True on one")
        need(
            all(t.count >= 1 and t.poses >= 1 for t in self.things),
            "a thing needs count >= 1 and poses >= 1",
        )
        need((self.bot is None) == (1 not in order), "bot things and a bot rule go together")
        need(
            self.planner in ("walk", "search"),
            f"planner '{self.planner}' is neither 'walk' nor 'search'",
        )
        for goal in self.goals:
            for event in goal.weights:
                hint = near(event, self.events)
                need(
                    event in self.events,
                    f"goal '{goal.name}' prices '{event}', an event that is not declared{hint}",
                )
        for event in self.captions:
            hint = near(event, self.events)
            need(
                event in self.events,
                f"a caption is for '{event}', an event that is not declared{hint}",
            )
        for event in self.ends_on:
            hint = near(event, self.events)
            need(
                event in self.events, f"it ends on the event '{event}', which is not declared{hint}"
            )
        taken = set(state.BOOKKEEPING) | {
            "h",
            "w",
            "y",
            "x",
            "face",
            "alive",
            "events",
            "totals",
            "tiles",
            "padding",
        }
        for name, shape in self.fields.items():
            need(
                name.isidentifier() and name not in taken,
                f"field '{name}' is not a free identifier",
            )
            for side in shape:
                counts = ("learners", "agents", "entities")
                known = side in counts if isinstance(side, str) else side >= 1
                need(
                    known,
                    f"field '{name}' has the side '{side}'; a side is 1 or more, or one of {', '.join(counts)}",
                )
        learning = [t for t in self.things if t.agent]
        most = self.most_learners
        need(most == 1 or len(learning) == 1, "most_learners needs exactly one kind of agent")
        need(
            sum(t.count for t in learning) <= max(most, 1) or most == 1,
            "it has more learners than most_learners",
        )
        for what, row in (("train", self.train), ("deploy", self.deploy), *self.splits.items()):
            need(isinstance(row, self.params), f"split '{what}' is not a {self.params.__name__}")
        named = ("train", "deploy", *self.splits)
        for goal in self.proxies:
            for split in (*goal.agrees, *goal.parts):
                hint = near(split, named)
                need(
                    split in named,
                    f"goal '{goal.name}' speaks of the split '{split}', which it has not{hint}",
                )
        for name in self.params._fields:  # in plain Python `p.shape` would be NumPy's
            taken = name in ("solid", "weight", "learners") or hasattr(np.void, name)
            need(not taken, f"a parameter must not be called '{name}'")
        for name, words in self.labels.items():
            whole = name in self.params._fields and not isinstance(
                getattr(self.params(), name), float
            )
            need(whole, f"labels are given for '{name}', which is no parameter in whole numbers")
            most = self.limits.get(name, (0, 0))[1]
            need(
                callable(words) or most < len(words),
                f"'{name}' may be {most:g}, for which there is no label",
            )
        limited = (*self.fields, *self.params._fields)
        for name in self.limits:
            need(
                name in limited,
                f"limits are given for '{name}', which is no field or parameter{near(name, limited)}",
            )
        for what, row in (("train", self.train), ("deploy", self.deploy), *self.splits.items()):
            for name in set(self.limits) & set(row._fields):
                (low, high), value = self.limits[name], getattr(row, name)
                need(
                    low <= value <= high,
                    f"{name} = {value} of split '{what}' is not between {low:g} and {high:g}",
                )

    def _symbols(self) -> symbols.Symbols:
        try:
            return symbols.symbols_of(self.tiles, self.things, self.kinds, self.train)
        except UserError as fault:
            raise UserError(f"world '{self.name}': {fault}") from None

    def _tabulate(self) -> None:
        """One row per distinct parameter setting; rules get the row of their level as `p`."""
        names = {"train": self.train, "deploy": self.deploy, **self.splits}
        rows = list(dict.fromkeys(names.values()))
        defaults = self.params()
        kinds = {
            f: np.float64 if isinstance(v, float) else np.int64
            for f, v in defaults._asdict().items()
        }
        if "horizon" not in kinds:
            kinds["horizon"] = np.int64
        table = np.zeros(len(rows), [*kinds.items(), ("solid", np.uint8, (len(self.tiles),))])
        for record, row in zip(table, rows, strict=True):
            for name in kinds:
                record[name] = getattr(row, name, self.horizon)
            record["solid"] = self.solid
        self.table: np.recarray = table.view(np.recarray)
        self.rows = tuple(rows)
        self._splits = {
            name: Split(name, tuple(float(row == other) for other in rows))
            for name, row in names.items()
        }

    # -- using -------------------------------------------------------------------------------------

    def split(self, text: str) -> Split:
        """The split called `text`, or `alpha=A` for the mixture of train and deploy with a share A
        of deploy.

        Files of levels become splits elsewhere: see `levels.splits.split_of`.
        """
        if text in self._splits:
            return self._splits[text]
        match = re.fullmatch(r"alpha=([0-9.eE+-]+)", text)
        if match:
            try:
                return self.mix(float(match[1]))
            except ValueError as fault:
                raise UserError(f"split '{text}': alpha must be a number from 0 to 1") from fault
        names = [*self._splits, "alpha=0.1"]
        raise UserError(
            f"world '{self.name}' has no split '{text}'{near(text, names)} (it has {', '.join(names)})"
        )

    def mix(self, alpha: float) -> Split:
        """Levels of `deploy` with probability `alpha`, else of `train`; exactly none at 0 and all
        at 1.
        """
        if not 0.0 <= alpha <= 1.0:
            raise UserError(f"alpha must be a number from 0 to 1, not {alpha}")
        train, deploy = (np.array(self._splits[name].weights) for name in ("train", "deploy"))
        return Split(f"alpha={alpha:g}", tuple((1.0 - alpha) * train + alpha * deploy))

    @property
    def split_names(self) -> tuple[str, ...]:
        """The named splits, train and deploy first."""
        return tuple(self._splits)

    def but(self, **changes: Any) -> World:
        """The same world with other fields: `world.but(size=(25, 25))`."""
        return replace(self, **{"view": self.view if self.centred else None, **changes})

    def with_params(self, /, **changes: Any) -> World:
        """The same world with these parameters changed.

        `region` changes it in every split, `train.region` (in a dictionary) in that split alone;
        `learners` is how many agents learn. Raises UserError for names and values that the world
        does not have.
        """
        if "learners" in changes:
            return self._with_learners(changes.pop("learners")).with_params(**changes)
        if not changes:
            return self
        rows = {"train": self.train, "deploy": self.deploy, **self.splits}
        for name, value in changes.items():
            split, dot, parameter = name.rpartition(".")
            if dot and split not in rows:
                raise UserError(
                    f"world '{self.name}' has no split '{split}'{near(split, rows)}, as in '{name}'"
                )
            for row in [split] if dot else rows:
                rows[row] = self._changed(rows[row], {parameter: value})
        return self.but(train=rows.pop("train"), deploy=rows.pop("deploy"), splits=rows)

    def _with_learners(self, number: Any) -> World:
        """The same world with so many learning agents."""
        try:
            count = int(float(number))
            whole = count == float(number)
        except (TypeError, ValueError, OverflowError):
            count, whole = 0, False
        if not whole or not 1 <= count <= max(self.most_learners, self.learners):
            most = max(self.most_learners, self.learners)
            raise UserError(f"world '{self.name}' takes 1 to {most} learners, not '{number}'")
        if count == self.learners:
            return self
        return self.but(
            things=tuple(replace(t, count=count) if t.agent else t for t in self.things)
        )

    def _changed(self, row: Any, changes: dict[str, Any]) -> Any:
        for name, value in changes.items():
            if name not in row._fields:
                raise UserError(
                    f"world '{self.name}' has no parameter '{name}'{near(name, row._fields)}"
                    f" (it has {', '.join(row._fields)})"
                )
            default = getattr(self.params(), name)
            number = self._number(name, value)
            if not np.isfinite(number) or (
                not isinstance(default, float) and number != int(number)
            ):
                kind = "a number" if isinstance(default, float) else "a whole number"
                words = self.words(name)
                kind += "" if callable(words) or not words else f" or one of {', '.join(words)}"
                raise UserError(
                    f"parameter '{name}' of world '{self.name}' must be {kind}, not '{value}'"
                )
            low, high = self.limits.get(name, (-1e9, 1e9))
            if not low <= number <= high:
                raise UserError(
                    f"parameter '{name}' of world '{self.name}' must be {low:g} to {high:g}, not {number:g}"
                )
            row = row._replace(**{name: number if isinstance(default, float) else int(number)})
        return row

    def words(self, name: str) -> Labels:
        """The labels of a parameter's values; whole numbers that are 0 or 1 are no and yes. Empty:
        a quantity.
        """
        name = name.rpartition(".")[2]
        flag = self.limits.get(name) == (0, 1) and isinstance(getattr(self.train, name, None), int)
        return self.labels.get(name, ("no", "yes") if flag else ())

    def _number(self, name: str, value: Any) -> float:
        """A value of a parameter, be it one of its labels; NaN if it is neither that nor a
        number.
        """
        words = self.words(name)
        if not callable(words) and value in words:
            return float(list(words).index(value))
        try:
            return float(value)
        except (TypeError, ValueError):
            return float("nan")

    def numbers(self, changes: Mapping[str, Any]) -> dict[str, float]:
        """What `with_params` takes, with numbers in place of labels. Raises UserError as it
        does.
        """
        self.with_params(**changes)
        return {name: self._number(name, value) for name, value in changes.items()}

    def say(self, name: str, value: float) -> str:
        """A parameter's value for people: its label if it has one."""
        words = self.words(name)
        if callable(words):
            return f"{value:g} ({words(int(value))})"
        return words[int(value)] if 0 <= value < len(words) else f"{value:g}"

    def scores(self, totals: np.ndarray) -> np.ndarray:
        """Every goal's score for event totals [..., E]: float64[..., G], intended first."""
        totals = np.asarray(totals)
        every = totals @ self.goal_weights.T
        first = np.minimum(totals, 1) @ self.goal_weights.T
        return np.where(self.goal_once, first, every).astype(np.float64)

    def goal(self, name: str) -> Goal:
        """The goal called `name`, or the intended or paid one under those words."""
        if name in ("intended", "paid"):
            return getattr(self, name)
        for goal in self.goals:
            if goal.name == name:
                return goal
        names = [g.name for g in self.goals]
        raise UserError(
            f"world '{self.name}' has no goal '{name}'{near(name, names)} (it has {', '.join(names)})"
        )


def near(word: str, words: Any) -> str:
    """ "; did you mean '...'?" if one of `words` is close to `word`, else nothing."""
    close = difflib.get_close_matches(str(word), [str(w) for w in words], 1, 0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def __getattr__(name: str) -> Any:
    """Until 0.3: what was here in 0.1 and is in `catalogue` now."""
    if name not in ("load", "names", "recall"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    catalogue = import_module(".catalogue", __package__)
    moved.warn(f"{__name__}.{name}", f"{catalogue.__name__}.{name}")
    return getattr(catalogue, name)
