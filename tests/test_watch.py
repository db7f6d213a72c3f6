"""Watching: the session behind the window, and the terminal."""

import io
import subprocess
import sys
import threading
from types import MappingProxyType

import numpy as np
import pytest

from goalshift.__main__ import main
from goalshift.agents.designing import open_file
from goalshift.agents.live import clock, keys, open, terminal, thoughts
from goalshift.agents.live.session import Session
from goalshift.agents.live.source import Source
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.policy import Policy, Thought
from goalshift.agents.policies.simple import RandomPolicy, Scripted
from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.history import EVERY, History
from goalshift.engine.levels import formats, level
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec, level_of, observed

from .waiting import PATIENCE, wait

UP, LEFT, DOWN, RIGHT = range(1, 5)


def session(world, who=("expert:cheese",), seed=3, **agents):
    made = {name: (lambda w, p=p: p(w)) for name, p in agents.items()}
    return Session(Source(world, seed, "deploy"), who, made)


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
    """Says what it does as soon as somebody lets it."""

    may = threading.Event()

    def act(self, obs, states, fresh):
        assert self.may.wait(PATIENCE)
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
        assert (observed(world, vec.states) == vec.obs).all()
        vec.step(rng.integers(0, len(world.actions), (6, world.learners)))


# time


@pytest.mark.parametrize("name", ["corner", "coinrun"])
def test_rewinding_equals_replaying(name):
    world = load(name)
    start = level_of(world, 7, "deploy")
    history = History(world, start)
    rng = np.random.default_rng(1)
    seen = [history.state.tobytes()]
    for _ in range(150):
        history.act(rng.integers(0, len(world.actions), world.learners))
        if history.state.tobytes() != seen[-1]:
            seen.append(history.state.tobytes())
    last = history.ends
    assert last + 1 == len(seen) and (name != "corner" or last > EVERY)
    for t in (0, last, last // 2, last - 1, 1, 65, 64, 63, last):
        history.go(t)
        t = min(t, last)
        assert history.t == t and history.state.tobytes() == seen[t]
        assert history.at(t // 2).tobytes() == seen[t // 2] and history.t == t
    assert len(history.copies) <= 2 + last // EVERY


def test_going_on_from_the_past_forgets_the_future(corner):
    history = History(corner, level_of(corner, 1))
    for act in (UP, UP, RIGHT, DOWN):
        history.act(np.array([act]))
    history.go(2)
    history.act(np.array([LEFT]))
    assert history.ends == history.t == 3 and len(history.notes) == 4


def test_time_runs_as_fast_as_it_says(corner, monkeypatch):
    monkeypatch.setattr(clock, "BUDGET", 30.0)  # on a busy machine, too
    for speed, steps in ((2, 6), (3, 12)):
        s = session(corner, ("wanderer",), wanderer=lambda w: Scripted(np.zeros(100, int)))
        s.clock.speed, s.playing = speed, True
        for now in np.arange(0, 1.01, 0.05):
            s.clock.tick(now)
        assert abs(s.t - steps) <= 1
    assert clock.SPEEDS[0] == 0.25 and clock.SPEEDS[-1] == 64


def test_panes_play_the_same_level_and_dice_and_the_parting_is_found(corner):
    s = session(corner, ("expert:cheese", "expert:corner"), seed=5)
    a, b = (pane.history for pane in s.panes)
    assert a.state.tobytes() == b.state.tobytes()
    while not s.over and s.t < 100:
        s.clock.step()
    t = s.clock.parting()
    assert t is not None
    assert (a.notes[t].places == b.notes[t].places).all() and (
        a.notes[t + 1].places != b.notes[t + 1].places
    ).any()
    s.go(t)
    assert a.t == b.t == t
    same = session(corner, ("expert:cheese", "expert:cheese"), seed=5)
    same.clock.step()
    assert same.clock.parting() is None


def test_a_policy_that_remembers_is_told_the_past_again(corner):
    straight = session(corner, ("r",), r=Rememberer)
    for _ in range(9):
        straight.clock.step()
    crooked = session(corner, ("r",), r=Rememberer)
    for _ in range(6):
        crooked.clock.step()
    crooked.go(3)
    crooked.panes[0].history.forget()
    for _ in range(6):
        crooked.clock.step()
    assert straight.panes[0].history.state.tobytes() == crooked.panes[0].history.state.tobytes()


def test_a_policy_that_raises_stops_time_with_its_message(corner, monkeypatch):
    monkeypatch.setattr(clock, "BUDGET", 30.0)
    s = session(corner, ("broken",), broken=Broken)
    s.playing = True
    for now in np.arange(0, 3, 0.1):
        s.clock.tick(now)
    assert not s.playing and s.t == 2
    assert s.message == "paused: ValueError: no idea what to do"
    assert "broken" not in s.message and s.panes[0].history.t == 2
    s.cast.appoint("expert:cheese")
    assert s.clock.step() and s.t == 3


def test_a_slow_policy_is_waited_for_without_stopping_anything(corner):
    s = session(corner, ("slow", "expert:cheese"), slow=Slow)
    s.playing, s.clock.speed = True, 8
    Slow.may.clear()
    for k in range(8):
        s.clock.tick(k * 0.05)  # would wait as long as the policy does
    assert s.thinking and s.t == 0
    Slow.may.set()
    assert s.clock.step() and s.t == 1 and not s.thinking
    s.clock.advance()
    s.go(0)
    assert not s.thinking


# who


def test_taking_over_and_handing_back(corner):
    s = session(corner)
    s.clock.step()
    s.cast.take_over()
    assert s.panes[0].who == ["human"] and s.waits_for_person
    s.clock.wanted = keys.action_of(corner, {"up"})
    before = int(s.panes[0].history.state.y[0, 0])
    s.clock.step()
    assert s.panes[0].history.actions[1].tolist() == [UP]
    assert int(s.panes[0].history.state.y[0, 0]) in (before, before - 1)
    s.cast.take_over()
    assert s.panes[0].who == ["expert:cheese"]


def test_held_keys_mean_the_action_that_uses_most_of_them(corner):
    run = load("coinrun")
    assert run.actions[keys.action_of(run, {"up", "right"})] == "jump right"
    assert run.actions[keys.action_of(run, {"left"})] == "left"
    assert run.actions[keys.action_of(run, {"down"})] == "stay"
    assert corner.actions[keys.action_of(corner, {"down"})] == "down"


def test_everybody_is_offered_and_a_stranger_is_refused(corner):
    s = session(corner, agent=RandomPolicy)
    assert s.cast.names() == ["agent", "expert:cheese", "expert:corner", "random", "human"]
    with pytest.raises(UserError, match="'nobody'"):
        s.cast.appoint("nobody")
    for _ in range(4):
        s.cast.compare()
    assert len(s.panes) == 1


# editing


def test_an_edit_holds_from_here_on_and_can_be_taken_back(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    s.clock.step()
    s.clock.step()
    kept = [pane.history.state.tobytes() for pane in s.panes]
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    at = next(c for c in free.tolist() if all(p.history.state.y[0, 0] != c[0] for p in s.panes))
    assert s.editor.paint(*at, 1) and s.edited
    for pane in s.panes:
        assert pane.history.state.tiles[0, at[0], at[1]] == 1
        pane.history.go(1)
        assert pane.history.state.tiles[0, at[0], at[1]] != 1, "the past is as it was"
        pane.history.go(2)
        assert pane.history.state.tiles[0, at[0], at[1]] == 1
    s.editor.undo()
    assert [pane.history.state.tobytes() for pane in s.panes] == kept and not s.edited
    s.editor.redo()
    assert s.edited and all(pane.history.state.tiles[0, at[0], at[1]] == 1 for pane in s.panes)
    s.editor.undo()
    s.editor.paint(*next(c for c in free.tolist() if c != at and c[0] != at[0]), 1)
    s.editor.redo()
    assert s.message == "nothing to be done again", "a new edit is another future"


def test_what_would_break_a_level_is_refused_in_words(corner):
    s = session(corner)
    record = s.panes[0].history.state[0]
    before = s.panes[0].history.state.tobytes()
    assert (
        not s.editor.paint(int(record.y[0]), int(record.x[0]), 1)
        and "mouse stands there" in s.message
    )
    assert not s.editor.paint(40, 2, 1) and "outside" in s.message
    assert not s.editor.move(0, 0, 0) and "wall" in s.message
    assert s.panes[0].history.state.tobytes() == before and not s.editor.made


def test_a_dragged_mouse_starts_elsewhere_in_all_panes_but_later_in_one(corner):
    s = session(corner, ("expert:cheese", "expert:corner"))
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    assert s.editor.move(0, *free[0].tolist())
    assert all(pane.history.state.y[0, 0] == free[0, 0] for pane in s.panes)
    s.clock.step()
    assert s.editor.move(0, *free[-1].tolist())
    assert s.panes[0].history.state.y[0, 0] == free[-1, 0] != s.panes[1].history.state.y[0, 0]


def test_facts_tell_what_can_be_met_and_what_was_never_trained_on(corner):
    def told(s):
        wait(lambda: s.facts.now() and not s.facts.stale)
        return s.facts.now()

    s = Session(Source(corner, 3, "train"), ("expert:cheese",))
    facts = told(s)
    assert facts["solvable"].startswith("yes, in") and facts["in training"].startswith("yes")
    y, x = (int(v) for v in np.argwhere(s.panes[0].history.state.tiles[0] == 2)[0])
    assert s.editor.paint(y, x, 0)
    facts = told(s)
    assert facts["solvable"] == "no way found" and facts["in training"].startswith(
        "no: never floor at (1, 11)"
    )
    s.restart()
    assert s.facts.now()["solvable"] == "..."
    assert told(s)["in training"].startswith("yes"), "the same level again is looked at again"


# what policies think


def test_arrows_point_where_the_expert_would_go(corner):
    s = session(corner)
    states = state.copy(s.panes[0].history.state)
    maps = thoughts.think(corner, Expert(corner, "cheese"), states, 0, {"arrows", "plan"})
    y, x = (int(v) for v in np.argwhere(states.tiles[0] == 2)[0])
    beside = [
        (dy, dx)
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))
        if states.tiles[0, y + dy, x + dx] == 0
    ]
    for dy, dx in beside:
        assert maps.arrows[y + dy, x + dx].tolist() == [-dy, -dx]
    assert np.isnan(maps.arrows[0, 0]).all()
    assert maps.plan[0].tolist() == [states.y[0, 0], states.x[0, 0]] and maps.plan[-1].tolist() == [
        y,
        x,
    ]


def test_saliency_is_how_a_cell_moves_the_likeliest_action(corner):
    """A policy that heeds one cell only: whether a wall is to its right."""

    class Heeds(Policy):
        remembers = False

        can, layers = frozenset({"value"}), {}

        def think(self, obs, states, fresh, layers=()):
            blocked = obs[:, 0, row, column] == 2  # the symbol of the tile "wall"
            chances = np.where(
                blocked[:, None], (0.0, 0.6, 0.1, 0.1, 0.2), (0.0, 0.1, 0.1, 0.1, 0.7)
            )
            return Thought(
                np.log(chances[:, None] + 1e-300), np.where(blocked, 0.25, 0.75)[:, None]
            )

        def seen(self, obs, states):
            return obs

        def act(self, obs, states, fresh):
            return self.think(obs, states, fresh).logits.argmax(-1)

    states = state.copy(level_of(corner, 3, "deploy"))
    free = np.argwhere(states.tiles[0] == 0)
    y, x = next((int(y), int(x)) for y, x in free if states.tiles[0, y, x + 1] == 0)
    states.y[0, 0], states.x[0, 0] = y, x
    row, column = (corner.view[0] // 2, corner.view[1] // 2 + 1) if corner.centred else (y, x + 1)
    told = thoughts.think(corner, Heeds(), states, 0, {"saliency", "value", "arrows"})
    moved = told.saliency.cells
    assert told.saliency.action == RIGHT and told.saliency.chance == pytest.approx(0.7)
    assert moved[y, x + 1] == pytest.approx(0.5), (
        "a wall there would make it half as likely again less"
    )
    assert np.isnan(moved[y, x]) and np.nansum(np.abs(moved)) == pytest.approx(0.5), (
        "no other cell matters"
    )
    assert told.worth == 0.75 and told.chances.sum() == pytest.approx(1)
    assert np.nanmax(told.value) == 0.75 and np.isnan(told.value[0, 0])
    states.tiles[0, y, x + 1] = 1
    told = thoughts.think(corner, Heeds(), states, 0, {"saliency"})
    assert told.saliency.action == UP and told.saliency.cells[y, x + 1] == pytest.approx(0.5)


def test_saliency_of_a_crop_lies_on_the_cells_that_are_seen():
    world = load("coinrun")

    class Even(Policy):
        remembers = False
        can, layers = frozenset(), {}

        def think(self, obs, states, fresh, layers=()):
            return Thought(np.zeros((len(obs), 1, len(world.actions))))

        def seen(self, obs, states):
            return obs

    states = level_of(world, 1, "deploy")
    cells = thoughts.saliency(world, Even(), states, 0).cells
    s, (high, wide) = states[0], world.view
    for y, x in np.argwhere(~np.isnan(cells)).tolist():
        assert (
            -(high // 2) <= y - s.y[0] < high - high // 2
            and -(wide // 2) <= x - s.x[0] < wide - wide // 2
        )
        assert y < s.h and x < s.w and (y, x) != (s.y[0], s.x[0]) and cells[y, x] == 0
    assert (~np.isnan(cells)).sum() > 20


def test_what_an_agent_sees_in_pictures_is_hidden_patch_by_patch(corner):
    class Gazer(Policy):
        """Goes right if the upper left patch is darker than the rest."""

        remembers = False

        def seen(self, obs, states):
            picture = np.full((len(states), 1, 32, 32, 3), 200, np.uint8)
            picture[:, :, :8, :8] = 10
            return picture

        can = frozenset()
        layers = MappingProxyType({})

        def think(self, obs, states, fresh, layers=()):
            obs = obs if obs.ndim == 5 else self.seen(obs, states)
            dark = obs[:, 0, :8, :8].mean((1, 2, 3)) < obs[:, 0, 8:, 8:].mean((1, 2, 3)) - 20
            right = np.where(dark, 1000.0, -1000.0)  # surely, or surely not
            logits = np.stack([*[np.zeros(len(obs))] * 4, right], -1)
            return Thought(logits[:, None])

    told = thoughts.think(corner, Gazer(), level_of(corner, 3), 0, {"saliency"}).saliency
    assert told.cells is None and told.patches.shape == (4, 4)
    assert told.patches[0, 0] == 1.0 and told.patches.sum() == 1.0


# keeping


def test_the_code_of_an_edited_episode_plays_it_from_the_edit_on(corner):
    s = session(corner)
    s.clock.step()
    s.clock.step()
    free = np.argwhere(corner.solid[s.panes[0].history.state.tiles[0]] == 0)
    s.editor.move(0, *free[0].tolist())
    s.clock.step()
    s.clock.step()
    states = Replay.from_code(s.keeping.replay().code()).states(corner)
    assert len(states) == 3 and states[-1].tobytes() == s.panes[0].history.state[0].tobytes()
    again = open.open_session(s.keeping.replay().code())
    again.go(2)
    assert again.panes[0].history.state.tiles.tobytes() == s.panes[0].history.state.tiles.tobytes()
    assert again.panes[0].who == ["recorded"]
    again.playing = True
    again.clock.tick(0.0)
    again.clock.tick(5.0)
    assert not again.playing, "a recording ends"


@pytest.mark.parametrize("suffix", [".toml", ".txt", ".jsonl", ".npz", ".tmj", ".tmx", ".png"])
def test_levels_of_every_kind_open_and_are_written_back(corner, tmp_path, suffix):
    path = tmp_path / f"a level{suffix}"
    formats.write(formats.Levels(corner, level_of(corner, 9, "deploy"), [""]), path)
    s = open.open_session(str(path), world="corner")
    assert s.source.start.tiles.tobytes() == level_of(corner, 9, "deploy").tiles.tobytes()
    assert s.panes[0].who == ["checkpoint"], "the agent that ships plays levels of its world"
    free = np.argwhere(corner.solid[s.source.start.tiles[0]] == 0).tolist()
    at = next(c for c in free if c != [s.source.start.y[0, 0], s.source.start.x[0, 0]])
    edited = open.edit_session(path, "corner")
    assert edited.editor.paint(*at, 1) and edited.keeping.write_back() == path
    assert formats.read(path, corner).states.tiles[0][tuple(at)] == 1
    assert not edited.source.shelf.changed(), "what it wrote itself is no news"
    edited.clock.step()
    with pytest.raises(UserError, match="step 0"):
        edited.keeping.write_back()


def test_one_of_many_levels_is_edited_and_the_others_stay(corner, tmp_path):
    path = tmp_path / "many.toml"
    states = np.concatenate([level_of(corner, k) for k in range(3)]).view(np.recarray)
    formats.write(formats.Levels(corner, states, ["a", "b", "c"]), path)
    s = open.edit_session(path, None, 2)
    assert (
        s.source.start.tiles.tobytes() == states.tiles[1].tobytes()
        and s.source.shelf.title() == "many.toml 2 of 3 (b)"
    )
    y, x = np.argwhere(states.tiles[1] == 1)[20].tolist()
    assert s.editor.paint(y, x, 0)
    s.keeping.write_back()
    found = formats.read(path)
    assert found.names == ["a", "b", "c"] and found.states.tiles[1, y, x] == 0
    for k in (0, 2):
        assert found.states[k].tobytes() == states[k].tobytes()
    s.next_level()
    assert s.source.start.tiles.tobytes() == states.tiles[2].tobytes()
    s.next_level()
    assert s.source.start.tiles.tobytes() == states.tiles[0].tobytes()
    with pytest.raises(UserError, match="no number 4"):
        open.edit_session(path, None, 4)


def test_a_legend_is_not_thrown_away(corner, tmp_path):
    path = tmp_path / "chance.toml"
    text = level.show(corner, level_of(corner, 1))
    at = text.rindex(".")
    path.write_text(f'{text[:at]}?{text[at + 1 :]}[legend]\n"?" = ["floor", "wall"]\n')
    s = open.edit_session(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="legend"):
        s.keeping.write_back()
    assert path.read_bytes() == before


def test_a_new_file_is_begun_only_where_its_world_is_known(tmp_path):
    path = tmp_path / "new.toml"
    with pytest.raises(UserError, match="--world"):
        open.edit_session(path)
    with pytest.raises(UserError, match=r"ends in \.toml"):
        open.edit_session(tmp_path / "new.doc", "corner")
    s = open.edit_session(path, "corner", seed=4)
    assert not path.exists() and s.keeping.write_back() == path
    assert formats.read(path).states.tiles.tobytes() == s.source.start.tiles.tobytes()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"world = 'corner'\nmap = 3", b"\xff\xfe", b"[[[[", b"world = 'keys'\nmap = ''"],
)
def test_a_level_that_is_written_meanwhile_is_read_again_and_garbage_is_not(
    corner, tmp_path, garbage
):
    path = tmp_path / "fork.toml"
    path.write_text(level.show(corner, level_of(corner, 1)))
    s = open.open_session(str(path))
    s.clock.step()
    s.reread()
    assert s.t == 1 and not s.message, "nothing has changed"
    path.write_text(level.show(corner, level_of(corner, 2)))
    s.reread()
    assert (
        s.t == 0
        and s.source.start.tiles.tobytes() == level_of(corner, 2).tiles.tobytes()
        and "again" in s.message
    )
    s.clock.step()
    path.write_bytes(garbage)
    s.reread()
    assert (
        s.message.startswith("the old level stays:")
        and "fork.toml" in s.message
        and "\n" not in s.message
    )
    assert s.t == 1 and s.source.start.tiles.tobytes() == level_of(corner, 2).tiles.tobytes()
    s.message = ""
    s.reread()
    assert not s.message, "it is said once"
    path.unlink()
    s.reread()
    assert s.t == 1 and not s.message
    path.write_text(level.show(corner, level_of(corner, 3)))
    s.reread()
    assert s.source.start.tiles.tobytes() == level_of(corner, 3).tiles.tobytes()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"world = 'corner'\nmap = '''\n###\n'''", "shows 0 of 1 mouse"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"map = 'x'", "--world"),
        (b"world = './evil.py'\nmap = ''", "--world"),
        (b"[[[", "level.toml:1"),
        (b"", "--world"),
    ],
)
def test_garbage_for_a_level_is_refused_in_a_line(tmp_path, text, told):
    path = tmp_path / "level.toml"
    path.write_bytes(text)
    with pytest.raises(UserError, match=told) as fault:
        open.open_session(str(path))
    assert "\n" not in str(fault.value)


