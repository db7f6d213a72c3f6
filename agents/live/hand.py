"""Playing by hand: which directions are held, on the keyboard or a gamepad, and steps one at a
time.
"""

from __future__ import annotations

from .display import Display
from .keys import action_of

OPPOSITE = {"right": "left", "up": "down"}
DEAD = 0.5  # how far a stick must be pushed


class Hand:
    """What the person at the window does.

    held: the directions that are held; pending: is a step asked for that is not made yet?
    """

    def __init__(self, display: Display) -> None:
        self.display = display
        self.held: set[str] = set()
        self.pending = False

    @property
    def plays(self) -> bool:
        """Does a person play the agent in focus?"""
        return self.display.session.by_hand and not self.display.look.edit

    @property
    def jumps(self) -> bool:
        """Can one jump in this world?"""
        return "jump" in " ".join(self.display.session.world.actions)

    def tick(self) -> None:
        """Go on with a step that is pending; if time runs, what is held is what is wanted."""
        session = self.display.session
        if self.pending:
            self.pending = not session.clock.advance()
        if session.playing:
            session.clock.wanted = action_of(session.world, self.held)

    def forward(self) -> None:
        """One step."""
        if not self.pending:
            self.pending = not self.display.session.clock.advance()

    def act(self, directions: set[str]) -> None:
        """One step in which the person does what these directions mean; none: stay."""
        if not self.pending:
            session = self.display.session
            session.clock.wanted = action_of(session.world, directions)
            self.forward()

    def follow(self) -> None:
        """One step as the held directions say, if time does not run by itself."""
        if not self.display.session.playing:
            self.act(self.held)

    def push(self, ways: dict[str, float]) -> set[str]:
        """A stick or cross is pushed so far to the right or up (-1 to 1); returns the directions
        that are new.
        """
        before = set(self.held)
        for way, far in ways.items():
            for name, pushed in ((way, far > DEAD), (OPPOSITE[way], far < -DEAD)):
                (self.held.add if pushed else self.held.discard)(name)
        return self.held - before
