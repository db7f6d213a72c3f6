"""Boards of other sizes: what a world allows makes sound levels, smaller hand-made ones play in every
world, and what a world cannot do is said in one line.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.engine import boards, check
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.files import PACKAGE
from goalshift.engine.levels import formats, ids, level
from goalshift.engine.levels.kind import Levels
from goalshift.engine.observe import VOID
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.camera import registry, shot

RESIZABLE = [name for name in names() if load(name).smallest]
FIXED = [name for name in names() if not load(name).smallest]


def board(world, tall, wide):
    """A bare board with the learners side by side, as text."""
    rows = [[world.tiles[0].char] * wide for _ in range(tall)]
    spots = [(y, x) for y in range(tall) for x in range(wide)]
    for k in range(world.learners):
        y, x = spots[k]
        rows[y][x] = world.things[world.kinds[k]].char
    return "map = '''\n" + "\n".join(map("".join, rows)) + "\n'''\n"


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("25x31", (25, 31)),
        ("25", (25, 25)),
        (9, (9, 9)),
        (25.0, (25, 25)),
        (25031.0, (25, 31)),
        ((7, 8), (7, 8)),
        ([7, 8], (7, 8)),
        (" 9X70 ", (9, 70)),
        ("9x", None),
        ("-3", None),
        ("1e3", None),
        ("1000x2", None),
        (None, None),
        (2.5, None),
    ],
)
def test_sizes_are_written_in_one_way(written, size):
    assert boards.size_of(written) == size
    if size:
        assert boards.size_of(boards.as_number(size)) == size


@pytest.mark.parametrize("name", FIXED)
def test_a_world_whose_rules_know_one_board_says_so_in_one_line(name):
    world = load(name)
    with pytest.raises(UserError, match="hand-made levels may be") as fault:
        world.with_params(size="25x25")
    assert "\n" not in str(fault.value) and boards.say(world.size) in str(fault.value)
    assert world.with_params(size=boards.say(world.size)) is world


@pytest.mark.parametrize("wrong", ["4x4", "256x9", "0", "x", "nan", "13x"])
def test_sizes_that_no_board_has_are_refused(wrong):
    with pytest.raises(UserError, match=r"such as 25x25|boards of world 'corner' are from 5x5"):
        load("corner").with_params(size=wrong)


SOUND = """
import hashlib, sys
import numpy as np
from goalshift.engine import check, grid, layout
from goalshift.engine.catalogue import load
from goalshift.engine.vector import Vec
for name in sys.argv[2:]:
    own, sizes = load(name), sys.argv[1].split(",")
    for size in sizes if len(sizes) == 1 else [own.smallest, *sizes]:
        world = own.with_params(size=size)
        for split in world.split_names:
            vec = Vec(world, 4, split, seed=5)
            states = vec.reset_states()
            check.states(world, states)
            assert ((states.h == world.size[0]) & (states.w == world.size[1])).all()
            goal = world.intended
            for i in range(len(states)):
                s, p, met = states[i], world.table[states[i].row], 0
                near = layout.reach(s, p, s.y[0], s.x[0])
                for y in range(s.h):
                    for x in range(s.w):
                        if layout.reaches(near, y, x) and goal.seek is not None:
                            met += bool(goal.seek(s, p, 0, y, x))
                assert met or goal.seek is None or name == "harvest", (name, size, split, i)
            for _ in range(3):
                vec.step(np.zeros((4, world.learners), np.int64) + 1)
            if size == sys.argv[1]:
                print(name, split, hashlib.sha256(vec.words.tobytes() + vec.obs.tobytes()).hexdigest())
