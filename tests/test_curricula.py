"""Curricula: a buffer of three levels, worlds with two arms, known regret; nothing held out is met."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch

from goalshift.agents.learning import replay
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.curricula.ncc import Adversary, project
from goalshift.agents.learning.curricula.paired import Paired, Seat
from goalshift.agents.learning.curriculum import CURRICULA
from goalshift.agents.learning.designer import Designer
from goalshift.agents.learning.hooks import Rollout
from goalshift.agents.learning.level_buffer import Buffer, Priority, units
from goalshift.agents.learning.lineage import MOST, Lines
from goalshift.agents.learning.ppo import Learner, advantages, resolve
from goalshift.agents.learning.replay import AGAIN, CHILD, NEW, Replay, shares
from goalshift.agents.learning.run import save
from goalshift.agents.learning.scores import Lived, ideals, score_of, shortfall
from goalshift.agents.showing.ancestry import ancestry, line_of
from goalshift.agents.showing.contrast import FilmPlan
from goalshift.engine import grid, layout, rng, state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.kernels import TEST, in_pool
from goalshift.engine.levels.edit import choices, chosen, mutate
from goalshift.engine.vector import Vec
from goalshift.engine.world import Goal, Thing, Tile, World

SMALL = {
    "envs": 16, "rollout": 8, "minibatch": 64, "first": 16, "width": 16,
    "threads": 1, "device": "cpu", "precision": "fp32",
}  # fmt: skip
CORNER = load("corner")
README = Path(replay.__file__).parent / "curricula" / "README.md"


class Nothing(NamedTuple):
    unused: int = 0


@rule
def lay(s, p):
    """An arm that is easy or hard, and a row of lamps that makes every level another."""
    layout.fill(s, 0)
    grid.put(s, 0, 1, 0)
    s.tiles[0, 0] = rng.between(s, 1, 2)
    for x in range(8):
        s.tiles[2, x] = rng.between(s, 1, 2)


@rule
def pull(s, p, me, act):
    s.events[me, 1] += 1
    if s.tiles[0, 0] == 1 or act == 2:  # easy: whatever is done; hard: the last action alone
        s.events[me, 0] += 1


@rule
def know(s, p, me):
    return 2


ARMS = World(
    name="arms", story="arms", size=(3, 8), horizon=5, actions=("stay", "one", "two"),
    tiles=(Tile("floor", "."), Tile("easy", "e"), Tile("hard", "h")),
    things=(Thing("mouse", "@", agent=True),), events=("won", "over"), params=Nothing,
    train=Nothing(), deploy=Nothing(), generate=lay, step=pull, ends_on=("over",),
    intended=Goal("won", {"won": 1.0}, plan=know),
)  # fmt: skip


def learner(world="corner", updates=0, **options):
    made = Learner(load(world), resolve(configure(world, **{**SMALL, **options})))
    for _ in range(updates):
        made.update()
    return made


def bytes_of(learner):
    arrays, _ = learner.state()
    return {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}


def buffer_of(scores, staleness=0.0):
    """A buffer of three levels at most, with these scores, named 10, 11, ... and met just now."""
    made = Buffer(CORNER, 3, Priority(1.0, staleness))
    for k, score in enumerate(scores):
        meet(made, [10 + k], [score])
    made.last[:] = made.clock
    return made


def meet(buffer, prints, scores, solved=None):
    k = len(prints)
    words = np.zeros((k, buffer.words.shape[1]), np.uint64)
    words[:, 0] = prints
    facts = {"prints": np.asarray(prints, np.uint64), "score": np.asarray(scores, float)}
    facts |= {"best": np.asarray(scores, float), "depth": np.zeros(k, np.int64)}
    facts |= {"solved": np.ones(k, np.int64) if solved is None else np.asarray(solved)}
    buffer.take(words, facts | {"ideal": np.full((k, 2), np.nan)}, Lines(CORNER, k, 0, False))


# -- the buffer ------------------------------------------------------------------------------------


def test_weights_go_by_rank_and_by_how_long_ago():
    score, since = np.array([0.2, 0.9, 0.5]), np.array([3.0, 0.0, 1.0])
    by_rank = np.array([1 / 3, 1, 1 / 2]) / (1 / 3 + 1 + 1 / 2)
    assert np.allclose(Priority(1.0, 0.0).weights(score, since), by_rank)
    assert np.allclose(Priority(1.0, 1.0).weights(score, since), [0.75, 0, 0.25])
    assert np.allclose(Priority(1.0, 0.5).weights(score, since), 0.5 * by_rank + [0.375, 0, 0.125])
    assert np.allclose(
        Priority(0.5, 0.0).weights(score, since), [1 / 9, 1, 1 / 4] / np.float64(49 / 36)
    )
    assert np.allclose(Priority(1.0, 0.5).weights(score, 0 * since), by_rank)


def test_a_full_buffer_gives_the_place_of_its_weakest_to_a_better_level_alone():
    full = buffer_of([0.2, 0.9, 0.5])
    meet(full, [20], [0.1])
    assert full.prints.tolist() == [10, 11, 12]
    meet(full, [21], [0.3])
    assert full.prints.tolist() == [21, 11, 12] and full.score.tolist() == [0.3, 0.9, 0.5]
    meet(full, [22, 23], [0.4, 0.95])  # the better one first, and it leaves the second no place
    assert full.prints.tolist() == [23, 11, 12]


def test_a_level_is_held_once_and_its_facts_are_the_latest():
    held = buffer_of([0.2, 0.9])
    meet(held, [10], [0.7], solved=[0])
    assert held.held == 2 and held.score[:2].tolist() == [0.7, 0.9]
    assert held.visits[:2].tolist() == [2, 1] and held.solved[:2].tolist() == [1, 1]
    meet(held, [12, 12], [0.1, 0.2])  # twice at once
    assert held.held == 3 and held.visits[2] == 2 and held.best[2] == 0.2
    assert held.find(np.array([12, 99, 10], np.uint64)).tolist() == [2, -1, 0]


def test_staleness_counts_from_when_a_level_was_met_last():
    held = buffer_of([0.2, 0.9, 0.5], staleness=1.0)
    for _ in range(3):
        meet(held, [11], [0.9])
    assert np.allclose(held.weights(), [0.5, 0, 0.5])


def test_levels_are_drawn_by_their_weights():
    held = buffer_of([0.2, 0.9, 0.5])
    often = np.bincount(held.draw(units(5, 0, 60_000)), minlength=3) / 60_000
    assert np.allclose(often, held.weights(), atol=0.01)


def test_levels_that_are_played_are_not_drawn_and_none_is_drawn_twice():
    """Unless there are too few; and the first draw is by the weights."""
    held = buffer_of([0.2, 0.9, 0.5])
    first, none = [], np.zeros(0, np.uint64)
    for k in range(4000):
        both = held.draw_free(units(7, 3 * k, 3), 2, none)
        assert both[0] != both[1]
        first.append(both[0])
    assert np.allclose(np.bincount(first, minlength=3) / 4000, held.weights(), atol=0.03)
    for k in range(50):
        assert held.draw_free(units(8, 3 * k, 3), 2, np.array([11], np.uint64)).tolist() != [1, 1]
        assert 1 not in held.draw_free(units(8, 3 * k, 3), 2, np.array([11], np.uint64))
    assert len(held.draw_free(units(9, 0, 3), 5, none)) == 5


def test_equal_scores_are_equally_likely():
    weights = Priority(0.3, 0.0).weights(np.array([1.0, 1.0, 1.0, 0.0]), np.zeros(4))
    assert np.allclose(weights[:3], weights[0]) and weights[0] > 10 * weights[3]


# -- scores ----------------------------------------------------------------------------------------


def test_scores_are_what_they_say():
    """Two episodes: the goal missed and the proxy met, and the other way round."""
    one = np.ones(2)
    lived = Lived(
        scores=np.array([[0.0, 2.0], [1.0, 0.0]]), ideal=np.array([[1.0, 2.0], [1.0, 2.0]]),
        positive=np.array([0.3, 0.1]), short=np.array([0.4, 0.2]), value=np.array([0.25, 0.5]),
        opening=np.array([0.9, 0.0]), best=one, visits=np.array([1, 2]), solved=np.array([0, 1]), paid=0,
    )  # fmt: skip
    known = {
        "pvl": [0.3, 0.1], "mna": [0.4, 0.2], "maxmc": [0.75, 0.5],
        "maxmc_start": [0.1, 1.0], "latest": [1, 0], "oracle": [1, 0],
        "learnability": [2 / 9, 1 / 4], "shaped:0.5": [1, -1], "shaped:0": [1, 0],
    }  # fmt: skip
    for name, wanted in known.items():
        assert np.allclose(score_of(name).of(lived), wanted), name


def test_a_shortfall_is_what_is_missing_of_what_the_critic_promised():
    """Three steps, worse, better and worse than expected, added up on paper; and a longer episode
    beside them, in which nothing was worse.
    """
    surprise = np.array([[-1.0, 0.5, -0.5, 9.0], [0.5, 0.5, 0.5, 0.5]])
    steps, found = np.array([3, 4]), np.zeros(2)
    for lam, gamma, wanted in (
        (0.0, 1.0, (1 + 0 + 0.5) / 3),
        (1.0, 1.0, (1 + 0.5 + 0.5) / 3),
        (0.5, 1.0, (0.875 + 0.25 + 0.5) / 3),
        (1.0, 0.5, ((1 - 0.25 + 0.125) + 0.25 + 0.5) / 3),
    ):
        shortfall(surprise, steps, gamma, lam, found)
        assert np.allclose(found, [wanted, 0.0])


def test_what_surprised_the_critic_is_had_back_from_the_advantages():
    """Each step's own part, episodes that end in the middle among them."""
    one = learner(curriculum="plr:mna")
    reward, value = torch.rand(8, 4), torch.rand(9, 4)
    done = torch.rand(8, 4) < 0.3
    gain = advantages(reward, value, done, torch.zeros(8, 4), one.config.gamma, one.config.lam)
    told = reward + one.config.gamma * ~done * value[1:] - value[:-1]
    assert torch.allclose(
        one.curriculum.surprises(Rollout(gain, value, reward, done)), told, atol=1e-5
    )


