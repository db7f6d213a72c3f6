"""What runs for hours: memory is flat once everything has been drawn once. Short here; at length
with `-m long`.
"""

import contextlib
import ctypes
import gc
import importlib
import time
from pathlib import Path

import numpy as np
import pygame
import pytest

from goalshift.agents.live import keys
from goalshift.agents.live.session import Session
from goalshift.agents.live.source import Source
from goalshift.agents.live.window import Window
from goalshift.engine.api import gymnasium, pettingzoo
from goalshift.engine.vector import level_of
from goalshift.engine.view.camera import top
from goalshift.engine.view.camera.shot import Shot
from goalshift.engine.view.camera.shot import Window as Part
from goalshift.engine.view.draw import cells, kept

QUIET = {"quit", *(key.action for key in keys.KEYS if key.group == "keep")}
NAMES = [name for key in keys.KEYS for name in key.keys if key.action not in QUIET]


def resident(kind: str = "VmRSS") -> int:
    """MB of memory that this process holds now."""
    gc.collect()
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if kind in x)
    return int(line.split()[1]) >> 10


def held() -> int:
    """MB of its own that this process holds, without what the C library keeps for itself of what it
    was given back (40 to 120, up and down with the sizes of windows and pictures), and without
    the pages of files, which the system takes and gives as it likes.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # not on every system
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident("RssAnon")


def some_event(shown: Window, dice: np.random.Generator) -> None:
    """A key, a wheel or a button somewhere in the window."""
    width, height = shown.screen.get_size()
    place = (int(dice.integers(width)), int(dice.integers(height)))
    kind = dice.choice(["key", "wheel", "move", "press", "drop"], p=[0.6, 0.1, 0.1, 0.1, 0.1])
    event = pygame.event.Event
    if kind == "key":
        name = str(dice.choice(NAMES))
        plain = name.removeprefix("ctrl+")
        mod = pygame.KMOD_CTRL if name != plain else 0
        code = pygame.key.key_code("/" if plain == "?" else plain)
        shown.handle(event(pygame.KEYDOWN, key=code, mod=mod, unicode=""))
        shown.handle(event(pygame.KEYUP, key=code, mod=mod))
    elif kind == "wheel":
        shown.handle(event(pygame.MOUSEWHEEL, y=int(dice.integers(-3, 4)), x=0))
    elif kind == "move":
        shown.handle(event(pygame.MOUSEMOTION, pos=place, rel=(1, 1), buttons=(0, 0, 0)))
    elif kind == "press":
        shown.handle(event(pygame.MOUSEBUTTONDOWN, pos=place, button=int(dice.integers(1, 4))))
    else:
        shown.handle(event(pygame.MOUSEBUTTONUP, pos=place, button=1))


@pytest.fixture
def shown(corner, tmp_path):
    session = Session(Source(corner, 3, "deploy"), ("expert:cheese", "random"), {})
    window = Window(session, (640, 400), True, folder=tmp_path)
    yield window
    window.close()


def test_pictures_are_kept_within_a_budget(corner, monkeypatch):
    """At every zoom the same picture as without any memory, and never more than the budget."""
    state = level_of(corner, 3, "deploy")
    monkeypatch.setattr(kept, "BUDGET", 2 << 20)
    kept.forget()
    for p in (8, 24, 64, 100, 24):
        shot = Shot(corner, state[0], (200, 300), at=Part(p, 6, 6))
        first, again = top.draw(shot), top.draw(shot)
        assert kept.total() <= 2 << 20 and kept.total() == sum(
            size for _, size in kept._store.values()
        )
        kept.forget()
        assert (first == again).all() and (first == top.draw(shot)).all()


def test_what_is_kept_is_drawn_once_and_the_oldest_goes(monkeypatch):
    made = []

    @kept.kept
    def square(side: int) -> np.ndarray:
        made.append(side)
        return np.zeros((side, side), np.uint8)

    kept.forget()
    monkeypatch.setattr(kept, "BUDGET", 4 * (10_000 + kept.ENTRY))
    for side in (100, 100, 99, 98, 97, 100, 96, 100, 99):
        assert square(side).shape == (side, side)
    assert made == [100, 99, 98, 97, 96, 99]
    square(500)
    square(500)
    assert made[-2:] == [500, 500], "what would drive out all others is not kept"
    kept.forget()


def test_a_cell_is_weighed_by_its_bytes(corner):
    kept.forget()
    cells.thing_art(corner, 0, 0, 100, 1.0)
    assert 100 * 100 * 8 < kept.total() < 100 * 100 * 20


def test_a_window_is_flat_after_it_has_warmed_up(shown, monkeypatch):
    # the instruments load torch when their keys are pressed, in the background: here it is there first
    importlib.import_module("goalshift.agents.lab.instruments")
    importlib.import_module("goalshift.agents.lab.posterior")
    monkeypatch.setattr(kept, "BUDGET", 8 << 20)
    dice = np.random.default_rng(0)
    for _ in range(40):
        some_event(shown, dice)
        shown.tick(time.perf_counter())
    begun = resident()
    for _ in range(60):
        some_event(shown, dice)
        shown.tick(time.perf_counter())
    assert shown.open and kept.total() <= 8 << 20
    assert resident() - begun < 40


@pytest.mark.long
def test_a_window_of_ten_thousand_events(shown):
    dice, seen = np.random.default_rng(1), []
    for k in range(10_000):
        some_event(shown, dice)
        shown.tick(time.perf_counter())
        if k % 1000 == 999:
            before = resident()
            seen.append(held())
            print(k + 1, "events:", seen[-1], "MB held,", before, "with all else", flush=True)
    assert seen[-1] - seen[2] < 30, seen


@pytest.mark.long
def test_fifty_films(tmp_path, call):
    code = Path(__file__).parent / "fixtures" / "0.1.0" / "follow-learned.gmr"
    seen = []
    for k in range(50):
        words = ["record", code, "-o", f"{k}.mp4", "--size", "848x480", "-q"]
        assert call(*words, "--camera", ("top", "iso", "eyes")[k % 3]).code == 0
        seen.append(resident())
    print(seen)
    assert seen[-1] - seen[9] < 40, seen


@pytest.mark.long
def test_five_hundred_environments_made_and_closed():
    seen = []
    for k in range(500):
        for env in (gymnasium.VectorEnv("corner", 8), pettingzoo.parallel_env("follow")):
            env.reset(seed=k)
            env.close()
        if k % 50 == 49:
            seen.append(resident())
    print(seen)
    assert seen[-1] - seen[1] < 20, seen
