"""Worlds as PettingZoo environments: all agents at once (parallel), or in turns (AEC)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Unpack

import numpy as np
import pettingzoo
from gymnasium.spaces import Box, Discrete, Space
from pettingzoo.utils.conversions import parallel_to_aec_wrapper
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from ..catalogue import load
from ..errors import UserError, did_you_mean, natural, need
from ..world import Split, World
from .batch import FPS, RENDER_MODES, Adapter, Batch, Options, action_of, fresh_seed
from .observe import board

SUITE = "options"  # PettingZoo's own suites reset with {"options": 1}, to see that it is taken


class ParallelEnv(Adapter, pettingzoo.ParallelEnv[str, np.ndarray, np.int64]):
    """A world as a PettingZoo parallel environment.

    world: name, file or `World`. split: name of a split, "alpha=0.1", a file of levels or a
    `Split`. on_done: an agent that is out of play before the episode ends may "wait" (keep its
    seat, do nothing, earn nothing) or "leave". Further options: see `batch.Options`; `max_cycles`
    may be changed between episodes.

    `reset(seed)` names a stream of levels and `reset()` takes its next one. Its options: `level`
    (start on the level of this seed; in a split that is a set of levels, the one of this number or
    fingerprint) and `split` (change over to it).
    """

    _kept = ("agents", "_seeded")
    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": list(RENDER_MODES),
        "render_fps": FPS,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        world: str | World,
        split: str | Split = "train",
        on_done: str = "wait",
        **options: Unpack[Options],
    ) -> None:
        known = on_done in ("wait", "leave")
        need(known, f"on_done {on_done!r} is neither 'wait' nor 'leave'")
        self._batch = Batch(world, 1, split, **options)
        self.world = self._batch.world
        self.metadata = {**type(self).metadata, "name": f"{self.world.name}_v{self.world.version}"}
        self.metadata["render_modes"] = list(RENDER_MODES)
        self.render_mode = self._batch.render_mode
        self.on_done = on_done
        self.possible_agents = agent_names(self.world)
        self.agents: list[str] = []
        self._index = {name: i for i, name in enumerate(self.possible_agents)}
        self._observations = {name: self._batch.lens.space() for name in self.possible_agents}
        self._actions = {name: Discrete(len(self.world.actions)) for name in self.possible_agents}
        self.state_space = Box(0, len(self.world.symbols) - 1, self.world.size, np.uint8)
        self._seeded = False

    @property
    def max_cycles(self) -> int:
        """Steps after which an episode is cut off."""
        return self._batch.max_cycles

    @max_cycles.setter
    def max_cycles(self, steps: int) -> None:
        self._batch.max_cycles = steps

    def observation_space(self, agent: str) -> Space[Any]:
        """The space of the agent's observations; the same object every time."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Discrete:
        """The agent's actions, 0 being "stay"; the same object every time."""
        return self._actions[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """Begin an episode; returns observations and infos by agent."""
        if seed is None and not self._seeded:
            seed = fresh_seed()
        if isinstance(options, Mapping):
            options = {key: value for key, value in options.items() if key != SUITE}
        self._batch.begin(None if seed is None else [natural(seed, "seed")], options)
        self._seeded = True
        self.agents = self.possible_agents[:]
        self._batch.show()
        return self._see(self.agents), {name: self._info(name) for name in self.agents}

    def step(self, actions: Mapping[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        """One step: observations, rewards, terminations, truncations, infos of those who acted."""
        batch, acting = self._batch, self.agents
        need(batch.running, "call reset() before step()")
        chosen = self._chosen(actions)
        if not acting:
            return {}, {}, {}, {}, {}
        batch.step(chosen)
        s = batch.vec.states[0]
        ended = bool(batch.vec.terminated[0])
        cut = bool(s.t >= self.world.table["horizon"][s.row])
        rewards, terminations = {}, {}
        for name in acting:
            index = self._index[name]
            rewards[name] = float(batch.vec.reward[0, index])
            terminations[name] = ended or (self.on_done == "leave" and not s.alive[index])
        out = (
            self._see(acting),
            rewards,
            terminations,
            dict.fromkeys(acting, cut),
            {name: self._info(name) for name in acting},
        )
        self.agents = [name for name in acting if not (terminations[name] or cut)]
        batch.show()
        return out

    def _chosen(self, actions: Mapping[str, Any]) -> np.ndarray:
        """The actions as int64[1, L]; those of agents that are out of play are left aside."""
        need(isinstance(actions, Mapping), f"actions must be a dictionary, not {actions!r}")
        for name in actions:
            if name not in self._index:
                hint = did_you_mean(str(name), self._index)
                raise UserError(f"actions: there is no agent {name!r}.{hint}")
        chosen = np.zeros((1, self.world.learners), np.int64)
        for name in self.agents:
            need(name in actions, f"no action for the agent '{name}'")
            chosen[0, self._index[name]] = action_of(actions[name], name)
        return chosen

    def state(self) -> np.ndarray:
        """The whole board as uint8[H, W] symbols, as nobody in particular sees it."""
        return board(self.world, self._batch.vec.states)

    def render(self) -> Any:
        """The picture for `render_mode`: uint8[h, w, 3], a text for "ansi", else None."""
        return self._batch.picture()

    def close(self) -> None:
        """Close the window, if there is one."""
        self._batch.close()
        self.agents = []

    def _see(self, names: list[str]) -> dict[str, Any]:
        views = self._batch.see(0)
        each = {name: views[self._index[name]] for name in names}
        return {name: v if isinstance(v, str) else v.copy() for name, v in each.items()}

    def _info(self, name: str) -> dict[str, Any]:
        info = self._batch.info(0, self._index[name])
        return {**info, "seed": int(info["seed"])} if "seed" in info else info


class _Turns(parallel_to_aec_wrapper):
    """PettingZoo's turns over a parallel environment."""

    env: ParallelEnv

    def step(self, action: Any) -> None:
        need(self.env._batch.running, "call reset() before step()")
        agent = self.agent_selection
        if action is not None and not (self.terminations[agent] or self.truncations[agent]):
            action_of(action, agent)  # said at once, rather than when the last agent has acted
        super().step(action)


class TurnEnv(OrderEnforcingWrapper):
    """A world as a PettingZoo AEC environment: agents take turns within a step."""

    env: _Turns

    def __init__(self, world: str | World, **options: Any) -> None:
        super().__init__(_Turns(ParallelEnv(world, **options)))

    def step(self, action: Any) -> None:
        need(self._has_reset, "call reset() before step()")
        super().step(action)

    def snapshot(self) -> dict[str, Any]:
        """Everything the future depends on, for `restore`: a value that can be pickled."""
        turns = {name: value for name, value in vars(self.env).items() if name != "env"}
        own = {name: value for name, value in vars(self).items() if name != "env"}
        return copy.deepcopy({"own": own, "turns": turns}) | {"parallel": self.env.env.snapshot()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on exactly where `snapshot` was taken, here or in another one made alike.

        Raises UserError if it is a snapshot of another kind of environment.
        """
        sound = isinstance(snapshot, Mapping) and set(snapshot) == {"own", "turns", "parallel"}
        need(sound, f"this is no snapshot of a {type(self).__name__}")
        self.env.env.restore(snapshot["parallel"])
        vars(self.env).update(copy.deepcopy(snapshot["turns"]))
        vars(self).update(copy.deepcopy(snapshot["own"]))


def parallel_env(world: str | World, **options: Any) -> ParallelEnv:
    """The world as a PettingZoo parallel environment; options as for `ParallelEnv`."""
    return ParallelEnv(world, **options)


def env(world: str | World, **options: Any) -> TurnEnv:
    """The world as a PettingZoo AEC environment: agents take turns within a step."""
    return TurnEnv(world, **options)


def conventional(world: str | World) -> SimpleNamespace:
    """What PettingZoo expects in a world's module: `parallel_env`, `env` and `raw_env`."""
    return SimpleNamespace(
        parallel_env=lambda **kw: parallel_env(world, **kw),
        env=lambda **kw: env(world, **kw),
        raw_env=lambda **kw: env(world, **kw).env,
        __name__=f"goalshift.{load(world).name}",
    )


def agent_names(world: World) -> list[str]:
    """PettingZoo's names of the learning agents: letters and a number, such as "mouse_0"."""
    names = []
    for thing in world.things:
        if thing.agent:
            stem = re.sub(r"[^a-z]", "", thing.name.lower()) or "agent"
            names += [f"{stem}_{k}" for k in range(thing.count)]
    return names
