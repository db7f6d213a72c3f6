"""Adam by torch's own kernels: what `torch.optim.Adam` computes, bit for bit.

That class imports torch's compiler as soon as it is built, which takes longer than many a training
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam

BETAS, EPS = (0.9, 0.999), 1e-5


class Adam:
    """Moves `weights` (leaf tensors, all on one device) against their gradients.

    `lr` may be set between steps. `state` names the moments like `torch.optim.Adam` does: "0.step"
    (how many steps), "0.exp_avg" and "0.exp_avg_sq" (the means of the gradient and of its square)
    for the first weight, and so on.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float) -> None:
        self.weights, self.lr = list(weights), lr
        self.steps = [torch.zeros((), device=w.device) for w in self.weights]
        self.means = [torch.zeros_like(w) for w in self.weights]
        self.squares = [torch.zeros_like(w) for w in self.weights]

    @torch.no_grad()
    def step(self) -> None:
        """One step; every weight must have a gradient."""
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        adam(
            self.weights,
            gradients,
            self.means,
            self.squares,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=self.lr,
            weight_decay=0.0,
            eps=EPS,
            maximize=False,
        )

    def part(self, begin: int, end: int) -> Adam:
        """The same for some of the weights, and with the same moments."""
        found = Adam((), self.lr)
        for name in ("weights", "steps", "means", "squares"):
            setattr(found, name, getattr(self, name)[begin:end])
        return found

    def state(self) -> dict[str, Tensor]:
        """Everything that later steps depend on, besides the weights; not copies."""
        kinds = {"step": self.steps, "exp_avg": self.means, "exp_avg_sq": self.squares}
        return {
            f"{i}.{kind}": tensors[i]
            for i in range(len(self.weights))
            for kind, tensors in kinds.items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Continue where `state` was taken."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
