"""What one would know anyway: how much of the paid goal it earns on its training levels."""

from __future__ import annotations

from ..detector import Detector, Evidence


def score(evidence: Evidence) -> float:
    return -evidence.training.paid


DETECTOR = Detector("earns less in training", ("training",), score=score, control=True)