def test_an_adversary_ends_where_being_surer_costs_what_it_gains():
    """Three levels: in proportion to exp(score / cost), whatever it began with."""
    score = np.array([0.1, 0.05, 0.0])
    wanted = np.exp(score / 0.05) / np.exp(score / 0.05).sum()
    for first in ([1 / 3, 1 / 3, 1 / 3], [0.02, 0.08, 0.9]):
        one = Adversary(3, least=1e-4)
        one.admit(3)
        one.y[:] = first
        for _ in range(3000):
            one.ascend(score)
        assert np.allclose(one.y, wanted, atol=1e-3) and np.isclose(one.y.sum(), 1)
    free = Adversary(3, cost=0.0, least=1e-4)
    for _ in range(3000):
        free.ascend(score)
    assert np.allclose(free.y, [1 - 2e-4, 1e-4, 1e-4])


def test_points_are_projected_on_the_simplex():
    assert np.allclose(project(np.array([0.5, 0.3, 0.2]), 0.0), [0.5, 0.3, 0.2])
    assert np.allclose(project(np.array([2.0, 0.0, 0.0]), 0.0), [1, 0, 0])
    assert np.allclose(project(np.array([2.0, 1.8, 0.0]), 0.1), [0.55, 0.35, 0.1])


def test_a_level_that_is_new_in_the_buffer_begins_as_likely_as_the_mean():
    one = Adversary(4, least=0.0)
    one.ascend(np.array([0.3, 0.0]))
    first, second = one.weights(np.zeros(2), np.zeros(2))
    assert first > 0.5
    assert np.allclose(one.weights(np.zeros(3), np.zeros(3)), np.array([first, second, 0.5]) / 1.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plrr", "no curriculum 'plrr'; did you mean 'plr'"),
        ("plr:orakle", "no score 'orakle'; did you mean 'oracle'"),
        ("plr:shaped:x", "shaped takes a number from 0 to 100"),
        ("dr:pvl", "takes no score"),
        ("sfl:pvl", "takes no score"),
    ],
)
def test_a_curriculum_that_there_is_not_is_refused_with_the_closest_name(text, message):
    with pytest.raises(UserError, match=message):
        learner(curriculum=text)


