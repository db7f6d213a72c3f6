"""Replays: the same bytes again, or a clear word about why not; no stranger's file can hurt."""

import base64
import json
import os
import re
import subprocess
import sys
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import MismatchError, RunError, UserError
from goalshift.engine.jit import rule
from goalshift.engine.replay import Replay
from goalshift.engine.replay_file import MAX_ACTIONS, inflate
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.world import Goal, Thing, Tile, World
from goalshift.engine.worth import Known, Worth
from goalshift.worlds import corner

from .bomb import zeros

CORNER, FOLLOW = load("corner"), load("follow")
SOUND = FOLLOW.train._asdict()
COMMITTED = sorted((Path(__file__).resolve().parent.parent / "recordings").glob("*.gmr"))


def random_actions(world, steps=200, seed=0):
    return np.random.default_rng(seed).integers(0, len(world.actions), (steps, world.learners))


@pytest.fixture(scope="module")
def follow_replay():
    return Replay.record(FOLLOW, 5, random_actions(FOLLOW), split="random", label="at random")


# -- the same again


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_replay_lives_again_exactly(path):
    replay = Replay.load(path)
    assert len(replay.states()) == len(replay.actions) + 1  # raises at the first step that differs


def test_every_world_has_an_intended_and_a_learned_replay_committed():
    told = {(Replay.load(path).world, path.stem.rpartition("-")[2]) for path in COMMITTED}
    assert told == {(name, side) for name in names() for side in ("intended", "learned")}


@pytest.mark.parametrize("name", names())
def test_what_is_recorded_is_what_a_batch_lived(name):
    """Episodes of a running batch, later ones of each environment too, come back bit for bit."""
    world = load(name)
    steps, n = int(world.table.horizon.max()) + 20, 3
    vec = Vec(world, n, "alpha=0.5", seed=8)
    vec.reset()
    actions = np.random.default_rng(1).integers(0, len(world.actions), (steps, n, world.learners))
    starts, lived = [state.copy(vec.states[i : i + 1]) for i in range(n)], [[] for _ in range(n)]
    done = 0
    for row in actions:
        before = state.copy(vec.states)
        vec.step(row)
        for i in range(n):
            lived[i].append((before[i].tobytes(), row[i]))
            if vec.terminated[i] or vec.truncated[i]:
                replay = Replay.record(world, starts[i], np.array([a for _, a in lived[i]]))
                again = replay.states()
                assert [s.tobytes() for s in again[:-1]] == [s for s, _ in lived[i]]
                assert np.array_equal(again.totals[-1], vec.final_totals[i])
                assert again.t[-1] == vec.final_length[i] and again.ended[-1]
                assert replay.start is None and replay.seed == vec.final_seed[i]
                starts[i], lived[i] = state.copy(vec.states[i : i + 1]), []
                done += 1
    assert done >= n


@pytest.mark.parametrize("name", names())
def test_a_file_and_a_code_hold_all_of_it(name, tmp_path):
    world = load(name)
    replay = Replay.record(world, 2**64 - 3, random_actions(world), split="deploy", episode=4)
    states = replay.states()
    replay.save(tmp_path / "a.gmr")
    for again in (Replay.load(tmp_path / "a.gmr"), Replay.from_code(replay.code())):
        assert again.states().tobytes() == states.tobytes()
        assert again.code() == replay.code()
    assert os.listdir(tmp_path) == ["a.gmr"]
    assert re.fullmatch(r"GM1\.[\w-]+", replay.code())
    assert len(replay.code()) < 1000


def test_the_episode_names_the_dice(follow_replay):
    other = Replay.record(FOLLOW, 5, random_actions(FOLLOW), split="random", episode=1)
    assert other.states()[0].tiles.tolist() == follow_replay.states()[0].tiles.tolist()
    assert other.checks[-1] != follow_replay.checks[-1]  # a partner who wanders at random


def test_steps_after_the_end_are_dropped():
    replay = Replay.record(FOLLOW, 5, random_actions(FOLLOW, 500))
    assert len(replay.actions) == FOLLOW.horizon and len(replay.states()) == FOLLOW.horizon + 1
    assert len(replay.checks) == 3  # at 0, 64 and 120


def test_no_actions_make_a_replay_of_the_level_alone():
    replay = Replay.record(CORNER, 1, np.zeros((0, 1), np.int64))
    assert Replay.from_code(replay.code()).states().tobytes() == level_of(CORNER, 1).tobytes()


