"""A task out of a grammar.

`mystery` draws one of six shortcuts. Here the number `task` names a sentence of a grammar (see
`_grammar.py`): what makes a thing the right one (its colour, its shape, its dots, the landmark
beside it), one to three cues that mark it in training (the cell or region where it lies, colour,
shape, dots, a landmark, a guide, when it appears, how far it is), what the shift does with them (a
wrong thing has them, any thing, one that was not there before; or one cue is gone and a wrong thing
has the others), where that happens, and when a choice is paid. `goalshift worlds drawn --world.task
17` says it in words; there are some 60 million. The first thing taken decides. Two words to be read
with care: near and far are steps over open floor, as if no other thing stood there, and a guide
waits beside its thing on a cell that another may border on, too.
"""

from typing import NamedTuple

import numpy as np

from ..engine import grid, layout, rng
from ..engine.grid import MOVES
from ..engine.jit import rule
from ..engine.world import Goal, Thing, Tile, World
from . import _grammar as grammar
from ._grammar import CELL, COLOUR, DOTS, GUIDE, LANDMARK, MOST_DOTS, SHAPE, TIME, drawn, has
from ._places import FLOOR, LANDMARKS, SIZE, START, WALL, breach, build, moves_out, places, spread
from ._tasks import ART, COLOURS, MARKS, PAINTS, SHAPES, bot, bring_guide

THINGS = LANDMARKS + len(MARKS)  # the first of the things to take
RIGHT, WRONG, SHORTCUT, COST = range(4)
MOST = 5  # things


class Params(NamedTuple):
    task: int = 3  # names the task; what is not 0 below forces a part of it
    goal: int = 0  # in GOALS
    shortcut: int = 0  # the first cue, in KINDS
    redundancy: int = 0  # how many cues agree
    shift: int = 0  # in SHIFTS
    layout: int = 0  # in LAYOUTS
    delay: int = 0  # in DELAYS
    shifted: int = 0  # do the cues still mark the right thing?


# -- the things ------------------------------------------------------------------------------------


@rule
def looks(s, t, kind, own, n, here):
    """Write what each thing has of `kind`, one of n values, into `here` (int64[MOST]): the right
    one, or the marked one, alone has the task's `own` where it counts.
    """
    bears = has(t, kind) and not (s.strays and t.gone == kind)
    for k in range(MOST):
        here[k] = (own + rng.between(s, 1, n - 1)) % n
        free = rng.below(s, n)
        if t.goal != kind and not has(t, kind):
            here[k] = free
    if bears:
        here[0] = own


@rule
def generate(s, p):
    t = drawn(p)
    build(s, t)
    for attempt in range(120):
        if attempt == 100:
            layout.box(s, FLOOR, 1, 1, s.h - 2, s.w - 2)
        elif attempt >= 10:  # too narrow
            breach(s)
        under = s.tiles[t.row, t.column]
        if has(t, CELL):
            s.tiles[t.row, t.column] = WALL  # until the mouse has found another
        y, x = layout.clear_cell(s, p, FLOOR)
        grid.put(s, 0, y, x)
        s.tiles[t.row, t.column] = FLOOR if has(t, CELL) else under
        if has(t, CELL):
            layout.connect(s, p, FLOOR, y, x, t.row, t.column)
        if spread(s, p, t):
            break
    s.home_y = s.y[0]
    s.home_x = s.x[0]
    s.wait = t.wait if t.delay == grammar.LATER else 0
    s.returns = t.delay == grammar.ON_RETURN
    s.cost = t.cost
    s.strays = p.shifted
    n = places(t)
    if moves_out(t):
        n -= 1
        if p.shifted:
            s.spot_y[0], s.spot_y[n] = s.spot_y[n], s.spot_y[0]
            s.spot_x[0], s.spot_x[n] = s.spot_x[n], s.spot_x[0]
    if has(t, GUIDE):
        bring_guide(s, p, n)
        s.alive[1] = not (p.shifted and t.gone == GUIDE)
    if t.shift == grammar.DECOY and not p.shifted:
        n -= 1
    fill(s, p, t, n)


