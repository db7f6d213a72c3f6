"""The house stands on floors: engine core, then engine/view, worlds, agents, the command line.

Imports go down or sideways, never up; and what a person waits for (`import goalshift`, `--help`)
loads nothing heavy. The modules are found by walking the files, so a new one keeps the same rules.
"""

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("engine", "engine.view", "worlds", "agents", "__main__")
# The public interface hands out pictures (`render`), so it lives beside the view, above the core.
BESIDE_VIEW = {"engine.adapters"}
HEAVY = (
    "torch",
    "numba",
    "numpy",
    "pygame",
    "gymnasium",
    "pettingzoo",
    "imageio",
    "PIL",
    "rich",
    "matplotlib",
)
COMPILER = "torch._dynamo"  # takes seconds to import

CORE = {"numpy", "numba"}
PICTURES = CORE | {"PIL", "imageio", "imageio_ffmpeg", "pygame"}
ALLOWED = {
    "engine": CORE,
    "engine.adapters": PICTURES | {"pettingzoo", "gymnasium", "stable_baselines3"},
    "engine.view": PICTURES,
    "engine.view.tiled": PICTURES | {"defusedxml"},
    "worlds": CORE,
    "agents": PICTURES | {"torch", "safetensors", "rich", "matplotlib"},
    "agents.sweep": {"filelock"},
    "agents.bank_figures": CORE | {"matplotlib"},
    "agents.bench": PICTURES | {"torch", "stable_baselines3"},  # a peer, measured if installed
    "__main__": {"rich"},
    "": set(),
}


def modules() -> dict[str, Path]:
    """Every module of the package by dotted name without "goalshift"; the root is ""."""
    found = {"": ROOT / "__init__.py", "__main__": ROOT / "__main__.py"}
    for room in ("engine", "worlds", "agents"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name.startswith("_template"):
                continue  # written to a user's folder, where goalshift is a package like any other
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def floor(module: str) -> str:
    """The floor that a module lives on."""
    if module in BESIDE_VIEW:
        return "engine.view"
    return max(
        (f for f in FLOORS if module == f or module.startswith(f + ".")), key=len, default=""
    )


def is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def imports(module: str, path: Path) -> list[tuple[str, int]]:
    """Everything a file imports, also inside functions, as (dotted name, line).

    Our own modules come as "goalshift.engine.rng". What only a type checker sees is left out.
    """
    package = f"goalshift.{module}".rstrip(".").split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = []

    def walk(node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                ours = whole.removeprefix("goalshift.") in MODULES
                found.append((whole if ours else base, node.lineno))
        for child in ast.iter_child_nodes(node):
            if not is_type_checking(child):
                walk(child)

    walk(ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_never_go_up(module):
    path = MODULES[module]
    home = floor(module)
    for name, line in imports(module, path):
        top, _, inner = name.partition(".")
        where = f"{path.relative_to(ROOT)}:{line} imports {name}"
        if top != "goalshift":
            continue
        other = floor(inner)
        if (
            other == ""
        ):  # the root's lazy names would hide where they lead; it holds __version__ only
            assert module == "__main__" or inner in ("", "__version__"), where
            continue
        assert FLOORS.index(other) <= FLOORS.index(home or "__main__"), where
        # a level script is for a world
        if home == "worlds" and not module.startswith("worlds.scripts."):
            assert other == "engine", f"{where}: a world stands on the engine's core alone"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_each_floor_uses_only_its_libraries(module):
    path = MODULES[module]
    allowed = ALLOWED.get(module, ALLOWED[floor(module)])
    for name, line in imports(module, path):
        top = name.partition(".")[0]
        if top != "goalshift" and top not in sys.stdlib_module_names:
            assert top in allowed, f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_inside_the_package_are_relative(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(a.name.split(".")[0] == "goalshift" for a in node.names), node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] != "goalshift", node.lineno


def test_the_walk_sees_what_it_must(tmp_path):
    """The checks above would pass on an empty list; this one shows that the list is not empty."""
    seen = {name for name, _ in imports("worlds.corner", MODULES["worlds.corner"])}
    assert {"goalshift.engine.grid", "goalshift.engine.world"} <= seen
    probe = tmp_path / "probe.py"
    probe.write_text("def f():\n    from ..agents import policy\n    import torch.nn\n")
    assert imports("engine.probe", probe) == [
        ("goalshift.agents.policies.policy", 2),
        ("torch.nn", 3),
    ]
    assert floor("engine.view.top") == "engine.view" and floor("engine.rng") == "engine"


# -- what a person waits for -----------------------------------------------------------------------


def fresh(code: str) -> dict:
    """What `code` prints last, a JSON object, in a new interpreter outside the repository."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=os.sep
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LOADED = f"""
import json, sys, time
begun = time.perf_counter()
{{action}}
seconds = time.perf_counter() - begun
print()
print(json.dumps({{{{"loaded": [m for m in {(*HEAVY, COMPILER)} if m in sys.modules], "seconds": seconds}}}}))
"""


@pytest.mark.parametrize(
    "action",
    [
        "import goalshift; goalshift.__version__; dir(goalshift)",
        "from goalshift.__main__ import main; main(['--help'])",
        "from goalshift.__main__ import VERBS, main; [main([verb, '--help']) for verb in VERBS]",
        "from goalshift.__main__ import main; main(['trian'])",
    ],
    ids=["import", "help", "verbs' help", "mistyped"],
)
def test_nothing_heavy_loads_before_it_is_needed(action):
    assert fresh(LOADED.format(action=action))["loaded"] == []


def test_help_is_instant():
    """Under half a second; the best of five, because a busy machine is no fault of ours."""
    action = "from goalshift.__main__ import main; main(['--help'])"
    assert min(fresh(LOADED.format(action=action))["seconds"] for _ in range(5)) < 0.5


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


# -- the public names and the package --------------------------------------------------------------


def test_public_names():
    import goalshift

    for name in goalshift.__all__:
        assert getattr(goalshift, name) is not None, name
        assert name in dir(goalshift)
    with pytest.raises(AttributeError, match="no attribute 'Wrold'"):
        goalshift.Wrold  # noqa: B018 - looking it up is the test


def test_type_checkers_and_programs_see_the_same_names():
    import goalshift

    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if is_type_checking(node))
    typed = {
        alias.asname: (f"{node.module}.{alias.name}" if node.module == "engine" else node.module)
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


def is_shipped(path: Path, data: dict[str, list[str]]) -> bool:
    """Whether a pattern of package-data takes this file into the wheel."""
    for package, patterns in data.items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        if path.is_relative_to(folder):
            inner = path.relative_to(folder)
            if any(len(Path(p).parts) == len(inner.parts) and inner.match(p) for p in patterns):
                return True
    return False
