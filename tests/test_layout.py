"""The vocabulary of level generators, on every size it may meet."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalshift.engine import grid, layout, state
from goalshift.engine.catalogue import load

FLOOR, WALL, CHEESE = range(3)
CORNER = load("corner")
BIG = CORNER.but(size=(80, 90))
SQUARE = CORNER.but(size=(24, 24))
SIZES = st.tuples(st.integers(3, 24), st.integers(3, 24))


def blank(seed, height, width, world=BIG):
    """An empty record of that size, its stream begun at `seed`, and the world's parameters."""
    s = state.blank(world.dtype, 1)[0]
    s.key = np.uint64(seed)
    s.h, s.w = height, width
    return s, world.table[0]


def distances(s, p, y, x):
    """Breadth-first search, written plainly."""
    far, edge = {(y, x): 0}, [(y, x)]
    while edge:
        y, x = edge.pop(0)
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            cell = (y + dy, x + dx)
            if cell not in far and not grid.solid(s, p, *cell):
                far[cell] = far[y, x] + 1
                edge.append(cell)
    return far


def floor_cells(s):
    return {(y, x) for y in range(s.h) for x in range(s.w) if s.tiles[y, x] == FLOOR}


@given(st.integers(0, 2**64 - 1), SIZES, st.sampled_from(range(len(layout.STYLES))))
def test_walls_keep_a_border_and_stay_inside(seed, size, style):
    s, _ = blank(seed, *size)
    layout.walls(s, WALL, FLOOR, style, 0.25)
    live = s.tiles[: s.h, : s.w]
    for side in (live[0], live[-1], live[:, 0], live[:, -1]):
        assert (side == WALL).all()
    assert set(np.unique(live)) <= {FLOOR, WALL}
    assert not s.tiles[s.h :].any() and not s.tiles[:, s.w :].any()


@given(st.integers(0, 2**64 - 1), SIZES)
def test_a_tree_connects_all_its_rooms_by_one_path(seed, size):
    s, p = blank(seed, *size)
    layout.tree(s, WALL, FLOOR)
    cells = floor_cells(s)
    rooms = {(y, x) for y in range(1, s.h - 1, 2) for x in range(1, s.w - 1, 2)}
    assert rooms <= cells
    assert set(distances(s, p, 1, 1)) == cells
    passages = len(cells) - len(rooms)
    assert passages == len(rooms) - 1  # connected with one passage fewer than rooms: no way round


def test_edges_are_rooms_pillars_and_passages_walled_as_often_as_asked():
    s, _ = blank(3, 79, 89)  # wider than the 64 cells that are laid at once
    layout.edges(s, WALL, FLOOR, 0.75)
    live = s.tiles[: s.h, : s.w]
    assert (live[1::2, 1::2] == FLOOR).all() and (live[::2, ::2] == WALL).all()
    for passages in (live[1::2, 2:-1:2], live[2:-1:2, 1::2]):
        assert abs((passages == WALL).mean() - 0.75) < 4 * (0.75 * 0.25 / passages.size) ** 0.5


@pytest.mark.parametrize("width", [9, 64, 130])
def test_a_row_is_laid_from_bits_and_nothing_beside_it(width):
    rng = np.random.default_rng(width)
    s = state.blank(load("corner").but(size=(5, width), view=None).dtype, 1)[0]
    for level in (width, width - 2):
        s.h, s.w = 5, level
        for left in (1, max(level - 5, 1)):
            before = s.tiles[:] = rng.integers(2, 9, s.tiles.shape, np.uint8)
            after, bits = before.copy(), rng.integers(0, 2, 64)
            count = min(64, level - 1 - left)
            after[2, left : left + count] = np.where(bits[:count], 7, 3)
            word = np.packbits(bits.astype(np.uint8), bitorder="little").view(np.uint64)[0]
            layout.laying.lay(s, 2, left, word, 7, 3)
            assert np.array_equal(s.tiles, after)


@given(
    st.integers(0, 2**64 - 1), st.tuples(st.integers(3, 70), st.integers(3, 70)), st.floats(0, 0.6)
)
@settings(max_examples=60)
def test_reach_is_what_can_be_walked_to(seed, size, density):
    s, p = blank(seed, *size)  # from 64 columns on a row takes several words
    layout.blocks(s, WALL, FLOOR, density)
    s.tiles[1, 1] = FLOOR
    near = layout.reach(s, p, 1, 1)
    far = distances(s, p, 1, 1)
    found = {(y, x) for y in range(s.h) for x in range(s.w) if layout.reaches(near, y, x)}
    assert found == set(far)


