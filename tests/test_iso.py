"""Cameras that look down on a level from a corner or from behind, and cameras by name."""

from itertools import pairwise

import numpy as np
import pytest

from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view import camera as camera_room
from goalshift.engine.view.camera import chase, iso, registry
from goalshift.engine.view.camera.eyes import look_of
from goalshift.engine.view.camera.gaze import Gaze, gaze_at
from goalshift.engine.view.camera.shot import Shot
from goalshift.engine.view.draw.marks import INTENDED, goal_marks
from goalshift.engine.view.film import stage, story
from goalshift.engine.view.film.options import FilmOptions
from goalshift.engine.view.sheets import gallery


def moved(world, seed=3, steps=4):
    """A state, and the one before it."""
    vec = Vec(world, 1, "deploy", seed, autoreset="off")
    vec.reset()
    for k in range(steps):
        before = state.copy(vec.states)
        vec.step(np.full((1, world.learners), 1 + k % (len(world.actions) - 1)))
    return state.copy(vec.states), before


@pytest.mark.parametrize("name", names())
def test_every_world_can_be_looked_down_on(name):
    world = load(name)
    states = level_of(world, 2, "deploy")
    before = states.tobytes()
    shot = Shot(world, states[0], (200, 320), marks=goal_marks(world, states), ghost=states[0])
    for camera in (iso, chase):
        once, again = camera.draw(shot), camera.draw(shot)
        assert once.shape == (200, 320, 3) and (once == again).all() and states.tobytes() == before
        assert once.reshape(-1, 3).std(0).max() > 10


@pytest.mark.parametrize("camera", registry.names())
def test_cameras_draw_at_any_size_and_between_states(camera):
    world = load("corner")
    now, before = moved(world)
    draw = registry.camera(camera).draw
    for size in ((1, 1), (3, 200), (97, 61)):
        assert draw(Shot(world, now[0], size)).shape == (*size, 3)
    size = (96, 128)
    for fraction, at in ((0.0, before[0]), (1.0, now[0])):
        between = draw(Shot(world, now[0], size, before[0], fraction))
        assert (between == draw(Shot(world, at, size))).all()


def seen_at(world, states, draw):
    """Where in a picture the agent is: (row, column), as the middle of what changes without it."""
    gone = state.copy(states)
    gone.alive[0, 0] = 0
    changed = np.argwhere((draw(states[0]) != draw(gone[0])).any(2))
    return changed.mean(0)


def open_board(world, y, x):
    """A level with nothing on it but its border and the agent."""
    states = level_of(world, 1)
    states.tiles[0, 1:-1, 1:-1] = 0
    states.alive[0, 1:] = 0
    states.y[0, 0], states.x[0, 0] = y, x
    return states


@pytest.mark.parametrize("turn", range(4))
def test_up_the_board_is_to_the_upper_right_and_turns_by_quarters(turn):
    world = load("corner")

    def draw(record):
        return iso.draw(Shot(world, record, (300, 400), turn=turn))

    here, up = (seen_at(world, open_board(world, y, 6), draw) for y in (6, 4))
    down, right = (up - here)[0] > 0, (up - here)[1] > 0
    assert (down, right) == ((False, True), (False, False), (True, False), (True, True))[turn]


@pytest.mark.parametrize("size", [(300, 300), (300, 560), (560, 420)])
def test_a_model_fills_its_pane(size):
    world = load("corner")
    picture = iso.draw(Shot(world, level_of(world, 1)[0], size))
    rows, columns = np.nonzero((np.abs(picture.astype(int) - iso.TABLE) > 24).any(2))
    spans = np.ptp(rows) / size[0], np.ptp(columns) / size[1]
    assert max(spans) > 0.85 and min(spans) > 0.6 and max(spans) < 1


@pytest.mark.parametrize("name", ["corner", "keys", "maze_gem", "lava", "sokoban"])
def test_agent_and_goal_are_both_in_the_chase_camera_s_picture(name):
    """Wherever the goal is; the place of a thing is where a picture changes without it."""
    world = load(name)
    for seed in range(4):
        states = level_of(world, seed, "deploy")
        stars = [m for m in goal_marks(world, states) if m.shape == INTENDED]
        if not stars:
            continue
        gaze = chase.heading(world, states[0], 0)

        def draw(record, marks=(), gaze=gaze):
            return chase.draw(Shot(world, record, (300, 300), gaze=gaze, marks=marks))

        agent = seen_at(world, states, draw)
        assert 150 < agent[0] < 280 and 100 < agent[1] < 200, "it stands before the camera"
        starred = draw(states[0], stars) != draw(states[0])
        assert starred.any(), "no star can be seen"


