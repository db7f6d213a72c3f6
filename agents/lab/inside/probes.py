"""Linear probes, each with its controls: there is no way to ask for one without them.

A probe reads a label (such as the way to a goal) from a layer by ridge regression, on one half of
the levels, and is scored on the other half by balanced accuracy: the mean over labels of how many
are found, so that chance is one over the number of labels. Beside it stand always

- the same probe of what was seen, without any network: what a linear reader finds by itself;
- the same probe of the network as it was before training;
- the same probe of labels dealt anew, again and again: the null distribution, and a p-value;
- the same probe on the levels it was fitted on: how much it has learned by heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....engine.errors import need
from ...judging.intervals import Estimate, Weights, tidy
from .moments import Moments

SHUFFLES = 100
LAMBDAS = (1e-3, 1e-2, 1e-1, 1.0)  # times the number of rows
FEWEST = 50  # moments in each half


@dataclass(frozen=True)
class Reading:
    """How well a label can be read from a layer, and its controls. All are balanced accuracies."""

    layer: str
    label: str
    found: Estimate  # on levels that it was not fitted on
    observation: float | None  # from what was seen alone
    untrained: float | None  # from the untrained network
    shuffled: tuple[float, float]  # the middle and the 95th percentile of the null
    p: float  # how often labels dealt anew did as well
    own_levels: float | None  # on the levels it was fitted on
    labels: int
    moments: int  # that it was scored on
    direction: np.ndarray  # float64[units], what the two commonest labels differ by

    @property
    def beyond(self) -> bool:
        """Whether the layer makes it easier to read than the observation, the untrained network
        and chance do, by more than the interval.
        """
        low = self.found.low
        bars = [self.observation, self.untrained, self.shuffled[1]]
        return low is not None and all(bar is not None and low > bar for bar in bars)


class Reader:
    """Probes of one agent's moments; one half of the levels is for fitting, drawn by `seed`."""

    def __init__(self, known: Moments, seed: int = 0) -> None:
        self.known, self.seed = known, seed
        half = np.random.default_rng(seed).permutation(known.level.max() + 1) % 2 == 0
        self.fits = half[known.level]
        self._ridges: dict[tuple[str, str], _Ridge] = {}

    def read(
        self,
        layer: str,
        label: np.ndarray,
        name: str,
        where: np.ndarray | None = None,
        shuffles: int = SHUFFLES,
    ) -> Reading:
        """A probe of `label` (int64[M]), called `name`, from a layer, with all controls.

        `where` (bool[M]): the moments it is scored on, by default all. Raises UserError if there
        are too few, or one label alone.
        """
        known, fits = self.known, self.fits
        hint = f"there is no layer '{layer}' (there are {', '.join(known.layers)})"
        need(layer in known.layers, hint)
        scored = ~fits if where is None else ~fits & where
        need(
            min(fits.sum(), scored.sum()) >= FEWEST and len(np.unique(label[scored])) > 1,
            f"a probe of '{name}' has too few moments to be fitted and scored: play more levels",
        )
        kinds, label = np.unique(label, return_inverse=True)

        def score(kind: str) -> float | None:
            x = self._rows(kind, layer)
            if x is None:
                return None
            ridge = self._ridge(kind, layer).fit(label[fits], len(kinds))
            return tidy(balanced(ridge.hits(x[scored], label[scored]), label[scored]))

        others = score("seen"), score("twin")
        x, ridge = known.layers[layer], self._ridge("layer", layer)
        ridge.fit(label[fits], len(kinds))
        hits = ridge.hits(x[scored], label[scored])
        found = _interval(hits, label[scored], known.level[scored], self.seed)
        own = balanced(ridge.hits(x[fits], label[fits]), label[fits])
        common = np.argsort(-np.bincount(label[scored], minlength=len(kinds)))[:2]
        direction = ridge.direction(int(common[0]), int(common[-1]))
        dice, null = np.random.default_rng(self.seed + 1), []
        for _ in range(shuffles):
            ridge.fit(dice.permutation(label[fits]), len(kinds), ridge.penalty)
            null.append(balanced(ridge.hits(x[scored], label[scored]), label[scored]))
        as_good = np.sum(np.array(null) >= balanced(hits, label[scored]))
        return Reading(
            layer,
            name,
            found,
            *others,
            (round(float(np.median(null)), 6), round(float(np.quantile(null, 0.95)), 6)),
            round(float((1 + as_good) / (1 + shuffles)), 6),
            tidy(own),
            len(kinds),
            int(scored.sum()),
            direction,
        )

    def _rows(self, kind: str, layer: str) -> np.ndarray | None:
        """What a probe looks at: a layer, the untrained network's, or what was seen, flat."""
        known = self.known
        if kind != "seen":
            return (known.layers if kind == "layer" else known.twin).get(layer)
        if known.seen.ndim > 3:
            return known.seen.reshape(len(known), -1).astype(np.float32) / 255
        return np.eye(int(known.seen.max()) + 1, dtype=np.float32)[known.seen].reshape(
            len(known), -1
        )

    def _ridge(self, kind: str, layer: str) -> _Ridge:
        """The regression on those rows, taken apart once."""
        key = kind, "" if kind == "seen" else layer
        if key not in self._ridges:
            rows = self._rows(kind, layer)
            assert rows is not None
            self._ridges[key] = _Ridge(rows[self.fits])
        return self._ridges[key]


