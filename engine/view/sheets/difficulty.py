"""How hard the levels of a set are, as a small chart: a bar for each, in their order."""

from __future__ import annotations

import numpy as np

from ..draw.ink import DIM, LINE, PANEL, TEXT, box, fill, icon, write
from ..draw.overlays import COLOURS

HIGH, FOOT, LEFT = 150, 22, 44  # pixels: of the chart, of its legend, of the numbers beside it
FEWEST = 3  # levels that make a curve


def chart(steps: np.ndarray, parting: np.ndarray, walls: np.ndarray, wide: int) -> np.ndarray:
    """The chart of n levels: uint8[HIGH, wide, 3].

    steps (int[n]): the bars, of those with a way (>= 0); parting (int[n]): a mark on each at which
    a proxy's expert leaves the way (>= 0); walls (float[n], 0-1): a line, full height being all.
    """
    frame = np.empty((HIGH, wide, 3), np.uint8)
    fill(frame, PANEL)
    most, room = max(int(steps.max(initial=1)), 1), HIGH - FOOT - 16
    floor, right = HIGH - FOOT, wide - 12
    per = (right - LEFT) / len(steps)

    def at(value: float) -> int:
        return floor - round(room * value / most)

    for value in sorted({0, most // 2, most}):
        box(frame, at(value), LEFT, at(value) + 1, right, LINE)
        write(frame, str(value), min(at(value) - 9, floor - 16), LEFT - 6, 12, DIM, align="right")
    thick = max(int(per * 0.7), 1)
    for k in range(len(steps)):
        x = LEFT + round(per * k)
        if steps[k] >= 0:
            box(frame, min(at(steps[k]), floor - 2), x, floor, x + thick, COLOURS[0])
        share = floor - round(room * float(walls[k]))
        box(frame, share - 1, x, share + 1, x + max(round(per), 1), TEXT)
        if parting[k] >= 0 and per >= 6:
            size = int(min(max(per, 10), 16))
            y = min(at(min(parting[k], most)) - size // 2, floor - size)
            icon(frame, "fork", y, x + thick // 2 - size // 2, size)
    x = LEFT
    for name, words in (("bar", "steps of the expert"), ("fork", "the step at which the goals part"),
                        ("line", "share of walls (top: all)")):  # fmt: skip
        if name == "fork":
            icon(frame, "fork", floor + 4, x, 14)
        else:
            box(frame, floor + (6 if name == "bar" else 10), x, floor + (16 if name == "bar" else 12), x + 14,
                COLOURS[0] if name == "bar" else TEXT)  # fmt: skip
        x += 20 + write(frame, words, floor + 3, x + 20, 12, DIM) + 24
    return frame
