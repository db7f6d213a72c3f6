"""What happens in the window, without the window: a level, who plays it in each pane, and time that runs both ways.

A pane lives through one episode. Its history holds a copy of the state every 64 steps and all actions, so any step can
be gone back to exactly, in bounded memory; an edit is one more copy. All panes play the same level with the same dice.
Policies think in threads of their own: a slow one is waited for, one that fails stops time with its message, and
neither stops the window.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..engine import bulk, level, observe, state
from ..engine.errors import UserError
from ..engine.replay import Replay
from ..engine.state import RUNNING
from ..engine.vector import Vec
from ..engine.world import World
from .expert import Expert
from .policy import Policy, RandomPolicy

EVERY = 64  # steps from one copy of the state to the next
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
RATE = 6.0  # steps a second at speed 1
PANES = 4
SAMPLE = 1000  # training levels that an edited level is compared with
AHEAD = 64  # steps of a planned path
BUDGET = 0.012  # seconds that one tick may wait for answers
HUMAN, RECORDED = "human", "recorded"


class Thinker:
    """Answers one question at a time in a thread of its own."""

    def __init__(self) -> None:
        self.busy = False
        self._answer: list[Any] = []
        self._done = threading.Event()

    def ask(self, question: Callable[[], Any]) -> None:
        """Begin to answer `question`; whatever was asked before is forgotten."""
        answer: list[Any] = []
        done = threading.Event()
        self._answer, self._done, self.busy = answer, done, True

        def work() -> None:
            try:
                answer.append(question())
            except Exception as fault:  # a policy may do anything; the window says what
                answer.append(fault)
            done.set()

        threading.Thread(target=work, daemon=True).start()

    def answer(self, wait: float = 0.0) -> Any:
        """The answer, or the exception that came instead; None if it is not there within `wait` seconds."""
        if not self.busy or not self._done.wait(wait):
            return None
        return self._answer[0]

    def take(self) -> Any:
        """The answer, if it is there, once."""
        answer = self.answer()
        if answer is not None:
            self.busy = False
        return answer

    def drop(self) -> None:
        """Forget the question."""
        self.busy = False


class History:
    """One episode that can be gone through in both directions.

    t: where one is; state: the state there, a batch of one; ends: how many steps were played. positions: int64[L, 2] of
    each step; scores: float64[G]; happened: which events there were.
    """

    def __init__(self, world: World, start: np.recarray) -> None:
        self.world = world
        self._vec = Vec(world, 1, autoreset="off")
        self._vec.reset()
        self.actions: list[np.ndarray] = []
        self.copies: dict[int, np.recarray] = {0: state.copy(start)}
        self.edited: set[int] = set()
        self.t = 0
        self.previous: np.recarray | None = None  # the state one step before, if one came here by a step
        self._load(start)
        self.notes = [self._note()]

    def _load(self, states: np.recarray) -> None:
        self._vec.words[...] = state.words(states)

    @property
    def state(self) -> np.recarray:
        """The state at `t`; not to be written to."""
        return self._vec.states

    @property
    def ends(self) -> int:
        """The last step that was played."""
        return len(self.actions)

    @property
    def over(self) -> bool:
        """Has the episode ended here?"""
        return int(self._vec.states.ended[0]) != RUNNING

    def _note(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        s, learners = self._vec.states[0], self.world.learners
        places = np.stack([s.y[:learners], s.x[:learners]], 1).copy()
        scores = self.world.scores(s.totals[:learners]).sum(0)
        return places, scores, s.events[:learners].sum(0) > 0

    def act(self, actions: np.ndarray) -> None:
        """Live one step on from here; what was played after here before is forgotten."""
        if self.over:
            return
        self.forget()
        self.actions.append(np.array(actions, np.int64).reshape(self.world.learners))
        self._forward()
        self.notes.append(self._note())

    def forget(self) -> None:
        """Forget everything after `t`."""
        del self.actions[self.t :]
        del self.notes[self.t + 1 :]
        self.copies = {t: kept for t, kept in self.copies.items() if t <= self.t}
        self.edited = {t for t in self.edited if t <= self.t}

    def _forward(self) -> None:
        self.previous = state.copy(self._vec.states)
        self._vec.step(self.actions[self.t][None])
        self.t += 1
        if self.t in self.copies:
            self._load(self.copies[self.t])
        elif self.t % EVERY == 0:
            self.copies[self.t] = state.copy(self._vec.states)

    def go(self, t: int) -> None:
        """Go to step `t` of those that were played."""
        t = min(max(t, 0), self.ends)
        near = max(k for k in self.copies if k <= t)
        if not near <= self.t <= t:
            self._load(self.copies[near])
            self.t = near
        if self.t == t:
            self.previous = None
        while self.t < t:
            self._forward()

    def at(self, t: int) -> np.recarray:
        """The state at step `t`, a copy; one stays where one is."""
        here = self.t
        self.go(t)
        found = state.copy(self.state)
        self.go(here)
        return found

    def edit(self, states: np.recarray) -> None:
        """Put another state in the place of this one; the future is open again."""
        self.forget()
        self.previous = None
        self.copies[self.t] = state.copy(states)
        self.edited.add(self.t)
        self._load(states)
        self.notes[self.t] = self._note()

    def save(self) -> tuple:
        """All of it, for `restore`."""
        return self.t, list(self.actions), dict(self.copies), set(self.edited), list(self.notes)

    def restore(self, saved: tuple) -> None:
        """Back to what `save` gave."""
        t, actions, copies, edited, notes = saved
        self.actions, self.copies = list(actions), dict(copies)
        self.edited, self.notes = set(edited), list(notes)
        self.t = 0
        self._load(self.copies[0])
        self.go(t)


@dataclass
class Pane:
    """One of the panes: a history, and who plays each learner of it."""

    history: History
    who: list[str]
    thinker: Thinker = field(default_factory=Thinker)
    mapper: Thinker = field(default_factory=Thinker)
    policies: dict[str, Policy] = field(default_factory=dict)
    mapping: dict[str, Policy] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)  # name -> the step a policy was last asked about
    before: dict[int, str] = field(default_factory=dict)  # learner -> who played before a person took over
    maps: dict[str, Any] = field(default_factory=dict)
    maps_of: tuple = ()


class Session:
    """A level in up to four panes, and all that can be done with it.

    agents: name -> a function that makes the policy of that name for a world; added to the experts of all goals, a
    random policy and a person. who: who plays in each pane. Everything is checked here; the window only shows it.
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
    ) -> None:
        self.world, self.seed, self.split = world, int(seed) % 2**64, split
        self.base = world
        self.about = about
        self.agents = dict(agents or {})
        self.alpha = float({"train": 0.0, "deploy": 1.0}.get(split, 1.0))
        self.set = world.split(split)  # kept, as it may be a file of levels, which is long to read
        self.params = {}
        self.given = start is not None  # the level came from a file or a replay, not from a seed
        self.start = state.copy(start) if start is not None else world.level(self.seed, self.set)
        first = [name or self.names()[0] for name in who] or [self.names()[0]]
        for name in first:
            self._known(name)
        self.panes = [Pane(History(world, self.start), [name] * world.learners) for name in first[:PANES]]
        self.focus, self.learner = 0, 0
        self.playing, self.speed = False, SPEEDS.index(1.0)
        self.message = ""
        self.wanted: np.ndarray | None = None  # what the person wants to do next
        self._due = 0.0
        self._moved = 0.0  # when the last step was made
        self._undo: list[list[tuple]] = []
        self._facts: dict[str, Any] = {}
        self._prover = Thinker()
        self._proving: bytes = b""
        self._eyes: Any = None
        self._support: tuple[World, np.ndarray, np.ndarray] | None = None

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
        return " + ".join(dict.fromkeys(self.word(name) for name in pane.who))

    def word(self, name: str) -> str:
        """What a player's name means."""
        if name.startswith("expert:"):
            goal = self.world.goal(name[7:])
            return f"expert: {goal.wish or goal.name}"
        words = {HUMAN: "you", "random": "random moves", RECORDED: "as recorded", "checkpoint": "the learned agent"}
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
        """The last step at which the first two panes' learners stand together, if they part later."""
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
        """One step of every pane that goes on: played before, or asked for now. True once all have made it.

        `wait`: seconds to wait for policies; None: as long as they take. Raises what a policy raises.
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
                answer = pane.thinker.answer(0.05 if end is None else max(end - time.perf_counter(), 0.0))
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
        self.wanted = None
        self._moved = time.perf_counter()
        return True

    def back(self) -> None:
        """One step back."""
        self.go(self.t - 1)

    def tick(self, now: float) -> None:
        """Let time run: as many steps as are due at time `now` (seconds). A policy that raises stops it."""
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
        self.playing = False
        words = " ".join(str(fault).split()) or type(fault).__name__
        self.message = f"paused: {type(fault).__name__}: {words}"[:300]

    def _question(self, pane: Pane) -> Callable[[], np.ndarray]:
        """What to ask a pane's policies about its state, to be answered in a thread."""
        states, t = state.copy(pane.history.state), pane.history.t
        wanted, who, saved = self.wanted, list(pane.who), pane.history.save()
        policies, asked = pane.policies, pane.asked

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
                fresh = t == 0 or asked.get(name, -1) != t - 1
                if fresh:
                    policy.start(1, self.world.learners)
                if fresh and t and self._recalls(policy):  # what it remembers has to be lived through again
                    past = History(self.world, saved[2][0])
                    past.restore(saved)
                    for k in range(t):
                        then = past.at(k)
                        policy.act(observe.planes(self.world, then), then, np.array([k == 0]))
                    fresh = False
                chosen = np.asarray(policy.act(observe.planes(self.world, states), states, np.array([fresh])))[0]
                if not ((chosen >= 0) & (chosen < len(self.world.actions))).all():
                    raise UserError(f"{policy.name} chose the action {chosen.tolist()}, which the world lacks")
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
            self.start = self.world.level(self.seed, self.set if self.set.starts is not None else self.split)
        self._begin()

    def next_level(self) -> None:
        """The level of the next seed."""
        self.seed = (self.seed + 1) % 2**64
        self.given = False
        self.restart()

    def next_split(self) -> None:
        """The same seed in the next split."""
        names = list(self.world.split_names)
        self.split = names[(names.index(self.split) + 1) % len(names)] if self.split in names else names[0]
        self.set = self.world.split(self.split)
        self.alpha = {"train": 0.0, "deploy": 1.0}.get(self.split, self.alpha)
        self.given = False
        self.restart()
        self.message = f"split {self.split}"

    def set_alpha(self, alpha: float) -> None:
        """Levels from a mixture of train and deploy, from the next reset on."""
        self.alpha = round(min(max(float(alpha), 0.0), 1.0), 2)
        self.split = {0.0: "train", 1.0: "deploy"}.get(self.alpha, f"alpha={self.alpha:g}")
        self.set = self.world.split(self.split)
        self.given = False
        self.message = f"alpha {self.alpha:g} from the next reset (R) or level (L) on"

    def knobs(self) -> list[tuple[str, float, float, float, bool]]:
        """The world's parameters: name, value now, least, most, and whether it is a whole number."""
        row = self.base.deploy if self.split != "train" else self.base.train
        found = []
        for name in self.base.params._fields:
            value = self.params.get(name, getattr(row, name))
            whole = not isinstance(getattr(self.base.params(), name), float)
            low, high = self.base.limits.get(name, (0.0, max(2.0 * abs(float(value)), 1.0)))
            found.append((name, float(value), float(low), float(high), whole))
        return found

    def set_knob(self, name: str, value: float) -> None:
        """Change a parameter in all splits, from the next reset on. Raises UserError beyond its limits."""
        known = {entry[0]: entry for entry in self.knobs()}
        value = round(value) if known[name][4] else round(value, 3)
        self.base.with_params(**{name: value})
        self.params[name] = value
        self.given = False
        self.message = f"{name} {value:g} from the next reset (R) or level (L) on"

    def _apply(self) -> None:
        self.world = self.base.with_params(**self.params) if self.params else self.base

    def _begin(self) -> None:
        """All panes at the start of `self.start`."""
        for k, pane in enumerate(self.panes):
            who = [name if name != RECORDED else self.names()[0] for name in pane.who]
            self.panes[k] = Pane(History(self.world, self.start), who, before=pane.before)
        self._undo.clear()
        self._facts.clear()
        self.playing = self.playing and not self.waits_for_person

    # -- editing

    def paint(self, y: int, x: int, tile: int) -> bool:
        """Put a tile on a cell in all panes, from here on; False, with a message, if that is not allowed."""

        def change(s: Any, pane: int) -> None:
            s.tiles[y, x] = tile
            on = [k for k in range(self.world.entities) if s.alive[k] and s.y[k] == y and s.x[k] == x]
            if on and self.world.solid[tile]:
                raise UserError(f"a {self.world.things[self.world.kinds[on[0]]].name} stands there")

        return self._edit(change, y, x)

    def move(self, thing: int, y: int, x: int) -> bool:
        """Put a thing on another cell: a learner in its pane alone once they have parted, else in all."""

        def change(s: Any, pane: int) -> None:
            if self.world.solid[s.tiles[y, x]]:
                raise UserError(f"that cell is {self.world.tiles[s.tiles[y, x]].name}")
            s.y[thing], s.x[thing] = y, x

        together = thing >= self.world.learners or self.t == 0
        return self._edit(change, y, x, None if together else self.focus)

    def thing_at(self, pane: int, y: int, x: int) -> int | None:
        """The thing on a cell, learners first."""
        s = self.panes[pane].history.state[0]
        return next((k for k in range(self.world.entities) if s.alive[k] and s.y[k] == y and s.x[k] == x), None)

    def _edit(self, change: Callable[[Any, int], None], y: int, x: int, only: int | None = None) -> bool:
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
                level.check_board(self.world, states)
                if states.tobytes() != before:
                    made.append((pane, states))
        except UserError as fault:
            self.message = f"not possible: {fault}"
            return False
        if made:
            self._undo.append([(pane, pane.history.save()) for pane, _ in made])
            del self._undo[:-100]
            self.playing = False
            for pane, states in made:
                pane.thinker.drop()
                pane.history.edit(states)
                pane.maps_of = ()
        return True

    def undo(self) -> None:
        """Take the last edit back."""
        if not self._undo:
            self.message = "nothing to undo"
            return
        for pane, saved in self._undo.pop():
            pane.thinker.drop()
            pane.history.restore(saved)
            pane.maps_of = ()
        self.message = "undone"

    @property
    def edited(self) -> bool:
        """Is anything not as the level was made?"""
        return any(pane.history.edited for pane in self.panes)

    def facts(self) -> dict[str, str]:
        """What is known of the state in focus: can the intended goal be met, is it like the training levels?

        It is worked out in a thread; until then it says "...".
        """
        states = state.copy(self.panes[self.focus].history.state)
        key = states["tiles"].tobytes() + states["y"].tobytes() + states["x"].tobytes()
        answer = self._prover.take()
        if answer is not None:
            self._facts = answer if isinstance(answer, dict) else {"solvable": f"unknown ({answer})"}
        if key != self._proving and not self._prover.busy:
            self._proving = key
            self._prover.ask(lambda: self._prove(states))
        return self._facts or {"solvable": "...", "in training": "..."}

    def _prove(self, states: np.recarray) -> dict[str, str]:
        world, goal = self.world, self.world.intended
        from .expert import optimum

        if int(states.ended[0]) != RUNNING:
            solvable = "ended"
        else:
            number = world.goals.index(goal)
            before = world.scores(states.totals[:, : world.learners])[0, :, number]
            best = optimum(world, goal.name, states)
            gained = bool((best.score[0] > before).any())
            solvable = f"yes, in {int(best.steps.max())} steps" if gained else "no way found"
        return {"solvable": solvable, "in training": self._likeness(states)}

    def _likeness(self, states: np.recarray) -> str:
        """Could training levels look like this? Every cell is compared with what lies there in a sample of them."""
        if self._support is None or self._support[0] is not self.world:
            drawn = Vec(self.world, SAMPLE, "train").reset_states()
            h, w = self.world.size
            seen = np.zeros((len(self.world.tiles), h, w), np.bool_)
            for tile in range(len(self.world.tiles)):
                seen[tile] = (drawn["tiles"] == tile).any(0)
            stood = np.zeros((len(self.world.things), h, w), np.bool_)
            for k in range(self.world.entities):
                alive = drawn["alive"][:, k] > 0
                stood[self.world.kinds[k], drawn["y"][alive, k], drawn["x"][alive, k]] = True
            self._support = self.world, seen, stood
        _, seen, stood = self._support
        s = states[0]
        for y in range(int(s.h)):
            for x in range(int(s.w)):
                if not seen[s.tiles[y, x], y, x]:
                    return f"no: never {self.world.tiles[s.tiles[y, x]].name} at ({y}, {x})"
        for k in range(self.world.learners, self.world.entities):
            if s.alive[k] and s.t == 0 and not stood[self.world.kinds[k], s.y[k], s.x[k]]:
                return f"no: never a {self.world.things[self.world.kinds[k]].name} at ({s.y[k]}, {s.x[k]})"
        return f"yes, as far as {SAMPLE} levels tell"

    # -- what a policy thinks

    def maps(self, pane: Pane, wanted: set[str]) -> dict[str, Any]:
        """What is known of the learner in focus, worked out in a thread: the newest answers there are.

        value: float64[H, W], NaN where nobody can stand; arrows: float64[H, W, 2], where it would go from each cell;
        plan: float64[n, 2], the way it plans.
        """
        answer = pane.mapper.take()
        if isinstance(answer, dict):
            pane.maps = answer
        name = pane.who[min(self.learner, len(pane.who) - 1)]
        if name in (HUMAN, RECORDED) or not wanted:
            return {}
        key = name, self.learner, tuple(sorted(wanted)), pane.history.state.tobytes()
        if key != pane.maps_of and not pane.mapper.busy:
            pane.maps_of = key
            states, learner = state.copy(pane.history.state), self.learner
            pane.mapper.ask(lambda: self._map(pane, name, states, learner, wanted))
        return pane.maps

    def _map(self, pane: Pane, name: str, states: np.recarray, learner: int, wanted: set[str]) -> dict[str, Any]:
        if name not in pane.mapping:  # another copy than the one that acts: it is asked at the same time
            pane.mapping[name] = self.policy(name)
        world, policy, found = self.world, pane.mapping[name], {}
        if wanted & {"value", "arrows"}:
            s = states[0]
            cells = np.argwhere(world.solid[s.tiles[: s.h, : s.w]] == 0)
            many = np.repeat(states, len(cells)).view(np.recarray)
            many["y"][:, learner], many["x"][:, learner] = cells[:, 0], cells[:, 1]
            seen = observe.planes(world, many)
            fresh = np.ones(len(many), np.bool_)
            look = getattr(policy, "look", None)
            if look is not None:
                policy.start(len(many), world.learners)
                chances, value = look(seen, fresh, many)
                chances, value = chances[:, learner], value[:, learner]
                found["value"] = np.full(world.size, np.nan)
                found["value"][cells[:, 0], cells[:, 1]] = value
            else:
                policy.start(len(many), world.learners)
                chosen = np.asarray(policy.act(seen, many, fresh))[:, learner]
                chances = np.eye(len(world.actions))[chosen]
            found["arrows"] = np.full((*world.size, 2), np.nan)
            found["arrows"][cells[:, 0], cells[:, 1]] = chances @ directions(world)
        if "plan" in wanted:
            found["plan"] = self._plan(policy, states, learner)
        return found

    def _plan(self, policy: Policy, states: np.recarray, learner: int) -> np.ndarray:
        """Where the policy would go from here, if all learners were played by it."""
        history = History(self.world, states)
        policy.start(1, self.world.learners)
        for k in range(AHEAD):
            if history.over:
                break
            seen = observe.planes(self.world, history.state)
            history.act(np.asarray(policy.act(seen, state.copy(history.state), np.array([k == 0])))[0])
        return np.array([note[0][learner] for note in history.notes], float)

    def seen(self, pane: Pane) -> np.ndarray:
        """What the learner in focus observes: uint8[rows, columns] of symbols, or a picture if it sees pictures."""
        me = min(self.learner, self.world.learners - 1)
        shape = getattr(getattr(pane.policies.get(pane.who[me]), "net", None), "shape", None)
        if shape is not None and not shape.symbols:
            if self._eyes is None or self._eyes.world is not self.world:
                from ..engine.view.eyes import Eyes

                self._eyes = Eyes(self.world, 1, (shape.view[0], shape.view[1]))
            return self._eyes.draw(pane.history.state)[0, me]
        return observe.planes(self.world, pane.history.state)[0, me]

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
        actions = np.array(history.actions[first : history.ends], np.int64).reshape(-1, self.world.learners)
        return Replay.record(self.world, start, actions, label=self.label(self.panes[self.focus])[:100])

    def level_text(self) -> str:
        """The level as text, if time stands at the start."""
        states = self.panes[self.focus].history.state
        if int(states.t[0]):
            raise UserError("a level is a start: go to step 0 first (Home)")
        return level.show(self.world, states)


