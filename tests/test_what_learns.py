"""What learns, by name: each against cases known by hand, exact to resume, read by all that reads runs."""

import os
import signal
from typing import NamedTuple

import numpy as np
import pytest
import torch

from goalshift.__main__ import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.files import RESUME, load_arrays, read_json, save_arrays
from goalshift.agents.learning.hooks import Hook
from goalshift.agents.learning.learner import LEARNERS
from goalshift.agents.learning.learners.dqn import SHARP, Buffer
from goalshift.agents.learning.ppo import resolve
from goalshift.agents.learning.run import Interrupted, resume, train
from goalshift.agents.learning.trained import Trained
from goalshift.agents.learning.training import learner_of
from goalshift.engine import grid, layout
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.world import Goal, Thing, Tile, World

SMALL = {
    "envs": 32, "rollout": 8, "minibatch": 128, "first": 16, "width": 16, "threads": 1,
    "device": "cpu", "precision": "fp32", "save_every": 0.0,
}  # fmt: skip
MINE = '''"""Only ever says what is likeliest."""
from goalshift.agents.learning.learner import LearnerKind
from goalshift.agents.learning.ppo import Learner


class Sure(Learner):
    def choose(self, chances):
        return chances.argmax(-1)


LEARNER = LearnerKind(about=__doc__, build=lambda world, config, value: Sure(world, config))
'''


class Nothing(NamedTuple):
    unused: int = 0


@rule
def at_the_left(s, p):
    layout.fill(s, 0)
    grid.put(s, 0, 0, 0)


@rule
def go_and_take(s, p, me, act):
    """Going leads from the left cell to the right one; taking there ends it, and pays."""
    if act == 1:
        s.x[me] = 1
    elif act == 2 and s.x[me] == 1:
        s.events[me, 0] += 1


CORRIDOR = World(
    name="corridor", story="Two cells.", size=(1, 2), horizon=9, view=(1, 3),
    actions=("stay", "go", "take"), tiles=(Tile("floor", "."),),
    things=(Thing("mouse", "@", agent=True, tell=False),), events=("prize",), ends_on=("prize",),
    params=Nothing, train=Nothing(), deploy=Nothing(),
    intended=Goal("prize", {"prize": 1.0}), generate=at_the_left, step=go_and_take,
)  # fmt: skip


def learner(world, **options):
    return learner_of(load(world), resolve(configure(world, **{**SMALL, **options})))


def test_what_ships_is_found_by_name_and_says_what_it_is():
    assert LEARNERS.shipped() == ["bc", "dqn", "ppo"]
    assert all(len(LEARNERS.load(name).title) > 20 for name in LEARNERS.shipped())


def test_dqn_finds_the_values_of_a_world_of_two_states():
    """By hand, at discount g: taking is worth 1 on the right, going there g, staying g as much."""
    g = 0.8
    made = learner(CORRIDOR, learner="dqn", gamma=g, steps=14_000, lr=1e-2, epochs=8)
    while made.steps < 14_000:
        made.update()
    seen = []
    made.vec.reset()
    for action in (1, 0):  # what is seen on the left, and on the right
        seen.append(torch.from_numpy(made.vec.obs[0]).clone())
        made.vec.step(np.full((32, 1), action))
    with torch.no_grad():
        said, value, _ = made.net(torch.stack(seen, 1), made.net.blank(2), torch.zeros(1, 2) > 0)
    q = value[0, :, None] + said[0] - said[0].amax(-1, keepdim=True)
    wanted = torch.tensor([[g * g, g, g * g], [g, g, 1.0]])
    torch.testing.assert_close(q, wanted, atol=0.03, rtol=0)
    sharp = made.state()[0]["net.actor.weight"]
    assert np.array_equal(sharp / np.float32(SHARP), made.net.actor.weight.detach().numpy())


