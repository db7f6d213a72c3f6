"""Edits of a layer's activations, for `Editable.hooked` and `Steered`; they compose.

An edit takes float32[env, agent, units] and returns the same shape. `units` are the numbers of
those it touches; by default all.

    with agent.hooked({"body": compose(mean(known, [3, 7]), multiply(2.0, [11]))}):
        agent.act(obs, states, fresh)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....engine.errors import need
from ...policies.policy import Edit

Units = Sequence[int] | np.ndarray | None


def _on(units: Units, change: Callable[[np.ndarray], np.ndarray]) -> Edit:
    """An edit that makes `change(x[..., units])` of those units and leaves the others."""
    chosen = slice(None) if units is None else np.asarray(units, np.int64)

    def edit(x: np.ndarray) -> np.ndarray:
        last = x.shape[-1]
        if not isinstance(chosen, slice) and len(chosen):
            worst = int(np.abs(chosen).max())
            need(worst < last, f"there is no unit {worst}: the layer has {last}")
        made = x.copy()
        made[..., chosen] = change(x[..., chosen])
        return made

    return edit


def put(value: float | np.ndarray, units: Units = None) -> Edit:
    """Sets the units to a value, or to one for each."""
    return _on(units, lambda x: np.broadcast_to(np.asarray(value, np.float32), x.shape))


def zero(units: Units = None) -> Edit:
    """Ablates to zero, which may be far from all that the layer ever is: see `mean`."""
    return put(0.0, units)


def mean(known: np.ndarray, units: Units = None) -> Edit:
    """Ablates to the mean of activations that are known, float32[..., units]."""
    rows = known.reshape(-1, known.shape[-1])
    chosen = slice(None) if units is None else np.asarray(units, np.int64)
    return put(rows.mean(0)[chosen], units)


def resample(known: np.ndarray, units: Units = None, seed: int = 0) -> Edit:
    """Ablates to what the units were in another moment, drawn from those that are known."""
    rows, dice = known.reshape(-1, known.shape[-1]), np.random.default_rng(seed)
    chosen = slice(None) if units is None else np.asarray(units, np.int64)

    def drawn(x: np.ndarray) -> np.ndarray:
        return rows[dice.integers(0, len(rows), x.shape[:-1])][..., chosen]

    return _on(units, drawn)


def noise(known: np.ndarray, units: Units = None, seed: int = 0) -> Edit:
    """Ablates to noise of the mean and spread that are known of each unit."""
    rows, dice = known.reshape(-1, known.shape[-1]), np.random.default_rng(seed)
    chosen = slice(None) if units is None else np.asarray(units, np.int64)
    middle, spread = rows.mean(0)[chosen], rows.std(0)[chosen]
    return _on(units, lambda x: middle + spread * dice.standard_normal(x.shape).astype(np.float32))


def multiply(factor: float, units: Units = None, sign: int = 0) -> Edit:
    """Multiplies; with `sign` 1 or -1 only what is above, or below, zero."""

    def times(x: np.ndarray) -> np.ndarray:
        return np.where(x * sign >= 0, x * factor, x) if sign else x * factor

    return _on(units, times)


def add(vector: np.ndarray, coefficient: float = 1.0) -> Edit:
    """Adds so many times a vector, float32[units] or one for each row."""
    return lambda x: x + np.float32(coefficient) * vector


def erase(direction: np.ndarray) -> Edit:
    """Takes out all that lies along a direction, float[units]."""
    unit = (direction / np.linalg.norm(direction)).astype(np.float32)
    return lambda x: x - (x @ unit)[..., None] * unit


def compose(*edits: Edit) -> Edit:
    """One after another."""

    def edit(x: np.ndarray) -> np.ndarray:
        for one in edits:
            x = one(x)
        return x

    return edit
