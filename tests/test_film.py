"""The recorder: true, complete or not there at all, and the same bytes every time."""

import os
import resource
import signal
import stat
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goalshift.engine import worth
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError
from goalshift.engine.vector import Vec
from goalshift.engine.view.draw import ink
from goalshift.engine.view.film import animation, beats, cards, encode, ffmpeg, film, story
from goalshift.engine.view.film.options import SIZE as USUAL
from goalshift.engine.view.film.options import FilmOptions
from goalshift.engine.view.film.stage import Stage

SIZE = (480, 848)


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
        story.Take(
            "INTENDED", "expert that wants the cheese", take_of(corner, [1, 1]), None, "cheese"
        ),
        story.Take("LEARNED", "a trained agent", take_of(corner, [1, 2, 2]), ("cheese",)),
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
    assert encode.encode(moving(12), path, 10, 12, lambda k, n, remark: done.append((k, n))) == 12
    assert done == [(k, 12) for k in range(1, 13)]
    encode.encode(moving(12), again, 10)
    assert path.read_bytes() == again.read_bytes()
    if name.endswith(".mp4"):
        assert ffmpeg.probe(path) == (12, 64, 96)
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
    monkeypatch.setattr(animation, "SMALL", 30_000)
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
    monkeypatch.setattr(ffmpeg, "command", lambda: ["sh", "-c", words])
    with pytest.raises(RunError) as fault:
        encode.encode(moving(300), path)
    assert "No space left on device" in str(fault.value) and "\n" not in str(fault.value)
    assert str(path) in str(fault.value)
    assert [p.name for p in tmp_path.iterdir()] == [name] and path.read_bytes() == b"older"


def test_a_film_is_the_same_with_an_animation_made_beside_it(tmp_path):
    alone, beside = tmp_path / "alone.mp4", tmp_path / "a.mp4"
    encode.encode(moving(9), alone, 10, 9, chapters=[(0, "begin")])
    encode.encode(moving(9), [beside, tmp_path / "a.webp"], 10, 9, chapters=[(0, "begin")])
    assert alone.read_bytes() == beside.read_bytes()
    with Image.open(tmp_path / "a.webp") as image:
        assert image.n_frames == 9


