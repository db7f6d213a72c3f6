"""Sampling for learnability: every so often new levels are tried several times, and half of all
episodes are on those that are won sometimes.

After Rutherford et al. 2024 (arXiv 2408.15099). What it tries is not learned
from; its steps are logged as `extra_steps`.
"""

import numpy as np
import torch

from ....engine import state
from ....engine.errors import need
from ....engine.state import RUNNING
from ....engine.vector import Vec
from ..curriculum import Curriculum
from ..level_buffer import Priority, units
from ..replay import Replay


class Learnable(Replay):
    score = "learnability"
    size = 100
    enough = 0.0
    priority = Priority(float("inf"), 0.0)  # all alike
    every, drawn_at_once, tries = 20, 256, 4  # updates; levels; episodes on each

    def __init__(self, world, config, value="") -> None:
        need(not value, "--curriculum sfl takes no score")
        super().__init__(world, config)
        self.obs, self.seed, self.extra = config.obs, config.seed, 0

    def begin(self, learner) -> None:
        self.net = learner.net

    def learned(self, rollout) -> None:
        if self.updates % self.every == 0:
            self.refresh()
        super().learned(rollout)

    def _score(self, ended, positive, short, value, opening) -> None:
        """What is met does not change what is met again."""
        self.figures["replayed"] = float(np.mean(ended.kind == 1))

    def refresh(self) -> None:
        """Try new levels, and hold the most learnable of them in place of the old."""
        seed = self.seed * 1_000_003 + self.updates
        drawn = Vec(self.world, self.drawn_at_once, self.split, seed, self.levels or None, "train")
        states = drawn.reset_states()
        prints = self.world.fingerprints(states)
        _, once = np.unique(prints, return_index=True)
        states, prints = states[once].view(np.recarray), prints[once]
        rate = self.rates(states)
        best = np.argsort(-rate * (1 - rate), kind="stable")[: self.size]
        best = best[(rate * (1 - rate))[best] > 0]
        buffer = self.buffer
        buffer.held = len(best)
        buffer.words[: len(best)] = state.words(states)[best]
        buffer.prints[: len(best)] = prints[best]
        buffer.score[: len(best)] = (rate * (1 - rate))[best]

    @torch.inference_mode()
    def rates(self, states) -> np.ndarray:
        """How often the paid goal earns something on each level: float64[n]."""
        many = np.repeat(states, self.tries).view(np.recarray)
        n, learners = len(many), self.world.learners
        vec = Curriculum.environments(self, n, 0, obs=self.obs, ends_stay=True, levels=many)
        vec.assign(np.ones(n, np.bool_), np.arange(n))
        vec.reset_where(np.ones(n, np.bool_))
        memory, t = self.net.blank(n * learners), 0
        while (running := vec.states["ended"] == RUNNING).any():
            seen = torch.from_numpy(vec.obs).flatten(0, 1).to(memory.device)
            fresh = torch.from_numpy(np.repeat(vec.fresh, learners)).to(memory.device)
            logits, _, memory = self.net(seen[None], memory, fresh[None])
            upto = logits[0].softmax(-1).cumsum(-1).cpu().numpy()
            dice = units(self.key + 1, (self.updates * 1000 + t) << 24, n * learners)
            actions = (dice[:, None] * upto[:, -1:] >= upto[:, :-1]).sum(-1)
            vec.step(actions.reshape(n, learners))
            self.extra += int(running.sum())
            t += 1
        won = vec.scores()[:, :learners, self.paid].mean(1) > 0
        return won.reshape(-1, self.tries).mean(1)

    def row(self):
        told, self.extra = self.extra, 0
        return super().row() | {"extra_steps": float(told)}

    def state(self):
        return super().state() | {"extra": np.array([self.extra])}

    def restore(self, state):
        super().restore({k: v for k, v in state.items() if k != "extra"})
        self.extra = int(state["extra"][0])


CURRICULUM = Learnable
