"""Writing and small furniture on a frame: lines of text, boxes, labels and icons.

The font is Pillow's embedded one (Aileron, CC0), so pictures look alike on every machine. Frames
are uint8[height, width, 3], changed in place; positions are pixels, (y, x).
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

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
    """Width of a line in pixels."""
    return _run(printed(text), size, bold).shape[1]


def fit(text: str, size: int, width: int, bold: bool = False) -> str:
    """`text`, shortened with an ellipsis to at most `width` pixels."""
    text = printed(text)
    if text_width(text, size, bold) <= width:
        return text
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
    cover = _run(text, size, bold)
    x -= {"left": 0, "middle": cover.shape[1] // 2, "right": cover.shape[1]}[align]
    rows = slice(max(0, -y), min(cover.shape[0], frame.shape[0] - y))
    columns = slice(max(0, -x), min(cover.shape[1], frame.shape[1] - x))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return cover.shape[1]
    alpha = cover[rows, columns]
    target = frame[y + rows.start : y + rows.stop, x + columns.start : x + columns.stop]
    target[:] = (target * (255 - alpha) + np.array(ink, np.uint16) * alpha + 127) // 255
    return cover.shape[1]


@kept
def _corner_cover(r: int) -> np.ndarray:
    """Coverage of a quarter disc, the rounded top left corner of a box: float64[r, r, 1]."""
    grid = r - np.arange(r) - 0.5
    away = np.sqrt(grid[:, None] ** 2 + grid[None, :] ** 2)
    return np.clip(r - away + 0.5, 0, 1)[..., None]


def fill(area: np.ndarray, rgb: tuple[int, int, int]) -> None:
    """Fill a part of a frame with one colour; by rows, which is ten times as fast as by pixels."""
    area[:] = np.full(area.shape[1:], rgb, np.uint8)


def box(
    frame: np.ndarray, y0: int, x0: int, y1: int, x1: int, rgb: tuple[int, int, int], r: int = 0
) -> None:
    """Fill a rectangle with rounded corners."""
    if y1 <= y0 or x1 <= x0:
        return
    r = min(r, (y1 - y0) // 2, (x1 - x0) // 2)
    # cut off: so are its corners
    if y0 < 0 or x0 < 0 or y1 > frame.shape[0] or x1 > frame.shape[1]:
        y0, x0, r = max(y0, 0), max(x0, 0), 0
        y1, x1 = max(y1, 0), max(x1, 0)
    area = frame[y0:y1, x0:x1]
    if not r:
        fill(area, rgb)
        return
    cover = _corner_cover(r)
    kept = area.copy()
    fill(area, rgb)
    for rows, columns, flip in (
        (slice(0, r), slice(0, r), np.s_[:, :]),
        (slice(0, r), slice(-r, None), np.s_[:, ::-1]),
        (slice(-r, None), slice(0, r), np.s_[::-1, :]),
        (slice(-r, None), slice(-r, None), np.s_[::-1, ::-1]),
    ):
        c = cover[flip]
        area[rows, columns] = np.rint(kept[rows, columns] * (1 - c) + np.array(rgb, float) * c)


def icon(frame: np.ndarray, name: str, y: int, x: int, size: int, opacity: float = 1.0) -> None:
    """Draw a library sprite with its top left corner at (y, x)."""
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
