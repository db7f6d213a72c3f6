"""Modules of RLlib's new stack. Its checkpoints are pickles, and are not opened."""

from __future__ import annotations

from typing import Any

from .....engine.errors import UserError, need
from ..base import Answer, Asked, Brought, Foreign
from ..kind import Kind
from ..view import Space
from .module import _array, tensor


def rllib(
    module: Any, obs: str | None = None, name: str = "", greedy: bool = False, seed: int = 0
) -> Foreign:
    """A policy of a torch `RLModule`, or of an `Algorithm` that has one module.

    Of several, take the one that is meant: `algorithm.get_module("shared")`. Those of an algorithm
    offer no value, as they are for inference only.
    """
    import torch

    found: Any = module
    if hasattr(module, "get_module"):
        found = module.get_module()
        need(found is not None, "say which module is meant: algorithm.get_module('shared')")
    torched = torch.nn.Module in type(found).__mro__
    if not hasattr(found, "forward_inference") or not torched:
        raise UserError(f"{type(found).__name__} is no torch module of RLlib's new stack")
    actions = getattr(found.action_space, "n", None)
    # what acts in an `Algorithm` is built without the layers that only learning needs
    values = hasattr(found, "compute_values") and not getattr(found, "inference_only", False)

    @torch.no_grad()
    def ask(asked: Asked) -> Answer:
        found.eval()
        batch = {"obs": tensor(found, asked.seen)}
        logits = found.forward_inference(batch)["action_dist_inputs"]
        value = None
        if values:
            value = _array(found.compute_values(batch)).reshape(-1)
        return Answer(_array(logits), value)

    brought = Brought(
        f"a module of RLlib ({type(found).__name__})",
        obs,
        Space.of(found.observation_space),
        None if actions is None else int(actions),
        ask=ask,
    )
    return brought.policy(name or type(found).__name__, greedy, seed)


KIND = Kind("a module of RLlib", libraries=("ray",), wrap=rllib)
