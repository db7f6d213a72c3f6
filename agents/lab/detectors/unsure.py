"""How unsure it is on training levels: the mean entropy of its actions."""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence
from .seeds_disagree import chances


def score(evidence: Evidence) -> float:
    p = chances(evidence.training.steps)
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum(-1).mean())


DETECTOR = Detector("is less sure in training", ("training",), score=score)
