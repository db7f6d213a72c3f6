"""A session that browsers drive and look at: who may do what, and what each of them is sent."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import keys
from ..driven import Driven
from ..session import Session
from . import messages
from .blocks import Blocks

IDLE = 0.25  # seconds between pictures while nothing moves
AWAKE = 1.5  # seconds that it is looked after closely since somebody did something
STAYS = "it is served until Ctrl+C is pressed where it was started"


@dataclass(eq=False)
class Viewer:
    """Somebody at a browser.

    drives: or only looks? seen: the number of the picture that was sent last; waits: is it not on
    the screen yet? size: the picture's; said: the words sent last; told: what is to be sent.
    """

    drives: bool
    seen: int = 0
    waits: bool = False
    size: tuple[int, int] = 0, 0
    said: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)


class Show(Driven):
    """A session for browsers. Who has the token `driver` may do all that can be done at the window,
    who has `audience` may look. size: of the picture at first (width, height).
    """

    def __init__(
        self,
        session: Session,
        size: tuple[int, int],
        settings: keys.Settings | None = None,
        fresh: Callable[[], bool] | None = None,
        folder: Path = Path(),
    ) -> None:
        super().__init__(session, self._copy, settings, fresh, folder, self._full)
        self.driver, self.audience = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        self.size = messages.fitting(size)
        self.blocks, self.viewers = Blocks(), list[Viewer]()
        self._drawn = self._touched = 0.0
        self._last: Viewer | None = None  # who did something last
        self._stood = False  # did time run when the last one left?

    # -- who may do what

    def enter(self, token: str) -> Viewer | None:
        """Somebody with a token; None if it is none of ours."""
        given = token.encode("utf-8", "replace")
        drives = hmac.compare_digest(given, self.driver.encode())
        looks = hmac.compare_digest(given, self.audience.encode())
        if not (drives or looks):
            return None
        viewer = Viewer(drives)
        viewer.told.append(self._welcome(viewer))
        self.viewers.append(viewer)
        self._touched = time.perf_counter()
        if self.stories is not None or self.look.auto:  # goes on by itself, whoever comes
            self.session.playing |= self._stood
        return viewer

    def _welcome(self, viewer: Viewer) -> dict[str, Any]:
        """What a browser has to know: its keys are kept from the browser itself."""
        title = self.session.world.title
        if not viewer.drives:
            return {"welcome": title, "drives": False}
        return {"welcome": title, "drives": True, "audience": self.audience, "keys": self._names()}

    def _names(self) -> list[str]:
        table = (*self.look.keys, *self.look.editor)
        return sorted({name for key in table for name in key.keys} | set(keys.MOVES))

    def leave(self, viewer: Viewer) -> None:
        """Somebody is gone; what was held is let go."""
        self.viewers.remove(viewer)
        if viewer.drives:
            self.let_go()

    def hear(self, viewer: Viewer, text: str | bytes) -> None:
        """Do what a viewer says. Raises `messages.NotSaid` for what that one may not say."""
        kind, said = messages.read(text)
        if kind == "seen":
            if not 0 <= said["seen"] <= self.blocks.number:
                raise messages.NotSaid("there is no such picture")
            viewer.waits = False
        elif not viewer.drives or kind == "token":
            raise messages.NotSaid("this link is for looking only")
        else:
            self._touched, self._last = time.perf_counter(), viewer
            self._obey(kind, said)

    def _obey(self, kind: str, said: dict[str, Any]) -> None:
        if kind == "size":
            self.size = messages.fitting(said["size"])
        elif kind == "key":
            self.key(said["key"], said["text"], said["ctrl"], said["shift"])
        elif kind == "up":
            self.key_up(said["up"])
        elif kind == "press":
            if said["button"] in (1, 2, 3):
                self.press(said["press"], said["button"], said["ctrl"], said["shift"])
        elif kind == "move":
            self.move(said["move"])
        elif kind == "drop":
            self.drop(said["drop"])
        elif kind == "wheel":
            self.mouse.wheel(min(max(said["wheel"], -3), 3))
        elif kind == "away":
            self.let_go()

    def do(self, action: str) -> None:
        """As in the window, but that nobody closes it for all."""
        if action == "quit" and not self.look.help:
            self.say(STAYS)
        else:
            super().do(action)

    def _copy(self, words: str) -> bool:
        """A text for the clipboard of whoever did something last; False if nobody is there."""
        return self._ask("copy", words)

    def _full(self) -> None:
        """The browser of whoever asked fills its screen, or no longer."""
        self._ask("full", True)

    def _ask(self, what: str, value: str | bool) -> bool:
        if self._last not in self.viewers:
            return False
        self._last.told.append({what: value})
        return True

    # -- what is shown

    def tick(self, now: float) -> None:
        """Let time run, as long as anybody looks, and draw where anything may have changed."""
        if not self.viewers:
            self._stood |= self.session.playing
            self.session.playing = False
            self.look_again(now)
            return
        self._stood = False
        self.beat(now)
        session = self.session
        moves = session.playing or session.thinking or self.hand.pending
        if moves or now - min(self._touched, now) < AWAKE or now - self._drawn > IDLE:
            self._drawn = now
            self.compose(self.size)
            self.blocks.show(self.saving.add(now))

    def due(self, viewer: Viewer) -> list[dict[str, Any] | bytes]:
        """What a viewer is to be sent now; no picture before the last one is on the screen."""
        sent: list[dict[str, Any] | bytes] = list(viewer.told)
        viewer.told.clear()
        words = self.words()
        if words != viewer.said:
            viewer.said = words
            sent.append({"say": words})
        if viewer.waits or viewer.seen == self.blocks.number:
            return sent
        if viewer.size != self.blocks.size:
            viewer.size, viewer.seen = self.blocks.size, 0
            sent.append({"size": [viewer.size[1], viewer.size[0]]})
        sent.append({"picture": self.blocks.number})
        sent.append(self.blocks.since(viewer.seen))
        viewer.seen, viewer.waits = self.blocks.number, True
        return sent

    def words(self) -> str:
        """The picture in words, for who cannot see it; while time runs only that it does."""
        session = self.session
        if session.playing:
            return f"{session.world.title}: running. {self.message}".strip()
        pane = session.pane
        scores = ", ".join(
            f"{goal.name} {score:g}"
            for goal, score in zip(session.world.goals, pane.history.note.scores, strict=True)
        )
        over = ", the episode is over" if session.over else ""
        who = session.cast.label(pane)
        told = f"{session.world.title}: step {session.t}{over}. {who}: {scores}. {self.message}"
        return told.strip()
