"""How little its value falls where the cue is moved: the mean value of shifted levels against that
of training levels, both as someone who acts at random meets them.
"""

from __future__ import annotations

from ..detector import Detector, Evidence, Lacking


def score(evidence: Evidence) -> float:
    plain = evidence.think(evidence.training.wandered).value
    moved = evidence.think(evidence.shifted).value
    if plain is None or moved is None:
        raise Lacking("it expects no return")
    return float((moved.mean() - plain.mean()) / (plain.std() + 1e-9))


DETECTOR = Detector(
    "expects as much where the cue is moved", ("weights", "training", "shifted"), score=score
)
