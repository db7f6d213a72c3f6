"""All that a training run depends on, by name: what `goalshift train` takes, and config.json holds.

The texts beside the fields are their help. Nothing here is slow to import.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import UserError, did_you_mean, need
from ...engine.view.camera.registry import sights
from .options import check, names, option

if TYPE_CHECKING:
    from ...engine.world import World

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")
SIGHTS = ("symbols", *sights())
HOOKS = ("reward", "mitigate", "curriculum")  # options that put something into the learner


@dataclass(frozen=True)
class TrainConfig:
    """All that a training run depends on.

    A world may have defaults of its own (`World.training`); see `configure`.
    """

    world: str = option("corner", "Name of a world, or path of a world file.")
    split: str = option(
        "train",
        "Levels to train on: train, deploy, alpha=0.05 (that share of deploy), or a split by name.",
    )
    levels: int = option(
        0, "Train on a fixed set of so many levels; 0 draws new ones for ever.", (0, 10_000_000)
    )
    obs: str = option(
        "symbols",
        "What the agent sees: symbols (cells, from above), or eyes (a picture of 64 x 64, in "
        "first person).",
        choices=SIGHTS,
    )
    params: tuple[tuple[str, float], ...] = option(
        (), "World parameters that differ from the world's own, as (name, value), in every split."
    )
    reward: str = option(
        "",
        "What is learned from, in place of what the world pays: goal.cheese - 0.2*event.corner"
        " (see agents/learning/README.md). Judged is the world's own goal all the same.",
    )
    mitigate: str = option(
        "",
        "What may keep the intended goal: NAME[:value],..., such as entropy:0.05,dropout, or"
        " ./my_mitigation.py (it is run as code).",
    )
    curriculum: str = option(
        "",
        "Which levels come next: NAME[:score], such as plr or accel:oracle. Without one, whatever"
        " the split holds.",
    )
    learner: str = option(
        "ppo",
        "What learns: ppo, bc[:GOAL] (clones the expert of the intended goal, or of another), dqn[:MIB]"
        " (with a replay buffer of so many MiB), or ./my_learner.py (it is run as code).",
    )
    policies: str = option(
        "shared",
        "Of several learners: one network for all (shared), or one each (independent).",
        choices=("shared", "independent"),
    )
    steps: int = option(2_000_000, "Environment steps to train for.", (1, 10**12))
    seed: int = option(
        0, "Names the run: weights, levels and dice all follow from it.", (0, 2**63 - 1)
    )

    envs: int = option(512, "Environments stepped side by side.", (1, 65_536))
    rollout: int = option(32, "Steps of each environment between updates.", (1, 4096))
    epochs: int = option(3, "Passes over the collected steps in each update.", (1, 100))
    minibatch: int = option(4096, "Rows in one gradient step.", (1, 2**24))
    lr: float = option(1e-3, "Learning rate of Adam.", (1e-9, 1.0))
    anneal: bool = option(
        False, "Let the learning rate fall to zero over the run, in a straight line."
    )
    gamma: float = option(0.99, "Discount of the next step's reward.", (0.0, 1.0))
    lam: float = option(
        0.95,
        "Lambda of the generalised advantage estimate: 0 trusts the critic, 1 the returns.",
        (0.0, 1.0),
    )
    reward_scale: float = option(
        1.0,
        "Rewards are multiplied by this before they are learned from; scores stay as they "
        "are. Prices of tens let the critic's gradient drown the actor's.",
        (1e-6, 1e6),
    )
    clip: float = option(
        0.2,
        "How far the probability of an action may move in one update before its gradient is cut.",
        (1e-4, 10.0),
    )
    entropy: float = option(
        0.01, "Weight of the entropy bonus, which keeps the policy trying.", (0.0, 10.0)
    )
    value_cost: float = option(
        1.0, "Weight of the critic's error, 0.5 * (value - return)^2.", (0.0, 100.0)
    )
    max_grad: float = option(
        0.5, "Gradients with a larger norm are scaled down to it.", (1e-6, 1e6)
    )

    net: str = option(
        "dense",
        "What encodes what is seen: dense, conv, attention, or ./my_net.py (it is run as code).",
    )
    first: int = option(
        64, "Units of the first layer (for every patch, if the view is cut into patches)."
    )
    width: int = option(128, "Units of each later layer.")
    depth: int = option(1, "Layers between the first one and the heads.")
    patch: int = option(
        0,
        "0: one matrix for the whole view. k: cut it into k x k patches that share their weights.",
    )
    memory: int = option(0, "Units of recurrent memory; 0 for none.")

    device: str = option("auto", "auto (cuda if there is one), cpu or cuda.", choices=DEVICES)
    precision: str = option(
        "auto",
        "Arithmetic of encoder and body: fp32, bf16, or auto (bf16 on processors made for it).",
        choices=PRECISIONS,
    )
    threads: int = option(
        0,
        "Processor threads; 0 for one a core, at most 8. Another number rounds in another way.",
        (0, 1024),
    )

    save_every: float = option(
        30.0, "Seconds between checkpoints. Does not change what is learned.", (0.0, 1e9)
    )
    keep: int = option(
        0,
        "Checkpoints to keep along the way, evenly spaced, and the untrained one; to be filmed.",
        (0, 1000),
    )

    def __post_init__(self) -> None:
        """Raise UserError, naming the flag, unless every value makes sense."""
        object.__setattr__(self, "params", tuple((str(k), v) for k, v in self.params))
        check(self)
        need(
            self.envs * self.rollout >= 2,
            "--envs times --rollout must be at least 2: one step has no spread to learn from",
        )
        need(
            not self.memory or self.minibatch >= self.rollout,
            f"with --memory, --minibatch must hold a rollout ({self.rollout} steps)",
        )

    def to_json(self) -> dict[str, Any]:
        """As plain data; `from_json` reads it back. Hooks that are not asked for are left out."""
        plain = {**dataclasses.asdict(self), "params": dict(self.params)}
        return {name: value for name, value in plain.items() if value or name not in HOOKS}

    @staticmethod
    def from_json(data: dict[str, Any]) -> TrainConfig:
        """From plain data; raises UserError on unknown names and senseless values."""
        known = names(TrainConfig)
        for name in data:
            if name not in known:
                raise UserError(f"no training option '{name}'.{did_you_mean(name, known)}")
        params = data.get("params", {})
        if not isinstance(params, dict):
            raise UserError(f"params must map names to numbers, not {params!r}")
        return TrainConfig(**{**data, "params": tuple(params.items())})


def configure(world: str | World, **given: Any) -> TrainConfig:
    """The configuration of a run.

    What is `given`, else what the learner would rather have, else the world's own defaults, else
    those of `TrainConfig`.
    """
    from ...engine.catalogue import load  # slow to import: it brings NumPy

    loaded = load(world)
    name = loaded.name if loaded is world else str(world)
    if given.get("mitigate"):
        from .mitigation import expanded

        given = expanded(loaded, given)
    rather: Mapping[str, Any] = {}
    if given.get("learner", "ppo") != "ppo":
        from .learner import LEARNERS, split_name

        rather = LEARNERS.load(split_name(str(given["learner"]))[0]).options
    return TrainConfig.from_json({**loaded.training, **rather, **given, "world": name})
