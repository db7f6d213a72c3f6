"""What the window asks: a few lines of text to fill in, or a question with yes, no and later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST = 120  # characters of a field


@dataclass
class Form:
    """A question in a box over the window, which takes all keys until it is answered.

    fields: name -> text, which is written by keys; Tab or Down goes to the next. yes, no: what
    Enter and (without fields) Delete do; Esc leaves all as it is. feet: what the keys do, in words.
    """

    title: str
    words: str
    yes: Callable[[dict[str, str]], None]
    no: Callable[[], None] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    feet: str = "Tab: the next · Enter: done · Esc: as it was"
    at: int = 0
    open: bool = True

    def key(self, name: str, text: str) -> None:
        """A key goes down: its name, and what it writes."""
        names = list(self.fields)
        if name == "escape":
            self.open = False
        elif name in ("return", "enter"):
            self.open = False
            self.yes(dict(self.fields))
        elif not names:
            if name in ("delete", "backspace") and self.no is not None:
                self.open = False
                self.no()
        elif name in ("tab", "down"):
            self.at = (self.at + 1) % len(names)
        elif name == "up":
            self.at = (self.at - 1) % len(names)
        elif name == "backspace":
            self.fields[names[self.at]] = self.fields[names[self.at]][:-1]
        elif text and text.isprintable():
            self.fields[names[self.at]] = (self.fields[names[self.at]] + text)[:LONGEST]
