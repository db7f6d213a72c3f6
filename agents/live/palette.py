"""The side panel while one edits: what there is to paint with, by name; where the cursor is; what is
known of the level; and the list of edits.
"""

from __future__ import annotations

import numpy as np

from ...engine.counts import counted
from ...engine.view.draw import sprites
from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    TEXT,
    box,
    icon,
    text_width,
    wrap,
    write,
)
from ...engine.view.draw.marks import INTENDED, PROXY, goal_marks, mark_of
from ...engine.view.draw.overlays import COLOURS
from .canvas import Canvas, Rect
from .keys import letters
from .look import Spot, on_board
from .session import Session

SIDE, ROW = 28, 34  # units of a piece's picture, and of its line
SAID = {
    "solvable": "Can it be solved?",
    "in training": "Could training have shown it?",
}


def draw(canvas: Canvas, room: Rect) -> None:
    """Draw all of it into `room`, from above."""
    y = _pieces(canvas, room)
    y = _cell(canvas, room._replace(y0=y))
    y = _level(canvas, room._replace(y0=y + 10))
    y = _routes(canvas, room._replace(y0=y + 8))
    _edits(canvas, room._replace(y0=y + 10))


def _title(canvas: Canvas, words: str, room: Rect) -> int:
    write(canvas.frame, words, room.y0, room.x0, 14, DIM, True, width=room.wide)
    return room.y0 + 23


def marked(session: Session) -> dict[int, set[str]]:
    """The marks of goals that are met where a piece lies or stands, by its number in the palette."""
    world, states = session.world, session.pane.history.state
    s, found = states[0], dict[int, set[str]]()
    ground = sprites.of(world).ground
    for mark in goal_marks(world, states):
        for y, x in mark.cells.tolist():
            on = session.editor.thing_at(session.focus, y, x)
            if on is not None and on >= world.learners:
                found.setdefault(len(world.tiles) + int(world.kinds[on]), set()).add(mark.shape)
            elif s.tiles[y, x] != ground:
                found.setdefault(int(s.tiles[y, x]), set()).add(mark.shape)
    return found


