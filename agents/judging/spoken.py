"""An agent at the other end of two streams: it is told what is seen, a line at a time, and answers.

Every line out is a JSON object. The first says how to answer; then comes one question after the
other, and each waits for one line:

    {"type": "hello", "actions": ["stay", "up", ...], "reply": ...}
    {"type": "ask", "episode": 0, "step": 0, "text": "You see ..."}         <- {"action": "up"}
    {"type": "ask", "episode": 1, "step": 0, "text": "You see ..."}         <- up
    {"type": "fault", "fault": "there is no action 'upp'. ..."}             <- 1
    {"type": "end", "verdicts": {...}}

An answer is an action's name or number, bare or as {"action": ...}. After a "fault" the same
question is still open. Episodes are played side by side, so questions of several come in turn;
each learner of each episode has a number of its own. No score is told before the end.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from ...engine.counts import whole
from ...engine.errors import RunError, UserError, did_you_mean
from ...engine.files import parse_json
from ...engine.world import World
from ..policies.foreign.base import Foreign
from ..policies.foreign.kinds.function import function

TRIES = 3  # answers to one question
MOST = 65_536  # characters of an answer
REPLY = 'one line: {"action": "up"}, or up, or the action\'s number'


class Reads(Protocol):
    """Where answers come from."""

    def readline(self, most: int = -1, /) -> str: ...


class Writes(Protocol):
    """Where questions go."""

    def write(self, text: str, /) -> Any: ...
    def flush(self) -> None: ...


def spoken(world: World, out: Writes, back: Reads, obs: str = "text") -> Foreign:
    """The agent that answers on `back` what it is asked on `out`, as a policy of this world.

    Raises RunError as it plays, if the other side closes or gives no action in TRIES answers.
    """
    say(out, type="hello", actions=list(world.actions), reply=REPLY)
    begun = 0

    class Player:
        """One learner of one episode."""

        def __init__(self) -> None:
            nonlocal begun
            self.episode, self.step, begun = begun, 0, begun + 1

        def act(self, text: str) -> int:
            say(out, type="ask", episode=self.episode, step=self.step, text=text)
            self.step += 1
            for _ in range(TRIES):
                line = back.readline(MOST)
                if not line:
                    raise RunError("the other side has closed before the last episode was over")
                try:
                    return chosen(line, world.actions)
                except UserError as fault:
                    say(out, type="fault", fault=str(fault))
            raise RunError(f"{TRIES} answers to one question name no action")

    return function(Player, obs, "the program spoken to").of(world)


def chosen(line: str, actions: tuple[str, ...]) -> int:
    """The action that an answer names. Raises UserError."""
    said: Any = line.strip()
    if said.startswith("{"):
        said = parse_json(said, "the answer").get("action")
    if isinstance(said, str) and (number := whole(said)) is not None:
        said = number
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < len(actions):
        return said
    if isinstance(said, str) and said.lower() in actions:
        return actions.index(said.lower())
    word = str(said)[:40]
    raise UserError(f"there is no action {word!r}.{did_you_mean(word, actions)}")


def say(out: Writes, **message: Any) -> None:
    """One line."""
    out.write(json.dumps(message) + "\n")
    out.flush()
