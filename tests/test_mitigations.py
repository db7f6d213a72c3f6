"""Rewards written by hand, mitigations and their comparison: each on a case known beforehand."""

import csv
import json
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from goalshift.__main__ import main
from goalshift.agents.lab import mitigate
from goalshift.agents.learning import hooks
from goalshift.agents.learning.baselines import Baseline
from goalshift.agents.learning.config import TrainConfig, configure
from goalshift.agents.learning.files import Log
from goalshift.agents.learning.mitigation import MITIGATIONS, expanded, hooks_of
from goalshift.agents.learning.mitigations import ird, occupancy
from goalshift.agents.learning.pays import Pays
from goalshift.agents.learning.ppo import Learner, resolve
from goalshift.agents.learning.reward import parse
from goalshift.agents.learning.run import resume, train
from goalshift.agents.learning.trained import Trained
from goalshift.agents.policies.distance import distances
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.graph import Graph
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.agents.studies import jobs
from goalshift.engine import grid, layout, plugins, state
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.vector import Vec
from goalshift.engine.world import Goal, Thing, Tile, World

SMALL = {
    "envs": 16, "rollout": 8, "minibatch": 64, "first": 16, "width": 16,
    "threads": 1, "device": "cpu", "precision": "fp32",
}  # fmt: skip
CORNER = load("corner")


@pytest.fixture
def short(monkeypatch):
    """A price on occupancy has little to look at: what is kept of it does not hang on how much."""
    monkeypatch.setattr(occupancy, "BATCH", 128)
    monkeypatch.setattr(occupancy, "STEPS", 8)


class Nothing(NamedTuple):
    unused: int = 0


@rule
def lay(s, p):
    """A corridor: the mouse in the middle, cheese on the right, a dish on the left."""
    layout.fill(s, 0)
    s.tiles[0, 6] = 1
    s.tiles[0, 0] = 2
    grid.put(s, 0, 0, 3)


@rule
def walk(s, p, me, act):
    y, x = grid.walk(s, p, me, act)
    if s.tiles[y, x] == 1:
        s.events[me, 0] += 1
    if s.tiles[y, x] == 2:
        s.events[me, 1] += 1


@rule
def cheese(s, p, me, y, x):
    return s.tiles[y, x] == 1


@rule
def dish(s, p, me, y, x):
    return s.tiles[y, x] == 2


CORRIDOR = World(
    name="corridor", story="corridor", size=(1, 7), horizon=8, actions=grid.MOVES,
    tiles=(Tile("floor", "."), Tile("cheese", "c"), Tile("dish", "d")),
    things=(Thing("mouse", "@", agent=True),), events=("cheese", "at the dish"), params=Nothing,
    train=Nothing(), deploy=Nothing(), generate=lay, step=walk, ends_on=("cheese",),
    intended=Goal("cheese", {"cheese": 1.0}, seek=cheese),
    proxies=(Goal("dish", {"at the dish": 2.0}, seek=dish),),
)  # fmt: skip
STAY, LEFT, RIGHT = (grid.MOVES.index(name) for name in ("stay", "left", "right"))


def learner(world="corner", updates=0, **options):
    made = Learner(load(world), resolve(configure(world, **{**SMALL, **options})))
    made.hooks.first()
    for _ in range(updates):
        made.update()
    return made


def bytes_of(learner):
    arrays, _ = learner.state()
    return {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}


def taken(world, action, hook):
    """What a hook pays for one step from the start of a world."""
    vec = Vec(world, 1, autoreset="off")
    vec.reset()
    before = vec.states.copy().view(np.recarray)
    actions = np.full((1, world.learners), action)
    _, paid, ended, cut = vec.step(actions)
    step = hooks.Step(world, before, actions, vec.states, ended.copy(), cut.copy())
    return float(hook.reward(step, paid.copy())[0, 0])


# -- rewards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "every", "first", "step"),
    [
        ("goal.cheese - 0.2*event.corner", [1, -0.2], [0, 0], 0),
        ("cheese", [1, 0], [0, 0], 0),
        ("corner", [0, 0], [0, 1], 0),  # that goal counts the first time only
        ("once(2*cheese + event.corner)/4", [0, 0], [0.5, 0.25], 0),
        ("-(cheese - 3*cheese) - 0.01", [2, 0], [0, 0], -0.01),
        ("paid + .5 * 2 * event.cheese", [2, 0], [0, 0], 0),
        ("2e-1*intended--event.corner", [0.2, 1], [0, 0], 0),
    ],
)
def test_a_reward_means_prices_of_events(text, every, first, step):
    found = parse(text, CORNER)
    assert np.allclose(found.every, every) and np.allclose(found.first, first)
    assert found.step == pytest.approx(step) and not found.shaped


