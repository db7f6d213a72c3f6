"""The iso camera, and cameras by name."""

import numpy as np
import pytest

from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view import camera as camera_room
from goalshift.engine.view.camera import iso, registry
from goalshift.engine.view.camera.shot import Shot, Window
from goalshift.engine.view.draw.marks import goal_marks
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
def test_every_world_stands_on_the_table(name):
    world = load(name)
    states = level_of(world, 2, "deploy")
    before = states.tobytes()
    marks = goal_marks(world, states)
    shot = Shot(world, states[0], (200, 320), marks=marks, ghost=states[0])
    once, again = iso.draw(shot), iso.draw(shot)
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


def test_diamonds_share_no_pixel_and_leave_none_out():
    for a in (10, 16, 22):
        inside = iso._diamond(a)[0].astype(int)
        plane = np.zeros((8 * a, 12 * a), int)
        for y in range(6):
            for x in range(6):
                row, column = (x + y) * a // 2, (x - y) * a + 5 * a
                plane[row : row + a, column : column + 2 * a] += inside
        assert (plane[2 * a : 4 * a, 4 * a : 8 * a] == 1).all() and plane.max() == 1


def test_up_the_board_is_to_the_upper_right():
    world = load("corner")
    table = iso.Table(Shot(world, level_of(world, 1)[0], (200, 300), at=Window(20, 5, 5)))
    here, up, right = table.corner(5, 5), table.corner(4, 5), table.corner(5, 6)
    assert up == (here[0] - 10, here[1] + 20)
    assert right == (here[0] + 10, here[1] + 20)


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
    assert registry.names() == ("top", "iso", "eyes")
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


@pytest.mark.parametrize("camera", ["iso", "eyes"])
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
