"""The curves of a training that is watched: what each goal has come to, step by step of training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...engine.view.draw.ink import DIM, LINE, MARKS, PANEL, TEXT, box, icon, write
from ...engine.view.draw.marks import INTENDED, PROXY, mark_of
from .canvas import Canvas, Rect
from .lesson import Lesson

STRIP = 150  # units of their height


def draw(canvas: Canvas, lesson: Lesson, room: Rect) -> None:
    """Draw the curves into a part of the window."""
    frame, world, points = canvas.frame, lesson.world, lesson.points
    box(frame, room.y0, room.x0, room.y1, room.x1, PANEL)
    top, foot, left, right = room.y0 + 34, room.y1 - 20, room.x0 + 62, room.x1 - 250
    words = f"AFTER THE SHIFT, WHILE IT TRAINS · {lesson.told}"
    write(frame, words, room.y0 + 8, room.x0 + 14, 15, DIM, True, width=room.wide)
    for share, name in ((0.0, "random"), (1.0, "expert")):
        y = round(foot - (foot - top) * share)
        box(frame, y, left, y + 1, right, LINE)
        write(frame, name, y - 8, left - 4, 13, DIM, align="right")
    most = max([point.step for point in points], default=1) or 1
    last = {}
    for g in range(len(world.goals)):
        mark = mark_of(world, world.goals[g])
        line = [
            (left + (right - left) * p.step / most, foot - (foot - top) * float(np.clip(p.worth[g], -0.1, 1.1)))
            for p in points
            if np.isfinite(p.worth[g])
        ]  # fmt: skip
        _line(canvas, line, MARKS[mark])
        last[g] = line[-1][1] if line else foot
    height = sorted(last, key=lambda g: last[g])
    for row, g in enumerate(height):  # names in the order of the curves' ends
        goal, y = world.goals[g], top - 6 + row * 24
        mark = INTENDED if goal is world.intended else PROXY
        icon(frame, mark, y + 1, right + 12, 18)
        write(
            frame,
            goal.wish or goal.name,
            y,
            right + 36,
            15,
            TEXT,
            goal is world.intended,
            width=room.x1 - right - 44,
        )


def _line(canvas: Canvas, points: list[tuple[float, float]], ink: tuple[int, int, int]) -> None:
    """A line through points (x, y), three units thick, and a dot at its end."""
    for (x0, y0), (x1, y1) in pairwise(points):
        for x in range(round(x0), round(x1) + 1):
            share = (x - x0) / max(x1 - x0, 1e-9)
            y = y0 + (y1 - y0) * min(max(share, 0.0), 1.0)
            box(canvas.frame, round(y) - 1, x, round(y) + 2, x + 1, ink)
    if points:
        x, y = map(round, points[-1])
        box(canvas.frame, y - 5, x - 5, y + 5, x + 5, ink, 5)
