"""The help: every key in its group, over the window, while time stands still."""

from __future__ import annotations

import numpy as np

from ...engine.view.draw.ink import DARK, MARKS, TEXT, text_width, wrap, write
from ...engine.view.draw.marks import INTENDED
from ...engine.view.draw.overlays import COLOURS
from . import keys
from .canvas import Canvas

GROUPS = {
    "time": "TIME", "level": "LEVEL", "who": "WHO PLAYS", "view": "VIEW", "show": "WHAT IS SHOWN",
    "edit": "EDITING", "keep": "KEEPING", "window": "WINDOW",
}  # fmt: skip
COLUMN = 420  # units of a column, at least
TALL, LOW = 30, 20  # units of a line, at most and at least
SIZES = (17, 16, 15)  # of letters: the first at which all is on one page, or the last


def rows_of(
    table: tuple[keys.Key, ...], editor: tuple[keys.Key, ...] = keys.EDITOR
) -> list[tuple[str, str]]:
    """The lines of the help: (what to press, what it does), and headings (name, "")."""
    rows: list[tuple[str, str]] = []
    group = ""
    for key in table:
        if key.group != group:
            group = key.group
            rows.append((GROUPS.get(group, group.upper()), ""))
        rows.append((" or ".join(map(keys.shown, key.keys)) or "-", key.words))
    for head, lines in (
        ("WHILE YOU EDIT", keys.editing(editor)),
        ("MOUSE", keys.MOUSE),
        ("GAMEPAD", keys.PAD),
    ):
        rows += [(head, ""), *lines]
    return rows


def draw(canvas: Canvas) -> int:
    """A page of the help; returns how many pages there are."""
    frame, height, width = canvas.frame, canvas.high, canvas.wide
    frame[:] = ((frame + np.array(DARK, np.uint16) * 15) // 16).astype(np.uint8)
    columns = min(max(width // COLUMN, 1), 3)
    wide, per = (width - 56) // columns, max((height - 40) // LOW, 1)
    table = rows_of(canvas.look.keys, canvas.look.editor)
    rows, size = [], SIZES[0]
    for size in SIZES:
        rows = laid(table, wide, per, size)
        if len(rows) <= per * columns:
            break
    pages = -(-len(rows) // (per * columns))
    page = min(canvas.look.page, pages - 1)
    if pages == 1:  # as airy as there is room for
        per = -(-len(rows) // columns)
        rows, step = laid(table, wide, per, size), min(TALL, (height - 40) // per)
        if len(rows) > per * columns:
            per, step = (height - 40) // LOW, LOW
    else:
        step = LOW
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


def laid(rows: list[tuple[str, str]], wide: int, per: int, size: int) -> list[tuple[str, str, int]]:
    """The lines as they stand in columns of `per` lines: what to press, words, and how far these lie
    to the right. Words that are too long go on in a line of their own, and a heading is never the
    last line of a column.
    """
    found: list[tuple[str, str, int]] = []
    for (left, right), tab in zip(rows, _tabs(rows, size, wide), strict=True):
        if not right and per > 1 and len(found) % per == per - 1:
            found.append(("", "", 0))
        parts = wrap(right, size, max(wide - tab - 12, 1), 3) if right else [""]
        found += [(left * (not k), part, tab) for k, part in enumerate(parts)]
    return found


def _tabs(rows: list[tuple[str, str]], size: int, wide: int) -> list[int]:
    """How far the words of each line lie to the right of its keys: as far as its group needs."""
    tabs, begin = [0][:0], 0
    for left, right in rows:
        if not right:
            begin = len(tabs)
            tabs.append(0)
            continue
        most = max(tabs[begin], text_width(left, size, True) + 14)
        tabs.append(0)
        tabs[begin:] = [min(most, wide * 2 // 5)] * (len(tabs) - begin)
    return tabs
