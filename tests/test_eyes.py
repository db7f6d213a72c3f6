"""The eyes camera: pictures and observations in first person."""

import numpy as np
import pytest

from goalshift.engine import state
from goalshift.engine.api.adapters import parallel_env
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.camera import eyes, lane, raycast, textures
from goalshift.engine.view.camera.shot import Shot
from goalshift.engine.view.camera.sighted import Sighted
from goalshift.engine.view.draw.marks import Trail, goal_marks

from .both import both

UP, LEFT, DOWN, RIGHT = range(1, 5)
WORLDS = ["corner", "follow", "coinrun"]


def states_of(name, n=3, steps=5, split="deploy"):
    world = load(name)
    vec = Vec(world, n, split, seed=4, autoreset="off")
    vec.reset()
    rng = np.random.default_rng(0)
    for _ in range(steps):
        vec.step(rng.integers(0, len(world.actions), (n, world.learners)))
    return world, state.copy(vec.states)


def hall(rows, face=UP, name="corner"):
    """A level of `corner` of these rows in a hall with walls, the mouse looking one way."""
    world = load(name).but(size=(len(rows) + 2, len(rows[0]) + 2))
    wall = "#" * (len(rows[0]) + 2)
    board = "\n".join([wall, *(f"#{row}#" for row in rows), wall])
    states = level.parse(world, f"world = \"corner\"\nmap = '''\n{board}\n'''\n")
    states.face[0, 0] = face
    return world, states


@pytest.mark.parametrize("name", WORLDS)
def test_drawing_twice_gives_the_same_bytes_and_touches_no_state(name):
    world, states = states_of(name)
    before = states.tobytes()
    trail = Trail(np.array([[1, 1], [1, 2]]), (10, 200, 30))
    shot = Shot(world, states[0], (120, 160), trails=[trail], marks=goal_marks(world, states))
    once, again = eyes.draw(shot), eyes.draw(shot)
    assert once.shape == (120, 160, 3) and (once == again).all()
    seen = eyes.Eyes(world, 3)
    first = seen.draw(states).copy()
    assert (seen.draw(states) == first).all() and (eyes.Eyes(world, 3).draw(states) == first).all()
    assert states.tobytes() == before


@pytest.mark.parametrize("name", names())
def test_every_world_can_be_seen(name):
    world = load(name)
    states = level_of(world, 1, "deploy")
    seen = eyes.Eyes(world, 1).draw(states)
    assert seen.shape == (1, world.learners, 64, 64, 3)
    assert seen[0, 0].reshape(-1, 3).std(0).max() > 10, "a picture of something"


def test_the_observation_is_what_the_ray_caster_draws():
    """Frames are put together from pieces that the caster drew before; here it draws them anew."""
    for name in ("corner", "follow"):
        world, states = states_of(name, 16)
        seen = eyes.Eyes(world, 16)
        got = seen.draw(states)[:, 0]
        anew = np.zeros_like(got)
        s, a = states.view(np.ndarray), textures.art(world, 16)
        focal, turns = textures.lens(64, 64)
        raycast.cast(
            s["tiles"],
            s["h"],
            s["w"],
            1,
            seen._cameras,
            seen._spots,
            seen._counts,
            a.wall,
            a.floor,
            a.height,
            a.atlas,
            a.mips,
            textures.sky(64, False),
            turns,
            focal,
            anew,
            anew.reshape(16, -1),
        )
        apart = np.abs(anew.astype(int) - got)
        # a texel on the edge may round the other way
        assert (apart > 0).mean() < 1e-3 and apart.max() <= 2


def test_the_agent_looks_the_way_it_went():
    rows = [".....", ".....", "..@..", ".....", "....c"]
    for face, ahead in ((UP, (-1, 0)), (LEFT, (0, -1)), (DOWN, (1, 0)), (RIGHT, (0, 1))):
        world, states = hall(rows, face)
        assert eyes.heading_of(world, states[0]) == ahead


