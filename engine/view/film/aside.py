"""The middle of a film of two panes: what the agent knew, and what the two have come to.

At its top lies the level of the same seed under the split that the agent was trained on, in which
the moves of a pane are made that are right there; or, where that is the split of the film, what the
agent is paid for. Below are the tallies of the world, the left take's to the
left and the right one's to the right. Pictures and numbers, no words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...state import TERMINATED
from ...vector import Vec, level_of
from ..camera import top
from ..camera.shot import Shot
from ..draw import signs, sprites
from ..draw.ink import LINE, PANEL, TEXT, box, icon, in_pixels, scaled, write
from ..draw.marks import INTENDED, PROXY, Trail, goal_marks, mark_art
from ..draw.stamps import as_stamp, blend
from .layout import in_units
from .story import Story, Take, side_of

if TYPE_CHECKING:
    from ...world import World

CAP = 40  # units of the cap above the training level
ROW = 46  # of a tally
SMALL = 10  # pixels of a cell, at least
LEGIBLE = 18  # of a goal's mark there


class Aside:
    """The middle column of a film."""

    def __init__(self, story: Story, sides: tuple[int, int], first: int, unit: float = 1.0) -> None:
        """`sides` are its left and its right end, `first` is its top, in units of so many pixels."""
        self.story, (self.left, self.right), self.unit = story, sides, unit
        self.counts = [signs.tallies(story.world, side.take.states) for side in story.sides]
        self.before, self.whose = rehearsal(story)
        self.first = first
        self.rows = self.first + 4
        self._last: tuple[int, np.ndarray] | None = None  # the step drawn last, and its picture

    def furnish(self, frame: np.ndarray) -> None:
        """Draw all that never changes."""
        with scaled(self.unit):
            self._furnish(frame)

    def _furnish(self, frame: np.ndarray) -> None:
        middle, y, world = (self.left + self.right) // 2, self.first, self.story.world
        if self.before is not None:
            icon(frame, "cap", y, middle - CAP // 2, CAP)
            high, wide = in_units(self._picture(0).shape[:2], self.unit)
            y += CAP + 4
            box(frame, y - 3, middle - wide // 2 - 3, y + high + 3, middle + wide // 2 + 3, LINE, 4)
            self.rows = y + high + 14
        elif world.paid is not world.intended:
            icon(frame, "pay", y + 10, middle - 68, 56)
            icon(frame, "equals", y + 24, middle - 14, 28)
            icon(frame, PROXY, y + 10, middle + 14, 54)
            self.rows = y + 90
        for k, tally in enumerate(world.tallies):
            y = self.rows + ROW * k
            box(frame, y, self.left + 4, y + ROW - 6, self.right - 4, PANEL, 10)
            y, x, side = in_pixels(y + 3, middle - (ROW - 12) // 2, ROW - 12)
            blend(frame, as_stamp(sprites.read(tally.sprite, "tally", tile=False).at(side)), y, x)

    def draw(self, frame: np.ndarray, shown: list[int]) -> None:
        """Draw the moves in training and write the tallies, at the steps shown."""
        middle, wide = (self.left + self.right) // 2, (self.right - self.left) // 2
        if self.before is not None:
            picture = self._picture(min(shown[self.whose], len(self.before) - 1))
            [y, x] = in_pixels(self.first + CAP + 4, middle)
            x -= picture.shape[1] // 2
            frame[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        for side, sign in ((0, -1), (1, 1)):
            for k, row in enumerate(self.counts[side]):
                n = int(row[min(shown[side], len(row) - 1)])
                at = self.rows + ROW * k + 4, middle + sign * (wide // 2 + 8)
                ink = self.story.hue(side) if n else TEXT
                write(frame, str(n), *at, 24, ink, True, "middle")

    def _picture(self, step: int) -> np.ndarray:
        """The training level after so many steps: uint8[h, w, 3], all of it or what is near the
        learner.
        """
        if self._last is None or self._last[0] != step:
            assert self.before is not None
            with scaled(1.0):  # within a picture all is in pixels
                self._last = step, self._drawn(self.before, step)
        return self._last[1]

    def _drawn(self, states: np.recarray, step: int) -> np.ndarray:
        world, record, unit = self.story.world, states[step], self.unit
        wide = round((self.right - self.left) * unit)
        h, w = int(record.h), int(record.w)
        p = max(round(SMALL * unit), min(wide // w, wide // h))
        size = (min(h * p, wide), min(w * p, wide) // 2 * 2)
        path = np.stack([states.y[: step + 1, 0], states.x[: step + 1, 0]], 1)
        at = top.window(world, record, size, float(path[-1, 0]), float(path[-1, 1]), p)
        under, over = signs.lying(world, signs.signs(world, states, step), p)
        trail = Trail(path, self.story.hue(self.whose))
        marks = goal_marks(world, states, step)
        picture = top.draw(
            Shot(world, record, size, at=at, trails=[trail], marks=marks, under=under, over=over)
        )
        for mark in marks:  # larger than a cell of this size would bear them
            n, right = max(round(LEGIBLE * unit), p), mark.shape == INTENDED
            for y, x in mark.badges():
                y, x = round((y + 0.5 - at.y) * p) + size[0] // 2, round((x + 0.5 - at.x) * p)
                x += size[1] // 2 + (0 if right else -n)
                blend(picture, mark_art(mark.shape, n), y - n, x)
        if step and step == len(states) - 1:
            tick = round(46 * unit)
            icon(picture, "tick", size[0] - tick, size[1] - tick, round(42 * unit))
        return picture


def rehearsal(story: Story) -> tuple[np.recarray | None, int]:
    """The level of the film's seed as it is under the split trained on, recarray [n]; and of which
    pane the moves are that are made in it.

    They are those that earn most of the intended goal there, the trained agent's first, if they end
    the episode or earn as much as anybody in the film; else only the start is shown. None if the
    film is of the split trained on, of no trained agent, or of a level made by hand.
    """
    world, start = story.world, story.sides[0].take.states[0]
    trained = [k for k, side in enumerate(story.sides) if side.take.trained_on]
    here = world.rows[int(start.row)] == world.train
    if not trained or here or not story.same_level or int(start.seed) < 0:
        return None, 0
    level = level_of(world, int(start.seed), "train")
    best, most, whose = level, 0.0, trained[-1]
    enough = max(float(side.scores[-1, 0]) for side in story.sides)
    for k in sorted(range(len(story.sides)), key=lambda k: k != whose):
        made = _lived(world, level, story.sides[k].take.actions)
        score = float(side_of(world, Take("", "", made)).scores[-1, 0])
        if (made.ended[-1] == TERMINATED or score >= enough) and score > most:
            best, most, whose = made, score, k
    return best, whose


def _lived(world: World, level: np.recarray, actions: np.ndarray | None) -> np.recarray:
    """The states that the actions lead to, up to the end of the episode."""
    vec = Vec(world, 1, "train", autoreset="off")
    vec.start_from(level)
    states = [vec.states.copy()]
    for action in actions if actions is not None else ():
        if vec.states.ended[0]:
            break
        vec.step(action[None])
        states.append(vec.states.copy())
    return np.concatenate(states).view(np.recarray)
