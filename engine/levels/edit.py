"""Levels from levels: change one a little, try every place, tell two apart.

All of it works on start states of any world and returns new ones. What must hold of the results
(can they be solved?) is for whoever asked to check: see `agents.designing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import layout, rng, state
from ..errors import UserError, did_you_mean
from ..grid import put
from ..jit import kernel, rule
from ..layout import free, free_cell

if TYPE_CHECKING:
    from ..world import World

TRIES = 24  # to find something that an edit can be made to


@rule
def stuff(s, p, tiles):
    """The solid and the open tile that fill most of the level: (wall, floor); -1 for none."""
    counts = np.zeros(tiles, np.int64)
    for y in range(s.h):
        for x in range(s.w):
            counts[s.tiles[y, x]] += 1
    wall = floor = -1
    for tile in range(tiles):
        if counts[tile] > 0:
            if p.solid[tile] and (wall < 0 or counts[tile] > counts[wall]):
                wall = tile
            if not p.solid[tile] and (floor < 0 or counts[tile] > counts[floor]):
                floor = tile
    return wall, floor


@rule
def edit(s, p, tiles, kinds):
    """One small change: a wall more or less (1 kind), a thing (2), or a tile of another kind moved
    (3 kinds). The rim of the level stays.
    """
    wall, floor = stuff(s, p, tiles)
    for _ in range(TRIES):
        kind = rng.below(s, kinds)
        if kind == 0 and wall >= 0 and floor >= 0 and s.h > 2 and s.w > 2:
            y, x = rng.between(s, 1, s.h - 2), rng.between(s, 1, s.w - 2)
            if s.tiles[y, x] == wall:
                s.tiles[y, x] = floor
                return True
            if s.tiles[y, x] == floor and free(s, p, y, x):
                s.tiles[y, x] = wall
                return True
        elif kind == 1:
            who = rng.below(s, len(s.y))
            y, x = free_cell(s, p, 0, 0, s.h - 1, s.w - 1)
            if s.alive[who] and y >= 0:
                put(s, who, y, x)
                return True
        elif kind == 2:
            fy, fx, seen = -1, -1, 0
            for y in range(s.h):
                for x in range(s.w):
                    if s.tiles[y, x] != wall and s.tiles[y, x] != floor:
                        seen += 1
                        if rng.below(s, seen) == 0:
                            fy, fx = y, x
            y, x = free_cell(s, p, 0, 0, s.h - 1, s.w - 1)
            if fy >= 0 and y >= 0 and s.tiles[y, x] == floor:
                s.tiles[y, x] = s.tiles[fy, fx]
                s.tiles[fy, fx] = floor
                return True
    return False


@kernel
def _edit_all(states, table, tiles, seeds, places, edits, kinds):
    for i in range(len(states)):
        s = states[i]
        key, draws = s.key, s.draws
        s.key = rng.fold(rng.fold(seeds[i], rng.PICK), places[i])
        s.draws = np.uint64(0)
        for _ in range(edits):
            edit(s, table[s.row], tiles, kinds)
        s.key, s.draws = key, draws


def mutate(
    world: World,
    states: np.recarray,
    seed: int | np.ndarray = 0,
    edits: int = 1,
    still: bool = False,
) -> np.recarray:
    """Each level after so many small changes: a wall more or less, a thing or (unless `still`) a
    tile of another kind moved.

    `seed`: one for all, or uint64[n], with which a level is changed alike in any company.
    """
    made, n = state.copy(states), len(states)
    alone = isinstance(seed, np.ndarray)
    places = np.zeros(n, np.uint64) if alone else np.arange(n, dtype=np.uint64)
    seeds = seed if alone else np.full(n, seed % 2**64, np.uint64)
    with np.errstate(over="ignore"):
        _edit_all(made, world.table, len(world.tiles), seeds, places, edits, 2 if still else 3)
    return made


@rule
def edit_at(s, p, tiles, what, y, x):
    """The edit that is asked for, if it can be made: 0: a wall more or less there; 1 + k: the k-th
    entity put there; beyond those, by number: the first tile of that kind moved there.
    """
    wall, floor = stuff(s, p, tiles)
    if y >= s.h or x >= s.w:
        return False
    if what == 0:
        inside = 0 < y < s.h - 1 and 0 < x < s.w - 1
        if inside and s.tiles[y, x] == wall and floor >= 0:
            s.tiles[y, x] = floor
            return True
        if inside and wall >= 0 and s.tiles[y, x] == floor and free(s, p, y, x):
            s.tiles[y, x] = wall
            return True
        return False
    if what <= len(s.y):
        if s.alive[what - 1] and free(s, p, y, x):
            put(s, what - 1, y, x)
            return True
        return False
    tile = what - 1 - len(s.y)
    if tile in (wall, floor) or s.tiles[y, x] != floor or not free(s, p, y, x):
        return False
    for fy in range(s.h):
        for fx in range(s.w):
            if s.tiles[fy, fx] == tile:
                s.tiles[fy, fx] = floor
                s.tiles[y, x] = tile
                return True
    return False


@kernel
def _edit_each(states, table, tiles, choice, tall, wide):
    for i in range(len(states)):
        cell = choice[i] % (tall * wide)
        what = choice[i] // (tall * wide)
        edit_at(states[i], table[states[i].row], tiles, what, cell // wide, cell % wide)


def choices(world: World) -> int:
    """How many edits `chosen` knows: every kind of edit on every cell."""
    return (1 + world.entities + len(world.tiles)) * world.size[0] * world.size[1]


def chosen(world: World, states: np.recarray, choice: np.ndarray) -> np.recarray:
    """Each level after the edit of this number, int64[n] below `choices`; where it cannot be made
    the level stays as it is.
    """
    made = state.copy(states)
    _edit_each(made, world.table, len(world.tiles), choice, *world.size)
    return made


def splay(world: World, one: np.recarray, name: str) -> tuple[np.recarray, np.ndarray]:
    """The level (a batch of one) with the thing or tile `name` on every cell the first agent can
    walk to.

    Returns the levels and the cells int64[n, 2]. Of several of a kind the first is moved.
    """
    s = one[0]
    near = layout.reach(s, world.table[s.row], s.y[0], s.x[0])
    things, tiles = [t.name for t in world.things], [t.name for t in world.tiles]
    cells = [(y, x) for y in range(s.h) for x in range(s.w) if layout.reaches(near, y, x)]
    if name in things:
        who = int(np.flatnonzero(world.kinds == things.index(name))[0])
        taken = {
            (int(s.y[k]), int(s.x[k])) for k in range(world.entities) if s.alive[k] and k != who
        }
        cells = [cell for cell in cells if cell not in taken]
        made = np.repeat(one, len(cells)).view(np.recarray)
        made.y[:, who], made.x[:, who] = np.array(cells).T
        made.alive[:, who] = 1
        return made, np.array(cells)
    if name not in tiles:
        raise UserError(
            f"world '{world.name}' has no thing or tile '{name}'.{did_you_mean(name, things + tiles)}"
        )
    at = np.argwhere(s.tiles[: s.h, : s.w] == tiles.index(name))
    if not len(at):
        raise UserError(f"there is no {name} on this level")
    _, floor = stuff(s, world.table[s.row], len(world.tiles))
    taken = {(int(s.y[k]), int(s.x[k])) for k in range(world.entities) if s.alive[k]}
    home = (int(at[0, 0]), int(at[0, 1]))
    cells = [
        cell for cell in cells if cell == home or (s.tiles[cell] == floor and cell not in taken)
    ]
    made = np.repeat(one, len(cells)).view(np.recarray)
    made.tiles[:, home[0], home[1]] = floor
    for i, cell in enumerate(cells):
        made.tiles[i, cell[0], cell[1]] = tiles.index(name)
    return made, np.array(cells)


class Difference(NamedTuple):
    """One way in which two levels differ: what it is, and how it is in either."""

    what: str
    one: str
    other: str


def diff(world: World, one: np.recarray, other: np.recarray) -> list[Difference]:
    """How two levels (batches of one) differ: size, cells, things, fields; empty if they do not."""
    a, b = one[0], other[0]
    found = []
    if (a.h, a.w) != (b.h, b.w):
        found.append(Difference("size", f"{a.h}x{a.w}", f"{b.h}x{b.w}"))
    names = [t.name for t in world.tiles]
    for y in range(max(a.h, b.h)):
        for x in range(max(a.w, b.w)):
            was, now = (names[s.tiles[y, x]] if y < s.h and x < s.w else "outside" for s in (a, b))
            if was != now:
                found.append(Difference(f"cell ({y}, {x})", was, now))
    for k in range(world.entities):
        was, now = (
            f"({s.y[k]}, {s.x[k]})" + f" pose {s.face[k]}" * bool(s.face[k])
            if s.alive[k]
            else "absent"
            for s in (a, b)
        )
        if was != now:
            thing = world.things[world.kinds[k]]
            first = int(np.flatnonzero(world.kinds == world.kinds[k])[0])
            found.append(Difference(thing.name + f" {k - first}" * (thing.count > 1), was, now))
    for name in world.shapes:
        if np.any(a[name] != b[name]):
            found.append(Difference(name, *(str(np.asarray(s[name]).tolist()) for s in (a, b))))
    if a.row != b.row:
        found.append(Difference("row of parameters", str(a.row), str(b.row)))
    return found