def test_cameras_that_turn_turn_smoothly():
    """Between steps and from one to the next no jump, though the agent turns on the spot."""
    world = load("corner")
    vec = Vec(world, 1, "deploy", 3, autoreset="off")
    vec.reset()
    gazes = []
    for action in (4, 1, 2, 2, 3, 4, 1, 1, 2, 3):
        vec.step(np.full((1, 1), action))
        gazes.append(look_of(world, vec.states[0]))

    def of(step):
        return gazes[min(max(step, 0), len(gazes) - 1)]

    for foreseen in (0, 2):
        seen = [gaze_at(of, t, f, foreseen) for t in range(10) for f in np.arange(8) / 8]
        turns = [abs((b.turned(360) - a.turned(360) + 180) % 360 - 180) for a, b in pairwise(seen)]
        assert max(turns) < 30 and gaze_at(of, 3, 1.0, foreseen) == pytest.approx(
            gaze_at(of, 4, 0.0, foreseen)
        )


def test_first_person_does_not_stare_at_a_wall():
    """With a wall before the agent, one looks along the way that is open at its side."""
    world = load("corner")
    states = open_board(world, 1, 4)
    states.face[0, 0] = 1  # up, into the border
    gaze = look_of(world, states[0])
    assert (gaze.y, gaze.x) in ((0.0, 1.0), (0.0, -1.0))


def test_an_agent_behind_a_wall_can_still_be_made_out():
    world = load("corner")
    states = level_of(world, 1)
    states.tiles[0, 1:6, 1:6] = 0
    states.y[0, 0], states.x[0, 0] = 2, 3
    states.tiles[0, 3, 3] = states.tiles[0, 2, 4] = states.tiles[0, 3, 4] = 1
    shown = iso.draw(Shot(world, states[0], (400, 600)))
    states.alive[0, 0] = 0
    assert (shown != iso.draw(Shot(world, states[0], (400, 600)))).any(2).sum() > 200


def test_a_camera_is_a_file_and_no_other_edit(monkeypatch, tmp_path):
    """What is found in the folder is a camera by its last line; helpers beside it are none."""
    assert registry.names() == ("top", "chase", "iso", "eyes")
    for name in registry.names():
        found = registry.camera(name)
        assert found.words and found.flat == (name == "top")
        assert found.first_person == (name == "eyes")
        assert (found.sight is not None) == (name in registry.sights())
    (tmp_path / "blank.py").write_text(
        "import numpy as np\nfrom goalshift.engine.view.camera.registry import Camera\n\n\n"
        "CAMERA = Camera('as nothing', lambda shot: np.zeros((*shot.size, 3), np.uint8))\n"
    )
    (tmp_path / "helper.py").write_text("HELPS = True\n")
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    monkeypatch.setattr(camera_room, "__path__", [*camera_room.__path__, str(tmp_path)])
    for cached in (registry._declared, registry.camera):
        cached.cache_clear()
    try:
        world = load("corner")
        now, _ = moved(world)
        assert registry.names() == ("blank",)
        blank = registry.camera("blank")
        assert blank.scale(world, 9, 9, (90, 90)) == 0 and not blank.flat
        assert not blank.draw(Shot(world, now[0], (4, 6))).any()
        assert not gallery.gallery([world], 1, "blank")[110:400, 30:500].any()
        take = story.Take("ONE", "somebody", now)
        film = stage.Stage([take], story.Card(world), FilmOptions(cameras=["blank"]))
        assert not film.view(0, (0, 1.0)).any()
    finally:
        for cached in (registry._declared, registry.camera):
            cached.cache_clear()


def test_an_unknown_camera_is_refused_with_the_closest_name():
    with pytest.raises(UserError, match="'eyes'"):
        registry.camera("eye")


@pytest.mark.parametrize("camera", ["chase", "iso", "eyes"])
def test_films_and_galleries_take_any_camera(camera):
    world = load("corner")
    now, before = moved(world)
    takes = [
        story.Take(role, "somebody", np.concatenate([before, now]).view(np.recarray))
        for role in ("INTENDED", "LEARNED")
    ]
    both = [
        stage.Stage(takes, story.Card(world), FilmOptions(size=(480, 848), cameras=[name]))
        for name in (camera, "top")
    ]
    pictures = [one.play(1) for one in both]
    assert pictures[0].shape == (480, 848, 3) and (pictures[0] != pictures[1]).any()
    assert (gallery.gallery([world], 1, camera) != gallery.gallery([world], 1)).any()


def test_from_behind_one_sees_the_board_where_it_ends_ahead():
    """And not what lies around it: most of the picture changes with what the cells are."""
    world = load("corner")
    floor = open_board(world, 2, 6)
    walls = state.copy(floor)
    walls.tiles[0] = 1
    gaze = Gaze(-1.0, 0.0, 4.0)
    pictures = [chase.draw(Shot(world, s[0], (300, 300), gaze=gaze)) for s in (floor, walls)]
    assert (pictures[0] != pictures[1]).any(2).mean() > 0.6
