"""What callers hand to a batch of environments, checked: kernels index without a check.

All of it raises UserError, with nothing moved, for what is misshapen or out of range.
"""

from __future__ import annotations

import numpy as np

from .errors import UserError, need
from .world import World


def mask_of(given: np.ndarray, n: int) -> np.ndarray:
    """bool[n]."""
    mask = np.ascontiguousarray(given)
    need(
        mask.shape == (n,) and mask.dtype == np.bool_,
        f"mask must be bool of shape ({n},), not {mask.dtype} of shape {mask.shape}",
    )
    return mask


def seeds_of(given: np.ndarray, n: int) -> np.ndarray:
    """Seeds of levels or streams, as uint64[n]."""
    seeds = np.asarray(given)
    need(
        seeds.shape == (n,) and seeds.dtype.kind in "iu",
        f"seeds must be integers of shape ({n},), not {seeds.dtype} of shape {seeds.shape}",
    )
    need(seeds.dtype.kind == "u" or not (seeds < 0).any(), "seeds must not be negative")
    return seeds.astype(np.uint64, copy=False)


def actions_of(given: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Integers of that shape, as int64; whether the world has them is not looked at."""
    actions = np.asarray(given)
    need(
        actions.shape == shape and actions.dtype.kind in "iu",
        f"actions must be integers of shape {shape}, not {actions.dtype} of shape {actions.shape}",
    )
    return np.ascontiguousarray(actions, np.int64)


def illegal(world: World, actions: np.ndarray) -> UserError:
    """The fault of those actions of which at least one is none of the world's."""
    return UserError(f"action {_first_wrong(world, actions)} is out of range: {_has(world)}")


def chose_illegal(world: World, actions: np.ndarray) -> UserError:
    """The same of what a rule chose, in a call that was broken off by it."""
    return UserError(
        f"the rule chose the action {_first_wrong(world, actions)}: {_has(world)}; the"
        " environments stand at different steps now, so call reset()"
    )


def _first_wrong(world: World, actions: np.ndarray) -> int:
    return actions[(actions < 0) | (actions >= len(world.actions))][0]


def _has(world: World) -> str:
    legal = world.actions
    return f"world '{world.name}' has the actions 0..{len(legal) - 1} ({', '.join(legal)})"
