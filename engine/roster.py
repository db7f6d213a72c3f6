"""One kind of thing that anybody may add: one file, found by its name, that ends in one declaration.

It ships in a folder of the package, stands in a file of one's own (`./my_mitigation.py`), or comes
with an installed package (see `plugins`).
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from . import plugins
from .catalogue import run_file
from .errors import UserError, need, or_rather
from .files import PACKAGE

T = TypeVar("T")
# "Ruff et al. 2018", "DeVries and Taylor 2017", and where it can be read
CITED = r"[A-Z][\w-]+(?: et al\.| and [A-Z][\w-]+)? (?:19|20)\d\d(?:,? \(?arXiv \d{4}\.\d{4,5})?"


def first_sentence(text: str | None) -> str:
    """The first sentence of a docstring, without its point and its sources."""
    paragraph = " ".join((text or "?").strip().partition("\n\n")[0].split())
    paragraph = re.sub(r" \([^()]*\b(?:19|20)\d\d[^()]*\)", "", paragraph)
    return paragraph.partition(". ")[0].rstrip(".")


def cited(text: str | None) -> str:
    """The sources that a docstring names, as "Ruff et al. 2018; Taylor 2016"; "" if none."""
    found = re.findall(CITED, " ".join((text or "").split()))
    return "; ".join(dict.fromkeys(re.sub(r",? \(?arXiv", ", arXiv", one) for one in found))


@dataclass(frozen=True)
class Roster(Generic[T]):
    """All of one kind. `what`: a word for one ("mitigation"); `folder`: of the package, where those
    that ship lie; `declared`: the name that a file ends in; `kind`: of what.

    Its group of entry points is "goalshift." and the last part of the folder.
    """

    what: str
    folder: str  # "agents/learning/mitigations"
    declared: str  # "MITIGATION"
    kind: type[T]
    trusted: set[Path] = field(default_factory=set)  # files that the user has named in this process

    @property
    def group(self) -> str:
        """The group of entry points."""
        return f"goalshift.{Path(self.folder).name}"

    def shipped(self) -> list[str]:
        """The names of those that ship."""
        return sorted(path.stem for path in (PACKAGE / self.folder).glob("[!_]*.py"))

    def names(self) -> list[str]:
        """All names that can be loaded: shipped and installed."""
        return sorted({*self.shipped(), *plugins.installed(self.group)})

    def doc(self, name: str) -> str:
        """The docstring of the file of that name, which is read and not run."""
        if name in self.shipped():
            path: Path | None = PACKAGE / self.folder / f"{name}.py"
        else:
            path = plugins.source(self.group, name)
        return (ast.get_docstring(ast.parse(path.read_bytes())) or "") if path else ""

    def told(self) -> list[tuple[str, str, str]]:
        """All of them: name, what it is in a sentence, and the sources that its file names."""
        docs = {name: self.doc(name) for name in self.names()}
        return [(name, first_sentence(doc), cited(doc)) for name, doc in docs.items()]

    def load(self, name: str) -> T:
        """The one of that name, or in that file, which is code: load only what you trust.

        Raises UserError, with the closest name, if there is none.
        """
        if name.endswith(".py"):
            self.trusted.add(Path(name).resolve())
            module = run_file(Path(name), self.what, f"goalshift_{self.what}_")
            found = getattr(module, self.declared, None)
        elif name in self.shipped():
            module = importlib.import_module(
                f"..{self.folder.replace('/', '.')}.{name}", __package__
            )
            found = getattr(module, self.declared, None)
        elif name in plugins.installed(self.group):
            found = plugins.load(self.group, name, self.declared)
        else:
            hint = or_rather(name, self.names()) or f" (there are {', '.join(self.names())})"
            raise UserError(f"no {self.what} '{name}'{hint} (a file ends in .py)")
        need(
            isinstance(found, self.kind),
            f"{self.what} '{name}' does not end in {self.declared} = {self._wanted()}",
        )
        return found  # type: ignore[return-value]  # checked above

    def _wanted(self) -> str:
        """What a file declares, as it stands there."""
        return f"{self.kind.__name__}(...)" if self.kind is not type else f"a {self.what}'s class"

    def recall(self, name: str, where: object) -> T:
        """The one that a run names: a file, which is code, only if the user has named it too."""
        if name.endswith(".py") and Path(name).resolve() not in self.trusted:
            raise UserError(
                f"'{where}' needs the {self.what} file '{name}', which is code:"
                f" if you trust it, add {self.flag}{name}"
            )
        return self.load(name)

    @property
    def flag(self) -> str:
        """What is written before the name of one."""
        special = {"mitigation": "--mitigate ", "attack": "--method ", "score": "--curriculum plr:"}
        return special.get(self.what, f"--{self.what} ")
