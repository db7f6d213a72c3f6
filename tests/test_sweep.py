"""Tables, curves, new worlds, and the tutorial that leads through them."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from goalshift.__main__ import main
from goalshift.agents.designing.new_world import new_world
from goalshift.agents.judging.evaluation import Evaluation
from goalshift.agents.judging.intervals import Estimate
from goalshift.agents.judging.plain import from_plain
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.config import configure
from goalshift.agents.policies.expert import Expert
from goalshift.agents.studies import curve, curve_figures, jobs, knobs
from goalshift.agents.studies.backends import local
from goalshift.engine.catalogue import WORLDS, load
from goalshift.engine.errors import UserError

from .waiting import wait

ESTIMATE = Estimate(0.5, 0.4, 0.6, (0.5,))
PLAN = jobs.Plan()
TUTORIAL = (WORLDS / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text, world):
    """A knob as a curve has it: labels as digits."""
    return knobs.in_digits(knobs.read(text, load(world), curve.OPTIONS), load(world))


# -- sweeps ----------------------------------------------------------------------------------------


def job(name, path, *needed, code="open({!r}, 'w').close()"):
    """A job that makes `path` with Python rather than with goalshift."""
    made = jobs.Job(name, lambda: [], path.is_file, list(needed))
    made.code = code.format(str(path))
    return made


@pytest.fixture
def python_jobs(monkeypatch):
    """Let jobs run Python code: what is tested is the order, not the commands."""
    popen = subprocess.Popen
    order = []

    def run(command, **options):
        code = next(codes.pop(0) for _ in [0])
        order.append(code)
        return popen([sys.executable, "-c", code], **options)

    codes: list[str] = []
    monkeypatch.setattr(local.subprocess, "Popen", run)
    return codes, order


def test_jobs_wait_for_what_they_need_and_a_failure_takes_only_its_own_with_it(here, python_jobs):
    codes, _ = python_jobs
    first, broken = (
        job("first", here / "a"),
        job("broken", here / "b", code="raise SystemExit('no luck')  # {}"),
    )
    second, orphan = job("second", here / "c", first), job("orphan", here / "d", broken)
    codes += [first.code, broken.code, second.code]
    faults = jobs.run_all(here, [orphan, first, broken, second], 1)
    assert (here / "a").exists() and (here / "c").exists() and not (here / "d").exists()
    assert faults == ["broken: no luck", "orphan: not begun, as what it needs has failed"]


def test_a_run_goes_on_only_with_the_options_it_was_begun_with(here):
    """Numbers of a knob come as they are written."""
    config = configure("corner", gamma=0.8, steps=1000).to_json()
    (here / "config.json").write_text(json.dumps(config))
    jobs.train_job("corner", here, {"gamma": "0.8", "steps": "1000"})
    with pytest.raises(UserError, match=r"other options \(gamma\)"):
        jobs.train_job("corner", here, {"gamma": "0.9", "steps": "1000"})
    with pytest.raises(UserError, match="gamma: 'far' is not a number"):
        jobs.train_job("corner", here, {"gamma": "far"})


def test_two_sweeps_do_not_work_in_one_folder(here):
    with FileLock(here / jobs.LOCK), pytest.raises(UserError, match="another sweep"):
        jobs.run_all(here, [job("first", here / "a")], 1)
    assert jobs.run_all(here, [], 1) == []


SWEEP = """
from pathlib import Path
from goalshift.agents.studies.jobs import Job, run_all
words = ["train", "coinline", "--steps", "1G", "--threads", "1", "--out", "run"]
run_all(Path("sweep"), [Job("long", lambda: words, lambda: False)], 1)
"""


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="children are found in /proc")
def test_workers_die_with_their_sweep(here):
    sweep = subprocess.Popen([sys.executable, "-c", SWEEP], cwd=here)
    log = here / "run" / "log.jsonl"
    wait(lambda: log.is_file() and log.stat().st_size)
    [worker] = Path(f"/proc/{sweep.pid}/task/{sweep.pid}/children").read_text().split()
    sweep.kill()  # no handler of the sweep's runs
    sweep.wait()
    wait(lambda: not Path(f"/proc/{worker}").exists() or "Z" in state_of(worker))
    assert (here / "run" / "resume.safetensors").is_file()  # it saved before it ended


def state_of(worker):
    return Path(f"/proc/{worker}/stat").read_text().split()[2]


def test_what_is_done_is_not_done_again(here, python_jobs):
    codes, order = python_jobs
    (here / "a").touch()
    assert jobs.run_all(here, [job("first", here / "a")], 2) == [] and order == [] and codes == []


def test_a_folder_with_another_recipe_is_refused_before_anything_runs(here):
    folder = here / "seed-0"
    assert (
        main(["train", "corner", "--steps", "1k", "--out", str(folder), "-q", "--threads", "1"])
        == 0
    )
    assert jobs.train_job("corner", folder, {"seed": 0, "steps": 1000}).done()
    with pytest.raises(UserError, match=r"other options \(steps\)"):
        jobs.train_job("corner", folder, {"seed": 0, "steps": 2000})
    with pytest.raises(UserError, match=r"other options \(params\)"):
        jobs.train_job("corner", folder, {"seed": 0, "steps": 1000, "world.region": 3})


# -- table and curve -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_table_is_made_resumed_and_true_to_its_evaluations(here, capsys):
    words = [
        "table",
        "corner",
        "--steps",
        "2k",
        "--seeds",
        "2",
        "--levels",
        "32",
        "--out",
        "t",
        "--json",
    ]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["rows"]
    made = json.loads((here / "t/corner/evaluation.json").read_text())
    agent = made["splits"]["deploy"]["policies"]["agent"]
    assert row["intended"] == agent["goals"]["cheese"]["normalised"] and row["seeds"] == 2
    assert row["label"] == made["verdicts"]["deploy"]["label"] and row["illustration"]
    assert main([*words[:-1], "--latex"]) == 0  # what is there is printed anew
    told = capsys.readouterr().out
    assert told.startswith(r"\begin{tabular}") and told.strip().endswith(r"\end{tabular}")
    assert "\ncorner & deploy & " in told
    text = (here / "t/table.md").read_text()
    trained = Evaluation.load(here / "t/corner/evaluation.json").splits["deploy"].agent
    assert trained.goals["cheese"].normalised.percent() in text
    assert load("corner").reported in text
    with open(here / "t/table.csv", newline="") as file:
        assert next(csv.DictReader(file))["intended"] == str(row["intended"]["value"])
    before = {path: path.stat().st_mtime_ns for path in (here / "t").rglob("*.safetensors")}
    assert len(before) >= 4
    assert main(words) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (here / "t").rglob("*.safetensors")}


def test_a_control_learns_what_could_have_been_learned(here, capsys, at_once):
    """Of halves of both splits, or paid for the intended goal; it is judged where its world is."""
    words = ["table", "coinline", "whisky", "--control", "--steps", "1k", "--seeds", "1"]
    words += ["--levels", "32", "--json", "-q"]
    for flags in (["--ship"], ["--set", "split=train"], ["--set", "reward=goal.gold"]):
        assert main([*words, *flags]) == 2 and not (here / "runs/controls/coinline").exists()
        assert flags[-1].partition("=")[0] in capsys.readouterr().err
    assert main(words) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    learned = {"coinline": ("deploy", "split=alpha=0.5"), "whisky": ("train", "reward=goal.gold")}
    assert {row["world"]: (row["split"], row["learned"]) for row in rows} == learned
    for row in rows:
        config = json.loads((here / f"runs/controls/{row['world']}/seed-0/config.json").read_text())
        assert f"split={config['split']}" == row["learned"] or row["world"] == "whisky"
        assert row["reaches"] == "no", "nothing is learned in so few steps"
    with open(here / "runs/controls/controls.csv", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["kept"] for row in written] == [str(row["kept"]["value"]) for row in rows]


def test_a_curve_trains_at_each_value_and_draws_them(here, capsys, at_once):
    words = [
        "curve",
        "corner",
        "--over",
        "alpha=0,1",
        "--seeds",
        "1",
        "--levels",
        "32",
        "--set",
        "steps=2k",
        "--json",
    ]
    assert main([*words, "--out", "c", "--world.region", "2"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [p["value"] for p in points] == ["0", "1"]
    assert [p["shifted"] for p in points] == [0.0, 1.0], (
        "the share of shifted levels that was really met"
    )
    for value in ("0", "1"):
        made = json.loads((here / f"c/alpha={value}/seed-0/config.json").read_text())
        assert (
            made["split"] == f"alpha={value}"
            and made["params"] == {"region": 2.0}
            and made["steps"] == 2_000
        )
    with open(here / "c/curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["world"] for row in rows} == {"corner"}
    assert [row["intended"] for row in rows] == [str(p["intended"]["value"]) for p in points]
    svg = (here / "c/curve.svg").read_text()
    assert "<svg" in svg and (here / "c/curve.png").read_bytes()[:4] == b"\x89PNG"
    measured = [
        {**point, **{name: from_plain(Estimate, point[name]) for name in curve.MEASURES}}
        for point in points
    ]
    curve_figures.draw(measured, curve.curve_of("corner", "alpha=0,1", "", PLAN), here / "c")
    assert (here / "c/curve.svg").read_text() == svg, "the same points give the same bytes"


@pytest.mark.parametrize(
    ("over", "values"),
    [
        ("alpha=0,1e-4,.1,1", ("0", "0.0001", "0.1", "1")),
        ("world.region=1..4", ("1", "2", "3", "4")),
        ("levels=100,10k,0", ("100", "10000", "0")),
        ("steps=1.5M", ("1500000",)),
        ("world.train.region=1,2", ("1", "2")),
    ],
)
def test_knobs_are_read(over, values):
    assert read(over, "corner").values == values


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("alpa=0,1", "Did you mean 'alpha'"),
        ("world.regoin=1", "Did you mean 'world.region'"),
        ("alpha", "write it like"),
        ("alpha=", "write it like"),
        ("alpha=0,0.0", "twice"),
        ("alpha=nan", "no number"),
        ("world.nowhere.region=1", "no such knob"),
    ],
)
def test_knobs_that_are_none_are_refused(over, message):
    with pytest.raises(UserError, match=message):
        read(over, "corner")


@pytest.mark.parametrize("over", ["alpha=0,2", "world.region=1,99", "width=0", "lr=1e-3,word"])
def test_values_that_cannot_be_trained_are_refused_before_anything_runs(here, over, capsys):
    assert main(["curve", "corner", "--over", over, "--out", "c", "-q"]) == 2
    assert (
        not list((here).rglob("*.safetensors")) and len(capsys.readouterr().err.splitlines()) == 1
    )


@pytest.mark.parametrize(
    ("pair", "hint"),
    [("stpes=5", "Did you mean 'steps'"), ("steps", "write it like"), ("lr=fast", "not a number")],
)
def test_options_that_make_no_sense_are_refused_before_anything_runs(here, pair, hint, capsys):
    assert main(["curve", "corner", "--over", "alpha=0", "--set", pair, "--out", "c", "-q"]) == 2
    assert hint in capsys.readouterr().err and not list(here.rglob("*.safetensors"))


def test_numbers_keep_their_value_and_labels_are_for_people():
    assert read("lr=0.00123456789,1e-3", "corner").values == ("0.00123456789", "0.001")
    bank = knobs.read("world.rule=grid,heist", load("keys"), ["width"])
    assert bank.values == ("grid", "heist") and bank.given("grid") == {"world.rule": "grid"}
    assert knobs.Knob("alpha", ("0.1",)).given("0.1") == {"split": "alpha=0.1"}
    keys = load("keys")
    assert [knobs.label("world.rule", value, keys) for value in "01"] == ["grid", "heist"]
    assert knobs.label("levels", "0", keys) == "∞" and knobs.label("steps", "20000", keys) == "20k"


def test_values_that_are_no_quantities_go_by_their_labels(here):
    assert read("world.rule=grid,heist", "keys").values == ("0", "1")
    assert read("world.train.anywhere=no,yes", "corner").values == ("0", "1")
    mystery = load("mystery")
    pictures = []
    for values in (("9", "0"), ("0", "9")):
        rows = [
            {
                "value": value,
                "by_value": "",
                "seeds": 3,
                "levels": 8,
                **dict.fromkeys(curve.MEASURES, ESTIMATE),
            }
            for value in values
        ]
        knob = knobs.Knob("world.task", values)
        curve_figures.draw(rows, curve.Curve("mystery", mystery, knob, None, PLAN), here)
        pictures.append((here / "curve.png").read_bytes())
    assert pictures[0] == pictures[1], (
        "those called alike stand together, in whatever order they are named"
    )


def test_a_parameter_may_change_in_one_split_alone():
    world = load("corner").with_params(**{"train.region": 4})
    assert world.train.region == 4 and world.deploy.region == load("corner").deploy.region
    with pytest.raises(UserError, match="no split 'trian'; did you mean 'train'"):
        load("corner").with_params(**{"trian.region": 4})
    with pytest.raises(UserError, match="must be 1 to 11, not 40"):
        load("corner").with_params(**{"train.region": 40})


# -- new worlds ------------------------------------------------------------------------------------


def test_a_new_world_and_its_test_are_whole(here):
    world, test = new_world("orchard", here / "mine")
    assert load(world).name == "orchard"
    assert 'parent / "orchard.py"' in test.read_text()
    for bad, message in (
        ("2fast", "cannot be"),
        ("corner", "already"),
        ("orchard", "exists"),
        ("if", "cannot be"),
    ):
        with pytest.raises(UserError, match=message):
            new_world(bad, here / "mine")
    new_world("orchard", here / "mine", force=True)


@pytest.mark.long  # the tutorial runs the template's own test
def test_the_template_keeps_its_premise(here):
    world = load(new_world("orchard", here)[0])
    (shade,) = world.proxies
    for split, low, high in (("train", shade.share, 1.01), ("deploy", -0.01, 0.6)):
        meant, wanted = (
            rollout(world, Expert(world, goal), split, 100, pool="all").scores[:, 0].mean()
            for goal in ("intended", "shade")
        )
        assert meant >= world.solvable and low <= wanted / meant <= high
        starts = rollout(world, Expert(world, "intended"), split, 100, pool="all")
        assert len(np.unique(starts.fingerprints)) == 100


def commands(text):
    """The lines of the shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return [
        line.partition("#")[0].strip()
        for block in blocks
        for line in block.splitlines()
        if line.strip()
    ]


