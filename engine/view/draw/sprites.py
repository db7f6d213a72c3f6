"""Sprites: small pictures drawn at any pixel size from text, PNG or, failing both, a letter.

A world names its sprites (`Tile("wall", "#", sprite="hedge")`; its own name is tried when none is
given), or brings art of its own as text, in either of two forms, or as the path of a PNG beside the
world's file:

    disc gold 50 50 38                a vector picture: one shape a line (see `strokes`)
    star gold-2 50 50 22 10

    k = ink                           or pixels: colours of letters, then rows; "." is see-through
    .kk.
    kkkk

A line `---` separates the poses of a thing. A name nobody knows becomes a coloured tile with its
letter.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError
from ...jit import plain
from .kept import kept
from .paint import paint
from .strokes import PALETTE, Picture, colour, is_vector, parse, pictures

if TYPE_CHECKING:
    from ...world import World


@dataclass(frozen=True)
class Sprite:
    """The art of one tile or thing: a tuple of poses, each drawn at any size.

    `name` is the library name, which has edges and other looks, or "" for art from elsewhere.
    """

    poses: tuple[Picture | Pixels | Letter, ...]
    name: str = ""

    def at(self, p: int, pose: int = 0, rim: str = "ink") -> np.ndarray:
        """RGBA uint8[p, p, 4] of a pose; poses beyond the last start over. Read only."""
        return _painted(self.poses[pose % len(self.poses)], p, rim)


@dataclass(frozen=True)
class Pixels:
    """Pixel art: RGBA bytes of `height` x `width` pixels, stretched to a square."""

    data: bytes
    height: int
    width: int


@dataclass(frozen=True)
class Letter:
    """What stands in for missing art: a coloured tile, or a disc for a thing, with its letter."""

    char: str
    fill: str
    tile: bool


@kept
def _painted(art: Picture | Pixels | Letter, p: int, rim: str) -> np.ndarray:
    if isinstance(art, Picture):
        rgba = paint(art, p, rim)
    elif isinstance(art, Pixels):
        rgba = _stretched(np.frombuffer(art.data, np.uint8).reshape(art.height, art.width, 4), p)
    else:
        rgba = _lettered(art, p, rim)
    rgba.setflags(write=False)
    return rgba


def _stretched(rgba: np.ndarray, p: int) -> np.ndarray:
    """Area-average pixel art to p x p; whole multiples keep their hard edges."""
    height, width = rgba.shape[:2]
    fine = rgba.astype(np.int64)
    fine[..., :3] *= fine[..., 3:]
    fine = np.repeat(np.repeat(fine, p, 0), p, 1).reshape(p, height, p, width, 4).sum((1, 3))
    alpha = fine[..., 3:]
    rgb = np.where(alpha > 0, (2 * fine[..., :3] + alpha) // np.maximum(2 * alpha, 1), 0)
    return np.concatenate([rgb, (2 * alpha + height * width) // (2 * height * width)], -1).astype(
        np.uint8
    )


def _lettered(art: Letter, p: int, rim: str) -> np.ndarray:
    """A coloured tile or disc with a letter, dark on light colours and light on dark ones."""
    from PIL import Image, ImageDraw, ImageFont

    shape = (
        f"tile\nbox {art.fill} 0 0 100 100\nbox {art.fill}+1 6 6 94 94 8"
        if art.tile
        else f"disc {art.fill} 50 50 42"
    )
    rgba = paint(parse(shape), p, rim)
    n = 16 * p
    mask = Image.new("L", (n, n))
    font = ImageFont.load_default(n * 0.72)
    ImageDraw.Draw(mask).text((n / 2, n / 2), art.char, 255, font, "mm", stroke_width=n // 40)
    cover = np.asarray(mask, np.int64).reshape(p, 16, p, 16).sum((1, 3)) / (255 * 256)
    light = colour(art.fill)[0].sum() > 330
    pen = colour("ink" if light else "white")[0]
    rgba[..., :3] = np.rint(rgba[..., :3] * (1 - cover[..., None]) + pen * cover[..., None]).astype(
        np.uint8
    )
    return rgba


def read(
    text: str, name: str, char: str = "?", tile: bool = True, folder: Path | None = None
) -> Sprite:
    """The sprite that `text` means: a library name, art in text, a PNG in `folder`; empty: the
    library's `name`.

    Raises UserError for art that cannot be read. An unknown name gives a letter, which is art too.
    """
    text = text.strip("\n")
    library = pictures()
    if "\n" not in text and not text.strip().partition(" ")[2]:
        word = text.strip() or name
        if word.endswith(".png"):
            return Sprite((_png(word, name, folder),))
        if word in library:
            keys = [word]
            while f"{word}.{len(keys)}" in library:
                keys.append(f"{word}.{len(keys)}")
            return Sprite(tuple(parse(library[key], key) for key in keys), word)
        fills = [
            fill
            for fill in PALETTE
            if fill not in ("ink", "black", "night", "paint", "air", "floor")
        ]
        fill = fills[sum(ord(letter) * (k + 7) for k, letter in enumerate(name)) % len(fills)]
        return Sprite((Letter(char, fill, tile),))
    poses = re.split(r"^---\s*$", text, flags=re.MULTILINE)
    where = f"the sprite of '{name}'"
    return Sprite(tuple(_text_art(pose, where) for pose in poses))


def _text_art(text: str, where: str) -> Picture | Pixels:
    """Vector shapes or pixel rows, told apart by the first word."""
    lines = [line.strip() for line in text.strip("\n").splitlines() if line.strip()]
    if lines and is_vector(lines[0]):
        return parse(text, where)
    colours: dict[str, tuple[int, ...]] = {".": (0, 0, 0, 0)}
    rows = []
    for line in lines:
        match = re.fullmatch(r"(\S)\s*=\s*(\S+)", line)
        if match:
            rgb, alpha = colour(match[2])
            colours[match[1]] = (*(int(v + 0.5) for v in rgb), int(alpha * 255 + 0.5))
        else:
            rows.append(line)
    if not rows or len({len(row) for row in rows}) != 1:
        raise UserError(f"{where}: pixel rows must all have the same length.")
    for letter in sorted(set("".join(rows)) - set(colours)):
        raise UserError(
            f"{where}: no colour is given for {letter!r}; add a line such as '{letter} = gold'."
        )
    data = bytes(value for row in rows for letter in row for value in colours[letter])
    return Pixels(data, len(rows), len(rows[0]))


def _png(word: str, name: str, folder: Path | None) -> Pixels:
    from PIL import Image

    path = (folder or Path()) / word
    try:
        with Image.open(path) as image:
            if image.width > 1024 or image.height > 1024:
                raise UserError(
                    f"the sprite of '{name}': {path} is larger than 1024 x 1024 pixels."
                )
            rgba = np.asarray(image.convert("RGBA"))
    except OSError as fault:
        raise UserError(f"the sprite of '{name}': cannot read {path} ({fault}).") from None
    return Pixels(rgba.tobytes(), *rgba.shape[:2])


# -- sheets of a world


@dataclass(frozen=True)
class Sprites:
    """The art of a whole world; `ground` is the index of the tile drawn below the others."""

    tiles: tuple[Sprite, ...]
    things: tuple[Sprite, ...]
    ground: int


@lru_cache(maxsize=32)
def of(world: World) -> Sprites:
    """The sprites of a world. Raises UserError for art that cannot be read."""
    file = getattr(sys.modules.get(plain(world.generate).__module__), "__file__", None)
    folder = Path(file).parent if file else None
    tiles = tuple(read(t.sprite, t.name, t.char, True, folder) for t in world.tiles)
    things = tuple(read(t.sprite, t.name, t.char, False, folder) for t in world.things)
    ground = next((k for k, tile in enumerate(world.tiles) if not tile.solid), 0)
    return Sprites(tiles, things, ground)


def over(rgba: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Compose RGBA (uint8[..., 4]) over opaque RGB (uint8[..., 3])."""
    alpha = rgba[..., 3:].astype(np.int64)
    return ((rgba[..., :3] * alpha + rgb * (255 - alpha) + 127) // 255).astype(np.uint8)


def pile(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Compose RGBA over RGBA (both uint8[p, p, 4])."""
    if (top[..., 3] == 255).all():
        return top.copy()
    a, b = top[..., 3:].astype(np.int64), bottom[..., 3:].astype(np.int64)
    alpha = a * 255 + b * (255 - a)  # times 255
    rgb = (top[..., :3] * a * 255 + bottom[..., :3] * b * (255 - a) + alpha // 2) // np.maximum(
        alpha, 1
    )
    return np.concatenate([rgb, (alpha + 127) // 255], -1).astype(np.uint8)


def tile_art(sprite: Sprite, p: int, look: int = 0, edges: str = "") -> np.ndarray:
    """RGBA uint8[p, p, 4] of a tile in one of its looks, with edge art on sides (of "uldr")."""
    library, name = pictures(), sprite.name
    if look and f"{name}~{look}" in library:
        rgba = _painted(parse(library[f"{name}~{look}"], name), p, "ink")
    else:
        rgba = sprite.at(p)
    for letter, side in (("l", "left"), ("r", "right"), ("u", "up"), ("d", "down")):
        if letter in edges and f"{name}/{side}" in library:
            rgba = pile(_painted(parse(library[f"{name}/{side}"], name), p, "ink"), rgba)
    return rgba


@cache
def looks(name: str) -> int:
    """How many looks a library tile has beside its first."""
    return next(k for k in range(1, 100) if f"{name}~{k}" not in pictures()) - 1


@cache
def sides(name: str) -> str:
    """The sides (of "uldr") on which a library tile has edge art."""
    return "".join(
        side[0] for side in ("up", "left", "down", "right") if f"{name}/{side}" in pictures()
    )


@kept
def sheet(world: World, p: int) -> np.ndarray:
    """Every symbol of a world at p pixels, over its ground tile: uint8[symbols, p, p, 3], read
    only.

    In worlds of several learners an agent sees itself with a white rim instead of the ink outline.
    """
    art = of(world)
    void = paint(parse(pictures()["void"]), p)[..., :3]
    ground = over(tile_art(art.tiles[art.ground], p), void)
    rows = []
    for symbol in world.symbols:
        if symbol.group == "void":
            rows.append(void)
        elif symbol.group == "tile":
            rows.append(over(tile_art(art.tiles[symbol.kind], p, edges="u"), ground))
        else:
            rim = "white" if symbol.group == "self" and world.learners > 1 else "ink"
            rows.append(over(art.things[symbol.kind].at(p, symbol.pose, rim), ground))
    done = np.ascontiguousarray(np.stack(rows))
    done.setflags(write=False)
    return done