@rule
def fill(s, p, t, n):
    """Say what the n things look like, which of them is right, and when they appear.

    All that the shift changes is drawn last.
    """
    colour, shape = np.empty(MOST, np.int64), np.empty(MOST, np.int64)
    dots, mark = np.empty(MOST, np.int64), np.empty(MOST, np.int64)
    looks(s, t, COLOUR, t.colour, len(COLOURS), colour)
    looks(s, t, SHAPE, t.shape, len(SHAPES), shape)
    looks(s, t, DOTS, t.dots, MOST_DOTS, dots)
    looks(s, t, LANDMARK, t.mark, len(MARKS), mark)
    s.right = 0
    if p.shifted:
        s.right = rng.between(s, int(t.shift != grammar.DECORRELATE), n - 1)
    if t.goal == COLOUR:
        colour[s.right] = t.colour
    elif t.goal == SHAPE:
        shape[s.right] = t.shape
    elif t.goal == DOTS:
        dots[s.right] = t.dots
    else:
        mark[s.right] = t.mark
    for k in range(places(t)):
        for act in range(1, 5):
            y, x = s.spot_y[k] + grid.DY[act], s.spot_x[k] + grid.DX[act]
            if s.tiles[y, x] == LANDMARKS and grid.inside(s, y, x):
                s.tiles[y, x] = LANDMARKS + mark[k]
    for k in range(n):
        s.tile[k] = THINGS + (len(SHAPES) * colour[k] + shape[k]) * MOST_DOTS + dots[k]
        s.when[k] = 0
        if has(t, TIME):
            early = (k == 0) != (t.last == 1) or (p.shifted and t.gone == TIME)
            s.when[k] = t.first + (0 if early else t.gap)
        if s.when[k] == 0:
            s.tiles[s.spot_y[k], s.spot_x[k]] = s.tile[k]


@rule
def thing_on(s, y, x):
    """The number of the thing that lies on the cell, or -1. Thing 0 is the marked one."""
    if s.tiles[y, x] >= THINGS:
        for k in range(MOST):
            if s.tile[k] > 0 and s.spot_y[k] == y and s.spot_x[k] == x:
                return k
    return -1


@rule
def is_home(s, y, x):
    """Is this where a thing that was taken is to be brought?"""
    return s.held > 0 and s.returns == 1 and y == s.home_y and x == s.home_x


@rule
def is_right(s, p, me, y, x):
    return is_home(s, y, x) or thing_on(s, y, x) == s.right


@rule
def is_wrong(s, p, me, y, x):
    k = thing_on(s, y, x)
    return k >= 0 and k != s.right


@rule
def is_marked(s, p, me, y, x):
    return is_home(s, y, x) or thing_on(s, y, x) == 0


@rule
def is_unmarked(s, p, me, y, x):
    return thing_on(s, y, x) > 0


@rule
def step(s, p, me, act):
    y, x = grid.walk(s, p, me, act)
    if me > 0:
        return
    k = thing_on(s, y, x)
    if k >= 0:
        s.held = k + 1
        s.due = s.t + s.wait
        for other in range(MOST):
            if s.tile[other] > 0 and s.tiles[s.spot_y[other], s.spot_x[other]] >= THINGS:
                s.tiles[s.spot_y[other], s.spot_x[other]] = FLOOR
        if s.returns == 1:
            s.tiles[s.home_y, s.home_x] = START
    if s.held > 0 and (is_home(s, y, x) if s.returns == 1 else s.t >= s.due):
        right = s.held - 1 == s.right
        s.events[me, SHORTCUT] += s.held == 1
        s.events[me, RIGHT if right else WRONG] += 1
        s.events[me, COST] += 0 if right else s.cost


@rule
def tick(s, p):
    """Things appear when their time has come, as long as none has been taken."""
    for k in range(MOST):
        if s.when[k] > 0 and s.when[k] == s.t + 1 and s.held == 0:
            s.tiles[s.spot_y[k], s.spot_x[k]] = s.tile[k]


# -- how it looks ----------------------------------------------------------------------------------

CHARS = "abcdefghijklmnopqrstuvwxyzACDEFGHIJKLMNOPQRSVWXYZ"


