"""Pairs of levels: the same board with a cue, without it, and with it elsewhere.

A cue is a tile or a thing of the world, by its name. What an agent makes of the pair apart is what
it makes of the cue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....engine import state
from ....engine.errors import UserError, or_rather
from ....engine.view.draw.marks import goal_marks, mark_of
from ....engine.world import World


@dataclass(frozen=True)
class Cue:
    """A tile (its number) or a thing (the numbers of its entities) of a world."""

    world: World
    name: str
    tile: int = -1
    entities: tuple[int, ...] = ()

    def without(self, states: np.recarray) -> np.recarray:
        """The same states with plain floor, or nothing, where the cue was."""
        made = state.copy(states)
        if self.tile >= 0:
            made["tiles"] = np.where(
                made["tiles"] == self.tile, _floors(self.world, states), made["tiles"]
            )
        else:
            made["alive"][:, list(self.entities)] = 0
        return made

    def moved(self, states: np.recarray, seed: int = 0) -> np.recarray:
        """The same states with the cue on another cell of open floor, drawn anew for each."""
        made, dice = self.without(states), np.random.default_rng(seed)
        open_cells = made["tiles"] == _floors(self.world, states)
        for k in range(len(made)):
            free = open_cells[k].copy()
            free[made["h"][k] :], free[:, made["w"][k] :] = False, False
            free[made["y"][k], made["x"][k]] = False
            cells = np.argwhere(free)
            many = int((states["tiles"][k] == self.tile).sum()) or len(self.entities)
            chosen = cells[dice.permutation(len(cells))[:many]]
            if self.tile >= 0:
                made["tiles"][k][chosen[:, 0], chosen[:, 1]] = self.tile
                continue
            for entity, (y, x) in zip(self.entities, chosen, strict=False):
                made["y"][k, entity], made["x"][k, entity] = y, x
                made["alive"][k, entity] = states["alive"][k, entity]
        return made


def cue(world: World, name: str) -> Cue:
    """The cue called `name`. Raises UserError, and says which there are."""
    tiles = {tile.name: k for k, tile in enumerate(world.tiles)}
    if name in tiles:
        return Cue(world, name, tile=tiles[name])
    for k, thing in enumerate(world.things):
        if thing.name == name and not thing.agent:
            return Cue(world, name, entities=tuple(np.flatnonzero(world.kinds == k).tolist()))
    names = [*tiles, *(thing.name for thing in world.things if not thing.agent)]
    raise UserError(
        f"world '{world.name}' has no cue '{name}'{or_rather(name, names)}"
        f" (it has {', '.join(names)})"
    )


def usual(world: World, states: np.recarray) -> Cue:
    """The cue of the intended goal: what lies where it may be met, most often in these states."""
    counts: dict[str, int] = {}
    for k in range(min(len(states), 32)):
        floor = int(_floors(world, states[k : k + 1]).ravel()[0])
        for mark in goal_marks(world, states, k):
            if mark.shape != mark_of(world, world.intended):
                continue
            for y, x in np.asarray(mark.cells).tolist():
                for name in _lying(world, states[k], floor, y, x):
                    counts[name] = counts.get(name, 0) + 1
    if not counts:
        raise UserError(
            f"world '{world.name}' does not say where its intended goal is met: name a --cue"
        )
    return cue(world, max(counts, key=lambda name: counts[name]))


def _lying(world: World, record: np.record, floor: int, y: int, x: int) -> Sequence[str]:
    """What lies on a cell beside plain floor."""
    here = (record["y"] == y) & (record["x"] == x) & (record["alive"] != 0)
    things = [world.things[world.kinds[k]] for k in np.flatnonzero(here)]
    names = [thing.name for thing in things if not thing.agent]
    tile = int(record["tiles"][y, x])
    return names or ([world.tiles[tile].name] if tile != floor else [])


def _floors(world: World, states: np.ndarray) -> np.ndarray:
    """The open tile that there is most of, of each state: uint8[n, 1, 1]."""
    tiles = states["tiles"].reshape(len(states), -1)
    counts = np.stack([(tiles == k).sum(1) for k in range(len(world.tiles))], 1)
    counts[:, world.solid != 0] = -1
    return counts.argmax(1).astype(np.uint8)[:, None, None]