def test_an_encoder_that_lies_is_found_out(tmp_path, monkeypatch):
    """Some encoders report success on a broken file."""
    monkeypatch.setattr(ffmpeg, "probe", lambda path: (7, 64, 96))
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
    card = story.Card(corner, claim="It wants the corner.", command="goalshift contrast corner")
    total, stream = film.frames(takes, card, FilmOptions(8, SIZE))
    shapes = {frame.shape for frame in stream}
    assert shapes == {(*SIZE, 3)}
    for name in ("a.mp4", "b.mp4"):
        film.save(takes, card, [tmp_path / name], FilmOptions(8, SIZE))
    assert ffmpeg.probe(tmp_path / "a.mp4") == (total, *SIZE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_filming_does_not_change_the_takes(corner, takes):
    before = [take.states.tobytes() for take in takes]
    Stage(takes, story.Card(corner), FilmOptions(size=SIZE)).play(3)
    assert [take.states.tobytes() for take in takes] == before


@pytest.mark.parametrize("size", [(720, 1270), (240, 320)])
def test_sizes_that_encoders_or_readers_cannot_take_are_refused(corner, takes, size):
    with pytest.raises(UserError):
        film.frames(takes, story.Card(corner), FilmOptions(size=size))


def test_the_paths_part_where_the_learners_first_stand_apart(corner, takes):
    left, right = (take.states for take in takes)
    assert story.fork(left, left, 1) is None
    k = story.fork(left, right, 1)
    where = [[(int(s.y[0]), int(s.x[0])) for s in states] for states in (left, right)]
    if k is not None:
        assert where[0][k] == where[1][k] and where[0][k + 1] != where[1][k + 1]
    a, b = (np.repeat(left[:1], 5).view(np.recarray) for _ in range(2))
    b.x[3:, 0] += 1
    assert story.fork(a, b, 1) == 2
    assert story.fork(a[:3], b, 1) is None


@pytest.mark.parametrize("parting", [None, 0, 4, 9])
def test_the_schedule_shows_every_step_in_order_and_pauses_at_the_fork(parting):
    ticks = [[k] for k in range(11)]
    frames = [moment for (moment,) in beats.between(ticks, parting, 30)]
    assert frames == sorted(frames) and all(0 < fraction <= 1 for _, fraction in frames)
    assert [k for k, fraction in dict.fromkeys(frames) if fraction == 1.0] == list(range(11))
    plain = beats.between(ticks, None, 30)
    extra = len(frames) - len(plain)
    assert (extra >= round(beats.FREEZE * 30)) == (parting is not None)


def test_same_level_and_same_dice_are_claimed_only_where_true(corner, takes):
    card = story.Card(corner)
    stage = Stage(takes, card, FilmOptions(size=SIZE))
    assert stage.story.same and stage.story.same_level
    other = story.Take("LEARNED", "elsewhere", take_of(corner, [1], seed=4))
    stage = Stage((takes[0], other), card, FilmOptions(size=SIZE))
    assert not stage.story.same and not stage.story.same_level and stage.story.fork is None
    dice = takes[1].states.copy().view(np.recarray)
    dice.key += np.uint64(1)
    stage = Stage(
        (takes[0], story.Take("LEARNED", "other dice", dice)), card, FilmOptions(size=SIZE)
    )
    assert stage.story.same_level and not stage.story.same


def test_the_scoreboard_shows_every_goal_of_the_states(corner, takes):
    states = takes[1].states.copy().view(np.recarray)
    states.totals[2:, 0, corner.events.index("corner")] = 3
    take = story.Take("LEARNED", "x", states, ("cheese",))
    stage = Stage((takes[0], take), story.Card(corner), FilmOptions(size=SIZE))
    assert stage.story.sides[1].scores[-1].tolist() == [0, 1]  # the corner counts once
    before, after = stage.play(1, 1.0), stage.play(2, 1.0)
    start, stop = stage.layout.panes[1].bar
    for row, grows in ((0, False), (1, True)):
        y = stage.layout.panes[1].scores + row * stage.layout.row
        bars = [frame[y : y + stage.layout.row, start:stop] for frame in (before, after)]
        assert (bars[0] != bars[1]).any() == grows


def test_outcomes_are_judged_by_the_rule_of_the_verdict_against_references():
    words = {
        (2.88, worth.Worth(4.1, 16.76)): (False, "missed: 2.88 (expert 16.76, random 4.1)"),
        (13.5, worth.Worth(4.1, 16.76)): (True, "met: 13.5 (expert 16.76, random 4.1)"),
        (1.0, worth.Worth(0.5, 1.0)): (True, "met"),
        (0.0, worth.Worth(0.0, 0.0)): (None, "not to be had here (score 0, expert 0)"),
        (7.0, None): (None, "score 7 (references unknown)"),
    }
    for (score, known), expected in words.items():
        found = worth.outcome(score, known)
        assert (found.met, found.words) == expected
    assert [worth.outcome(x, worth.Worth(0, 10)).brief for x in (8, 7.9)] == ["met", "missed"]


def test_without_references_nothing_shines(corner):
    states = take_of(corner, [0, 0])
    states.totals[-1, 0, corner.events.index("cheese")] = 1
    known = {goal.name: worth.Worth(0.0, 1.0) for goal in corner.goals}
    takes = [story.Take("LEARNED", "x", states, worth=kept) for kept in ({}, known)]
    gold = np.array(ink.MARKS["star"])
    for take, shines in zip(takes, (False, True), strict=True):
        stage = Stage([take], story.Card(corner), FilmOptions(size=SIZE))
        assert story.rim_of(stage.story.outcomes(stage.story.sides[0])[0]) == (
            tuple(gold) if shines else ink.DIM
        )
    assert "references unknown" in stage_words(takes[0], corner)


def stage_words(take, world):
    """What an end card says of a take."""
    return " ".join(one.words for one in story.side_of(world, take).outcomes(world))


def test_figures_that_are_not_handed_in_are_not_shown(corner, takes):
    bare = Stage(takes, story.Card(corner), FilmOptions(size=SIZE))
    rates = (story.Rate("learned: eats the cheese", 0.04, 0.02, 0.07, "star"),)
    told = Stage(takes, story.Card(corner, rates=rates), FilmOptions(size=SIZE))
    assert (bare.play(2, 1.0) == told.play(2, 1.0)).all()
    assert (cards.end(bare.story, SIZE) != cards.end(told.story, SIZE)).any()
    none = Stage(takes, story.Card(corner, rates=()), FilmOptions(size=SIZE))
    assert (cards.end(bare.story, SIZE) == cards.end(none.story, SIZE)).all()


def test_captions_are_shortened_by_words_and_the_older_makes_room(corner, takes):
    words = "reaches the corner, and the recording ends"
    for width in range(1, ink.text_width(words, 17) + 40, 7):
        short = ink.fit_words(words, 17, width)
        assert short in ("", words) or (
            short.endswith("...") and ink.text_width(short, 17) <= width
        )
        kept = short.removesuffix("...")
        assert kept in ("", words) or len(kept) < 8 or words[len(kept)] == " ", short
    assert (
        ink.fit_words("reaches the corner", 17, ink.text_width("reaches the...", 17))
        == "reaches the..."
    )

    def captions(first, second):
        stage = Stage(takes, story.Card(corner))
        stage.story.said = ({1: first}, {2: second})
        frame = np.zeros((720, 1280, 3), np.uint8)
        stage._caption(frame, [(2, 1.0), (3, 1.0)])
        return [(frame == stage.story.hue(k)).all(-1).any() for k in (0, 1)], frame

    assert captions("ate", "in the corner")[0] == [True, True]
    shown, frame = captions("ate " * 40, "in the corner")
    assert shown == [False, True] and (frame == captions("eat " * 60, "in the corner")[1]).all()


def test_captions_tell_events_once_and_how_it_ended(corner):
    states = take_of(corner, [0, 0, 0, 0])
    corners = corner.events.index("corner")
    states.events[2:, 0, corners] = 1
    states.totals[2:, 0, corners] = [1, 2, 3]
    states.ended[-1] = 2
    known = {goal.name: worth.Worth(0.0, 1.0) for goal in corner.goals}
    side = story.side_of(corner, story.Take("LEARNED", "x", states, worth=known))
    said = story.captions(corner, side, story.Card(corner, captions={"corner": "is in the corner"}))
    assert said == {
        2: "Step 2: is in the corner",
        4: "Step 4: time is up, and the intended goal is missed",
    }
    unknown = story.side_of(corner, story.Take("LEARNED", "x", states))
    assert 4 not in story.captions(corner, unknown, story.Card(corner)), "nobody knows the best"
    said = story.captions(corner, side, story.Card(corner))
    assert said[2] == 'Step 2: scores on the proxy "go to the top right corner"'


def test_a_finished_side_holds_its_last_picture(corner, takes):
    stage = Stage(takes, story.Card(corner), FilmOptions(size=SIZE))
    pane = stage.layout.panes[0]
    panes = [
        stage.play(k, fraction)[pane.top : pane.top + pane.height, pane.x : pane.x + pane.width]
        for k, fraction in ((2, 0.6), (2, 1.0), (3, 0.3), (3, 1.0))
    ]
    assert (panes[0] != panes[1]).any()
    assert (panes[1] == panes[2]).all() and (panes[2] == panes[3]).all()


@pytest.mark.parametrize("name", ["coinrun", "follow"])
def test_other_worlds_film_as_well(name):
    world = load(name)
    take = story.Take("LEARNED", "x" * 300, take_of(world, [2, 2]), (world.paid.name,))
    long = story.Card(world, claim="long " * 200, facts=("fact " * 100,) * 9, command="c" * 400)
    stage = Stage((take, take), long)
    for frame in (
        cards.title(stage.story, USUAL),
        cards.end(stage.story, USUAL),
        stage.play(1, 0.5),
    ):
        assert frame.shape == (*USUAL, 3)
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


# every format, layout and sync


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".webp", ".gif", ".png"])
def test_every_format_gives_back_as_many_frames_as_it_was_given(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".png":
        encode.strip(moving(5), 5, path)
        cells = np.asarray(Image.open(path).convert("RGB"))
        gap, (high, wide) = encode.GAP, (64, 96)
        assert cells.shape == (3 * (high + gap) + gap, 2 * (wide + gap) + gap, 3)
        for k, frame in enumerate(moving(5)):
            y, x = gap + k // 2 * (high + gap), gap + k % 2 * (wide + gap)
            assert (cells[y : y + high, x : x + wide] == frame).all()
        return
    encode.encode(moving(7), path, 10)
    if suffix in (".mp4", ".webm"):
        assert ffmpeg.probe(path) == (7, 64, 96)
    else:
        with Image.open(path) as image:
            assert image.n_frames == 7
    again = tmp_path / f"b{suffix}"
    encode.encode(moving(7), again, 10)
    assert path.read_bytes() == again.read_bytes()


def test_a_strip_of_nothing_or_of_too_little_is_refused(tmp_path):
    for frames, n in ((iter(()), 0), (moving(2), 3)):
        with pytest.raises(UserError):
            encode.strip(frames, n, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_one_composition_goes_to_every_kind_of_file(tmp_path, corner, takes):
    card = story.Card(corner, captions=corner.captions, notes=((1, 2, "Look: <here> --> & there"),))
    names = ["a.mp4", "a.webm", "a.png", "a.html", "a.srt", "a.vtt"]
    film.save(takes, card, [tmp_path / name for name in names], FilmOptions(4, SIZE))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    total, _ = film.frames(takes, card, FilmOptions(4, SIZE))
    assert ffmpeg.probe(tmp_path / "a.webm") == ffmpeg.probe(tmp_path / "a.mp4") == (total, *SIZE)
    srt, vtt = (tmp_path / "a.srt").read_text(), (tmp_path / "a.vtt").read_text()
    assert vtt.startswith("WEBVTT\n\n1\n00:00:0") and " --> " in vtt.splitlines()[3]
    assert "Look: <here> -> & there" in srt and "Look: &lt;here> -> &amp; there" in vtt
    assert (
        srt.count("-->")
        == vtt.count("-->")
        == len([line for line in srt.splitlines() if line.isdecimal()])
    )


def test_the_disk_that_fills_leaves_nothing(tmp_path, corner, takes):
    """Every kind of file, on a disk too small for it: one line, and nothing at the final name."""
    small = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    card = story.Card(corner)
    try:
        for name in ("a.mp4", "a.webm", "a.webp", "a.png", "a.html"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, small[1]))
            with pytest.raises(RunError) as fault:
                film.save(takes, card, [tmp_path / name], FilmOptions(2, SIZE))
            resource.setrlimit(resource.RLIMIT_FSIZE, small)
            assert "\n" not in str(fault.value) and name in str(fault.value)
            assert not list(tmp_path.iterdir()), name
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, small)
        signal.signal(signal.SIGXFSZ, old)


