"""The command line: what each fault says, where it says it, and how it ends.

Most run in this process, through `main(argv)`; what belongs to a process (signals, pipes,
encodings) runs in one of its own.
"""

import argparse
import csv
import errno
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from goalshift.agents.command import films, values
from goalshift.agents.command import main as cli
from goalshift.agents.command.talk import Report, Talk
from goalshift.agents.command.verb import Group
from goalshift.agents.learning import preflight
from goalshift.agents.learning.shipped import unpack
from goalshift.engine import extras, machine
from goalshift.engine.errors import MismatchError, RunError, UserError, did_you_mean

from .waiting import PATIENCE, wait

ROOT = Path(__file__).resolve().parent.parent
SMALL = ["--envs", "8", "--rollout", "8", "--minibatch", "64", "--first", "8", "--width", "8"]
SMALL += ["--threads", "1", "--device", "cpu"]


@pytest.fixture
def verb(monkeypatch):
    """Replace what a verb runs: verb("worlds", function)."""

    def replace(name: str, run) -> None:
        monkeypatch.setitem(cli.VERBS, name, cli.VERBS[name]._replace(run=run))

    return replace


def raises(fault: BaseException):
    """A verb that fails with `fault`."""

    def run(args, talk):
        raise fault

    return run


def process(*argv: str, **options) -> subprocess.CompletedProcess:
    """The command in a process of its own, outside the repository."""
    options = {"capture_output": True, "text": True, "timeout": PATIENCE, "cwd": os.sep, **options}
    return subprocess.run([sys.executable, "-m", "goalshift", *argv], **options)


# -- help and version ------------------------------------------------------------------------------


def test_overview_names_every_verb(call):
    for argv in ([], ["--help"], ["-h"], ["help"]):
        ended = call(*argv)
        assert ended.code == 0 and ended.err == ""
        for name, known in cli.VERBS.items():
            assert f"{known.usage}" in ended.out and f"{known.usage} ".startswith(f"{name} ")


@pytest.mark.parametrize("name", sorted(cli.VERBS))
def test_every_verb_explains_itself_with_examples_that_parse(call, name):
    ended = call(name, "--help")
    assert ended.code == 0 and ended.err == ""
    assert "examples:" in ended.out and "--json" in ended.out
    assert cli.VERBS[name].examples
    for example in cli.VERBS[name].examples:
        assert example in ended.out
        program, *words = shlex.split(example.partition(">")[0])
        words = cli.joined(words)
        assert program == "goalshift" and words[0] == name
        cli.parse(name, words)


def test_version(call):
    import goalshift

    assert call("--version").out == f"goalshift {goalshift.__version__}\n"
    assert json.loads(call("--version", "--json").out)["version"] == goalshift.__version__


def test_a_verb_is_declared_where_its_function_stands():
    lab = Group("lab")

    @lab.verb("probe", "RUN", "look inside", lambda parser: None, ("goalshift probe runs/a",))
    def probe(args, talk):
        return Report({}, "seen")

    assert list(lab) == ["probe"] and lab["probe"].run is probe
    assert lab["probe"].group == "lab" and lab["probe"].usage == "probe RUN"


def test_configurations_are_there_without_waiting():
    """Their flags and help are needed before anything heavy is."""
    code = "import sys, goalshift.engine.machine, goalshift.agents.learning.config\n"
    code += "import goalshift.agents.studies.bank.config as bank\n"
    code += "print(bank.BankConfig().nets, *({'torch', 'numba', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.sep)
    assert done.stdout == "1000\n", done.stderr


# -- mistyped --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["wrolds"], "no command 'wrolds'. Did you mean 'worlds'?"),
        (["Doctor"], "no command 'Doctor'. Did you mean 'doctor'?"),
        (["xyzzy"], "Choose from: "),
        (["--versoin"], "Did you mean '--version'?"),
        (["worlds", "--jsn"], "Did you mean '--json'?"),
        (["worlds", "--jso", "corner"], "Did you mean '--json'?"),  # no silent abbreviations
        (["worlds", "cornr"], "did you mean 'corner'?"),
        (["worlds", "corner", "coinrun"], "unexpected argument 'coinrun'"),
        (["worlds", "./no_such.py"], "no world file 'no_such.py'"),
        (["worlds", "corner", "--world.regoin", "2"], "did you mean 'region'?"),
        (["worlds", "corner", "--world.region", "two"], "must be a whole number, not 'two'"),
        (["worlds", "corner", "--world.region", "nan"], "must be a whole number, not 'nan'"),
        (["worlds", "corner", "--world.region"], "needs a value"),
        (["worlds", "corner", "--world.region", "--json"], "needs a value"),
        (["worlds", "corner", "--world.", "3"], "needs a value"),
        (["doctor", "--world.region", "3"], "has no flag '--world.region'"),
    ],
)
def test_mistyped_words_get_a_hint_and_exit_2(call, argv, hint):
    ended = call(*argv)
    assert ended.code == 2
    text = json.loads(ended.out)["error"] if "--json" in argv else ended.line
    assert hint in text