def test_a_replay_may_begin_in_the_middle_and_on_a_level_made_by_hand():
    vec = Vec(FOLLOW, 1, "deploy", seed=3)
    vec.reset()
    for action in random_actions(FOLLOW, 30):
        vec.step(action[None])
    actions = random_actions(FOLLOW, 90, seed=5)
    middle = Replay.record(FOLLOW, state.copy(vec.states), actions)
    for action in actions[:89]:
        vec.step(action[None])
    states = Replay.from_code(middle.code()).states()
    assert middle.start is not None and states[89].tobytes() == vec.states[0].tobytes()

    hand = level_of(CORNER, 4, "deploy")
    hand.tiles[0, 5, 5:8] = corner.WALL
    replay = Replay.record(CORNER, hand, random_actions(CORNER, 40))
    again = Replay.from_code(replay.code())
    assert again.start is not None and again.states()[0].tobytes() == hand[0].tobytes()


def test_changed_parameters_travel_along():
    world = CORNER.with_params(region=4, density=0.1)
    replay = Replay.record(world, 6, random_actions(world), split="train")
    again = Replay.from_code(replay.code())
    assert again.params["region"] == 4 and again.params["density"] == 0.1
    assert again.states().tiles.tolist() == replay.states(world).tiles.tolist()


def test_a_replay_for_several_agents():
    world = several()
    replay = Replay.record(world, 3, random_actions(world, 20))
    again = Replay.from_code(replay.code())
    assert again.actions.shape == (20, 3)
    states = again.states(world)
    assert (np.abs(np.diff(states.y, axis=0)) + np.abs(np.diff(states.x, axis=0))).max(0).all()
    with pytest.raises(UserError, match="needs the world 'several', which goalshift does not have"):
        again.states()


def several():
    return World(
        story="Three mice.",
        size=(7, 7),
        horizon=50,
        tiles=(Tile("floor", "."), Tile("wall", "#")),
        things=(Thing("mouse", "@", agent=True, count=3),),
        actions=corner.MOVES,
        events=("e",),
        params=corner.Params,
        train=corner.Params(),
        deploy=corner.Params(anywhere=1),
        intended=Goal("e", {"e": 1}),
        generate=empty,
        step=wander,
        name="several",
    )


@rule
def empty(s, p):
    for me in range(3):
        corner.grid.put(s, me, 3, 3)


@rule
def wander(s, p, me, act):
    corner.grid.walk(s, p, me, act)


# -- not the same


def test_a_difference_is_named_with_its_step_and_ends_the_program_with_3(follow_replay):
    for k, step in enumerate((0, 64, 120)):
        checks = list(follow_replay.checks)
        checks[k] ^= 1
        wrong = replace(follow_replay, checks=tuple(checks))
        message = rf"^replay differs at step {step} \(recorded by 0.*, played by 0.*\)$"
        with pytest.raises(MismatchError, match=message):
            Replay.from_code(wrong.code()).states()
    assert MismatchError("").exit_code == 3
    totals = replace(follow_replay, totals=((9, 9, 9), (9, 9, 9)))
    with pytest.raises(MismatchError, match="its event totals are wrong"):
        totals.states()
    actions = follow_replay.actions.copy()
    actions[70] = (actions[70] + 1) % 5
    with pytest.raises(MismatchError, match="at step 120"):
        replace(follow_replay, actions=actions).states()


def changed(replay, **changes):
    """The code of a replay whose header says something else, as a stranger might write it."""
    header = json.loads(replay._header()) | changes
    header = {key: value for key, value in header.items() if value != "LEFT OUT"}
    return pack(json.dumps(header).encode() + b"\n" + replay._packed())


