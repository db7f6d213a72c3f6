"""The learner: what it computes, that it learns, that it resumes exactly, and what it refuses."""

import csv
import dataclasses
import errno
import json
import os
import signal
import struct
from typing import NamedTuple

import numpy as np
import pytest
import torch

from goalshift.agents.learning import row_sums
from goalshift.agents.learning.adam import Adam
from goalshift.agents.learning.by_hand import Batch, ByHand
from goalshift.agents.learning.config import TrainConfig, configure
from goalshift.agents.learning.curriculum import Curriculum
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.files import Log, load_arrays, save_arrays
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.ppo import (
    Learner,
    advantages,
    objective,
    pick_precision,
    resolve,
)
from goalshift.agents.learning.run import Interrupted, resume, train
from goalshift.agents.learning.trained import Trained
from goalshift.engine import files, grid, layout, rng, state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError
from goalshift.engine.jit import rule
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.world import Goal, Thing, Tile, World

# -- worlds small enough to know the answer ------------------------------------------------------


class Nothing(NamedTuple):
    unused: int = 0


def make(name, generate, step, **parts):
    """A 3 x 3 world of floor and two lamps, with whatever `parts` say."""
    given = {
        "story": name, "size": (3, 3), "horizon": 8, "actions": ("stay", "one", "two"),
        "tiles": (Tile("floor", "."), Tile("red", "r"), Tile("blue", "b")),
        "things": (Thing("mouse", "@", agent=True),),
        "events": ("good", "bad"), "params": Nothing, "train": Nothing(), "deploy": Nothing(),
        "intended": Goal("good", {"good": 1.0}),
    }  # fmt: skip
    return World(name=name, generate=generate, step=step, **{**given, **parts})


@rule
def bare(s, p):
    layout.fill(s, 0)
    for me in range(len(s.y)):
        grid.put(s, me, 1, me)


@rule
def pay_always(s, p, me, act):
    s.events[me, 0] += 1


@rule
def pay_and_end(s, p, me, act):
    s.events[me, 0] += 1
    if s.t == 3:
        s.events[me, 1] += 1


@rule
def each_its_own(s, p, me, act):
    if act == 1 + me:  # learner 0 is to choose "one", learner 1 "two"
        s.events[me, 0] += 1


@rule
def show_a_lamp(s, p):
    layout.fill(s, 0)
    grid.put(s, 0, 1, 1)
    s.lamp = rng.below(s, 2)
    s.tiles[0, 0] = 1 + s.lamp


@rule
def ask_for_the_lamp(s, p, me, act):
    s.tiles[0, 0] = 0  # it is seen in the first observation alone
    if s.t == 3:
        s.events[me, 0 if act == 1 + s.lamp else 1] += 1


ENDLESS = make("endless", bare, pay_always, horizon=4)
ENDING = make("ending", bare, pay_and_end, ends_on=("bad",))
PAIR = make("pair", bare, each_its_own, things=(Thing("mouse", "@", agent=True, count=2),))
RECALL = make("recall", show_a_lamp, ask_for_the_lamp, ends_on=("good", "bad"), fields={"lamp": ()})

SMALL = {
    "envs": 16, "rollout": 8, "minibatch": 64, "first": 32, "width": 32,
    "threads": 1, "device": "cpu", "precision": "fp32",
}  # fmt: skip


def learner(world, updates=0, **options):
    """A learner of `world` after so many updates."""
    made = Learner(load(world), resolve(configure(world, **{**SMALL, **options})))
    for _ in range(updates):
        made.update()
    return made


def score(learner, updates=8):
    """The mean intended return of the episodes that end in the next updates."""
    rows = [learner.update() for _ in range(updates)]
    got = [
        (r[f"return/{learner.world.intended.name}"], r["episodes"]) for r in rows if r["episodes"]
    ]
    return sum(a * n for a, n in got) / sum(n for _, n in got)


# -- what it computes ----------------------------------------------------------------------------


