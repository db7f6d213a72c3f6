"""What an alarm without any sense would come to: digits of the logits that nobody means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.logits is not None
        return np.abs(now.logits.sum(-1)) * 1e4 % 1

    return score


DETECTOR = Detector("sounds by chance", ("logits",), watch=watch, control=True)
