"""Levels made from levels, the scripts that ship, and the commands of `goalshift level`."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from goalshift.agents.designing import survey
from goalshift.agents.designing.describe import open_levels
from goalshift.agents.designing.draw import batch
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.live import open
from goalshift.agents.policies.simple import Constant
from goalshift.engine import check, state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.levels import edit, formats, level, script
from goalshift.engine.levels.kind import Levels
from goalshift.engine.levels.splits import split_of
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.sheets import contact

CORNER = load("corner")
SEEDS = some.integers(0, 2**63)


def starts(name="corner", n=4, seed=3, split="deploy"):
    return Vec(load(name), n, split, seed=seed).reset_states()


# -- levels from levels


@pytest.mark.parametrize("name", ["corner", "follow", "coinrun"])
@given(seed=SEEDS, edits=some.integers(1, 6))
@settings(max_examples=15)
def test_mutants_are_sound_close_and_the_same_for_a_seed(name, seed, edits):
    world, before = load(name), starts(name)
    made = edit.mutate(world, before, seed, edits)
    check.states(world, made)
    assert edit.mutate(world, before, seed, edits).tobytes() == made.tobytes()
    assert np.array_equal(made.key, before.key) and np.array_equal(made.draws, before.draws)
    for i in range(len(before)):
        changes = edit.diff(world, before[i : i + 1], made[i : i + 1])
        assert len(changes) <= 2 * edits
    counts = [
        np.bincount(s.tiles[: len(s.tiles)].ravel(), minlength=len(world.tiles))[2:]
        for s in (before, made)
    ]
    if name == "corner":  # no cheese is lost or doubled
        assert np.array_equal(*counts)


def test_a_mutant_differs_and_another_seed_makes_another():
    before = starts(n=40)
    one, other = (edit.mutate(CORNER, before, seed) for seed in (1, 2))
    differ = CORNER.fingerprints(one) != CORNER.fingerprints(before)
    assert (
        differ.mean() > 0.9
        and (CORNER.fingerprints(one) != CORNER.fingerprints(other)).mean() > 0.9
    )


def test_every_place_is_tried():
    one = starts(n=1)
    mice, cells = edit.splay(CORNER, one, "mouse")
    assert len({tuple(cell) for cell in cells.tolist()}) == len(mice) > 20
    assert np.array_equal(np.stack([mice.y[:, 0], mice.x[:, 0]], 1), cells)
    check.states(CORNER, mice)
    assert (survey.ways(CORNER, "cheese", mice).score > 0).all()  # all of them lead to the cheese
    cheeses, cells = edit.splay(CORNER, one, "cheese")
    assert ((cheeses.tiles == 2).sum((1, 2)) == 1).all()
    assert all(cheeses.tiles[i, y, x] == 2 for i, (y, x) in enumerate(cells))
    assert (survey.ways(CORNER, "cheese", cheeses).score > 0).all()
    for name, message in (("chese", "Did you mean 'cheese'"), ("wall", None)):
        if message:
            with pytest.raises(UserError, match=message):
                edit.splay(CORNER, one, name)
        else:
            assert len(edit.splay(CORNER, one, name)[0]) > 0


def test_differences_are_named():
    one = starts(n=1)
    other = state.copy(one)
    y, x = np.argwhere(one.tiles[0] == 0)[0]
    other.tiles[0, y, x] = 1
    other.x[0, 0] += 1
    where = (f"({one.y[0, 0]}, {one.x[0, 0]})", f"({one.y[0, 0]}, {one.x[0, 0] + 1})")
    assert edit.diff(CORNER, one, other) == [
        (f"cell ({y}, {x})", "floor", "wall"),
        ("mouse", *where),
    ]
    assert edit.diff(CORNER, one, one) == []


def test_difficulty_grows_with_the_way():
    made = starts(n=400)
    found = survey.ways(CORNER, "cheese", made)
    solved = found.score > 0
    assert np.array_equal(survey.difficulty(CORNER, made), found.effort)
    assert np.corrcoef(found.steps[solved], found.effort[solved])[0, 1] > 0.6


# -- the scripts that ship


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long) if name == "caves" else name
        for name in script.names()
    ],
)
def test_every_script_makes_what_it_says_and_has_a_picture(name):
    found = script.load(name)
    made = batch(found.world, 12, 1, script=name)
    assert len(made) == 12 and (made.facts["score"] > 0).all()
    check.states(made.world, made.states)
    with Image.open(script.SCRIPTS / f"{name}.png") as image:
        assert image.width > 400 and (script.SCRIPTS / f"{name}.png").stat().st_size < 100_000
    assert found.title and found.name == name and found.world in names()


def test_there_are_five_and_none_is_taken_for_a_world():
    assert len(script.names()) >= 5 and not set(script.names()) & set(names())


def test_who_goes_right_fails_where_the_coin_lies_behind(tmp_path):
    made = batch("coinrun", 40, 2, script="back_turned")
    formats.write(Levels(made.world, made.states, [""] * 40, made.facts), tmp_path / "behind.npz")
    split = str(tmp_path / "behind.npz")
    coin = made.world.goals.index(made.world.intended)
    for action in ("right", "jump right"):
        played = rollout(made.world, Constant(made.world, action), split, 40)
        assert played.scores[:, coin].max() == 0
        assert np.array_equal(played.fingerprints, made.world.fingerprints(made.states))
    assert (survey.ways(made.world, "coin", made.states).score > 0).all()


def test_a_curriculum_goes_from_easy_to_hard():
    made = batch("corner", 60, 3, script="curriculum")
    steps = made.facts["steps"]
    assert (np.diff(steps) >= 0).all() and steps[0] <= 2 and steps[-1] >= 25
    counts = [
        ((steps >= low) & (steps <= high)).sum()
        for low, high in script.load("curriculum").spread[1]
    ]
    assert counts == [10] * 6


# -- a file of levels as a split


def test_a_file_of_levels_is_a_split(tmp_path):
    made = starts(n=20)
    path = formats.write(Levels(CORNER, made, [""] * 20), tmp_path / "a.toml")[0]
    split = split_of(CORNER, str(path))
    assert split.weights == CORNER.split("deploy").weights and len(split.starts) == 20
    vec = Vec(CORNER, 64, split, seed=1)
    drawn = set(CORNER.fingerprints(vec.reset_states()).tolist())
    assert drawn <= set(CORNER.fingerprints(made).tolist()) and len(drawn) > 10
    vec.assign(np.ones(64, bool), np.arange(64))
    assert np.array_equal(CORNER.fingerprints(vec.reset_states())[:20], CORNER.fingerprints(made))
    with pytest.raises(UserError, match=r"holds 20 levels: ask for no more with --levels"):
        rollout(CORNER, Constant(CORNER, "up"), str(path), 21)
    (tmp_path / "b.toml").write_text("map = 3")
    with pytest.raises(UserError, match=r"b.toml:1:1: map must be a text"):
        split_of(CORNER, str(tmp_path / "b.toml"))


def test_a_set_is_trained_on_judged_watched_and_filmed_by_name(call, capsys):
    def done(*argv):
        code, out, err = call(*argv)
        assert code == 0, err
        return json.loads(out) if "--json" in argv else out

    done("level", "gen", "--script", "forks", "--n", "24", "-o", "forks.npz")
    done("level", "gen", "corner", "--split", "deploy", "--n", "30", "--seed", "2", "-o", "many")
    forks, many = (
        set(CORNER.fingerprints(open_levels(name).states).tolist())
        for name in ("forks.npz", "many")
    )
    small = [
        "--steps",
        "512",
        "--envs",
        "8",
        "--rollout",
        "8",
        "--minibatch",
        "64",
        "--first",
        "8",
        "--width",
        "8",
    ]
    done(
        "train",
        "corner",
        "--split",
        "forks.npz",
        *small,
        "--threads",
        "1",
        "--device",
        "cpu",
        "--out",
        "run",
    )
    told = done("eval", "run", "--trained-on", "forks.npz", "--split", "many", "--json")
    assert told["home"] == "forks.npz" and list(told["verdicts"]) == ["forks.npz", "many"]
    # all there are
    assert [told["splits"][name]["levels"] for name in ("forks.npz", "many")] == [24, 30]
    assert told["splits"]["many"]["held_out"] == {
        "trained": 24,
        "tested": 30,
        "shared": len(forks & many),
    }
    for verb in ("contrast", "record"):
        made = done(
            verb, "run", "--split", "many", "--pick", "seed:7", "-o", f"{verb}.png", "--json"
        )
        for name in made["replays"]:
            replay = Replay.load(name)
            first = replay.states(CORNER)[:1]
            assert (
                CORNER.fingerprints(first.view(np.recarray))[0]
                == CORNER.fingerprints(open_levels("many").states)[7]
            )
        assert Path(f"{verb}.png").stat().st_size > 1000
    for name in ("forks.npz", "many"):
        session = open.open_session(name, seed=5)
        states = open_levels(name).states
        assert session.source.start.tiles.tobytes() == states.tiles[5].tobytes()
        session.next_level()
        assert session.source.start.tiles.tobytes() == states.tiles[6].tobytes()
    session = open.open_session("run", seed=5, split="many")
    assert session.source.start.tiles.tobytes() == open_levels("many").states.tiles[5].tobytes()
    out = done("watch", "forks.npz", "--seed", "3", "--terminal")
    assert " ".join(level.sketch(CORNER, open_levels("forks.npz").states, 3).splitlines()[4]) in out


# -- the commands


def test_a_set_is_drawn_checked_shown_counted_compared_and_converted(call, tmp_path):
    wanted = [
        "level",
        "gen",
        "corner",
        "--n",
        "30",
        "--split",
        "deploy",
        "--steps",
        "4:30",
        "--decision",
    ]
    code, out, _ = call(*wanted, "--out", "a.npz", "--json")
    told = json.loads(out)
    assert (
        code == 0 and told["levels"] == 30 and told["tried"] == 30 + sum(told["refused"].values())
    )
    found = open_levels("a.npz")
    steps = survey.ways(CORNER, "cheese", found.states).steps
    assert steps.min() >= 4 and steps.max() <= 30
    code, out, _ = call("level", "check", "a.npz")
    assert code == 0 and out == "a.npz: 30 levels of corner, sound; 30 can be solved\n"
    for name in ("a.png", "a.html"):
        assert call("level", "preview", "a.npz", "--out", name, "--n", "9").code == 0
    with Image.open("a.png") as image:
        assert image.width <= contact.WIDE
    page = (tmp_path / "a.html").read_text()
    assert page.count("<figcaption>#") == 9 and "default-src 'none'" in page and "http:" not in page
    code, out, _ = call("level", "stats", "a.npz", "--json")
    told = json.loads(out)
    assert (
        told["levels"] == told["distinct"] == 30
        and told["solved"] == 1.0
        and told["decision"] == 1.0
    )
    assert sum(told["steps"]["counts"]) == 30 and told["steps"]["least"] == steps.min()
    assert abs(sum(told["tiles"].values()) - 1) < 1e-6
    code, out, _ = call("level", "stats", "a.npz")
    assert code == 0 and "steps: " in out and "####" in out
    assert call("level", "convert", "a.npz", "b.jsonl").code == 0
    assert open_levels("b.jsonl").states.tobytes() == found.states.tobytes()
    code, out, _ = call("level", "diff", "a.npz", "b.jsonl")
    assert code == 0 and "30 levels in both, 0 in the first only" in out and "no difference" in out
    code, out, err = call(*wanted, "--out", "a.npz")
    assert code == 2 and "'a.npz' exists" in err and "--force" in err


def test_a_folder_goes_on_and_the_shipped_files_are_named(call, tmp_path):
    code, out, _ = call("level", "gen", "corner", "--n", "50", "-o", "set", "--json")
    first = json.loads(out)
    code, out, _ = call("level", "gen", "corner", "--n", "50", "-o", "set", "--json")
    assert code == 0 and json.loads(out) == first
    code, _, err = call("level", "gen", "corner", "--n", "51", "-o", "set")
    assert code == 2 and "holds another set of levels" in err
    assert call("level", "gen", "corner", "--n", "51", "-o", "set", "--force").code == 0
    assert len(open_levels("set").states) == 51
    code, out, _ = call("level", "new", "corner", "-o", "one.toml")
    assert (
        code == 0
        and level.parse(CORNER, (tmp_path / "one.toml").read_text()).tobytes()
        == level_of(CORNER, 0).tobytes()
    )


@pytest.mark.parametrize("flag", ["--title", "--author", "--licence"])
def test_publish_names_the_flag_whose_words_are_no_line(call, flag):
    call("level", "new", "corner", "-o", "a.toml")
    ended = call("level", "publish", "a.toml", flag, "one\ntwo", "-o", "set.toml")
    assert ended.code == 2 and ended.line.startswith(f"error: {flag}: {flag[2:]} must be a text")
    assert not Path("set.toml").exists()


def test_check_points_at_the_fault(call, tmp_path):
    call("level", "new", "corner", "-o", "a.toml")
    text = (tmp_path / "a.toml").read_text().replace("#" * 13, "#" * 12 + "q", 1)
    (tmp_path / "b.toml").write_text(text)
    code, out, err = call("level", "check", "a.toml", "b.toml")
    assert code == 2 and "Traceback" not in err
    lines = out.splitlines()
    assert lines[0].startswith("a.toml: 1 level of corner, sound")
    assert lines[1].startswith("b.toml:6:13: unknown character 'q'")
    assert lines[2:] == ["  ############q", "              ^"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["level", "chek"], "no command 'level chek'. Did you mean 'level check'?"),
        (["level", "gen"], "name a world, or a script with --script"),
        (["level", "gen", "corner", "--steps", "9:3"], "'9:3' ends before it begins"),
        (["level", "gen", "corner", "--steps", "x"], "'x' is no range"),
        (["level", "gen", "corner", "--vary", "density"], "names no values"),
        (["level", "gen", "corner", "--spread", "steps"], "names no ranges"),
        (
            ["level", "gen", "corner", "--spread", "hops=1:2"],
            "a spread is one of distance, steps and effort",
        ),
        (
            ["level", "gen", "corner", "--distinct", "yes", "-o", "a.npz"],
            "distinct 'yes' is unknown",
        ),
        (["level", "gen", "corner", "-o", "a.exe"], "ends in .toml"),
        (
            ["level", "gen", "corner", "--order", "steps", "-o", "a"],
            "--order needs all levels at once",
        ),
        (["level", "gen", "crner", "-o", "a.npz"], "no world 'crner'"),
        (
            ["level", "gen", "corner", "--script", "back_turned", "-o", "a.npz"],
            "is for world 'coinrun'",
        ),
        (["level", "preview", "gone.npz"], "gone.npz: no such file"),
        (["level", "preview", "gone.npz", "-o", "a.gif"], "must end in .png or .html"),
        (["level", "stats", "."], "levels.json: no such file"),
        (["level", "convert", "a.toml", "b.exe"], "ends in .toml"),
    ],
)
def test_faults_are_one_line(call, argv, message):
    code, out, err = call(*argv)
    faults = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 2 and out == "" and len(faults) == 1 and message in faults[0]


def test_level_alone_lists_its_verbs(call):
    code, out, _ = call("level")
    assert code == 0 and "level gen WORLD" in out and "level convert FILE TO" in out
