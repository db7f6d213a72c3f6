"""The window: a session on the screen, driven by keys, mouse and gamepad.

It decides nothing: `compose` draws a session as one picture and says where one can click, `Window`
turns events of pygame into what `Driven` does. pygame is only the screen.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...engine.errors import UserError
from ...engine.view.draw import ink
from . import keys
from .compose import unit_of
from .driven import Driven
from .session import Session

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

SIZE = (1280, 720)  # width, height
FPS = 60


class Pace:
    """So many pictures a second on average: one that comes late is followed by the next the sooner."""

    def __init__(self, rate: float) -> None:
        self._each, self._due = 1.0 / rate, time.perf_counter()

    def wait(self) -> None:
        """Until the next picture is due; nothing is made up that was late by more than one."""
        now = time.perf_counter()
        self._due = max(self._due + self._each, now - self._each)
        time.sleep(max(self._due - now, 0.0))


class Window(Driven):
    """A session on the screen. `run` shows it until it is closed.

    headless: draw without a screen (for tests); for the others see `Driven`. Raises UserError where
    there is no display.
    """

    def __init__(
        self,
        session: Session,
        size: tuple[int, int] = SIZE,
        headless: bool = False,
        fresh: Callable[[], bool] | None = None,
        folder: Path = Path(),
        settings: keys.Settings | None = None,
    ) -> None:
        need_display(headless)
        settings = settings or keys.Settings()
        _check(settings)
        super().__init__(session, copied, settings, fresh, folder, self._full)
        self.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        self._title = ""
        pygame.key.set_repeat(280, 70)
        self._windowed: tuple[int, int] | None = None  # its size, while the screen is full
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        if not headless:
            pygame.joystick.init()

    # -- the loop

    def run(self) -> None:
        """Show the session until the window is closed."""
        pace = Pace(FPS)
        try:
            while self.open:
                for event in pygame.event.get():
                    self.handle(event)
                self.tick(time.perf_counter())
                pace.wait()
        finally:
            self.close()

    def tick(self, now: float) -> None:
        """Let time run, draw, show."""
        self.beat(now)
        self._draw(now)

    def _draw(self, now: float) -> None:
        """Compose the picture, keep it for clip and film, and show it."""
        if self._title != self.session.world.title:
            self._title = self.session.world.title
            pygame.display.set_caption(f"goalshift: {self._title}")
        wide, high = self.screen.get_size()
        self.compose((high, wide))
        shown = np.ascontiguousarray(self.saving.add(now))
        self.screen.blit(pygame.image.frombuffer(shown.data, (wide, high), "RGB"), (0, 0))
        pygame.display.flip()

    @property
    def full(self) -> bool:
        """Is the screen full of it?"""
        return self._windowed is not None

    def _full(self) -> None:
        """Full screen, or back."""
        if self._windowed is None:
            self._windowed = self.screen.get_size()
            self.screen = pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            self.say(f"{self.look.letters()['full']}: back into a window")
        else:
            self.screen = pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
            self._windowed = None
            self.say("")

    def close(self) -> None:
        """Close the window; what is being written is finished first."""
        pygame.display.quit()
        self.finish()

    # -- events

    def handle(self, event: pygame.event.Event) -> None:
        """One event of pygame."""
        if event.type == pygame.QUIT:
            self.look.help = False
            self.do("quit")
        elif event.type == pygame.KEYDOWN:
            name, held = pygame.key.name(event.key).lower(), event.mod
            ctrl, shift = bool(held & pygame.KMOD_CTRL), bool(held & pygame.KMOD_SHIFT)
            self.key(name, event.unicode, ctrl, shift)
        elif event.type == pygame.KEYUP:
            self.key_up(pygame.key.name(event.key))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button in (1, 2, 3):
            held = pygame.key.get_mods()
            ctrl, shift = bool(held & pygame.KMOD_CTRL), bool(held & pygame.KMOD_SHIFT)
            self.press(_at(event), event.button, ctrl, shift)
        elif event.type == pygame.MOUSEWHEEL:
            self.mouse.wheel(event.y)
        elif event.type == pygame.MOUSEMOTION:
            self.move(_at(event))
        elif event.type == pygame.MOUSEBUTTONUP and event.button in (1, 2, 3):
            self.drop(_at(event))
        elif event.type == pygame.WINDOWFOCUSLOST:
            self.let_go()
        elif pygame.event.event_name(event.type).startswith("Joy"):
            self._pad(event)

    def _pad(self, event: pygame.event.Event) -> None:
        """An event of a gamepad: what is pushed is held until it is let go."""
        if event.type == pygame.JOYDEVICEADDED:
            with contextlib.suppress(pygame.error):
                pad = pygame.joystick.Joystick(event.device_index)
                self._pads[pad.get_instance_id()] = pad
        elif event.type == pygame.JOYDEVICEREMOVED:
            self._pads.pop(event.instance_id, None)
            self.hand.held.clear()
        elif event.type == pygame.JOYBUTTONDOWN:
            if event.button == 0 and self.hand.plays:
                self.hand.act({"up"} if self.hand.jumps else set())
            elif event.button in keys.BUTTONS:
                self.do(keys.BUTTONS[event.button])
        elif event.type == pygame.JOYHATMOTION:
            self._push({"right": event.value[0], "up": event.value[1]})
        # the first stick: to the right, and down
        elif event.type == pygame.JOYAXISMOTION and event.axis in (0, 1):
            self._push({"right": event.value} if event.axis == 0 else {"up": -event.value})

    def _push(self, ways: dict[str, float]) -> None:
        """A stick or cross is pushed so far to the right or up: a step by hand, or in time."""
        new = self.hand.push(ways)
        if new and self.hand.plays:
            self.hand.follow()
        elif new & {"left", "right"}:
            self.do("forward" if "right" in new else "back")


def _at(event: pygame.event.Event) -> tuple[int, int]:
    """The pixel that the mouse is at: y, x."""
    return event.pos[1], event.pos[0]


def _display(headless: bool) -> bool:
    """Begin with a display; False if there is none, or not one that shows anything."""
    told = [os.environ.get(name) for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY")]
    if not headless and sys.platform == "linux" and not any(told):
        return False  # SDL would try one driver after another, and complain
    try:
        pygame.display.init()
    except pygame.error:
        return False
    if pygame.display.get_driver() == "x11":
        # pictures are drawn by the processor: over OpenGL each would go up to a card and, where there
        # is none, through its imitation (50 ms instead of 1 at 1280x720)
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    if headless or pygame.display.get_driver() not in ("offscreen", "dummy"):
        return True
    pygame.display.quit()
    return False


def need_display(headless: bool = False) -> None:
    """Begin with a display; UserError where there is none."""
    if not _display(headless):
        raise UserError(
            "there is no display: goalshift watch with --terminal shows it here in text,"
            " and goalshift contrast films it"
        )


def splash(size: tuple[int, int], what: str) -> None:
    """Show at once that something is coming, while rules are compiled; nothing without a display."""
    if not _display(False):
        return
    wide, high = size
    frame, unit = np.empty((high, wide, 3), np.uint8), unit_of((high, wide))
    ink.fill(frame, ink.DARK)
    with ink.scaled(unit):
        y, x = int(high / unit / 2), int(wide / unit / 2)
        ink.write(frame, what[:60], y - 50, x, 36, ink.TEXT, True, "middle")
        words = "the rules are being compiled: some seconds, once for each world"
        ink.write(frame, words, y + 10, x, 20, ink.DIM, align="middle")
    screen = pygame.display.set_mode(size, pygame.RESIZABLE)
    pygame.display.set_caption("goalshift")
    screen.blit(pygame.image.frombuffer(frame.data, size, "RGB"), (0, 0))
    pygame.display.flip()
    pygame.event.pump()


def copied(words: str) -> bool:
    """Put a text into the clipboard; False where there is none."""
    try:
        pygame.scrap.put_text(words)
    except (pygame.error, AttributeError):
        return False
    return True


def _check(settings: keys.Settings) -> None:
    """UserError for keys that there are not."""
    for key in (*settings.keys, *settings.editor):
        for name in key.keys:
            plain = name.removeprefix("ctrl+").removeprefix("shift+")
            try:
                pygame.key.key_code("/" if plain == "?" else plain)
            except (ValueError, pygame.error):
                pygame.display.quit()
                raise UserError(
                    f"no key is called '{name}' (for {key.action}): use names such as f, f5, home or ctrl+z"
                ) from None
