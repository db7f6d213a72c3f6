"""One name for a level: the same digits wherever it is shown, and taken wherever one is asked for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.designing.describe import captions
from goalshift.agents.live.open import open_session
from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.levels import formats, ids, level
from goalshift.engine.levels.kind import Levels
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.film import story
from goalshift.engine.world import Thing, Tile

CORNER = load("corner")
START = level_of(CORNER, 4, "deploy")
# of level 1 in training and in deployment; for good: a change moves levels from training to test
FROZEN = {
    "blindfold": "bb8d85ece641bd80 bb8d85ece641bd80",
    "boat": "c71ab7a6587f5f0e 83bec7de2dc4f12e",
    "coinline": "2dd91760b96ce532 121646114ecc6000",
    "coinrun": "1dba4d768dd830d9 aa2a2d2b67f6a193",
    "conveyor": "d80c322704ccc914 7dc8cde4fba488ba",
    "corner": "388d6c537e29cf48 8ec847dcd281ee78",
    "dish": "7e3b99710401bf2d a4562e1fa53c2579",
    "distshift": "1cb2673cf971d85c c1a366e615ac661f",
    "drawn": "4d28bcf0284414a6 a595d6f87cd724dd",
    "exam": "1ba84129fb23d62c 310b4b024dd70444",
    "follow": "00a1f2522bc94cdb 00a1f2522bc94cdb",
    "friendfoe": "b37c19bf048f2a51 1df350bc481d4515",
    "harvest": "b74807b1b60bea40 c23de5f5cbf4c71e",
    "island": "ab54059dfc00a090 49ddcb56914185c7",
    "keys": "9cd44a3c374c6a94 78ee7dac2aaa61f3",
    "lava": "af38b2cd6b62f2ec ac32984733bbc0db",
    "lookout": "bb149728a71d3941 d34b9ac83c5e14cf",
    "maze_gem": "8d35149755f8b164 ba57ca4b5b468467",
    "monsters": "337fd8f294fbe836 337fd8f294fbe836",
    "mystery": "9596d9012a71e287 94ec7e4d42180da5",
    "rewrite": "361ac759ebab060f 3fa9ab9ca8bbebbb",
    "rocks": "51844dcc8c153a93 fbd38cda8dc769bb",
    "sokoban": "6b3f545bf946843c 6e8b5f3d2b179ebe",
    "supervisor": "f4e859d32881bbe9 ac1ea848b8e4c21b",
    "switch": "e14ba844a9e8e7f3 e14ba844a9e8e7f3",
    "tomato": "ef42114e5b8a6d73 15d61c82646b521e",
    "trees": "b539c227d7047de1 b539c227d7047de1",
    "twogoals": "c445a061b0a5a697 b3e7f980ca75744f",
    "whisky": "b7ededb3c24e83d5 b7270c59df80b1d7",
}
(NAME,) = ids.names(CORNER, START)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Look through few levels: it is quick in plain Python, too."""
    monkeypatch.setattr(ids, "KNOWN", 64)


@pytest.fixture
def levels(tmp_path, monkeypatch):
    """Three levels in a file, as strings of its path and their names."""
    monkeypatch.chdir(tmp_path)
    states = Vec(CORNER, 3, "deploy", seed=2).reset_states()
    formats.write(Levels(CORNER, states, ["a", "b", "c"]), tmp_path / "three.toml")
    return "three.toml", ids.names(CORNER, states)


def test_film_window_captions_and_infos_show_the_same_digits():
    assert re.fullmatch("[0-9a-f]{8}", NAME)
    take = story.Take("INTENDED", "nobody", START)
    assert story.Story([take], story.Card(CORNER)).names == [NAME]
    assert open_session("corner", 4, "deploy").source.mark() == NAME
    assert captions(Levels(CORNER, START, [""]), [0])[0].endswith(NAME)
    env = adapters.SingleEnv("corner", "deploy", infos="full")
    env.reset(seed=0)
    info = env.reset(options={"level": 4})[1]
    assert info["level"].startswith(NAME)


