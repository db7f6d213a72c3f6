"""Files of somebody's own with every sort of mistake: one line that names the file, and no number that
they give leads compiled code astray.
"""

from typing import Any

import numpy as np
import pytest

from goalshift.agents.command import main as cli
from goalshift.agents.lab import detect, monitor
from goalshift.agents.lab.detector import Detector
from goalshift.agents.lab.evidence import Subject
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.learning.trained import Trained
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

LINE = load("coinline")
TRAIN = "train coinline --steps 256 --envs 16 --rollout 8 --minibatch 64 --first 8 --width 8 --threads 1 -q"
HOOK = """
import numpy as np, torch
from goalshift.agents.learning.hooks import Hook
from goalshift.agents.learning.mitigation import Mitigation
class Mine(Hook):
    def {}
MITIGATION = Mitigation("Mine.", hook=lambda value, world, config: Mine())
"""


@pytest.fixture
def told(tmp_path, capsys, monkeypatch):
    """Trains with a mitigation of this text; its exit code and its last line."""
    monkeypatch.chdir(tmp_path)

    def run(text, flag="--mitigate"):
        (tmp_path / "mine.py").write_text(text)
        code = cli.main([*TRAIN.split(), flag, "./mine.py", "--out", "run", "--force"])
        return code, capsys.readouterr().err.splitlines()[-1]

    return run


MISTAKES = [
    ("seen(self, s): return s * 0 + 255", "seen gave symbol 255, and there are 0 to 8"),
    ("seen(self, s): return s[:1]", "seen must give a tensor of torch.uint8"),
    ("reward(self, s, r): return r[:1]", "reward must give an array of numbers of shape (16, 1)"),
    ("reward(self, s, r): pass", "reward must give an array"),
    ("keep(self, r): return torch.ones(1)", "keep must give None or"),
    ("loss(self, b, l, v): return l", "loss must give one finite number"),
    ("loss(self, b, l, v): return float('nan')", "loss must give one finite number"),
    ("tap(self, l, x): return x[:1]", "tap must give"),
    ("row(self): return {'step': 1}", "row cannot be called 'step'"),
    ("row(self): return {'a': 'text'}", "row gave 'a' as str"),
    ("state(self): return {'a': [1]}", "state must give 'a' as an array"),
]


@pytest.mark.parametrize("body, why", MISTAKES, ids=[body for body, _ in MISTAKES])
def test_what_a_hook_gives_is_checked(told, body, why):
    code, line = told(HOOK.format(body))
    assert code == 2 and f"hook Mine: {why}" in line


def test_a_fault_in_a_file_of_ones_own_is_its_own(told):
    code, line = told(HOOK.format("stepped(self, learner): raise KeyError('q')"))
    assert code == 1 and line.endswith("mitigation file 'mine.py', line 6: KeyError: 'q'")
    code, line = told("raise SystemExit(0)")  # which would look like success
    assert code == 2 and line.endswith("mitigation file 'mine.py', line 1: SystemExit: 0")
    code, line = told(HOOK.format("stepped(self, learner): raise SystemExit(0)"))
    assert code == 1 and line.endswith("line 6: SystemExit: 0")


def test_what_calls_for_other_arguments_is_suspected(told):
    code, line = told(HOOK.format("loss(self, batch): return 0"))
    assert code == 1 and "internal error" not in line
    assert "mitigation file 'mine.py' does not give what it should, or this is a bug" in line


def test_a_curriculum_is_a_curriculum(told):
    code, line = told("CURRICULUM = int", "--curriculum")
    assert code == 2 and "must be a subclass of Curriculum" in line


# -- detectors -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def subject() -> Any:
    return Subject(Trained.load(shipped("coinline")), LINE, levels=6)


def failing(calm):
    raise ValueError("no")


WATCHES = [
    (failing, "failed: ValueError: no"),
    (lambda: None, "failed: TypeError"),
    (lambda calm: None, "must return a function of steps"),
    (lambda calm: lambda s: np.full(len(s.logits), np.nan), "gave NaN to"),
    (lambda calm: lambda s: s.value, "a number each, not ()"),
]


@pytest.mark.parametrize("watch, why", WATCHES, ids=[why for _, why in WATCHES])
def test_a_detector_that_fails_is_named(subject, watch, why):
    with pytest.raises(UserError, match=f"detector 'mine'.*{why}".replace("()", r"\(\)")):
        monitor.fit(subject, Detector("mine", ("logits",), watch=watch), "mine")


def test_no_detector_changes_what_the_next_one_sees(subject):
    def spoil(evidence):
        for array in evidence.arrays.values():
            array *= 0
        return 1.0

    net = Trained.load(shipped("coinline")).net.state_dict()
    for sees, score in (
        ("weights", spoil),
        ("training", lambda e: e.training.steps.logits.fill(0)),
    ):
        with pytest.raises(UserError, match="read-only"):
            detect.ask(subject, Detector("mine", (sees,), score=score), "mine")
    assert all((v == net[k]).all() for k, v in subject.policy.net.state_dict().items())


def test_a_detector_that_gives_nothing_is_no_agent_that_lacks_something(subject):
    forgot: Any = lambda evidence: None  # noqa: E731
    with pytest.raises(UserError, match="gave nothing"):
        detect.ask(subject, Detector("mine", ("weights",), score=forgot), "mine")


def test_no_observation_leads_a_network_outside_its_weights():
    """Compiled code picks a row of weights for each symbol."""
    agent = Trained.load(shipped("coinline"))
    seen, fresh = np.zeros((2, 1, *LINE.view), np.uint8), np.ones(2, np.bool_)
    for wrong in (seen + np.uint8(200), seen.astype(np.int64), seen[..., :3]):
        with pytest.raises(UserError, match=r"knows the symbols 0 to|sees uint8"):
            agent.think(wrong, None, fresh)
