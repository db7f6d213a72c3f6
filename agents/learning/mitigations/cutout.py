"""What the agent sees in training has a hole: a square of cells, elsewhere at every step, shows
nothing.

The value is its side in cells (or pixels). In evaluations the view is whole.
After DeVries and Taylor 2017 (arXiv 1708.04552).
"""

import torch

from ....engine.errors import need
from ..hooks import Dice, Hook
from ..mitigation import Mitigation, number


class Cutout(Hook):
    def __init__(self, side: int, view: tuple[int, ...], seed: int) -> None:
        need(side < min(view[:2]), f"cutout: a hole of {side} hides the whole view {view[:2]}")
        self.side, self.view, self.dice = side, view, Dice(seed, 2)

    def seen(self, seen):
        rows = len(seen)
        shown = torch.ones(rows, *self.view[:2], dtype=torch.bool)
        inside = torch.ones_like(shown)
        for axis, length in enumerate(self.view[:2], 1):
            start = torch.randint(length - self.side + 1, (rows, 1), generator=self.dice.of)
            place = torch.arange(length)[None]
            hit = (place >= start) & (place < start + self.side)
            inside &= hit[:, :, None] if axis == 1 else hit[:, None, :]
        shown = (shown & ~inside).to(seen.device)
        return seen * shown.view(rows, *self.view[:2], *[1] * (seen.ndim - 3))

    def state(self):
        return self.dice.state()

    def restore(self, state):
        self.dice.restore(state)


def cutout(value, world, config):
    view = tuple(world.view) if config.obs == "symbols" else (64, 64)
    return Cutout(round(number("cutout", value, 1, 64)), view, config.seed)


MITIGATION = Mitigation(about=__doc__, value="5", hook=cutout)
