"""Sprites, pixel observations and the top camera: pictures are pure functions of what they show."""

import itertools

import numpy as np
import pytest
from PIL import Image

from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.camera import frames as kernels
from goalshift.engine.view.camera import top
from goalshift.engine.view.camera.shot import Shot, Window, positions
from goalshift.engine.view.draw import ink, sprites, stamps
from goalshift.engine.view.draw.marks import INTENDED, PROXY, Trail, goal_marks
from goalshift.engine.view.draw.paint import paint
from goalshift.engine.view.draw.strokes import colour, parse, pictures

LIBRARY = sorted(pictures())


def test_compiled_blending_is_that_of_whole_arrays(monkeypatch):
    """Half outside on every side, see-through to opaque: the same bytes as NumPy makes of it."""
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (9, 7, 4)).astype(np.uint8)
    rgba[::3, :, 3], rgba[1::3, :, 3] = 0, 255
    stamp = stamps.as_stamp(rgba, 0.8)
    ground = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    for y, x in ((3, 4), (-5, 2), (16, 27), (-20, 0), (0, -3)):
        drawn = []
        for plain in (False, True):
            monkeypatch.setattr(stamps, "PLAIN", plain)
            wide = np.zeros((24, 40, 3), np.uint8)
            frame = wide[2:22, 5:35]
            frame[:] = ground
            stamps.blend(frame, stamp, y, x)
            assert (
                not wide[:2].any()
                and not wide[22:].any()
                and not wide[:, :5].any()
                and not wide[:, 35:].any()
            )
            drawn.append(frame.copy())
        assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != ground).any()


@pytest.fixture(scope="module", params=names())
def world(request):
    return load(request.param)


def states_of(world, n=3):
    return np.concatenate([level_of(world, seed, "deploy") for seed in range(n)]).view(np.recarray)


# sprites


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_picture_is_drawn_alike_twice(name):
    picture = parse(pictures()[name], name)
    for p in (8, 40):
        once, again = paint(picture, p), paint(picture, p)
        assert once.shape == (p, p, 4) and once.dtype == np.uint8
        assert once[..., 3].any()
        assert (once == again).all()
    if "~" in name:
        assert (paint(picture, 8)[..., 3] == 255).all(), "a tile's look must fill its cell"


def test_a_light_from_the_top_left_shades_every_shape_also_when_mirrored():
    for art in ("disc red 50 50 40", "tint red red\nuse lamp mirror"):
        rgb = paint(parse(art, library={"lamp": "disc red 50 50 40"}), 40)
        assert rgb[12, 12, :3].sum() > rgb[28, 28, :3].sum()


def test_the_outline_surrounds_things_but_not_tiles():
    ink = colour("ink")[0]
    thing = paint(parse("box gold 30 30 70 70"), 100)
    assert np.allclose(thing[50, 27, :3], ink, atol=2) and thing[50, 27, 3] == 255
    tile = paint(parse("tile\nbox gold 30 30 70 70"), 100)
    assert tile[50, 27, 3] == 0


def test_a_shape_inside_what_it_does_not_touch_changes_nothing():
    disc = "disc gold 30 30 20"
    for art in (f"{disc}\nbox red 80 80 90 90 in", f"box red 80 80 90 90 in\n{disc}"):
        assert (paint(parse(art), 20) == paint(parse(disc), 20)).all()


def test_pixel_rows_keep_their_colours_at_whole_multiples():
    sprite = sprites.read("r = #ff0000\nb = #0000ff\nr.\n.b", "thing")
    rgba = sprite.at(8)
    assert (rgba[:4, :4] == (255, 0, 0, 255)).all()
    assert (rgba[4:, 4:] == (0, 0, 255, 255)).all()
    assert (rgba[:4, 4:, 3] == 0).all()
    assert (sprite.at(1) == (128, 0, 128, 128)).all()


def test_poses_are_separated_by_a_line_and_start_over():
    sprite = sprites.read("disc red 50 50 40\n---\ndisc blue 50 50 40", "thing")
    assert (sprite.at(8, 0) == sprite.at(8, 2)).all()
    assert (sprite.at(8, 0) != sprite.at(8, 1)).any()


def test_a_png_is_art_too(tmp_path):
    Image.new("RGBA", (16, 16), (10, 200, 30, 255)).save(tmp_path / "art.png")
    sprite = sprites.read("art.png", "thing", folder=tmp_path)
    assert (sprite.at(8) == (10, 200, 30, 255)).all()