@pytest.mark.parametrize(
    ("n", "columns", "rows"), [(1, 0, 1), (3, 0, 1), (4, 0, 2), (5, 5, 1), (9, 0, 3), (16, 4, 4)]
)
def test_every_layout_keeps_its_panes_apart_and_inside(corner, takes, n, columns, rows):
    card = story.Card(corner, rates=(story.Rate("x", 0.5),))
    stage = Stage([takes[k % 2] for k in range(n)], card, FilmOptions(columns=columns))
    assert stage.layout.rows == rows and len(stage.layout.panes) == n
    frame = stage.play(1, 0.5)
    covered = np.zeros(stage.layout.size, int)
    for index, pane in enumerate(stage.layout.panes):
        covered[pane.top : pane.top + pane.height, pane.x : pane.x + pane.width] += 1
        assert 48 <= pane.heading < pane.top and pane.top + pane.height <= stage.layout.foot - 2
        assert pane.height >= 100 or (rows == 4 and pane.height >= 90)
        shown = frame[pane.top : pane.top + pane.height, pane.x : pane.x + pane.width]
        assert (shown == stage.view(index, (1, 0.5))).all()
    assert covered.max() == 1
    for card in (
        cards.title(stage.story, stage.layout.size),
        cards.end(stage.story, stage.layout.size),
    ):
        assert card.shape == (*USUAL, 3) and (card != ink.DARK).any()


