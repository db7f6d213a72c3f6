"""Which levels an attack may use: those that training could have shown, those a few edits away, or
all that are legal.
"""

from __future__ import annotations

import re

import numpy as np

from ....engine import state
from ....engine.errors import UserError, need
from ....engine.jit import kernel
from ....engine.levels.edit import mutate, stuff
from ....engine.vector import Vec
from ....engine.world import Split, World


class Ground:
    """The levels of a split, and what may be made of them.

    within: "train", levels as the split deals them; "edits:K", up to K edits from one of them;
    "legal", any that the engine may run on. `kind` is the first word, `most` is K.
    """

    def __init__(self, world: World, split: Split, within: str) -> None:
        match = re.fullmatch(r"(train|legal)|edits:([1-9][0-9]{0,3})", within)
        if match is None:
            raise UserError(f"--within '{within}' is none of train, legal, edits:1, edits:2, ...")
        self.world, self.split, self.within = world, split, within
        self.kind, self.most = match[1] or "edits", int(match[2] or 0)
        listed = split.starts is not None and self.kind == "edits"
        need(not listed, f"edits of the file '{split.name}' cannot be counted: use --within legal")

    def levels(self, seeds: np.ndarray) -> np.recarray:
        """The split's levels of these seeds (uint64[n])."""
        if not len(seeds):
            return state.blank(self.world.dtype, 0)
        vec = Vec(self.world, len(seeds), self.split, autoreset="off")
        vec.assign(np.ones(vec.n, np.bool_), seeds)
        return vec.reset_states()

    def draw(self, n: int, dice: np.random.Generator) -> np.recarray:
        """Levels by chance; with "edits" from none to K edits away from the split's."""
        return self._astray(self.levels(dice.integers(0, 2**64, n, np.uint64)), dice)

    def _astray(self, states: np.recarray, dice: np.random.Generator) -> np.recarray:
        """The levels after none to K edits."""
        edits = dice.integers(0, self.most + 1, len(states))
        for k in range(int(edits.max(initial=0))):
            due = np.flatnonzero(edits > k)
            if len(due):
                chosen = states[due].view(np.recarray)
                states[due] = mutate(self.world, chosen, int(dice.integers(2**62)))
        return states

    def edit(self, states: np.recarray, dice: np.random.Generator, edits: int = 1) -> np.recarray:
        """Each level after a few small changes; where that leads out of the limits, other changes of
        the level it came from; where only dealt levels are allowed, another one.
        """
        if self.kind == "train":
            return self.draw(len(states), dice)
        made = mutate(self.world, states, int(dice.integers(2**62)), edits)
        if self.kind == "edits":
            out = np.flatnonzero(~self.allows(made))
            made[out] = self._astray(self.levels(made["seed"][out].copy()), dice)
        return made

    def allows(self, states: np.recarray) -> np.ndarray:
        """bool[n]: the levels within the limits. Whether they are sound and can be solved is for
        others to see.
        """
        if self.kind == "legal":
            return np.ones(len(states), np.bool_)
        most = self.most if self.kind == "edits" else 0
        if self.split.starts is not None:  # a level of a file bears no number
            known = self.world.fingerprints(self.split.starts)
            return np.isin(self.world.fingerprints(states), known)
        origins = self.levels(np.ascontiguousarray(states["seed"]))
        return edits_between(self.world, states, origins) <= most


def edits_between(world: World, states: np.recarray, others: np.recarray) -> np.ndarray:
    """int64[n]: the edits from each level to another: a wall more or less, a thing or a tile of
    another kind moved or changed, a value of a field. Levels of different size are 9,999 apart.
    """
    edits = np.zeros(len(states), np.int64)
    _cells_apart(states, others, world.table, len(world.tiles), edits)
    differ = np.zeros((len(states), world.entities), np.bool_)
    for name in ("y", "x", "face", "alive"):
        differ |= states[name] != others[name]
    edits += differ.sum(1)
    for name in world.shapes:
        if name not in world.scratch:
            edits += (states[name] != others[name]).reshape(len(states), -1).sum(1)
    same = (states["h"] == others["h"]) & (states["w"] == others["w"])
    return np.where(same & (states["row"] == others["row"]), edits, 9_999)


@kernel
def _cells_apart(states, others, table, tiles, edits):
    for i in range(len(states)):
        s, other = states[i], others[i]
        wall, floor = stuff(other, table[other.row], tiles)
        built = gone = come = 0
        for y in range(other.h):
            for x in range(other.w):
                was, now = other.tiles[y, x], s.tiles[y, x]
                if was != now:
                    left, came = was != wall and was != floor, now != wall and now != floor
                    gone += left
                    come += came
                    built += not left and not came
        edits[i] = built + max(gone, come)
