"""Two films beside each other, and the question which of them is clearer: for papers that ask people."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...engine import files
from ...engine.view.draw.ink import DARK, DIM, TEXT, fill, scaled, write
from ...engine.view.film import encode
from .compose import unit_of
from .open import Place

ANSWERS = {
    "left": "left",
    "1": "left",
    "right": "right",
    "2": "right",
    "space": "alike",
    "0": "alike",
}
ASK = (
    "Which is clearer?   Left: the left one   Right: the right one   Space: both alike   Esc: stop"
)
COLUMNS = ("pair", "left", "right", "clearer", "seconds")


class Pair(NamedTuple):
    """Two films, the left one first."""

    left: Path
    right: Path


def pairs(films: Sequence[Path], seed: int = 0) -> list[Pair]:
    """Every two of the films, once, in an order and on sides that the seed draws."""
    dice = np.random.default_rng(seed)
    every = [Pair(*pair) for pair in combinations(films, 2)]
    turned = [Pair(b, a) if dice.integers(2) else Pair(a, b) for a, b in every]
    return [turned[int(k)] for k in dice.permutation(len(turned))]


class Answers:
    """What was answered, in a .csv file that is whole after every answer."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, list[tuple[str, ...]]()

    def add(self, pair: Pair, clearer: str, seconds: float) -> None:
        """One answer more."""
        chosen = {"left": pair.left, "right": pair.right}.get(clearer)
        told = (str(chosen) if chosen else "alike", f"{seconds:.1f}")
        self.rows.append((str(len(self.rows) + 1), str(pair.left), str(pair.right), *told))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *self.rows])
        files.write(self.path, text.getvalue().encode())


def rate(
    films: Sequence[Path],
    answers: Answers,
    seed: int,
    place: Place,
    press: Callable[[], str] | None = None,
) -> int:
    """Show every pair until somebody answers; returns how many were answered. `press` stands for a
    person at the keys, in tests: each call is the name of a key, or "" for none.
    """
    from .window import need_display, pygame

    need_display(place.headless)
    screen = pygame.display.set_mode(place.size, pygame.RESIZABLE)
    pygame.display.set_caption("goalshift: which is clearer?")
    clock, every = pygame.time.Clock(), pairs(films, seed)
    try:
        for number, pair in enumerate(every, 1):
            wide, high = screen.get_size()
            room = (high - 120) // 2 * 2, (wide // 2 - 24) // 2 * 2
            shown = [encode.Loop(path, room) for path in pair]
            begun, key = time.perf_counter(), ""
            while key not in ANSWERS:
                key = press() if press else ""
                for event in pygame.event.get():
                    if event.type == pygame.QUIT:
                        key = "escape"
                    elif event.type == pygame.KEYDOWN:
                        key = pygame.key.name(event.key).lower()
                if key in ("escape", "q"):
                    return len(answers.rows)
                frame = drawn((high, wide), [loop.frame() for loop in shown], number, len(every))
                screen.blit(pygame.image.frombuffer(frame.data, (wide, high), "RGB"), (0, 0))
                pygame.display.flip()
                clock.tick(encode.FPS)
            answers.add(pair, ANSWERS[key], time.perf_counter() - begun)
    finally:
        pygame.display.quit()
    return len(answers.rows)


def drawn(
    size: tuple[int, int], pictures: Sequence[np.ndarray], number: int, count: int
) -> np.ndarray:
    """Both films and the question: uint8[height, width, 3]."""
    frame = np.empty((*size, 3), np.uint8)
    fill(frame, DARK)
    for k, picture in enumerate(pictures):
        high, wide = picture.shape[:2]
        y, x = (size[0] - 100 - high) // 2, size[1] // 2 * k + (size[1] // 2 - wide) // 2
        y = max(y, 0)
        part = frame[y : y + high, x : x + wide]
        part[:] = picture[: part.shape[0], : part.shape[1]]
    unit = unit_of(size)
    with scaled(unit):
        high, wide = int(size[0] / unit), int(size[1] / unit)
        write(frame, ASK, high - 62, wide // 2, 22, TEXT, True, "middle", wide - 40)
        write(frame, f"{number} of {count}", high - 30, wide // 2, 16, DIM, align="middle")
    return frame
