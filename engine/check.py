"""May the engine run on these records? Compiled rules index with what a record holds, so whatever
comes from outside is checked here first, whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import need
from .world import World

FARTHEST = 10**9  # no count, step or total is larger


def need_all(true: np.ndarray | bool, message: str) -> None:
    """Raise UserError with `message` unless it is true everywhere."""
    need(np.all(true), message)


def board(world: World, states: np.ndarray) -> None:
    """Raise UserError unless the engine itself stays in bounds on `states`, at any step of an
    episode.

    Size, row, tiles, and where things stand that are drawn (present ones and learners). What only a
    world's own rules read is not looked at; see `states` for states of strangers.
    """

    (height, width), tall, wide = world.size, states["h"], states["w"]
    need_all(
        (tall >= 1) & (tall <= height) & (wide >= 1) & (wide <= width),
        "a level does not fit the size of the world",
    )
    drawn = states["alive"] != 0
    drawn[:, : world.learners] = True
    y, x = states["y"], states["x"]
    on_board = (y >= 0) & (y < tall[:, None]) & (x >= 0) & (x < wide[:, None])
    need_all(on_board | ~drawn, "a thing stands outside its level")
    need_all(states["tiles"] < len(world.tiles), "a cell holds a tile that the world lacks")
    need_all(
        (states["row"] >= 0) & (states["row"] < len(world.rows)),
        "a row of parameters does not exist",
    )


def states(world: World, states: np.ndarray, start: bool = True) -> None:
    """Raise UserError unless rules may safely run on `states`, whoever made them.

    Positions must lie on the level, poses, tiles and rows must exist, and the world's own fields
    must keep to its `limits`; a field without limits must be zero. At the `start` of an episode
    every learner is on the map; later it may be out of play.
    """

    def within(name: str, low: Any, high: Any, message: str) -> None:
        need_all((states[name] >= low) & (states[name] <= high), message)

    (height, width), tall, wide = world.size, states["h"], states["w"]
    within("h", 1, height, "its size does not fit the world")
    within("w", 1, width, "its size does not fit the world")
    within("y", 0, tall[:, None] - 1, "a thing stands outside the map")
    within("x", 0, wide[:, None] - 1, "a thing stands outside the map")
    within("face", 0, np.maximum(world.poses, 5) - 1, "a thing has a pose that it lacks")
    within("alive", 0, 1, "a thing is present (1) or not (0)")
    playing = states["alive"][:, : world.learners]
    need_all(not start or playing == 1, "every agent that learns must be on the map")
    within("tiles", 0, len(world.tiles) - 1, "a cell holds a tile that the world lacks")
    within("row", 0, len(world.rows) - 1, "its row of parameters does not exist")
    within("ended", 0, 2, "it is neither running nor ended")
    for name in ("t", "episode", "draws", "events", "totals"):
        within(name, 0, FARTHEST, f"'{name}' is out of range")
    within("padding", 0, 0, "its padding is not empty")
    for name in world.shapes:
        low, high = world.limits.get(name, (0, 0))
        message = f"the field '{name}' must be {low:g} to {high:g}"
        if name not in world.limits:
            message = (
                f"the field '{name}' must be 0: world '{world.name}' gives no limits for it, such as"
                f" limits={{'{name}': (0, 9)}}"
            )
        within(name, low, high, message)
