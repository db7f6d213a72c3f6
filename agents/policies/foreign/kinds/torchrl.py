"""Policies of TorchRL: modules that read and write a TensorDict."""

from __future__ import annotations

from typing import Any

from .....engine.errors import UserError, need
from ..base import Answer, Asked, Brought, Foreign
from ..kind import Kind
from .module import _array, tensor


def torchrl(
    actor: Any, obs: str | None = None, name: str = "", greedy: bool = False, seed: int = 0
) -> Foreign:
    """A policy of an actor that writes "logits" (a `ProbabilisticActor`), or an action.

    obs: what it looks at, as its environment was made ("floats"). Its first key is what it reads;
    one in a group of agents, such as ("mouse", "observation"), is asked about each agent apart.
    """
    import torch

    need(obs is not None, "say what the actor looks at, such as obs='floats'")
    key = actor.in_keys[0]
    grouped = isinstance(key, tuple) and len(key) > 1

    @torch.no_grad()
    def run(asked: Asked) -> Any:
        from tensordict import TensorDict  # pyright: ignore[reportMissingImports]

        actor.eval()
        seen = tensor(actor, asked.seen)
        given = TensorDict({}, batch_size=[len(seen)])
        given[key] = seen[:, None] if grouped else seen
        return actor(given)

    def find(out: Any, leaf: str) -> Any:
        for one in out.keys(True, True):
            if (one[-1] if isinstance(one, tuple) else one) == leaf:
                return out[one].flatten(1, -1) if out[one].ndim > 1 else out[one][:, None]
        return None

    def ask(asked: Asked) -> Answer:
        out = run(asked)
        value = find(out, "state_value")
        return Answer(
            _array(find(out, "logits")), None if value is None else _array(value).reshape(-1)
        )

    def act(asked: Asked) -> Any:
        chosen = find(run(asked), "action")
        if chosen is None:
            raise UserError("the actor writes neither 'logits' nor 'action'")
        return (chosen.argmax(-1) if chosen.shape[-1] > 1 else chosen[:, 0]).cpu().numpy()

    writes = {one[-1] if isinstance(one, tuple) else one for one in actor.out_keys}
    brought = Brought(
        f"a policy of TorchRL ({type(actor).__name__})",
        obs,
        act=act,
        ask=ask if "logits" in writes else None,
    )
    return brought.policy(name or type(actor).__name__, greedy, seed)


KIND = Kind(
    "a policy of TorchRL",
    libraries=("tensordict", "torchrl"),
    wrap=torchrl,
)
