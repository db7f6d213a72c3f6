"""Zoos and detectors: rankings, distances and lines by hand; detectors see what they declared and no
more; a monitor asks where it should; what was made is not made again.
"""

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from goalshift.agents.command import main as cli
from goalshift.agents.judging.references import references
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab import alarms, attainable, believing, detect, monitor, ranking, turning
from goalshift.agents.lab.detector import DETECTORS, OF_AGENT, OF_STEP, Detector, Lacking, Steps
from goalshift.agents.lab.detectors import knn_body, knn_observations, weights
from goalshift.agents.lab.evidence import Subject, shown
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.learning.trained import Trained
from goalshift.agents.policies.expert import Expert, optimum
from goalshift.agents.policies.simple import Constant
from goalshift.agents.studies.bank import measure, nets
from goalshift.agents.studies.bank.config import BankConfig
from goalshift.agents.studies.bank.tiny import TinyNet, Weights
from goalshift.agents.studies.jobs import Plan
from goalshift.agents.studies.zoo import grow, labels, members
from goalshift.engine import plugins
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

CORNER = load("corner")


@pytest.fixture(scope="module")
def corner():
    return Subject(Trained.load(shipped("corner")), CORNER, levels=12)


# -- by hand ---------------------------------------------------------------------------------------


def test_the_auroc_of_a_known_ranking():
    one = np.zeros(4)
    bad = np.array([True, True, False, False])
    assert ranking.auroc(np.array([4.0, 3, 2, 1]), bad, one) == 1
    assert ranking.auroc(np.array([4.0, 1, 2, 3]), bad, one) == 0.5
    assert ranking.auroc(np.array([1.0, 1, 1, 1]), bad, one) == 0.5  # ties count half
    assert ranking.auroc(np.array([1.0, 1, 1, 0]), bad, one) == 0.75
    assert np.isnan(ranking.auroc(np.array([1.0, 2]), np.array([True, True]), one[:2]))


def test_agents_of_two_worlds_are_never_compared():
    bad = np.array([True, False, True, False])
    worlds = np.array(["a", "a", "b", "b"])
    score = np.array([10.0, 11, 1, 0])  # the bad of 'b' is far below the good of 'a'
    assert ranking.auroc(score, bad, worlds) == 0.5
    apart = np.array(["a", "b", "c", "d"])
    assert np.isnan(ranking.auroc(score, bad, apart))


def test_tpr_at_five_per_cent_lets_one_good_agent_in_twenty_pass():
    good = np.arange(20.0)
    bad = np.array([18.5, 5.0, 30.0, 17.0])
    score, is_bad = np.concatenate([good, bad]), np.arange(24) >= 20
    assert ranking.caught(score, is_bad, np.zeros(24)) == 0.5  # above 18: one good agent is
    few = np.r_[np.arange(19) >= 0, np.ones(5, bool)] & (np.arange(24) != 19)
    assert ranking.caught(score[few], is_bad[few], np.zeros(few.sum())) == 0.5  # none may pass


def test_an_interval_has_a_width_where_all_pairs_are_ranked_right():
    """Drawn anew, three above three stay above them for ever: that is no certainty."""
    bad, one = np.arange(6) < 3, np.zeros(6)
    low, high = ranking.at_least(1.0, one, bad)
    assert 0.4 < low < 0.6 and high == 1
    dice, covered = np.random.default_rng(0), 0
    for _ in range(60):  # the truth is 0.9
        score = dice.normal(np.where(bad, 1.8124, 0), 1)
        figure = lambda k, score=score: ranking.auroc(score[k], bad[k], one[k])  # noqa: E731
        found = ranking.over_agents(figure, one, bad, 50)
        assert found.value is not None
        found = ranking.widened(found, ranking.at_least(found.value, one, bad))
        assert found.low is not None and found.high is not None
        covered += found.low <= 0.9 <= found.high
    assert covered >= 55  # 21 of 60 by drawing alone
    many = np.arange(600) < 300
    low, high = ranking.at_least(0.9, np.zeros(600), many)
    assert 0.86 < low < 0.89 and 0.91 < high < 0.93


