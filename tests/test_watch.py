"""Watching: the session behind the window, the window driven by events, and the terminal."""

import io
import subprocess
import sys
import time

import numpy as np
import pygame
import pytest
from PIL import Image

from goalshift.__main__ import main
from goalshift.agents import watch
from goalshift.agents.policy import Policy, RandomPolicy, Scripted
from goalshift.engine import level, observe, state
from goalshift.engine.errors import UserError
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec
from goalshift.engine.view import keys, terminal, window
from goalshift.engine.world import load, names

UP, LEFT, DOWN, RIGHT = range(1, 5)


@pytest.fixture(scope="module")
def corner():
    return load("corner")


def session(world, who=("expert:cheese",), seed=3, **agents):
    return watch.Session(world, None, seed, "deploy", who, {k: (lambda w, p=p: p(w)) for k, p in agents.items()})


class Broken(Policy):
    name = "broken"

    def __init__(self, world):
        self.calls = 0

    def act(self, obs, states, fresh):
        self.calls += 1
        if self.calls > 2:
            raise ValueError("no idea what to do")
        return np.zeros(obs.shape[:2], np.int64)


class Slow(RandomPolicy):
    def act(self, obs, states, fresh):
        time.sleep(1.5)
        return super().act(obs, states, fresh)


class Rememberer(Policy):
    """Acts by how often it has been asked in this episode."""

    def __init__(self, world):
        self.n = len(world.actions)

    def start(self, n, agents):
        self.count = 0

    def act(self, obs, states, fresh):
        self.count += 1
        return np.full(obs.shape[:2], self.count % self.n, np.int64)


# what agents observe, for states of any making


@pytest.mark.parametrize("name", names())
def test_planes_are_what_the_engine_writes(name):
    world = load(name)
    vec = Vec(world, 6, "deploy", 5)
    vec.reset()
    rng = np.random.default_rng(0)
    for _ in range(12):
        assert (observe.planes(world, vec.states) == vec.obs).all()
        vec.step(rng.integers(0, len(world.actions), (6, world.learners)))


# time