def test_hints():
    assert did_you_mean("CORNR", ["corner", "coinrun"]) == " Did you mean 'corner'?"
    assert did_you_mean("zzz", ["b", "a"]) == " Choose from: a, b."
    assert did_you_mean("zzz", []) == ""


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250000", 250_000),
        ("250_000", 250_000),
        ("250k", 250_000),
        ("2M", 2_000_000),
        ("0.5m", 500_000),
        ("1e6", 1_000_000),
        ("1E6", 1_000_000),
        ("2.5e6", 2_500_000),
        ("1", 1),
    ],
)
def test_counts(text, number):
    assert values.count(text) == number


NO_COUNTS = ["abc", "-5", "0", "0.0", "1e400", "1e99999", "nan", "inf", "1.5", "2MM", "1e", "0x10"]
NO_COUNTS += ["1e-3", "\uff11\uff12", "", " ", "9" * 5000]


@pytest.mark.parametrize("text", NO_COUNTS, ids=lambda text: text[:9])
def test_what_is_no_count(text):
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        values.count(text)
    assert len(str(caught.value)) < 6000


@pytest.mark.parametrize("text", ["abc", "-5", "0", "1e400", "nan"])
@pytest.mark.parametrize(
    "argv",
    [
        ["train", "corner", "--steps"],
        ["train", "corner", "--envs"],
        ["demo", "--steps"],
        ["demo", "--levels"],
        ["eval", "run", "--levels"],
        ["bench", "--passes"],
    ],
    ids=" ".join,
)
def test_flags_that_count_refuse_what_is_no_count(call, argv, text):
    ended = call(*argv, text)
    assert ended.code == 2
    assert argv[-1] in ended.line and f"'{text}'" in ended.line


@pytest.mark.parametrize("text", ["-1", "1.5", "abc", "", str(2**63), "9" * 5000])
def test_what_is_no_seed(text):
    with pytest.raises(argparse.ArgumentTypeError):
        values.seed(text)
    assert values.seed("0") == 0 and values.seed(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["train", "corner", "--device", "gpu"], "--device must be one of auto, cpu, cuda"),
        (["train", "corner", "--split", "deply"], "did you mean 'deploy'"),
        (["train", "corner", "--split", "alpha=2"], "0 to 1"),
        (["train", "corner", "--split", "alpha=nan"], "must be a number from 0 to 1"),
        (["train", "corner", "--envs", "70000"], "--envs must be from 1 to 65,536"),
        (["train", "corner", "--envs", "10000000"], "GB of memory"),
        (["train", "corner", "--levels", "-1"], "is not a count"),
        (["train", "corner", "--value-cost", "500"], "--value-cost must be"),
        (["train", "corner", "--world.self", "3"], "no parameter 'self'"),
        (["train", "corner", "--rollout", "5000"], "--rollout must be from 1 to 4,096"),
        (["train", "corner", "--lr", "nan"], "--lr"),
        (["train", "corner", "--lr", "fast"], "--lr"),
        (["train", "corner", "--stpes", "5"], "Did you mean '--steps'?"),
        (["attack", "nowhere", "--budget", "1e12"], "--budget: '1e12' is too large"),
        (["inside", "nowhere", "--draws", "1e12"], "--draws: '1e12' is too large"),
        (["train", "cornr"], "did you mean 'corner'"),
        (["train"], "name a world"),
        (["train", "--resume", "nowhere"], "holds no run"),
        (["train", "--resume", "nowhere", "--lr", "0.1"], "leave out --lr"),
        (["train", "--resume", "nowhere", "--out", "x"], "leave out --out"),
        (["train", "corner", "--resume", "nowhere"], "leave out --world"),
        (["demo", "cornr"], "did you mean 'corner'"),
        (["eval"], "required: RUN"),
        (["eval", "nowhere"], "nowhere"),
        (["contrast", "nowhere"], "nowhere"),
        (["contrast", "run", "--pick", "medain"], "Did you mean 'median'?"),
        (["contrast", "run", "--size", "13x13"], "multiples of 8"),
        (["contrast", "run", "--fps", "0"], "from 1 to 120"),
        (["contrast", "run", "-o", "film.avi"], "must end in .mp4, .webm"),
        (["bench", "--only", "stps"], "Did you mean 'steps'?"),
        (["record", "nowhere"], "nowhere"),
        (["record", "a.gmr", "nowhere"], "either replays or runs"),
        (["record", "a.gmr", "--mosaic", "3"], "name one run"),
        (["record", "nowhere", "--history"], "--keep"),
        (["record", "nowhere", "--camera", "eys"], "Did you mean 'eyes'?"),
        (["record", "nowhere", "--sync", "stp"], "Did you mean 'step'?"),
        (["contrast", "nowhere", "--layout", "2x1"], "2x2"),
        (["contrast", "nowhere", "--captions", "no.toml"], "no.toml"),
        (["replay", "a.gmr", "-o", "page.htm"], "must end in .mp4"),
        (["report", "nowhere"], "nowhere"),
        (["report", "nowhere", "-o", "report.pdf"], "must end in .html"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_senseless_input_is_refused_before_anything_is_written(call, tmp_path, argv, hint):
    ended = call(*argv)
    assert ended.code == 2
    assert hint in ended.line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    ["train corner --seeds", "map corner --seeds", "map corner --jobs", "table corner --jobs"],
)
def test_more_agents_than_a_machine_can_hold_are_refused_by_the_flags_name(call, tmp_path, words):
    flag = words.split()[-1]
    done = call(*words.split(), "1e9", "--out", "o")
    assert done.code == 2 and done.err.startswith(f"error: {flag} must be from 1 to"), done.err
    assert done.err.count("\n") == 1 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["1280", "1280x", "1281x720", "16x16", "99999x99999", "-16x16"])
