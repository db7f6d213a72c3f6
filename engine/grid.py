"""Rules on one record: where things stand, walk, look and touch. Positions are (y, x); y grows
downwards.
"""

import numpy as np

from . import raw
from .jit import rule

MOVES = ("stay", "up", "left", "down", "right")
STAY, UP, LEFT, DOWN, RIGHT = range(5)
DY = np.array([0, -1, 0, 1, 0])
DX = np.array([0, 0, -1, 0, 1])
# A flood goes the first WAYS of these ways: the last four are diagonal.
WAYS = 4
AROUND_Y = np.array([-1, 0, 1, 0, -1, -1, 1, 1])
AROUND_X = np.array([0, -1, 0, 1, -1, 1, -1, 1])
ONE, NONE = np.uint64(1), np.uint64(0)
BIT = np.uint64(63)  # the last bit of a word
OPEN, LAYER, NEXT, ROWS = 4, 5, 6, 7  # the rows of the `bits` of `flood_bits`


@rule
def inside(s, y, x):
    """Does the cell lie on the level?"""
    return 0 <= y < s.h and 0 <= x < s.w


@rule
def solid(s, p, y, x):
    """Is the cell outside the level or filled with a solid tile?"""
    if not inside(s, y, x):
        return True
    return p.solid[s.tiles[y, x]] != 0


@rule
def walk(s, p, who, act):
    """Move thing `who` one cell in direction `act`, unless something solid is there; returns its
    cell (y, x).
    """
    y, x = s.y[who] + DY[act], s.x[who] + DX[act]
    if act != STAY:
        s.face[who] = act
        if not solid(s, p, y, x):
            s.y[who] = y
            s.x[who] = x
    return s.y[who], s.x[who]


@rule
def put(s, who, y, x):
    """Place thing `who` on a cell and make it present."""
    s.y[who] = y
    s.x[who] = x
    s.alive[who] = 1


@rule
def thing_at(s, y, x, first, last):
    """The lowest-numbered present thing among first..last-1 on the cell, or -1."""
    for k in range(first, last):
        if s.alive[k] and s.y[k] == y and s.x[k] == x:
            return k
    return -1


@rule
def occupied(s, y, x, first, last):
    """Is a present thing among first..last-1 on the cell? Without a branch, which is quicker than
    `thing_at`.
    """
    found = 0
    for k in range(first, last):
        found |= s.alive[k] & (s.y[k] == y) & (s.x[k] == x)
    return found != 0


@rule
def distance(ya, xa, yb, xb):
    """Steps between two cells on an open board."""
    return abs(ya - yb) + abs(xa - xb)


@rule
def beside(ya, xa, yb, xb):
    """The same cell or one of its eight neighbours?"""
    return abs(ya - yb) <= 1 and abs(xa - xb) <= 1


