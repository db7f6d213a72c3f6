"""What was tested is written down: `.ci/requirements.lock`, made by `.ci/lock.py`."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

CI = Path(__file__).parent.parent / ".ci"


@pytest.fixture(scope="module")
def lock():
    spec = spec_from_file_location("lock", CI / "lock.py")
    assert spec and spec.loader
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_lock_pins_all_that_is_asked_for_within_its_bounds(lock):
    lines = (CI / "requirements.lock").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r"[0-9][\w.]*", number) for number in pinned.values())
    for one in lock.asked():
        number = pinned[canonicalize_name(one.name)]
        assert one.specifier.contains(number), f"{one} was not tested: {number} was"


def test_what_is_required_in_turn_is_pinned_too(lock):
    found = lock.closure(lock.asked())
    assert {"llvmlite", "pluggy", "markupsafe"} <= set(found)
    lines = (CI / "requirements.lock").read_text().splitlines()
    assert set(found) <= {line.partition("==")[0] for line in lines}