def test_a_session_says_how_to_see_it_again(corner, tmp_path):
    s = session(corner)
    s.dials.set("density", 0.2)
    s.dials.set("alpha", 0)
    assert s.keeping.command() == "goalshift watch corner --seed 3 --split deploy", (
        "sliders hold from the next reset on"
    )
    assert s.source.origin == "seed 3 · deploy"
    s.dials.set("alpha", 1)
    s.restart()
    assert (
        s.keeping.command() == "goalshift watch corner --world.density 0.2 --seed 3 --split deploy"
    )
    path = tmp_path / "x.toml"
    path.write_text(level.show(corner, level_of(corner, 1)))
    opened = open.open_session(str(path))
    assert opened.keeping.command() == f"goalshift watch {path}"
    opened.editor.paint(*np.argwhere(opened.source.start.tiles[0] == 1)[20].tolist(), 0)
    assert opened.keeping.command().startswith("goalshift watch GM1."), (
        "an edited level is on no disk"
    )
    assert open_file.Shelf(path).title() == "x.toml"


def test_sliders_hold_from_the_next_reset_on(corner):
    s = session(corner)
    start = s.source.start.tobytes()
    s.dials.set("alpha", 0.004)
    assert s.source.split == "train" and s.source.start.tobytes() == start
    s.dials.set("density", 0.0)
    s.restart()
    assert (s.source.start.tiles[0, 1:-1, 1:-1] != 1).all() and s.source.start.tiles[0, 1, 11] == 2
    with pytest.raises(UserError):
        s.dials.set("region", 99)


