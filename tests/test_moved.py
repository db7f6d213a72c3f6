"""Old import paths of public names lead to the new places, and say so."""

import importlib
import subprocess
import sys

import pytest

from goalshift.engine.moved import MOVED


@pytest.mark.parametrize("old", sorted(MOVED))
def test_an_old_path_is_the_new_module_with_a_warning(old):
    sys.modules.pop(f"goalshift.{old}", None)
    new = importlib.import_module(f"goalshift.{MOVED[old]}")
    name = new.__spec__.name
    with pytest.warns(DeprecationWarning, match=f"'goalshift.{old}' is '{new.__name__}'"):
        assert importlib.import_module(f"goalshift.{old}") is new
    assert new.__spec__.name == name  # it goes on under its own name


@pytest.mark.parametrize("name", ["load", "names", "recall"])
def test_what_left_a_module_is_still_found_there(name):
    from goalshift.engine import catalogue, world

    with pytest.warns(DeprecationWarning, match=rf"world\.{name}' is .*catalogue\.{name}'"):
        assert getattr(world, name) is getattr(catalogue, name)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        world.lode  # noqa: B018 - looking it up is the test


def test_old_paths_cost_nothing_until_they_are_used():
    code = "import goalshift, sys; print(sorted(m for m in sys.modules if 'numpy' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
