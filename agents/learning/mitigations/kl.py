"""A price on acting otherwise than a reference policy: the KL divergence from it, at every step.

The value is RUN, or PRICE:RUN (usually 0.1). The reference is read once, when the training begins,
and is then part of the run. What it keeps is the reference's goal: one that was trained on the
same distribution has the same wrong one. After Ziegler et al. 2019 (arXiv 1909.08593).
"""

import torch

from ....engine.errors import need
from ..hooks import Hook
from ..mitigation import Mitigation, number


class Close(Hook):
    def __init__(self, price, path, world) -> None:
        self.price, self.path, self.world = price, path, world

    def begin(self, learner):
        from ..net import Net

        need(not learner.net.shape.memory, "kl: the policy must have no --memory")
        self.net = Net(learner.net.shape, looks=learner.world.looks).to(learner.device)

    def first(self):
        from ..trained import Trained

        theirs = Trained.load(self.path, self.world).net
        need(theirs.shape == self.net.shape, f"kl: '{self.path}' is a network of another shape")
        self.net.load_state_dict(theirs.state_dict())

    def loss(self, batch, logits, value):
        with torch.no_grad():
            theirs = self.net(batch.seen, logits.new_zeros(1, 0), batch.fresh)[0].log_softmax(-1)
        ours = logits.log_softmax(-1)
        return self.price * (ours.exp() * (ours - theirs)).sum(-1).mean()

    def state(self):
        return {k: v.cpu().numpy().copy(order="C") for k, v in self.net.state_dict().items()}

    def restore(self, state):
        self.net.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})


def close(value, world, config):
    price, colon, path = value.partition(":")
    need(value, "kl needs the run of a reference: --mitigate kl:RUN or kl:PRICE:RUN")
    return Close(number("kl", price, 0, 1000) if colon else 0.1, path or price, world)


MITIGATION = Mitigation(about=__doc__, hook=close)
