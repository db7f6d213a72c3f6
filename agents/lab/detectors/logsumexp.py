"""Low where the log of the sum of its exponentiated logits (the free energy) is high
(Liu et al. 2020, arXiv 2010.03759).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..detector import Detector, Steps


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    def score(now: Steps) -> np.ndarray:
        assert now.logits is not None
        top = now.logits.max(-1)
        return -(top + np.log(np.exp(now.logits - top[:, None]).sum(-1)))

    return score


DETECTOR = Detector("its logits are low in sum", ("logits",), watch=watch)
