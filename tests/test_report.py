"""The report: it claims no more than the verdict does, holds what it rests on, and runs nothing it
was not made of.
"""

import base64
import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from goalshift.__main__ import main
from goalshift.agents.judging.intervals import Estimate
from goalshift.agents.judging.plain import to_plain
from goalshift.agents.judging.runs import evaluate_runs, open_runs
from goalshift.agents.judging.verdict import LABELS, MIN_SEEDS, MISGENERALIZED
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.run import history, train
from goalshift.agents.live import thoughts
from goalshift.agents.policies.simple import Constant
from goalshift.agents.showing.report import figures, report
from goalshift.agents.showing.report.claims import headline
from goalshift.agents.studies import curve
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError
from goalshift.engine.replay import Replay
from goalshift.engine.vector import level_of
from goalshift.engine.view.draw import charts

EVIL = "a<script>alert(1)<&script>"  # a folder's name: no slash
TINY = {
    "steps": 7680,
    "envs": 16,
    "rollout": 16,
    "minibatch": 128,
    "first": 8,
    "width": 8,
    "threads": 1,
}
TINY |= {"precision": "fp32"}
PARTS = (
    "Results",
    "Learning curves",
    "Where the paths part",
    "What the agent expects, and would do",
    "Episodes",
)
PARTS += ("Held-out levels", "How it was made")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three hardly trained runs; the first has a name that means to do harm."""
    home = tmp_path_factory.mktemp("runs")
    return [
        train(
            configure("corner", seed=k, keep=2, **TINY),
            home / (f"{EVIL}\u202e" if not k else f"r{k}"),
        )
        for k in range(3)
    ]


@pytest.fixture(scope="module")
def evaluation(runs):
    return evaluate_runs(runs, levels=24)


@pytest.fixture(scope="module")
def made(runs, evaluation, tmp_path_factory):
    """The report's file, its text and its data."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    plan = report.ReportPlan("goalshift report <runs>", EVIL, out.parent / "figures")
    told = report.report(runs, out, evaluation, plan)
    return out, out.read_text(), json.loads(out.with_suffix(".json").read_text()), told


def test_a_report_holds_what_it_rests_on(made, evaluation, runs):
    out, text, data, told = made
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert [heading for heading in headings if heading in PARTS] == list(PARTS)
    assert headings[-1] == "What this does not show"
    assert (
        text.count('<section class="player')
        == len(report.SHOWN)
        == text.count("goalshift replay GM1.") / 2
    )
    for pick, codes in data["replays"].items():
        assert pick in report.SHOWN
        for code in codes:
            Replay.from_code(code).states()
    assert data["evaluation"] == evaluation.to_json() and data["claim"] in text
    assert [c["seed"] for c in data["configs"]] == [0, 1, 2] and all(s > 0 for s in data["seconds"])
    for goal in evaluation.goals:
        figure = evaluation.splits["deploy"].agent.goals[goal.name].normalised
        value, low, high = figure.value, figure.low, figure.high
        assert f"<td>{value:.2f} <span class=sure>[{low:.2f}, {high:.2f}]</span></td>" in text
    assert "goalshift train corner" in text and "--steps 7680" in text and "--seed 0" in text
    drawn = sorted(path.name for path in (out.parent / "figures").iterdir())
    assert drawn == [
        "curve-cheese.svg",
        "curve-corner.svg",
        "mind-deploy.png",
        "mind-train.png",
        "parting.svg",
    ]
    assert told["verdicts"] == to_plain(evaluation.verdicts)


