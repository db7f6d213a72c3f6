"""A batch of environments as a value: copies and pickles of it go on exactly where it was, and apart
from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

import numpy as np

from .kernels import AUTORESETS, POOLS, share
from .world import Split, World

Batch = TypeVar("Batch", bound="Value")


class Value:
    """What `Vec` is made again from: `arguments` of its class, and what goes on."""

    world: World
    n: int
    split: Split
    seed: int
    pool: int
    threads: int
    autoreset: int
    bank: bool
    obs: np.ndarray
    final_obs: np.ndarray

    def snapshot(self) -> dict[str, np.ndarray]:
        """Everything the future depends on, as plain arrays."""
        raise NotImplementedError

    def _put(self, snapshot: Mapping[str, np.ndarray]) -> None:
        raise NotImplementedError

    def _arguments(self) -> dict[str, Any]:
        return {
            "world": self.world,
            "n": self.n,
            "split": self.split,
            "seed": self.seed,
            "pool": POOLS[self.pool],
            "threads": self.threads,
            "autoreset": AUTORESETS[self.autoreset],
        }

    def __getstate__(self) -> dict[str, Any]:
        return {
            "arguments": self._arguments(),
            "snapshot": self.snapshot(),
            "bank": self.bank,
            "obs": self.obs.copy(),
            "final_obs": self.final_obs.copy(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, **state["arguments"])
        self._put(state["snapshot"])
        self.bank = state.get("bank", False)
        self.obs[...] = state["obs"]
        self.final_obs[...] = state["final_obs"]

    def __deepcopy__(self: Batch, memo: dict[int, Any]) -> Batch:
        """An independent copy; its world shares the kernels."""
        twin = memo[id(self)] = object.__new__(type(self))
        own = self.__getstate__()
        own["arguments"]["world"] = world = deepcopy(self.world, memo)
        share(world, self.world)
        twin.__setstate__(own)
        return twin

    def __copy__(self: Batch) -> Batch:
        return deepcopy(self, {id(self.world): self.world})
