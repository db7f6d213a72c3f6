"""The mouse: clicks, what is dragged (the timeline, sliders, things, a brush), and the wheel."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...engine.errors import UserError
from .commands import Commands
from .look import Area, Track, on_board
from .pencil import Pencil
from .session import Session

LEFT, MIDDLE, RIGHT = 1, 2, 3  # buttons


@dataclass
class Carried:
    """A thing that is dragged to another cell of a pane."""

    area: Area
    thing: int


@dataclass
class Stroke:
    """A tile that is painted on cells of a pane while the button is down."""

    area: Area
    tile: int
    done: set[tuple[int, int]] = field(default_factory=set)


@dataclass
class Marking:
    """A part of the board that is marked while the button is down."""

    area: Area


class Mouse:
    """The mouse over the picture; all places are pixels of it: y, x."""

    def __init__(self, commands: Commands, pencil: Pencil) -> None:
        self.commands, self.display = commands, commands.display
        self.look = commands.look
        # is Shift held: a rectangle? is Ctrl: a part that is marked?
        self.pencil, self.area, self.marks = pencil, False, False
        self.at = 0, 0
        self.drag: Track | Carried | Stroke | Marking | None = None

    @property
    def session(self) -> Session:
        """What is on show: a tour goes on to another."""
        return self.display.session

    def press(self, y: int, x: int, button: int) -> None:
        """A button goes down."""
        if self.look.help:
            self.look.help = False
            return
        spot = self.display.spot(y, x)
        if spot is None or self.look.form is not None:
            return
        if spot.kind == "key":
            self.commands.do(spot.which)
        elif spot.kind == "copy":
            self.commands.saving.keep_command()
        elif spot.kind == "brush":
            self.look.brush = spot.which
        elif spot.kind == "edits":
            self.session.editor.go(spot.which)
        elif isinstance(spot, Track):
            self.drag = spot
            self.move(y, x)
        elif isinstance(spot, Area):
            if spot.which != self.session.focus:
                self.session.focus, self.session.learner = spot.which, 0
            if self.look.edit:
                self._edit(spot, y, x, button)

    def _edit(self, area: Area, y: int, x: int, button: int) -> None:
        cell, record = area.cell(y, x), self.session.panes[area.which].history.state[0]
        if cell is None or not on_board(record, cell):
            return
        thing = self.session.editor.thing_at(area.which, *cell)
        if self.marks:
            self.look.marked = self.look.cursor = cell
            self.drag = Marking(area)
        elif button == MIDDLE:
            self.pencil.pick(*cell)
        elif button == LEFT and thing is not None:
            self.drag = Carried(area, thing)
        elif button == RIGHT and thing is not None and not self.area:
            self.look.cursor = cell
            self.pencil.erase(*cell)
        else:
            tile = self.look.brush if button == LEFT else self.session.editor.ground
            self.look.cursor = cell
            if self.area or tile >= len(self.session.world.tiles):
                self.pencil.paint(*cell, tile, self.area)
                return
            self.pencil.last = cell
            self.drag = Stroke(area, tile)
            self.move(y, x)

    def move(self, y: int, x: int) -> None:
        """The mouse is moved."""
        self.at, drag = (y, x), self.drag
        spot = self.display.spot(y, x) if self.look.edit else None
        self.look.hover = spot.cell(y, x) if isinstance(spot, Area) else None
        if isinstance(drag, Marking) and self.look.hover is not None:
            record = self.session.panes[drag.area.which].history.state[0]
            if on_board(record, self.look.hover):
                self.look.cursor = self.look.hover
        if isinstance(drag, Stroke):
            cell = drag.area.cell(y, x)
            if cell is not None and cell not in drag.done:
                drag.done.add(cell)
                self.session.editor.paint(*cell, drag.tile)
        elif isinstance(drag, Track) and drag.kind == "time":
            self.session.playing = False
            self.commands.hand.pending = False
            self.session.go(round(drag.value(x)))
        elif isinstance(drag, Track):
            self._set(drag.which, drag.value(x))

    def _set(self, name: str, value: float) -> None:
        """Set a slider."""
        dials = self.session.dials
        if name in {dial.name for dial in dials.of_agents()}:
            self.commands.hand.pending = False
        try:
            dials.set(name, value)
        except UserError as fault:
            self.display.say(f"not possible: {fault}")

    def drop(self, y: int, x: int) -> None:
        """The button goes up."""
        drag, self.drag = self.drag, None
        if isinstance(drag, Carried):
            cell = drag.area.cell(y, x)
            if cell is not None:
                self.session.editor.move(drag.thing, *cell)

    def wheel(self, by: int) -> None:
        """Closer or farther over a pane; over the sliders, others of them."""
        hidden = next(
            (s.which for s in self.display.spots if s.kind == "scroll" and s.holds(*self.at)), 0
        )
        if hidden:
            self.look.scroll = min(max(self.look.scroll - by, 0), hidden)
        elif isinstance(self.display.spot(*self.at), Area):
            self.commands.zoom(1 if by > 0 else -1)