def test_its_csv_is_the_evaluation(made, evaluation):
    _, text, _, _ = made
    packed = dict(re.findall(r'download="([\w.]+)" href="data:[\w/]+;base64,([^"]*)"', text))
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(packed["figures.csv"]).decode())))
    wanted = evaluation.splits["deploy"].agent.goals["corner"].met
    place = ("deploy", "agent", "met", "corner")
    row = next(r for r in rows if (r["split"], r["policy"], r["figure"], r["goal"]) == place)
    assert [float(row[k]) for k in ("value", "low", "high")] == [
        getattr(wanted, k) for k in ("value", "low", "high")
    ]
    assert [float(row[f"seed {k}"]) for k in range(3)] == list(wanted.by_seed)
    log = list(csv.DictReader(io.StringIO(base64.b64decode(packed["training.csv"]).decode())))
    assert len(log) == 3 * 30 and {r["run"] for r in log} == set(evaluation.agents)
    assert json.loads(base64.b64decode(packed["evaluation.json"])) == evaluation.to_json()


def test_names_stay_words(made):
    _, text, _, _ = made
    assert (
        "<script>alert" not in text and "a&lt;script&gt;alert(1)&lt;&amp;script&gt;\\u202e" in text
    )
    assert text.count("<script") == 2 + len(report.SHOWN), (
        "data of the players, stamps, and the player"
    )
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text), (
        "no address but the name of SVG"
    )


def test_the_same_report_twice_is_the_same(made, runs, evaluation, tmp_path):
    _, text, _, _ = made
    plan = report.ReportPlan("goalshift report <runs>", EVIL)
    report.report(runs, tmp_path / "again.html", evaluation, plan)
    assert (tmp_path / "again.html").read_text() == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.html", "again.json"]


def test_too_few_agents_and_lack_of_skill_are_never_called_misgeneralization(evaluation):
    for label in LABELS:
        for seeds in (1, 2, 3, 5):
            verdict = replace(
                evaluation.verdicts["deploy"],
                label=label,
                seeds=seeds,
                illustration=seeds < MIN_SEEDS.value,
                proxy="corner",
            )
            found = replace(evaluation, verdicts={"deploy": verdict})
            claim, tone = headline(found, "deploy")
            if seeds < MIN_SEEDS.value:
                assert claim.startswith("No verdict.") and tone == "open"
            else:
                assert claim.lower().startswith(MISGENERALIZED) == (label == MISGENERALIZED)
                assert label.split()[0].lower() in claim.lower()
    assert "No verdict" in headline(evaluation, "train")[0]


def test_hardly_trained_agents_get_no_claim(made):
    _, text, data, _ = made
    assert "misgeneralization" not in data["claim"].lower()
    assert '<div class="verdict open">' in text and '<div class="verdict wrong">' not in text


