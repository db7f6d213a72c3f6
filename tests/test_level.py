"""Levels as text: what is written is read back byte for byte; what is wrong is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.engine import check, state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.world import Goal, Thing, Tile, World
from goalshift.worlds import corner

CORNER, FOLLOW = load("corner"), load("follow")


def corner_text(board=None, **changes):
    board = board or "\n".join(
        ["#" * 13, "#@" + "." * 9 + "c#", *["#" + "." * 11 + "#"] * 10, "#" * 13]
    )
    values = {
        "world": "'corner'",
        "version": "0",
        "seed": "7",
        "split": "'deploy'",
        "map": f"'''\n{board}\n'''",
    }
    values |= changes
    return (
        "\n".join(f"{key} = {value}" for key, value in values.items() if value is not None) + "\n"
    )


@pytest.mark.parametrize("world", names())
def test_every_start_state_of_every_world_comes_back_byte_for_byte(world):
    world = load(world)
    for split in world.split_names:
        states = Vec(world, 8, split, seed=4).reset_states()
        for i in range(len(states)):
            again = level.parse(world, level.show(world, states, i))
            assert again.tobytes() == states[i : i + 1].tobytes()


@given(seed=some.integers(0, 2**64 - 1), episode=some.integers(0, 10**9 - 1))
@settings(max_examples=40)
def test_any_seed_and_episode_come_back(seed, episode):
    states = level_of(CORNER, seed)
    states.episode = episode
    again = level.parse(CORNER, level.show(CORNER, states))
    assert int(again.seed[0]) == seed and int(again.episode[0]) == episode
    assert level.show(CORNER, again) == level.show(CORNER, states)


def awkward(tile="'", thing="\\"):
    """A world of small levels whose characters need care in quotes, with things of all kinds."""
    return World(
        story="Odd.",
        size=(4, 5),
        horizon=3,
        resizes=True,
        tiles=(Tile("floor", "."), Tile("quote", tile)),
        things=(
            Thing("mouse", "@", agent=True, count=2, poses=3),
            Thing("box", thing, count=3, poses=2),
        ),
        actions=("stay",),
        events=("e",),
        params=corner.Params,
        train=corner.Params(),
        deploy=corner.Params(anywhere=1),
        intended=Goal("e", {"e": 1}),
        generate=corner.generate,
        step=corner.step,
        name="odd",
        fields={"count": (), "grid": (2, 2)},
        limits={"count": (-5, 5), "grid": (0, 9)},
    )


@given(data=some.data())
@settings(max_examples=150)
def test_anything_that_can_stand_on_a_board_comes_back(data):
    world = awkward(*data.draw(some.sampled_from([("'", "\\"), ('"', "'"), ("#", '"')])))
    states = state.blank(world.dtype, 1)
    s = states[0]
    s.h, s.w = data.draw(some.integers(1, 4)), data.draw(some.integers(1, 5))
    s.tiles[: s.h, : s.w] = data.draw(some.sampled_from([0, 0, 1]))
    for k in range(5):
        s.y[k], s.x[k] = data.draw(some.integers(0, s.h - 1)), data.draw(some.integers(0, s.w - 1))
        s.face[k] = data.draw(some.integers(0, int(world.poses[k]) - 1))
        s.alive[k] = 1 if k < 2 else data.draw(some.integers(0, 1))
    s.count = data.draw(some.integers(-5, 5))
    s.grid[0, 1] = data.draw(some.integers(0, 9))
    s.key = level.parse(world, 'map = "@@"').key[0]
    assert level.parse(world, level.show(world, states)).tobytes() == states.tobytes()


def test_a_drawn_level_can_be_played():
    start = level.parse(CORNER, corner_text())
    assert (start.y[0, 0], start.x[0, 0]) == (1, 1) and start.tiles[0, 1, 11] == corner.CHEESE
    vec = Vec(CORNER, 1, levels=start)
    vec.reset()
    for _ in range(10):
        _, reward, terminated, _ = vec.step(np.array([[4]]))
    assert reward[0, 0] == 1.0 and terminated[0]


def test_line_ends_of_windows_and_a_byte_order_mark_are_accepted():
    plain = level.parse(CORNER, corner_text())
    assert (
        level.parse(CORNER, "\ufeff" + corner_text().replace("\n", "\r\n")).tobytes()
        == plain.tobytes()
    )


BOARD = ["#" * 13, "#@" + "." * 9 + "c#", *["#" + "." * 11 + "#"] * 10, "#" * 13]


def with_row(y, row):
    return corner_text("\n".join([*BOARD[:y], row, *BOARD[y + 1 :]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (with_row(3, "#" + "." * 10 + "#"), r"^here:9:13: this row has 12 cells, the first has 13"),
        (with_row(2, "#..q" + "." * 8 + "#"), r"^here:8:4: unknown character .q.; this world has"),
        (with_row(2, "#..@" + "." * 8 + "#"), r"^here:8:4: one mouse too many: this world has 1"),
        (with_row(1, "#" + "." * 11 + "#"), r"^here:6:1: the map shows 0 of 1 mouse"),
        (
            corner_text("\n".join([*BOARD, "#" * 13])),
            r"^here:19:1: the map has 14 rows; .* --world.size 14x13",
        ),
        (corner_text(map="'#'"), r"^here:5:8: the map shows 0 of 1 mouse"),
        (
            corner_text(map="''"),
            r"^here:5:8: this row has 0 cells; the board of world 'corner' has",
        ),
        (corner_text(map=None), r"^here: no map"),
        (corner_text(map="3"), r"^here:5:1: map must be a text in quotes"),
        (corner_text(world="'follow'"), r"^here:1:1: this is a level of 'follow', not of 'corner'"),
        (corner_text(version="3"), r"^here:2:1: made for version 3"),
        (corner_text(seed="-1"), r"^here:3:1: seed must be a whole number"),
        (corner_text(seed="1.5"), r"^here:3:1: seed must be a whole number"),
        (corner_text(seed="true"), r"^here:3:1: seed must be a whole number"),
        (corner_text(seed=str(2**64)), r"^here:3:1: seed must be a whole number"),
        (corner_text(seed="nan"), r"^here:3:1: seed must be a whole number"),
        (corner_text(split="'deplo'"), r"^here:4:1: no split 'deplo'. Did you mean 'deploy'\?"),
        (corner_text(split="'alpha=0.5'"), r"^here:4:1: no split"),
        (corner_text(sed="3"), r"unknown key 'sed'. Did you mean 'seed'\?"),
        (corner_text() + "[things]\nmous = []\n", r"no thing 'mous'. Did you mean 'mouse'\?"),
        (corner_text() + "[things]\nmouse = [[1, 1, 0, 1]]\n", r"^here:7:2: mouse stands in"),
        (corner_text() + "[fields]\nfood = 3\n", r"^here:21:1: no field 'food'"),
        (corner_text(world="'corner"), r"^here:1:16: "),
        ("map = [" * 100_000, r"^here:1:8: Invalid value"),
        ("map = " + "[" * 100_000, r"^here: nested too deeply"),
        ("seed = " + "9" * 5000, r"^here"),
        ("\x00", r"^here:1:1: "),
        ("seed = 1\nseed = 2", r"^here:2:"),
        ("x" * 1_000_001, r"^here: a level of 1000001 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, message):
    with pytest.raises(UserError, match=message) as caught:
        level.parse(CORNER, text, "here")
    assert "\n" not in str(caught.value)


def follow_text(guide="[[2, 2, 0, 1]]", fields="order = [2, 3, 4, 5, 6]"):
    board = "\n".join(["#" * 11, "#@0.1.2.3.#", *["#.........#"] * 8, "#" * 11])
    return f"map = '''\n{board}\n'''\n[things]\nguide = {guide}\n[fields]\n{fields}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (follow_text("[[11, 2, 0, 1]]"), "a thing stands outside the map"),
        (follow_text("[[2, 999999999, 0, 1]]"), "a thing stands outside the map"),
        (follow_text("[[2, 2, 5, 1]]"), "a pose that it lacks"),
        (follow_text("[[2, 2, 0, 2]]"), "present"),
        (follow_text("[[2, 2, 0]]"), r"here:15:1: guide needs 1 row \[y, x, pose"),
        (follow_text("[]"), "guide needs 1 row"),
        (follow_text("[[2, 2, 0, true]]"), "guide needs 1 row"),
        (follow_text(fields="order = [2, 3, 4, 5]"), r"here:17:1: order must be .* shape \[5\]"),
        (follow_text(fields="order = [2, 3, 4, 5, 7]"), "the field 'order' must be 0 to 6"),
        (follow_text(fields="heading = 6"), "the field 'heading' must be 0 to 5"),
        (follow_text(fields="heading = -1"), "the field 'heading' must be 0 to 5"),
        (follow_text(fields="heading = 1.0"), "heading must be whole numbers of shape"),
        (follow_text(fields=f"heading = {10**30}"), "heading must be whole numbers of shape"),
    ],
)
def test_nothing_reaches_a_rule_that_could_send_it_out_of_bounds(text, message):
    level.parse(FOLLOW, follow_text())  # the text is sound but for the one change
    with pytest.raises(UserError, match=message):
        level.parse(FOLLOW, text, "here")


def test_a_field_without_limits_is_not_taken_from_outside():
    world = awkward()
    world.limits = {}
    with pytest.raises(UserError, match="the field 'count' must be 0: world 'odd' gives no limits"):
        level.parse(world, 'map = "@@"\n[fields]\ncount = 1\n')


@given(some.binary(max_size=400))
@settings(max_examples=200)
def test_noise_is_refused_politely(noise):
    with pytest.raises(UserError):
        level.parse(CORNER, noise.decode("latin-1"))


@given(at=some.integers(0, 300), char=some.characters())
@settings(max_examples=200)
def test_a_changed_character_is_read_or_refused_but_never_unsound(at, char):
    text = corner_text()
    at %= len(text)
    try:
        states = level.parse(CORNER, text[:at] + char + text[at + 1 :])
    except UserError as fault:
        assert "\n" not in str(fault)
    else:
        check.states(CORNER, states)


def test_only_start_states_are_levels():
    vec = Vec(CORNER, 1)
    vec.reset()
    vec.step(np.array([[0]]))
    with pytest.raises(UserError, match="a level is a start state, and this one is at step 1"):
        level.show(CORNER, vec.states)


def test_a_sketch_shows_the_level_with_its_things_on_top():
    start = level.parse(FOLLOW, follow_text("[[1, 1, 0, 1]]"))
    assert level.sketch(FOLLOW, start).splitlines()[1] == "#@0.1.2.3.#"