def test_advantages_equal_a_naive_sum():
    steps, rows, gamma, lam = 12, 7, 0.9, 0.8
    dice = np.random.default_rng(3)
    reward, cut = dice.normal(size=(2, steps, rows))
    value = dice.normal(size=(steps + 1, rows))
    done = dice.random((steps, rows)) < 0.25
    cut *= done & (dice.random((steps, rows)) < 0.5)
    naive = np.zeros((steps, rows))
    for b in range(rows):
        for t in range(steps):
            weight = 1.0
            for k in range(t, steps):
                after = cut[k, b] if done[k, b] else value[k + 1, b]
                naive[t, b] += weight * (reward[k, b] + gamma * after - value[k, b])
                weight *= gamma * lam
                if done[k, b]:
                    break
    floats = [torch.tensor(a, dtype=torch.float32) for a in (reward, value)]
    found = advantages(
        *floats, torch.tensor(done), torch.tensor(cut, dtype=torch.float32), gamma, lam
    )
    np.testing.assert_allclose(found.numpy(), naive, rtol=1e-5, atol=1e-5)


def test_a_time_limit_bootstraps_and_an_end_does_not():
    """Both worlds pay 1 a step for four steps.

    Only where that is a time limit is the rest worth anything.
    """
    options = {"gamma": 0.9, "lr": 5e-3, "epochs": 8, "minibatch": 32}
    for world, low, high in ((ENDLESS, 9.0, 10.5), (ENDING, 1.5, 3.5)):
        made = learner(world, 30, **options)
        value = made.value[:-1].mean().item()
        # Endless: 1 / (1 - 0.9) = 10. Ending: the mean of 1, 1.9, 2.71 and 3.439 is 2.26.
        assert low < value < high, f"{world.name}: {value}"


def test_final_observation_is_what_is_valued():
    """The bootstrap must see the last observation of the episode, not the first of the next."""

    made = learner(ENDLESS)
    seen = []
    judge = made.judge

    def spy(obs, memory, fresh):
        seen.append(obs.shape)
        return judge(obs, memory, fresh)

    made.judge = spy
    made.collect()
    cuts = made.cut.ne(0).sum().item()
    truncated = made.done.sum().item()
    assert truncated == 16 * 2 and cuts == truncated  # all 16 environments end twice in 8 steps
    assert sum(shape[0] for shape in seen[8 + 1 :]) == truncated


def test_scaled_rewards_teach_what_rewards_of_another_currency_teach():
    plain = learner(PAIR, 3)
    dear = PAIR.but(intended=Goal("good", {"good": 64.0}), paid=None, proxies=())
    scaled = learner(dear, 3, reward_scale=1 / 64)
    for a, b in zip(plain.net.parameters(), scaled.net.parameters(), strict=True):
        assert torch.equal(a, b)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(plain.net.parameters(), learner(dear, 3).net.parameters(), strict=True)
    )
    figures = [made.update()["return/good"] for made in (plain, scaled)]
    assert figures[1] == 64 * figures[0] > 0  # scores are not scaled


def test_rows_keep_learners_apart():
    """Two learners share the network, see themselves, and learn opposite answers."""
    made = learner(PAIR, 40, lr=3e-3, entropy=0.0)
    assert made.seen.shape[1] == 16 * 2
    assert score(made) > 0.9 * PAIR.horizon
    policy = Trained(made.net, PAIR, greedy=True)
    vec = Vec(PAIR, 5)
    vec.reset()
    policy.start(5, 2)
    assert policy.act(vec.obs, vec.states, vec.fresh).tolist() == [[1, 2]] * 5


def test_memory_solves_what_no_reflex_can():
    options = {"lr": 3e-3, "envs": 64, "rollout": 16, "minibatch": 512, "gamma": 0.95}
    blind, able = learner(RECALL, 40, **options), learner(RECALL, 40, memory=16, **options)
    assert score(blind) < 0.65
    assert score(able) > 0.95


def test_it_learns_a_real_world():
    """An open board with the cheese in the corner.

    From a fifth to nearly all within 80 000 steps.
    """
    made = learner(
        "corner", params={"walls": layout.OPEN}, envs=64, rollout=32, minibatch=512, lr=2e-3
    )
    while made.steps < 80_000:
        made.update()
    assert score(made) > 0.95


