"""The worlds by name, and world files by path: the only place that reaches up to `worlds/`, and out
to installed packages.

World files are code: only those are run that the user has named.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import subprocess
import sys
import traceback
import types
from pathlib import Path

from . import child, plugins
from .errors import UserError, or_rather, runs
from .files import PACKAGE
from .world import FILE_MODULE, World

WORLDS = PACKAGE / "worlds"


def fault_place(fault: BaseException, path: Path) -> str:
    """Where in the file it went wrong, and how: "'maze.py', line 12: NameError: name 'x' ..."."""
    frames = traceback.extract_tb(fault.__traceback__)
    lines = [f.lineno for f in frames if f.filename == str(path.absolute())]
    line = fault.lineno if isinstance(fault, SyntaxError) else lines[-1] if lines else None
    where = f", line {line}" if line else ""
    words = fault.msg if isinstance(fault, SyntaxError) else fault
    return f"'{path}'{where}: {type(fault).__name__}: {words}"


TRIAL_SECONDS = 120
_tried: set[str] = set()  # the contents of world files that have lived in this process's time
_named: set[Path] = set()  # the world files that the user has named in this process


def recall(name: str, where: str | Path) -> World:
    """The world that a run or a checkpoint names.

    World files are code, and runs may come from strangers: one that names a file is refused
    (UserError) until the user has named the file too, by `load` or on the command line.
    """
    if name.endswith(".py") and Path(name).resolve() not in _named:
        raise UserError(
            f"'{where}' needs the world file '{name}', which is code: if you trust it, add --world {name}"
        )
    return load(name)


def shipped() -> list[str]:
    """The worlds that ship with goalshift, by file name."""
    return sorted(p.stem for p in WORLDS.glob("*.py") if not p.stem.startswith("_"))


def names() -> list[str]:
    """The worlds by name: those that ship with goalshift, and those of installed packages."""
    return sorted({*shipped(), *plugins.installed(plugins.WORLDS)})


def run_file(path: Path, what: str, prefix: str) -> types.ModuleType:
    """The module, called `prefix` and the file's name, that a file of code makes: a "world" or a
    "script".

    Raises UserError, with the place of the fault, if there is no such file or it fails.
    """
    if not path.is_file():
        raise UserError(f"no {what} file '{path}'")
    runs(path, what)
    spec = importlib.util.spec_from_file_location(prefix + path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(spec.name)
    sys.modules[spec.name] = module  # or compiled rules could not be found again in the cache
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as fault:
        if before is None:
            del sys.modules[spec.name]
        else:
            sys.modules[spec.name] = before
        if isinstance(fault, UserError):
            raise
        raise UserError(f"{what} file {fault_place(fault, path)}") from fault
    return module


def _try(path: Path) -> None:
    """Let a world file live for a moment in plain Python (see `trial`), once for each content.

    Raises UserError with what went wrong and where.
    """
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    tried = path.parent / "__pycache__" / f"{path.stem}.{mark}.tried"
    if mark in _tried or tried.is_file():
        return
    words = child.command("goalshift.engine.trial", str(path))
    settings = child.environment(NUMBA_DISABLE_JIT="1")
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, env=settings, timeout=TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"world file '{path}': a rule does not come to an end in {TRIAL_SECONDS} s"
        ) from None
    if done.returncode == 2:
        raise UserError(f"world file {done.stdout.strip()}")
    _tried.add(mark)
    with contextlib.suppress(OSError):
        tried.parent.mkdir(exist_ok=True)
        tried.touch()


def load(world: str | Path | World) -> World:
    """The world of that name, or in that file (`./my_world.py`). World files are code: load only
    those you trust.

    Raises UserError if there is none, or if the file does not end in `WORLD = World(...)`.
    """
    if isinstance(world, World):
        return world
    text = str(world)
    if text.endswith(".py"):
        path = Path(text)
        _named.add(path.resolve())
        module = run_file(path, "world", FILE_MODULE)
        if isinstance(getattr(module, "WORLD", None), World):
            _try(path.absolute())
    elif text in shipped():
        module = importlib.import_module(f"..worlds.{text}", __package__)
    elif text in plugins.installed(plugins.WORLDS):
        found = plugins.load(plugins.WORLDS, text, "WORLD")
        if not isinstance(found, World):
            raise UserError(f"the installed world '{text}' is no World but {type(found).__name__}")
        return found
    else:
        raise UserError(
            f"no world '{text}'{or_rather(text, names())} (goalshift worlds lists them; a file ends in .py)"
        )
    found = getattr(module, "WORLD", None)
    if not isinstance(found, World):
        raise UserError(f"world file '{module.__file__}' does not end in WORLD = World(...)")
    return found
