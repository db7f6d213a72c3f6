"""An agent from elsewhere as a policy: it is shown what it is used to, and asked.

It offers what it has. One that gives logits is a `LearnedPolicy`, so overlays and detectors work on
it; one that gives actions alone is a `Policy` and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....engine.errors import Reader, RunError, UserError, did_you_mean, need
from ....engine.state import RUNNING
from ....engine.world import World
from ..draws import Draws
from ..policy import Edit, Policy, Sampling, Thought
from .view import Space, View, fitting

if TYPE_CHECKING:
    from ....engine.view.camera.registry import Sight


class Asked(NamedTuple):
    """What an agent is asked about: a row for every learner of every environment.

    seen: array [rows, ...], or a list of texts; fresh: bool[rows], the first of an episode; masks:
    int8[rows, actions], 1 where an action does anything; None unless the agent wants them; actions:
    their names; running: bool[rows], False where an episode is over and any answer will do.
    """

    seen: Any
    fresh: np.ndarray
    masks: np.ndarray | None
    actions: tuple[str, ...]
    running: np.ndarray
    layers: tuple[str, ...] | None = ()


class Answer(NamedTuple):
    """What a mind makes of it: logits [rows, actions], value [rows], and layers [rows, ...]."""

    logits: Any
    value: Any = None
    features: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Brought:
    """What somebody brings: how it sees, and how it answers.

    what: in words, "a Stable-Baselines3 model"; obs: the kind of observation, None: as `space`
    says; actions: how many it knows, None: not said. `act` gives actions int[rows]; `ask` gives
    logits, and is preferred. masked: it wants masks; remembers: row k is always the same learner.
    hooks: while it is open, `ask` answers with layers as the edits of float32[rows, units] leave them.
    """

    what: str
    obs: str | None = None
    space: Space | None = None
    actions: int | None = None
    act: Callable[[Asked], Any] | None = None
    ask: Callable[[Asked], Answer] | None = None
    masked: bool = False
    remembers: bool = False
    hooks: Callable[[Mapping[str, Edit]], AbstractContextManager[None]] | None = None

    def policy(self, name: str = "", greedy: bool = False, seed: int = 0) -> Foreign:
        """It as a policy; `name` labels tables and films, the rest is as for `Draws`."""
        return (ForeignMind if self.ask else Foreign)(self, name, greedy, seed)


class Home:
    """A world as an agent from elsewhere sees it."""

    def __init__(self, world: World, view: View, masked: bool) -> None:
        from ....engine.api.moves import Moves
        from ....engine.api.observe import Lens

        self.world, self.view, self.masked = world, view, masked
        self.lens, self.moves = Lens(world, view.kind, size=view.size), Moves(world)
        self._sight: Sight | None = None

    def seen(self, obs: np.ndarray, states: np.recarray | None, name: str) -> np.ndarray:
        """The symbols; or what its eyes see of the states."""
        eyes = self.lens.eyes
        if eyes is None or obs.shape[2:] == (*eyes, 3):
            return obs
        if states is None:
            raise UserError(f"'{name}' sees pictures in first person: it needs the states to draw")
        if self._sight is None or len(self._sight.pixels) != len(states):
            from ....engine.view.camera.sighted import sight_of

            self._sight = sight_of(self.world, len(states), self.view.kind, eyes)
        return self._sight.draw(states)

    def asked(self, planes: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> Asked:
        """What is `seen` [N, L, ...], as the agent is used to see it."""
        learners = planes.shape[1]
        planes = planes.reshape(-1, *planes.shape[2:])
        masks = None
        if self.masked or self.view.told:
            masks = np.ones((len(planes), len(self.world.actions)), np.int8)
            if states is not None:
                masks = self.moves(states).reshape(masks.shape)
        seen = self.lens(planes, masks)
        if not self.view.told:
            seen = self.view.arrange(seen)
        shown = masks if self.masked else None
        running = np.ones(len(fresh), np.bool_) if states is None else states["ended"] == RUNNING
        begins, running = (np.repeat(rows, learners) for rows in (fresh, running))
        return Asked(seen, begins, shown, self.world.actions, running)

    def blank(self) -> Asked:
        """A question to try an agent with: nothing is seen."""
        planes = np.zeros((1, 1, *self.lens.shape), np.uint8)
        return self.asked(planes, None, np.ones(1, np.bool_))


class Foreign(Policy):
    """An agent from elsewhere, which gives actions. It is at home nowhere until `of` says where.

    `about` says what is known of it: {"kind": what it is, in words}.
    """

    def __init__(
        self, brought: Brought, name: str = "", greedy: bool = False, seed: int = 0
    ) -> None:
        self.brought, self.name = brought, name or brought.what
        self.remembers = brought.remembers
        self.draws = Draws(seed, greedy)
        self.about: dict[str, Any] = {"kind": brought.what}
        self._home: Home | None = None

    def of(self, world: World) -> Foreign:
        """The same agent, as it acts in `world`. Raises UserError if it does not fit."""
        twin, brought = copy(self), self.brought
        need(
            brought.actions in (None, len(world.actions)),
            f"'{self.name}' knows {brought.actions} actions, and world '{world.name}' has"
            f" {len(world.actions)} ({', '.join(world.actions)})",
        )
        if brought.space is not None:
            with Reader(f"'{self.name}'").at():
                view = fitting(brought.space, world, brought.obs)
        else:
            view = View.named(brought.obs or "symbols")
        twin._home = Home(world, view, brought.masked)
        return twin

    @property
    def home(self) -> Home:
        """Where it is at home."""
        if self._home is None:
            raise UserError(f"say in which world '{self.name}' acts: .of(world)")
        return self._home

    @property
    def world(self) -> World:
        """The world that it acts in."""
        return self.home.world

    @property
    def sees_pictures(self) -> bool:
        """Whether it looks at pictures in first person, and not at symbols."""
        return self.home.lens.eyes is not None

    def start(self, n: int, agents: int) -> None:
        self.draws.start()

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        return self.home.seen(obs, states, self.name)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        assert self.brought.act
        asked = self.home.asked(self.seen(obs, states), states, fresh)
        chosen, names = np.asarray(self.brought.act(asked)), self.world.actions
        if chosen.shape != asked.fresh.shape or chosen.dtype.kind not in "iu":
            raise RunError(
                f"the agent '{self.name}' must give {len(asked.fresh)} whole numbers, and gave"
                f" {chosen.dtype} of shape {chosen.shape}"
            )
        wrong = (chosen < 0) | (chosen >= len(names))
        if wrong.any():
            raise RunError(
                f"the agent '{self.name}' chose {chosen[wrong][0]}, and there are the actions 0 to"
                f" {len(names) - 1} ({', '.join(names)})"
            )
        return chosen.astype(np.int64).reshape(obs.shape[:2])


class ForeignMind(Foreign):
    """One that gives logits: a `LearnedPolicy`. What else it offers is seen when it comes home."""

    can: frozenset[str] = frozenset()
    layers: Mapping[str, tuple[int, ...]] = {}

    def of(self, world: World) -> ForeignMind:
        twin = super().of(world)
        assert isinstance(twin, ForeignMind)
        thought = twin._answer(twin.home.blank()._replace(layers=None), (1, 1))
        twin.layers = {name: layer.shape[2:] for name, layer in thought.features.items()}
        has = ["value"] * (thought.value is not None) + ["features"] * bool(twin.layers)
        has += ["hooks"] * (twin.brought.hooks is not None and bool(twin.layers))
        twin.can = frozenset(has)
        return twin

    def loosen(self, temperature: float, epsilon: float) -> None:
        self.sampling = Sampling(temperature, epsilon)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        return self.draws.choose(self.think(obs, states, fresh).logits, self.sampling, states)

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        for layer in layers:
            hint = did_you_mean(layer, self.layers)
            need(layer in self.layers, f"'{self.name}' has no layer '{layer}'.{hint}")
        asked = self.home.asked(self.seen(obs, states), states, fresh)._replace(layers=layers)
        thought = self._answer(asked, obs.shape[:2])
        return thought._replace(features={name: thought.features[name] for name in layers})

    @contextmanager
    def hooked(self, edits: Mapping[str, Edit]) -> Iterator[None]:
        """See `Editable`: of layers that a torch module has by name."""
        if self.brought.hooks is None:
            raise UserError(f"'{self.name}' offers no hooks")
        for layer in edits:
            hint = did_you_mean(layer, self.layers)
            need(layer in self.layers, f"'{self.name}' has no layer '{layer}'.{hint}")
        learners = self.world.learners

        def rows(edit: Edit) -> Edit:
            return lambda x: edit(x.reshape(-1, learners, x.shape[-1])).reshape(x.shape)

        with self.brought.hooks({layer: rows(edit) for layer, edit in edits.items()}):
            yield

    def _answer(self, asked: Asked, lead: tuple[int, ...]) -> Thought:
        """Its answer, checked, with all of its layers; `lead` is [environments, learners]."""
        assert self.brought.ask
        answer = self.brought.ask(asked)
        logits = np.asarray(answer.logits, np.float64)
        wanted = (len(asked.fresh), len(self.world.actions))
        if logits.shape != wanted:
            raise UserError(
                f"the agent '{self.name}' must give logits [rows, actions], here {wanted}, and gave"
                f" {logits.shape}"
            )
        # what is masked away is minus infinity
        if np.isnan(logits).any() or not np.isfinite(logits.max(-1)).all():
            raise RunError(f"the agent '{self.name}' gave logits that are not finite")
        value = answer.value
        return Thought(
            np.maximum(logits, -1e9).reshape(*lead, -1),
            None if value is None else np.asarray(value, np.float64).reshape(lead),
            {
                name: np.asarray(layer, np.float32).reshape(*lead, -1)
                for name, layer in answer.features.items()
            },
        )


def at_home(agent: Policy, world: World) -> Policy:
    """The policy; one from elsewhere that is at home nowhere yet, or in another world, in `world`."""
    if isinstance(agent, Foreign) and (agent._home is None or agent._home.world is not world):
        return agent.of(world)
    return agent
