"""The house stands on floors, and every file may lean only on what is beside or below it.

`FLOORS` is the whole of it, from the bottom up; the modules are found by walking the files, so a
new one keeps the same rules. And what a person waits for (`import goalshift`, `--help`) loads
nothing heavy.
"""

import ast
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from .waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent

# The floors from the bottom up. A module lives on the floor of the longest name that it begins
# with; modules on one floor may use one another, as long as no circle of files comes of it.
FLOORS = (
    ("",),  # the package itself: its version and its lazy names
    (
        "engine.version",
        "engine.moved",
        "engine.counts",
        "engine.errors",
        "engine.files",
        "engine.progress",
        "engine.machine",
        "engine.child",
        "engine.plugins",
        "engine.extras",
    ),
    ("engine.build_cache", "engine.parts", "engine.travel", "engine.jit", "engine.raw"),
    ("engine.rng", "engine.grid", "engine.layout", "engine.shapes", "engine.state"),
    ("engine.declaration", "engine.symbols", "engine.boards"),
    ("engine.world_check", "engine.shown"),
    ("engine.world",),
    ("engine.catalogue", "engine.check"),
    ("engine",),  # observe, vector, history, replay
    ("engine.view.draw", "engine.view.camera"),
    ("engine.view",),
    ("engine.levels",),
    ("engine.api",),
    ("worlds",),
    ("agents.policies",),
    ("agents.learning",),
    ("agents.judging",),
    ("agents.designing",),
    ("agents.studies",),
    ("agents.lab",),
    ("agents.live",),
    ("agents.care",),
    ("agents.showing",),
    ("agents", "agents.command"),
    ("__main__",),
)
# A world stands on what rules are made of; a level script is for a world.
WORLDS_USE = {f"engine.{name}" for name in ("grid", "layout", "rng", "shapes", "jit", "world")}

HEAVY = (
    "torch", "numba", "numpy", "pygame", "gymnasium", "pettingzoo", "imageio", "PIL", "rich",
    "matplotlib", "jinja2", "websockets",
)  # fmt: skip
COMPILER = "torch._dynamo"  # takes seconds to import

CORE = {"numpy", "numba"}
PAGES = {"jinja2", "markupsafe"}
PICTURES = CORE | {"PIL", "imageio", "imageio_ffmpeg", "pygame"}
# The libraries of a room; the longest name counts.
ALLOWED = {
    "": set(),
    "engine": CORE,
    "engine.raw": CORE | {"llvmlite"},  # Numba's own
    "engine.api": PICTURES | {"pettingzoo", "gymnasium", "stable_baselines3", "cloudpickle", "ray"},
    "engine.view": PICTURES | {"matplotlib"},
    "engine.view.film": PICTURES | PAGES,
    "engine.view.sheets": PICTURES | PAGES,
    "engine.view.html": PAGES,
    "engine.levels": PICTURES | {"defusedxml"},
    "worlds": CORE,
    "agents": PICTURES | {"torch", "safetensors", "rich", "matplotlib"} | PAGES,
    "agents.learning.row_sums": CORE | {"torch", "llvmlite"},
    # what is brought from elsewhere is opened with what it was made with
    "agents.policies.foreign.kinds": CORE | {"torch", "tensordict", "onnx", "onnxruntime"},
    "agents.learning.logs": {"torch", "wandb"},
    "agents.learning.lock": {"filelock"},
    "agents.studies.bank.figures": CORE | {"matplotlib"},
    # a peer, measured if installed
    "agents.care.bench_learner": PICTURES | {"torch", "stable_baselines3"},
    "agents.live.web": PICTURES | PAGES | {"websockets"},
    # each client in the interpreter that has it
    "agents.care.peer_scripts.clients": PICTURES
    | {"gymnasium", "pettingzoo", "stable_baselines3", "sb3_contrib", "torchrl", "ray", "supersuit"}
    | {"minari", "tianshou", "torch", "skrl", "agilerl", "pufferlib"},
    "agents.command": {"rich"},
    "__main__": set(),
}