def test_unknown_names_get_a_legible_letter():
    a, b = (sprites.read("", "gizmo", char).at(16) for char in "AB")
    assert (a != b).any()
    corner, middle = a[1, 1, :3].astype(int), a[4:12, 4:12, :3].reshape(-1, 3).astype(int)
    assert np.abs(middle - corner).sum(1).max() > 250, "the letter must stand out from its tile"


@pytest.mark.parametrize(
    ("art", "told"),
    [
        ("disc mauvve 50 50 40", "mauvve"),
        ("disc gold 50 50", "disc takes 3 numbers"),
        ("disc gold 50 fifty 40", "line 1"),
        ("disc gold 50 nan 40", "too large"),
        ("oval gold 50 50 0 0", "positive"),
        ("disc gold 50 50 40\ndisk gold 50 50 40", "'disc'"),
        ("use nothing-such move 1 1", "nothing-such"),
        ("r = red\nrr\nr", "same length"),
        ("rr\nrr", "'r'"),
        ("nothing.png", "nothing.png"),
    ],
)
def test_bad_art_is_refused_in_one_line(art, told, tmp_path):
    with pytest.raises(UserError) as fault:
        sprites.read(art, "thing", folder=tmp_path)
    assert told in str(fault.value) and "\n" not in str(fault.value)


@pytest.mark.parametrize("p", [1, 4, 8, 16, 40])
def test_sheets_have_a_picture_for_every_symbol(world, p):
    sheet = sprites.sheet(world, p)
    assert sheet.shape == (len(world.symbols), p, p, 3) and sheet.dtype == np.uint8
    assert (sheet == sprites.sheet.__wrapped__(world, p)).all()
    with pytest.raises(ValueError):
        sheet[0] = 0


def test_different_symbols_look_different_at_8_pixels(world):
    """For learners that see colour, and for viewers who see only light and dark; what a world hides
    is left out.
    """
    sheet = sprites.sheet(world, 8).astype(int)
    grey = sheet @ (0.30, 0.59, 0.11)
    kinds = [
        (s.group in ("thing", "self"), s.kind) if s.group != "void" else s for s in world.symbols
    ]
    for a, b in itertools.combinations(range(len(sheet)), 2):
        if kinds[a] != kinds[b] and (world.looks[a] != world.looks[b]).any():
            told = world.symbols[a].name, world.symbols[b].name
            assert np.abs(sheet[a] - sheet[b]).max(2).mean() > 12, told
            assert np.abs(grey[a] - grey[b]).max() > 12, told


def test_goal_marks_differ_by_shape_not_only_by_colour():
    star, diamond = (sprites.read(name, name).at(16)[..., 3] > 127 for name in ("star", "diamond"))
    assert (star & diamond).sum() / (star | diamond).sum() < 0.75


# pixel observations


def naive(ids, sheet):
    """Frames by plain indexing."""
    n, vh, vw = ids.shape
    p = sheet.shape[1]
    frames = np.zeros((n, vh * p, vw * p, 3), np.uint8)
    for i, y, x in np.ndindex(n, vh, vw):
        frames[i, y * p : y * p + p, x * p : x * p + p] = sheet[ids[i, y, x]]
    return frames


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 8, 16])
def test_pixel_observations_equal_plain_indexing(corner, p):
    rng = np.random.default_rng(p)
    frames = kernels.Frames(corner, 5, p, (8, 9))
    sheet = sprites.sheet(corner, p)
    ids = rng.integers(0, len(sheet), (5, 8, 9)).astype(np.uint8)
    assert (frames.draw(ids) == naive(ids, sheet)).all()
    for _ in range(4):  # a few cells change at a time
        ids[rng.random(ids.shape) < 0.1] = rng.integers(0, len(sheet))
        assert (frames.update(ids) == naive(ids, sheet)).all()


def test_fresh_pictures_are_nobody_elses_and_let_go_of_serve_again(corner):
    frames = kernels.Frames(corner, 2, 8, (4, 4))
    ids = np.arange(32, dtype=np.uint8).reshape(2, 4, 4) % frames.symbols
    shown = frames.draw(ids).copy()
    frames.draw(ids * 0)
    first = frames.fresh(ids)
    row = first[0, 3]  # holds all of it
    place = first.__array_interface__["data"][0]
    del first
    second = frames.fresh(ids * 0)
    assert not np.shares_memory(row, second) and (row == shown[0, 3]).all()
    del row
    assert frames.fresh(ids).__array_interface__["data"][0] == place
    assert (frames.update(ids) == shown).all()


