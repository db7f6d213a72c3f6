"""Behaviour cloning: acts as the expert of a goal does, and learns to say what the expert would do.

The value names the goal, `bc:corner`; without one it is the intended goal. Levels are those of
`--split`, so on the training split, where the goals agree, experts of all goals give the same data
up to ties. It is PPO's frame with other actions and another loss, the cross-entropy of the expert's
action. The critic learns what the expert earns from what the body gives it, and does not shape the
body: no reward gets into the policy (but by the clipping of gradients, which is over all of them).
"""

import torch
import torch.nn.functional as F

from ...policies.expert import Expert
from ..learner import LearnerKind
from ..ppo import Learner
from ..training import one_net


class Cloning(Learner):
    """One that learns from the expert of `goal`. The log's returns are the expert's."""

    PARTS = ("loss_policy", "loss_value", "entropy", "agrees")

    def __init__(self, world, config, goal):
        one_net("bc", config)
        super().__init__(world, config)
        self.expert = Expert(self.world, goal or "intended")
        self.expert.start(config.envs, self.world.learners)

    def choose(self, chances):
        found = self.expert.act(None, self.vec.states, self.vec.fresh)
        return torch.from_numpy(found).flatten().to(self.device)

    def slope(self, batch, memory):
        critic = self.net.critic
        if self.by_hand and not self.hooks.by_autograd:
            self.by_hand.prepare()
            logits, value = self.by_hand.forward(batch.seen[0])
            wrong = logits.softmax(-1)
            wrong[torch.arange(len(wrong)), batch.action[0]] -= 1
            self.by_hand.backward(wrong / len(wrong), torch.zeros_like(value))
            miss = self.config.value_cost * (value - batch.target[0]) / len(value)
            slopes = (miss[None] @ self.by_hand.x[-1], miss.sum()[None])
            for weight, slope in zip(critic.parameters(), slopes, strict=True):
                assert weight.grad is not None
                weight.grad.add_(slope)
            logits, value = logits[None], value[None]
        else:
            self.gradient.zero_()
            logits, value, _ = self.net(batch.seen, memory, batch.fresh, self.hooks.tap)
            copies = F.cross_entropy(logits.flatten(0, 1), batch.action.flatten())
            (copies + self.hooks.loss(batch, logits, value)).backward(retain_graph=True)
            miss = 0.5 * self.config.value_cost * F.mse_loss(value, batch.target)
            miss.backward(inputs=[*critic.parameters()])
        return figures(logits.detach(), value.detach(), batch)

    def state(self):
        arrays, counters = super().state()
        return arrays | {f"expert.{k}": v for k, v in self.expert.state().items()}, counters

    def restore(self, arrays, counters):
        plans = {k.removeprefix("expert."): v for k, v in arrays.items() if k.startswith("expert.")}
        self.expert.restore(plans)
        super().restore(arrays, counters)


def figures(logits, value, batch):
    """The cross-entropy, the critic's error, the entropy, and how often the likeliest action is the
    expert's.
    """
    chances = logits.log_softmax(-1)
    copies = -chances.gather(-1, batch.action[..., None]).mean()
    entropy = -(chances.exp() * chances).sum(-1).mean()
    agrees = (logits.argmax(-1) == batch.action).float().mean()
    return [copies, 0.5 * F.mse_loss(value, batch.target), entropy, agrees]


LEARNER = LearnerKind(about=__doc__, build=Cloning, unread=("clip", "entropy"))
