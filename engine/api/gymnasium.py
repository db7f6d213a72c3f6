"""Worlds with one learning agent as Gymnasium environments: one, or many in one compiled call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Discrete
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ..counts import counted
from ..errors import UserError, natural, need
from ..world import Split, World
from .batch import FPS, OPTIONS, RENDER_MODES, Adapter, Batch, Options, action_of, checked

KEYS = {"up": "w", "left": "a", "down": "s", "right": "d", "jump": " "}
AUTORESETS = {
    AutoresetMode.NEXT_STEP: "next",
    AutoresetMode.SAME_STEP: "same",
    AutoresetMode.DISABLED: "off",
}


class SingleEnv(Adapter, gymnasium.Env[Any, np.int64]):
    """A world with one learning agent for Gymnasium; arguments and options of `reset` as for
    PettingZoo's `ParallelEnv`.
    """

    _kept = ("_np_random", "_np_random_seed", "_seeded")
    _spec: EnvSpec | None = None
    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": FPS}  # noqa: RUF012

    def __init__(
        self, world: str | World, split: str | Split = "train", **options: Unpack[Options]
    ) -> None:
        self._batch = Batch(world, 1, split, **options)
        self.world = one_learner(self._batch.world)
        self.metadata = {**type(self).metadata, "render_modes": list(RENDER_MODES)}
        self.render_mode = self._batch.render_mode
        self.observation_space = self._batch.lens.space()
        self.action_space = Discrete(len(self.world.actions))
        self._seeded = False

    @property
    def spec(self) -> EnvSpec | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How Gymnasium made it. It says when episodes are cut, which wrappers that tell the time
        look for; the engine does it, so no `TimeLimit` is needed.
        """
        if self._spec is None:
            return None
        return replace(self._spec, max_episode_steps=self._batch.max_cycles)

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._spec = spec

    def action_masks(self) -> np.ndarray:
        """int8[actions], 1 where an action does anything now: what sb3-contrib asks for."""
        return self._batch.action_masks(0)[0]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode: on the stream of levels that `seed` names, or on its next level."""
        super().reset(seed=None if seed is None else natural(seed, "seed"))
        seeds = None
        if seed is not None or not self._seeded:
            seeds = [stream_seed(self.np_random)]
        self._batch.begin(seeds, options)
        self._seeded = True
        self._batch.show()
        return self._see(), self._batch.info(0, 0)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step: observation, reward, terminated, truncated, info."""
        batch = self._batch
        batch.step(np.array([[action_of(action, "agent")]], np.int64))
        batch.show()
        vec = batch.vec
        ended, cut = bool(vec.terminated[0]), bool(vec.truncated[0])
        return self._see(), float(vec.reward[0, 0]), ended, cut, batch.info(0, 0)

    def render(self) -> Any:
        """The picture for `render_mode`: uint8[h, w, 3], a text for "ansi", else None."""
        return self._batch.picture()

    def close(self) -> None:
        """Close the window, if there is one."""
        self._batch.close()

    def get_keys_to_action(self) -> dict[tuple[str, ...], int]:
        """Which keys play which action, for `gymnasium.utils.play`."""
        return {(KEYS[name],): k for k, name in enumerate(self.world.actions) if name in KEYS}

    def _see(self) -> Any:
        return self._batch.see(0)[0]


