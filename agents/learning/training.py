"""A training in memory, whatever learns in it: what `run` drives, and how one is made."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from ...engine.errors import UserError, need
from ...engine.world import World
from .config import TrainConfig
from .hooks import Hooks
from .learner import kind_of, split_name
from .net import Net


class Training(Protocol):
    """One training in memory, as `run` drives it."""

    world: World
    config: TrainConfig
    net: Net
    hooks: Hooks
    steps: int  # of the environments, so far

    def update(self) -> dict[str, float]:
        """Act and learn for a while; the figures for the log, "step" among them."""
        ...

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        """All that the future depends on: arrays, and the counters "steps" and "updates". The
        network's begin with "net." and are what a checkpoint holds: logits of a policy, and values.
        """
        ...

    def restore(self, arrays: dict[str, np.ndarray], counters: dict[str, int]) -> None:
        """Continue exactly where `state` was taken. UserError for what is unsound."""
        ...


def learner_of(world: World, config: TrainConfig) -> Training:
    """The training that a (resolved) configuration asks for. UserError if it does not fit."""
    made = kind_of(config.learner).build(world, config, split_name(config.learner)[1])
    return cast(Training, made)


def one_net(name: str, config: TrainConfig) -> None:
    """Raise UserError if a learner that trains one network is asked for one each."""
    need(
        config.policies == "shared",
        f"--learner {name} trains one network for all: --policies independent is for ppo",
    )


def only_pays(hooks: Hooks, config: TrainConfig, who: str) -> None:
    """Raise UserError unless all that is put into the learner changes rewards, levels, or what is
    seen: `who` ("--learner dqn") does not learn in the way that the others reach into.
    """
    if hooks.keeping or hooks.by_autograd or hooks.hearing or hooks.beginning:
        flags = {"--mitigate": config.mitigate, "--curriculum": config.curriculum}
        given = " and ".join(f"{flag} {text}" for flag, text in flags.items() if text)
        raise UserError(f"{who} cannot take {given}, which reaches into how PPO learns")
