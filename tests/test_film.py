"""The recorder: true, complete or not there at all, and the same bytes every time."""

import os
import stat

import numpy as np
import pytest
from PIL import Image

from goalshift.engine.errors import RunError, UserError
from goalshift.engine.vector import Vec
from goalshift.engine.view import encode, film, ink
from goalshift.engine.world import load

SIZE = (480, 848)


@pytest.fixture(scope="module")
def corner():
    return load("corner")


def take_of(world, actions, seed=3):
    """States [T + 1] of the level `seed` under the given actions."""
    vec = Vec(world, 1, "deploy", levels=np.array([seed], np.uint64), autoreset="off")
    vec.reset()
    states = [vec.states.copy()]
    for action in actions:
        vec.step(np.full((1, world.learners), action))
        states.append(vec.states.copy())
    return np.concatenate(states).view(np.recarray)


@pytest.fixture(scope="module")
def takes(corner):
    return (
        film.Take(
            "INTENDED", "expert that wants the cheese", take_of(corner, [1, 1]), None, "cheese"
        ),
        film.Take("LEARNED", "a trained agent", take_of(corner, [1, 2, 2]), ("cheese",)),
    )


def moving(n, size=(64, 96)):
    """n frames that all differ."""
    for k in range(n):
        frame = np.zeros((*size, 3), np.uint8)
        frame[:, : (k + 1) * 4] = (40 + 5 * k, 200, 90)
        yield frame


# files


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.gif"])
def test_a_film_holds_every_frame_and_the_same_bytes(tmp_path, name):
    path, again = tmp_path / name, tmp_path / f"again-{name}"
    done = []
    assert encode.encode(moving(12), path, 10, 12, lambda k, n: done.append((k, n))) == 12
    assert done == [(k, 12) for k in range(1, 13)]
    encode.encode(moving(12), again, 10)
    assert path.read_bytes() == again.read_bytes()
    if name.endswith(".mp4"):
        assert encode.probe(path) == (12, 64, 96)
    else:
        with Image.open(path) as image:
            assert image.n_frames == 12 and image.size == (96, 64)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, f"again-{name}"])
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_several_files_come_from_one_composition(tmp_path):
    drawn = []
    paths = [tmp_path / "b.gif", tmp_path / "folder" / "a.mp4"]
    encode.encode((drawn.append(1) or frame for frame in moving(6)), paths, 10)
    assert len(drawn) == 6 and all(path.stat().st_size for path in paths)