def test_one_agent_alone_has_no_interval_and_no_figure():
    assert alarms.over([0.5]).value is None
    assert alarms.over([0.5, 0.7]).value == 0.6


def test_chances_are_learned_from_the_other_worlds():
    dice = np.random.default_rng(1)
    bad = np.tile([True, False], 60)
    worlds = np.repeat(["a", "b", "c"], 40)
    # the sign tells, and each world has a scale of its own, which does not
    x = np.where(bad, -1.0, 1.0) + dice.normal(0, 0.2, 120)
    x = x * np.repeat([1.0, 50.0, 0.02], 40) + np.repeat([0.0, 300.0, -5.0], 40)
    chance = ranking.left_out(x[:, None], bad, worlds)
    assert (chance > 0.5).tolist() == bad.tolist()
    assert ranking.log_loss(chance, bad) < 0.2 < ranking.log_loss(np.full(120, 0.5), bad)
    assert np.isnan(ranking.left_out(x[:40, None], bad[:40], worlds[:40])).all()


def test_an_interval_over_agents_holds_the_figure_and_is_the_same_again():
    dice = np.random.default_rng(0)
    bad, world = np.tile([True, False], 50), np.repeat(["a", "b"], 50)
    score = bad + dice.normal(0, 1.5, 100)

    def figure(k):
        return ranking.auroc(score[k], bad[k], world[k])

    found = ranking.over_agents(figure, world, bad)
    assert 0.5 < found.low < found.value < found.high < 1
    assert found == ranking.over_agents(figure, world, bad)
    # a world with one agent of each kind has no spread, and would look sure
    lone = np.array([0, 1, 50, 51])
    assert ranking.over_agents(lambda k: 1.0, world[lone], bad[lone]).value is None


def test_the_nearest_of_known_points():
    known = np.array([[0.0, 0], [3, 4], [6, 8]])
    points = np.array([[0.0, 0], [3, 0]])
    assert knn_body.nearest(points, known, 1).tolist() == [0, 3]
    assert knn_body.nearest(points, known, 2).tolist() == [5, 4]
    assert knn_body.nearest(points, known, 9) == pytest.approx([10, np.sqrt(73)])
    boards = np.array([[1, 1, 1], [1, 1, 2]], np.uint8)
    assert knn_observations.differing(
        np.array([[1, 1, 2], [2, 2, 2]], np.uint8), boards, 1
    ).tolist() == [
        0,
        2,
    ]


def test_the_line_is_passed_by_the_share_that_was_asked_for():
    calm = np.arange(100.0)
    line = alarms.line_of(calm, 0.05)
    assert (calm > line).sum() in (4, 5)
    assert not (calm > alarms.line_of(calm, 0.0)).any()
    with pytest.raises(UserError, match="from 0 to below 1"):
        alarms.line_of(calm, 1.0)


def test_features_of_weights_know_no_order_of_units():
    dice = np.random.default_rng(0)
    w = dice.normal(size=(6, 9))
    turned = w[dice.permutation(6)][:, dice.permutation(9)]
    assert weights.of_matrix(w) == pytest.approx(weights.of_matrix(turned))
    assert weights.of_matrix(w) != pytest.approx(weights.of_matrix(2 * w + 1))


def test_the_last_attainable_step_of_one_who_stays_is_the_horizon_less_the_way():
    assert attainable.exact(CORNER) and not attainable.exact(load("keys"))
    played = rollout(CORNER, Constant(CORNER, "stay"), "deploy", 8, trace=("states",))
    best = references(CORNER, played.split, 8, 0).experts[0].scores[:, 0]
    states = played.trace.states
    way = optimum(CORNER, "intended", states[0].view(np.recarray)).steps[:, 0]
    last = attainable.last_attainable(CORNER, states, played.length, best)
    assert last.tolist() == (CORNER.horizon - way).tolist()


