"""Sets of levels: every level is what was required, refusals are counted, and workers change
nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.agents.designing import survey
from goalshift.agents.designing.check_level import candidate_seeds
from goalshift.agents.designing.draw import DOUBLE, KEPT, LATE, Cursor, Names, batch, draw
from goalshift.agents.designing.levelset import LevelSet
from goalshift.agents.designing.order import order_for
from goalshift.agents.designing.parting import agreement
from goalshift.agents.designing.store import gather, read_index
from goalshift.agents.policies.expert import optimum
from goalshift.engine import check, files, grid, layout, shapes, state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError
from goalshift.engine.levels.folder import INDEX
from goalshift.engine.levels.kinds import npz
from goalshift.engine.levels.script import Require, Script
from goalshift.engine.levels.turned import turned
from goalshift.engine.vector import Vec

from .waiting import wait

CORNER = load("corner")
STRICT = Require(decision=True, parts=True, steps=(8, 30), distance=(5, 30), distinct="turned")
CHEESE = 2


def lane(s, p):
    """A lane with a mouse and a cheese; the mouse is off the board where the density is high."""
    layout.fill(s, 1)
    layout.box(s, 0, 1, 1, 1, s.w - 2)
    _, x = layout.free_cell(s, p, 1, 1, 1, s.w - 2)
    grid.put(s, 0, 1, x)
    _, x = shapes.cell_at(s, p, 1, x, 1, 9)
    s.tiles[1, x] = CHEESE
    if p.density > 0.9:
        s.y[0] = 40


@pytest.fixture(scope="module")
def strict():
    return batch("corner", 300, 5, require=STRICT, split="deploy")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("corner", "deploy"),
        pytest.param("island", "train", marks=pytest.mark.long),
        pytest.param("lava", "deploy", marks=pytest.mark.long),
        pytest.param("follow", "train", marks=pytest.mark.long),
        pytest.param("coinrun", "deploy", marks=pytest.mark.long),
    ],
)
def test_a_survey_agrees_with_the_experts_own_episodes(name, split):
    world = load(name)
    states = Vec(world, 12, split, seed=3).reset_states()
    before = states.tobytes()
    for goal in world.goals:
        found = survey.ways(world, goal.name, states)
        best = optimum(world, goal.name, states)
        assert np.array_equal(found.score, best.score.mean(1)) and np.array_equal(
            found.steps, best.steps.max(1)
        )
        assert (found.effort > 0).all()
        for i, actions in enumerate(survey.solve(world, states, goal.name)):
            if actions is None:
                assert found.score[i] <= 0
                continue
            rows = np.zeros((len(actions), len(states), world.learners), np.int64)
            rows[:, i] = actions
            end = survey.replay(world, states, rows)
            assert world.scores(end.totals[i])[0, world.goals.index(goal)] == found.score[i]
    assert states.tobytes() == before


def test_a_way_is_kept_only_while_all_stays_that_a_goal_looks_at():
    """Tiles alone; what is in hand or was counted, too; or where things are, which never stays."""
    kept = {}
    for name in ("corner", "island", "keys", "follow"):
        world, names = load(name), load(name).dtype.names
        fields = {-1: "nothing"} | {state.offset(world.dtype, f) // 8: f for f in names}
        for goal, spans in zip(world.goals, survey.looked_at_by(world), strict=True):
            ends = {tuple(span) for span in spans.tolist() if span[1] != 0}
            kept[goal.name] = {fields[first] for first, _ in ends}
            assert all(first == last == -1 or first < last for first, last in ends)
    alone = {goal: {"tiles"} for goal in ("cheese", "corner", "safety", "pay")}
    assert kept == alone | {
        "hurry": {"tiles", "ways", "best"}, "chests": {"tiles", "face", "totals"},
        "keys": {"tiles", "face"}, "order": {"tiles", "order", "reached"}, "partner": {"nothing"},
    }  # fmt: skip


def test_every_level_is_what_was_required(strict):
    states, world = strict.states, strict.world
    assert len(strict) == 300 and strict.tried == 300 + sum(strict.tally.values())
    check.states(world, states)
    goal, corner = (optimum(world, name, states) for name in ("cheese", "corner"))
    assert (goal.score > 0).all() and (goal.steps >= 8).all() and (goal.steps <= 30).all()
    assert np.array_equal(goal.steps[:, 0], strict.facts["steps"])
    assert (goal.actions[0] != corner.actions[0]).all()
    parted = agreement(world, states)
    assert parted.parts.all() and (parted.step == 1).all()
    assert (parted.y == states.y[:, 0]).all() and (parted.x == states.x[:, 0]).all()
    mouse, cheese = (
        np.stack([states.y[:, 0], states.x[:, 0]], 1),
        np.argwhere(states.tiles == CHEESE),
    )
    away = np.abs(mouse - cheese[:, 1:]).sum(1)
    assert np.array_equal(away, strict.facts["distance"]) and away.min() >= 5
    assert len(set(turned(world, states).tolist())) == 300
    for i in (0, 7, 299):
        solution = strict.solution(i)
        assert np.array_equal(solution, goal.actions[: goal.steps[i, 0], i])


def test_the_same_seed_gives_the_same_set_whatever_the_workers(strict):
    again = batch("corner", 300, 5, require=STRICT, split="deploy", workers=2)
    assert again.states.tobytes() == strict.states.tobytes() and np.array_equal(
        again.moves, strict.moves
    )
    assert again.tally == strict.tally and again.tried == strict.tried
    other = batch("corner", 300, 6, require=STRICT, split="deploy")
    assert not set(CORNER.fingerprints(other.states).tolist()) & set(
        CORNER.fingerprints(strict.states).tolist()
    )


def test_a_smaller_set_is_the_beginning_of_a_larger_one(strict):
    first = batch("corner", 40, 5, require=STRICT, split="deploy")
    assert first.states.tobytes() == strict.states[:40].tobytes()


@given(at=some.floats(0, 1), up_to=some.sampled_from(["same", "turned"]))
@settings(max_examples=20)
def test_training_and_test_levels_never_meet(strict, at, up_to):
    training, test = strict.split(at, up_to)
    assert len(training) + len(test) == len(strict)
    for names in (
        CORNER.fingerprints,
        lambda states: turned(CORNER, states) if up_to == "turned" else [],
    ):
        assert not set(names(training.states)) & set(names(test.states))
    assert abs(len(training) - 300 * at) < 5 * (300 * at * (1 - at)) ** 0.5 + 1
    wider, _ = strict.split(min(at + 0.1, 1.0), up_to)
    assert set(CORNER.fingerprints(training.states)) <= set(CORNER.fingerprints(wider.states))


def turn(states, k):
    """The levels flipped upside down (1), sideways (2), transposed (4); of square corner levels."""
    turned = state.copy(states)
    for bit, axis in ((1, 1), (2, 2)):
        if k & bit:
            turned["tiles"] = np.flip(turned["tiles"], axis)
            name = "y" if bit == 1 else "x"
            turned[name] = 12 - turned[name]
    if k & 4:
        turned["tiles"] = turned["tiles"].swapaxes(1, 2).copy()
        turned["y"], turned["x"] = turned["x"].copy(), turned["y"].copy()
    return turned


def test_a_name_outlives_turning_and_a_fingerprint_does_not(strict):
    name, prints = turned(CORNER, strict.states), CORNER.fingerprints(strict.states)
    for k in range(1, 8):
        other = turn(strict.states, k)
        assert np.array_equal(turned(CORNER, other), name)
        assert (CORNER.fingerprints(other) != prints).mean() > 0.95


def test_pools_are_those_of_training():
    for pool in ("train", "test"):
        made = batch("corner", 50, require=Require(pool=pool))
        mine = set(CORNER.fingerprints(made.states).tolist())
        assert f"not in the {pool} pool" in made.tally
        drawn = Vec(CORNER, 50, pool=pool, levels=made.states.seed.copy()).reset_states()
        theirs = set(CORNER.fingerprints(drawn).tolist())
        assert theirs <= mine and {fingerprint & 3 == 0 for fingerprint in mine} == {pool == "test"}


def test_a_script_is_a_plain_function_and_shares_are_kept():
    spread = ("steps", ((1, 2), (3, 4), (5, 9)))
    made = batch(
        CORNER, 31, script=lane, vary=("density", (0.1, 0.3)), spread=spread, split="train"
    )
    steps = made.facts["steps"]
    for half in (steps[:16], steps[16:]):
        counts = [(half <= 2).sum(), ((half > 2) & (half <= 4)).sum(), (half > 4).sum()]
        assert max(counts) - min(counts) <= 1
    assert (made.states.tiles == CHEESE).sum() == 31 and "its share is full" in made.tally
    easy = batch(CORNER, 20, script=Script("Lanes.", "corner", lane, order="steps", split="train"))
    assert (np.diff(easy.facts["steps"]) >= 0).all() and easy.facts["steps"][0] < easy.facts[
        "steps"
    ][-1]


def test_impossible_requests_fail_with_the_tally():
    with pytest.raises(RunError) as caught:
        batch("corner", 3, require=Require(steps=(120, 130)), tries=5000)
    text = str(caught.value)
    assert text.startswith(
        "only 0 of 3 levels found (0 of 5,000 drawn; 5,000 refused: 5,000 steps < 120)"
    )
    with pytest.raises(
        RunError, match=r"only (98|99) of 200 levels found .*, 1,?\d* a double|: 1,?\d* a double"
    ):
        batch(CORNER, 200, script=lane, split="train", tries=2000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 0}, "a set has 1 to"),
        ({"require": Require(goal="chese")}, "no goal 'chese'; did you mean 'cheese'"),
        ({"require": Require(decision=True, proxy="corners")}, "did you mean 'corner'"),
        ({"split": "alpha=0.5"}, "a set is drawn from one split"),
        ({"split": "tran"}, "did you mean 'train'"),
        ({"script": "no_such"}, "no level script 'no_such'"),
        ({"script": "./no_such.py"}, "no script file"),
        ({"script": Script("", "coinrun", lane)}, "is for world 'coinrun'"),
        ({"vary": ("densty", (0.1,))}, "did you mean 'density'"),
        ({"vary": ("density", (7.0,))}, "density"),
        ({"spread": ("hops", ((1, 2),))}, "a spread is one of"),
        ({"script": lane, "workers": 2}, "by name or file"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        batch(**{"world": "corner", "n": 3, **changes})


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": (9, 3)},
        {"steps": (-1, 3)},
        {"distinct": "yes"},
        {"pool": "tests"},
        {"effort": (0, 10**12)},
    ],
)
def test_requirements_are_checked_when_made(wrong):
    with pytest.raises(UserError):
        Require(**wrong)


def test_an_unsound_script_is_named():
    with pytest.raises(
        UserError, match="script 'script' made an unsound level: a thing stands outside"
    ):
        batch(CORNER, 3, script=lane, vary=("density", (0.1, 0.95)), split="train")


@given(some.lists(some.integers(0, 40), max_size=200))
@settings(max_examples=60)
def test_names_are_new_once(numbers):
    names, met, none = Names(), set(), np.zeros(0, np.int64)
    for k in range(0, len(numbers), 7):
        part = numbers[k : k + 7]
        called = np.array([n * 0x9E3779B97F4A7C15 % 2**64 for n in part], np.uint64)
        if k % 2:  # as when a set goes on
            names.add(called)
            met |= set(part)
            continue
        fates = names.sift(called, True, 5, none, none)
        for n, fate in zip(part, fates, strict=True):
            if fate != LATE:
                assert fate == (DOUBLE if n in met else KEPT)
                met.add(n)
        assert (fates == KEPT).sum() == 5 or LATE not in fates


def test_candidates_are_numbered_through():
    whole = candidate_seeds(3, 1, 0, 100)
    assert (
        np.array_equal(whole[40:60], candidate_seeds(3, 1, 40, 20))
        and len(set(whole.tolist())) == 100
    )
    assert not set(whole.tolist()) & set(candidate_seeds(3, 2, 0, 100).tolist())
    assert candidate_seeds(2**64 + 3, 1, 0, 5).tolist() == whole[:5].tolist()


# -- on disk


def ordered(n=9000):
    return order_for("corner", n, 2, require=Require(distinct="turned", steps=(2, 99)))


def contents(folder):
    parts = [npz.load(folder / shard["file"], CORNER) for shard in read_index(folder)["shards"]]
    return np.concatenate([states for states, _ in parts]), parts


def test_a_set_on_disk_is_the_set_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("goalshift.agents.designing.store.SHARD", 3000)
    told = gather(tmp_path / "a", *ordered())
    states, parts = contents(tmp_path / "a")
    whole = batch("corner", 9000, 2, require=Require(distinct="turned", steps=(2, 99)))
    assert states.tobytes() == whole.states.tobytes() and told["done"] and len(told["shards"]) == 3
    assert np.array_equal(np.concatenate([extra["moves"] for _, extra in parts]), whole.moves)
    assert np.array_equal(
        np.concatenate([extra["fingerprint"] for _, extra in parts]),
        CORNER.fingerprints(whole.states),
    )


def test_a_set_that_was_broken_off_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("goalshift.agents.designing.store.SHARD", 3000)
    order, source = ordered()
    gather(tmp_path / "whole", order, source)
    real, calls = files.write, []

    def full(path, content, keep=None):
        calls.append(path)
        if len(calls) == 4:  # the second file of levels
            raise RunError(f"cannot write '{path}': No space left on device")
        real(path, content, keep)

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(
        RunError, match=r"No space left.*; \d,\d{3} levels are safe in .* the same command goes on"
    ):
        gather(tmp_path / "part", order, source)
    monkeypatch.setattr(files, "write", real)
    assert not read_index(tmp_path / "part")["done"]
    gather(tmp_path / "part", order, source)
    assert contents(tmp_path / "part")[0].tobytes() == contents(tmp_path / "whole")[0].tobytes()
    assert read_index(tmp_path / "part") == read_index(tmp_path / "whole")
    with pytest.raises(UserError, match="holds another set of levels"):
        gather(tmp_path / "part", *order_for("corner", 9000, 3))


DRAWN = """
from pathlib import Path
from goalshift.agents.designing import store
from goalshift.agents.designing.order import order_for
from goalshift.agents.designing.parting import agreement
store.SHARD = 2000
if __name__ == "__main__":
    store.gather(Path("set"), *order_for("corner", 10**6, 4), workers=2)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_set_killed_half_way_is_sound_and_leaves_no_workers(tmp_path):
    (tmp_path / "drawn.py").write_text(DRAWN)
    with subprocess.Popen(
        [sys.executable, "drawn.py"], cwd=tmp_path, stderr=subprocess.DEVNULL
    ) as drawing:
        wait((tmp_path / "set" / INDEX).exists)
        workers = Path(f"/proc/{drawing.pid}/task/{drawing.pid}/children").read_text().split()
        drawing.kill()
    told = read_index(tmp_path / "set")
    states, _ = contents(tmp_path / "set")
    assert (
        len(states) == told["cursor"]["accepted"] >= 2000 and not told["done"] and len(workers) >= 2
    )
    whole = batch("corner", 3000, 4)
    assert states[:3000].tobytes() == whole.states[: len(states)].tobytes()
    wait(lambda: not any(alive(pid) for pid in workers))


def alive(pid):
    """Is there such a process, and is it no zombie that nobody has fetched?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1}', "[" * 100_000, '{"shards": [{"file": "../a"}]}']
)
def test_a_broken_index_is_refused(tmp_path, text):
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(UserError, match="no sound index"):
        read_index(tmp_path)


def test_files_outside_the_folder_are_not_opened(tmp_path):
    gather(tmp_path / "a", *order_for("corner", 5))
    told = json.loads((tmp_path / "a" / INDEX).read_text())
    told["shards"][0]["file"] = "../b.npz"
    (tmp_path / "a" / INDEX).write_text(json.dumps(told))
    with pytest.raises(UserError, match="no sound index"):
        read_index(tmp_path / "a")


def test_a_cursor_stands_behind_what_was_given():
    order, source = ordered(200)
    cursor, parts = Cursor(), []
    for part in draw(order, source, cursor, Names()):
        parts.append(part)
        assert cursor.accepted == sum(len(p.states) for p in parts)
    assert cursor.tried == cursor.accepted + sum(cursor.tally.values())
    assert isinstance(batch("corner", 2), LevelSet)