def test_what_is_no_film_size(text):
    with pytest.raises(argparse.ArgumentTypeError):
        values.film_size(text)
    assert values.film_size("1280x720") == (1280, 720)


def test_words_that_are_slow_to_look_up_are_what_the_library_takes():
    from goalshift.engine.view.film import film

    assert set(films.KINDS) == set(film.FORMATS)


# -- json ------------------------------------------------------------------------------------------


def test_json_of_the_worlds(call):
    ended = call("worlds", "--json")
    found = json.loads(ended.out)
    assert ended.code == 0 and found["ok"] is True and found["exit_code"] == 0
    names = {world["name"]: world for world in found["worlds"]}
    assert names["corner"]["intended"] == "cheese" and names["corner"]["proxies"] == ["corner"]


def test_json_of_one_world_and_its_changed_parameter(call):
    found = json.loads(call("worlds", "corner", "--world.region=4", "--json").out)
    assert found["splits"]["train"]["region"] == found["splits"]["deploy"]["region"] == 4
    assert found["goals"][0]["name"] == "cheese"


@pytest.mark.parametrize("argv", [["--json", "worlds", "nope"], ["worlds", "--json", "--nope"]])
def test_json_of_a_fault(call, argv):
    ended = call(*argv, "-q")
    found = json.loads(ended.out)
    assert (
        found["ok"] is False and found["exit_code"] == ended.code == 2 and "nope" in found["error"]
    )
    assert ended.out.count("\n") == 1


def test_json_is_strict(call, verb):
    data = {"nan": float("nan"), "inf": -float("inf"), "path": Path("a"), "tuple": (1, 2), 3: {4}}
    verb("doctor", lambda args, talk: Report(data, ""))
    found = json.loads(call("doctor", "--json").out, parse_constant=pytest.fail)
    assert found["nan"] is None and found["inf"] is None and found["path"] == "a"
    assert found["tuple"] == [1, 2] and found["3"] == [4]