def test_pictures_go_through_the_same_network():
    net = Net(Shape((24, 16, 3), 0, 5))
    seen = torch.randint(0, 255, (2, 3, 24, 16, 3), dtype=torch.uint8)
    logits, value, _ = net(seen, net.blank(3), torch.zeros(2, 3, dtype=torch.bool))
    assert logits.shape == (2, 3, 5) and value.shape == (2, 3)
    (logits.sum() + value.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("patch", [0, 3])
def test_symbols_meet_their_own_weights(patch):
    """The encoder equals a naive sum over cells of the weights of the symbols that stand there."""
    shape = Shape((4, 5), 7, 3, first=6, patch=patch)
    net = Net(shape)
    weight, bias = net.encoder.first.weight, net.encoder.first.bias
    seen = torch.randint(0, 7, (2, 4, 5), dtype=torch.uint8)
    got = net.encoder(seen)
    size = patch or 0
    for b in range(2):
        boxes = []
        for top in range(0, 4, size or 4):
            for left in range(0, 5, size or 5):
                total, k = bias.clone(), 0
                for y in range(top, top + (size or 4)):
                    for x in range(left, left + (size or 5)):
                        symbol = int(seen[b, y, x]) if y < 4 and x < 5 else 0
                        total = total + weight[:, k * 7 + symbol]
                        k += 1
                boxes.append(total.relu())
        torch.testing.assert_close(got[b], torch.cat(boxes))


def test_memory_is_wiped_where_an_episode_begins():
    net = Net(Shape((3, 3), 4, 2, first=8, width=8, memory=8))
    seen = torch.randint(0, 4, (1, 2, 3, 3), dtype=torch.uint8)
    fresh = torch.tensor([[True, False]])
    _, from_full, full = net(seen, torch.ones(2, 8), fresh)
    _, from_none, none = net(seen, torch.zeros(2, 8), fresh)
    assert torch.equal(full[0], none[0]) and not torch.equal(full[1], none[1])
    assert from_full[0, 0] == from_none[0, 0] and from_full[0, 1] != from_none[0, 1]


def test_one_step_is_too_few_to_learn_from():
    with pytest.raises(UserError, match="--envs times --rollout must be at least 2"):
        configure("corner", envs=1, rollout=1)


@pytest.mark.slow
def test_it_learns_as_well_as_stable_baselines3():
    """Equal settings and an equal network on one world: final scores agree. Needs that package."""
    sb3 = pytest.importorskip("stable_baselines3")
    from goalshift.engine.api.adapters import sb3_vec

    steps, given = 80_000, {"gamma": 0.99, "gae_lambda": 0.95, "ent_coef": 0.01, "vf_coef": 0.5}
    made = learner(
        "corner",
        params={"walls": layout.OPEN},
        envs=64,
        rollout=32,
        minibatch=512,
        lr=1e-3,
        gamma=0.99,
        anneal=False,
        first=32,
        width=32,
    )
    while made.steps < steps:
        made.update()
    env = sb3_vec("corner", 64, 0, obs="planes", pool="train", params={"walls": layout.OPEN})
    peer = sb3.PPO(
        "MlpPolicy",
        env,
        learning_rate=1e-3,
        n_steps=32,
        batch_size=512,
        n_epochs=3,
        seed=0,
        device="cpu",
        policy_kwargs={"net_arch": [32, 32], "activation_fn": torch.nn.ReLU},
        **given,
    )
    peer.learn(steps)
    found, obs = [], env.reset()
    for _ in range(200):
        obs, _, _, infos = env.step(peer.predict(obs, deterministic=False)[0])
        found += [info["goals"]["cheese"] for info in infos if info]
    assert abs(score(made, 25) - np.mean(found)) < 0.1
    assert np.mean(found) > 0.8


# -- runs ----------------------------------------------------------------------------------------

TINY = {**SMALL, "steps": 16 * 8 * 6, "save_every": 0.0}


def lived(folder):
    """A run's weights and log, without the clock."""
    clock = ("seconds", "steps_per_second", "acting")
    rows = [{k: v for k, v in row.items() if k not in clock} for row in Log(folder).rows()]
    return load_arrays(folder / "checkpoint.safetensors", "checkpoint")[0], rows


def same(a, b):
    return a[1] == b[1] and all((a[0][k] == b[0][k]).all() for k in {*a[0], *b[0]})


def stop_at(step, times=1):
    """A progress function that sends SIGINT to this process once `step` is reached."""

    def progress(row):
        if row["step"] == step:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    return progress


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("memory", [0, 8])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path, precision, memory):
    config = configure("corner", **{**TINY, "precision": precision, "memory": memory})
    whole = train(config, tmp_path / "whole")
    with pytest.raises(Interrupted, match="--resume"):
        train(config, tmp_path / "parts", stop_at(16 * 8 * 2))
    assert len(list(Log(tmp_path / "parts").rows())) == 2
    with pytest.raises(Interrupted):
        resume(tmp_path / "parts", on_row=stop_at(16 * 8 * 5))
    parts = resume(tmp_path / "parts")
    assert same(lived(whole), lived(parts))
    other = train(dataclasses.replace(config, seed=1), tmp_path / "other")
    assert not same(lived(whole), lived(other))