@pytest.mark.parametrize("name", ["corner", "coinrun"])
def test_rewinding_equals_replaying(name):
    world = load(name)
    start = world.level(7, "deploy")
    history = watch.History(world, start)
    rng = np.random.default_rng(1)
    seen = [history.state.tobytes()]
    for _ in range(150):
        history.act(rng.integers(0, len(world.actions), world.learners))
        if history.state.tobytes() != seen[-1]:
            seen.append(history.state.tobytes())
    last = history.ends
    assert last + 1 == len(seen) and (name != "corner" or last > watch.EVERY)
    for t in (0, last, last // 2, last - 1, 1, 65, 64, 63, last):
        history.go(t)
        t = min(t, last)
        assert history.t == t and history.state.tobytes() == seen[t]
        assert history.at(t // 2).tobytes() == seen[t // 2] and history.t == t
    assert len(history.copies) <= 2 + last // watch.EVERY


def test_going_on_from_the_past_forgets_the_future(corner):
    history = watch.History(corner, corner.level(1))
    for act in (UP, UP, RIGHT, DOWN):
        history.act(np.array([act]))
    history.go(2)
    history.act(np.array([LEFT]))
    assert history.ends == history.t == 3 and len(history.notes) == 4


def test_time_runs_as_fast_as_it_says(corner, monkeypatch):
    monkeypatch.setattr(watch, "BUDGET", 30.0)  # on a busy machine, too
    for speed, steps in ((2, 6), (3, 12)):
        s = session(corner, ("wanderer",), wanderer=lambda w: Scripted(np.zeros(100, int)))
        s.speed, s.playing = speed, True
        for now in np.arange(0, 1.01, 0.05):
            s.tick(now)
        assert abs(s.t - steps) <= 1
    assert watch.SPEEDS[0] == 0.25 and watch.SPEEDS[-1] == 64


def test_panes_play_the_same_level_and_dice_and_the_parting_is_found(corner):
    s = session(corner, ("expert:cheese", "expert:corner"), seed=5)
    a, b = (pane.history for pane in s.panes)
    assert a.state.tobytes() == b.state.tobytes()
    while not s.over and s.t < 100:
        s.step()
    t = s.parting()
    assert t is not None
    assert (a.notes[t][0] == b.notes[t][0]).all() and (a.notes[t + 1][0] != b.notes[t + 1][0]).any()
    s.go(t)
    assert a.t == b.t == t
    same = session(corner, ("expert:cheese", "expert:cheese"), seed=5)
    same.step()
    assert same.parting() is None


def test_a_policy_that_remembers_is_told_the_past_again(corner):
    straight = session(corner, ("r",), r=Rememberer)
    for _ in range(9):
        straight.step()
    crooked = session(corner, ("r",), r=Rememberer)
    for _ in range(6):
        crooked.step()
    crooked.go(3)
    crooked.panes[0].history.forget()
    for _ in range(6):
        crooked.step()
    assert straight.panes[0].history.state.tobytes() == crooked.panes[0].history.state.tobytes()


def test_a_policy_that_raises_stops_time_with_its_message(corner, monkeypatch):
    monkeypatch.setattr(watch, "BUDGET", 30.0)
    s = session(corner, ("broken",), broken=Broken)
    s.playing = True
    for now in np.arange(0, 3, 0.1):
        s.tick(now)
    assert not s.playing and s.t == 2
    assert s.message == "paused: ValueError: no idea what to do"
    assert "broken" not in s.message and s.panes[0].history.t == 2
    s.appoint("expert:cheese")
    assert s.step() and s.t == 3


def test_a_slow_policy_is_waited_for_without_stopping_anything(corner):
    s = session(corner, ("slow", "expert:cheese"), slow=Slow)
    s.playing, s.speed = True, 8
    for k in range(8):
        begun = time.perf_counter()
        s.tick(k * 0.05)
        assert time.perf_counter() - begun < 1.0
    assert s.thinking and s.t == 0
    assert s.step() and s.t == 1 and not s.thinking
    s.advance()
    s.go(0)
    assert not s.thinking


# who


def test_taking_over_and_handing_back(corner):
    s = session(corner)
    s.step()
    s.take_over()
    assert s.panes[0].who == ["human"] and s.waits_for_person
    s.wanted = watch.action_of(corner, {"up"})
    before = int(s.panes[0].history.state.y[0, 0])
    s.step()
    assert s.panes[0].history.actions[1].tolist() == [UP]
    assert int(s.panes[0].history.state.y[0, 0]) in (before, before - 1)
    s.take_over()
    assert s.panes[0].who == ["expert:cheese"]


def test_held_keys_mean_the_action_that_uses_most_of_them(corner):
    run = load("coinrun")
    assert run.actions[watch.action_of(run, {"up", "right"})] == "jump right"
    assert run.actions[watch.action_of(run, {"left"})] == "left"
    assert run.actions[watch.action_of(run, {"down"})] == "stay"
    assert corner.actions[watch.action_of(corner, {"down"})] == "down"


def test_everybody_is_offered_and_a_stranger_is_refused(corner):
    s = session(corner, agent=RandomPolicy)
    assert s.names() == ["agent", "expert:cheese", "expert:corner", "random", "human"]
    with pytest.raises(UserError, match="'nobody'"):
        s.appoint("nobody")
    for _ in range(4):
        s.compare()
    assert len(s.panes) == 1


# editing


def test_an_edit_holds_from_here_on_and_can_be_taken_back(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    s.step()
    s.step()
    kept = [pane.history.state.tobytes() for pane in s.panes]
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    at = next(c for c in free.tolist() if all(p.history.state.y[0, 0] != c[0] for p in s.panes))
    assert s.paint(*at, 1) and s.edited
    for pane in s.panes:
        assert pane.history.state.tiles[0, at[0], at[1]] == 1
        pane.history.go(1)
        assert pane.history.state.tiles[0, at[0], at[1]] != 1, "the past is as it was"
        pane.history.go(2)
        assert pane.history.state.tiles[0, at[0], at[1]] == 1
    s.undo()
    assert [pane.history.state.tobytes() for pane in s.panes] == kept and not s.edited


def test_what_would_break_a_level_is_refused_in_words(corner):
    s = session(corner)
    record = s.panes[0].history.state[0]
    before = s.panes[0].history.state.tobytes()
    assert not s.paint(int(record.y[0]), int(record.x[0]), 1) and "mouse stands there" in s.message
    assert not s.paint(40, 2, 1) and "outside" in s.message
    assert not s.move(0, 0, 0) and "wall" in s.message
    assert s.panes[0].history.state.tobytes() == before and not s._undo


def test_a_dragged_mouse_starts_elsewhere_in_all_panes_but_later_in_one(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    assert s.move(0, *free[0].tolist())
    assert all(pane.history.state.y[0, 0] == free[0, 0] for pane in s.panes)
    s.step()
    assert s.move(0, *free[-1].tolist())
    assert s.panes[0].history.state.y[0, 0] == free[-1, 0] != s.panes[1].history.state.y[0, 0]


def test_facts_tell_what_can_be_met_and_what_was_never_trained_on(corner):
    def told(s):
        end = time.perf_counter() + 60
        s.facts()
        while s._prover.answer() is None and time.perf_counter() < end:
            time.sleep(0.02)
        return s.facts()

    s = watch.Session(corner, None, 3, "train", ("expert:cheese",))
    facts = told(s)
    assert facts["solvable"].startswith("yes, in") and facts["in training"].startswith("yes")
    y, x = (int(v) for v in np.argwhere(s.panes[0].history.state.tiles[0] == 2)[0])
    assert s.paint(y, x, 0)
    facts = told(s)
    assert facts["solvable"] == "no way found" and facts["in training"].startswith("no: never floor at (1, 11)")


# what policies think


def test_arrows_point_where_the_expert_would_go(corner):
    s = session(corner)
    states = state.copy(s.panes[0].history.state)
    maps = s._map(s.panes[0], "expert:cheese", states, 0, {"arrows", "plan"})
    y, x = (int(v) for v in np.argwhere(states.tiles[0] == 2)[0])
    beside = [(dy, dx) for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)) if states.tiles[0, y + dy, x + dx] == 0]
    for dy, dx in beside:
        assert maps["arrows"][y + dy, x + dx].tolist() == [-dy, -dx]
    assert np.isnan(maps["arrows"][0, 0]).all()
    assert maps["plan"][0].tolist() == [states.y[0, 0], states.x[0, 0]] and maps["plan"][-1].tolist() == [y, x]


# keeping


def test_the_code_of_an_edited_episode_plays_it_from_the_edit_on(corner):
    s = session(corner)
    s.step()
    s.step()
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    s.move(0, *free[0].tolist())
    s.step()
    s.step()
    states = Replay.from_code(s.replay().code()).states(corner)
    assert len(states) == 3 and states[-1].tobytes() == s.panes[0].history.state[0].tobytes()
    again = watch.open_session(s.replay().code())
    again.go(2)
    assert again.panes[0].history.state.tiles.tobytes() == s.panes[0].history.state.tiles.tobytes()
    assert again.panes[0].who == ["recorded"]
    again.playing = True
    again.tick(0.0)
    again.tick(5.0)
    assert not again.playing, "a recording ends"


def test_levels_open_and_are_written(corner, tmp_path):
    s = session(corner, seed=9)
    path = tmp_path / "a level.toml"
    path.write_text(s.level_text())
    opened = watch.open_session(str(path))
    assert opened.start.tobytes() == level.parse(corner, s.level_text()).tobytes()
    s.step()
    with pytest.raises(UserError, match="step 0"):
        s.level_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"world = 'corner'\nmap = '''\n###\n'''", "rows"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"map = 'x'", "does not say of which world"),
        (b"world = './evil.py'\nmap = ''", "--world"),
        (b"[[[", ":1:4: "),
        (b"", "does not say of which world"),
    ],
)
def test_garbage_for_a_level_is_refused_in_a_line(tmp_path, text, told):
    path = tmp_path / "level.toml"
    path.write_bytes(text)
    with pytest.raises(UserError, match=told) as fault:
        watch.open_session(str(path))
    assert "\n" not in str(fault.value)


