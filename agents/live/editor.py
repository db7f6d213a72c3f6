"""Editing the level under the agents: tiles and things, undo and redo. An edit is one more copy of
the state, from here on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...engine import check, state
from ...engine.errors import UserError
from ...engine.history import Saved
from .stage import Pane, Stage

UNDONE = 100  # edits that can be taken back
Edit = list[tuple[Pane, Saved]]  # panes, and what they were before


class Editor:
    """Edits of the level on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.made: list[Edit] = []
        self.taken_back: list[Edit] = []

    def clear(self) -> None:
        """Forget all edits."""
        self.made.clear()
        self.taken_back.clear()

    def thing_at(self, pane: int, y: int, x: int) -> int | None:
        """The thing on a cell, learners first."""
        return self._on(self.stage.panes[pane].history.state[0], y, x)

    def _on(self, s: np.record, y: int, x: int) -> int | None:
        there = (k for k in range(self.stage.world.entities) if s.alive[k])
        return next((k for k in there if s.y[k] == y and s.x[k] == x), None)

    def paint(self, y: int, x: int, tile: int) -> bool:
        """Put a tile on a cell in all panes, from here on; False, with a message, if that is not
        allowed.
        """
        return self.paint_all([(y, x)], tile)

    def paint_all(self, cells: Sequence[tuple[int, int]], tile: int) -> bool:
        """As `paint`, on all of these cells or on none; one edit."""
        world = self.stage.world

        def change(s: np.record) -> None:
            for y, x in cells:
                s.tiles[y, x] = tile
                thing = self._on(s, y, x)
                if thing is not None and world.solid[tile]:
                    raise UserError(f"a {world.things[world.kinds[thing]].name} stands there")

        return self._edit(change, cells, self.stage.panes)

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
        return self._edit(change, [(y, x)], self.stage.panes if together else [self.stage.pane])

    def _edit(
        self,
        change: Callable[[np.record], None],
        cells: Sequence[tuple[int, int]],
        panes: Sequence[Pane],
    ) -> bool:
        """Change the states of these panes, all or none."""
        made = []
        try:
            for pane in panes:
                states = state.copy(pane.history.state)
                s = states[0]
                if not all(0 <= y < s.h and 0 <= x < s.w for y, x in cells):
                    raise UserError("that is outside the level")
                before = states.tobytes()
                change(s)
                check.board(self.stage.world, states)
                if states.tobytes() != before:
                    made.append((pane, states))
        except UserError as fault:
            self.stage.message = f"not possible: {fault}"
            return False
        if made:
            self.made.append([(pane, pane.history.save()) for pane, _ in made])
            del self.made[:-UNDONE]
            self.taken_back.clear()
            self.stage.playing = False
            for pane, states in made:
                pane.history.edit(states)
                pane.ask_anew()
        return True

    def undo(self) -> None:
        """Take the last edit back."""
        self._swap(self.made, self.taken_back, "undone")

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self._swap(self.taken_back, self.made, "done again")

    def _swap(self, taken: list[Edit], given: list[Edit], words: str) -> None:
        if not taken:
            self.stage.message = f"nothing to be {words}"
            return
        edit = taken.pop()
        given.append([(pane, pane.history.save()) for pane, _ in edit])
        for pane, saved in edit:
            pane.history.restore(saved)
            pane.ask_anew()
        self.stage.message = words
