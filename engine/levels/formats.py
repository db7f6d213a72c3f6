"""Levels in any kind of file, by the file's ending: one table of what `kinds/` holds.

A new kind is one file there, which ends in `FORMAT = Format(...)`; nothing else is edited.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from .. import files
from ..errors import UserError, closest
from ..world import World
from . import sets
from .kind import Format, Levels

FOLDER = Path(__file__).resolve().parent / "kinds"
FIRST = ".toml"


@cache
def table() -> dict[str, Format]:
    """The kinds of files by ending, the one for people first."""
    found: dict[str, Format] = {}
    for path in FOLDER.glob("[!_]*.py"):
        kind: Format = importlib.import_module(f".kinds.{path.stem}", __package__).FORMAT
        found |= dict.fromkeys(kind.endings, kind)
    return dict(sorted(found.items(), key=lambda item: (item[0] != FIRST, item[0])))


def is_kind(path: Path) -> bool:
    """Is this the name of a file of levels?"""
    return path.suffix.lower() in table()


def check_kind(path: Path, writing: bool = True) -> Format:
    """The kind of file that a path's ending names: one that can be written, or at least read.

    Raises UserError if there is none.
    """
    known = [ending for ending, kind in table().items() if kind.write or not writing]
    ending = path.suffix.lower()
    if ending not in known:
        if ending in table():
            message = f"'{path}': {table()[ending].what}, are only read; write {', '.join(known)}"
            raise UserError(message)
        near = closest(ending, known) if ending else closest(str(path), sets.names())
        hint = f" Did you mean '{near}'?" if near else ""
        raise UserError(f"'{path}': the name of a file of levels ends in {', '.join(known)}.{hint}")
    return table()[ending]


def read(path: Path, world: World | None = None) -> Levels:
    """The levels in a file; `world` is needed only where the file does not name one that ships.

    Raises UserError in one line: file, line and column where there are any, and what is wrong.
    """
    return check_kind(path, writing=False).read(path, world)


def write(levels: Levels, path: Path) -> list[Path]:
    """Write levels to a file, or, where a file holds one level and there are more, to a folder called
    after it: forks.tmx becomes forks/0001.tmx and so on, or goes by the levels' names.

    Returns the files. Each is whole or not there at all.
    """
    kind = check_kind(path)
    assert kind.write is not None
    count = len(levels.names)
    if not kind.single or count == 1:
        kind.write(levels, path)
        return [path]
    folder = files.make_folder(path.with_suffix(""))
    wide = max(4, len(str(count)))
    # ".tmx" and "..tmx" would be hidden, and to Python from 3.14 on they have no ending
    able = all(name and not name.startswith(".") for name in levels.names)
    apart = able and len({name.lower() for name in levels.names}) == count
    stems = levels.names if apart else [f"{i:0{wide}}" for i in range(1, count + 1)]
    made = [folder / f"{stem}{path.suffix}" for stem in stems]
    for i, one in enumerate(made):
        kind.write(levels.only(i), one)
    return made