def test_a_world_that_is_set_otherwise_is_made_once(corner):
    """All pictures and compiled rules are kept by world: a new one at every reset would fill them."""
    s = session(corner)
    s.restart()
    assert s.world is corner
    s.dials.set("density", 0.2)
    s.restart()
    tuned = s.world
    s.next_level()
    assert tuned is s.world is not corner and s.source.start.tiles.size
    s.dials.set("density", 0.3)
    s.restart()
    assert s.world is not tuned


def played(s, steps=24):
    """What the first pane's learners do from here on."""
    t = s.t
    for _ in range(steps):
        s.clock.step()
    return np.array(s.pane.history.actions[t:])


def test_learned_agents_draw_otherwise_at_once(corner):
    s = open.open_session("corner", 3)
    assert [dial[:2] for dial in s.dials.of_agents()] == [("epsilon", 0.0), ("temperature", 1.0)]
    agent = s.cast.policy("checkpoint")
    drawn = played(s)
    states = [s.pane.history.at(t) for t in range(len(drawn))]
    asked = [(observed(corner, there), there, np.array([t == 0])) for t, there in enumerate(states)]
    assert all((agent.act(*ask)[0] == did).all() for ask, did in zip(asked, drawn, strict=True))
    s.go(4)
    s.dials.set("temperature", 0.0)
    assert s.ends > 4 and s.pane.history.ends == 4, "the expert beside it keeps what it did"
    assert (
        "from step 4 on" in s.message
        and s.cast.label(s.pane) == "the learned agent (temperature 0)"
    )
    assert s.cast.label(s.panes[0]) == "expert that wants to eat the cheese"
    s.go(0)
    s.dials.set("temperature", 0.5)
    s.dials.set("temperature", 0.0)
    greedy = played(s)
    for t, did in enumerate(greedy):
        there = s.pane.history.at(t)
        logits = agent.think(observed(corner, there), there, np.ones(1, bool)).logits
        assert (logits[0].argmax(-1) == did).all()
    s.go(0)
    s.dials.set("temperature", 1.0)
    assert (played(s) == drawn).all() and s.cast.label(s.pane) == "the learned agent"