def test_sliders_hold_from_the_next_reset_on(corner):
    s = session(corner)
    start = s.start.tobytes()
    s.set_alpha(0.004)
    assert s.split == "train" and s.start.tobytes() == start
    s.set_knob("density", 0.0)
    s.restart()
    assert (s.start.tiles[0, 1:-1, 1:-1] != 1).all() and s.start.tiles[0, 1, 11] == 2
    with pytest.raises(UserError):
        s.set_knob("region", 99)


# the window


@pytest.fixture
def opened(corner, tmp_path):
    made = []

    def make(s=None, **options):
        shown = window.Window(
            s or session(corner, ("expert:cheese", "expert:corner")), (960, 600), True, folder=tmp_path,
            action_of=watch.action_of, **options,
        )  # fmt: skip
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


def test_every_key_of_the_help_does_something(opened, monkeypatch):
    copied = []
    monkeypatch.setattr(pygame.scrap, "put_text", copied.append)
    seen = set()
    for key in keys.KEYS:
        for name in key.keys:
            asked = []
            shown = opened(reload=lambda asked=asked: asked.append(True))
            s = shown.session
            for _ in range(3):
                s.step()
            s.speed = 3
            if key.action in ("start", "end", "forward", "back"):
                s.go(1)
            if key.action == "undo":
                free = np.argwhere(s.world.solid[s.panes[0].history.state.tiles[0]] == 0)
                s.paint(*free[0].tolist(), 1) or s.paint(*free[1].tolist(), 1)
            if key.action == "save":
                s.go(0)
            if key.action in ("stay", "take"):
                s.next_focus()
            if key.action == "stay":
                s.take_over()
            shown.tick(time.perf_counter())
            shown.say("")

            def picture(shown=shown, s=s, asked=asked):
                look = shown.look
                return (s.t, s.playing, s.speed, s.seed, s.split, s.focus, [p.who for p in s.panes], len(s.panes),
                        sorted(look.shown), look.camera, look.inset, look.edit, look.brush, look.panel, look.help,
                        shown.open, s.edited, shown._message, len(asked), len(copied), len(s._undo))  # fmt: skip

            before = picture()
            press(shown, name)
            end = time.perf_counter() + 60
            while picture() == before and time.perf_counter() < end:
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
    assert watch.open_session(str(path)).start.tiles.tobytes() == shown.session.start.tiles.tobytes()
    for _ in range(3):
        shown._clip_due = 0.0
        shown.tick(time.perf_counter())
    press(shown, "g")
    end = time.perf_counter() + 60
    while shown._saving is not None and time.perf_counter() < end:
        shown.tick(time.perf_counter())
        time.sleep(0.05)
    (path,) = tmp_path.glob("goalshift-corner-*.webp")
    with Image.open(path) as image:
        assert image.size[0] <= 960
    assert shown._message == f"wrote {path}"