class VectorEnv(Adapter, gymnasium.vector.VectorEnv[Any, np.ndarray, np.ndarray]):
    """N environments of a world with one learning agent, stepped by one compiled call.

    Equal, bit for bit, to `SyncVectorEnv` over `SingleEnv` in every autoreset mode, and much
    faster. Arguments and options of `reset` as for PettingZoo's `ParallelEnv`; also threads, and
    copy: False hands out the engine's own buffers, which the next step overwrites (symbols only).
    """

    _kept = ("_np_random", "_np_random_seed", "_seeded", "_done")
    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES[1:]), "render_fps": FPS}  # noqa: RUF012
    closed = True  # until there is something to close: Gymnasium 1.1 closes what never came to be

    def __init__(
        self,
        world: str | World,
        num_envs: int = 1,
        split: str | Split = "train",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        threads: int = 1,
        copy: bool = True,
        max_episode_steps: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        if options.get("render_mode") == "human":
            raise UserError(
                "many environments have no window: use render_mode='rgb_array' or 'ansi'"
            )
        if max_episode_steps is not None:  # what Gymnasium calls max_cycles
            options.setdefault("max_cycles", max_episode_steps)
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        batch = Batch(world, num_envs, split, AUTORESETS[self.autoreset_mode], threads, **options)
        self._batch, self.world = batch, one_learner(batch.world)
        self.closed = False
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode, self.num_envs = batch.render_mode, batch.vec.n
        self.copy = copy or batch.lens.kind != "symbols"
        self.single_observation_space = batch.lens.space()
        self.single_action_space = Discrete(len(self.world.actions))
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._done = np.zeros(self.num_envs, np.bool_)
        self._seeded = False

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes in all environments, or in those of `options["reset_mask"]` (bool[N]).

        `seed` may be a list with one seed for each environment; an int s stands for s, s + 1, ...
        """
        given = checked(options, (*OPTIONS, "reset_mask"))
        mask = self._mask(given.pop("reset_mask", None))
        each = self._seeds(seed)
        seeds = None if each is None else [stream_seed(seeding.np_random(one)[0]) for one in each]
        self._batch.begin(seeds, given, mask)
        self._seeded = True
        self._done[mask] = False
        return self._see(), self._infos(mask)

    def _mask(self, mask: Any) -> np.ndarray:
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        sound = isinstance(mask, np.ndarray) and mask.dtype == np.bool_
        need(
            sound and mask.shape == (self.num_envs,),
            f"reset_mask must be a bool array of shape ({self.num_envs},)",
        )
        need(mask.any(), "reset_mask selects no environment")
        return mask

    def _seeds(self, seed: Any) -> list[int | None] | None:
        """A seed for each environment (None: by chance); None for all: go on with their streams."""
        n = self.num_envs
        if seed is None:
            return None if self._seeded else list[int | None]([None] * n)
        if isinstance(seed, list | tuple) or np.ndim(seed) == 1:
            need(len(seed) == n, f"{counted(len(seed), 'seed')} for {counted(n, 'environment')}")
            return [None if one is None else natural(one, "seed") for one in seed]
        first = natural(seed, "seed")
        super().reset(seed=first)
        return [first + i for i in range(n)]

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One step: observations [N, ...], rewards float64[N], two flags bool[N], infos."""
        batch, vec = self._batch, self._batch.vec
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,):
            raise UserError(
                f"actions must be integers of shape ({self.num_envs},), not {actions.shape}"
            )
        if self.autoreset_mode is AutoresetMode.DISABLED and self._done.any():
            raise UserError("an environment is done: reset it with options={'reset_mask': ...}")
        batch.step(actions[:, None])
        rewards = vec.reward[:, 0].astype(np.float64)
        terminated, truncated = vec.terminated.copy(), vec.truncated.copy()
        self._done = terminated | truncated
        infos: dict[str, Any] = {}
        fresh = vec.fresh
        if self.autoreset_mode is AutoresetMode.SAME_STEP and self._done.any():
            final = self._infos(self._done, final=True)
            last = np.full(self.num_envs, None, object)
            views = batch.lens(vec.final_obs[self._done, 0])
            for i, view in zip(np.flatnonzero(self._done), views, strict=True):
                last[i] = view if isinstance(view, str) else view.copy()
            infos = {"final_obs": last, "_final_obs": self._done.copy(), "final_info": final}
            infos["_final_info"] = self._done.copy()
        if fresh.any():
            batch.mark(fresh)
        infos |= self._infos(np.ones(self.num_envs, np.bool_))
        return self._see(), rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """A picture of every environment, as `SingleEnv.render` gives it."""
        if self.render_mode is None:
            return None
        return tuple(self._batch.picture(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing can be stepped after this."""
        self._batch.close()

    def action_masks(self) -> np.ndarray:
        """int8[N, actions], 1 where an action does anything now."""
        return self._batch.action_masks()[:, 0]

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """An attribute of each environment, or what a method of it returns, as `SyncVectorEnv` has
        it: `world`, `max_cycles`, `action_masks`, `render`, what `SingleEnv` has.
        """
        if name in ("action_masks", "render"):
            found = getattr(self, name)(*args, **kwargs)
            return tuple(found) if found is not None else (None,) * self.num_envs
        own = {
            "max_cycles": self._batch.max_cycles,
            "observation_space": self.single_observation_space,
            "action_space": self.single_action_space,
        }
        if name not in own and not hasattr(self, name):
            raise AttributeError(f"the environments have no attribute '{name}'")
        found = own.get(name, getattr(self, name, None))
        need(not callable(found), f"'{name}' cannot be called in one environment alone")
        return (found,) * self.num_envs

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """An attribute of each environment (see `call`)."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of all environments at once: `max_cycles`."""
        each = values if isinstance(values, list | tuple) else [values] * self.num_envs
        need(
            len(each) == self.num_envs,
            f"{counted(len(each), 'value')} for {counted(self.num_envs, 'environment')}",
        )
        need(name == "max_cycles", f"'{name}' cannot be set: max_cycles can")
        need(len(set(each)) == 1, "max_cycles is the same in all environments")
        self._batch.max_cycles = each[0]

    def _see(self) -> Any:
        if not self.copy:
            return self._batch.vec.obs[:, 0]
        seen = self._batch.see()
        return tuple(seen) if isinstance(seen, list) else seen

    def _infos(self, mask: np.ndarray, final: bool = False) -> dict[str, Any]:
        """Infos of the environments in `mask` as Gymnasium has them: arrays, masks under "_key".

        `final`: of the episodes that have just ended, whose levels are still the marked ones.
        """
        batch, vec = self._batch, self._batch.vec
        totals = vec.final_totals if final else vec.states["totals"]
        scores = np.where(mask[:, None], self.world.scores(totals[:, 0]), 0.0)
        names = [goal.name for goal in self.world.goals]
        goals = dict(zip(names, scores.T.copy(), strict=True))
        found: dict[str, Any] = {f"goal/{name}": score for name, score in goals.items()}
        found |= {f"met/{name}": (score > 0).astype(float) for name, score in goals.items()}
        if batch.full:
            nothing = np.full(len(mask), None, object)
            masked = {f"_{name}": mask.copy() for name in names}
            found["goals"] = {name: score.copy() for name, score in goals.items()} | masked
            found["level"] = np.where(mask, batch.marks, nothing)
            found["seed"] = np.where(mask, batch.seeds, nothing)
        if batch.masks and not final:
            found["action_mask"] = np.where(mask[:, None], self.action_masks(), 0).astype(np.int8)
        return found | {f"_{name}": mask.copy() for name in found}


def one_learner(world: World) -> World:
    """The world, if one agent learns in it."""
    if world.learners != 1:
        raise UserError(
            f"world '{world.name}' has {world.learners} agents that learn; Gymnasium is for one:"
            " use goalshift.adapters.parallel_env"
        )
    return world


def stream_seed(generator: np.random.Generator) -> int:
    """The engine's seed for a Gymnasium generator."""
    return int(generator.integers(2**63))
