"""Editing with the keyboard alone: a cursor on the cells, which paints, erases and fills."""

from __future__ import annotations

from ...engine.view.draw import sprites
from .display import Display

WAYS = {"up": (-1, 0), "left": (0, -1), "down": (1, 0), "right": (0, 1)}


class Pencil:
    """The cursor of the editor: `look.cursor`, a cell (y, x), and what keys do there."""

    def __init__(self, display: Display) -> None:
        self.display, self.session, self.look = display, display.session, display.look
        self.last: tuple[int, int] | None = None  # the cell that was painted last

    def key(self, name: str, shift: bool) -> bool:
        """A key goes down while one edits; False if it is none of the pencil's."""
        record = self.session.pane.history.state[0]
        y, x = self.look.cursor or (int(record.y[0]), int(record.x[0]))
        y, x = min(y, int(record.h) - 1), min(x, int(record.w) - 1)  # the level may be another now
        if name in WAYS:
            y, x = y + WAYS[name][0], x + WAYS[name][1]
            self.look.cursor = min(max(y, 0), record.h - 1), min(max(x, 0), record.w - 1)
        elif name == "return":
            self.paint(y, x, self.look.brush, shift)
        elif name == "backspace":
            self.paint(y, x, sprites.of(self.session.world).ground, shift)
        elif name == "i":
            self.session.editor.fill(y, x, self.look.brush)
        else:
            return False
        self.session.playing = False
        return True

    def paint(self, y: int, x: int, tile: int, area: bool = False) -> None:
        """Paint a cell; with `area` all from the one that was painted last to it."""
        from_y, from_x = self.last if area and self.last else (y, x)
        rows = range(min(from_y, y), max(from_y, y) + 1)
        columns = range(min(from_x, x), max(from_x, x) + 1)
        if self.session.editor.paint_all([(r, c) for r in rows for c in columns], tile):
            self.last = y, x