@pytest.mark.parametrize("goal", ["coin", "end"])
def test_a_clone_does_what_its_expert_does(goal, tmp_path):
    """Where the goals part, so that the two clones part, too."""
    options = {
        **SMALL,
        "split": "deploy",
        "lr": 3e-3,
        "first": 64,
        "width": 64,
        "steps": 32 * 8 * 100,
    }
    config = configure("coinline", **options, learner=f"bc:{goal}")
    rows = []
    agent = Trained.load(train(config, tmp_path / "run", rows.append))
    assert rows[-1]["agrees"] > 0.98 and rows[0]["agrees"] < 0.9
    world = agent.world
    scores = rollout(world, agent, "deploy", 64).scores.mean(0)
    assert scores[[g.name for g in world.goals].index(goal)] > 0.9


def test_where_goals_agree_their_experts_clones_are_one_to_the_byte(tmp_path):
    digests = []
    for goal in ("coin", "end"):
        config = configure("coinline", **SMALL, steps=1024, learner=f"bc:{goal}")
        run = train(config, tmp_path / goal)
        digests.append(read_json(run / "checkpoint.json")["digest"])
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    "world, name, options",
    [
        ("coinline", "bc", {}),
        ("coinline", "bc", {"memory": 8}),
        ("coinline", "bc:end", {"net": "conv"}),
        ("coinrun", "bc", {}),  # its expert remembers plans
        ("coinline", "dqn:1", {}),
        ("corner", "dqn:1", {"net": "conv", "mitigate": "cutout", "reward": "goal.corner"}),
    ],
)
def test_every_learner_goes_on_exactly(world, name, options, tmp_path):
    options = {**SMALL, **options, "learner": name, "steps": 32 * 8 * 4}

    def stop(row):
        if row["step"] == 32 * 8 * 2:
            os.kill(os.getpid(), signal.SIGINT)

    whole = train(configure(world, **options), tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(configure(world, **options), tmp_path / "parts", on_row=stop)
    parts = resume(tmp_path / "parts")
    found = [load_arrays(run / RESUME, "resume file")[0] for run in (whole, parts)]
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])
    assert found[0].keys() == found[1].keys()
    assert Trained.load(parts).about["config"]["learner"] == name


class Slowly(Hook):
    """Changes nothing, by autograd."""

    def tap(self, layer, x):
        return x


@pytest.mark.parametrize("name", ["bc", "dqn"])
def test_by_hand_is_by_autograd(name):
    one, two = (learner("coinline", learner=name, max_grad=1e6) for _ in range(2))
    if name == "dqn":
        two.by_hand = None
    else:
        two.hooks.tapping, two.hooks.by_autograd = [Slowly()], True
    for _ in range(2):
        for figure, other in zip(one.update().items(), two.update().items(), strict=True):
            if figure[0] not in ("steps_per_second", "acting", "explained"):
                assert figure == pytest.approx(other, abs=1e-4)
    for mine, theirs in zip(one.net.parameters(), two.net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-3)


def test_a_clone_s_critic_does_not_shape_what_it_does():
    """Without clipping, which is over all gradients, no bit of the body or the actor moves."""
    one, two = (learner("coinline", learner="bc", max_grad=1e6, value_cost=c) for c in (0.0, 9.0))
    for made in (one, two):
        for _ in range(3):
            made.update()
    weights = [made.net.state_dict() for made in (one, two)]
    same = {key for key in weights[0] if torch.equal(weights[0][key], weights[1][key])}
    assert set(weights[0]) - same == {"critic.weight", "critic.bias"}


