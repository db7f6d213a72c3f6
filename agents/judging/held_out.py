"""Were the tested levels held out of training? Compared by fingerprint, not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ...engine.levels.splits import split_of
from ...engine.vector import Vec
from ...engine.world import World
from ..policies.policy import Policy
from .intervals import Weights, tidy
from .measure import Measured
from .references import Ruler, references
from .rollout import MAX_LEVELS, rollout

DRAWN = 20_000  # levels of the training stream that are compared with the held-out ones


@dataclass(frozen=True)
class Training:
    """What an agent was trained on, for the proof that its test levels were held out.

    `envs` streams of `split` from `seed`, or only the first `levels` levels of it; in `world`, if
    that is another than the one it is evaluated in (with other parameters, say). Not `known`: of
    an agent from elsewhere, taken to be trained on `split`; nothing is proved, and `seed` is -1.
    """

    split: str = "train"
    seed: int = 0
    envs: int = 256
    levels: int | None = None
    world: World | None = None
    known: bool = True


_trained_on: WeakKeyDictionary[World, dict[tuple, np.ndarray]] = WeakKeyDictionary()


def trained_fingerprints(world: World, training: Training, drawn: int = DRAWN) -> np.ndarray:
    """Fingerprints (distinct, sorted uint64) of levels trained on: a fixed set, or `drawn`."""
    world = training.world or world
    known = _trained_on.setdefault(world, {})
    key = (
        split_of(world, training.split).source,
        training.seed,
        training.envs,
        training.levels,
        drawn,
    )
    if key not in known:
        if training.levels is not None:
            vec = Vec(
                world, training.levels, split_of(world, training.split), training.seed, pool="train"
            )
            found = [world.fingerprints(vec.reset_states())]
        else:
            vec = Vec(
                world,
                min(training.envs, drawn),
                split_of(world, training.split),
                training.seed,
                pool="train",
            )
            found = [world.fingerprints(vec.reset_states())]
            while sum(map(len, found)) < drawn:
                vec.reset_where(np.ones(vec.n, np.bool_))
                found.append(world.fingerprints(vec.states))
        known[key] = np.unique(np.concatenate(found))
    return known[key]


@dataclass(frozen=True)
class HeldOut:
    """How many distinct levels were compared, and how many of them are shared."""

    trained: int
    tested: int
    shared: int


@dataclass(frozen=True)
class Seen:
    """How well agents do on the very levels of a fixed training set; None where it was endless."""

    value: float | None
    by_seed: tuple[float | None, ...]


def overlap(world: World, training: Sequence[Training], tested: np.ndarray) -> HeldOut:
    """Measured, not assumed: how many tested levels (uint64[n] fingerprints) were trained on.

    0 levels are compared where it is not known what was trained on.
    """
    distinct = np.unique(tested)
    if not all(one.known for one in training):
        return HeldOut(0, len(distinct), 0)
    trained = np.unique(np.concatenate([trained_fingerprints(world, t) for t in training]))
    shared = int(np.isin(distinct, trained).sum())
    return HeldOut(len(trained), len(distinct), shared)


def seen_score(world: World, agent: Policy, training: Training) -> float | None:
    """The paid goal's normalised score on the very levels a fixed set was made of; None if endless.

    High here and low on held-out levels: the agent has learned its levels by heart.
    """
    if training.levels is None:
        return None
    world = training.world or world
    split, n = split_of(world, training.split), min(training.levels, MAX_LEVELS)
    known = references(world, split, n, training.seed, pool="train")
    mine = Measured(
        Ruler(world, known),
        Weights(1, n, 1),
        [rollout(world, agent, split, n, training.seed, pool="train")],
    )
    return tidy(mine.normalised(mine.ruler.paid)[0])
