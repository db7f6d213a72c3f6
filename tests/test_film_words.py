"""Films in other shapes and other words, their chapters, the montage, and the page for who cannot see
or use a mouse.
"""

import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from goalshift.__main__ import main
from goalshift.agents.live import lesson
from goalshift.agents.showing import captions, montage
from goalshift.engine.catalogue import WORLDS, load
from goalshift.engine.errors import UserError
from goalshift.engine.levels.text import parse_toml
from goalshift.engine.replay import Replay
from goalshift.engine.view.draw import ink
from goalshift.engine.view.film import beats, cards, encode, film, page, story
from goalshift.engine.view.film.options import SHAPES, FilmOptions, unit_of
from goalshift.engine.view.film.stage import Stage

from .capitals import capitals

RECORDINGS = WORLDS.parent / "recordings"
RATES = (story.Rate("eat the cheese", 0.1, 0.0, 0.2, "star"), story.Rate("neither", 0.2))


def recorded(name="corner"):
    """Both takes of a committed contrast, and what a film says around them."""
    found = [Replay.load(RECORDINGS / f"{name}-{who}.gmr") for who in ("intended", "learned")]
    world = found[0].find_world()
    takes = [
        story.Take(role, r.label, r.states(world), worth=r.known.worth)
        for role, r in zip(("INTENDED", "LEARNED"), found, strict=True)
    ]
    card = story.Card(
        world, claim="It wants the corner.", facts=("a fact",), conclusion="It went there.",
        rates=RATES, sample="30 levels", captions=world.captions,
    )  # fmt: skip
    return takes, card