def test_a_level_is_found_again_by_its_name_wherever_it_is_asked_for(levels, capsys):
    file, (_, second, _) = levels
    source = open_session("corner", level=NAME).source
    assert (source.seed, source.split, source.mark()) == (4, "deploy", NAME)
    assert open_session(file, level=second).source.mark() == second
    env = adapters.SingleEnv("corner", "deploy", infos="full")
    env.reset(seed=0)
    assert env.reset(options={"level": NAME})[1]["seed"] == 4
    assert main(["level", "new", "corner", "--level", NAME, "-o", "found.toml"]) == 0
    assert ids.names(CORNER, formats.read(Path("found.toml")).states) == [NAME]
    assert main(["level", "convert", file, "one.tmx", "--level", second]) == 0
    assert ids.names(CORNER, formats.read(Path("one.tmx")).states) == [second]
    capsys.readouterr()


def test_held_out_levels_are_known_too():
    """The levels that films show are drawn from streams, whose seeds nobody types."""
    for pool in ("test", "train"):
        states = Vec(CORNER, 40, "deploy", seed=7, pool=pool).reset_states()
        (name,) = ids.names(CORNER, states[39:].view(np.recarray))
        assert ids.find(CORNER, name, "deploy", (7,)) == (states.seed[39], "deploy")
        with pytest.raises(UserError, match=f"no level {name} is known here"):
            ids.find(CORNER, name, "deploy")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["watch", "corner", "--level", "123"], "no name of a level"),
        (["watch", "corner", "--level", "0" * 17], "no name of a level"),
        (["watch", "corner", "--level", "0" * 16], "cannot make one; what makes it again: --seed"),
        (["watch", "three.toml", "--level", "0" * 8], "none of its 3 levels is 00000000"),
        (["watch", "corner", "--level", NAME, "--seed", "3"], "both name the level"),
        (["play", "x.gmr", "--level", NAME], "a replay is of one level"),
        (["level", "edit", "three.toml", "--level", "0" * 8], "none of its 3 levels"),
        (["record", "x.gmr", "--level", NAME], "picks one level of a run"),
    ],
    ids=lambda words: " ".join(words)[:40] if isinstance(words, list) else "",
)
def test_a_level_that_nobody_knows_is_said_in_one_line(levels, words, message, capsys):
    assert main([*words, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert message in told and "\n" not in told


def test_a_name_that_is_short_for_two_levels_asks_for_more():
    prints = np.array([0x1234567800000001, 0x1234567800000002, 0x9999999900000000], np.uint64)
    with pytest.raises(UserError, match=r"12345678: 2 levels begin so .*: give more digits"):
        ids.among(prints, "12345678")
    assert ids.among(prints, "1234567800000002") == 1
    assert ids.among(prints, "99999999") == 2 and ids.among(prints, "00000000") is None


# -- what a fingerprint is of ----------------------------------------------------------------------


@pytest.mark.parametrize("name", FROZEN)
def test_fingerprints_stay_what_they_are(name):
    world = load(name)
    marks = [int(world.fingerprints(level_of(world, 1, s))[0]) for s in ("train", "deploy")]
    assert [f"{mark:016x}" for mark in marks] == FROZEN[name].split()


def test_every_world_that_ships_has_frozen_fingerprints():
    assert list(FROZEN) == names()


SMALL = "map = '''\n######\n#@..c#\n#.##.#\n######\n'''"
GHOST = Thing("ghost", "g", count=3)
ROOMIER = {
    "board": CORNER.with_params(size="25x30"),
    "things": CORNER.but(things=(*CORNER.things, GHOST)),
    "fields": CORNER.but(fields={"held": (), "ways": (3, 5)}, limits={"held": (0, 9)}),
    "events": CORNER.but(events=(*CORNER.events, "more", "most")),
    "tiles": CORNER.but(tiles=(*CORNER.tiles, Tile("ice", "i"))),
    "view": CORNER.but(view=None),
    "parameters": CORNER.with_params(region=3, density=0.4),
}


@pytest.mark.parametrize("room", ROOMIER)
def test_more_room_moves_no_level(room):
    for text in (SMALL, level.show(CORNER, START)):
        text = text.replace("seed = 4", "seed = 9")
        mark = CORNER.fingerprints(level.parse(CORNER, text))
        assert ROOMIER[room].fingerprints(level.parse(ROOMIER[room], text)) == mark


def test_one_more_field_is_where_it_is_whatever_comes_before():
    short = CORNER.but(fields={"ways": (2, 2)}, limits={"ways": (0, 9)})
    long = CORNER.but(fields={"held": (), "ways": (5, 7)}, limits={"held": (0, 9), "ways": (0, 9)})
    marks = set()
    for world in (short, long):
        start = level.parse(world, SMALL)
        start.ways[0, 1, 1] = 7
        marks |= set(world.fingerprints(start).tolist())
    start.ways[0, 1, 0], start.ways[0, 1, 1] = 7, 0
    assert len(marks) == 1 and int(long.fingerprints(start)[0]) not in marks


def test_everything_that_a_level_holds_counts():
    world = CORNER.but(things=(*CORNER.things, GHOST), fields={"held": ()}, limits={"held": (0, 9)})
    start = level.parse(world, SMALL)
    marks = [world.fingerprints(start)[0]]
    for field, at, value in (
        ("tiles", (0, 1, 1), 1), ("tiles", (0, 2, 4), 1), ("h", (0,), 3), ("w", (0,), 5), ("y", (0, 0), 2),
        ("x", (0, 0), 2), ("face", (0, 0), 1), ("alive", (0, 1), 1), ("held", (0,), 1),
    ):  # fmt: skip
        other = start.copy().view(np.recarray)
        other[field][at] = value
        marks.append(world.fingerprints(other)[0])
    ghosts = start.copy().view(np.recarray)
    for k in (1, 2, 3):  # which of a kind it is
        other = ghosts.copy().view(np.recarray)
        other.alive[0, k], other.x[0, k], other.y[0, k] = 1, 2, 1
        marks.append(world.fingerprints(other)[0])
    marks.append(world.but(name="other").fingerprints(start)[0])
    assert len(set(marks)) == len(marks)
    for field in ("seed", "episode", "key", "draws", "row", "t"):
        other = start.copy().view(np.recarray)
        other[field][0] = 1
        assert world.fingerprints(other)[0] == marks[0]


@pytest.mark.parametrize("wide", [1, 7, 8, 9, 16, 17, 63, 64, 65, 254])
def test_every_cell_counts_at_every_width_wherever_rows_begin(wide):
    world, roomy = (CORNER.but(size=(3, w), smallest=None) for w in (wide, wide + 1))
    start = level.parse(
        world, f"map = '''\n{'@' + '.' * (wide - 1)}\n{'#' * wide}\n{'.' * wide}\n'''"
    )
    marks = {int(world.fingerprints(start)[0])}
    for y in range(3):
        for x in range(wide):
            other = start.copy().view(np.recarray)
            other.tiles[0, y, x] = 2
            mark = int(world.fingerprints(other)[0])
            marks.add(mark)
            if x in (0, 7, 8, wide - 1):
                same = level.parse(roomy, level.show(world, other))
                assert int(roomy.fingerprints(same)[0]) == mark
    assert len(marks) == 3 * wide + 1


def test_what_rules_work_in_is_no_part_of_a_level():
    island = load("island")
    start = level_of(island, 3)
    mark = island.fingerprints(start)[0]
    assert start.queue.any()
    start.queue[:], start.ways[:] = 0, 5
    assert island.fingerprints(start)[0] == mark
    with pytest.raises(UserError, match="scratch names 'que', which is no field"):
        island.but(scratch=("que",))


def test_one_level_in_four_is_for_tests():
    for pool, low, high in (("train", 0, 0), ("test", 1, 1), ("all", 0.2, 0.3)):
        states = Vec(CORNER, 1000, "deploy", seed=3, pool=pool).reset_states()
        share = (CORNER.fingerprints(states) & np.uint64(3) == 0).mean()
        assert low <= share <= high
