"""What one would know anyway: how long its episodes are on its training levels."""

from __future__ import annotations

from ..detector import Detector, Evidence


def score(evidence: Evidence) -> float:
    return float(evidence.training.length.mean())


DETECTOR = Detector("takes longer in training", ("training",), score=score, control=True)