def test_spaces_in_names_are_written_as_underscores():
    assert parse("event.at_the_dish", CORRIDOR).every.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("goal.chese", "no goal 'chese'; did you mean 'cheese'"),
        ("goal.cheese - event.cornr", "no event 'cornr'; did you mean 'corner'"),
        ("gaol.cheese", "did you mean 'goal'"),
        ("onse(cheese)", "no function 'onse'; did you mean 'once'"),
        ("cheese * corner", "multiplied by numbers alone"),
        ("1/cheese", "only a number, and not 0"),
        ("cheese/0", "only a number, and not 0"),
        ("(cheese", "')' is missing"),
        ("cheese)", "')' was not expected"),
        ("cheese +", "is missing"),
        ("cheese corner", "'corner' was not expected"),
        ("__import__('os')", "has no meaning here"),
        ("cheese.__class__", "names begin with goal. or event."),
        ("0.5", "names no goal"),
        ("once(cheese - 1)", "goals and events alone"),
        ("1e999*cheese", "too large a price"),
        ("1e9*1e9*cheese", "larger than 1e"),
        ("(" * 200 + "cheese" + ")" * 200, "too many brackets"),
        ("cheese+" * 100 + "cheese", "at most 500 characters"),
        ("", "is missing"),
    ],
)
def test_a_reward_that_makes_no_sense_is_one_line_with_the_closest_name(text, message):
    with pytest.raises(UserError, match=message.replace("(", r"\(").replace(")", r"\)")) as fault:
        parse(text, CORNER)
    assert "\n" not in str(fault.value) and str(fault.value).startswith("--reward")


def test_once_pays_the_first_time_of_an_episode_and_a_goal_every_time():
    before, after = np.array([0, 1]), np.array([1, 3])  # cheese for the first time, corner twice
    assert parse("event.corner", CORNER).of(before, after) == 2
    assert parse("once(event.corner) + once(cheese)", CORNER).of(before, after) == 1


@pytest.mark.parametrize("goal", ["cheese", "dish"])
def test_a_potential_pays_for_coming_nearer_and_sums_to_nothing(goal):
    """Discounted, an episode that ends earns minus the potential of its start."""
    gamma = 0.9
    pays = Pays(f"shaped({goal})", CORRIDOR, gamma)
    sign = 1 if goal == "cheese" else -1
    assert taken(CORRIDOR, RIGHT, pays) == pytest.approx(
        gamma * gamma ** (3 - sign) - gamma**3, abs=1e-6
    )
    vec = Vec(CORRIDOR, 1, autoreset="off")
    vec.reset()
    found, at = 0.0, 0
    while not vec.states["ended"][0]:
        before = vec.states.copy().view(np.recarray)
        ended, cut = vec.step(np.array([[RIGHT]]))[2:]
        step = hooks.Step(CORRIDOR, before, np.array([[RIGHT]]), vec.states, ended, cut)
        found += gamma**at * float(pays.reward(step, np.zeros((1, 1), np.float32))[0, 0])
        at += 1
    assert at == 3 and found == pytest.approx(-(gamma**3), abs=1e-6)


def test_distances_are_those_of_a_walk():
    vec = Vec(CORRIDOR, 1)
    vec.reset()
    assert distances(CORRIDOR, "cheese", vec.states).tolist() == [[3]]
    many = Vec(CORNER, 64)
    many.reset()
    far = distances(CORNER, "cheese", many.states)[:, 0]
    alone = Vec(CORNER, 64, autoreset="off")
    alone.start_from(many.states.copy().view(np.recarray))
    expert, steps = Expert(CORNER, "cheese"), np.zeros(64, int)
    while (running := alone.states["ended"] == 0).any():
        alone.step(expert.act(None, alone.states, np.zeros(64, bool)))
        steps += running
    assert (steps == far).all()


def test_a_reward_is_learned_from_and_scores_stay_the_world_s():
    """Even a goal that the world does not pay at all."""
    plain, other = learner(), learner(reward="0*cheese + 2*corner")
    first, second = plain.update(), other.update()
    assert "trained" not in first
    for name in ("episodes", "length", "return/cheese", "return/corner"):
        assert first[name] == second[name]  # the first rollout is the same, whatever is paid
    assert second["trained"] == pytest.approx(2 * second["return/corner"])
    assert torch.equal(other.reward > 0, other.reward == 2)


