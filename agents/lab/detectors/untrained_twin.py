"""How far its features are from those of an untrained net of the same shape: linear centred kernel
alignment (Kornblith et al. 2019, arXiv 1905.00414), on observations of training levels.
"""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence, Lacking

MOST = 1024


def aligned(a: np.ndarray, b: np.ndarray) -> float:
    """Linear CKA of two sets of features [S, units]: 1 for the same but for a rotation."""
    a, b = a - a.mean(0), b - b.mean(0)
    across = np.linalg.norm(a.T @ b) ** 2
    return float(across / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b) + 1e-12))


def score(evidence: Evidence) -> float:
    seen = evidence.training.wandered[:MOST]
    mine, twin = evidence.think(seen).body, evidence.twin(seen).body
    if mine is None or twin is None:
        raise Lacking("it shows no layer")
    return 1 - aligned(mine.astype(np.float64), twin.astype(np.float64))


DETECTOR = Detector(
    "its features have moved further from an untrained net's", ("weights", "training"), score=score
)
