"""Do the parts of a world fit together? Each function checks one thing, and says in one line what is
wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from . import state
from .declaration import Declaration
from .errors import Reader, or_rather

SIDE = 255  # the longest side of a board or view: places within a row are bytes
COUNTS = ("learners", "agents", "entities")  # sides of fields that are numbers of things
# fields of every record, besides the bookkeeping
TAKEN = {"h", "w", "y", "x", "face", "alive", "events", "totals", "tiles", "padding"}


def check(world: Declaration) -> None:
    """Raise UserError, in one line, if the parts of `world` do not fit together."""
    for one in (
        frame,
        names_once,
        characters,
        actions,
        things,
        planner,
        events,
        fields,
        learners,
        rows,
        claims,
        parameters,
        labels,
        limits,
    ):
        one(world, Reader(f"world '{world.name}'").need)


Need = Callable[[object, str], None]


def splits(world: Declaration) -> Iterator[tuple[str, Any]]:
    """The named rows of parameters: train, deploy, and the others."""
    yield from (("train", world.train), ("deploy", world.deploy), *world.splits.items())


def frame(world: Declaration, need: Need) -> None:
    """Name, size and horizon."""
    need(re.fullmatch(r"[A-Za-z]\w*", world.name), "its name must be a Python identifier")
    height, width = world.size
    for what, sides in (("size", world.size), ("view", world.view or world.size)):
        sound = all(1 <= side <= SIDE for side in sides)
        need(sound, f"{what} {sides} is not between 1x1 and {SIDE}x{SIDE}")
    need(world.horizon >= 1, f"horizon {world.horizon} is not positive")
    low, narrow = world.smallest or (1, 1)
    fits = 1 <= low <= height and 1 <= narrow <= width
    need(fits, f"size {world.size} is below its smallest, {world.smallest}")


def names_once(world: Declaration, need: Need) -> None:
    """No two of a kind are called the same."""
    listed: dict[str, Iterable[str]] = {
        "tile": [t.name for t in world.tiles],
        "thing": [t.name for t in world.things],
        "event": world.events,
        "action": world.actions,
        "goal": [g.name for g in world.goals],
        "character": [t.char for t in (*world.tiles, *world.things)],
    }
    for what, names in listed.items():
        twice = {n for n in names if list(names).count(n) > 1}
        need(not twice, f"{what} '{next(iter(twice), '')}' is declared twice")


def characters(world: Declaration, need: Need) -> None:
    """Each cell of a map is one character."""
    short = all(len(t.char) == 1 for t in (*world.tiles, *world.things))
    need(short, "every tile and thing needs one character")


def actions(world: Declaration, need: Need) -> None:
    """Who has nothing to do stays."""
    need(world.actions and world.actions[0] == "stay", "the first action must be 'stay'")


def things(world: Declaration, need: Need) -> None:
    """Agents, bots and others, in this order."""
    order = [0 if t.agent else 1 if t.bot else 2 for t in world.things]
    need(order == sorted(order), "things must be in the order agents, bots, others")
    need(0 in order, "no thing is an agent: set agent=True on one")
    sound = all(t.count >= 1 and t.poses >= 1 for t in world.things)
    need(sound, "a thing needs count >= 1 and poses >= 1")
    need((world.bot is None) == (1 not in order), "bot things and a bot rule go together")


def planner(world: Declaration, need: Need) -> None:
    """There are two ways to plan."""
    known = world.planner in ("walk", "search")
    need(known, f"planner '{world.planner}' is neither 'walk' nor 'search'")


def events(world: Declaration, need: Need) -> None:
    """Goals, captions and ends speak of events that are declared."""

    def declared(event: str, message: str) -> None:
        need(event in world.events, message + or_rather(event, world.events))

    for goal in world.goals:
        for event in goal.weights:
            message = f"goal '{goal.name}' prices '{event}', an event that is not declared"
            declared(event, message)
    for event in world.captions:
        declared(event, f"a caption is for '{event}', an event that is not declared")
    for tally in world.tallies:
        event = "" if callable(tally.counts) else tally.counts
        if event:
            declared(event, f"a tally is of '{event}', an event that is not declared")
    for event in world.ends_on:
        declared(event, f"it ends on the event '{event}', which is not declared")


def fields(world: Declaration, need: Need) -> None:
    """The world's own fields have names and sides that are free."""
    for name, shape in world.fields.items():
        free = name.isidentifier() and name not in {*state.BOOKKEEPING, *TAKEN}
        need(free, f"field '{name}' is not a free identifier")
        for side in shape:
            known = side in COUNTS if isinstance(side, str) else side >= 1
            listed = ", ".join(COUNTS)
            message = (
                f"field '{name}' has the side '{side}'; a side is 1 or more, or one of {listed}"
            )
            need(known, message)

    for name in world.scratch:
        message = f"scratch names '{name}', which is no field"
        need(name in world.fields, message + or_rather(name, world.fields))


def learners(world: Declaration, need: Need) -> None:
    """How many agents may learn."""
    learning = [t for t in world.things if t.agent]
    most = world.most_learners
    need(most == 1 or len(learning) == 1, "most_learners needs exactly one kind of agent")
    few = sum(t.count for t in learning) <= max(most, 1) or most == 1
    need(few, "it has more learners than most_learners")


def rows(world: Declaration, need: Need) -> None:
    """Every split is a row of the world's parameters."""
    for what, row in splits(world):
        need(isinstance(row, world.params), f"split '{what}' is not a {world.params.__name__}")


def claims(world: Declaration, need: Need) -> None:
    """Proxies agree and part on splits that exist."""
    named = [what for what, _ in splits(world)]
    for goal in world.proxies:
        for split in (*goal.agrees, *goal.parts):
            message = f"goal '{goal.name}' names the split '{split}', which the world does not have"
            need(split in named, message + or_rather(split, named))
    for goal in world.goals:
        known = ("", "exact", "bound", "heuristic")
        message = f"goal '{goal.name}' calls its expert '{goal.expert}', which is none of"
        need(goal.expert in known, f"{message} {', '.join(known[1:])}")


def parameters(world: Declaration, need: Need) -> None:
    """In plain Python `p.shape` would be NumPy's, so no parameter may be called that."""
    for name in world.params._fields:
        taken = name in ("solid", "weight", "learners", "size") or hasattr(np.void, name)
        need(not taken, f"a parameter must not be called '{name}'")


def labels(world: Declaration, need: Need) -> None:
    """Labels are for whole numbers, and for all of them."""
    for name, words in world.labels.items():
        whole = name in world.params._fields and not isinstance(
            getattr(world.params(), name), float
        )
        need(whole, f"labels are given for '{name}', which is no parameter in whole numbers")
        most = world.limits.get(name, (0, 0))[1]
        enough = callable(words) or most < len(words)
        need(enough, f"'{name}' may be {most:g}, for which there is no label")


def limits(world: Declaration, need: Need) -> None:
    """Limits are of fields and parameters, and every split keeps to them."""
    known = (*world.fields, *world.params._fields)
    for name in world.limits:
        message = f"limits are given for '{name}', which is no field or parameter"
        need(name in known, message + or_rather(name, known))
    for what, row in splits(world):
        for name in set(world.limits) & set(row._fields):
            (low, high), value = world.limits[name], getattr(row, name)
            message = f"{name} = {value} of split '{what}' is not between {low:g} and {high:g}"
            need(low <= value <= high, message)
