"""A reward written by hand: `goal.cheese - 0.2*event.corner`.

    cheese, goal.cheese    a goal of the world, as it is scored
    event.corner           an event, one for each time it is raised
    once(...)              each event in it counts the first time of an episode only
    shaped(goal.cheese)    the potential of being near it: gamma * P(next) - P(now), where P is
                           gamma ** steps to the nearest cell that the goal seeks; it changes
                           how fast is learned and not what is best
    0.5*x  x/2  x + y  x - y  -x  (x)  and plain numbers, paid at every step

Spaces in names are written as _. The text is parsed here, and never run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...engine.errors import UserError, or_rather
from ...engine.world import World

LONGEST, DEEPEST, LARGEST = 500, 40, 1e9  # characters, brackets inside brackets, a number
TOKEN = re.compile(
    r"\s*(?:([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)|([A-Za-z_][\w.]*)|([-+*/()]))"
)
FUNCTIONS = ("once", "shaped")


@dataclass(frozen=True)
class Reward:
    """Prices of one step: of events each time, of events the first time, of potentials, and of the
    step itself.
    """

    every: np.ndarray  # float64[E]
    first: np.ndarray  # float64[E]
    shaped: dict[str, float] = field(default_factory=dict)  # by goal
    step: float = 0.0

    def plus(self, other: Reward, sign: float = 1.0) -> Reward:
        """The sum, or the difference."""
        names = self.shaped.keys() | other.shaped.keys()
        shaped = {n: self.shaped.get(n, 0) + sign * other.shaped.get(n, 0) for n in sorted(names)}
        every, first = self.every + sign * other.every, self.first + sign * other.first
        return Reward(every, first, shaped, self.step + sign * other.step)

    def times(self, number: float) -> Reward:
        """So many times as much."""
        shaped = {name: number * price for name, price in self.shaped.items()}
        return Reward(number * self.every, number * self.first, shaped, number * self.step)

    @property
    def number(self) -> float | None:
        """What it is if it is but a number."""
        plain = not (self.every.any() or self.first.any() or self.shaped)
        return self.step if plain else None

    def of(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """What events were worth between two totals int64[..., E]: float64[...]."""
        first = np.minimum(after, 1) - np.minimum(before, 1)
        return (after - before) @ self.every + first @ self.first + self.step


def parse(text: str, world: World, flag: str = "--reward") -> Reward:
    """The reward that a text means in a world. UserError, in one line, says what is wrong.

    `flag`: what it was given as; a goal that nobody declared is written in the same way.
    """
    if len(text) > LONGEST:
        raise UserError(f"{flag}: at most {LONGEST} characters, not {len(text)}")
    try:
        parser = _Parser(text, world)
        found = parser.sum()
        parser.expect("")
    except UserError as fault:
        raise UserError(f"{flag} '{text}': {fault}") from None
    if found.number is not None:
        raise UserError(f"{flag} '{text}': it names no goal and no event")
    prices = (*found.every, *found.first, *found.shaped.values(), found.step)
    if max(map(abs, prices)) > LARGEST:
        raise UserError(f"{flag} '{text}': a price is larger than {LARGEST:g}")
    return found


class _Parser:
    """By recursive descent: sum, product, sign, term."""

    def __init__(self, text: str, world: World) -> None:
        self.world, self.tokens, at = world, [], 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise UserError(f"'{text[at:].strip()[:1]}' has no meaning here")
            self.tokens.append(match[match.lastindex or 0])
            at = match.end()
        self.at = self.deep = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token, self.at = self.next, self.at + 1
        return token

    def expect(self, token: str) -> None:
        found = self.take()
        if found != token:
            wanted = f"'{token}' is missing" if token else f"'{found}' was not expected"
            raise UserError(wanted + (f" before '{found}'" if token and found else ""))

    def sum(self) -> Reward:
        found = self.product()
        while self.next in ("+", "-"):
            sign = 1.0 if self.take() == "+" else -1.0
            found = found.plus(self.product(), sign)
        return found

    def product(self) -> Reward:
        found = self.signed()
        while self.next in ("*", "/"):
            by, other = self.take(), self.signed()
            if by == "/":
                if not other.number:
                    raise UserError("only a number, and not 0, can be divided by")
                found = found.times(1 / other.number)
            elif other.number is not None:
                found = found.times(other.number)
            elif found.number is not None:
                found = other.times(found.number)
            else:
                raise UserError("a goal or event can be multiplied by numbers alone")
        return found

    def signed(self) -> Reward:
        sign = 1.0
        while self.next in ("+", "-"):
            sign *= 1.0 if self.take() == "+" else -1.0
        return self.term().times(sign) if sign < 0 else self.term()

    def term(self) -> Reward:
        token = self.take()
        nothing = np.zeros(len(self.world.events))
        if token == "(":
            return self.bracket()
        if token and token[0] in "0123456789.":
            if float(token) > LARGEST:
                raise UserError(f"{token} is too large a price")
            return Reward(nothing, nothing, {}, float(token))
        if self.next == "(":
            return self.call(token)
        if not token or token in "+-*/)":
            raise UserError(
                "a goal, an event or a number is missing" + f" before '{token}'" * bool(token)
            )
        return self.named(token)

    def bracket(self) -> Reward:
        self.deep += 1
        if self.deep > DEEPEST:
            raise UserError("too many brackets inside brackets")
        found = self.sum()
        self.expect(")")
        self.deep -= 1
        return found

    def call(self, name: str) -> Reward:
        if name not in FUNCTIONS:
            near = or_rather(name, FUNCTIONS) or f" (there are {', '.join(FUNCTIONS)})"
            raise UserError(f"no function '{name}'{near}")
        self.take()
        if name == "shaped":
            goal = self.world.goals[self.goal(self.take())]
            self.expect(")")
            if goal.seek is None:
                raise UserError(f"the goal '{goal.name}' names no cells to be near to")
            nothing = np.zeros(len(self.world.events))
            return Reward(nothing, nothing, {goal.name: 1.0})
        inner = self.bracket()
        if inner.shaped or inner.step:
            raise UserError("once(...) takes goals and events alone")
        return Reward(0 * inner.every, inner.every + inner.first)

    def named(self, token: str) -> Reward:
        kind, dot, name = token.partition(".")
        nothing = np.zeros(len(self.world.events))
        if dot and kind == "event":
            events = [event.replace(" ", "_") for event in self.world.events]
            if name not in events:
                raise UserError(
                    f"world '{self.world.name}' has no event '{name}'{_near(name, events)}"
                )
            return Reward((np.arange(len(events)) == events.index(name)).astype(float), nothing)
        number = self.goal(token)
        weights = self.world.goal_weights[number]
        once = self.world.goals[number].once
        return Reward(nothing, weights) if once else Reward(weights, nothing)

    def goal(self, token: str) -> int:
        kind, dot, name = token.partition(".")
        if dot and kind != "goal":
            near = or_rather(kind, ("goal", "event"))
            raise UserError(f"'{token}': names begin with goal. or event.{near}")
        name = name if dot else token
        goals = [goal.name.replace(" ", "_") for goal in self.world.goals]
        for role in ("paid", "intended"):
            if name == role and role not in goals:
                return self.world.goals.index(self.world.goal(role))
        if name not in goals:
            events = [] if dot else [f"event.{e.replace(' ', '_')}" for e in self.world.events]
            if f"event.{name}" in events:
                hint = f"; did you mean 'event.{name}'?"
            else:
                hint = _near(name, [*goals, *events])
            raise UserError(f"world '{self.world.name}' has no goal '{name}'{hint}")
        return goals.index(name)


def _near(name: str, known: Sequence[str]) -> str:
    return or_rather(name, known) or f" (it has {', '.join(known)})"
