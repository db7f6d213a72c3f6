"""Low where its likeliest action is far likelier than the next (Danesh et al. 2025, arXiv
2502.09583).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .seeds_disagree import chances


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        p = chances(now)
        top = np.sort(p, -1)
        return top[:, -2] - top[:, -1]

    return score


DETECTOR = Detector("its two likeliest actions are close", ("logits",), watch=watch)
