"""Worlds with one learning agent as Gymnasium environments: one, or many in one compiled call."""

from __future__ import annotations

from typing import Any, Unpack

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ..errors import UserError, natural, need
from ..world import Split, World
from .batch import FPS, OPTIONS, RENDER_MODES, Adapter, Batch, Options, action_of, checked

KEYS = {"up": "w", "left": "a", "down": "s", "right": "d", "jump": " "}
AUTORESETS = {
    AutoresetMode.NEXT_STEP: "next",
    AutoresetMode.SAME_STEP: "same",
    AutoresetMode.DISABLED: "off",
}


class SingleEnv(Adapter, gymnasium.Env[np.ndarray, np.int64]):
    """A world with one learning agent for Gymnasium; arguments and options of `reset` as for
    PettingZoo's `ParallelEnv`.
    """

    _kept = ("_np_random", "_np_random_seed", "_seeded")
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

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: on the stream of levels that `seed` names, or on its next level."""
        super().reset(seed=None if seed is None else natural(seed, "seed"))
        seeds = None
        if seed is not None or not self._seeded:
            seeds = [stream_seed(self.np_random)]
        self._batch.begin(seeds, options)
        self._seeded = True
        self._batch.show()
        return self._see(), self._batch.info(0, 0)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
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

    def _see(self) -> np.ndarray:
        return self._batch.lens(self._batch.vec.obs[0])[0]


class VectorEnv(Adapter, gymnasium.vector.VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """N environments of a world with one learning agent, stepped by one compiled call.

    Equal, bit for bit, to `SyncVectorEnv` over `SingleEnv` in every autoreset mode, and much
    faster. Arguments and options of `reset` as for PettingZoo's `ParallelEnv`; also threads, and
    copy: False hands out the engine's own buffers, which the next step overwrites (symbols only).
    """

    _kept = ("_np_random", "_np_random_seed", "_seeded", "_done")
    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES[1:]), "render_fps": FPS}  # noqa: RUF012

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
    ) -> tuple[np.ndarray, dict[str, Any]]:
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
        return self._see(self._batch.vec.obs), self._infos(mask)

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
            need(len(seed) == n, f"{len(seed)} seeds for {n} environments")
            return [None if one is None else natural(one, "seed") for one in seed]
        first = natural(seed, "seed")
        super().reset(seed=first)
        return [first + i for i in range(n)]

    def step(
        self, actions: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
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
                last[i] = view.copy()
            infos = {"final_obs": last, "_final_obs": self._done.copy(), "final_info": final}
            infos["_final_info"] = self._done.copy()
        if fresh.any():
            batch.mark(fresh)
        infos |= self._infos(np.ones(self.num_envs, np.bool_))
        return self._see(vec.obs), rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """A picture of every environment, as `SingleEnv.render` gives it."""
        if self.render_mode is None:
            return None
        return tuple(self._batch.picture(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing can be stepped after this."""
        self._batch.close()

    def _see(self, planes: np.ndarray) -> np.ndarray:
        return self._batch.lens(planes[:, 0]) if self.copy else planes[:, 0]

    def _infos(self, mask: np.ndarray, final: bool = False) -> dict[str, Any]:
        """Infos of the environments in `mask` as Gymnasium has them: arrays, masks under "_key".

        `final`: of the episodes that have just ended, whose levels are still the marked ones.
        """
        vec = self._batch.vec
        totals = vec.final_totals if final else vec.states["totals"]
        scores = np.where(mask[:, None], self.world.scores(totals[:, 0]), 0.0)
        goals: dict[str, np.ndarray] = {}
        for k, goal in enumerate(self.world.goals):
            goals[goal.name], goals[f"_{goal.name}"] = scores[:, k].copy(), mask.copy()
        nothing = np.full(len(mask), None, object)
        return {
            "goals": goals, "_goals": mask.copy(),
            "level": np.where(mask, self._batch.marks, nothing), "_level": mask.copy(),
            "seed": np.where(mask, self._batch.seeds, nothing), "_seed": mask.copy(),
        }  # fmt: skip


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