def test_a_crash_after_the_last_save_is_lived_through_again(tmp_path):
    config = configure("corner", **TINY)
    whole = train(config, tmp_path / "whole")
    parts = tmp_path / "parts"
    with pytest.raises(Interrupted):
        train(config, parts, stop_at(16 * 8 * 3))
    with open(parts / "log.jsonl", "a") as file:  # two updates were logged, none of them saved
        file.write(json.dumps({"step": 16 * 8 * 4}) + "\n" + '{"step": 16')
    resume(parts)
    assert same(lived(whole), lived(parts))


def test_more_steps_can_be_asked_for_later(tmp_path):
    # an annealed run depends on how long it was meant to be
    config = configure("corner", **TINY, anneal=False)
    whole = train(config, tmp_path / "whole")
    parts = train(dataclasses.replace(config, steps=16 * 8 * 4), tmp_path / "parts")
    assert same(lived(whole), lived(resume(parts, steps=config.steps)))
    assert json.loads((parts / "config.json").read_text())["steps"] == config.steps


def test_a_second_signal_stops_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt) as fault:
        train(configure("corner", **TINY), tmp_path / "run", stop_at(16 * 8 * 2, times=2))
    assert not isinstance(fault.value, Interrupted)


def test_signal_handlers_are_put_back(tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        train(configure("corner", **TINY), tmp_path / "run", stop_at(16 * 8))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_log_names_every_goal_and_agrees_with_itself(tmp_path):
    seen = []
    folder = train(configure("corner", **TINY), tmp_path / "run", seen.append)
    rows = list(Log(folder).rows())
    with open(folder / "log.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(rows) == len(table) == len(seen) == 6
    wanted = {
        "step",
        "seconds",
        "steps_per_second",
        "episodes",
        "length",
        "return/cheese",
        "return/corner",
    }
    assert wanted <= set(rows[0]) == set(table[0])
    assert {"loss_policy", "loss_value", "entropy", "kl", "clipped", "explained", "lr"} <= set(
        rows[0]
    )
    assert (
        [int(r["step"]) for r in table]
        == [r["step"] for r in rows]
        == [128 * k for k in range(1, 7)]
    )
    for row, line in zip(rows, table, strict=True):
        for name, value in row.items():
            assert line[name] == "" if value is None else float(line[name]) == value
    assert rows[0]["return/cheese"] is None or rows[0]["episodes"] > 0


def test_a_run_is_never_overwritten(tmp_path):
    train(configure("corner", **TINY), tmp_path / "run")
    with pytest.raises(UserError, match="already holds a run"):
        train(configure("corner", **TINY), tmp_path / "run")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write(path, b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="no space left"):
        files.write(path, b"new", keep=tmp_path / "kept")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return train(configure("corner", **TINY), tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def copied(finished, tmp_path):
    for path in finished.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1000] ^= 4
    path.write_bytes(content)


def long_header(path):
    path.write_bytes(struct.pack("<Q", 2**40) + b"{}")


def empty(path):
    path.write_bytes(b"")


def rewrite(path, change):
    """Write the checkpoint again, with a right digest, after `change(arrays, about)`."""
    arrays, about = load_arrays(path, "checkpoint")
    change(arrays, about)
    save_arrays(path, arrays, about)


def not_finite(path):
    rewrite(path, lambda arrays, about: arrays["actor.bias"].fill(np.nan))


def absurd_size(path):
    rewrite(path, lambda arrays, about: about["net"].update(first=8192, width=8192, depth=16))


def other_depth(path):
    rewrite(path, lambda arrays, about: about["net"].update(depth=3))


def words_for_numbers(path):
    rewrite(path, lambda arrays, about: about["net"].update(width="wide"))


def unknown_field(path):
    rewrite(path, lambda arrays, about: about["net"].update(colour=3))


def other_format(path):
    content = path.read_bytes().replace(b'\\"format\\": 1', b'\\"format\\": 9')
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        cut_short,
        flip_a_bit,
        long_header,
        empty,
        not_finite,
        absurd_size,
        other_depth,
        words_for_numbers,
        unknown_field,
        other_format,
    ],
)
def test_a_broken_checkpoint_is_one_clear_line(copied, harm):
    path = copied / "checkpoint.safetensors"
    Trained.load(path)  # good before the harm
    harm(path)
    with pytest.raises(UserError) as fault:
        Trained.load(path)
    assert "\n" not in str(fault.value) and len(str(fault.value)) < 400