def test_episodes_are_compared_over_times_that_are_spread_alike():
    astray = np.array([True, False, True, False, False])
    last = np.array([7, 0, 2, 0, 0])
    ends = alarms.Ends(astray, ~astray, last, np.full(5, 40))
    assert ends.until().tolist() == [7, 2, 2, 2, 7]
    fewer = np.array([True, True, True, True, False, False])  # not the earliest of them alone
    last = np.array([9, 1, 5, 7, 0, 0])
    assert alarms.Ends(fewer, ~fewer, last, np.full(6, 40)).until()[4:].tolist() == [1, 7]
    life = alarms.Life(
        Steps(logits=np.zeros((6, 2))), np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2] * 2), 2
    )
    scores = np.array([1.0, 5, 9, 2, 1, 0])
    assert life.highest(scores, np.array([1, 2])).tolist() == [5, 2]
    assert life.first(scores > 4).tolist() == [1, -1]


# -- what a detector sees --------------------------------------------------------------------------


def peek(**given):
    return Detector("peeks", **given)


def test_a_detector_sees_what_it_declared_and_nothing_else(corner):
    blind = peek(sees=("weights",), score=lambda evidence: evidence.training.paid)
    with pytest.raises(UserError, match="'blind' asks for 'training' and has not declared it"):
        blind.score(corner.evidence(blind, "blind"))
    seeing = peek(sees=("training",), score=lambda evidence: evidence.training.paid)
    assert 0 < seeing.score(corner.evidence(seeing, "seeing")) <= 1.2
    with pytest.raises(UserError, match="'shifted'"):
        corner.evidence(seeing, "seeing").shifted  # noqa: B018 - asking is the test
    steps = shown(corner.training.steps, peek(sees=("logits",), watch=lambda calm: None))
    assert steps.logits is not None
    assert steps.observations is steps.value is steps.before is steps.body is steps.peers is None


def test_a_detector_that_makes_no_sense_is_refused():
    with pytest.raises(UserError, match="one of score, features and watch"):
        peek(sees=("weights",))
    with pytest.raises(UserError, match=r"no 'wieghts'. Did you mean 'weights'\?"):
        peek(sees=("wieghts",), score=len)
    with pytest.raises(UserError, match="sees no 'training'"):  # a monitor is fitted to it anyway
        peek(sees=("training",), watch=len)


def test_every_detector_that_ships_says_what_it_sees_and_why():
    found = {name: DETECTORS.load(name) for name in DETECTORS.shipped()}
    assert {"training_score", "training_length", "chance"} == {
        n for n, d in found.items() if d.control
    }
    for name, detector in found.items():
        known = OF_STEP if detector.watch else OF_AGENT
        assert detector.sees and set(detector.sees) <= set(known), name
        assert detector.words[0].islower() and len(detector.words) < 60, name