@given(st.integers(0, 2**64 - 1), SIZES)
def test_connect_makes_a_way_and_choose_keeps_to_it(seed, size):
    s, p = blank(seed, *size)
    layout.blocks(s, WALL, FLOOR, 0.5)
    y, x = s.h - 2, s.w - 2
    s.tiles[1, 1] = s.tiles[y, x] = FLOOR
    near = layout.connect(s, p, FLOOR, 1, 1, y, x)
    assert layout.reaches(near, y, x)
    grid.put(s, 0, 1, 1)
    far = distances(s, p, 1, 1)
    for _ in range(5):
        cy, cx = layout.choose(s, near.copy(), 1, 1, s.h - 2, s.w - 2)
        if len(far) == 1:
            assert (cy, cx) == (-1, -1)
        else:
            assert (cy, cx) in far and (cy, cx) != (1, 1)


def test_choose_and_free_cell_are_uniform():
    s, p = blank(5, 5, 6)
    layout.walls(s, WALL, FLOOR, layout.OPEN, 0.0)
    grid.put(s, 0, 1, 1)
    near = layout.reach(s, p, 2, 2)
    cells = [(y, x) for y in (1, 2, 3) for x in (1, 2, 3, 4) if (y, x) != (1, 1)]
    for draw in (
        lambda: layout.choose(s, near.copy(), 0, 0, 9, 9),
        lambda: layout.free_cell(s, p, 1, 1, 3, 4),
    ):
        drawn = [tuple(int(v) for v in draw()) for _ in range(5500)]
        counts = np.array([drawn.count(cell) for cell in cells])
        assert counts.sum() == 5500
        assert ((counts - 500) ** 2 / 500).sum() < 29.6  # chi-squared, 10 degrees, p = 0.001


def test_free_cell_says_when_there_is_none():
    s, p = blank(1, 4, 4)
    layout.fill(s, WALL)
    assert layout.free_cell(s, p, 1, 1, 2, 2) == (-1, -1)


@pytest.mark.parametrize("density", [0.0, 0.25, 0.3, 1.0])
def test_coins_fall_as_often_as_asked(density):
    s, _ = blank(9, 5, 5)
    ones = sum(bin(int(layout.coins(s, density))).count("1") for _ in range(2000))
    expected, spread = 128_000 * density, (128_000 * density * (1 - density)) ** 0.5
    assert abs(ones - expected) <= 4 * spread


@given(st.integers(0, 2**64 - 1), st.integers(0, 40))
def test_scatter_places_what_there_is_room_for(seed, count):
    s, _ = blank(seed, 6, 7)
    layout.walls(s, WALL, FLOOR, layout.OPEN, 0.0)
    placed = layout.scatter(s, CHEESE, FLOOR, count)
    assert placed == min(count, 20) == (s.tiles == CHEESE).sum()


@given(st.integers(0, 2**64 - 1), st.integers(1, 4), st.integers(1, 3))
def test_platforms_step_no_more_than_a_leap(seed, leap, shortest):
    s, _ = blank(seed, 16, 60)
    last = layout.platforms(s, WALL, 3, 56, 2, 9, leap, shortest, shortest + 4)
    heights = [int((s.tiles[: s.h, x] == WALL).sum()) for x in range(60)]
    assert heights[:3] == [0] * 3 and heights[57:] == [0] * 3
    ground = heights[3:57]
    assert ground[0] == 2 and ground[-1] == last and min(ground) >= 1 and max(ground) <= 9
    assert max(abs(a - b) for a, b in pairwise(ground)) <= leap
    for x in range(3, 57):  # solid from the bottom up
        assert (s.tiles[s.h - heights[x] : s.h, x] == WALL).all()


def test_corridor_is_an_l():
    s, _ = blank(0, 7, 9)
    layout.fill(s, WALL)
    layout.corridor(s, FLOOR, 1, 2, 4, 6)
    assert floor_cells(s) == {(1, x) for x in range(2, 7)} | {(y, 6) for y in range(1, 5)}


@given(st.integers(0, 2**32), SIZES, st.integers(0, 7))
@settings(max_examples=40)
def test_a_turned_level_is_the_same_level_seen_from_another_side(seed, size, way):
    s, _ = blank(seed, *size, world=SQUARE)
    layout.blocks(s, WALL, FLOOR)
    grid.put(s, 0, size[0] // 2, size[1] - 1)
    before, (y, x) = s.tiles[: size[0], : size[1]].copy(), (s.y[0], s.x[0])
    layout.turn(s, way)
    after = before[::-1] if way & 1 else before
    after = after[:, ::-1] if way & 2 else after
    after = after.T if way & 4 else after
    assert (s.h, s.w) == after.shape and np.array_equal(s.tiles[: s.h, : s.w], after)
    assert (s.y[0], s.x[0]) == layout.turned(way, *size, y, x)
    assert layout.unturned(s, way, s.y[0], s.x[0]) == (y, x)
    assert not s.tiles[s.h :].any() and not s.tiles[:, s.w :].any()