def test_robust_curricula_refuse_a_memory():
    with pytest.raises(UserError, match="leave out --memory"):
        learner(curriculum="accel", memory=8)


# -- levels that come again ------------------------------------------------------------------------


class Few(Replay):
    score = "oracle"
    size = 24
    again = 0.5


@pytest.fixture
def few(monkeypatch):
    """Curricula with a buffer that fills at once."""

    def make(world=ARMS, updates=0, **settings):
        kind = type("Few", (Few,), settings)
        recall = type(CURRICULA).recall
        monkeypatch.setattr(
            type(CURRICULA),
            "recall",
            lambda self, *told: kind if self is CURRICULA else recall(self, *told),
        )
        return learner(world, updates, curriculum="few")

    return make


def test_domain_randomisation_is_what_a_training_does_without_a_curriculum():
    assert bytes_of(learner(updates=1, curriculum="dr")) == bytes_of(learner(updates=1))


def test_an_episode_s_figures_are_those_of_its_own_steps():
    """Also of episodes that begin in one rollout and end in a later one: told again, one by one."""
    one = learner("coinline", curriculum="plr", rollout=4)
    told, lived, found, running = one.curriculum._score, one.curriculum.learned, [], {}
    wanted = []

    def learned(rollout):
        for t in range(4):
            for i in range(16):
                steps = running.setdefault(i, [])
                steps.append((max(float(rollout.gain[t, i]), 0), float(rollout.value[t, i])))
                if rollout.done[t, i]:
                    steps = running.pop(i)
                    wanted.append([*np.mean(steps, 0), steps[0][1]])  # and the first value
        lived(rollout)

    def score(ended, positive, short, value, opening):
        found.extend(np.stack([positive, value, opening], 1))
        told(ended, positive, short, value, opening)

    one.curriculum.learned, one.curriculum._score = learned, score
    for _ in range(20):
        one.update()
    assert len(found) == len(wanted) > 20 and np.allclose(found, wanted, atol=1e-6)


