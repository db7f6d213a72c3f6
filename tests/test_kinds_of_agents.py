"""Agents with a memory, and agents that see in first person, in every verb of the lab."""

import json

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.lab import detect, monitor
from goalshift.agents.lab.detector import DETECTORS, Lacking
from goalshift.agents.lab.evidence import Subject
from goalshift.agents.learning.trained import Trained

KINDS = {"memory": ["--memory", "4"], "eyes": ["--obs", "eyes"]}
SMALL = "--world.length 6 --steps 512 --envs 16 --rollout 16 --minibatch 64 --first 8 --width 8"
LACKS = {"memory": {"history"}, "eyes": {"history", "saliency"}}  # a log; cells to be looked at


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param) / "run"
    words = ["train", "coinline", *SMALL.split(), *KINDS[request.param], "--out", str(out), "-q"]
    assert main(words) == 0
    return out


@pytest.mark.parametrize(
    "words",
    [
        "attack RUN --each --budget 8 --out OUT",
        "inside RUN --levels 64 --draws 1 --layer body --coefficient 1 --out OUT.html",
        "posterior RUN --levels 8",
        "critic RUN --levels 64",
        "eval RUN --monitor goal_belief --levels 8 --split deploy",
        "contrast RUN --overlay posterior,alarm --levels 8 --out OUT.png",
    ],
    ids=lambda words: words.split()[0],
)
def test_every_verb_of_the_lab_takes_them(run, words, tmp_path, capsys):
    words = words.replace("RUN", str(run)).replace("OUT", str(tmp_path / "out")).split()
    code = main([*words, "-q", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0, told


def test_every_detector_gives_them_a_number_or_says_what_they_lack(run):
    agent = Trained.load(run)
    subject = Subject(agent, agent.world, peers=lambda: [agent], levels=12)
    lacking = set()
    for name in DETECTORS.shipped():
        detector = DETECTORS.load(name)
        if detector.watch is None:
            lacking |= {name} if np.isnan(detect.ask(subject, detector, name)).any() else set()
            continue
        try:
            assert np.isfinite(monitor.fit(subject, detector, name).calm).all(), name
        except Lacking:
            lacking.add(name)
    kind = "memory" if agent.net.shape.memory else "eyes"
    assert lacking <= LACKS[kind] | {"probes", "goal_posterior"}, lacking
