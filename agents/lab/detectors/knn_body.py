"""How far its last layer's activations are from the nearest ones of training levels
(Sun et al. 2022, arXiv 2204.06507).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps

NEAR, KEPT = 5, 1000


def nearest(points: np.ndarray, known: np.ndarray, near: int = NEAR) -> np.ndarray:
    """The distance from each of `points` [S, d] to the `near`-th nearest of `known` [m, d], or to the
    farthest of fewer: float64[S].
    """
    near = min(near, len(known))
    found = []
    for some in np.array_split(points.astype(np.float64), max(1, len(points) // 512)):
        squares = (some**2).sum(1)[:, None] + (known**2).sum(1) - 2 * some @ known.T
        found.append(np.sqrt(np.maximum(np.partition(squares, near - 1, 1)[:, near - 1], 0)))
    return np.concatenate(found)


def thinned(rows: np.ndarray, most: int = KEPT) -> np.ndarray:
    """At most so many rows, evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    assert calm.body is not None
    known = thinned(calm.body).astype(np.float64)
    middle, spread = known.mean(0), known.std(0) + 1e-6
    known = (known - middle) / spread

    def score(now: Steps) -> np.ndarray:
        assert now.body is not None
        return nearest((now.body - middle) / spread, known)

    return score


DETECTOR = Detector("its features are far from those of training", ("body",), watch=watch)