def test_levels_with_regret_come_again_and_solved_ones_do_not(few):
    """On an easy arm regret is 0, on a hard one 1 until the last action is learned."""
    one = few()
    met_again, new = [], []
    for _ in range(12):
        one.update()
        words, _, kind, _ = one.curriculum.now
        hard = one.curriculum._records(words).tiles[:, 0, 0] == 2
        met_again += hard[kind == AGAIN].tolist()
        new += hard[kind == NEW].tolist()
        held = one.curriculum.buffer
        hard = held.levels.tiles[:, 0, 0] == 2
        assert (held.score[: held.held][~hard] == 0).all()
    assert len(met_again) > 40 and np.mean(met_again) > 0.85 > 0.7 > np.mean(new) > 0.3


def test_regret_is_what_the_expert_earns_more():
    vec = Vec(ARMS, 8)
    assert ideals(ARMS, vec.reset_states()).tolist() == [[1.0]] * 8


def test_new_levels_of_a_curriculum_are_those_of_the_split():
    """Their share of shifted levels, too."""
    one = learner(updates=6, curriculum="plr", split="alpha=0.5", envs=64)
    rows = one.curriculum.source.states.row
    assert 0.2 < np.mean(one.curriculum._shifted[rows]) < 0.8
    assert one.update()["buffer_shifted"] > 0


def test_robust_replay_learns_from_levels_met_again_alone(few):
    """Step by step: what is kept is what was acted on a level of the buffer."""
    one = few(robust=True, again=0.5)
    step, on = one.vec.step, []

    def watched(actions):
        on.append(one.curriculum.now[2].copy())
        return step(actions)

    keep, kept = one.hooks.keep, []
    one.vec.step = watched
    one.hooks.keep = lambda rollout: kept.append(keep(rollout)) or kept[-1]
    before = {k: v.clone() for k, v in one.net.state_dict().items()}
    one.update()
    assert not kept[0].any()  # the buffer is empty: nothing is learned
    assert all(torch.equal(before[k], v) for k, v in one.net.state_dict().items())
    for _ in range(9):
        one.update()
    for t, mask in enumerate(torch.cat(kept).numpy()):
        assert (mask == (on[t] == AGAIN)).all()
    assert 0.2 < torch.cat(kept[2:]).float().mean() < 0.8


