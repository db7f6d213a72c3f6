"""Writing and small furniture on a frame: lines of text, boxes, labels and icons.

The font is Pillow's embedded one (Aileron, CC0), so pictures look alike on every machine. Frames
are uint8[height, width, 3], changed in place; positions are pixels, (y, x), or within `scaled`
larger units.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...jit import stored
from . import sprites
from .kept import kept
from .marks import INTENDED, PROXY
from .stamps import Stamp, as_stamp, blend

DARK, PANEL, LINE = (17, 19, 33), (27, 30, 50), (58, 63, 92)
TEXT, DIM, RED = (244, 241, 232), (160, 164, 188), (217, 80, 43)
# of takes: teal and orange differ for every common kind of vision, and further ones are told apart
# by their places too
SIDES = (
    (43, 179, 168),
    (238, 139, 27),
    (120, 170, 240),
    (190, 140, 230),
    (150, 190, 90),
    (230, 120, 130),
)
MARKS = {INTENDED: (245, 211, 59), PROXY: (226, 150, 192)}  # of goals

_PLAIN = {
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "±": "+/-",
    "→": "->",
    "≈": "~",
    "½": "1/2",
    "‘": "'",
    "’": "'",
    "α": "alpha",
    "★": "*",
    "◇": "*",
    "◆": "*",
    "✓": "yes",
    "✗": "no",
    "\t": " ",
    "\n": " ",
}


class _Unit(threading.local):
    """Pixels of a unit, for each thread: films are drawn beside the window."""

    pixels = 1.0
    strong = False  # are colours of words and grounds as far apart as they can be?
    cuts = 0  # texts that had to be shortened so far


_unit = _Unit()
# what those colours are then
STRONG = {
    DIM: (255, 255, 255), TEXT: (255, 255, 255), PANEL: (0, 0, 0), DARK: (0, 0, 0),
    LINE: (96, 96, 120), RED: (255, 110, 80),
}  # fmt: skip


@contextmanager
def contrasting(on: bool = True) -> Iterator[None]:
    """Let words be white and grounds black in whatever is written and drawn here, if `on`."""
    before, _unit.strong = _unit.strong, on
    try:
        yield
    finally:
        _unit.strong = before


def _seen(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    return STRONG.get(rgb, rgb) if _unit.strong else rgb


@contextmanager
def scaled(pixels: float) -> Iterator[None]:
    """Let one unit of whatever is written and drawn here be so many pixels."""
    before, _unit.pixels = _unit.pixels, pixels
    try:
        yield
    finally:
        _unit.pixels = before


@dataclass
class Cuts:
    """How many texts were shortened while it was watched."""

    many: int = 0


@contextmanager
def watching() -> Iterator[Cuts]:
    """Count the texts that are shortened here, as there is no room for all of them."""
    found, before = Cuts(), _unit.cuts
    try:
        yield found
    finally:
        found.many = _unit.cuts - before


def in_pixels(*units: float) -> list[int]:
    """Places and sizes in pixels."""
    return [round(unit * _unit.pixels) for unit in units]


@lru_cache(maxsize=1)
def _printable() -> frozenset[str]:
    """The characters that the embedded font can draw; others would all be the same empty box."""
    font = ImageFont.load_default(20)

    def drawn(character: str) -> bytes:
        image = Image.new("L", (40, 40))
        ImageDraw.Draw(image).text((5, 5), character, 255, font)
        return image.tobytes()

    missing = drawn("\uffff"), drawn(" ")
    candidates = map(chr, (*range(33, 0x250), *range(0x2010, 0x2044), 0x20AC, 0x2122))
    return frozenset(c for c in candidates if drawn(c) not in missing) | {" "}


@lru_cache(maxsize=4096)
def printed(text: str) -> str:
    """`text` in characters the font has: accents fall off, the rest becomes '?'."""
    out = []
    for c in text:
        c = c if c in _printable() else _PLAIN.get(c, c)
        for d in c if all(e in _printable() for e in c) else unicodedata.normalize("NFKD", c):
            if d in _printable():
                out.append(d)
            elif not unicodedata.combining(d):
                out.append("?")
    return "".join(out)


@lru_cache(maxsize=64)
def _font(size: int):
    return ImageFont.load_default(size)


@kept
def _run(text: str, size: int, bold: bool) -> np.ndarray:
    """The coverage of a line of text, uint16[h, w, 1] from 0 to 255, on its size's baseline."""
    # the embedded font has one weight: bold is a thin stroke around it
    stroke = size / 40 if bold else 0
    width = int(_font(size).getlength(text) + 2 * stroke) + 3
    image = Image.new("L", (max(1, width), int(size * 1.4)))
    pen = ImageDraw.Draw(image)
    pen.text((1, int(size * 1.08)), text, 255, _font(size), "ls", stroke_width=stroke)
    return np.asarray(image, np.uint16)[..., None]


