"""Why does the agent fail on a level? The nearest level on which it does not, and the least of the
level that still makes it fail.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ....engine import state
from ....engine.counts import counted
from ....engine.levels.edit import stuff
from ....engine.progress import Show, silent
from ....engine.world import World
from ...learning.trained import Trained
from .arena import MET, Arena, episode
from .ground import edits_between

TRIES = 16  # episodes that say how often a level is met
FEW, FIRST = 4, 2  # while levels are still being compared; who fails in the first fails in too many
MOST_EDITS = 5  # of a counterfactual
BEAM, SHOTS = 24, 48  # levels gone on from at each edit, and edits of each
# single edits that are tried, at most, where experts walk and where they search, which is slow; and
# by an agent that sees pictures, whose episodes take some eight times as long
CANDIDATES, PICTURES = {"walk": 1024, "search": 96}, 128
LAST = 1001  # the first episode of those that are kept for the last word
STILL = 0.8  # share of episodes in which a smaller level fails like the whole one


class Pair(NamedTuple):
    """Two levels (batches of one) a few edits apart, and how often the agent meets the intended
    goal on each (of `TRIES` episodes).
    """

    right: np.recarray
    wrong: np.recarray
    edits: int
    met_right: float
    met_wrong: float

    def shown(self, arena: Arena) -> tuple[np.recarray, np.recarray]:
        """Both levels at the start of an episode in which the agent does what it mostly does."""
        sides = (self.right, self.met_right), (self.wrong, self.met_wrong)
        return tuple(_usual(arena, one, share >= 0.5) for one, share in sides)  # type: ignore


class Shrunk(NamedTuple):
    """What is left of a level (a batch of one), and how often the agent fails on it."""

    level: np.recarray
    failed: float


def changes(world: World, one: np.recarray) -> list[tuple[int, tuple]]:
    """All single edits of `one` (a batch of one), each with how many cells it reaches over: walls more
    or less, a thing or a tile of another kind on another free cell.
    """
    s = one[0]
    wall, floor = stuff(s, world.table[s.row], len(world.tiles))
    taken = {(int(s.y[k]), int(s.x[k])) for k in range(world.entities) if s.alive[k]}
    board = s.tiles[: s.h, : s.w]
    free = [c for c in map(tuple, np.argwhere(board == floor).tolist()) if c not in taken]
    found: list[tuple[int, tuple]] = []
    for y, x in np.argwhere((board == wall) | (board == floor)).tolist():
        if 0 < y < s.h - 1 and 0 < x < s.w - 1 and (y, x) not in taken and wall >= 0:
            found.append((1, ("cell", y, x)))
    for k in np.flatnonzero(s.alive).tolist():
        here = int(s.y[k]), int(s.x[k])
        found += [(_far(*here, c), ("thing", k, *c)) for c in free]
    for y, x in np.argwhere((board != wall) & (board != floor)).tolist():
        found += [(_far(y, x, c), ("tile", y, x, *c)) for c in free]
    return found


def few(every: list[tuple[int, tuple]], most: int) -> list[tuple[int, tuple]]:
    """At most so many of them, evenly chosen from the least to the farthest."""
    return every if len(every) <= most else sorted(every)[:: -(-len(every) // most)]


def single_edits(world: World, one: np.recarray, most: int) -> tuple[np.recarray, np.ndarray]:
    """Levels a single edit away from `one`, at most so many, and how many cells that reaches over:
    int64[n].
    """
    chosen = few(changes(world, one), most)
    s = one[0]
    wall, floor = stuff(s, world.table[s.row], len(world.tiles))
    made = np.repeat(one, len(chosen)).view(np.recarray)
    tiles, ys, xs = (made[name].view(np.ndarray) for name in ("tiles", "y", "x"))
    for i, (_, (what, *at)) in enumerate(chosen):
        if what == "cell":
            y, x = at
            tiles[i, y, x] = floor if s.tiles[y, x] == wall else wall
        elif what == "thing":
            k, y, x = at
            ys[i, k], xs[i, k] = y, x
        else:
            y, x, there_y, there_x = at
            tiles[i, there_y, there_x], tiles[i, y, x] = s.tiles[y, x], floor
    return made, np.array([far for far, _ in chosen], np.int64)


def _far(y: int, x: int, cell: tuple[int, ...]) -> int:
    return abs(y - cell[0]) + abs(x - cell[1])


def candidates(arena: Arena) -> int:
    """How many single edits of a level are tried, at most."""
    most, agent = CANDIDATES[arena.world.planner], arena.agent
    looks = isinstance(agent, Trained) and not agent.net.shape.symbols
    return min(most, PICTURES) if looks else most


def tried(arena: Arena, one: np.recarray) -> dict[str, int]:
    """How many of a level's single edits are tried, and `of` how many."""
    every = changes(arena.world, one)
    return {"tried": len(few(every, candidates(arena))), "of": len(every)}


