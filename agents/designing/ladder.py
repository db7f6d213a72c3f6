"""Ladders: levels of a world from its easiest to its hardest, and the curve of how hard they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.world import World
from . import parting, survey
from .draw import Progress, collect
from .levelset import LevelSet
from .order import Order, Source

DRAWN, TRIED = 20, 60  # levels drawn for each rung, and candidates for each, at most


class Curve(NamedTuple):
    """How hard each of n levels is: steps of the intended goal's expert (-1: no way), the step at
    which the first proxy's expert leaves its path (-1: never), and the share of cells that nobody
    can enter.
    """

    steps: np.ndarray
    parting: np.ndarray
    walls: np.ndarray


def rungs(steps: np.ndarray, n: int) -> np.ndarray:
    """The places of n levels (all, if there are no more) whose steps (int64[N]) are as evenly apart
    as may be from the least to the most, least first.
    """
    order = np.argsort(steps, kind="stable")
    free = np.ones(len(order), bool)
    chosen = []
    for wanted in np.linspace(steps.min(), steps.max(), min(n, len(order))):
        away = np.where(free, np.abs(steps[order] - wanted), np.inf)
        k = int(away.argmin())
        free[k] = False
        chosen.append(order[k])
    found = np.array(chosen)
    return found[np.argsort(steps[found], kind="stable")]


def ladder(
    order: Order, source: Source, n: int, workers: int = 1, progress: Progress | None = None
) -> LevelSet:
    """n levels of an order for `DRAWN * n`, evenly apart in steps; fewer where the world has no more
    that differ. Raises RunError if it has none.
    """
    found = collect(order, source, workers, progress, less=True)
    return found.take(rungs(found.facts["steps"], n))


def curve(world: World, states: np.recarray) -> Curve:
    """How hard levels are, in their order."""
    looked = survey.ways(world, "intended", states, effort=False)
    steps = np.where(looked.score > 0, looked.steps, survey.NO_WAY)
    apart = parting.agreement(world, states).step if world.proxies else np.full(len(states), -1)
    solid = [
        float(world.solid[s.tiles[: s.h, : s.w]].mean())
        for s in (states[i] for i in range(len(states)))
    ]
    return Curve(steps, np.where(apart > 0, apart - 1, apart), np.array(solid))


def brief(steps: np.ndarray) -> str:
    """The curve in a line: "2 to 31 steps ▁▂▄▆█"."""
    known = steps[steps >= 0]
    if not len(known):
        return "no way on any"
    low, high = int(known.min()), int(known.max())
    bars = ["·" if v < 0 else "▁▂▃▄▅▆▇█"[(int(v) - low) * 7 // max(high - low, 1)] for v in steps]
    return f"{low} to {high} steps {''.join(bars[:80])}"
