"""What the window shows: a session, how it is looked at, the picture, and a message. All parts of
the window share it; none of this needs a screen.
"""

from __future__ import annotations

import time

import numpy as np

from .compose import compose
from .look import Look, Spot
from .session import Session

SAID = 5.0  # seconds that a message stays
FAILED = 60.0  # seconds that one stays that says why time has stopped


class Display:
    """A session, how it is looked at (`look`), the picture of it (`frame`, uint8[height, width, 3])
    and where that can be clicked (`spots`), and what is said (`message`). open: is it to be shown
    any longer?
    """

    def __init__(self, session: Session, look: Look) -> None:
        self.session, self.look = session, look
        self.frame = np.zeros((1, 1, 3), np.uint8)
        self.spots: list[Spot] = []
        self.message, self._until = "", 0.0
        self.open = True

    def say(self, message: str) -> None:
        """Show a message for a while."""
        self.message, self._until = message, time.perf_counter() + SAID

    def listen(self, now: float) -> None:
        """Show what the session has to say at time `now`, and nothing for too long."""
        if self.session.message:
            self.message, self.session.message = self.session.message, ""
            self._until = now + (FAILED if self.message.startswith("paused:") else SAID)
        if now > self._until:
            self.message = ""

    def compose(self, size: tuple[int, int]) -> None:
        """Draw the picture anew, in this size (height, width)."""
        self.frame, self.spots = compose(self.session, self.look, size, self.message)

    def spot(self, y: int, x: int) -> Spot | None:
        """What can be clicked at a pixel of the picture."""
        return next((spot for spot in reversed(self.spots) if spot.holds(y, x)), None)
