"""How it learned: how soon the paid goal came, how unsure it stayed, how well the critic kept up;
which of these tell is learned from other agents.
"""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence

COLUMNS = ("paid", "length", "entropy", "explained", "kl")


def features(evidence: Evidence) -> np.ndarray:
    """Of each column the mean, the last value, and how far into the run half of its way was made."""
    found = []
    for name in COLUMNS:
        series = np.array([row[name] for row in evidence.history if name in row], np.float64)
        if len(series) < 2:
            found += [0.0, 0.0, 0.5]
            continue
        way = (series - series[0]) / (series[-1] - series[0] or 1.0)
        found += [series.mean(), series[-1], float(np.argmax(way >= 0.5)) / len(series)]
    return np.array(found)


DETECTOR = Detector("learned as misled agents do", ("history",), features=features)