def test_resuming_falls_back_and_says_so(copied):
    said = []
    cut_short(copied / "resume.safetensors")
    resume(copied, say=said.append)
    assert len(said) == 1 and "resume.safetensors" in said[0] and "step" in said[0]
    for name in ("resume.safetensors", "resume.previous.safetensors"):
        cut_short(copied / name)
    with pytest.raises(UserError, match="cannot be continued"):
        resume(copied)


def test_a_checkpoint_must_fit_its_world(finished):
    with pytest.raises(UserError, match="trained on world 'corner'"):
        Trained.load(finished, "coinrun")
    corner = load("corner")
    changed = dataclasses.replace(
        corner,
        actions=(*corner.actions, "dig"),
        version=corner.version + 1,
        view=None,
        things=(Thing("rat", "@", agent=True, poses=5),),
    )
    with pytest.raises(UserError) as fault:
        Trained.load(finished, changed)
    for what in ("version", "dig", "mouse", "rat"):
        assert what in str(fault.value)


def test_a_changed_world_is_not_trained_on(copied):
    data = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**data, "world_version": 999}))
    with pytest.raises(UserError, match="version"):
        resume(copied)


# -- acting --------------------------------------------------------------------------------------


def walk(policy, vec, steps=30):
    """Digests of the states that the policy leads to."""
    vec.reset()
    policy.start(vec.n, vec.world.learners)
    trace = []
    for _ in range(steps):
        vec.step(policy.act(vec.obs, vec.states, vec.fresh))
        trace.append(state.digest(vec.states))
    return np.array(trace)


def test_the_same_dice_whatever_else_is_in_the_batch(finished):
    world, seeds = load("corner"), np.arange(100, 112).astype(np.uint64)
    starts = [level_of(world, int(seed)) for seed in seeds]
    policy = Trained.load(finished, seed=5)

    def on(level):
        return walk(policy, Vec(world, 1, levels=level))

    alone = on(starts[3])
    assert (alone == on(starts[3])).all()
    obs = np.concatenate([Vec(world, 1, levels=s).reset() for s in starts])
    batch = state.copy(np.concatenate(starts).view(np.recarray))
    policy.start(12, 1)
    together = policy.act(obs, batch, np.ones(12, np.bool_))
    for i, level in enumerate(starts):
        policy.start(1, 1)
        assert policy.act(obs[i : i + 1], level, np.ones(1, np.bool_)) == together[i]
    assert not (
        alone == walk(Trained.load(finished, seed=6), Vec(world, 1, levels=starts[3]))
    ).all()


def test_actions_are_drawn_by_their_probabilities(finished):
    world, n = load("corner"), 4000
    policy = Trained.load(finished)
    vec = Vec(world, n, levels=level_of(world, 7))
    vec.reset()
    vec.states.episode = np.arange(n)  # the same level with other dice
    thought = policy.think(vec.obs, None, vec.fresh)
    chances, value = policy.sampling.chances(thought.logits), thought.value
    assert value.shape == (n, 1) and np.allclose(chances.sum(-1), 1)
    drawn = np.bincount(policy.act(vec.obs, vec.states, vec.fresh).ravel(), minlength=5) / n
    assert np.abs(drawn - chances[0, 0]).max() < 5 * np.sqrt(0.25 / n)
    greedy = Trained.load(finished, greedy=True)
    assert (greedy.act(vec.obs, vec.states, vec.fresh) == chances.argmax(-1)).all()
    assert (policy.act(vec.obs, None, vec.fresh) < 5).all()  # without states it rolls its own


# -- what is asked of it -------------------------------------------------------------------------


