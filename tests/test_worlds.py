"""What every world owes its users, tested over all of them."""

import re

import numpy as np
import pytest

from goalshift.engine import state
from goalshift.engine.catalogue import WORLDS as WORLDS_FOLDER
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.kernels import kernels
from goalshift.engine.vector import Vec
from goalshift.engine.world import Goal, Thing

from .both import both

WORLDS = names()


@pytest.fixture(params=WORLDS)
def world(request):
    return load(request.param)


def actions_for(world, steps, n, seed=0):
    return np.random.default_rng(seed).integers(0, len(world.actions), (steps, n, world.learners))


def run(world, actions, seed=0, split="alpha=0.5", **options):
    """Digests of every state, and every output, of a batch under the given actions."""
    vec = Vec(world, actions.shape[1], split, seed, **options)
    vec.reset()
    trace = [state.digest(vec.states)]
    outputs = [vec.obs.copy()]
    for row in actions:
        obs, reward, terminated, truncated = vec.step(row)
        trace.append(state.digest(vec.states))
        outputs += [
            obs.copy(),
            reward.copy(),
            terminated.copy(),
            truncated.copy(),
            vec.final_obs.copy(),
        ]
    return np.array(trace), outputs


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_same_seed_same_bytes_and_another_seed_differs(world):
    actions = actions_for(world, 60, 16)
    trace, outputs = run(world, actions)
    again, outputs_again = run(world, actions)
    assert np.array_equal(trace, again) and same(outputs, outputs_again)
    assert not np.array_equal(trace, run(world, actions, seed=1)[0])


def test_a_batch_is_as_many_singles_in_any_order(world):
    seeds = Vec(world, 12, "alpha=0.5", seed=5).reset_states().seed.copy()
    actions = actions_for(world, 40, 12)
    order = np.random.default_rng(1).permutation(12)

    def play(seeds, actions):
        vec = Vec(world, len(seeds), "alpha=0.5", autoreset="off")
        vec.assign(np.ones(len(seeds), bool), seeds)
        vec.reset()
        for row in actions:
            vec.step(np.ascontiguousarray(row))
        return state.digest(vec.states)

    together = play(seeds, actions)
    assert np.array_equal(play(seeds[order], actions[:, order]), together[order])
    singles = [play(seeds[i : i + 1], actions[:, i : i + 1])[0] for i in range(12)]
    assert np.array_equal(singles, together)


def test_threads_change_nothing(world):
    actions = actions_for(world, 40, 33)
    one, outputs_one = run(world, actions, threads=1)
    many, outputs_many = run(world, actions, threads=4)
    assert np.array_equal(one, many) and same(outputs_one, outputs_many)


DIGESTS = """
import hashlib, numpy as np
from goalshift.engine.vector import Vec
from goalshift.engine.catalogue import load, names
digests = {}
for name in names():
    world = load(name)
    actions = np.random.default_rng(0).integers(0, len(world.actions), (30, 4, world.learners))
    digest = hashlib.sha256()
    for split in world.split_names:
        vec = Vec(world, 4, split, seed=3)
        digest.update(vec.reset().tobytes() + vec.words.tobytes())
        for row in actions:
            obs, reward, terminated, truncated = vec.step(row)
            for part in (obs, reward, terminated, truncated, vec.words, vec.final_obs, vec.final_totals):
                digest.update(part.tobytes())
        digest.update(vec.world.fingerprints(vec.states).tobytes())
    digests[name] = digest.hexdigest()
"""


@pytest.mark.slow
def test_compiled_and_plain_python_give_the_same_bytes(tmp_path):
    here, there = both(DIGESTS, "digests", tmp_path)
    assert list(here) == WORLDS and there == str(here)


def test_snapshot_and_restore_continue_exactly(world):
    actions = actions_for(world, 60, 8)
    vec = Vec(world, 8, "alpha=0.5", seed=2)
    vec.reset()
    for row in actions[:30]:
        vec.step(row)
    kept = vec.snapshot()
    for row in actions[30:]:
        vec.step(row)
    other = Vec(world, 8, "alpha=0.5", seed=99)
    other.reset()
    other.restore(kept)
    for row in actions[30:]:
        other.step(row)
    assert np.array_equal(vec.words, other.words)
    assert np.array_equal(vec.obs, other.obs) and np.array_equal(vec.reward, other.reward)


