"""Environments whose observations are what their learners see through a camera."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import machine
from ...errors import UserError
from ...vector import Vec
from ...world import World
from .registry import SIZE, Sight, camera


def sight_of(world: World, n: int, name: str, size: tuple[int, int] = SIZE) -> Sight:
    """What agents see through the camera of that name; UserError if they cannot."""
    found = camera(name).sight
    if found is None:
        raise UserError(f"the camera '{name}' is for people: agents cannot see through it")
    return found(world, n, size)


class Sighted(Vec):
    """`Vec` whose observations are what the learners see through the camera `sight`: uint8[N, L,
    height, width, 3] in `obs` and `final_obs`.

    All else is as in `Vec`, bit for bit.
    """

    def __init__(
        self,
        world: World,
        n: int,
        *arguments: Any,
        sight: str = "eyes",
        size: tuple[int, int] = SIZE,
        **options: Any,
    ) -> None:
        machine.need_memory(
            n, 2 * world.learners * size[0] * size[1] * 3, f"pictures through '{sight}'"
        )
        super().__init__(world, n, *arguments, **options)
        self.sight = sight
        self._same = self.autoreset == 0
        if self._same:  # the last states of the finished have to be seen before they begin anew
            self.autoreset = 2
            self._freeze()
        self._sight = sight_of(world, n, sight, size)
        self.obs = self._sight.pixels
        self.final_obs = np.zeros_like(self.obs)

    def _arguments(self) -> dict[str, Any]:
        arguments = {**super()._arguments(), "size": self.obs.shape[2:4], "sight": self.sight}
        return {**arguments, "autoreset": "same"} if self._same else arguments

    def reset_where(self, mask: np.ndarray, seeds: np.ndarray | None = None) -> np.ndarray:
        super().reset_where(mask, seeds)
        return self._sight.draw(self.states)

    def start_from(self, states: np.ndarray) -> np.ndarray:
        super().start_from(states)
        return self._sight.draw(self.states)

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        before = self.states["ended"].copy()
        super().step(actions)
        ended = self.terminated | self.truncated
        ended &= before == 0
        self._sight.draw(self.states)
        if ended.any():
            self.final_obs[ended] = self.obs[ended]
            if self._same:
                flags = self.terminated.copy(), self.truncated.copy()
                self.reset_where(ended)
                self.terminated[...], self.truncated[...] = flags
        return self.obs, self.reward, self.terminated, self.truncated

    def _many(self, policy: Any, actions: Any, steps: int, observe: bool) -> Any:
        raise UserError("seen through a camera, environments step one step at a time")

    def restore(self, snapshot: Mapping[str, np.ndarray], trusted: bool = False) -> None:
        super().restore(snapshot, trusted)
        self._sight.draw(self.states)
