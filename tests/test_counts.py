"""Numbers of things in words: one of them is one, wherever a message counts."""

import re
from pathlib import Path

import goalshift
from goalshift.engine.counts import counted
from goalshift.engine.vector import Vec

ROOMS = [Path(goalshift.__file__).parent / room for room in ("engine", "agents")]
THINGS = "agents|levels|networks|nets|environments|learners|processors|replays"
# a bare number before the plural of a thing of which there may be one
BARE = re.compile(r"\{len\([^{}]*\)(:,)?\} (held-out )?(" + THINGS + r")\b")


def test_one_is_one_and_many_are_many():
    said = [counted(n, "level") for n in (0, 1, 2, 1000)]
    assert said == ["0 levels", "1 level", "2 levels", "1,000 levels"]
    assert [counted(n, "entry", "entries") for n in (1, 3)] == ["1 entry", "3 entries"]


def test_one_environment_says_so(corner):
    assert [repr(Vec(corner, n)) for n in (1, 2)] == [
        "Vec(corner, 1 environment)",
        "Vec(corner, 2 environments)",
    ]


def test_messages_count_with_the_one_helper():
    bare = [
        f"{path.name}: {found[0]}"
        for room in ROOMS
        for path in room.rglob("*.py")
        for found in BARE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not bare