@pytest.mark.parametrize("mode", ["same", "next", "off"])
def test_autoreset_modes_tell_the_same_story(world, mode):
    """Whatever the mode, the episodes of an environment are the same ones, with the same ends."""
    vec = Vec(world, 4, "train", seed=11, autoreset=mode)
    vec.reset()
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(2 * world.horizon + 5):
        ended_before = vec.states.ended != state.RUNNING
        _, reward, terminated, truncated = vec.step(
            rng.integers(0, len(world.actions), (4, world.learners))
        )
        done = terminated | truncated
        assert not (terminated & truncated).any()
        if mode == "same":
            assert (vec.states.t[done] == 0).all() and (vec.fresh == done).all()
        if mode == "next":
            assert (vec.fresh == ended_before).all() and not reward[ended_before].any()
        if mode == "off":
            assert done[ended_before].all() and not reward[ended_before].any()
        assert (vec.final_length[done] >= 1).all() and (
            vec.final_length[done] <= world.table.horizon.max()
        ).all()
        ends += (done & ~ended_before).sum()
    assert ends >= 4


def test_horizon_truncates_and_only_events_terminate(world):
    vec = Vec(world, 64, "alpha=0.5", seed=4)
    vec.reset()
    ending = [world.events.index(e) for e in world.ends_on]
    for row in actions_for(world, world.horizon + 20, 64):
        _, _, terminated, truncated = vec.step(row)
        horizons = world.table.horizon[vec.final_row]
        assert (vec.final_length[truncated] == horizons[truncated]).all()
        raised = vec.final_totals[:, :, ending].sum((1, 2)) > 0
        assert raised[terminated].all() and not raised[truncated].any()


def test_500_levels_of_each_split_are_sound(world):
    for split in world.split_names:
        states = Vec(world, 500, split, seed=6).reset_states()
        assert (states.t == 0).all() and (states.ended == state.RUNNING).all()
        assert not states.totals.any() and not states.events.any()
        assert (states.h <= world.size[0]).all() and (states.w <= world.size[1]).all()
        rows, columns = np.indices(world.size)
        on_board = (rows < states.h[:, None, None]) & (columns < states.w[:, None, None])
        assert states.tiles[on_board].max() < len(world.tiles)
        alive = states.alive != 0
        within = (states.y >= 0) & (states.y < states.h[:, None])
        within &= (states.x >= 0) & (states.x < states.w[:, None])
        assert within[alive].all()
        assert ((states.face >= 0) & (states.face < world.poses))[alive].all()
        i, k = alive[:, : world.agents].nonzero()
        under = states.tiles[i, states.y[i, k], states.x[i, k]]
        assert not world.table.solid[states.row[i], under].any()
        assert states.alive[:, : world.learners].all()


def test_one_seed_gives_the_same_ground_in_every_split(world):
    """Levels of the splits differ only where the shift does: walls agree from split to split, and
    most tiles.
    """
    seeds = np.arange(1, 201, dtype=np.uint64)
    train, deploy = (Vec(world, 200, split) for split in ("train", "deploy"))
    mask = np.ones(200, bool)
    for vec in (train, deploy):
        vec.assign(mask, seeds)
        vec.reset()
    solid = [world.solid[vec.states.tiles] for vec in (train, deploy)]
    assert (solid[0] == solid[1]).mean() > 0.97
    # the shift itself is many tiles
    spread = {"blindfold", "boat", "conveyor", "distshift", "keys", "lava", "rewrite", "rocks"}
    spread |= {"supervisor"}
    assert (train.states.tiles == deploy.states.tiles).mean() > (
        0.8 if world.name in spread else 0.97
    )


def test_train_and_test_pools_share_no_level(world):
    prints = {
        pool: set(
            world.fingerprints(
                Vec(world, 400, "alpha=0.5", seed=seed, pool=pool).reset_states()
            ).tolist()
        )
        for seed, pool in ((1, "train"), (2, "test"))
    }
    assert prints["train"] and prints["test"]
    assert not prints["train"] & prints["test"]


def test_every_event_happens(world):
    """Random play in every split meets every event at least once, so no goal prices a thing that
    cannot be.
    """
    seen = np.zeros(len(world.events), bool)
    for split in world.split_names:
        vec = Vec(world, 512, split, seed=8)
        vec.reset()
        for row in actions_for(world, 300, 512):
            vec.step(row)
            seen |= vec.states.events.any((0, 1)) | vec.final_totals.any((0, 1))
    missing = [event for event, met in zip(world.events, seen, strict=True) if not met]
    # What random play does not find, an expert that wants it must.
    from goalshift.agents.judging.rollout import rollout
    from goalshift.agents.policies.expert import Expert

    for event in missing:
        goals = [g for g in world.goals if g.weights.get(event, 0) != 0]
        assert goals, f"{event}: not met by random play, and no goal wants it"
        totals = rollout(world, Expert(world, goals[0].name), "train", 32, seed=1).totals
        assert totals[..., world.events.index(event)].any(), event


