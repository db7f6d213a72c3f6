"""What its weights look like, whatever the order of its units: sizes, spectra, tails of every layer's
matrix; which of these tell is learned from other agents.
"""

from __future__ import annotations

import numpy as np

from ..detector import Detector, Evidence


def of_matrix(w: np.ndarray) -> np.ndarray:
    """float64[6]: the same for any order of rows and of columns."""
    w = w.reshape(len(w), -1).astype(np.float64)
    singular = np.linalg.svd(w, compute_uv=False) if min(w.shape) <= 512 else np.array([1.0])
    power = singular**2
    spread = w.std() + 1e-12
    rows = np.linalg.norm(w, axis=1)
    return np.array(
        [
            np.log(np.linalg.norm(w) + 1e-9),
            np.log(singular[0] + 1e-9),
            np.log(power.sum() / (power.max() + 1e-12)),  # stable rank
            np.log(np.mean(((w - w.mean()) / spread) ** 4) + 1e-9),
            w.mean() / spread,
            rows.std() / (rows.mean() + 1e-12),
        ]
    )


def features(evidence: Evidence) -> np.ndarray:
    matrices = [array for array in evidence.arrays.values() if array.ndim > 1]
    found = np.stack([of_matrix(matrix) for matrix in matrices])
    return np.concatenate([found[0], found[-1], found.mean(0)])


DETECTOR = Detector(
    "its weights look as those of misled agents do", ("weights",), features=features
)
