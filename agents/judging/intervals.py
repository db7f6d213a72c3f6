"""How sure one can be: intervals over independently trained seeds and over levels.

Every figure of an evaluation is a mean, or a ratio of means, over seeds and levels. `Weights` holds
one row of weights for each way of looking at the same measurements: the first row weighs all alike
(the figure itself), the next rows one seed each, the rest are bootstrap resamples. A figure
computed once for all rows is its own interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ...engine import rng
from ...engine.rng import fold_many

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
# Student's t, 97.5 % quantile, for 1, 2, ... 30 degrees of freedom.
T = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
    2.110,
    2.101,
    2.093,
    2.086,
    2.080,
    2.074,
    2.069,
    2.064,
    2.060,
    2.056,
    2.052,
    2.048,
    2.045,
    2.042,
)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, and what each independently trained seed gave.

    None is what cannot be measured.
    """

    value: float | None
    low: float | None
    high: float | None
    by_seed: tuple[float | None, ...]

    def __post_init__(self) -> None:
        """Raise ValueError unless value and interval are known together."""
        if len({x is None for x in (self.value, self.low, self.high)}) > 1:
            raise ValueError("a figure and its interval must be known together")

    def __str__(self) -> str:
        """ "0.93 [0.88, 0.96]", or "unknown"."""
        if self.value is None:
            return "unknown"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    def percent(self, interval: bool = True) -> str:
        """ "93 [88, 96]", or "93" without the interval; "-" for what cannot be measured."""
        return self._in_hundredths("", interval) or "-"

    def share(self) -> str:
        """ "49 % [45, 53]", or "an unknown share"."""
        return self._in_hundredths(" %", True) or "an unknown share"

    def whole(self) -> str:
        """ "17", without the interval; "-" for what cannot be measured."""
        return "-" if self.value is None else f"{self.value:.0f}"

    def _in_hundredths(self, unit: str, interval: bool) -> str:
        if self.value is None or self.low is None or self.high is None:
            return ""
        value = f"{100 * self.value:.0f}{unit}"
        return f"{value} [{100 * self.low:.0f}, {100 * self.high:.0f}]" if interval else value


def wilson(hits: float, n: float) -> tuple[float, float]:
    """The Wilson score interval of a rate: sound at 0 and at n hits, where others have no width."""
    if n <= 0:
        return 0.0, 1.0
    rate, z2 = hits / n, Z * Z
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def tail(k: int) -> float:
    """The share of bootstrap draws to cut off at each end, for `k` resampled units.

    The plain percentile interval is too narrow for few units (five seeds: half as wide as it should
    be). The expanded one (Hesterberg 2015, The American Statistician 69) cuts off less, as
    Student's t would.

    What "95 %" then covers over seeds, by simulation (128 levels): where seeds differ smoothly
    (standard deviation 0.2) 92 % of the time with three seeds, 96 % with five. Where a seed does
    all or nothing, half of them each: 76 % with three, 95 % with five; one in five of them: 48 %,
    65 %, and 88 % with ten. Three seeds that agree cannot say what the fourth would do.
    """
    if k < 2:
        return (1 - CONFIDENCE) / 2
    return NormalDist().cdf(-student(k) * np.sqrt(k / (k - 1)))


def student(k: int) -> float:
    """How many standard errors the mean of `k` units (two or more) may be off, by Student's t."""
    return T[k - 2] if k - 2 < len(T) else Z


class Weights:
    """Weights of seeds and levels for the figure itself, for each seed, and for bootstrap
    resamples.

    Seeds and levels are resampled independently, because every seed plays the same levels. With one
    seed only levels are resampled. Deterministic in `seed`.
    """

    def __init__(self, seeds: int, levels: int, resamples: int = 2000, seed: int = 0) -> None:
        self.seeds, self.levels, self.resamples = seeds, levels, resamples
        self._weight_of: dict[bytes, np.ndarray] = {}  # set of levels -> their weight in every row
        key = fold_many(np.array([int(seed) & (2**64 - 1)], np.uint64), int(rng.PICK))
        self.by_level = np.concatenate(
            [np.ones((1 + seeds, levels)), _resample(key, 1, resamples, levels)]
        )
        over_seeds = (
            _resample(key, 2, resamples, seeds) / seeds if seeds > 1 else np.ones((resamples, 1))
        )
        self.by_seed = np.concatenate([np.full((1, seeds), 1 / seeds), np.eye(seeds), over_seeds])

    def mean(self, values: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Weighted means [rows] of `values` (one for each level, or [seeds, levels]), over levels
        `where` (bool).

        NaN where no level has weight.
        """
        values = np.atleast_2d(np.asarray(values, np.float64))
        mask = np.ones(self.levels) if where is None else np.asarray(where, np.float64)
        sums = self.by_level @ (values * mask).T  # [rows, seeds or 1]
        if len(values) > 1:
            sums = sums * self.by_seed
        key = mask.tobytes()
        if key not in self._weight_of:
            self._weight_of[key] = self.by_level @ mask
        weight = self._weight_of[key]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weight > 0, sums.sum(1) / weight, np.nan)

    def estimate(
        self, rows: np.ndarray, over: int | None = None, scale: tuple[float, float] = (0.0, 1.0)
    ) -> Estimate:
        """A figure with its interval, from its value in every row.

        With `over` the figure is a rate over so many levels (or a normalised one: rates of `scale`
        are its 0 and 1), and the interval is never narrower than Wilson's over those levels: a
        bootstrap of nothing but hits has no width.
        """
        value, singles, draws = rows[0], rows[1 : 1 + self.seeds], rows[1 + self.seeds :]
        draws = draws[np.isfinite(draws)]
        low = high = np.nan
        if self.seeds == self.levels == 1 and not over:
            value = np.nan  # one number, drawn anew for ever, would look sure
        if np.isfinite(value) and len(draws):
            cut = tail(self.seeds if self.seeds > 1 else self.levels)
            low, high = np.quantile(draws, [cut, 1 - cut])
            if over:
                zero, one = scale
                rate = np.clip(zero + value * (one - zero), 0.0, 1.0)
                floor, ceiling = wilson(rate * over, over)
                low = min(low, (floor - zero) / (one - zero))
                high = max(high, (ceiling - zero) / (one - zero))
            low, high = min(low, value), max(high, value)
        return Estimate(tidy(value), tidy(low), tidy(high), tuple(tidy(x) for x in singles))


def tidy(number: float) -> float | None:
    """Rounded for a file: six decimals, no negative zero, None for what is not a number."""
    return round(float(number), 6) + 0.0 if np.isfinite(number) else None


def _resample(key: np.ndarray, stream: int, rows: int, units: int) -> np.ndarray:
    """How often each unit comes up in `units` draws with replacement: float64[rows, units]."""
    keys = fold_many(fold_many(key, stream), np.arange(rows))
    counts = np.empty((rows, units))
    block = max(1, (1 << 16) // units)  # as many rows at once as stay in the cache
    for start in range(0, rows, block):
        bits = fold_many(keys[start : start + block, None], np.arange(units)[None, :])
        drawn = ((bits >> np.uint64(33)).astype(np.int64) * units) >> 31
        drawn += np.arange(len(drawn))[:, None] * units
        tally = np.bincount(drawn.ravel(), minlength=drawn.size)
        counts[start : start + block] = tally.reshape(-1, units)
    return counts