def test_an_evaluation_of_other_runs_is_refused(runs, evaluation, tmp_path):
    with pytest.raises(UserError, match="not of these runs"):
        report.report(runs[:2], tmp_path / "a.html", evaluation)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(runs, evaluation, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        report.report(runs, tmp_path / "file" / "a.html", evaluation)


def test_runs_keep_checkpoints_along_the_way(runs, tmp_path):
    kept = history(runs[0])
    steps = [int(path.stem) for path in kept]
    assert steps[0] == 0 and steps[-1] >= 7680 and len(steps) == 3 and abs(steps[1] - 3840) <= 256
    with pytest.raises(UserError, match="--keep"):
        history(tmp_path)


def test_ways_part_where_they_do(evaluation, runs):
    """Against a slow count: replay every level by itself and compare position by position."""
    world, agents, _ = open_runs(runs)
    played = [report.rollout(world, agent, "deploy", 24, 0, record=True) for agent in agents[:1]]
    expert = figures.expert_ways(world, "deploy", 24, 0)
    counts, step = figures.partings(world, played, expert, "deploy", 0)
    slow, steps = np.zeros(world.size, int), []
    for k in range(24):
        takes = []
        for episodes in (played[0], expert):
            actions = episodes.actions[: episodes.length[k], k]
            takes.append(
                Replay.record(world, int(episodes.seeds[k]), actions, "deploy").states(world)
            )
        if played[0].scores[k, 0] > 0 or expert.scores[k, 0] <= 0:
            continue
        n = max(map(len, takes))
        ways = [
            [(t.y[min(i, len(t) - 1), 0], t.x[min(i, len(t) - 1), 0]) for i in range(n)]
            for t in takes
        ]
        first = next(i for i in range(n) if ways[0][i] != ways[1][i])
        slow[ways[0][first - 1]] += 1
        steps.append(first - 1)
    assert (counts == slow).all() and counts.sum() > 5 and step == np.median(steps)


def test_what_the_agent_expects_is_drawn_for_training_and_after_the_shift(made, runs):
    out, text, _, _ = made
    shown = re.findall(
        r'<img src="data:image/png;base64,([^"]*)" width="(\d+)" height="(\d+)"', text
    )
    assert len(shown) == 2
    for (packed, wide, high), name in zip(shown, ("train", "deploy"), strict=True):
        with Image.open(io.BytesIO(base64.b64decode(packed))) as image:
            assert image.size == (int(wide), int(high))
        assert (
            base64.b64decode(packed) == (out.parent / "figures" / f"mind-{name}.png").read_bytes()
        )
    world, agents, _ = open_runs(runs)
    states = level_of(world, 5, "deploy")
    picture, (low, high) = figures.mind_picture(world, agents[0], states)
    value, _ = thoughts.fields(world, agents[0], states, 0)
    assert (low, high) == (np.nanmin(value), np.nanmax(value))
    plain, none = figures.mind_picture(world, Constant(world, 0), states)
    assert none is None and plain.shape == picture.shape and (plain != picture).any()


def points_of(values, **changes):
    """Points of a curve as `curve.save` takes them."""
    estimate = Estimate(0.5, 0.25, 0.75, (0.4, 0.6))
    measures = dict.fromkeys(curve.MEASURES, estimate)
    more = {"by": "", "by_value": "", "shifted": 0.1, "label": "robust", "seeds": 2, "levels": 8}
    return [
        {"world": "corner", "over": "alpha", "value": value, **more, **measures, **changes}
        for value in values
    ]


def test_a_curve_over_a_knob_is_shown_as_it_was_measured(runs, evaluation, tmp_path):
    curve.save(points_of(["0", "0.1", "<1>"]), tmp_path)
    out = tmp_path / "report.html"
    report.report(runs, out, evaluation, report.ReportPlan(curve=tmp_path / "curve.csv"))
    text, data = out.read_text(), json.loads(out.with_suffix(".json").read_text())
    assert (
        "<h2>Over alpha</h2>" in text
        and "<th scope=row>&lt;1&gt;</th>" in text
        and "are illustrations" in text
    )
    assert [point["value"] for point in data["curve"]] == ["0", "0.1", "<1>"]
    assert data["curve"][0]["instead"] == {"value": 0.5, "low": 0.25, "high": 0.75}
    drawn = re.findall(r'<svg [^>]*aria-label="over alpha".*?</svg>', text, re.S)
    lines = [figure.count("<polyline") for figure in drawn]
    assert lines == [3 * (len(curve.MEASURES) - 1), 3], "what has another scale has its own axis"
    assert all("&lt;1&gt;</text>" in figure for figure in drawn)
    two = points_of(["0", "1"], by="width", by_value="8") + points_of(
        ["0"], by="width", by_value="16"
    )
    assert len(figures.knob_curves(to_plain(two))) == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it lacks"),
        ("over,value\nalpha,1\n", "it lacks"),
        (None, "no such file"),
        (b"\xff\xfe", "no text in UTF-8"),
        ("over,value\nalpha\n", "no sound CSV"),
        ("over,over\nalpha,1\n", "two columns are called alike"),
        ("nan", "is no number"),
        ("mixed", "mixes several knobs"),
        ("x" * 5_000_000, "at most 4,194,304 are read"),
    ],
)
def test_what_is_no_curve_is_refused_in_a_line(tmp_path, text, told):
    path = tmp_path / "curve.csv"
    if text in ("nan", "mixed"):
        curve.save(
            points_of(["0"]) + (points_of(["1"], over="width") if text == "mixed" else []), tmp_path
        )
        path.write_text(
            path.read_text().replace("0.75", "nan") if text == "nan" else path.read_text()
        )
    elif text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=told) as fault:
        figures.read_curve(path, load("corner"))
    assert "\n" not in str(fault.value) and "--curve" in str(fault.value)