def pack(data):
    return "GM1." + base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"world": "nowhere"}, "needs the world 'nowhere', which goalshift does not have"),
        ({"world": "../worlds/follow.py"}, "the world's name is not a name"),
        ({"world": "./follow.py"}, "the world's name is not a name"),
        ({"world": 3}, "world is not a short text"),
        ({"version": 7}, "version 7 of the world 'follow', and version 0 is installed: update"),
        ({"format": 4}, "format 4 is newer than this goalshift reads"),
        ({"format": 2}, "unknown key 'record'"),
        ({"format": 2, "record": "LEFT OUT"}, "lacks 'known'"),
        ({"format": 1, "record": "LEFT OUT", "known": {}}, "unknown key 'known'"),
        ({"record": "LEFT OUT"}, "lacks 'record'"),
        ({"record": -1}, "record is not a whole number"),
        ({"format": "1"}, "names no format"),
        ({"params": {}}, "lacks the parameter 'partner'"),
        ({"params": {**SOUND, "x": 1}}, "no parameter 'x'"),
        ({"params": {**SOUND, "spheres": 10**9}}, "'spheres' .* must be 3 to 5"),
        ({"params": {**SOUND, "spheres": 5.5}}, "must be a whole number"),
        ({"params": {**SOUND, "partner": [0]}}, "parameter 'partner' is not a"),
        ({"params": {**SOUND, "partner": True}}, "parameter 'partner' is not a"),
        ({"seed": -1}, "either a seed or a start state"),
        ({"seed": 2**64}, "seed is not a whole number"),
        ({"seed": 1.5}, "seed is not a whole number"),
        ({"episode": -1}, "episode is not a whole number"),
        ({"start": "AAAA"}, "either a seed or a start state"),
        ({"start": "AAAA", "seed": -1}, "cannot be unpacked"),
        ({"start": 3, "seed": -1}, "its start state is not sound"),
        ({"learners": 2}, "damaged: 120 actions where 240"),
        ({"learners": 5, "steps": 24, "checks": ["0" * 16] * 2}, "acts for 5 agents"),
        ({"learners": 0}, "lengths are not sound"),
        ({"steps": 10**12}, "lengths are not sound"),
        ({"steps": "120"}, "lengths are not sound"),
        ({"checks": []}, "checksums are not sound"),
        ({"checks": ["0" * 16] * 2 + ["0" * 15]}, "checksums are not sound"),
        ({"checks": ["0" * 16] * 2 + [0]}, "checksums are not sound"),
        ({"totals": [[0, -1]]}, "event totals are not sound"),
        ({"totals": 3}, "event totals are not sound"),
        ({"label": "x" * 201}, "label is not a short text"),
        ({"label": "two\nlines"}, "plain text"),
        ({"label": "\x1b[31m"}, "plain text"),
        ({"engine": None}, "engine is not a short text"),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"label": "LEFT OUT"}, "lacks 'label'"),
    ],
)
def test_an_unsound_header_is_refused_in_one_clear_line(follow_replay, changes, message):
    Replay.from_code(changed(follow_replay)).states()  # sound but for the one change
    with pytest.raises(UserError, match=message) as caught:
        Replay.from_code(changed(follow_replay, **changes)).states()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def with_start(**fields):
    """The code of a replay that begins on a state with these fields."""
    start = state.copy(level_of(FOLLOW, 3))
    replay = Replay.record(FOLLOW, 3, random_actions(FOLLOW, 5))
    for name, value in fields.items():
        start[name] = value
    text = base64.b64encode(zlib.compress(start.tobytes())).decode()
    return changed(replay, seed=-1, start=text)


@pytest.mark.parametrize(
    "fields",
    [
        {"y": 10**6},
        {"x": -1},
        {"h": 12},
        {"w": 0},
        {"tiles": 7},
        {"face": 99},
        {"alive": 2},
        {"alive": 0},
        {"t": -1},
        {"ended": 3},
        {"totals": -5},
        {"events": 2**62},
        {"draws": 2**63},
        {"order": 99},
        {"reached": 6},
        {"heading": -1},
        {"padding": 1},
        {"episode": -1},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_start_state_is_checked_before_a_rule_sees_it(fields):
    with pytest.raises(UserError, match="start state is not sound"):
        Replay.from_code(with_start(**fields)).states()


def test_the_row_of_a_strangers_start_state_does_not_matter():
    with pytest.raises(MismatchError):  # its checksums are another level's, but nothing breaks
        Replay.from_code(with_start(row=10**6, seed=9)).states()


def test_an_action_out_of_range_is_refused(follow_replay):
    actions = follow_replay.actions.copy()
    actions[3] = 200
    with pytest.raises(UserError, match=r"an action that 'follow' lacks \(0..4\)"):
        Replay.from_code(replace(follow_replay, actions=actions).code()).states()
    with pytest.raises(UserError):
        Replay.record(FOLLOW, 1, np.full((3, 1), -1))
    with pytest.raises(UserError):
        Replay.record(FOLLOW, 1, np.full(3, 1))
    with pytest.raises(UserError):
        Replay.record(FOLLOW, level_of(CORNER, 0), np.full((3, 1), 1))


HEADER = b'{"format":1,"seed":'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no header"),
        (b"{}\n", "names no format"),
        (b"[1]\n", "its header is not a table"),
        (b"{" * 100_000 + b"\n", "its header:1:2: expecting property name"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (HEADER + b"NaN}\n", "its header: NaN is no number"),
        (HEADER + b"-Infinity}\n", "its header: -Infinity is no number"),
        (HEADER + b"1e999}\n", "too large"),
        (HEADER + b"1" * 5000 + b"}\n", "a number of more than 20 digits"),
        (b'{"format":1,"format":1}\n', "a key is given twice"),
        (b"\xff\xfe{}\n", "its header is not text"),
        (b'{"format":1}' + b" " * 1_000_001 + b"\n", "longer than 1000000 bytes"),
        (b"\n" + b"\0" * 6_000_000, "unpacks to more than"),
    ],
)
def test_what_is_not_a_replay_is_refused(data, message):
    with pytest.raises(UserError, match=message) as caught:
        Replay.from_code(pack(data))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "GM1.", "GM1.%%%", "GM2.abcd", "GM1.é", "GM1.abcde", "x" * 10**6]
)
def test_what_is_not_a_code_is_refused(text):
    with pytest.raises(UserError, match=r"^replay code: "):
        Replay.from_code(text)


