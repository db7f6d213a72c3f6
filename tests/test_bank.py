"""A bank of nets: each is what it would be alone, it learns, and a grid that was stopped goes
on.
"""

import csv
import dataclasses
import json

import numpy as np
import pytest
import torch

from goalshift.agents.command import main as cli
from goalshift.agents.studies.bank import grid, measure, nets
from goalshift.agents.studies.bank.config import BankConfig
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.vector import Vec
from goalshift.worlds import corner

WORLD = load("coinline").with_params(length=4)
SPLITS = ("train", "deploy", "probe")
SMALL = BankConfig(nets=6, width=4, updates=4, measures=2, envs=4, rollout=8, levels=8)


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(measure, "GROUP", 4)


def trained(world=WORLD, splits=SPLITS, **changes):
    return measure.train(world, dataclasses.replace(SMALL, **changes), splits)


def figures(rows):
    """Rows as text, so that NaN equals NaN."""
    return grid.as_csv(rows, measure.fields(WORLD, SPLITS)).decode().splitlines()


def test_a_net_is_the_same_whatever_is_trained_beside_it():
    six, three = trained(), trained(nets=3)
    assert len(six) == 12 and len(three) == 6
    assert [r for r in figures(six) if r.partition(",")[0] in ("net", "0", "1", "2")] == figures(
        three
    )
    assert figures(measure.train(WORLD, SMALL, SPLITS, threads=3)) == figures(six)
    assert figures(trained(seed=1)) != figures(six)
    rows = np.array([[r["trained"], r["probe.missed"]] for r in six if r["updates"] == 4])
    assert len(np.unique(rows, axis=0)) > 2  # and they differ among themselves


def test_measuring_changes_nothing():
    once = trained(measures=1)
    assert [r["updates"] for r in once] == [4] * 6
    assert figures(trained(measures=3))[-6:] == figures(once)[-6:]


def test_a_net_learns_from_its_own_weights_and_rollout_alone():
    def after(spoil):
        group = nets.Group(WORLD, SMALL, nets.Places(WORLD), 0, 4)
        with torch.no_grad():
            for weight in group.weights:
                weight[1] *= spoil
        group.update()
        return [w.detach().clone() for w in group.weights]

    one, other = after(1.0), after(5.0)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a[[0, 2, 3]], b[[0, 2, 3]]) and not torch.equal(a[1], b[1])


def test_an_update_is_a_step_along_each_net_s_own_gradient_cut_to_one(monkeypatch):
    group = nets.Group(WORLD, SMALL, nets.Places(WORLD), 0, 4)
    before = [w.detach().clone() for w in group.weights]
    kept, real = {}, torch.autograd.grad
    monkeypatch.setattr(
        torch.autograd, "grad", lambda *given: kept.setdefault("gradients", real(*given))
    )
    group.update()
    for k in range(4):
        moved = [(w[k] - b[k]).detach() for w, b in zip(group.weights, before, strict=True)]
        for pair in (slice(0, 2), slice(2, 4)):
            gradients = [g[k] for g in kept["gradients"][pair]]
            norm = float(sum(g.square().sum() for g in gradients)) ** 0.5
            for step, gradient in zip(moved[pair], gradients, strict=True):
                assert torch.allclose(step, -SMALL.eta * gradient / max(norm, 1.0), atol=1e-6)


def test_nets_learn_what_they_are_trained_on_and_want_what_they_are_shown():
    settings = dict(nets=8, width=16, updates=100, measures=1, envs=16, rollout=16, levels=64)
    at_end = measure.summary(trained(**settings), SPLITS)[0]
    anywhere = measure.summary(trained(split="deploy", **settings), SPLITS)[0]
    assert at_end["trained"]["value"] > 0.7 and anywhere["trained"]["value"] > 0.7
    q = [entry["splits"]["probe"]["missed_trained"]["value"] for entry in (at_end, anywhere)]
    assert q[0] > 0.95 and q[1] < 0.2
    labels = at_end["splits"]["probe"]["labels"]
    assert labels["goal misgeneralization"]["value"] > 0.6 and labels["robust"]["value"] == 0
    assert sum(figure["value"] for figure in labels.values()) == pytest.approx(1)
    assert measure.parting([at_end]) == ["deploy", "probe"]


