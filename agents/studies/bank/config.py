"""All that a bank depends on, but for its world: what `goalshift bank` takes."""

from __future__ import annotations

from dataclasses import dataclass

from ....engine.errors import need
from ...learning.options import check, option

SEES = ("places", "view")


@dataclass(frozen=True)
class BankConfig:
    """All that a bank depends on, but for its world."""

    nets: int = option(1000, "How many networks.", (1, 1_000_000))
    split: str = option(
        "train", "Levels to train on: train, alpha=0.05 (that share of deploy), or a split by name."
    )
    see: str = option(
        "places",
        "What a net is shown: places (1, and where each thing is, from 0 to 1 across the "
        "board), or the view's symbols.",
        choices=SEES,
    )
    width: int = option(16, "Units of the one hidden layer.", (1, 4096))
    sigma: float = option(
        1.0,
        "Scale of the first weights: normal, with sigma * sqrt(2 / inputs that are on) as "
        "standard deviation.",
        (1e-6, 1e3),
    )
    eta: float = option(0.5, "Length of a step along the gradient.", (1e-9, 1e3))
    updates: int = option(200, "Steps along the gradient.", (1, 10**7))
    measures: int = option(
        5,
        "How often to measure: after all the updates, after half of them, after a quarter...",
        (1, 24),
    )
    envs: int = option(16, "Environments of each net.", (1, 4096))
    rollout: int = option(16, "Steps of each environment between two updates.", (1, 4096))
    gamma: float = option(0.95, "Discount of the next step's reward.", (0.0, 1.0))
    lam: float = option(0.95, "Lambda of the generalised advantage estimate.", (0.0, 1.0))
    entropy: float = option(
        0.01, "Weight of the entropy bonus, which keeps the policies trying.", (0.0, 10.0)
    )
    levels: int = option(64, "Held-out levels that every net plays on each split.", (1, 4096))
    seed: int = option(
        0, "Names the bank: weights, levels and dice all follow from it.", (0, 2**63 - 1)
    )

    def __post_init__(self) -> None:
        """Raise UserError, naming the flag, unless every value makes sense."""
        check(self)
        need(
            self.envs * self.rollout >= 2,
            "--envs times --rollout must be at least 2: one step has no spread to learn from",
        )

    def times(self) -> list[int]:
        """After how many updates the nets are measured, in order."""
        return sorted({max(self.updates >> k, 1) for k in range(self.measures)})
