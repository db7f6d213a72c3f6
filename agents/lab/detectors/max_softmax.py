"""Low where its likeliest action is likely (Hendrycks and Gimpel 2017, arXiv 1610.02136)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .seeds_disagree import chances


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        p = chances(now)
        return -p.max(-1)

    return score


DETECTOR = Detector("its likeliest action is not likely", ("logits",), watch=watch)
