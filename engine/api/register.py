"""Tells Gymnasium and PettingZoo about the worlds, without loading either.

`import goalshift` is meant to cost nothing, yet `gymnasium.make("goalshift/Corner-v0")` should
work after it, whichever of the two was imported first. So a library that is loaded already is told
at once, and one that is not is told as soon as somebody imports it.
"""

import importlib.abc
import importlib.util
import re
import sys
from pathlib import Path

WORLDS = Path(__file__).resolve().parent.parent.parent / "worlds"
LIBRARIES = ("gymnasium", "pettingzoo")
API = "goalshift.engine.api"


def register() -> None:
    """Enter every world that ships with goalshift into the registries that are loaded.

    Gymnasium gets `goalshift/Corner-v0`, PettingZoo `goalshift/corner-v0` ("parallel" and "aec");
    the number is the world's version. Calling it again changes nothing.
    """
    for library in LIBRARIES:
        if library in sys.modules:
            _tell(library)


def identifiers() -> dict[str, int]:
    """The worlds by file name with their versions, read from their text: nothing is imported."""
    found = {}
    for path in sorted(WORLDS.glob("*.py")):
        if not path.stem.startswith("_"):
            version = re.search(r"^    version=(\d+),", path.read_text(encoding="utf-8"), re.M)
            found[path.stem] = int(version[1]) if version else 0
    return found


def title(name: str) -> str:
    """The world's name as Gymnasium writes names: `monster_apples` becomes `MonsterApples`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _tell(library: str) -> None:
    module = sys.modules[library]
    if not hasattr(module, "register"):  # PettingZoo before 1.27, or an import under way
        return
    if library == "gymnasium":
        for name, version in identifiers().items():
            identifier = f"goalshift/{title(name)}-v{version}"
            if identifier not in module.registry:
                module.register(
                    identifier,
                    entry_point=f"{API}.gymnasium:SingleEnv",
                    vector_entry_point=f"{API}.gymnasium:VectorEnv",
                    kwargs={"world": name},
                )
        return
    registration = importlib.import_module(module.register.__module__)
    for kind, maker in (("parallel", "parallel_env"), ("aec", "env")):
        known = getattr(registration, f"{kind}_registry")
        for name, version in identifiers().items():
            identifier = f"goalshift/{name}-v{version}"
            if identifier not in known:
                module.register(
                    kind, identifier, f"{API}.pettingzoo:{maker}", kwargs={"world": name}
                )


class _WhenImported(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets the usual machinery import a library, then registers the worlds with it."""

    def __init__(self) -> None:
        self.busy: set[str] = set()

    def find_spec(self, fullname, path=None, target=None):
        """The library's own spec with this object as its loader; None for every other module."""
        if fullname not in LIBRARIES or fullname in self.busy:
            return None
        self.busy.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.busy.discard(fullname)
        if spec is None or spec.loader is None:
            return None
        self.loaders = {**getattr(self, "loaders", {}), fullname: spec.loader}
        spec.loader = self
        return spec

    def create_module(self, spec):
        """As the library's own loader does."""
        return self.loaders[spec.name].create_module(spec)

    def exec_module(self, module):
        """Load the library as ever, put its own loader back, and register."""
        loader = self.loaders[module.__name__]
        module.__spec__.loader = module.__loader__ = loader  # pyright: ignore[reportOptionalMemberAccess]
        loader.exec_module(module)
        _tell(module.__name__)


def hook() -> None:
    """Register now where possible, and otherwise when the library is imported."""
    if not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WhenImported())
    register()
