"""The window's little sister: a session in a text terminal, over any line.

Cells are coloured characters, two columns wide. Where the input is no terminal it plays the episode
to its end and prints every step.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from ...engine.errors import UserError
from ...engine.view.draw import sprites
from ...engine.world import World
from . import keys
from .session import Session

KEYS = {
    " ": "play", ".": "forward", ",": "back", "-": "slower", "=": "faster", "+": "faster", "r": "again", "l": "next",
    "k": "split", "\t": "focus", "p": "who", "t": "take", "c": "compare", "\r": "stay", "\n": "stay", "h": "help",
    "?": "help", "q": "quit", "\x1b": "quit", "\x03": "quit",
}  # fmt: skip
MOVES = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left", "w": "up", "s": "down", "a": "left",
         "d": "right"}  # fmt: skip
ARROWS = {"\x1b[C": "forward", "\x1b[D": "back", "\x1b[H": "start", "\x1b[F": "end"}
FRAME = 0.05  # seconds between looks at the clock
PATIENCE = 60.0  # seconds for experts, where nobody looks on
RESET = "\x1b[0m"


def board(world: World, states: np.recarray, color: bool = True) -> list[str]:
    """A line of text for each row of cells."""
    s, sheet = states[0], sprites.sheet(world, 1)[:, 0, 0].astype(int)
    lines = []
    rows = [[world.tiles[s.tiles[y, x]].char for x in range(s.w)] for y in range(s.h)]
    shades = [[1 + int(s.tiles[y, x]) for x in range(s.w)] for y in range(s.h)]
    for k in (*range(world.learners, world.entities), *range(world.learners)):
        if s.alive[k]:
            rows[s.y[k]][s.x[k]] = world.things[world.kinds[k]].char
            shades[s.y[k]][s.x[k]] = int(world.first_symbol[k])
    for row, tones in zip(rows, shades, strict=True):
        line = ""
        for char, tone in zip(row, tones, strict=True):
            if not color:
                line += f"{char} "
                continue
            r, g, b = sheet[tone].tolist()
            ink = 16 if 3 * r + 6 * g + b > 1300 else 231
            line += f"\x1b[48;2;{r};{g};{b};38;5;{ink}m{char} "
        lines.append(line + (RESET if color else ""))
    return lines


def page(session: Session, color: bool = True, message: str = "", wait: float = 0.0) -> str:
    """The whole session as text. `wait`: seconds for the experts, who say what was met."""
    world = session.world
    mark, split = session.source.mark(), session.source.split
    status = "over" if session.over else "running" if session.playing else "paused"
    lines = [f"{world.title}   level {mark}, {split}   step {session.t}, {status}", ""]
    for k, pane in enumerate(session.panes):
        focus = "*" if k == session.focus and len(session.panes) > 1 else " "
        lines.append(f"{focus}{k + 1}: {session.cast.label(pane)}")
        lines += board(world, pane.history.state, color)
        scores = zip(world.goals, pane.history.note.scores, strict=True)
        told = [f"{goal.wish or goal.name} {score:g}" for goal, score in scores]
        lines += ["   " + "   ".join(told)]
        outcomes = session.judge.outcomes(pane, wait) if pane.history.over else None
        lines += [f"   intended goal {outcomes[0].words}"] if outcomes else []
        lines += [""]
    keys = "Space plays, . and , step, t takes over, r again, l next level, h help, q quits"
    over = "Space: once more, l: another level, c: compare, q: quit"
    lines.append(message or (over if session.over else keys))
    return "\n".join(lines)


def help_page() -> str:
    """The keys that work here."""
    mine = set(KEYS.values())
    rows = [f"  {keys.shown(key.keys[0]):10}{key.words}" for key in keys.KEYS if key.action in mine]
    return "\n".join(["Keys", "", *rows, "", "arrows or WASD move, once you have taken over"])


def watch(session: Session, color: bool = True, out: TextIO | None = None) -> None:
    """Show the session until q is pressed. Raises UserError if a person should play and there is no
    terminal.
    """
    out = out or sys.stdout
    assert out is not None
    if not (sys.stdin is not None and sys.stdin.isatty() and out.isatty()):
        if session.waits_for_person:
            raise UserError(
                "to play in text, a terminal is needed: run it without pipes, or watch instead of play"
            )
        _print_all(session, out)
        return
    with _raw(out):
        _loop(session, color, out)


def _print_all(session: Session, out: TextIO) -> None:
    """Every step to the end of the episode."""
    print(page(session, False, " "), file=out)
    while not session.over:
        before = session.t
        session.clock.step()
        if session.t == before:
            break
        print(page(session, False, " ", PATIENCE), file=out)


@contextlib.contextmanager
def _raw(out: TextIO) -> Iterator[None]:
    """Keys one at a time, on a screen of one's own; all is as before afterwards."""
    try:
        import termios
        import tty
    except ImportError:
        raise UserError("--terminal needs a Unix terminal") from None
    kept = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        out.write("\x1b[?1049h\x1b[?25l")
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)
        out.write("\x1b[?25h\x1b[?1049l")
        out.flush()


def _loop(session: Session, color: bool, out: TextIO) -> None:
    import select

    shown, helping, message, pending = "", False, "", False
    while True:
        pressed = ""
        if select.select([sys.stdin], [], [], FRAME)[0]:
            pressed = os.read(sys.stdin.fileno(), 16).decode("ascii", "replace")
        for key in pressed_keys(pressed):
            action = ARROWS.get(key) or KEYS.get(key)
            if session.by_hand and key in MOVES:
                session.clock.wanted = keys.action_of(session.world, {MOVES[key]})
                pending = not session.clock.advance()
            elif action == "quit":
                return
            elif action == "help":
                helping = not helping
            elif action:
                pending = do(session, action) or pending
        if pending:
            pending = not session.clock.advance()
        session.clock.tick(time.perf_counter())
        message, session.message = session.message or message, ""
        text = help_page() if helping else page(session, color, message)
        if text != shown:
            shown = text
            out.write("\x1b[H\x1b[2J" + text.replace("\n", "\r\n"))
            out.flush()


def do(session: Session, action: str) -> bool:
    """What a key does; True if a step was asked for that is not made yet."""
    if action == "play":
        session.playing = not session.playing
        if session.playing and session.over and session.t == session.ends:
            session.go(0)
    elif action in ("forward", "stay"):
        return not session.clock.advance()
    else:
        try:
            session.commands[action]()
        except UserError as fault:
            session.message = f"not possible: {fault}"
    return False


def pressed_keys(pressed: str) -> list[str]:
    """Single keys of what was read at once: arrows come as three characters."""
    found, k = [], 0
    while k < len(pressed):
        n = 3 if pressed[k : k + 2] == "\x1b[" else 1
        found.append(pressed[k : k + n])
        k += n
    return found
