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


_added: dict[str, tuple[int, str]] = {}  # worlds of the user's: name -> version, and the file


def register(*worlds: str | Path) -> list[str]:
    """Enter worlds into the registries that are loaded: all that ship with goalshift or come with
    installed packages, and these of your own, by their files (which are code).

    Gymnasium gets `goalshift/Corner-v0`, PettingZoo `goalshift/corner-v0` ("parallel" and "aec");
    the number is the world's version. Calling it again changes nothing. Returns Gymnasium's names of
    your own. Raises UserError for a file that is no world, and for the name of another world.
    """
    made = []
    for world in worlds:
        from ..catalogue import load
        from ..errors import need

        found, path = load(world), str(Path(world).resolve())
        taken = _added.get(found.name, (0, path))[1] != path or found.name in _known()
        need(not taken or str(world) == found.name, f"there is a world '{found.name}' already")
        if str(world) != found.name:
            _added[found.name] = (found.version, path)
        made.append(f"goalshift/{title(found.name)}-v{found.version}")
    for library in LIBRARIES:
        if library in sys.modules:
            _tell(library)
    return made


def identifiers() -> dict[str, int]:
    """The worlds by name with their versions, those of `register` among them. The others' are read
    from their text: nothing is imported.
    """
    files = _known().items()
    found = {name: _version(path) for name, path in files if path is not None}
    return found | {name: version for name, (version, _) in _added.items()}


def _known() -> dict[str, Path | None]:
    """The files of all worlds that have a name of their own."""
    from .. import plugins

    found = {
        name: plugins.source(plugins.WORLDS, name) for name in plugins.installed(plugins.WORLDS)
    }
    ours = (path for path in WORLDS.glob("*.py") if not path.stem.startswith("_"))
    return dict(sorted((found | {path.stem: path for path in ours}).items()))


def _version(path: Path) -> int:
    """The version that a world's file declares."""
    version = re.search(r"^    version=(\d+),", path.read_text(encoding="utf-8"), re.M)
    return int(version[1]) if version else 0


def title(name: str) -> str:
    """The world's name as Gymnasium writes names: `monster_apples` becomes `MonsterApples`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _world(name: str) -> str:
    """What an environment is made of: the world's name, or its file."""
    return _added[name][1] if name in _added else name


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
                    kwargs={"world": _world(name)},
                )
        return
    registration = importlib.import_module(module.register.__module__)
    for kind, maker in (("parallel", "parallel_env"), ("aec", "env")):
        known = getattr(registration, f"{kind}_registry")
        for name, version in identifiers().items():
            identifier = f"goalshift/{name}-v{version}"
            if identifier not in known:
                module.register(
                    kind, identifier, f"{API}.pettingzoo:{maker}", kwargs={"world": _world(name)}
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
