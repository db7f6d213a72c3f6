"""Gradients are made with some units of every layer switched off; acting uses all of them.

The value is the share that is off. Learning goes by autograd, at about half the speed.
After Srivastava et al. 2014.
"""

import torch

from ..hooks import Dice, Hook
from ..mitigation import Mitigation, number


class Dropout(Hook):
    def __init__(self, share: float, seed: int) -> None:
        self.share, self.dice = share, Dice(seed, 1)

    def tap(self, layer, x):
        on = torch.rand(x.shape, generator=self.dice.of) >= self.share
        return x * on.to(x.device, x.dtype) / (1 - self.share)

    def state(self):
        return self.dice.state()

    def restore(self, state):
        self.dice.restore(state)


MITIGATION = Mitigation(
    about=__doc__,
    value="0.1",
    hook=lambda value, world, config: Dropout(number("dropout", value, 0, 0.9), config.seed),
)