"""


def laid_out(sizes, *worlds, plain):
    done = subprocess.run(
        [sys.executable, "-c", SOUND, sizes, *worlds],
        env={**os.environ, "NUMBA_DISABLE_JIT": str(int(plain))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_size_that_a_world_allows_makes_levels_whose_goal_can_be_reached():
    laid_out("8x11,25x25,9x70", *(name for name in RESIZABLE if name not in TOO_SMALL), plain=True)
    laid_out("10x11,25x25,9x70", *TOO_SMALL, plain=True)


TOO_SMALL = ("harvest",)


@pytest.mark.long
def test_another_size_gives_the_same_bytes_compiled_and_in_plain_python():
    compiled = laid_out("14x23", "corner", plain=False)
    assert compiled.count("\n") == 2 and compiled == laid_out("14x23", "corner", plain=True)


@pytest.mark.long
@pytest.mark.parametrize("name", RESIZABLE)
def test_other_sizes_of_all_worlds_give_the_same_bytes(name):
    assert laid_out("12x17", name, plain=False) == laid_out("12x17", name, plain=True)


@pytest.mark.parametrize("name", names())
def test_a_hand_made_level_smaller_than_the_board_plays_draws_and_has_a_name(name, tmp_path):
    world = load(name)
    tall, wide = min(3, world.size[0]), min(5, world.size[1])
    start = level.parse(world, board(world, tall, wide))
    assert (start.h[0], start.w[0]) == (tall, wide)
    vec = Vec(world, 1, levels=start, autoreset="off")
    seen = vec.reset()[0, 0]
    vh, vw = world.view
    inside = np.zeros((vh, vw), bool)
    top, left = (vh // 2 - start.y[0, 0], vw // 2 - start.x[0, 0]) if world.centred else (0, 0)
    inside[max(top, 0) : max(top + tall, 0), max(left, 0) : max(left + wide, 0)] = True
    assert ((seen != VOID) == inside).all()
    for row in np.random.default_rng(0).integers(0, len(world.actions), (20, 1, 1, world.learners)):
        vec.step(row[0])
        check.board(world, vec.states)
    for camera in registry.names():
        picture = registry.camera(camera).draw(shot.Shot(world, start[0], (96, 96)))
        assert picture.shape == (96, 96, 3) and picture.std() > 0
    for ending in (".toml", ".npz", ".tmx"):
        path = tmp_path / f"small{ending}"
        formats.write(Levels(world, start, [""]), path)
        again = formats.read(path, world).states
        assert ids.names(world, again) == ids.names(world, start)


def test_a_board_without_a_view_shows_nothing_beside_a_smaller_level():
    world = load("corner").but(view=None)
    world = type(world)(
        **{field: getattr(world, field) for field in world.__dataclass_fields__} | {"view": None}
    )
    start = level.parse(world, board(world, 4, 6))
    seen = Vec(world, 1, levels=start).reset()[0, 0]
    assert (seen[:4, :6] != VOID).all()
    assert (seen[4:] == VOID).all() and (seen[:, 6:] == VOID).all()


def test_a_map_that_is_too_large_says_which_size_to_ask_for():
    with pytest.raises(
        UserError, match=r"has 13 x 13; for more add --world corner --world.size 13x20"
    ):
        level.parse(load("corner"), board(load("corner"), 4, 20))
    wide = load("corner").with_params(size="13x20")
    assert level.parse(wide, board(wide, 4, 20)).w[0] == 20


def test_a_replay_on_another_board_brings_the_board_along():
    world = load("corner").with_params(size="9x10")
    made = Replay.record(world, level_of(world, 3, "deploy"), np.ones((5, 1), np.int64), "deploy")
    again = Replay.from_code(made.code())
    assert again.size == (9, 10) and again.states().h[0] == 9
    own = Replay.record(load("corner"), 3, np.ones((5, 1), np.int64))
    assert own.size is None and '"size"' not in own._header().decode()
    assert Replay.from_code(own.code()).states().h[0] == 13


def test_the_page_of_a_world_names_its_board_and_what_is_seen_of_it(capsys):
    assert main(["worlds", "corner", "--world.size", "25x30", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["size"] == [25, 30] and told["smallest"] == [5, 5] and told["horizon"] > 100
    main(["worlds", "corner", "--world.size", "25x30"])
    text = capsys.readouterr().out
    assert "25 x 30 cells" in text and "not all of it" in text and "5x5 to 255x255" in text
    main(["worlds", "corner"])
    assert "not all of it" not in capsys.readouterr().out


@pytest.mark.long
def test_a_judge_says_that_an_agent_does_not_see_all_of_a_larger_board(capsys):
    agent = str(PACKAGE / "agents" / "pretrained" / "corner.safetensors")
    for size, told in (("25x25", True), ("11x11", False)):
        assert main(["eval", agent, "--world.size", size, "--levels", "2", "--json"]) == 0
        assert ("not all of this board" in capsys.readouterr().err) == told
