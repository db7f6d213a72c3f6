"""What the keys of the window do, by the names of `keys.KEYS`."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.errors import RunError, UserError
from ...engine.view.camera import registry
from ...engine.view.draw.overlays import TITLES
from .display import Display
from .form import Form
from .hand import Hand
from .look import ZOOMS
from .saving import Saving
from .session import Session

LOSES = ("next", "split")  # what an unsaved level does not outlive
HINT = "It travels with the level. A licence is a name such as CC0-1.0, CC-BY-4.0 or MIT."


class Commands:
    """All that can be done at a window with a key, a button or a click."""

    def __init__(
        self, display: Display, hand: Hand, saving: Saving, full: Callable[[], None] = lambda: None
    ) -> None:
        self.display, self.look = display, display.look
        self.hand, self.saving, self.full = hand, saving, full
        self._warned = ""  # what it has been asked about, as the level is not saved
        self.given_up = False  # was the window closed in spite of that?
        self._own = {
            "play": self._play, "forward": hand.forward, "stay": lambda: hand.act(set()), "part": self._part,
            "reload": self.reload, "camera": self._camera, "turn": self._turn, "inset": self._inset,
            "panel": self._panel,
            "closer": lambda: self.zoom(1), "farther": lambda: self.zoom(-1), "edit": self._edit,
            "brush": self._brush, "picture": saving.keep_picture, "clip": saving.keep_clip,
            "film": saving.keep_film, "code": saving.keep_code, "save": saving.keep_level,
            "present": self._present, "auto": self._auto, "motion": self._motion,
            "contrast": self._contrast, "full": self.full,
            "help": self._help, "quit": self._quit,
        }  # fmt: skip

    @property
    def session(self) -> Session:
        """What is on show: a tour goes on to another."""
        return self.display.session

    def do(self, name: str) -> None:
        """Do what the key of that name does."""
        self._warned = self._warned if self._warned == name else ""
        if self.look.help and name not in ("help", "quit"):
            self.look.help = False
        shared = self.session.commands
        try:
            if name in TITLES:
                self.look.shown ^= {name}
            elif name in self._own:
                self._own[name]()
            else:
                if name == "back":
                    self.session.playing = False
                if name in LOSES and self._warn(name, "goes on"):
                    return
                if name not in ("slower", "faster", "start", "end"):
                    self.hand.pending = False
                shared[name]()
                if name in ("slower", "faster"):
                    self.display.say(f"speed {self.session.clock.pace}")
        except (UserError, RunError) as fault:
            self.display.say(f"not possible: {fault}")

    def _play(self) -> None:
        session = self.session
        session.playing = not session.playing
        if session.playing and session.over and session.t == session.ends:
            session.go(0)
        self.display.message = ""

    def _part(self) -> None:
        parts = self.session.clock.parting()
        if parts is not None:
            self.session.playing = False
            self.session.go(parts)
        elif len(self.session.panes) == 1:
            self.display.say("nobody to compare with: open another pane")
        else:
            self.display.say("the paths have not parted")

    def reload(self) -> None:
        """Load the newest checkpoint."""
        if self.session.cast.agents:
            self.session.cast.reload()
        else:
            self.display.say("nobody here learns: open a run")

    def _camera(self) -> None:
        names = registry.names()
        self.look.camera = names[(names.index(self.look.camera) + 1) % len(names)]

    def _turn(self) -> None:
        self.look.turn = (self.look.turn + 1) % 4
        if self.look.camera != "iso":
            self.look.camera = "iso"

    def _inset(self) -> None:
        self.look.inset = not self.look.inset

    def _panel(self) -> None:
        self.look.panel = not self.look.panel

    def _present(self) -> None:
        self.look.presents, self.look.edit = not self.look.presents, False

    def _auto(self) -> None:
        self.look.auto = not self.look.auto
        self.session.playing |= self.look.auto and not self.session.over
        self.display.say(
            "goes on from level to level by itself" if self.look.auto else "stays on this level"
        )

    def _motion(self) -> None:
        self.look.motion = not self.look.motion
        self.display.say("things slide" if self.look.motion else "things jump from cell to cell")

    def _contrast(self) -> None:
        self.look.contrast = not self.look.contrast
        self.display.say("high contrast" if self.look.contrast else "the usual colours")

    def zoom(self, by: int) -> None:
        """So many steps closer."""
        self.look.zoom = min(max(self.look.zoom + by, ZOOMS[0]), ZOOMS[1])
        never = " (not in first person)" if registry.camera(self.look.camera).first_person else ""
        self.display.say(f"zoom {1.25**self.look.zoom:.0%}{never}")

    def _edit(self) -> None:
        self.look.edit = not self.look.edit
        if self.look.edit:
            self.session.playing = False
            self.look.camera = "top"  # cells can be pointed at from above

    def _warn(self, name: str, does: str) -> bool:
        """Say once that the level is not saved; True where that was new."""
        if not self.session.keeping.unsaved or self._warned == name:
            return False
        self._warned, key = name, self.look.letters()["save"]
        self.display.say(f"the level is not saved: {key} saves it, once more {does} without")
        return True

    def ask_about(self) -> None:
        """Ask for title, author and licence of the level."""
        shelf = self.session.source.shelf
        if shelf is None or not shelf.own:
            words = "only a level of a file bears a title: goalshift level edit FILE"
            self.display.say(words)
            return
        told = shelf.about

        def keep(fields: dict[str, str]) -> None:
            shelf.say(told._replace(**{k: words.strip() for k, words in fields.items()}))
            self.session.keeping.retitled |= shelf.about != told
            self.display.say(f"{self.look.letters()['save']} writes it into the file")

        fields = {name: getattr(told, name) for name in ("title", "author", "licence")}
        self.look.form = Form("Whose level is it?", HINT, keep, fields=fields)

    def _brush(self) -> None:
        self.look.brush = (self.look.brush + 1) % len(self.session.editor.brushes())

    def _help(self) -> None:
        pages = next((spot.which for spot in self.display.spots if spot.kind == "help"), 1)
        more = self.look.help and self.look.page + 1 < pages
        self.look.page = self.look.page + 1 if more else 0
        self.look.help = more or not self.look.help
        if self.look.help:
            self.session.playing = False

    def _quit(self) -> None:
        if self.look.help:
            self.look.help = False
        elif not self._warn("quit", "closes"):
            self.given_up = self.session.keeping.unsaved
            self.display.open = False