def kind_of_thing(number: int) -> Tile:
    """The tile of a thing: its colour, its shape, and its dots along the lower edge."""
    body, dots = divmod(number, MOST_DOTS)
    colour, shape = COLOURS[body // len(SHAPES)], SHAPES[body % len(SHAPES)]
    art = ART[shape].format(PAINTS.get(colour, colour))
    for k in range(dots + 1):
        x = 50 + 30 * (k - dots / 2)
        art += f"\ndisc ink {x:g} 83 15 flat\ndisc white {x:g} 83 11 flat"
    some = f"{grammar.NUMBERS[dots + 1]} dot{'s' * (dots > 0)}"
    seen = {colour: 1, shape: 1, some: 1}
    return Tile(f"{colour} {shape}, {some}", CHARS[number], looks=seen, sprite=art)


WORLD = World(
    story=__doc__,
    source="goalshift; nobody has published such a distribution of tasks",
    reported="nothing is reported: there is no source",
    size=(SIZE, SIZE),
    horizon=64,
    view=(13, 13),  # every cell within the walls, from wherever the mouse is
    tiles=(
        Tile("floor", "."),
        Tile("wall", "#", solid=True),
        Tile("start", "_", sprite="mat"),
        *(
            Tile(mark, "TBU"[k], solid=True, looks={"landmark": 1, mark: 1})
            for k, mark in enumerate(MARKS)
        ),
        *map(kind_of_thing, range(len(COLOURS) * len(SHAPES) * MOST_DOTS)),
    ),
    things=(
        Thing("mouse", "@", agent=True, poses=5, tell=False),
        Thing("guide", "&", bot=True, poses=5, tell=False),
    ),
    actions=MOVES,
    events=("right", "wrong", "shortcut", "cost"),
    ends_on=("right", "wrong"),
    captions={"right": "has taken the right thing", "wrong": "has taken a wrong thing"},
    fields={
        # the cells of the things; the first is the marked one
        "spot_y": (MOST,),
        "spot_x": (MOST,),
        "tile": (MOST,),  # what they look like; 0: there is no such thing
        "when": (MOST,),  # the step at which they appear; 0: there from the start
        "right": (),  # which of them is right
        "held": (),  # 1 + the thing that was taken; 0: none
        "home_y": (),  # where the mouse began
        "home_x": (),
        "returns": (),  # is a thing paid there?
        "wait": (),  # steps until it is paid elsewhere
        "due": (),  # the step at which it is
        "cost": (),  # of a wrong one
        "strays": (),  # is this a level after the shift?
        "ways": (SIZE, SIZE),  # the guide's distances to the first thing
    },
    scratch=("ways",),
    params=Params,
    limits={
        "task": (0, 999_999_999),
        "goal": (0, len(grammar.GOALS) - 1),
        "shortcut": (0, len(grammar.KINDS) - 1),
        "redundancy": (0, 3),
        "shift": (0, len(grammar.SHIFTS) - 1),
        "layout": (0, len(grammar.LAYOUTS) - 1),
        "delay": (0, len(grammar.DELAYS) - 1),
        "shifted": (0, 1),
        "spot_y": (0, SIZE - 1),
        "spot_x": (0, SIZE - 1),
        "tile": (0, THINGS + len(COLOURS) * len(SHAPES) * MOST_DOTS - 1),
        "when": (0, 64),
        "right": (0, MOST - 1),
        "held": (0, MOST),
        "home_y": (0, SIZE - 1),
        "home_x": (0, SIZE - 1),
        "returns": (0, 1),
        "wait": (0, 9),
        "due": (0, 99),
        "cost": (0, 4),
        "strays": (0, 1),
        "ways": (-2, SIZE * SIZE),
    },
    labels={
        "goal": grammar.GOALS,
        "shortcut": grammar.KINDS,
        "redundancy": grammar.REDUNDANCIES,
        "shift": grammar.SHIFTS,
        "layout": grammar.LAYOUTS,
        "delay": grammar.DELAYS,
    },
    tells=grammar.parts,
    train=Params(),
    deploy=Params(shifted=1),
    generate=generate,
    step=step,
    tick=tick,
    bot=bot,
    training=dict(
        gamma=0.97,
        lr=3e-3,
        envs=256,
        rollout=16,
        minibatch=2048,
        anneal=True,
        first=48,
        width=64,
        steps=600_000,
    ),
    intended=Goal(
        "right",
        {"right": 1.0, "cost": -0.2},
        seek=is_right,
        avoid=is_wrong,
        wish="take the right thing",
    ),
    proxies=(
        Goal(
            "shortcut",
            {"shortcut": 1.0},
            seek=is_marked,
            avoid=is_unmarked,
            wish="take the thing that the cues mark",
        ),
    ),
)
