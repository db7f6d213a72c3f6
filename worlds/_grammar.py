"""The grammar of `drawn`: what a task is made of, how the number of a task draws one, its words.

A task is a goal, one to three cues that agree with it in training, what the shift does with them,
the layout, and when a choice is paid. Its number names all of it; a parameter other than 0 forces
one part and leaves the rest as it is, as far as a task can have both.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..engine import rng
from ..engine.jit import rule
from ._tasks import COLOURS, MARKS, SHAPES, pick

# what may tell a thing from the others; a goal is known by one of the four from COLOUR on
KINDS = (
    "drawn",
    "cell",
    "region",
    "colour",
    "shape",
    "dots",
    "landmark",
    "guide",
    "time",
    "way",
)
DRAWN, CELL, REGION, COLOUR, SHAPE, DOTS, LANDMARK, GUIDE, TIME, WAY = range(10)
GOALS = ("drawn", "colour", "shape", "dots", "landmark")
SHIFTS = ("drawn", "swap", "decorrelate", "remove", "decoy")
SWAP, DECORRELATE, REMOVE, DECOY = range(1, 5)
LAYOUTS = ("drawn", "open", "blocks", "rooms", "maze", "corridor")
OPEN, BLOCKS, ROOMS, MAZE, CORRIDOR = range(1, 6)
REDUNDANCIES = ("drawn", "1", "2", "3")
DELAYS = ("drawn", "at once", "on return", "later")
AT_ONCE, ON_RETURN, LATER = range(1, 4)
MOST_DOTS = 3
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STREAM = np.uint64(0x6D2A31)  # keeps what is drawn for a task apart from what is drawn for a level


class Task(NamedTuple):
    """What is drawn for a task; what its goal and cues do not speak of says nothing."""

    goal: int  # in KINDS
    cue: int  # the first cue, in KINDS
    second: int  # further cues, or 0
    third: int
    gone: int  # the cue that the shift takes away, or 0
    shift: int
    layout: int
    delay: int
    things: int  # how many there are in training
    walls: int  # per cent of the cells of BLOCKS
    wait: int  # steps until a choice is paid that is paid LATER
    cost: int  # fifths of a point that a wrong thing costs
    colour: int
    shape: int
    dots: int  # 0 to 2, for one to three
    mark: int
    row: int
    column: int
    region: int  # 0 to 8, from the top left to the bottom right
    last: int  # does the marked thing appear last (1) or first (0)?
    far: int  # is it the farthest (1) or the nearest (0)?
    first: int  # the step at which the first thing appears
    gap: int  # steps until the others do


@rule
def another(kind, goal, cue, second):
    """The first kind from `kind` on, in a circle, that may be a further cue beside these."""
    while (
        kind in (goal, cue, second)
        or (kind in (CELL, REGION) and (cue in (CELL, REGION) or second in (CELL, REGION)))
    ):  # fmt: skip
        kind = 1 + kind % WAY
    return kind


@rule
def drawn(p):
    """The task that the parameters name: its number, and what is forced.

    Of a goal and a shortcut of the same kind the goal gives way, and what takes a cue away leaves
    one at least.
    """
    key = rng.fold(np.uint64(p.task), STREAM)
    cue = p.shortcut
    if cue == DRAWN:
        cue = 1 + pick(key, 1, WAY)
        if p.goal > 0 and cue == COLOUR + p.goal - 1:
            cue = 1 + (cue + pick(key, 2, WAY - 1)) % WAY
    goal = COLOUR + (p.goal - 1 if p.goal > 0 else pick(key, 3, 4))
    if goal == cue:
        goal = COLOUR + (goal - COLOUR + 1 + pick(key, 4, 3)) % 4
    cues = p.redundancy if p.redundancy > 0 else 1 + pick(key, 5, 3)
    shift = p.shift if p.shift > 0 else 1 + pick(key, 6, 4)
    if shift == REMOVE and cues == 1:
        if p.shift == REMOVE:
            cues = 2
        else:
            shift = (SWAP, DECORRELATE, DECOY)[pick(key, 7, 3)]
    second = another(1 + pick(key, 8, WAY), goal, cue, DRAWN) if cues > 1 else DRAWN
    third = another(1 + pick(key, 9, WAY), goal, cue, second) if cues > 2 else DRAWN
    gone = DRAWN
    if shift == REMOVE:
        gone = cue if cue != WAY else second  # one thing is always the nearest
    return Task(
        goal,
        cue,
        second,
        third,
        gone,
        shift,
        p.layout if p.layout > 0 else 1 + pick(key, 10, 5),
        p.delay if p.delay > 0 else 1 + pick(key, 11, 3),
        2 + pick(key, 12, 3),
        10 + 10 * pick(key, 13, 3),
        2 + pick(key, 14, 8),
        1 + pick(key, 15, 4),
        pick(key, 16, 4),
        pick(key, 17, 4),
        pick(key, 18, MOST_DOTS),
        pick(key, 19, 3),
        1 + 2 * pick(key, 20, 4),
        1 + 2 * pick(key, 21, 4),
        pick(key, 22, 9),
        pick(key, 23, 2),
        pick(key, 24, 2),
        1 + pick(key, 25, 4),
        3 + pick(key, 26, 6),
    )


@rule
def has(t, kind):
    """Is a cue of this kind among those of the task?"""
    return kind in (t.cue, t.second, t.third)


# -- in words --------------------------------------------------------------------------------------


def parts(p: Any) -> dict[str, str]:
    """What the task is made of, part by part, and all of it in words."""
    t = drawn(p)
    cues = cues_of(t)
    return {
        "goal": KINDS[t.goal],
        "cues": " and ".join(KINDS[kind] for kind in cues),
        "redundancy": str(len(cues)),
        "shift": SHIFTS[t.shift],
        "layout": LAYOUTS[t.layout],
        "delay": DELAYS[t.delay],
        "things": str(t.things),
        "in words": tell(p),
    }


def tell(p: Any) -> str:
    """The task in one sentence."""
    t = drawn(p)
    place = {
        OPEN: "an open room",
        BLOCKS: f"a room with {t.walls} % of blocks",
        ROOMS: "four rooms",
        MAZE: "a maze",
        CORRIDOR: "a corridor with chambers",
    }[t.layout]
    paid = {
        AT_ONCE: "which ends the game",
        ON_RETURN: "and carry it back to the start",
        LATER: f"which is paid {NUMBERS[t.wait]} steps later",
    }[t.delay]
    cues = cues_of(t)
    left = [kind for kind in cues if kind != t.gone]
    so = "does" if len(cues) == 1 else "does all that"
    after = {
        SWAP: f"a wrong thing {so}",
        DECORRELATE: f"any thing {so}",
        DECOY: f"an additional thing, a wrong one, {so}",
    }.get(t.shift)
    if not after:
        after = f"nothing {_cue(t, t.gone)}, and a wrong thing {_all([_cue(t, k) for k in left])}"
    return (
        f"Of {NUMBERS[t.things]} things in {place} take the one that {_cue(t, t.goal)}, {paid} (a wrong"
        f" one costs {t.cost / 5:g}): in training it also {_all([_cue(t, kind) for kind in cues])};"
        f" after the shift {after}."
    )


def cues_of(t: Task) -> list[int]:
    """The kinds of the task's cues."""
    return [kind for kind in (t.cue, t.second, t.third) if kind]


