"""Agents that were trained elsewhere, for all that our own are for.

    foreign.sb3(model)                    a Stable-Baselines3 model
    foreign.rllib(module)                 an RLModule of RLlib, or an Algorithm with one
    foreign.torchrl(actor, obs="floats")  a policy of TorchRL
    foreign.module(net, obs="planes")     any torch module: logits, or (logits, value), or a dict
    foreign.function(act, obs="text")     act(obs) -> an action's number or name, or a class with it
    foreign.onnx("agent.onnx")            a file of ONNX (needs goalshift[onnx])

Each takes `obs`, the kind of observation (by default as the agent's own space says), a `name`,
`greedy` and `seed`. `wrap` finds out by itself which one is meant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Foreign as Foreign
    from .kinds.function import function as function
    from .kinds.module import module as module
    from .kinds.onnx import onnx as onnx
    from .kinds.rllib import rllib as rllib
    from .kinds.sb3 import sb3 as sb3
    from .kinds.torchrl import torchrl as torchrl
    from .table import wrap as wrap

_HOMES = {"Foreign": "base", "wrap": "table"}
_KINDS = ("function", "module", "onnx", "rllib", "sb3", "torchrl")


def __getattr__(name: str) -> Any:
    """Import a name on first use (PEP 562)."""
    if name in _KINDS:
        return getattr(import_module(f".kinds.{name}", __package__), name)
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_KINDS})