def test_detectors_come_from_files_and_packages_too(tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text("DETECTOR = 3")
    with pytest.raises(UserError, match=r"mine.py' does not end in DETECTOR = Detector"):
        DETECTORS.load(str(file))
    with pytest.raises(UserError, match=r"no detector 'entropi'; did you mean 'entropy'\?"):
        DETECTORS.load("entropi")
    theirs = peek(sees=("weights",), score=len)
    monkeypatch.setattr(plugins, "installed", lambda group: {"theirs": group})
    monkeypatch.setattr(plugins, "load", lambda group, name, declared: theirs)
    assert DETECTORS.load("theirs") is theirs and "theirs" in DETECTORS.names()


@pytest.mark.parametrize("name", [n for n in DETECTORS.shipped() if DETECTORS.load(n).watch])
def test_every_detector_of_steps_scores_a_step_alike_among_others_and_alone(name, corner):
    detector = DETECTORS.load(name)
    twin = Subject(corner.policy, CORNER, peers=lambda: [corner.policy], levels=12)
    fitted = monitor.fit(twin, detector, name)
    steps = shown(
        alarms.Life.of(twin.played("train", 5, "states"), twin, detector.sees).steps, detector
    )
    where = np.arange(len(steps)) < 7
    some = fitted.score(alarms.some(steps, where))
    assert np.isfinite(some).all() and some == pytest.approx(fitted.score(steps)[:7], abs=1e-6)


# -- tiny nets and zoos ----------------------------------------------------------------------------


def test_a_tiny_net_thinks_as_it_did_in_its_bank():
    world = load("coinline").with_params(length=4)
    see = nets.Places(world)
    group = nets.Group(world, BankConfig(nets=2, width=4, envs=4), see, 0, 2)
    x = group.look()
    logits, value = (part.detach().numpy() for part in group.act(x))
    one = TinyNet(world, see, Weights(*(w[1].detach().numpy() for w in group.weights)))
    states = group.vec.states[4:].view(np.recarray)
    thought = one.think(group.vec.obs[4:], states, np.ones(4, bool), ("body",))
    assert thought.logits[:, 0] == pytest.approx(logits[1], abs=1e-5)
    assert thought.value[:, 0] == pytest.approx(value[1], abs=1e-5)
    assert thought.features["body"].shape == (4, 1, 4)


MINE = """
from goalshift.agents.lab.detector import Detector

DETECTOR = Detector("mean weight", ("weights",), score=lambda e: float(e.arrays["w"].mean()))
"""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """Eight tiny nets, half of them trained on shifted levels."""
    out = tmp_path_factory.mktemp("zoo") / "zoo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "GROUP", 4)
        assert cli.main(zoo_words(out)) == 0
    return out


def zoo_words(out, *more):
    words = ["zoo", "coinline", "--tiny", "--seeds", "4", "--set", "updates=60", "--levels", "64"]
    words += ["--set", "keep=3"]
    return [
        *words,
        "--over",
        "world.length=4",
        "--over",
        "alpha=0,1",
        "--out",
        str(out),
        "-q",
        *more,
    ]


def test_a_zoo_is_labelled_counted_and_not_made_again(zoo, capsys, monkeypatch):
    rows = labels.read(zoo)
    assert [row.agent for row in rows[:2]] == [f"coinline,length=4/alpha=0/net-{k}" for k in (0, 1)]
    assert len(rows) == len({row.digest for row in rows}) == 8
    told = json.loads((zoo / "manifest.json").read_text())
    assert told["agents"] == 8 and sum(told["labels"].values()) == 8
    assert told["recipes"]["coinline,length=4/alpha=1"]["options"]["split"] == "alpha=1"
    before = (zoo / "agents.csv").read_bytes()

    def never(*given, **more):
        raise AssertionError("made again")

    monkeypatch.setattr(measure, "train", never)
    monkeypatch.setattr(labels, "label", never)
    assert cli.main(zoo_words(zoo, "--json")) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["weights"] == told["weights"] and (zoo / "agents.csv").read_bytes() == before


def test_a_bank_keeps_checkpoints_of_every_net(zoo, tmp_path):
    one = members.members(zoo)[1]
    steps, nets_ = zip(*one.checkpoints(), strict=True)
    assert steps == (0, 20, 40, 60) and one.kept() == 4
    last, first = nets_[-1].weights, nets_[0].weights
    assert all(map(np.array_equal, last, one.open().weights))
    assert not np.array_equal(last.w, first.w)
    copy = shutil.copytree(zoo, tmp_path / "zoo")
    other = copy / "coinline,length=4" / "alpha=1" / "nets.safetensors"
    shutil.copy(other, copy / one.home.relative_to(zoo) / "checkpoints" / "000020")
    with pytest.raises(UserError, match="of another bank"):
        members.members(copy)[1].checkpoints()
    wanted = grow.Wanted(["coinline"], ("alpha=0",), Plan({"keep": "500"}, 2))
    with pytest.raises(UserError, match="keep=500"):
        grow.banks(wanted, tmp_path / "b")


def test_seeds_that_have_not_begun_are_trained_four_to_a_process(tmp_path):
    wanted = grow.Wanted(["coinline"], ("alpha=0,1",), Plan({"steps": 512}, 6))
    jobs = grow.jobs_of(wanted, tmp_path)
    home = tmp_path / "coinline" / "alpha=0"
    told = [job.words() for job in jobs]
    assert [words[-1] for words in told] == ["--seeds=4", "--seeds=4", "--seeds=2", "--seeds=2"]
    assert told[2][-3] == str(home / "seed") and "--seed=4" in told[2]
    assert jobs[2].writes == (home / "seed-4", home / "seed-5")
    (home / "seed-1").mkdir(parents=True)
    made = configure("coinline", split="alpha=0", steps=512, seed=1).to_json()
    (home / "seed-1" / "config.json").write_text(json.dumps(made))
    names = [job.name.rpartition("seed-")[2] for job in grow.jobs_of(wanted, tmp_path)]
    assert names[:5] == ["0", "1", "2", "3", "0 to 3"]


def test_a_table_of_labels_from_a_stranger_is_checked_whole(zoo, tmp_path):
    good = (zoo / "agents.csv").read_text()
    for bad, word in (
        (good.replace("coinline,", "", 1).replace("agent,", "agnt,", 1), "columns|sound CSV"),
        (good.replace(",64,", ",many,", 1), "levels is no number"),
        (
            good.replace("robust", "fine")
            .replace("undecided", "fine")
            .replace("goal misg", "x misg"),
            "no label",
        ),
    ):
        (tmp_path / "agents.csv").write_text(bad)
        with pytest.raises(UserError, match=word):
            labels.read(tmp_path)
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "x" / "y" / "nets.safetensors").write_bytes(b"\x08" + b"\0" * 20)
    with pytest.raises(UserError, match="broken or cut short"):
        members.members(tmp_path)
    with pytest.raises(UserError, match="holds no agents yet"):
        members.members(zoo / "coinline,length=4")


