"""What hooks give back, before it is used: hooks may be in a file of somebody's own, and a rule in
compiled code follows a number wherever it leads. Every fault is a UserError that names the hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...engine.errors import UserError, need

OURS = ("step", "seconds")  # names of the log that are no hook's


def _wanted(hook: object, method: str, wanted: str, made: object) -> UserError:
    shape = getattr(made, "shape", None)
    got = f"{type(made).__name__}{'' if shape is None else f' of shape {tuple(shape)}'}"
    return UserError(f"hook {type(hook).__name__}: {method} must give {wanted}, not {got}")


def seen(hook: object, made: Any, like: Tensor, symbols: int) -> Tensor:
    """What learners look at instead: uint8, and no symbol that there is not."""
    if not isinstance(made, Tensor) or made.shape != like.shape or made.dtype != like.dtype:
        raise _wanted(hook, "seen", f"a tensor of {like.dtype} of shape {tuple(like.shape)}", made)
    if symbols and made.numel() and int(made.max()) >= symbols:
        raise UserError(
            f"hook {type(hook).__name__}: seen gave symbol {int(made.max())}, and there are 0 to"
            f" {symbols - 1}"
        )
    return made


def reward(hook: object, made: Any, like: np.ndarray) -> np.ndarray:
    """What is learned from instead: float32[N, L]."""
    if (
        not isinstance(made, np.ndarray)
        or made.shape != like.shape
        or made.dtype.kind not in "fiub"
    ):
        raise _wanted(hook, "reward", f"an array of numbers of shape {like.shape}", made)
    return made


def keep(hook: object, made: Any, like: Tensor) -> Tensor | None:
    """Which steps are learned from: bool[T, B], or None."""
    if made is None or (
        isinstance(made, Tensor) and made.shape == like.shape and made.dtype == torch.bool
    ):
        return made
    raise _wanted(
        hook, "keep", f"None or a tensor of torch.bool of shape {tuple(like.shape)}", made
    )


def loss(hook: object, made: Any) -> Tensor | float:
    """One number."""
    one = isinstance(made, Tensor) and made.numel() == 1 and made.dtype.is_floating_point
    if one or (type(made) in (int, float) and np.isfinite(made)):
        return made.reshape(()) if isinstance(made, Tensor) else made
    raise _wanted(hook, "loss", "one finite number", made)


def tap(hook: object, layer: str, made: Any, like: Tensor) -> Tensor:
    """A layer's activations, or others of the same shape."""
    if not isinstance(made, Tensor) or made.shape != like.shape:
        raise _wanted(hook, "tap", f"'{layer}' as a tensor of shape {tuple(like.shape)}", made)
    return made


def row(hook: object, made: Any) -> Mapping[str, float | None]:
    """Figures for the log, by name."""
    if not isinstance(made, Mapping):
        raise _wanted(hook, "row", "figures by name", made)
    for name, value in made.items():
        who = f"hook {type(hook).__name__}: row"
        need(isinstance(name, str) and name not in OURS, f"{who} cannot be called {name!r}")
        number = value is None or isinstance(value, (int, float, np.number))
        need(number, f"{who} gave '{name}' as {type(value).__name__}, and no number")
    return {name: None if value is None else float(value) for name, value in made.items()}


def state(hook: object, made: Any) -> Mapping[str, np.ndarray]:
    """Arrays of numbers by name."""
    if not isinstance(made, Mapping):
        raise _wanted(hook, "state", "arrays by name", made)
    for name, value in made.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
            raise _wanted(hook, "state", f"'{name}' as an array of numbers", value)
    return made
