"""A newcomer's path: the file of one's own that a README shows, of each kind, is short, and whoever
copies it and types what stands beside it gets what is said.
"""

import json
import re
from pathlib import Path

import pytest

import goalshift
from goalshift.agents.lab import detect
from goalshift.agents.lab.detector import DETECTORS
from goalshift.agents.lab.evidence import Subject
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.learning.trained import Trained

AGENTS = Path(goalshift.__file__).parent / "agents"
SMALL = "--steps 512 --envs 32 --rollout 8 --minibatch 64 --first 8 --width 8 --threads 1 -q"
ATTACK = f"attack {shipped('coinline')} --method ./my_attack.py --budget 300 --json -q"
PATHS = {  # what the file ends in: where it is told of, and what is typed
    "ATTACK": ("lab", ATTACK),
    "CURRICULUM": (
        "learning/curricula",
        f"train coinline --curriculum ./greedy.py --out run {SMALL}",
    ),
    "SCORE": (
        "learning/curricula",
        f"train coinline --curriculum plr:./share.py --out run {SMALL}",
    ),
    "MITIGATION": (
        "learning/mitigations",
        f"train coinline --mitigate ./late.py:5 --out run {SMALL}",
    ),
    "LEARNER": ("learning", f"train coinline --learner ./sure.py --out run {SMALL}"),
    "DETECTOR": ("lab/detectors", "detect runs/zoo --detector ./mine.py"),
}


def copied(kind, folder):
    """The README's file of this kind, written into `folder`; its name and its lines."""
    room, command = PATHS[kind]
    text = (AGENTS / room / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    (mine,) = [block for block in blocks if re.search(rf"^{kind} = ", block, re.M)]
    (named,) = re.findall(r"(--\S+ (?:plr:)?\./(\w+\.py)\S*)", command)
    assert named[0] in text, "what is typed stands in the README"
    (folder / named[1]).write_text(mine)
    return named[1], mine.count("\n")


@pytest.mark.parametrize("kind", PATHS)
def test_a_file_of_one_s_own_is_short_and_works_as_the_readme_says(kind, call, tmp_path):
    name, lines = copied(kind, tmp_path)
    assert lines < 60
    if kind == "DETECTOR":  # which takes a zoo: here one agent is enough to be asked about
        subject = Subject(Trained.load(shipped("coinline")), goalshift.load("coinline"), levels=6)
        (told,) = detect.ask(subject, DETECTORS.load(f"./{name}"), name)
        assert told == -subject.training.paid < 0
        return
    done = call(*PATHS[kind][1].split())
    assert done.code == 0, done.err
    if kind == "ATTACK":
        assert json.loads(done.out)["searches"][name]["evaluated"] == 300
        return
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (
        name
        in config[kind.lower().replace("mitigation", "mitigate").replace("score", "curriculum")]
    )


def test_a_score_of_one_s_own_goes_on_only_if_it_is_named_and_gives_numbers(call, tmp_path):
    from goalshift.agents.learning.scores import OWN

    copied("SCORE", tmp_path)
    train = PATHS["SCORE"][1].split()
    assert call(*train).code == 0
    OWN.trusted.clear()
    more = ["train", "--resume", "run", "--steps", "1k", "-q"]
    assert "add --curriculum plr:./share.py" in call(*more).line
    assert call(*more, "--curriculum", "plr:./share.py").code == 0
    for wrong in ("np.nan * lived.best", "lived.best[:1]", "None"):
        (tmp_path / "share.py").write_text(
            "import numpy as np\nfrom goalshift.agents.learning.scores import Score\n"
            f"SCORE = Score(lambda lived: {wrong})\n"
        )
        done = call(*train, "--force")
        assert done.code == 2 and "a score must give a finite number for each" in done.line
