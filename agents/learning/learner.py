"""What learns, by name: `--learner NAME[:value]`, one file each in `learners/`.

PPO is the one that a student reads (`ppo.py`), and the others are that one with another way of acting
or another loss. All train the same networks in the same environments into the same run folders, so
whatever reads a run reads theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...engine.errors import need
from ...engine.roster import Roster, first_sentence


@dataclass(frozen=True)
class LearnerKind:
    """One file of `learners/` ends in `LEARNER = LearnerKind(...)`.

    about: its first sentence says what it does. build(world, config, value) makes a
    `training.Training`; the config is resolved, and the value is what stood behind its name, ""
    without. options: what it would rather have than PPO's defaults. unread: options that change nothing for it.
    """

    about: str | None
    build: Callable[..., object]
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


def no_value(name: str, value: str) -> None:
    """Raise UserError if something stands behind the name of a learner that takes nothing."""
    need(not value, f"--learner {name} takes no value, not '{value}'")
