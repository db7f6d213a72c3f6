"""What happens in the window, without the window: a level, who plays it in each pane, and time that
runs both ways.

A session is the stage itself and the parts that act on it. A pane lives through one episode (see
`engine.history`). All panes play the same level with the same dice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...engine import state
from ...engine.errors import UserError
from ...engine.history import History
from .cast import PANES, Agents, Cast
from .clock import Clock
from .dials import Dials
from .editor import Editor
from .facts import Facts
from .insight import Insight
from .judge import Judge
from .keeping import Keeping
from .source import Source
from .stage import RECORDED, Pane, Stage
from .witness import Witness


class Session(Stage):
    """A level in up to four panes, and all that can be done with it.

    source: where the level comes from; who: who plays in each pane ("": the best default); agents:
    the learned agents, by name. first_person: do they see pictures from where they stand?
    Everything is checked here; the window only shows it.
    """

    def __init__(
        self,
        source: Source,
        who: Sequence[str] = ("",),
        agents: Agents | None = None,
        first_person: bool = False,
    ) -> None:
        super().__init__(source.base)
        self.source, self.first_person = source, first_person
        self.cast = Cast(self, agents or {})
        self.clock = Clock(self, self.cast)
        self.dials = Dials(self, self.cast, source)
        self.editor = Editor(self)
        self.facts = Facts(self)
        self.judge = Judge(self)
        self.insight = Insight(self, self.cast)
        self.witness = Witness(self, self.cast)
        self.keeping = Keeping(self, self.cast, source, self.judge)
        first = [self.cast.known(name) for name in who or ("",)][:PANES]
        self.panes = [
            Pane(History(self.world, source.start), [name] * self.world.learners) for name in first
        ]

    def restart(self) -> None:
        """The same level again, with the world as it is set now; what was painted into a file of the
        user's own stays.
        """
        shelf = self.source.shelf
        if shelf is not None and shelf.own and self.source.given:
            self.source.start = state.copy(self.panes[0].history.copies[0])
        self._anew()

    def _anew(self) -> None:
        self.world = self.source.world()
        self.source.draw(self.world)
        self._begin()

    def next_level(self) -> None:
        """The level of the next seed, or the next one of a file that holds several."""
        self.message = self.source.next() or self.message
        self._anew()

    def next_split(self) -> None:
        """The same seed in the next split."""
        self.source.choose_next()
        self._anew()
        self.message = f"split {self.source.split}"

    def reread(self) -> None:
        """Begin anew with the level file as it is now, if somebody has written it; garbage leaves
        the old level.
        """
        try:
            if not self.source.reread():
                return
        except UserError as fault:
            self.message = f"the old level stays: {fault}"
            return
        self._anew()
        self.message = f"read {self.source.origin} again"

    def _begin(self) -> None:
        """All panes at the start of the level."""
        for k, pane in enumerate(self.panes):
            who = [self.cast.known("") if name == RECORDED else name for name in pane.who]
            self.panes[k] = Pane(History(self.world, self.source.start), who, pane.before)
        self.editor.clear()
        self.facts.clear()
        self.judge.clear()
        self.clock.stopped = False
        self.playing = self.playing and not self.waits_for_person

    @property
    def commands(self) -> dict[str, Callable[[], None]]:
        """What keys do that change the session alone, by the names in `keys.KEYS`."""
        return {
            "back": self.clock.back, "slower": self.clock.slower, "faster": self.clock.faster,
            "start": lambda: self.go(0), "end": lambda: self.go(self.ends),
            "again": self.restart, "next": self.next_level, "split": self.next_split,
            "focus": self.next_focus, "who": self.cast.cycle, "take": self.cast.take_over,
            "compare": self.cast.compare, "undo": self.editor.undo, "redo": self.editor.redo,
        }  # fmt: skip
