"""One network each: teams learn apart, are read as one, and meet partners they never trained with."""

import csv
import os
import signal

import numpy as np
import pytest
import torch

from goalshift.__main__ import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.files import CHECKPOINT, RESUME, load_arrays
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.ppo import resolve
from goalshift.agents.learning.run import Interrupted, resume, train
from goalshift.agents.learning.trained import Trained
from goalshift.agents.learning.training import learner_of
from goalshift.agents.live.open import open_session
from goalshift.agents.policies.policy import Policy
from goalshift.agents.policies.seats import Seats
from goalshift.agents.studies import crossplay
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

SMALL = {
    "envs": 8, "rollout": 8, "minibatch": 32, "first": 8, "width": 8, "threads": 1,
    "device": "cpu", "precision": "fp32", "save_every": 0.0, "steps": 256,
}  # fmt: skip
TEAM = {**SMALL, "policies": "independent", "params": {"learners": 2}}


def learner(world="tomato", **options):
    return learner_of(load(world), resolve(configure(world, **{**TEAM, **options})))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two teams that differ in their seed, and a shared network."""
    home = tmp_path_factory.mktemp("runs")
    teams = [train(configure("tomato", **TEAM, seed=k), home / f"team-{k}") for k in (0, 1)]
    shared = configure("tomato", **{**TEAM, "policies": "shared"})
    return [*teams, train(shared, home / "shared")]


@pytest.mark.parametrize("net, memory", [("dense", 0), ("dense", 4), ("conv", 0)])
def test_side_by_side_each_agent_has_what_its_own_network_gives(net, memory):
    shape = Shape((6, 9), 5, 4, 8, 8, memory=memory, net=net, agents=3)
    team = Net(shape)
    assert sum(p.numel() for p in team.parameters()) == shape.parameters()
    assert set(team.state_dict()) == {
        f"nets.{k}.{name}" for k in range(3) for name in team.members[0].state_dict()
    }
    seen = torch.randint(0, 5, (2, 12, 6, 9), dtype=torch.uint8)
    fresh, blank = torch.rand(2, 12) < 0.3, torch.rand(12, memory)
    heard = {}

    def hear(name, x):
        heard[name] = x
        return x

    found = team(seen, blank, fresh, hear)
    assert {name: x.shape[1:] for name, x in heard.items()} == team.layers()
    for k, one in enumerate(team.members):
        alone = one(seen[:, k::3], blank[k::3], fresh[:, k::3])
        for mine, theirs, where in zip(found, alone, (1, 1, 0), strict=True):
            index = (slice(None), slice(k, None, 3)) if where else slice(k, None, 3)
            torch.testing.assert_close(mine[index], theirs)


@pytest.mark.parametrize("options", [{}, {"memory": 4, "minibatch": 64}, {"reward": "goal.sight"}])
def test_a_team_goes_on_exactly(options, tmp_path):
    def stop(row):
        if row["step"] == 128:
            os.kill(os.getpid(), signal.SIGINT)

    config = configure("tomato", **{**TEAM, **options})
    whole = train(config, tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(config, tmp_path / "parts", on_row=stop)
    found = [
        load_arrays(run / RESUME, "resume file")[0] for run in (whole, resume(tmp_path / "parts"))
    ]
    assert found[0].keys() == found[1].keys()
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


def test_what_one_agent_learns_reaches_no_other():
    plain, odd = learner(), learner()
    odd.mates[1].descend = lambda: torch.zeros(())  # the second stays as it is
    before = {k: v.clone() for k, v in odd.net.state_dict().items()}
    plain.update()
    odd.update()
    mine, theirs = plain.net.state_dict(), odd.net.state_dict()
    for key in mine:
        first = key.startswith("nets.0.")
        assert torch.equal(theirs[key], mine[key] if first else before[key])
    assert any(not torch.equal(mine[k], before[k]) for k in mine if k.startswith("nets.1."))


def test_a_team_is_read_by_what_reads_an_agent(runs, capsys):
    agent = Trained.load(runs[0])
    assert agent.net.shape.agents == 2 and agent.world.learners == 2
    assert main(["eval", str(runs[0]), "--levels", "4", "-q"]) == 0
    watched = open_session(str(runs[0]), seed=3)
    watched.clock.step()
    assert watched.t == 1
    played = rollout(agent.world, agent, "train", 3, trace=("observations", "body"))
    assert played.trace is not None
    with pytest.raises(UserError, match="number of learners 2 is now 3"):
        Trained.load(runs[0], load("tomato").with_params(learners=3))
    slope = agent.gradient(
        np.zeros((2, 2, *agent.world.view), np.uint8), None, np.ones(2, bool), np.ones((2, 2, 5))
    )
    assert slope.shape[:2] == (2, 2) and np.isfinite(slope).all()


@pytest.mark.parametrize(
    "options, said",
    [
        ({"params": {}}, "for several learners, and this world has one"),
        ({"learner": "bc"}, "bc trains one network for all"),
        ({"learner": "dqn"}, "dqn trains one network for all"),
        ({"curriculum": "plr"}, "independent cannot take --curriculum plr"),
        ({"policies": "alone"}, "must be one of shared, independent, not 'alone'"),
    ],
)
def test_what_a_team_cannot_be_is_one_clear_line(options, said):
    with pytest.raises(UserError, match=said):
        learner(**options)


class Always(Policy):
    """One action for ever; and how often it was started."""

    remembers = False

    def __init__(self, action):
        self.action, self.started = action, 0

    def start(self, n, agents):
        self.started += 1

    def act(self, obs, states, fresh):
        return np.full(obs.shape[:2], self.action)


def test_everybody_acts_in_the_own_seat():
    one, two = Always(1), Always(2)
    policy = Seats([one, two, one])
    policy.start(4, 3)
    assert (one.started, two.started) == (1, 1) and not policy.remembers
    acted = policy.act(np.zeros((4, 3, 1, 1)), None, np.ones(4, bool))
    assert acted.tolist() == [[1, 2, 1]] * 4


def test_the_price_of_a_partner_by_hand():
    """Three runs that earn 1 with themselves and 0.4 with another: 0.6, in both seats and on all
    levels; and nothing where nobody is of that kind.
    """
    scores = np.where(np.eye(3, dtype=bool)[..., None], 1.0, 0.4) * np.ones(5)
    others = ~np.eye(3, dtype=bool)
    price = crossplay.price_of(scores, others)
    assert (price.value, price.low, price.high) == (0.6, 0.6, 0.6)
    assert crossplay.price_of(scores, others & False) is None
    scores[0, 1] = 0.1  # what 0 loses in the seat, 1 loses in the others
    assert crossplay.price_of(scores, others).value == pytest.approx(0.6 + 0.3 * 2 / 12)


def test_cross_play_is_a_matrix_with_each_on_the_diagonal_as_it_was_trained(runs, tmp_path, capsys):
    out = tmp_path / "cross"
    words = ["crossplay", *map(str, runs), "--levels", "4", "--seat", "1", "--out", str(out)]
    assert main([*words, "-q"]) == 0
    assert "with another recipe" in capsys.readouterr().out
    with (out / "crossplay.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["partner"] for row in rows[:3]] == ["itself", "another seed", "another recipe"]
    assert [row["row"] for row in rows[::4]] == ["team-0", "team-1", "shared"]
    assert (out / "crossplay.svg").is_file() and (out / "crossplay.png").is_file()
    cross = crossplay.make(runs[:2], levels=4, seat=1)
    assert cross == crossplay.make(runs[:2], levels=4, seat=1), "the same levels and dice for all"
    agent = Trained.load(runs[0])
    alone = rollout(agent.world.with_params(learners=2), agent, cross.split, 4)
    seated = rollout(agent.world, Seats([agent, agent]), cross.split, 4)
    assert np.array_equal(alone.totals, seated.totals)
    assert set(cross.price) == {"another seed"}


def test_who_does_not_belong_together_is_told(runs, tmp_path):
    single = train(configure("tomato", **SMALL), tmp_path / "single")
    other = train(configure("coinline", **SMALL), tmp_path / "other")
    for given, said in (
        (runs[:1], "takes 2 to 32 runs"),
        ([runs[0], runs[0]], "named twice"),
        ([runs[0], single], "other params"),
        ([runs[0], other], "another world"),
        ([single, runs[0]], "another world|other params"),
        ([other, tmp_path / "none"], "none"),
    ):
        with pytest.raises(UserError, match=said):
            crossplay.open_runs(given)
    with pytest.raises(UserError, match="--seat must be 0 to 1, not 2"):
        crossplay.make(runs, seat=2)
    assert (single / CHECKPOINT).is_file()