def test_a_curve_of_another_world_is_refused_and_one_that_does_not_say_is_not(tmp_path):
    path = tmp_path / "curve.csv"
    curve.save(points_of(["0", "1"]), tmp_path)
    assert (
        path.read_text().startswith("world,over,value,") and "\ncorner,alpha,1," in path.read_text()
    )
    named = figures.read_curve(path, load("corner"))
    with pytest.raises(UserError, match="is of the world 'corner', and the runs are of 'coinrun'"):
        figures.read_curve(path, load("coinrun"))
    lines = [line.partition(",")[2] for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    assert figures.read_curve(path, load("coinrun")) == named
    assert [(point["over"], point["value"], point["instead"]["high"]) for point in named] == [
        ("alpha", "0", 0.75), ("alpha", "1", 0.75)
    ]  # fmt: skip


def test_a_bad_curve_is_told_before_anything_is_measured(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "goalshift.agents.judging.runs.evaluate_runs",
        lambda *arguments, **options: pytest.fail("measured"),
    )
    asked = [
        "report",
        str(runs[1]),
        "--curve",
        str(tmp_path / "none.csv"),
        "-o",
        str(tmp_path / "r.html"),
    ]
    assert main(asked) == 2
    assert "none.csv" in capsys.readouterr().err and not list(tmp_path.iterdir())
    curve.save(points_of(["0"], world="coinrun"), tmp_path)
    asked[3] = str(tmp_path / "curve.csv")
    assert main(asked) == 2
    assert (
        "is of the world 'coinrun'" in capsys.readouterr().err
        and not (tmp_path / "r.html").exists()
    )


def test_curves_show_their_numbers():
    x, y = np.array([0.0, 1e6, 2e6]), np.array([-1.0, np.nan, 3.0])
    svg = charts.curves("a<b", [charts.Curve(x, y, "#000000")], "steps", "return")
    points = re.search(r'points="([^"]*)"', svg)[1].split()
    assert len(points) == 2 and float(points[0].split(",")[1]) > float(points[1].split(",")[1])
    assert "a&lt;b" in svg and ">2M<" in svg and ">-1<" in svg and ">3<" in svg
    flat = charts.curves("flat", [charts.Curve(x[:1], np.zeros(1), "#000000")], "", "")
    assert "nan" not in flat and "inf" not in flat
    board = charts.cells("board", np.array([[0, 2], [1, 0]]), "words")
    long = charts.cells("board", np.array([[1]]), "w" * 60)
    assert int(re.search(r'width="(\d+)"', long)[1]) > 400, "what is said below is not cut off"
    assert board.count("<title>") == 2 and 'fill-opacity="1.000"' in board


@pytest.mark.browser
def test_a_browser_plays_all_of_it_and_prints_it(made, chromium):
    out, _, _, _ = made
    chromium.log()
    chromium.requests()
    chromium.open(out)
    assert chromium.log() == []
    assert [r for r in chromium.requests() if not r.startswith(("chrome", "data:"))] == [
        out.absolute().as_uri()
    ]
    assert chromium.run("return goalshift.players.length") == len(report.SHOWN)
    assert chromium.run("return document.title") == EVIL
    chromium.run("for (const p of goalshift.players) p.seek(p.last)")
    assert chromium.run("return document.querySelectorAll('.pane.over').length") == 2 * len(
        report.SHOWN
    )
    pdf = base64.b64decode(chromium.print())
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000
