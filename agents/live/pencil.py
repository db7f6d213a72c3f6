"""Editing with the keyboard alone: a cursor on the cells, and what the editor's own keys do there."""

from __future__ import annotations

from ...engine.levels import region
from .commands import Commands
from .session import Session

WAYS = {"up": (-1, 0), "left": (0, -1), "down": (1, 0), "right": (0, 1)}
SIZES = {"higher": (1, 0), "lower": (-1, 0), "wider": (0, 1), "narrower": (0, -1)}  # rows, columns


class Pencil:
    """The cursor of the editor: `look.cursor`, a cell (y, x), and what keys do there."""

    def __init__(self, commands: Commands) -> None:
        self.commands, self.display = commands, commands.display
        self.look = commands.look
        self._by_key = {name: key.action for key in self.look.editor for name in key.keys}
        self.last: tuple[int, int] | None = None  # the cell that was painted last

    @property
    def session(self) -> Session:
        """What is on show: a tour goes on to another."""
        return self.display.session

    def key(self, name: str, shift: bool) -> bool:
        """A key goes down while one edits; False if it is none of the pencil's."""
        cell = self.cursor()
        action = self._by_key.get(f"shift+{name}" if shift else name) or self._by_key.get(name, "")
        if name in WAYS:
            self._go(cell, *WAYS[name])
        elif not action:
            return False
        else:
            self.do(action, shift)
        self.session.playing = False
        return True

    def cursor(self) -> tuple[int, int]:
        """Where the cursor is: at first on the agent. The level may be another one now."""
        record = self.session.pane.history.state[0]
        y, x = self.look.cursor or (int(record.y[0]), int(record.x[0]))
        return min(y, int(record.h) - 1), min(x, int(record.w) - 1)

    def _go(self, cell: tuple[int, int], down: int, right: int) -> None:
        record = self.session.pane.history.state[0]
        y, x = cell[0] + down, cell[1] + right
        self.look.cursor = min(max(y, 0), int(record.h) - 1), min(max(x, 0), int(record.w) - 1)
        self.look.hover = None

    def do(self, action: str, area: bool = False) -> None:
        """Do at the cursor what the editor's key of that name does (see `keys.EDITOR`)."""
        (y, x), look, editor = self.cursor(), self.look, self.session.editor
        look.cursor, part = (y, x), editor.part(look.marked, (y, x))
        if action == "paint":
            self.paint(y, x, look.brush, area)
        elif action == "erase":
            self.erase(y, x, area)
        elif action == "line":
            self.line(y, x, look.brush)
        elif action == "fill":
            editor.fill(y, x, look.brush)
        elif action == "pick":
            self.pick(y, x)
        elif action == "before":
            look.brush = (look.brush - 1) % len(editor.brushes())
        elif action == "mark":
            look.marked = None if look.marked is not None else (y, x)
            words = "a corner is marked" if look.marked else "all of the level again"
            self.display.say(words)
        elif action in ("copy", "cut", "mirror"):
            {"copy": editor.copy, "cut": editor.cut, "mirror": editor.mirror}[action](part)
        elif action == "paste":
            editor.paste(y, x)
        elif action == "rotate":
            editor.turn(part)
        elif action in SIZES:
            editor.resize(*SIZES[action])
        elif action == "about":
            self.commands.ask_about()
        elif action == "routes":
            look.routes = not look.routes

    def pick(self, y: int, x: int) -> None:
        """Paint from now on with what stands or lies there."""
        world, record = self.session.world, self.session.pane.history.state[0]
        thing = self.session.editor.thing_at(self.session.focus, y, x)
        self.look.brush = (
            int(record.tiles[y, x]) if thing is None else len(world.tiles) + int(world.kinds[thing])
        )

    def paint(self, y: int, x: int, brush: int, area: bool = False) -> None:
        """Paint a cell; with `area` all from the one that was painted last to it."""
        cells = region.Region.between(self.last, (y, x)).cells() if area and self.last else [(y, x)]
        if self.session.editor.paint_all(cells, brush):
            self.last = y, x

    def erase(self, y: int, x: int, area: bool = False) -> None:
        """Erase a cell; with `area` all from the one that was painted last to it."""
        if area and self.last:
            self.paint(y, x, self.session.editor.ground, area)
        elif self.session.editor.erase(y, x):
            self.last = y, x

    def line(self, y: int, x: int, brush: int) -> None:
        """Paint a line from the cell that was painted last."""
        if self.session.editor.paint_all(region.line(self.last or (y, x), (y, x)), brush):
            self.last = y, x