def test_an_upright_film_has_its_panes_one_above_the_other(corner, takes):
    stage = Stage(takes, story.Card(corner), FilmOptions(size=(1920, 1088)))
    assert (stage.layout.rows, stage.layout.columns, stage.layout.full) == (2, 1, True)
    above, below = stage.layout.panes
    assert above.x == below.x and above.width == below.width == 1088 - 32
    assert (
        above.scores + 2 * stage.layout.row <= below.heading
        and below.scores + 2 * stage.layout.row <= stage.layout.foot
    )


def test_a_strip_lies_above_another_and_a_square_beside(corner, takes):
    strip = load("coinline")
    walked = [story.Take(role, "", take_of(strip, [1, 1])) for role in ("INTENDED", "LEARNED")]
    layout = Stage(walked, story.Card(strip), FilmOptions()).layout
    asked = Stage(walked, story.Card(strip), FilmOptions(columns=2)).layout
    assert (layout.columns, asked.columns) == (1, 2)
    assert layout.panes[0].p >= 1.5 * asked.panes[0].p
    assert layout.panes[0].area[0].stop <= layout.panes[1].area[0].start
    assert Stage(takes, story.Card(corner), FilmOptions()).layout.columns == 2
    run = load("coinrun")  # a level that is wider than a pane, and higher than half of one
    jumped = [story.Take(role, "", take_of(run, [1, 1])) for role in ("INTENDED", "LEARNED")]
    assert Stage(jumped, story.Card(run), FilmOptions()).layout.columns == 2


