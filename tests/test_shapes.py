"""Rooms, caves, rivers, locks and the like, on every size they may meet, compiled and in plain
Python.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.engine import grid, layout, shapes, state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

from .both import both
from .waiting import PATIENCE

FLOOR, WALL, WATER = range(3)
DOOR, KEY = 10, 20
CORNER = load("corner")
BIG = CORNER.but(size=(40, 40))
SEEDS = some.integers(0, 2**64 - 1)
SIZES = some.tuples(some.integers(3, 22), some.integers(3, 22))
EXAMPLE = shapes.prefab(
    """
    ########
    #...#..#
    #...#..#
    ##.###.#
    #......#
    #..##..#
    ########
    """.replace("    ", ""),
    {"#": WALL, ".": FLOOR},
)

WORDS = {
    "rooms": lambda s: shapes.rooms(s, WALL, FLOOR, 6, 2, 5),
    "bsp": lambda s: shapes.bsp(s, WALL, FLOOR, 3),
    "tunnels": lambda s: shapes.tunnels(s, WALL, FLOOR, 20, 6),
    "drunkard": lambda s: shapes.drunkard(s, WALL, FLOOR, 0.4),
    "caves": lambda s: shapes.caves(s, WALL, FLOOR, 0.45, 4),
    "arena": lambda s: shapes.arena(s, WALL, FLOOR, 0.3, shapes.BOTH),
}
CONNECTED = ("rooms", "bsp", "tunnels", "drunkard", "arena")


def blank(seed, height, width, world=BIG):
    s = state.blank(world.dtype, 1)[0]
    s.key = np.uint64(seed)
    s.h, s.w = height, width
    return s


def picture(s):
    return np.array(s.tiles[: s.h, : s.w])


def parts(s, shut=(WALL,)):
    """The connected parts of what is not shut, each a set of cells."""
    left = {(y, x) for y in range(s.h) for x in range(s.w) if s.tiles[y, x] not in shut}
    found = []
    while left:
        edge = [left.pop()]
        part = set(edge)
        while edge:
            y, x = edge.pop()
            for cell in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if cell in left:
                    left.remove(cell)
                    part.add(cell)
                    edge.append(cell)
        found.append(part)
    return found


@pytest.mark.parametrize("word", WORDS)
@given(seed=SEEDS, size=SIZES)
@settings(max_examples=40)
def test_what_is_dug_keeps_a_border_and_is_connected(word, seed, size):
    s = blank(seed, *size)
    WORDS[word](s)
    live = picture(s)
    for side in (live[0], live[-1], live[:, 0], live[:, -1]):
        assert (side == WALL).all()
    assert set(np.unique(live)) == {FLOOR, WALL}
    assert not s.tiles[s.h :].any() and not s.tiles[:, s.w :].any()
    if word in CONNECTED:
        assert len(parts(s)) == 1


def test_words_make_what_they_are_asked_for():
    s = blank(1, 30, 30)
    assert shapes.rooms(s, WALL, FLOOR, 5, 3, 5) == 5
    assert shapes.bsp(s, WALL, FLOOR, 4) >= 4
    assert shapes.drunkard(s, WALL, FLOOR, 0.5) == 392 == (picture(s) == FLOOR).sum()
    different = {WORDS[word](blank(seed, 9, 14)) for word in ("rooms", "bsp") for seed in range(30)}
    assert len(different) > 2  # how many rooms there is room for depends on the draw


@given(seed=SEEDS, size=SIZES, density=some.floats(0.2, 0.8))
@settings(max_examples=40)
def test_join_links_all_parts_and_removes_nothing(seed, size, density):
    s = blank(seed, *size)
    layout.blocks(s, WALL, FLOOR, density)
    s.tiles[1, 1] = WATER
    before = picture(s)
    count = len(parts(s))
    assert shapes.join(s, WALL, FLOOR) <= count
    assert len(parts(s)) == 1
    opened = picture(s) != before
    assert (before[opened] == WALL).all() and (picture(s)[opened] == FLOOR).all()


@given(seed=SEEDS, size=SIZES)
@settings(max_examples=40)
def test_keep_leaves_the_part_around_a_cell(seed, size):
    s = blank(seed, *size)
    layout.blocks(s, WALL, FLOOR, 0.5)
    s.tiles[1, 1] = FLOOR
    wanted = next(part for part in parts(s) if (1, 1) in part)
    assert shapes.keep(s, WALL, 1, 1) == len(wanted)
    assert parts(s) == [wanted]


@given(seed=SEEDS, size=SIZES, width=some.integers(1, 4), across=some.integers(0, 1))
@settings(max_examples=40)
def test_a_river_parts_the_land_but_for_its_bridges(seed, size, width, across):
    s = blank(seed, *size)
    layout.walls(s, WALL, FLOOR, layout.OPEN, 0.0)
    shapes.river(s, WATER, FLOOR, width, 0, across)
    water = picture(s) == WATER
    flowed = np.cumsum(water, axis=0 if across else 1) > 0  # on the far bank, or in the water
    for bank in parts(s, (WALL, WATER)):
        assert len({bool(flowed[cell]) for cell in bank}) == 1
    water = water[1:-1, 1:-1]
    wide = min(width, s.h - 2 if across else s.w - 2)
    assert (water.sum(0 if across else 1) == wide).all()
    one = blank(seed, *size)
    layout.walls(one, WALL, FLOOR, layout.OPEN, 0.0)
    shapes.river(one, WATER, FLOOR, width, 1, across)
    assert (picture(one) == WATER).sum() == water.sum() - wide


@given(seed=SEEDS, size=SIZES, symmetry=some.integers(0, 3))
@settings(max_examples=40)
def test_arenas_are_symmetric(seed, size, symmetry):
    s = blank(seed, *size)
    shapes.arena(s, WALL, FLOOR, 0.3, symmetry)
    live = picture(s)
    same = {
        shapes.SIDEWAYS: [live[:, ::-1]],
        shapes.UPRIGHT: [live[::-1]],
        shapes.TURNED: [live[::-1, ::-1]],
        shapes.BOTH: [live[:, ::-1], live[::-1]],
    }
    for other in same[symmetry]:
        assert (live == other).all()


@given(seed=SEEDS, size=SIZES, count=some.integers(1, 9), gap=some.integers(1, 6))
@settings(max_examples=40)
def test_scattered_tiles_keep_their_distance(seed, size, count, gap):
    s = blank(seed, *size)
    layout.walls(s, WALL, FLOOR, layout.OPEN, 0.0)
    placed = shapes.scatter_apart(s, WATER, FLOOR, count, gap)
    cells = np.argwhere(picture(s) == WATER)
    assert len(cells) == placed
    apart = np.abs(cells[:, None] - cells[None]).sum(2) + 1000 * np.eye(placed, dtype=int)
    assert (apart >= gap).all()
    if placed < count:  # there was no room left
        floors = np.argwhere(picture(s) == FLOOR)
        assert (np.abs(floors[:, None] - cells[None]).sum(2).min(1, initial=999) < gap).all()


def test_a_cell_at_a_distance_is_that_far_to_walk():
    s, p = blank(3, 15, 15), BIG.table[0]
    layout.tree(s, WALL, FLOOR)
    for _ in range(20):
        y, x = shapes.cell_at(s, p, 1, 1, 9, 12)
        far = np.full((15, 15), -1)
        far[1, 1] = 0
        grid.flood(s, p, far, np.empty(225, np.int64))
        assert 9 <= far[y, x] <= 12
    assert shapes.cell_at(s, p, 1, 1, 500, 600) == (-1, -1)


def unlock(s, y, x, kinds):
    """Collect what can be reached, open what there is a key for, until nothing changes; the doors
    left shut.
    """
    shut = {DOOR + k for k in range(kinds)}
    while True:
        part = next(p for p in parts(s, (WALL, *shut)) if (y, x) in p)
        held = {int(s.tiles[cell]) - KEY + DOOR for cell in part if s.tiles[cell] >= KEY}
        if not shut & held:
            return shut
        shut -= held


@given(
    seed=SEEDS,
    size=some.tuples(some.integers(3, 24), some.integers(3, 24)),
    kinds=some.integers(1, 4),
)
@settings(max_examples=80)
def test_locks_can_be_opened_in_order(seed, size, kinds):
    s = blank(seed, *size)
    shapes.bsp(s, WALL, FLOOR, 2)
    y, x = next(cell for cell in sorted(parts(s)[0]))
    placed = shapes.locks(s, WALL, FLOOR, DOOR, KEY, kinds, y, x)
    assert sorted(s.tiles[(s.tiles >= DOOR) & (s.tiles < KEY)]) == [DOOR + k for k in range(placed)]
    assert sorted(s.tiles[s.tiles >= KEY]) == [KEY + k for k in range(placed)]
    assert not unlock(s, y, x, placed)
    if placed:  # and they do lock something
        shut = range(DOOR, DOOR + placed)
        assert len(parts(s, (WALL, *shut))) > 1


def test_a_tree_has_room_for_locks():
    placed = []
    for seed in range(20):
        s = blank(seed, 15, 15)
        layout.tree(s, WALL, FLOOR)
        placed.append(shapes.locks(s, WALL, FLOOR, DOOR, KEY, 3, 1, 1))
    assert np.mean(placed) > 2.5


def test_a_prefab_is_stamped_in_all_eight_ways():
    cells = shapes.prefab("12\n 3", {"1": 1, "2": 2, "3": 3})
    assert cells.tolist() == [[1, 2], [shapes.KEEP, 3]]
    wanted = {
        tuple(np.rot90(c, k).ravel().tolist())
        for c in (np.array([[1, 2], [9, 3]]), np.array([[2, 1], [3, 9]]))
        for k in range(4)
    }
    seen = set()
    for turn in range(8):
        s = blank(0, 5, 5)
        layout.fill(s, 9)
        shapes.stamp(s, cells, 1, 2, turn)
        seen.add(tuple(s.tiles[1:3, 2:4].ravel().tolist()))
    assert seen == wanted
    shapes.stamp(s, cells, -1, 4)  # over the edge: cut off, and nothing else written
    assert not s.tiles[5:].any() and not s.tiles[:, 5:].any()
    with pytest.raises(UserError, match="shows 'q', which its legend lacks"):
        shapes.prefab("q", {"1": 1})


def test_chance_cells_fall_as_often_as_asked():
    count = 0
    for seed in range(50):
        s = blank(seed, 10, 10)
        layout.fill(s, 250)
        shapes.settle(s, 250, WALL, FLOOR, 0.3)
        assert set(np.unique(picture(s))) <= {WALL, FLOOR}
        count += (picture(s) == WALL).sum()
    assert abs(count - 1500) < 4 * (5000 * 0.21) ** 0.5


@given(
    seed=SEEDS, size=some.tuples(some.integers(2, 14), some.integers(2, 14)), n=some.integers(2, 3)
)
@settings(max_examples=40)
def test_a_continued_example_holds_only_its_own_windows(seed, size, n):
    s = blank(seed, *size)
    done = shapes.collapse(s, EXAMPLE, n, 10)
    live = picture(s)
    if done:
        known = {
            w.tobytes()
            for w in np.lib.stride_tricks.sliding_window_view(EXAMPLE, (n, n)).reshape(-1, n, n)
        }
        windows = np.lib.stride_tricks.sliding_window_view(live, (n, n)).reshape(-1, n, n)
        assert {w.tobytes() for w in windows} <= known
    else:
        assert (live == EXAMPLE[0, 0]).all()


def test_most_examples_can_be_continued():
    done = [shapes.collapse(blank(seed, 13, 17), EXAMPLE, 2, 20) for seed in range(20)]
    assert sum(done) > 15
    assert not shapes.collapse(blank(0, 3, 3), EXAMPLE, 4, 1) and not shapes.collapse(
        blank(0, 9, 9), EXAMPLE, 8, 1
    )


DIGEST = """
import hashlib
import numpy as np
from goalshift.engine import grid, layout, shapes, state
from goalshift.engine.catalogue import load
example = shapes.prefab("####\\n#..#\\n#.##\\n####", {"#": 1, ".": 0})
book, big = hashlib.sha256(), load("corner").but(size=(40, 40))  # as above: compiled once
with np.errstate(over="ignore"):
    for seed, size in enumerate(((3, 3), (7, 10), (12, 9))):
        for k in range(12):
            s = state.blank(big.dtype, 1)[0]
            s.key, s.h, s.w = np.uint64(seed * 100 + k), *size
            if k == 0: shapes.rooms(s, 1, 0, 4, 2, 4)
            if k == 1: shapes.bsp(s, 1, 0, 2)
            if k == 2: shapes.tunnels(s, 1, 0, 9, 4)
            if k == 3: shapes.drunkard(s, 1, 0, 0.5)
            if k == 4: shapes.caves(s, 1, 0, 0.4, 2); shapes.join(s, 1, 0)
            if k == 5: layout.fill(s, 0); shapes.river(s, 2, 0, 2, 1, seed % 2)
            if k == 6: shapes.arena(s, 1, 0, 0.3, seed)
            if k == 7: layout.fill(s, 0); shapes.scatter_apart(s, 2, 0, 4, 3)
            if k == 8: shapes.bsp(s, 1, 0, 2); s.y[0], s.x[0] = shapes.cell_at(s, big.table[0], 1, 1, 2, 5)
            if k == 9: layout.tree(s, 1, 0); shapes.locks(s, 1, 0, 10, 20, 2, 1, 1)
            if k == 10: layout.fill(s, 250); shapes.settle(s, 250, 1, 0, 0.5); shapes.stamp(s, example, 1, 1, seed)
            if k == 11: shapes.collapse(s, example, 2, 3)
            book.update(s.tobytes())
digest = book.hexdigest()
"""


def test_compiled_and_plain_python_give_the_same_bytes():
    here, there = both(DIGEST, "digest", timeout=PATIENCE)
    assert there == here
