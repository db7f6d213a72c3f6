"""Floods of whole words of cells against one that goes cell by cell."""

import numpy as np
import pytest

from goalshift.engine import grid, state
from goalshift.engine.catalogue import load

FLOOR, WALL = 0, 1
WIDE = load("corner").but(size=(11, 130), view=None)


def naive(tiles, sources):
    """Steps to the nearest source, or -1."""
    far = np.where(sources, 0, -1)
    layer = list(zip(*np.nonzero(sources), strict=True))
    while layer:
        nearby = []
        for y, x in layer:
            for act in range(1, 5):
                ny, nx = y + grid.DY[act], x + grid.DX[act]
                inside = 0 <= ny < tiles.shape[0] and 0 <= nx < tiles.shape[1]
                if inside and far[ny, nx] < 0 and tiles[ny, nx] == FLOOR:
                    far[ny, nx] = far[y, x] + 1
                    nearby.append((ny, nx))
        layer = nearby
    return far


def to_bits(s, cells):
    """Cells (bool[h, w]) as a row of bits, by another way than the engine's."""
    wide = np.pad(cells, ((0, 0), (0, 1))).reshape(-1)
    words = grid.bit_words(int(s.h), int(s.w))
    wide = np.pad(wide, (0, 64 * words - len(wide)))
    return np.packbits(wide, bitorder="little").view(np.int64)


@pytest.mark.parametrize(("tall", "wide"), [(11, 11), (4, 63), (3, 64), (4, 130)])
def test_a_flood_of_words_finds_the_ways_of_one_of_cells(tall, wide):
    """Borders are open as well, and rows do not run over into each other."""
    rng = np.random.default_rng(wide)
    for share in (0.0, 0.25, 0.45):
        s = state.blank(WIDE.dtype, 1)[0]
        s.h, s.w = tall, wide
        tiles = (rng.random((tall, wide)) < share).astype(np.uint8)
        sources = rng.random((tall, wide)) < 2 / tiles.size
        tiles[1, 1], sources[1, 1] = WALL, False  # a cell that is never met
        s.tiles[:tall, :wide] = tiles
        far = naive(tiles, sources)
        bits = np.zeros((grid.ROWS, grid.bit_words(tall, wide)), np.int64)
        bits[grid.OPEN] = to_bits(s, (tiles == FLOOR) & ~sources)
        bits[grid.LAYER] = to_bits(s, sources)
        grid.flood_bits(s, bits, 1, 1)
        for y in range(tall):
            for x in range(wide):
                steps = ((y + grid.DY[act], x + grid.DX[act]) for act in range(1, 5))
                near = [
                    act
                    for act, (ny, nx) in enumerate(steps, 1)
                    if 0 <= ny < tall and 0 <= nx < wide and 0 <= far[ny, nx] < far[y, x]
                ]
                assert grid.nearer(s, bits, y, x) == (near[0] if near else grid.STAY)


@pytest.mark.parametrize("cell", [(1, 1), (9, 9)])
def test_three_words_at_once_leave_what_words_one_by_one_do(cell):
    """Bits are part of a record: also those that a flood has used up."""
    rng = np.random.default_rng(3)
    s = state.blank(WIDE.dtype, 1)[0]
    s.h, s.w = 11, 11
    for share in (0.1, 0.4):
        three, four = np.zeros((grid.ROWS, 3), np.int64), np.zeros((grid.ROWS, 4), np.int64)
        walls, sources = rng.random((11, 11)) < share, rng.random((11, 11)) < 0.02
        sources[2, 3], walls[cell] = True, False
        three[grid.OPEN], three[grid.LAYER] = to_bits(s, ~walls & ~sources), to_bits(s, sources)
        four[:, :3] = three
        for bits in (three, four):
            grid.flood_bits(s, bits, *cell)
        assert three[:4].any() and np.array_equal(three, four[:, :3])


@pytest.mark.parametrize(("tall", "wide"), [(11, 9), (3, 64)])
def test_rows_of_tiles_become_rows_of_bits(tall, wide):
    """What a record holds beyond the level is no part of it."""
    s = state.blank(WIDE.dtype, 1)[0]
    s.tiles[:] = np.random.default_rng(wide).integers(FLOOR, WALL + 1, s.tiles.shape)
    s.h, s.w = tall, wide
    bits = np.zeros((1, grid.bit_words(tall, wide)), np.int64)
    for y in range(tall):
        grid.put_bits(s, bits, 0, y, np.uint64(grid.row_bits(s, y, WALL)))
    assert np.array_equal(bits[0], to_bits(s, s.tiles[:tall, :wide] == WALL))
