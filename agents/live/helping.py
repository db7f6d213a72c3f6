"""The help: every key in its group, over the window, while time stands still."""

from __future__ import annotations

import numpy as np

from ...engine.view.draw.ink import DARK, MARKS, TEXT, text_width, wrap, write
from ...engine.view.draw.marks import INTENDED
from ...engine.view.draw.overlays import COLOURS
from . import keys
from .canvas import Canvas

GROUPS = {
    "time": "TIME", "level": "LEVEL", "who": "WHO PLAYS", "window": "WINDOW", "view": "VIEW",
    "show": "WHAT IS SHOWN", "keep": "KEEPING", "mouse": "MOUSE", "edit": "EDITING",
    "editor": "WHILE YOU EDIT", "pad": "GAMEPAD",
}  # fmt: skip
COLUMN = 420  # units of a column, at least
TALL, LOW = 30, 20  # units of a line, at most and at least
SIZES = (17, 16, 15)  # of letters: the first at which all is on one page, or the last
# what to press, what it does (none: a heading), how far that lies to the right
Line = tuple[str, str, int]


def groups_of(
    table: tuple[keys.Key, ...], editor: tuple[keys.Key, ...] = keys.EDITOR
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The help: headings, each with its lines (what to press, what it does)."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in GROUPS}
    for key in table:
        pressed = " or ".join(map(keys.shown, key.keys)) or "-"
        found.setdefault(key.group, []).append((pressed, key.words))
    found |= {"editor": keys.editing(editor), "mouse": [*keys.MOUSE], "pad": [*keys.PAD]}
    return [(GROUPS.get(name, name.upper()), lines) for name, lines in found.items() if lines]


def draw(canvas: Canvas) -> int:
    """A page of the help; returns how many pages there are."""
    frame, height, width = canvas.frame, canvas.high, canvas.wide
    frame[:] = ((frame + np.array(DARK, np.uint16) * 15) // 16).astype(np.uint8)
    columns = min(max(width // COLUMN, 1), 3)
    wide, most = (width - 56) // columns, max((height - 40) // LOW, 1)
    blocks, size, per, rows = [], SIZES[-1], most, None
    for size in SIZES:
        blocks = [
            lines(*group, wide, size) for group in groups_of(canvas.look.keys, canvas.look.editor)
        ]
        least = -(-sum(map(len, blocks)) // columns)
        # as airy as there is room for
        laid = ((per, packed(blocks, per)) for per in range(least, most + 1))
        per, rows = next(((p, r) for p, r in laid if len(r) <= p * columns), (most, None))
        if rows is not None:
            break
    step, pages, page = min(TALL, (height - 40) // per), 1, 0
    if rows is None:  # not on one page
        rows = flowing(blocks, per)
        pages = -(-len(rows) // (per * columns))
        page = min(canvas.look.page, pages - 1)
        if pages > 1:
            words = f"page {page + 1} of {pages} · {canvas.look.letters()['help']}: the next"
            write(frame, words, height - 22, width - 14, 13, TEXT, align="right")
    for k, (left, right, tab) in enumerate(rows[page * per * columns : (page + 1) * per * columns]):
        column, row = divmod(k, per)
        x, y = 28 + column * wide, 16 + row * step
        if right:
            write(frame, left, y, x, size, MARKS[INTENDED], True, width=tab - 8)
            write(frame, right, y, x + tab, size, TEXT, width=max(wide - tab - 12, 1))
        else:
            write(frame, left, y + 2, x, size - 1, COLOURS[0], True, width=wide - 8)
    return pages


def lines(head: str, told: list[tuple[str, str]], wide: int, size: int) -> list[Line]:
    """A group as it stands in a column; words that are too long go on in a line of their own."""
    tab = min(max(text_width(left, size, True) for left, _ in told) + 14, wide * 2 // 5)
    found: list[Line] = [(head, "", 0)]
    for left, right in told:
        parts = wrap(right, size, max(wide - tab - 12, 1), 3)
        found += [(left * (not k), part, tab) for k, part in enumerate(parts)]
    return found


def packed(blocks: list[list[Line]], per: int) -> list[Line]:
    """All groups in columns of `per` lines, none of them torn, if it is not higher than a column."""
    rows: list[Line] = []
    for block in blocks:
        left = -len(rows) % per
        if left < len(block):
            rows += [("", "", 0)] * left
        rows += block
    return rows


def flowing(blocks: list[list[Line]], per: int) -> list[Line]:
    """All groups in columns of `per` lines; a heading is never the last line of one."""
    rows: list[Line] = []
    for block in blocks:
        if per > 1 and len(rows) % per == per - 1:
            rows.append(("", "", 0))
        rows += block
    return rows
