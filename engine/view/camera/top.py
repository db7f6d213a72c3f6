"""The top camera: what agents see as pixels, and what people see.

`Frames` turns symbolic observations into pixel observations as fast as memory allows: a tile row is
copied as a few wide words. `draw` makes a picture for people, with edges, shadows, smooth movement,
trails and goal marks. Both are pure functions of what they are given: drawing touches no state and
no generator, and drawing twice gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from ...errors import UserError
from ...jit import PLAIN, specialise
from ..draw import sprites

if TYPE_CHECKING:
    from ...world import Goal, World

# -- pixel observations


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
def _tile_all_3(ids, sheet, frames, last):
    """`_tile_all` for rows of three words (8 pixels in 64-bit words): three times as fast."""
    n, vh, vw = ids.shape
    p = sheet.shape[1]
    for i in range(n):
        for y in range(vh):
            for x in range(vw):
                last[i, y, x] = ids[i, y, x]
            for r in range(p):
                for x in range(vw):
                    symbol = ids[i, y, x]
                    frames[i, y * p + r, 3 * x] = sheet[symbol, r, 0]
                    frames[i, y * p + r, 3 * x + 1] = sheet[symbol, r, 1]
                    frames[i, y * p + r, 3 * x + 2] = sheet[symbol, r, 2]


@njit(cache=True, nogil=True, error_model="numpy")
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
        self._whole = _tile_all_3 if self._sheet.shape[2] == 3 else _tile_all
        self.pixels = self._frames.view(np.uint8).reshape(n, vh * p, vw * p, 3)
        self._fresh = True

    def draw(self, ids: np.ndarray) -> np.ndarray:
        """Draw symbols uint8[..., rows, columns] (n planes in all) afresh; returns `pixels`."""
        self._whole(self._checked(ids), self._sheet, self._frames, self._last)
        self._fresh = False
        return self.pixels

    def update(self, ids: np.ndarray) -> np.ndarray:
        """As `draw`, but rewrites only the cells that changed since the last call."""
        if self._fresh:
            return self.draw(ids)
        _tile_changed(self._checked(ids), self._sheet, self._frames, self._last)
        return self.pixels

    def _checked(self, ids: np.ndarray) -> np.ndarray:
        """The planes as uint8[n, rows, columns], checked: compiled loops check nothing."""
        if (
            ids.dtype != np.uint8
            or ids.shape[-2:] != self._last.shape[1:]
            or ids.size != self._last.size
        ):
            raise UserError(
                f"pixel observations need uint8 symbols for {self._last.shape}, "
                f"not {ids.dtype} {ids.shape}"
            )
        if ids.max() >= self.symbols:
            raise UserError(f"symbol {ids.max()} is beyond the last one, {self.symbols - 1}")
        return np.ascontiguousarray(ids).reshape(self._last.shape)


# -- a picture for people

LARGEST, SMALLEST, FITTING = (
    64,
    24,
    16,
)  # pixels per cell: at most; at least when scrolling; at least to show it all
INTENDED, PROXY = "star", "diamond"  # goal marks differ by shape as well as colour
REGION = 6  # a goal sought on more cells than this is marked as a region
WIDE = 12  # a goal sought on more than one cell in twelve has no place to mark
BADGE = {INTENDED: 0.5, PROXY: 0.46}  # size of a goal's mark, in cells
GHOST = 0.4  # opacity of somebody who is not there
BACKDROP = (17, 19, 33)  # what lies outside the level


@dataclass(frozen=True)
class Window:
    """What the camera shows: `p` pixels per cell, centred on (y, x) in cells.

    (0.5, 0.5) is the middle of cell (0, 0).
    """

    p: int
    y: float
    x: float


@dataclass(frozen=True)
class Trail:
    """Where somebody walked: (y, x) in float[n, 2], oldest first, and an RGB colour."""

    cells: np.ndarray
    colour: tuple[int, int, int]
    faint: bool = False  # small dots


@dataclass(frozen=True)
class Mark:
    """A goal mark, "star" or "diamond", over cells int[n, 2]; many cells are one tinted region."""

    shape: str
    cells: np.ndarray


def scale(world: World, h: int, w: int, size: tuple[int, int]) -> int:
    """Pixels per cell for an h x w level in a pane (height, width): all of it if legible."""
    fits = min(size[0] // h, size[1] // w)
    if fits >= FITTING:
        return min(fits, LARGEST)
    return min(max(size[0] // h, size[1] // w, SMALLEST), 40)


def window(
    world: World, record: Any, size: tuple[int, int], y: float, x: float, p: int = 0
) -> Window:
    """The window of a pane that follows (y, x) but stays inside the level, or centres all of it."""
    h, w = int(record.h), int(record.w)
    p = p or scale(world, h, w, size)

    def kept(at: float, cells: int, pixels: int) -> float:
        half = pixels / (2 * p)
        return cells / 2 if cells <= 2 * half else min(max(at + 0.5, half), cells - half)

    return Window(p, kept(y, h, size[0]), kept(x, w, size[1]))


def draw(
    world: World,
    states: np.recarray,
    i: int = 0,
    size: tuple[int, int] = (480, 640),
    previous: Any = None,
    fraction: float = 1.0,
    at: Window | None = None,
    trails: Sequence[Trail] = (),
    marks: Sequence[Mark] = (),
    ghost: Any = None,
    focus: int = 0,
    under: Sequence[tuple[Stamp, int, int]] = (),
) -> np.ndarray:
    """A picture of state `i` of a batch: uint8[height, width, 3], a new array.

    With `previous` (a record such as `states[k]`) things are drawn a `fraction` of the way from
    there: 0 gives the picture of `previous`, 1 that of the state. `at` is the window; by default it
    follows agent `focus`. `trails` lie below the things, goal `marks` above; `ghost` is a record
    (say, another policy's state) whose learners are drawn faintly; `under` are stamps that lie on
    cells (stamp, y, x), under all that stands there.
    """
    now = states[i]
    if previous is None or fraction >= 1.0:
        previous, fraction = now, 1.0
    elif fraction <= 0.0:
        now, previous, fraction = previous, previous, 1.0
    spots = positions(previous, now, fraction)
    if at is None:
        at = window(world, now, size, *spots[focus])
    top, left = round(at.y * at.p - size[0] / 2), round(at.x * at.p - size[1] / 2)
    art = sprites.of(world)
    frame, objects = _tiles(world, art, now if fraction >= 0.5 else previous, size, at.p, top, left)
    for stamp, y, x in under:
        blend(frame, stamp, y * at.p - top, x * at.p - left)
    for trail in trails:
        _dots(frame, trail, at.p, top, left)
    for mark in marks:
        if mark.shape == PROXY or len(mark.cells) > REGION:
            _region(frame, mark, at.p, top, left)
    for stamp, y, x in objects:  # tiles that are objects lie on the trails, not under them
        blend(frame, stamp, y, x)
    if ghost is not None:
        for k in range(world.learners):
            if ghost.alive[k]:
                stamp = thing_art(world, int(world.kinds[k]), int(ghost.face[k]), at.p, GHOST)
                blend(frame, stamp, int(ghost.y[k]) * at.p - top, int(ghost.x[k]) * at.p - left)
    alive = (now if fraction >= 0.5 else previous).alive
    for k in range(world.entities - 1, -1, -1):  # objects first, agents last, so learners cover all
        if alive[k]:
            stamp = thing_art(world, int(world.kinds[k]), int(now.face[k]), at.p, 1.0)
            blend(frame, stamp, round(spots[k, 0] * at.p) - top, round(spots[k, 1] * at.p) - left)
    for mark in marks:
        _badge(frame, mark, at.p, top, left)
    return frame


def positions(previous: Any, now: Any, fraction: float) -> np.ndarray:
    """Where every thing is between two records: float64[K, 2] as (y, x).

    Things that jump far do not slide.
    """
    then = np.stack([previous.y, previous.x], 1).astype(float)
    here = np.stack([now.y, now.x], 1).astype(float)
    slides = (np.abs(here - then).max(1, keepdims=True) <= 3) & (now.alive * previous.alive > 0)[
        :, None
    ]
    return np.where(slides, then + (here - then) * fraction, here if fraction >= 0.5 else then)


# -- tiles


def seen_from_the_side(world: World) -> bool:
    """Is the level a slice of a world with the sky behind it, as a platformer's, rather than a
    floor to walk on?
    """
    return _tables(world)[2]


@lru_cache(maxsize=16)
def _tables(world: World) -> tuple[np.ndarray, np.ndarray, bool]:
    """Per tile its number of looks and its sides with edges; and whether there is a sky."""
    art = sprites.of(world)
    looks = np.array([sprites.looks(t.name) for t in art.tiles])
    edged = np.array([sum(1 << "uldr".index(c) for c in sprites.sides(t.name)) for t in art.tiles])
    return looks, edged, art.tiles[art.ground].name == "sky"


def _scatter(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A fixed noise of cells, uint32: which look a tile has there."""
    h = y.astype(np.uint32) * np.uint32(0x9E3779B1) ^ x.astype(np.uint32) * np.uint32(0x85EBCA77)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    return h ^ (h >> np.uint32(13))


def cell_keys(world: World, record: Any, y0: int, y1: int, x0: int, x1: int) -> np.ndarray:
    """What `cell_art` draws on these cells of the level: tile, look, edges and shadow, packed in an
    int64 each.
    """
    looks, edged, sky = _tables(world)
    h, w = int(record.h), int(record.w)
    padded = np.pad(record.tiles[:h, :w], 1, mode="edge").astype(np.int64)
    tiles = padded[y0 + 1 : y1 + 1, x0 + 1 : x1 + 1]
    above, below = padded[y0:y1, x0 + 1 : x1 + 1], padded[y0 + 2 : y1 + 2, x0 + 1 : x1 + 1]
    before, after = padded[y0 + 1 : y1 + 1, x0:x1], padded[y0 + 1 : y1 + 1, x0 + 2 : x1 + 2]
    edges = (above != tiles) | (before != tiles) * 2 | (below != tiles) * 4 | (after != tiles) * 8
    edges &= edged[tiles]
    noise = _scatter(np.arange(y0, y1)[:, None] + 0 * tiles, np.arange(x0, x1)[None, :] + 0 * tiles)
    # about half the cells keep the first look
    look = np.where(
        noise % 8 < 4, 0, (noise >> np.uint32(8)) % (looks[tiles] + 1).astype(np.uint32)
    )
    shade = np.zeros_like(tiles)
    if not sky:
        shade = ((world.solid[above] > 0) | (world.solid[before] > 0) * 2) * (
            world.solid[tiles] == 0
        )
    return ((tiles * 32 + look) * 16 + edges) * 4 + shade


def _tiles(
    world, art, record, size, p, top, left
) -> tuple[np.ndarray, list[tuple[Stamp, int, int]]]:
    """The level's visible cells with their looks, edges and shadows: uint8[height, width, 3].

    Tiles that do not fill their cell (a coin, a ledge) are returned beside it, as stamps with their
    pixel (y, x).
    """
    objects: list[tuple[Stamp, int, int]] = []
    height, width = size
    sky = _tables(world)[2]
    h, w = int(record.h), int(record.w)
    frame = _scenery(size, left) if sky else np.empty((height, width, 3), np.uint8)
    if not sky:
        frame[:] = BACKDROP
    y0, y1 = max(0, top // p), min(h, -(-(top + height) // p))
    x0, x1 = max(0, left // p), min(w, -(-(left + width) // p))
    if y0 >= y1 or x0 >= x1:
        return frame, objects
    if sky:  # the landscape ends where the level does
        frame[: max(0, -top)] = frame[max(0, h * p - top) :] = BACKDROP
        frame[:, : max(0, -left)] = frame[:, max(0, w * p - left) :] = BACKDROP
    for r, row in enumerate(cell_keys(world, record, y0, y1, x0, x1).tolist()):
        y = (y0 + r) * p - top
        for c, key in enumerate(row):
            x = (x0 + c) * p - left
            ground, thing = cell_art(world, key, p)
            if ground is not None:
                blend(frame, ground, y, x)
            if thing is not None:
                objects.append((thing, y, x))
    return frame, objects


@dataclass(frozen=True)
class Stamp:
    """A picture ready to be laid on a frame: colours times alpha, and what shines through."""

    rgb: np.ndarray  # uint16[h, w, 3], or uint8 where opaque
    inverse: np.ndarray | None  # uint16[h, w, 1], 255 - alpha; None where opaque


def as_stamp(rgba: np.ndarray, opacity: float = 1.0) -> Stamp:
    alpha = np.rint(rgba[..., 3:] * opacity).astype(np.uint16)
    if (alpha == 255).all():
        return Stamp(np.ascontiguousarray(rgba[..., :3]), None)
    return Stamp((rgba[..., :3] * alpha + 127) // 255, 255 - alpha)


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


@njit(cache=True, nogil=True, error_model="numpy")
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


@lru_cache(maxsize=8192)
def cell_art(world: World, key: int, p: int) -> tuple[Stamp | None, Stamp | None]:
    """What fills the cell that `key` packs (tile, look, edges, shadow), and what stands in it."""
    key, shade = divmod(key, 4)
    key, edges = divmod(key, 16)
    tile, look = divmod(key, 32)
    art = sprites.of(world)
    names = "".join(side for bit, side in enumerate("uldr") if edges >> bit & 1)
    rgba = sprites.tile_art(art.tiles[tile], p, look, names)
    thing = None
    if _tables(world)[2]:  # the sky is behind everything
        if tile == art.ground:
            return None, None
        return (as_stamp(rgba), None) if (rgba[..., 3] == 255).all() else (None, as_stamp(rgba))
    if (rgba[..., 3] < 255).any():
        thing = as_stamp(rgba)
        rgba = sprites.tile_art(art.tiles[art.ground], p)
    for bit, side in enumerate(("up", "left")):
        if shade >> bit & 1:
            rgba = sprites.pile(sprites.read(f"shade/{side}", "").at(p), rgba)
    return as_stamp(sprites.pile(rgba, np.full_like(rgba, 255))), thing


@lru_cache(maxsize=1024)
def thing_art(world: World, kind: int, pose: int, p: int, opacity: float) -> Stamp:
    return as_stamp(sprites.of(world).things[kind].at(p, pose), opacity)


# -- open sky


def _scenery(size: tuple[int, int], left: int) -> np.ndarray:
    """Sky, clouds and hills behind a platformer, scrolling at a quarter of the level's speed."""
    height, width = size
    panorama = _panorama(height)
    x = (left // 4) % (panorama.shape[1] // 2)
    while x + width > panorama.shape[1]:  # a pane wider than half the panorama
        panorama = np.concatenate([panorama, panorama[:, : panorama.shape[1] // 2]], 1)
    return panorama[:, x : x + width].copy()


@lru_cache(maxsize=4)
def _panorama(height: int) -> np.ndarray:
    """A landscape that repeats after half its width: uint8[height, 2 * 1024, 3]."""
    period = 1024
    y = (np.arange(height)[:, None] + 0.5) / height
    x = np.arange(period)[None, :] * (2 * np.pi / period)
    ramp = y[..., None]
    picture = np.array([128.0, 200.0, 240.0]) * (1 - ramp) + np.array([226.0, 245.0, 252.0]) * ramp
    picture = np.broadcast_to(picture, (height, period, 3)).copy()

    def lay(cover: np.ndarray, rgb: tuple[int, int, int], opacity: float = 1.0) -> None:
        nonlocal picture
        cover = np.clip(cover, 0, 1)[..., None] * opacity
        picture = picture * (1 - cover) + np.array(rgb, float) * cover

    clouds = ((0.16, 90, 1.0), (0.30, 420, 0.75), (0.12, 700, 1.2), (0.36, 900, 0.6))
    for cy, cx, big in clouds:
        for dy, dx, r in (
            (0, 0, 26),
            (6, -30, 18),
            (5, 30, 20),
            (10, -54, 12),
            (10, 56, 12),
            (12, 0, 24),
        ):
            away = (np.arange(period)[None, :] - cx - dx * big + period / 2) % period - period / 2
            down = (np.arange(height)[:, None] - cy * height - dy * big) * 1.25
            lay(r * big - np.sqrt(away**2 + down**2) + 0.5, (247, 252, 255), 0.9)
    far = 0.66 + 0.06 * np.sin(2 * x + 0.5) + 0.035 * np.sin(5 * x + 2.0) + 0.012 * np.sin(11 * x)
    lay((y - far) * height + 0.5, (154, 205, 214))
    near = 0.80 + 0.05 * np.sin(3 * x + 4.0) + 0.03 * np.sin(4 * x + 1.0) + 0.008 * np.sin(17 * x)
    lay((y - near) * height + 0.5, (139, 203, 168))
    done = np.rint(picture).astype(np.uint8)
    done = np.concatenate([done, done], 1)
    done.setflags(write=False)
    return done


# -- trails and marks


@lru_cache(maxsize=256)
def dot_art(rgb: tuple[int, int, int], p: int, faint: bool) -> Stamp:
    """A round footprint with a dark rim."""
    n = max(4, round(p * (0.16 if faint else 0.26)))
    fill = "#" + "".join(f"{v:02x}" for v in rgb)
    return as_stamp(
        sprites.paint(
            sprites.parse(f"disc ink@60 50 50 48 flat free\ndisc {fill} 50 50 34 flat free"), n
        )
    )


def _dots(frame: np.ndarray, trail: Trail, p: int, top: int, left: int) -> None:
    """Footprints on every cell of a trail and half-way between, each spot once."""
    cells = np.asarray(trail.cells, float).reshape(-1, 2)
    if not len(cells):
        return
    between = (cells[1:] + cells[:-1]) / 2
    near = (
        np.abs(np.diff(cells, axis=0)).max(1, initial=0) <= 3
        if len(cells) > 1
        else np.zeros(0, bool)
    )
    spots = np.concatenate([cells[:1], np.stack([between, cells[1:]], 1)[near].reshape(-1, 2)])
    stamp = dot_art(trail.colour, p, trail.faint)
    n = stamp.rgb.shape[0]
    spots = np.rint((spots + 0.5) * p - n / 2).astype(int) - (top, left)
    seen = ((spots > -n) & (spots < frame.shape[:2])).all(1)
    for y, x in dict.fromkeys(map(tuple, spots[seen].tolist())):
        blend(frame, stamp, y, x)


@lru_cache(maxsize=64)
def mark_art(shape: str, n: int) -> Stamp:
    return as_stamp(sprites.read(shape, shape).at(n))


@lru_cache(maxsize=64)
def tint_art(shape: str, p: int) -> Stamp:
    fill = "yellow" if shape == INTENDED else "pink"
    return as_stamp(
        sprites.paint(
            sprites.parse(f"tile\nbox {fill}@28 0 0 100 100 flat\nbox {fill}@30 8 8 92 92 10 flat"),
            p,
        )
    )


def _region(frame: np.ndarray, mark: Mark, p: int, top: int, left: int) -> None:
    """Tint every cell of a region."""
    stamp = tint_art(mark.shape, p)
    for y, x in np.asarray(mark.cells).tolist():
        blend(frame, stamp, y * p - top, x * p - left)


def _badge(frame: np.ndarray, mark: Mark, p: int, top: int, left: int) -> None:
    """The mark on a shoulder of each cell (star right, diamond left), or once in a region."""
    cells = np.asarray(mark.cells).reshape(-1, 2)
    if not len(cells):
        return
    if len(cells) > REGION:
        middle = cells.mean(0)
        cells = cells[np.abs(cells - middle).sum(1).argmin()][None]
    n = max(7, round(p * BADGE[mark.shape]))
    stamp = mark_art(mark.shape, n)
    shift = p - n + n // 4 if mark.shape == INTENDED else -(n // 4)
    for y, x in cells.tolist():
        blend(frame, stamp, y * p - top - n // 4, x * p - left + shift)


# -- where goals are met


seek: Any = None  # bound to a goal's rule by `specialise`


def _seek_cells(states, table, found):
    """Mark in `found` (uint8[h, w] of zeros) where agent 0 of record 0 may meet a goal."""
    s = states[0]
    p = table[s.row]
    for y in range(s.h):
        for x in range(s.w):
            if seek(s, p, 0, y, x):
                found[y, x] = 1


@lru_cache(maxsize=64)
def _seeker(world: World, goal: Goal):
    name = re.sub(r"\W", "_", f"{world.name}_{goal.name}")
    return specialise(_seek_cells, name, seek=goal.seek)


def goal_marks(world: World, states: np.recarray, i: int = 0) -> tuple[Mark, ...]:
    """A star where the intended goal may be met in state `i`, a diamond where each proxy may.

    The goals' own `seek` rules say where. A goal sought nearly everywhere is a direction, not a
    place: no mark.
    """
    record = states[i : i + 1].copy().view(np.recarray)  # a rule could write; the picture must not
    marks = []
    for goal in world.goals:
        if goal.seek is None:
            continue
        found = np.zeros(world.size, np.uint8)
        _seeker(world, goal)(record, world.table, found)
        cells = np.argwhere(found & (world.solid[record.tiles[0]] == 0))
        if 0 < len(cells) <= max(1, int(record.h[0] * record.w[0]) // WIDE):
            marks.append(Mark(INTENDED if goal is world.intended else PROXY, cells))
    return tuple(marks)
