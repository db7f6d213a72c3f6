"""The public names: all there, the same for programs and type checkers, and enough to experiment."""

import ast
from pathlib import Path

import numpy as np
import pytest

import goalshift


def test_public_names_agree():
    tree = ast.parse(Path(goalshift.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = [
        alias.asname
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert len(typed) == len(set(typed))
    assert {*typed, "__version__"} == {*goalshift._HOMES, "__version__"} == set(goalshift.__all__)
    for name in goalshift.__all__:
        assert getattr(goalshift, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        goalshift.trian  # noqa: B018 - looking it up is the test


def test_an_experiment_with_public_names_alone(tmp_path):
    """Train, measure, look inside, compare with a policy of one's own, and film."""
    from goalshift import (
        Expert,
        FilmPlan,
        LearnedPolicy,
        Policy,
        RandomPolicy,
        Trained,
        Training,
        UserError,
        contrast,
        evaluate,
        load,
        rollout,
        train,
    )

    world, rows = load("corner"), []
    small = {"envs": 16, "rollout": 16, "minibatch": 128, "first": 8, "width": 8, "threads": 1}
    runs = [
        train(world, tmp_path / f"run-{k}", rows.append, steps=512, seed=k, **small)
        for k in range(2)
    ]
    assert [row["step"] for row in rows] == [256, 512] * 2
    with pytest.raises(UserError, match=r"no training option 'step'. Did you mean 'steps'"):
        train("corner", tmp_path / "bad", step=1)
    agents = [Trained.load(run) for run in runs]
    assert isinstance(agents[0], LearnedPolicy)

    class Left(Policy):
        name = "left"

        def act(self, obs, states, fresh):
            return np.full(obs.shape[:2], world.actions.index("left"), np.int64)

    found = evaluate(
        agents, world, levels=32, training=[Training(seed=k, envs=16) for k in range(2)]
    )
    assert found.agents == ("run-0", "run-1") and set(found.splits) == {"train", "deploy"}
    deploy = found.splits["deploy"]
    assert deploy.policies["expert:cheese"].goals["cheese"].met.value == 1.0
    assert str(found).startswith("illustration on deploy: ")
    one = evaluate([Left()], world, levels=32)
    assert one.splits["deploy"].agent.goals["cheese"].met.value < 0.5

    trace = rollout(world, agents[0], "deploy", 8, trace=("logits", "body", "events")).trace
    assert trace.activations["body"].shape == (len(trace), 8, 1, 8)
    best = rollout(world, Expert(world), "deploy", 8).scores
    assert (best >= rollout(world, RandomPolicy(world), "deploy", 8).scores)[:, 0].all()

    plan = FilmPlan([tmp_path / "film.webp"], tmp_path / "replays")
    made = contrast(agents[0], world, found, plan)
    assert Path(made["films"][0]).stat().st_size > 1000