def test_detect_ranks_what_ships_and_what_a_user_brings(zoo, tmp_path, capsys, monkeypatch):
    # with eight agents labels are what they are: here half of them are said to have gone astray
    rows = [
        dataclasses.replace(row, label=labels.BAD[0] if k < 4 else labels.GOOD[0])
        for k, row in enumerate(labels.read(zoo))
    ]
    monkeypatch.setattr(labels, "labelled", lambda *given: rows)
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    words = ["detect", str(zoo), "--levels", "9", "--out", str(tmp_path / "out"), "-q", "--json"]
    assert cli.main([*words, "--detector", str(mine), "--watched", "2", "--during"]) == 0
    told = json.loads(capsys.readouterr().out)
    before = {row["name"]: row for row in told["before"]["standings"]}
    assert before["mine"]["auroc"]["value"] is not None
    assert before["training_score"]["gain"]["value"] is None  # it is a control itself
    heads, *lines = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    assert {"agent", "mine", "weights.0"} <= set(heads.split(",")) and len(lines) == 8
    assert before["history"]["lacking"] == 8  # nets of a bank keep no log
    assert told["before"]["worlds"] == {"coinline,length=4": [4, 4]}
    during = told["during"]  # nets of this bank kept checkpoints
    assert (during["astray"], during["robust"], during["checkpoints"]) == (4, 4, 4)
    assert {row["name"] for row in told["live"]["sentries"]} >= {
        "knn_body",
        "entropy",
        "value_drop",
    }
    assert json.loads((tmp_path / "out" / "detect.json").read_text())["zoo"] == told["zoo"]
    assert cli.main([*words, "--only", "--detector", str(mine)]) == 0
    names = {row["name"] for row in json.loads(capsys.readouterr().out)["before"]["standings"]}
    assert names == {"mine", "training_score", "training_length"}
    mine.write_text(MINE.replace("e.arrays", "e.training"))
    assert cli.main([*words, "--only", "--detector", str(mine)]) == 2
    assert "has not declared it" in json.loads(capsys.readouterr().out)["error"]
    mine.write_text(MINE.replace("float(e", '"a" + str(e'))
    assert cli.main([*words, "--only", "--detector", str(mine)]) == 2
    assert "gave 'a" in json.loads(capsys.readouterr().out)["error"]


