"""A level as a landscape: what `relief` draws, from wherever a camera stands above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..draw.kept import kept
from ..draw.scenery import panorama
from .eyes import BODY, decorated, pose_of, quarter, upright
from .gaze import Gaze
from .raycast import TURN
from .relief import FINE, KEPT, MARGIN, bake, look_down, stand_upright
from .shot import Shot
from .textures import Art, art, lanes

RISE = 0.62  # height of a block of height 1: lower than in first person, so that less is hidden
THROUGH = 70.0  # opacity of 256 of a learner behind a block


@dataclass(frozen=True)
class Stand:
    """Where a camera stands, and its lens.

    y, x, height: the eye, in cells; gaze: where it looks; focal, horizon: the focal length and the
    row of the horizon, in pixels; clear: cells to where haze begins; around: the colour of what
    lies around the level; big: how much larger than life things stand; sign: the least width of a
    goal's mark in pixels.
    """

    y: float
    x: float
    height: float
    gaze: Gaze
    focal: float
    horizon: float
    clear: float
    around: tuple[int, int, int]
    big: float
    sign: float


def landscape(shot: Shot, stand: Stand) -> np.ndarray:
    """The picture from there: uint8[height, width, 3], a new array."""
    (rows, columns), shown = shot.size, shot.shown
    h, w = int(shown.h), int(shown.w)
    plane, extras = decorated(shot, False)
    a = art(shot.world, 32 if rows < 200 else 128, extras)
    height, cells = RISE * a.height, plane[:h, :w].astype(np.int64)
    light = shadows(np.ascontiguousarray(height[cells]).tobytes(), h, w)
    way, lens = np.array(stand.gaze[:2]), np.array([stand.focal, stand.horizon])
    angles = np.arctan((np.arange(columns) + 0.5 - columns / 2) / stand.focal)
    turns = np.rint(angles * (TURN / (2 * np.pi))).astype(np.int64)
    hits = np.empty((columns, KEPT)), np.empty((columns, KEPT)), np.zeros(columns, np.int64)
    picture = np.empty((rows, columns, 3), np.uint8)
    line = picture.reshape(-1)
    look_down(
        cells, np.array([stand.y, stand.x, stand.height]), way, lens, a.wall, a.roof, height, a.atlas, a.mips, light,
        _sky(min(max(int(np.ceil(stand.horizon)), 1), rows)), turns, int(stand.gaze.turned(TURN)),
        np.array([stand.clear, *stand.around]), line, columns, *hits,
    )  # fmt: skip
    stand_upright(
        _spots(shot, a, stand), lens, stand.height, stand.clear, a.atlas, a.mips, line, columns,
        *hits, np.empty(rows, np.int64),
    )  # fmt: skip
    return picture


def _spots(shot: Shot, a: Art, stand: Stand) -> np.ndarray:
    """Upright pictures as `stand_upright` takes them, the farthest first; last the learners once
    more, who shine through what hides them.
    """
    facing = quarter(stand.gaze.y, stand.gaze.x)
    there = upright(shot, a, facing, whole=True)
    own = []
    for k in range(shot.world.learners):
        if shot.shown.alive[k]:
            pose = pose_of(int(shot.shown.face[k]), int(a.compass[k]), facing)
            own.append((*(shot.places[k] + 0.5), a.pictures[k, pose], BODY, 0.0, THROUGH))
    rows = []
    for found, through in ((there, 0.0), (np.array(own, float).reshape(-1, 6), 1.0)):
        y, x = found[:, 0] - stand.y, found[:, 1] - stand.x
        far = y * stand.gaze.y + x * stand.gaze.x
        side = y * stand.gaze.x - x * stand.gaze.y
        made = np.column_stack([far, side, found[:, 2:], np.full(len(found), through)])
        rows.append(made[np.argsort(-far, kind="stable")])
    spots = np.concatenate(rows)
    floating = spots[:, 4] > 0  # marks can be made out from afar
    spots[:, 3] *= stand.big
    spots[floating, 3] = np.maximum(
        spots[floating, 3], stand.sign * spots[floating, 0] / stand.focal
    )
    return spots


@kept
def shadows(heights: bytes, h: int, w: int) -> np.ndarray:
    """The light on a level whose cells rise so high: uint8, as `look_down` takes it."""
    light = np.empty(((h + 2 * MARGIN) * FINE, (w + 2 * MARGIN) * FINE), np.uint8)
    bake(np.frombuffer(heights).reshape(h, w), light)
    return light


@kept
def _sky(rows: int) -> np.ndarray:
    """The panorama, `rows` high: uint64[rows, TURN]."""
    seen = panorama(rows)[:, :TURN]
    return lanes(np.concatenate([seen, np.full((*seen.shape[:2], 1), 255, np.uint8)], -1))