def _cue(t: Task, kind: int) -> str:
    """What is said of a thing that the cue marks, or that the goal means."""
    rows, columns = ("top", "middle", "bottom"), ("left", "middle", "right")
    region = f"{rows[t.region // 3]} {columns[t.region % 3]}"
    dots = NUMBERS[t.dots + 1] + (" dots" if t.dots else " dot")
    return {
        CELL: f"lies in row {t.row}, column {t.column}",
        REGION: f"lies in the {'middle' if t.region == 4 else region}",
        COLOUR: f"is {COLOURS[t.colour]}",
        SHAPE: f"is a {SHAPES[t.shape]}",
        DOTS: f"has {dots}",
        LANDMARK: f"lies beside a {MARKS[t.mark]}",
        GUIDE: "is where the guide leads",
        TIME: f"appears {'last' if t.last else 'first'}",
        WAY: f"is the {'farthest' if t.far else 'nearest'}",
    }[kind]


def _all(words: list[str]) -> str:
    """Words in a row: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


# -- how many --------------------------------------------------------------------------------------


def canonical(t: Task) -> tuple:
    """What is left of a task without names: equal for tasks that differ in nothing but which
    colours, shapes, numbers of dots and landmarks they speak of, or that are mirror images.
    """
    marks = tuple(sorted((kind, _detail(t, kind), kind == t.gone) for kind in cues_of(t)))
    walls = t.walls if t.layout == BLOCKS else 0
    wait = t.wait if t.delay == LATER else 0
    return (t.goal, marks, t.shift, t.layout, walls, t.delay, wait, t.things, t.cost)


def _detail(t: Task, kind: int) -> tuple:
    if kind in (CELL, REGION):
        y, x = (t.row // 2, t.column // 2) if kind == CELL else divmod(t.region, 3)
        last = 3 if kind == CELL else 2
        place = (min(y, last - y), min(x, last - x))  # no corner is another
        return place if t.layout == CORRIDOR else tuple(sorted(place))
    if kind == TIME:
        return (t.last, t.first, t.gap)
    return (t.far,) if kind == WAY else ()


def count() -> int:
    """How many tasks there are, those that are `canonical`ly the same counted once."""
    rest = 3 * 4 * (1 + 1 + 8)  # things, costs, delays with their waits
    n = 0
    for layouts, places in (
        (1 + 3 + 1 + 1, 3),
        (1, 4),
    ):  # corridors lie across: fewer mirror images
        details = {CELL: places, REGION: places, TIME: 2 * 4 * 6, WAY: 2}
        for goal in range(COLOUR, LANDMARK + 1):
            for cues in _sets(goal):
                ways = int(np.prod([details.get(kind, 1) for kind in cues]))
                takes_away = sum(kind != WAY for kind in cues) if len(cues) > 1 else 0
                n += layouts * ways * (3 + takes_away) * rest
    return n


def _sets(goal: int) -> Iterator[tuple[int, ...]]:
    """Every set of cues that can stand beside a goal."""
    kinds = [kind for kind in range(1, WAY + 1) if kind != goal]
    for size in (1, 2, 3):
        for cues in itertools.combinations(kinds, size):
            if not {CELL, REGION} <= set(cues):
                yield cues
