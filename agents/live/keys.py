"""The keys of the window: one table for the window, its help, the documentation and the tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...engine import files
from ...engine.errors import UserError, did_you_mean
from ...engine.levels.text import parse_toml

if TYPE_CHECKING:  # `goalshift watch --help` lists the keys, and waits for nothing heavy
    from ...engine.world import World


class Key(NamedTuple):
    """One line of the help: what to press, and what that does.

    keys: as pygame names them, with "ctrl+" before if need be; the first is the one shown. action:
    the window's name.
    """

    action: str
    group: str
    keys: tuple[str, ...]
    words: str


KEYS = (
    Key("play", "time", ("space",), "go on, or pause"),
    Key("forward", "time", (".", "right"), "one step; held, step after step"),
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
    Key("who", "who", ("u",), "who plays it: expert, checkpoint, ..."),
    Key("take", "who", ("t",), "take over (arrows or WASD), hand back"),
    Key("stay", "who", ("return",), "stay for a step, while you play"),
    Key("compare", "who", ("c",), "one to four side by side, same dice"),
    Key("reload", "who", ("f5",), "load the newest checkpoint"),
    Key("camera", "view", ("v",), "above, behind, model, first person"),
    Key("turn", "view", ("q",), "the model, a quarter turn on"),
    Key("inset", "view", ("o",), "what the agent itself sees"),
    Key("closer", "view", ("]",), "closer"),
    Key("farther", "view", ("[",), "farther"),
    Key("trail", "show", ("1",), "trails"),
    Key("plan", "show", ("2",), "the path it plans"),
    Key("value", "show", ("3",), "value: what it expects from each cell"),
    Key("arrows", "show", ("4",), "what it would do on every free cell"),
    Key("visits", "show", ("5",), "how often each cell was visited"),
    Key("marks", "show", ("6",), "goals: star intended, diamond proxy"),
    Key("ghost", "show", ("7",), "the other pane's agent, as a ghost"),
    Key(
        "saliency",
        "show",
        ("8",),
        "cells for (+) and against (-) its next act",
    ),
    Key("events", "show", ("9",), "what happened, where and at which step"),
    Key("posterior", "show", ("0",), "the goal that what it did speaks for"),
    Key("alarm", "show", ("f8",), "a detector's score, and a ? where it sounds"),
    Key("edit", "edit", ("e",), "edit: paint (left), erase (right), drag"),
    Key("brush", "edit", ("b",), "the next tile to paint with"),
    Key("undo", "edit", ("ctrl+z", "z"), "undo"),
    Key("redo", "edit", ("ctrl+y", "y"), "redo"),
    Key("picture", "keep", ("f12",), "a picture of the window (PNG)"),
    Key("clip", "keep", ("g",), "the last ten seconds (WebP)"),
    Key("film", "keep", ("m",), "film the window (MP4); again: done"),
    Key("code", "keep", ("ctrl+c",), "the replay's code, to the clipboard"),
    Key("save", "keep", ("ctrl+s",), "the level, to a file"),
    Key("panel", "window", ("n",), "the side panel, on or off"),
    Key("full", "window", ("f11", "f"), "full screen, on or off"),
    Key("present", "window", ("p",), "for a hall: panes and two sentences"),
    Key("auto", "window", ("x",), "from level to level by itself, on or off"),
    Key("motion", "window", ("j",), "things slide from cell to cell, or jump"),
    Key("contrast", "window", ("i",), "high contrast, on or off"),
    Key("help", "window", ("h", "?"), "this page"),
    Key("quit", "window", ("escape",), "close"),
)

# what came, or moved, after 0.1: where somebody has set these keys to something else, that stays
GIVE_WAY = {"turn", "full", "present", "auto", "motion", "contrast", "who"}

# while one edits these come before the others; the cursor goes by the arrow keys
EDITOR = (
    Key("paint", "editor", ("return",), "paint; Shift: all from the last one"),
    Key("erase", "editor", ("backspace",), "erase; Shift: likewise"),
    Key("line", "editor", ("l",), "a line from the cell painted last"),
    Key("fill", "editor", ("i",), "fill what hangs together there"),
    Key("pick", "editor", ("p",), "paint with what lies or stands there"),
    Key("before", "editor", ("shift+b",), "the brush before"),
    Key("mark", "editor", ("m",), "mark a corner (twice: all of the level)"),
    Key("copy", "editor", ("c", "ctrl+c"), "copy from there to the cursor"),
    Key("cut", "editor", ("x", "ctrl+x"), "cut it out"),
    Key("paste", "editor", ("v", "ctrl+v"), "paste it at the cursor"),
    Key("mirror", "editor", ("f",), "mirror the part, left and right"),
    Key("rotate", "editor", ("t",), "turn the part, a quarter"),
    Key("higher", "editor", ("ctrl+down",), "a row more"),
    Key("lower", "editor", ("ctrl+up",), "a row less"),
    Key("wider", "editor", ("ctrl+right",), "a column more"),
    Key("narrower", "editor", ("ctrl+left",), "a column less"),
    Key("routes", "editor", ("k",), "the experts' shortest ways, on or off"),
    Key("about", "editor", ("u",), "title, author and licence"),
)
MOUSE = (
    ("click with Shift", "editing: fill a rectangle"),
    ("drag with Ctrl", "editing: mark a part"),
    ("click the timeline", "go there; drag to scrub"),
    ("click a pane", "choose it"),
    ("wheel", "closer, farther; on sliders: scroll"),
    (
        "drag a slider",
        "agents: at once; world: next level",
    ),
    ("click a switch", "show or hide what it names"),
    ("click the level", "copy its command"),
    ("middle button", "editing: paint with that"),
)

PAD = (
    ("stick or cross", "a step, yours or in time"),
    ("first button", "jump or stay; go on, or pause"),
    ("second button", "take over, and hand back"),
    ("third, fourth", "camera; a new level"),
    ("shoulders", "one step back; one step"),
)
# of a gamepad
BUTTONS = {
    0: "play",
    1: "take",
    2: "camera",
    3: "next",
    4: "back",
    5: "forward",
    6: "help",
    7: "play",
}

MOVES = {
    "up": "up",
    "w": "up",
    "left": "left",
    "a": "left",
    "down": "down",
    "s": "down",
    "right": "right",
}
MOVES |= {"d": "right", "space": "up"}  # while a person plays
SCALES, SWITCHES = (1, 4), ("motion", "contrast")
LARGEST = 100_000  # bytes of a file of settings


@dataclass(frozen=True)
class Settings:
    """What a user may set: other keys, how large everything is drawn, whether things slide, and high
    contrast.

    A TOML file holds `scale = 2`, `motion = false`, `contrast = true`, and a table [keys] such as `camera = "x"` or
    `undo = ["ctrl+z"]`, of the editor too: `fill = "g"`.
    """

    keys: tuple[Key, ...] = KEYS
    editor: tuple[Key, ...] = EDITOR
    scale: int = 1
    motion: bool = True
    contrast: bool = False

    @classmethod
    def find(cls, path: Path | None = None) -> Settings:
        """The settings in a file: `path`, or else ~/.config/goalshift/window.toml if there is one.
        UserError if bad.
        """
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        own = home / "goalshift" / "window.toml"
        if path is None and not own.is_file():
            return cls()
        return cls.read(path or own)

    @classmethod
    def read(cls, path: Path) -> Settings:
        """The settings in a file; UserError in one line if they are none."""
        try:
            found = parse_toml(files.read_text(path, LARGEST), str(path))
        except UserError as fault:
            raise UserError(f"the settings {fault}") from None
        known = ("keys", "scale", *SWITCHES)
        for name in found:
            if name not in known:
                raise UserError(
                    f"the settings '{path}': unknown '{name}'.{did_you_mean(name, known)}"
                )
        scale = found.get("scale", 1)
        if type(scale) is not int or not SCALES[0] <= scale <= SCALES[1]:
            raise UserError(
                f"the settings '{path}': scale must be a whole number from {SCALES[0]} to {SCALES[1]}"
            )
        on = {name: found[name] for name in SWITCHES if name in found}
        for name, value in on.items():
            if type(value) is not bool:
                raise UserError(f"the settings '{path}': {name} must be true or false")
        return cls(*_remapped(found.get("keys", {}), path), scale, **on)


def _remapped(table: Any, path: Path) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """The keys of the window and of its editor, with some of them changed."""
    where = f"the settings '{path}', [keys]"
    if not isinstance(table, dict):
        raise UserError(f'{where} must be a table, such as camera = "x"')
    actions = [key.action for key in (*KEYS, *EDITOR)]
    changed = {}
    for action, value in table.items():
        if action not in actions:
            raise UserError(
                f"{where}: nothing is called '{action}'.{did_you_mean(action, actions)}"
            )
        names = [value] if isinstance(value, str) else value
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(n, str) and n and len(n) < 40 for n in names)
        ):
            raise UserError(f"{where}: {action} needs the name of a key, or a list of them")
        changed[action] = tuple(name.lower() for name in names)
    return _table(KEYS, changed, where), _table(EDITOR, changed, where)


def _table(
    table: tuple[Key, ...], changed: dict[str, tuple[str, ...]], where: str
) -> tuple[Key, ...]:
    """One table with some keys changed; UserError if one key would do two things in it."""
    taken = {name for key in table for name in changed.get(key.action, ())}
    keys = tuple(key._replace(keys=changed.get(key.action) or _left(key, taken)) for key in table)
    users: dict[str, str] = {}
    for key in keys:
        for name in key.keys:
            if name in users:
                raise UserError(
                    f"{where}: '{name}' would be both {users[name]} and {key.action}: give one another key"
                )
            users[name] = key.action
    return keys


def _left(key: Key, taken: set[str]) -> tuple[str, ...]:
    """The keys of a line that is as it was; settings that are older than it keep theirs."""
    if key.action not in GIVE_WAY:
        return key.keys
    return tuple(name for name in key.keys if name not in taken)


def action_of(world: World, held: set[str]) -> int:
    """The action that the held directions ("up", "left", ...) mean: the one that uses most of
    them.
    """
    best, most = 0, 0
    for k, name in enumerate(world.actions):
        words = {
            "up" if word == "jump" and "up" not in world.actions else word for word in name.split()
        }
        if words <= held and len(words) > most:
            best, most = k, len(words)
    return best


def shown(key: str) -> str:
    """A key as people call it: "Ctrl+Z"."""
    names = {"space": "Space", "escape": "Esc", "return": "Enter", "right": "Right", "left": "Left"}
    return "+".join(
        names.get(part, part.capitalize() if len(part) > 1 else part.upper())
        for part in key.split("+")
    )


def editing(table: tuple[Key, ...] = EDITOR) -> list[tuple[str, str]]:
    """The lines of the help about the editor's own keys."""
    lines = [(" or ".join(map(shown, key.keys)), key.words) for key in table]
    return [("arrow keys", "the cursor, from cell to cell"), *lines]


@lru_cache(maxsize=8)  # the window asks several times for each picture
def letters(table: tuple[Key, ...] = KEYS) -> Mapping[str, str]:
    """What to press for each action, as people call it."""
    return {key.action: shown(key.keys[0]) if key.keys else "-" for key in table}


def text() -> str:
    """The whole table as plain text."""
    lines, group = [], ""
    for key in KEYS:
        head = "" if key.group == group else key.group
        group = key.group
        lines.append(f"  {head:7}{' or '.join(map(shown, key.keys)):16}{key.words}")
    for head, table in (("edit", editing()), ("mouse", MOUSE), ("pad", PAD)):
        lines += [
            f"  {'' if k else head:7}{left:24}{right}" for k, (left, right) in enumerate(table)
        ]
    return "\n".join(lines)
