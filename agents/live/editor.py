"""Editing the level under the agents: tiles and things, parts of the board, undo and redo. An edit is
one more copy of the state, from here on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...engine import check, state
from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.history import Saved
from ...engine.levels import region
from ...engine.levels.region import Cell, Piece, Region
from ...engine.view.draw import sprites
from .stage import Pane, Stage

UNDONE = 100  # edits that can be taken back


class Edit(NamedTuple):
    """One edit: what it was, in words, and panes with what they were before it."""

    words: str
    before: list[tuple[Pane, Saved]]


class Editor:
    """Edits of the level on a stage: those made, and those taken back, the last ones last.

    A brush is the number of a tile, or after them that of a kind of thing.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.made: list[Edit] = []
        self.taken_back: list[Edit] = []
        self.copied: Piece | None = None

    def clear(self) -> None:
        """Forget all edits."""
        self.made.clear()
        self.taken_back.clear()

    @property
    def ground(self) -> int:
        """The tile that is there where nothing is."""
        return sprites.of(self.stage.world).ground

    def brushes(self) -> list[str]:
        """What there is to paint with, by name."""
        world = self.stage.world
        return [one.name for one in (*world.tiles, *world.things)]

    def thing_at(self, pane: int, y: int, x: int) -> int | None:
        """The thing on a cell, learners first."""
        return self._on(self.stage.panes[pane].history.state[0], y, x)

    def _on(self, s: np.record, y: int, x: int) -> int | None:
        there = (k for k in range(self.stage.world.entities) if s.alive[k])
        return next((k for k in there if s.y[k] == y and s.x[k] == x), None)

    # -- cells

    def paint(self, y: int, x: int, brush: int) -> bool:
        """Put a tile or a thing on a cell in all panes, from here on; False, with a message, if that
        is not allowed.
        """
        return self.paint_all([(y, x)], brush)

    def paint_all(self, cells: Sequence[Cell], brush: int) -> bool:
        """As `paint`, on all of these cells or on none; one edit."""
        world, kind = self.stage.world, brush - len(self.stage.world.tiles)
        name = self.brushes()[brush]

        def change(s: np.record) -> None:
            for y, x in cells:
                if kind < 0:
                    s.tiles[y, x] = brush
                else:
                    self._place(s, kind, y, x, alone=len(cells) == 1)

        words = f"{name} at {_at(cells[0])}" if len(cells) == 1 else f"{name} on {len(cells)} cells"
        together = kind < 0 or not world.things[kind].agent or self.stage.t == 0
        return self._edit(words, change, cells, together)

    def _place(self, s: np.record, kind: int, y: int, x: int, alone: bool) -> None:
        """A thing of a kind on a cell: one that is out of play, or else, `alone`, the nearest."""
        world = self.stage.world
        mine = np.flatnonzero(world.kinds == kind)
        spare = mine[s.alive[mine] == 0]
        if len(spare):
            s.y[spare[0]], s.x[spare[0]], s.alive[spare[0]] = y, x, 1
        elif alone:
            near = mine[(np.abs(s.y[mine] - y) + np.abs(s.x[mine] - x)).argmin()]
            s.y[near], s.x[near] = y, x
        else:
            thing = world.things[kind]
            raise UserError(f"this world has {thing.count} {thing.name}, and all are in play")

    def erase(self, y: int, x: int) -> bool:
        """Take the thing on a cell out of play, if it is nobody who learns; else plain ground."""
        world, thing = self.stage.world, self.thing_at(self.stage.focus, y, x)
        if thing is None or thing < world.learners:
            return self.paint(y, x, self.ground)

        def change(s: np.record) -> None:
            s.alive[thing] = s.y[thing] = s.x[thing] = s.face[thing] = 0

        name = world.things[world.kinds[thing]].name
        return self._edit(f"no {name} at {_at((y, x))}", change, [(y, x)])

    def fill(self, y: int, x: int, tile: int) -> bool:
        """As `paint`, on the cell and all of its kind that hang together with it."""
        s = self.stage.pane.history.state[0]
        if not (0 <= y < s.h and 0 <= x < s.w):
            return self.paint(y, x, tile)
        found = {(y, x): None}
        reached = [(y, x)]
        for row, column in reached:  # grows as it is walked
            for at in ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)):
                inside = 0 <= at[0] < s.h and 0 <= at[1] < s.w
                if inside and at not in found and s.tiles[at] == s.tiles[y, x]:
                    found[at] = None
                    reached.append(at)
        return self.paint_all(reached, tile)

    def move(self, thing: int, y: int, x: int) -> bool:
        """Put a thing on another cell: a learner in its pane alone once they have parted, else in
        all.
        """
        world = self.stage.world

        def change(s: np.record) -> None:
            if world.solid[s.tiles[y, x]]:
                raise UserError(f"that cell is {world.tiles[s.tiles[y, x]].name}")
            s.y[thing], s.x[thing] = y, x

        together = thing >= world.learners or self.stage.t == 0
        name = world.things[world.kinds[thing]].name
        return self._edit(f"{name} to {_at((y, x))}", change, [(y, x)], together)

    # -- parts of the board

    def part(self, marked: Cell | None, cursor: Cell) -> Region:
        """The part between a marked cell and the cursor; all of the level where none is marked."""
        s = self.stage.pane.history.state[0]
        board = region.whole(s)
        if marked is None or not board.holds(*marked) or not board.holds(*cursor):
            return board
        return Region.between(marked, cursor)

    def copy(self, part: Region) -> None:
        """Remember a part."""
        self.copied = region.copy(self.stage.world, self.stage.pane.history.state[0], part)
        self.stage.message = f"{part.y1 - part.y0} x {part.x1 - part.x0} cells are copied"

    def cut(self, part: Region) -> bool:
        """Remember a part, and leave plain ground there; who learns stays."""
        self.copy(part)
        learners = self.stage.world.learners

        def change(s: np.record) -> None:
            s.tiles[part.y0 : part.y1, part.x0 : part.x1] = self.ground
            for k in range(learners, len(s.y)):
                if s.alive[k] and part.holds(int(s.y[k]), int(s.x[k])):
                    s.alive[k] = s.y[k] = s.x[k] = s.face[k] = 0

        return self._edit(f"cut out {counted(len(part.cells()), 'cell')}", change)

    def paste(self, y: int, x: int) -> bool:
        """Lay what was copied down, its upper left cell here."""
        piece, left = self.copied, 0
        if piece is None:
            self.stage.message = "nothing is copied yet"
            return False

        def change(s: np.record) -> None:
            nonlocal left
            left = region.paste(self.stage.world, s, piece, y, x)

        done = self._edit(f"pasted at {_at((y, x))}", change, [(y, x)])
        if done and left:
            self.stage.message = f"{left} things were left out: this world has no more of them"
        return done

    def mirror(self, part: Region) -> bool:
        """Left and right change places."""
        return self._edit("mirrored", lambda s: region.mirror(s, part))

    def turn(self, part: Region) -> bool:
        """A quarter turn."""
        world = self.stage.world
        return self._edit("turned", lambda s: region.turn(world, s, part))

    def resize(self, rows: int, columns: int) -> bool:
        """So many rows and columns more, or fewer."""
        world, ground = self.stage.world, self.ground
        s = self.stage.pane.history.state[0]
        words = f"{s.h + rows} x {s.w + columns} cells"
        return self._edit(words, lambda s: region.resize(world, s, rows, columns, ground))

    def replace(self, states: np.recarray, words: str) -> bool:
        """Put another level, a batch of one, in the place of this one, as one edit."""
        if self.stage.t:
            self.stage.go(0)

        def change(s: np.record) -> None:
            for name in states.dtype.names or ():
                s[name] = states[name][0]

        return self._edit(words, change)

    # -- all of them

    def _edit(
        self,
        words: str,
        change: Callable[[np.record], None],
        cells: Sequence[Cell] = (),
        together: bool = True,
    ) -> bool:
        """Change the states of all panes, or without `together` of that in focus; all or none."""
        made = []
        try:
            for pane in self.stage.panes if together else [self.stage.pane]:
                states = state.copy(pane.history.state)
                s = states[0]
                if not all(0 <= y < s.h and 0 <= x < s.w for y, x in cells):
                    raise UserError("that is outside the level")
                before, stuck = states.tobytes(), self._stuck(s)
                change(s)
                if new := self._stuck(s) - stuck:
                    raise UserError(f"a {min(new)[0]} stands there")
                check.board(self.stage.world, states)
                if states.tobytes() != before:
                    made.append((pane, states))
        except UserError as fault:
            self.stage.message = f"not possible: {fault}"
            return False
        if made:
            self.made.append(Edit(words, [(pane, pane.history.save()) for pane, _ in made]))
            del self.made[:-UNDONE]
            self.taken_back.clear()
            self.stage.playing = False
            for pane, states in made:
                pane.history.edit(states)
                pane.ask_anew()
        return True

    def _stuck(self, s: np.record) -> set[tuple[str, int]]:
        """The things that stand where nobody can."""
        world = self.stage.world
        present = np.flatnonzero(s.alive).tolist()
        inside = [k for k in present if s.y[k] < s.h and s.x[k] < s.w]
        return {
            (world.things[world.kinds[k]].name, k)
            for k in inside
            if world.solid[s.tiles[s.y[k], s.x[k]]]
        }

    def undo(self) -> None:
        """Take the last edit back."""
        self._swap(self.made, self.taken_back, "undone")

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self._swap(self.taken_back, self.made, "done again")

    def go(self, count: int) -> None:
        """Take edits back, or make them again, until so many are made."""
        while len(self.made) > max(count, 0):
            self.undo()
        while len(self.made) < count and self.taken_back:
            self.redo()

    def _swap(self, taken: list[Edit], given: list[Edit], words: str) -> None:
        if not taken:
            self.stage.message = f"nothing to be {words}"
            return
        edit = taken.pop()
        given.append(Edit(edit.words, [(pane, pane.history.save()) for pane, _ in edit.before]))
        for pane, saved in edit.before:
            pane.history.restore(saved)
            pane.ask_anew()
        self.stage.message = f"{words}: {edit.words}"


def _at(cell: Cell) -> str:
    return f"row {cell[0]}, column {cell[1]}"
