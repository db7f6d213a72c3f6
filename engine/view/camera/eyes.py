"""The eyes camera: what an agent sees from where it stands, in first person.

Here is decided where everybody stands and looks; `raycast` draws that. `Eyes` turns batches of
states into observations; `draw` makes a picture for people, with smooth movement, trails and goal
marks. Both are pure functions of what they are given.

Which way an agent looks is the way of its last move, which `grid.walk` leaves in `face`. An agent
that has not moved looks where its view is longest (up, left, down, right if equal). Where `face`
tells something else, as the mood of the mouse in `follow`, the camera looks up the board. Actions
are not turned: "up" is up the board whichever way one looks.

Platformers are a slice of a world, seen from its side. There the camera looks along the run, left
or right, through a `lane`: the ground is a floor with gaps, steps are walls, ledges hang overhead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ... import grid
from ...counts import counted
from ...errors import UserError
from ...jit import stored
from ..draw.cells import BACKDROP, seen_from_the_side
from ..draw.marks import INTENDED
from ..draw.strokes import hexed
from . import top
from .eyes_drawn_before import memory_of, open_frames, recall
from .gaze import Gaze, between
from .lane import lifted, run
from .raycast import BACK, TURN, cast
from .registry import SIZE, Camera
from .shot import Shot
from .textures import HORIZON, Art, art, lens, sky

if TYPE_CHECKING:
    from ...world import World

BODY, OBJECT = 0.9, 0.75  # how wide pictures of things and of tiles are, in cells
# cells around the eye in which an observation shows pictures of tiles, and at most so many of them
REACH = 12
SPOTS = 160
WIDE = 0.5  # focal length as a share of the height, for people: a right angle is seen


# -- where everybody stands


@stored
def place(
    tiles, tall, wide, ys, xs, faces, alive, learners, side_on, solid, stand, pictures, compass, cameras, spots,
    counts,
):  # fmt: skip
    """Set up the cameras of all learners, and the pictures that stand about: what `cast` and `run`
    take.

    stand: int64 for each tile, its texture as a picture or -1; pictures: int64[things, poses],
    their textures; compass: int64[things], five if the face tells where a thing goes (see the
    module), or else minus its poses.
    """
    room = spots.shape[1]
    for j in range(len(cameras)):
        i, me = j // learners, j % learners
        h, w = tall[i], wide[i]
        y, x = ys[i, me], xs[i, me]
        if side_on:
            way = -1.0 if 2 * faces[i, me] >= -compass[me] and compass[me] < -1 else 1.0
            cameras[j, 0], cameras[j, 1] = y + 0.4, x + 0.5 - BACK * way
            cameras[j, 2], cameras[j, 3] = 0.0, way
            cameras[j, 4] = TURN // 4 if way > 0 else 3 * TURN // 4
            heading = 0
        else:
            heading = grid.UP
            if compass[me] > 0:
                heading = faces[i, me]
            if heading == 0:
                longest = -1
                for d in range(1, 5):
                    n, ny, nx = 0, y + grid.DY[d], x + grid.DX[d]
                    while (
                        ny >= 0 and nx >= 0 and ny < h and nx < w and solid[tiles[i, ny, nx]] == 0
                    ):
                        n, ny, nx = n + 1, ny + grid.DY[d], nx + grid.DX[d]
                    if n > longest:
                        longest, heading = n, d
            cameras[j, 2], cameras[j, 3] = grid.DY[heading], grid.DX[heading]
            cameras[j, 0] = y + 0.5 - BACK * cameras[j, 2]
            cameras[j, 1] = x + 0.5 - BACK * cameras[j, 3]
            cameras[j, 4] = (1 - heading) % 4 * (TURN // 4)
        n = 0
        for ny in range(max(y - REACH, 0), min(y + REACH + 1, h)):
            for nx in range(max(x - REACH, 0), min(x + REACH + 1, w)):
                texture = stand[tiles[i, ny, nx]]
                if texture >= 0 and n < room - len(compass):
                    spots[j, n, 0], spots[j, n, 1] = ny + 0.5, nx + 0.5
                    spots[j, n, 2], spots[j, n, 3] = texture, OBJECT
                    spots[j, n, 4], spots[j, n, 5] = 0.0, 256.0
                    n += 1
        for k in range(len(compass)):
            if alive[i, k] and k != me:
                spots[j, n, 0], spots[j, n, 1] = ys[i, k] + 0.5, xs[i, k] + 0.5
                spots[j, n, 2] = pictures[k, pose_of(faces[i, k], compass[k], heading)]
                spots[j, n, 3], spots[j, n, 4], spots[j, n, 5] = BODY, 0.0, 256.0
                n += 1
        counts[j] = n


@stored
def pose_of(face, compass, heading):
    """The pose in which one sees a thing when looking towards `heading`: the back of who goes the
    same way.
    """
    if compass > 0 and 1 <= face <= 4 and heading > 0:
        return 1 + (face - heading) % 4
    return face if face < abs(compass) else 0


class Eyes:
    """First-person observations of `n` states in a buffer that every call reuses.

    `pixels` is uint8[n, learners, height, width, 3]; copy it to keep it.
    """

    def __init__(self, world: World, n: int, size: tuple[int, int] = SIZE) -> None:
        if n < 1 or min(size) < 8 or max(size) > 4096:
            raise UserError(
                f"eyes see {n} frames of {size[1]}x{size[0]}; they need 1 or more, 8x8 to 4096x4096"
            )
        self.world, self.n, learners = world, n, world.learners
        self.pixels = np.zeros((n, learners, *size, 3), np.uint8)
        self._frames = self.pixels.reshape(n * learners, *size, 3)
        self._side_on = seen_from_the_side(world)
        self._art = art(world, 16 if size[0] <= 96 else 64)
        self._focal, self._turns = lens(*size)
        self._cameras = np.zeros((n * learners, 5))
        room = world.entities + min(SPOTS, world.size[0] * world.size[1])
        self._spots = np.zeros((n * learners, room, 6))
        self._counts = np.zeros(n * learners, np.int64)
        if self._side_on:
            self._sky = sky(size[0], True)
            self._ready = open_frames(world, self._art, size, 0).reshape(1, 4, -1)
        else:
            self._memory = memory_of(world, self._art, size)
            self._square = np.zeros((size[1], 4 * size[0]), np.uint8)

    def draw(self, states: np.recarray) -> np.ndarray:
        """What every learner of every state (recarray [n]) sees; returns `pixels`."""
        if states.dtype != self.world.dtype or states.shape != (self.n,):
            raise UserError(
                f"these eyes see {counted(self.n, 'state')} of world '{self.world.name}', not {states.shape}"
            )
        s, a, learners = states.view(np.ndarray), self._art, self.world.learners
        place(
            s["tiles"], s["h"], s["w"], s["y"], s["x"], s["face"], s["alive"], learners, self._side_on,
            self.world.solid, a.stand, a.pictures, a.compass, self._cameras, self._spots,
            self._counts,
        )  # fmt: skip
        seen = s["tiles"], s["h"], s["w"], learners, self._cameras, self._spots, self._counts
        flat = self._frames.reshape(len(self._frames), -1)
        if self._side_on:
            run(
                *seen, a.wall, a.floor, a.height, a.atlas, a.mips, self._sky, self._turns, self._focal, self._ready,
                self._frames, flat,
            )  # fmt: skip
        else:
            m, horizon = self._memory, max(int(self.pixels.shape[2] * HORIZON), 1)
            recall(
                *seen, m.kind, a.height, a.atlas, a.mips, horizon, self._focal, m.ready, m.layer, m.crossings, m.fars,
                m.ground, m.strips, m.pixels, self._square, self._frames, flat,
            )  # fmt: skip
        return self.pixels


# -- a picture for people


def heading_of(world: World, record: np.record, me: int = 0) -> tuple[int, int]:
    """Which way learner `me` of a record looks, and sees: (dy, dx)."""
    dy, dx = _cameras(world, record)[me, 2:4].astype(int).tolist()
    return dy, dx


def look_of(world: World, record: np.record, me: int = 0) -> Gaze:
    """Which way people look who stand where learner `me` does: as it does, but if there is a wall
    before it, along the longer way to its side.
    """
    dy, dx = heading_of(world, record, me)
    if not seen_from_the_side(world):
        ways = {(y, x): _free(world, record, me, y, x) for y, x in ((dy, dx), (dx, dy), (-dx, -dy))}
        if not ways[dy, dx]:  # never back: an agent in a dead end turns of its own accord
            dy, dx = max(ways, key=lambda way: ways[way])
    return Gaze(float(dy), float(dx), 0.0)


def _free(world: World, record: np.record, me: int, dy: int, dx: int) -> int:
    """How many cells one can go from learner `me` that way."""
    y, x, n = int(record.y[me]) + dy, int(record.x[me]) + dx, 0
    while 0 <= y < record.h and 0 <= x < record.w and not world.solid[record.tiles[y, x]]:
        y, x, n = y + dy, x + dx, n + 1
    return n


def _cameras(world: World, record: np.record) -> np.ndarray:
    """The cameras of all learners of one record: float64[learners, 5]."""
    s = np.asarray(record).reshape(1)
    a, learners = art(world, 16), world.learners
    cameras, spots = np.zeros((learners, 5)), np.zeros((learners, world.entities, 6))
    nothing = np.full_like(a.stand, -1)
    place(
        s["tiles"], s["h"], s["w"], s["y"], s["x"], s["face"], s["alive"], learners, seen_from_the_side(world),
        world.solid, nothing, a.pictures, a.compass, cameras, spots, np.zeros(learners, np.int64),
    )  # fmt: skip
    return cameras


def draw(shot: Shot, map_size: float = 0.3) -> np.ndarray:
    """What learner `shot.focus` sees, for people: uint8[height, width, 3], a new array.

    Between two states it turns, too; trails lie on the floor, goal marks float. A map of the level,
    `map_size` of the picture's height, stands in a corner; 0: no map.
    """
    world, (before, now, fraction) = shot.world, shot.ends
    side_on = seen_from_the_side(world)
    rows, columns = shot.size
    plane, extras = decorated(shot, side_on)
    y, x = np.rint(shot.places[shot.focus]).astype(int)
    if not side_on:  # what lies at one's own feet would fill the foot of the picture
        plane[y, x] = shot.shown["tiles"][y, x]
    a = art(world, 32 if rows < 200 else 128, extras)
    if side_on:
        camera = _cameras(world, shot.shown)[shot.focus]
    else:
        gaze = shot.gaze or between(
            look_of(world, before, shot.focus), look_of(world, now, shot.focus), fraction
        )
        camera = np.array([0.0, 0.0, gaze.y, gaze.x, np.floor(gaze.turned(TURN))])
    camera[:2] = shot.places[shot.focus] + (0.4 if side_on else 0.5, 0.5) - BACK * camera[2:4]
    if side_on:
        shown = shot.shown
        blocks = a.height[plane[: int(shown.h), : int(shown.w)]] > 0
        eye_y, eye_x = (shot.places[shot.focus] + (0.4, 0.5)).tolist()
        camera[0] -= lifted(blocks, eye_y, eye_x, int(camera[3]))
    spots = upright(shot, a, 0 if side_on else quarter(camera[2], camera[3]))
    # twice as fine, then averaged: smooth edges
    fine = 1 if shot.draft else 2
    frames = np.zeros((1, fine * rows, fine * columns, 3), np.uint8)
    focal, turns = lens(fine * rows, fine * columns, WIDE)
    common = (
        plane[None], np.array([now.h]), np.array([now.w]), 1, camera[None], spots[None], np.array([len(spots)]),
        a.wall, a.floor, a.height, a.atlas, a.mips, sky(fine * rows, side_on), turns, focal,
    )  # fmt: skip
    if side_on:
        run(*common, np.zeros((0, 4, 0), np.uint8), frames, frames.reshape(1, -1))
    else:
        cast(*common, frames, frames.reshape(1, -1))
    picture = frames[0]
    if not shot.draft:
        picture = np.empty((rows, columns, 3), np.uint8)
        _halve(frames[0], picture)
    if map_size:
        _map(picture, shot, int(rows * map_size))
    return picture


@stored
def _halve(fine, picture):
    """Average squares of four pixels."""
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            for c in range(3):
                a, b = np.int64(fine[2 * y, 2 * x, c]), np.int64(fine[2 * y, 2 * x + 1, c])
                d, e = np.int64(fine[2 * y + 1, 2 * x, c]), np.int64(fine[2 * y + 1, 2 * x + 1, c])
                picture[y, x, c] = (a + b + d + e + 2) >> 2


def quarter(dy: float, dx: float) -> int:
    """The direction of the grid that is nearest."""
    if abs(dy) >= abs(dx):
        return grid.UP if dy < 0 else grid.DOWN
    return grid.LEFT if dx < 0 else grid.RIGHT


def decorated(shot: Shot, side_on: bool) -> tuple[np.ndarray, tuple[tuple[int, str], ...]]:
    """The plane of cells with looks of its own for trails and regions, and what those are."""
    plane = np.asarray(shot.shown["tiles"]).copy()
    extras: dict[tuple[int, str], int] = {}
    if not side_on:
        lying = [(mark.shape, mark.cells) for mark in shot.marks if mark.tinted]
        lying += [("dot:" + hexed(trail.colour), trail.cells) for trail in shot.trails]
        for name, cells in lying:
            for y, x in np.rint(np.asarray(cells, float).reshape(-1, 2)).astype(int).tolist():
                key = int(shot.shown["tiles"][y, x]), name
                plane[y, x] = extras.setdefault(key, len(shot.world.tiles) + len(extras))
    return plane, tuple(extras)


def upright(shot: Shot, a: Art, heading: int, whole: bool = False) -> np.ndarray:
    """The upright pictures of a shot, seen towards `heading`: float64[n, 6], as `cast` takes
    them; `whole`: with the learner in focus.
    """
    record, places, ghost, focus = shot.shown, shot.places, shot.ghost, shot.focus
    rows = []
    h, w = int(record.h), int(record.w)
    for y, x in np.argwhere(a.stand[record.tiles[:h, :w]] >= 0).tolist():
        rows.append((y + 0.5, x + 0.5, a.stand[record.tiles[y, x]], OBJECT, 0.0, 256.0))
    for k in range(shot.world.entities):
        if record.alive[k] and (whole or k != focus):
            pose = pose_of(int(record.face[k]), int(a.compass[k]), heading)
            rows.append(
                (places[k, 0] + 0.5, places[k, 1] + 0.5, a.pictures[k, pose], BODY, 0.0, 256.0)
            )
    if ghost is not None:
        for k in range(shot.world.learners):
            away = abs(float(ghost.y[k]) - places[focus, 0]) + abs(
                float(ghost.x[k]) - places[focus, 1]
            )
            if ghost.alive[k] and away > 0.5:
                pose = pose_of(int(ghost.face[k]), int(a.compass[k]), heading)
                rows.append(
                    (ghost.y[k] + 0.5, ghost.x[k] + 0.5, a.pictures[k, pose], BODY, 0.0, 110.0)
                )
    for mark in shot.marks:
        lift = 0.78 if mark.shape == INTENDED else 0.5
        texture = a.signs[mark.shape]
        rows += [(y + 0.5, x + 0.5, texture, 0.32, lift, 256.0) for y, x in mark.badges()]
    return np.array(rows, float).reshape(-1, 6)


def _map(picture: np.ndarray, shot: Shot, side: int) -> None:
    """The level from above, at most `side` pixels high, in the lower right corner."""
    h, w = int(shot.now.h), int(shot.now.w)
    rows, columns = shot.size
    p = max(side // h, 3)
    size = high, wide = min(h * p, side), min(w * p, int(columns * 0.45))
    if min(size) < 24:
        return
    place_y, place_x = shot.places[shot.focus].tolist()
    at = top.window(shot.world, shot.now, size, place_y, place_x, p)
    y, x, rim = rows - high - 8, columns - wide - 8, 3
    picture[y - rim : y + high + rim, x - rim : x + wide + rim] = BACKDROP
    picture[y : y + high, x : x + wide] = top.draw(replace(shot, size=size, at=at, under=()))


CAMERA = Camera("in first person", draw, first_person=True, heading=look_of, sight=Eyes)
