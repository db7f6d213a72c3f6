"""What learns, by name: `--learner NAME[:value]`, one file each in `learners/`.

PPO is the one that a student reads (`ppo.py`), and the others are that one with another way of acting
or another loss. All train the same networks in the same environments into the same run folders, so
whatever reads a run reads theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ...engine.errors import UserError, need
from ...engine.roster import Roster, first_sentence
from ...engine.world import World
from .config import TrainConfig
from .hooks import Hooks
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


@dataclass(frozen=True)
class LearnerKind:
    """One file of `learners/` ends in `LEARNER = LearnerKind(...)`.

    about: its first sentence says what it does. build(world, config, value) makes one; the config is
    resolved, and the value is what stood behind its name, "" without. options: what it would rather
    have than PPO's defaults. unread: options that change nothing for it.
    """

    about: str | None
    build: Callable[[World, TrainConfig, str], Training]
    options: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The first sentence of `about`."""
        return first_sentence(self.about)


LEARNERS = Roster("learner", "agents/learning/learners", "LEARNER", LearnerKind)


def split_name(text: str) -> tuple[str, str]:
    """The name and the value of "bc:corner"."""
    name, _, value = text.partition(":")
    return name, value


def kind_of(text: str) -> LearnerKind:
    """The kind that `--learner` names."""
    return LEARNERS.recall(split_name(text)[0], f"--learner {text}")


def learner_of(world: World, config: TrainConfig) -> Training:
    """The training that a (resolved) configuration asks for. UserError if it does not fit."""
    return kind_of(config.learner).build(world, config, split_name(config.learner)[1])


def no_value(name: str, value: str) -> None:
    """Raise UserError if something stands behind the name of a learner that takes nothing."""
    need(not value, f"--learner {name} takes no value, not '{value}'")


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