def modules() -> dict[str, Path]:
    """Every module of the package by dotted name without "goalshift"; the root is ""."""
    found = {"": ROOT / "__init__.py", "__main__": ROOT / "__main__.py"}
    for room in ("engine", "worlds", "agents"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name.startswith("_template") or path.parent.name == "examples":
                continue  # for a user's folder, where goalshift is a package like any other
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def longest(module: str, names) -> str:
    """The longest of `names` that the module is called, or begins with."""
    fitting = [n for n in names if module == n or module.startswith(f"{n}.") or not n]
    return max(fitting, key=len)


HEIGHT = {name: height for height, names in enumerate(FLOORS) for name in names}


def height(module: str) -> int:
    """The number of the floor that a module lives on."""
    return HEIGHT[longest(module, HEIGHT)]


def is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


@cache
def statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Every import of a file, also inside functions; what only a type checker sees counts too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(module: str, path: Path) -> list[tuple[str, int]]:
    """Everything a file imports, as (dotted name, line); our own as "goalshift.engine.rng"."""
    package = f"goalshift.{module}".rstrip(".").split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = []
    for node in statements(path):
        if isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno) for alias in node.names)
            continue
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            ours = whole.removeprefix("goalshift.") in MODULES
            found.append((whole if ours else base, node.lineno))
    return found


def ours(module: str) -> list[tuple[str, int]]:
    """The modules of the house that a file imports, and where; a package means its __init__."""
    found = imports(module, MODULES[module])
    inner = [
        (name.removeprefix("goalshift").removeprefix("."), line)
        for name, line in found
        if name.split(".")[0] == "goalshift"
    ]
    # the package's own version and lazy names
    return [(name if name in MODULES else "", line) for name, line in inner]


def test_imports_never_go_up():
    for module in set(MODULES) - {""}:
        is_world = module.startswith("worlds.") and not module.startswith("worlds.scripts.")
        for name, line in ours(module):
            where = f"{MODULES[module].relative_to(ROOT)}:{line} imports {name}"
            assert height(name) <= height(module), where
            # what begins with _ is no world itself
            known = not is_world or name in WORLDS_USE or name.startswith("worlds._")
            assert known, f"{where}: a world stands on the engine's core alone"


def test_no_circle_of_files():
    """Not even one that imports inside functions, or for type checkers only, would allow."""
    leads = {m: {name for name, _ in ours(m)} - {m, ""} for m in MODULES if m}
    circles = []
    waiting = dict(leads)
    while True:  # take away what leads nowhere; what remains is a circle, or leads to one
        free = [m for m, to in waiting.items() if not to & set(waiting)]
        if not free:
            break
        for m in free:
            del waiting[m]
    while waiting:  # and what nothing leads to is no part of it
        free = [m for m in waiting if not any(m in to for to in waiting.values())]
        if not free:
            circles = sorted(waiting)
            break
        for m in free:
            del waiting[m]
    assert circles == []


def test_each_room_uses_only_its_libraries():
    for module, path in MODULES.items():
        allowed = ALLOWED[longest(module, ALLOWED)]
        for name, line in imports(module, path):
            top = name.partition(".")[0]
            if top != "goalshift" and top not in sys.stdlib_module_names:
                assert top in allowed, f"{path.relative_to(ROOT)}:{line} imports {name}"


def test_imports_inside_the_package_are_relative():
    for path in MODULES.values():
        for node in statements(path):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [] if node.level else [node.module or ""]
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            assert not any(name.split(".")[0] == "goalshift" for name in names), where


def test_the_walk_sees_what_it_must(tmp_path):
    """The checks above would pass on an empty list; this one shows that the list is not empty."""
    assert {"engine.grid", "engine.world"} <= {name for name, _ in ours("worlds.corner")}
    probe = tmp_path / "probe.py"
    probe.write_text("def f():\n    from ..agents.policies import policy\n    import torch.nn\n")
    assert imports("engine.probe", probe) == [
        ("goalshift.agents.policies.policy", 2),
        ("torch.nn", 3),
    ]
    assert height("engine.rng") < height("engine.vector") < height("engine.view.camera.top")
    assert height("agents.policies.policy") < height("agents.command.main")


