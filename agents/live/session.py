"""What happens in the window, without the window: a level, who plays it in each pane, and time that
runs both ways.

A pane lives through one episode (see `history`); an edit is one more copy of the state. All panes
play the same level with the same dice. Policies think in threads of their own: a slow one is waited
for, one that fails stops time with its message, and neither stops the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import check, state
from ...engine.errors import UserError
from ...engine.history import History
from ...engine.levels import level
from ...engine.levels.splits import split_of
from ...engine.replay import Replay
from ...engine.vector import level_of, observed
from ...engine.world import World
from ..designing.likeness import Likeness, solvable
from ..policies.expert import Expert
from ..policies.policy import Policy
from ..policies.simple import RandomPolicy
from .background import Thinker
from .thoughts import mind

if TYPE_CHECKING:
    from ..designing.open_file import Shelf

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
RATE = 6.0  # steps a second at speed 1
PANES = 4
HOTTEST = 4.0  # highest temperature of a policy's softmax
BUDGET = 0.012  # seconds that one tick may wait for answers
HUMAN, RECORDED = "human", "recorded"


@dataclass
class Pane:
    """One of the panes: a history, and who plays each learner of it."""

    history: History
    who: list[str]
    thinker: Thinker = field(default_factory=Thinker)
    mapper: Thinker = field(default_factory=Thinker)
    policies: dict[str, Policy] = field(default_factory=dict)
    mapping: dict[str, Policy] = field(default_factory=dict)
    # name -> the step a policy was last asked about
    asked: dict[str, int] = field(default_factory=dict)
    # learner -> who played before a person took over
    before: dict[int, str] = field(default_factory=dict)
    maps: dict[str, Any] = field(default_factory=dict)
    maps_of: tuple = ()


class Session:
    """A level in up to four panes, and all that can be done with it.

    agents: name -> a function that makes the policy of that name for a world; added to the experts
    of all goals, a random policy and a person. who: who plays in each pane. shelf: the file that
    the level came from, if it came from one. Everything is checked here; the window only shows it.
    """

    def __init__(
        self,
        world: World,
        start: np.recarray | None = None,
        seed: int = 0,
        split: str = "deploy",
        who: Sequence[str] = ("",),
        agents: dict[str, Callable[[World], Policy]] | None = None,
        about: str = "",
        shelf: Shelf | None = None,
    ) -> None:
        self.world, self.seed, self.split = world, int(seed) % 2**64, split
        self.base = world
        self.about, self.shelf = about, shelf
        self.agents = dict(agents or {})
        self.alpha = float({"train": 0.0, "deploy": 1.0}.get(split, 1.0))
        self.set = split_of(
            world, split
        )  # kept, as it may be a file of levels, which is long to read
        self.params = {}
        self.temperature, self.epsilon = 1.0, 0.0  # of learned agents, see `set_dial`
        self.given = start is not None  # the level came from a file or a replay, not from a seed
        self.start = (
            state.copy(start) if start is not None else level_of(world, self.seed, self.set)
        )
        self._tell()
        first = [name or self.names()[0] for name in who] or [self.names()[0]]
        for name in first:
            self._known(name)
        self.panes = [
            Pane(History(world, self.start), [name] * world.learners) for name in first[:PANES]
        ]
        self.focus, self.learner = 0, 0
        self.playing, self.speed = False, SPEEDS.index(1.0)
        self.stopped = False  # by a policy that raised
        self.first_person = False  # does the agent see pictures from where it stands?
        self.message = ""
        self.wanted: np.ndarray | None = None  # what the person wants to do next
        self._due = 0.0
        self._moved = 0.0  # when the last step was made
        self._undo: list[list[tuple]] = []
        self._redo: list[list[tuple]] = []
        self._facts: dict[str, Any] = {}
        self._prover = Thinker()
        self._proving: bytes = b""
        self._eyes: Any = None
        self._likeness: Likeness | None = None

    # -- who

    def names(self) -> list[str]:
        """Who may play, the best default first."""
        experts = [f"expert:{goal.name}" for goal in self.world.goals]
        return [*self.agents, *experts, "random", HUMAN]

    def _known(self, name: str) -> None:
        if name not in (*self.names(), RECORDED):
            raise UserError(f"nobody is called '{name}' here (there are {', '.join(self.names())})")

    def label(self, pane: Pane) -> str:
        """Who plays in a pane, in words."""
        words = " + ".join(dict.fromkeys(self.word(name) for name in pane.who))
        set_to = [f"{name} {value:g}" for name, value, usual, *_ in self.dials() if value != usual]
        return (
            f"{words} ({', '.join(set_to)})" if set_to and self.agents.keys() & pane.who else words
        )

    def word(self, name: str) -> str:
        """What a player's name means."""
        if name.startswith("expert:"):
            goal = self.world.goal(name[7:])
            return f"expert: {goal.wish or goal.name}"
        words = {
            HUMAN: "you",
            "random": "random moves",
            RECORDED: "as recorded",
            "checkpoint": "the learned agent",
        }
        return words.get(name, name)

    def cycle_who(self) -> None:
        """Let the next one play the learner in focus, from here on."""
        pane = self.panes[self.focus]
        names = self.names()
        now = pane.who[self.learner]
        self.appoint(names[(names.index(now) + 1) % len(names)] if now in names else names[0])

    def appoint(self, name: str) -> None:
        """Let `name` play the learner in focus from here on."""
        self._known(name)
        pane = self.panes[self.focus]
        pane.who[self.learner] = name
        pane.history.forget()
        pane.thinker.drop()
        pane.maps_of = ()
        self.message = f"{self.word(name)} plays from step {pane.history.t} on"

    def take_over(self) -> None:
        """A person plays the learner in focus; once more, and who did before plays on."""
        pane = self.panes[self.focus]
        now = pane.who[self.learner]
        if now == HUMAN:
            self.appoint(pane.before.pop(self.learner, self.names()[0]))
        else:
            pane.before[self.learner] = now
            self.appoint(HUMAN)
            self.playing = False

    def next_focus(self) -> None:
        """The next learner; after a pane's last one, the next pane."""
        self.learner += 1
        if self.learner >= self.world.learners:
            self.learner, self.focus = 0, (self.focus + 1) % len(self.panes)

    def compare(self) -> None:
        """One pane more, played by somebody who does not play yet; after four, one again."""
        if len(self.panes) >= PANES:
            del self.panes[1:]
            self.focus = self.learner = 0
            return
        playing = {name for pane in self.panes for name in pane.who}
        name = next((n for n in self.names() if n not in playing and n != HUMAN), self.names()[0])
        first = self.panes[0].history
        pane = Pane(History(self.world, first.copies[0]), [name] * self.world.learners)
        self.panes.append(pane)
        self.go(0)

    def reload(self, agents: dict[str, Callable[[World], Policy]] | None = None) -> None:
        """Make all policies anew: a checkpoint may have a newer one."""
        self.agents |= agents or {}
        for pane in self.panes:
            pane.policies, pane.mapping, pane.asked = {}, {}, {}
            pane.maps_of = ()
        self.message = "the newest checkpoint plays"

    # -- time

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
    def thinking(self) -> bool:
        """Is a policy being waited for?"""
        return any(pane.thinker.busy for pane in self.panes)

    @property
    def waits_for_person(self) -> bool:
        """Does somebody have to press a key before time goes on?"""
        return any(HUMAN in pane.who and not pane.history.over for pane in self.panes)

    def parting(self) -> int | None:
        """The last step at which the first two panes' learners stand together, if they part
        later.
        """
        if len(self.panes) < 2:
            return None
        a, b = (pane.history.notes for pane in self.panes[:2])
        for t in range(min(len(a), len(b))):
            if (a[t][0] != b[t][0]).any():
                return t - 1 if t else None
        return None

    def go(self, t: int) -> None:
        """All panes to step `t`, as far as they have played."""
        for pane in self.panes:
            pane.thinker.drop()
            pane.history.go(t)
        self._moved = 0.0

    def fraction(self) -> float:
        """How far the last step has come on its way to be seen, 0-1."""
        lasts = min(0.9 / (RATE * SPEEDS[self.speed]), 0.2) if self.playing else 0.12
        return min((time.perf_counter() - self._moved) / lasts, 1.0)

    def step(self, wait: float | None = None) -> bool:
        """One step of every pane that goes on: played before, or asked for now. True once all have
        made it.

        `wait`: seconds to wait for policies; None: as long as they take. Raises what a policy
        raises.
        """
        target = self.t + 1
        end = None if wait is None else time.perf_counter() + wait
        ready = []
        for pane in self.panes:
            history = pane.history
            if history.t >= target or history.over:
                continue
            if history.t < history.ends:
                ready.append((pane, None))
                continue
            if pane.who[0] == RECORDED:
                continue
            if not pane.thinker.busy:
                pane.thinker.ask(self._question(pane))
            answer = None
            while answer is None:
                answer = pane.thinker.answer(
                    0.05 if end is None else max(end - time.perf_counter(), 0.0)
                )
                if end is not None and answer is None:
                    return False
            ready.append((pane, answer))
        for pane, _ in ready:
            pane.thinker.drop()
        for _, answer in ready:
            if isinstance(answer, Exception):
                raise answer
        for pane, actions in ready:
            if actions is None:
                pane.history.go(pane.history.t + 1)
            else:
                pane.history.act(actions)
        self.wanted, self.stopped = None, False
        self._moved = time.perf_counter()
        return True

    def back(self) -> None:
        """One step back."""
        self.go(self.t - 1)

    def tick(self, now: float) -> None:
        """Let time run: as many steps as are due at time `now` (seconds). A policy that raises
        stops it.
        """
        if not self.playing:
            self._due = now
            return
        per = 1.0 / (RATE * SPEEDS[self.speed])
        self._due = max(self._due, now - 0.25)  # what cannot be kept up with is left out
        end = time.perf_counter() + BUDGET
        while self._due + per <= now and self.playing:
            if self.over:
                self.playing = False
                return
            before = self.t
            try:
                if not self.step(max(end - time.perf_counter(), 0.0)):
                    return
            except Exception as fault:
                self._stop(fault)
                return
            self._due += per
            if self.t == before:
                self.playing = False  # a recording is at its end
            if time.perf_counter() > end:
                return

    def advance(self) -> bool:
        """One step by hand; time stands still after it. False if a policy is still thinking."""
        self.playing = False
        try:
            return self.step(BUDGET)
        except Exception as fault:
            self._stop(fault)
            return True

    def _stop(self, fault: Exception) -> None:
        self.playing, self.stopped = False, True
        words = " ".join(str(fault).split()) or type(fault).__name__
        self.message = f"paused: {type(fault).__name__}: {words}"[:300]

    def _question(self, pane: Pane) -> Callable[[], np.ndarray]:
        """What to ask a pane's policies about its state, to be answered in a thread."""
        states, t = state.copy(pane.history.state), pane.history.t
        wanted, who, saved = self.wanted, list(pane.who), pane.history.save()
        policies, asked = pane.policies, pane.asked
        temperature, epsilon = self.temperature, self.epsilon

        def think() -> np.ndarray:
            actions = np.zeros(self.world.learners, np.int64)
            for name in dict.fromkeys(who):
                mine = [k for k, other in enumerate(who) if other == name]
                if name == HUMAN:
                    if wanted is not None:
                        actions[mine] = wanted
                    continue
                if name not in policies:
                    policies[name] = self.policy(name)
                policy = policies[name]
                policy.loosen(temperature, epsilon)
                fresh = t == 0 or asked.get(name, -1) != t - 1
                if fresh:
                    policy.start(1, self.world.learners)
                # what it remembers has to be lived through again
                if fresh and t and self._recalls(policy):
                    past = History(self.world, saved[2][0])
                    past.restore(saved)
                    for k in range(t):
                        past.go(k)
                        then = state.copy(past.state)
                        policy.act(observed(self.world, then), then, np.array([k == 0]))
                    fresh = False
                chosen = np.asarray(
                    policy.act(observed(self.world, states), states, np.array([fresh]))
                )[0]
                if not ((chosen >= 0) & (chosen < len(self.world.actions))).all():
                    raise UserError(
                        f"{policy.name} chose the action {chosen.tolist()}, which the world lacks"
                    )
                asked[name] = t
                actions[mine] = chosen[mine]
            return actions

        return think

    @staticmethod
    def _recalls(policy: Policy) -> bool:
        """Does it remember what it saw? An expert's plans are made anew."""
        return policy.remembers and not isinstance(policy, Expert)

    def policy(self, name: str) -> Policy:
        """A new policy of that name."""
        if name.startswith("expert:"):
            return Expert(self.world, name[7:])
        if name == "random":
            return RandomPolicy(self.world)
        if name in self.agents:
            return self.agents[name](self.world)
        raise UserError(f"'{name}' cannot play by itself")

    # -- levels

    def restart(self) -> None:
        """The same level again, with the world as it is set now."""
        self._apply()
        if not self.given:
            self.start = level_of(
                self.world, self.seed, self.set if self.set.starts is not None else self.split
            )
        self._begin()

    def next_level(self) -> None:
        """The level of the next seed, or the next one of a file that holds several."""
        if self.shelf is not None and self.given and len(self.shelf) > 1:
            self.start = self.shelf.next()
            self.seed = int(self.start.seed[0])
            self.message = self.shelf.title()
        else:
            self.seed = (self.seed + 1) % 2**64
            self.given = False
        self.restart()

    def reread(self) -> None:
        """Begin anew with the level file as it is now, if somebody has written it; garbage leaves
        the old level.
        """
        if self.shelf is None or not self.shelf.changed():
            return
        try:
            self.start = self.shelf.reload()
        except UserError as fault:
            self.message = f"the old level stays: {fault}"
            return
        self.seed, self.given, self.params = int(self.start.seed[0]), True, {}
        self.base = self.world = self.shelf.world
        self._begin()
        self.message = f"read {self.shelf.title()} again"

    def next_split(self) -> None:
        """The same seed in the next split."""
        names = list(self.world.split_names)
        self.split = (
            names[(names.index(self.split) + 1) % len(names)] if self.split in names else names[0]
        )
        self.set = split_of(self.world, self.split)
        self.alpha = {"train": 0.0, "deploy": 1.0}.get(self.split, self.alpha)
        self.given = False
        self.restart()
        self.message = f"split {self.split}"

    def set_alpha(self, alpha: float) -> None:
        """Levels from a mixture of train and deploy, from the next reset on."""
        self.alpha = round(min(max(float(alpha), 0.0), 1.0), 2)
        self.split = {0.0: "train", 1.0: "deploy"}.get(self.alpha, f"alpha={self.alpha:g}")
        self.set = split_of(self.world, self.split)
        self.given = False
        self.message = f"alpha {self.alpha:g} from the next reset or level on"

    def knobs(self) -> list[tuple[str, float, float, float, bool]]:
        """The world's parameters: name, value now, least, most, and whether it is a whole
        number.
        """
        row = self.base.deploy if self.split != "train" else self.base.train
        found = []
        for name in self.base.params._fields:
            value = self.params.get(name, getattr(row, name))
            whole = not isinstance(getattr(self.base.params(), name), float)
            low, high = self.base.limits.get(name, (0.0, max(2.0 * abs(float(value)), 1.0)))
            found.append((name, float(value), float(low), float(high), whole))
        return found

    def set_knob(self, name: str, value: float) -> None:
        """Change a parameter in all splits, from the next reset on. Raises UserError beyond its
        limits.
        """
        known = {entry[0]: entry for entry in self.knobs()}
        value = round(value) if known[name][4] else round(value, 3)
        self.base.with_params(**{name: value})
        self.params[name] = value
        self.given = False
        self.message = f"{name} {self.base.say(name, value)} from the next reset or level on"

    def dials(self) -> list[tuple[str, float, float, float, float]]:
        """What can be set of how learned agents act, if there are any: name, value now, as trained,
        least, most.
        """
        found = [
            ("epsilon", self.epsilon, 0.0, 0.0, 1.0),
            ("temperature", self.temperature, 1.0, 0.0, HOTTEST),
        ]
        return found if self.agents else []

    def set_dial(self, name: str, value: float) -> None:
        """Let learned agents draw otherwise, from here on: what they did after this step is
        forgotten.
        """
        known = {entry[0]: entry for entry in self.dials()}
        value = round(min(max(float(value), known[name][3]), known[name][4]), 2)
        if value == known[name][1]:
            return
        if name == "epsilon":
            self.epsilon = value
        else:
            self.temperature = value
        for pane in self.panes:
            if self.agents.keys() & pane.who:
                pane.history.forget()
                pane.thinker.drop()
                pane.maps_of = ()
        self.message = f"{name} {value:g}: learned agents act by it from step {self.t} on"

    def _apply(self) -> None:
        self.world = self.base.with_params(**self.params) if self.params else self.base

    def _begin(self) -> None:
        """All panes at the start of `self.start`."""
        self._tell()
        for k, pane in enumerate(self.panes):
            who = [name if name != RECORDED else self.names()[0] for name in pane.who]
            self.panes[k] = Pane(History(self.world, self.start), who, before=pane.before)
        self._undo.clear()
        self._redo.clear()
        self.stopped = False
        self._facts.clear()
        self.playing = self.playing and not self.waits_for_person

    # -- editing

    def paint(self, y: int, x: int, tile: int) -> bool:
        """Put a tile on a cell in all panes, from here on; False, with a message, if that is not
        allowed.
        """

        def change(s: Any, pane: int) -> None:
            s.tiles[y, x] = tile
            on = [
                k for k in range(self.world.entities) if s.alive[k] and s.y[k] == y and s.x[k] == x
            ]
            if on and self.world.solid[tile]:
                raise UserError(f"a {self.world.things[self.world.kinds[on[0]]].name} stands there")

        return self._edit(change, y, x)

    def move(self, thing: int, y: int, x: int) -> bool:
        """Put a thing on another cell: a learner in its pane alone once they have parted, else in
        all.
        """

        def change(s: Any, pane: int) -> None:
            if self.world.solid[s.tiles[y, x]]:
                raise UserError(f"that cell is {self.world.tiles[s.tiles[y, x]].name}")
            s.y[thing], s.x[thing] = y, x

        together = thing >= self.world.learners or self.t == 0
        return self._edit(change, y, x, None if together else self.focus)

    def thing_at(self, pane: int, y: int, x: int) -> int | None:
        """The thing on a cell, learners first."""
        s = self.panes[pane].history.state[0]
        return next(
            (k for k in range(self.world.entities) if s.alive[k] and s.y[k] == y and s.x[k] == x),
            None,
        )

    def _edit(
        self, change: Callable[[Any, int], None], y: int, x: int, only: int | None = None
    ) -> bool:
        made = []
        try:
            for k, pane in enumerate(self.panes):
                if only is not None and k != only:
                    continue
                states = state.copy(pane.history.state)
                s = states[0]
                if not (0 <= y < s.h and 0 <= x < s.w):
                    raise UserError("that is outside the level")
                before = states.tobytes()
                change(s, k)
                check.board(self.world, states)
                if states.tobytes() != before:
                    made.append((pane, states))
        except UserError as fault:
            self.message = f"not possible: {fault}"
            return False
        if made:
            self._undo.append([(pane, pane.history.save()) for pane, _ in made])
            del self._undo[:-100]
            self._redo.clear()
            self.playing = False
            for pane, states in made:
                pane.thinker.drop()
                pane.history.edit(states)
                pane.maps_of = ()
        return True

    def undo(self) -> None:
        """Take the last edit back."""
        self._back(self._undo, self._redo, "undone")

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self._back(self._redo, self._undo, "done again")

    def _back(self, taken: list[list[tuple]], given: list[list[tuple]], words: str) -> None:
        if not taken:
            self.message = f"nothing to be {words}"
            return
        made = taken.pop()
        given.append([(pane, pane.history.save()) for pane, _ in made])
        for pane, saved in made:
            pane.thinker.drop()
            pane.history.restore(saved)
            pane.maps_of = ()
        self.message = words

    @property
    def edited(self) -> bool:
        """Is anything not as the level was made?"""
        return any(pane.history.edited for pane in self.panes)

    def facts(self) -> dict[str, str]:
        """What is known of the state in focus: can the intended goal be met, is it like the
        training levels?

        It is worked out in a thread; until then it says "...".
        """
        states = state.copy(self.panes[self.focus].history.state)
        key = states["tiles"].tobytes() + states["y"].tobytes() + states["x"].tobytes()
        answer = self._prover.take()
        if answer is not None:
            self._facts = (
                answer if isinstance(answer, dict) else {"solvable": f"unknown ({answer})"}
            )
        if key != self._proving and not self._prover.busy:
            self._proving = key
            self._prover.ask(lambda: self._prove(states))
        return self._facts or {"solvable": "...", "in training": "..."}

    def _prove(self, states: np.recarray) -> dict[str, str]:
        if self._likeness is None or self._likeness.world is not self.world:
            self._likeness = Likeness(self.world)
        return {"solvable": solvable(self.world, states), "in training": self._likeness.of(states)}

    # -- what a policy thinks

    def maps(self, pane: Pane, wanted: set[str]) -> dict[str, Any]:
        """What is known of the learner in focus, worked out in a thread: the newest answers there
        are (see `mind`).
        """
        answer = pane.mapper.take()
        if isinstance(answer, dict):
            pane.maps = answer
        name = pane.who[min(self.learner, len(pane.who) - 1)]
        if name in (HUMAN, RECORDED) or not wanted:
            return {}
        drawn = self.temperature, self.epsilon
        key = name, self.learner, drawn, tuple(sorted(wanted)), pane.history.state.tobytes()
        if key != pane.maps_of and not pane.mapper.busy:
            pane.maps_of = key
            states, learner = state.copy(pane.history.state), self.learner
            pane.mapper.ask(lambda: self._map(pane, name, drawn, states, learner, wanted))
        return pane.maps

    def _map(
        self,
        pane: Pane,
        name: str,
        drawn: tuple[float, float],
        states: np.recarray,
        learner: int,
        wanted: set[str],
    ) -> dict[str, Any]:
        # another copy than the one that acts: it is asked at the same time
        if name not in pane.mapping:
            pane.mapping[name] = self.policy(name)
        pane.mapping[name].loosen(*drawn)
        return mind(self.world, pane.mapping[name], states, learner, wanted)

    def seen(self, pane: Pane) -> np.ndarray:
        """What the learner in focus observes: uint8[rows, columns] of symbols, or a picture if it
        sees pictures.
        """
        me = min(self.learner, self.world.learners - 1)
        shape = getattr(getattr(pane.policies.get(pane.who[me]), "net", None), "shape", None)
        if shape is not None and not shape.symbols:
            if self._eyes is None or self._eyes.world is not self.world:
                from ...engine.view.camera.eyes import Eyes

                self._eyes = Eyes(self.world, 1, (shape.view[0], shape.view[1]))
            return self._eyes.draw(pane.history.state)[0, me]
        return observed(self.world, pane.history.state)[0, me]

    # -- keeping

    def background(self, work: Callable[[], Any]) -> Thinker:
        """Do something that takes long in a thread; `take` gives what came of it."""
        thinker = Thinker()
        thinker.ask(work)
        return thinker

    def replay(self) -> Replay:
        """The pane in focus as a replay: from the start, or from the last edit on."""
        history = self.panes[self.focus].history
        first = max([0, *(t for t in history.edited if t <= history.t)])
        start = history.at(first)
        actions = np.array(history.actions[first : history.ends], np.int64).reshape(
            -1, self.world.learners
        )
        return Replay.record(
            self.world, start, actions, label=self.label(self.panes[self.focus])[:100]
        )

    def _tell(self) -> None:
        """Note where the level that begins comes from: sliders hold only for the next one.

        origin: in short; _again: what to type after `goalshift watch` to see it again, unless it
        was recorded.
        """
        if self.given:
            self.origin = self.shelf.title() if self.shelf is not None else "recorded"
            number = f" --seed {self.shelf.at}" if self.shelf is not None and self.shelf.at else ""
            self._again = f"{self.shelf.path}{number}" if self.shelf is not None else ""
            return
        knobs = "".join(f" --world.{name} {value:g}" for name, value in self.params.items())
        what = self.about if self.about and self.shelf is None else self.world.name
        self.origin = f"seed {self.seed} · {self.split}"
        self._again = f"{what} --seed {self.seed} --split {self.split}{knobs}"

    def command(self) -> str:
        """What to type to see this level again."""
        again = "" if self.edited else self._again
        return f"goalshift watch {again or self.replay().code()}"

    def level_text(self) -> str:
        """The level as text, if time stands at the start."""
        return level.show(self.world, self._start())

    def keep(self) -> Path:
        """Write the level, as edited, into the file that it came from."""
        assert self.shelf is not None
        return self.shelf.keep(self._start())

    def _start(self) -> np.recarray:
        states = self.panes[self.focus].history.state
        if int(states.t[0]):
            raise UserError("a level is a start: go to step 0 first (Home)")
        return states


def action_of(world: World, held: set[str]) -> int:
    """The action that the held directions ("up", "left", ...) mean: the one that uses most of
    them.
    """
    best, most = 0, 0
    for k, name in enumerate(world.actions):
        words = {
            "up" if word == "jump" and "up" not in world.actions else word for word in name.split()
        }
        if words <= held and len(words) > most:
            best, most = k, len(words)
    return best
