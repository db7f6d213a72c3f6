"""Turned and mirrored: cells, and whole levels."""

from ..jit import rule


@rule
def turn(s, way):
    """Turn the whole level, present things included: the bits of `way` (0 to 7) flip top and bottom
    (1), left and right (2), and rows and columns (4), in this order. The last needs a world as high
    as wide.
    """
    tall, wide = s.h, s.w
    if way & 1:
        for y in range(tall // 2):
            for x in range(wide):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[tall - 1 - y, x]
                s.tiles[tall - 1 - y, x] = tile
    if way & 2:
        for y in range(tall):
            for x in range(wide // 2):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[y, wide - 1 - x]
                s.tiles[y, wide - 1 - x] = tile
    if way & 4:
        for y in range(max(tall, wide)):
            for x in range(y):
                tile = s.tiles[y, x]
                s.tiles[y, x] = s.tiles[x, y]
                s.tiles[x, y] = tile
        s.h = wide
        s.w = tall
    for k in range(len(s.y)):
        if s.alive[k]:
            y, x = turned(way, tall, wide, s.y[k], s.x[k])
            s.y[k] = y
            s.x[k] = x


@rule
def turned(way, tall, wide, y, x):
    """Where cell (y, x) of a level of tall x wide cells lies after `turn`, as (y, x)."""
    if way & 1:
        y = tall - 1 - y
    if way & 2:
        x = wide - 1 - x
    if way & 4:
        return x, y
    return y, x


@rule
def unturned(s, way, y, x):
    """Where cell (y, x) of a level lay before it was turned that `way`, as (y, x)."""
    if way & 4:
        return (s.w - 1 - x if way & 1 else x), (s.h - 1 - y if way & 2 else y)
    return (s.h - 1 - y if way & 1 else y), (s.w - 1 - x if way & 2 else x)
