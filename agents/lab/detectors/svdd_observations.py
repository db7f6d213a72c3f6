"""How far what it sees falls from the middle of the sphere of training levels (see `svdd_body`;
Ruff et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .knn_body import thinned
from .svdd_body import KEPT, sphere

AT_ONCE = 512  # rows whose symbols are spelled out together


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    assert calm.observations is not None
    symbols = calm.observations.dtype == np.uint8 and calm.observations.ndim == 3
    spelled = np.eye(int(calm.observations.max()) + 2, dtype=np.float32) if symbols else None
    scale = 255 if calm.observations.dtype == np.uint8 else 1

    def rows(seen: np.ndarray) -> np.ndarray:
        """float32[S, d]; symbols that training never showed are all one."""
        if spelled is not None:
            seen = spelled[np.minimum(seen, len(spelled) - 1)]
        return seen.reshape(len(seen), -1).astype(np.float32) / (scale if spelled is None else 1)

    distance = sphere(rows(thinned(calm.observations, KEPT)))

    def score(now: Steps) -> np.ndarray:
        assert now.observations is not None
        parts = np.array_split(now.observations, max(1, len(now.observations) // AT_ONCE))
        return np.concatenate([distance(rows(part)) for part in parts])

    return score


DETECTOR = Detector("what it sees leaves the sphere of training's", ("observations",), watch=watch)
