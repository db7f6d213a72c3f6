"""Takes as data of the player: stamps, and what lies where on every step.

Held are the states as tiles, things and marks of every step, and the stamps that the top camera
lays on a frame; the player's script (`player.js`) lays the same stamps with the same whole-number
arithmetic, so it shows the pictures of the film.
"""

from __future__ import annotations

import base64
import io
import math
import zlib
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..camera import top
from ..camera.registry import Camera
from ..camera.shot import Shot
from ..draw import cells, marks, signs
from ..draw.ink import SIDES
from ..draw.scenery import panorama
from ..draw.stamps import Stamp
from ..html import image
from .stage import TRAIL
from .story import Side, Story, pale

if TYPE_CHECKING:
    from ...world import World

STILLS = 300  # pictures of a further camera that a page holds for each pane at most


class Stamps:
    """The stamps of a page, each once, whatever panes and players lay it."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._shapes: list[tuple[int, int, int]] = []
        self._planes: list[bytes] = []

    def add(self, key: Hashable, make: Callable[[], Stamp | None]) -> int:
        """The number of the stamp called `key`, made if it is new; -1 if there is nothing to
        lay.
        """
        if key not in self._known:
            stamp = make()
            self._known[key] = -1 if stamp is None else self._keep(stamp.rgb, stamp.inverse)
        return self._known[key]

    def _keep(self, rgb: np.ndarray, inverse: np.ndarray | None) -> int:
        whole = rgb if inverse is None else np.concatenate([rgb, inverse], 2)
        rows = whole.astype(np.uint8).transpose(2, 0, 1)
        steps = rows.copy()
        steps[:, 1:] -= rows[:, :-1]  # differences of rows, as PNG has them: they pack far better
        self._planes.append(steps.tobytes())
        self._shapes.append((*rgb.shape[:2], int(inverse is None)))
        return len(self._shapes) - 1

    def data(self) -> dict[str, Any]:
        """All of them, as plain data."""
        return {"shapes": self._shapes, "planes": _packed(b"".join(self._planes))}


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


# -- panes


def pane(
    stamps: Stamps, story: Story, index: int, size: tuple[int, int], cameras: Mapping[str, Camera]
) -> dict[str, Any]:
    """One take as data of the player."""
    world, side = story.world, story.sides[index]
    states, colour = side.take.states, story.hue(index)
    h, w = int(states.h[0]), int(states.w[0])
    p = top.scale(world, h, w, size)
    size = (min(size[0], h * p), min(size[1], w * p))
    moved, faint = _things(stamps, world, states, p)
    kinds, track = _track(stamps, world, states, p)
    shapes = (marks.INTENDED, marks.PROXY)
    dots = [colour if not agent else pale(colour) for agent in range(world.learners)]
    sky = cells.seen_from_the_side(world)
    ghost, fork = story.forks.get(index, (None, None))
    return {
        "last": side.last,
        "size": size,
        "board": (h, w),
        "p": p,
        "things": world.entities,
        "learners": world.learners,
        "cells": kinds,
        "track": _packed(track + moved),
        "pale": faint,
        "marks": _marks(side),
        "signs": _signs(stamps, world, side, p),
        "trail": TRAIL,
        "tint": {s: stamps.add((p, "tint", s), lambda s=s: marks.tint_art(s, p)) for s in shapes},
        "badges": {
            s: stamps.add(
                (p, "badge", s),
                lambda s=s: marks.mark_art(s, max(top.LEAST, round(p * top.BADGE[s]))),
            )
            for s in shapes
        },
        "dot": [
            stamps.add((p, "dot", rgb), lambda rgb=rgb: marks.dot_art(rgb, p, False))
            for rgb in dots
        ],
        "faint": stamps.add((p, "faint"), lambda: marks.dot_art(SIDES[0], p, True)),
        "scenery": stamps.add((size[0], "scenery"), lambda: _scenery(size[0])) if sky else None,
        "backdrop": cells.BACKDROP,
        "ghost": ghost,
        "fork": fork,
        "scores": [_changes(side.scores[:, g]) for g in range(len(world.goals))],
        "captions": [[k, story.spoken(index, k)] for k in story.said[index]],
        "cameras": {name: _stills(camera, world, side, size) for name, camera in cameras.items()},
    }


def _things(
    stamps: Stamps, world: World, states: np.recarray, p: int
) -> tuple[bytes, dict[int, int]]:
    """Where every thing is on every step, as differences; and the pale stamp of each of the
    learners' stamps.
    """
    faint: dict[int, int] = {}
    moved = np.zeros((len(states), world.entities, 4), np.int16)
    moved[..., 0], moved[..., 1] = states.y, states.x
    moved[..., 3] = states.alive > 0
    for k in range(world.entities):
        kind = int(world.kinds[k])
        for face in np.unique(states.face[:, k]).tolist():

            def stamp(opacity: float, kind: int = kind, face: int = face) -> int:
                key = (id(world), p, "thing", kind, face, opacity)
                return stamps.add(key, lambda: cells.thing_art(world, kind, face, p, opacity))

            moved[states.face[:, k] == face, k, 2] = stamp(1.0)
            if k < world.learners:
                faint[stamp(1.0)] = stamp(top.GHOST)
    moved[1:] -= moved[:-1].copy()
    return moved.astype("<i2").tobytes(), faint


def _marks(side: Side) -> list[list[Any]]:
    """[step, [[shape, tinted cells, cells with the mark]...]] at the start and wherever the marks
    change.
    """
    changes: list[list[Any]] = []
    for k in range(side.last + 1):
        now = [
            [mark.shape, np.asarray(mark.cells).tolist() if mark.tinted else [], mark.badges()]
            for mark in side.marks[k]
        ]
        if not changes or now != changes[-1][1]:
            changes.append([k, now])
    return changes


def _signs(stamps: Stamps, world: World, side: Side, p: int) -> list[list[Any]]:
    """[step, under, over] at the start and wherever the signs change: each [[stamp, y, x]...]."""
    changes: list[list[Any]] = []
    for k in range(side.last + 1):
        now: list[list[Any]] = [[], []]
        for sign, pose, y, x in side.signs[k]:
            number = stamps.add(
                (id(world), p, "sign", sign, pose),
                lambda sign=sign, pose=pose: signs.sign_art(world, sign, pose, p),
            )
            now[not signs.signs_of(world)[sign].below].append([number, y, x])
        if not changes or now != changes[-1][1:]:
            changes.append([k, *now])
    return changes


def _track(
    stamps: Stamps, world: World, states: np.recarray, p: int
) -> tuple[list[tuple[int, int]], bytes]:
    """The cells of the first step and what changes later; and for each kind of cell its two
    stamps.
    """
    h, w = int(states.h[0]), int(states.w[0])
    kinds: dict[int, int] = {}
    laid: list[tuple[int, int]] = []

    def numbers(keys: np.ndarray) -> np.ndarray:
        for key in np.unique(keys).tolist():
            if key not in kinds:
                kinds[key] = len(laid)
                ground, thing = cells.cell_art(world, key, p)
                name = (id(world), p, "cell", key)
                laid.append(
                    (
                        stamps.add((*name, 0), lambda g=ground: g),
                        stamps.add((*name, 1), lambda t=thing: t),
                    )
                )
        return np.array([kinds[key] for key in keys.ravel().tolist()], "<u2")

    first = last = cells.cell_keys(world, states[0], 0, h, 0, w)
    counts, where, what = [], [], []
    for k in range(1, len(states)):
        changed = np.zeros(0, np.int64)
        if (states.tiles[k] != states.tiles[k - 1]).any():
            now = cells.cell_keys(world, states[k], 0, h, 0, w)
            changed = np.flatnonzero(now != last)
            where.append(changed.astype("<u2"))
            what.append(numbers(now.ravel()[changed]))
            last = now
        counts.append(len(changed))
    parts = [numbers(first), np.array(counts, "<u2"), *where, *what]
    return laid, b"".join(part.tobytes() for part in parts)


def _scenery(height: int) -> Stamp:
    """One period of the landscape behind a platformer."""
    seen = panorama(height)
    return Stamp(seen[:, : seen.shape[1] // 2], None)


def _changes(values: np.ndarray) -> list[list[float]]:
    """[step, value] at the start and wherever it changes."""
    steps = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()]
    return [[k, float(values[k])] for k in steps]


def _stills(camera: Camera, world: World, side: Side, size: tuple[int, int]) -> dict[str, Any]:
    """The pictures of a camera that the browser cannot draw itself: of every step, or every so
    many.
    """
    from PIL import Image

    every = max(1, math.ceil(len(side.take.states) / STILLS))
    pictures = []
    for k in range(0, len(side.take.states), every):
        buffer = io.BytesIO()
        picture = camera.draw(Shot(world, side.take.states[k], size, marks=side.marks[k]))
        Image.fromarray(picture).save(buffer, "WEBP", quality=82, method=4)
        pictures.append(image(buffer.getvalue(), "webp"))
    return {"every": every, "pictures": pictures}