def text_width(text: str, size: int, bold: bool = False) -> int:
    """Width of a line."""
    if _unit.pixels == 1.0:
        return _run(printed(text), size, bold).shape[1]
    [pixels] = in_pixels(size)
    wide = _run(printed(text), pixels, bold).shape[1]
    return int(np.ceil(wide / _unit.pixels))


def fit(text: str, size: int, width: int, bold: bool = False) -> str:
    """`text`, shortened with an ellipsis to at most `width` pixels."""
    text = printed(text)
    if text_width(text, size, bold) <= width:
        return text
    _unit.cuts += 1
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "...", size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "..." if low else ""


def fit_words(text: str, size: int, width: int) -> str:
    """`text`, shortened by whole words with an ellipsis; a first word that is too long is cut."""
    short = fit(text, size, width)
    whole = printed(text)
    if short == whole or whole[len(short) - 3 : len(short) - 2] in ("", " "):
        return short
    kept = short[:-3].rpartition(" ")[0]
    return kept.rstrip() + "..." if kept else short


def wrap(text: str, size: int, width: int, lines: int) -> list[str]:
    """`text` in at most `lines` lines of `width` pixels; the last is shortened if need be."""
    done: list[str] = []
    words = printed(text).split()
    while words and len(done) < lines - 1:
        n = 1
        while n < len(words) and text_width(" ".join(words[: n + 1]), size) <= width:
            n += 1
        done.append(fit(" ".join(words[:n]), size, width))
        words = words[n:]
    if words:
        done.append(fit(" ".join(words), size, width))
    return done


def whole_size(text: str, sizes: tuple[int, int], width: int, bold: bool = True) -> int:
    """The largest size, from the first of `sizes` down to the second, at which a line fits whole."""
    large, small = sizes
    return next((n for n in range(large, small, -1) if text_width(text, n, bold) <= width), small)