def test_animations_are_shrunk_until_they_are_small(tmp_path, monkeypatch):
    monkeypatch.setattr(encode, "SMALL", 30_000)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (20, 48, 80, 3)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    path = tmp_path / "a.webp"
    encode.encode(iter(noise), path, 30)
    with Image.open(path) as image:
        assert image.width < 640 and image.n_frames < 20


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.gif"])
def test_a_dying_encoder_leaves_nothing_and_the_old_film_stays(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(b"older")
    words = "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1"
    monkeypatch.setattr(encode, "_ffmpeg", lambda: ["sh", "-c", words])
    with pytest.raises(RunError) as fault:
        encode.encode(moving(300), path)
    assert "No space left on device" in str(fault.value) and "\n" not in str(fault.value)
    assert str(path) in str(fault.value)
    assert [p.name for p in tmp_path.iterdir()] == [name] and path.read_bytes() == b"older"


def test_an_encoder_that_lies_is_found_out(tmp_path, monkeypatch):
    """Some encoders report success on a broken file."""
    monkeypatch.setattr(encode, "probe", lambda path: (7, 64, 96))
    with pytest.raises(RunError, match="came out broken"):
        encode.encode(moving(8), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_fault_while_drawing_leaves_nothing(tmp_path):
    def broken():
        yield from moving(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode.encode(broken(), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunError) as fault:
        encode.encode(moving(2), tmp_path / "file" / "a.mp4")
    assert "\n" not in str(fault.value) and "a.mp4" in str(fault.value)


@pytest.mark.parametrize(
    ("frames", "name"),
    [
        (moving(2), "a.avi"),
        (iter(()), "a.mp4"),
        (moving(2, (63, 96)), "a.mp4"),
        (iter([np.zeros((64, 96, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)]), "a.mp4"),
    ],
)
def test_bad_names_and_frames_are_refused(tmp_path, frames, name):
    with pytest.raises(UserError):
        encode.encode(frames, tmp_path / name)
    assert not list(tmp_path.iterdir())


# the story


def test_a_contrast_film_is_what_was_announced(tmp_path, corner, takes):
    card = film.Card(corner, claim="It wants the corner.", command="goalshift contrast corner")
    total, stream = film.frames(*takes, card, fps=8, size=SIZE)
    shapes = {frame.shape for frame in stream}
    assert shapes == {(*SIZE, 3)}
    film.contrast(*takes, card, tmp_path / "a.mp4", fps=8, size=SIZE)
    film.contrast(*takes, card, tmp_path / "b.mp4", fps=8, size=SIZE)
    assert encode.probe(tmp_path / "a.mp4") == (total, *SIZE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_filming_does_not_change_the_takes(corner, takes):
    before = [take.states.tobytes() for take in takes]
    film.poster(*takes, film.Card(corner), SIZE)
    assert [take.states.tobytes() for take in takes] == before


@pytest.mark.parametrize("size", [(720, 1270), (240, 320)])
def test_sizes_that_encoders_or_readers_cannot_take_are_refused(corner, takes, size):
    with pytest.raises(UserError):
        film.frames(*takes, film.Card(corner), size=size)


def test_the_paths_part_where_the_learners_first_stand_apart(corner, takes):
    left, right = (take.states for take in takes)
    assert film.fork(left, left, 1) is None
    k = film.fork(left, right, 1)
    where = [[(int(s.y[0]), int(s.x[0])) for s in states] for states in (left, right)]
    if k is not None:
        assert where[0][k] == where[1][k] and where[0][k + 1] != where[1][k + 1]
    a, b = (np.repeat(left[:1], 5).view(np.recarray) for _ in range(2))
    b.x[3:, 0] += 1
    assert film.fork(a, b, 1) == 2
    assert film.fork(a[:3], b, 1) is None


@pytest.mark.parametrize("parting", [None, 0, 4, 9])
def test_the_schedule_shows_every_step_in_order_and_pauses_at_the_fork(parting):
    frames = film.schedule(10, parting, 30)
    assert frames == sorted(frames) and all(0 < fraction <= 1 for _, fraction in frames)
    assert [k for k, fraction in dict.fromkeys(frames) if fraction == 1.0] == list(range(11))
    plain = film.schedule(10, None, 30)
    extra = len(frames) - len(plain)
    assert (extra >= round(film.FREEZE * 30)) == (parting is not None)


def test_same_level_and_same_dice_are_claimed_only_where_true(corner, takes):
    card = film.Card(corner)
    stage = film._Stage(*takes, card, SIZE)
    assert stage.same and stage.same_level
    other = film.Take("LEARNED", "elsewhere", take_of(corner, [1], seed=4))
    stage = film._Stage(takes[0], other, card, SIZE)
    assert not stage.same and not stage.same_level and stage.fork is None
    dice = takes[1].states.copy().view(np.recarray)
    dice.key += np.uint64(1)
    stage = film._Stage(takes[0], film.Take("LEARNED", "other dice", dice), card, SIZE)
    assert stage.same_level and not stage.same


def test_the_scoreboard_shows_every_goal_of_the_states(corner, takes):
    states = takes[1].states.copy().view(np.recarray)
    states.totals[2:, 0, corner.events.index("corner")] = 3
    stage = film._Stage(
        takes[0], film.Take("LEARNED", "x", states, ("cheese",)), film.Card(corner), SIZE
    )
    assert stage.sides[1].scores[-1].tolist() == [0, 1]  # the corner counts once
    before, after = stage.play(1, 1.0), stage.play(2, 1.0)
    start, stop = stage._bar(stage.lefts[1])
    for row, grows in ((0, False), (1, True)):
        y = stage.score_top + row * stage.row
        bars = [frame[y : y + stage.row, start:stop] for frame in (before, after)]
        assert (bars[0] != bars[1]).any() == grows


def test_outcomes_are_judged_only_against_a_known_best(corner):
    assert film._verdict(1.0, 1.0) == ("met", True)
    assert film._verdict(0.0, 1.0) == ("missed", False)
    assert film._verdict(3.0, 12.0) == ("25 % of the best", False)
    assert film._verdict(7.0, None) == ("score 7", True)
    card = film.Card(corner)
    assert [film.known_best(corner, goal, card) for goal in corner.goals] == [1.0, 1.0]
    follow = load("follow")
    assert film.known_best(follow, follow.intended, film.Card(follow)) is None
    told = film.Card(follow, best={follow.intended.name: 9.0})
    assert film.known_best(follow, follow.intended, told) == 9.0


def test_figures_that_are_not_handed_in_are_not_shown(corner, takes):
    bare = film._Stage(*takes, film.Card(corner), SIZE)
    rates = (film.Rate("learned: eats the cheese", 0.04, 0.02, 0.07, "star"),)
    told = film._Stage(*takes, film.Card(corner, rates=rates), SIZE)
    assert (bare.play(2, 1.0) == told.play(2, 1.0)).all()
    assert (bare.end() != told.end()).any()
    none = film._Stage(*takes, film.Card(corner, rates=()), SIZE)
    assert (bare.end() == none.end()).all()


def test_captions_tell_events_once_and_how_it_ended(corner):
    states = take_of(corner, [0, 0, 0, 0])
    corners = corner.events.index("corner")
    states.events[2:, 0, corners] = 1
    states.totals[2:, 0, corners] = [1, 2, 3]
    states.ended[-1] = 2
    side = film._side(corner, film.Take("LEARNED", "x", states))
    said = film._captions(corner, side, film.Card(corner, captions={"corner": "is in the corner"}))
    assert said == {2: "Step 2: is in the corner", 4: 'Step 4: time is up without "eat the cheese"'}
    said = film._captions(corner, side, film.Card(corner))
    assert said[2] == 'Step 2: scores on the proxy "go to the top right corner"'


def test_a_finished_side_holds_its_last_picture(corner, takes):
    stage = film._Stage(*takes, film.Card(corner), SIZE)
    x, y = stage.lefts[0], stage.pane_top
    panes = [
        stage.play(k, fraction)[y : y + stage.pane_height, x : x + stage.pane_width]
        for k, fraction in ((2, 0.6), (2, 1.0), (3, 0.3), (3, 1.0))
    ]
    assert (panes[0] != panes[1]).any()
    assert (panes[1] == panes[2]).all() and (panes[2] == panes[3]).all()


@pytest.mark.parametrize("name", ["coinrun", "follow"])
def test_other_worlds_film_as_well(name):
    world = load(name)
    take = film.Take("LEARNED", "x" * 300, take_of(world, [2, 2]), (world.paid.name,))
    long = film.Card(world, claim="long " * 200, facts=("fact " * 100,) * 9, command="c" * 400)
    stage = film._Stage(take, take, long, film.SIZE)
    for frame in (stage.title(), stage.end(), stage.play(1, 0.5)):
        assert frame.shape == (*film.SIZE, 3)
    inside = stage.play(1, 0.5)
    assert (inside[:, :16][90:600] == ink.DARK).all(), "nothing runs over the margins"
    assert (inside[:, -16:][90:600] == ink.DARK).all()


# text


def test_lines_are_shortened_to_fit():
    for width in (0, 5, 40, 200):
        assert not ink.fit("a sentence that is long", 18, width) or (
            ink.text_width(ink.fit("a sentence that is long", 18, width), 18) <= width
        )
    lines = ink.wrap("word " * 100, 18, 300, 3)
    assert len(lines) == 3 and lines[-1].endswith("...")
    assert all(ink.text_width(line, 18) <= 300 for line in lines)


def test_signs_that_the_font_lacks_are_spelled_out():
    assert ink.printed("α ≥ 0.5 × π → é\n") == "alpha >= 0.5 x ? -> e "
    frame = np.zeros((20, 50, 3), np.uint8)
    assert ink.write(frame, "日本語", -5, 40, 18) > 0  # half outside: cut off, not an error
    assert frame.any()