def test_mixtures_are_exact_at_the_ends_and_true_between(world):
    for alpha, low, high in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.1, 0.07, 0.13)):
        states = Vec(world, 2000, world.mix(alpha), seed=3).reset_states()
        deploy = world.rows.index(world.deploy)
        assert low <= (states.row == deploy).mean() <= high
    with pytest.raises(UserError, match="alpha"):
        world.mix(1.5)
    with pytest.raises(UserError, match="did you mean 'train'"):
        world.split("trian")


def test_out_of_range_actions_never_reach_the_rules(world):
    vec = Vec(world, 3, autoreset="off")
    vec.reset()
    before = vec.words.copy()
    legal = np.zeros((3, world.learners), np.int64)
    for bad in (len(world.actions), -1, 10**12):
        actions = legal.copy()
        actions[1, 0] = bad
        with pytest.raises(UserError, match="out of range"):
            vec.step(actions)
    with pytest.raises(UserError, match="integers of shape"):
        vec.step(legal.astype(float))
    with pytest.raises(UserError, match="integers of shape"):
        vec.step(legal[:2])
    assert np.array_equal(vec.words, before)


def test_scores_are_a_pure_function_of_totals(world):
    vec = Vec(world, 32, "alpha=0.5", seed=1, autoreset="off")
    vec.reset()
    paid = np.zeros((32, world.learners))
    for row in actions_for(world, 80, 32):
        paid += vec.step(row)[1]
    goal = world.goals.index(world.paid)
    assert np.allclose(vec.scores()[:, : world.learners, goal], paid, atol=1e-4)


def test_a_world_that_does_not_fit_together_says_so(world):
    broken = world.but

    with pytest.raises(UserError, match="not declared; did you mean"):
        broken(intended=Goal("typo", {world.events[0] + "x": 1.0}))
    with pytest.raises(UserError, match="declared twice"):
        broken(tiles=(*world.tiles, world.tiles[0]))
    with pytest.raises(UserError, match="no thing is an agent"):
        broken(things=(Thing("rock", "?"),), bot=None)
    with pytest.raises(UserError, match="the first action must be 'stay'"):
        broken(actions=("go", "stay"))
    with pytest.raises(UserError, match="ends on the event"):
        broken(ends_on=("nonsense",))
    with pytest.raises(UserError, match="not between"):
        broken(size=(0, 5))
    with pytest.raises(UserError, match="no parameter 'nonsense'"):
        world.with_params(nonsense=1)


def test_parameters_change_every_split(world):
    name = next(iter(world.params._fields))
    changed = world.with_params(**{name: getattr(world.train, name)})
    assert getattr(changed.deploy, name) == getattr(world.train, name)
    assert kernels(changed).step_many.__code__ is kernels(world).step_many.__code__


def test_values_that_are_no_quantities_have_labels():
    keys = load("keys")
    assert (
        keys.with_params(rule="heist").train
        == keys.with_params(rule=1).train
        == keys.train._replace(rule=1)
    )
    assert keys.numbers({"train.rule": "heist", "learners": 2}) == {"train.rule": 1, "learners": 2}
    assert keys.say("rule", 1) == "heist" and keys.say("keys", 3) == "3"
    assert load("corner").with_params(anywhere="yes").train.anywhere == 1
    assert load("mystery").say("task", 9) == "9 (position)"
    with pytest.raises(UserError, match="a whole number or one of grid, heist, not 'heits'"):
        keys.with_params(rule="heits")
    with pytest.raises(UserError, match="labels are given for 'density'"):
        keys.but(labels={"density": ("thin", "dense")})
    with pytest.raises(UserError, match="'rule' may be 1, for which there is no label"):
        keys.but(labels={"rule": ("grid",)})


def test_a_stranger_s_file_is_a_world(tmp_path):
    source = (WORLDS_FOLDER / "corner.py").read_text()
    path = tmp_path / "my_world.py"
    path.write_text(source.replace("from ..engine", "from goalshift.engine"))
    mine = load(path)
    assert mine.name == "my_world"
    actions = actions_for(mine, 20, 4)
    assert np.array_equal(run(mine, actions)[0], run(load("corner"), actions)[0])
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(UserError, match="does not end in WORLD"):
        load(tmp_path / "empty.py")
    with pytest.raises(UserError, match="no world file"):
        load(tmp_path / "none.py")
    with pytest.raises(UserError, match="did you mean 'corner'"):
        load("cornr")


@pytest.mark.parametrize("sides", [{"size": (1, 300)}, {"view": (511, 3)}, {"view": (0, 3)}])
def test_boards_and_views_have_sides_that_fit_into_a_byte(corner, sides):
    (what,) = sides
    with pytest.raises(UserError, match=f"{what} .* is not between 1x1 and 255x255"):
        corner.but(**sides)


def test_the_readme_tells_of_every_world():
    text = (WORLDS_FOLDER.parent / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.M))
    assert told >= set(WORLDS) and told <= set(WORLDS), told ^ set(WORLDS)