def test_the_buffer_holds_the_newest_in_its_bytes_and_knows_what_came_next():
    rows, steps, dice = 3, 4, torch.Generator().manual_seed(0)
    buffer = Buffer(0.0005, torch.zeros(steps, rows, 2, 5, dtype=torch.uint8), rows, steps)
    held = sum(part.numel() * part.element_size() for part in buffer.parts.values())
    assert held <= 0.0005 * 2**20 and buffer.room == 2
    for k in range(5):  # each observation says when, and whose, it is
        seen = torch.zeros(steps + 1, rows, 2, 5, dtype=torch.uint8)
        seen[..., 0, 0] = 40 * k + torch.arange(steps + 1)[:, None]
        seen[..., 0, 1] = torch.arange(rows)
        action = (40 * k + torch.arange(steps)[:, None]).expand(steps, rows)
        nothing = torch.zeros(steps, rows, dtype=torch.bool)
        buffer.add(seen=seen, action=action, reward=action * 0.5, ended=nothing, cut=nothing)
    before, action, reward, _, _, after = buffer.draw(500, dice)
    assert torch.equal(before[:, 0, 0].long(), action.long())
    assert torch.equal(after[:, 0, 0], before[:, 0, 0] + 1)
    assert torch.equal(after[:, 0, 1], before[:, 0, 1])
    assert torch.equal(reward, action * 0.5)
    assert set(action.tolist()) == {40 * k + t for k in (3, 4) for t in range(steps)}
    with pytest.raises(UserError, match=r"one rollout takes .* MiB; give it more, or fewer --envs"):
        Buffer(0.0001, torch.zeros(steps, rows, 2, 5, dtype=torch.uint8), rows, steps)


@pytest.mark.parametrize("part, value", [("seen", 255), ("action", 99)])
def test_a_buffer_from_a_stranger_s_file_is_looked_at(part, value, tmp_path):
    run = train(configure("coinline", **SMALL, steps=512, learner="dqn:1"), tmp_path / "run")
    arrays, about = load_arrays(run / RESUME, "resume file")
    arrays[f"buffer.{part}"].flat[3] = value
    save_arrays(run / RESUME, arrays, {k: v for k, v in about.items() if k != "digest"})
    (run / "resume.previous.safetensors").unlink()
    with pytest.raises(UserError, match="the replay buffer holds what cannot be"):
        resume(run, 1024)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"learner": "dqm"}, "no learner 'dqm'.*dqn"),
        ({"learner": "bc:cheese"}, "cheese"),
        ({"learner": "ppo:3"}, "ppo takes no value"),
        ({"learner": "dqn:0.1"}, "takes a number from 1 to 512, not '0.1'"),
        ({"learner": "dqn", "memory": 8}, "dqn learns without --memory"),
        ({"learner": "dqn", "curriculum": "plr"}, "cannot take --curriculum plr"),
        ({"learner": "dqn", "mitigate": "dropout"}, "cannot take --mitigate dropout"),
    ],
)
def test_what_a_learner_cannot_do_is_one_clear_line(options, said):
    with pytest.raises(UserError, match=said) as fault:
        learner("coinline", **options)
    assert "\n" not in str(fault.value)


def test_dqn_is_for_one_learner():
    with pytest.raises(UserError, match="for one learner, and this world has 2: use ppo"):
        learner("tomato", learner="dqn", params={"learners": 2})


def test_a_learner_of_one_s_own_is_a_file_that_only_its_user_may_name(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    words = ["coinline", "--learner", "./mine.py", "--steps", "512", "--envs", "16", "-q"]
    assert main(["train", *words, "--out", "run"]) == 0
    assert main(["eval", "run", "--levels", "4", "-q"]) == 0, "judging never runs it"
    LEARNERS.trusted.clear()
    capsys.readouterr()
    assert main(["train", "--resume", "run", "--steps", "1k", "-q"]) == 2
    assert "if you trust it, add --learner ./mine.py" in capsys.readouterr().err
    assert main(["train", "--resume", "run", "--steps", "1k", "--learner", "./mine.py", "-q"]) == 0


def test_train_says_which_flags_a_learner_does_not_read(tmp_path, capsys):
    words = ["train", "coinline", "--learner", "bc", "--clip", "0.3", "--steps", "256"]
    assert main([*words, "--envs", "8", "--out", str(tmp_path / "run")]) == 0
    assert "bc does not read --clip" in capsys.readouterr().err
