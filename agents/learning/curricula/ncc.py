"""A learned distribution over the buffer: an adversary climbs the score that levels have, step by
step, and pays for being too sure.

After NCC, Monette et al. 2025 (arXiv 2505.20659): gradient steps on
y . score - cost * y . log y, with steps that shrink as in TiAda, projected on the simplex. There
the whole buffer is scored anew at every update; here a level's score is that of the last time it
was met.
"""

import numpy as np

from ....engine.errors import need
from ..replay import Replay


class Adversary:
    """How likely each of `size` levels is: `y`. Gradients are centred, which changes nothing on the
    simplex, and lets unequal steps end where equal ones would.
    """

    def __init__(self, size, rate=0.1, cost=0.05, least=1e-5):
        self.rate, self.cost, self.least = rate, cost, least
        self.y, self.squares, self.held = np.zeros(size), np.full(size, 0.1), 0

    def weights(self, score, since):
        """Probabilities of the levels held, as `Priority.weights`."""
        self.admit(len(score))
        return self.y[: len(score)]

    def admit(self, held):
        """Give places that are new the mean of the others, and scale all."""
        if held > self.held:
            self.y[self.held : held] = 1 / max(self.held, 1)
            self.y[:held] /= self.y[:held].sum()
            self.held = held

    def ascend(self, score):
        """A step uphill."""
        self.admit(len(score))
        y, squares = self.y[: self.held], self.squares[: self.held]
        uphill = score - self.cost * np.log(y)
        uphill -= uphill.mean()
        squares += uphill**2
        y[:] = project(y + self.rate * uphill * squares**-0.4, self.least)


def project(x, least):
    """The nearest point whose parts are at least `least` and sum up to 1."""
    left, downwards = 1 - least * len(x), np.sort(x - least)[::-1]
    over = (np.cumsum(downwards) - left) / np.arange(1, len(x) + 1)
    return np.maximum(x - least - over[np.flatnonzero(downwards > over)[-1]], 0) + least


class Learned(Replay):
    score = "learnability"
    robust = True
    again = 0.8

    def __init__(self, world, config, value=""):
        super().__init__(world, config, value)
        self.adversary = self.buffer.priority = Adversary(self.size)

    def _score(self, ended, positive, short, value, opening):
        super()._score(ended, positive, short, value, opening)
        self.adversary.ascend(self.buffer.score[: self.buffer.held])

    def state(self):
        one = self.adversary
        return super().state() | {"adversary": np.stack([one.y, one.squares])}

    def restore(self, state):
        super().restore(state)
        sound = np.isfinite(state["adversary"]).all() and (state["adversary"] >= 0).all()
        need(sound, "a level's probability is none")
        self.adversary.y[:], self.adversary.squares[:] = state["adversary"]
        self.adversary.held = self.buffer.held


CURRICULUM = Learned