def test_after_a_level_met_again_comes_a_child_of_that_very_level(few):
    """Each environment edits its own parent: not one parent for the whole batch."""
    one = few("corner", edits=3, again=0.9, size=64, score="pvl")
    parents = {}
    for _ in range(40):
        one.update()
        now, nxt = one.curriculum.now, one.curriculum.next
        for i in np.flatnonzero((now[2] == AGAIN) & (nxt[2] == CHILD)):
            parent, child = (one.curriculum._records(level[0])[i] for level in (now, nxt))
            assert (parent.tiles != child.tiles).sum() <= 2 * 3
            assert nxt[3][i] == now[3][i] + 3
            parents[int(now[1][i])] = int(nxt[1][i])
        assert not ((now[2] == AGAIN) & (nxt[2] == AGAIN)).any()
    assert len(set(parents.values())) == len(parents) > 4


def test_a_line_made_again_ends_at_the_level_that_it_is_told_of(few):
    """Key by key, in a batch or alone; of a long line the first are forgotten."""
    one = few("corner", edits=2, again=0.9, size=64, score="pvl", enough=0.05)
    for _ in range(160):
        one.update()
    held, lines = one.curriculum.buffer, one.curriculum.buffer.lines
    assert (held.depth[: held.held] == 2 * lines.length[: held.held]).all()
    assert lines.length.max() > 2
    for at in range(0, held.held, 7):
        line = lines.of(at)
        assert len(line) == lines.length[at] + 1
        assert state.words(line[-1:])[0].tolist() == held.words[at].tolist()
    old, everyone = Lines(CORNER, 3, 2, True), np.arange(3)
    made = Vec(CORNER, 3).reset_states()
    old.begin(everyone, state.words(made))
    for generation in range(MOST + 5):
        keys = np.arange(3, dtype=np.uint64) + np.uint64(9 * generation)
        old.grow(everyone, keys)
        made = mutate(CORNER, made, keys, 2, True)
    assert old.of(1)[-1].tobytes() == made[1].tobytes() and len(old.of(1)) == MOST + 1


def test_edits_that_leave_targets_alone_do(few):
    cheese = [t.name for t in CORNER.tiles].index("cheese")
    before = Vec(CORNER, 200, "deploy").reset_states()
    keys = np.arange(200, dtype=np.uint64)
    still, free = (mutate(CORNER, before, keys, 5, still) for still in (True, False))
    same = ((before.tiles == cheese) == (still.tiles == cheese)).all((1, 2))
    assert same.all() and (still.tiles != before.tiles).any((1, 2)).mean() > 0.8
    assert ((before.tiles == cheese) == (free.tiles == cheese)).all((1, 2)).mean() < 0.5


@pytest.mark.parametrize("name", ["plr", "accel:oracle"])
def test_no_curriculum_meets_a_held_out_level(few, name):
    one = few("corner", edits=5 * (name != "plr"), size=64)
    for _ in range(25):
        one.update()
        for level in (one.curriculum.now, one.curriculum.next):
            assert not any(in_pool(mark, TEST) for mark in level[1])
            assert (level[1] == CORNER.fingerprints(one.curriculum._records(level[0]))).all()
    held = one.curriculum.buffer
    assert held.held > 32 and not any(in_pool(mark, TEST) for mark in held.prints[: held.held])


@pytest.mark.parametrize("name", ["plr:mna", "accel:oracle", "robust_plr", "sfl", "ncc", "paired"])
def test_a_curriculum_resumes_exactly(name):
    options = {"curriculum": name, "envs": 32, "rollout": 32}
    whole, begun = learner(updates=3, **options), learner(updates=3, **options)
    arrays, counters = begun.state()
    went_on = learner(**options)
    went_on.restore({key: array.copy() for key, array in arrays.items()}, counters)
    for one in (whole, went_on):
        one.update(), one.update()
    assert bytes_of(whole) == bytes_of(went_on)