def test_the_outcome_hides_nothing_of_the_map_in_first_person(corner, takes):
    stage = Stage(takes, story.Card(corner), FilmOptions(cameras=["eyes"]))
    shown, over = stage.view(0, (2, 1.0)), stage._over(0)
    high, wide = shown.shape[:2]
    map_ = np.s_[round(0.72 * high) :, round(0.75 * wide) :]
    dimmed = ((shown * np.uint16(7) + np.array(ink.DARK, np.uint16) * 2) // 9).astype(np.uint8)
    assert (over[map_] == dimmed[map_]).all() and (over != dimmed).any()


def test_too_many_panes_none_and_unknown_words_are_refused(corner, takes):
    card = story.Card(corner)
    for bad, match in (([], "at least one"), ([takes[0]] * 37, "at most 36")):
        with pytest.raises(UserError, match=match):
            Stage(bad, card)
    with pytest.raises(UserError, match="Did you mean 'event'"):
        film.frames(takes, card, FilmOptions(sync="evnt"))
    with pytest.raises(UserError, match=r"no camera 'tpo'\. Did you mean 'top'"):
        film.save(takes, card, [Path("a.mp4")], FilmOptions(cameras=["tpo"]))


def test_two_pairs_part_by_themselves(corner):
    train = [
        story.Take(r, "", take_of(corner, actions, seed=5))
        for r, actions in (("A", [1, 1]), ("B", [1, 2]))
    ]
    told = story.Story([*train, *train[:1], *train[:1]], story.Card(corner), [(0, 1), (2, 3)])
    apart = story.fork(train[0].states, train[1].states, 1)
    assert told.forks == ({} if apart is None else {1: (0, apart)})
    assert told.hue(0) == told.hue(2) != told.hue(1) == told.hue(3)


def test_synchronised_by_events_they_happen_together(corner):
    assert beats.by_events([[2], [5]], [4, 6]) == [
        [0, 0], [1, 1], [2, 2], [2, 3], [2, 4], [2, 5], [3, 6], [4, 6]
    ]  # fmt: skip
    ticks = beats.by_events([[], []], [2, 3])
    assert ticks == [[0, 0], [1, 1], [2, 2], [2, 3]]
    frames = beats.between([[0, 0], [1, 1], [1, 2]], None, 8)
    assert frames[-1] == ((1, 1.0), (2, 1.0))
    assert all(far == 1.0 for (k, far), (other, _) in frames if other == 2), (
        "who waits stands still"
    )


def test_step_sync_neither_slows_nor_stops(takes, corner):
    told = story.Story(takes, story.Card(corner))
    assert told.fork is not None
    plain, slowed = beats.beats(told, 30, "step"), beats.beats(told, 30)
    assert len(slowed) > len(plain) and {m[1][0] for m in plain} == {0, 1, 2, 3}


def test_key_steps_hold_the_ends_the_fork_and_what_happened(corner, takes):
    told = story.Story(takes, story.Card(corner))
    assert beats.key_steps(told) == [0, 1, 2, 3]
    long = story.Story([story.Take("A", "", take_of(corner, [0] * 40))], story.Card(corner))
    keys = beats.key_steps(long, 8)
    assert len(keys) == 8 and keys[0] == 0 and keys[-1] == 40 and keys == sorted(set(keys))
    assert max(np.diff(keys)) <= 10


def test_the_author_may_speak(corner, takes):
    card = story.Card(corner, notes=((0, 1, "first"), (1, 2, "second")))
    assert [story.note(card, k) for k in range(4)] == ["first", "second", "second", ""]
    said, silent = (
        Stage(takes, c, FilmOptions(size=SIZE)).play(1, 1.0) for c in (card, story.Card(corner))
    )
    assert (said != silent).any()


def peak_of(n, path):
    """The most memory that a film of n frames takes on its way; none of them is kept by who makes
    them.
    """
    tracemalloc.start()
    encode.encode((np.full((64, 96, 3), k % 251, np.uint8) for k in range(n)), path, 60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.suffix not in (".mp4", ".webm") or ffmpeg.probe(path)[0] == n
    return peak


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.webp", "a.gif"])
def test_a_film_of_many_frames_needs_no_more_memory_than_a_short_one(tmp_path, name):
    """Ten times the frames, 33 MB of them, and not two frames' memory more."""
    short, long = peak_of(200, tmp_path / name), peak_of(2000, tmp_path / name)
    assert long < short + 2 * 64 * 96 * 3


@pytest.mark.long
def test_a_hundred_thousand_frames_become_a_film_of_as_many(tmp_path):
    assert peak_of(100_000, tmp_path / "a.mp4") < 4_000_000


def test_the_pictures_of_long_films_are_made_one_at_a_time(corner):
    """The iterator holds one frame, whatever the number of steps."""
    states = take_of(corner, [1] + [0] * 60)
    take = story.Take("A", "", states)
    total, stream = film.frames([take], story.Card(corner), FilmOptions(30, SIZE))
    next(stream)
    tracemalloc.start()
    for _ in range(150):
        next(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 200 and peak < 40_000_000


@pytest.mark.parametrize("name", ["coinline", "corner"])
def test_a_card_has_no_large_empty_part_and_keeps_every_row(name, monkeypatch):
    """A wide board leaves room, which larger letters take; no rate is left out for a picture."""
    world = load(name)
    take = story.Take("LEARNED", "learned by PPO on train", take_of(world, [2, 2]))
    rates = tuple(story.Rate(f"row {k}", k / 4, k / 5, k / 3, "star") for k in range(3))
    told = story.Card(
        world, claim="Meant to do one thing, on all levels it would rather do another.", rates=rates,
        conclusion="Paid to do one thing, it learned another.", pick="median of 243 levels", command="goalshift demo",
        versions="goalshift", sample="243 held-out levels", facts=("PPO, 1 M steps", "paid for one", "one seed"),
    )  # fmt: skip
    film_story = story.Story((take, take), told)
    written = []
    usual = cards.write
    monkeypatch.setattr(cards, "write", lambda *a, **k: written.append(a[1]) or usual(*a, **k))
    for draw in (cards.title, cards.end):
        used = (draw(film_story, USUAL)[:-8] != ink.DARK).any((1, 2))
        gaps = np.diff(np.r_[-1, np.flatnonzero(used), len(used)]) - 1
        assert gaps.max() < USUAL[0] / 5, draw.__name__
    assert {rate.label for rate in rates} <= {*written}
