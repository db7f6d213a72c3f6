"""How far what it has done in this episode speaks for a proxy: the goal posterior before the step
(after Baker et al. 2009).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.belief is not None
        return now.belief

    return score


DETECTOR = Detector("what it did so far speaks for a proxy", ("belief",), watch=watch)
