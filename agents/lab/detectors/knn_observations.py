"""How far what it sees is from the nearest of training levels: cells that differ, or numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .knn_body import NEAR, nearest, thinned

KEPT = 300


def differing(points: np.ndarray, known: np.ndarray, near: int = NEAR) -> np.ndarray:
    """In how many places each of `points` [S, d] differs from the `near`-th nearest of `known`."""
    near = min(near, len(known))
    counts = np.stack([(points != one).sum(1) for one in known], 1)
    return np.partition(counts, near - 1, 1)[:, near - 1].astype(np.float64)


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    assert calm.observations is not None
    known = thinned(calm.observations.reshape(len(calm.observations), -1), KEPT)
    distance = differing if known.dtype == np.uint8 and calm.observations.ndim == 3 else nearest

    def score(now: Steps) -> np.ndarray:
        assert now.observations is not None
        return distance(now.observations.reshape(len(now.observations), -1), known)

    return score


DETECTOR = Detector("what it sees is far from training", ("observations",), watch=watch)
