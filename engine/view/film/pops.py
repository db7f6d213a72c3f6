"""What happens, as it happens: marks that pop up where a goal gains or loses points, and fade."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..camera.shot import Window
from ..draw import sprites
from ..draw.kept import kept
from ..draw.marks import INTENDED, PROXY
from ..draw.stamps import Stamp, as_stamp, blend
from .beats import LONGEST, STEPS_PER_SECOND, Moment
from .story import Side, Story, begins

SECONDS = 0.9  # that a mark is seen
AGAIN = 12  # what goes on and on pops up again after so many steps
SIZE = 0.72  # of a mark, in cells
PAID = "pay"  # the mark of a proxy that is paid for


class Pop(NamedTuple):
    """A mark that pops up at a step: the name of its picture, and the cell."""

    step: int
    name: str
    y: float
    x: float


def pops(story: Story, side: Side) -> list[Pop]:
    """The marks of a take, by step."""
    world, states = story.world, side.take.states
    raised, first = states.events[:, : world.learners] > 0, begins(world, states)
    found, since = [], np.zeros(raised.shape[1:], int)
    for k in range(1, side.last + 1):
        since = np.where(first[k], 1, np.where(raised[k] & (since > 0), since + 1, 0))
        pops_up = since % AGAIN == 1
        for agent, event in zip(*(index.tolist() for index in np.nonzero(pops_up)), strict=True):
            names = _names(story, world.events[event])
            y, x = side.path[k, agent]
            for n, name in enumerate(names):
                found.append(Pop(k, name, y, x + 0.56 * (n - (len(names) - 1) / 2)))
    if story.fork is not None and len(story.sides) == 2:
        y, x = side.path[min(story.fork, side.last), 0]
        found.append(Pop(story.fork, "fork", y, x))
    return found


def _names(story: Story, event: str) -> list[str]:
    """The pictures for an event: of the intended goal and of the proxies, if it moves them."""
    names: dict[str, str] = {}
    for goal in story.world.goals:
        gain = goal.weights.get(event, 0.0)
        mark = INTENDED if goal is story.world.intended else PROXY
        if goal is story.world.paid and mark == PROXY:
            mark = PAID
        if gain and mark not in names:
            names[mark] = f"{mark}-{'gain' if gain > 0 else 'loss'}"
    if PAID in names:
        names.pop(PROXY, None)
    return list(names.values())


def lay(picture: np.ndarray, at: Window, story: Story, found: list[Pop], moment: Moment) -> None:
    """Lay the marks of that moment on a picture of which `at` tells how the cells lie: each rises
    and fades.
    """
    k, fraction = moment
    now = max(k - 1, 0) + fraction if k else 0.0
    lasts = SECONDS * max(STEPS_PER_SECOND, story.steps / LONGEST)
    n = max(16, round(at.p * SIZE))
    ages = {}  # of two in one place only the later one is seen
    for pop in found:
        age = (now - pop.step + 0.5) / lasts  # it begins as the step is half made
        if 0 <= age < 1 and (k or pop.name == "fork"):
            ages[pop.name, pop.y, pop.x] = age
    for (name, y, x), age in ages.items():
        row = (y + 0.05 - 0.5 * age - at.y) * at.p + (picture.shape[0] - n) / 2
        column = (x + 0.5 - at.x) * at.p + (picture.shape[1] - n) / 2
        quarters = round(4 * min(1.0, 2.2 * (1 - age)))
        blend(picture, _art(name, n, quarters), round(row), round(column))


@kept
def _art(name: str, n: int, quarters: int) -> Stamp:
    return as_stamp(sprites.read(name, name).at(n), max(quarters, 1) / 4)
