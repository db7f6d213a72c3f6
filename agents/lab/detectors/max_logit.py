"""Low where its largest logit is high (Hendrycks et al. 2022, arXiv 1911.11132)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.logits is not None
        return -now.logits.max(-1)

    return score


DETECTOR = Detector("its largest logit is low", ("logits",), watch=watch)