def test_random_actions_are_the_same_however_often_they_are_drawn(corner):
    s = open.open_session("corner", 3)
    drawn = played(s)
    s.go(0)
    s.dials.set("epsilon", 7)
    assert s.sampling.epsilon == 1.0
    wild = played(s, 60)
    there = s.pane.history.state.tobytes()
    assert len(np.unique(wild)) == len(corner.actions) and np.bincount(wild[:, 0]).max() < 30
    assert (wild[: len(drawn)] != drawn).any()
    s.go(20)
    s.dials.set("epsilon", 0.0)
    s.dials.set("epsilon", 1.0)
    assert s.ends == 20
    assert (played(s, 40) == wild[20:]).all() and s.pane.history.state.tobytes() == there
    s.restart()
    assert s.sampling.epsilon == 1.0 and (played(s, 60) == wild).all()
    again = Replay.from_code(s.keeping.replay().code())
    assert (again.states(corner)[-1:].tobytes() == there) and (
        np.array(again.actions) == wild
    ).all()
    vec = Vec(corner, 400, "deploy", 5)
    vec.reset()
    agent = s.cast.policy("checkpoint")
    usual = agent.act(vec.obs, vec.states, vec.fresh)
    agent.loosen(1.0, 0.5)
    other = agent.act(vec.obs, vec.states, vec.fresh) != usual
    assert 0.3 < other.mean() < 0.5, "half are drawn at random, a fifth of them as they were"


