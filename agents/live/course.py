"""A set of levels played by a person, one after another, with a score."""

from __future__ import annotations

from dataclasses import dataclass

from ..designing.open_file import Shelf
from .open import Place, of_shelf
from .source import Typed

PATIENCE = 20.0  # seconds that the experts may take to play a level, once it is over


@dataclass(frozen=True)
class Played:
    """How a level was played: its name, was the intended goal met (None: nobody knows), and in how
    many steps.
    """

    name: str
    met: bool | None
    steps: int


def show_course(shelf: Shelf, place: Place) -> list[Played]:
    """Play the levels of a shelf from the first to the last, or until the window is closed; the next
    one comes by itself. R tries a level once more, as long as it is shown.
    """
    from .keys import Settings
    from .window import Window

    settings, played, full = Settings.find(place.settings), list[Played](), False
    for number in range(len(shelf)):
        shelf.at = number
        session = of_shelf(shelf, True, Typed(str(shelf.path), verb="play"))
        shown = Window(session, place.size, place.headless, settings=settings)
        shown.look.presents, shown.once = True, True
        if full:
            shown.do("full")
        score = sum(one.met is True for one in played)
        letters = shown.look.letters()
        keys = f"arrow keys or WASD; {letters['again']}: once more"
        shown.say(f"level {number + 1} of {len(shelf)} · {score} met so far · {keys}")
        shown.run()
        full = shown.full
        if not shown.told:
            break
        outcomes = session.judge.outcomes(session.pane, PATIENCE)
        name = shelf.levels.names[number] or f"level {number + 1}"
        met = outcomes[0].met if outcomes else None
        played.append(Played(name, met, session.pane.history.ends))
    return played