# -- what a person waits for -----------------------------------------------------------------------


def fresh(code: str) -> dict:
    """What `code` prints last, a JSON object, in a new interpreter outside the repository."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, cwd=os.sep
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LOADED = f"""
import json, sys
before = len(sys.modules)
{{action}}
print()
loaded = [m for m in {(*HEAVY, COMPILER)} if m in sys.modules]
print(json.dumps({{{{"loaded": loaded, "modules": len(sys.modules) - before}}}}))
"""


@pytest.mark.parametrize(
    "action",
    [
        "import goalshift; goalshift.__version__; dir(goalshift)",
        "from goalshift.__main__ import main; main(['--help'])",
        "from goalshift.agents.command.main import VERBS, main; [main([verb, '--help']) for verb in VERBS]",
        "from goalshift.__main__ import main; main(['trian'])",
    ],
    ids=["import", "help", "verbs' help", "mistyped"],
)
def test_nothing_heavy_loads_before_it_is_needed(action):
    assert fresh(LOADED.format(action=action))["loaded"] == []


def test_help_is_instant():
    """Its time is that of its imports: 161 modules, 0.12 s where this was written."""
    action = "from goalshift.__main__ import main; main(['--help'])"
    assert fresh(LOADED.format(action=action))["modules"] < 250


def test_stepping_a_world_loads_no_torch_and_no_window():
    action = "from goalshift import Vec, load; Vec(load('corner'), 2).reset()"
    heavy = set(fresh(LOADED.format(action=action))["loaded"])
    assert heavy and heavy <= {"numpy", "numba"}


def test_learning_and_judging_do_not_wait_for_torch_s_compiler(tmp_path):
    run = f"{tmp_path}/a"
    verbs = [["train", "coinline", "--steps", "20k", "--out", run], ["eval", run, "--levels", "8"]]
    action = (
        f"from goalshift.__main__ import main; print([main([*words, '-q']) for words in {verbs}])"
    )
    assert set(fresh(LOADED.format(action=action))["loaded"]) & {"torch", COMPILER} == {"torch"}


CORE_ONLY = """
import json, sys

class Absent:  # as if only the core were installed
    lacks = ()
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.lacks:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

from goalshift.engine.extras import EXTRAS
Absent.lacks = EXTRAS
sys.meta_path.insert(0, Absent())
from goalshift.__main__ import main
judge = ["eval", "./agent.py", "--world", "coinline", "--levels", "4", "-q"]
works = [["worlds", "coinline"], ["level", "gen", "coinline", "--n", "2", "-q", "-o", "a.jsonl"], judge]
lacks = {
    "train": ["train coinline", "demo coinline", "bank coinline", "table coinline", "map coinline",
              "curve coinline --over alpha=0,1", "mitigate coinline", "detect coinline"],
    "view": ["level preview a.jsonl", "level edit a.jsonl", "level play a.jsonl", "watch coinline", "play coinline",
             "contrast ./agent.py --world coinline", "report ./agent.py --world coinline"],
}
import contextlib, io
codes, said = [main(words) for words in works], []
def refused(extra, words):
    with contextlib.redirect_stderr(io.StringIO()) as told:
        code = main([*words.split(), "-q"])
    said.append([extra, words, code, told.getvalue()])
for extra, them in lacks.items():
    for words in them:
        refused(extra, words)
Absent.lacks = ("imageio", "imageio_ffmpeg")
for words in ("demo coinline", "contrast ./agent.py --world coinline -o a.mp4",
              "record ./agent.py --world coinline -o a.webp"):
    refused("film", words)