def counterfactual(
    arena: Arena, wrong: np.recarray, dice: np.random.Generator, show: Show = silent
) -> Pair | None:
    """The fewest edits from a level on which the agent is wrong to one on which it is right.

    All single edits are tried, or an even choice of `candidates`. Of those that turn the outcome most
    surely the one that reaches over the fewest cells is taken. Only where there is none are further
    edits tried, by a beam. None: no way was found in `MOST_EDITS`.
    """
    whole, most = _met(arena, wrong, TRIES)[0], candidates(arena)
    front, far = single_edits(arena.world, wrong, most)
    shots = min(SHOTS, max(1, most // BEAM)) if most == PICTURES else SHOTS
    for edits in range(1, MOST_EDITS + 1):
        show(edits - 1, MOST_EDITS, f"{counted(len(front), 'level')} {counted(edits, 'edit')} away")
        rows = np.zeros((len(front), FEW), arena.dtype)
        rows[:, :FIRST] = arena.again(front, FIRST)
        hopeful = _right(arena, rows[:, :FIRST]).any(1)
        rows[hopeful, FIRST:] = _more(arena, front[hopeful])
        rate = hopeful * _right(arena, rows).mean(1)
        near = np.flatnonzero(rate > max(0.5, whole))
        if len(near):
            near = near[np.lexsort((far[near], -rate[near]))][:BEAM]
            chosen = front[near].view(np.recarray)
            sure = _met(arena, chosen, TRIES)
            best = np.lexsort((far[near], -np.round(sure, 1)))[0]
            if sure[best] > whole + 0.5:
                one = chosen[best : best + 1].view(np.recarray)
                apart = int(edits_between(arena.world, one, wrong)[0])
                last = [float(_met(arena, level, TRIES, LAST)[0]) for level in (one, wrong)]
                return Pair(one, wrong, min(edits, apart), *last)
        if edits == MOST_EDITS:
            return None
        rows[~hopeful, FIRST:] = _more(arena, front[~hopeful])
        solved = np.flatnonzero((rows["fitness"] > -np.inf).all(1))
        order = solved[np.argsort(rows["fitness"][solved].mean(1), kind="stable")][:BEAM]
        if not len(order):
            return None
        grown = [single_edits(arena.world, front[i : i + 1].view(np.recarray), most) for i in order]
        picks = [dice.permutation(len(states))[:shots] for states, _ in grown]
        parts = [states[pick] for (states, _), pick in zip(grown, picks, strict=True)]
        steps = [
            far[i] + more[pick] for i, (_, more), pick in zip(order, grown, picks, strict=True)
        ]
        front, far = np.concatenate(parts).view(np.recarray), np.concatenate(steps)
    return None


def _usual(arena: Arena, one: np.recarray, met: bool) -> np.recarray:
    """A level at the start of its first episode in which the goal is met, or is not."""
    rows = arena.again(one, TRIES, LAST)
    return episode(one, LAST + int((arena_met(arena, rows)[0] == met).argmax()))


def arena_met(arena: Arena, rows: np.ndarray) -> np.ndarray:
    """bool like `rows`: where the agent met the intended goal."""
    return arena.outcomes(rows.reshape(-1)).reshape(rows.shape) == MET


def _more(arena: Arena, states: np.ndarray) -> np.ndarray:
    """Rows of the episodes after the FIRST, up to FEW."""
    return arena.again(states.view(np.recarray), FEW - FIRST, 1 + FIRST)


def _met(arena: Arena, states: np.recarray, tries: int, first: int = 1) -> np.ndarray:
    """How often the agent meets the intended goal on each level: float64[n]; 0 if that cannot be."""
    return _right(arena, arena.again(states, tries, first)).mean(1)


def _right(arena: Arena, rows: np.ndarray) -> np.ndarray:
    """bool like `rows`: where the level can be solved and the agent met the intended goal."""
    return arena_met(arena, rows) & (rows["fitness"] > -np.inf)


def shrink(arena: Arena, one: np.recarray, show: Show = silent) -> Shrunk:
    """The level (a batch of one) without what the agent fails without, too: walls, tiles, things,
    rows and columns (delta debugging, Zeller and Hildebrandt 2002).

    It can still be solved, and the agent still fails as it did. In the end nothing more can be taken
    away by itself.
    """
    rows = arena.again(one, TRIES)
    failing = arena.outcomes(rows[0])
    how = int(np.bincount(failing[failing != MET], minlength=3).argmax())
    level = state.copy(one)
    before = b""
    while before != level.tobytes():
        before = level.tobytes()
        show(0, 0, f"{int(level.h[0])} x {int(level.w[0])} cells left")
        level = _without_parts(arena, level, how)
        level = _without_lines(arena, level, how)
    rows = arena.again(level, TRIES, LAST)
    return Shrunk(level, float((arena.outcomes(rows[0]) == how).mean()))


def _first(arena: Arena, states: np.recarray, how: int) -> int:
    """The first of these levels that can be solved and on which the agent fails in this way; -1 if
    it does on none.

    A few episodes choose, and others confirm, or luck would pass for failing.
    """

    def failing(states: np.recarray, tries: int, first: int) -> np.ndarray:
        rows = arena.again(states, tries, first)
        same = arena.outcomes(rows.reshape(-1)).reshape(rows.shape) == how
        return (rows["fitness"] > -np.inf).all(1) & (same.mean(1) >= STILL)

    for i in np.flatnonzero(failing(states, FEW, 1)).tolist():
        if failing(states[i : i + 1].view(np.recarray), TRIES, 1 + FEW)[0]:
            return i
    return -1


def _without_parts(arena: Arena, level: np.recarray, how: int) -> np.recarray:
    """Take away inner walls, tiles of other kinds, and things, in ever smaller groups."""
    world, s = arena.world, level[0]
    _, floor = stuff(s, world.table[s.row], len(world.tiles))
    if floor < 0:
        return level
    inner = s.tiles[1 : s.h - 1, 1 : s.w - 1]
    parts: list[tuple[int, int]] = [(y + 1, x + 1) for y, x in np.argwhere(inner != floor).tolist()]
    parts += [(-1, k) for k in range(world.learners, world.entities) if s.alive[k]]
    size = max(1, len(parts) // 2)
    while parts:
        groups = [parts[k : k + size] for k in range(0, len(parts), size)]
        tried = np.repeat(level, len(groups)).view(np.recarray)
        for i, group in enumerate(groups):
            for y, x in group:
                if y < 0:
                    tried.alive[i, x] = 0
                else:
                    tried.tiles[i, y, x] = floor
        i = _first(arena, tried, how)
        if i >= 0:
            level = tried[i : i + 1].view(np.recarray)
            parts = [part for part in parts if part not in groups[i]]
            size = max(1, min(size, len(parts)))
        elif size == 1:
            break
        else:
            size = max(1, size // 2)
    return level


def _without_lines(arena: Arena, level: np.recarray, how: int) -> np.recarray:
    """Take away rows and columns that hold nothing but walls and floor. Worlds with fields of their
    own keep their size: those may hold places.
    """
    if arena.world.shapes:
        return level
    while True:
        tried = [_without(arena.world, level, axis, at) for axis, at in _lines(arena.world, level)]
        if not tried:
            return level
        states = np.concatenate(tried).view(np.recarray)
        i = _first(arena, states, how)
        if i < 0:
            return level
        level = states[i : i + 1].view(np.recarray)


def _lines(world: World, level: np.recarray) -> list[tuple[int, int]]:
    """The inner rows (0, y) and columns (1, x) without things and tiles of other kinds."""
    s = level[0]
    wall, floor = stuff(s, world.table[s.row], len(world.tiles))
    board = s.tiles[: s.h, : s.w]
    full = (board != wall) & (board != floor)
    for k in np.flatnonzero(s.alive).tolist():
        full[s.y[k], s.x[k]] = True
    return [
        (axis, int(at))
        for axis in (0, 1)
        for at in np.flatnonzero(~full.any(1 - axis))
        if 0 < at < board.shape[axis] - 1 and board.shape[axis] > 3
    ]


def _without(world: World, level: np.recarray, axis: int, at: int) -> np.recarray:
    """The level without one row or column."""
    made = state.copy(level)
    s = level[0]
    rest = np.delete(s.tiles[: s.h, : s.w], at, axis)
    made.tiles[0] = 0
    made.tiles[0, : rest.shape[0], : rest.shape[1]] = rest
    made.h[0], made.w[0] = rest.shape
    places = made.y if axis == 0 else made.x
    places[0] -= places[0] > at
    return made