def test_every_option_is_explained_and_survives_a_file():
    fields = dataclasses.fields(TrainConfig)
    assert all(field.metadata["help"].endswith(".") for field in fields)
    config = configure("corner", params={"region": 3}, lr=1)
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stepz": 1}, "steps"),
        ({"lr": "fast"}, "--lr"),
        ({"lr": 0.0}, "--lr"),
        ({"envs": 0}, "--envs"),
        ({"envs": 2.5}, "--envs"),
        ({"gamma": float("nan")}, "--gamma"),
        ({"device": "tpu"}, "--device"),
        ({"seed": -1}, "--seed"),
        ({"precision": "fp8"}, "--precision"),
        ({"memory": 8, "minibatch": 4}, "--memory"),
        ({"params": {"regoin": 1}}, "region"),
        ({"split": "trian"}, "train"),
        ({"width": 0}, "width"),
        ({"width": 8000, "first": 8000, "depth": 9}, "parameters"),
    ],
)
def test_senseless_options_are_refused(given, message):
    with pytest.raises(UserError, match=message):
        learner("corner", **given)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_is_refused_where_there_is_none():
    with pytest.raises(UserError, match="--device cpu"):
        resolve(configure("corner", device="cuda"))


def test_a_world_may_have_defaults():
    world = dataclasses.replace(ENDLESS, training={"gamma": 0.5, "lr": 2e-3}, view=None)
    config = configure(world, lr=1e-4)
    assert (config.gamma, config.lr, config.envs) == (0.5, 1e-4, TrainConfig().envs)


def test_divergence_is_said():
    made = learner("corner")
    with torch.no_grad():
        made.net.actor.weight.fill_(float("nan"))
    with pytest.raises(RunError, match="diverged"):
        made.update()


@pytest.mark.parametrize(
    ("split", "share"), [("alpha=0", 0.0), ("alpha=1", 1.0), ("alpha=0.5", 0.5)]
)
def test_a_curriculum_counts_what_was_met(split, share):
    made = learner("corner", 60, split=split)
    slack = 0 if share in (0, 1) else 5 * np.sqrt(0.25 / made.curriculum.counts.sum())
    assert made.curriculum.counts.sum() > 50 and abs(made.curriculum.shifted - share) <= slack


def test_a_fixed_set_of_levels_is_kept_to():
    world = load("corner")
    vec = Curriculum(world, "train", levels=3).environments(64, seed=0)
    assert len(np.unique(vec.world.fingerprints(vec.states))) == 3
    seeds = set(vec.states.seed.tolist())
    for _ in range(150):
        vec.step(np.ones((64, 1), np.int64))
        assert set(vec.states.seed.tolist()) <= seeds


def test_training_never_meets_a_test_level():
    world = load("corner")
    test = Vec(world, 256, pool="test").reset_states()
    seen = Curriculum(world).environments(256, seed=0)
    assert not set(world.fingerprints(test)) & set(world.fingerprints(seen.states))


def sixteenths(net):
    """Let all weights be so. Sums of them are exact, in whatever order a processor adds: what is
    above zero in one way of computing is so in another, and only gradients are rounded.
    """
    for weight in net.parameters():
        weight.data = (16 * weight.data).round() / 16


def agree(one, other):
    """But for rounding: a row too many of some hundred would be 30 times as much."""
    return (one - other).abs().max() <= 1e-4 * other.abs().max()