@rule
def flood(s, p, distances, queue):
    """Breadth-first distances over walkable cells, from every cell whose entry in `distances` is 0.

    `distances` (integers[>= h, >= w]) holds 0 at the sources, -1 elsewhere, and -2 on cells to keep
    off; unreachable cells stay -1. `queue` (int64[>= h * w]) is scratch. Returns the number of
    cells reached, sources included. Steps are up, left, down and right, and diagonal ones too where
    8 is bound to WAYS.
    """
    head = tail = 0
    for y in range(s.h):
        for x in range(s.w):
            if distances[y, x] == 0:
                queue[tail] = y * s.w + x
                tail += 1
    while head < tail:
        # a division of 64 bits takes longer than all the rest
        y = np.int64(np.uint32(queue[head]) // np.uint32(s.w))
        x = queue[head] - y * s.w
        head += 1
        for way in range(WAYS):
            ny, nx = y + AROUND_Y[way], x + AROUND_X[way]
            if inside(s, ny, nx) and distances[ny, nx] == -1 and p.solid[s.tiles[ny, nx]] == 0:
                distances[ny, nx] = distances[y, x] + 1
                queue[tail] = ny * s.w + nx
                tail += 1
    return tail


def bit_words(height, width):
    """How many words of 64 bits a board of height x width cells takes: see `flood_bits`."""
    return (height * (width + 1) + 63) // 64


@rule
def row_bits(s, y, tile):
    """The cells of row `y` that hold `tile`: bit x of a word for cell x, of the first 64."""
    live = ~NONE if s.w > 63 else (ONE << np.uint64(s.w)) - ONE
    return raw.equal(s.tiles, y, tile) & live


@rule
def put_bits(s, bits, row, y, cells):
    """Put the cells of row `y` of the level, bit x of the word `cells` for cell x (64 at most), into
    a row of `bits` that holds none of them yet.
    """
    at = y * (s.w + 1)
    k, low = at >> 6, np.uint64(at) & BIT
    bits[row, k] = np.int64(np.uint64(bits[row, k]) | (cells << low))
    over = cells >> ONE >> (BIT - low)
    if over != NONE:
        bits[row, k + 1] = np.int64(np.uint64(bits[row, k + 1]) | over)


@rule
def flood_bits(s, bits, y, x):
    """Flood the level from all cells of row LAYER of `bits` at once, over those of row OPEN, until
    the cell (y, x) is met, or to the end.

    `bits` (int64[ROWS, bit_words(h, w)]) holds a whole level in each row: cell (y, x) is bit
    y * (w + 1) + x, 64 to a word, so that rows are a cell apart and none runs over into the next.
    Rows 0 to 3 get the cells from which a step up, left, down or right leads nearer: see `nearer`.
    LAYER and NEXT are used up, and what stays in OPEN cannot be reached. Where levels are open this
    takes a few steps for each layer of 64 cells; where they are mazes, `flood` is quicker.
    """
    stride = s.w + 1
    if bits.shape[1] == 3 and stride < 64:
        flood_three(stride, bits, y * stride + x)
        return
    words = (s.h * stride + 63) >> 6
    whole, part = stride >> 6, np.uint64(stride) & BIT
    rest = BIT - part
    for row in range(4):
        for k in range(words):
            bits[row, k] = 0
    now, new = LAYER, NEXT
    goal, bit = (y * stride + x) >> 6, np.uint64(y * stride + x) & BIT
    growing = True
    while growing and np.uint64(bits[now, goal]) >> bit & ONE == NONE:
        growing = False
        for k in range(words):
            here = np.uint64(bits[now, k])
            before = np.uint64(bits[now, k - 1]) if k > 0 else NONE
            after = np.uint64(bits[now, k + 1]) if k + 1 < words else NONE
            above, over = here, before  # the words that hold the cells of the row above, ...
            below, under = here, after  # ... and those of the row below
            if whole > 0:
                above = np.uint64(bits[now, k - whole]) if k >= whole else NONE
                over = np.uint64(bits[now, k - whole - 1]) if k > whole else NONE
                below = np.uint64(bits[now, k + whole]) if k + whole < words else NONE
                under = np.uint64(bits[now, k + whole + 1]) if k + whole + 1 < words else NONE
            free = np.uint64(bits[OPEN, k])
            up = free & ((above << part) | (over >> ONE >> rest))
            left = free & ((here << ONE) | (before >> BIT))
            down = free & ((below >> part) | (under << ONE << rest))
            right = free & ((here >> ONE) | (after << BIT))
            bits[0, k] = np.int64(np.uint64(bits[0, k]) | up)
            bits[1, k] = np.int64(np.uint64(bits[1, k]) | left)
            bits[2, k] = np.int64(np.uint64(bits[2, k]) | down)
            bits[3, k] = np.int64(np.uint64(bits[3, k]) | right)
            layer = up | left | down | right
            bits[new, k] = np.int64(layer)
            growing |= layer != NONE
        for k in range(words):
            bits[OPEN, k] = np.int64(np.uint64(bits[OPEN, k]) & ~np.uint64(bits[new, k]))
        now, new = new, now


@rule
def flood_three(stride, bits, goal):
    """`flood_bits` on boards of three words, none of which is put down before the end."""
    one, part, rest = ONE, np.uint64(stride), np.uint64(64 - stride)
    at = ONE << (np.uint64(goal) & BIT)
    goal_0 = at if goal >> 6 == 0 else NONE
    goal_1 = at if goal >> 6 == 1 else NONE
    goal_2 = at if goal >> 6 == 2 else NONE
    free_0, free_1, free_2 = (
        np.uint64(bits[OPEN, 0]),
        np.uint64(bits[OPEN, 1]),
        np.uint64(bits[OPEN, 2]),
    )
    a, b, c = np.uint64(bits[LAYER, 0]), np.uint64(bits[LAYER, 1]), np.uint64(bits[LAYER, 2])
    was_a = was_b = was_c = NONE
    ups_0 = ups_1 = ups_2 = lefts_0 = lefts_1 = lefts_2 = NONE
    downs_0 = downs_1 = downs_2 = rights_0 = rights_1 = rights_2 = NONE
    steps, growing = 0, True
    while growing and (a & goal_0) | (b & goal_1) | (c & goal_2) == NONE:
        up_0 = free_0 & (a << part)
        up_1 = free_1 & ((b << part) | (a >> rest))
        up_2 = free_2 & ((c << part) | (b >> rest))
        left_0 = free_0 & (a << one)
        left_1 = free_1 & ((b << one) | (a >> BIT))
        left_2 = free_2 & ((c << one) | (b >> BIT))
        down_0 = free_0 & ((a >> part) | (b << rest))
        down_1 = free_1 & ((b >> part) | (c << rest))
        down_2 = free_2 & (c >> part)
        right_0 = free_0 & ((a >> one) | (b << BIT))
        right_1 = free_1 & ((b >> one) | (c << BIT))
        right_2 = free_2 & (c >> one)
        ups_0, ups_1, ups_2 = ups_0 | up_0, ups_1 | up_1, ups_2 | up_2
        lefts_0, lefts_1, lefts_2 = lefts_0 | left_0, lefts_1 | left_1, lefts_2 | left_2
        downs_0, downs_1, downs_2 = downs_0 | down_0, downs_1 | down_1, downs_2 | down_2
        rights_0, rights_1, rights_2 = rights_0 | right_0, rights_1 | right_1, rights_2 | right_2
        was_a, was_b, was_c = a, b, c
        a = up_0 | left_0 | down_0 | right_0
        b = up_1 | left_1 | down_1 | right_1
        c = up_2 | left_2 | down_2 | right_2
        free_0, free_1, free_2 = free_0 & ~a, free_1 & ~b, free_2 & ~c
        growing = a | b | c != NONE
        steps += 1
    if steps > 0:
        now = LAYER + (steps & 1)
        put_three(bits, now, a, b, c)
        put_three(bits, LAYER + NEXT - now, was_a, was_b, was_c)
    put_three(bits, OPEN, free_0, free_1, free_2)
    put_three(bits, 0, ups_0, ups_1, ups_2)
    put_three(bits, 1, lefts_0, lefts_1, lefts_2)
    put_three(bits, 2, downs_0, downs_1, downs_2)
    put_three(bits, 3, rights_0, rights_1, rights_2)


@rule
def put_three(bits, row, a, b, c):
    """Put three words into a row of `bits`."""
    bits[row, 0], bits[row, 1], bits[row, 2] = np.int64(a), np.int64(b), np.int64(c)


@rule
def nearer(s, bits, y, x):
    """The first direction of MOVES in which a step from the cell leads nearer to what `flood_bits`
    set out from; STAY where none does.
    """
    at = y * (s.w + 1) + x
    k, bit = at >> 6, np.uint64(at) & BIT
    for row in range(4):
        if np.uint64(bits[row, k]) >> bit & ONE != NONE:
            return row + 1
    return STAY
