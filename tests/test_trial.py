"""World files with mistakes: one line with the place, the rule and the closest name, before anything
of it is compiled.
"""

import os
import re
import subprocess
import sys

import pytest

from goalshift.agents.designing import new_world
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

from .waiting import PATIENCE


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the world that `world new` makes with lines of it changed; returns the path."""
    monkeypatch.chdir(tmp_path)

    def change(*changes):
        path, _ = new_world.new_world("mine", tmp_path, force=True)
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)
        return path

    return change


ATE = "        s.events[me, ATE] += 1\n"
MISTAKES = {
    "a misspelt field": (
        (ATE, "        s.helth = 1\n"),
        r"line \d+, in step: there is no field of the state 'helth' \(there are .*alive",
    ),
    "a misspelt parameter": (
        ("p.anywhere", "p.anywere"),
        "in generate: there is no parameter 'anywere'; did you mean 'anywhere'",
    ),
    "a misspelt name": (
        ("tiles[y, x] = GRASS\n        s.ev", "tiles[y, x] = GRAS\n        s.ev"),
        "in step: name 'GRAS' is not defined; did you mean 'GRASS'",
    ),
    "an index outside the board": (
        ("    s.tiles[y, x] = FRUIT\n\n\n@rule\ndef step", "    s.tiles[y + 99, x] = FRUIT\n\n\n@rule\ndef step"),
        "in generate: index .* is out of bounds",
    ),
    "an index that is negative": (
        ("    s.tiles[y, x] = FRUIT\n\n\n@rule\ndef step", "    s.tiles[y - 99, x] = FRUIT\n\n\n@rule\ndef step"),
        "in generate: index -.* of an array of shape .* is negative",
    ),
    "an agent that is never placed": (
        ("    grid.put(s, MOUSE, y, x)\n", ""),
        "every agent that learns must be on the map",
    ),
    "a tile that is not declared": (
        ("    s.tiles[y, x] = FRUIT\n\n\n@rule\ndef step", "    s.tiles[y, x] = 9\n\n\n@rule\ndef step"),
        "a cell holds a tile that the world lacks",
    ),
    "the wrong number of arguments": (
        ("grid.walk(s, p, me, act)", "grid.walk(s, p, act)"),
        r"in step: TypeError: walk\(\) missing 1 required positional argument",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_its_place(write, mistake):
    change, message = MISTAKES[mistake]
    path = write(change)
    with pytest.raises(UserError, match=message) as caught:
        load(path)
    assert "mine.py" in str(caught.value) and "\n" not in str(caught.value)


def test_a_loop_without_end_is_named(write, monkeypatch):
    path = write(("    layout.blocks(", "    while True:\n        pass\n    layout.blocks("))
    code = (
        "from pathlib import Path; from goalshift.engine import trial; trial.SECONDS = 0.5; "
        f"raise SystemExit(trial.main(Path({str(path)!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert done.returncode == 2
    assert re.search(r"line \d+, in generate: no end after 0.5 s", done.stdout)


def test_a_sound_world_is_tried_once(write, monkeypatch):
    path = write()
    load(path)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("tried again"))
    load(path)


def test_what_numba_cannot_compile_is_told_in_one_line(write):
    from goalshift.engine.vector import Vec

    path = write((ATE, ATE + '        print(f"{me:>5}", file=None)\n'))
    with pytest.raises(
        UserError, match=r"mine\.py', line \d+: Numba cannot compile this rule"
    ) as caught:
        vec = Vec(load(path), 1)
        vec.reset()
        vec.step([[0]])
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)
