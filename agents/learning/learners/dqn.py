"""Deep Q-learning, double and dueling: learns what actions are worth from what it did long ago, too.

The value is the size of its replay buffer in MiB (`dqn:64`; usually 32), of which a run's resume file
holds a copy. Every step lived is learned from `--epochs` times. Actions are drawn at random in a
share that falls to a twentieth over the first quarter of the run, and are the best known else.

Q is the critic's value plus what the actor says of an action, less the most it says of any, so the
critic is the value of acting best. A checkpoint holds `SHARP` times what the actor says: its softmax
is the policy, greedy up to near ties, for all who read it. Steps that the time limit cut are not
learned from. For worlds of one learner, without memory.
"""

import copy
import math

import numpy as np
import torch

from ....engine.errors import need
from ..by_hand import ByHand
from ..learner import LearnerKind
from ..mitigation import number
from ..ppo import Learner
from ..training import one_net, only_pays

MIB, MOST_MIB = 32.0, 512
LEAST_RANDOM, SETTLED = 0.05, 0.25  # share of actions at random in the end; of the run, until then
FROZEN = 250  # steps of gradient for which the target network stays as it is
SHARP = 1024.0  # a power of two: scaled back, the weights are the same to the bit


class Buffer:
    """Whole rollouts of one observation more than steps, the oldest overwritten, in at most so many
    bytes.
    """

    def __init__(self, mib, seen, rows, steps):
        shapes = {
            "seen": ((steps + 1, rows, *seen.shape[2:]), torch.uint8),
            "action": ((steps, rows), torch.int16),
            "reward": ((steps, rows), torch.float32),
            "ended": ((steps, rows), torch.bool),
            "cut": ((steps, rows), torch.bool),
        }
        each = sum(math.prod(shape) * kind.itemsize for shape, kind in shapes.values())
        self.room = int(mib * 2**20 // each)
        need(
            self.room,
            f"--learner dqn:{mib:g}: one rollout takes {each / 2**20:.1f} MiB; give it more, or"
            " fewer --envs",
        )
        self.parts = {k: torch.zeros(self.room, *s, dtype=d) for k, (s, d) in shapes.items()}
        self.count = 0  # rollouts seen

    def add(self, **parts):
        """One rollout more."""
        for name, part in parts.items():
            self.parts[name][self.count % self.room] = part
        self.count += 1

    def __len__(self):
        """Steps held."""
        return min(self.count, self.room) * self.parts["action"][0].numel()

    def draw(self, n, dice):
        """`n` steps with replacement: seen, action, reward, ended, cut, and what was seen next."""
        pick = torch.randint(len(self), (n,), generator=dice)
        after = self.parts["action"].shape[2] + pick + self._above(pick)
        seen = self.parts["seen"].flatten(0, 2)
        found = (self.parts[name].flatten()[pick] for name in ("action", "reward", "ended", "cut"))
        return seen[pick + self._above(pick)], *found, seen[after]

    def _above(self, pick):
        """How many more observations than steps come before the steps."""
        _, steps, rows = self.parts["action"].shape
        return pick // (steps * rows) * rows


class DQN(Learner):
    """One with a buffer of `mib` MiB."""

    def __init__(self, world, config, mib):
        one_net("dqn", config)
        size = number("--learner dqn", mib or str(MIB), 1, MOST_MIB)
        need(not config.memory, "--learner dqn learns without --memory: leave it out")
        super().__init__(world, config)
        need(
            self.world.learners == 1,
            f"--learner dqn is for one learner, and this world has {self.world.learners}: use ppo",
        )
        only_pays(self.hooks, config, "--learner dqn")
        rows = self.seen.shape[1]
        self.buffer = Buffer(size, self.seen, rows, config.rollout)
        self.target = copy.deepcopy(self.net)
        self.descents = 0
        most = max(config.minibatch, rows)
        self.by_hand, self.far = (
            ByHand(net, most) if self.by_hand else None for net in (self.net, self.target)
        )
        self.thaw(self.net.state_dict())

    @property
    def random(self):
        """The share of actions drawn at random now."""
        return max(LEAST_RANDOM, 1 - self.steps / (SETTLED * self.config.steps))

    def choose(self, chances):
        rows, actions = chances.shape
        dared = torch.rand(rows, generator=self.dice) < self.random
        anything = torch.randint(actions, (rows,), generator=self.dice)
        return torch.where(dared.to(self.device), anything.to(self.device), chances.argmax(-1))

    def learn(self, memory):
        last = torch.from_numpy(self.vec.obs).flatten(0, 1)
        self.buffer.add(
            seen=torch.cat([self.seen.cpu(), self.last_seen(last)[None]]),
            action=self.action,
            reward=self.reward,
            ended=self.done & ~self.cut_off,
            cut=self.cut_off,
        )
        share = self.random
        rows = self.config.epochs * self.action.numel()
        found = [self.step() for _ in range(max(rows // self.config.minibatch, 1))]
        loss, value, norm = torch.tensor(found, dtype=torch.float64).mean(0).tolist()
        return {
            "loss_value": loss,
            "value": value,
            "grad": norm,
            "random": share,
            "kept": len(self.buffer),
        }

    def last_seen(self, last):
        """What comes after the rollout, as the hooks let it be seen."""
        last = last.clone()
        self.hooks.seen(last)
        return last

    def step(self):
        """One gradient step on a minibatch; its loss, its mean value, and the gradient's norm."""
        if self.by_hand:
            self.by_hand.prepare()
        drawn = self.buffer.draw(self.config.minibatch, self.dice)
        seen, action, reward, ended, cut, after = (part.to(self.device) for part in drawn)
        with torch.no_grad():
            best = self.scores(self.net, self.by_hand, after)[0].argmax(-1, keepdim=True)
            ahead, value = self.scores(self.target, self.far, after)
            then = value + (ahead.gather(-1, best) - ahead.amax(-1, keepdim=True))[:, 0]
            goal = reward + self.config.gamma * then * ~ended
        action = action.long()[:, None]
        with torch.set_grad_enabled(not self.by_hand):
            said, value = self.scores(self.net, self.by_hand, seen)
            top, best = said.max(-1, keepdim=True)
            miss = (value + (said.gather(-1, action) - top)[:, 0] - goal) * ~cut
            loss = torch.where(miss.abs() < 1, 0.5 * miss**2, miss.abs() - 0.5).mean()
        if self.by_hand:
            pull = miss.clamp(-1, 1) / len(miss)
            slope = torch.zeros_like(said).scatter_add_(1, action, pull[:, None])
            self.by_hand.backward(slope.scatter_add_(1, best, -pull[:, None]), pull)
        else:
            self.gradient.zero_()
            loss.backward()
        norm = self.descend()
        self.descents += 1
        if self.descents % FROZEN == 0:
            self.thaw(self.net.state_dict())
        return loss.item(), value.mean().item(), norm.item()

    def thaw(self, weights):
        """Give the target network other weights."""
        self.target.load_state_dict(weights)
        if self.far:
            self.far.prepare()

    def scores(self, net, by_hand, seen):
        """What the actor says of every action [B, actions], and the critic's values [B]."""
        if by_hand:
            return by_hand.forward(seen)
        fresh = torch.zeros(1, len(seen), dtype=torch.bool, device=self.device)
        said, value, _ = net(seen[None], net.blank(len(seen)), fresh)
        return said[0], value[0]

    def state(self):
        arrays, counters = super().state()
        for name in ("net.actor.weight", "net.actor.bias"):
            arrays[name] = arrays[name] * np.float32(SHARP)
        arrays |= {
            f"target.{k}": v.cpu().numpy().copy(order="C")
            for k, v in self.target.state_dict().items()
        }
        arrays |= {f"buffer.{k}": v.numpy().copy() for k, v in self.buffer.parts.items()}
        arrays["counts"] = np.array([self.buffer.count, self.descents])
        return arrays, counters

    def restore(self, arrays, counters):
        seen, action = arrays["buffer.seen"], arrays["buffer.action"]
        symbols, (count, descents) = self.net.shape.symbols, arrays["counts"].tolist()
        sound = action.min() >= 0 and action.max() < self.net.shape.actions
        sound = sound and (not symbols or seen.max() < symbols)
        need(sound and min(count, descents) >= 0, "the replay buffer holds what cannot be")
        own = dict(arrays)
        for name in ("net.actor.weight", "net.actor.bias"):
            own[name] = arrays[name] / np.float32(SHARP)
        super().restore(own, counters)
        target = {
            k.removeprefix("target."): torch.from_numpy(v)
            for k, v in arrays.items()
            if k.startswith("target.")
        }
        self.thaw(target)
        for name, part in self.buffer.parts.items():
            part.copy_(torch.from_numpy(arrays[f"buffer.{name}"]))
        self.buffer.count, self.descents = count, descents


LEARNER = LearnerKind(
    about=__doc__,
    build=DQN,
    options={"envs": 64, "rollout": 16, "minibatch": 256, "epochs": 8},
    unread=("lam", "clip", "entropy", "value_cost"),
)
