"""Models of Stable-Baselines3 and sb3-contrib. Their files are pickles, and are not opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....engine.errors import UserError, need
from ..base import Answer, Asked, Brought, Foreign
from ..kind import Kind
from ..view import Space

if TYPE_CHECKING:
    import torch


def sb3(
    model: Any,
    obs: str | None = None,
    name: str = "",
    greedy: bool = False,
    seed: int = 0,
) -> Foreign:
    """A model's policy: with logits, value and features where it is an actor and a critic (PPO, A2C,
    MaskablePPO), else with its best action (DQN).

    What it looks at is read from its own space. Raises UserError for actions that are no numbers,
    and for models with a memory.
    """
    kind = type(model).__name__
    actions = getattr(model.action_space, "n", None)
    need(actions is not None, f"{kind} gives {model.action_space}, and worlds take one number")
    if hasattr(model.policy, "lstm_actor"):
        raise UserError(f"{kind} has a memory that is not read here: bring a class with act(obs)")
    brought = Brought(
        f"a Stable-Baselines3 model ({kind})",
        obs,
        Space.of(model.observation_space),
        int(actions),  # type: ignore[arg-type]
        act=lambda asked: model.predict(asked.seen, deterministic=True)[0],
        ask=_actor_critic(model.policy) if hasattr(model.policy, "predict_values") else None,
        masked="Maskable" in type(model.policy).__name__,
    )
    return brought.policy(name or kind, greedy, seed)


def _actor_critic(policy: Any) -> Any:
    """Asks a policy with an actor and a critic."""
    import torch

    @torch.no_grad()
    def ask(asked: Asked) -> Answer:
        policy.set_training_mode(False)
        seen, _ = policy.obs_to_tensor(asked.seen)
        if asked.masks is not None:
            shown = policy.get_distribution(seen, action_masks=asked.masks)
        else:
            shown = policy.get_distribution(seen)
        features = policy.extract_features(seen)
        features = features[0] if isinstance(features, tuple) else features
        layers = {"features": features, "actor": policy.mlp_extractor.forward_actor(features)}
        return Answer(
            _array(shown.distribution.logits),
            _array(policy.predict_values(seen)).reshape(-1),
            {layer: _array(x) for layer, x in layers.items()},
        )

    return ask


def _array(x: torch.Tensor) -> np.ndarray:
    return x.detach().cpu().numpy()


KIND = Kind(
    "a zip of Stable-Baselines3, or another archive",
    libraries=("stable_baselines3", "sb3_contrib"),
    wrap=sb3,
    endings=(".zip",),
    refused="it holds pickles, which run code as they are opened. In Python, if you trust it:"
    " goalshift.evaluate(goalshift.foreign.sb3(PPO.load(...)), 'corner'); or export it to ONNX",
)