@pytest.mark.slow
@pytest.mark.long
def test_the_tutorial_leads_to_a_world_with_its_proof(here):
    """Every command, in order, with fewer steps and seeds; the change to the file is made where it
    says.
    """
    assert [TUTORIAL.count(text) for text in ("300k", "--seeds 2", "table ./orchard.py")] == [
        3,
        1,
        1,
    ]
    quick = TUTORIAL.replace("300k", "16k").replace("--seeds 2", "--seeds 1")
    found = commands(
        quick.replace("table ./orchard.py", "table ./orchard.py --seeds 1 --levels 64")
    )
    added = re.search(r"^```python\n(.*?)^```", TUTORIAL, re.M | re.S)[1]
    assert len(found) >= 8
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for command in found:
        words = command.split()
        if words[0] == "pytest":
            file = here / "orchard.py"
            deploy = "    deploy=Params(anywhere=1),\n"
            file.write_text(file.read_text().replace(deploy, deploy + added))
            assert "sparse" in load("./orchard.py").split_names
            words = [sys.executable, "-m", *words, "-p", "no:cacheprovider"]
        else:
            words = [sys.executable, "-m", *words]
        done = subprocess.run(
            words, cwd=here, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert (here / "orchard.png").is_file() and list((here / "runs").rglob("contrast.mp4"))
    assert (here / "runs/orchard-table/table.md").is_file() and (
        here / "runs/orchard-curve/curve.svg"
    ).is_file()


@pytest.mark.long
def test_the_tutorial_reaches_the_verdict_that_it_tells_of(here):
    assert main(["world", "new", "orchard", "-q"]) == 0
    budget = ["--steps", "300k", "--out", "t", "-q"]
    assert "goalshift table ./orchard.py --steps 300k" in TUTORIAL
    assert main(["table", "./orchard.py", *budget]) == 0
    with open("t/table.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["label"] == "goal misgeneralization" and f"*{row['label']}*" in TUTORIAL
    assert 0.2 < float(row["instead_low"]) < float(row["instead_high"]) < 0.65


def test_options_that_are_true_or_false_go_through_a_sweep():
    assert jobs.options_of({"anneal": "true", "world.size": "9x9"})[0] == {"anneal": True}
    with pytest.raises(UserError, match="anneal: 'maybe' is not true or false"):
        jobs.options_of({"anneal": "maybe"})
    words = jobs.train_job("coinline", Path("none"), {"anneal": False, "steps": "9"}).words()
    assert "--no-anneal" in words and "--steps=9" in words
