"""A world is a value: its rules, what its events are called, the goals over those events, and the
shift.

One world is one file that ends in `WORLD = World(...)`. Rules raise events and never a reward; a
goal prices events. `train` and `deploy` are weighted rows of one parameter record, and `mix(alpha)`
lies between them. A world is checked when it is built, in plain words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import boards, counts, moved, state, symbols, travel, world_check
from .declaration import Declaration, Goal, Labels, Split
from .declaration import Sign as Sign
from .declaration import Tally as Tally
from .declaration import Thing as Thing
from .declaration import Tile as Tile
from .errors import Reader, UserError, or_rather
from .jit import plain
from .shown import Shown

FILE_MODULE = "goalshift_world_"  # world files become modules under their name with this before it


@dataclass(eq=False, repr=False)
class World(Declaration, Shown):
    """Everything about one world: what its file declares, checked, and what follows from it. See
    `Declaration` for the fields, and `worlds/corner.py` for a whole one.

    Raises UserError, in one line, if the parts do not fit together.
    """

    def __repr__(self) -> str:
        return f"World({self.name}: {self.title})"

    def __post_init__(self) -> None:
        self.name = self.name or plain(self.generate).__module__.rpartition(".")[2].removeprefix(
            FILE_MODULE
        )
        self.title = (self.story or self.name).strip().splitlines()[0].rstrip(".")
        self.paid = self.paid or self.intended
        world_check.check(self)
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
        kinds = [self.things[k].name for k in self.kinds]
        self.naming = state.naming(self.name, kinds, self.dtype, self.shapes, self.scratch)
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

    def _symbols(self) -> symbols.Symbols:
        with Reader(f"world '{self.name}'").at():
            return symbols.symbols_of(self.tiles, self.things, self.kinds, self.train)

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
        name, _, share = text.partition("=")
        if name == "alpha" and share:
            try:
                return self.mix(counts.number(share))
            except ValueError as fault:
                raise UserError(f"split '{text}': alpha must be a number from 0 to 1") from fault
        names = [*self._splits, "alpha=0.1"]
        raise UserError(
            f"world '{self.name}' has no split '{text}'{or_rather(text, names)} (it has {', '.join(names)})"
        )

    def mix(self, alpha: float) -> Split:
        """Levels of `deploy` with probability `alpha`, else of `train`; exactly none at 0 and all
        at 1.
        """
        if not 0.0 <= alpha <= 1.0:
            raise UserError(f"alpha must be a number from 0 to 1, not {alpha}")
        alpha += 0.0  # no -0
        train, deploy = (np.array(self._splits[name].weights) for name in ("train", "deploy"))
        return Split(f"alpha={alpha:g}", tuple((1.0 - alpha) * train + alpha * deploy))

    @property
    def all_seen(self) -> bool:
        """Whether an agent sees the whole board, wherever it stands on it."""
        sides = zip(self.view, self.size, strict=True)  # type: ignore[arg-type]  # set by now
        return not self.centred or all(seen >= 2 * side - 1 for seen, side in sides)

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
        `learners` is how many agents learn, `size` the board ("25x25", height x width). Raises
        UserError for names and values that the world does not have.
        """
        if "size" in changes:
            return self._with_size(changes.pop("size")).with_params(**changes)
        if "learners" in changes:
            return self._with_learners(changes.pop("learners")).with_params(**changes)
        if not changes:
            return self
        rows = {"train": self.train, "deploy": self.deploy, **self.splits}
        for name, value in changes.items():
            split, dot, parameter = name.rpartition(".")
            if dot and split not in rows:
                raise UserError(
                    f"world '{self.name}' has no split '{split}'{or_rather(split, rows)}, as in '{name}'"
                )
            for row in [split] if dot else rows:
                rows[row] = self._changed(rows[row], {parameter: value})
        return self.but(train=rows.pop("train"), deploy=rows.pop("deploy"), splits=rows)

    def _with_size(self, value: Any) -> World:
        """The same world with a board of another size, and time for its longer ways."""
        size = boards.wanted(self, value)
        if size == self.size:
            return self
        return self.but(size=size, horizon=boards.longer(self, size))

    def _with_learners(self, number: Any) -> World:
        """The same world with so many learning agents."""
        try:
            told = counts.number(number) if isinstance(number, str) else float(number)
            count = int(told)
            whole = count == told
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
                near = or_rather(name, (*row._fields, "learners", "size"))
                raise UserError(
                    f"world '{self.name}' has no parameter '{name}'{near}"
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
                    f"parameter '{name}' of world '{self.name}' must be"
                    f" {counts.digits(low)} to {counts.digits(high)}, not {counts.digits(number)}"
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
        if name == "size":
            size = boards.size_of(value)
            return boards.as_number(size) if size else float("nan")
        try:
            return counts.number(value) if isinstance(value, str) else float(value)
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
        if name == "size":
            return boards.say(boards.size_of(value) or self.size)
        if callable(words):
            return f"{counts.digits(value)} ({words(int(value))})"
        return words[int(value)] if 0 <= value < len(words) else counts.digits(value)

    def scores(self, totals: np.ndarray) -> np.ndarray:
        """Every goal's score for event totals [..., E]: float64[..., G], intended first."""
        totals = np.asarray(totals)
        every = totals @ self.goal_weights.T
        first = np.minimum(totals, 1) @ self.goal_weights.T
        return np.where(self.goal_once, first, every).astype(np.float64)

    def fingerprints(self, states: np.ndarray) -> np.ndarray:
        """uint64[n]: the name of each start state, whatever seed or hand made it; see
        `state.fingerprint`.
        """
        return state.fingerprint(states, self.naming)

    def goal(self, name: str) -> Goal:
        """The goal called `name`, or the intended or paid one under those words."""
        if name in ("intended", "paid"):
            return getattr(self, name)
        for goal in self.goals:
            if goal.name == name:
                return goal
        names = [g.name for g in self.goals]
        raise UserError(
            f"world '{self.name}' has no goal '{name}'{or_rather(name, names)} (it has {', '.join(names)})"
        )


__getattr__ = moved.names(__name__, "engine.catalogue", "load", "names", "recall")