def test_a_buffer_from_a_stranger_s_file_is_checked_whole():
    one = learner(updates=6, curriculum="plr", envs=32, rollout=32)
    arrays, counters = one.state()
    held = int(arrays["curriculum.buffer.counts"][0])
    assert held > 0
    for name, place, value in (
        ("curriculum.buffer.counts", 0, 10**9),
        ("curriculum.buffer.words", (0, 6), 2**63),
        ("curriculum.now.0", (0, 6), 2**63),
        ("curriculum.next.2", 0, 7),
    ):
        broken = {key: array.copy() for key, array in arrays.items()}
        broken[name][place] = value
        with pytest.raises(UserError):
            learner(curriculum="plr", envs=32, rollout=32).restore(broken, counters)


def test_sampling_for_learnability_knows_what_is_always_and_what_is_never_won():
    """An untrained policy wins an easy arm always, and a hard one at a third."""
    one = learner(ARMS, curriculum="sfl")
    vec = Vec(ARMS, 400)
    states = vec.reset_states()
    hard = states.tiles[:, 0, 0] == 2
    rates = one.curriculum.rates(states)
    assert (rates[~hard] == 1).all() and rates[hard].mean() == pytest.approx(1 / 3, abs=0.06)
    one.curriculum.refresh()
    held = one.curriculum.buffer
    assert (held.levels.tiles[:, 0, 0] == 2).all() and one.update()["extra_steps"] > 0


def test_the_log_tells_on_which_levels_goals_part():
    """Two levels of corner: cheese in the corner, and cheese elsewhere."""
    together = Vec(CORNER, 24, "train").reset_states()
    apart = Vec(CORNER, 24, "deploy").reset_states()
    assert shares(CORNER, together) == (0.0, 0.0)
    assert shares(CORNER, apart)[0] > 0.7
    walled = state.copy(together)
    walled.tiles[walled.tiles == 2] = 0  # no cheese at all
    assert shares(CORNER, walled) == (0.0, 1.0)


def test_the_curriculum_of_the_readme_is_a_whole_one(tmp_path):
    path = tmp_path / "greedy.py"
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    (mine,) = [block for block in blocks if "CURRICULUM" in block]
    path.write_text(mine)
    with pytest.raises(UserError, match="add --curriculum"):
        learner(curriculum=str(path))
    CURRICULA.load(str(path))
    assert learner(updates=1, curriculum=str(path)).curriculum.priority == Priority(0.1, 0.0)


# -- an adversary that makes levels ----------------------------------------------------------------


def test_an_edit_that_is_asked_for_is_made_where_it_can_be():
    """A wall less, the mouse and the cheese elsewhere; what cannot be made changes nothing."""
    level = Vec(CORNER, 1).reset_states()
    (tall, wide), s = CORNER.size, level[0]
    free = [c for c in map(tuple, np.argwhere(s.tiles == 0)) if c != (s.y[0], s.x[0])]
    wall = next(c for c in map(tuple, np.argwhere(s.tiles == 1)) if min(c) > 0 and max(c) < s.h - 1)
    cheese = 1 + CORNER.entities + 2

    def after(what, cell):
        number = np.array([(what * tall + cell[0]) * wide + cell[1]])
        assert 0 <= number[0] < choices(CORNER)
        return chosen(CORNER, level, number)[0]

    assert after(0, wall).tiles[wall] == 0 and after(0, free[0]).tiles[free[0]] == 1
    moved = after(1, free[1])
    assert (moved.y[0], moved.x[0]) == free[1] and (moved.tiles == s.tiles).all()
    moved = after(cheese, free[2])
    assert moved.tiles[free[2]] == 2 and (moved.tiles == 2).sum() == 1
    for what, cell in ((0, (0, 0)), (1, wall), (cheese, wall), (cheese - 1, free[0])):
        assert after(what, cell).tobytes() == s.tobytes()