def test_who_has_not_moved_looks_where_the_view_is_longest():
    for rows, ahead in (
        (["@....", "#####", "....c"], (0, 1)),
        (["#....", "@#..c", ".####", ".####"], (1, 0)),
        ([".....", "..@..", "....c"], (0, -1)),
    ):
        world, states = hall(rows, 0)
        assert eyes.heading_of(world, states[0]) == ahead


def test_pictures_come_in_any_size():
    world = load("corner")
    states = level_of(world, 1, "deploy")
    for size in ((1, 1), (2, 40), (37, 90)):
        shot = Shot(world, states[0], size, marks=goal_marks(world, states))
        assert eyes.draw(shot).shape == (*size, 3)


def test_a_mood_is_no_direction():
    world = load("follow")
    states = level_of(world, 3)
    for mood in range(3):
        states.face[0, 0] = mood
        assert eyes.heading_of(world, states[0]) == (-1, 0)


def test_runners_of_platformers_look_left_and_right():
    world = load("coinrun")
    states = level_of(world, 1)
    for face, ahead in ((0, 1), (4, 1), (5, -1), (9, -1)):
        states.face[0, 0] = face
        assert eyes.heading_of(world, states[0])[1] == ahead


def gold(picture):
    """How much of the picture is the colour of cheese."""
    r, g, b = (picture[..., k].astype(int) for k in range(3))
    return int(((r > 200) & (g > 140) & (b < 130)).sum())


def test_cheese_is_seen_ahead_and_hidden_by_walls_and_by_turning_away():
    seen = {}
    for what, rows, face in (
        ("near", [".....", "..c..", "..@.."], UP),
        ("far", ["..c..", ".....", ".....", "..@.."], UP),
        ("behind a wall", ["..c..", ".###.", "..@.."], UP),
        ("behind me", [".....", "..c..", "..@.."], DOWN),
    ):
        world, states = hall(rows, face)
        seen[what] = gold(eyes.Eyes(world, 1).draw(states)[0, 0])
    assert seen["near"] > seen["far"] > 10
    assert seen["behind a wall"] == seen["behind me"] == 0


def test_what_is_on_the_right_is_seen_on_the_right():
    for face, row, column in ((UP, 0, 3), (LEFT, 1, 0), (DOWN, 4, 1), (RIGHT, 3, 4)):
        rows = [["."] * 5 for _ in range(5)]
        rows[2][2], rows[row][column] = "@", "c"
        world, states = hall(["".join(r) for r in rows], face)
        picture = eyes.Eyes(world, 1).draw(states)[0, 0]
        assert gold(picture[:, 32:]) > 10 > gold(picture[:, :32]), face


def test_taller_blocks_are_seen_over_lower_ones():
    art = textures.HEIGHTS["brick"], textures.HEIGHTS["crate"]
    assert art[0] > 1 > art[1] > raycast.EYE, "else one would have to see the tops"


def test_films_move_smoothly_from_one_state_to_the_next():
    world, states = hall([".....", ".....", "..@..", "....c"], UP)
    vec = Vec(world, 1, levels=states, autoreset="off")
    vec.reset()
    before = state.copy(vec.states)
    vec.step(np.array([[RIGHT]]))
    now, size = vec.states[0], (90, 160)
    at = [
        eyes.draw(Shot(world, now, size, before[0], f), map_size=0)
        for f in (0.0, 0.02, 0.5, 0.98, 1.0)
    ]
    assert (at[0] == eyes.draw(Shot(world, before[0], size), map_size=0)).all()
    assert (at[4] == eyes.draw(Shot(world, now, size), map_size=0)).all()
    apart = [
        np.abs(a.astype(int) - b).mean()
        for a, b in ((at[0], at[1]), (at[0], at[2]), (at[3], at[4]))
    ]
    assert apart[0] < apart[1] > apart[2]