def test_the_timeline_is_dragged_and_panes_are_clicked(opened):
    shown = opened()
    s = shown.session
    for _ in range(6):
        s.step()
    shown.tick(time.perf_counter())
    bar = next(spot for spot in shown.spots if spot.kind == "time")
    left, right, most = bar.which
    assert most == s.ends
    mouse(shown, "down", bar.y0 + 5, left)
    assert s.t == 0
    mouse(shown, "move", bar.y0 + 5, (left + right) // 2)
    assert s.t == round(most / 2)
    mouse(shown, "up", bar.y0 + 5, right)
    pane = [spot for spot in shown.spots if spot.kind == "pane"][1]
    mouse(shown, "down", pane.y0 + 50, pane.x0 + 50)
    assert s.focus == 1
    slider = next(spot for spot in shown.spots if spot.kind == "slider" and spot.which[0] == "alpha")
    mouse(shown, "down", slider.y0 + 5, slider.which[1])
    mouse(shown, "up", slider.y0 + 5, slider.which[1])
    assert s.split == "train"
    switch = next(spot for spot in shown.spots if spot.which == "visits")
    mouse(shown, "down", switch.y0 + 5, switch.x0 + 5)
    assert "visits" in shown.look.shown


def test_painting_and_dragging_with_the_mouse(opened):
    shown = opened()
    s = shown.session
    press(shown, "e")
    pane = next(spot for spot in shown.spots if spot.kind == "pane")
    record = s.panes[0].history.state[0]
    free = [c for c in np.argwhere(s.world.solid[record.tiles] == 0).tolist() if c != [record.y[0], record.x[0]]]

    def pixel(y, x):
        upper, left = round(pane.y * pane.p - (pane.y1 - pane.y0) / 2), round(pane.x * pane.p - (pane.x1 - pane.x0) / 2)
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
        end = time.perf_counter() + 30
        while history.t == before and time.perf_counter() < end:
            shown.tick(time.perf_counter())
        assert history.actions[-1].tolist() == [action]


@pytest.mark.parametrize("camera", ["top", "iso", "eyes"])
def test_the_window_can_have_any_size(opened, camera):
    shown = opened()
    shown.look.camera = camera
    shown.look.inset = True
    for size in ((1, 1), (64, 400), (500, 90), (700, 500)):
        shown.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        for helping in (False, True):
            shown.look.help = helping
            shown.tick(time.perf_counter())
        assert shown.frame.shape == (size[1], size[0], 3)


def test_many_keys_and_a_close_in_the_middle_of_a_step(opened, corner):
    shown = opened(session(corner, ("slow",), slow=Slow))
    rng = np.random.default_rng(0)
    names_ = [name for key in keys.KEYS for name in key.keys if key.action not in ("quit", "clip", "picture", "save")]
    for name in rng.choice(names_, 60):
        plain = name.removeprefix("ctrl+")
        mod = pygame.KMOD_CTRL if name != plain else 0
        code = pygame.key.key_code("/" if plain == "?" else plain)
        shown.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode=""))
        shown.handle(pygame.event.Event(pygame.KEYUP, key=code, mod=mod))
    shown.tick(time.perf_counter())
    shown.session.advance()
    shown.handle(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    shown.handle(pygame.event.Event(pygame.QUIT))
    assert not shown.open


def test_drawing_twice_gives_the_same_picture(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    s.step()
    time.sleep(0.3)  # the step has been seen
    kept = [pane.history.state.tobytes() for pane in s.panes]
    look = window.Look()
    once, again = (window.compose(s, look, (480, 900))[0] for _ in range(2))
    assert (once == again).all() and [pane.history.state.tobytes() for pane in s.panes] == kept


def test_no_display_is_a_clear_word(monkeypatch, capsys):
    assert main(["watch", "corner"]) == 2
    fault = capsys.readouterr().err
    assert "no display" in fault and "--terminal" in fault and "Traceback" not in fault


# the terminal


def test_the_terminal_prints_an_episode_where_there_is_no_terminal():
    done = subprocess.run(
        [sys.executable, "-m", "goalshift", "watch", "corner", "--seed", "3", "--terminal", "--split", "train"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = done.stdout.split("Cheese in the corner")[1:]
    assert len(pages) > 3 and "eat the cheese 1" in pages[-1] and "over" in pages[-1] and "\x1b" not in done.stdout


def test_text_shows_the_same_cells_with_and_without_colour(corner):
    s = session(corner)
    plain, colour = (terminal.board(corner, s.start, c) for c in (False, True))
    assert plain == [" ".join(line) + " " for line in level.sketch(corner, s.start).splitlines()]
    assert all("\x1b[48;2;" in line and line.endswith(terminal.RESET) for line in colour)
    for action in ("play", "forward", "back", "faster", "end", "take", "compare", "who", "again", "next"):
        terminal.do(s, action)
    assert terminal._split("\x1b[Aq.") == ["\x1b[A", "q", "."]
    out = io.StringIO()
    with pytest.raises(UserError, match="terminal"):
        terminal.watch(session(corner, ("human",)), watch.action_of, out=out)


def test_the_documentation_has_the_same_keys(capsys):
    assert main(["watch", "--help"]) == 0
    told = capsys.readouterr().out
    for key in keys.KEYS:
        assert key.words in told
    assert len({key.action for key in keys.KEYS}) == len(keys.KEYS)