def balanced(hits: np.ndarray, label: np.ndarray) -> float:
    """The mean over the labels of the share of hits."""
    return float(np.mean([hits[label == one].mean() for one in np.unique(label)]))


def _interval(hits: np.ndarray, label: np.ndarray, level: np.ndarray, seed: int) -> Estimate:
    """Balanced accuracy with an interval over levels, whose moments hang together."""
    levels, at = np.unique(level, return_inverse=True)
    weights = Weights(1, len(levels), 1000, seed)
    shares = []
    for one in np.unique(label):
        mine = label == one
        right = weights.by_level @ np.bincount(at[mine], hits[mine], len(levels))
        every = weights.by_level @ np.bincount(at[mine], minlength=len(levels)).astype(float)
        with np.errstate(invalid="ignore"):
            shares.append(right / every)
    return weights.estimate(np.nanmean(shares, 0))


class _Ridge:
    """Ridge regression on one-hot labels; the matrix is taken apart once for all labels."""

    def __init__(self, x: np.ndarray) -> None:
        self.middle, spread = x.mean(0, dtype=np.float64), x.std(0, dtype=np.float64)
        self.scale = np.where(spread > 1e-6, spread, np.inf)
        self.u, self.s, self.vt = _svd((x - self.middle) / self.scale)

    def fit(self, label: np.ndarray, kinds: int, penalty: float | None = None) -> _Ridge:
        """To these labels; how much it is held back is chosen by leaving one out, or given."""
        y, n = np.eye(kinds)[label], len(label)
        self.offset = y.mean(0)
        along = self.u.T @ (y - self.offset)
        if penalty is None:
            errors = {p: self._left_out(along, y - self.offset, p) for p in LAMBDAS}
            penalty = min(errors, key=lambda p: errors[p])
        self.penalty = penalty
        slope = self.s / (self.s**2 + penalty * n)
        self.weights = self.vt.T @ (slope[:, None] * along)
        self.boost = 1 / np.maximum(self.offset, 1e-9)  # a rare label counts as much as a common
        return self

    def _left_out(self, along: np.ndarray, y: np.ndarray, penalty: float) -> float:
        """The mean square error on each row by the fit to all others."""
        shrunk = self.s**2 / (self.s**2 + penalty * len(y))
        leverage = np.minimum((self.u**2) @ shrunk + 1 / len(y), 0.999)
        return float(
            (((y - self.u @ (shrunk[:, None] * along)) / (1 - leverage)[:, None]) ** 2).mean()
        )

    def hits(self, x: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Where the label is found: bool[rows]."""
        said = ((x - self.middle) / self.scale) @ self.weights
        return ((said + self.offset) * self.boost).argmax(1) == label

    def direction(self, one: int, other: int) -> np.ndarray:
        """The way in the layer from one label to another: float64[units]."""
        return (self.weights[:, other] - self.weights[:, one]) / self.scale


def _svd(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The thin singular value decomposition, by the smaller of the two Gram matrices."""
    n, d = x.shape
    if d <= n:
        square, v = np.linalg.eigh(x.T @ x)
        keep = square > 1e-8 * square[-1]
        s, v = np.sqrt(square[keep]), v[:, keep]
        return (x @ v) / s, s, v.T
    square, u = np.linalg.eigh(x @ x.T)
    keep = square > 1e-8 * square[-1]
    s, u = np.sqrt(square[keep]), u[:, keep]
    return u, s, (x.T @ u / s).T