@pytest.mark.parametrize("name", ["corner", "coinrun", "lava"])
def test_pictures_that_cannot_be_written_to_equal_whole_ones_as_worlds_go_on(name):
    """Whoever holds some, whoever wrote into others between them, and whether all are asked for."""
    world, n = load(name), 6
    rng = np.random.default_rng(1)
    vec = Vec(world, n)
    ids = vec.reset()
    frames = kernels.Frames(world, n * world.learners)
    sheet = sprites.sheet(world, 8)
    held = []
    for step in range(30):
        planes = ids.reshape(-1, *world.view)[: 1 if step % 7 == 3 else None].copy()
        readonly = step % 5 != 2
        shown = frames.fresh(planes, readonly)
        assert (shown == naive(planes, sheet)).all()
        if readonly:
            with pytest.raises(ValueError, match="read-only"):
                shown[:] = 0
        else:
            shown[:] = 77
        held = [*held, (shown, planes)][-(step % 4) :] if readonly and step % 4 else []
        assert all((picture == naive(seen, sheet)).all() for picture, seen in held)
        ids = vec.step(rng.integers(0, len(world.actions), (n, world.learners)))[0]


def test_kernels_are_the_same_in_plain_python(corner):
    frames = kernels.Frames(corner, 3, 8, (4, 5))
    ids = np.random.default_rng(0).integers(0, frames.symbols, (3, 4, 5)).astype(np.uint8)
    expected = frames.draw(ids).copy()
    for kernel in (kernels._tile_all, kernels._tile_changed):
        frames.pixels[:] = 0
        frames._last[:] = 255
        getattr(kernel, "py_func", kernel)(ids, frames._sheet, frames._frames, frames._last)
        assert (frames.pixels == expected).all() and (frames._last == ids).all()


def test_fewer_planes_than_there_is_room_for_are_drawn_alike(corner):
    frames = kernels.Frames(corner, 5, 8, (4, 5))
    ids = np.random.default_rng(0).integers(0, frames.symbols, (5, 4, 5)).astype(np.uint8)
    whole = frames.fresh(ids)
    for k in (1, 3):
        some = frames.fresh(ids[:k])
        assert some.shape == (k, 32, 40, 3) and (some == whole[:k]).all()
        assert not np.shares_memory(some, whole)
    for wrong in (ids[:0], np.concatenate([ids, ids]), ids[..., :4]):
        with pytest.raises(UserError, match="pixel observations need"):
            frames.fresh(wrong)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 8, 16])
def test_tiles_of_any_size_are_drawn_whole_and_nothing_else(corner, p):
    frames = kernels.Frames(corner, 3, p, (4, 5))
    ids = np.random.default_rng(0).integers(0, frames.symbols, (3, 4, 5)).astype(np.uint8)
    assert (frames.draw(ids) == naive(ids, sprites.sheet(corner, p))).all()


def test_real_observations_are_drawn_with_a_plane_for_each_learner(world):
    shape = (4, world.learners, *world.view)
    ids = np.random.default_rng(1).integers(0, len(world.symbols), shape).astype(np.uint8)
    pixels = kernels.Frames(world, 4 * world.learners, 8).draw(ids)
    assert (pixels == naive(ids.reshape(-1, *world.view), sprites.sheet(world, 8))).all()


def test_bad_symbols_never_reach_compiled_code(corner):
    frames = kernels.Frames(corner, 2, 8, (4, 4))
    for ids in (
        np.full((2, 4, 4), frames.symbols, np.uint8),
        np.zeros((2, 4, 4), np.int64),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((2, 4, 5), np.uint8),
    ):
        with pytest.raises(UserError):
            frames.draw(ids)


# the camera for people


def test_drawing_twice_gives_the_same_bytes_and_touches_nothing(world):
    states = states_of(world)
    before, chance = states.tobytes(), np.random.get_state()[1].copy()
    for i in range(len(states)):
        shot = Shot(world, states[i], (300, 400), marks=goal_marks(world, states, i))
        pictures = [top.draw(shot) for _ in range(2)]
        assert pictures[0].shape == (300, 400, 3) and pictures[0].dtype == np.uint8
        assert (pictures[0] == pictures[1]).all()
        pictures[0][:] = 0  # the caller's own: later pictures are not spoiled
        assert (top.draw(shot) == pictures[1]).all()
    assert states.tobytes() == before
    assert (np.random.get_state()[1] == chance).all()


def test_tweening_begins_and_ends_with_the_plain_pictures(world):
    states = np.repeat(states_of(world, 1), 2).view(np.recarray)
    other = states[1]
    other.x[0] += 1
    other.face[0] = 1
    at = top.window(world, states[0], (320, 400), float(other.y[0]), float(other.x[0]))
    plain = [top.draw(Shot(world, states[i], (320, 400), at=at)) for i in range(2)]
    *ends, half = (
        top.draw(Shot(world, states[1], (320, 400), states[0], fraction, at))
        for fraction in (0.0, 1.0, 0.5)
    )
    assert (ends[0] == plain[0]).all() and (ends[1] == plain[1]).all()
    assert (half != plain[0]).any() and (half != plain[1]).any()


