"""High where the other seeds of its recipe would act otherwise (an ensemble, after
Lakshminarayanan et al. 2017, arXiv 1612.01474).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps
from .seeds_disagree import chances, divergence


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.peers is not None
        p = chances(now)
        return np.mean([divergence(p, chances(Steps(logits=q))) for q in now.peers], 0)

    return score


DETECTOR = Detector("other seeds would act otherwise", ("logits", "peers"), watch=watch)
