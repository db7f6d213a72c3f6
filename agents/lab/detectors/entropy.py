"""High where its actions are unsure (Danesh et al. 2025, arXiv 2502.09583)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .seeds_disagree import chances


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        p = chances(now)
        return -(p * np.log(np.maximum(p, 1e-300))).sum(-1)

    return score


DETECTOR = Detector("its actions are unsure", ("logits",), watch=watch)
