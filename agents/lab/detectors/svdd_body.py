"""How far its last layer's activations fall from the middle of a small sphere, into which a network
without offsets was taught to map those of training levels (Deep SVDD, Ruff et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ..detector import Detector, Steps
from .knn_body import thinned

HIDDEN, OUT = 32, 8  # units of the two layers
KEPT, PASSES, RATE, DECAY = 768, 150, 3e-3, 1e-3


def sphere(known: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Taught on `known` float32[m, d]: what gives the squared distance from the middle, float64[S],
    of float32[S, d]. The same bytes for the same rows.

    Without offsets, and with the middle kept where the first pass has it, not all can be mapped to
    one point.
    """
    dice = torch.Generator().manual_seed(0)
    sizes = (known.shape[1], HIDDEN), (HIDDEN, OUT)
    layers = [torch.randn(size, generator=dice) * (2 / size[0]) ** 0.5 for size in sizes]

    def into(rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.leaky_relu(rows @ layers[0], 0.1) @ layers[1]

    rows = torch.from_numpy(thinned(known, KEPT))
    with torch.enable_grad():
        middle = into(rows).mean(0)
        layers = [layer.requires_grad_() for layer in layers]
        adam = torch.optim.Adam(layers, RATE, weight_decay=DECAY)
        for _ in range(PASSES):
            adam.zero_grad()
            ((into(rows) - middle) ** 2).sum(1).mean().backward()
            adam.step()

    @torch.no_grad()
    def distance(points: np.ndarray) -> np.ndarray:
        return ((into(torch.from_numpy(points)) - middle) ** 2).sum(1).double().numpy()

    return distance


def watch(calm: Steps) -> Callable[[Steps], np.ndarray]:
    assert calm.body is not None
    middle, spread = calm.body.mean(0), calm.body.std(0) + 1e-3

    def rows(steps: Steps) -> np.ndarray:
        assert steps.body is not None
        return ((steps.body - middle) / spread).astype(np.float32)

    distance = sphere(rows(calm))
    return lambda now: distance(rows(now))


DETECTOR = Detector("its features leave the sphere of training's", ("body",), watch=watch)