CODE = """
import hashlib, numpy as np
from goalshift.engine.catalogue import load
from goalshift.engine.vector import level_of
from goalshift.engine.view.camera import eyes
from goalshift.engine.view.camera.shot import Shot
digest = hashlib.sha256()
for name in ("follow", "coinrun"):
    world = load(name)
    states = level_of(world, 2, "deploy")
    digest.update(eyes.Eyes(world, 1, (24, 24)).draw(states).tobytes())
    digest.update(eyes.draw(Shot(world, states[0], (20, 32))).tobytes())
digest = digest.hexdigest()
"""


def test_compiled_and_plain_python_draw_the_same_bytes():
    here, there = both(CODE, "digest")
    assert there == here


# observations


@pytest.mark.parametrize("autoreset", ["same", "next", "off"])
def test_environments_with_eyes_go_as_those_without(autoreset):
    world = load("corner")
    plain, sighted = (kind(world, 8, "deploy", 3, autoreset=autoreset) for kind in (Vec, Sighted))
    plain.reset()
    assert sighted.reset().shape == (8, 1, 64, 64, 3)
    rng = np.random.default_rng(1)
    ends = 0
    for _ in range(150):
        last = state.copy(plain.states)
        actions = rng.integers(0, 5, (8, 1))
        plain.step(actions)
        sighted.step(actions)
        assert plain.states.tobytes() == sighted.states.tobytes()
        for name in ("reward", "terminated", "truncated", "fresh", "final_totals", "final_seed"):
            assert (getattr(plain, name) == getattr(sighted, name)).all(), name
        ended = plain.terminated | plain.truncated
        if autoreset == "same" and ended.any():
            ends += 1
            assert (sighted.final_obs[ended] != sighted.obs[ended]).any()
            assert (last["seed"][ended] == sighted.final_seed[ended]).all()
    assert ends or autoreset != "same"
    kept = sighted.snapshot()
    before = sighted.obs.copy()
    sighted.step(np.full((8, 1), UP))
    sighted.restore(kept)
    assert (sighted.obs == before).all()


def test_an_environment_hands_out_what_the_eyes_see():
    env = parallel_env("corner", obs="eyes", pixels=4)
    seen, _ = env.reset(seed=1)
    assert env.observation_space("mouse_0").shape == seen["mouse_0"].shape == (32, 32, 3)
    after = env.step({"mouse_0": UP})[0]
    assert (after["mouse_0"] != seen["mouse_0"]).any(), "each observation is an array of its own"


def test_bad_sizes_are_refused_in_a_line():
    world = load("corner")
    for n, size in ((0, (64, 64)), (1, (4, 64)), (1, (64, 5000))):
        with pytest.raises(UserError, match="eyes see"):
            eyes.Eyes(world, n, size)
    with pytest.raises(UserError, match="these eyes"):
        eyes.Eyes(world, 2).draw(level_of(world, 1))


def test_people_look_over_what_rises_before_them_and_agents_do_not():
    ground = np.zeros((10, 12), np.bool_)
    ground[8:] = True
    assert lane.lifted(ground, 7.4, 3.5, 1) == 0
    step, wall, roof = ground.copy(), ground.copy(), ground.copy()
    step[5:, 6:] = wall[:, 6:] = True
    roof[5:, 6:] = roof[6, 3:6] = True
    places = np.arange(1.5, 5.5, 0.05)
    lifts = np.array([lane.lifted(step, 7.4, x, 1) for x in places])
    assert lifts[0] < 0.2 and lifts[-1] == pytest.approx(7.4 - 5 + lane.OVER)
    assert (np.diff(lifts) >= 0).all() and np.diff(lifts).max() < 0.1, "no jolt on the way there"
    assert lane.lifted(step, 7.4, 5.5, -1) == 0, "behind"
    assert lane.lifted(wall, 7.4, 5.5, 1) == 0, "nobody looks over that"
    assert lane.lifted(roof, 7.4, 5.5, 1) < 1, "not through what lies above"


def test_a_camera_for_people_is_no_sight():
    with pytest.raises(UserError, match="'iso' is for people"):
        Sighted(load("corner"), 2, sight="iso")