def test_the_chances_that_are_shown_are_those_it_acts_by(corner):
    s = open.open_session("corner", 3)
    agent, states = s.cast.policy("checkpoint"), s.pane.history.state
    seen, fresh = observed(corner, states), np.ones(1, bool)

    def chances() -> np.ndarray:
        return agent.sampling.chances(agent.think(seen, states, fresh).logits)

    usual, worth = chances(), agent.think(seen, states, fresh).value
    agent.loosen(0.0, 0.0)
    assert chances().tolist() == np.eye(5)[usual.argmax(-1)].tolist()
    agent.loosen(0.0, 1.0)
    assert (chances() == 0.2).all() and agent.think(seen, states, fresh).value == worth
    agent.loosen(4.0, 0.0)
    hot = chances()
    assert usual.max() > hot.max() > 0.2 and abs(hot.sum() - 1) < 1e-12
    s.dials.set("temperature", 0.0)
    wait(lambda: s.insight.of(s.pane, {"chances"}).chances is not None)
    assert s.pane.thoughts.chances.tolist() == np.eye(5)[usual[0, 0].argmax()].tolist()


def test_dials_leave_recordings_and_people_alone(corner):
    made = session(corner, ("random",))
    assert made.dials.of_agents() == [], "nobody here has learned"
    played(made, 6)
    s = open.open_session(made.keeping.replay().code())
    s.dials.set("epsilon", 0.5)
    assert s.ends == 6 and s.cast.label(s.panes[0]) == "recorded: random moves"