def test_a_bomb_is_refused_before_it_is_unpacked():
    """1 GB of zeros in 1 MB."""
    bomb = zeros(1024)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="unpacks to more than"):
            inflate(bomb, MAX_ACTIONS)
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_ACTIONS
    finally:
        tracemalloc.stop()


def test_broken_files_are_refused_by_name(tmp_path, follow_replay):
    whole = tmp_path / "whole.gmr"
    follow_replay.save(whole)
    data = whole.read_bytes()
    broken = tmp_path / "broken.gmr"
    for cut in (0, 1, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:cut])
        with pytest.raises(UserError, match=re.escape(str(broken))):
            Replay.load(broken)
    broken.write_bytes(data + b"more")
    with pytest.raises(UserError, match="something follows it"):
        Replay.load(broken)
    with broken.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UserError, match="at most 4,000,000 are read"):
        Replay.load(broken)
    for path, message in ((tmp_path / "missing.gmr", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(UserError, match=message):
            Replay.load(path)


KNOWN = Known("deploy", {"order": Worth(-1.5, 5.0)}, role="learned", seeds=3)


@pytest.mark.parametrize(
    ("world", "known", "form"),
    [(CORNER, None, 1), (CORNER, KNOWN, 2), (FOLLOW, None, 3), (FOLLOW, KNOWN, 3)],
)
@given(at=some.integers(0, 10_000), byte=some.integers(0, 255))
@settings(max_examples=100)
def test_one_changed_byte_never_passes_for_the_recorded_episode(world, known, form, at, byte):
    """It is refused, differs at some step, or changes only words that no state depends on."""
    replay = Replay.record(world, 5, random_actions(world, 20), label="a b", known=known)
    assert replay._header().startswith(b'{"format":%d,' % form)
    data = bytearray(replay._header() + b"\n" + replay._packed())
    data[at % len(data)] = byte
    try:
        states = Replay.from_code(pack(bytes(data))).states()
    except (UserError, MismatchError):
        return
    assert states.tobytes() == replay.states().tobytes()


def test_a_failed_save_leaves_nothing_behind(tmp_path, follow_replay, monkeypatch):
    path = tmp_path / "a.gmr"
    follow_replay.save(path)
    before = path.read_bytes()

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(RunError, match=r"cannot write .*a\.gmr.: no space left on device"):
        follow_replay.save(path)
    assert os.listdir(tmp_path) == ["a.gmr"] and path.read_bytes() == before
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"cannot write .*a\.gmr"):
        follow_replay.save(tmp_path / "no folder" / "a.gmr")


def test_plain_python_plays_what_compiled_rules_recorded(follow_replay):
    """The same replay in a process without the compiler: checksums and all."""
    code = (
        "import sys; from goalshift.engine.replay import Replay; "
        "print(len(Replay.from_code(sys.argv[1]).states()))"
    )
    short = Replay.record(FOLLOW, 5, random_actions(FOLLOW, 70), split="random")
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    out = subprocess.run(
        [sys.executable, "-c", code, short.code()], capture_output=True, text=True, env=environment
    )
    assert out.stdout.strip() == "71", out.stderr
