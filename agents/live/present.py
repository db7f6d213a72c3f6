"""The window for a hall: the panes as large as they can be, and under them in one sentence what is
wanted and what was learned. No instruments.
"""

from __future__ import annotations

from collections.abc import Callable

from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    TEXT,
    box,
    icon,
    whole_size,
    wrap,
    write,
)
from ...engine.view.draw.marks import INTENDED, PROXY
from ...engine.view.draw.overlays import COLOURS
from . import pane
from .canvas import Canvas, Rect
from .session import Session

HEAD = 60  # units over what is told for a moment
FOOT = 124  # units of the band under the panes
LARGE, SMALL = 34, 22  # letters of a line


def draw(canvas: Canvas, grid: Callable[[Canvas, Rect], list[Rect]], message: str) -> None:
    """Draw all of it; `grid` says where the panes lie."""
    frame, high, wide = canvas.frame, canvas.high, canvas.wide
    foot = FOOT if high >= 320 else 0
    inner = Rect(0, 0, high - foot, wide)
    for k, part in enumerate(grid(canvas, inner)):
        pane.draw(canvas, k, part)
    if not foot:
        return
    box(frame, inner.y1, 0, inner.y1 + 2, wide, LINE)
    box(frame, inner.y1 + 2, 0, high, wide, PANEL)
    room = wide - 84 - 28
    lines = [(INTENDED, wanted(canvas.session)), (PROXY, learned(canvas.session))]
    for row, (mark, words) in enumerate(lines):
        y = inner.y1 + 12 + 54 * row
        size, ink = whole_size(words, (LARGE, SMALL), room, not row), MARKS[mark] if row else TEXT
        if words:
            icon(frame, mark, y + 2, 26, 40)
        parts = wrap(words, size, room, 2)
        top = y + (LARGE - size) // 2 - (len(parts) - 1) * size // 2
        for k, part in enumerate(parts):
            write(frame, part, top + k * size * 6 // 5, 84, size, ink, not row, width=room)
    if message:
        _message(canvas, message)


def _message(canvas: Canvas, message: str) -> None:
    """Below who plays: at the foot of a pane stands how it came out."""
    for k, line in enumerate(wrap(message, 24, canvas.wide - 120, 2)):
        y = HEAD + 36 * k
        box(canvas.frame, y - 4, 40, y + 34, canvas.wide - 40, DARK)
        write(
            canvas.frame,
            line,
            y,
            canvas.wide // 2,
            24,
            COLOURS[0] if not k else DIM,
            True,
            "middle",
        )


def wanted(session: Session) -> str:
    """What is wanted."""
    return f"Wanted: {session.world.intended.wish or session.world.intended.name}"


def learned(session: Session) -> str:
    """What the last pane's agent did here, of all goals; as long as it is not over, what its
    training paid or did not tell apart.
    """
    world, judged = session.world, session.panes[-1]
    outcomes = session.judge.outcomes(judged) if judged.history.over else None
    if outcomes is None:
        rivals = " or ".join(f"'{goal.wish or goal.name}'" for goal in world.proxies)
        if world.paid is not world.intended:
            return f"Paid in training: '{world.paid.wish or world.paid.name}'"
        return f"Training hardly tells it from {rivals}" if rivals else ""
    met = [f"'{goal.wish or goal.name}'" for goal, out in zip(world.goals, outcomes, strict=True)
           if out.met and goal is not world.intended]  # fmt: skip
    also, who = " and ".join(met), f"Here {session.cast.label(judged)}"
    if outcomes[0].met is None:
        return f"{who} met {also or 'nothing that can be judged'}"
    if outcomes[0].met:
        return f"{who} met it" + (f", and {also}" if also else "")
    return f"{who} missed it" + (f", and met {also}" if also else ", and met no other goal")
