"""A price on being where a reference policy is not: the root of the chi-square divergence between
what both see.

The value is RUN, or PRICE:RUN (usually 0.1). How much more often something is seen than by the
reference is told by a logistic regression on which symbol stands where, which learns after every
rollout. Its exponential is the price's rate at each step, as in ORPO (Laidlaw et al. 2024, arXiv
2403.03185), where occupancy kept what a KL on actions (`kl`) did not. The reference plays once, when
the training begins, and what it saw is then part of the run.
"""

import numpy as np
import torch

from ....engine.errors import need
from ....engine.vector import Vec
from ..hooks import Dice, Hook
from ..mitigation import Mitigation, number

ENVS, STEPS = 64, 128  # that the reference plays
BATCH, TURNS, RATE = 4096, 20, 0.1  # of the regression after each rollout
MOST = 3.0  # a log-ratio beyond counts as this
LEAST = 0.05  # of the divergence, by whose root the price is divided


class Ratio:
    """log p(seen) / q(seen) by a table of weights [cells, symbols] and one for all."""

    def __init__(self, cells: int, symbols: int) -> None:
        self.table, self.bias = torch.zeros(cells, symbols), torch.zeros(1)
        self.cells = torch.arange(cells)

    def of(self, seen) -> torch.Tensor:
        """float32[n] of what is seen, int64[n, cells]."""
        return self.table[self.cells, seen].sum(-1) + self.bias

    def fit(self, ours, theirs, turns=TURNS, rate=RATE) -> None:
        """Some steps down the logistic loss that tells ours from theirs, both int64[n, cells]."""
        parts = [one.requires_grad_() for one in (self.table, self.bias)]
        step = torch.optim.Adam(parts, rate)
        soft = torch.nn.functional.softplus
        for _ in range(turns):
            step.zero_grad()
            (soft(-self.of(ours)).mean() + soft(self.of(theirs)).mean()).backward()
            step.step()
        self.table, self.bias = (one.detach().clone() for one in parts)


class Occupancy(Hook):
    def __init__(self, price, path, world, config) -> None:
        need(config.obs == "symbols", "occupancy: the agent must see symbols, not pictures")
        self.price, self.path, self.world = price, path, world
        cells = int(np.prod(world.view))
        self.ratio = Ratio(cells, 256)
        self.theirs = torch.zeros(ENVS * STEPS * world.learners, cells, dtype=torch.uint8)
        self.dice, self.divergence = Dice(config.seed, 5), 1.0
        self.lived: list[torch.Tensor] = []

    def first(self):
        from ..trained import Trained

        agent, fresh = Trained.load(self.path, self.world), np.ones(ENVS, np.bool_)
        vec, seen = Vec(self.world, ENVS, "train"), []
        obs = vec.reset()
        agent.start(ENVS, self.world.learners)
        for _ in range(STEPS):
            seen.append(obs.reshape(ENVS * self.world.learners, -1).copy())
            obs, _, terminated, truncated = vec.step(agent.act(obs, vec.states, fresh))
            fresh = terminated | truncated
        self.theirs = torch.from_numpy(np.concatenate(seen))

    def seen(self, seen):
        self.now = seen.reshape(len(seen), -1).cpu().clone()
        return seen

    def reward(self, step, reward):
        self.lived.append(self.now)
        rate = self.ratio.of(self.now.long()).clamp(-MOST, MOST).exp() / self.divergence**0.5
        return (reward - self.price * rate.view(reward.shape).numpy()).astype(np.float32)

    def learned(self, rollout):
        ours, self.lived = torch.cat(self.lived), []
        mine, others = (
            one[torch.randint(len(one), (BATCH,), generator=self.dice.of)].long()
            for one in (ours, self.theirs)
        )
        self.ratio.fit(mine, others)
        rate = self.ratio.of(mine).clamp(-MOST, MOST).exp().mean()
        self.divergence = max(float(rate) - 1, LEAST)

    def row(self) -> dict[str, float | None]:
        return {"chi_square": self.divergence}

    def state(self):
        parts = {"table": self.ratio.table, "bias": self.ratio.bias, "theirs": self.theirs}
        found = {name: one.numpy().copy() for name, one in parts.items()}
        return found | {"divergence": np.array(self.divergence)} | self.dice.state()

    def restore(self, state):
        self.ratio.table, self.ratio.bias, self.theirs = (
            torch.from_numpy(state[name].copy()) for name in ("table", "bias", "theirs")
        )
        self.divergence = float(state["divergence"])
        self.dice.restore(state)


def occupancy(value, world, config):
    price, colon, path = value.partition(":")
    need(value, "occupancy needs the run of a reference: occupancy:RUN or occupancy:PRICE:RUN")
    return Occupancy(
        number("occupancy", price, 0, 1000) if colon else 0.1, path or price, world, config
    )


MITIGATION = Mitigation(about=__doc__, hook=occupancy)