def row_of(world, k, bad):
    word = labels.BAD[0] if bad else labels.GOOD[0]
    return labels.Label(
        f"{world}/p/{k}", "ppo", world, "p", "train", str(k), word, 64, 64, *[1.0] * 8
    )


def test_who_beats_the_better_control_is_named_and_who_does_so_nowhere():
    dice = np.random.default_rng(3)
    rows = [row_of(world, k, k % 2 == 0) for world in "abc" for k in range(20)]
    bad = np.array([bool(row.bad) for row in rows])
    noise = dice.normal(size=(3, len(bad)))
    numbers = {
        "training_score": noise[0],  # a control that knows nothing
        "training_length": bad + 2 * noise[1],  # and one that knows a little
        "turned": 0.1 * noise[2] - bad,  # points the other way, and is always right
        "guess": dice.normal(size=len(bad)),
        "several": np.stack([noise[0], bad + 0.1 * noise[1]], 1),
    }
    control = {"training_score", "training_length"}
    detectors = {
        name: Detector("x", ("weights",), features=len)
        if name == "several"
        else Detector("x", ("weights",), score=len, control=name in control)
        for name in numbers
    }
    tried = detect.Tried(rows, {n: x.reshape(len(bad), -1) for n, x in numbers.items()})
    found = {row.name: row for row in detect.board(tried, detectors, rows).standings}
    assert found["turned"].auroc.value == 0 and found["turned"].elsewhere.value == 1
    assert found["turned"].beats == ("all worlds", "a", "b", "c") == found["several"].beats
    assert found["guess"].beats == () and found["training_length"].gain.value is None
    assert found["several"].auroc.value is None  # several numbers have no order of their own
    alone = detect.Tried(rows[:20], {"turned": tried.given["turned"][:20]})
    only = detect.board(alone, {"turned": detectors["turned"]}, rows[:20]).standings[0]
    assert only.auroc.value == 0 and only.elsewhere.value is None and only.recipe.value == 0


# -- during training -------------------------------------------------------------------------------


def test_who_makes_half_of_its_way_first_turns_first():
    x = np.array([0.0, 0.25, 0.5, 0.75, 1])
    assert turning.half(x, np.array([0.0, 0, 0, 1, 1])) == (0.625, 0.5)
    assert turning.half(x, np.array([2.0, 0, 0, 0, 0])) == (0.125, 1.0)
    assert np.isnan(turning.half(x, np.ones(5))[0])

    def course(bad, behaviour, number):
        numbers = {"n": np.array(number, float)}
        return turning.Course("w", bad, x, np.array(behaviour, float), numbers)

    late, early = [0, 0, 0, 1, 1], [0, 1, 1, 1, 1]
    found = turning.turn("n", [course(True, late, early)] * 3 + [course(False, [0] * 5, early)])
    assert found.agents == 3 and found.lead.value == 0.5 and found.first.value == 1
    assert found.first.low is not None and found.first.low < 0.5  # three of three
    assert found.robust.value == 1  # the robust one's number comes as far: it warns of nothing
    assert turning.turn("n", [course(True, early, late)] * 3).lead.value == -0.5
    calm = turning.turn("n", [course(True, late, early), course(False, [0] * 5, [0, 0, 0.4, 0, 0])])
    assert calm.robust.value == 0


