"""Any torch module. Its files are pickles, and are not opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .....engine.errors import UserError, need
from ..base import Answer, Asked, Brought, Foreign
from ..kind import Kind
from ..view import Space

if TYPE_CHECKING:
    import torch

LOGITS, VALUE = ("logits", "action_dist_inputs"), ("value", "values", "vf_preds", "state_value")


def module(
    net: Any, obs: str | None = None, name: str = "", greedy: bool = False, seed: int = 0
) -> Foreign:
    """A policy of a torch module: given a batch of observations it returns logits [rows, actions],
    (logits, value), or a dictionary with "logits", perhaps "value", and layers.

    obs: what it looks at; without it the module must have an `observation_space`.
    """
    import torch

    space = getattr(net, "observation_space", None)
    need(
        obs is not None or space is not None,
        "say what the module looks at, such as obs='floats' or obs='planes'",
    )

    @torch.no_grad()
    def ask(asked: Asked) -> Answer:
        net.eval()
        return read(net(tensor(net, asked.seen)))

    brought = Brought(
        f"a torch module ({type(net).__name__})",
        obs,
        Space.of(space) if space is not None else None,
        ask=ask,
    )
    return brought.policy(name or type(net).__name__, greedy, seed)


def tensor(net: torch.nn.Module, seen: Any) -> torch.Tensor:
    """What is seen, on the device of the net."""
    import torch

    weight = next(net.parameters(), None)
    return torch.from_numpy(seen).to(weight.device if weight is not None else "cpu")


def read(out: Any) -> Answer:
    """Logits, value and layers out of what a net returns. Raises UserError."""
    import torch

    if isinstance(out, Mapping):
        named = {str(key): value for key, value in out.items() if isinstance(value, torch.Tensor)}
        logits = next((named.pop(key) for key in LOGITS if key in named), None)
        value = next((named.pop(key) for key in VALUE if key in named), None)
        layers = {key: _array(x) for key, x in named.items() if x.ndim >= 2}
    elif isinstance(out, Sequence) and len(out) >= 1:
        logits, value, layers = out[0], out[1] if len(out) > 1 else None, {}
    else:
        logits, value, layers = out, None, {}
    if not isinstance(logits, torch.Tensor):
        raise UserError("the module must return logits, (logits, value), or a dict with 'logits'")
    return Answer(
        _array(logits), None if value is None else _array(value).reshape(len(logits)), layers
    )


def _array(x: torch.Tensor) -> Any:
    return x.detach().float().cpu().numpy()


KIND = Kind(
    "a saved torch program",
    libraries=("torch",),
    wrap=module,
    endings=(".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib"),
    refused="it holds pickles, which run code as they are opened. In Python, if you trust it:"
    " goalshift.evaluate(goalshift.foreign.module(net, obs='planes'), 'corner'); or export it to"
    " ONNX",
)