print(json.dumps({"codes": codes, "said": said}))
"""


def test_the_core_alone_steps_and_judges_and_names_the_extra_for_the_rest(tmp_path):
    (tmp_path / "agent.py").write_text("def act(obs):\n    return 1\n")
    done = subprocess.run(
        [sys.executable, "-c", CORE_ONLY],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["codes"] == [0, 0, 0]
    for extra, words, code, told in found["said"]:
        assert code == 2 and f"[{extra}]'" in told and told.count("\n") == 1, (words, told)
    # it was told before any work
    made = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {name for name in made if not name.startswith(("a.jsonl", "agent"))} == set()


# -- the public names and the package --------------------------------------------------------------


def test_public_names():
    import goalshift

    for name in goalshift.__all__:
        assert getattr(goalshift, name) is not None, name
        assert name in dir(goalshift)
    with pytest.raises(AttributeError, match="no attribute 'Wrold'"):
        goalshift.Wrold  # noqa: B018 - looking it up is the test


def test_what_one_cites_is_this_release():
    import goalshift

    assert f"\nversion: {goalshift.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    head = re.search(r"^## ([0-9.]+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert head
    assert goalshift.__version__ == head[1] + ".dev0" * (head[2] == "unreleased")


def test_type_checkers_and_programs_see_the_same_names():
    import goalshift

    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if is_type_checking(node))
    typed = {
        alias.asname: (
            whole if (whole := f"{node.module}.{alias.name}") in MODULES else node.module
        )
        for node in block.body
        for alias in node.names
    }
    homes = {name: module for name, (module, _) in goalshift._HOMES.items()}
    assert typed == homes
    assert set(goalshift.__all__) == {*homes, "__version__"}


def test_the_package_ships_every_folder_and_file():
    """pyproject.toml lists them by hand, and a forgotten one would break nothing but the wheel."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        ("goalshift." + ".".join(path.parent.relative_to(ROOT).parts)).rstrip(".")
        for path in MODULES.values()
    }
    assert set(tools["packages"]) == folders
    for room in ("engine", "worlds", "agents"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc", ".nbi", ".nbc", ".tmp"):
                assert is_shipped(path, tools["package-data"]), path.relative_to(ROOT)


def test_the_mark_for_type_checkers_is_there_while_a_wheel_is_made(tmp_path, monkeypatch):
    """Where it breaks off, too, nothing is left at the top of a checkout."""
    tool, meta = ModuleType("setuptools"), ModuleType("setuptools.build_meta")
    monkeypatch.setitem(sys.modules, "setuptools", tool)
    monkeypatch.setitem(sys.modules, "setuptools.build_meta", meta)
    tool.__dict__["build_meta"] = meta
    backend = runpy.run_path(str(ROOT / ".ci" / "backend.py"))
    monkeypatch.chdir(tmp_path)

    def broken(*asked):
        assert [path.name for path in tmp_path.iterdir()] == ["py.typed"]
        raise OSError("no room")

    meta.__dict__["build_wheel"] = broken
    with pytest.raises(OSError, match="no room"):
        backend["build_wheel"]("there")
    assert not list(tmp_path.iterdir())


def is_shipped(path: Path, data: dict[str, list[str]]) -> bool:
    """Whether a pattern of package-data takes this file into the wheel."""
    for package, patterns in data.items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        if path.is_relative_to(folder):
            inner = path.relative_to(folder)
            if any(len(Path(p).parts) == len(inner.parts) and inner.match(p) for p in patterns):
                return True
    return False


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="tells of what git keeps")
def test_the_top_level_holds_the_rooms_and_what_must_stand_there():
    """Nothing that a test or an example wrote into its folder was committed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    top = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    rooms = {"engine", "worlds", "agents", "tests", "recordings"}
    files = {"pyproject.toml", "README.md", "__init__.py", "__main__.py", "LICENSE", "CHANGELOG.md"}
    files |= {"CITATION.cff", "CONTRIBUTING.md", "SECURITY.md"}
    assert {name for name in top if not name.startswith(".")} <= rooms | files
