"""The keys of the window: one table for the window, its help, the documentation and the tests."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """One line of the help: what to press, and what that does.

    keys: as pygame names them, with "ctrl+" before if need be; the first is the one shown. action: the window's name.
    """

    action: str
    group: str
    keys: tuple[str, ...]
    words: str


KEYS = (
    Key("play", "time", ("space",), "go on, or pause"),
    Key("forward", "time", (".", "right"), "one step"),
    Key("back", "time", (",", "left"), "one step back, exactly"),
    Key("slower", "time", ("-",), "slower, down to a quarter"),
    Key("faster", "time", ("=", "+"), "faster, up to 64 times"),
    Key("start", "time", ("home",), "to the start"),
    Key("end", "time", ("end",), "to the last step played"),
    Key("part", "time", ("d",), "to where the paths part"),
    Key("again", "level", ("r",), "the same level again"),
    Key("next", "level", ("l",), "a new level"),
    Key("split", "level", ("k",), "the next split: training, deployment, ..."),
    Key("focus", "who", ("tab",), "the next agent"),
    Key("who", "who", ("p",), "who plays this agent: expert, checkpoint, random, human"),
    Key("take", "who", ("t",), "take over with the arrow keys or WASD, and hand back"),
    Key("stay", "who", ("return",), "stay for a step, while you play"),
    Key("compare", "who", ("c",), "one, two, three or four side by side on the same level and dice"),
    Key("reload", "who", ("f5",), "load the newest checkpoint"),
    Key("camera", "view", ("v",), "from above, as a model, in first person"),
    Key("inset", "view", ("o",), "what the agent itself sees"),
    Key("trail", "show", ("1",), "trails"),
    Key("plan", "show", ("2",), "the path it plans"),
    Key("value", "show", ("3",), "value: how much it expects from each cell"),
    Key("arrows", "show", ("4",), "what it would do on every free cell"),
    Key("visits", "show", ("5",), "how often each cell was visited"),
    Key("marks", "show", ("6",), "goals: star intended, diamond proxy"),
    Key("ghost", "show", ("7",), "the other pane's agent, as a ghost"),
    Key("edit", "edit", ("e",), "edit: paint (left), erase (right), drag things"),
    Key("brush", "edit", ("b",), "the next tile to paint with"),
    Key("undo", "edit", ("ctrl+z", "z"), "undo"),
    Key("picture", "keep", ("f12",), "a picture of the window (PNG)"),
    Key("clip", "keep", ("g",), "the last ten seconds (WebP)"),
    Key("code", "keep", ("ctrl+c",), "the replay's code, to the clipboard"),
    Key("save", "keep", ("ctrl+s",), "the level, to a file"),
    Key("panel", "window", ("n",), "the side panel, on or off"),
    Key("help", "window", ("h", "?"), "this page"),
    Key("quit", "window", ("escape",), "close"),
)

MOUSE = (
    ("click the timeline", "go there; drag to scrub"),
    ("click a pane", "its agents are asked about and taken over"),
    ("drag a slider", "alpha and the world's parameters, from the next level or reset on"),
    ("click a switch", "show or hide what it names"),
)


def shown(key: str) -> str:
    """A key as people call it: "Ctrl+Z"."""
    names = {"space": "Space", "escape": "Esc", "return": "Enter", "right": "Right", "left": "Left"}
    return "+".join(names.get(part, part.capitalize() if len(part) > 1 else part.upper()) for part in key.split("+"))


def text() -> str:
    """The whole table as plain text."""
    lines, group = [], ""
    for key in KEYS:
        head = "" if key.group == group else key.group
        group = key.group
        lines.append(f"  {head:7}{' or '.join(map(shown, key.keys)):16}{key.words}")
    return "\n".join(lines)