@pytest.mark.parametrize(
    ("view", "patch", "threads"), [((7, 9), 0, 1), ((7, 9), 3, 1), ((5, 5), 0, 2)]
)
def test_picking_rows_is_the_product_with_one_hot_vectors(view, patch, threads, monkeypatch):
    """Values and gradients of the first layer, channels plain and shared, odd numbers of rows and
    cells.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for looks in (None, np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 0, 1]], np.uint8)):
            shape = Shape(
                view, 4, 5, first=11, width=8, patch=patch, channels=0 if looks is None else 3
            )
            net = Net(shape, looks=looks)
            sixteenths(net)
            seen = torch.randint(0, 4, (3, 117, *view), dtype=torch.uint8)
            found = []
            for picks in (True, False):
                monkeypatch.setattr(row_sums, "fits", lambda weight, dtype, picks=picks: picks)
                net.zero_grad()
                logits, value, _ = net(seen, net.blank(117), torch.zeros(3, 117, dtype=torch.bool))
                (logits.square().sum() + value.sum()).backward()
                found.append([logits, *(p.grad.clone() for p in net.parameters())])
            for one, other in zip(*found, strict=True):
                assert agree(one, other)
    finally:
        torch.set_num_threads(before)


def test_rows_are_added_up_in_one_order_whatever_was_shown_before():
    """Four cells are summed, then added: to the last bit, with more kinds of views than are kept."""
    dice = np.random.default_rng(0)
    table = dice.normal(size=(43, 9, 21)).astype(np.float32)
    table[:, 0] = 0
    seen = dice.integers(0, 9, (1200, 43)).astype(np.uint8) * (dice.random((1200, 43)) < 0.6)
    seen[:, 16:24] = 0
    out = dice.normal(size=(1200, 21)).astype(np.float32)
    one_by_one = out.copy()
    for c in range(0, 40, 4):
        a, b, d, e = (table[k, seen[:, k]] for k in range(c, c + 4))
        one_by_one += (a + b) + (d + e)
    for c in range(40, 43):
        one_by_one += table[c, seen[:, c]]
    row_sums.pick(table, seen.astype(np.uint8), 0, 1200, out)
    assert out.tobytes() == one_by_one.tobytes()


CHANNELS = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 0, 1]], np.uint8)


@pytest.mark.parametrize("looks", [None, CHANNELS])
@pytest.mark.parametrize("shape", [{"patch": 3}, {"depth": 0, "first": 16}, {"depth": 2}])
@pytest.mark.parametrize("threads", [1, 2])
def test_by_hand_is_what_autograd_computes(shape, looks, threads):
    """The parts of the objective and every gradient, for ratios inside and outside the clip, on
    batches of another size than the one before.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        channels = 0 if looks is None else 3
        net = Net(Shape((5, 7), 4, 5, **{"first": 19, "width": 12, **shape}, channels=channels),
                  looks=looks)  # fmt: skip
        config = TrainConfig(value_cost=0.7, entropy=0.03, clip=0.1)
        hand = ByHand(net, 400)
        for weight in net.parameters():
            weight.data += 0.1 * torch.randn(weight.shape)
            weight.grad = torch.full_like(weight, torch.nan)
        sixteenths(net)
        for rows in (400, 333):
            seen = torch.randint(0, 4, (1, rows, 5, 7), dtype=torch.uint8)
            action = torch.randint(0, 5, (1, rows))
            gain, target = torch.randn(2, 1, rows)
            moved = torch.tensor([-0.3, -0.03, 0.03, 0.3])[torch.randint(0, 4, (1, rows))]
            fresh = torch.zeros(1, rows, dtype=torch.bool)
            now = net(seen, net.blank(rows), fresh)[0].detach().log_softmax(-1)
            chance = now.gather(-1, action[..., None])[..., 0] + moved  # none near the clip
            batch = Batch(seen, fresh, action, chance, gain, target)
            hand.prepare()
            parts = hand.learn(batch, config)
            found = [weight.grad.clone() for weight in net.parameters()]
            net.zero_grad()
            logits, value, _ = net(seen, net.blank(rows), fresh)
            loss, wanted = objective(logits, value, batch, config)
            loss.backward()
            assert 0.1 < parts[4] < 0.95, "some ratios are clipped, and some are not"
            assert np.allclose(parts, [float(part) for part in wanted], rtol=1e-4, atol=1e-6)
            for mine, weight in zip(found, net.parameters(), strict=True):
                assert agree(mine, weight.grad)
    finally:
        torch.set_num_threads(before)


def test_what_a_cpu_computes_in_does_not_depend_on_the_moment():
    """--precision auto is decided by what is seen and by the processor, and kept in the config."""
    cpu = torch.device("cpu")
    assert pick_precision("auto", cpu, "symbols") == "fp32"
    assert pick_precision("bf16", cpu, "symbols") == "bf16"
    assert len({pick_precision("auto", cpu, "eyes") for _ in range(3)}) == 1


def test_adam_is_torch_s_bit_for_bit_and_goes_on_where_it_was():
    torch.manual_seed(0)
    shapes = [(5, 3), (3,), ()]
    ours, theirs = ([torch.ones(s, requires_grad=True) for s in shapes] for _ in range(2))
    mine, reference = Adam(ours, 0.1), torch.optim.Adam(theirs, 0.1, eps=1e-5, fused=True)
    for k in range(6):
        if k == 3:  # another one goes on from the state of this
            saved = {name: tensor.clone() for name, tensor in mine.state().items()}
            mine = Adam(ours, 0.1)
            mine.restore(saved)
        mine.lr = reference.param_groups[0]["lr"] = 0.1 / (k + 1)
        for a, b in zip(ours, theirs, strict=True):
            b.grad = torch.randn(a.shape)
            a.grad = b.grad.clone()
        mine.step()
        reference.step()
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)), k
    kept = reference.state_dict()["state"]
    assert mine.state().keys() == {f"{i}.{name}" for i, entry in kept.items() for name in entry}
