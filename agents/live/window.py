"""The window: a session on the screen, driven by keys, mouse and gamepad.

It decides nothing: `compose` draws a session as one picture and says where one can click, `Window`
turns events into calls of the session. What it asks of a session is what `agents/live/session.py` has;
pygame is only the screen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...engine import files
from ...engine.errors import RunError, UserError
from ...engine.view.camera import registry
from ...engine.view.draw import sprites
from ...engine.view.draw.look import SWITCHES, ZOOMS, Area, Look, Spot, speed
from ...engine.view.film.encode import encode
from . import keys
from .capture import RATE, Clip, Film
from .compose import compose, recording

SIZE = (1280, 720)  # width, height
FPS = 30
SAID = 5.0  # seconds that a message stays
LOOKED = 0.5  # seconds from one look at files that may have changed to the next
OPPOSITE = {"right": "left", "up": "down"}
DEAD = 0.5  # how far a stick must be pushed
PATIENCE = 30.0  # seconds that closing waits for files that are being written


class Window:
    """A session on the screen. `run` shows it until it is closed.

    headless: draw without a screen (for tests); reload: makes the policies of the newest
    checkpoint, or None; fresh: whether there is a newer one; folder: where pictures go. Raises
    UserError where there is no display.
    """

    def __init__(
        self,
        session: Any,
        size: tuple[int, int] = SIZE,
        headless: bool = False,
        reload: Callable[[], None] | None = None,
        fresh: Callable[[], bool] | None = None,
        folder: Path = Path(),
        action_of: Callable[[Any, set[str]], int] | None = None,
        settings: keys.Settings | None = None,
    ) -> None:
        import os

        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        import pygame

        self.pg = pygame
        pygame.display.init()
        driver = pygame.display.get_driver()
        if not headless and driver in ("offscreen", "dummy"):
            pygame.display.quit()
            raise UserError(
                "there is no display: goalshift watch with --terminal shows it here in text,"
                " and goalshift contrast films it"
            )
        self.settings = settings or keys.Settings()
        self._by_key = self._checked(self.settings)
        self.session, self.folder = session, Path(folder)
        self.look = Look(motion=self.settings.motion, keys=self.settings.keys)
        if session.first_person:  # one looks as the agent does
            self.look.camera, self.look.inset = "eyes", True
        self.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.display.set_caption(f"goalshift: {session.world.title}")
        pygame.key.set_repeat(280, 70)
        self.open, self.spots = True, list[Spot]()
        self._reload, self._fresh, self._action_of = reload, fresh, action_of
        self._held: set[str] = set()
        self._drag: tuple[str, Any] | None = None
        self._pointer = 0, 0  # where the mouse is: y, x
        self._pending = False
        self._message, self._until = "", 0.0
        self._clip = Clip()
        self._film: Film | None = None
        self._due = 0.0  # when files are looked at again
        self._saving: list[Any] = []
        self._pads: dict[int, Any] = {}
        self.frame = np.zeros((1, 1, 3), np.uint8)
        first = next((k for k, tile in enumerate(session.world.tiles) if tile.solid), 0)
        self.look.brush = first
        if not headless:
            pygame.joystick.init()

    def _checked(self, settings: keys.Settings) -> dict[str, str]:
        """What each key does; UserError for keys that there are not."""
        found = {}
        for key in settings.keys:
            for name in key.keys:
                plain = name.removeprefix("ctrl+")
                try:
                    self.pg.key.key_code("/" if plain == "?" else plain)
                except (ValueError, self.pg.error):
                    self.pg.display.quit()
                    raise UserError(
                        f"no key is called '{name}' (for {key.action}): use names such as f, f5, home or ctrl+z"
                    ) from None
                found[name] = key.action
        return found

    # -- the loop

    def run(self) -> None:
        """Show the session until the window is closed."""
        clock = self.pg.time.Clock()
        try:
            while self.open:
                for event in self.pg.event.get():
                    self.handle(event)
                self.tick(time.perf_counter())
                clock.tick(FPS)
        finally:
            self.close()

    def tick(self, now: float) -> None:
        """Let time run, draw, show."""
        session = self.session
        if self._pending:
            self._pending = not session.advance()
        if session.playing and self._action_of is not None:
            session.wanted = self._wanted()
        session.tick(now)
        if session.message:
            self._message, self._until = session.message, now + SAID
            if session.message.startswith("paused:"):
                self._until = now + 60
            session.message = ""
        if now > self._until:
            self._message = ""
        if now > self._due:
            self._due = now + LOOKED
            session.reread()
            if self._fresh is not None and self._fresh() and self._reload is not None:
                self._reload()
        self._saving = [entry for entry in self._saving if not self._told(entry)]
        self._draw(now)

    def _draw(self, now: float) -> None:
        """Compose the picture, keep it for clip and film, and show it."""
        scale, (width, height) = self.settings.scale, self.screen.get_size()
        size = max(height // scale, 1), max(width // scale, 1)
        self.frame, self.spots = compose(self.session, self.look, size, self._message)
        self._clip.add(now, self.frame)
        shown = self.frame
        if self._film is not None and self.frame.shape != self._film.shape:
            self._film.stop()  # a film has one size
        if self._film is not None:
            if self._film.stopped:
                self._film = None
            else:
                self._film.add(now, self.frame)
                shown = self.frame.copy()
                recording(shown, now - self._film.begun)
        surface = self.pg.image.frombuffer(shown.tobytes(), (size[1], size[0]), "RGB")
        if scale > 1:
            surface = self.pg.transform.scale(surface, (size[1] * scale, size[0] * scale))
        self.screen.blit(surface, (0, 0))
        self.pg.display.flip()

    def _told(self, saving: Any) -> bool:
        """Is something saved by now? Then say so."""
        done = saving.take()
        if done is not None:
            self.say(f"not possible: {done}" if isinstance(done, Exception) else str(done))
        return done is not None

    def close(self) -> None:
        """Close the window; what is being written is finished first."""
        self.open = False
        self.pg.display.quit()
        if self._film is not None:
            self._film.stop()
            self._film = None
        end = time.perf_counter() + PATIENCE
        for saving in self._saving:
            saving.answer(max(end - time.perf_counter(), 0.0))

    def say(self, message: str) -> None:
        """Show a message for a while."""
        self._message, self._until = message, time.perf_counter() + SAID

    # -- events

    def handle(self, event: Any) -> None:
        """One event of pygame."""
        pg = self.pg
        if event.type == pg.QUIT:
            self.open = False
        elif event.type == pg.KEYDOWN:
            self._key(event)
        elif event.type == pg.KEYUP:
            self._held.discard(keys.MOVES.get(pg.key.name(event.key), ""))
        elif event.type == pg.MOUSEBUTTONDOWN and event.button in (1, 2, 3):
            self._press(*self._pixel(event), event.button)
        elif event.type == pg.MOUSEWHEEL:
            self._wheel(event.y)
        elif event.type == pg.MOUSEMOTION:
            self._pointer = self._pixel(event)
            if self._drag is not None:
                self._move(*self._pointer)
        elif event.type == pg.MOUSEBUTTONUP and event.button in (1, 2, 3):
            self._drop(*self._pixel(event))
        elif event.type == pg.WINDOWFOCUSLOST:
            self._held.clear()
            self._drag = None
        elif pg.event.event_name(event.type).startswith("Joy"):
            self._pad(event)

    def _pixel(self, event: Any) -> tuple[int, int]:
        """Where in the picture the mouse is: y, x."""
        return event.pos[1] // self.settings.scale, event.pos[0] // self.settings.scale

    def _key(self, event: Any) -> None:
        pg = self.pg
        name = pg.key.name(event.key).lower()
        if event.mod & pg.KMOD_CTRL:
            name = f"ctrl+{name}"
        elif name == "/" and event.mod & pg.KMOD_SHIFT:
            name = "?"
        if (
            self._by_hand_now()
            and name in keys.MOVES
            and not (name == "space" and not self._jumps())
        ):
            self._held.add(keys.MOVES[name])
            if not self.session.playing:
                self._by_hand(self._wanted())
            return
        if name in self._by_key:
            self.do(self._by_key[name])

    def _by_hand_now(self) -> bool:
        """Does a person play the agent in focus?"""
        session = self.session
        return session.panes[session.focus].who[session.learner] == "human" and not self.look.edit

    def _jumps(self) -> bool:
        return "jump" in " ".join(self.session.world.actions)

    def _pad(self, event: Any) -> None:
        """An event of a gamepad: what is pushed is held until it is let go."""
        pg = self.pg
        if event.type == pg.JOYDEVICEADDED:
            with contextlib.suppress(pg.error):
                pad = pg.joystick.Joystick(event.device_index)
                self._pads[pad.get_instance_id()] = pad
        elif event.type == pg.JOYDEVICEREMOVED:
            self._pads.pop(event.instance_id, None)
            self._held.clear()
        elif event.type == pg.JOYBUTTONDOWN:
            if event.button == 0 and self._by_hand_now():
                self._by_hand(
                    self._action_of(self.session.world, {"up"})
                    if self._jumps() and self._action_of
                    else 0
                )
            elif event.button in keys.BUTTONS:
                self.do(keys.BUTTONS[event.button])
        elif event.type == pg.JOYHATMOTION:
            self._push({"right": event.value[0], "up": event.value[1]})
        # the first stick: to the right, and down
        elif event.type == pg.JOYAXISMOTION and event.axis in (0, 1):
            self._push({"right": event.value} if event.axis == 0 else {"up": -event.value})

    def _push(self, ways: dict[str, float]) -> None:
        """A stick or cross is pushed so far to the right or up (-1 to 1)."""
        before = set(self._held)
        for way, far in ways.items():
            for name, pushed in ((way, far > DEAD), (OPPOSITE[way], far < -DEAD)):
                (self._held.add if pushed else self._held.discard)(name)
        new = self._held - before
        if new and self._by_hand_now():
            if not self.session.playing:
                self._by_hand(self._wanted())
        elif new & {"left", "right"}:
            self.do("forward" if "right" in new else "back")

    def _wanted(self) -> int:
        return self._action_of(self.session.world, self._held) if self._action_of is not None else 0

    def _by_hand(self, action: int) -> None:
        """One step in which the person does `action`."""
        if not self._pending:
            self.session.wanted = action
            self._pending = not self.session.advance()

    def do(self, action: str) -> None:
        """What the key of that action does (see `keys.KEYS`)."""
        session, look = self.session, self.look
        if self.look.help and action not in ("help", "quit"):
            look.help = False
        simple = {
            "back": session.back, "again": session.restart, "next": session.next_level, "split": session.next_split,
            "focus": session.next_focus, "who": session.cycle_who, "take": session.take_over,
            "compare": session.compare, "undo": session.undo, "redo": session.redo,
        }  # fmt: skip
        try:
            if action in simple:
                if action == "back":
                    session.playing = False
                self._pending = False
                simple[action]()
            elif action in SWITCHES:
                look.shown ^= {action}
            else:
                getattr(self, f"_do_{action}")()
        except (UserError, RunError) as fault:
            self.say(f"not possible: {fault}")

    def _do_play(self) -> None:
        self.session.playing = not self.session.playing
        if self.session.playing and self.session.over and self.session.t == self.session.ends:
            self.session.go(0)
        self._message = ""

    def _do_forward(self) -> None:
        if not self._pending:
            self._pending = not self.session.advance()

    def _do_stay(self) -> None:
        self._by_hand(0)

    def _do_slower(self) -> None:
        self.session.speed = max(self.session.speed - 1, 0)
        self.say(f"speed {speed(self.session.speed)}")

    def _do_faster(self) -> None:
        self.session.speed = min(self.session.speed + 1, 8)
        self.say(f"speed {speed(self.session.speed)}")

    def _do_start(self) -> None:
        self.session.go(0)

    def _do_end(self) -> None:
        self.session.go(self.session.ends)

    def _do_part(self) -> None:
        parts = self.session.parting()
        if parts is None:
            alone = len(self.session.panes) == 1
            self.say(
                "nobody to compare with: open another pane"
                if alone
                else "the paths have not parted"
            )
        else:
            self.session.playing = False
            self.session.go(parts)

    def _do_reload(self) -> None:
        if self._reload is None:
            self.say("nobody here learns: open a run")
        else:
            self._reload()

    def _do_camera(self) -> None:
        names = registry.NAMES
        self.look.camera = names[(names.index(self.look.camera) + 1) % len(names)]

    def _do_inset(self) -> None:
        self.look.inset = not self.look.inset

    def _do_closer(self) -> None:
        self._zoom(1)

    def _do_farther(self) -> None:
        self._zoom(-1)

    def _zoom(self, by: int) -> None:
        self.look.zoom = min(max(self.look.zoom + by, ZOOMS[0]), ZOOMS[1])
        self.say(
            f"zoom {1.25**self.look.zoom:.0%}"
            + (" (not in first person)" if self.look.camera == "eyes" else "")
        )

    def _do_edit(self) -> None:
        self.look.edit = not self.look.edit
        self._drag = None
        if self.look.edit:
            self.session.playing = False
            self.look.camera = "top"  # cells can be pointed at from above

    def _do_brush(self) -> None:
        self.look.brush = (self.look.brush + 1) % len(self.session.world.tiles)

    def _do_panel(self) -> None:
        self.look.panel = not self.look.panel

    def _do_help(self) -> None:
        pages = next((spot.which for spot in self.spots if spot.kind == "help"), 1)
        more = self.look.help and self.look.page + 1 < pages
        self.look.page = self.look.page + 1 if more else 0
        self.look.help = more or not self.look.help

    def _do_quit(self) -> None:
        if self.look.help:
            self.look.help = False
        else:
            self.open = False

    # -- keeping

    def _name(self, stem: str, suffix: str) -> Path:
        """A file name that is free: goalshift-corner-001.png."""
        for count in range(1, 10000):
            path = self.folder / f"{stem}-{self.session.world.name}-{count:03d}{suffix}"
            if not path.exists():
                return path
        raise UserError(f"'{self.folder}' holds too many files called {stem}-...{suffix}")

    def _do_picture(self) -> None:
        from ...engine.view.sheets.gallery import save

        path = self._name("goalshift", ".png")
        save(np.ascontiguousarray(self.frame), path)
        self.say(f"wrote {path}")

    def _do_clip(self) -> None:
        frames, path = self._clip.frames(self.frame.shape), self._name("goalshift", ".webp")
        if frames is None:
            self.say("nothing to keep yet")
            return

        def work() -> str:
            encode(frames, path, RATE)
            return f"wrote {path}"

        self._saving.append(self.session.background(work))
        self.say(f"writing {path}")

    def _do_film(self) -> None:
        if self._film is not None:
            self._film.stop()
            self.say(f"writing {self._film.path}")
            self._film = None
            return
        if min(self.frame.shape[:2]) < 16:
            raise UserError("the window is too small to be filmed")
        self._film = Film(self._name("goalshift", ".mp4"), self.frame.shape, time.perf_counter())
        self._saving.append(self.session.background(self._film.write))
        self.say(f"filming to {self._film.path}")

    def _copy(self, words: str, told: str) -> bool:
        """Put a text into the clipboard, and say so; False where there is no clipboard."""
        try:
            self.pg.scrap.put_text(words)
        except (self.pg.error, AttributeError):
            return False
        self.say(told)
        return True

    def _do_code(self) -> None:
        code = self.session.replay().code()
        if not self._copy(
            code, f"{len(code)} characters in the clipboard: goalshift replay {code[:12]}..."
        ):
            path = self._name("replay", ".txt")
            files.write(path, code.encode() + b"\n")
            self.say(f"no clipboard here; the code is in {path}")

    def _do_save(self) -> None:
        if self.session.shelf is not None and self.session.shelf.own:
            path = self.session.keep()
        else:
            text = self.session.level_text()
            path = self._name("level", ".toml")
            files.write(path, text.encode())
        self.say(f"wrote {path}")

    # -- the mouse

    def _spot(self, y: int, x: int) -> Spot | None:
        return next((spot for spot in reversed(self.spots) if spot.holds(y, x)), None)

    def _press(self, y: int, x: int, button: int) -> None:
        if self.look.help:
            self.look.help = False
            return
        spot = self._spot(y, x)
        if spot is None:
            return
        if spot.kind == "key":
            self.do(spot.which)
        elif spot.kind == "copy":
            command = self.session.command()
            if not self._copy(command, f"copied: {command}"):
                self.say(command)
        elif spot.kind == "brush":
            self.look.brush = spot.which
        elif spot.kind in ("time", "slider"):
            self._drag = spot.kind, spot
            self._move(y, x)
        elif isinstance(spot, Area):
            if spot.which != self.session.focus:
                self.session.focus, self.session.learner = spot.which, 0
            if self.look.edit:
                self._begin_edit(spot, y, x, button)

    def _wheel(self, by: int) -> None:
        """Closer or farther over a pane; over the sliders, others of them."""
        spot = self._spot(*self._pointer)
        hidden = next(
            (
                spot.which
                for spot in self.spots
                if spot.kind == "scroll" and spot.holds(*self._pointer)
            ),
            0,
        )
        if hidden:
            self.look.scroll = min(max(self.look.scroll - by, 0), hidden)
        elif isinstance(spot, Area):
            self._zoom(1 if by > 0 else -1)

    def _begin_edit(self, spot: Area, y: int, x: int, button: int) -> None:
        cell = spot.cell(y, x)
        if cell is None:
            return
        thing = self.session.thing_at(spot.which, *cell)
        if button == 2:
            record = self.session.panes[spot.which].history.state[0]
            if 0 <= cell[0] < record.h and 0 <= cell[1] < record.w:
                self.look.brush = int(record.tiles[cell])
        elif button == 1 and thing is not None:
            self._drag = "thing", (spot, thing)
        else:
            tile = self.look.brush if button == 1 else sprites.of(self.session.world).ground
            self._drag = "paint", (spot, tile, set())
            self._move(y, x)

    def _move(self, y: int, x: int) -> None:
        assert self._drag is not None
        kind, what = self._drag
        if kind == "time":
            left, right, most = what.which
            self.session.playing = False
            self._pending = False
            self.session.go(round((x - left) / max(right - left, 1) * most))
        elif kind == "slider":
            name, start, stop, low, high = what.which
            value = low + (high - low) * min(max((x - start) / max(stop - start, 1), 0.0), 1.0)
            try:
                if name == "alpha":
                    self.session.set_alpha(value)
                elif name in {dial[0] for dial in self.session.dials()}:
                    self._pending = False
                    self.session.set_dial(name, value)
                else:
                    self.session.set_knob(name, value)
            except UserError as fault:
                self.say(f"not possible: {fault}")
        elif kind == "paint":
            spot, tile, done = what
            cell = spot.cell(y, x)
            if cell is not None and cell not in done:
                done.add(cell)
                self.session.paint(*cell, tile)

    def _drop(self, y: int, x: int) -> None:
        drag, self._drag = self._drag, None
        if drag is not None and drag[0] == "thing":
            spot, thing = drag[1]
            cell = spot.cell(y, x)
            if cell is not None:
                self.session.move(thing, *cell)