def write_whole(
    frame: np.ndarray, text: str, y: int, x: int, sizes: tuple[int, int], width: int
) -> int:
    """Write a bold line as large as it fits whole, on the baseline of the largest; returns its
    width.
    """
    size = whole_size(text, sizes, width)
    return write(frame, text, y + (sizes[0] - size) * 2 // 3, x, size, TEXT, True, width=width)


def write(
    frame: np.ndarray,
    text: str,
    y: int,
    x: int,
    size: int,
    ink: tuple[int, int, int] = TEXT,
    bold: bool = False,
    align: str = "left",
    width: int = 0,
) -> int:
    """Write a line with its top at y; x is its left end, middle or right end.

    Returns the width in pixels.
    """
    text = fit(text, size, width, bold) if width else printed(text)
    if not text:
        return 0
    y, x, size = in_pixels(y, x, size)
    cover = _run(text, size, bold)
    wide = cover.shape[1]
    x -= {"left": 0, "middle": wide // 2, "right": wide}[align]
    rows = max(0, -y), min(cover.shape[0], frame.shape[0] - y)
    columns = max(0, -x), min(wide, frame.shape[1] - x)
    if rows[0] < rows[1] and columns[0] < columns[1]:
        _lay_ink(frame, cover, y, x, rows, columns, *_seen(ink))
    return wide if _unit.pixels == 1.0 else int(np.ceil(wide / _unit.pixels))


@stored
def _lay_ink(frame, cover, y, x, rows, columns, red, green, blue):
    """Mix a colour into the frame as `cover` has it, compiled: a window writes a hundred lines."""
    for r in range(rows[0], rows[1]):
        for c in range(columns[0], columns[1]):
            alpha = np.int64(cover[r, c, 0])
            if alpha:
                at, rest = (y + r, x + c), 255 - alpha
                frame[at[0], at[1], 0] = (frame[at[0], at[1], 0] * rest + red * alpha + 127) // 255
                frame[at[0], at[1], 1] = (
                    frame[at[0], at[1], 1] * rest + green * alpha + 127
                ) // 255
                frame[at[0], at[1], 2] = (frame[at[0], at[1], 2] * rest + blue * alpha + 127) // 255


@kept
def _corner_cover(r: int) -> np.ndarray:
    """Coverage of a quarter disc, the rounded top left corner of a box: float64[r, r, 1]."""
    grid = r - np.arange(r) - 0.5
    away = np.sqrt(grid[:, None] ** 2 + grid[None, :] ** 2)
    return np.clip(r - away + 0.5, 0, 1)[..., None]


def fill(area: np.ndarray, rgb: tuple[int, int, int]) -> None:
    """Fill a part of a frame with one colour; by rows, which is ten times as fast as by pixels."""
    area[:] = np.full(area.shape[1:], _seen(rgb), np.uint8)


def box(
    frame: np.ndarray, y0: int, x0: int, y1: int, x1: int, rgb: tuple[int, int, int], r: int = 0
) -> None:
    """Fill a rectangle with rounded corners."""
    y0, x0, y1, x1, r = in_pixels(y0, x0, y1, x1, r)
    if y1 <= y0 or x1 <= x0:
        return
    r = min(r, (y1 - y0) // 2, (x1 - x0) // 2)
    # cut off: so are its corners
    if y0 < 0 or x0 < 0 or y1 > frame.shape[0] or x1 > frame.shape[1]:
        y0, x0, r = max(y0, 0), max(x0, 0), 0
        y1, x1 = min(y1, frame.shape[0]), min(x1, frame.shape[1])
    if y1 > y0 and x1 > x0:
        _lay_box(frame, y0, x0, y1, x1, *_seen(rgb), _corner_cover(r))


@stored
def _lay_box(frame, y0, x0, y1, x1, red, green, blue, cover):
    """Fill a rectangle, compiled, but for its corners, which `cover` mixes with what is there."""
    ink, n = (red, green, blue), len(cover)
    for r in range(y0, y1):
        up = min(r - y0, y1 - 1 - r)
        for c in range(x0, x1):
            side = min(c - x0, x1 - 1 - c)
            for k in range(3):
                if up < n and side < n:
                    share = cover[up, side, 0]
                    frame[r, c, k] = np.uint8(
                        np.rint(frame[r, c, k] * (1 - share) + ink[k] * share)
                    )
                else:
                    frame[r, c, k] = ink[k]


def icon(frame: np.ndarray, name: str, y: int, x: int, size: int, opacity: float = 1.0) -> None:
    """Draw a library sprite with its top left corner at (y, x)."""
    y, x, size = in_pixels(y, x, size)
    blend(frame, _icon(name, size, opacity), y, x)


@kept
def _icon(name: str, size: int, opacity: float) -> Stamp:
    return as_stamp(sprites.read(name, name).at(size), opacity)


def pill(
    frame: np.ndarray, text: str, y: int, x: int, size: int, fill, ink=DARK, bold: bool = True
) -> int:
    """A rounded label; returns its width."""
    wide = text_width(text, size, bold) + size
    box(frame, y, x, y + int(size * 1.6), x + wide, fill, size)
    write(frame, text, y + int(size * 0.08), x + size // 2, size, ink, bold)
    return wide


def png(picture: np.ndarray) -> bytes:
    """A picture, uint8[height, width, 3], as a PNG."""
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG", optimize=True)
    return packed.getvalue()
