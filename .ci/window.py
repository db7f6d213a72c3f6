"""The window as it is on a screen: `python .ci/window.py FOLDER` writes a picture of every mode at three
sizes into a folder; `python .ci/window.py rates` measures pictures a second while two panes move.

Both need Xvfb, a virtual X server, and open one for each size; what is photographed is its screen.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import pygame
from PIL import ImageGrab

from goalshift.agents.learning.shipped import unpack
from goalshift.agents.live import lesson, window
from goalshift.agents.live.open import open_session
from goalshift.agents.live.source import Source
from goalshift.engine.catalogue import load

SIZES = ((1280, 720), (1920, 1080), (2560, 1440))
SETTLED = 5.0  # seconds that what is asked in the background may take
MOVING, SECONDS, TURNS = ("coinrun", "follow"), 3.0, 3  # of a measurement
# a mode: a world, steps that are made in it (-1: to the end), and keys
MODES = {
    "usual": ("corner", 7, ""), "end": ("coinrun", -1, ""), "chase": ("corner", 7, "v"),
    "model": ("keys", 5, "v v"), "eyes": ("corner", 4, "v v v"), "four": ("follow", 9, "c c"),
    "overlays": ("corner", 6, "2 3 4 5"), "saliency": ("dish", 5, "8 9"), "gauges": ("dish", 8, "0 f8"),
    "hall": ("follow", 9, "f11"), "presenter": ("corner", 8, "p"), "presenter-end": ("coinrun", -1, "p"),
    "help": ("corner", 0, "h"), "contrast": ("coinrun", 18, "i"), "still": ("lava", 6, "j"),
    "editor": ("corner", 0, "e right return down return m right down"), "form": ("sokoban", 0, "e u"),
    "editor-contrast": ("keys", 0, "i e right"), "wide": ("harvest", 9, ""), "line": ("coinline", 3, ""),
}  # fmt: skip


@contextmanager
def screen(size: tuple[int, int]) -> Iterator[subprocess.Popen]:
    """A virtual screen of this size, on which windows open; its server."""
    name = f":{100 + os.getpid() % 10_000 + SIZES.index(size)}"
    server = subprocess.Popen(
        ["Xvfb", name, "-screen", "0", f"{size[0]}x{size[1]}x24"], stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(1.5)
        os.environ.update(DISPLAY=name, SDL_VIDEODRIVER="x11")
        yield server
    finally:
        server.terminate()
        server.wait()


def press(shown: window.Window, key: str) -> None:
    """A key goes down and up."""
    for kind in (pygame.KEYDOWN, pygame.KEYUP):
        code = pygame.key.key_code(key)
        shown.handle(pygame.event.Event(kind, key=code, mod=0, unicode=""))


def busy(shown: window.Window) -> bool:
    """Is anything still asked in the background?"""
    parts = shown.session
    asked = [p for pane in parts.panes for p in (pane.thinker, pane.mapper, pane.witness)]
    return any(part.busy for part in (*asked, parts.facts.prover)) or (
        parts.judge.outcomes(parts.pane) is None and parts.over
    )


def photograph(shown: window.Window, path: Path) -> None:
    """The screen, once nothing is waited for, as a picture."""
    end = time.perf_counter() + SETTLED
    for _ in range(3):
        while True:
            pygame.event.pump()
            shown.tick(time.perf_counter())
            if not busy(shown) or time.perf_counter() > end:
                break
            time.sleep(0.05)
    ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(path)
    print(path, flush=True)


def mode(world: str, steps: int, pressed: str, size: tuple[int, int]) -> window.Window:
    """A window in a mode."""
    shown = window.Window(open_session(world), size)
    for key in pressed.split():
        press(shown, key)
    while steps and not shown.session.over:
        shown.session.clock.step()
        steps -= 1
    shown.session.message = shown.message = ""
    return shown


def training(size: tuple[int, int]) -> window.Window:
    """The window of `demo --live`, with a curve that is made up."""
    run, world = Path(tempfile.mkdtemp()), load("corner")
    unpack("corner", run)
    watched = lesson.Lesson(world, run, "deploy")
    shares = ((0.02, 0.05), (0.1, 0.3), (0.22, 0.6), (0.2, 0.8), (0.18, 0.92), (0.15, 0.97))
    watched.points += [
        lesson.Point(40_000 * (k + 1), np.array(share)) for k, share in enumerate(shares)
    ]
    shown = window.Window(lesson.lesson_session(watched, Source(world, 3, "deploy")), size)
    shown.look.lesson, shown.look.panel = watched, False
    for _ in range(9):
        shown.session.clock.step()
    return shown


def tour(size: tuple[int, int]) -> window.Window:
    """The window of `watch --tour`."""
    shown = mode("follow", 20, "p v", size)
    shown.say(shown.session.world.title)
    return shown


def splash(size: tuple[int, int]) -> None:
    """What is seen while rules are compiled."""
    window.splash(size, load("coinrun").title)


def shots(folder: Path, wanted: list[str]) -> None:
    """A picture of each mode at each size."""
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Callable[[tuple[int, int]], window.Window | None]] = {
        name: lambda size, told=told: mode(*told, size) for name, told in MODES.items()
    }
    made |= {"training": training, "tour": tour, "splash": splash}
    for size in SIZES:
        with screen(size):
            for told in wanted or made:
                shown = made[told](size)
                path = folder / f"{told}-{size[1]}.png"
                if shown is None:
                    ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(path)
                else:
                    photograph(shown, path)
                    shown.close()
            pygame.display.quit()


def rates() -> None:
    """Pictures a second, as fast as they come and at the window's own pace: the median of some turns,
    with the least and the most. Where other work runs beside, what counts is how many milliseconds
    of a processor a picture takes, of the window (its threads too) and of the server.
    """
    for size in SIZES[:2]:
        with screen(size) as server:
            for world in MOVING:
                for camera in ("top", "chase"):
                    turns = [measured(world, camera, size, server.pid) for _ in range(TURNS)]
                    told = [
                        f"{name} {median(x):.1f} [{min(x):.1f}, {max(x):.1f}]"
                        for name, x in zip(
                            ("fast", "paced", "ms", "ms of X"),
                            zip(*turns, strict=True),
                            strict=True,
                        )
                    ]
                    print(f"{world:8} {size[0]}x{size[1]} {camera:5}", *told, sep="  ", flush=True)


def measured(
    world: str, camera: str, size: tuple[int, int], server: int
) -> tuple[float, float, float, float]:
    """One turn: pictures a second, the same at the window's pace, and milliseconds a picture."""
    shown = window.Window(open_session(world), size)
    shown.look.camera = camera
    shown.session.playing = True
    counted(shown, 1.5, False)
    own, other = time.process_time(), spent(server)
    fast = counted(shown, SECONDS, False)
    own, other = (time.process_time() - own), (spent(server) - other)
    paced = counted(shown, SECONDS, True)
    shown.close()
    n = fast * SECONDS / 1000
    return fast, paced, own / n, other / n


def spent(process: int) -> float:
    """Seconds of a processor that a process has had."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def counted(shown: window.Window, seconds: float, paced: bool) -> float:
    """Pictures a second, while all panes go on."""
    pace, begun, n = window.Pace(window.FPS), time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        if shown.session.over:
            shown.session.go(0)
            shown.session.playing = True
        for event in pygame.event.get():
            shown.handle(event)
        shown.tick(time.perf_counter())
        n += 1
        if paced:
            pace.wait()
    return n / (time.perf_counter() - begun)


if __name__ == "__main__":
    if sys.argv[1] == "rates":
        rates()
    else:
        shots(Path(sys.argv[1]), sys.argv[2:])