def directions(world: World) -> np.ndarray:
    """Where each action leads, by its name: float64[actions, 2] as (dy, dx)."""
    ways = {"up": (-1, 0), "jump": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
    found = np.zeros((len(world.actions), 2))
    for k, name in enumerate(world.actions):
        for word in name.replace("-", " ").split():
            found[k] += ways.get(word, (0, 0))
    return found


def action_of(world: World, held: set[str]) -> int:
    """The action that the held directions ("up", "left", ...) mean: the one that uses most of them."""
    best, most = 0, 0
    for k, name in enumerate(world.actions):
        words = {"up" if word == "jump" and "up" not in world.actions else word for word in name.split()}
        if words <= held and len(words) > most:
            best, most = k, len(words)
    return best


# -- what to watch


def open_session(
    what: str, seed: int | None = None, split: str | None = None, play: bool = False, world: str | None = None,
    knobs: dict[str, Any] | None = None,
) -> Session:  # fmt: skip
    """A session of a world, a file or folder of levels, a replay (file or code), a run folder or a checkpoint.

    Raises UserError if it is none of them.
    """
    from ..engine.view import levelio
    from ..engine.world import load
    from .demo import PRETRAINED

    path = Path(what)
    if what.startswith("GM1.") or path.suffix == ".gmr":
        return _of_replay(Replay.from_code(what) if what.startswith("GM1.") else Replay.load(path), world)
    if path.suffix in levelio.KINDS or (path / bulk.INDEX).is_file():
        return _of_levels(path, seed, world, play)
    if path.is_dir() or path.suffix == ".safetensors":
        return _of_run(path, seed, split or "deploy", knobs)
    found = load(what).with_params(**(knobs or {}))
    shipped = PRETRAINED / f"{found.name}.safetensors"
    agents = {"checkpoint": _loader(shipped)} if shipped.is_file() and not knobs else {}
    who = [HUMAN] if play else [""]
    return Session(found, None, seed or 0, split or "deploy", who, agents)


def show_session(
    session: Session, what: str, size: tuple[int, int] = (1280, 720), terminal: bool = False, headless: bool = False,
    follow: bool = False, color: bool = True,
) -> int:  # fmt: skip
    """Show a session in a window, or in the terminal, until it is closed; returns the step it was closed at.

    With `follow` the checkpoint of the run `what` is loaded anew whenever it has changed.
    """
    if follow and not Path(what).exists():
        raise UserError(f"--follow needs a run that is being trained, and '{what}' is none")
    if terminal:
        from ..engine.view.terminal import watch

        watch(session, action_of, color)
        return session.t
    from ..engine.view.window import Window

    changed = _watcher(Path(what)) if follow else None
    reload = session.reload if "checkpoint" in session.agents else None
    Window(session, size, headless, reload, changed, action_of=action_of).run()
    return session.t


def _watcher(run: Path) -> Callable[[], bool]:
    """Has the run's checkpoint changed since the last time this was asked?"""
    path = run / "checkpoint.safetensors" if run.is_dir() else run
    seen = path.stat().st_mtime_ns if path.exists() else 0

    def changed() -> bool:
        nonlocal seen
        now = path.stat().st_mtime_ns if path.exists() else 0
        new, seen = now != seen, now
        return new

    return changed


def _loader(path: Path) -> Callable[[World], Policy]:
    def load_it(world: World) -> Policy:
        from .run import Trained

        return Trained.load(path, world)

    return load_it


def _of_run(path: Path, seed: int | None, split: str, knobs: dict[str, Any] | None) -> Session:
    from .run import Trained

    agent = Trained.load(path)
    world = agent.world.with_params(**(knobs or {}))
    who = ["checkpoint", f"expert:{world.intended.name}"]
    return Session(world, None, seed or 0, split, who, {"checkpoint": _loader(path)}, str(path))


def _of_replay(replay: Replay, world: str | None) -> Session:
    from ..engine.world import load

    found = load(world) if world else replay.find_world()
    states = replay.states(found)
    session = Session(replay.tuned(found), states[:1].view(np.recarray), int(states.seed[0]), "deploy")
    pane = session.panes[0]
    for actions in replay.actions:
        pane.history.act(actions)
    pane.who = [RECORDED] * found.learners
    session.about = replay.label
    session.go(0)
    return session


def _of_levels(path: Path, seed: int | None, world: str | None, play: bool) -> Session:
    """A level, or the `seed`-th of a set and then the others."""
    from ..engine.world import load
    from .levelcheck import open_levels

    found = open_levels(path, load(world) if world else None, most=2)
    who = [HUMAN] if play else [""]
    if len(found.states) > 1:
        return Session(found.world, None, seed or 0, str(path), who, about=str(path))
    return Session(found.world, found.states, int(found.states.seed[0]), "deploy", who, about=str(path))
