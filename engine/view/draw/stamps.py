"""Stamps: pictures ready to be laid on a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...jit import PLAIN, stored
from .paint import paint
from .strokes import parse


@dataclass(frozen=True)
class Stamp:
    """A picture ready to be laid on a frame: colours times alpha, and what shines through."""

    rgb: np.ndarray  # uint16[h, w, 3], or uint8 where opaque
    inverse: np.ndarray | None  # uint16[h, w, 1], 255 - alpha; None where opaque


def as_stamp(rgba: np.ndarray, opacity: float = 1.0) -> Stamp:
    """RGBA uint8[h, w, 4] as a stamp."""
    alpha = np.rint(rgba[..., 3:] * opacity).astype(np.uint16)
    if (alpha == 255).all():
        return Stamp(np.ascontiguousarray(rgba[..., :3]), None)
    return Stamp((rgba[..., :3] * alpha + 127) // 255, 255 - alpha)


def painted(shapes: str, p: int) -> Stamp:
    """A stamp of vector art, p pixels wide."""
    return as_stamp(paint(parse(shapes), p))


def blend(frame: np.ndarray, stamp: Stamp, y: int, x: int) -> None:
    """Lay a stamp on the frame, its top left corner at pixel (y, x); what is outside is cut off."""
    height, width = stamp.rgb.shape[:2]
    r0, r1 = max(0, -y), min(height, frame.shape[0] - y)
    c0, c1 = max(0, -x), min(width, frame.shape[1] - x)
    if r0 >= r1 or c0 >= c1:
        return
    target = frame[y + r0 : y + r1, x + c0 : x + c1]
    if stamp.inverse is None:
        target[:] = stamp.rgb[r0:r1, c0:c1]
        return
    if not PLAIN:
        _lay(frame, stamp.rgb, stamp.inverse, y, x, r0, r1, c0, c1)
        return
    through = target * stamp.inverse[r0:r1, c0:c1]  # at most 255 * 255: fits 16 bits
    through += 128
    through += through >> 8
    through >>= 8
    through += stamp.rgb[r0:r1, c0:c1]
    target[:] = through


@stored
def _lay(frame, rgb, inverse, y, x, r0, r1, c0, c1):
    """`blend` of what is not opaque, compiled: a film lays hundreds of small stamps on each
    frame.
    """
    for r in range(r0, r1):
        for c in range(c0, c1):
            through = np.int64(inverse[r, c, 0])
            if through < 255:
                for k in range(3):
                    v = frame[y + r, x + c, k] * through + 128
                    frame[y + r, x + c, k] = ((v + (v >> 8)) >> 8) + rgb[r, c, k]