def test_a_penalty_on_a_proxy_that_never_parts_in_training_only_rescales_the_reward():
    """Where cheese lies in the corner, both are met at once or not at all."""
    apart = {}
    for split in ("train", "deploy"):
        one = learner(mitigate="penalty:0.2", split=split)
        assert one.config.reward == "goal.cheese - 0.2*goal.corner" and not one.config.mitigate
        paid, learned_from = [], []
        step = one.vec.step

        def watched(actions, step=step, paid=paid):
            found = step(actions)
            paid.append(found[1].ravel().copy())
            return found

        one.vec.step = watched
        for _ in range(12):
            one.update()
            learned_from.append(one.reward.numpy().copy())
        paid, learned_from = np.array(paid).ravel(), np.array(learned_from).ravel()
        assert paid.any()
        apart[split] = not np.allclose(learned_from, 0.8 * paid)
    assert apart == {"train": False, "deploy": True}


# -- hooks -----------------------------------------------------------------------------------------


def test_without_hooks_a_training_is_what_it_was():
    plain, same = learner(updates=3), learner(updates=3, curriculum="dr")
    assert bytes_of(plain) == bytes_of(same)
    assert not any(key.startswith("hooks") for key in plain.state()[0])
    assert not {"reward", "mitigate", "curriculum"} & plain.config.to_json().keys()


def test_paying_the_world_s_reward_by_hand_learns_the_same():
    plain, paid = learner(updates=3), learner(updates=3, reward="paid")
    for name, weight in plain.net.state_dict().items():
        assert torch.equal(weight, paid.net.state_dict()[name])


@pytest.mark.parametrize(
    "options",
    [
        {"mitigate": "cutout,dropout,weight_decay"},
        {"mitigate": "attainable", "reward": "cheese + shaped(cheese) - 0.01"},
        {"mitigate": "attainable:1:inaction,reachability:1:start"},
    ],
    ids=["dice", "branch", "baselines"],
)
def test_a_training_with_hooks_resumes_exactly(options):
    whole, begun = learner(updates=2, **options), learner(updates=2, **options)
    arrays, counters = begun.state()
    went_on = learner(**options)
    went_on.restore({name: array.copy() for name, array in arrays.items()}, counters)
    assert whole.update()["loss_policy"] == went_on.update()["loss_policy"]
    whole.update(), went_on.update()
    assert bytes_of(whole) == bytes_of(went_on)


@pytest.mark.parametrize(
    "options",
    [
        {"mitigate": "attainable:1:inaction"},
        {"mitigate": "reachability:1:start"},
        {"mitigate": "monitor:0.9:screen"},
        {"mitigate": "occupancy"},
        {"curriculum": "paired"},
        {"curriculum": "ncc"},
        {"curriculum": "accel_still"},
        {"curriculum": "sfl"},
    ],
    ids=lambda options: next(iter(options.values())),
)
def test_an_interrupted_run_goes_on_from_its_newest_checkpoint(options, tmp_path, short):
    more = {**SMALL, **options}
    if options.get("mitigate") == "occupancy":
        run = train("coinline", tmp_path / "reference", steps=128, **SMALL)
        more["mitigate"] = f"occupancy:0.5:{run}"
    whole = train("coinline", tmp_path / "whole", steps=512, **more)
    cut = train("coinline", tmp_path / "cut", steps=256, **more)
    said: list[str] = []
    resume(cut, 512, say=said.append)
    assert not said and Log(cut).last()["step"] == 512
    ends = [(run / "checkpoint.safetensors").read_bytes() for run in (whole, cut)]
    assert ends[0] == ends[1]


