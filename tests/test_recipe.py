"""Recipes: a file asks for the set that the same flags ask for, and what is wrong in it is named
with its place.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.designing import survey
from goalshift.agents.designing.describe import open_levels
from goalshift.agents.designing.parting import agreement
from goalshift.engine.catalogue import WORLDS, load
from goalshift.engine.errors import UserError
from goalshift.engine.levels import recipe
from goalshift.engine.levels.turned import turned

CORNER = load("corner")
SHIPPED = WORLDS / "scripts" / "detours.toml"


def test_the_shipped_recipe_gives_what_it_asks_for_in_two_files_that_share_nothing(call):
    code, out, err = call("level", "gen", SHIPPED, "--n", "60", "-o", "a.npz", "--json")
    assert code == 0, err
    assert [Path(name).name for name in json.loads(out)["files"]] == ["a-train.npz", "a-test.npz"]
    parts = [open_levels(name) for name in ("a-train.npz", "a-test.npz")]
    states = np.concatenate([part.states for part in parts]).view(np.recarray)
    assert len(states) == 60 and 30 < len(parts[0].states) < 60
    looked = survey.ways(CORNER, "cheese", states)
    counts = [
        ((looked.steps >= low) & (looked.steps <= high)).sum() for low, high in ((8, 15), (16, 40))
    ]
    assert counts == [30, 30] and looked.distance.min() >= 5 and looked.distance.max() <= 20
    parted = agreement(CORNER, states)
    assert parted.parts.all() and (parted.step == 1).all()
    # a pillar on every even cell: a maze, not blocks
    assert (states.tiles[:, 2::2, 2::2] == 1).all()
    names = [set(turned(CORNER, part.states).tolist()) for part in parts]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 60


def test_a_recipe_asks_as_flags_do_and_flags_come_first(call):
    text = "world = 'corner'\n[generate]\ncount = 12\nseed = 3\nsplit = 'deploy'\n[require]\nsteps = [6, 20]\n"
    Path("a.toml").write_text(text)
    assert call("level", "gen", "a.toml", "-o", "a.npz").code == 0
    same = [
        "level",
        "gen",
        "corner",
        "--n",
        "12",
        "--seed",
        "3",
        "--split",
        "deploy",
        "--steps",
        "6:20",
    ]
    assert call(*same, "-o", "b.npz").code == 0
    assert open_levels("a.npz").states.tobytes() == open_levels("b.npz").states.tobytes()
    assert (
        call(
            "level", "gen", "a.toml", "--seed", "4", "--n", "5", "--steps", "8:20", "-o", "c.npz"
        ).code
        == 0
    )
    found = open_levels("c.npz").states
    assert len(found) == 5 and survey.ways(CORNER, "cheese", found).steps.min() >= 8
    assert not set(CORNER.fingerprints(found).tolist()) & set(
        CORNER.fingerprints(open_levels("a.npz").states).tolist()
    )


def lines(generate="", require="", world="world = 'corner'"):
    return f"{world}\n[generate]\n{generate}\n[require]\n{require}\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (lines(world="world = 'crner'"), "", "no world 'crner' is shipped"),
        (lines(world="world = './mine.py'"), "", "no world './mine.py' is shipped"),
        (lines(world="world = 3"), "", "does not say of which world"),
        ("world = 'corner'\nrequire = 3\n", "2:1", "require must be a table"),
        ("world = 'corner'\n[generat]\n", "2:1", "Did you mean 'generate'?"),
        ("world = 'corner'\nmap = '''\n#\n'''\n", "2:1", "these are levels, not a recipe"),
        ("world = 'corner'\n[generate\n", "2:10", "Expected"),
        (lines("cuont = 3"), "3:1", "unknown key 'cuont'. Did you mean 'count'?"),
        (lines("count = 0"), "3:1", "count must be a whole number from 1"),
        (lines("seed = 1\ncount = 1e6"), "4:1", "count must be a whole number"),
        (lines("seed = -1"), "3:1", "seed must be"),
        (lines("script = './evil.py'"), "3:1", "is code: if you trust it, add --script ./evil.py"),
        (lines("script = 'forcks'"), "3:1", "Did you mean 'forks'?"),
        (lines("script = 'back_turned'"), "3:1", "is for world 'coinrun', not 'corner'"),
        (lines("split = 'deplo'"), "3:1", "did you mean 'deploy'?"),
        (lines("maze = 'hedge'"), "3:1", "Did you mean 'edges'?"),
        (lines("maze = 'tree'", world="world = 'coinrun'"), "3:1", "'coinrun' lays out no mazes"),
        (lines("size = [4, 25]"), "3:1", "are from 5x5 to 255x255, not 4x25"),
        (lines("params = { densty = 0.3 }"), "3:1", "did you mean 'density'?"),
        (lines("params = { density = [] }"), "3:1", "must be a number"),
        (lines("vary = { density = [] }"), "3:1", "vary must hold 1 to 64 numbers"),
        (lines("vary = { density = [nan] }"), "3:1", "vary must hold 1 to 64 numbers"),
        (lines("vary = { density = [7.0] }"), "3:1", "density"),
        (lines("spread = { hops = [[1, 2]] }"), "3:1", "no measure 'hops'"),
        (lines("spread = { steps = [[2, 1]] }"), "3:1", "spread must run from 0"),
        (lines("order = 'stepps'"), "3:1", "Did you mean 'steps'?"),
        (lines(require="solvable = 1"), "5:1", "solvable must be true or false"),
        (
            lines("split = 'deploy'", "goal = 'cheese'\nsplit = { train = 1.5 }"),
            "6:1",
            "split must be { train = A }",
        ),
        (lines(require="split = { train = 0.8, by = 'seed' }"), "5:1", "split must be"),
        (lines(require="distance = 3"), "5:1", "distance must be { min = A, max = B }"),
        (lines(require="distance = { min = 9, max = 3 }"), "5:1", "distance must run from"),
        (lines(require="distance = { form = 'mouse' }"), "5:1", "unknown key 'form' in distance"),
        (
            lines(require="distance = { from = 'cheese' }"),
            "5:1",
            "from the first agent, 'mouse', alone",
        ),
        (lines(require="distance = { to = 'goal:chees' }"), "5:1", "did you mean 'cheese'?"),
        (
            lines(require="goal = 'corner'\nsteps = { to = 'cheese' }"),
            "6:1",
            "measured to the goal 'corner'",
        ),
        (lines(require="distinct = { up_to = 'colour' }"), "5:1", "distinct is one of"),
        (lines(require="pool = 'tests'"), "5:1", "Did you mean 'test'?"),
        ("world = 'corner'\nrequire = " + "{a=" * 50_000, "", "a.toml"),
        ("x" * 1_000_001, "", "at most 1,000,000 are read"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, text, place, message):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        recipe.read(path)
    fault = str(caught.value)
    assert "\n" not in fault and fault.startswith(f"{path}:{place}: " if place else str(path))


def test_a_recipe_is_no_file_of_levels_and_the_command_says_so(call):
    Path("a.toml").write_text(lines())
    code, out, _ = call("level", "check", "a.toml")
    assert code == 2 and out.startswith(
        "a.toml:2:1: a recipe of levels, not levels: goalshift level gen a.toml"
    )
    code, _, err = call("level", "gen", SHIPPED, "-o", "folder")
    assert code == 2 and "--share needs all levels at once" in err