def test_what_features_say_is_learned_from_the_ends_of_other_worlds():
    x = np.linspace(0, 1, 5)

    def course(world, bad, sign):
        way = np.stack([sign * x * (1 if bad else -1), np.ones(5)], 1)  # the second says nothing
        return turning.Course(world, bad, x, x * bad, {"f": way})

    found = [course(w, bad, 1) for w in "ab" for bad in (True, False) * 4]
    for one in turning.learned("f", found):
        assert (np.diff(one.given["f"]) > 0).all() == one.bad and one.given["f"].shape == (5,)
    turned = [course(w, bad, 1 if w == "a" else -1) for w in "ab" for bad in (True, False) * 4]
    assert (np.diff(turning.learned("f", turned)[0].given["f"]) < 0).all()  # as b has it
    alone = turning.learned("f", [one for one in found if one.world == "a"])
    assert np.isnan(alone[0].given["f"]).all()


# -- monitors --------------------------------------------------------------------------------------


def scores_of(subject, policy):
    return rollout(CORNER, policy, "deploy", 16).scores


def watching(subject, line, ask="expert", stays=False):
    fitted = monitor.fit(subject, DETECTORS.load("value_drop"), "value_drop")
    helper = monitor.helper_of(CORNER, ask)
    return monitor.Monitored(subject.policy, helper, fitted, line, stays)


def test_a_line_that_nothing_passes_changes_nothing_and_one_that_all_pass_is_the_expert(corner):
    never, always = watching(corner, np.inf), watching(corner, -np.inf)
    assert (scores_of(corner, never) == scores_of(corner, corner.policy)).all() and never.rate == 0
    assert (scores_of(corner, always) == scores_of(corner, Expert(CORNER))).all()
    assert always.rate == 1


def test_who_stops_earns_nothing_more_and_who_takes_over_stays(corner):
    still = watching(corner, -np.inf, "stop", stays=True)
    assert not scores_of(corner, still).any()
    line = monitor.fit(corner, DETECTORS.load("value_drop"), "value_drop").line(0.05)
    on = watching(corner, line, stays=True)
    length, began = rollout(CORNER, on, "deploy", 16).length, on.began[:, 0]
    asked = np.maximum(length - began, 0)
    assert on.asked == asked.sum() and on.steps == length.sum()
    assert 0 < on.asked < on.steps


def test_the_oracle_meets_every_goal_and_asks_for_little(corner):
    asked = monitor.Asked(levels=16)
    rows = monitor.monitored(corner, DETECTORS.load("knn_body"), "knn_body", ["deploy"], asked)
    by = {row.who: row for row in rows}
    assert by["oracle, in the last moment"].met.value == by["always asks"].met.value == 1
    assert 0 < by["oracle, in the last moment"].rate < 0.5
    assert by["never asks"].rate == 0 and by["never asks"].met.value < 0.5
    shield = by[
        "shield: vetoes, chooses again"
    ]  # nobody acts for the agent, and nothing is lost for good
    assert 0 < shield.rate < 0.5 and shield.met.value >= by["never asks"].met.value
    every = next(row for who, row in by.items() if who.startswith("every "))
    assert every.rate == pytest.approx(by["knn_body"].rate, abs=0.1)
    assert by["at random as often"].rate == pytest.approx(by["knn_body"].rate, abs=0.1)
    assert all(row.paid == row.intended for row in rows)  # corner pays for what it wishes
    table = list(
        csv.DictReader(monitor.as_csv(CORNER, "knn_body", asked, rows).decode().split("\n"))
    )
    assert [(row["who"], row["expert"]) for row in table] == [(row.who, "exact") for row in rows]
    assert float(table[-1]["met_value"]) == pytest.approx(shield.met.value, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--monitor", "training_score"], "judges whole agents"),
        (["--monitor", "entropy", "--false-alarms", "1"], "from 0 to below 1"),
        (["--monitor", "entropy", "--false-alarms", "0.1", "--threshold", "2"], "give one of them"),
        (["--monitor", "entropy", "--latex"], "--latex goes with a verdict"),
        (["--threshold", "2"], "--monitor"),
        (["--monitor", "seeds_differ"], "no other seeds"),
    ],
)
def test_what_a_monitor_cannot_do_is_said_in_a_line(more, word, capsys):
    words = ["eval", str(Path(shipped("corner"))), "--levels", "8", "-q", "--json", *more]
    assert cli.main(words) == 2
    assert word in json.loads(capsys.readouterr().out)["error"]