def test_places_are_what_may_change_and_the_view_is_what_the_learner_sees():
    line = nets.Places(WORLD)
    vec = Vec(WORLD, 3, "probe")
    vec.reset()
    assert np.allclose(line(vec).numpy(), [[1, 2 / 4, 0]] * 3)  # 1, robot, coin; no rows
    vec.step(np.ones((3, 1), np.int64))
    vec.step(np.ones((3, 1), np.int64))
    assert np.allclose(line(vec).numpy(), [[1, 0, -1]] * 3)  # the coin is taken
    maze = corner.WORLD
    vec = Vec(maze, 2)
    vec.reset()
    seen = nets.View(maze)(vec).view(2, -1, len(maze.symbols))
    assert (seen.argmax(-1).numpy() == vec.obs.reshape(2, -1)).all() and (seen.sum(-1) == 1).all()
    rows = measure.train(maze, dataclasses.replace(SMALL, nets=2, see="view"), ("train",))
    assert len(rows) == 4


def test_a_bank_from_the_command_line_and_a_grid_that_goes_on(tmp_path, capsys):
    out = tmp_path / "grid"
    words = [
        "bank",
        "coinline",
        "--nets",
        "5",
        "--width",
        "4",
        "--updates",
        "4",
        "--envs",
        "4",
        "--rollout",
        "8",
    ]
    words += [
        "--levels",
        "8",
        "--over",
        "world.length=4,5",
        "--over",
        "alpha=0,0.5",
        "--out",
        str(out),
        "-q",
        "--json",
    ]
    assert cli.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert [b["at"] for b in told["banks"]] == [
        {"world.length": a, "alpha": b} for a in ("4", "5") for b in ("0", "0.5")
    ]
    tables = sorted((out / "cells").iterdir())
    assert len(tables) == 4
    with open(tables[0], newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == set(told["columns"]) and {row["updates"] for row in rows} == {
        "1",
        "2",
        "4",
    }
    picture = (out / "bank.svg").read_bytes()
    assert (out / "bank.png").read_bytes().startswith(b"\x89PNG") and b"<svg" in picture

    made = {path: path.stat().st_mtime_ns for path in tables}
    contents = tables[1].read_bytes()
    tables[1].unlink()
    assert cli.main(words) == 0
    again = json.loads(capsys.readouterr().out)
    assert (
        again == told
        and tables[1].read_bytes() == contents
        and (out / "bank.svg").read_bytes() == picture
    )
    assert all(path.stat().st_mtime_ns == made[path] for path in tables if path != tables[1])

    tables[0].write_text("net,updates\nx,1\n")
    assert cli.main(words) == 2
    assert "delete it, and it is made anew" in capsys.readouterr().out
    assert cli.main([*words[:-2], "--sigma", "2"]) == 2
    assert "another configuration" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (["sgima=1"], "Did you mean 'sigma'"),
        (["sigma"], "write it like"),
        (["sigma=1,1.0"], "a value stands there twice"),
        (["sigma=1", "sigma=2"], "names 'sigma' twice"),
        (["world.length=4", "width=a"], "width: 'a' is not a whole number"),
        (["sigma=0"], "--sigma must be"),
        (["see=nothing"], "must be one of places, view"),
        (["world.lenght=4"], "Did you mean 'world.length'"),
        (["alpha=2"], "alpha"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused_before_anything_is_trained(
    over, said, tmp_path, capsys
):
    words = ["bank", "coinline", "--out", str(tmp_path / "new")]
    assert cli.main([*words, *(word for one in over for word in ("--over", one))]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_world_with_several_learners_is_refused():
    robot, coin = WORLD.things
    pair = WORLD.but(things=(dataclasses.replace(robot, count=2), coin))
    with pytest.raises(UserError, match="one learner"):
        measure.train(pair, SMALL, SPLITS)