# -- faults on the way -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        (UserError("the flag is wrong"), 2, "the flag is wrong"),
        (RunError("the film broke"), 1, "the film broke"),
        (MismatchError("step 128 differs"), 3, "step 128 differs"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt("stopped at 0.8M, saved"), 130, "stopped at 0.8M, saved"),
        (
            OSError(errno.ENOSPC, "No space", "runs/a/log.csv"),
            1,
            "disk is full while writing 'runs",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 1, "'x': permission denied"),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", "x" * 5000),
            2,
            f"'{'x' * 60}...': file",
        ),
        (MemoryError(), 1, "out of memory"),
        (ModuleNotFoundError("no", name="torch"), 2, extras.remedy("train")),
        (ModuleNotFoundError("no", name="pygame.font"), 2, extras.remedy("view")),
        (
            ModuleNotFoundError("no", name="imageio"),
            2,
            f"{extras.remedy('film')}; everything: pip install",
        ),
        (ModuleNotFoundError("no", name="some_thing"), 1, "run: pip install some-thing"),
        (ZeroDivisionError("division by zero"), 1, "internal error, ZeroDivisionError"),
        (RunError("two\nlines"), 1, "two lines"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_fault_is_one_line_and_a_code(call, verb, fault, code, line):
    verb("doctor", raises(fault))
    ended = call("doctor")
    assert ended.code == code
    assert line in ended.line and "Traceback" not in ended.err
    told = call("doctor", "--json")
    assert json.loads(told.out)["exit_code"] == code and line in json.loads(told.out)["error"]


def test_verbose_adds_the_traceback(call, verb):
    verb("doctor", raises(RunError("the film broke")))
    ended = call("doctor", "-v")
    assert "Traceback" in ended.err and "RunError: the film broke" in ended.err
    assert ended.err.rstrip().endswith("error: the film broke") and ended.code == 1


def test_colour_only_where_it_is_wanted(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Talk().color and not Talk(color=False).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Talk().color


def test_a_broken_world_file_is_named_with_its_line(call, tmp_path):
    (tmp_path / "torn.py").write_text("from goalshift import World\nWORLD = World(\n")
    (tmp_path / "bad.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "empty.py").write_text("")
    assert "torn.py" in (line := call("worlds", "./torn.py").line) and "line" in line
    assert "bad.py" in (line := call("worlds", "./bad.py").line) and "line 2" in line
    assert "does not end in WORLD" in call("worlds", "./empty.py").line
    for name in ("torn", "bad", "empty"):
        assert call("worlds", f"./{name}.py").code == 2


def test_a_replay_is_verified_and_named_as_code_and_as_file(call, tmp_path):
    import numpy as np

    from goalshift import Replay, load

    made = Replay.record(load("corner"), 7, np.array([[1], [2], [4], [3]]), label="a test")
    made.save(tmp_path / "a.gmr")
    by_file, by_code = (json.loads(call("replay", x, "--json").out) for x in ("a.gmr", made.code()))
    assert by_file == by_code and by_file["verified"] and by_file["steps"] == 4
    text = call("replay", "a.gmr").out
    assert made.code() in text and "checksums agree" in text and "a test" in text


def test_a_replay_that_differs_is_exit_3_and_a_broken_one_exit_2(call, tmp_path):
    import numpy as np

    from goalshift import Replay, load

    made = Replay.record(load("corner"), 7, np.array([[1], [2], [4], [3]]))
    made.save(tmp_path / "a.gmr")
    data = (tmp_path / "a.gmr").read_bytes()
    mark = f"{made.checks[-1]:016x}".encode()
    (tmp_path / "b.gmr").write_bytes(data.replace(mark, b"0123456789abcdef"))
    (tmp_path / "c.gmr").write_bytes(data[:-3])
    ended = call("replay", "b.gmr")
    assert ended.code == 3 and "differs at step 4" in ended.line
    for broken in ("c.gmr", "missing.gmr", "GM1.xxxx", "GM1.", "."):
        ended = call("replay", broken)
        assert ended.code == 2, broken
        assert re.search("damaged|no such file|a folder", ended.line)


# -- checks before work ----------------------------------------------------------------------------


def test_out_must_be_a_free_writable_folder(tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept").write_text("x")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UserError, match=r"not empty.*--force"):
        preflight.check_folder(full)
    assert preflight.check_folder(full, force=True) == full
    with pytest.raises(UserError, match="is a file; name a folder"):
        preflight.check_folder(file)
    with pytest.raises(UserError, match=r"is a file, not a folder|not a directory"):
        preflight.check_folder(file / "below")
    with pytest.raises(UserError, match="name too long"):
        preflight.check_folder(tmp_path / ("n" * 300))
    with pytest.raises(UserError, match="is a folder; name a file"):
        preflight.check_file(full)
    with pytest.raises(UserError, match=r"exists.*--force"):
        preflight.check_file(file)
    assert preflight.check_file(file, force=True) == file
    for name in ("a/b/c", "with spaces", "ünï-☃", "n" * 250):
        assert preflight.check_folder(tmp_path / name) == tmp_path / name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "full"], "a check leaves nothing"


def test_out_on_a_read_only_file_system():
    with pytest.raises(UserError, match="cannot be written"):
        preflight.check_folder("/proc/goalshift")


def test_a_full_disk_is_told_before_the_work(tmp_path, monkeypatch):
    usage = preflight.shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(RunError, match="almost full: 1 MB left"):
        preflight.check_folder(tmp_path / "run")


def test_memory_is_checked(monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda: 2 * 10**9)
    preflight.check_memory(10**9, "--envs 10", "use fewer")
    with pytest.raises(
        UserError, match=r"--envs 10 needs about 3.0 GB.*2.0 GB are free; use fewer"
    ):
        preflight.check_memory(3 * 10**9, "--envs 10", "use fewer")
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    preflight.check_memory(10**20, "--envs 10", "use fewer")


def test_free_memory_is_plausible():
    found = machine.free_memory()
    assert found is None or 10**6 < found < 10**15


def test_default_folders_do_not_collide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(preflight.time, "strftime", lambda form: "20260131-154500")
    first = preflight.fresh_folder("demo-coinrun")
    assert first == Path("runs/demo-coinrun-20260131-154500")
    first.mkdir(parents=True)
    assert preflight.fresh_folder("demo-coinrun").name.endswith("154500-2")


# -- from training to a film -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Path:
    """A run folder of a hundred updates; read it, do not write to it."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    code = cli.main(["train", "corner", "--steps", "1k", *SMALL, "-q", "--out", str(folder)])
    assert code == 0
    return folder


@pytest.fixture
def own_run(run, tmp_path) -> Path:
    """A copy of `run` to write to."""
    return Path(shutil.copytree(run, tmp_path / "own"))


def test_train_writes_a_run_and_says_what_next(call, tmp_path):
    out = tmp_path / "ünï ☃" / "deep"
    ended = call("train", "corner", "--steps", "1k", *SMALL, "--out", out)
    assert ended.code == 0
    assert f"goalshift eval {shlex.quote(str(out))}" in ended.out
    assert "training corner: 100 %" in ended.err
    names = {path.name for path in out.iterdir()}
    assert {"config.json", "log.jsonl", "log.csv", "checkpoint.safetensors"} <= names
    assert not [name for name in names if name.endswith(".tmp")]


def test_train_passes_every_flag_on(call, tmp_path):
    flags = ["--steps", "200", "--seed", "7", "--split", "alpha=0.5", "--levels", "3", "--anneal"]
    ended = call("train", "corner", *flags, *SMALL, "--world.region", "2", "-q", "--json")
    found = json.loads(ended.out)
    config = found["config"]
    assert ended.code == 0 and Path(found["run"]).parent == Path("runs")
    assert (config["steps"], config["seed"], config["split"]) == (200, 7, "alpha=0.5")
    assert config["levels"] == 3 and config["anneal"] is True and config["params"] == {"region": 2}
    assert config["envs"] == 8 and config["device"] == "cpu"


def test_train_does_not_overwrite(call, own_run):
    before = {path.name: path.read_bytes() for path in own_run.iterdir() if path.is_file()}
    ended = call("train", "corner", *SMALL, "--out", own_run)
    assert ended.code == 2 and "not empty" in ended.line
    assert before == {path.name: path.read_bytes() for path in own_run.iterdir() if path.is_file()}
    ended = call("train", "corner", "--steps", "64", *SMALL, "-q", "--force", "--out", own_run)
    assert ended.code == 0
    assert len((own_run / "log.jsonl").read_text().splitlines()) == 1, "nothing of the old run"


def test_resume_goes_on(call, own_run):
    rows = len((own_run / "log.jsonl").read_text().splitlines())
    ended = call("train", "--resume", own_run, "--steps", "2k", "-q")
    assert ended.code == 0
    steps = [json.loads(row)["step"] for row in (own_run / "log.jsonl").read_text().splitlines()]
    assert len(steps) > rows and steps == sorted(set(steps)) and steps[-1] >= 2000


@pytest.mark.parametrize("size", [0, 1, 500, -40])
def test_a_broken_checkpoint_is_one_line(call, own_run, size):
    path = own_run / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    ended = call("eval", own_run)
    assert ended.code in (1, 2) and "checkpoint.safetensors" in ended.line


def test_a_checkpoint_of_a_changed_world_lists_what_differs(call, own_run, monkeypatch):
    import dataclasses

    from goalshift import load

    world = load("corner")
    monkeypatch.setattr(world, "actions", (*world.actions, "hop"))
    ended = call("eval", own_run)
    assert dataclasses.is_dataclass(world)
    assert ended.code == 2 and "does not fit" in ended.line and "hop" in ended.line


def test_eval_scores_every_goal_and_calls_one_seed_an_illustration(call, own_run):
    ended = call("eval", own_run, "--levels", "32")
    assert ended.code == 0
    assert "cheese" in ended.out and "corner" in ended.out and "illustration" in ended.out
    stored = json.loads((own_run / "evaluation.json").read_text())
    assert stored["splits"]["deploy"]["levels"] == 32
    told = json.loads(call("eval", own_run, "--levels", "32", "--json", "-q").out)
    assert told["verdicts"] == stored["verdicts"]


def test_eval_wants_independent_seeds_of_one_setting(call, run, own_run, tmp_path):
    ended = call("eval", run, own_run)
    assert ended.code == 2 and "same training seed" in ended.line
    other = tmp_path / "other"
    words = ["train", "corner", "--steps", "1k", *SMALL, "-q", "--seed", "1", "--out", other]
    assert call(*words).code == 0
    ended = call("eval", run, other, "--levels", "32", "-q", "--out", tmp_path / "both", "--json")
    found = json.loads(ended.out)
    assert found["agents"] and len(found["training"]) == 2
    assert (tmp_path / "both" / "evaluation.json").exists()
    assert not (run / "evaluation.json").exists()
    ended = call("eval", run, "--split", "deplyo")
    assert ended.code == 2 and "did you mean 'deploy'" in ended.line


def test_contrast_films_replays_and_repeats(call, own_run, tmp_path):
    film = tmp_path / "film.webp"
    flags = ["--levels", "32", "--size", "848x480", "--fps", "10", "-q"]
    ended = call("contrast", own_run, *flags, "-o", film, "--json")
    found = json.loads(ended.out)
    assert ended.code == 0 and film.stat().st_size > 1000
    assert found["films"] == [str(film)]
    for path in found["replays"]:
        assert json.loads(call("replay", path, "--json").out)["verified"]
    ended = call("contrast", own_run, "-o", film)
    assert ended.code == 2 and "exists" in ended.line


def test_replays_become_pages_and_films(call, tmp_path):
    both = [str(ROOT / "recordings" / f"corner-{who}.gmr") for who in ("intended", "learned")]
    page, srt = tmp_path / "page.html", tmp_path / "both.srt"
    ended = call("replay", both[0], "-o", page)
    assert (
        ended.code == 0
        and "page.html" in ended.out
        and '<section class="player' in page.read_text()
    )
    ended = call("replay", both[0], "-o", page)
    assert ended.code == 2 and "exists" in ended.line
    notes = tmp_path / "notes.toml"
    notes.write_text('[[caption]]\nfrom = 2\nto = 4\ntext = "Now  look."\n')
    flags = ["--captions", notes, "-o", page, "-o", srt, "--force", "-q", "--json"]
    ended = call("record", *both, *flags)
    found = json.loads(ended.out)
    assert ended.code == 0 and len(found["codes"]) == 2 and "Now look." in srt.read_text()
    assert page.read_text().count("<canvas") == 2 and "LEARNED" in page.read_text()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("caption = 3", "tables"),
        ("[[caption]]\nfrom = 1", "`text`"),
        ("[[caption]]\nfrom = 1\ntext = 'a'\nwho = 2", "may have `to`"),
        ("[[caption]]\nfrom = inf\ntext = 'a'", "must be steps"),
        ("[[caption]]\nfrom = 3\nto = 2\ntext = 'a'", "in this order"),
        ("[[caption]]\nfrom = 3\ntext = 4", "must be a text"),
        (f"[[caption]]\nfrom = 1\ntext = '{'x' * 3001}'", "at most 3000"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("\x00", "toml:1:1: "),
    ],
)
def test_captions_that_make_no_sense_are_named(call, tmp_path, text, hint):
    notes = tmp_path / "notes.toml"
    notes.write_text(text)
    ended = call("contrast", "nowhere", "--captions", notes)
    assert ended.code == 2 and "notes.toml" in ended.line and hint in ended.line


@pytest.mark.slow
def test_demo_from_nothing_to_a_verdict(call):
    out = Path("shown")
    unpack("coinline", out)  # a run that stands in the way
    words = ["demo", "corner", "--steps", "4k", "--levels", "32", "-q", "--out", "shown"]
    assert (
        call(*words).code == 2
        and json.loads((out / "config.json").read_text())["world"] == "coinline"
    )
    ended = call(*words, "--force")
    assert ended.code == 0, ended.err
    assert json.loads((out / "config.json").read_text())["world"] == "corner"
    for name in ("config.json", "checkpoint.safetensors", "evaluation.json"):
        assert (out / name).exists()
    assert (out / "films" / "contrast.mp4").stat().st_size > 10_000
    assert (out / "films" / "contrast.webp").stat().st_size > 1000
    assert len(list((out / "replays").glob("*.gmr"))) == 2
    assert "illustration on deploy" in ended.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "world", sorted(path.stem for path in (ROOT / "agents" / "pretrained").glob("*.safetensors"))
)
def test_demo_of_a_shipped_checkpoint(call, world):
    ended = call("demo", world, "--pretrained", "--levels", "64", "--json", "-q", "--out", "shown")
    found = json.loads(ended.out)
    assert ended.code == 0 and found["ok"]
    assert found["evaluation"]["splits"]["train"]["held_out"]["shared"] == 0
    assert call("eval", "shown", "--levels", "32", "-q").code == 0, "it is a run like any other"


def test_bench_prints_a_row_and_names_the_machine(call):
    ended = call("bench", "--only", "fingerprints", "--passes", "1", "--json", "-q")
    found = json.loads(ended.out)
    assert "processors" in found["machine"] and len(found["rows"]) == 1
    assert found["rows"][0]["middle"] > 0


def process_limited(limit: int, *argv: str) -> subprocess.CompletedProcess:
    """The command in a process that may write no file longer than `limit` bytes."""
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return process(*argv, preexec_fn=limited)


def test_a_disk_that_fills_up_is_one_line_and_leaves_no_half_file(tmp_path):
    out = tmp_path / "run"
    done = process_limited(
        1 << 20, "train", "corner", "--steps", "1k", "--out", str(out), "-q", *SMALL[:6]
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write") and done.stderr.count("\n") == 1
    assert not [path for path in out.rglob("*") if path.name.endswith(".tmp")]


@pytest.mark.slow
def test_ctrl_c_in_training_saves_and_says_how_to_go_on(tmp_path):
    out = tmp_path / "run"
    words = ["train", "corner", "--steps", "1G", *SMALL, "--out", str(out)]
    child = subprocess.Popen(
        [sys.executable, "-m", "goalshift", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=os.sep,
    )
    wait((out / "log.csv").exists)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    last = err.splitlines()[-1]
    assert "saved" in last and f"goalshift train --resume {out}" in last and "Traceback" not in err
    step = json.loads((out / "log.jsonl").read_text().splitlines()[-1])["step"]
    again = process("train", "--resume", str(out), "--steps", str(step + 64), "-q", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["ok"]


# -- in a process of its own -----------------------------------------------------------------------


def test_both_ways_to_call_it_agree():
    script = Path(sys.executable).with_name("goalshift")
    if not script.exists():
        pytest.skip("goalshift is not installed beside this interpreter")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == process("--version").stdout != ""


def test_a_reader_that_leaves_is_no_fault():
    python = shlex.quote(sys.executable)
    command = f"{python} -m goalshift worlds corner | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, cwd=os.sep
    )
    assert done.stderr == "" and done.stdout.splitlines()[-1] in ("0", "141")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("worlds corner >/dev/full", 1, "error: cannot write to standard output: no space left"),
        ("worlds --json >/dev/full", 1, "error: cannot write to standard output: no space left"),
        ("worlds nosuch --json >/dev/full", 2, "error: no world 'nosuch'"),
        ("worlds nosuch 2>/dev/full", 2, ""),
        ("worlds nosuch 2>&-", 2, ""),
        ("worlds corner 2>&-", 0, ""),
        ("worlds corner >&-", 0, ""),
    ],
)
def test_where_nothing_can_be_written_the_exit_code_still_tells(words, code, told):
    command = f"{shlex.quote(sys.executable)} -m goalshift {words}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, cwd=os.sep
    )
    assert done.returncode == code and done.stderr.startswith(told)
    assert len(done.stderr.splitlines()) == bool(told)


@pytest.mark.parametrize("encoding", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "cp1252"}])
def test_old_consoles_print_something(encoding, tmp_path):
    name = "☃ünï"
    environment = {**os.environ, "PYTHONUTF8": "0", **encoding}
    done = process("worlds", name, env=environment, text=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: no world '") and b"Traceback" not in done.stderr


SLOW_VERB = """
import signal, sys, time
from goalshift.agents.command import main as cli
def run(args, talk):
    print("ready", flush=True)
    time.sleep(60)
signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in the background
cli.VERBS["doctor"] = cli.VERBS["doctor"]._replace(run=run)
sys.exit(cli.main(["doctor"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_signals_end_in_130_and_one_line(number):
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_VERB],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=os.sep,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    child.send_signal(number)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, "it did not sleep to its end"
    assert err.count("\n") == 1 and err.startswith("error: ") and "Traceback" not in err


# -- the doctor ------------------------------------------------------------------------------------


def test_requirements_are_compared_as_pip_does():
    from goalshift.agents.care.doctor import satisfies

    yes = [("2.13.0+cpu", "==2.13.*"), ("1.4.0", "<2,>=1.1"), ("2.0", ">=2.0"), ("1.1", ">=1.1.0")]
    yes += [("1.9.9", "<2"), ("3.1", "~=3.0"), ("1.0", ""), ("2.5.1", "!=2.5")]
    no = [("2.12.9", "==2.13.*"), ("2.0", "<2"), ("0.60.1", ">=0.61"), ("4.0", "~=3.0")]
    no += [("2.5", "!=2.5"), ("1.0", "nonsense")]
    assert all(satisfies(*pair) for pair in yes)
    assert not any(satisfies(*pair) for pair in no)


def test_the_doctor_knows_every_requirement():
    from goalshift.agents.care import doctor

    found = {finding.name for finding in doctor._packages()}
    assert {
        "numba",
        "rich",
        "torch",
        "pygame-ce",
        "pillow",
        "imageio-ffmpeg",
        "matplotlib",
    } <= found
    assert set(extras.EXTRAS.values()) <= set(extras.requirements())
    assert not {"torch", "pygame-ce"} & {
        re.split(r"[^\w-]", one)[0] for one in extras.requirements()[""]
    }


def faked(monkeypatch, versions: dict[str, str | None]) -> None:
    """Pretend that these packages have these versions, or (None) are missing."""
    from goalshift.agents.care import doctor

    real = doctor.metadata.version

    def version(name: str) -> str:
        found = versions[name] if name in versions else real(name)
        if found is None:
            raise doctor.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(doctor.metadata, "version", version)


def test_the_doctor_names_the_exact_fix(monkeypatch):
    from goalshift.agents.care import doctor

    faked(monkeypatch, {"torch": "2.9.0", "gymnasium": "2.1.0", "pygame": "2.6.1", "imageio": None})
    findings = {f.name: f for f in [*doctor._packages(), *doctor._pygame_twins()]}
    assert findings["torch"].state == "problem"
    assert "-m pip install 'torch==2.13.*'" in findings["torch"].fix
    assert findings["gymnasium"].found.startswith("2.1.0, but goalshift needs")
    assert "uninstall -y pygame pygame-ce" in findings["pygame"].fix
    assert findings["extra: film"].state == "note"  # it was never asked for: nothing is broken
    assert "imageio" in findings["extra: film"].found and "[film]'" in findings["extra: film"].fix
    assert doctor.as_data(list(findings.values()))["healthy"] is False
    assert "fix: " in doctor.as_text(list(findings.values()))


def test_the_doctor_survives_its_own_checks(monkeypatch):
    from goalshift.agents.care import doctor

    def odd() -> list:
        raise RuntimeError("odd machine")

    for name in ("_torch", "_numba", "_ffmpeg"):
        monkeypatch.setattr(doctor, name, odd)
    found = doctor.examine()
    assert sum("odd machine" in f.found for f in found) == 3
    assert found[0].name == "python" and found[0].state == "ok" and found[-1].name == "disk"


def test_the_doctor_sees_a_cache_that_cannot_be_kept(monkeypatch, tmp_path):
    from goalshift.agents.care import doctor

    answer = {"seconds": 9.0, "off": False, "compiled": 84}
    answers = iter([(answer, ""), (answer, "")])
    monkeypatch.setattr(doctor, "_ask_python", lambda *args: next(answers))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/proc/none")
    cache, compiling = doctor._numba()
    assert cache.state == compiling.state == "warning"
    assert "NUMBA_CACHE_DIR" in cache.fix and "not kept" in compiling.found


def test_the_doctor_blames_no_cache_for_a_busy_machine(monkeypatch):
    from goalshift.agents.care import doctor

    real = doctor._ask_python
    monkeypatch.setattr(doctor, "_ask_python", lambda code, timeout: real(code, 0.01))
    [compiling] = [found for found in doctor._numba() if found.name == "compiling rules"]
    assert compiling.state == "warning" and "delete" not in compiling.fix


def test_the_doctor_sees_a_crash_in_a_library():
    from goalshift.agents.care import doctor

    data, fault = doctor._ask_python("import os; os.abort()")
    assert data == {} and "exit code" in fault
    assert doctor._ask_python("import time; time.sleep(60)", timeout=0.5)[1].startswith("no answer")


@pytest.mark.slow
def test_the_doctor_looks_at_this_machine(call):
    ended = call("doctor", "--json", "-q")
    found = json.loads(ended.out)
    names = {finding["name"]: finding for finding in found["findings"]}
    assert {"python", "torch", "numba cache", "compiling rules", "ffmpeg", "disk"} <= set(names)
    assert found["healthy"] == (ended.code == 0)
    assert names["compiling rules"]["state"] == "ok", names["compiling rules"]
    assert all(f["fix"] for f in found["findings"] if f["state"] in ("warning", "problem"))


# -- the README ------------------------------------------------------------------------------------


README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(  # all but the ledger's, which its own test reads
    page.relative_to(ROOT).as_posix()
    for place in (
        "*.md",
        "agents/**/*.md",
        "engine/**/*.md",
        "worlds/**/*.md",
        "recordings/**/*.md",
    )
    for page in ROOT.glob(place)
    if page.name != "CLAIMS.md"
)


def readme_commands() -> list[str]:
    """Every goalshift command in the pages' shell blocks, one a line, comments taken off."""
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    found = []
    for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\||;|\|", line.removeprefix("$ ")):
                words = shlex.split(part, comments=True)
                if words and Path(words[0]).name == "goalshift":
                    found.append(shlex.join(words[1:]))
                elif words[1:3] == ["-m", "goalshift"]:
                    found.append(shlex.join(words[3:]))
    return list(dict.fromkeys(found))


def test_the_readme_has_the_two_commands_and_ci_runs_the_same_tests():
    venv = "python3 -m venv .venv && .venv/bin/pip install -e"
    assert f'{venv} ".[all]" && .venv/bin/goalshift demo\n' in README
    tests = f'{venv} ".[test]" && .venv/bin/pytest\n'
    assert tests in README
    ci = ROOT / ".ci" / "run"
    assert ci.read_text().endswith(tests), "its exit code is the script's"
    assert os.access(ci, os.X_OK)


def test_the_readme_can_be_read_in_one_sitting():
    assert README.count("\n") <= 300


def test_the_world_in_the_readme_is_the_world_in_its_file():
    source = (ROOT / "worlds" / "corner.py").read_text(encoding="utf-8")
    block = re.search(r"^```python\n(@rule\n.*?)^```", README, re.M | re.S)
    lines = re.search(r"\[worlds/corner\.py\].*?(\d+) lines in all", README)
    assert block and lines and source.count("\n") == int(lines[1]) < 100
    for piece in re.split(r"^    \.\.\.\n", block[1], flags=re.M):
        for paragraph in piece.split("\n\n\n"):
            assert paragraph.strip("\n") in source


def test_the_results_in_the_readme_are_those_of_the_table():
    """`goalshift table --ship` writes recordings/table.csv; what is told of it says the same."""
    with open(ROOT / "recordings" / "table.csv", newline="", encoding="utf-8") as file:
        first = {row["world"]: row for row in reversed(list(csv.DictReader(file)))}

    def percent(row, name):
        value, low, high = (
            round(100 * float(row[f"{name}{end}"])) for end in ("", "_low", "_high")
        )
        return f"{value} [{low}, {high}]"

    told = re.findall(r"^\| `(\w+)` \| (train|deploy) \| (.*) \|$", README, re.M)
    assert {world for world, *_ in told} == set(first)
    for world, split, cells in told:
        row = first[world]
        trained, intended, instead, competence = (
            percent(row, name) for name in ("trained", "intended", "instead", "competence")
        )
        assert split == row["split"]
        assert cells == " | ".join(
            [trained, intended, f"{instead} ({row['proxy']})", competence, row["label"]]
        )


def test_python_in_the_readme_runs(tmp_path):
    # the first is from the corner world, which the tests run as it stands in its file
    _, code = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [*PAGES, "recordings/CLAIMS.md"])
def test_what_a_page_shows_and_links_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link, part in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        there = (ROOT / page).parent / link if link else ROOT / page
        assert there.exists(), link
        if part:
            heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.M)
            assert part in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("command", readme_commands())
def test_commands_in_the_readme_parse(command):
    words = cli.joined(shlex.split(command.partition(">")[0]))
    if words and words[0] not in ("--help", "--version"):
        cli.parse(words[0], words)


@pytest.mark.parametrize(
    "command", [c for c in readme_commands() if c.split()[:1] == ["worlds"] or "--help" in c]
)
def test_quick_commands_in_the_readme_run(call, command):
    if re.search(r"\./|my_", command):
        pytest.skip("names a file of the reader's")
    assert call(*shlex.split(command)).code == 0


def test_a_world_without_a_shipped_agent_says_so(call, tmp_path, monkeypatch):
    from goalshift.agents.learning import shipped

    monkeypatch.setattr(shipped, "PRETRAINED", tmp_path / "none")
    ended = call("demo", "follow", "--pretrained", "--out", "shown")
    assert ended.code == 2 and "no checkpoint of 'follow' is shipped" in ended.err
    assert not (tmp_path / "shown").exists()


def test_worlds_can_be_drawn(call, tmp_path):
    from PIL import Image

    assert call("worlds", "corner", "--picture", "corner.png", "-q").code == 0
    with Image.open(tmp_path / "corner.png") as picture:
        assert picture.size == (1260, 530)
    assert [path.name for path in tmp_path.iterdir()] == ["corner.png"]
    wrong = call("worlds", "--picture", "corner.gif")
    assert wrong.code == 2 and ".png" in wrong.err
    lost = call("worlds", "corner", "--picture", "nowhere/corner.png")
    assert lost.code == 1 and "nowhere/corner.png" in lost.err