# -- the cue laid elsewhere, spheres, and what was done so far -------------------------------------


def test_points_that_training_never_showed_leave_its_sphere():
    dice = np.random.default_rng(0)
    flat = dice.normal(size=(400, 2)) @ dice.normal(size=(2, 12))  # a plane in twelve dimensions
    calm = Steps(body=flat.astype(np.float32))
    score = DETECTORS.load("svdd_body").watch(calm)
    inside, outside = score(calm), score(Steps(body=dice.normal(size=(100, 12)).astype(np.float32)))
    assert np.median(outside) > np.quantile(inside, 0.95)
    assert np.array_equal(inside, DETECTORS.load("svdd_body").watch(calm)(calm))
    boards = dice.integers(0, 2, (300, 4, 4)).astype(np.uint8)
    score = DETECTORS.load("svdd_observations").watch(Steps(observations=boards))
    new = boards.copy()
    new[:, :2] = 7  # a symbol that training never showed
    assert np.median(score(Steps(observations=new))) > np.quantile(
        score(Steps(observations=boards)), 0.95
    )


def test_what_was_done_so_far_is_the_same_step_by_step_as_afterwards(corner):
    played = corner.played("deploy", 5, "states")
    whole = believing.believed(CORNER, played)
    trace = played.trace
    going = believing.Believing(CORNER, 12)
    for t in range(len(trace)):
        now = going.now(trace.states[t].view(np.recarray), np.full(12, t == 0))
        runs = trace.running[t]
        assert now[runs] == pytest.approx(whole[t, runs, 0], abs=1e-5)
        going.done(trace.states[t].view(np.recarray), trace.actions[t])
    parted = whole[played.length - 1, np.arange(12), 0]
    assert (
        whole[0, 0, 0] == pytest.approx(1 / 3) and np.median(parted) > 0.5
    )  # it goes to the corner


def test_where_the_cue_is_moved_who_looks_at_the_goal_is_told_from_who_reads_the_proxy(corner):
    scores = {}
    for name in ("saliency", "probes"):
        detector = DETECTORS.load(name)
        shown_to = Subject(corner.policy, CORNER, levels=24).evidence(detector, name)
        scores[name] = detector.score(shown_to)
    assert scores["probes"] > 0  # the shipped agent goes to the corner
    torch.manual_seed(0)
    net = Net(Shape(CORNER.view, len(CORNER.symbols), len(CORNER.actions), depth=1))
    with torch.no_grad():  # everything but the cheese is seen as plain floor
        cheese, floor = (
            next(k for k, s in enumerate(CORNER.symbols) if s.name == name)
            for name in ("cheese", "floor")
        )
        flat = net.encoder.first.weight.data.t().view(-1, len(CORNER.symbols), net.shape.first)
        for k in set(range(len(CORNER.symbols))) - {cheese}:
            flat[:, k] = flat[:, floor]
    detector = DETECTORS.load("saliency")
    looks = Subject(Trained(net, CORNER, "looks at the cheese"), CORNER, levels=12)
    assert detector.score(looks.evidence(detector, "saliency")) < -0.99 < scores["saliency"]
    tiny = TinyNet(CORNER, nets.Places(CORNER), Weights(*np.zeros((4, 2, 2), np.float32)))
    with pytest.raises(Lacking):
        detector.score(Subject(tiny, CORNER, levels=4).evidence(detector, "saliency"))
