"""Worlds as a Stable-Baselines3 `VecEnv`; needs stable-baselines3."""

from __future__ import annotations

import re
from typing import Any, Unpack

import numpy as np
from gymnasium.spaces import Discrete
from stable_baselines3.common.vec_env import VecEnv  # pyright: ignore[reportMissingImports]

from ..errors import natural, need
from ..world import Split, World
from .batch import Adapter, Batch, Options, fresh_seed


class SB3Vec(Adapter, VecEnv):
    """A world as a Stable-Baselines3 `VecEnv`, reset in the same step.

    `world` may also be a Gymnasium id ("goalshift/Corner-v0"). In a world with L learning agents
    each one is a row of its own, num_envs * L in all, so one policy learns for all of them. `obs`
    (by default "planes"): "planes" for `MlpPolicy`, "rgb" (at least 36 pixels a side) for
    `CnnPolicy`. Infos are "full", and come with an episode's end. `action_masks` is there for
    sb3-contrib's MaskablePPO. Further options: see `batch.Options`.
    """

    _kept = ("_next_seed", "_chosen", "reset_infos", "_seeds", "_options")

    def __init__(
        self,
        world: str | World,
        num_envs: int = 1,
        seed: int | None = None,
        split: str | Split = "train",
        threads: int = 1,
        **options: Unpack[Options],
    ) -> None:
        options = {"obs": "planes", "infos": "full", **options, "render_mode": "rgb_array"}
        batch = Batch(_world(world), num_envs, split, "same", threads, **options)
        need(batch.lens.words is None, "Stable-Baselines3 takes no texts: obs='planes', say")
        self._batch, self.world, self.render_mode = batch, batch.world, "rgb_array"
        rows = batch.vec.n * self.world.learners
        VecEnv.__init__(self, rows, batch.lens.space(), Discrete(len(self.world.actions)))
        self.seed(seed)
        self._chosen = np.zeros((batch.vec.n, self.world.learners), np.int64)

    def seed(self, seed: int | None = None) -> list[int]:
        """The stream of levels from the next reset on; None: one by chance."""
        first = fresh_seed() if seed is None else natural(seed, "seed")
        self._next_seed: int | None = first
        return [first] * self.num_envs

    def reset(self) -> Any:
        """Begin in every environment; environment i runs on the stream seed + i."""
        batch, seeds = self._batch, None
        if self._next_seed is not None:
            seeds = [self._next_seed + i for i in range(batch.vec.n)]
        self._next_seed = None
        batch.begin(seeds, None)
        rows = [(i, a) for i in range(batch.vec.n) for a in range(self.world.learners)]
        self.reset_infos = [self._plain(batch.info(i, a)) for i, a in rows]
        return batch.see()

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for `step_wait`."""
        actions = np.asarray(actions)
        need(
            actions.size == self._chosen.size,
            f"actions must be integers of shape ({self.num_envs},), not {actions.shape}",
        )
        self._chosen = actions.reshape(self._chosen.shape)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """One step: observations, rewards float32[rows], done bool[rows], a list of infos."""
        batch, vec, learners = self._batch, self._batch.vec, self.world.learners
        batch.step(self._chosen)
        done = vec.terminated | vec.truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if done.any():
            where = np.flatnonzero(done)
            final = batch.lens(vec.final_obs[where].reshape(-1, *batch.lens.shape))
            for j, (i, a) in enumerate((i, a) for i in where.tolist() for a in range(learners)):
                totals = vec.final_totals[i, a]
                infos[i * learners + a] = {
                    "terminal_observation": final[j].copy(),
                    "TimeLimit.truncated": bool(vec.truncated[i]),
                    **batch.flat(totals),
                }
                if batch.full:
                    infos[i * learners + a] |= {
                        "goals": batch.goals(totals),
                        "level": batch.marks[i],
                        "seed": int(vec.final_seed[i]),
                    }
            batch.mark(done)
        rewards = vec.reward.reshape(-1).copy()
        return batch.see(), rewards, np.repeat(done, learners), infos

    @staticmethod
    def _plain(info: dict[str, Any]) -> dict[str, Any]:
        return {**info, "seed": int(info["seed"])} if "seed" in info else info

    def action_masks(self) -> np.ndarray:
        """int8[rows, actions], 1 where an action does anything now."""
        return self._batch.action_masks().reshape(self.num_envs, -1)

    def get_images(self) -> list[Any]:
        """A picture of every environment."""
        return [self._batch.picture(i, "rgb_array") for i in range(self._batch.vec.n)]

    def close(self) -> None:
        """Nothing can be stepped after this."""
        self._batch.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The batch's own attribute, once for each row asked for."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the whole batch."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch, once; of masks each row gets its own."""
        found = getattr(self, method_name)(*args, **kwargs)
        each = found if method_name == "action_masks" else [found] * self.num_envs
        return [each[i] for i in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """No: the batch is one object."""
        return [False] * len(list(self._get_indices(indices)))


def _world(name: str | World) -> str | World:
    """The world's own name, of a Gymnasium id."""
    found = re.fullmatch(r"goalshift/(\w+)-v\d+", name) if isinstance(name, str) else None
    return re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower() if found else name


sb3_vec = SB3Vec  # as 0.1 called it
