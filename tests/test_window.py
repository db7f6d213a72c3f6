"""The window, driven by events: every key of the help, mouse and gamepad; what it keeps, and what
it stands up to.
"""

import json
import shutil
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

from goalshift.__main__ import main
from goalshift.agents.learning.shipped import PRETRAINED
from goalshift.agents.live import (
    canvas,
    capture,
    driven,
    helping,
    keys,
    lesson,
    open,
    pane,
    present,
    window,
)
from goalshift.agents.live import compose as compose_room
from goalshift.agents.live.compose import compose
from goalshift.agents.live.look import ZOOMS, Look
from goalshift.agents.live.session import Session
from goalshift.agents.live.source import Source
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.history import Note
from goalshift.engine.levels import level
from goalshift.engine.replay import Replay
from goalshift.engine.vector import level_of
from goalshift.engine.view.camera import registry
from goalshift.engine.view.camera.shot import Window
from goalshift.engine.view.draw import overlays
from goalshift.engine.view.draw.kept import Latest
from goalshift.engine.view.film import ffmpeg

from .capitals import capitals
from .waiting import PATIENCE, until

ROOT = Path(__file__).parent.parent
UP, LEFT, DOWN, RIGHT = range(1, 5)


def session(world, who=("expert:cheese",), seed=3, **agents):
    made = {name: (lambda w, p=p: p(w)) for name, p in agents.items()}
    return Session(Source(world, seed, "deploy"), who, made)


class Slow(RandomPolicy):
    def act(self, obs, states, fresh):
        time.sleep(1.5)
        return super().act(obs, states, fresh)


@pytest.fixture
def opened(corner, tmp_path):
    made = []

    def make(s=None, size=(960, 600), **options):
        shown = window.Window(
            s or session(corner, ("expert:cheese", "expert:corner")),
            size,
            True,
            folder=tmp_path,
            **options,
        )
        made.append(shown)
        shown.tick(time.perf_counter())
        return shown

    yield make
    for shown in made:
        shown.close()


def press(shown, name, up=True):
    """Press a key by its name, with "ctrl+" before it if need be."""
    mod = pygame.KMOD_CTRL if name.startswith("ctrl+") else 0
    plain = name.removeprefix("ctrl+")
    if plain == "?":
        plain, mod = "/", pygame.KMOD_SHIFT
    code = pygame.key.key_code(plain)
    shown.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode=""))
    if up:
        shown.handle(pygame.event.Event(pygame.KEYUP, key=code, mod=mod))
    shown.tick(time.perf_counter())


def mouse(shown, kind, y, x, button=1):
    kinds = {"down": pygame.MOUSEBUTTONDOWN, "up": pygame.MOUSEBUTTONUP, "move": pygame.MOUSEMOTION}
    more = {"buttons": (1, 0, 0), "rel": (0, 0)} if kind == "move" else {"button": button}
    shown.handle(pygame.event.Event(kinds[kind], pos=(x, y), **more))
    shown.tick(time.perf_counter())


@pytest.mark.slow
def test_every_key_of_the_help_does_something(opened, corner, monkeypatch):
    copied = []
    monkeypatch.setattr(pygame.scrap, "put_text", copied.append)
    seen = set()
    for key in keys.KEYS:
        for name in key.keys:
            shown = opened(
                session(corner, ("expert:cheese", "expert:corner"), checkpoint=RandomPolicy)
            )
            s = shown.session
            for _ in range(3):
                s.clock.step()
            s.clock.speed = 3
            if key.action in ("start", "end", "forward", "back"):
                s.go(1)
            if key.action == "undo":
                free = np.argwhere(s.world.solid[s.panes[0].history.state.tiles[0]] == 0)
                s.editor.paint(*free[0].tolist(), 1) or s.editor.paint(*free[1].tolist(), 1)
            if key.action == "redo":
                s.editor.paint(
                    *np.argwhere(s.world.solid[s.panes[0].history.state.tiles[0]] == 0)[
                        -1
                    ].tolist(),
                    1,
                )
                s.editor.undo()
            if key.action == "save":
                s.go(0)
            if key.action in ("stay", "take"):
                s.next_focus()
            if key.action == "stay":
                s.cast.take_over()
            shown.tick(time.perf_counter())
            shown.say("")

            def picture(shown=shown, s=s):
                look = shown.look
                return (s.t, s.playing, s.clock.speed, s.source.seed, s.source.split, s.focus, len(s.panes),
                        [p.who for p in s.panes], sorted(look.shown), look.camera, look.inset, look.edit, look.brush,
                        look.panel, look.help, look.zoom, look.turn, look.presents, shown.open,
                        s.edited, shown.message, len(copied), len(s.editor.made))  # fmt: skip

            before = picture()
            press(shown, name)
            end = time.monotonic() + PATIENCE
            while picture() == before and time.monotonic() < end:
                shown.tick(time.perf_counter())
            assert picture() != before, f"{name} did nothing"
            seen.add(key.action)
            shown.close()
    assert seen == {key.action for key in keys.KEYS}
    assert copied and Replay.from_code(copied[0])


