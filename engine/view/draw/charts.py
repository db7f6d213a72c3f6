"""Figures for reports, as SVG text: curves with their spread, and a map of cells. Nothing is scaled
by hand or styled from outside, so a figure looks the same in a page, in a file of its own and in
print.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FONT = 'font-family="system-ui, sans-serif" font-size="13"'
INK, FAINT = "#20233f", "#c9cbd8"


class Curve(NamedTuple):
    """One line of a figure: x and y (float[n]; NaN where there is nothing), its colour, and how it
    is drawn.

    dash: as SVG's stroke-dasharray.
    """

    x: np.ndarray
    y: np.ndarray
    colour: str
    bold: bool = True
    dash: str = ""


def curves(
    title: str, lines: Sequence[Curve], across: str, up: str, size: tuple[int, int] = (230, 420),
    ticks: Sequence[str] = (),
) -> str:  # fmt: skip
    """A figure of curves over one axis, from the least to the most of what they show; zero is
    always in it.

    `ticks`: what x = 0, 1, 2, ... stand for, if they stand for something.
    """
    height, width = size
    left, right, top, bottom = 54, 12, 30, 42
    known = [line for line in lines if np.isfinite(line.y).any()]
    low = min([0.0, *(float(np.nanmin(line.y)) for line in known)])
    high = max([low + 1e-9, *(float(np.nanmax(line.y)) for line in known)])
    far = max([1.0, *(float(line.x.max()) for line in known)])
    step = _step(high - low)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step

    def at(x: float, y: float) -> str:
        px = left + (width - left - right) * x / far
        py = height - bottom - (height - top - bottom) * (y - low) / (high - low)
        return f"{px:.1f},{py:.1f}"

    parts = [f'<text x="{left}" y="18" font-weight="bold" fill="{INK}">{html.escape(title)}</text>']
    for k in range(round((high - low) / step) + 1):
        y = low + k * step
        px, py = at(0, y).split(",")
        parts.append(f'<line x1="{px}" x2="{width - right}" y1="{py}" y2="{py}" stroke="{FAINT}"/>')
        parts.append(
            f'<text x="{left - 6}" y="{float(py) + 4:.1f}" text-anchor="end" fill="{INK}">{y:g}</text>'
        )
    along = 1.0 if ticks else _step(far, 4)
    for k in range(len(ticks) or int(far / along + 1e-9) + 1):
        px = at(k * along, low).split(",")[0]
        words = html.escape(ticks[k][:8]) if ticks else _short(k * along)
        parts.append(
            f'<text x="{px}" y="{height - bottom + 17}" text-anchor="middle" fill="{INK}">{words}</text>'
        )
    for x, anchor, words in ((width - right, "end", across), (left, "start", up)):
        parts.append(
            f'<text x="{x}" y="{height - 8}" text-anchor="{anchor}" fill="{INK}">{html.escape(words)}</text>'
        )
    for line in lines:
        shown = np.isfinite(line.y)
        points = " ".join(
            at(float(x), float(y)) for x, y in zip(line.x[shown], line.y[shown], strict=True)
        )
        style = 'stroke-width="2.5"' if line.bold else 'stroke-width="1" stroke-opacity="0.55"'
        style += f' stroke="{line.colour}" stroke-linejoin="round"'
        style += f' stroke-dasharray="{line.dash}"' if line.dash else ""
        parts.append(f'<polyline points="{points}" fill="none" {style}/>')
    return _svg(height, width, parts, title)


def key(colour: str, dash: str) -> str:
    """A piece of a curve, for a legend."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    line = f'<line x1="0" x2="44" y1="7" y2="7" stroke="{colour}" stroke-width="3"{dashed}/>'
    return f'<svg width="44" height="14" aria-hidden="true">{line}</svg>'


def cells(title: str, counts: np.ndarray, words: str) -> str:
    """A map of a board, int[h, w]: the darker a cell, the higher its count; the highest is
    written.
    """
    h, w = counts.shape
    p = max(6, min(22, 420 // max(h, w)))
    # letters of 13 are 7 wide or less
    height, width = h * p + 56, max(w * p + 12, 260, 12 + round(7.2 * len(words)))
    most = max(int(counts.max()), 1)
    parts = [f'<text x="6" y="18" font-weight="bold" fill="{INK}">{html.escape(title)}</text>']
    parts.append(
        f'<rect x="6" y="28" width="{w * p}" height="{h * p}" fill="#f2f1ea" stroke="{FAINT}"/>'
    )
    for y, x in np.argwhere(counts > 0).tolist():
        share = counts[y, x] / most
        parts.append(
            f'<rect x="{6 + x * p}" y="{28 + y * p}" width="{p}" height="{p}" fill="#c2410c"'
            f' fill-opacity="{0.12 + 0.88 * share:.3f}"><title>{int(counts[y, x])}</title></rect>'
        )
    parts.append(f'<text x="6" y="{28 + h * p + 18}" fill="{INK}">{html.escape(words)}</text>')
    return _svg(height, width, parts, title)


def _svg(height: int, width: int, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{html.escape(title)}" {FONT}><rect width="{width}" height="{height}" fill="#ffffff"/>'
        f"{''.join(parts)}</svg>"
    )


def _step(span: float, most: int = 5) -> float:
    """A round step that divides `span` into at most so many."""
    rough = max(span, 1e-9) / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough - 1e-12)


def _short(n: float) -> str:
    """1500000 as 1.5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= size:
            return f"{n / size:g}{letter}"
    return f"{n:g}"
