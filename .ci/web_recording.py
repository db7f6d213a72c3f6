"""`watch --web` in Chromium, recorded: `python .ci/web_recording.py [WORLD]` makes recordings/web.webp.

Two browsers, who drives and who only looks, at keys, the timeline and the editor; each picture is
what both of them show then. It needs `chromium` and `chromedriver` (see tests/browser.py).
"""

import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from goalshift.agents.live.look import Area, Spot, Track
from goalshift.agents.live.open import open_session
from goalshift.agents.live.session import Session
from goalshift.agents.live.web.inline import Inline
from goalshift.agents.live.web.show import Show
from goalshift.engine.view.draw.ink import DARK, TEXT, fill, write
from goalshift.tests.browser import Browser

PAGE = 820, 620  # width, height of a browser
HEAD, LASTS = 44, 1100  # pixels of the line that says what is done; milliseconds of a picture
ENTER = "\ue007"
WAYS = {"\ue012": (0, -1), "\ue013": (-1, 0), "\ue014": (0, 1), "\ue015": (1, 0)}  # arrow keys
OUT = Path(__file__).parent.parent / "recordings" / "web.webp"


class Recording:
    """Two pages of one show, and their pictures."""

    def __init__(self, show: Show, driver: Browser, audience: Browser) -> None:
        self.show, self.pages = show, (driver, audience)
        self.frames: list[Image.Image] = []

    def keep(self, words: str) -> None:
        """A picture of both pages once they show what is now, under what was done."""
        until(lambda: not self.show.session.thinking)
        time.sleep(1.5)
        for page in self.pages:
            page.wait(
                f"Number(document.documentElement.dataset.picture) >= {self.show.blocks.number}"
            )
        shots = [Image.open(io.BytesIO(page.screenshot())).convert("RGB") for page in self.pages]
        frame = np.empty((HEAD, sum(shot.width for shot in shots) + 12, 3), np.uint8)
        fill(frame, DARK)
        write(frame, words, 8, 14, 22, TEXT, True)
        whole = Image.new("RGB", (frame.shape[1], HEAD + shots[0].height))
        whole.paste(Image.fromarray(frame), (0, 0))
        for k, shot in enumerate(shots):
            whole.paste(shot, (k * (shots[0].width + 12), HEAD))
        self.frames.append(whole)

    def click(self, spot: Spot, right: float = 0.5) -> None:
        """The mouse of who drives, on a part of the picture, so far from its left."""
        size = self.show.frame.shape
        x = (spot.x0 + (spot.x1 - spot.x0) * right) / size[1] - 0.5
        self.pages[0].click_at("canvas", x, (spot.y0 + spot.y1) / 2 / size[0] - 0.5)

    def save(self, path: Path) -> None:
        """All pictures as an animation."""
        first, *rest = self.frames
        first.save(
            path, save_all=True, append_images=rest, duration=LASTS, loop=0, quality=70, method=6
        )


def until(true) -> None:
    """Wait for what the server does in its own thread."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def free_way(session: Session) -> str:
    """The arrow key from the agent to a cell where nothing stands."""
    now = session.pane.history.state[0]
    for key, (down, right) in WAYS.items():
        cell = int(now.y[0]) + down, int(now.x[0]) + right
        free = session.editor.thing_at(session.focus, *cell) is None
        if free and now.tiles[cell] == session.editor.ground:
            return key
    raise AssertionError("the agent is walled in")


def record(world: str) -> Recording:
    """The session, from the link to an edited level."""
    session = open_session(world)
    served = Inline(Show(session, PAGE))
    show = served.show
    try:
        with Browser(*PAGE) as driver, Browser(*PAGE) as audience:
            made = Recording(show, driver, audience)
            driver.go(served.link)
            audience.go(served.audience)
            for page in made.pages:
                page.wait("Number(document.documentElement.dataset.picture) > 0")
            made.keep(
                "goalshift watch --web: who drives (left), and a link that only looks (right)"
            )
            for step in range(1, 5):
                driver.press(".")
                until(lambda step=step: session.t == step)
            made.keep("key . : four steps")
            driver.press(" ")
            until(lambda: session.over and not session.playing)
            made.keep("Space: to the end")
            line = next(s for s in show.spots if isinstance(s, Track) and s.kind == "time")
            made.click(line, 0.45)
            until(lambda: 0 < session.t < session.ends)
            made.keep("a click on the timeline: back in time, exactly")
            audience.press("e")
            made.keep("the audience presses E, and nothing happens")
            driver.press("e")
            until(lambda: show.look.edit)
            made.keep("E: the level is edited under them, with the experts' ways")
            area = next(s for s in show.spots if isinstance(s, Area))
            assert area.p
            for key in (free_way(session), ENTER):
                driver.press(key)
            until(lambda: len(session.editor.made) == 1)
            time.sleep(1.0)
            made.keep("arrow key and Enter: a wall, and what that changes")
            driver.press("z")
            until(lambda: not session.editor.made)
            driver.press("e")
            driver.press("v")
            made.keep("Z: undone; E, V: on, seen from behind")
            driver.press("p")
            made.keep("P: for a hall")
            assert not [line for line in driver.log() if "refused" not in line]
    finally:
        served.close()
    return made


if __name__ == "__main__":
    record(*(sys.argv[1:] or ["corner"])).save(OUT)
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")
