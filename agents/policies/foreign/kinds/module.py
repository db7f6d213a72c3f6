"""Any torch module. Its files are pickles, and are not opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .....engine.errors import UserError, need
from ...policy import Edit
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

    Its own modules are layers too, by their names ("body.0"), and can be written to: those without
    parts, which give one row for each row of observations. A part goes before a layer that the
    module tells by the same name, so that what is read is what is written to.

    obs: what it looks at; without it the module must have an `observation_space`.
    """
    import torch

    space = getattr(net, "observation_space", None)
    need(
        obs is not None or space is not None,
        "say what the module looks at, such as obs='floats' or obs='planes'",
    )

    parts = Parts(net)

    @torch.no_grad()
    def ask(asked: Asked) -> Answer:
        net.eval()
        with parts.heard(len(asked.fresh), asked.layers) as heard:
            answer = read(net(tensor(net, asked.seen)))
        return answer._replace(features={**answer.features, **heard})

    brought = Brought(
        f"a torch module ({type(net).__name__})",
        obs,
        Space.of(space) if space is not None else None,
        ask=ask,
        hooks=parts.edited,
    )
    return brought.policy(name or type(net).__name__, greedy, seed)


class Parts:
    """The parts of a torch module, by name: heard while it answers, and edited."""

    def __init__(self, net: torch.nn.Module) -> None:
        self.named = {
            name: part for name, part in net.named_modules() if name and not [*part.children()]
        }
        self.edits: Mapping[str, Edit] = {}

    @contextmanager
    def edited(self, edits: Mapping[str, Edit]) -> Iterator[None]:
        """While it is open, parts give what these edits of float32[rows, units] make of them."""
        for name in edits:
            need(name in self.named, f"the layer '{name}' is told and no part: it cannot be edited")
        before, self.edits = self.edits, edits
        try:
            yield
        finally:
            self.edits = before

    @contextmanager
    def heard(self, rows: int, names: tuple[str, ...] | None) -> Iterator[dict[str, Any]]:
        """What the parts of these names (None: all) give, float32[rows, ...] each, edits done."""
        from torch import Tensor

        found: dict[str, Any] = {}

        def listen(name: str) -> Callable:
            def hook(part: Any, given: Any, out: Any) -> Any:
                if not isinstance(out, Tensor) or out.ndim < 2 or len(out) != rows:
                    return None
                if name in self.edits:
                    made = self.edits[name](_array(out).reshape(rows, -1))
                    out = out.new_tensor(made).view_as(out)
                if names is None or name in names:
                    found[name] = _array(out)
                return out

            return hook

        wanted = self.named if names is None else {*names, *self.edits} & self.named.keys()
        hooks = [self.named[name].register_forward_hook(listen(name)) for name in wanted]
        try:
            yield found
        finally:
            for hook in hooks:
                hook.remove()


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