def chapters_of(path):
    """The chapters of a film, as another program reads them: (seconds, name)."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "not found" not in said
    starts = [float(s) for s in re.findall(r"Chapter #0:\d+: start ([\d.]+)", said)]
    names = re.findall(r"title\s+: (.*)", said)
    return list(zip(starts, names, strict=True))


# shapes


@pytest.mark.parametrize("shape", SHAPES)
def test_a_film_for_a_phone_has_larger_letters_and_nothing_is_cut(shape):
    size, unit = SHAPES[shape]
    takes, card = recorded()
    stage = Stage(takes, card, FilmOptions(size=size, unit=unit))
    layout = stage.layout
    assert stage.play(3).shape == (*size, 3) and layout.pixels == size
    covered = np.zeros(size, int)
    for pane in layout.panes:
        assert pane.size == covered[pane.area].shape
        covered[pane.area] += 1
        assert pane.top + pane.height <= pane.scores and pane.scores < layout.foot
    assert covered.max() == 1, "no picture lies on another"
    assert layout.rows == (2 if shape == "vertical" else 1)
    told = story.Story(takes, card)
    for draw in (cards.title, cards.end):
        frame = draw(told, size, unit)
        assert frame.shape == (*size, 3)
        for edge in (frame[:-16, :4], frame[:-16, -4:], frame[:4]):
            assert len(np.unique(edge.reshape(-1, 3), axis=0)) == 1, "letters reach the edge"
    with ink.scaled(unit):
        assert ink.in_pixels(16) == [round(16 * unit)]


def test_usual_films_are_drawn_as_before():
    """One unit is one pixel, whatever else there is."""
    takes, card = recorded()
    plain, one = (Stage(takes, card, o) for o in (FilmOptions(), FilmOptions(unit=1.0)))
    assert (plain.play(4) == one.play(4)).all()
    size = FilmOptions().size
    assert (cards.end(plain.story, size) == cards.end(plain.story, size, 1.0)).all()


def test_layouts_are_refused_where_they_cannot_be(capsys):
    words = ["contrast", str(WORLDS.parent / "agents" / "pretrained" / "corner.safetensors")]
    assert main([*words, "--layout", "vertical", "--size", "1920x1080", "-o", "x.mp4"]) == 2
    assert "leave --size out" in capsys.readouterr().err
    assert main([*words, "--captions-out", "x.txt", "-o", "x.mp4"]) == 2
    assert "must end in .toml" in capsys.readouterr().err


# chapters


def test_chapters_say_where_the_paths_part_and_where_the_result_is(tmp_path):
    takes, card = recorded()
    options = FilmOptions(size=(480, 848), fps=10)
    told = story.Story(takes, card)
    play = beats.beats(told, 10)
    found = film.parts(takes, card, options)
    assert [part.name for part in found] == [
        "the training", "after the shift", "the paths part", "the result"
    ]  # fmt: skip
    frames = [part.frame for part in found]
    assert frames == sorted(frames) and frames[0] == 0
    assert frames[3] - frames[1] == len(play)
    at = play[frames[2] - frames[1]]
    assert all(step >= told.fork for step, _ in at)
    flat = [np.full((64, 96, 3), k, np.uint8) for k in range(40)]
    path = tmp_path / "it's.mp4"
    encode.encode(flat, path, 10, 40, chapters=[(0, "a = b; c"), (15, "end")])
    assert chapters_of(path) == [(0.0, "a = b; c"), (1.5, "end")]
    first = path.read_bytes()
    encode.encode(flat, path, 10, 40, chapters=[(0, "a = b; c"), (15, "end")])
    assert path.read_bytes() == first
    joined = tmp_path / "both.mp4"
    assert encode.joined([path, path], ["one", "two"], joined, 10) == 80
    assert chapters_of(joined) == [(0.0, "one"), (4.0, "two")]
    encode.encode(flat[:3] * 2, tmp_path / "c.mp4", 10)
    small = [np.zeros((32, 96, 3), np.uint8)] * 3
    encode.encode(small, tmp_path / "small.mp4", 10)
    with pytest.raises(UserError, match="of one size"):
        encode.joined([path, tmp_path / "small.mp4"], ["a", "b"], joined)
    assert chapters_of(joined) == [(0.0, "one"), (4.0, "two")], "the old one stays"


def test_a_film_of_every_world_goes_on_where_it_stopped(tmp_path, monkeypatch):
    made = []

    def filmed(run, evaluation, plan, **more):
        made.append(plan.films[0].name)
        encode.encode([np.zeros((64, 96, 3), np.uint8)] * 3, plan.films[0])

    monkeypatch.setattr(montage, "film_run", filmed)
    monkeypatch.setattr(montage, "evaluate_runs", lambda *a, **k: None)
    done = montage.every_world(tmp_path, ["corner", "coinrun"])
    assert made == ["corner.mp4", "coinrun.mp4"]
    assert [name for _, name in chapters_of(done["montage"])] == [
        load(name).title for name in ("corner", "coinrun")
    ]
    montage.every_world(tmp_path, ["corner", "coinrun"])
    assert len(made) == 2, "what is there is not filmed again"


# other words


def test_all_that_is_said_goes_out_and_comes_back_in_other_words(tmp_path):
    takes, card = recorded()
    path = tmp_path / "words.toml"
    captions.write(path, takes, card)
    notes, words = captions.read_captions(path)
    assert notes == () and words == {text: text for text in words}
    assert {"eats the cheese", "It wants the corner.", "LEARNED"} <= set(words)
    same = captions.exchange(takes, card, words)
    size = (720, 1280)
    assert (
        Stage(*same, FilmOptions(size=size)).play(5) == Stage(takes, card, FilmOptions()).play(5)
    ).all()
    other = {text: f"<{text}>" for text in words}
    told = story.Story(*captions.exchange(takes, card, other))
    assert told.title == "<CHEESE IN THE CORNER>"
    assert told.sides[1].take.role == "<LEARNED>" and told.together() == "<same level · same dice>"
    said = " ".join(text for side in told.said for text in side.values())
    assert "<eats the cheese>" in said and said.startswith("<Step ")
    text = page.page(*captions.exchange(takes, card, other))
    assert "&lt;eat the cheese&gt;" in text and "&lt;met&gt;" in text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must hold"),
        ("[words]\na = 3", "needs a text"),
        (f"[words]\na = '{'x' * 3001}'", "at most 3000"),
        ("words = 3", "must hold"),
        ("[word]\na = 'b'", "nothing else"),
        ('[words]\na = "\\u001b[2J"', "words: 'a'.*U.001B is a control"),
        ('[[caption]]\nfrom = 0\ntext = "a\\u202eb"', "caption 1.*U.202E is a control"),
    ],
)
def test_bad_words_are_refused_in_a_line(tmp_path, text, fault):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=fault) as caught:
        captions.read_captions(path)
    assert "\n" not in str(caught.value)


def test_joiners_of_letters_are_no_control_characters(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('[words]\na = "\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f52c"', "utf-8")
    assert len(captions.read_captions(path)[1]["a"]) == 8


def test_sentences_with_quotes_and_backslashes_survive(tmp_path):
    takes, card = recorded()
    odd = story.Card(card.world, claim='It said "no" \\ yes.')
    captions.write(tmp_path / "a.toml", takes, odd)
    found = parse_toml((tmp_path / "a.toml").read_text(), "a")
    assert found["words"]['It said "no" \\ yes.'] == 'It said "no" \\ yes.'


# who cannot see, and who has no mouse


def test_the_page_tells_a_screen_reader_and_has_chapters():
    text = page.page(*recorded())
    assert 'data-part="told" aria-live="polite"' in text
    assert text.count("data-step=") == 3 and 'aria-label="chapters"' in text
    assert "prefers-contrast" in text and "prefers-reduced-motion" in text


@pytest.mark.browser
def test_keys_work_without_a_click_and_a_still_picture_is_told(tmp_path):
    from .browser import CHROMIUM, DRIVER, MISSING, Browser

    if not (CHROMIUM and DRIVER):
        pytest.skip(MISSING)
    takes, card = recorded()
    path = tmp_path / "a.html"
    page.save(path, takes, card)
    with Browser() as window:
        window.open(path)
        window.wait("document.documentElement.dataset.ready === 'yes'")
        position = "return goalshift.players[0].position"
        for key, at in (("\ue014", 1), ("3", len(takes[1].states) - 1), ("2", 4), ("1", 0)):
            window.press(key)
            assert key == "2" or window.run(position) == at, repr(key)
        told = window.run("return document.querySelector('[data-part=told]').textContent")
        y, x = int(takes[0].states.y[0, 0]), int(takes[0].states.x[0, 0])
        assert told.startswith("Step 0 of") and f"INTENDED: at row {y}, column {x};" in told


def test_high_contrast_is_white_on_black():
    frame = np.full((40, 80, 3), 50, np.uint8)
    with ink.contrasting():
        ink.box(frame, 0, 0, 40, 80, ink.PANEL)
        ink.write(frame, "HHH", 5, 5, 24, ink.DIM)
    assert frame.min() == 0 and frame.max() == 255
    ink.box(frame, 0, 0, 40, 80, ink.PANEL)
    assert (frame == ink.PANEL).all()


# a training, watched


def test_a_lesson_says_that_the_training_is_over(corner, tmp_path):
    made = lesson.Lesson(corner, tmp_path / "run", "deploy", lambda: True)
    assert "the training is over" in made.told
    assert "over" not in lesson.Lesson(corner, tmp_path / "run", "deploy").told


def test_a_live_demo_needs_a_display_and_says_so_in_a_line(monkeypatch, capsys, tmp_path):
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    out = tmp_path / "run"
    assert main(["demo", "corner", "--live", "-o", str(out)]) == 2
    err = capsys.readouterr().err
    assert "no display" in err and len(err.splitlines()) == 1 and not out.exists()
    assert main(["demo", "corner", "--live", "--all"]) == 2
    assert main(["demo", "corner", "--live", "--pretrained", "-o", str(out)]) == 2


def test_a_translation_that_ships_leaves_nothing_of_a_film_in_english():
    """Whatever films of that world say, but for figures of an evaluation, is in it, and is shown."""
    takes, card = recorded()
    _, words = captions.read_captions(WORLDS.parent / "agents" / "examples" / "corner-de.toml")
    said = {*captions.sentences(takes, card)} - {
        card.claim,
        card.conclusion,
        card.sample,
        card.pick,
    }
    said -= {*card.facts, *(text for _, _, text in card.notes)}
    assert not said - words.keys()
    assert all(words[text] != text for text in words)
    assert all(text.count("{step}") == other.count("{step}") for text, other in words.items())
    told = story.Story(*captions.exchange(takes, card, words))
    assert (
        told.title == "KÄSE IN DER ECKE" and told.together() == "gleiches Level · gleicher Zufall"
    )
    lines = [line for side in told.said for line in side.values()]
    assert lines and all(line.startswith("Schritt ") for line in lines)


def test_letters_of_a_film_are_high_enough(monkeypatch):
    """Pixels of a capital letter at 1920x1080, of all that a film and its cards say."""
    takes, card = recorded()
    with capitals(monkeypatch) as high:
        stage = Stage(takes, card, FilmOptions(size=(1080, 1920), unit=unit_of((1080, 1920))))
        stage.play(stage.story.steps)
        cards.title(stage.story, stage.layout.size, stage.layout.unit)
        cards.end(stage.story, stage.layout.size, stage.layout.unit)
    assert len(high) > 20 and min(high) >= 13, sorted(high)


def test_a_file_given_as_a_level_is_told_how_files_are_taken(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("@")
    assert main(["contrast", "x", "--level", str(tmp_path / "mine.txt")]) == 2
    assert "--split" in capsys.readouterr().err
