"""Weights shrink a little at every gradient step (decoupled, as in AdamW).

The value is the share of a weight that is lost in a step, divided by the learning rate. After
Loshchilov and Hutter 2019 (arXiv 1711.05101).
"""

import torch

from ..hooks import Hook
from ..mitigation import Mitigation, number


class Shrink(Hook):
    def __init__(self, share: float) -> None:
        self.share = share

    @torch.no_grad()
    def stepped(self, learner) -> None:
        for weight in learner.net.parameters():
            if weight.ndim > 1:  # biases stay
                weight *= 1 - self.share * learner.optimizer.lr


MITIGATION = Mitigation(
    about=__doc__,
    value="0.1",
    hook=lambda value, world, config: Shrink(number("weight_decay", value, 0, 100)),
)
