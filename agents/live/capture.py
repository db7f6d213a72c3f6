"""What the window showed, kept: the last ten seconds, and films that are written while one
watches.
"""

from __future__ import annotations

import queue
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...engine.view.film.encode import encode
from .background import Thinker

SECONDS, RATE = 10.0, 10  # of the clip that is always kept, and its pictures a second
ROOM = 48 << 20  # bytes of it; of larger pictures fewer seconds are kept
FILM_RATE = 15
WAITING = 30  # frames that wait for the encoder, at most
Packed = tuple[float, tuple[int, ...], bytes]  # a time, a shape, and what is packed


class Clip:
    """The last ten seconds, packed into one piece of memory that is taken once.

    Each in memory of its own, pictures of all sizes that stay for ten seconds would leave holes
    between what comes and goes, and the window would grow by them.
    """

    def __init__(self) -> None:
        self._room = bytearray()
        self._kept: deque[tuple[float, tuple[int, ...], int, int]] = deque()  # from and to where
        self._due, self._at = 0.0, 0
        self._packing: Thinker[Packed] = Thinker()

    def add(self, now: float, frame: np.ndarray) -> None:
        """Keep the frame, if one is due at time `now` (seconds). It is packed in the background: that
        takes longer than to draw it.
        """
        self.settle(0.0)
        if now < self._due or self._packing.busy:
            return
        self._due = now + 1.0 / RATE
        self._packing.ask(
            lambda: (now, frame.shape, zlib.compress(np.ascontiguousarray(frame).data, 1))
        )

    def settle(self, wait: float = 10.0) -> None:
        """Let the picture that is being packed be there, if it is ready in so many seconds."""
        self._packing.answer(wait)
        done = self._packing.take()
        if isinstance(done, Exception):
            raise done
        if done is not None:
            self._put(*done)

    def _put(self, now: float, shape: tuple[int, ...], packed: bytes) -> None:
        if not self._room:
            self._room = bytearray(ROOM)
        if len(packed) > ROOM:
            return
        start = self._at if self._at + len(packed) <= ROOM else 0
        self._at = stop = start + len(packed)
        self._kept = deque(
            kept
            for kept in self._kept
            if kept[0] >= now - SECONDS and (kept[3] <= start or kept[2] >= stop)
        )
        self._room[start:stop] = packed
        self._kept.append((now, shape, start, stop))

    def frames(self, shape: tuple[int, ...]) -> Iterator[np.ndarray] | None:
        """Those of this shape, cut to even sides; None if there are none."""
        self.settle()
        kept = [bytes(self._room[a:b]) for _, form, a, b in self._kept if form == shape]
        if not kept or min(shape[:2]) < 2:
            return None
        even = np.s_[: shape[0] & ~1, : shape[1] & ~1]
        return (
            np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)[even] for data in kept
        )

    def close(self) -> None:
        """Let go of all of it: whoever still holds a closed window holds no pictures."""
        self.settle()
        self._room = bytearray()
        self._kept.clear()


class Film:
    """A film that is written while frames come in; `write` does so in a thread of its own, until
    `stop`.

    It runs at `FILM_RATE` by the clock: a frame is repeated or left out as need be. Whoever adds
    frames never waits.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], now: float) -> None:
        self.path, self.shape, self.begun = path, shape, now
        self._queue: queue.Queue[np.ndarray] = queue.Queue(WAITING)
        self._sent = 0
        self.stopped = False

    def add(self, now: float, frame: np.ndarray) -> None:
        """Show this frame up to time `now`."""
        while self._sent < int((now - self.begun) * FILM_RATE) + 1 and not self.stopped:
            try:
                self._queue.put_nowait(frame)
            except queue.Full:  # the encoder is behind: the next frame stands for this one too
                return
            self._sent += 1

    def stop(self) -> None:
        """No more frames come."""
        self.stopped = True

    def _stream(self) -> Iterator[np.ndarray]:
        even = np.s_[: self.shape[0] & ~1, : self.shape[1] & ~1]
        while True:
            try:
                frame = self._queue.get(timeout=0.05)
            except queue.Empty:
                if self.stopped:
                    return
                continue
            yield frame[even]

    def write(self) -> str:
        """Encode all frames into the file; returns what to tell."""
        try:
            count = encode(self._stream(), self.path, FILM_RATE)
        finally:
            self.stopped = True
        return f"wrote {self.path}, {count / FILM_RATE:.0f} s"