def _pieces(canvas: Canvas, room: Rect) -> int:
    """Tiles and things with their names; returns where it goes on below. So do all parts."""
    session, world = canvas.session, canvas.session.world
    table = canvas.look.letters()
    y = _title(canvas, f"PAINT WITH ({table['brush']}: the next)", room)
    s, width = session.pane.history.state[0], room.wide // 2
    marks, names = marked(session), session.editor.brushes()
    for k, name in enumerate(names):
        at_y, at_x = y + k // 2 * ROW, room.x0 + k % 2 * width
        if at_y + ROW > room.y1:
            break
        if k == canvas.look.brush:
            box(canvas.frame, at_y - 2, at_x - 4, at_y + SIDE + 2, at_x + width - 4, TEXT, 5)
            box(canvas.frame, at_y, at_x - 2, at_y + SIDE, at_x + width - 6, LINE, 4)
        _picture(canvas, k, at_y, at_x)
        x = at_x + SIDE + 6
        for shape in sorted(marks.get(k, ())):
            icon(canvas.frame, shape, at_y + 5, x, 18)
            x += 21
        kind, more = k - len(world.tiles), ""
        if kind >= 0 and world.things[kind].count > 1:
            more = f" {int(s.alive[world.kinds == kind].sum())} of {world.things[kind].count}"
        elif kind >= 0 and world.things[kind].agent:
            more = " (agent)"
        space = at_x + width - 10 - x
        words = name + more if text_width(name + more, 15) <= space else name
        write(canvas.frame, words, at_y + 4, x, 15, TEXT, k == canvas.look.brush, width=space)
        canvas.spots.append(Spot(at_y, at_x, at_y + SIDE, at_x + width - 6, "brush", k))
    return y + -(-len(names) // 2) * ROW + 2


def _picture(canvas: Canvas, k: int, y: int, x: int) -> None:
    """A tile, or a thing on the ground."""
    world, art = canvas.session.world, sprites.of(canvas.session.world)
    into = canvas.part(Rect(y, x, y + SIDE, x + SIDE))
    n = max(into.shape[:2])
    below = sprites.over(
        sprites.tile_art(art.tiles[art.ground], n), np.full((n, n, 3), DARK, np.uint8)
    )
    kind = k - len(world.tiles)
    above = sprites.tile_art(art.tiles[k], n) if kind < 0 else art.things[kind].at(n, 0)
    into[:] = sprites.over(above, below)[: into.shape[0], : into.shape[1]]


def there(session: Session, cell: tuple[int, int]) -> str:
    """A cell's coordinates, and what is there."""
    s, world = session.pane.history.state[0], session.world
    names = [world.tiles[s.tiles[cell]].name]
    here = [k for k in range(world.entities) if s.alive[k] and (s.y[k], s.x[k]) == cell]
    names += [world.things[world.kinds[k]].name for k in here]
    return f"row {cell[0]}, column {cell[1]}: {', '.join(names)}"


def _cell(canvas: Canvas, room: Rect) -> int:
    """What is under the mouse, or else the cursor."""
    s = canvas.session.pane.history.state[0]
    cell = canvas.look.hover or canvas.look.cursor
    words = "arrow keys or mouse: the cursor"
    if cell is not None and on_board(s, cell):
        words = there(canvas.session, cell)
    write(canvas.frame, words, room.y0, room.x0, 14, TEXT, True, width=room.wide)
    return room.y0 + 20


def _level(canvas: Canvas, room: Rect) -> int:
    """Its size, whose it is, and what is known of it."""
    frame, session = canvas.frame, canvas.session
    s, facts = session.pane.history.state[0], session.facts
    told = facts.now()
    y = _title(canvas, f"THE LEVEL: {s.h} x {s.w} cells", room)
    shelf = session.source.shelf
    about = " · ".join(shelf.about.told().values()) if shelf is not None else ""
    if about:
        write(frame, about, y, room.x0, 13, DIM, width=room.wide)
        y += 20
    for name, words in told.items():
        if y + 2 * 18 > room.y1:
            return y
        good = words.startswith("yes")
        ink = DIM if facts.stale else COLOURS[0] if good else COLOURS[1]
        write(frame, SAID.get(name, name), y, room.x0, 14, TEXT, width=room.wide)
        y += 18
        for line in wrap(words, 14, room.wide - 12, min(3, (room.y1 - y) // 18)):
            write(frame, line, y, room.x0 + 12, 14, ink)
            y += 18
        y += 2
    return y


def _routes(canvas: Canvas, room: Rect) -> int:
    """How far each goal's expert goes, and where the first two part."""
    frame, session, facts = canvas.frame, canvas.session, canvas.session.facts
    if not facts.found.routes or room.y0 + 50 > room.y1:
        return room.y0
    key = letters(canvas.look.editor)["routes"]
    y = _title(canvas, f"SHORTEST WAYS ({key}: drawn, or not)", room)
    for way in facts.found.routes[:4]:
        if y + 2 * 18 > room.y1:
            return y
        icon(frame, mark_of(session.world, way.goal), y, room.x0, 17)
        far = counted(way.steps, "step") if way.steps > 0 else "no way"
        used = write(frame, far, y, room.x1, 14, TEXT, True, "right")
        wide = room.wide - used - 34
        for line in wrap(way.goal.aim, 14, wide, 2):
            write(frame, line, y, room.x0 + 24, 14, TEXT)
            y += 18
        y += 3
    if y + 20 > room.y1:
        return y
    if facts.found.parting is not None:
        step, (row, column) = facts.found.parting
        icon(frame, "fork", y, room.x0, 17)
        words = f"they part at step {step} (row {row}, column {column})"
        write(frame, words, y, room.x0 + 24, 14, MARKS[INTENDED], width=room.wide - 24)
        y += 21
    elif sum(way.steps > 0 for way in facts.found.routes) > 1:
        icon(frame, PROXY, y, room.x0, 17, 0.4)
        write(frame, "they do not part here", y, room.x0 + 24, 14, DIM)
        y += 21
    return y


def _edits(canvas: Canvas, room: Rect) -> None:
    """The last edits, and those taken back; a click goes to where one was the last."""
    editor, table = canvas.session.editor, canvas.look.letters()
    made = len(editor.made)
    if room.high < 2 * 20 + 23:
        return
    y = _title(canvas, f"EDITS ({table['undo']}: back, {table['redo']}: again)", room)
    rows = [(0, "as it was")] + [(k, edit.words) for k, edit in enumerate(editor.made, 1)]
    again = [(made + k, edit.words) for k, edit in enumerate(reversed(editor.taken_back), 1)]
    fit = (room.y1 - y) // 20
    first = max(min(len(rows) - max(fit - min(len(again), fit // 3), 1), len(rows) - 1), 0)
    for count, words in (rows + again)[first : first + fit]:
        now = count == made
        if now:
            box(canvas.frame, y - 1, room.x0 - 4, y + 19, room.x1, LINE, 4)
        ink = TEXT if now else DIM
        sign = "> " if now else "   "
        tail = " (taken back)" if count > made else ""
        write(canvas.frame, sign + words + tail, y, room.x0, 13, ink, now, width=room.wide)
        canvas.spots.append(Spot(y - 1, room.x0 - 4, y + 19, room.x1, "edits", count))
        y += 20
