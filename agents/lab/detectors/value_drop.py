"""High where the return it expects has fallen since the step before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.value is not None and now.before is not None
        return np.nan_to_num(now.before - now.value).astype(np.float64)

    return score


DETECTOR = Detector("the return it expects falls", ("value",), watch=watch)
