"""What has changed on a picture, in square blocks, so that a browser is sent no more than that."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

SIDE = 32  # pixels of a block
ACROSS = 32  # blocks beside each other in what is sent


class Blocks:
    """The newest picture, and for every block of it the number of the picture that changed it.

    `number` counts pictures. Whoever has seen picture n is sent the blocks that are newer, so that
    nothing need be kept for anybody.
    """

    def __init__(self) -> None:
        self.number = 0
        self.size = 0, 0  # height, width
        self._last = np.zeros((0, 0, 3), np.uint8)  # filled up to whole blocks
        self._newest = np.zeros((0, 0), np.int64)
        self._packed: dict[int, bytes] = {}  # since which picture: what was sent

    def show(self, frame: np.ndarray) -> bool:
        """Take in a picture, uint8[height, width, 3]; True if anything on it is new."""
        height, width = frame.shape[:2]
        if (height, width) != self.size:
            self.size = height, width
            rows, columns = -(-height // SIDE), -(-width // SIDE)
            self._last = np.zeros((rows * SIDE, columns * SIDE, 3), np.uint8)
            self._newest = np.zeros((rows, columns), np.int64)
            new = np.ones((rows, columns), bool)
        else:
            other = (self._last[:height, :width] != frame).any(2)
            lines = np.logical_or.reduceat(other, range(0, height, SIDE), 0)
            new = np.logical_or.reduceat(lines, range(0, width, SIDE), 1)
            if not new.any():
                return False
        self.number += 1
        self._last[:height, :width] = frame
        self._newest[new] = self.number
        self._packed.clear()
        return True

    def since(self, seen: int) -> bytes:
        """What is newer than picture `seen`: how many blocks, how many of them lie beside each other
        in the picture, their places, and a PNG of them (all numbers 16 bits, the lowest byte first).
        """
        if seen not in self._packed:
            self._packed[seen] = self._pack(seen)
        return self._packed[seen]

    def _pack(self, seen: int) -> bytes:
        rows, columns = np.nonzero(self._newest > seen)
        count, across = len(rows), min(len(rows), ACROSS)
        by_block = self._last.reshape(len(self._newest), SIDE, -1, SIDE, 3).swapaxes(1, 2)
        sheet = np.zeros((-(-count // across) * across, SIDE, SIDE, 3), np.uint8)
        sheet[:count] = by_block[rows, columns]
        picture = sheet.reshape(-1, across, SIDE, SIDE, 3).swapaxes(1, 2)
        packed = io.BytesIO()
        Image.fromarray(picture.reshape(-1, across * SIDE, 3)).save(packed, "PNG", compress_level=1)
        places = (rows * self._newest.shape[1] + columns).tolist()
        return struct.pack(f"<{2 + count}H", count, across, *places) + packed.getvalue()