def test_options_are_written_out_once_and_stay_so():
    config = configure("corner", steps=1000, mitigate="entropy:0.3,longer:3,labelled:0.1,dropout")
    told = (config.entropy, config.steps, config.split, config.mitigate)
    assert told == (0.3, 3000, "alpha=0.1", "dropout:0.1")
    again = configure(**TrainConfig.from_json(config.to_json()).to_json())
    assert again == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entropi", "no mitigation 'entropi'; did you mean 'entropy'"),
        ("entropy:x", "entropy takes a number from 0 to 10, not 'x'"),
        ("dropout:1", "dropout takes a number from 0 to 0.9"),
        ("dropout,dropout:0.2", "names 'dropout' twice"),
        ("ensemble", "changes no training: goalshift mitigate"),
        ("cutout:40", "hides the whole view"),
        ("kl", "kl needs the run of a reference"),
        ("kl:nowhere", "nowhere"),
        ("reachability:1:inactoin", "no baseline 'inactoin'. Did you mean 'inaction'?"),
        ("./nothing.py", "no mitigation file 'nothing.py'"),
    ],
)
def test_mitigations_that_make_no_sense_are_refused_in_one_line(text, message, tmp_path, capsys):
    assert main(["train", "corner", "--mitigate", text, "--out", str(tmp_path / "a"), "-q"]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not (tmp_path / "a").exists()


def hook(text, world=CORNER, **options):
    config = configure("corner", **{**SMALL, "mitigate": text, **options})
    return hooks_of(world, config)[0]


def test_weights_decay_by_the_share_that_was_asked_for():
    one = learner(mitigate="weight_decay:2")
    before = {name: weight.clone() for name, weight in one.net.state_dict().items()}
    one.optimizer.lr = 0.01
    one.hooks.stepped(one)
    for name, weight in one.net.state_dict().items():
        lost = 0.98 if weight.ndim > 1 else 1.0
        assert torch.allclose(weight, lost * before[name])


def test_dropout_switches_off_its_share_and_keeps_the_mean():
    x = hook("dropout:0.25").tap("body", torch.ones(400, 100))
    assert x.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert float((x == 0).float().mean()) == pytest.approx(0.25, abs=0.01)


def test_cutout_hides_one_square_of_cells():
    seen = hook("cutout:3").seen(torch.ones(50, *CORNER.view, dtype=torch.uint8))
    places = set()
    for view in seen.numpy():
        rows, columns = (view == 0).nonzero()
        assert len(rows) == 9 and np.ptp(rows) == np.ptp(columns) == 2
        places.add((rows[0], columns[0]))
    assert len(places) > 30


def test_attainable_utility_is_the_difference_that_doing_something_makes():
    """In the corridor both goals are 3 steps away: a step to the right brings one nearer."""
    aup = MITIGATIONS.load("attainable").hook
    config = configure("corner", gamma=0.5)
    assert taken(CORRIDOR, STAY, aup("1", CORRIDOR, config)) == 0
    nearer, further, now = 0.5**2, 0.5**4, 0.5**3
    apart = (nearer - now + now - further) / 2
    assert taken(CORRIDOR, RIGHT, aup("2", CORRIDOR, config)) == pytest.approx(-2 * apart)


@pytest.mark.parametrize(("baseline", "was"), [("stepwise", 4), ("inaction", 3), ("start", 3)])
def test_a_baseline_is_a_step_an_episode_or_the_start_without_the_agent(baseline, was):
    """Two steps to the right in the corridor, from cell 3 to 5; held against where it else would be."""
    aup = MITIGATIONS.load("attainable").hook(
        f"1:{baseline}", CORRIDOR, configure("corner", gamma=0.5)
    )
    vec = Vec(CORRIDOR, 1, autoreset="off")
    vec.reset()
    for _ in range(2):
        before = vec.states.copy().view(np.recarray)
        ended, cut = vec.step(np.array([[RIGHT]]))[2:]
        step = hooks.Step(CORRIDOR, before, np.array([[RIGHT]]), vec.states, ended, cut)
        found = float(aup.reward(step, np.zeros((1, 1)))[0, 0])
    apart = (abs(0.5 ** (6 - 5) - 0.5 ** (6 - was)) + abs(0.5**5 - 0.5**was)) / 2
    assert found == pytest.approx(-apart)


def test_a_baseline_from_a_file_is_checked_before_a_rule_sees_it():
    baseline = Baseline("start", CORRIDOR, "attainable", 1)
    states = Vec(CORRIDOR, 2).reset_states()
    states.tiles[1, 0, 0] = 200
    for raw, word in ((states.tobytes(), "tile"), (states.tobytes()[:-1], "no states")):
        with pytest.raises(UserError, match=word):
            baseline.restore({"baseline": np.frombuffer(raw, np.uint8)})
    good = Vec(CORRIDOR, 2).reset_states()
    baseline.restore({"baseline": np.frombuffer(good.tobytes(), np.uint8)})
    alone = Vec(CORRIDOR, 1).reset_states()
    ended = np.zeros(1, bool)
    step = hooks.Step(CORRIDOR, alone, np.array([[RIGHT]]), alone, ended, ended)
    with pytest.raises(UserError, match="another number of environments"):
        baseline.of(step)


def test_reachability_is_what_has_become_further_away():
    """In a corridor of seven cells, a step to the right takes the four cells behind one step away."""
    hook = MITIGATIONS.load("reachability").hook
    config = configure("corner", gamma=0.5)
    assert taken(CORRIDOR, STAY, hook("1", CORRIDOR, config)) == 0
    lost = sum(0.5**k - 0.5 ** (k + 1) for k in range(4)) / 7
    assert taken(CORRIDOR, RIGHT, hook("2", CORRIDOR, config)) == pytest.approx(-2 * lost)


def test_what_is_forgotten_of_boards_is_found_again():
    world = load("sokoban")
    config = configure("sokoban", envs=4)
    whole, short = (MITIGATIONS.load("reachability").hook("1", world, config) for _ in range(2))
    short.graph = Graph(world, most=1600)  # half of it is less than four levels and a step have
    vec, expert, ended = Vec(world, 4, seed=5), Expert(world, "pay"), np.zeros(4, bool)
    vec.reset()
    for _ in range(6):
        before, actions = state.copy(vec.states), expert.act(None, vec.states, ended)
        vec.step(actions)
        step = hooks.Step(world, before, actions, state.copy(vec.states), ended, ended)
        found = [hook.reward(step, np.zeros((4, 1), np.float32)) for hook in (whole, short)]
        assert np.array_equal(*found)
    assert len(short.graph.known) < len(whole.graph.known)


def test_more_states_than_can_be_known_are_refused_before_anything_is_trained():
    world = load("sokoban")
    hook = MITIGATIONS.load("reachability").hook("1", world, configure("sokoban", envs=1 << 16))
    with pytest.raises(UserError, match=r"states a level, and 65536 .*: try --envs"):
        hook.first()


def test_a_box_in_a_corner_costs_what_can_never_be_reached_again():
    world = load("sokoban")
    vec = Vec(world, 4, autoreset="off")
    vec.reset()
    graph, expert, most = Graph(world), Expert(world, "pay"), {True: 0.0, False: 0.0}
    cornered = world.events.index("corner")
    while not (vec.states["events"][:, 0, cornered] > 0).all():
        before = graph.number(vec.states)
        vec.step(expert.act(None, vec.states, np.zeros(4, bool)))
        now = graph.number(vec.states)
        graph.grow()
        pushed = vec.states["events"][:, 0, cornered] > 0
        for lost, one in zip(graph.lost(before, now, 0.97).tolist(), pushed.tolist(), strict=True):
            most[one] = max(most[one], lost)
        if vec.states["t"].max() > 8:
            break
    assert most[True] > 0.3 > 0.1 > most[False]


def test_what_has_too_many_states_is_refused_in_one_line():
    graph = Graph(CORRIDOR, most=4)
    vec = Vec(CORRIDOR, 1)
    vec.reset()
    graph.number(vec.states)
    with pytest.raises(UserError, match="'corridor' has more than 4 states: too large a board"):
        graph.grow()


def test_an_event_that_training_never_showed_may_be_worth_anything():
    """A price of which nothing is known has mean 0 and a standard deviation of 1 / sqrt(3)."""
    found = ird.worth(np.array([1.0, 0.0]), [np.zeros(2)], k=1.0, sure=5.0)
    w = np.linspace(-1, 1, 100_001)
    likely = 1 / (1 + np.exp(-5 * w))  # what was chosen, beside nothing at all
    mean = (w * likely).sum() / likely.sum()
    std = np.sqrt(((w - mean) ** 2 * likely).sum() / likely.sum())
    assert found == pytest.approx([mean - std, -(3**-0.5)], abs=0.02)


def test_a_planner_that_is_not_sure_of_lava_walks_around_it():
    world = load("lava")
    [planner] = MITIGATIONS.load("ird").agents("1", world, [Expert(world, "cheese")])
    burnt, ate = (world.events.index(name) for name in ("lava", "cheese"))
    for one, dry in ((planner, True), (Expert(world, "cheese"), False)):
        vec = Vec(world, 12, "deploy", autoreset="off")
        obs = vec.reset()
        one.start(12, 1)
        while (vec.states["ended"] == 0).any():
            obs = vec.step(one.act(obs, vec.states, np.zeros(12, bool)))[0]
        assert (vec.states["totals"][:, 0, ate] > 0).all()
        assert (vec.states["totals"][:, 0, burnt] == 0).all() == dry


def test_kl_is_nothing_to_oneself_and_pulls_towards_the_reference(tmp_path):
    run = train("corner", tmp_path / "a", steps=256, seed=7, **SMALL)
    one = learner(mitigate=f"kl:0.5:{run}")
    batch = hooks.Batch(
        torch.zeros(1, 4, *CORNER.view, dtype=torch.uint8),
        torch.zeros(1, 4, dtype=torch.bool), *[torch.zeros(1, 4)] * 4,
    )  # fmt: skip
    theirs = Trained.load(run).net.requires_grad_(False)
    [close] = one.hooks.all
    blank = torch.zeros(4, 0)
    assert float(close.loss(batch, theirs(batch.seen, blank, batch.fresh)[0], None)) < 1e-6
    logits = torch.zeros(1, 4, 5, requires_grad=True)
    chances = theirs(batch.seen, blank, batch.fresh)[0].softmax(-1).detach()
    by_hand = 0.5 * -(0.2 * (5 * chances).log()).sum(-1).mean()
    loss = close.loss(batch, logits, None)
    assert loss.item() == pytest.approx(float(by_hand), rel=1e-4)
    arrays, counters = one.state()
    (run / "checkpoint.safetensors").unlink()  # the reference is a part of the run by now
    other = Learner(CORNER, one.config)
    other.restore(arrays, counters)
    assert bytes_of(other) == bytes_of(one)


def test_a_price_on_occupancy_learns_the_ratio_of_what_is_seen():
    """One cell: the reference sees 1 half of the time, we nine times in ten."""
    ratio = occupancy.Ratio(1, 2)
    ours = torch.tensor([[1]] * 9 + [[0]])
    ratio.fit(ours, torch.tensor([[0], [1]]), turns=400)
    both = ratio.of(torch.tensor([[0], [1]])).tolist()
    assert both == pytest.approx([math.log(0.1 / 0.5), math.log(0.9 / 0.5)], abs=0.02)
    divergence = 0.1**2 / 0.5 + 0.9**2 / 0.5 - 1
    assert float(ratio.of(ours).exp().mean()) - 1 == pytest.approx(divergence, abs=0.02)


def test_a_price_on_occupancy_resumes_exactly_and_needs_its_reference_once(tmp_path, short):
    run = train("corner", tmp_path / "a", steps=256, seed=7, **SMALL)
    whole, begun = (learner(updates=2, mitigate=f"occupancy:0.5:{run}") for _ in range(2))
    arrays, counters = begun.state()
    (run / "checkpoint.safetensors").unlink()
    went_on = Learner(CORNER, whole.config)
    went_on.restore({name: array.copy() for name, array in arrays.items()}, counters)
    row, other = whole.update(), went_on.update()
    assert row["chi_square"] == other["chi_square"] > 0
    assert bytes_of(whole) == bytes_of(went_on)


class Sure(RandomPolicy):
    """A learned policy in disguise: the same probabilities everywhere."""

    def __init__(self, name, chances):
        super().__init__(CORNER)
        self.name, self.logits = name, np.log(np.array(chances))
        self.can, self.layers, self.remembers = frozenset(), {}, False

    def think(self, obs, states, fresh, layers=()):
        from goalshift.agents.policies.policy import Thought

        return Thought(np.tile(self.logits, (*obs.shape[:2], 1)))


def test_an_ensemble_takes_what_its_members_agree_on():
    one, other = Sure("a", [0.6, 0.1, 0.1, 0.1, 0.1]), Sure("b", [0.2, 0.5, 0.1, 0.1, 0.1])
    obs, states = np.zeros((1, 1, *CORNER.view), np.uint8), None
    [both] = MITIGATIONS.load("ensemble").agents("1", CORNER, [one, other])
    left = both.chances(obs, states, np.ones(1, bool))[0, 0]
    assert np.allclose(left, [0.4 - 0.2, 0.3 - 0.2, 0.1, 0.1, 0.1])  # mean - std
    abstain = MITIGATIONS.load("abstain").agents
    [careful] = abstain("0.7", CORNER, [one, other])  # 0.6 is left
    assert careful.act(obs, states, np.ones(1, bool))[0, 0] == CORNER.actions.index("stay")
    right = np.full(5, 1e-9) + np.eye(5)[4]
    [agreed] = abstain("0.7", CORNER, [Sure("a", right), Sure("b", right)])
    assert agreed.act(obs, states, np.ones(1, bool))[0, 0] == 4


@pytest.mark.parametrize(
    ("q", "chances"),
    [
        ("0.2", [1, 0, 0, 0, 0]),
        ("0.3", [2 / 3, 0, 1 / 3, 0, 0]),
        ("0.4", [1 / 2, 0, 1 / 2, 0, 0]),
        ("1", [1 / 5] * 5),
    ],
)
def test_a_quantilizer_draws_from_the_best_share_of_its_base(q, chances):
    [one] = MITIGATIONS.load("quantilizer").agents(
        q, CORNER, [Sure("a", [0.5, 0.1, 0.2, 0.1, 0.1])]
    )
    obs, fresh = np.zeros((1, 1, *CORNER.view), np.uint8), np.ones(1, bool)
    assert one.chances(obs, None, fresh)[0, 0] == pytest.approx(chances)
    one.base = Sure("base", [0.05, 0.05, 0.8, 0.05, 0.05])  # rarely does what the agent likes best
    found = one.chances(obs, None, fresh)[0, 0]
    assert found[0] == pytest.approx(0.05 / float(q)) and found.sum() == pytest.approx(1)


# -- plug-ins of strangers -------------------------------------------------------------------------

README = Path(mitigate.__file__).parents[1] / "learning" / "mitigations" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
(MINE,) = [block for block in BLOCKS if "MITIGATION" in block]


def test_a_stranger_s_mitigation_is_trained_with_and_resumed_only_if_it_is_named(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.py").write_text(MINE)
    flags = [f"--{key.replace('_', '-')}={value}" for key, value in SMALL.items()]
    words = ["train", "corner", *flags, "--steps", "256", "--out", "a", "-q"]
    assert main([*words, "--mitigate", "./late.py:2"]) == 0
    config = json.loads((tmp_path / "a/config.json").read_text())
    assert config["mitigate"] == "./late.py:2"
    MITIGATIONS.trusted.clear()
    capsys.readouterr()
    assert main(["train", "--resume", "a", "--steps", "512", "-q"]) == 2
    assert "add --mitigate ./late.py" in capsys.readouterr().err
    assert main(["train", "--config", "a/config.json", "--out", "b", "-q"]) == 2
    assert "name it yourself" in capsys.readouterr().err
    assert main(["eval", "a", "--levels", "8", "-q"]) == 0  # judging runs no such code
    capsys.readouterr()
    more = ["--resume", "a", "--steps", "512", "--mitigate", "./late.py", "-q"]
    assert main(["train", *more]) == 0
    given = {"mitigate": "./late.py:2,dropout"}
    assert jobs._code(given) == ["--mitigate=./late.py"]


def test_an_installed_mitigation_is_found_by_name(tmp_path, monkeypatch):
    (tmp_path / "bought_late.py").write_text(MINE)
    about = tmp_path / "bought_late-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bought-late\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[goalshift.mitigations]\nlate = bought_late\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins.installed.cache_clear()
    try:
        assert "late" in MITIGATIONS.names()
        assert expanded(CORNER, {"mitigate": "late"}) == {"mitigate": "late:3"}
    finally:
        plugins.installed.cache_clear()


def test_a_file_without_its_declaration_is_refused(tmp_path):
    (tmp_path / "empty.py").write_text("MITIGATION = 3\n")
    with pytest.raises(UserError, match="does not end in MITIGATION = Mitigation"):
        MITIGATIONS.load(str(tmp_path / "empty.py"))


# -- the comparison --------------------------------------------------------------------------------


@pytest.mark.slow
def test_mitigations_are_compared_and_the_comparison_resumes(
    tmp_path, monkeypatch, at_once, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.py").write_text(MINE)
    words = ["mitigate", "corner", "--seeds=2", "--levels=32", "--out=a", "-q", "--json"]
    words += ["--with", "labelled:0.5,./late.py:2,longer:2,ensemble", "--set", "steps=256"]
    words += [f"--set={key}={value}" for key, value in SMALL.items() if key != "threads"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    rows = {row["entry"]: row for row in told["rows"]}
    assert list(rows) == ["plain", "labelled:0.5", "./late.py:2", "longer:2", "ensemble"]
    assert rows["plain"]["intended_apart"] is None and rows["plain"]["labelled"] == 0
    assert rows["longer:2"]["steps"] == 2 * rows["plain"]["steps"] == 512
    assert rows["labelled:0.5"]["labelled"] > 0
    assert rows["ensemble"]["seeds"] == 1 and rows["ensemble"]["steps"] == 256
    assert rows["plain"]["learned_from"] is None and rows["./late.py:2"]["learned_from"] is not None
    for row in rows.values():
        apart = row["intended_apart"]
        if apart is not None:
            value = row["intended"]["value"] - rows["plain"]["intended"]["value"]
            assert apart["value"] == pytest.approx(value, abs=2e-6)
            assert apart["low"] <= apart["value"] <= apart["high"]
    with open("a/mitigate.csv", newline="") as file:
        assert [row["entry"] for row in csv.DictReader(file)] == list(rows)
    assert {"mitigate.md", "mitigate.svg", "mitigate.png"} <= {
        p.name for p in (tmp_path / "a").iterdir()
    }
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("checkpoint.safetensors")}
    assert main(words) == 0  # goes on, and finds all done
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["rows"] == told["rows"]
    assert made == {p: p.stat().st_mtime_ns for p in made}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("entropie", "no mitigation or curriculum 'entropie'; did you mean 'entropy'"),
        ("plr+accel", "two curricula at once"),
        ("ensemble+entropy", "stands alone"),
        ("entropy:99", "entropy takes a number from 0 to 10"),
        (",", "--with names nothing"),
        ("plr:orakle", "no score 'orakle'; did you mean 'oracle'"),
        ("kl", "kl needs the run of a reference"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(names, message, tmp_path, capsys):
    out = str(tmp_path / "a")
    assert main(["mitigate", "corner", "--with", names, "--out", out, "-q"]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_what_ships_is_listed_with_its_usual_value(capsys):
    assert main(["mitigate", "corner", "--list"]) == 0
    said = capsys.readouterr().out
    for name in (*MITIGATIONS.shipped(), "plr", "accel"):
        assert f"\n{name} " in said


def test_a_split_that_there_is_not_is_refused_before_anything_runs(tmp_path, capsys):
    words = ["mitigate", "corner", "--split=nowhere", "--with=entropy", "-q"]
    assert main([*words, "--out", str(tmp_path / "a")]) == 2
    assert "no split 'nowhere'" in capsys.readouterr().err


# -- several comparisons side by side --------------------------------------------------------------

COMPARED = (
    "world,settings,entry,label,seeds,levels,intended_value,intended_low,intended_high,"
    "intended_apart_value,intended_apart_low,intended_apart_high,"
    "competence_value,competence_low,competence_high\n"
)


def compared(path, world, *rows, head=COMPARED):
    lines = [f"{world},steps=9,{name},x,3,8,0.5,0.4,0.6,{apart},1,1,1" for name, apart in rows]
    path.write_text(head + "".join(line + "\n" for line in lines))
    return str(path)


def test_comparisons_of_several_worlds_are_laid_side_by_side(tmp_path, capsys):
    (tmp_path / "b").mkdir()
    one = compared(
        tmp_path / "a.csv", "corner", ("plain", ",,"), ("penalty", "0.02,-0.1,0.1"),
        ("labelled:0.1", "0.3,0.1,0.5"),
    )  # fmt: skip
    compared(
        tmp_path / "b/mitigate.csv", "lava", ("plain", ",,"), ("penalty:0.2", "-0.5,-0.7,-0.3")
    )
    more = compared(tmp_path / "c.csv", "corner", ("plain", ",,"), ("kl:1:ref", "0.1,0.05,0.2"))
    names = [one, str(tmp_path / "b"), more]  # the last joins the first one's column
    words = ["mitigate", "--together", *names, "--out", str(tmp_path / "out")]
    assert main([*words, "-q", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["head"] == ["MITIGATION", "corner", "lava"]
    assert told["rows"] == [
        ["plain", "50 [40, 60]", "50 [40, 60]"],
        ["penalty:0.2", "+2 [-10, 10]", "-50 [-70, -30]"],  # also where the value was left out
        ["labelled:0.1", "+30 [10, 50]", ""],
        ["kl:1:ref", "+10 [5, 20]", ""],
    ]
    assert main(["mitigate", "--together", one, one, "--out", str(tmp_path / "d"), "-q"]) == 2
    assert "have a row 'labelled:0.1'" in capsys.readouterr().err
    page = (tmp_path / "out/together.md").read_text()
    assert "| `penalty:0.2` | +2 [-10, 10] | **-50 [-70, -30]** |" in page
    made = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert made.keys() == {"together.md", "together.svg", "together.png"}
    assert main([*words, "-q"]) == 0
    assert made == {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        ([("plain", ",,")], "entry,label\n", "no sound CSV"),
        ([], "entry,label\n", "no column 'world'"),
        ([("penalty", "0,0,0")], COMPARED, "its first row is not 'plain'"),
        ([("plain", ",,"), ("penalty", "a,b,c")], COMPARED, "must be three numbers"),
        ([("plain", ",,"), ("penalty", "nan,0,0")], COMPARED, "must be three numbers"),
        ([("plain", ",,"), ("penalty", "1e9,0,0")], COMPARED, "must be three numbers"),
        ([("plain", ",,"), ("plain", ",,")], COMPARED, "two rows are called alike"),
    ],
)
def test_what_is_no_comparison_is_refused_in_one_line(rows, head, message, tmp_path, capsys):
    path = compared(tmp_path / "a.csv", "corner", *rows, head=head)
    assert main(["mitigate", "--together", path, "--out", str(tmp_path / "out"), "-q"]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1 and "a.csv" in said


def test_a_penalty_is_a_share_of_what_the_paid_goal_earns_or_counts_each_point():
    """In the corridor the cheese earns 1 and the dish 2 at every step but the three that lead there."""
    penalty = MITIGATIONS.load("penalty").options
    points = 2 * (CORRIDOR.horizon - 3 + 1)
    assert penalty("0.5:each", CORRIDOR, {})["reward"] == "goal.cheese - 0.5*goal.dish"
    assert penalty("0.5", CORRIDOR, {})["reward"] == f"goal.cheese - {0.5 / points:.3g}*goal.dish"


def test_without_names_a_comparison_leaves_out_what_its_world_cannot_have():
    asked, left_out = mitigate.comparison("tomato", [], jobs.Plan({"steps": 1000}))
    [line] = [line for line in left_out if line.startswith("penalty")]
    assert "no proxy beside what it pays for" in line
    assert "penalty" not in [one.text for one in asked.entries]
