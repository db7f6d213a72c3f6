"""The sets of levels that ship, by name: "corner-ladder" is worlds/sets/corner-ladder.toml."""

from __future__ import annotations

from pathlib import Path

from ..files import PACKAGE

FOLDER = PACKAGE / "worlds" / "sets"


def names() -> list[str]:
    """The names of all that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def is_set(text: str | Path) -> bool:
    """Is this the name of a set that ships? It has no ending, as no file of levels is called."""
    return str(text) in names()


def path_of(text: str | Path) -> Path:
    """The file of the set so named; of any other text the path that it is."""
    return FOLDER / f"{text}.toml" if is_set(text) else Path(text)
