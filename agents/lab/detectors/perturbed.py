"""How far its policy moves when a tenth of what it sees is taken from other moments."""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence
from .seeds_disagree import chances, divergence

SHARE, MOST = 0.1, 1024


def disturbed(seen: np.ndarray, share: float = SHARE) -> np.ndarray:
    """The observations [S, ...] with a share of their parts from other rows. Deterministic."""
    dice = np.random.default_rng(0)
    rows = seen.reshape(len(seen), -1)
    taken = dice.random(rows.shape) < share
    return np.where(taken, rows[dice.permutation(len(rows))], rows).reshape(seen.shape)


def score(evidence: Evidence) -> float:
    seen = evidence.training.wandered[:MOST]
    before, after = evidence.think(seen), evidence.think(disturbed(seen))
    return float(divergence(chances(before), chances(after)).mean())


DETECTOR = Detector(
    "moves more when what it sees is disturbed", ("weights", "training"), score=score
)
