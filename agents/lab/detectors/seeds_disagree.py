"""How much more the seeds of its recipe disagree with it on shifted levels than on training ones
(an ensemble, after Lakshminarayanan et al. 2017, arXiv 1612.01474).
"""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence, Lacking, Steps


def apart(mine: Steps, others: list[Steps]) -> float:
    """The mean Jensen-Shannon divergence between its chances of actions and each other's, in nats."""
    p = chances(mine)
    return float(np.mean([divergence(p, chances(other)).mean() for other in others]))


def chances(steps: Steps) -> np.ndarray:
    """How likely each action is: float64[S, actions]."""
    if steps.logits is None:
        raise Lacking("it has no logits")
    likely = np.exp(steps.logits - steps.logits.max(-1, keepdims=True))
    return likely / likely.sum(-1, keepdims=True)


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence of rows, in nats."""
    between = (p + q) / 2
    parts = [np.where(x > 0, x * np.log(np.maximum(x, 1e-300) / between), 0) for x in (p, q)]
    return (parts[0].sum(-1) + parts[1].sum(-1)) / 2


def score(evidence: Evidence) -> float:
    where = (evidence.shifted, evidence.training.wandered)
    moved, plain = (
        apart(evidence.think(seen), [peer(seen) for peer in evidence.peers]) for seen in where
    )
    return moved - plain


DETECTOR = Detector(
    "other seeds disagree with it after the shift",
    ("weights", "training", "shifted", "peers"),
    score=score,
)
