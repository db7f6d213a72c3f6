"""Worlds that are installed, and worlds of one's own under the names of other libraries."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import goalshift
from goalshift.agents.command.main import main
from goalshift.engine import plugins
from goalshift.engine.api.register import identifiers
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError

from .waiting import PATIENCE

WORLDS = Path(goalshift.__file__).parent / "worlds"
POINTS = "[goalshift.worlds]\n{name} = {module}\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a package with a module of worlds, and an entry point."""

    def install(name, module, text):
        home = tmp_path / "bought"
        home.mkdir()
        (home / "__init__.py").touch()
        (home / "maze_two.py").write_text(text)
        about = tmp_path / "bought-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bought\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(POINTS.format(name=name, module=module))
        monkeypatch.syspath_prepend(tmp_path)
        plugins.installed.cache_clear()

    yield install
    plugins.installed.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "bought"]:
        del sys.modules[name]


def maze(version=3):
    """The text of a world file: corner, as an installed package would have it."""
    text = (WORLDS / "corner.py").read_text()
    for above in ("..engine", "goalshift.engine"):
        text = text.replace(f"from {above}", "from goalshift.engine")
    return text.replace("WORLD = World(\n", f"WORLD = World(\n    version={version},\n")


def test_an_installed_package_s_worlds_are_found_by_name(package, capsys):
    package("maze_two", "bought.maze_two", maze())
    assert "bought" not in sys.modules and "maze_two" in names() and "corner" in names()
    assert identifiers()["maze_two"] == 3
    assert "bought" not in sys.modules  # nothing is imported before it is asked for
    world = load("maze_two")
    assert world.name == "maze_two" and world.version == 3
    assert main(["worlds", "maze_two"]) == 0
    assert main(["eval", "nothing.py", "--world", "maze_to", "-q"]) == 2
    with pytest.raises(UserError, match="no world 'maze_to'; did you mean 'maze_two'"):
        load("maze_to")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "maze_two",
            "1 / 0",
            "of the installed package 'bought' cannot be loaded: ZeroDivisionError",
        ),
        ("maze_two", "WORLD = 3", "the installed world 'maze_two' is no World but int"),
        ("other", None, "'bought' enters 'maze_two' as 'other': let the entry bear its name"),
    ],
)
def test_an_installed_world_that_fails_is_told_by_its_package(package, name, text, message):
    package(name, "bought.maze_two", maze() if text is None else text)
    with pytest.raises(UserError, match=message):
        load(name)
    assert load("corner").name == "corner"  # and harms no other


def test_a_world_that_ships_is_not_replaced(package):
    package("corner", "bought.maze_two", maze())
    assert load("corner") is load("corner") and load("corner").version == 0


def test_a_world_file_of_one_s_own_gets_names_in_both_libraries(tmp_path):
    """In a process of its own: registries keep what they are told."""
    shutil.copy(WORLDS / "_template.py", tmp_path / "my_own_world.py")
    code = f"""
import warnings; warnings.simplefilter("error")
import goalshift, gymnasium
print(goalshift.register({str(tmp_path / "my_own_world.py")!r}))
goalshift.register({str(tmp_path / "my_own_world.py")!r})
import pettingzoo
env = gymnasium.make("goalshift/MyOwnWorld-v0")
env.reset(seed=0)
gymnasium.make(env.spec.to_json() and env.spec).reset(seed=0)
gymnasium.make_vec("goalshift/MyOwnWorld-v0", num_envs=2).reset(seed=0)
pettingzoo.make("parallel", "goalshift/my_own_world-v0").reset(seed=0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert "['goalshift/MyOwnWorld-v0']" in done.stdout


def test_a_name_that_is_taken_is_not_registered_again(tmp_path):
    (tmp_path / "corner.py").write_text((WORLDS / "_template.py").read_text())
    with pytest.raises(UserError, match="there is a world 'corner' already"):
        goalshift.register(tmp_path / "corner.py")
    assert goalshift.register("corner") == ["goalshift/Corner-v0"]
    with pytest.raises(UserError, match="no world file"):
        goalshift.register(tmp_path / "none.py")
