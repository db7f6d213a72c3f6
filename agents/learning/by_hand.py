"""The network's way forth and back by hand, into buffers that are there already.

What autograd computes (the tests hold the two against each other), in half the time: the first
layer is a sum of rows, every other a matrix product into a buffer, and the slope of the loss at the
logits is one pass over the rows. For networks over symbols without memory, in float32 on a CPU; all
others learn by autograd.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ...engine.jit import stored
from . import row_sums
from .config import TrainConfig
from .encoder import Dense
from .hooks import Batch
from .net import Net
from .nets.dense import Symbols


def fits(net: Net) -> bool:
    """Can this network go by hand?"""
    encoder = net.encoder
    if not isinstance(encoder, Symbols) or net.shape.memory:
        return False
    weight = encoder.first.weight
    return row_sums.fits(weight, encoder.one_hot.dtype) and weight.t().is_contiguous()


class ByHand:
    """The passes of `net` over up to `rows` observations at once.

    `prepare` after every change of its weights, then `forward`, then `backward`, which overwrites
    the `grad` of every weight. What they return is overwritten by the next call.
    """

    def __init__(self, net: Net, rows: int) -> None:
        assert isinstance(net.encoder, Symbols)
        self.net, self.encoder = net, net.encoder
        self.body = [layer for layer in net.body if isinstance(layer, Dense)]
        first = self.encoder.first
        channels = self.encoder.one_hot.shape[1]
        units = first.out_features
        self.cells = self.encoder.inputs // channels
        self.table = row_sums.Table(self.cells, len(self.encoder.one_hot), units)
        widths = [self.encoder.width] + [net.shape.width] * net.shape.depth
        self.out = [torch.empty(rows, width) for width in widths]  # of every layer
        self.slope = [torch.empty(rows, width) for width in widths]  # of the loss there
        self.logits = torch.empty(rows, net.shape.actions)
        self.value = torch.empty(rows)
        # The gradient of the table is the first layer's own, unless symbols share channels.
        self.back = None if self.encoder.plain else torch.empty_like(self.table.above)

    def _view(self, weight: Tensor) -> Tensor:
        """The first layer's weight, or its gradient, as [cells, channels, units]."""
        return weight.t().view(self.cells, -1, weight.shape[0])

    @torch.no_grad()
    def prepare(self) -> None:
        """Read the first layer's weights."""
        table = self._view(self.encoder.first.weight)
        if not self.encoder.plain:
            table = torch.matmul(self.encoder.one_hot, table)
        self.table.read(table, self.encoder.first.bias)

    @torch.no_grad()
    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Logits float32[B, actions] and values float32[B] of uint8[B, rows, columns]."""
        net, n = self.net, len(seen)
        self.seen = self.encoder.cells(seen)
        self.x = [out[:n] for out in self.out]
        x = self.x[0]
        self.table.sums(self.seen, x.view(len(self.seen), -1)).relu_()
        for k, layer in enumerate(self.body, 1):
            x = torch.addmm(layer.bias, x, layer.weight.t(), out=self.x[k]).relu_()
        logits, value = self.logits[:n], self.value[:n]
        torch.addmm(net.actor.bias, x, net.actor.weight.t(), out=logits)
        torch.addmv(net.critic.bias.expand(n), x, net.critic.weight[0], out=value)
        return logits, value

    @torch.no_grad()
    def backward(self, logits: Tensor, value: Tensor) -> None:
        """From the slopes of a loss at the logits and values of the last `forward` to the gradients
        of all weights.
        """
        net, n = self.net, len(logits)
        x, slope = self.x[-1], self.slope[-1][:n]
        for head, top in ((net.actor, logits), (net.critic, value[:, None])):
            torch.mm(top.t(), x, out=_grad(head.weight))
            torch.sum(top, 0, out=_grad(head.bias))
        torch.mm(logits, net.actor.weight, out=slope)
        slope.addr_(value, net.critic.weight[0])
        for k, layer in reversed(list(enumerate(self.body))):
            _through_relu(slope, self.x[k + 1])
            torch.mm(slope.t(), self.x[k], out=_grad(layer.weight))
            torch.sum(slope, 0, out=_grad(layer.bias))
            slope = torch.mm(slope, layer.weight, out=self.slope[k][:n])
        _through_relu(slope, self.x[0])
        first = self.encoder.first
        slope = slope.view(-1, first.out_features)
        total = torch.sum(slope, 0, out=_grad(first.bias))
        gradient = self._view(_grad(first.weight))
        if self.back is None:
            row_sums.spread_back(slope, self.seen, total, gradient)
        else:
            row_sums.spread_back(slope, self.seen, total, self.back)
            torch.matmul(self.encoder.one_hot.t(), self.back, out=gradient)

    def learn(self, batch: Batch, config: TrainConfig) -> list[float]:
        """Write the gradient of `ppo.objective` over a batch of single steps; returns its parts."""
        seen, _, *rest = (part[0] for part in batch)
        logits, value = self.forward(seen)
        chances, to_value = torch.log_softmax(logits, -1), torch.empty_like(value)
        settings = (config.clip, config.entropy, config.value_cost)
        action, chance, gain, target = (part.numpy() for part in rest)
        parts = slopes(
            chances.numpy(), value.numpy(), action, chance, gain, target, settings,
            logits.numpy(), to_value.numpy(),
        )  # fmt: skip
        self.backward(logits, to_value)
        return (parts / len(seen)).tolist()


def _grad(weight: Tensor) -> Tensor:
    """Where its gradient is to be written."""
    assert weight.grad is not None, "the gradients are buffers too: do not set them to None"
    return weight.grad


def _through_relu(slope: Tensor, out: Tensor) -> None:
    """Nothing passes where the layer gave nothing."""
    torch.ops.aten.threshold_backward.grad_input(slope, out, 0, grad_input=slope)


@stored
def slopes(chances, value, action, chance, gain, target, settings, to_logits, to_value):
    """The slopes of PPO's objective at logits and values, and its parts, summed over the rows.

    `chances` float32[B, actions] are log-probabilities, the others [B]; `settings` are clip,
    entropy and value_cost; `to_logits` and `to_value` are written. See `ppo.objective`.
    """
    n, actions = chances.shape
    clip, entropy_cost, value_cost = settings
    parts = np.zeros(5)
    for r in range(n):
        taken = action[r]
        log_ratio = chances[r, taken] - chance[r]
        ratio = np.float64(math.exp(log_ratio))
        limited = min(max(ratio, 1 - clip), 1 + clip)
        parts[0] -= min(ratio * gain[r], limited * gain[r])
        # of the policy's loss at the log-probability of the action; none where it is clipped
        pull = -gain[r] * ratio if ratio * gain[r] <= limited * gain[r] else 0.0
        spread = 0.0
        for a in range(actions):
            p = math.exp(chances[r, a])
            to_logits[r, a] = p
            spread -= p * chances[r, a]
        for a in range(actions):
            p = to_logits[r, a]
            to_logits[r, a] = (entropy_cost * p * (chances[r, a] + spread) - pull * p) / n
        to_logits[r, taken] += pull / n
        error = value[r] - target[r]
        to_value[r] = value_cost * error / n
        parts[1] += 0.5 * error * error
        parts[2] += spread
        parts[3] += ratio - 1 - log_ratio
        parts[4] += ratio != limited
    return parts
