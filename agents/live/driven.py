"""A display that keys, mouse and time act on, whatever shows it: a window, or a page in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from . import keys
from .background import Thinker
from .commands import Commands
from .compose import unit_of
from .display import Display
from .drafts import Drafts
from .hand import Hand
from .look import Look
from .mouse import Mouse
from .pencil import Pencil
from .saving import Saving
from .session import Session

REST = 4.0  # seconds from the end of a level to the next one, if it goes on by itself
LOOKED = 0.5  # seconds from one look at files that may have changed to the next


class Driven(Display):
    """A session and all that acts on it; nothing here knows what screen it is on.

    settings: the user's keys and sizes; copy: puts a text into the clipboard, False where there is
    none; fresh: whether there is a newer checkpoint, which is loaded then; folder: where pictures
    go; full: what the key of the full screen does.
    """

    def __init__(
        self,
        session: Session,
        copy: Callable[[str], bool],
        settings: keys.Settings | None = None,
        fresh: Callable[[], bool] | None = None,
        folder: Path = Path(),
        full: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = told = settings or keys.Settings()
        look = Look(motion=told.motion, contrast=told.contrast, keys=told.keys, editor=told.editor)
        super().__init__(session, look)
        self.look.larger = float(told.scale)
        if session.first_person:  # beside what the agent sees, where it is
            self.look.camera, self.look.inset = "chase", True
        self.look.brush = next((k for k, tile in enumerate(session.world.tiles) if tile.solid), 0)
        self._by_key = {name: key.action for key in told.keys for name in key.keys}
        self.hand = Hand(self)
        self.saving = Saving(self, Path(folder), copy)
        self.commands = Commands(self, self.hand, self.saving, full)
        self.pencil, self.drafts = Pencil(self.commands), Drafts(self)
        self.mouse = Mouse(self.commands, self.pencil)
        self.once, self.told = False, 0  # close after one episode? stories told to their end
        self.stories: Iterator[Session] | None = None  # of a tour: those to come
        self._coming: Thinker[Session] = Thinker()
        self.most: int | None = None  # close after so many steps, or where nothing goes on
        self._over = 0.0  # since when nothing happens any more
        self._fresh, self._due = fresh, 0.0  # when files are looked at again

    def do(self, action: str) -> None:
        """What the key of that action does (see `keys.KEYS`)."""
        if action == "edit":
            self.mouse.drag = None
        self.commands.do(action)

    # -- time

    def beat(self, now: float) -> None:
        """Let time run up to `now` (seconds by `time.perf_counter`); nothing is drawn."""
        self.hand.tick()
        self.session.clock.tick(now, self.most)
        self._go_on(now)
        self.listen(now)
        if self.most is not None and (self.session.t >= self.most or not self.session.playing):
            self.open = False
        self.look_again(now)
        self.saving.tick()
        if self.look.edit:
            self.drafts.tick(now)

    def look_again(self, now: float) -> None:
        """Every now and then: has a file changed?"""
        if now > self._due:
            self._due = now + LOOKED
            self.session.reread()
            if self._fresh is not None and self._fresh():
                self.commands.reload()

    def tell(self, stories: Iterator[Session]) -> None:
        """One story after another, from the one on show: the next is opened meanwhile."""
        self.look.presents, self.stories = True, stories
        self._begin_story()

    def _begin_story(self) -> None:
        assert self.stories is not None
        stories = self.stories
        self._coming.ask(lambda: next(stories))
        self.look.camera = ("top", "chase")[self.told % 2]
        self.session.playing = True
        self.say(self.session.world.title)

    def _next_story(self) -> None:
        """The next one, once it is open."""
        found = self._coming.take()
        if isinstance(found, Exception):
            raise found
        if found is not None:
            self.let_go()
            self.hand.pending, self.look.cursor, self.look.marked = False, None, None
            self.look.edit, self.look.brush = False, 0
            self.told, self.session = self.told + 1, found
            self._begin_story()

    def _go_on(self, now: float) -> None:
        """By itself to the next level, or `once` to the end, a while after all episodes are over."""
        session = self.session
        on = self.look.auto or self.once or self.stories is not None
        if not (on and session.over and not self.look.help):
            self._over = now
        elif now - self._over > REST and self.once:
            self.open, self.told = False, 1
        elif now - self._over > REST and self.stories is not None:
            self._next_story()
        elif now - self._over > REST:
            (session.restart if self.look.again else session.next_level)()
            session.playing = True

    def finish(self) -> None:
        """Nobody looks any more; what is being written is finished first."""
        if self.commands.given_up:
            self.drafts.sweep()
        self.open = False
        self.saving.close()

    # -- keys and mouse

    def key(self, name: str, text: str = "", ctrl: bool = False, shift: bool = False) -> None:
        """A key goes down: its name as pygame has it, and what it writes."""
        if (form := self.look.form) is not None:
            form.key(name, "" if ctrl else text)
            if not form.open and self.look.form is form:
                self.look.form = None
            return
        if ctrl:
            name = f"ctrl+{name}"
        elif name == "/" and shift:
            name = "?"
        if self.look.edit and not self.look.help and self.pencil.key(name, shift):
            return
        moves = name in keys.MOVES and (name != "space" or self.hand.jumps)
        if moves and self.hand.plays:
            self.hand.held.add(keys.MOVES[name])
            self.hand.follow()
        elif name in self._by_key:
            self.do(self._by_key[name])

    def key_up(self, name: str) -> None:
        """A key is let go."""
        self.hand.held.discard(keys.MOVES.get(name, ""))

    def let_go(self) -> None:
        """Keys and mouse are elsewhere now: nothing is held any more."""
        self.hand.held.clear()
        self.mouse.drag = None

    def press(self, at: tuple[int, int], button: int, ctrl: bool, shift: bool) -> None:
        """A button of the mouse goes down over a pixel of the picture: y, x."""
        self.mouse.area, self.mouse.marks = shift, ctrl
        self.mouse.press(*self._units(at), button)

    def move(self, at: tuple[int, int]) -> None:
        """The mouse is moved to a pixel."""
        self.mouse.move(*self._units(at))

    def drop(self, at: tuple[int, int]) -> None:
        """The button goes up over a pixel."""
        self.mouse.drop(*self._units(at))

    def _units(self, at: tuple[int, int]) -> tuple[int, int]:
        """A pixel of the picture in its units."""
        unit = unit_of(self.frame.shape[:2], self.look.larger)
        return int(at[0] / unit), int(at[1] / unit)
