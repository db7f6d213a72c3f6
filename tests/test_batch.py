"""Several trainings at once: what each computes, saves and resumes, side by side and as one batch."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from goalshift.agents.learning import batch, row_sums
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.files import Log, read_json
from goalshift.agents.learning.ppo import Learner, resolve
from goalshift.agents.learning.run import Interrupted, train
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError

from .waiting import PATIENCE, wait

TINY = {"steps": 16 * 8 * 4, "envs": 16, "rollout": 8, "minibatch": 64, "first": 8, "width": 8}
TIMES = ("seconds", "steps_per_second", "acting")
FLAGS = [f"--{name}={value}" for name, value in TINY.items() if name != "steps"]


def recipe(world="corner", **more):
    return configure(world, **TINY, threads=1, **more)


def seeds(config, n):
    return [dataclasses.replace(config, seed=k) for k in range(n)]


def lived(run: Path) -> tuple[bytes, list[dict]]:
    """The weights of a run, and its log but for the times."""
    rows = [{k: v for k, v in row.items() if k not in TIMES} for row in Log(run).rows()]
    return (run / "checkpoint.safetensors").read_bytes(), rows


# -- side by side ----------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", ["ppo", "bc", "dqn:1"])
def test_agents_side_by_side_are_what_each_is_alone(tmp_path, monkeypatch, learner):
    monkeypatch.setattr(batch.machine, "processors", lambda: 2)
    configs = seeds(recipe(learner=learner), 3)
    folders = [tmp_path / f"x-{k}" for k in range(3)]
    batch.train(configs, folders)
    for config, folder in zip(configs, folders, strict=True):
        assert lived(train(config, tmp_path / f"alone-{config.seed}")) == lived(folder)


def test_a_batch_that_was_stopped_goes_on_exactly(tmp_path):
    configs = seeds(recipe(mitigate="dropout", curriculum="plr"), 2)
    whole, parts = ([tmp_path / f"{name}-{k}" for k in range(2)] for name in ("whole", "parts"))

    def stop(row):
        if row["step"] == 16 * 8 * 2:
            os.kill(os.getpid(), signal.SIGTERM)

    batch.train(configs, whole)
    with pytest.raises(Interrupted, match=r"--resume .*parts-0 .*parts-1"):
        batch.train(configs, parts, stop)
    assert [len(list(Log(run).rows())) for run in parts] == [2, 2]
    batch.resume(parts)
    assert [*map(lived, parts)] == [*map(lived, whole)]


def test_runs_of_different_ages_and_worlds_go_on_together(tmp_path):
    config = recipe(anneal=False)
    young = train(dataclasses.replace(config, steps=16 * 8), tmp_path / "young")
    other = train(recipe("coinline", anneal=False), tmp_path / "other")
    batch.resume([young, other], steps=16 * 8 * 5)
    assert [Log(run).last()["step"] for run in (young, other)] == [16 * 8 * 5] * 2
    assert lived(young) == lived(train(dataclasses.replace(config, steps=640), tmp_path / "whole"))


def test_one_that_diverges_does_not_end_the_others(tmp_path, monkeypatch):
    def update(self, whole=Learner.update):
        if self.config.seed == 1 and self.updates == 2:
            raise RunError("training diverged at step 384 (a loss is not finite)")
        return whole(self)

    monkeypatch.setattr(Learner, "update", update)
    folders = [tmp_path / f"x-{k}" for k in range(3)]
    with pytest.raises(RunError, match=r"x-1': training diverged .* others are done"):
        batch.train(seeds(recipe(), 3), folders)
    assert [len(list(Log(run).rows())) for run in folders] == [4, 2, 4]
    assert [read_json(run / "checkpoint.json")["steps"] for run in folders] == [512, 0, 512]


# -- one batch -------------------------------------------------------------------------------------


def learners(monkeypatch, n=3, **more) -> list[Learner]:
    """Such as can be one batch: they multiply by autograd, as on CUDA."""
    monkeypatch.setattr(row_sums, "fits", lambda *_: False)
    configs = seeds(recipe(**more), n)
    return [Learner(load(c.world), resolve(c)) for c in configs]


def weights(learner: Learner) -> list[np.ndarray]:
    return [w.detach().numpy().copy() for w in learner.net.parameters()]


@pytest.mark.parametrize("net", ["dense", "conv", "attention"])
def test_one_batch_draws_the_same_and_learns_the_same_but_for_rounding(monkeypatch, net):
    alone, together = (learners(monkeypatch, net=net, world="coinrun") for _ in range(2))
    stack = batch.Stack(together)
    for _ in range(3):
        expected, found = [x.update() for x in alone], stack.rows(together)
        for one, other in zip(expected, found, strict=True):
            assert list(one) == list(other)
            counted = ("step", "episodes", "length", "shifted")
            assert all(one[name] == other[name] for name in counted)
            for name in ("loss_policy", "loss_value", "entropy", "grad", "explained"):
                assert one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-4), name
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(weights(one), weights(other), strict=True):
            np.testing.assert_allclose(a, b, atol=2e-3)
    apart = [weights(x)[0] for x in together]
    assert not np.allclose(apart[0], apart[1], atol=0.1)


def test_one_batch_is_deterministic_and_goes_on_exactly_from_the_states_of_each(monkeypatch):
    whole, parts, later = (learners(monkeypatch, anneal=True) for _ in range(3))
    stack, half = batch.Stack(whole), batch.Stack(parts)
    for _ in range(4):
        stack.rows(whole)
    for _ in range(2):
        half.rows(parts)
    for one, other in zip(parts, later, strict=True):
        other.restore(*one.state())
    half = batch.Stack(later)
    for _ in range(2):
        half.rows(later)
    for one, other in zip(whole, later, strict=True):
        a, b = one.state(), other.state()
        assert a[1] == b[1] and a[0].keys() == b[0].keys()
        assert all(np.array_equal(a[0][name], b[0][name]) for name in a[0])


def test_values_at_a_time_limit_are_each_seed_s_own(monkeypatch):
    each = learners(monkeypatch, n=2)
    stack = batch.Stack(each)
    rows = stack.rows_each
    seen = torch.randint(0, 5, (4, *each[0].seen.shape[2:])).to(torch.uint8)
    places = torch.tensor([0, rows, 3 * 2 * rows + rows - 1, 5 * 2 * rows + 2 * rows - 1])
    blank = torch.zeros(4, 0)
    with torch.no_grad():
        each[1].net.critic.bias += 7.0
        found = stack.values(seen, blank, places)
    assert [bool(value > 6) for value in found] == [False, True, False, True]


@pytest.mark.parametrize(
    "more", [{"memory": 8}, {"mitigate": "dropout"}, {"curriculum": "plr"}, {}], ids=str
)
def test_what_is_no_plain_ppo_or_not_on_cuda_goes_side_by_side(monkeypatch, more):
    each = learners(monkeypatch, n=2, **more)
    assert not batch.stackable(each)
    for one in each:
        one.device = torch.device("cuda")
    assert bool(batch.stackable(each)) is (not more)
    each[0].steps += 1
    assert not batch.stackable(each)


# -- the command -----------------------------------------------------------------------------------


def test_seeds_are_trained_judged_and_resumed_by_command(call, tmp_path):
    ended = call("train", "corner", "--seeds", 2, "--seed", 5, "--steps", "1k", *FLAGS, "-o", "r/x")
    runs = [str(Path("r") / f"x-{seed}") for seed in (5, 6)]
    assert ended.code == 0 and f"goalshift eval {' '.join(runs)}" in ended.out
    assert "training 2 agents: 100 %" in ended.err
    assert [read_json(tmp_path / run / "config.json")["seed"] for run in runs] == [5, 6]
    judged = call("eval", *runs, "--levels", 20, "--json")
    assert judged.code in (0, 4) and "x-6" in judged.out
    again = call("train", "--resume", *runs, "--steps", "2k", "--json")
    assert again.code == 0 and json.loads(again.out)["runs"] == runs
    assert all(read_json(tmp_path / run / "checkpoint.json")["steps"] >= 2000 for run in runs)
    taken = call("train", "corner", "--seeds", 2, "--seed", 6, "--steps", "1k", *FLAGS, "-o", "r/x")
    assert taken.code == 2 and "x-6' is not empty" in taken.err
    assert not (tmp_path / "r" / "x-7").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["corner", "--seeds", "2", "--watch"], "leave out --seeds"),
        (["corner", "--seeds", "2", "--log", "wandb"], "--log wandb"),
        (["--resume", "a", "--seeds", "2"], "leave out --seeds"),
        (["--resume", "a", "a"], "named twice"),
        (["--resume", "a", "b"], "'a' holds no run"),
        (["--resume", "./w.py"], "--resume wants a run"),
    ],
)
def test_senseless_batches_are_refused_in_one_line(call, words, told):
    ended = call("train", *words)
    assert ended.code == 2 and told in ended.err and ended.err.count("\n") == 1


def test_sigterm_saves_every_agent_of_a_process(tmp_path):
    words = ["train", "corner", "--seeds", "2", "--steps", "1G", *FLAGS, "--out", tmp_path / "x"]
    child = subprocess.Popen(
        [sys.executable, "-m", "goalshift", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    runs = [tmp_path / "x-0", tmp_path / "x-1"]
    wait((runs[1] / "log.csv").exists)
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert f"goalshift train --resume {runs[0]} {runs[1]}" in err.splitlines()[-1]
    steps = [read_json(run / "checkpoint.json")["steps"] for run in runs]
    assert steps[0] == steps[1] == Log(runs[0]).last()["step"] > 0