# the terminal


def test_the_terminal_prints_an_episode_where_there_is_no_terminal():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "goalshift",
            "watch",
            "corner",
            "--seed",
            "3",
            "--terminal",
            "--split",
            "train",
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = done.stdout.split("Cheese in the corner")[1:]
    assert (
        len(pages) > 3
        and "eat the cheese 1" in pages[-1]
        and "over" in pages[-1]
        and "\x1b" not in done.stdout
    )


def test_text_shows_the_same_cells_with_and_without_colour(corner):
    s = session(corner)
    plain, colour = (terminal.board(corner, s.source.start, c) for c in (False, True))
    assert plain == [
        " ".join(line) + " " for line in level.sketch(corner, s.source.start).splitlines()
    ]
    assert all("\x1b[48;2;" in line and line.endswith(terminal.RESET) for line in colour)
    for action in (
        "play",
        "forward",
        "back",
        "faster",
        "end",
        "take",
        "compare",
        "who",
        "again",
        "next",
    ):
        terminal.do(s, action)
    assert terminal.pressed_keys("\x1b[Aq.") == ["\x1b[A", "q", "."]
    out = io.StringIO()
    with pytest.raises(UserError, match="terminal"):
        terminal.watch(session(corner, ("human",)), out=out)


def test_the_documentation_has_the_same_keys(capsys):
    assert main(["watch", "--help"]) == 0
    told = capsys.readouterr().out
    for key in keys.KEYS:
        assert key.words in told
    assert len({key.action for key in keys.KEYS}) == len(keys.KEYS)
