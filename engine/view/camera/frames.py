"""Pixel observations from above: symbolic ones turned into pictures as fast as memory allows.

A tile row is copied as a few wide words.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import raw
from ...errors import UserError
from ...jit import stored
from ..draw import sprites

if TYPE_CHECKING:
    from ...world import World


@stored
def _tile_all(ids, sheet, frames, last):
    """Write every tile of every frame: sheet [S, p, words] into frames [N, vh * p, vw * words]."""
    n, vh, vw = ids.shape
    p, words = sheet.shape[1], sheet.shape[2]
    for i in range(n):
        for y in range(vh):
            for x in range(vw):
                last[i, y, x] = ids[i, y, x]
            for r in range(p):
                at = 0
                for x in range(vw):
                    symbol = ids[i, y, x]
                    for k in range(words):
                        frames[i, y * p + r, at] = sheet[symbol, r, k]
                        at += 1


@stored
def _tile_all_8(ids, sheet, frames, last):
    """`_tile_all` for rows of 8 pixels, three words of 64 bits each."""
    n, vh, vw = ids.shape
    p = sheet.shape[1]
    raw.copy(last, 0, ids, 0, n * vh * vw)
    to = 0
    for i in range(n):
        for y in range(vh):
            for r in range(p):
                for x in range(vw):
                    symbol = np.int64(ids[np.uint64(i), np.uint64(y), np.uint64(x)])
                    raw.copy(frames, to, sheet, (symbol * p + r) * 24, 24)
                    to += 24


@stored
def _tile_changed(ids, sheet, frames, last):
    """Rewrite the tiles whose symbol differs from `last` (uint8[N, vh, vw]), and note it there."""
    n, vh, vw = ids.shape
    p, words = sheet.shape[1], sheet.shape[2]
    for i in range(n):
        for y in range(vh):
            for x in range(vw):
                symbol = ids[i, y, x]
                if symbol != last[i, y, x]:
                    last[i, y, x] = symbol
                    for r in range(p):
                        for k in range(words):
                            frames[i, y * p + r, x * words + k] = sheet[symbol, r, k]


@stored
def _tile_changed_8(ids, sheet, frames, last):
    """`_tile_changed` for rows of 8 pixels, three words of 64 bits each; a row of tiles that shows
    the same is passed over as a whole.
    """
    n, vh, vw = ids.shape
    p = sheet.shape[1]
    for i in range(n):
        for y in range(vh):
            same = True
            for x in range(vw):
                same &= ids[i, y, x] == last[i, y, x]
            if same:
                continue
            for x in range(vw):
                symbol = np.int64(ids[np.uint64(i), np.uint64(y), np.uint64(x)])
                if symbol != last[i, y, x]:
                    to = ((i * vh + y) * p * vw + x) * 24
                    for r in range(p):
                        raw.copy(frames, to, sheet, (symbol * p + r) * 24, 24)
                        to += vw * 24
    raw.copy(last, 0, ids, 0, n * vh * vw)


PAGES = 4  # pictures of one size that are kept in reserve


def _held(pages: list[np.ndarray]) -> list[int]:
    """How often each is held, this list included."""
    return [sys.getrefcount(page) for page in pages]


[ALONE] = _held([np.zeros(1)])  # as often as that: by the list alone


class Frames:
    """Pixel observations for batches of `n` symbolic ones, in a buffer of its own that every call
    reuses.

    world: whose sprites to draw; n: frames in a batch; p: pixels per tile side; shape: rows and
    columns of the ids (default `world.view`). `pixels` is uint8[n, rows * p, columns * p, 3]; copy
    it to keep it.
    """

    def __init__(
        self, world: World, n: int, p: int = 8, shape: tuple[int, int] | None = None
    ) -> None:
        if p < 1 or n < 1:
            raise UserError(f"pixels per tile ({p}) and frames ({n}) must be at least 1")
        vh, vw = shape or world.view or world.size
        sheet = sprites.sheet(world, p)
        self.symbols = len(sheet)
        word: Any = next(
            w
            for w in (np.uint64, np.uint32, np.uint16, np.uint8)
            if p * 3 % np.dtype(w).itemsize == 0
        )
        self._sheet = sheet.reshape(self.symbols, p, p * 3).view(word)
        self._frames = np.zeros((n, vh * p, vw * p * 3 // np.dtype(word).itemsize), word)
        self._last = np.zeros((n, vh, vw), np.uint8)
        self._whole = _tile_all_8 if p == 8 else _tile_all
        self._changed = _tile_changed_8 if p == 8 else _tile_changed
        self.pixels = self._frames.view(np.uint8).reshape(n, vh * p, vw * p, 3)
        self._fresh = True
        self._pages: list[np.ndarray] = []
        self._shown: list[np.ndarray | None] = []  # what each page shows, if that is known

    def draw(self, ids: np.ndarray) -> np.ndarray:
        """Draw symbols uint8[..., rows, columns] (n planes in all) afresh; returns `pixels`."""
        self._whole(self._checked(ids), self._sheet, self._frames, self._last)
        self._fresh = False
        return self.pixels

    def update(self, ids: np.ndarray) -> np.ndarray:
        """As `draw`, but rewrites only the cells that changed since the last call."""
        if self._fresh:
            return self.draw(ids)
        self._changed(self._checked(ids), self._sheet, self._frames, self._last)
        return self.pixels

    def fresh(self, ids: np.ndarray, readonly: bool = False) -> np.ndarray:
        """As `draw`, in an array that nobody else holds: uint8[n, rows * p, columns * p, 3]; also of
        fewer than n planes.

        Where one that was given out before is held no more, its memory serves again. From the system
        it would come page by page, each at the cost of a fault. One that nobody can write to
        (`readonly`) still shows what it did, and only the cells that differ are drawn.
        """
        ids = self._checked(ids, fewer=True)
        if len(ids) < len(self._last):
            page = np.empty_like(self._frames[: len(ids)])
            self._whole(ids, self._sheet, page, np.empty_like(ids))
        else:
            page = self._drawn(ids, readonly)
        shown = page.view(np.uint8).reshape(len(ids), *self.pixels.shape[1:])
        shown.flags.writeable = not readonly
        return shown

    def _drawn(self, ids: np.ndarray, readonly: bool) -> np.ndarray:
        """A page that nobody holds, with these planes on it."""
        free = [k for k, held in enumerate(_held(self._pages)) if held == ALONE]
        at = free[-1] if free else len(self._pages)
        page = self._pages[at] if free else np.empty_like(self._frames)
        known = self._shown[at] if free else None
        last = np.empty_like(ids) if known is None else known
        (self._whole if known is None else self._changed)(ids, self._sheet, page, last)
        if at == len(self._pages) < PAGES:
            self._pages.append(page)
            self._shown.append(None)
        if at < len(self._pages):
            self._shown[at] = last if readonly else None
        return page

    def _checked(self, ids: np.ndarray, fewer: bool = False) -> np.ndarray:
        """The planes as uint8[n, rows, columns], or `fewer`, checked: compiled loops check nothing."""
        n, *plane = self._last.shape
        planes = ids.size // self._last[0].size
        if (
            ids.dtype != np.uint8
            or list(ids.shape[-2:]) != plane
            or not (planes == n or (fewer and 0 < planes < n))
        ):
            raise UserError(
                f"pixel observations need uint8 symbols for {self._last.shape}, "
                f"not {ids.dtype} {ids.shape}"
            )
        if ids.max() >= self.symbols:
            raise UserError(f"symbol {ids.max()} is beyond the last one, {self.symbols - 1}")
        return np.ascontiguousarray(ids).reshape(planes, *plane)