def test_things_slide_but_do_not_fly_across_the_level(corner):
    states = np.repeat(level_of(corner, 0), 2).view(np.recarray)
    states.y[:, 0], states.x[0, 0], states.x[1, 0] = 3, 2, 3
    assert positions(states[0], states[1], 0.25)[0].tolist() == [3, 2.25]
    states.x[1, 0] = 11
    assert positions(states[0], states[1], 0.25)[0].tolist() == [3, 2]
    assert positions(states[0], states[1], 0.75)[0].tolist() == [3, 11]


def test_the_camera_follows_and_stays_inside_the_level():
    world = load("coinrun")
    record = states_of(world, 1)[0]
    record.h, record.w = world.size
    size = (300, 400)
    for y in range(int(record.h)):
        for x in range(int(record.w)):
            at = top.window(world, record, size, y, x)
            half_y, half_x = size[0] / 2 / at.p, size[1] / 2 / at.p
            assert at.x - half_x >= -1e-9 and at.x + half_x <= record.w + 1e-9
            assert at.x - half_x <= x and x + 1 <= at.x + half_x
            if record.h * at.p > size[0]:
                assert at.y - half_y <= y and y + 1 <= at.y + half_y


def test_a_level_that_fits_is_shown_whole(corner):
    record = level_of(corner, 0)[0]
    at = top.window(corner, record, (500, 600), 1, 1)
    assert at == Window(500 // 13, 6.5, 6.5)


def test_marks_stand_where_the_goals_are(corner):
    states = level_of(corner, 5, "deploy")
    star, diamond = goal_marks(corner, states)
    assert star.shape == INTENDED and diamond.shape == PROXY
    cheese = next(k for k, tile in enumerate(corner.tiles) if tile.name == "cheese")
    assert (star.cells == np.argwhere(states[0].tiles == cheese)).all()
    assert diamond.cells.tolist() == [[1, int(states[0].w) - 2]]
    plain = top.draw(Shot(corner, states[0], (520, 520)))
    marked = top.draw(Shot(corner, states[0], (520, 520), marks=(star, diamond)))
    changed = np.argwhere((plain != marked).any(2)) / 40 - 0.5
    spots = np.concatenate([star.cells, diamond.cells])
    assert (np.abs(changed[:, None] - spots).max(2).min(1) < 1.2).all()


def test_trails_lie_below_things_and_ghosts_are_faint(corner):
    states = level_of(corner, 5, "deploy")
    y, x = int(states[0].y[0]), int(states[0].x[0])
    cells = np.array([[y, x], [y, x + 1]])
    plain = top.draw(Shot(corner, states[0], (520, 520)))
    trail = Trail(cells, (43, 179, 168))
    trailed = top.draw(Shot(corner, states[0], (520, 520), trails=[trail]))
    assert (plain != trailed).any()
    middle = (slice(y * 40 + 15, y * 40 + 25), slice(x * 40 + 15, x * 40 + 25))
    assert (plain[middle] == trailed[middle]).all(), "the mouse covers its own trail"
    ghost = state.copy(states)[0]
    ghost.y[0], ghost.x[0] = 6, 6
    haunted = top.draw(Shot(corner, states[0], (520, 520), ghost=ghost)).astype(int)
    moved = state.copy(states)
    moved.y[0, 0], moved.x[0, 0] = 6, 6
    solid = top.draw(Shot(corner, moved[0], (520, 520))).astype(int)
    cell = (slice(240, 280), slice(240, 280))
    faint, full = (np.abs(picture[cell] - plain[cell]).sum() for picture in (haunted, solid))
    assert 0 < faint < 0.6 * full


@pytest.mark.parametrize("radius", [0, 3])
@pytest.mark.parametrize(
    "place", [(-4, -4, 30, 30), (5, 5, 30, 9), (2, 6, 9, 40), (25, 25, 40, 40)]
)
def test_nothing_is_drawn_beside_a_frame(place, radius):
    """Compiled drawing tests no index: what reaches over the edge of a frame is cut there."""
    sheet = np.zeros((60, 60, 3), np.uint8)
    frame = sheet[20:32, 20:32]
    ink.box(frame, *place, (250, 250, 250), radius)
    ink.write(frame, "beyond the edge", place[0], place[1], 14)
    around = sheet.copy()
    around[20:32, 20:32] = 0
    assert not around.any()
    assert frame.any() == (place[0] < 12 and place[1] < 12)
