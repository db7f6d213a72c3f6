"""What the window asks, drawn: see `form`."""

from __future__ import annotations

from ...engine.view.draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    TEXT,
    box,
    fit,
    text_width,
    wrap,
    write,
)
from ...engine.view.draw.marks import INTENDED
from .canvas import Canvas
from .form import Form


def draw(canvas: Canvas, form: Form) -> None:
    """Draw it in the middle of the window."""
    frame, wide = canvas.frame, min(620, canvas.wide - 20)
    lines = wrap(form.words, 16, wide - 48, 4)
    high = 62 + 22 * len(lines) + 44 * len(form.fields) + 44
    y, x = max((canvas.high - high) // 2, 4), (canvas.wide - wide) // 2
    box(frame, y - 2, x - 2, y + high + 2, x + wide + 2, MARKS[INTENDED], 12)
    box(frame, y, x, y + high, x + wide, PANEL, 10)
    write(frame, form.title, y + 14, x + 24, 20, TEXT, True, width=wide - 48)
    y += 50
    for line in lines:
        write(frame, line, y, x + 24, 16, DIM)
        y += 22
    for k, (name, text) in enumerate(form.fields.items()):
        here = k == form.at
        write(frame, name, y + 10, x + 24, 16, TEXT if here else DIM, here, width=90)
        left, right = x + 120, x + wide - 24
        box(frame, y + 4, left - 2, y + 38, right + 2, MARKS[INTENDED] if here else LINE, 5)
        box(frame, y + 6, left, y + 36, right, DARK, 4)
        shown = text  # its end, where there is no room for all
        while text_width(shown, 16) > right - left - 26:
            shown = shown[1:]
        used = write(frame, shown, y + 11, left + 8, 16, TEXT) if shown else 0
        if here:
            box(frame, y + 11, left + 10 + used, y + 31, left + 12 + used, TEXT)
        y += 44
    write(frame, fit(form.feet, 14, wide - 48), y + 12, x + 24, 14, DIM)