def test_pictures_levels_and_clips_are_written(opened, tmp_path):
    shown = opened()
    press(shown, "f12")
    (path,) = tmp_path.glob("goalshift-corner-*.png")
    with Image.open(path) as image:
        assert image.size == (960, 600)
    press(shown, "ctrl+s")
    (path,) = tmp_path.glob("level-corner-*.toml")
    assert (
        open.open_session(str(path)).source.start.tiles.tobytes()
        == shown.session.source.start.tiles.tobytes()
    )
    for _ in range(3):
        shown.saving.clip._due = 0.0
        shown.tick(time.perf_counter())
    press(shown, "g")
    until(shown, lambda: not shown.saving.written)
    (path,) = tmp_path.glob("goalshift-corner-*.webp")
    with Image.open(path) as image:
        assert image.size[0] <= 960
    assert shown.message == f"wrote {path}"


def test_the_timeline_is_dragged_and_panes_are_clicked(opened):
    shown = opened()
    s = shown.session
    for _ in range(6):
        s.clock.step()
    shown.tick(time.perf_counter())
    bar = next(spot for spot in shown.spots if spot.kind == "time")
    left, right, most = bar.left, bar.right, bar.high
    assert most == s.ends
    mouse(shown, "down", bar.y0 + 5, left)
    assert s.t == 0
    mouse(shown, "move", bar.y0 + 5, (left + right) // 2)
    assert s.t == round(most / 2)
    mouse(shown, "up", bar.y0 + 5, right)
    pane = [spot for spot in shown.spots if spot.kind == "pane"][1]
    mouse(shown, "down", pane.y0 + 50, pane.x0 + 50)
    assert s.focus == 1
    slider = next(spot for spot in shown.spots if spot.kind == "slider" and spot.which == "alpha")
    mouse(shown, "down", slider.y0 + 5, slider.left)
    mouse(shown, "up", slider.y0 + 5, slider.left)
    assert s.source.split == "train"
    switch = next(spot for spot in shown.spots if spot.which == "visits")
    mouse(shown, "down", switch.y0 + 5, switch.x0 + 5)
    assert "visits" in shown.look.shown


def test_learned_agents_have_sliders_too(opened, corner):
    shown = opened(open.open_session("corner", 3))
    for _ in range(3):
        shown.session.clock.step()
    shown.session.go(1)
    for name, value in (("epsilon", 1.0), ("temperature", 0.0)):
        slider = next(spot for spot in shown.spots if spot.kind == "slider" and spot.which == name)
        mouse(shown, "down", slider.y0 + 5, slider.right if value else slider.left)
        mouse(shown, "up", slider.y0 + 5, slider.right if value else slider.left)
        assert {dial[0]: dial[1] for dial in shown.session.dials.of_agents()}[name] == value
    assert shown.session.pane.history.ends == 1 and shown.session.source.split == "deploy"
    shown = opened(open.open_session("corner", 3), size=(1280, 720))
    shown.look.shown |= {"value", "saliency"}
    until(shown, lambda: shown.session.pane.thoughts.saliency)
    assert {"epsilon", "temperature", "alpha"} <= {
        spot.which for spot in shown.spots if spot.kind == "slider"
    }
    plain = opened(session(corner))
    assert not {"epsilon", "temperature"} & {
        spot.which for spot in plain.spots if spot.kind == "slider"
    }


def test_painting_and_dragging_with_the_mouse(opened):
    shown = opened()
    s = shown.session
    press(shown, "e")
    pane = next(spot for spot in shown.spots if spot.kind == "pane")
    record = s.panes[0].history.state[0]
    free = [
        c
        for c in np.argwhere(s.world.solid[record.tiles] == 0).tolist()
        if c != [record.y[0], record.x[0]]
    ]

    def pixel(y, x):
        upper, left = (
            round(pane.y * pane.p - (pane.y1 - pane.y0) / 2),
            round(pane.x * pane.p - (pane.x1 - pane.x0) / 2),
        )
        return pane.y0 + y * pane.p - upper + pane.p // 2, pane.x0 + x * pane.p - left + pane.p // 2

    assert pane.cell(*pixel(*free[0])) == tuple(free[0])
    shown.look.brush = 1
    mouse(shown, "down", *pixel(*free[0]))
    mouse(shown, "up", *pixel(*free[0]))
    assert s.panes[0].history.state.tiles[0][tuple(free[0])] == 1
    mouse(shown, "down", *pixel(*free[0]), button=3)
    mouse(shown, "up", *pixel(*free[0]), button=3)
    assert s.panes[0].history.state.tiles[0][tuple(free[0])] == 0
    mouse(shown, "down", *pixel(int(record.y[0]), int(record.x[0])))
    mouse(shown, "up", *pixel(*free[2]))
    now = s.panes[0].history.state[0]
    assert [now.y[0], now.x[0]] == free[2]


def test_playing_with_the_arrow_keys(opened, corner):
    shown = opened(session(corner, ("human",)))
    s = shown.session
    history = s.panes[0].history
    for name, action in (("right", RIGHT), ("w", UP), ("return", 0)):
        before = history.t
        press(shown, name)
        until(shown, lambda before=before: history.t != before)
        assert history.actions[-1].tolist() == [action]


@pytest.mark.parametrize("camera", ["top", "chase", "iso", "eyes"])
def test_the_window_can_have_any_size(opened, camera):
    shown = opened()
    shown.look.camera = camera
    shown.look.inset = True
    for size in ((1, 1), (64, 400), (500, 90), (700, 500)):
        shown.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        for over in (False, True):
            shown.look.help = over
            shown.tick(time.perf_counter())
        assert shown.frame.shape == (size[1], size[0], 3)


def test_words_and_marks_grow_with_the_window(corner):
    """At 1920x1080 the same words are half as large again, and so are pictures of cells."""
    s = session(corner)
    tall = []
    for size in ((720, 1280), (1080, 1920)):
        frame, spots = compose(s, Look(), size)
        title = frame[: size[0] // 20, 20 : size[1] // 6].astype(int)
        rows = np.flatnonzero((title.min(2) > 150).any(1))
        tall.append(np.ptp(rows) + 1)
        area = next(spot for spot in spots if spot.kind == "pane")
        assert area.y1 < 720 and area.x1 < 1280, "spots are in units, not in pixels"
    assert tall[1] == pytest.approx(1.5 * tall[0], abs=1.5) and tall[0] >= 11


def test_a_hall_sees_the_panes_and_one_sentence_in_large_letters(opened):
    shown = opened(size=(1280, 720))
    press(shown, "p")
    shown.tick(time.perf_counter())
    assert {spot.kind for spot in shown.spots} == {"pane"}, "no instruments"
    words = present.wanted(shown.session)
    assert words == "Wanted: eat the cheese"
    rows = np.flatnonzero((shown.frame[600:660, 84:600].min(2) > 150).any(1))
    assert np.ptp(rows) + 1 >= 720 / 30, "letters are a thirtieth of the height"
    press(shown, "end")
    while not shown.session.over:
        shown.session.clock.step()
    shown.session.judge.outcomes(shown.session.panes[-1], 30.0)
    assert "missed it" in present.learned(shown.session)
    press(shown, "p")
    shown.tick(time.perf_counter())
    assert {"pane", "key", "time"} <= {spot.kind for spot in shown.spots}


def test_the_help_stops_time_and_full_screen_comes_back(opened):
    shown = opened()
    press(shown, "space")
    assert shown.session.playing
    press(shown, "h")
    assert shown.look.help and not shown.session.playing
    press(shown, "h")
    size = shown.screen.get_size()
    press(shown, "f11")
    press(shown, "f11")
    assert shown.screen.get_size() == size
    press(shown, "j")
    assert not shown.look.motion


def test_by_itself_from_level_to_level(opened, monkeypatch):
    monkeypatch.setattr(driven, "REST", 0.0)
    shown = opened()
    press(shown, "x")
    shown.session.clock.speed = 8
    seed = shown.session.source.seed
    until(shown, lambda: shown.session.source.seed != seed)
    assert shown.session.playing


def test_all_of_the_help_can_be_read_in_a_small_window(opened):
    shown = opened(size=(500, 330))
    pages = []
    for _ in range(20):
        press(shown, "h")
        if not shown.look.help:
            break
        pages.append(shown.frame.tobytes())
    per = (330 - 40) // helping.LOW
    groups = [helping.lines(*g, 500 - 56, helping.SIZES[-1]) for g in helping.groups_of(keys.KEYS)]
    lines = helping.flowing(groups, per)
    assert len(set(pages)) == len(pages) == -(-len(lines) // per)
    assert all(right or not left for left, right, _ in lines[per - 1 :: per]), (
        "a heading stands by its keys"
    )
    assert not shown.look.help


def test_no_group_of_the_help_is_torn_where_all_is_on_one_page():
    groups = [helping.lines(*g, 408, helping.SIZES[-1]) for g in helping.groups_of(keys.KEYS)]
    per = (720 - 40) // helping.LOW
    rows = helping.packed(groups, per)
    assert len(rows) <= 3 * per
    for group in groups:
        at = rows.index(group[0])
        assert rows[at : at + len(group)] == group and at // per == (at + len(group) - 1) // per


def test_many_keys_and_a_close_in_the_middle_of_a_step(opened, corner):
    shown = opened(session(corner, ("slow",), slow=Slow))
    rng = np.random.default_rng(0)
    kept = {"quit", *(key.action for key in keys.KEYS if key.group == "keep")}
    names_ = [name for key in keys.KEYS for name in key.keys if key.action not in kept]
    for name in rng.choice(names_, 60):
        plain = name.removeprefix("ctrl+")
        mod = pygame.KMOD_CTRL if name != plain else 0
        code = pygame.key.key_code("/" if plain == "?" else plain)
        shown.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode=""))
        shown.handle(pygame.event.Event(pygame.KEYUP, key=code, mod=mod))
    shown.tick(time.perf_counter())
    shown.session.clock.advance()
    shown.handle(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    shown.handle(pygame.event.Event(pygame.QUIT))
    assert not shown.open


def test_drawing_twice_gives_the_same_picture(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    s.clock.step()
    time.sleep(0.3)  # the step has been seen
    kept = [pane.history.state.tobytes() for pane in s.panes]
    look = Look()
    once, again = (compose(s, look, (480, 900))[0] for _ in range(2))
    assert (once == again).all() and [pane.history.state.tobytes() for pane in s.panes] == kept


def test_what_is_not_drawn_anew_is_what_a_new_one_would_be(opened, corner, monkeypatch):
    shown = opened(session(corner, ("expert:cheese", "random"), random=RandomPolicy))
    shown.look.motion = False
    watched = shown.session
    for pressed in ("", ".", "5", "v", "i", "c", ".", "wheel", "4", "alpha", "v", "."):
        if pressed == "wheel":
            shown.look.scroll += 1
        elif pressed == "alpha":
            watched.dials.set("alpha", 0.5)
        elif pressed:
            press(shown, pressed)
        picture, spots = compose(watched, shown.look, (720, 1280))
        monkeypatch.setattr(canvas, "DRAWN", Latest(8))
        again, spots_again = compose(watched, shown.look, (720, 1280))
        assert (picture == again).all() and spots == spots_again, pressed


def test_no_display_is_a_clear_word(monkeypatch, capsys):
    assert main(["watch", "corner"]) == 2
    fault = capsys.readouterr().err
    assert "no display" in fault and "--terminal" in fault and "Traceback" not in fault


def test_the_window_is_filmed_until_it_is_told_to_stop(opened, tmp_path, monkeypatch):
    shown = opened()
    clock = iter(np.arange(0, 60, 1 / 30))
    begun = time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: begun + next(clock))
    shown.do("film")
    for k in range(60):
        shown.tick(begun + k / 30)
        time.sleep(0.002)  # the encoder keeps up
    shown.do("film")
    monkeypatch.undo()
    until(shown, lambda: not shown.saving.written)
    (path,) = tmp_path.glob("goalshift-corner-*.mp4")
    count, high, wide = ffmpeg.probe(path)
    assert (high, wide) == (600, 960) and abs(count - 2 * capture.FILM_RATE) <= 2
    assert "wrote" in shown.message and [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_film_ends_with_its_window_and_with_its_size(opened, tmp_path):
    shown = opened()
    shown.do("film")
    shown.tick(time.perf_counter())
    shown.screen = pygame.display.set_mode((640, 400), pygame.RESIZABLE)
    until(shown, lambda: not shown.saving.written and shown.saving.film is None)
    shown.do("film")
    shown.tick(time.perf_counter())
    shown.close()
    found = sorted(tmp_path.glob("*.mp4"))
    assert [ffmpeg.probe(path)[1:] for path in found] == [(600, 960), (400, 640)]


def test_a_film_that_cannot_be_written_is_said_and_the_window_goes_on(
    opened, tmp_path, monkeypatch
):
    shown = opened()
    monkeypatch.setattr(
        ffmpeg, "command", lambda: ["sh", "-c", "echo 'No space left on device' >&2; exit 1"]
    )
    shown.do("film")
    until(shown, lambda: shown.saving.film is None and not shown.saving.written)
    assert shown.message.startswith("not possible:") and "No space left" in shown.message
    assert not list(tmp_path.iterdir()) and shown.open


def test_a_gamepad_steps_plays_and_may_be_unplugged(opened, corner):
    def pad(kind, **more):
        shown.handle(pygame.event.Event(kind, instance_id=0, **more))
        shown.tick(time.perf_counter())

    shown = opened()
    s = shown.session
    for _ in range(4):
        s.clock.step()
    s.go(2)
    pad(pygame.JOYHATMOTION, hat=0, value=(-1, 0))
    pad(pygame.JOYHATMOTION, hat=0, value=(0, 0))
    assert s.t == 1
    pad(pygame.JOYAXISMOTION, axis=0, value=0.9)
    until(shown, lambda: s.t == 2)
    pad(pygame.JOYAXISMOTION, axis=0, value=0.1)
    pad(pygame.JOYBUTTONDOWN, button=0)
    assert s.playing
    pad(pygame.JOYBUTTONDOWN, button=1)
    assert s.panes[0].who == ["human"] and not s.playing
    before = s.panes[0].history.t
    pad(pygame.JOYAXISMOTION, axis=1, value=-1.0)
    until(shown, lambda: s.panes[0].history.t > before)
    assert s.panes[0].history.actions[-1].tolist() == [UP]
    pad(pygame.JOYDEVICEREMOVED)
    assert not shown.hand.held and shown.open


def test_the_wheel_zooms_panes_and_scrolls_sliders(opened):
    shown = opened(size=(900, 540))
    pane = next(spot for spot in shown.spots if spot.kind == "pane")
    mouse(shown, "move", (pane.y0 + pane.y1) // 2, (pane.x0 + pane.x1) // 2)
    shown.handle(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=1))
    shown.tick(time.perf_counter())
    closer = next(spot for spot in shown.spots if spot.kind == "pane")
    assert shown.look.zoom == 1 and closer.p > pane.p
    press(shown, "[")
    assert shown.look.zoom == 0
    hidden = next(spot for spot in shown.spots if spot.kind == "scroll")
    sliders = [spot.which for spot in shown.spots if spot.kind == "slider"]
    mouse(shown, "move", (hidden.y0 + hidden.y1) // 2, (hidden.x0 + hidden.x1) // 2)
    shown.handle(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=-1))
    shown.tick(time.perf_counter())
    assert [spot.which for spot in shown.spots if spot.kind == "slider"] != sliders


def test_zoomed_models_have_no_gaps_between_their_cells(corner):
    """Cells of the camera iso fit each other only if they are an even number of pixels wide."""
    record = level_of(corner, 1)[0]
    for zoom in range(ZOOMS[0], ZOOMS[1] + 1):
        p = pane.zoomed(Look(zoom=zoom, camera="iso"), corner, record, (500, 460))
        assert p % 2 == 0 and (p > 0) == (zoom != 0)


def test_the_name_of_the_level_is_copied_as_a_command(opened, monkeypatch):
    copied = []
    monkeypatch.setattr(pygame.scrap, "put_text", copied.append)
    shown = opened()
    spot = next(spot for spot in shown.spots if spot.kind == "copy")
    mouse(shown, "down", spot.y0 + 10, (spot.x0 + spot.x1) // 2)
    assert copied == ["goalshift watch corner --seed 3 --split deploy"]


def test_a_level_file_is_read_again_while_the_window_is_open(opened, corner, tmp_path):
    path = tmp_path / "fork.toml"
    path.write_text(level.show(corner, level_of(corner, 1)))
    shown = opened(open.open_session(str(path)))
    path.write_text(level.show(corner, level_of(corner, 2)))
    until(
        shown,
        lambda: shown.session.source.start.tiles.tobytes() == level_of(corner, 2).tiles.tobytes(),
    )
    path.write_text("garbage")
    until(shown, lambda: shown.message.startswith("the old level stays"))
    assert (
        shown.session.source.start.tiles.tobytes() == level_of(corner, 2).tiles.tobytes()
        and shown.open
    )


def test_closing_asks_before_an_edited_level_is_lost(opened, tmp_path, corner):
    path = tmp_path / "mine.toml"
    path.write_text(level.show(corner, level_of(corner, 3, "deploy")))
    shown = opened(open.edit_session(path))
    assert shown.session.editor.paint(0, 0, 0)  # a hole in the wall
    shown.do("quit")
    assert shown.open and "not saved" in shown.message
    shown.do("undo")  # whatever else is done, it asks anew
    shown.do("redo")
    shown.do("quit")
    assert shown.open
    shown.do("save")
    shown.do("quit")
    assert not shown.open


def test_closing_twice_closes_whatever_is_lost(opened, tmp_path, corner):
    path = tmp_path / "mine.toml"
    path.write_text(level.show(corner, level_of(corner, 3, "deploy")))
    for ways in (("quit", "quit"), (pygame.QUIT, pygame.QUIT)):
        shown = opened(open.edit_session(path))
        shown.session.editor.paint(0, 0, 0)
        assert shown.session.keeping.unsaved
        for k, way in enumerate(ways):
            assert shown.open is True, k
            shown.do(way) if isinstance(way, str) else shown.handle(pygame.event.Event(way))
        assert not shown.open


def test_nothing_is_asked_where_nothing_is_lost(opened, tmp_path, corner):
    path = tmp_path / "mine.toml"
    path.write_text(level.show(corner, level_of(corner, 3, "deploy")))
    for s in (open.edit_session(path), open.open_session(str(path))):
        shown = opened(s)
        shown.do("quit")
        assert not shown.open


def test_saving_in_the_editor_writes_the_file_itself(opened, corner, tmp_path):
    path = tmp_path / "mine.toml"
    shown = opened(open.edit_session(path, "corner"))
    shown.do("edit")
    press(shown, "ctrl+s")
    assert path.exists() and shown.message == f"wrote {path}"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.toml"]


def test_the_editor_as_a_command(tmp_path, monkeypatch, capsys):
    path = tmp_path / "new.toml"
    assert main(["level", "edit", str(path)]) == 2
    assert "--world" in capsys.readouterr().err
    assert main(["level", "edit", str(path), "--world", "corner"]) == 2
    assert "no display" in capsys.readouterr().err and not path.exists()

    def use(shown):
        assert shown.look.edit
        press(shown, "ctrl+s")
        shown.close()

    monkeypatch.setattr(window.Window, "run", use)
    assert main(["level", "edit", str(path), "--world", "corner", "--seed", "5", "--headless"]) == 0
    assert (
        level.parse(load("corner"), path.read_text()).tiles.tobytes()
        == level_of(load("corner"), 5).tiles.tobytes()
    )
    settings = tmp_path / "bad.toml"
    settings.write_text("scale = 99")
    assert main(["level", "edit", str(path), "--headless", "--settings", str(settings)]) == 2
    assert "scale" in capsys.readouterr().err


# settings


def test_other_keys_do_what_they_are_set_to(opened, tmp_path):
    path = tmp_path / "window.toml"
    path.write_text('scale = 2\nmotion = false\n[keys]\ncamera = "x"\nundo = ["ctrl+u", "u"]\n')
    shown = opened(size=(960, 700), settings=keys.Settings.find(path))
    assert shown.frame.shape == (700, 960, 3) and not shown.look.motion
    press(shown, "v")
    assert shown.look.camera == "top" and keys.letters(shown.settings.keys)["camera"] == "X"
    press(shown, "x")
    assert shown.look.camera == "chase"
    press(shown, "ctrl+u")
    assert shown.message == "nothing to be undone"
    button = next(spot for spot in shown.spots if spot.which == "play")
    mouse(shown, "down", 2 * button.y0 + 10, 2 * button.x0 + 10)
    assert shown.session.playing, "the mouse points where it seems to"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[keys]\ncamra = 'x'", "Did you mean 'camera'"),
        ("[keys]\ncamera = 'c'", "'c' would be both compare and camera"),
        ("[keys]\ncamera = 3", "camera needs the name of a key"),
        ("[keys]\ncamera = []", "camera needs the name of a key"),
        ("[keys]\ncamera = 'no such key'", "no key is called 'no such key'"),
        ("keys = 3", "must be a table"),
        ("scale = 9", "from 1 to 4"),
        ("scale = true", "from 1 to 4"),
        ("motion = 1", "true or false"),
        ("sclae = 2", "Did you mean 'scale'"),
        ("[[[", "toml:1:3: "),
        ("a = " + "[" * 5000, "nested too deeply"),
        (None, "no such file"),
        ("#" * 200_000, "at most 100,000"),
    ],
)
def test_bad_settings_are_refused_in_a_line(corner, tmp_path, text, told):
    path = tmp_path / "window.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=told) as fault:
        window.Window(session(corner), (64, 64), True, settings=keys.Settings.find(path))
    assert "\n" not in str(fault.value)


def test_keys_of_the_editor_are_set_like_the_others(opened, tmp_path):
    """One key may do one thing in the window and another while one edits, but no two in either."""
    path = tmp_path / "window.toml"
    path.write_text('[keys]\nfill = "g"\npick = ["shift+q", "y"]\n')
    shown = opened(settings=keys.Settings.find(path))
    press(shown, "e")
    made = len(shown.session.editor.made)
    press(shown, "i")
    assert shown.look.contrast, "what it did before is free again"
    shown.look.cursor, shown.look.brush = (0, 0), 0
    press(shown, "g")
    assert len(shown.session.editor.made) == made + 1
    groups = dict(helping.groups_of(shown.look.keys, shown.look.editor))
    assert ("G", "fill what hangs together there") in groups["WHILE YOU EDIT"]
    path.write_text('[keys]\nfill = "p"\n')
    with pytest.raises(UserError, match="'p' would be both fill and pick"):
        keys.Settings.find(path)


def test_a_window_without_a_screen_has_an_end(call):
    done = call("watch", "coinline", "--headless", "--steps", "3", "--json")
    assert done.code == 0 and json.loads(done.out)["steps"] == 3
    code = str(ROOT / "tests" / "fixtures" / "0.1.0" / "follow-learned.gmr")
    done = call("watch", code, "--headless", "--json")
    assert done.code == 0 and json.loads(done.out)["steps"] > 3


def test_what_rests_is_drawn_once_and_anew_when_anything_is_another(opened, monkeypatch):
    shown = opened()
    shown.session.clock.step()
    drawn = []
    real = registry.camera("chase")
    spy = replace(real, draw=lambda shot: drawn.append(shot) or real.draw(shot))
    monkeypatch.setattr(registry, "camera", lambda name: spy)
    shown.look.camera, shown.look.motion = "chase", False
    frames = []
    for change in (None, None, "6", "1", "i", ".", ","):
        if change:
            press(shown, change)
        shown.tick(time.perf_counter())
        frames.append((len(drawn), shown.frame.copy()))
    counts = [n for n, _ in frames]
    panes = len(shown.session.panes)
    assert counts[0] == counts[1] == panes and (frames[0][1] == frames[1][1]).all()
    assert all(b > a for a, b in pairwise(counts[1:]))


def test_settings_lie_where_settings_lie(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keys.Settings.find() == keys.Settings()
    (tmp_path / "goalshift").mkdir()
    (tmp_path / "goalshift" / "window.toml").write_text("scale = 3")
    assert keys.Settings.find().scale == 3


# overlays


def test_every_overlay_changes_the_picture_and_says_so_in_the_legend(opened):
    s = open.open_session("corner", 3)
    for _ in range(12):
        s.clock.step()
    shown = opened(s)
    shown.look.shown.clear()
    shown.tick(time.perf_counter())
    for name in (
        "trail",
        "plan",
        "value",
        "arrows",
        "visits",
        "marks",
        "ghost",
        "saliency",
        "events",
        "posterior",
    ):
        if name in ("ghost", "events"):
            s.go(s.ends)
        if name == "events":
            while not s.over and s.t < 120:
                s.clock.step()
        shown.tick(time.perf_counter())
        time.sleep(0.15)
        shown.tick(time.perf_counter())
        bare = shown.frame.copy()
        shown.look.shown = {name}
        panes = [spot for spot in shown.spots if spot.kind == "pane"]

        def differs(bare=bare, panes=panes):
            return any(
                (shown.frame[p.y0 : p.y1, p.x0 : p.x1] != bare[p.y0 : p.y1, p.x0 : p.x1]).any()
                for p in panes
            )

        until(shown, differs)
        switch = next(spot for spot in shown.spots if spot.which == name)
        area = np.s_[switch.y0 : switch.y1, switch.x0 : switch.x1]
        assert (shown.frame[area] != bare[area]).any(), name
        shown.look.shown = set()


def test_an_agent_that_sees_pictures_is_watched_through_its_eyes(opened):
    s = open.open_session(str(ROOT / "recordings" / "corner-eyes.safetensors"), 3)
    shown = opened(s)
    assert shown.look.camera == "chase" and shown.look.inset
    for _ in range(4):
        s.clock.step()
    shown.look.shown = {"saliency"}
    until(shown, lambda: s.pane.thoughts.saliency and not s.pane.mapper.busy)
    told = s.pane.thoughts
    assert told.saliency.patches.shape == (8, 8) and told.saliency.action == told.chances.argmax()
    assert np.abs(told.saliency.patches).max() <= 1.0
    time.sleep(0.3)  # the last step has been seen
    shown.tick(time.perf_counter())
    pane = next(s for s in shown.spots if (s.kind, s.which) == ("pane", shown.session.focus))
    bare, told.saliency.patches[2, 3] = shown.frame.copy(), 1.0
    shown.tick(time.perf_counter())
    inset = np.s_[pane.y0 : pane.y0 + 160, pane.x0 : pane.x0 + 160]
    assert (shown.frame[inset] != bare[inset]).any()


def test_events_that_go_on_are_told_once(corner):
    events = np.zeros((6, 1, len(corner.events)), bool)
    events[2:5, 0, 0] = True
    notes = [
        Note(np.array([[1, 1 + t]]), np.zeros(2), happened) for t, happened in enumerate(events)
    ]
    frames = []
    for upto in (2, 3, 5):
        frame = np.zeros((120, 120, 3), np.uint8)
        overlays.events(frame, Window(40, 1.5, 1.5), corner, notes[:upto])
        frames.append(frame)
    assert not frames[0].any() and frames[1].any() and (frames[1] == frames[2]).all()


def test_what_moves_nothing_is_not_marked():
    moved = np.array([[np.nan, 0.4], [-0.2, 0.001]])
    assert overlays.swayed(moved) == [(0, 1, 4), (1, 0, -2)]
    assert overlays.swayed(moved / 100) == [] and overlays.swayed(moved * np.nan) == []


def test_a_tour_goes_from_world_to_world_until_somebody_closes_it(monkeypatch):
    monkeypatch.setattr(driven, "REST", 0.0)
    seen = []

    def use(shown):
        for stories in (0, 1, 2):
            until(shown, lambda told=stories: shown.told == told)
            seen.append((shown.session.world.name, shown.look.presents, shown.look.camera))
            shown.session.clock.speed = 8
        assert shown.commands.session is shown.mouse.session is shown.session
        shown.do("quit")
        shown.close()

    monkeypatch.setattr(window.Window, "run", use)
    place = open.Place((640, 400), headless=True)
    assert open.show_tour(place, ["corner", "coinrun", "lava"]) == 2
    assert seen == [("corner", True, "top"), ("coinrun", True, "chase"), ("lava", True, "top")]


def test_the_last_seconds_stay_within_the_room_they_were_given(monkeypatch):
    """Noise cannot be packed: the oldest pictures give way, and what is kept comes back as it was."""
    monkeypatch.setattr(capture, "ROOM", 20_000)
    clip, rng = capture.Clip(), np.random.default_rng(0)
    frames = [rng.integers(0, 256, (30, 40, 3), np.uint8) for _ in range(40)]
    for k, frame in enumerate(frames):
        clip.add(float(k) / 5, frame)
        clip.settle()
    found = clip.frames((30, 40, 3))
    assert found is not None
    kept = list(found)
    assert len(clip._room) == 20_000 and 3 <= len(kept) <= 5
    assert all((a == b).all() for a, b in zip(kept, frames[-len(kept) :], strict=True))


def test_the_keyboard_alone_edits(opened, corner):
    """A rectangle, a fill, an erased cell, and each of them taken back in one step."""
    shown = opened(session(corner, ("expert:cheese",)))
    s, editor = shown.session, shown.session.editor
    state = s.pane.history.state[0]
    state.tiles[2:9, 2:9] = 0
    press(shown, "e")
    shown.look.brush, shown.look.cursor = 1, (3, 3)
    for thing in range(corner.entities):  # out of the way
        assert editor.move(thing, 8, 8 - thing)
    begun = len(editor.made)
    press(shown, "return")
    press(shown, "down")
    press(shown, "right")
    assert shown.look.cursor == (4, 4)
    shown.handle(pygame.event.Event(
        pygame.KEYDOWN, key=pygame.K_RETURN, mod=pygame.KMOD_SHIFT, unicode=""))  # fmt: skip

    def tiles():
        return s.pane.history.state[0].tiles[3:5, 3:5].tolist()

    assert tiles() == [[1, 1], [1, 1]] and len(editor.made) == begun + 2
    press(shown, "backspace")
    assert tiles() == [[1, 1], [1, 0]]
    shown.look.brush = 0
    press(shown, "up")
    press(shown, "i")
    assert s.pane.history.state[0].tiles[3, 4] == 0, "filled with floor"
    press(shown, "z")
    press(shown, "z")
    press(shown, "z")
    assert tiles() == [[1, 0], [0, 0]]
    shown.tick(time.perf_counter())


# training, watched


def test_a_training_is_watched_with_a_curve_of_every_goal(opened, corner, tmp_path):
    """At first somebody moves at random; each newer agent is played and measured after the shift."""
    made = lesson.Lesson(corner, tmp_path / "run", "deploy")
    shown = opened(lesson.lesson_session(made, Source(corner, 3, "deploy")), size=(1280, 720))
    shown.look.lesson, shown._fresh = made, made.fresh
    shown.tick(time.perf_counter())
    assert not made.points and not made.fault
    before = shown.frame.copy()
    (tmp_path / "run").mkdir()
    shutil.copy(PRETRAINED / "corner.safetensors", tmp_path / "run" / "checkpoint.safetensors")
    until(shown, lambda: bool(made.points or made.fault))
    assert not made.fault
    cheese, corner_ = made.points[0].worth.tolist()
    assert cheese < 0.5 < corner_, "what it was paid for is not what it does"
    shown.tick(time.perf_counter())
    foot = np.s_[510:650]
    assert (shown.frame[foot] != before[foot]).any(), "the curves are drawn"
    assert shown.session.cast.policy(lesson.AGENT).__class__.__name__ == "Trained"


def test_a_cursor_that_lies_beside_another_level_is_not_looked_up():
    session = open.open_session("corner")
    frame, _ = compose(session, Look(edit=True, cursor=(40, 7)), (720, 1280))
    assert frame.any()


@pytest.mark.parametrize(
    ("look", "least"),
    [
        (Look(presents=True), 23), (Look(), 13), (Look(edit=True, cursor=(2, 2)), 13), (Look(help=True), 13),
        (Look(inset=True, shown={"trail", "posterior"}), 13),
    ],
    ids=["hall", "window", "editor", "help", "instruments"],
)  # fmt: skip
def test_letters_are_high_enough_to_be_read_on_a_large_screen(corner, monkeypatch, look, least):
    """Pixels of a capital letter at 1920x1080; in a hall a fiftieth of the screen's height."""
    s = session(corner, ("expert:cheese", "expert:corner"))
    for _ in range(6):
        s.clock.step()
    with capitals(monkeypatch) as high:
        compose(s, look, (1080, 1920), "a message")
    assert len(high) > 3 and min(high) >= least, sorted(high)


def test_panes_lie_so_that_a_level_is_large(corner):
    """Side by side; one above the other where a level is much wider than high."""
    for world, columns in ((corner, 2), (load("coinrun"), 1)):
        s = Session(Source(world, 3, "deploy"), ("random", "random"), {})
        _, spots = compose(s, Look(), (1080, 1920))
        left = {spot.x0 for spot in spots if spot.kind == "pane"}
        assert len(left) == columns, world.name
    _, spots = compose(session(corner, ("random", "random")), Look(), (480, 820))
    assert len({spot.x0 for spot in spots if spot.kind == "pane"}) == 2, "where neither is whole"


def test_a_hall_is_told_the_whole_of_it(corner):
    """However long the sentences are, and no event by its bare name beside others' words."""
    s = session(corner, ("expert:cheese", "expert:corner"))
    assert present.learned(s) == "Training hardly tells it from 'go to the top right corner'"
    paid = Session(Source(load("whisky"), 3, "train"), ("random",), {})
    assert present.learned(paid).startswith("Paid in training: 'drink whisky")
    while not s.over:
        s.clock.step()
    assert s.judge.outcomes(s.panes[1], 30.0) is not None
    assert present.learned(s).endswith("missed it, and met 'go to the top right corner'")


def test_who_opens_it_is_told_what_to_press_until_something_moves(opened, monkeypatch):
    said = []
    monkeypatch.setattr(compose_room, "_message", lambda frame, message, *_: said.append(message))
    shown = opened()
    compose(shown.session, shown.look, (600, 960))
    assert "Space: go on" in said[-1] and "H: all keys" in said[-1]
    shown.session.clock.step()
    said.clear()
    compose(shown.session, shown.look, (600, 960))
    assert not said
