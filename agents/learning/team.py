"""Independent learners: one network for each agent of a world, and each learns by itself.

They act side by side and see one another as parts of the world. Each has gradients, moments and
minibatches of its own; levels, dice and the log are one. A checkpoint holds all networks (`Net` with
`agents`), so whatever reads one reads a team.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...engine.errors import need
from ...engine.world import World
from .by_hand import ByHand, fits
from .config import TrainConfig
from .net import Net
from .ppo import Learner
from .training import only_pays

LIVED = ("seen", "fresh", "action", "chance", "reward", "cut", "done", "value")


class Team(Learner):
    """PPO for every agent apart. UserError in a world of one learner."""

    def __init__(self, world: World, config: TrainConfig) -> None:
        super().__init__(world, config)
        count = self.world.learners
        need(
            count > 1,
            "--policies independent is for several learners, and this world has one:"
            " add --world.learners 2, if it takes them",
        )
        only_pays(self.hooks, config, "--policies independent")
        self.by_hand = None
        self.mates = [self._mate(k, net) for k, net in enumerate(self.net.members)]

    def _mate(self, k: int, net: Net) -> Learner:
        """The learner of one agent: it lives in what the team has lived through."""
        mate = Learner.__new__(Learner)
        mate.__dict__.update(self.__dict__)
        count = self.world.learners
        weights = len(self.optimizer.weights) // count
        rows = self.seen.shape[1] // count
        steps = self.config.rollout * rows
        mate.net = net
        mate.gradient = self.gradient.chunk(count)[k]
        mate.optimizer = self.optimizer.part(k * weights, (k + 1) * weights)
        mate.minibatches = max(round(steps / self.config.minibatch), 1)
        most = max(rows, -(-steps // mate.minibatches))
        mate.by_hand = ByHand(net, most) if fits(net) else None
        return mate

    def collect(self) -> dict[str, float]:
        for mate in self.mates:
            if mate.by_hand:
                mate.by_hand.prepare()
        return super().collect()

    def judge(self, seen: Tensor, memory: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        n = len(self.mates)
        parts = [
            mate.judge(seen[k::n].contiguous(), memory[k::n], fresh[k::n])
            for k, mate in enumerate(self.mates)
        ]
        logits, value, memory = (
            torch.stack(part, 1).flatten(0, 1) for part in zip(*parts, strict=True)
        )
        return logits, value, memory

    def learn(self, memory: Tensor) -> dict[str, float]:
        n, found = len(self.mates), []
        for k, mate in enumerate(self.mates):
            mate.optimizer.lr = self.optimizer.lr
            for name in LIVED:
                setattr(mate, name, getattr(self, name)[:, k::n].contiguous())
            found.append(mate.learn(memory[k::n]))
        return {name: sum(one[name] for one in found) / n for name in found[0]}