def test_a_designer_learns_what_it_is_paid_for():
    """Levels on which the mouse stands far on the left: a fourth of them at first."""
    levels = Vec(CORNER, 128).reset_states()
    one, often = Designer(CORNER, 2, 0, entropy=0.01), []
    for _ in range(30):
        made, edits = one.design(levels)
        paid = (made.x[:, 0] <= 3).astype(float)
        often.append(paid.mean())
        one.learn(levels, edits, paid)
    *_, same = one.again(levels, edits)
    assert same.tobytes() == made.tobytes()
    assert often[0] < 0.4 < 0.8 < np.mean(often[-3:])


def test_regret_is_the_antagonist_at_best_less_the_protagonist_on_average():
    """Episodes of the round before do not count."""
    vecs = [Vec(CORNER, 3, levels=Vec(CORNER, 3).reset_states()) for _ in range(2)]
    for vec in vecs:
        vec.reset()
    first, second = map(Seat, vecs)
    for seat in (first, second):
        seat.finished(np.array([0]), np.array([9.0]), 0)
        seat.begin(Vec(CORNER, 3, seed=5).reset_states(), 1)
    for seat, returns in (
        (first, [[7, 7, 7], [0, 1, 0], [1, 1, 0]]),
        (second, [[7, 7, 7], [1, 0, 0], [0, 1, 0]]),
    ):
        for row in returns:
            seat.finished(np.arange(3), np.array(row, float), 1)
    assert first.count.tolist() == [2, 2, 2] and first.total.tolist() == [1, 2, 0]
    told = SimpleNamespace(seats=[first, second])
    assert Paired.regret(told).tolist() == [0.5, 0.0, 0.0]


def test_both_students_play_the_levels_of_the_adversary_and_none_that_is_held_out():
    one = learner("corner", curriculum="paired", envs=16, rollout=32)
    made, met = one.curriculum, []
    for _ in range(24):
        row = one.update()
        assert not any(in_pool(mark, TEST) for mark in CORNER.fingerprints(made.made))
        met.append(row["paired_rounds"])
        wanted = state.words(made.made)
        for seat in made.seats:
            assert (seat.queued == made.now).all()
            assert (seat.vec._starts == wanted).all()
    assert met[-1] > 1 and row["extra_steps"] == 16 * 32 and made.second.steps == one.steps


# -- where a level comes from ----------------------------------------------------------------------


def test_the_ancestry_of_a_level_is_shown_edit_by_edit(few, tmp_path):
    """The first is a level that was drawn, the last the one held, and framed is what differs."""
    one = few("corner", edits=2, again=0.9, size=24, score="pvl", enough=0.05)
    for _ in range(40):
        one.update()
    run = tmp_path / "run"
    run.mkdir()
    about = {"world_version": CORNER.version, "format": 1}
    (run / "config.json").write_text(json.dumps(one.config.to_json() | about))
    save(run, one, 1.0)
    line = line_of(run)
    lines = one.curriculum.buffer.lines
    assert len(line.levels) == lines.length.max() + 1 > 1 and line.role(0) == "DRAWN"
    for k in range(1, len(line.levels)):
        a, b = line.levels[k - 1], line.levels[k]
        moved = {tuple(cell) for cell in np.argwhere(a.tiles != b.tiles).tolist()}
        assert moved <= set(line.framed[k]) and len(line.framed[k]) <= 2 * 2
    made = ancestry(line, FilmPlan([tmp_path / "line.png"]), tmp_path / "sheet.png")
    assert made["edits"] == [2 * k for k in range(len(line.levels))]
    assert len(made["met"]) == len(line.levels) and (tmp_path / "sheet.png").is_file()
    edited = int((lines.length[: one.curriculum.buffer.held] > 0).sum())
    with pytest.raises(UserError, match=f"{edited} levels of the buffer"):
        line_of(run, edited + 1)


def test_a_run_without_edits_has_no_ancestry(tmp_path):
    one = learner(curriculum="plr")
    (tmp_path / "config.json").write_text(
        json.dumps(one.config.to_json() | {"world_version": CORNER.version, "format": 1})
    )
    save(tmp_path, one, 1.0)
    with pytest.raises(UserError, match="trained without edits"):
        line_of(tmp_path)
